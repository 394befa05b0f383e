"""The phone's key: kept, proved, signed; and everything that a proof can get wrong."""

import base64
import json
import secrets
from datetime import timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec

from tests.web.page import Page
from wallet.clock import helsinki_day, now
from wallet.codes import verify
from wallet.codes.days import step_at
from wallet.codes.keys import compress
from wallet.codes.token import mint_phone, proof_message, sign
from wallet.register import blocking, signins
from wallet.register.database import db
from wallet.register.tables import Card, Credential


class Phone:
    """A holder's browser with a key of its own, as card.entry.js and enrol.js use it."""

    def __init__(self, app, who, host="localhost"):
        self.page = Page(app, who).open("/card")
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.host = host

    @property
    def point(self):
        return compress(self.private.public_key())

    def nonce(self):
        return self.page.ask("/card/key")["nonce"]

    def proof(self, nonce, private=None):
        return sign(private or self.private, proof_message(self.host, nonce.encode()))

    def prove(self, nonce=None, **changed):
        nonce = nonce or self.nonce()
        body = {"public_key": text(self.point), "proof": text(self.proof(nonce))} | changed
        return self.page.send("/card/key", body)

    def enrol(self):
        """A new key and its credential, all 113 bytes of it."""
        self.private = ec.generate_private_key(ec.SECP256R1())
        answer = self.prove()
        assert answer.status_code == 200, answer.json
        return base64.urlsafe_b64decode(answer.json["credential"])

    def state(self, credential):
        return self.page.ask(f"/card/key/{text(credential[:10])}")["state"]


