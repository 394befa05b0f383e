"""A file of existing cards, read: CSV as spreadsheets and other registers write it. Nothing of the register is asked.

What can't be read for certain is refused with its row and column, never guessed: half of an entitlement is worse than
none. Faults speak stable reasons; words for them are in templates.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from wallet.register import rules
from wallet.register.cards import MOST_CHILDREN
from wallet.register.numbers import normalise
from wallet.register.venues import folded

MOST_ROWS = 10_000
LONGEST_CELL = 200
DELIMITERS = (";", ",", "\t")
MARK = b"\xef\xbb\xbf"  # with which Excel begins a file of UTF-8

# Column → what a header may call it, folded: one case, no marks over letters.
COLUMNS = {
    "number": {
        *(
            "number",
            "number of the card",
            "card number",
            "card",
            "numero",
            "kortin numero",
            "korttinumero",
            "kaikukortin numero",
            "kortti",
        ),
        *("nummer", "kortnummer", "kortets nummer", "kort"),
    },
    "birth_year": {"birth year", "year of birth", "syntymavuosi", "fodelsear"},
    "postcode": {"postcode", "postal code", "zip", "postinumero", "postnummer"},
    "children": {
        *("children", "number of children", "child tickets", "lapset", "lapsia", "lasten maara", "lasten lukumaara"),
        *("lapsen liput", "lapsen lippuja", "barn", "antal barn", "barnbiljetter"),
    },
    "child_years": {"child birth years", "children's birth years", "lasten syntymavuodet", "barnens fodelsear"},
    "first_day": {
        *("first day", "first valid day", "valid from", "ensimmainen paiva", "ensimmainen voimassaolopaiva", "alkaa"),
        *("alkupaiva", "voimassa alkaen", "forsta dag", "forsta dagen", "forsta giltighetsdag", "giltigt fran"),
    },
    "last_day": {
        *("last day", "last valid day", "valid to", "valid until", "viimeinen paiva", "viimeinen voimassaolopaiva"),
        *("paattyy", "paattymispaiva", "voimassa asti", "voimassa saakka", "sista dag", "sista dagen"),
        *("sista giltighetsdag", "giltigt till"),
    },
    "language": {"language", "kieli", "sprak"},
    "life_situation": {"life situation", "elamantilanne", "livssituation"},
    "gender": {"gender", "sukupuoli", "kon"},
}
NEEDED = ("number", "birth_year", "postcode", "first_day", "last_day")

# Value → what a cell may call it, folded.
LANGUAGE_WORDS = {
    "fi": {"fi", "suomi", "finska", "finnish"},
    "sv": {"sv", "ruotsi", "svenska", "swedish"},
    "en": {"en", "englanti", "engelska", "english"},
}
GENDER_WORDS: dict[str, set[str]] = {
    "woman": {"nainen", "kvinna", "a woman", "female"},
    "man": {"mies", "a man", "male"},
    "other": {"muu", "annat"},
}
SITUATION_WORDS: dict[str, set[str]] = {
    "working": {"tyossa", "tyoelamassa", "i arbete", "i arbetslivet"},
    "studying": {"opiskelija", "opiskelee", "student", "studerande", "studerar"},
    "unemployed": {"tyoton", "arbetslos"},
    "retired": {"elakkeella", "elakelainen", "pensionerad", "pensionar"},
    "at_home_with_children": {"kotona lasten kanssa", "hemma med barn", "at home with children"},
    "other": {"muu", "jokin muu", "annat", "nagot annat", "something else"},
}


@dataclass(frozen=True)
class Fault:
    """Why a row is refused. `row` counts as a spreadsheet does: the header is row 1. `column` is one of COLUMNS, or
    None where it is the row or the file as a whole."""

    row: int
    column: str | None
    reason: str
    facts: dict[str, Any] = field(default_factory=dict)


Row = dict[str, Any]  # plain values, as `card_imports` keeps them; days as ISO text, children as birth years or None


def read(data: bytes, *, today: date) -> tuple[list[Row], list[Fault]]:
    """The cards of a file, and what is wrong with it. Blank lines are skipped, wherever they are."""
    text, fault = _text(data)
    if fault is not None:
        return [], [fault]
    lines, faults = _lines(text)
    if not lines:
        return [], faults or [Fault(1, None, "file_empty")]
    header_row, header = lines[0]
    columns, faults_of_header = _columns(header, header_row)
    faults += faults_of_header
    if faults:
        return [], faults
    if len(lines) - 1 > MOST_ROWS:
        return [], [Fault(header_row, None, "rows_too_many", {"most": MOST_ROWS})]
    if len(lines) == 1:
        return [], [Fault(header_row, None, "rows_missing")]
    rows, seen = [], dict[str, int]()
    for number, cells in lines[1:]:
        reader = _RowReader(number, cells, columns, today)
        row = reader.row()
        first = seen.setdefault(row["number"] or f"row {number}", number)
        if first != number:
            reader.fault("number", "number_twice", first=first)
        rows.append(row)
        faults += reader.faults
    return rows, faults


def _text(data: bytes) -> tuple[str, Fault | None]:
    """The text of a file in UTF-8, with or without its mark, or in Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "", Fault(1, None, "file_utf16")
    said, data = data.startswith(MARK), data.removeprefix(MARK)
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError as error:
        wrong = error.start
    # What has letters of UTF-8 in it is a broken file of that kind: by the other table ä would become Ã¤.
    if not said and not re.search(rb"\xc3[\x80-\xbf]", data):
        try:
            return data.decode("cp1252"), None
        except UnicodeDecodeError as error:
            wrong = error.start
    line_start = data.rfind(b"\n", 0, wrong) + 1
    where = {"sign": wrong - line_start + 1}
    return "", Fault(data.count(b"\n", 0, wrong) + 1, None, "sign_unreadable", where)


