"""Renewing a phone's key over the wire: by the one-time value, once; a copy shows itself (CODES.md)."""

import base64
from datetime import timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec

from tests.holder.test_key import Phone, live, refused, text
from tests.web.page import Page
from wallet.clock import now
from wallet.codes import verify
from wallet.codes.days import step_at
from wallet.codes.token import mint_phone


class Renewing(Phone):
    """A phone that keeps what comes with its credential."""

    def enrol(self):
        self.private = ec.generate_private_key(ec.SECP256R1())
        return self.keep(self.prove())

    def keep(self, answer):
        assert answer.status_code == 200, answer.json
        self.credential, self.once = base64.urlsafe_b64decode(answer.json["credential"]), answer.json["once"]
        return self.credential

    def renewal(self, private=None, **changed):
        self.private = private or ec.generate_private_key(ec.SECP256R1())
        return self.prove(**({"renews": text(self.credential[3:8]), "once": self.once} | changed))


@pytest.fixture
def phone(app, people):
    phone = Renewing(app, people.holder)
    phone.enrol()
    return phone


def test_who_may_not(app, people, phone):
    body = {"renews": text(phone.credential[3:8]), "once": phone.once}
    for who in (None, people.gate, people.desk):
        told = Page(app, who).open("/sign-in").send("/card/key", body)
        assert (told.status_code, told.json) == (401, {"error": "signed_out"})
    thief = Renewing(app, people.other_holder)
    refused(thief.prove(**body), "renewal_unknown")
    assert phone.state(phone.credential) == "live"


def test_a_renewed_key_takes_the_old_ones_place(people, phone, settings):
    old, once = phone.credential, phone.once
    with time_machine.travel(now() + timedelta(days=8)):
        new = phone.keep(phone.renewal())
        assert (phone.state(old), phone.state(new)) == ("withdrawn", "live")
        assert once != phone.once
        code = mint_phone(new, phone.private, "localhost", step_at(now()))
        assert verify(code, settings.keyring, "localhost", now()).credential != old[3:8]
    assert live(people.holder) == 1


def test_a_lost_answer_is_asked_for_again_with_the_same_key(people, phone):
    assert phone.renewal().status_code == 200
    new = phone.keep(phone.renewal(private=phone.private))
    assert phone.state(new) == "live"
    assert live(people.holder) == 1
    assert phone.renewal().status_code == 200, "and its one-time value holds"


def test_a_copy_stops_the_card_everywhere(app, people, phone):
    assert phone.renewal().status_code == 200
    refused(phone.renewal(), "renewal_copied")
    assert live(people.holder) == 0
    assert Page(app, people.holder).open("/card").path == "/sign-in"


@pytest.mark.parametrize("once", ["", "x", None, 1, [], "A" * 32])
def test_a_one_time_value_that_is_none(people, phone, once):
    refused(phone.renewal(once=once), "renewal_unknown")
    assert live(people.holder) == 1, "and nothing stops"


@pytest.mark.parametrize("renews", ["", "AAAA", "!", None, 1, [], "A" * 90])
def test_a_credential_that_is_none(people, phone, renews):
    answer = phone.renewal(renews=renews)
    assert answer.status_code == 422
    assert answer.json["error"] in ("key_wrong", "renewal_unknown")
    assert live(people.holder) == 1


def test_renewing_is_no_silent_key(phone):
    """A phone that is opened every week renews all year, and may still lose its key three times a month."""
    for _ in range(6):
        phone.keep(phone.renewal())
    for _ in range(3):
        phone.enrol()
    phone.private = ec.generate_private_key(ec.SECP256R1())
    refused(phone.prove(), "too_many_keys")
