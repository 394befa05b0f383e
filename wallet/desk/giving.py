"""Giving a card, and what a desk does with it afterwards: a letter, a further year, children, an own card, stopping."""

import secrets
from typing import Any

from flask import redirect, render_template, request, session, url_for
from flask_wtf import FlaskForm
from markupsafe import Markup

from wallet.clock import now
from wallet.desk.blueprint import asked_unit, blueprint, settings, units_of
from wallet.desk.codes import symbol
from wallet.desk.forms import BlockForm, ChildrenForm, GiveForm, OwnCardForm, RenewForm, ReplaceForm
from wallet.register import cards, desk_cards, desk_lists, venues
from wallet.register.desk_lists import DeskCard
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import Staff
from wallet.register.invitations import LETTER_DAYS, grouped
from wallet.signin import guards
from wallet.web.languages import chosen, speaking

CARD = "/cards/<int(max=2147483647):card_id>"
PLACES_ON_LETTER = 40


def _more() -> bool:
    """Whether rows for more children were asked for: nothing is checked or kept then."""
    return request.method == "POST" and "more" in request.form


@blueprint.route("/give", methods=["GET", "POST"])
@guards.staff
def give(staff: Staff) -> Any:
    """Six fields, one page. The card works at once, and its letter is the answer."""
    unit_id = asked_unit(staff)
    units = {unit.unit_id: unit.name for unit in desk_lists.units_of_desk(staff)}
    form = GiveForm(language=chosen(), unit=unit_id, number=_blank(staff), once=_once())
    form.unit.choices = list(units.items())
    reason = None
    if _more():
        form.more_rows()
    elif form.validate_on_submit():
        try:
            card_id, _number = _register(staff, form)
            # The same request goes on to the letter's address: asking again there makes no second card.
            return redirect(url_for("desk.letter", card_id=card_id), code=307)
        except Refused as refused:
            if refused.reason == "given_already":  # sent twice: its letter is there
                return redirect(url_for("desk.letter", card_id=refused.facts["card_id"]), code=307)
            reason = refused.reason
    return render_template("desk/give.html", form=form, units=units, reason=reason, account=staff.account_id)


def _register(staff: Staff, form: GiveForm) -> tuple[int, str]:
    return cards.register_card(
        form.unit.data,
        by=staff,
        at=now(),
        birth_year=form.birth_year.data,
        postcode=form.postcode.data,
        children=form.chosen_children(),
        number=form.number.data or None,
        life_situation=form.life_situation.data or None,
        gender=form.gender.data or None,
        language=form.language.data,
        once=form.once.data,
    )


def _blank(staff: Staff) -> str | None:
    """The number of the blank card whose page led here."""
    asked = request.args.get("blank", "")
    if not asked.isdecimal() or len(asked) > 9:
        return None
    return desk_lists.card_at_desk(staff, int(asked), at=now()).number


# The letter


@blueprint.route(f"{CARD}/letter", methods=["GET", "POST"])
@guards.staff
def letter(staff: Staff, card_id: int) -> Any:
    """A new letter. Its code is known only while it is made, so the page with it is the answer to the making."""
    units_of(staff)
    card, form, reason = desk_lists.card_at_desk(staff, card_id, at=now()), FlaskForm(), None
    if card.kind == "community":
        raise NotFound("letter_not_found")  # nobody's birth year opens it
    if form.validate_on_submit():
        once = request.form.get("once")
        try:
            if once and once == session.get("letter"):
                # A reload would kill the letter that is on paper already.
                raise Refused("letter_made_already")
            code = desk_cards.new_letter(staff, card_id, at=now())
            session["letter"] = once
            return _made(card, code)
        except Refused as refused:
            reason = refused.reason
    return render_template("desk/letter.html", card=card, form=form, reason=reason, once=_once())


def _once() -> str:
    """A form's own value: what is sent twice is done once."""
    return secrets.token_urlsafe(16)


def _made(card: DeskCard, code: str) -> str:
    address = f"{settings().origin}/activate"
    facts: dict[str, Any] = {
        "card": card,
        "code": grouped(code),
        "address": address.partition("://")[2],
        "symbol": symbol(f"{address}#{code}"),
        "days": LETTER_DAYS,
    }
    places = venues.places_of_unit(card.unit_id, at=now())
    with speaking(card.language):
        paper = render_template(
            "desk/letter_paper.html",
            places=places[:PLACES_ON_LETTER],
            left_out=len(places[PLACES_ON_LETTER:]),
            **facts,
        )
    return render_template("desk/letter_made.html", paper=Markup(paper), **facts)  # noqa: S704 - a template's own


# A further year, other children


