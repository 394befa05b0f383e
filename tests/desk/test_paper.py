"""The desk's paper: sheets of blank cards, and of cards that were given. Missed otherwise: another unit's cards on
paper, a sheet of codes that no gate takes, a stopped card that is printed again."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import update

from tests.gate.doors import Door, claims, scan
from tests.web.page import Page
from wallet.clock import now
from wallet.codes import Keyring, keys, mint_paper
from wallet.config import FixedKeys
from wallet.register import blocking, cards, printing
from wallet.register.database import act
from wallet.register.tables import Card


@pytest.fixture
def desk(app, people):
    return Page(app, people.desk)


@pytest.fixture
def sheet(people, keyring):
    """A sheet with the holder's and the other holder's cards."""
    both = [people.holder.card_id, people.other_holder.card_id]
    kid = keyring.signing("C2").kid
    return printing.paper_credentials(people.desk, people.unit, both, at=now(), kid=kid)


def faces(page):
    """What each card on the sheet says."""
    return [" ".join("".join(one.itertext()).split()) for one in page.all("section") if one.get("data-card")]


def test_a_unit_prints_its_own_cards_alone(app, people, sheet):
    for who, status in ((people.coordinator, 403), (people.support, 403)):
        for path in ("/desk/sheets", "/desk/sheets/cards", f"/desk/sheets/{sheet}"):
            Page(app, who).open(path, status=status)
    other = Page(app, people.other_desk)
    other.open(f"/desk/sheets/{sheet}", status=404)
    other.open(f"/desk/sheets?unit={people.unit}", status=404)
    other.open(f"/desk/sheets/cards?unit={people.unit}", status=404)
    other.open("/desk/sheets")
    form = {"card": str(people.holder.card_id), "csrf_token": other.token}
    answer = other.request("/desk/sheets/cards", method="POST", data=form)
    assert answer.status_code == 404, "somebody else's card is not there"
    assert Page(app).open("/desk/sheets").path == "/staff/sign-in"


def test_blank_cards_from_the_form_to_the_sheet(desk):
    desk.open("/desk/sheets").submit({"How many cards": "12"}, button="Make blank cards")
    assert re.fullmatch(r"/desk/sheets/\d+", desk.path)
    assert len(faces(desk)) == 12
    assert "2 sheets of A4" in desk.text
    assert faces(desk)[0].endswith("Works once it has been given to somebody and registered. Sosiaalityö")
    back = desk.path
    desk.open("/desk/sheets")
    assert back in desk.links()
    assert "Blank cards: 12" in desk.text


@pytest.mark.parametrize("typed", ["", "0", "501", "ten"])
def test_a_batch_is_of_one_to_five_hundred(desk, typed):
    desk.open("/desk/sheets").submit({"How many cards": typed}, button="Make blank cards")
    assert desk.error("How many cards") == "Type how many cards, from 1 to 500."


def test_cards_from_the_list_to_the_sheet(desk, people):
    page = desk.open("/desk/sheets").follow("Choose cards to print")
    assert page.by_id(f"card-{people.holder.card_id}") is not None
    page.submit({"card": [str(people.holder.card_id)]}, button="Print cards")
    number = cards.card_of(people.holder, at=now()).number
    assert [one.get("data-card") for one in page.all("section") if one.get("data-card")] == [number]
    assert "printed before" in desk.open("/desk/sheets/cards").text


def test_a_card_speaks_its_holders_language(app, people, sheet):
    """The sheet is read by the desk, the card by its holder."""
    cards.set_language(people.holder, "sv", at=now())
    for language in ("en", "fi"):
        page = Page(app, people.desk, language=language).open(f"/desk/sheets/{sheet}")
        first, second = faces(page)
        assert "Tammerfors" in first
        assert "Tampere" in second
        assert [one.get("lang") for one in page.all("section") if one.get("data-card")] == ["sv", "fi"]


def test_a_cards_page_leads_to_printing_it(desk, people):
    """Ticked, and first in the list however many were given since."""
    desk.open(f"/desk/cards/{people.holder.card_id}").follow("Print the card")
    ticks = [one for one in desk.all("input") if one.get("name") == "card"]
    assert [one.get("value") for one in ticks if "checked" in one.attrib] == [str(people.holder.card_id)]
    assert ticks[0].get("value") == str(people.holder.card_id)


def test_all_of_a_page_can_be_ticked_at_once(desk, people):
    desk.open("/desk/sheets/cards").follow("Tick all of these")
    ticks = [one for one in desk.all("input") if one.get("name") == "card"]
    assert ["checked" in one.attrib for one in ticks] == [True, True]


def test_nothing_chosen_is_said(desk):
    desk.open("/desk/sheets/cards").submit({}, button="Print cards")
    assert desk.refusal() == "Choose at least one card."


def test_a_card_that_ended_meanwhile_is_said(desk, people):
    desk.open("/desk/sheets/cards")
    number = cards.card_of(people.holder, at=now()).number
    blocking.block_card(people.holder.card_id, "lost", by=people.desk, at=now())
    desk.submit({"card": [str(people.holder.card_id)]}, button="Print cards")
    shown = f"{number[:4]} {number[4:8]} {number[8:]}"
    assert desk.refusal() == f"Card {shown} is not valid any more, so it is not printed. Choose again."


def test_the_list_goes_on(app, people, desk):
    for _ in range(50):
        cards.register_card(people.unit, by=None, at=now(), birth_year=1990, postcode="33100")
    desk.open("/desk/sheets/cards")
    ticks = [one for one in desk.all("input") if one.get("name") == "card"]
    assert len(ticks) == 50
    desk.follow("Older cards")
    assert len([one for one in desk.all("input") if one.get("name") == "card"]) == 2
    assert "No valid cards" in desk.open("/desk/sheets/cards?before=1").text
    assert (
        len([one for one in desk.open("/desk/sheets/cards?before=x").all("input") if one.get("name") == "card"]) == 50
    )


def test_a_stopped_card_is_not_printed_again_by_opening_its_sheet(desk, people, sheet):
    blocking.block_card(people.holder.card_id, "stolen", by=people.desk, at=now())
    desk.open(f"/desk/sheets/{sheet}")
    assert len(faces(desk)) == 1
    assert "1 card is left out" in desk.text


@pytest.fixture
def other_keys(app):
    """The service with other keys for a while."""
    before = app.config["SETTINGS"]

    def change(ring):
        app.config["SETTINGS"] = replace(before, keys=FixedKeys(ring))

    yield change
    app.config["SETTINGS"] = before


def test_a_withdrawn_print_key_prints_nothing(desk, people, sheet, keyring, other_keys):
    """`wallet keys withdraw C2:kid` stops a stolen batch: its sheet can't be printed again either."""
    kid = keyring.signing("C2").kid
    other_keys(keys.change(keyring, "C2", kid, withdrawn=now()))
    desk.open(f"/desk/sheets/{sheet}")
    assert faces(desk) == []
    assert "2 cards are left out" in desk.text
    desk.open("/desk/sheets/cards").submit({"card": [str(people.holder.card_id)]}, button="Print cards")
    assert desk.refusal().startswith("Codes can't be printed now")


