"""A card's page at its desk, and what is done there: a further year, children, an own card, stopping, replacing."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.desk.desks import Desk, count, give, given, who_may_not
from tests.holder.test_visits import visit
from tests.register.scans import set_area, set_card
from tests.web.page import Page, words
from wallet.clock import helsinki_day, helsinki_year, now
from wallet.register import cards, community, desk_cards, desk_lists, invitations, printing
from wallet.register.cards import card_of
from wallet.register.database import act, db
from wallet.register.errors import NotFound
from wallet.register.numbers import shown
from wallet.register.tables import Card, ChildTicket
from wallet.register.tables_life import CardPeriod

ACTS = ("letter", "renew", "children", "block", "replace")
YEAR, DAY = helsinki_year(now()), timedelta(days=1)


def at(people, page_of="", holder=None):
    return f"/desk/cards/{(holder or people.holder).card_id}" + (f"/{page_of}" if page_of else "")


def ticket(people, nth):
    """The holder's nth child ticket: 7 years, turning 18, ended."""
    return card_of(people.holder, at=now()).children[nth]


def counting(card_id):
    db.session.rollback()
    mine = select(ChildTicket).where(ChildTicket.card_id == card_id, ChildTicket.ended_on.is_(None))
    return sorted((one.birth_year or 0, one.relation) for one in db.session.scalars(mine))


def ending(people, days, card_id=None):
    """A card, the holder's unless another is named, ends in so many days."""
    today = helsinki_day(now())
    stretch = {"first_day": today - timedelta(days=300), "last_day": today + timedelta(days=days)}
    set_card(card_id or people.holder.card_id, **stretch)
    mine = CardPeriod.card_id == (card_id or people.holder.card_id)
    with act() as session:
        session.execute(update(CardPeriod).where(mine).values(**stretch))


def happened(page):
    return [words(one) for one in page.all("li", page.all("ol")[-1])]


@pytest.mark.parametrize("page_of", ["", *ACTS])
def test_who_may_not(app, people, page_of):
    who_may_not(app, people, at(people, page_of), others=404)
    page = Page(app, people.other_desk).open("/desk/give")
    if page_of:
        form = {"csrf_token": page.token, "reason": "lost", "postcode": "33100"}
        assert page.request(at(people, page_of), method="POST", data=form).status_code == 404
    db.session.rollback()
    assert db.session.get(Card, people.holder.card_id).state == "registered"


def test_who_may_not_give_an_own_card(app, people):
    path = at(people, f"children/{ticket(people, 1).ticket_id}/own-card")
    who_may_not(app, people, path, others=404)
    # A ticket of another card of the same desk is not this card's.
    Desk(app, people.desk).open(
        at(people, f"children/{ticket(people, 1).ticket_id}/own-card", people.other_holder), status=404
    )


# The page


def test_a_card_in_words_and_dates(app, people):
    page = Desk(app, people.desk).open(at(people))
    card = desk_lists.card_at_desk(people.desk, people.holder.card_id, at=now())
    assert page.heading == shown(card.number)
    for part in (
        "Valid to",
        "1986",
        "33100",
        f"Child, born {YEAR - 7}",
        "Free until the 18th birthday",
        "none waiting",
    ):
        assert part in page.text, part
    assert f"Ended: {YEAR - 2} was the year of the 18th birthday." in page.text
    assert "Can be renewed from" in page.text
    assert page.text.count("Turn into an own card") == 2, "from 16 on"


@pytest.mark.parametrize(
    ("language", "story"),
    [
        (
            "fi",
            ("Suljettu: varastettu", "Lapsia muutettu: 1 lisätty, 2 ", "Otettu käyttöön", "Kirje", "Annettu"),
        ),
        ("sv", ("Spärrat: stulet", "Barnen ändrade: 1 tillagda, 2 borttagna", "Taget i bruk", "Brev", "Gett")),
        ("en", ("Blocked: stolen", "Children changed: 1 added, 2 taken off", "Taken into use", "Letter", "Given")),
    ],
)
def test_what_happened_is_told_newest_first(app, people, language, story):
    desk, card = people.desk, people.holder.card_id
    invitations.redeem_letter(desk_cards.new_letter(desk, card, at=now()), 1986, at=now())
    desk_cards.change_children(desk, card, at=now(), children=((YEAR - 7, "child"), (YEAR, "grandchild")))
    desk_cards.block_card(desk, card, "stolen", at=now())
    told = happened(Desk(app, desk, language=language).open(at(people)))
    assert len(told) == 5
    assert [part for part, line in zip(story, told, strict=True) if part not in line] == []