def _lines(text: str) -> tuple[list[tuple[int, list[str]]], list[Fault]]:
    """(row, its cells) of each line that says something."""
    first = text.lstrip("\r\n").partition("\n")[0]
    # Finnish Excel separates by semicolons, others by commas; what is copied from a sheet has tabs.
    delimiter = max(DELIMITERS, key=lambda one: sum(_column(name) is not None for name in first.split(one)))
    reader, lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), []
    try:
        for row, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                lines.append((row, [unicodedata.normalize("NFC", cell).strip() for cell in cells]))
    except csv.Error:
        # The reader counts a line once it is read through.
        return [], [Fault(reader.line_num, None, "row_unreadable")]
    return lines, []


def _column(header: str) -> str | None:
    """Which column a header names, in any of the three languages."""
    name = " ".join(folded(header.strip().strip('"').replace("_", " ")).split())
    return next((column for column, names in COLUMNS.items() if name in names), None)


def _columns(header: list[str], row: int) -> tuple[list[str | None], list[Fault]]:
    """The column that each cell belongs to. An unknown one is refused and not passed over: it may hold what must never
    be stored."""
    columns, faults = [_column(name) for name in header], []
    for name, column in zip(header, columns, strict=True):
        if name and column is None:
            faults.append(Fault(row, None, "column_unknown", {"name": name[:40]}))
    known = [column for column in columns if column]
    faults += [Fault(row, name, "column_twice") for name in COLUMNS if known.count(name) > 1]
    faults += [Fault(row, name, "column_missing") for name in NEEDED if name not in known]
    if not {"children", "child_years"} & set(known):
        faults.append(Fault(row, "children", "column_missing"))
    return columns, faults


