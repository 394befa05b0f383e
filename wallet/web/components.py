"""The component page: every component in every state. In development only."""

from typing import Any

from flask import Blueprint, render_template
from flask_wtf import FlaskForm
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, DateField, IntegerField, PasswordField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Regexp

from wallet.signin import guards

blueprint = Blueprint("components", __name__)


class SampleForm(FlaskForm):  # type: ignore[misc]
    """A field of each kind."""

    number = StringField("Kortin numero", validators=[InputRequired("number_missing")])
    year = IntegerField("Syntymävuosi", validators=[InputRequired("birth_year_shape")])
    pin = PasswordField("PIN", validators=[Regexp(r"^\d{6}$", message="pin_shape")])
    day = DateField("Päivä", validators=[InputRequired("birth_year_shape")])
    unit = SelectField("Yksikkö", choices=[SelectChoice("1", "Aikuissosiaalityö"), SelectChoice("2", "Perhepalvelut")])
    situation = RadioField(
        "Elämäntilanne",
        choices=[SelectChoice("work", "Työssä"), SelectChoice("study", "Opiskelee"), SelectChoice("other", "Muu")],
        validators=[InputRequired("birth_year_shape")],
    )
    keep = BooleanField("Muista valinta", validators=[InputRequired("birth_year_shape")])


@blueprint.get("/components")
@guards.public
def page() -> Any:
    """The page that designers and tests look at."""
    wrong = SampleForm(MultiDict({"wrong-number": "", "wrong-pin": "12"}), prefix="wrong", meta={"csrf": False})
    wrong.validate()
    qr = Markup(
        '<svg class="qr" viewBox="0 0 65 65" shape-rendering="crispEdges"><rect width="65" height="65" fill="#fff"/>'
        '<path d="M4 4h7v7h-7zM54 4h7v7h-7zM4 54h7v7h-7z"/></svg>'
    )
    return render_template("components_page.html", form=SampleForm(meta={"csrf": False}), wrong=wrong, qr=qr)