def test_every_act_of_a_desk_on_a_card_has_words(app, people):
    """A line without words would leave a gap in the card's story."""
    desk = people.desk
    ending(people, 10)
    desk_cards.renew_card(desk, people.holder.card_id, at=now(), children=((YEAR - 17, "child"),))
    child = desk_lists.card_at_desk(desk, people.holder.card_id, at=now()).children[0]
    desk_cards.own_card(desk, people.holder.card_id, child.ticket_id, at=now(), postcode="33100")
    new, _ = desk_cards.replace_card(desk, people.holder.card_id, at=now(), reason="damaged")
    page = Desk(app, desk)
    for card_id in (people.holder.card_id, new):
        lines = desk_lists.card_at_desk(desk, card_id, at=now()).journal
        assert len(happened(page.open(f"/desk/cards/{card_id}"))) == len(lines), [name for _, name, _ in lines]
    assert "Given in place of another card" in page.text
    page.open(at(people))
    for part in ("Replaced: damaged", "A child ticket became an own card", "Renewed to", "Replaced by a new card"):
        assert part in page.text, part


def test_where_the_card_was_used_is_not_the_desks_to_see(app, people):
    visit(people)
    page = Desk(app, people.desk).open(at(people))
    assert "Museo" not in page.text
    assert not [line for line in happened(page) if "visit" in line.lower()]


# Renewing


def test_a_further_year_with_the_children_asked_anew(app, people):
    ending(people, 10)
    page = Desk(app, people.desk).open(at(people)).follow("Renew")
    assert page.value("children-0-year") == str(YEAR - 7)
    assert page.value("children-1-year") == str(YEAR - 18)
    assert "children-2-year" not in page.response.text, "one that has ended is not asked"
    assert page.value("Postcode") == "33100"
    page.submit({"Postcode": "33720", "children-1-off": "y", "life_situation": "working"})
    assert page.path == at(people)
    card = given(page)
    assert card.last_day == helsinki_day(now()) + 10 * DAY + timedelta(days=365)
    assert (card.postcode, card.life_situation) == ("33720", "working")
    assert counting(card.id) == [(YEAR - 7, "child")]
    assert "Renewed. The new last day is" in page.text
    page.open(at(people, "children"))
    assert page.value("children-0-year") == str(YEAR - 7)


def test_a_button_pressed_twice_renews_once(app, people):
    ending(people, 10)
    page = Desk(app, people.desk).open(at(people, "renew"))
    form = {"csrf_token": page.token, "postcode": "33100", "children-0-year": str(YEAR - 7)}
    answers = [page.request(at(people, "renew"), method="POST", data=form) for _ in range(2)]
    assert {answer.headers["Location"] for answer in answers} == {f"{at(people)}?said=renewed"}
    assert given(page.open(at(people))).last_day == helsinki_day(now()) + timedelta(days=375)


def test_too_early_says_from_when(app, people):
    page = Desk(app, people.desk).open(at(people, "renew"))
    assert page.refusal().startswith("This card can be renewed from ")
    assert "None" not in page.text
    assert page.all("form") == []
    page.open("/desk/give")
    answer = page.request(at(people, "renew"), method="POST", data={"csrf_token": page.token, "postcode": "33100"})
    assert "This card can be renewed from " in answer.text


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("blocked", "This card is blocked. Give a new one in its place."),
        ("replaced", "A new card has taken this one's place."),
        ("over", "The area's pilot is over"),
        ("ended", "The area no longer gives cards."),
    ],
)
def test_what_is_not_renewed_says_why(app, people, state, sentence):
    ending(people, 10)
    if state == "blocked":
        desk_cards.block_card(people.desk, people.holder.card_id, "lost", at=now())
    elif state == "replaced":
        desk_cards.replace_card(people.desk, people.holder.card_id, reason="lost", at=now())
    elif state == "over":
        set_area("tampere", status="pilot", pilot_ends=helsinki_day(now()) + 10 * DAY)
    else:
        set_area("tampere", status="ended")
    assert Desk(app, people.desk).open(at(people, "renew")).refusal().startswith(sentence)


def test_an_ended_card_is_renewed_from_today(app, people):
    ending(people, -5)
    page = Desk(app, people.desk).open(at(people))
    assert "Ended on" in page.text
    assert "New letter" not in page.text, "nothing else is done before it is renewed"
    page.follow("Renew")
    assert "The new year begins today." in page.text
    page.submit(button="Renew")
    assert given(page).last_day == helsinki_day(now()) + timedelta(days=364)