class _RowReader:
    """One row: each cell is asked for by its column; what does not fit is a fault of this row."""

    def __init__(self, number: int, cells: list[str], columns: list[str | None], today: date) -> None:
        self.number, self.today, self.faults = number, today, list[Fault]()
        self.cells = {column: cell for column, cell in zip(columns, cells, strict=False) if column}
        for column, cell in zip([*columns, *[None] * len(cells)], cells, strict=False):
            if column is None:
                if cell:
                    self.fault(None, "cell_without_column")
            elif len(cell) > LONGEST_CELL:
                self._drop(column, "cell_long")
            # Control signs, and what a program puts where it lost a letter.
            elif "\ufffd" in cell or any(unicodedata.category(sign).startswith("C") for sign in cell):
                self._drop(column, "sign_wrong")

    def fault(self, column: str | None, reason: str, **facts: Any) -> None:
        self.faults.append(Fault(self.number, column, reason, facts))

    def _drop(self, column: str, reason: str) -> None:
        self.fault(column, reason)
        del self.cells[column]

    def _read(self, column: str, read: Callable[[str], Any], empty: str | None) -> Any:
        """What `read` makes of a cell; it raises ValueError with the reason. `empty` is the reason where nothing is
        there, None where that is allowed."""
        text = self.cells.get(column, "")
        if not text:
            if empty and not any(fault.column == column for fault in self.faults):
                self.fault(column, empty)
            return None
        try:
            return read(text)
        except ValueError as error:
            self.fault(column, str(error))
            return None

    def row(self) -> Row:
        found: Row = {
            "row": self.number,
            "number": self._read("number", _card_number, "number_missing"),
            "birth_year": self._read("birth_year", self._birth_year, "year_missing"),
            "postcode": self._read("postcode", _postcode, "postcode_missing"),
            "children": self._children(),
            "first_day": self._read("first_day", _day, "day_missing"),
            "last_day": self._read("last_day", _day, "day_missing"),
            "language": self._read("language", _one_of(LANGUAGE_WORDS, "language_unknown"), None) or "fi",
            "life_situation": self._read("life_situation", _one_of(SITUATION_WORDS, "word_unknown"), None),
            "gender": self._read("gender", _one_of(GENDER_WORDS, "word_unknown"), None),
        }
        if found["first_day"] and found["last_day"] and found["first_day"] > found["last_day"]:
            self.fault("last_day", "days_backward")
        return found

    def _birth_year(self, text: str) -> int:
        year = _year(text)
        if not 1900 <= year <= self.today.year:
            raise ValueError("year_shape")
        if not rules.may_have_card(year, self.today.year):
            raise ValueError("too_young")
        return year

    def _children(self) -> list[int | None]:
        """The birth year of each child ticket; None where only their number is known."""
        years: list[int] | None = self._read("child_years", self._child_years, None)
        count: int | None = None
        if self.cells.get("children") or "child_years" not in self.cells:
            count = self._read("children", _count, "children_missing")
        if years and count is not None and count != len(years):
            self.fault("children", "children_differ")
        return list(years) if years else [None] * (count or 0)

    def _child_years(self, text: str) -> list[int]:
        years = [_year(one) for one in re.split(r"[\s,;/+]+", text)]
        if not all(1900 <= year <= self.today.year for year in years):
            raise ValueError("year_shape")
        if len(years) > MOST_CHILDREN:
            raise ValueError("too_many_children")
        return years


def _card_number(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text)
    if re.fullmatch(r"[0-9]+([.,][0-9]+)?E\+[0-9]+|[0-9]+[.,][0-9]+E[0-9]+", plain, re.I):
        raise ValueError("number_rounded")
    number = None if re.search(r"[.,]", plain) else normalise(plain)
    if number is None:
        raise ValueError("number_shape")
    return number


def _year(text: str) -> int:
    if not re.fullmatch(r"[0-9]{4}", text):
        raise ValueError("year_shape")
    return int(text)


def _postcode(text: str) -> str:
    if not re.fullmatch(r"[0-9]{5}", text):
        raise ValueError("postcode_shape")
    return text


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,2}", text):
        raise ValueError("count_shape")
    if int(text) > MOST_CHILDREN:
        raise ValueError("too_many_children")
    return int(text)


def _day(text: str) -> str:
    """A day as 5.12.2026 or 2026-12-05, as ISO text. Of two digits nobody knows the century."""
    if re.fullmatch(r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{2}", text):
        raise ValueError("day_two_digits")
    parts = re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", text)
    iso = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", text)
    try:
        if iso:
            found = date(int(iso[1]), int(iso[2]), int(iso[3]))
        elif parts:
            found = date(int(parts[3]), int(parts[2]), int(parts[1]))
        else:
            raise ValueError
    except ValueError:
        raise ValueError("day_shape") from None
    # The first card was given in 2015; a code counts its days up to 2199 (CODES.md, "Bytes").
    if not 2015 <= found.year < 2199:
        raise ValueError("day_shape")
    return found.isoformat()


def _one_of(words: dict[str, set[str]], reason: str) -> Callable[[str], str]:
    """Reads one of these words, or the register's own."""

    def read(text: str) -> str:
        said = " ".join(folded(text.replace("_", " ")).split())
        for value, names in words.items():
            if said in names or said == value.replace("_", " "):
                return value
        raise ValueError(reason)

    return read
