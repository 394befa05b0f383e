"""The forms of signing in. Words for faults are in the templates (`reasons`), so that every language has them."""

import re

from flask_wtf import FlaskForm
from wtforms import IntegerField, PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, ValidationError

from wallet.register.invitations import normalise_code
from wallet.register.rules import weak_pin
from wallet.web.typed import plain


def _code(_form: FlaskForm, field: StringField) -> None:
    if normalise_code(field.data or "") is None:
        raise ValidationError("code_shape")


class LetterForm(FlaskForm):  # type: ignore[misc]
    """An activation letter's code, and the birth year that proves whose it is."""

    code = StringField(filters=[plain], validators=[InputRequired("code_missing"), _code])
    birth_year = IntegerField(
        validators=[InputRequired("birth_year_shape"), NumberRange(1900, 2100, "birth_year_shape")],
        invalid_value_message="birth_year_shape",
    )


def _pin(_form: FlaskForm, field: PasswordField) -> None:
    if not re.fullmatch(r"[0-9]{6}", field.data or ""):
        raise ValidationError("pin_shape")
    if weak_pin(field.data):
        raise ValidationError("pin_weak")


class PinForm(FlaskForm):  # type: ignore[misc]
    """Choosing a PIN."""

    pin = PasswordField(validators=[InputRequired("pin_shape"), _pin])
    again = PasswordField(validators=[InputRequired("pin_differs")])

    def validate_again(self, field: PasswordField) -> None:
        if field.data != self.pin.data:
            raise ValidationError("pin_differs")


class NumberForm(FlaskForm):  # type: ignore[misc]
    """Signing in with the card's number and PIN."""

    number = StringField(
        filters=[plain], validators=[DataRequired("number_missing"), Length(max=60, message="number_or_pin")]
    )
    pin = PasswordField(validators=[InputRequired("pin_shape"), Length(max=60, message="number_or_pin")])


class GateForm(FlaskForm):  # type: ignore[misc]
    """Enrolling a phone as a gate."""

    code = StringField(filters=[plain], validators=[InputRequired("code_missing"), _code])
    name = StringField(
        filters=[plain], validators=[DataRequired("gate_name_missing"), Length(max=80, message="gate_name_long")]
    )


class CodeForm(FlaskForm):  # type: ignore[misc]
    """A member of staff's invitation code."""

    code = StringField(filters=[plain], validators=[InputRequired("code_missing"), _code])
