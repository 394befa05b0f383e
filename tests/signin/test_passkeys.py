"""Passkeys with a passkey made of software: making one, signing in with it, and everything that can be wrong."""

import copy
import random
from datetime import timedelta

import pytest
import time_machine
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from tests.signin.software_passkey import SoftwarePasskey
from tests.web.page import Page
from wallet.clock import now
from wallet.register import accounts, blocking, passkeys
from wallet.register.database import db
from wallet.register.numbers import shown
from wallet.register.tables import Card, JournalLine
from wallet.web.limits import limiter

NEW = {"holder": "/passkeys/holder", "staff": "/passkeys/staff"}
SIGN_IN = "/passkeys/sign-in"


def made(app, who, passkey=None, *, audience="holder", **how):
    """A passkey of this person, made in a ceremony."""
    passkey = passkey or SoftwarePasskey()
    answer = register(Page(app, who), passkey, audience=audience, **how)
    assert answer.status_code == 200, answer.json
    return passkey


def register(page, passkey, *, audience="holder", change=lambda answer: answer, **how):
    page.open("/activate/passkey" if audience == "holder" else "/staff/passkey")
    options = page.send(f"{NEW[audience]}/options", {}).json
    return page.send(NEW[audience], change(passkey.make(options, **how)))


def sign_in(page, passkey, *, change=lambda answer: answer, **how):
    page.open("/sign-in")
    options = page.send(f"{SIGN_IN}/options", {}).json
    return page.send(SIGN_IN, change(passkey.sign(options, **how)))


def refused(answer, reason):
    assert (answer.status_code, answer.json) == (422, {"error": reason})


# Who may not


def test_who_may_not(app, people):
    """Nobody makes a passkey for another, and nothing is done without the page's token."""
    for who, audience in ((None, "holder"), (people.gate, "holder"), (people.desk, "holder"), (people.holder, "staff")):
        page = Page(app, who).open("/sign-in")
        for path in (f"{NEW[audience]}/options", NEW[audience]):
            answer = page.send(path, {})
            assert (answer.status_code, answer.json) == (401, {"error": "signed_out"}), (path, who)
    page = Page(app, people.holder).open("/activate/passkey")
    for path in (f"{NEW['holder']}/options", NEW["holder"], f"{SIGN_IN}/options", SIGN_IN):
        answer = page.send(path, {}, token=False)
        assert (answer.status_code, answer.json) == (400, {"error": "page_too_old"})


# Making one


def test_what_a_phone_is_asked_for(app, people):
    page = Page(app, people.holder).open("/activate/passkey")
    options = page.send("/passkeys/holder/options", {}).json
    card = db.session.get(Card, people.holder.card_id)
    assert options["rp"] == {"id": "localhost", "name": "Kaikukortti"}
    assert options["timeout"] == 300_000
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["user"]["id"] == bytes_to_base64url(card.user_handle)
    assert options["user"]["name"] == f"Kaikukortti …{card.number[-4:]}", "no name of a person, not the whole number"
    wanted = page.send("/passkeys/sign-in/options", {}).json
    assert (wanted["userVerification"], wanted["allowCredentials"]) == ("required", [])


def test_a_passkey_made_and_used(app, people):
    passkey = made(app, people.holder)
    page = Page(app)
    answer = sign_in(page, passkey)
    assert answer.json == {"go": "/card"}
    page.open("/card")
    assert shown(db.session.get(Card, people.holder.card_id).number) in page.text
    options = page.open("/activate/passkey").send("/passkeys/holder/options", {}).json
    assert [one["id"] for one in options["excludeCredentials"]] == [bytes_to_base64url(passkey.id)]


def test_the_same_passkey_again_is_known(app, people):
    passkey = made(app, people.holder)
    refused(register(Page(app, people.holder), passkey), "passkey_known")
    refused(register(Page(app, people.other_holder), passkey), "passkey_known")


def test_ten_at_most(app, people):
    for _ in range(10):
        made(app, people.holder)
    refused(register(Page(app, people.holder), SoftwarePasskey()), "passkeys_too_many")


@pytest.mark.parametrize(
    ("passkey", "how"),
    [
        pytest.param({"origin": "http://localhost.example.org"}, {}, id="another origin"),
        pytest.param({"origin": "http://localhost:8000"}, {}, id="another port"),
        pytest.param({"rp_id": "example.org"}, {}, id="another site"),
        pytest.param({}, {"verified": False}, id="nobody verified"),
        pytest.param({"id_length": 1024}, {}, id="id too long"),
        pytest.param({"id_length": 8000}, {}, id="id far too long"),
    ],
)
def test_a_passkey_that_is_not_for_here_is_not_kept(app, people, passkey, how):
    made_elsewhere = SoftwarePasskey(**passkey)
    refused(register(Page(app, people.holder), made_elsewhere, **how), "passkey_wrong")
    assert passkeys.find(made_elsewhere.id) is None


