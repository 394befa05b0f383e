"""The pages of signing in."""

from typing import Any

from flask import Blueprint, current_app, g, jsonify, redirect, render_template, request, url_for
from flask_wtf import FlaskForm

from wallet.clock import now
from wallet.config import Settings
from wallet.register import cards, invitations, signins
from wallet.register.errors import Refused
from wallet.register.identities import Holder, Staff
from wallet.register.invitations import normalise_code
from wallet.signin import ceremonies, guards, pins
from wallet.signin.forms import CodeForm, GateForm, LetterForm, NumberForm, PinForm
from wallet.web import errors
from wallet.web.languages import LANGUAGES, choose
from wallet.web.limits import guessing

blueprint = Blueprint("signin", __name__)


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def _page(template: str, form: FlaskForm, reason: str | None = None, **facts: Any) -> Any:
    """A form's page; with a reason, or faults in its fields, it says so and counts as a miss."""
    g.missed = bool(reason or form.errors)
    return render_template(template, form=form, reason=reason, facts=facts)


@blueprint.get("/")
@guards.public
def start() -> Any:
    """Where the address and the icon lead: to one's own page if there is one."""
    for audience, page in (("holder", "holder.card"), ("gate", "gate.check"), ("staff", "signin.staff_home")):
        if guards.find(audience) is not None:
            return redirect(url_for(page))
    return render_template("signin/start.html")


# A holder's first time


@blueprint.route("/activate", methods=["GET", "POST"])
@guards.public
@guessing
def activate() -> Any:
    """The letter's code and the birth year. The code may come in the address's fragment, which no server sees."""
    form = LetterForm()
    if not form.validate_on_submit():
        return _page("signin/activate.html", form)
    try:
        code = normalise_code(form.code.data) or ""
        card_id = invitations.redeem_letter(code, form.birth_year.data, at=now())
    except Refused as refused:
        return _page("signin/activate.html", form, refused.reason, **refused.facts)
    guards.begin("holder", card_id=card_id)
    return redirect(url_for("signin.language"))


@blueprint.route("/activate/language", methods=["GET", "POST"])
@guards.holder
def language(holder: Holder) -> Any:
    """The holder's language, in one tap."""
    form = FlaskForm()
    if form.validate_on_submit() and request.form.get("language") in LANGUAGES:
        wanted = request.form["language"]
        cards.set_language(holder, wanted, at=now())
        choose(wanted)
        return redirect(url_for("signin.passkey"))
    return render_template("signin/language.html", form=form, languages=LANGUAGES)


@blueprint.get("/activate/passkey")
@guards.holder
def passkey(_holder: Holder) -> Any:
    """Making a passkey there and then; a PIN where the phone has none."""
    return render_template("signin/passkey.html", after="holder.card", staff=False)


@blueprint.route("/activate/pin", methods=["GET", "POST"])
@guards.holder
def pin(holder: Holder) -> Any:
    """Choosing a PIN."""
    form = PinForm()
    if not form.validate_on_submit():
        return _page("signin/pin.html", form)
    signins.set_pin(holder, pins.hash_of(form.pin.data), at=now())
    return redirect(url_for("holder.card"))


# Signing in again


@blueprint.route("/sign-in", methods=["GET", "POST"])
@guards.public
@guessing
def sign_in() -> Any:
    """By passkey, or by the card's number and PIN."""
    form = NumberForm()
    if not form.validate_on_submit():
        return _page("signin/sign_in.html", form)
    card_id = pins.card_with(form.number.data, form.pin.data, at=now())
    if card_id is None:
        return _page("signin/sign_in.html", form, "number_or_pin")
    guards.begin("holder", card_id=card_id)
    return redirect(url_for("holder.card"))


@blueprint.post("/sign-out/<any(holder, gate, staff):audience>")
@guards.public
def sign_out(audience: str) -> Any:
    """Sign this browser out for one audience. The page that follows wipes what the phone kept for it."""
    guards.leave(audience)
    return redirect(url_for("signin.signed_out", audience=audience))


