"""The PIN: six digits with the card's number, for a phone that has no passkey."""

from datetime import timedelta

import pytest
import time_machine

from tests.web.page import Page
from wallet.clock import now
from wallet.register import signins
from wallet.register.database import db
from wallet.register.numbers import shown
from wallet.register.tables import Card
from wallet.signin import pins

PIN = "402917"
WRONG = "The number and the PIN don't fit together. After five tries the card waits 15 minutes."


def number_of(holder):
    return db.session.get(Card, holder.card_id).number


@pytest.fixture
def number(people):
    """The number of the holder's card, whose PIN is set."""
    signins.set_pin(people.holder, pins.hash_of(PIN), at=now())
    return number_of(people.holder)


def sign_in(page, number, pin=PIN, **options):
    return page.open("/sign-in").submit({"Card's number": number, "PIN": pin}, **options)


# Choosing one

SIX = ("PIN", "A PIN is six digits.")
EASY = ("PIN", "This PIN is easy to guess. Choose another one.")
DIFFERENT = ("The same again", "The two PINs are not the same.")


def test_who_may_not(app, people):
    for who in (None, people.gate, people.desk):
        page = Page(app, who)
        assert page.request("/activate/pin").headers["Location"] == "/sign-in"
        page.open("/sign-in")
        token = {"csrf_token": page.token, "pin": PIN, "again": PIN}
        assert page.request("/activate/pin", method="POST", data=token).headers["Location"] == "/sign-in"


def test_choosing_a_pin_leads_to_the_card(app, people):
    page = Page(app, people.holder).open("/activate/pin").submit({"PIN": PIN, "The same again": PIN})
    assert page.path == "/card"
    assert sign_in(Page(app), number_of(people.holder)).path == "/card"
    db.session.rollback()
    kept = db.session.get(Card, people.holder.card_id).pin_hash
    assert kept.startswith("$argon2id$")
    assert PIN not in kept
    assert db.session.get(Card, people.other_holder.card_id).pin_hash is None


@pytest.mark.parametrize(
    ("pin", "again", "said"),
    [
        ("", "", SIX),
        ("40291", "40291", SIX),
        ("4029177", "4029177", SIX),
        ("40291a", "40291a", SIX),
        ("secret", "secret", SIX),
        ("402917\n", "402917\n", SIX),
        ("４０２９１７", "４０２９１７", SIX),
        ("111111", "111111", EASY),
        ("123456", "123456", EASY),
        ("890123", "890123", EASY),
        ("654321", "654321", EASY),
        ("121212", "121212", EASY),
        ("123123", "123123", EASY),
        (PIN, "402918", DIFFERENT),
        (PIN, "", DIFFERENT),
    ],
)
def test_what_is_no_pin_is_said_at_its_field(app, people, pin, again, said):
    field, sentence = said
    page = Page(app, people.holder).open("/activate/pin").submit({"PIN": pin, "The same again": again})
    assert page.error(field) == sentence
    assert pin == "" or pin not in page.response.get_data(as_text=True), "a PIN is never written into a page"
    db.session.rollback()
    assert db.session.get(Card, people.holder.card_id).pin_hash is None


# Signing in with it


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(lambda number: number, id="as it is"),
        pytest.param(shown, id="in groups"),
        pytest.param(lambda number: shown(number).replace(" ", "-"), id="hyphens"),
        pytest.param(lambda number: f" {number}\t", id="spaces around"),
        pytest.param(lambda number: number.replace("0", "O").replace("1", "l"), id="look-alikes"),
        pytest.param(lambda number: number.translate({48 + n: 0xFF10 + n for n in range(10)}), id="full width"),
    ],
)
def test_numbers_as_people_type_them(app, number, typed):
    assert sign_in(Page(app), typed(number)).path == "/card"


def test_the_card_is_ones_own(app, people, number):
    signins.set_pin(people.other_holder, pins.hash_of("739164"), at=now())
    other = number_of(people.other_holder)
    page = sign_in(Page(app), number)
    assert shown(number) in page.text
    assert shown(other) not in page.text
    assert sign_in(Page(app), other).refusal() == WRONG, "another's PIN opens nothing"


def test_unknown_number_and_wrong_pin_are_told_alike(app, people, number, monkeypatch):
    """Same words, and the same work: a guesser learns neither from the page nor from the clock."""
    compared = []
    hasher = pins._hasher

    class Watched:
        def verify(self, kept, pin):
            compared.append(kept)
            return hasher.verify(kept, pin)

    monkeypatch.setattr(pins, "_hasher", Watched())
    answers = []
    for typed, pin in ((number, "402918"), ("123456789012", PIN), (number_of(people.other_holder), PIN), ("!!", PIN)):
        page = sign_in(Page(app), typed, pin)
        answers.append(page.response.get_data(as_text=True).replace(typed, "").replace(page.token, ""))
        assert page.refusal() == WRONG
        assert page.value("Card's number") == typed, "the number stays"
        assert not page.value("PIN"), "the PIN does not"
    assert len(set(answers)) == 1
    assert len(compared) == 4


def test_five_wrong_pins_wait_fifteen_minutes_and_then_it_works(app, number):
    with time_machine.travel(now(), tick=False) as clock:
        page = Page(app)
        for _ in range(5):
            assert sign_in(page, number, "402918").refusal() == WRONG
        assert sign_in(page, number).refusal() == WRONG, "the right one waits too"
        clock.shift(timedelta(minutes=14, seconds=59))
        assert sign_in(page, number).refusal() == WRONG
        clock.shift(timedelta(seconds=1))
        assert sign_in(page, number).path == "/card"


def test_a_right_pin_forgets_the_wrong_ones(app, number):
    for _ in range(3):
        for _ in range(4):
            sign_in(Page(app), number, "402918")
        assert sign_in(Page(app), number).path == "/card"


def test_a_new_pin_replaces_the_old_one(app, people, number):
    Page(app, people.holder).open("/activate/pin").submit({"PIN": "739164", "The same again": "739164"})
    assert sign_in(Page(app), number).refusal() == WRONG
    assert sign_in(Page(app), number, "739164").path == "/card"


@pytest.mark.parametrize(
    ("number", "pin", "field"),
    [("", PIN, "Card's number"), ("  ", PIN, "Card's number"), ("9" * 61, PIN, "Card's number"), ("4921", "", "PIN")],
)
def test_blank_and_huge_are_said_at_their_fields(app, number, pin, field):
    assert sign_in(Page(app), number, pin).error(field)