def test_renewal_with_faults(app, people):
    ending(people, 10)
    page = Desk(app, people.desk).open(at(people, "renew"))
    page.submit({"Postcode": "1", "children-0-year": "7"})
    assert page.error("Postcode") == "A postcode has five digits, like 33100."
    assert page.error("children-0-year").startswith("Type the child's birth year")
    page.submit({"Postcode": "33100", "children-0-year": "7"}, button="More children")
    assert page.error("children-0-year") is None
    assert page.value("children-4-year") == ""


# A community card is nobody's: it has no postcode, no children and no letter


@pytest.fixture
def group_card(people):
    return community.add_community_card(people.desk, people.unit, "Ryhmäkortti", at=now())[0]


def test_a_community_card_is_renewed_without_a_question(app, people, group_card):
    ending(people, 10, group_card)
    page = Desk(app, people.desk).open(f"/desk/cards/{group_card}").follow("Renew").submit(button="Renew")
    assert "Renewed. The new last day is" in page.text
    card = given(page)
    assert (card.last_day, card.postcode) == (helsinki_day(now()) + timedelta(days=375), None)


def test_a_community_card_is_replaced_without_a_letter(app, people, group_card):
    page = Desk(app, people.desk).open(f"/desk/cards/{group_card}").follow("Replace")
    assert "The organisation gets a card with a new number." in page.text
    page.submit({"reason": "lost"})
    assert (page.path, given(page).state) == (f"/desk/cards/{group_card}", "replaced")
    assert "A new card has taken this one's place." in page.text
    new = given(page).replaced_by_id
    for card_id in (group_card, new):
        page.open(f"/desk/cards/{card_id}/letter", status=404)
    assert "Letter" not in [words(one) for one in page.open(f"/desk/cards/{new}").all("dt")]
    with pytest.raises(NotFound):
        desk_cards.new_letter(people.desk, new, at=now())


# Children


def test_children_change_from_today(app, people):
    page = Desk(app, people.desk).open(at(people)).follow("Change children")
    page.submit({"children-0-off": "y", "children-1-year": str(YEAR - 18)})
    assert counting(people.holder.card_id) == [(YEAR - 18, "child")]
    assert "The children are changed." in page.text
    page.follow("Change children").submit({"children-0-year": str(YEAR)}, button="More children")
    page.submit({"children-2-year": str(YEAR - 1)}, button="Keep the children")
    assert counting(people.holder.card_id) == [(YEAR - 1, "child"), (YEAR, "child")]


def test_a_child_without_a_birth_year_stays_a_child(app, people):
    """Cards brought over from the old register know a number of children only."""
    card_id, _ = cards.register_card(
        people.unit, by=None, at=now(), birth_year=1980, postcode="33100", children=((None, "child"), (None, "child"))
    )
    page = Desk(app, people.desk).open(f"/desk/cards/{card_id}/children")
    page.submit({"children-1-off": "y"})
    assert counting(card_id) == [(0, "child")]
    assert "birth year not known" in page.text


def test_children_with_faults(app, people):
    page = Desk(app, people.desk).open(at(people, "children")).submit({"children-0-year": str(YEAR + 1)})
    assert page.error("children-0-year") == "This year is still to come."
    desk_cards.block_card(people.desk, people.holder.card_id, "lost", at=now())
    page.submit({"children-0-year": str(YEAR)})
    assert page.refusal() == "This card is blocked. Give a new one in its place."


# An own card


def test_a_child_ticket_becomes_an_own_card(app, people):
    page = Desk(app, people.desk).open(at(people))
    page.follow(f"Turn into an own card: Child, born {YEAR - 18}")
    assert page.value("Postcode") == "33100", "the household's"
    page.submit({"Postcode": "33101", "language": "sv"})
    own = given(page)
    assert page.heading == "Take the card to the phone"
    assert (own.birth_year, own.postcode, own.language) == (YEAR - 18, "33101", "sv")
    assert (YEAR - 18, "child") not in counting(people.holder.card_id)
    page.open(at(people))
    assert "A child ticket became an own card" in page.text


def test_an_own_card_given_twice_is_one(app, people):
    before, path = count(), at(people, f"children/{ticket(people, 1).ticket_id}/own-card")
    page = Desk(app, people.desk).open(path)
    form = {"csrf_token": page.token, "postcode": "33100", "language": "fi"}
    first, second = (page.request(path, method="POST", data=form) for _ in range(2))
    assert first.status_code == 307
    assert second.headers["Location"] == first.headers["Location"].removesuffix("/letter")
    assert count() == before + 1


def test_who_is_too_young_for_an_own_card(app, people):
    path = at(people, f"children/{ticket(people, 0).ticket_id}/own-card")
    page = Desk(app, people.desk).open(path).submit(button="Give the own card")
    assert page.refusal().startswith("A card is for those who are 16")
    page.submit({"Postcode": "x"})
    assert page.error("Postcode")