def text(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def refused(answer, reason):
    assert (answer.status_code, answer.json) == (422, {"error": reason})


def live(who):
    db.session.rollback()
    query = db.session.query(Credential).filter_by(card_id=who.card_id, shown_by="phone", withdrawn_at=None)
    return query.count()


def test_who_may_not(app, people):
    for who in (None, people.gate, people.desk):
        page = Page(app, who).open("/sign-in")
        for answer in (page.send("/card/key", {}), page.request("/card/key", headers={"Accept": "application/json"})):
            assert (answer.status_code, answer.json) == (401, {"error": "signed_out"})
    phone = Phone(app, people.holder)
    body = {"public_key": text(phone.point), "proof": text(phone.proof(phone.nonce()))}
    answer = phone.page.send("/card/key", body, token=False)
    assert (answer.status_code, answer.json) == (400, {"error": "page_too_old"})
    assert live(people.holder) == 0


def test_a_proved_key_makes_codes_that_hold(app, people, settings):
    phone = Phone(app, people.holder)
    credential = phone.enrol()
    code = verify(
        mint_phone(credential, phone.private, "localhost", step_at(now())), settings.keyring, "localhost", now()
    )
    assert (code.type, code.children, code.birth_year) == ("C1", 2, 1986)
    assert code.last_date <= min(
        helsinki_day(now()) + timedelta(days=28), db.session.get(Card, people.holder.card_id).last_day
    )
    assert phone.state(credential) == "live"
    assert live(people.holder) == 1


def test_a_proof_is_of_this_key_for_this_nonce_and_this_service(app, people):
    phone = Phone(app, people.holder)
    other = ec.generate_private_key(ec.SECP256R1())
    refused(phone.prove(public_key=text(compress(other.public_key()))), "key_wrong")
    nonce = phone.nonce()
    refused(phone.prove(nonce, proof=text(phone.proof(nonce, other))), "key_wrong")
    nonce = phone.nonce()
    refused(phone.prove(nonce, proof=text(phone.proof("another nonce"))), "key_wrong")
    phone.host = "other.example.org"
    refused(phone.prove(), "key_wrong")
    assert live(people.holder) == 0


def test_a_nonce_is_good_once(app, people):
    phone = Phone(app, people.holder)
    nonce = phone.nonce()
    assert phone.prove(nonce).status_code == 200
    refused(phone.prove(nonce), "key_stale")
    nonce = phone.nonce()
    refused(phone.prove(nonce, proof="AAAA"), "key_wrong")
    refused(phone.prove(nonce), "key_stale")
    assert live(people.holder) == 1


def test_a_proof_sent_again_with_its_cookie_makes_no_second_credential(app, people):
    phone = Phone(app, people.holder)
    nonce = phone.nonce()
    cookie = phone.page.client.get_cookie("__Host-session", domain="localhost").value
    assert phone.prove(nonce).status_code == 200
    phone.page.client.set_cookie("__Host-session", cookie, domain="localhost")
    refused(phone.prove(nonce), "key_known")
    assert live(people.holder) == 1


def test_anothers_key_is_known(app, people):
    """One key is one credential's: two cards must not be shown by one phone's secret."""
    phone = Phone(app, people.holder)
    phone.enrol()
    thief = Phone(app, people.other_holder)
    thief.private = phone.private
    refused(thief.prove(), "key_known")


POINT_LIKE = {
    "not on the curve": b"\x02" + b"\xff" * 32,
    "all zero": bytes(33),
    "infinity": b"\x00",
    "uncompressed": b"\x04" + bytes(64),
    "wrong prefix": b"\x05" + b"\x11" * 32,
    "short": b"\x02" + bytes(31),
    "long": b"\x02" + bytes(33),
    "huge": b"\x02" * 100_000,
    "empty": b"",
}


@pytest.mark.parametrize("point", POINT_LIKE.values(), ids=POINT_LIKE)
def test_points_that_are_none(app, people, point):
    refused(Phone(app, people.holder).prove(public_key=text(point)), "key_wrong")


@pytest.mark.parametrize("field", ["public_key", "proof"])
@pytest.mark.parametrize("junk", [None, 1, 1.5, True, [], ["A"], {}, "", "!!!!", "ä", "AA AA", "A", "\ud800", "A" * 90])
def test_fields_that_are_none(app, people, field, junk):
    refused(Phone(app, people.holder).prove(**{field: junk}), "key_wrong")


def test_proofs_with_impossible_numbers(app, people):
    phone = Phone(app, people.holder)
    for proof in (
        bytes(64),
        b"\xff" * 64,
        bytes(32) + b"\x01" * 32,
        b"\x01" * 63,
        b"\x01" * 65,
        secrets.token_bytes(64),
    ):
        refused(phone.prove(proof=text(proof)), "key_wrong")


@pytest.mark.parametrize("body", [None, [], "x", 1, {}, {"proof": "AAAA"}, {"public_key": "AAAA"}, [1, 2]])
def test_bodies_that_are_none(app, people, body):
    phone = Phone(app, people.holder)
    phone.nonce()
    refused(phone.page.send("/card/key", body), "key_wrong")


def test_without_a_nonce(app, people):
    phone = Phone(app, people.holder)
    refused(phone.prove("a nonce of nobody's"), "key_stale")


# How many


def test_never_more_than_two_live_keys(app, people):
    phone, second = Phone(app, people.holder), Phone(app, people.holder)
    first = phone.enrol()
    newer = second.enrol()
    assert live(people.holder) == 2
    newest = phone.enrol()
    assert live(people.holder) == 2
    assert (phone.state(first), phone.state(newer), phone.state(newest)) == ("withdrawn", "live", "live")


def test_a_fourth_silent_key_waits_for_a_new_sign_in(app, people):
    """The first of a sign-in and three that a browser made by itself; the next needs the person (CODES.md)."""
    phone = Phone(app, people.holder)
    for _ in range(4):
        phone.enrol()
    refused(phone.prove(), "too_many_keys")
    assert live(people.holder) == 2, "and the card goes on working"
    with time_machine.travel(now() + timedelta(seconds=1)):
        again = signins.holder(signins.start("holder", at=now(), card_id=people.holder.card_id), at=now())
        assert Phone(app, again).enrol()
    with time_machine.travel(now() + timedelta(days=31)):
        assert Phone(app, people.holder).enrol(), "thirty days later too"


# What became of it


def test_anothers_credential_is_unknown(app, people):
    phone, other = Phone(app, people.holder), Phone(app, people.other_holder)
    credential = phone.enrol()
    assert other.state(credential) == "unknown"
    for junk in ("none", "AAAAAAA", "A", "!!!", "ä", "A" * 300, "%00", "..%5c"):
        assert phone.page.ask(f"/card/key/{junk}")["state"] == "unknown", junk


def test_a_blocked_cards_keys_stop_and_no_new_one_is_signed(app, people):
    phone = Phone(app, people.holder)
    credential = phone.enrol()
    blocking.block_card(people.holder.card_id, "lost", by=None, at=now())
    assert phone.state(credential) == "withdrawn"
    phone.private = ec.generate_private_key(ec.SECP256R1())
    refused(phone.prove(), "blocked")


def test_an_expired_cards_phone_gets_no_new_credential(app, people):
    phone = Phone(app, people.holder)
    last = db.session.get(Card, people.holder.card_id).last_day
    with time_machine.travel(last + timedelta(days=1, hours=9)):
        refused(phone.prove(), "card_expired")


def test_the_servers_time_comes_along(app, people):
    with time_machine.travel("2026-11-25 10:00:00.250+00:00", tick=False):
        expected = 1795600800250
        phone = Phone(app, people.holder)
        assert phone.page.ask("/card/key")["now"] == expected
        assert phone.page.ask("/card/key/none")["now"] == expected
        assert Page(app).ask("/now") == {"now": expected}
        assert json.loads(phone.prove().data)["now"] == expected


# Renewing


def renew(phone, old, once):
    phone.private = ec.generate_private_key(ec.SECP256R1())
    nonce = phone.nonce()
    body = {"public_key": text(phone.point), "proof": text(phone.proof(nonce)), "renews": text(old), "once": once}
    return phone.page.send("/card/key", body)


def test_only_ones_own_credential_is_renewed_and_only_by_its_value(app, people):
    phone, other = Phone(app, people.holder), Phone(app, people.other_holder)
    first = phone.prove().json
    credential = base64.urlsafe_b64decode(first["credential"])
    refused(renew(other, credential[3:8], first["once"]), "renewal_unknown")
    for junk in (None, "", 1, [], {}, "x" * 5000, "ä"):
        refused(renew(phone, credential[3:8], junk), "renewal_unknown")
    refused(renew(phone, credential[3:8], "\ud800"), "key_wrong")
    for old in (b"", b"xxxxx", b"x" * 3000):
        refused(renew(phone, old, first["once"]), "renewal_unknown")
    assert phone.state(credential) == "live"
    assert renew(phone, credential[3:8], first["once"]).status_code == 200
    assert phone.state(credential) == "withdrawn"
