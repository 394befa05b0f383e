"""The forms of the desk. Nothing here takes free text about a person: years, a postcode, choices from lists."""

import re
from collections.abc import Sequence

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError
from wtforms.validators import Optional as MayBeEmpty

from wallet.clock import helsinki_year, now
from wallet.codes import CodeRefused, parse
from wallet.register.answers import GENDERS, LIFE_SITUATIONS
from wallet.register.cards import MOST_CHILDREN, RELATIONS
from wallet.register.desk_cards import BLOCK_REASONS
from wallet.register.numbers import mistyped, normalise
from wallet.register.rules import child_status
from wallet.web.languages import LANGUAGES
from wallet.web.typed import plain

PREFIX = "KP1:"  # of a code that a card shows (CODES.md)
EMPTY_ROWS = 3  # that "more children" adds where there is no script
REPLACE_REASONS = ("lost", "stolen", "damaged")


def _as_scanned(typed: str | None) -> str:
    """A scanned code stays as it is: spaces are signs of it."""
    return typed if typed and typed.startswith(PREFIX) else plain(typed)


def _number(_form: Form, field: StringField) -> None:
    number = normalise(field.data or "")
    if number is None:
        raise ValidationError("card_number_shape")
    if mistyped(number):
        raise ValidationError("number_mistyped")


def _number_or_code(_form: Form, field: StringField) -> None:
    if not (field.data or "").startswith(PREFIX):
        # A number from before may look like a mistyped one of ours: the register knows which are there.
        if normalise(field.data or "") is None:
            raise ValidationError("card_number_shape")
        return
    try:
        parse(field.data)
    except CodeRefused as refused:
        raise ValidationError("card_code_unreadable") from refused


def _postcode(_form: Form, field: StringField) -> None:
    if not re.fullmatch(r"[0-9]{5}", field.data or ""):
        raise ValidationError("postcode_shape")


def _choices(values: Sequence[str]) -> list[SelectChoice]:
    return [SelectChoice(value, value) for value in values]


def _may_be_number() -> StringField:
    """The number of a card that is there already: printed blank, or from before. Empty is a new one of our own."""
    return StringField(filters=[plain], validators=[MayBeEmpty(), _number])


def _birth_year() -> IntegerField:
    return IntegerField(
        validators=[InputRequired("year_shape"), NumberRange(1900, 2100, "year_shape")],
        invalid_value_message="year_shape",
    )


class ChildForm(Form):  # type: ignore[misc]
    """A child of a card. An empty row is no child; `unknown` is a ticket that came without a birth year."""

    year = IntegerField(
        validators=[MayBeEmpty(), NumberRange(1900, 2100, "child_year_shape")], invalid_value_message="child_year_shape"
    )
    relation = SelectField(choices=_choices(RELATIONS), default=RELATIONS[0])
    unknown = HiddenField()
    off = BooleanField()

    def validate_year(self, field: IntegerField) -> None:
        """A child is born, and under 18 or turning 18 this year."""
        if field.data is None or self.off.data:
            return
        this_year = helsinki_year(now())
        if field.data > this_year:
            raise ValidationError("child_year_ahead")
        if child_status(field.data, this_year) == "ended":
            raise ValidationError("child_grown")


class ChildrenForm(FlaskForm):  # type: ignore[misc]
    """The children of a card, asked anew."""

    children = FieldList(FormField(ChildForm), min_entries=1, max_entries=MOST_CHILDREN)

    def chosen_children(self) -> tuple[tuple[int | None, str], ...]:
        """(birth year, relation) of each row that says somebody."""
        rows = [entry.form for entry in self.children]
        return tuple(
            (row.year.data, row.relation.data)
            for row in rows
            if not row.off.data and (row.year.data is not None or row.unknown.data)
        )

    def more_rows(self) -> None:
        """Add empty rows, for a page without a script."""
        for _ in range(min(EMPTY_ROWS, MOST_CHILDREN - len(self.children))):
            self.children.append_entry()


class _AnswersForm(ChildrenForm):
    """What is asked at each giving and renewal."""

    postcode = StringField(filters=[plain], validators=[InputRequired("postcode_shape"), _postcode])
    life_situation = SelectField(choices=_choices(("", *LIFE_SITUATIONS)), default="")
    gender = SelectField(choices=_choices(("", *GENDERS)), default="")


class RenewForm(_AnswersForm):
    """A further year: children, postcode and voluntary answers are asked anew."""


class GiveForm(_AnswersForm):
    """A new card: six fields. `unit` is asked where a member of staff is at several desks."""

    number = _may_be_number()
    birth_year = _birth_year()
    language = RadioField(choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()])
    unit = SelectField(coerce=int)
    once = HiddenField(validators=[Length(max=24)])  # a form sent twice gives one card


class OwnCardForm(FlaskForm):  # type: ignore[misc]
    """A young person's own card in place of a child ticket; the birth year is asked where the ticket has none."""

    birth_year = _birth_year()
    postcode = StringField(filters=[plain], validators=[InputRequired("postcode_shape"), _postcode])
    language = RadioField(choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()])


class FindForm(FlaskForm):  # type: ignore[misc]
    """Finding a card of this desk by its number, typed or scanned, or by the code that it shows."""

    number = StringField(filters=[_as_scanned], validators=[InputRequired("card_number_missing"), _number_or_code])

    @property
    def credential(self) -> bytes | None:
        """What a scanned code says which card it is. Not checked: it opens nothing here, and finds one's own only."""
        return parse(self.number.data).credential if self.number.data.startswith(PREFIX) else None


class BlockForm(FlaskForm):  # type: ignore[misc]
    """Blocking a card."""

    reason = RadioField(choices=_choices(BLOCK_REASONS), validators=[InputRequired("choose_reason")])


class ReplaceForm(FlaskForm):  # type: ignore[misc]
    """A new card with a new number in place of one that was lost or broke."""

    reason = RadioField(choices=_choices(REPLACE_REASONS), validators=[InputRequired("choose_reason")])
    number = _may_be_number()