def test_a_challenge_makes_one_passkey(app, people):
    page = Page(app, people.holder).open("/activate/passkey")
    options = page.send("/passkeys/holder/options", {}).json
    assert page.send("/passkeys/holder", SoftwarePasskey().make(options)).status_code == 200
    refused(page.send("/passkeys/holder", SoftwarePasskey().make(options)), "passkey_stale")


# Signing in


def test_a_count_that_stays_zero_is_a_synced_passkey(app, people):
    passkey = made(app, people.holder)
    for _ in range(3):
        assert sign_in(Page(app), passkey, count=0).status_code == 200


def test_a_count_that_falls_is_a_copy(app, people):
    passkey = made(app, people.holder)
    assert sign_in(Page(app), passkey, count=5).status_code == 200
    page = Page(app)
    refused(sign_in(page, passkey, count=3), "passkey_copied")
    refused(sign_in(page, passkey, count=5), "passkey_copied")
    refused(sign_in(page, passkey, count=0), "passkey_copied")
    assert page.request("/card").status_code == 302, "nobody is signed in"
    db.session.rollback()
    lines = db.session.query(JournalLine).filter_by(act="signin:passkey:copied").order_by(JournalLine.id).all()
    assert [line.facts["seen"] for line in lines] == [3, 5, 0]
    assert sign_in(Page(app), passkey, count=6).status_code == 200


def test_a_user_who_was_not_verified(app, people):
    refused(sign_in(Page(app), made(app, people.holder), verified=False), "passkey_wrong")


@pytest.mark.parametrize(
    "where", [{"origin": "http://localhost.example.org"}, {"origin": "http://localhost:8000"}, {"rp_id": "example.org"}]
)
def test_a_passkey_that_believes_to_be_elsewhere(app, people, where):
    passkey = made(app, people.holder)
    for name, value in where.items():
        setattr(passkey, name, value)
    refused(sign_in(Page(app), passkey), "passkey_wrong")


def test_anothers_user_handle(app, people):
    """The library does not compare it."""
    passkey = made(app, people.holder)
    other = db.session.get(Card, people.other_holder.card_id).user_handle
    refused(sign_in(Page(app), passkey, user_handle=other), "passkey_wrong")


def test_anothers_signature(app, people):
    mine, thief = made(app, people.holder), SoftwarePasskey()
    thief.id, thief.user_handle = mine.id, mine.user_handle
    refused(sign_in(Page(app), thief), "passkey_wrong")


def test_a_challenge_signs_in_once(app, people):
    passkey = made(app, people.holder)
    page = Page(app).open("/sign-in")
    options = page.send(f"{SIGN_IN}/options", {}).json
    assert page.send(SIGN_IN, passkey.sign(options)).status_code == 200
    refused(page.send(SIGN_IN, passkey.sign(options)), "passkey_stale")


def test_a_stolen_answer_with_its_cookie_signs_in_nobody(app, people):
    """The challenge waits in the cookie, and a cookie can be sent twice: the answer must be newer than the last one."""
    passkey = made(app, people.holder)
    page = Page(app).open("/sign-in")
    options = page.send(f"{SIGN_IN}/options", {}).json
    answer = passkey.sign(options)
    cookie = page.client.get_cookie("__Host-session", domain="localhost").value
    assert page.send(SIGN_IN, answer).status_code == 200
    thief = Page(app).open("/sign-in")
    thief.client.set_cookie("__Host-session", cookie, domain="localhost")
    refused(thief.request(SIGN_IN, method="POST", json=answer, headers={"X-CSRFToken": page.token}), "passkey_stale")
    assert thief.request("/card").status_code == 302


def test_a_challenge_has_its_time(app, people):
    passkey = made(app, people.holder)
    page = Page(app).open("/sign-in")
    with time_machine.travel(now(), tick=False) as clock:
        options = page.send(f"{SIGN_IN}/options", {}).json
        clock.shift(timedelta(minutes=11))
        refused(page.send(SIGN_IN, passkey.sign(options)), "passkey_stale")
        assert sign_in(page, passkey).status_code == 200, "a new press takes a new one"


def test_two_tabs(app, people):
    """The second tab takes a new challenge; the first is told, and works when it is pressed again."""
    passkey = made(app, people.holder)
    page = Page(app).open("/sign-in")
    first = page.send(f"{SIGN_IN}/options", {}).json
    second = page.send(f"{SIGN_IN}/options", {}).json
    assert page.send(SIGN_IN, passkey.sign(second)).status_code == 200
    refused(page.send(SIGN_IN, passkey.sign(first)), "passkey_stale")
    assert sign_in(page, passkey).status_code == 200


