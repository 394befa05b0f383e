"""Cards on paper: sheets of blank numbered cards, and of registered cards with a printed code (0xC2).

A blank card carries its number as text and as a plain QR symbol of digits, which the desk scans when it gives the card.
It is no code of ours, so a gate says that it can't read it.
"""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange

from wallet.clock import now
from wallet.codes import KeyFileError, NetworkKey, mint_paper
from wallet.codes.days import number_of_day
from wallet.desk.blueprint import asked_unit, blueprint, settings, units_of
from wallet.desk.codes import claims, symbol
from wallet.register import printing, venues
from wallet.register.credentials import Issued
from wallet.register.errors import Refused
from wallet.register.identities import Staff
from wallet.register.printing import MOST_CARDS, PaperCard, Sheet
from wallet.signin import guards
from wallet.web.languages import speaking

ON_A_SHEET = 10  # cards of 85.6 × 54 mm on an A4, two by five
ON_A_PAGE = 50  # of the list to choose from


class BlankForm(FlaskForm):  # type: ignore[misc]
    """How many blank cards to print."""

    count = IntegerField(
        default=ON_A_SHEET,
        validators=[InputRequired("batch_size"), NumberRange(1, MOST_CARDS, "batch_size")],
        invalid_value_message="batch_size",
    )


@blueprint.route("/sheets", methods=["GET", "POST"])
@guards.staff
def sheets(staff: Staff) -> Any:
    """What a unit printed, and a form for more blank cards."""
    unit_id, form = asked_unit(staff), BlankForm()
    if form.validate_on_submit():
        batch_id, _numbers = printing.blank_numbers(staff, unit_id, form.count.data, at=now())
        return redirect(url_for("desk.sheet", batch_id=batch_id))
    return render_template(
        "desk/sheets.html",
        form=form,
        unit_id=unit_id,
        units=venues.units(units_of(staff)),
        batches=printing.batches(staff, unit_id),
    )


@blueprint.route("/sheets/cards", methods=["GET", "POST"])
@guards.staff
def sheet_cards(staff: Staff) -> Any:
    """Choose registered cards of a unit and print them with their codes. A link may tick some, and begin at one."""
    unit_id, at, reason = asked_unit(staff), now(), None
    facts: dict[str, Any] = {}
    before = request.args.get("before", "")
    chosen = [int(card) for card in request.values.getlist("card") if card.isdecimal() and len(card) < 10]
    if request.method == "POST":
        try:
            kid = settings().keyring.signing("C2").kid
            batch_id = printing.paper_credentials(staff, unit_id, chosen, at=at, kid=kid)
            return redirect(url_for("desk.sheet", batch_id=batch_id))
        except KeyFileError:
            reason = "no_print_key"
        except Refused as refused:
            if refused.reason not in ("batch_size", "not_printable"):
                raise
            reason, facts = refused.reason if chosen else "no_card_chosen", refused.facts
    cards = printing.printable(
        staff,
        unit_id,
        at=at,
        before=int(before) if before.isdecimal() and len(before) < 10 else None,
        limit=ON_A_PAGE + 1,
    )
    older = cards[ON_A_PAGE - 1].card_id if len(cards) > ON_A_PAGE else None
    return render_template(
        "desk/sheet_cards.html",
        form=FlaskForm(),
        unit_id=unit_id,
        units=venues.units(units_of(staff)),
        cards=cards[:ON_A_PAGE],
        before=before,
        older=older,
        chosen=chosen,
        all="all" in request.args,
        reason=reason,
        facts=facts,
    )


@blueprint.get("/sheets/<int(max=2147483647):batch_id>")
@guards.staff
def sheet(staff: Staff, batch_id: int) -> Any:
    """A batch as A4 sheets. A registered card whose code was stopped since is left out."""
    units_of(staff)
    opened = printing.sheet(staff, batch_id, at=now())
    faces = [face for card in opened.cards if (face := _face(opened, card)) is not None]
    return render_template(
        "desk/sheet.html",
        sheet=opened,
        pages=[faces[start : start + ON_A_SHEET] for start in range(0, len(faces), ON_A_SHEET)],
        left_out=opened.batch.cards - len(faces),
    )


def _face(opened: Sheet, card: PaperCard) -> Markup | None:
    """The printed side of a card, a registered one's in its holder's language; None where its code was stopped."""
    if opened.batch.kid is None:
        return _drawn(opened, card, card.number)
    key = settings().keyring.find("C2", opened.batch.kid)
    if card.issued is None or key is None or not _signs(key, card.issued):
        return None
    with speaking(card.language):
        return _drawn(opened, card, mint_paper(claims(card.issued), key, settings().host))


def _drawn(opened: Sheet, card: PaperCard, code: str) -> Markup:
    face = render_template("desk/face.html", sheet=opened, card=card, symbol=symbol(code))
    return Markup(face)  # noqa: S704 - a template's own


def _signs(key: NetworkKey, issued: Issued) -> bool:
    """Whether the print key of a batch still signs this code. What a withdrawn key signed opens no door."""
    return bool(key.private and not key.withdrawn and number_of_day(issued.first_day) >= key.earliest_issue_day)
