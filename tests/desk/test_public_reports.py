"""What went wrong for others, at a desk: each test is named after its public report."""

from datetime import datetime, timedelta, timezone

import pytest
from flask import Flask

from tests.people import People
from tests.web.page import Page
from wallet.clock import now
from wallet.register import accounts, cards, community, desk_cards, invitations, passkeys, signins
from wallet.register.database import db
from wallet.register.identities import Holder
from wallet.register.numbers import normalise, shown
from wallet.register.tables import Card

HTML = "<img src=x onerror=alert(1)>"


def test_b030_html_in_a_label_is_text(app: Flask, people: People) -> None:
    community.add_community_card(people.desk, people.unit, HTML, at=now())
    page = Page(app, people.desk).open("/desk/community")
    assert HTML in page.text
    assert page.all("img") == []


@pytest.mark.parametrize("change", [str.lower, lambda code: code.replace("0", "O").replace("1", "l"), " ".join])
def test_b032_what_people_type_for_a_letter_or_a_number(app: Flask, people: People, change) -> None:
    number = cards.card_of(people.holder, at=now()).number
    assert normalise(change(shown(number))) == number
    code = invitations.invite_holder(people.holder.card_id, by=people.desk, at=now())
    assert invitations.normalise_code(change(invitations.grouped(code))) == code
    assert not set(code) & set("ILOU"), "no sign that looks like another"


def test_b053_a_moment_is_the_same_instant_when_it_is_read_back(app: Flask, people: People) -> None:
    after_midnight = datetime(2026, 7, 1, 0, 30, tzinfo=timezone(timedelta(hours=3)))
    db.session.execute(db.update(Card).where(Card.id == people.holder.card_id).values(pin_wait_until=after_midnight))
    db.session.commit()
    db.session.expire_all()
    kept = db.session.scalar(db.select(Card.pin_wait_until).where(Card.id == people.holder.card_id))
    assert kept == after_midnight
    assert (now() - kept).total_seconds() > 0


def test_b065_a_lost_phone_has_a_way_back_and_the_finder_none(app: Flask, people: People) -> None:
    """The desk replaces the card: old passkey and sign-in are dead, child tickets stay, a letter opens the new one."""
    passkeys.add(people.holder, b"on the lost phone", b"key", 0, at=now())
    page = Page(app, people.holder).open("/card")
    children = len(cards.card_of(people.holder, at=now()).children)
    new, _number = desk_cards.replace_card(people.desk, people.holder.card_id, at=now(), reason="lost")
    assert page.request("/card").status_code == 302
    assert passkeys.find(b"on the lost phone") is None
    assert signins.holder(people.holder.sign_in, at=now()) is None
    code = desk_cards.new_letter(people.desk, new, at=now())
    assert invitations.redeem_letter(code, 1986, at=now()) == new
    assert len(cards.card_of(Holder("", new), at=now()).children) == children


def test_b073_who_left_is_out_at_the_next_request(app: Flask, people: People) -> None:
    page = Page(app, people.desk).open("/desk")
    accounts.leave(people.desk.account_id, by=people.support, at=now())
    for path in ("/desk", "/desk/give", f"/desk/cards/{people.holder.card_id}"):
        answer = page.request(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/staff/sign-in")


@pytest.mark.parametrize("label", ["Áile Ŋ", "Šárá-Máret", "Ryhmä O'Neill", "محمد", "Nguyễn", "Ryhmä 3."])
def test_b095_letters_of_every_language_stay(app: Flask, people: People, label: str) -> None:
    card_id, _number = community.add_community_card(people.desk, people.unit, label, at=now())
    assert label in Page(app, people.desk).open(f"/desk/community/{card_id}").text
