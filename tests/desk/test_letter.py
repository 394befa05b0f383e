"""The letter: the way from a card to a phone, on the desk's screen and on paper, in its holder's language."""

import re

import pytest

from tests.desk.desks import BOTH, give, given, who_may_not
from tests.people import venue
from tests.register.scans import set_card
from tests.web.page import Page, words
from wallet.clock import helsinki_day, helsinki_year, now
from wallet.register import desk_cards
from wallet.register.database import act
from wallet.register.numbers import shown
from wallet.web.logs import log

CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")


def paper(page):
    """What the letter itself says."""
    return words(next(one for one in page.all("section") if one.get("class") == "letter"))


def letter(app, who, card_id):
    return Page(app, who).open(f"/desk/cards/{card_id}/letter").submit(button="Make a new letter", queries=BOTH)


def activate(app, code, year="1986"):
    return Page(app).open("/activate").submit({"Code": code, "Birth year": year})


def test_who_may_not(app, people):
    who_may_not(app, people, f"/desk/cards/{people.holder.card_id}/letter", others=404)
    page = Page(app, people.other_desk).open("/desk/give")
    for card_id in (people.holder.card_id, 999999, 2**31 - 1):
        path = f"/desk/cards/{card_id}/letter"
        assert page.request(path, method="POST", data={"csrf_token": page.token}).status_code == 404
    assert page.request(f"/desk/cards/{2**31}/letter").status_code == 404


def test_the_code_on_the_page_takes_the_card_into_use(app, people):
    page = give(app, people)
    code = CODE.search(page.text)[0]
    assert paper(page).count(code) == 1, "the letter has it too"
    assert "localhost/activate" in page.text
    assert activate(app, code).path == "/activate/language"


def test_the_code_is_in_no_address_and_in_no_log(app, people, caplog):
    with caplog.at_level("INFO", logger=log.name):
        page = give(app, people)
    code = CODE.search(page.text)[0]
    assert code not in page.address
    assert code.replace("-", "") not in page.address
    assert all(code.replace("-", "") not in link.replace("-", "") for link in page.links())
    assert code.replace("-", "") not in caplog.text.replace("-", "")


def test_a_new_letter_says_what_becomes_of_the_old_one(app, people):
    first = CODE.search(give(app, people).text)[0]
    page = Page(app, people.desk).open("/desk?show=all")
    card_id = max(int(link.rsplit("/", 1)[1]) for link in page.links() if re.match(r"/desk/cards/\d+$", link))
    page.open(f"/desk/cards/{card_id}/letter")
    assert "It stops working when you make a new one." in page.text
    second = CODE.search(page.submit(button="Make a new letter", queries=BOTH).text)[0]
    assert activate(app, first).refusal().startswith("This code no longer works.")
    assert activate(app, second).path == "/activate/language"
    page.open(f"/desk/cards/{card_id}/letter")
    assert "A phone that shows this card already goes on showing it." in page.text


def test_asking_for_the_page_again_makes_no_letter(app, people):
    """The language switch, and a reload of the address, ask first."""
    page = give(app, people)
    code = CODE.search(page.text)[0]
    page.open(f"/desk/cards/{given(page).id}/letter?lang=sv")
    assert not CODE.search(page.text)
    assert activate(app, code).path == "/activate/language", "the letter on paper still works"


def test_a_page_that_is_loaded_again_does_not_kill_the_letter_on_paper(app, people):
    """A browser sends the form once more, asking or not; the letter that was printed must still work."""
    for path, form in (
        ("/desk/give", {"birth_year": "1986", "postcode": "33100", "language": "fi"}),
        (f"/desk/cards/{people.holder.card_id}/letter", {}),
        (f"/desk/cards/{people.holder.card_id}/replace", {"reason": "lost"}),
    ):
        page = Page(app, people.desk).open(path)
        sent = {"csrf_token": page.token, "once": page.value("once"), **form}
        answer = page.request(path, method="POST", data=sent)
        letter_at = answer.headers.get("Location", path)
        if answer.status_code == 307:
            answer = page.request(letter_at, method="POST", data=sent)
        code = CODE.search(answer.text)[0]
        again = page.request(letter_at, method="POST", data=sent)
        assert "This letter has been made already" in again.text
        assert not CODE.search(again.text)
        assert activate(app, code).path == "/activate/language", path


@pytest.mark.parametrize(
    ("language", "says", "day"),
    [
        ("fi", ("Ilman puhelinta", "Lapsen liput 1: syntynyt", "Museo", "Kysy sieltä, mistä sait kortin"), "kuuta"),
        ("sv", ("Utan telefon", "Barnbiljetter 1: fött", "Museet", "Fråga där du fick kortet"), "den "),
        ("en", ("Without a phone", "Child tickets 1: born", "Museo", "Ask where you got the card"), "20"),
    ],
)
def test_the_letter_is_in_the_holders_language(app, people, language, says, day):
    """Whatever the clerk's own is."""
    for clerk in ("fi", "sv", "en"):
        page = Page(app, people.desk, language=clerk).open("/desk/give")
        fields = {"birth_year": "1986", "postcode": "33100", "children-0-year": str(helsinki_year(now()) - 5)}
        page.submit(fields | {"language": language}, queries=BOTH)
        text, card = paper(page), given(page)
        assert [part for part in says if part not in text] == [], clerk
        assert shown(card.number) in text
        assert day in text
        assert str(card.last_day.year) in text
        assert next(one for one in page.all("section") if one.get("class") == "letter").get("lang") == language


def test_the_letter_names_the_places_of_its_area_and_how_many_more_there_are(app, people):
    with act() as session:
        session.add_all([venue(f"paikka-{n:02}", city="Tampere") for n in range(40)])
        session.add(venue("nokian-talo", area="nokia"))
    text = paper(give(app, people))
    assert "Paikka-30, Tampere" in text
    assert "And 2 more places." in text
    assert "Nokian-talo" not in text


def test_children_whose_time_is_over_are_not_on_the_letter(app, people):
    for holder in (people.holder, people.other_holder):
        set_card(holder.card_id, language="en")
    text = paper(letter(app, people.desk, people.holder.card_id))
    year = helsinki_year(now())
    assert f"Child tickets 2: born {year - 7}, born {year - 18}" in text
    assert f"born {year - 20}" not in text
    assert "Say how many children come with you." in text
    assert "Say how many children" not in paper(letter(app, people.desk, people.other_holder.card_id))


def test_no_letter_for_a_card_that_opens_no_door(app, people):
    desk_cards.block_card(people.desk, people.holder.card_id, "lost", at=now())
    path = f"/desk/cards/{people.holder.card_id}/letter"
    page = Page(app, people.desk).open(path)
    assert "Make a new letter" not in page.text
    page.open("/desk/give")
    answer = page.request(path, method="POST", data={"csrf_token": page.token})
    assert "This card is blocked. Give a new one in its place." in answer.text
    set_card(people.other_holder.card_id, last_day=helsinki_day(now()))
    assert CODE.search(letter(app, people.desk, people.other_holder.card_id).text), "on its last day it does"
