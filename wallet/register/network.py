"""Loading a network from three files: areas.csv, venues.csv, issuers.csv. All or nothing, and safe to do again.

Every fault is told by file and row. A blank cell is "not known", never "none". A row that is there already is brought
up to date; nothing is deleted, since uses point at venues and cards at units.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from wallet.register import journal
from wallet.register.database import act, db
from wallet.register.errors import FileRefused
from wallet.register.tables import Area, Issuer, Unit, Venue
from wallet.register.venues import folded

# Reports count by sector (DOMAIN.md, "What is recorded"); the files tell categories.
SECTORS = {
    "museum": "culture",
    "theatre": "culture",
    "festival": "culture",
    "music": "culture",
    "film": "culture",
    "opisto": "education",
    "science": "science",
    "sports": "sport",
    "other": "culture",
}
AREA_STATUS = {"pilot": "pilot", "established": "established", "ended": "ended", "pop-up": "popup"}
FARTHEST_M = 1_000_000
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")

Row = dict[str, str]
Fault = tuple[str, int, str]


@dataclass(frozen=True)
class Loaded:
    """How many rows of each file are in the register now."""

    areas: int
    venues: int
    issuers: int


class _File:
    """One file while it is read: its rows, and the faults found in them."""

    def __init__(self, path: Path, needed: tuple[str, ...], faults: list[Fault]) -> None:
        self.name, self.faults, self.ids = path.name, faults, dict[str, int]()
        self.rows: list[tuple[int, Row]] = []
        try:
            self._read(path.read_bytes().decode("utf-8-sig"), needed)
        except FileNotFoundError:
            self.fault(0, "the file is missing")
        except UnicodeDecodeError:
            self.fault(0, "the file is not UTF-8")

    def _read(self, text: str, needed: tuple[str, ...]) -> None:
        header = text.partition("\n")[0]
        # Finnish Excel separates by semicolons.
        delimiter = ";" if header.count(";") > header.count(",") else ","
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True, restkey="", delimiter=delimiter)
        try:
            missing = [name for name in needed if name not in (reader.fieldnames or ())]
            if missing:
                self.fault(1, f"columns missing: {', '.join(missing)}")
                return
            for row in reader:
                if any("\0" in (value or "") for value in row.values()):
                    self.fault(reader.line_num, "the row has a NUL sign in it")
                elif None in row.values() or "" in row:
                    self.fault(reader.line_num, "the row has another number of cells than the header")
                elif any(value.strip() for value in row.values()):
                    self.rows.append((reader.line_num, {name: value.strip() for name, value in row.items()}))
        except csv.Error as error:
            # The reader counts a line once it is read through.
            self.fault(reader.line_num + 1, f"not readable as CSV: {error}")

    def fault(self, line: int, text: str) -> None:
        self.faults.append((self.name, line, text))

    def each(self) -> Iterator["_Cells"]:
        """The rows with a good id of their own."""
        for line, row in self.rows:
            cells = _Cells(self, line, row)
            if not _SLUG.fullmatch(row["id"]):
                self.fault(line, f"id {row['id']!r} is not made of a–z, 0–9 and hyphens")
            elif row["id"] in self.ids:
                self.fault(line, f"id {row['id']!r} is on row {self.ids[row['id']]} already")
            else:
                self.ids[row["id"]] = line
                yield cells


class _Cells:
    """One row: each cell is asked for by name and kind; what does not fit is a fault of this row."""

    def __init__(self, file: _File, line: int, row: Row) -> None:
        self.file, self.line, self.row = file, line, row

    def _as(self, name: str, read: Callable[[str], Any], what: str) -> Any:
        text = self.row.get(name, "")
        if not text:
            return None
        try:
            return read(text)
        except (ValueError, KeyError):
            self.file.fault(self.line, f"{name} {text!r} is not {what}")
            return None

    def text(self, name: str, longest: int) -> str | None:
        text = self.row.get(name, "")
        if len(text) > longest:
            self.file.fault(self.line, f"{name} is longer than {longest} signs")
        return text[:longest] or None

    def needed(self, name: str, longest: int) -> str:
        if not self.row.get(name):
            self.file.fault(self.line, f"{name} is empty")
        return self.text(name, longest) or ""

    def one_of(self, name: str, words: dict[str, str]) -> str:
        return self._as(name, words.__getitem__, f"one of {', '.join(words)}") or next(iter(words.values()))

    def yes(self, name: str) -> bool:
        return self._as(name, {"yes": True, "no": False}.__getitem__, "yes or no") or False

    def first_day(self, name: str) -> date | None:
        """A year's first day, or a day."""
        return self._as(name, lambda text: _day(text, 1, 1), "a year or a day like 2026-11-25")  # type: ignore[no-any-return]

    def last_day(self, name: str) -> date | None:
        """A year's last day, or a day."""
        return self._as(name, lambda text: _day(text, 12, 31), "a year or a day like 2026-11-25")  # type: ignore[no-any-return]

    def degrees(self, name: str, low: float, high: float) -> float | None:
        def read(text: str) -> float:
            value = float(text)
            if not low <= value <= high:
                raise ValueError
            return value

        return self._as(name, read, f"a number between {low} and {high} with a decimal point")  # type: ignore[no-any-return]

    def metres(self, name: str) -> int | None:
        def read(text: str) -> int:
            value = int(text)
            if not 0 <= value <= FARTHEST_M:
                raise ValueError
            return value

        return self._as(name, read, f"a whole number of metres up to {FARTHEST_M}")  # type: ignore[no-any-return]


