"""Taking a card into use by its letter, and a phone as a gate by its link."""

from datetime import timedelta

import pytest
import time_machine

from tests.web.page import Page
from wallet.clock import now
from wallet.register import blocking, invitations, signins
from wallet.register.database import db
from wallet.register.invitations import grouped
from wallet.register.tables import Card

YEARS = {"right": "1986", "wrong": "1987"}


@pytest.fixture
def letter(people):
    """The holder's letter: its code, not yet grouped."""
    return invitations.invite_holder(people.holder.card_id, by=None, at=now())


def activate(page, code, year=YEARS["right"], **options):
    return page.open("/activate").submit({"Code": code, "Birth year": year}, **options)


def test_who_may_not(app, people):
    for path in ("/activate/language", "/activate/passkey", "/activate/pin"):
        for who in (None, people.gate, people.desk):
            page = Page(app, who)
            assert page.request(path).headers["Location"] == "/sign-in", (path, who)
            assert page.request(path, headers={"Accept": "application/json"}).json == {"error": "signed_out"}


def test_a_letter_a_year_a_language_a_card(app, people, letter):
    page = activate(Page(app), letter)
    assert (page.path, page.heading) == ("/activate/language", "Your language")
    page.language = "sv"
    page.submit(button="Svenska")
    assert page.path == "/activate/passkey"
    page.language = "en"
    page.open("/card?lang=en")
    assert page.heading == "Kaikukortti"
    db.session.rollback()
    assert db.session.get(Card, people.holder.card_id).language == "sv", "letters come in this language"


def test_a_letter_works_once(app, letter):
    activate(Page(app), letter)
    again = activate(Page(app), letter)
    assert again.path == "/activate"
    assert again.refusal().startswith("This code has been used already.")
    assert Page(app).request("/card").status_code == 302


def test_five_wrong_birth_years_kill_the_letter_and_each_says_how_many_are_left(app, letter):
    page = Page(app)
    for left in (4, 3, 2):
        assert f"You can try {left} more times." in activate(page, letter, YEARS["wrong"]).refusal()
    assert "You can try 1 more time." in activate(page, letter, YEARS["wrong"]).refusal()
    assert page.value("Code") == letter, "what was typed stays"
    assert page.value("Birth year") == "1987"
    assert activate(page, letter, YEARS["wrong"]).refusal().startswith("This code no longer works.")
    assert activate(page, letter).refusal().startswith("This code no longer works.")


def test_a_wrong_year_then_the_right_one(app, letter):
    page = activate(Page(app), letter, YEARS["wrong"])
    assert page.submit({"Code": letter, "Birth year": "1986"}).path == "/activate/language"


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(str.lower, id="lower case"),
        pytest.param(grouped, id="as on the letter"),
        pytest.param(lambda code: "  " + " ".join(code) + " ", id="spaces"),
        pytest.param(lambda code: "–".join((code[:4], code[4:8], code[8:])), id="dashes of a word processor"),
        pytest.param(lambda code: code.replace("0", "O"), id="O for 0"),
        pytest.param(lambda code: code.replace("0", "o").replace("1", "l"), id="o for 0, l for 1"),
        pytest.param(lambda code: code.replace("1", "I"), id="I for 1"),
        pytest.param(lambda code: code.replace("V", "U"), id="U for V"),
    ],
)
def test_codes_as_people_type_them(app, people, typed, monkeypatch):
    monkeypatch.setattr(invitations, "new_code", lambda: "0123VU0A1B2C".replace("U", "V"))
    code = invitations.invite_holder(people.holder.card_id, by=None, at=now())
    assert activate(Page(app), typed(code)).path == "/activate/language"


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("", "Type the code."),
        ("   ", "The code has 12 letters and digits"),
        ("K7QF", "The code has 12 letters and digits"),
        ("K7QF-93MX-2HTD-1", "The code has 12 letters and digits"),
        ("K7QF-93MX-2HTÄ", "The code has 12 letters and digits"),
        ("К7QF-93MX-2HTD", "The code has 12 letters and digits"),  # a Cyrillic К
        ("K7QF\x0093MX2HT", "The code has 12 letters and digits"),
        ("<script>alert", "The code has 12 letters and digits"),
        ("9" * 5000, "The code has 12 letters and digits"),
    ],
)
def test_what_is_not_a_code_is_said_at_its_field(app, code, sentence):
    page = activate(Page(app), code)
    assert page.error("Code").startswith(sentence)
    assert page.error("Birth year") is None
    assert page.value("Birth year") == "1986"
    if code.strip() and "\x00" not in code:
        assert page.value("Code") == code


@pytest.mark.parametrize(
    "year", ["", "  ", "1899", "2101", "86", "-1986", "19 86", "1986.0", "born in 1986", "tuhat", "9" * 5000]
)
def test_what_is_not_a_birth_year_is_said_at_its_field(app, letter, year):
    page = activate(Page(app), letter, year)
    assert page.error("Birth year") == "Type your birth year with four digits, like 1986."
    assert page.value("Birth year") == year, "what was typed stays"
    assert page.value("Code") == letter
    assert activate(page, letter).path == "/activate/language", "no try was spent"


