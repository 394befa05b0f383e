"""Makes vectors.json: codes, good and bad, with what a checker must answer. Read by the Python and the
JavaScript tests.

    python tests/codes/make_vectors.py        writes the file anew (a test compares it with what this makes)

Nothing of `wallet.codes` is used here: bytes, text and signatures are put together a second time, from the
description of the format alone, and each expected answer is written by hand beside its case. Keys are fixed
and signatures follow RFC 6979, so the file comes out the same each time. The keys are for tests only.
"""

import hashlib
import json
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

FILE = Path(__file__).with_name("vectors.json")
LIVE, TRIAL = "kortti.example.org", "kokeilu.example.org"
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

ONLINE, OFFLINE = [-30, 60], [-60, 120]
NOON = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)  # 12:00 in Helsinki, the start of step 118 525 680
STEP = 118_525_680
MAY_1, MAY_28 = 2312, 2339  # days since 2020-01-01
KID, OLD_KID, STOLEN_KID, CRAFTED_KID, STRANGE_KID = 4711, 12, 31000, 7001, 9999


def private_key(name: str) -> ec.EllipticCurvePrivateKey:
    scalar = int.from_bytes(hashlib.sha256(b"a key for tests: " + name.encode()).digest(), "big") % N
    return ec.derive_private_key(scalar, ec.SECP256R1())


def point(key: ec.EllipticCurvePrivateKey, form: PublicFormat = PublicFormat.CompressedPoint) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, form)


def sign(key: ec.EllipticCurvePrivateKey, purpose: str, body: bytes, deployment: str = LIVE) -> bytes:
    """With a low s; `twin` makes the high one."""
    message = f"KP1/{purpose}/{deployment}".encode() + b"\0" + body
    der = key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    r, s = decode_dss_signature(der)
    return r.to_bytes(32, "big") + min(s, N - s).to_bytes(32, "big")


