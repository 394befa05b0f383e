"""The desk's community cards.

If these fail, a stranger lends an organisation's card or shows its code, who returned it shows it still, or a person's
number is kept as a role.
"""

import re

import pytest
import time_machine
from sqlalchemy import select

from tests.desk.desks import who_may_not
from tests.gate.doors import Door, scan
from tests.holder.screen import code_of
from tests.register.scans import NOON
from tests.register.test_community import colleague
from tests.web.page import Page
from wallet.clock import now
from wallet.register import community, desk_cards
from wallet.register.database import db
from wallet.register.numbers import shown
from wallet.register.tables import Card
from wallet.register.tables_life import Loan

LANGUAGES = ("fi", "sv", "en")


@pytest.fixture(autouse=True)
def _noon():
    """The colleague's sign-in is of noon."""
    with time_machine.travel(NOON):
        yield


@pytest.fixture
def group_card(people):
    return community.add_community_card(people.desk, people.unit, "Ryhmäkortti", at=now())[0]


@pytest.fixture
def desk(app, people):
    """The desk's browser."""
    return Page(app, people.desk)


@pytest.fixture
def friend(people):
    """A colleague at another desk of the issuer."""
    return colleague(people)


def loan():
    db.session.rollback()
    return db.session.scalars(select(Loan).order_by(Loan.id.desc()).limit(1)).one_or_none()


# Who may


def test_who_may_not(app, people, group_card):
    who_may_not(app, people, "/desk/community", others=200)
    who_may_not(app, people, "/desk/community/new", others=200)
    who_may_not(app, people, f"/desk/community/{group_card}", others=404)
    who_may_not(app, people, f"/desk/community/{group_card}/code", others=404)
    stranger = Page(app, people.other_desk).open("/desk/community")
    assert "Ryhmäkortti" not in stranger.text
    stranger.open(f"/desk/community?unit={people.unit}", status=404)
    stranger.open(f"/desk/community/new?unit={people.unit}", status=404)
    stranger.open("/desk/community/new")
    back = stranger.request(
        f"/desk/community/{group_card}/back", method="POST", data={"csrf_token": stranger.value("csrf_token")}
    )
    assert back.status_code == 404


def test_a_personal_card_is_no_community_card(app, people):
    Page(app, people.desk).open(f"/desk/community/{people.holder.card_id}", status=404)
    Page(app, people.desk).open(f"/desk/community/{people.holder.card_id}/code", status=404)


# Cards


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("fi", "Ei vielä yhteisön Kaikukortteja"),
        ("sv", "Inga gemenskapens Kaikukort ännu"),
        ("en", "No community cards yet"),
    ],
)
def test_without_one_the_page_says_how_to_begin(app, people, language, sentence):
    assert sentence in Page(app, people.desk).open(f"/desk/community?lang={language}").text


def test_a_card_is_added_in_a_minute(app, people):
    page = Page(app, people.desk).open("/desk/community?lang=en").follow("Add a community card")
    page.submit({"Name of the card": " Youth   group 2 "})
    assert page.heading == "Youth group 2"
    assert "Lend it to whoever goes along" in page.text
    db.session.rollback()
    card = db.session.scalars(select(Card).where(Card.kind == "community")).one()
    assert shown(card.number) in page.text
    assert "Youth group 2" in page.open("/desk/community").text
    assert "community card: Youth group 2" in page.open("/desk").text


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"label": ""}, "label", "3 to 80"),
        ({"label": "x" * 81}, "label", "3 to 80"),
        ({"label": "maija@example.org"}, "label", "no e-mail address"),
        ({"label": "Youth", "number": "4921 0077 3187"}, "number", "mistake"),
        ({"label": "Youth", "number": "TRE1234"}, "number", "no blank card"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(app, people, fields, field, words):
    page = Page(app, people.desk).open("/desk/community/new?lang=en").submit({"label": "", **fields})
    assert words in page.error(field)
    assert db.session.scalars(select(Card).where(Card.kind == "community")).all() == []


def test_a_number_that_is_given_is_taken(app, people, group_card):
    number = db.session.get_one(Card, group_card).number
    page = Page(app, people.desk).open("/desk/community/new?lang=en").submit({"label": "Youth", "number": number})
    assert "given to somebody already" in page.error("number")


# Loans


def test_it_is_lent_to_a_colleague_and_taken_back(app, people, group_card, friend):
    page = Page(app, people.desk).open("/desk/community?lang=en").follow("Ryhmäkortti")
    page.submit({"To whom": str(friend.account_id)})
    assert "colleague has it, since" in page.text
    assert loan().account_id == friend.account_id
    page.open("/desk/community")
    assert "colleague has it, since" in page.text
    page.submit(button="Take back")
    assert "The card is returned." in page.text
    assert "At the desk" in page.text
    page.follow("Ryhmäkortti")
    assert "colleague" in page.text
    page.open(f"/desk/cards/{group_card}?lang=en")
    assert "Lent to a colleague" in page.text
    assert "Returned" in page.text


def test_it_is_lent_to_a_role(app, people, group_card):
    page = Page(app, people.desk).open(f"/desk/community/{group_card}?lang=en")
    page.submit({"The role": "Evening café volunteer"})
    assert "Evening café volunteer has it" in page.text
    page.submit(button="Take back")
    assert loan().returned_at is not None
    assert "Lent to somebody in a role" in page.open(f"/desk/cards/{group_card}?lang=en").text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("role", {"role": "ab"}),
        ("role", {"role": "ohjaaja 040 123 4567"}),
        ("to", {"to": "999999"}),
        ("to", {"to": "nobody"}),
        ("to", {"to": "9" * 40}),
        (None, {"role": ""}),
        (None, {"role": "ohjaaja", "to": "1"}),
    ],
)
def test_every_refusal_is_said_in_each_language(desk, group_card, language, field, fields):
    page = desk.open(f"/desk/community/{group_card}?lang={language}").submit({"role": "", **fields})
    said = page.error(field) if field else page.refusal()
    assert said
    assert not re.search(r"[a-z]_[a-z]", said), "words, not a reason"
    assert loan() is None