def test_both_fields_wrong_are_summed_up(app):
    page = activate(Page(app), "", "")
    summary = [item.text or "" for item in page.all("li", page.by_id("errors"))]
    assert len(summary) == 2
    assert page.error("Code")
    assert page.error("Birth year")


def test_unknown(app):
    assert activate(Page(app), "K7QF93MX2HTD").refusal().startswith("We don't know this code.")


def test_too_late(app, letter):
    with time_machine.travel(now() + timedelta(days=61)):
        assert activate(Page(app), letter).refusal().startswith("This code was not used in time.")


def test_a_newer_letter_cancels_the_older(app, people, letter):
    newer = invitations.invite_holder(people.holder.card_id, by=None, at=now())
    assert activate(Page(app), letter).refusal().startswith("This code no longer works.")
    assert activate(Page(app), newer).path == "/activate/language"


def test_the_letter_of_a_blocked_card(app, people, letter):
    blocking.block_card(people.holder.card_id, "lost", by=None, at=now())
    assert activate(Page(app), letter).refusal().startswith("This card has been blocked.")


def test_each_way_in_takes_its_own_codes_only(app, people, letter):
    gate = invitations.invite_gate("museo", by=None, at=now())
    staff = invitations.invite_account(people.desk.account_id, by=None, at=now())
    for code in (gate, staff):
        assert activate(Page(app), code).refusal().startswith("We don't know this code.")
    for code in (letter, staff):
        page = Page(app).open("/gate/enrol").submit({"Code": code, "Name of this phone": "Ovi"})
        assert page.refusal().startswith("We don't know this code.")
    for code in (letter, gate):
        assert Page(app).open("/staff/start").submit({"Code": code}).refusal().startswith("We don't know this code.")
    assert activate(Page(app), letter).path == "/activate/language", "none was spent on the way"


# Gates


def test_a_phone_becomes_a_gate(app, people):
    code = invitations.invite_gate("museo", by=None, at=now())
    page = Page(app).open("/gate/enrol")
    page.submit({"Code": "", "Name of this phone": ""})
    assert page.error("Code")
    assert page.error("Name of this phone") == "Give this phone a name, like Front door."
    page.submit({"Code": grouped(code), "Name of this phone": "Ovi <b>2</b> & ä"})
    assert page.path == "/gate"
    assert "Ovi <b>2</b> & ä" in page.text


@pytest.mark.parametrize("name", ["   ", "\u200b", "\x00", "x" * 81])
def test_a_gate_needs_a_name_that_can_be_read(app, people, name):
    """A NUL would be an error of the database; a blank one could not be told from another in a list."""
    code = invitations.invite_gate("museo", by=None, at=now())
    page = Page(app).open("/gate/enrol").submit({"Code": code, "Name of this phone": name})
    assert page.error("Name of this phone")
    page.submit({"Code": code, "Name of this phone": "Ovi 1"})
    assert page.path == "/gate"


def test_a_gate_link_is_single_use_and_ends(app, people):
    code = invitations.invite_gate("museo", by=None, at=now())
    form = {"Code": code, "Name of this phone": "Ovi"}
    assert Page(app).open("/gate/enrol").submit(form).path == "/gate"
    assert "used already" in Page(app).open("/gate/enrol").submit(form).refusal()
    late = invitations.invite_gate("museo", by=None, at=now())
    with time_machine.travel(now() + timedelta(days=8)):
        page = Page(app).open("/gate/enrol").submit(form | {"Code": late})
        assert page.refusal().startswith("This code was not used in time.")


def test_a_gates_name_is_kept_as_it_can_be_read(app, people):
    code = invitations.invite_gate("museo", by=None, at=now())
    page = Page(app).open("/gate/enrol").submit({"Code": code, "Name of this phone": " Ovi\x00\t1\u202e "})
    assert "Ovi 1" in page.text
    assert "\u202e" not in page.text


# Forty people on one Wi-Fi


def test_guesses_are_limited_by_address_but_right_ones_cost_nothing(app, people):
    """120 misses in ten minutes end it for the address; whoever has a right code is never a miss."""
    page = Page(app)
    for _ in range(50):
        code = invitations.invite_holder(people.other_holder.card_id, by=None, at=now())
        page.client.delete_cookie("__Host-session", domain="localhost")
        assert activate(page, code, "1961").path == "/activate/language"
    page.client.delete_cookie("__Host-session", domain="localhost")
    page.open("/activate")
    for _ in range(120):
        page.submit({"Code": "K7QF93MX2HTD", "Birth year": "1986"})
    page.submit({"Code": "K7QF93MX2HTD", "Birth year": "1986"}, status=429)
    assert page.heading == "Too many tries"
    assert page.open("/", status=200)
    with time_machine.travel(now() + timedelta(minutes=11)):
        assert page.open("/activate").heading == "Take your card into use"


def test_signing_in_again_ends_the_earlier_sign_in_of_that_card_on_that_browser(app, people, letter):
    page = Page(app, people.holder)
    activate(page, letter)
    page.open("/card")
    assert signins.holder(people.holder.sign_in, at=now()) is None


def test_signing_in_with_another_card_leaves_the_first(app, people, letter):
    """A couple may share a phone (tests/holder/test_sharing.py)."""
    page = Page(app, people.other_holder)
    activate(page, letter)
    page.open("/card")
    assert signins.holder(people.other_holder.sign_in, at=now())