def twin(signature: bytes) -> bytes:
    return signature[:32] + (N - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")


def base45(raw: bytes) -> str:
    out = ""
    for i in range(0, len(raw), 2):
        pair = raw[i : i + 2]
        value = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            value, digit = divmod(value, 45)
            out += ALPHABET[digit]
    return out


def text_of(raw: bytes) -> str:
    return "KP1:" + base45(raw)


PHONE, OTHER_PHONE = private_key("phone"), private_key("another phone")
NETWORK = {
    # The same kid three times: only the type tells these keys apart.
    ("C1", KID): private_key("C1"),
    ("C2", KID): private_key("C2"),
    ("C3", KID): private_key("C3"),
    ("C1", OLD_KID): private_key("C1 withdrawn"),
    ("C2", STOLEN_KID): private_key("C2 stolen, good codes made anew on 1 May"),
}
PERSONAL = {
    "credential": bytes.fromhex("a1b2c3d4e5"),
    "issued_day": MAY_1,
    "last_day": MAY_28,
    "kind": 1,
    "children": 3,
    "birth_year": 1984,
}
COMMUNITY = PERSONAL | {"credential": bytes.fromhex("00ff00ff00"), "kind": 2, "children": 0, "birth_year": 0}


def head(type_: int, kid: int = KID, **claims: Any) -> bytes:
    c = PERSONAL | claims
    return (
        struct.pack(">BH", type_, kid)
        + c["credential"]
        + struct.pack(">HHBBH", c["issued_day"], c["last_day"], c["kind"], c["children"], c["birth_year"])
    )


def showing(step: int = STEP, audience: int = 0, party: int = 0) -> bytes:
    return struct.pack(">IHB", step, audience, party)


def credential(kid: int = KID, phone: bytes = point(PHONE), type_: int = 0xC1, **claims: Any) -> bytes:
    body = head(type_, kid, **claims) + phone
    return body + sign(NETWORK.get(("C1", kid), OTHER_PHONE), "cred", body)


def phone_code(
    step: int = STEP,
    audience: int = 0,
    party: int = 0,
    held: bytes | None = None,
    key: ec.EllipticCurvePrivateKey = PHONE,
    **claims: Any,
) -> bytes:
    body = (held or credential(**claims)) + showing(step, audience, party)
    return body + sign(key, "show", body)


def paper_code(kid: int = KID, purpose: str = "paper", deployment: str = LIVE, **claims: Any) -> bytes:
    body = head(0xC2, kid, **claims)
    return body + sign(NETWORK.get(("C2", kid), OTHER_PHONE), purpose, body, deployment)


def server_code(step: int = STEP, audience: int = 0, party: int = 0, purpose: str = "server", **claims: Any) -> bytes:
    body = head(0xC3, **claims) + showing(step, audience, party)
    return body + sign(NETWORK[("C3", KID)], purpose, body)


def crafted() -> tuple[str, bytes, bytes]:
    """A key for which (r, s = 1) signs a paper code, so that s + n, which is the same number to the curve,
    still fits 32 bytes: only a check of the range refuses it."""
    body = head(0xC2, CRAFTED_KID)
    digest = int.from_bytes(hashlib.sha256(b"KP1/paper/" + LIVE.encode() + b"\0" + body).digest(), "big")
    nonce = 0x1234567890
    r = ec.derive_private_key(nonce, ec.SECP256R1()).public_key().public_numbers().x % N
    key = ec.derive_private_key((nonce - digest) * pow(r, -1, N) % N, ec.SECP256R1())
    good, over = (r.to_bytes(32, "big") + s.to_bytes(32, "big") for s in (1, 1 + N))
    return point(key).hex(), body + good, body + over


def set_bytes(raw: bytes, offset: int, new: bytes) -> bytes:
    return raw[:offset] + new + raw[offset + len(new) :]


def flip(raw: bytes, offset: int, bits: int = 1) -> bytes:
    return set_bytes(raw, offset, bytes([raw[offset] ^ bits]))


def after(seconds: float, start: datetime = NOON) -> str:
    at = start + timedelta(seconds=seconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def row(
    name: str,
    code: bytes | str,
    reason: str | None,
    *,
    at: str = after(5),
    window: list[int] = ONLINE,
    deployment: str = LIVE,
    **fields: Any,
) -> dict[str, Any]:
    """A case. `reason` None is a good code, and `fields` what must be read from it."""
    text = code if isinstance(code, str) else text_of(code)
    case = {"name": name, "text": text, "at": at, "window": window, "deployment": deployment}
    return case | {"reason": reason} | ({"fields": fields} if fields else {})


def good_codes() -> list[dict[str, Any]]:
    personal = {
        "kid": 4711,
        "credential": "a1b2c3d4e5",
        "issued_day": 2312,
        "last_day": 2339,
        "kind": 1,
        "children": 3,
        "birth_year": 1984,
    }
    community = personal | {"credential": "00ff00ff00", "kind": 2, "children": 0, "birth_year": 0}
    alone = {"party_children": 0, "party_assistants": 0}
    on_phone = {"type": "C1", "phone_key": point(PHONE).hex(), "step": 118_525_680, "audience": 0}
    on_paper = {"type": "C2", "phone_key": None, "step": None, "audience": None} | alone
    by_server = {"type": "C3", "phone_key": None, "step": 118_525_680, "audience": 0}
    c1, c2, c3 = phone_code(), paper_code(), server_code()
    first, last = c1[:49] + twin(c1[49:113]), c1[:120] + twin(c1[120:])
    # The phone signs the network's signature with all else, so its twin comes with a new phone signature.
    first = phone_code(held=first)
    return [
        row("C1", c1, None, **personal, **on_phone, **alone),
        row("C1 community", phone_code(**COMMUNITY), None, **community, **on_phone, **alone),
        row(
            "C1 with a challenge and a party",
            phone_code(audience=0xBEEF, party=0x2F, children=15),
            None,
            **personal | on_phone | {"children": 15, "audience": 48879},
            party_children=15,
            party_assistants=2,
        ),
        row("C1 whole party byte", phone_code(party=0xF1), None, party_children=1, party_assistants=15),
        row("C2", c2, None, **personal, **on_paper),
        row("C2 community", paper_code(**COMMUNITY), None, **community, **on_paper),
        row("C3", c3, None, **personal, **by_server, **alone),
        row(
            "C3 community with a challenge and a party",
            server_code(audience=1, party=0x13, **COMMUNITY),
            None,
            **community | by_server | {"audience": 1},
            party_children=3,
            party_assistants=1,
        ),
        row("C1 last day is the issued day", phone_code(issued_day=2315, last_day=2315), None, last_day=2315),
        row("C2 longest life", paper_code(issued_day=0, last_day=65535), None, issued_day=0, last_day=65535),
        row("C2 from a stolen key, of its earliest day", paper_code(STOLEN_KID), None, kid=31000),
        row("twin of the phone's signature (high s)", last, None, **personal, **on_phone, **alone),
        row("twin of the network's signature (high s)", first, None, **personal, **on_phone, **alone),
        row("both twins", first[:120] + twin(first[120:]), None, **personal, **on_phone, **alone),
        row("twin of the paper's signature", c2[:16] + twin(c2[16:]), None, **personal, **on_paper),
        row("twin of the server's signature", c3[:23] + twin(c3[23:]), None, **personal, **by_server, **alone),
        row("s = 1", crafted()[1], None, kid=7001),
    ]


def other_systems() -> list[dict[str, Any]]:
    good = text_of(phone_code())
    others = {
        "empty": "",
        "a web address": "https://www.example.org/kortti?nro=123",
        "a ticket of another system": "123456789012",
        "the EU's certificate": "HC1:6BF+70790T9WJWG.FKY*4GO0",
        "a bare prefix cut short": "KP1",
        "the next version of the format": "KP2:" + good[4:],
        "all in lower case": good.lower(),
        "a space before": " " + good,
        "a byte order mark before": "\ufeff" + good,
        "without the prefix": good[4:],
        "non-ASCII look-alikes": "КР1:" + good[4:],
        "full-width": "ＫＰ１：" + good[4:],
        "a lone surrogate": "\ud800",
        "a null": "\0",
        "very long": "A" * 4296,
    }
    return [row(f"other system: {name}", text, "other_system") for name, text in others.items()]


def unreadable() -> list[dict[str, Any]]:
    c1, c2, c3 = phone_code(), paper_code(), server_code()
    good = text_of(c1)
    texts = {
        "only the prefix": "KP1:",
        "lower case": "KP1:" + good[4:].lower(),
        "one letter in lower case": "KP1:" + good[4:].replace("A", "a"),
        "one character short": good[:-1],
        "three characters short": good[:-3],
        "one character more": good + "0",
        "three characters more": good + "000",
        "a line end after": good + "\n",
        "a line end for the last character": good[:-1] + "\n",
        "a space after": good + " ",
        "a space inside": good[:100] + " " + good[100:],
        "a space for a character that cannot be one": good[:-1] + " ",
        "a tab inside": good[:100] + "\t" + good[101:],
        "spaces only": "KP1:" + " " * 276,
        "out of range, the highest three": "KP1:" + ":::" + good[7:],
        "out of range by one (65536)": "KP1:" + "GGW" + good[7:],
        "out of range, the last two of a C3": text_of(c3)[:-2] + "V5",  # 31 + 5·45 = 256
        "a character outside base45": good[:50] + "_" + good[51:],
        "non-ASCII inside": good[:50] + "Ä" + good[51:],
        "a full-width digit": good[:50] + "１" + good[51:],
        "a lone surrogate inside": good[:50] + "\ud800" + good[51:],
        "a letter that upper-cases to two": good[:50] + "ß" + good[51:],
        "the prefix twice": "KP1:" + good,
        "very long": good + "0" * 100_000,
    }
    raws = {
        "no bytes but a C1": b"\xc1",
        "C1 a byte short": c1[:-1],
        "C1 a byte long": c1 + b"\0",
        "C1 without the phone's part": c1[:113],
        "C2 a byte short": c2[:-1],
        "C2 a byte long": c2 + b"\0",
        "C3 a byte short": c3[:-1],
        "C3 a byte long": c3 + b"\0",
        "type 0": flip(c1, 0, 0xC1),
        "type 0xC4": set_bytes(c1, 0, b"\xc4"),
        "type 0x1C": set_bytes(c1, 0, b"\x1c"),
        "a C1 called C2": set_bytes(c1, 0, b"\xc2"),
        "a C2 called C3": set_bytes(c2, 0, b"\xc3"),
        "a C3 called C1": set_bytes(c3, 0, b"\xc1"),
        # What follows is signed well: the form alone refuses it.
        "kind 0": paper_code(kind=0),
        "kind 3": phone_code(kind=3),
        "kind with a high bit": server_code(kind=0x81),
        "16 children": paper_code(children=16),
        "children with a high bit": phone_code(children=0x83),
        "personal without a birth year": paper_code(birth_year=0),
        "community with a birth year": server_code(kind=2),
        "last day before the issued day": phone_code(last_day=MAY_1 - 1),
    }
    cases = texts | {name: text_of(raw) for name, raw in raws.items()}
    return [row(f"unreadable: {name}", text, "unreadable") for name, text in cases.items()]


def keys_unknown_and_withdrawn() -> list[dict[str, Any]]:
    old = credential(OLD_KID)
    return [
        row("unknown kid, C1", phone_code(kid=STRANGE_KID), "unknown_key"),
        row("unknown kid, C2", paper_code(STRANGE_KID), "unknown_key"),
        row("unknown kid, C3", server_code(kid=STRANGE_KID), "unknown_key"),
        row("kid 0", paper_code(0), "unknown_key"),
        row("kid altered", flip(phone_code(), 2), "unknown_key"),
        row("kid known for C1, not for C2", paper_code(OLD_KID), "unknown_key"),
        row("kid known for C2, not for C3", server_code(kid=STOLEN_KID), "unknown_key"),
        row("withdrawn key", phone_code(held=old), "withdrawn_key"),
        row(
            "withdrawn key, a year before it was",
            phone_code(held=old),
            "withdrawn_key",
            at=after(-365 * 86400),
        ),
        row("issued before the key's earliest day", paper_code(STOLEN_KID, issued_day=2311), "withdrawn_key"),
    ]


def forged() -> list[dict[str, Any]]:
    c1, c2, c3 = phone_code(), paper_code(), server_code()
    body = head(0xC1) + point(PHONE)
    zero, order, big = bytes(32), N.to_bytes(32, "big"), b"\xff" * 32
    off_curve = b"\x02" + (1).to_bytes(32, "big")  # 1 − 3 + b is no square
    beyond = b"\x02" + (P + 5).to_bytes(32, "big")  # 5 is on the curve
    raws = {
        "C1 credential id altered": flip(c1, 3),
        "C1 issued day altered": flip(c1, 9),
        "C1 last day altered": flip(c1, 11),
        "C1 kind and birth year altered": set_bytes(set_bytes(c1, 12, b"\x02"), 14, b"\0\0"),
        "C1 children altered": flip(c1, 13),
        "C1 birth year altered": flip(c1, 15),
        "C1 phone key's sign altered": flip(c1, 16),
        "C1 phone key altered": flip(c1, 48),
        "C1 network's r altered": flip(c1, 80),
        "C1 network's s altered": flip(c1, 112),
        "C1 step altered": flip(c1, 116),
        "C1 audience altered": flip(c1, 118),
        "C1 party altered": flip(c1, 119, 0x10),
        "C1 phone's r altered": flip(c1, 120),
        "C1 phone's s altered": flip(c1, 183),
        "C2 credential id altered": flip(c2, 7),
        "C2 last day altered": flip(c2, 11),
        "C2 children altered": flip(c2, 13),
        "C2 signature altered": flip(c2, 79),
        "C3 birth year altered": flip(c3, 15),
        "C3 step altered": flip(c3, 19),
        "C3 party altered": flip(c3, 22),
        "C3 signature altered": flip(c3, 86),
        "children raised by the holder, who signs anew": phone_code(held=flip(credential(), 13)),
        "another phone shows the credential": phone_code(key=OTHER_PHONE),
        "another phone's key put in": phone_code(held=set_bytes(credential(), 16, point(OTHER_PHONE)), key=OTHER_PHONE),
        "the network's twin under the old phone signature": c1[:49] + twin(c1[49:113]) + c1[113:],
        "a credential signed by the phone": phone_code(held=body + sign(PHONE, "cred", body)),
        "a credential signed by the paper key": phone_code(held=body + sign(NETWORK[("C2", KID)], "cred", body)),
        "a credential signed for paper": phone_code(held=body + sign(NETWORK[("C1", KID)], "paper", body)),
        "a showing signed as a proof of the key": c1[:120] + sign(PHONE, "prove", c1[:120]),
        "paper signed as a credential": paper_code(purpose="cred"),
        "server's code signed as paper": server_code(purpose="paper"),
        "signed for the trial": paper_code(deployment=TRIAL),
        "credential of the live system shown for the trial": c1[:120] + sign(PHONE, "show", c1[:120], TRIAL),
        "signed for a longer name": paper_code(deployment=LIVE + ".example.com"),
        "r and s swapped": c2[:16] + c2[48:] + c2[16:48],
        "signature of zeros": c2[:16] + zero + zero,
        "r = 0": c2[:16] + zero + c2[48:],
        "s = 0": c2[:48] + zero,
        "r = n": c2[:16] + order + c2[48:],
        "s = n": c2[:48] + order,
        "r = 2²⁵⁶ − 1": c2[:16] + big + c2[48:],
        "s = 2²⁵⁶ − 1": c2[:48] + big,
        "s + n where s is good": crafted()[2],
        "phone's r = 0": c1[:120] + zero + c1[152:],
        "phone's s = n": c1[:152] + order,
        "network's r = n": phone_code(held=body + order + c1[81:113]),
        "network's s = 0": phone_code(held=body + c1[49:81] + zero),
        # The network did sign these points, so that they come as far as the decompression.
        "phone key off the curve": phone_code(phone=off_curve),
        "phone key with x ≥ p": phone_code(phone=beyond),
        "phone key with prefix 4": phone_code(phone=b"\x04" + point(PHONE)[1:]),
        "phone key with prefix 0": phone_code(phone=b"\0" + point(PHONE)[1:]),
        "phone key at infinity": phone_code(phone=bytes(33)),
    }
    cases = [row(f"forged: {name}", raw, "forged") for name, raw in raws.items()]
    for name, raw in ("C1", c1), ("C2", c2), ("C3", c3):
        cases.append(row(f"forged: {name} of the live system in the trial", raw, "forged", deployment=TRIAL))
    return cases


def days() -> list[dict[str, Any]]:
    c2 = paper_code()
    c1_late = phone_code(step=STEP + (27 * 24 + 12) * 240 - 1, last_day=2342)  # up to midnight of 31 May
    cases = [
        row("the second before the issued day", c2, "not_yet_valid", at="2026-04-30T20:59:59.999Z"),
        row("the first second of the issued day", c2, None, at="2026-04-30T21:00:00.000Z"),
        row("the last second of the last day", c2, None, at="2026-05-28T20:59:59.999Z"),
        row("the second after the last day", c2, "expired", at="2026-05-28T21:00:00.000Z"),
        row("years early", c2, "not_yet_valid", at="1999-01-01T00:00:00.000Z"),
        row("years late", c2, "expired", at="2040-01-01T00:00:00.000Z"),
        row("a code shown before midnight, checked before", c1_late, None, at="2026-05-31T20:59:59.000Z"),
        row("the same, checked after midnight", c1_late, "expired", at="2026-05-31T21:00:00.000Z"),
    ]
    # (name, last day, its number, first moment after it): winter is UTC+2, summer UTC+3.
    for name, last_day, over in (
        ("in winter", 2228, "2026-02-06T22:00:00.000Z"),
        ("the day before spring's change", 2278, "2026-03-28T22:00:00.000Z"),
        ("the day of spring's change", 2279, "2026-03-29T21:00:00.000Z"),
        ("the day before autumn's change", 2488, "2026-10-24T21:00:00.000Z"),
        ("the day of autumn's change", 2489, "2026-10-25T22:00:00.000Z"),
    ):
        code = paper_code(issued_day=2192, last_day=last_day)
        end = datetime.fromisoformat(over)
        cases.append(row(f"last day {name}, its last second", code, None, at=after(-1, end)))
        cases.append(row(f"last day {name}, over", code, "expired", at=after(0, end)))
        begins = paper_code(issued_day=last_day + 1, last_day=last_day + 1)
        cases.append(row(f"next day {name}, not yet", begins, "not_yet_valid", at=after(-1, end)))
        cases.append(row(f"next day {name}, begun", begins, None, at=after(0, end)))
    return cases


def windows() -> list[dict[str, Any]]:
    c1, c2, c3 = phone_code(), paper_code(), server_code()
    wide, narrow = [-90, 300], [-15, 45]
    cases = []
    # (code, window, earliest accepted age, latest accepted age), in seconds from the start of the step
    for name, code, window, early, late in (
        ("C1 online", c1, ONLINE, -30, 60),
        ("C1 offline", c1, OFFLINE, -60, 120),
        ("C1 narrow", c1, narrow, -15, 45),
        ("C3 online", c3, ONLINE, -30, 120),
        ("C3 offline", c3, OFFLINE, -60, 120),
        ("C3 narrow", c3, narrow, -15, 120),
        ("C3 wide", c3, wide, -90, 300),
    ):
        for age, reason in (
            (early - 1, "early_code"),
            (early - 0.001, "early_code"),
            (early, None),
            (0, None),
            (late, None),
            (late + 0.001, "old_code"),
            (late + 1, "old_code"),
        ):
            cases.append(row(f"{name}, age {age} s", code, reason, at=after(age), window=window))
    return [
        *cases,
        row("a screenshot of an hour ago", c1, "old_code", at=after(3600)),
        row("a phone set an hour ahead", c1, "early_code", at=after(-3600)),
        row("paper has no window", c2, None, at=after(10 * 3600)),
        row("step 0", phone_code(step=0), "old_code"),
        row("the highest step", server_code(step=2**32 - 1), "early_code"),
    ]


def order() -> list[dict[str, Any]]:
    """Codes with several faults: the first in the checker's order is said."""
    return [
        row(
            "unknown key before forged and expired",
            flip(paper_code(STRANGE_KID, last_day=2313), 79),
            "unknown_key",
        ),
        row("withdrawn before forged", flip(phone_code(held=credential(OLD_KID)), 183), "withdrawn_key"),
        row("withdrawn before expired", phone_code(held=credential(OLD_KID, last_day=2313)), "withdrawn_key"),
        row("forged before not yet valid", flip(paper_code(issued_day=2330), 79), "forged"),
        row("forged before expired", flip(paper_code(last_day=2313), 79), "forged"),
        row("forged before old", flip(phone_code(step=1), 183), "forged"),
        row("not yet valid before old", phone_code(step=1, issued_day=2330), "not_yet_valid"),
        row("not yet valid before early", server_code(step=STEP + 99, issued_day=2330), "not_yet_valid"),
        row("expired before old", phone_code(step=1, last_day=2313), "expired"),
        row("expired before early", phone_code(step=STEP + 99, last_day=2313), "expired"),
    ]


def key_file() -> list[dict[str, Any]]:
    """The checker's keys, as `wallet.codes.keys.load` reads them."""
    keys = [
        {"type": type_, "kid": kid, "public": point(key).hex(), "earliest_issue_day": 0, "withdrawn": None}
        for (type_, kid), key in NETWORK.items()
    ]
    keys[3]["withdrawn"] = "2026-04-01T12:00:00+00:00"
    keys[4]["earliest_issue_day"] = MAY_1
    keys.append(keys[2] | {"type": "C2", "kid": CRAFTED_KID, "public": crafted()[0]})
    return [key | {"made": "2026-01-01T00:00:00+00:00"} for key in keys]


def points() -> list[dict[str, str | None]]:
    """Compressed points, and the whole point or null."""
    known = [
        (point(key).hex(), point(key, PublicFormat.UncompressedPoint).hex())
        for key in (PHONE, OTHER_PHONE, *NETWORK.values())
    ]
    x = f"{5:064x}"
    y = 0x459243B9AA581806FE913BCE99817ADE11CA503C64D9A3C533415C083248FBCC
    refused = {
        "off the curve": "02" + f"{1:064x}",
        "x = p": "02" + f"{P:064x}",
        "x = p + 5": "02" + f"{P + 5:064x}",
        "x = 2²⁵⁶ − 1": "03" + "f" * 64,
        "prefix 4": "04" + x,
        "prefix 0": "00" + x,
        "hybrid prefix": "06" + x,
        "a byte short": "02" + x[2:],
        "a byte long": "02" + x + "00",
        "uncompressed": known[0][1],
        "empty": "",
    }
    return [
        *({"compressed": compressed, "point": whole} for compressed, whole in known),
        {"compressed": "02" + x, "point": "04" + x + f"{y:064x}"},
        {"compressed": "03" + x, "point": "04" + x + f"{P - y:064x}"},
        *({"why": why, "compressed": compressed, "point": None} for why, compressed in refused.items()),
    ]


def base45_pairs() -> list[dict[str, str | None]]:
    """The examples of RFC 9285 (sections 4.3 and 4.4), its edges, and texts it refuses."""
    good = {
        "AB": "BB8",
        "Hello!!": "%69 VD92EX0",
        "base-45": "UJCLQE7W581",
        "ietf!": "QED8WEX0",
        "": "",
        "\0": "00",
        "\0\0": "000",
        "\xff": "U5",
        "\xff\xff": "FGW",
    }
    refused = ["0", "0000", "GGW", ":::", "V5", "::", "bb8", "BB8\n", "BB8 ", "B B8", "BB_", "ÄÄÄ", "BB８"]
    return [
        *({"text": text, "hex": raw.encode("latin-1").hex()} for raw, text in good.items()),
        *({"text": text, "hex": None} for text in refused),
    ]


def moments() -> list[dict[str, Any]]:
    """Moments, the day number in Helsinki, and the step."""
    return [
        {"at": at, "day": day, "step": step}
        for at, day, step in (
            ("2019-12-31T21:59:59.999Z", -1, 105_188_639),
            ("2019-12-31T22:00:00.000Z", 0, 105_188_640),
            ("2020-02-29T12:00:00.000Z", 59, 105_531_840),
            ("2026-05-04T09:00:00.000Z", 2315, 118_525_680),
            ("2026-05-04T09:00:14.999Z", 2315, 118_525_680),
            ("2026-05-04T09:00:15.000Z", 2315, 118_525_681),
            ("2026-05-04T20:59:59.999Z", 2315, 118_528_559),
            ("2026-05-04T21:00:00.000Z", 2316, 118_528_560),
            # Spring: 29 March has 23 hours, 22:00Z to 21:00Z.
            ("2026-03-28T21:59:59.999Z", 2278, 118_315_679),
            ("2026-03-28T22:00:00.000Z", 2279, 118_315_680),
            ("2026-03-29T00:59:59.000Z", 2279, 118_316_399),
            ("2026-03-29T01:00:00.000Z", 2279, 118_316_400),
            ("2026-03-29T20:59:59.999Z", 2279, 118_321_199),
            ("2026-03-29T21:00:00.000Z", 2280, 118_321_200),
            # Autumn: 25 October has 25 hours, 21:00Z to 22:00Z, and 3 o'clock twice.
            ("2026-10-24T20:59:59.999Z", 2488, 119_525_039),
            ("2026-10-24T21:00:00.000Z", 2489, 119_525_040),
            ("2026-10-25T00:30:00.000Z", 2489, 119_525_880),
            ("2026-10-25T01:30:00.000Z", 2489, 119_526_120),
            ("2026-10-25T21:59:59.999Z", 2489, 119_531_039),
            ("2026-10-25T22:00:00.000Z", 2490, 119_531_040),
            ("2026-12-31T21:59:59.999Z", 2556, 119_916_959),
            ("2026-12-31T22:00:00.000Z", 2557, 119_916_960),
        )
    ]


def vectors() -> dict[str, Any]:
    pem = PHONE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {
        "about": "Made by make_vectors.py. For tests only: these keys are public.",
        "deployment": LIVE,
        "keys": key_file(),
        "phone": {"private": pem, "public": point(PHONE).hex(), "credential": credential().hex()},
        "codes": [
            *good_codes(),
            *other_systems(),
            *unreadable(),
            *keys_unknown_and_withdrawn(),
            *forged(),
            *days(),
            *windows(),
            *order(),
        ],
        "points": points(),
        "base45": base45_pairs(),
        "moments": moments(),
    }


def as_text() -> str:
    """The file's content. Escaped, since lone surrogates cannot be written in UTF-8."""
    return json.dumps(vectors(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(as_text(), encoding="ascii")
