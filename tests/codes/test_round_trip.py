"""A card's life between the two languages: the phone makes a key and proves it, the server signs a credential, the
phone shows it, and each side checks what the other made. Missed otherwise: twins that agree on the vectors and not
on new codes, and browsers' random signatures, half of which have a high s."""

import json
import secrets
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from wallet.codes import mint_paper, mint_server, parse, sign_credential, verify
from wallet.codes.days import step_at, step_start
from wallet.codes.keys import decompress, dump
from wallet.codes.token import ORDER, mint_phone, proof_message, signed_by

from .conftest import AT


@pytest.fixture
def phone():
    script = Path(__file__).with_name("round_trip.mjs")
    with subprocess.Popen(["node", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def ask(question):
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield ask
        process.stdin.close()
    assert process.returncode == 0


def test_round_trip(issuer, phone):
    nonce = secrets.token_bytes(32)
    made = phone({"deployment": issuer.deployment, "nonce": nonce.hex()})
    point = bytes.fromhex(made["point"])
    assert signed_by(decompress(point), bytes.fromhex(made["proof"]), proof_message(issuer.deployment, nonce))

    credential = sign_credential(issuer.claims, point, issuer.keyring.signing("C1"), issuer.deployment)
    first = step_at(AT)
    showings = [{"step": first + n, "audience": n * 999, "party": n * 3} for n in range(64)]
    texts = phone({"credential": credential.hex(), "showings": showings})
    high = 0
    for text, showing in zip(texts, showings, strict=True):
        code = verify(text, issuer.keyring, issuer.deployment, step_start(showing["step"]))
        assert code.raw[:113] == credential
        assert (code.step, code.audience) == (showing["step"], showing["audience"])
        assert code.party_assistants << 4 | code.party_children == showing["party"]
        high += int.from_bytes(code.raw[-32:], "big") > ORDER // 2
    assert 0 < high < 64

    sign = issuer.keyring.signing
    ours = [
        mint_phone(issuer.credential, issuer.phone, issuer.deployment, first, audience=7, party=0x21),
        mint_server(issuer.claims, sign("C3"), issuer.deployment, first),
        mint_paper(issuer.claims, sign("C2"), issuer.deployment),
        mint_paper(issuer.claims, sign("C2"), "kokeilu.example.org"),
    ]
    assert parse(ours[0]).party_assistants == 2
    keys = json.loads(dump(issuer.keyring, private=False))["keys"]
    moments = [(ours[n], AT, expected) for n, expected in enumerate([None, None, None, "forged"])] + [
        (ours[0], AT + timedelta(seconds=121), "old_code"),
        (ours[1], AT - timedelta(seconds=61), "early_code"),
        (ours[2], AT + timedelta(days=60), "expired"),
    ]
    codes = [{"text": text, "at": at.timestamp() * 1000} for text, at, _ in moments]
    assert phone({"keys": keys, "codes": codes}) == [expected for _, _, expected in moments]