@blueprint.route(f"{CARD}/renew", methods=["GET", "POST"])
@guards.staff
def renew(staff: Staff, card_id: int) -> Any:
    """One more year; children, postcode and voluntary answers are asked anew."""
    units_of(staff)
    card = desk_lists.card_at_desk(staff, card_id, at=now())
    form = RenewForm(
        children=_rows(card),
        postcode=card.postcode,
        life_situation=card.life_situation or "",
        gender=card.gender or "",
    )
    if card.kind == "community":
        del form.postcode  # it is an organisation's
    reason = card.renewal_refused
    facts: dict[str, object] = {"opens": card.renewal_opens, "last_day": card.last_day}
    if _more():
        form.more_rows()
    elif form.validate_on_submit():
        try:
            desk_cards.renew_card(
                staff,
                card_id,
                at=now(),
                children=form.chosen_children(),
                postcode=form.postcode.data if "postcode" in form else None,
                life_situation=form.life_situation.data,
                gender=form.gender.data,
            )
            return _back(card_id, "renewed")
        except Refused as refused:
            again = desk_lists.card_at_desk(staff, card_id, at=now()).renewal_refused
            if refused.reason == again == "renewed_already":  # the button was pressed twice: it is as they wanted it
                return _back(card_id, "renewed")
            reason, facts = refused.reason, refused.facts
    return render_template("desk/renew.html", card=card, form=form, reason=reason, facts=facts)


def _rows(card: DeskCard) -> list[dict[str, Any]]:
    """The child tickets of a card as rows of a form. One whose time is over is left out: it ends by itself."""
    return [
        {"year": child.birth_year, "relation": child.relation, "unknown": "" if child.birth_year else "1"}
        for child in card.children
        if child.status != "ended"
    ]


@blueprint.route(f"{CARD}/children", methods=["GET", "POST"])
@guards.staff
def children(staff: Staff, card_id: int) -> Any:
    """Other children than before, from today on."""
    units_of(staff)
    card = desk_lists.card_at_desk(staff, card_id, at=now())
    form = ChildrenForm(children=_rows(card))
    reason = None
    if _more():
        form.more_rows()
    elif form.validate_on_submit():
        try:
            desk_cards.change_children(staff, card_id, at=now(), children=form.chosen_children())
            return _back(card_id, "children")
        except Refused as refused:
            reason = refused.reason
    return render_template("desk/children.html", card=card, form=form, reason=reason)


@blueprint.route(f"{CARD}/children/<int(max=2147483647):ticket_id>/own-card", methods=["GET", "POST"])
@guards.staff
def own_card(staff: Staff, card_id: int, ticket_id: int) -> Any:
    """A young person's own card in place of a child ticket; its letter is the answer."""
    units_of(staff)
    card = desk_lists.card_at_desk(staff, card_id, at=now())
    child = next((one for one in card.children if one.ticket_id == ticket_id), None)
    form = OwnCardForm(postcode=card.postcode, language=card.language)
    if child is None or child.birth_year:
        del form.birth_year
    reason = None
    if form.validate_on_submit():
        try:
            own_id, _number = desk_cards.own_card(
                staff,
                card_id,
                ticket_id,
                at=now(),
                birth_year=form.birth_year.data if "birth_year" in form else None,
                postcode=form.postcode.data,
                language=form.language.data,
            )
            return redirect(url_for("desk.letter", card_id=own_id), code=307)
        except Refused as refused:
            if refused.reason == "own_card_given":  # pressed twice: its card is there
                return redirect(url_for("desk.card", card_id=refused.facts["card_id"]))
            reason = refused.reason
    if child is None:
        raise NotFound("ticket_not_found")
    return render_template("desk/own_card.html", card=card, child=child, form=form, reason=reason, once=_once())


# Stopping


@blueprint.route(f"{CARD}/block", methods=["GET", "POST"])
@guards.staff
def block(staff: Staff, card_id: int) -> Any:
    """Stop a card. The page says what will happen, and is the one question."""
    units_of(staff)
    card, form, reason = desk_lists.card_at_desk(staff, card_id, at=now()), BlockForm(), None
    if form.validate_on_submit():
        try:
            desk_cards.block_card(staff, card_id, form.reason.data, at=now())
            return _back(card_id, "blocked")
        except Refused as refused:
            if refused.reason == "blocked":  # pressed twice
                return _back(card_id, "blocked")
            reason = refused.reason
    return render_template("desk/block.html", card=card, form=form, reason=reason)


@blueprint.route(f"{CARD}/replace", methods=["GET", "POST"])
@guards.staff
def replace(staff: Staff, card_id: int) -> Any:
    """A new card with a new number in place of a lost or broken one; a personal card's letter is the answer."""
    units_of(staff)
    card, form, reason = desk_lists.card_at_desk(staff, card_id, at=now()), ReplaceForm(), None
    if form.validate_on_submit():
        try:
            new_id, _number = desk_cards.replace_card(
                staff, card_id, at=now(), reason=form.reason.data, number=form.number.data or None
            )
            if card.kind == "community":
                return _back(card_id, "replaced")
            return redirect(url_for("desk.letter", card_id=new_id), code=307)
        except Refused as refused:
            if refused.reason == "replaced":  # pressed twice, or by a colleague: the new card is there
                return _back(card_id, "replaced")
            reason = refused.reason
    return render_template("desk/replace.html", card=card, form=form, reason=reason, once=_once())


def _back(card_id: int, said: str) -> Any:
    return redirect(url_for("desk.card", card_id=card_id, said=said))
