"""The forms of the holder's pages. Words for faults are in the templates (`reasons`)."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from wallet.register.corrections import REASONS


class CorrectionForm(FlaskForm):  # type: ignore[misc]
    """What is wrong with a visit: a choice, since nobody may write about a person."""

    reason = RadioField(
        choices=[SelectChoice(reason, reason) for reason in REASONS],
        validators=[InputRequired("correction_reason_missing")],
    )


class DeletionForm(FlaskForm):  # type: ignore[misc]
    """What can't be undone is asked once: a tick, and a button that says what it does."""

    sure = BooleanField(validators=[InputRequired("deletion_not_ticked")])