def test_a_passkey_that_is_not_known_here(app):
    passkey = SoftwarePasskey()
    passkey.user_handle = b"u" * 32
    page = Page(app)
    refused(sign_in(page, passkey), "passkey_unknown")
    states = page.open("/sign-in").response.get_data(as_text=True)
    assert 'data-state="passkey_unknown"' in states
    assert "This passkey is not known here. Sign in in another way." in states
    assert page.links().count("/activate") == 1, "and the way back is on the page"


def test_a_blocked_cards_holder_still_signs_in_and_is_told(app, people):
    passkey = made(app, people.holder)
    blocking.block_card(people.holder.card_id, "lost", by=None, at=now())
    page = Page(app)
    assert sign_in(page, passkey).json == {"go": "/card"}
    assert "This card has been blocked." in page.open("/card").text


# Staff


def test_staff_sign_in_with_theirs(app, people):
    passkey = made(app, people.desk, audience="staff")
    page = Page(app)
    assert sign_in(page, passkey).json == {"go": "/staff"}
    assert page.open("/staff").heading == "Your work with the card"
    assert page.request("/card").headers["Location"] == "/sign-in", "a card is another thing"


def test_staff_who_left_sign_in_nowhere(app, people):
    passkey = made(app, people.desk, audience="staff")
    accounts.leave(people.desk.account_id, by=None, at=now())
    page = Page(app)
    sign_in(page, passkey)
    assert page.open("/staff").path == "/staff/sign-in"


# Answers that are none

JUNK = [None, True, 0, -1, 1.5, "", "ä", "!!!", "AAAA", "A" * 5000, [], ["a"], {}, {"a": 1}]


def mutations(answer):
    """Every field of an answer gone, and every field as everything else."""

    def places(part, path=()):
        for key, value in part.items():
            yield (*path, key)
            if isinstance(value, dict):
                yield from places(value, (*path, key))

    for path in places(answer):
        for junk in (KeyError, *JUNK):
            changed = copy.deepcopy(answer)
            part = changed
            for key in path[:-1]:
                part = part[key]
            if junk is KeyError:
                del part[path[-1]]
            else:
                part[path[-1]] = junk
            yield path, junk, changed
    for junk in JUNK:
        yield (), junk, junk


def bent(answer, field, chance):
    """A base64url field with some of its bytes changed."""
    changed = copy.deepcopy(answer)
    raw = bytearray(base64url_to_bytes(changed["response"][field]))
    for _ in range(chance.randint(1, 4)):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    cut = raw[: chance.randrange(len(raw))] if chance.random() < 0.3 else raw
    changed["response"][field] = bytes_to_base64url(bytes(cut))
    return changed


def test_no_answer_breaks_a_sign_in(app, people):
    """Not one of some 150 spoilt answers and 100 with changed bytes is a 500, and whoever is let in signed truly."""
    passkey = made(app, people.holder)
    chance = random.Random(4)
    page = Page(app).open("/sign-in")
    options = page.send(f"{SIGN_IN}/options", {}).json
    good = passkey.sign(options)
    cookie = page.client.get_cookie("__Host-session", domain="localhost").value
    spoilt = list(mutations(good))
    for field in ("clientDataJSON", "authenticatorData", "signature", "userHandle"):
        spoilt += [((field,), "bent", bent(good, field, chance)) for _ in range(25)]
    for path, junk, answer in spoilt:
        page.client.set_cookie("__Host-session", cookie, domain="localhost")
        limiter.reset()
        seen = page.send(SIGN_IN, answer)
        harmless = path and path[0] in ("clientExtensionResults", "authenticatorAttachment")
        assert seen.status_code in ((200, 422) if harmless else (422, 400)), (path, junk, seen.json)
        assert seen.is_json


def test_no_answer_breaks_the_making(app, people):
    chance = random.Random(4)
    page = Page(app, people.holder).open("/activate/passkey")
    options = page.send("/passkeys/holder/options", {}).json
    cookie = page.client.get_cookie("__Host-session", domain="localhost").value
    passkey = SoftwarePasskey()
    good = passkey.make(options)
    spoilt = list(mutations(good))
    for field in ("clientDataJSON", "attestationObject"):
        spoilt += [((field,), "bent", bent(good, field, chance)) for _ in range(100)]
    for path, junk, answer in spoilt:
        page.client.set_cookie("__Host-session", cookie, domain="localhost")
        seen = page.send("/passkeys/holder", answer)
        assert seen.status_code in (200, 422, 400), (path, junk, seen.json)
        assert seen.is_json