def test_an_own_card_for_one_whose_year_is_not_known(app, people):
    card_id, _ = cards.register_card(
        people.unit, by=None, at=now(), birth_year=1980, postcode="33100", children=((None, "grandchild"),)
    )
    page = Desk(app, people.desk).open(f"/desk/cards/{card_id}").follow("Turn into an own card")
    page.submit({"Birth year": "x"})
    assert page.error("Birth year")
    page.submit({"Birth year": str(YEAR - 17)})
    assert given(page).birth_year == YEAR - 17


# Blocking


def test_a_card_is_blocked_with_a_reason_after_one_question(app, people):
    page = Desk(app, people.desk).open(at(people)).follow("Block")
    assert "A blocked card can't be opened again" in page.text
    page.submit(button="Block the card")
    assert page.by_id("errors") is not None
    assert "Choose one." in page.text
    page.submit({"reason": "stolen"})
    card = given(page)
    assert (card.state, card.blocked_reason) == ("blocked", "stolen")
    assert "The card is blocked." in page.text
    assert "Stolen" in page.text
    page.open(at(people, "block"))
    assert page.all("form") == []


def test_blocking_twice_is_blocked(app, people):
    page = Desk(app, people.desk).open(at(people, "block"))
    form = {"csrf_token": page.token, "reason": "lost"}
    for _ in range(2):
        answer = page.request(at(people, "block"), method="POST", data=form)
        assert answer.headers["Location"] == f"{at(people)}?said=blocked"


@pytest.mark.parametrize("reason", ["", "because", "Aino lost it", "'; DROP TABLE cards"])
def test_a_reason_is_one_of_the_list(app, people, reason):
    """Free text could be about a person."""
    page = Desk(app, people.desk).open(at(people, "block"))
    page.request(at(people, "block"), method="POST", data={"csrf_token": page.token, "reason": reason})
    assert given(page.open(at(people))).state == "registered"


def test_a_replaced_card_is_not_blocked(app, people):
    page = Desk(app, people.desk).open(at(people, "block"))
    desk_cards.replace_card(people.desk, people.holder.card_id, reason="lost", at=now())
    page.submit({"reason": "lost"})
    assert page.refusal().startswith("A new card has taken this one's place.")


# Replacing


def test_a_lost_card_is_replaced_with_a_new_number(app, people):
    old = card_of(people.holder, at=now()).number
    page = Desk(app, people.desk).open(at(people)).follow("Replace")
    assert "The old number, its codes and its phone stop at once." in page.text
    page.submit({"reason": "lost"})
    new = given(page)
    assert page.heading == "Take the card to the phone"
    assert new.number != old
    page.open(at(people))
    assert shown(new.number) in page.text
    assert "Nothing more is done with this card." in page.text
    page.follow(shown(new.number))
    assert given(page).id == new.id


def test_a_blocked_card_can_be_replaced_by_a_printed_one(app, people):
    _batch, (number,) = printing.blank_numbers(people.desk, people.unit, 1, at=now())
    desk_cards.block_card(people.desk, people.holder.card_id, "lost", at=now())
    page = Desk(app, people.desk).open(at(people)).follow("Replace")
    page.submit({"reason": "lost", "number": "123456789012"})
    assert page.error("number") == "There is a mistake in the number. Check each digit."
    page.submit({"reason": "lost", "number": "OLD77"})
    assert page.refusal().startswith("There is no blank card with this number")
    page.submit({"reason": "lost", "number": number})
    assert given(page).number == number


def test_a_replacement_pressed_twice_is_one(app, people):
    before = count()
    page = Desk(app, people.desk).open(at(people, "replace"))
    form = {"csrf_token": page.token, "reason": "damaged"}
    first, second = (page.request(at(people, "replace"), method="POST", data=form) for _ in range(2))
    assert first.status_code == 307
    assert second.headers["Location"] == f"{at(people)}?said=replaced"
    assert count() == before + 1
    assert "A new card has taken this one's place." in page.open(f"{at(people)}?said=replaced").text


def test_an_ended_card_is_renewed_not_replaced(app, people):
    page = Desk(app, people.desk).open(at(people, "replace"))
    ending(people, -1)
    page.submit({"reason": "lost"})
    assert page.refusal() == "This card has ended. Renew it first."
    assert "can't be replaced any more" in page.open(at(people, "replace")).text


def test_a_card_just_given_is_whole(app, people):
    page = give(app, people)
    card = given(page)
    page.follow("To the card")
    assert "made, not used yet" in page.text
    assert "No child tickets." in page.text
    assert page.heading == shown(card.number)
