"""How long a full check of a code takes in Python: parsing, both signatures, days and the moment."""

import time
from datetime import datetime
from statistics import median

from cryptography.hazmat.primitives.asymmetric import ec

from wallet.clock import now
from wallet.codes import Claims, Keyring, mint_paper, mint_server, sign_credential, verify
from wallet.codes import keys as network_keys
from wallet.codes.days import day_at, step_at
from wallet.codes.keys import compress
from wallet.codes.token import PERSONAL, mint_phone

HOST = "kortti.example.org"
RUNS, CHECKS = 9, 200


def microseconds() -> dict[str, list[float]]:
    """µs for one check of each type of code: the mean of 200 checks, for each of 9 runs."""
    at, ring = now(), Keyring()
    for kind in network_keys.TYPES:
        ring = network_keys.add(ring, network_keys.new(kind, at, [key.kid for key in ring.keys]))
    claims = Claims(b"12345", day_at(at), day_at(at) + 28, PERSONAL, 2, 1986)
    phone = ec.generate_private_key(ec.SECP256R1())
    credential = sign_credential(claims, compress(phone.public_key()), ring.signing("C1"), HOST)
    codes = {
        "0xC1 (phone)": mint_phone(credential, phone, HOST, step_at(at)),
        "0xC2 (paper)": mint_paper(claims, ring.signing("C2"), HOST),
        "0xC3 (server)": mint_server(claims, ring.signing("C3"), HOST, step_at(at)),
    }
    return {name: sorted(_run(code, ring, at) for _ in range(RUNS)) for name, code in codes.items()}


def _run(code: str, ring: Keyring, at: datetime) -> float:
    began = time.perf_counter()
    for _ in range(CHECKS):
        verify(code, ring, HOST, at)
    return (time.perf_counter() - began) / CHECKS * 1e6


def lines() -> list[str]:
    """For reading."""
    return [
        f"  {name:14} {median(runs):6.0f} µs   (fastest of {RUNS} runs {runs[0]:.0f}, slowest {runs[-1]:.0f})"
        for name, runs in microseconds().items()
    ]