def test_it_is_in_one_pair_of_hands(app, people, group_card):
    """Two desks open the form; the second to send it hears that it is lent."""
    late = Page(app, people.desk).open(f"/desk/community/{group_card}?lang=en")
    community.lend(people.desk, group_card, at=now(), role_text="ohjaaja")
    late.submit({"The role": "toinen ohjaaja"})
    assert "Somebody has this card already" in late.refusal()
    assert "ohjaaja has it" in late.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_blocked_card_is_not_lent_and_says_so(app, people, group_card, language):
    late = Page(app, people.desk).open(f"/desk/community/{group_card}?lang={language}")
    desk_cards.block_card(people.desk, group_card, "lost", at=now())
    late.submit({"role": "ohjaaja"})
    assert late.refusal()
    page = late.open(f"/desk/community?lang={language}")
    assert {"fi": "Suljettu", "sv": "Spärrat", "en": "Blocked"}[language] in page.text
    assert page.all("form", page.by_id("main")) == [], "nothing to lend or to take back"


def test_taking_back_twice_is_once(app, people, group_card):
    community.lend(people.desk, group_card, at=now(), role_text="ohjaaja")
    first, second = (Page(app, people.desk).open("/desk/community?lang=en") for _ in range(2))
    for page in (first, second):
        page.submit(button="Take back")
        assert "The card is returned." in page.text


# The code of who has it


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_has_it_shows_its_code_and_the_gate_takes_it(app, people, group_card, friend, language):
    community.lend(people.desk, group_card, at=now(), account_id=friend.account_id)
    page = Page(app, friend).open(f"/desk/community?lang={language}")
    page.open(next(link for link in page.links() if link.endswith("/code")))
    assert page.heading == "Ryhmäkortti"
    door = Door(app, people.gate)
    checked = door.check(scan(code_of(page)))
    assert (checked["facts"]["kind"], checked["notes"]) == ("community", ["community_alone"])
    assert shown(db.session.get_one(Card, group_card).number) in page.text


def test_who_returned_it_or_never_had_it_does_not(app, people, group_card, friend):
    Page(app, people.desk).open(f"/desk/community/{group_card}/code", status=404)
    community.lend(people.desk, group_card, at=now(), account_id=friend.account_id)
    Page(app, people.desk).open(f"/desk/community/{group_card}/code", status=404)
    page = Page(app, friend).open(f"/desk/community/{group_card}/code?lang=en")
    page.submit(button="I have given it back")
    assert "The card is returned." in page.text
    page.open(f"/desk/community/{group_card}/code", status=404)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_blocked_one_shows_no_code(app, people, group_card, friend, language):
    community.lend(people.desk, group_card, at=now(), account_id=friend.account_id)
    desk_cards.block_card(people.desk, group_card, "lost", at=now())
    page = Page(app, friend).open(f"/desk/community/{group_card}/code?lang={language}")
    assert code_of(page) is None
