"""The desk's cards: the unit's list that ends soonest first, one found by its number, a card's own page."""

from datetime import date
from typing import Any

from flask import redirect, render_template, request, url_for

from wallet.clock import helsinki_day, now
from wallet.desk.blueprint import asked_unit, blueprint, units_of
from wallet.desk.forms import FindForm
from wallet.register import desk_lists, venues
from wallet.register.desk_lists import DeskCard
from wallet.register.errors import Refused
from wallet.register.identities import Staff
from wallet.signin import guards

ON_A_PAGE = 30
SHOWN = ("open", "ended", "all", "blank")


@blueprint.get("")
@guards.staff
def home(staff: Staff) -> Any:
    """The unit's cards; finding one; giving one."""
    return _home(staff, FindForm())


@blueprint.post("/find")
@guards.staff
def find(staff: Staff) -> Any:
    """To the page of the card with this number. It is in no address: numbers stay out of histories."""
    units_of(staff)
    form, reason = FindForm(), None
    if form.validate_on_submit():
        try:
            shown = form.credential
            card_id = (
                desk_lists.find_shown_card(staff, shown) if shown else desk_lists.find_card(staff, form.number.data)
            )
            return redirect(url_for("desk.card", card_id=card_id))
        except Refused as refused:
            if refused.reason == "number_mistyped":
                form.number.errors = [refused.reason]  # that is the field's
            else:
                reason = refused.reason
    return _home(staff, form, reason)


def _home(staff: Staff, form: FindForm, reason: str | None = None) -> Any:
    unit_id = asked_unit(staff)
    show = request.args.get("show", "")
    show = show if show in SHOWN else "open"
    after = request.args.get("after")
    units = venues.units(units_of(staff))
    cards = desk_lists.cards_of_unit(staff, unit_id, at=now(), after=after, limit=ON_A_PAGE + 1, show=show)
    more = len(cards) > ON_A_PAGE
    cards = cards[:ON_A_PAGE]
    return render_template(
        "desk/home.html",
        form=form,
        reason=reason,
        units=units,
        unit=next(unit for unit in units if unit.unit_id == unit_id),
        cards=cards,
        show=show,
        first=after is None,
        further=cards[-1].cursor if more else None,
    )


@blueprint.get("/cards/<int(max=2147483647):card_id>")
@guards.staff
def card(staff: Staff, card_id: int) -> Any:
    """A card: its state, whose it is as far as the register knows, what happened to it, what can be done."""
    units_of(staff)
    found = desk_lists.card_at_desk(staff, card_id, at=now())
    return render_template("desk/card.html", card=found, lines=lines(found), said=request.args.get("said", ""))


def lines(card: DeskCard) -> list[tuple[date, str, dict[str, Any]]]:
    """What happened to a card as (day in Finland, act, facts), days in the facts as days."""
    return [
        (
            helsinki_day(at),
            act,
            {name: date.fromisoformat(value) if name.endswith("_day") else value for name, value in facts.items()},
        )
        for at, act, facts in card.journal
    ]
