"""The forms of the office. Words for faults are in the templates (`reasons`), so that every language has them."""

from datetime import date, datetime, time, timedelta
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    StringField,
    TimeField,
)
from wtforms.fields.core import Field
from wtforms.validators import Length, NumberRange, Optional, StopValidation, ValidationError

from wallet.clock import HELSINKI
from wallet.register import rules
from wallet.register.venue_uses import MOST_DAYS
from wallet.scans import LONGEST_TEXT, MOST_ASSISTANTS, MOST_CHILDREN

CODE = "KP1:"  # what a USB scanner types of a phone's screen
ROWS, MOST_ROWS = 5, 30


def _plain(typed: str | None) -> str:
    """A number as it was typed, with a space for what can't be printed. A scanned code keeps each of its spaces."""
    text = "".join(sign if sign.isprintable() else " " for sign in typed or "")
    return text.lstrip() if text.lstrip().startswith(CODE) else " ".join(text.split())


def _number(_form: Form, field: Field) -> None:
    if not field.data:
        raise StopValidation("card_number_missing")


def _offered(form: Form, field: Field) -> None:
    if field.data not in form.offered:
        raise ValidationError("what_unknown")


def _children() -> IntegerField:
    bounds = NumberRange(0, MOST_CHILDREN, "count_shape")
    return IntegerField(validators=[Optional(), bounds], invalid_value_message="count_shape")


def _assistants() -> IntegerField:
    bounds = NumberRange(0, MOST_ASSISTANTS, "count_shape")
    return IntegerField(validators=[Optional(), bounds], invalid_value_message="count_shape")


class EntryForm(FlaskForm):  # type: ignore[misc]
    """One visit, by the card's number: told by telephone, typed from the card, or scanned by a reader that types.

    `what` is a kind (ticket, course, season) or the id of an event; `offered` are the values that it may have."""

    number = StringField(filters=[_plain], validators=[_number, Length(max=LONGEST_TEXT, message="card_number_shape")])
    what = StringField(validators=[_offered])
    children = _children()
    assistants = _assistants()
    scan_id = HiddenField()
    scanned_at = HiddenField()

    def __init__(self, offered: frozenset[str]) -> None:
        self.offered = offered
        super().__init__()


def _given(shape: str) -> Any:
    """A day or an hour of a row: nothing is wrong with a row that has no number; `shape` is the fault of what can't be
    read."""

    def check(form: Form, field: Field) -> None:
        typed = "".join(field.raw_data or []).strip()
        field.errors[:] = []  # the library's own words
        if not form.number.data or (not typed and shape == "hour_shape"):
            raise StopValidation
        if field.data is None:
            raise StopValidation(shape)

    return check


def earliest(today: date) -> date:
    """The first day that a paper form may be of."""
    return today - timedelta(days=rules.FORM_DAYS - 1)


class PaperRow(Form):  # type: ignore[misc]
    """One line of a paper form. A row without a number is no row."""

    day = DateField(validators=[_given("day_shape")])
    hour = TimeField(validators=[_given("hour_shape")])
    number = StringField(filters=[_plain])
    what = StringField()
    children = _children()
    assistants = _assistants()
    another = BooleanField()
    scan_id = HiddenField()

    offered: frozenset[str] = frozenset()
    at: datetime

    def validate_day(self, field: Field) -> None:
        today = self.at.astimezone(HELSINKI).date()
        if field.data > today:
            raise ValidationError("day_ahead")
        if field.data < earliest(today):
            raise ValidationError("day_long_ago")

    def validate_what(self, field: Field) -> None:
        if self.number.data:
            _offered(self, field)

    def moment(self) -> datetime:
        """When the visit was: without an hour at noon, and never later than now."""
        day: date = self.day.data
        return min(datetime.combine(day, self.hour.data or time(12), HELSINKI), self.at)


class PaperForm(Form):  # type: ignore[misc]
    """Several lines of paper forms, each answered on its own. The token is the page's: what stays in the form is a
    form of its own."""

    rows = FieldList(FormField(PaperRow), min_entries=ROWS, max_entries=MOST_ROWS)

    def __init__(self, offered: frozenset[str], at: datetime, typed: MultiDict[str, str]) -> None:
        super().__init__(typed)
        for entry in self.rows:
            entry.form.offered, entry.form.at = offered, at


class ListForm(Form):  # type: ignore[misc]
    """Which days of the list, and which of its lines."""

    first = DateField(validators=[Optional()])
    last = DateField(validators=[Optional()])
    entered = BooleanField()

    def days(self, today: date) -> tuple[date, date]:
        """The period that was asked for, at most MOST_DAYS long; without one, the last week."""
        last: date = self.last.data or today
        first: date = self.first.data or _before(last, 6)
        first, last = min(first, last), max(first, last)
        return max(first, _before(last, MOST_DAYS - 1)), last


def _before(day: date, days: int) -> date:
    """So many days before, or the first day there is: anything may stand in an address."""
    return date.fromordinal(max(1, day.toordinal() - days))