@blueprint.get("/signed-out/<any(holder, gate, staff):audience>")
@guards.public
def signed_out(audience: str) -> Any:
    """Says so; its script removes the card from the phone, and no other card."""
    cards_left = guards.left() if audience == "holder" else []
    deleted = audience == "holder" and request.args.get("deleted") == "1"
    return render_template("signin/signed_out.html", left=audience, cards_left=cards_left, deleted=deleted)


# Passkey ceremonies, for scripts


@blueprint.post("/passkeys/holder/options")
@guards.holder
def holder_passkey_options(holder: Holder) -> Any:
    return jsonify(ceremonies.registration_options(holder, _settings(), at=now()))


@blueprint.post("/passkeys/holder")
@guards.holder
def holder_passkey(holder: Holder) -> Any:
    return _register(holder, "holder.card")


@blueprint.post("/passkeys/staff/options")
@guards.staff
def staff_passkey_options(staff: Staff) -> Any:
    return jsonify(ceremonies.registration_options(staff, _settings(), at=now()))


@blueprint.post("/passkeys/staff")
@guards.staff
def staff_passkey_new(staff: Staff) -> Any:
    return _register(staff, "signin.staff_home")


def _register(by: Holder | Staff, after: str) -> Any:
    try:
        ceremonies.register(by, request.get_json(), _settings(), at=now())
    except Refused as refused:
        return errors.answer(refused.reason, 422)
    return jsonify(go=url_for(after))


@blueprint.post("/passkeys/sign-in/options")
@guards.public
def passkey_sign_in_options() -> Any:
    return jsonify(ceremonies.sign_in_options(_settings(), at=now()))


@blueprint.post("/passkeys/sign-in")
@guards.public
@guessing
def passkey_sign_in() -> Any:
    """Sign in whoever the passkey belongs to."""
    try:
        found = ceremonies.sign_in(request.get_json(), _settings(), at=now())
    except Refused as refused:
        g.missed = True
        return errors.answer(refused.reason, 422)
    if found.card_id is not None:
        guards.begin("holder", card_id=found.card_id)
        return jsonify(go=url_for("holder.card"))
    assert found.account_id is not None
    guards.begin("staff", account_id=found.account_id)
    return jsonify(go=url_for("signin.staff_home"))


# Gates and staff


@blueprint.route("/gate/enrol", methods=["GET", "POST"])
@guards.public
@guessing
def enrol_gate() -> Any:
    """This phone becomes a named gate of a venue."""
    form = GateForm()
    if not form.validate_on_submit():
        return _page("signin/enrol_gate.html", form)
    try:
        made = invitations.enrol_gate(normalise_code(form.code.data) or "", form.name.data, at=now())
    except Refused as refused:
        return _page("signin/enrol_gate.html", form, refused.reason)
    guards.begin("gate", gate_id=made.gate_id)
    return redirect(url_for("gate.check"))


@blueprint.route("/staff/start", methods=["GET", "POST"])
@guards.public
@guessing
def staff_start() -> Any:
    """A member of staff's first sign-in, or the way back after a lost phone."""
    form = CodeForm()
    if not form.validate_on_submit():
        return _page("signin/staff_start.html", form)
    try:
        account_id = invitations.redeem_staff(normalise_code(form.code.data) or "", at=now())
    except Refused as refused:
        return _page("signin/staff_start.html", form, refused.reason)
    guards.begin("staff", account_id=account_id)
    return redirect(url_for("signin.staff_passkey"))


@blueprint.get("/staff/passkey")
@guards.staff
def staff_passkey(_staff: Staff) -> Any:
    return render_template("signin/passkey.html", after="signin.staff_home", staff=True)


@blueprint.get("/staff/sign-in")
@guards.public
def staff_sign_in() -> Any:
    """Staff sign in by passkey; a new invitation is the way back."""
    return render_template("signin/staff_sign_in.html")


@blueprint.get("/staff")
@guards.staff
def staff_home(staff: Staff) -> Any:
    """What this member of staff may do, and where."""
    return render_template("signin/staff_home.html", staff=staff, roles={role.role for role in staff.roles})