def test_a_withdrawn_print_key_stops_its_batch_at_the_gate(app, people, sheet, keyring, other_keys):
    """And nothing that another print key signed."""
    first, second = printing.sheet(people.desk, sheet, at=now()).cards
    newer = keys.add(keyring, keys.new("C2", now(), [key.kid for key in keyring.keys]))
    host, old, new = app.config["SETTINGS"].host, keyring.signing("C2"), newer.signing("C2")
    codes = [mint_paper(claims(first.issued), old, host), mint_paper(claims(second.issued), new, host)]
    door = Door(app, people.gate)
    other_keys(newer)
    assert [door.check(scan(code))["verdict"] for code in codes] == ["amber", "amber"]
    other_keys(keys.change(newer, "C2", old.kid, withdrawn=now()))
    answers = [door.check(scan(code)) for code in codes]
    assert [(one["verdict"], one["reason"]) for one in answers] == [("red", "withdrawn_key"), ("amber", None)]


def test_a_community_card_says_what_it_is(app, people, desk, keyring):
    with act() as session:
        changed = {"kind": "community", "birth_year": None, "postcode": None}
        session.execute(update(Card).where(Card.id == people.other_holder.card_id).values(**changed))
    desk.open("/desk/sheets/cards").submit({"card": [str(people.other_holder.card_id)]}, button="Print cards")
    assert "Yhteisön Kaikukortti" in faces(desk)[0]
    assert "lapsen lippu" not in faces(desk)[0], "its clients come along, however many"
    batch = int(desk.path.rsplit("/", 1)[1])
    issued = printing.sheet(people.desk, batch, at=now()).cards[0].issued
    code = mint_paper(claims(issued), keyring.signing("C2"), app.config["SETTINGS"].host)
    answer = Door(app, people.gate).check(scan(code, children=2))
    assert (answer["verdict"], answer["facts"]["kind"]) == ("amber", "community")


def test_a_print_key_that_is_not_there_prints_nothing(desk, sheet, other_keys):
    other_keys(Keyring())
    assert faces(desk.open(f"/desk/sheets/{sheet}")) == []


def test_a_rotated_print_key_signs_the_next_batch(desk, people, sheet, keyring, other_keys):
    """`wallet keys rotate C2` begins a new print key; what the old one signed stays good."""
    entry = keys.new("C2", now(), [key.kid for key in keyring.keys])
    other_keys(keys.add(keyring, entry))
    desk.open("/desk/sheets/cards").submit({"card": [str(people.holder.card_id)]}, button="Print cards")
    made = printing.batches(people.desk, people.unit)
    assert [batch.kid for batch in made] == [entry["kid"], keyring.signing("C2").kid]
    assert len(faces(desk.open(f"/desk/sheets/{sheet}"))) == 1, "the other holder's is still on the first sheet"


def test_the_gate_does_not_know_a_blank_cards_symbol(app, people):
    """It is a number for the desk. Scanned at a gate it is no code of ours."""
    number = printing.blank_numbers(people.desk, people.unit, 1, at=now())[1][0]
    answer = Door(app, people.gate).check(scan(number))
    assert (answer["verdict"], answer["reason"]) == ("red", "other_system")