def _day(text: str, month: int, day: int) -> date:
    return date(int(text), month, day) if re.fullmatch(r"\d{4}", text) else date.fromisoformat(text)


def load_network(folder: Path, *, at: datetime) -> Loaded:
    """Bring the three files of `folder` into the register. All or nothing: raises FileRefused with every fault."""
    faults: list[Fault] = []
    areas = _File(folder / "areas.csv", ("id", "name_fi", "area_type", "status"), faults)
    venues = _File(folder / "venues.csv", ("id", "name_fi", "category", "area"), faults)
    issuers = _File(folder / "issuers.csv", ("id", "name_fi", "area"), faults)
    rows: list[Area | Venue | Issuer] = [_area(cells) for cells in areas.each()]
    known = {*areas.ids, *db.session.scalars(select(Area.id))}
    for file, make in ((venues, _venue), (issuers, _issuer)):
        for cells in file.each():
            if cells.row["area"] not in known:
                file.fault(cells.line, f"area {cells.row['area']!r} is not in areas.csv")
            rows.append(make(cells))
    if faults:
        raise FileRefused(faults)
    with act() as session:
        for row in rows:
            session.merge(row)
            session.flush()
        for issuer_id in issuers.ids:
            if session.scalar(select(Unit.id).where(Unit.issuer_id == issuer_id).limit(1)) is None:
                # An issuer of one desk: its unit has its name.
                session.add(Unit(issuer_id=issuer_id, name=session.get(Issuer, issuer_id).name))
        loaded = Loaded(len(areas.ids), len(venues.ids), len(issuers.ids))
        journal.write("register:network:loaded", at=at, **loaded.__dict__)
    return loaded


def _area(cells: _Cells) -> Area:
    known = set(Area.__table__.columns.keys()) | {"centre_lat", "centre_lon", "coord_accuracy_m"}
    return Area(
        id=cells.row["id"],
        name_fi=cells.needed("name_fi", 120),
        name_sv=cells.text("name_sv", 120),
        area_type=cells.one_of("area_type", {"network": "network", "popup_city": "popup_city"}),
        status=cells.one_of("status", AREA_STATUS),
        pilot_ends=cells.last_day("pilot_until") if cells.row["status"] == "pilot" else None,
        lat=cells.degrees("centre_lat", -90, 90),
        lon=cells.degrees("centre_lon", -180, 180),
        accuracy_m=cells.metres("coord_accuracy_m"),
        coord_source=cells.text("coord_source", 400),
        website=cells.text("website", 400),
        notes=cells.text("notes", 1000),
        details={name: value for name, value in cells.row.items() if name not in known and value},
    )


def _venue(cells: _Cells) -> Venue:
    names = [cells.needed("name_fi", 200), cells.text("name_sv", 200), cells.text("name_en", 200)]
    lat, lon = cells.degrees("lat", -90, 90), cells.degrees("lon", -180, 180)
    if (lat is None) != (lon is None):
        cells.file.fault(cells.line, "lat and lon go together")
    opens, closes = cells.first_day("valid_from"), cells.last_day("valid_until")
    if opens is not None and closes is not None and opens > closes:
        cells.file.fault(cells.line, "valid_from is after valid_until")
    return Venue(
        id=cells.row["id"],
        area_id=cells.row["area"],
        name_fi=names[0],
        name_sv=names[1],
        name_en=names[2],
        folded=folded(" ".join(name for name in names if name)),
        category=cells.needed("category", 40),
        sector=cells.one_of("category", SECTORS),
        address=cells.text("address", 200),
        postal_code=cells.text("postal_code", 10),
        city=cells.text("city", 80),
        lat=lat,
        lon=lon,
        accuracy_m=cells.metres("coord_accuracy_m"),
        coord_source=cells.text("coord_source", 400),
        website=cells.text("website", 400),
        popup=cells.yes("popup"),
        opens=opens,
        closes=closes,
        offers_ticket=cells.yes("offers_tickets"),
        offers_course=cells.yes("offers_course_places"),
        # A swimming hall or a gym may also give a season; the files have no column for it yet.
        offers_season=cells.yes("offers_season_rights"),
        notes=cells.text("notes", 1000),
    )


def _issuer(cells: _Cells) -> Issuer:
    return Issuer(
        id=cells.row["id"],
        area_id=cells.row["area"],
        name=cells.needed("name_fi", 200),
        kind=cells.text("kind", 60) or "",
        parent_organisation=cells.text("parent_organisation", 200),
        notes=cells.text("notes", 1000),
    )
