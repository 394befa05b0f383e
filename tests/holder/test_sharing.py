"""Two cards on one phone: a couple shares it. If these fail, one sees what is the other's, or loses their own."""

import re

import pytest

from tests.holder.test_key import Phone, refused
from tests.people import _holder
from tests.web.page import Page
from wallet.clock import now
from wallet.register import invitations, signins
from wallet.register.database import db
from wallet.register.numbers import shown
from wallet.register.tables import Card
from wallet.register.tables_signin import SignIn


def number_of(who):
    return db.session.get(Card, who.card_id).number


def add(page, who):
    """Take a card into use on this browser, by its letter."""
    code = invitations.invite_holder(who.card_id, by=None, at=now())
    year = db.session.get(Card, who.card_id).birth_year
    page.open("/activate").submit({"Code": code, "Birth year": str(year)})
    return page.open("/card")


def live(who):
    """The sign-ins of a card that are live, on any browser."""
    db.session.rollback()
    return [row.id for row in db.session.query(SignIn).filter_by(card_id=who.card_id, ended_at=None)]


def shown_on(page):
    """The number of the card that the page shows, and the endings of the others."""
    value = next(one for one in page.all("p") if one.get("class") == "number__value digits")
    buttons = [one for one in page.all("button") if one.get("data-card-button")]
    return "".join(value.itertext()), [re.sub(r"\D", "", "".join(one.itertext())) for one in buttons]


def switch(page, who, *, token=None, **options):
    form = {"card": who.card_id, "csrf_token": page.token if token is None else token}
    return page.request("/card/switch", method="POST", data=form, **options)


@pytest.fixture
def couple(app, people):
    page = add(add(Page(app), people.holder), people.other_holder)
    return page, people.holder, people.other_holder


def test_who_may_not(app, people, couple):
    page, first, second = couple
    for who in (None, people.gate, people.desk):
        stranger = Page(app, who).open("/sign-in")
        assert switch(stranger, first).headers["Location"] == "/sign-in"
    alone = Page(app, people.holder).open("/card")
    assert switch(alone, second).status_code == 404, "only what this browser is signed in with"
    assert switch(alone, first).status_code == 404, "what is shown is not among the others"
    assert switch(page, first, token="").status_code == 400
    assert page.request("/card/switch").status_code in (404, 405)
    assert shown_on(page.open("/card"))[0] == shown(number_of(second))


@pytest.mark.parametrize("card", ["", "x", "-1", "0", "²", "1.0", "9" * 30, "9" * 5000])
def test_a_card_that_is_none(app, couple, card):
    page, _, second = couple
    answer = page.request("/card/switch", method="POST", data={"card": card, "csrf_token": page.token})
    assert answer.status_code == 404
    assert shown_on(page.open("/card"))[0] == shown(number_of(second))


def test_the_second_card_is_shown_and_the_first_is_one_tap_away(couple):
    page, first, second = couple
    assert shown_on(page) == (shown(number_of(second)), [number_of(first)[-4:]])
    assert "Cards on this phone" in page.text
    assert shown(number_of(first)) not in page.response.get_data(as_text=True), "its last four digits, and no more"
    page.submit(button=f"Card … {number_of(first)[-4:]}")
    assert (page.path, shown_on(page)) == ("/card", (shown(number_of(first)), [number_of(second)[-4:]]))
    page.submit(button=f"Card … {number_of(second)[-4:]}")
    assert shown_on(page)[0] == shown(number_of(second))


def test_a_single_card_has_no_switch(app, people):
    page = Page(app, people.holder).open("/card")
    assert "Cards on this phone" not in page.text
    assert page.link("Add another card to this phone") == "/activate"


def test_a_card_that_is_added_again_is_there_once(couple):
    page, first, second = couple
    for who in (first, second, second):
        add(page, who)
    assert shown_on(page) == (shown(number_of(second)), [number_of(first)[-4:]])


def test_at_most_four_and_the_oldest_goes(app, people):
    page = Page(app)
    family = [_holder(people.unit, 1980 + n, ()) for n in range(5)]
    for who in family:
        add(page, who)
    assert shown_on(page) == (shown(number_of(family[4])), [number_of(who)[-4:] for who in family[3:0:-1]])
    assert live(family[0]) == [family[0].sign_in], "the test's own, and not that of this browser"


def test_signing_out_takes_the_card_that_is_shown_and_no_other(couple):
    page, first, second = couple
    page.submit(button="Sign out")
    assert page.path == "/signed-out/holder"
    heading = page.all("h1")[0]
    assert heading.get("data-cards") == f"[{second.card_id}]", "what its script removes from the phone"
    assert page.open("/signed-out/holder").all("h1")[0].get("data-cards") == f"[{second.card_id}]", "also when reloaded"
    assert page.open("/").path == "/card"
    assert shown_on(page) == (shown(number_of(first)), [])
    text = page.response.get_data(as_text=True)
    assert shown(number_of(second)) not in text
    page.submit(button="Sign out")
    assert page.all("h1")[0].get("data-cards") == f"[{second.card_id}, {first.card_id}]"
    assert page.open("/card").path == "/sign-in"


def test_who_signs_in_again_keeps_what_their_phone_has(couple):
    """The signed-out page may be opened again, from the history: it must not take a card that came back."""
    page, first, second = couple
    page.submit(button="Sign out")
    add(page, second)
    assert page.open("/signed-out/holder").all("h1")[0].get("data-cards") == "[]"
    assert shown_on(page.open("/card")) == (shown(number_of(second)), [number_of(first)[-4:]])


def test_leaving_as_staff_or_gate_takes_no_card(app, people):
    for who, audience in ((people.gate, "gate"), (people.desk, "staff")):
        page = Page(app, people.holder).sign_in(who).open("/card")
        page.request(f"/sign-out/{audience}", method="POST", data={"csrf_token": page.token})
        assert page.open(f"/signed-out/{audience}").all("h1")[0].get("data-cards") == "[]"
        assert page.open("/card").path == "/card"


def test_what_ends_elsewhere_leaves_the_others_card(couple):
    page, first, second = couple
    for sign_in in live(second):
        signins.end(sign_in, at=now())
    assert page.open("/children").path == "/card"
    assert shown_on(page) == (shown(number_of(first)), [])
    told = page.request("/card/key", headers={"Accept": "application/json"})
    assert told.status_code == 200


def test_a_script_hears_that_its_card_is_signed_out_and_gets_no_others(couple):
    """A page of the one card must not go on with the other's sign-in under its hand."""
    page, _first, second = couple
    for sign_in in live(second):
        signins.end(sign_in, at=now())
    told = page.request("/card/key", headers={"Accept": "application/json"})
    assert (told.status_code, told.json) == (401, {"error": "signed_out"})


def test_a_key_is_made_for_the_card_whose_page_asked(app, people):
    phone = Phone(app, people.holder)
    told = phone.prove(card=people.other_holder.card_id)
    assert (told.status_code, told.json) == (409, {"error": "other_card"})
    assert phone.prove(card=people.holder.card_id).status_code == 200
    for junk in (None, "x", [], 1.5):
        assert phone.prove(card=junk).status_code == 409
    refused(phone.page.send("/card/key", []), "key_wrong")
