"""The organisation's community cards: who has each with them, lending one and taking it back, a new one.

A colleague who has one needs no paper: the page of a card that is lent to them shows its code, for as long as they have
it. Nothing here takes words about a client; a role is described, not a person.
"""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired
from wtforms.validators import Optional as MayBeEmpty

from wallet.clock import now
from wallet.codes import mint_server
from wallet.codes.days import step_at
from wallet.desk.blueprint import asked_unit, blueprint, settings, units_of
from wallet.desk.codes import claims, symbol
from wallet.register import community, venues
from wallet.register.errors import Refused
from wallet.register.identities import Staff
from wallet.signin import guards
from wallet.web.typed import plain

CARD = "/community/<int(max=2147483647):card_id>"
REFRESH_SECONDS = 45  # a server's code holds for 120 (CODES.md, "Bytes")
TO_ROLE = ""  # the choice that is no account


class AddForm(FlaskForm):  # type: ignore[misc]
    """A new community card: the organisation's word for it, and a printed card's number where there is one."""

    label = StringField(filters=[plain], validators=[InputRequired("role_length")])
    number = StringField(filters=[plain], validators=[MayBeEmpty()])


class LendForm(FlaskForm):  # type: ignore[misc]
    """Who takes the card: a colleague, or a described role."""

    to = SelectField(validate_choice=False)
    role = StringField(filters=[plain], validators=[MayBeEmpty()])


# What is wrong with one field is said at that field.
_FIELDS = {
    "role_length": ("role", "label"),
    "role_names_person": ("role", "label"),
    "account_not_found": ("to",),
    "number_mistyped": ("number",),
    "number_unknown": ("number",),
    "number_taken": ("number",),
}


def _say(form: FlaskForm, refused: Refused) -> str | None:
    """Tie a refusal to its field; the reason itself where it is the whole form's."""
    for name in _FIELDS.get(refused.reason, ()):
        if name in form:
            form[name].errors = [refused.reason]
            return None
    return refused.reason


@blueprint.get("/community")
@guards.staff
def community_cards(staff: Staff) -> Any:
    """The unit's community cards and who has them; those that are lent to whoever asks."""
    unit_id = asked_unit(staff)
    units = venues.units(units_of(staff))
    return render_template(
        "desk/community.html",
        cards=community.community_cards(staff, unit_id, at=now()),
        mine=community.cards_lent_to(staff, at=now()),
        units=units,
        unit=next(unit for unit in units if unit.unit_id == unit_id),
        said=request.args.get("said", ""),
    )


@blueprint.route("/community/new", methods=["GET", "POST"])
@guards.staff
def community_add(staff: Staff) -> Any:
    """A new community card, valid for a year."""
    unit_id, form, reason = asked_unit(staff), AddForm(), None
    if form.validate_on_submit():
        try:
            card_id, _ = community.add_community_card(
                staff, unit_id, form.label.data, at=now(), number=form.number.data or None
            )
            return redirect(url_for("desk.community_card", card_id=card_id, said="added"))
        except Refused as refused:
            reason = _say(form, refused)
    return render_template("desk/community_add.html", form=form, reason=reason)


@blueprint.route(CARD, methods=["GET", "POST"])
@guards.staff
def community_card(staff: Staff, card_id: int) -> Any:
    """One community card: who has it, who had it, lending it."""
    units_of(staff)
    card = community.community_card(staff, card_id, at=now())
    people = community.borrowers(staff, card_id)
    form, reason = LendForm(), None
    form.to.choices = [(TO_ROLE, ""), *((str(account_id), name) for account_id, name in people)]
    if form.validate_on_submit():
        try:
            community.lend(staff, card_id, at=now(), **_borrower(form))
            return redirect(url_for("desk.community_card", card_id=card_id, said="lent"))
        except Refused as refused:
            reason = _say(form, refused)
    return render_template(
        "desk/community_card.html",
        card=card,
        form=form,
        reason=reason,
        people=people,
        loans=community.loans(staff, card_id),
        said=request.args.get("said", ""),
    )


def _borrower(form: LendForm) -> dict[str, Any]:
    to, role = form.to.data or TO_ROLE, form.role.data
    account = {} if to == TO_ROLE else {"account_id": int(to) if to.isdecimal() and len(to) < 10 else 0}
    return account | ({"role_text": role} if role else {})


@blueprint.post(f"{CARD}/back")
@guards.staff
def community_back(staff: Staff, card_id: int) -> Any:
    """The card is back: said at the desk, or by whoever had it. Twice is once."""
    units_of(staff)
    try:
        community.give_back(staff, card_id, at=now())
    except Refused as refused:
        if refused.reason != "not_lent":
            raise
    return redirect(url_for("desk.community_cards", said="returned"))


@blueprint.get(f"{CARD}/code")
@guards.staff
def community_code(staff: Staff, card_id: int) -> Any:
    """The code of a card that is lent to whoever asks, while it is."""
    units_of(staff)
    at = now()
    card = community.lent_card(staff, card_id, at=at)
    shown = None if card.refused else _code(staff, card_id)
    return render_template("desk/community_code.html", card=card, svg=shown, refresh=REFRESH_SECONDS)


def _code(staff: Staff, card_id: int) -> Markup:
    at = now()
    issued = community.lent_credential(staff, card_id, at=at)
    return symbol(mint_server(claims(issued), settings().keyring.signing("C3"), settings().host, step_at(at)))
