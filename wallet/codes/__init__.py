"""The code on the card: what a phone, a printed card and the server show, and how it is checked (format KP1).

The room knows bytes, keys, days and QR symbols. It knows no register, no page and no clock: the time and the
network's keys come in as arguments, so the same functions serve the gate online, an upload checked later, and
tests.

    keyring = load(text)                                          the network's keys, from their file
    code = verify(text, keyring, "kortti.example.org", at)        or CodeRefused, with a stable reason
    svg(text)                                                     the QR symbol, for a page without JavaScript

`days` holds days and 15-second steps, `keys` the key file, `token` minting and checking, `qr` the symbol.
The JavaScript twin is `static/js/codes/`; both are held to `tests/codes/vectors.json`.
"""

from wallet.codes.keys import KeyFileError, Keyring, NetworkKey, load
from wallet.codes.qr import svg
from wallet.codes.token import (
    OFFLINE,
    ONLINE,
    SERVER_SHOWN,
    Claims,
    Code,
    CodeRefused,
    Window,
    mint_paper,
    mint_server,
    parse,
    sign_credential,
    verify,
)

__all__ = [
    "OFFLINE",
    "ONLINE",
    "SERVER_SHOWN",
    "Claims",
    "Code",
    "CodeRefused",
    "KeyFileError",
    "Keyring",
    "NetworkKey",
    "Window",
    "load",
    "mint_paper",
    "mint_server",
    "parse",
    "sign_credential",
    "svg",
    "verify",
]
