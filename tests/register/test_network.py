"""Loading a network: the real one that comes with the product, and the files that anyone makes of their own."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.register.scans import NOON
from wallet.register import network, venues
from wallet.register.database import act, db
from wallet.register.errors import FileRefused
from wallet.register.network import Loaded, load_network
from wallet.register.tables import Area, Issuer, JournalLine, Unit, Venue

SAMPLE = Path(network.__file__).resolve().parents[1] / "sample_network"

AREAS = """id,name_fi,name_sv,area_type,status,pilot_until,centre_lat,centre_lon,notes,remark
saaristo,Saaristo,Skärgården,network,pilot,2027,60.2,22.0,Two ferries,kept
lahti,Lahti,Lahtis,popup_city,pop-up,,,,,
"""
VENUES = """id,name_fi,name_sv,name_en,category,area,lat,lon,coord_accuracy_m,popup,valid_from,valid_until,\
offers_tickets,offers_course_places,notes
majakka,Majakka,Fyren,Lighthouse,museum,saaristo,60.1,21.9,50,no,,,yes,no,
areena,Areena,,,sports,lahti,,,,yes,2026,2026-08-31,yes,yes,"A note, with a comma
and a second line"
"""
ISSUERS = """id,name_fi,kind,area,parent_organisation,notes
seurakunta,Saariston seurakunta,parish,saaristo,,
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three good files."""
    for name, text in (("areas", AREAS), ("venues", VENUES), ("issuers", ISSUERS)):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def change(folder: Path, file: str, old: str, new: str) -> None:
    """Put `new` for `old` in a file, where it is exactly once."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def faults_of(folder: Path) -> list[tuple[str, int, str]]:
    """What is told of the files; nothing of them is kept."""
    with pytest.raises(FileRefused) as refused:
        load_network(folder, at=NOON)
    assert [db.session.scalar(select(func.count()).select_from(table)) for table in (Area, Venue, Issuer, Unit)] == [
        0
    ] * 4
    return refused.value.faults


def everything() -> list[tuple[object, ...]]:
    """Every row of the network."""
    db.session.rollback()
    return [
        tuple(row)
        for table in (Area, Venue, Issuer, Unit)
        for row in db.session.execute(select(table.__table__).order_by(table.id))
    ]


def test_the_real_network_loads(app: Flask) -> None:
    """6 areas, 42 venues, 29 issuers: as many as its files have rows."""
    assert load_network(SAMPLE, at=NOON) == Loaded(areas=6, venues=42, issuers=29)
    assert sum(area.venues for area in venues.areas()) == 42
    assert sum(area.issuers for area in venues.areas()) == 29
    vapriikki = db.session.get_one(Venue, "vapriikki")
    assert (vapriikki.name_fi, vapriikki.name_en) == ("Museokeskus Vapriikki", "Vapriikki Museum Centre")
    assert (vapriikki.sector, vapriikki.lat, vapriikki.accuracy_m) == ("culture", 61.503, 40)
    assert (vapriikki.offers_ticket, vapriikki.offers_course, vapriikki.popup) == (True, False, False)
    ateneum = db.session.get_one(Venue, "ateneum")
    assert (ateneum.popup, ateneum.closes) == (True, date(2025, 12, 31))
    assert db.session.get_one(Area, "nokia").pilot_ends == date(2025, 12, 31)
    assert db.session.get_one(Area, "tampere").pilot_ends is None, "its pilot became permanent"
    assert db.session.scalar(select(func.count()).select_from(Unit)) == 29


def test_loading_again_changes_nothing(app: Flask) -> None:
    load_network(SAMPLE, at=NOON)
    first = everything()
    assert load_network(SAMPLE, at=NOON) == Loaded(6, 42, 29)
    assert everything() == first
    lines = db.session.scalars(select(JournalLine.facts).where(JournalLine.act == "register:network:loaded")).all()
    assert lines == [{"areas": 6, "venues": 42, "issuers": 29}] * 2


def test_files_of_ones_own_load(app: Flask, folder: Path) -> None:
    assert load_network(folder, at=NOON) == Loaded(2, 2, 1)
    area = db.session.get_one(Area, "saaristo")
    assert (area.name_sv, area.status, area.pilot_ends, area.lat) == ("Skärgården", "pilot", date(2027, 12, 31), 60.2)
    assert area.details == {"pilot_until": "2027", "remark": "kept"}
    arena = db.session.get_one(Venue, "areena")
    assert (arena.sector, arena.popup, arena.opens, arena.closes) == (
        "sport",
        True,
        date(2026, 1, 1),
        date(2026, 8, 31),
    )
    assert (arena.offers_course, arena.lat, arena.name_sv) == (True, None, None)
    assert arena.notes == "A note, with a comma\nand a second line"
    assert db.session.get_one(Venue, "majakka").folded == "majakka fyren lighthouse"
    unit = db.session.scalars(select(Unit)).one()
    assert (unit.issuer_id, unit.name) == ("seurakunta", "Saariston seurakunta")


@pytest.mark.parametrize(
    "spell",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: (text + "\n,,,\n\n").encode(),
        lambda text: text.rstrip("\n").encode(),
    ],
    ids=["BOM", "CRLF", "blank rows", "no last line end"],
)
def test_however_a_spreadsheet_saved_it(app: Flask, folder: Path, spell: Callable[[str], bytes]) -> None:
    text = "id,name_fi,kind,area\nseurakunta,Saariston seurakunta,parish,saaristo\n"
    (folder / "issuers.csv").write_bytes(spell(text))
    assert load_network(folder, at=NOON).issuers == 1
    assert db.session.get_one(Issuer, "seurakunta").name == "Saariston seurakunta"


def test_semicolons_as_finnish_excel_saves(app: Flask, folder: Path) -> None:
    text = "id;name_fi;kind;area\nseurakunta;Saaristo, seurakunta;parish;saaristo\n"
    (folder / "issuers.csv").write_text(text, encoding="utf-8-sig")
    load_network(folder, at=NOON)
    assert db.session.get_one(Issuer, "seurakunta").name == "Saaristo, seurakunta"


def test_a_changed_row_is_brought_up_to_date_and_nothing_is_deleted(app: Flask, folder: Path) -> None:
    load_network(folder, at=NOON)
    with act() as session:
        session.get_one(Area, "saaristo").local_only = True
        session.get_one(Venue, "majakka").record_at_once = True
    change(folder, "venues.csv", "majakka,Majakka,Fyren", "majakka,Uusi majakka,Fyren")
    (folder / "issuers.csv").write_text("id,name_fi,area\nmarttayhdistys,Martat,saaristo\n", encoding="utf-8")
    assert load_network(folder, at=NOON) == Loaded(2, 2, 1)
    lighthouse = db.session.get_one(Venue, "majakka")
    assert (lighthouse.name_fi, lighthouse.folded) == ("Uusi majakka", "uusi majakka fyren lighthouse")
    # What is set in the register, and has no column in the files, stays.
    assert lighthouse.record_at_once
    assert db.session.get_one(Area, "saaristo").local_only
    assert set(db.session.scalars(select(Issuer.id))) == {"seurakunta", "marttayhdistys"}


def test_an_area_that_is_in_the_register_needs_no_row(app: Flask, folder: Path) -> None:
    load_network(folder, at=NOON)
    change(folder, "areas.csv", "lahti,Lahti,Lahtis,popup_city,pop-up,,,,,\n", "")
    assert load_network(folder, at=NOON) == Loaded(1, 2, 1)


DAY_OR_YEAR = "is not a year or a day like 2026-11-25"


@pytest.mark.parametrize(
    ("file", "old", "new", "row", "told"),
    [
        ("areas.csv", "saaristo,Saaristo", "Saaristo!,Saaristo", 2, "id 'Saaristo!' is not made of a–z, 0–9"),
        ("areas.csv", "lahti,Lahti", ",Lahti", 3, "id '' is not made of"),
        ("areas.csv", "lahti,Lahti", "saaristo,Lahti", 3, "id 'saaristo' is on row 2 already"),
        ("areas.csv", "saaristo,Saaristo,", "saaristo,,", 2, "name_fi is empty"),
        ("areas.csv", "saaristo,Saaristo,", f"saaristo,{'x' * 121},", 2, "name_fi is longer than 120 signs"),
        ("areas.csv", "network,pilot", "network,trial", 2, "status 'trial' is not one of pilot, established, ended"),
        ("areas.csv", "network,pilot", "region,pilot", 2, "area_type 'region' is not one of network, popup_city"),
        ("areas.csv", "pilot,2027", "pilot,soon", 2, f"pilot_until 'soon' {DAY_OR_YEAR}"),
        ("areas.csv", "pilot,2027", "pilot,31.12.2027", 2, DAY_OR_YEAR),
        ("areas.csv", "pilot,2027", "pilot,0000", 2, DAY_OR_YEAR),
        ("areas.csv", "60.2,22.0", "90.5,22.0", 2, "centre_lat '90.5' is not a number between -90 and 90"),
        ("areas.csv", "60.2,22.0", "60.2,nan", 2, "centre_lon 'nan' is not a number between -180 and 180"),
        ("areas.csv", "60.2,22.0", "60.2,east", 2, "centre_lon 'east' is not a number"),
        ("areas.csv", "kept", "kept,one more", 2, "another number of cells"),
        ("areas.csv", ",Two ferries,kept", "", 2, "another number of cells"),
        ("areas.csv", "Two ferries", "Two\x00ferries", 2, "NUL"),
        ("areas.csv", "Two ferries", '"Two ferries', 0, "not readable as CSV"),
        ("areas.csv", "Two ferries", '"Two" ferries', 2, "not readable as CSV"),
        ("areas.csv", "area_type,status", "kind,state", 1, "columns missing: area_type, status"),
        ("venues.csv", "museum,saaristo", "museum,atlantis", 2, "area 'atlantis' is not in areas.csv"),
        ("venues.csv", "museum,saaristo", "circus,saaristo", 2, "category 'circus' is not one of museum, theatre"),
        ("venues.csv", "museum,saaristo", ",saaristo", 2, "category is empty"),
        ("venues.csv", "60.1,21.9", "60.1,", 2, "lat and lon go together"),
        ("venues.csv", "60.1,21.9", '"60,1",21.9', 2, "lat '60,1' is not a number between -90 and 90 with a decimal"),
        ("venues.csv", "21.9,50", "21.9,about", 2, "coord_accuracy_m 'about' is not a whole number of metres"),
        ("venues.csv", "21.9,50", "21.9,9999999999", 2, "coord_accuracy_m '9999999999' is not a whole number"),
        ("venues.csv", "21.9,50", "21.9,-5", 2, "coord_accuracy_m '-5' is not a whole number"),
        ("venues.csv", "50,no", "50,perhaps", 2, "popup 'perhaps' is not yes or no"),
        ("venues.csv", "2026,2026-08-31", "2027,2026-08-31", 4, "valid_from is after valid_until"),
        ("issuers.csv", "parish,saaristo", "parish,", 2, "area '' is not in areas.csv"),
        ("issuers.csv", "parish", "p" * 61, 2, "kind is longer than 60 signs"),
    ],
)
def test_each_fault_is_told_by_file_and_row(
    app: Flask, folder: Path, *, file: str, old: str, new: str, row: int, told: str
) -> None:
    change(folder, file, old, new)
    faults = faults_of(folder)
    assert any(name == file and (line == row or not row) and told in text for name, line, text in faults), faults


def test_a_column_that_may_be_missing_is_not_known(app: Flask, folder: Path) -> None:
    """A blank cell is "not known", never "none"."""
    change(folder, "areas.csv", "pilot_until", "until")
    load_network(folder, at=NOON)
    assert db.session.get_one(Area, "saaristo").pilot_ends is None


def test_every_fault_is_told_at_once(app: Flask, folder: Path) -> None:
    change(folder, "areas.csv", "network,pilot", "region,trial")
    change(folder, "venues.csv", "museum,saaristo", "circus,atlantis")
    (folder / "issuers.csv").unlink()
    faults = faults_of(folder)
    assert {(file, row) for file, row, _ in faults} == {("areas.csv", 2), ("venues.csv", 2), ("issuers.csv", 0)}
    assert len(faults) == 5


def test_a_file_that_is_missing_empty_or_of_another_encoding(app: Flask, folder: Path) -> None:
    (folder / "areas.csv").write_bytes("id,name_fi\nåland,Åland\n".encode("latin-1"))
    (folder / "venues.csv").write_text("", encoding="utf-8")
    (folder / "issuers.csv").unlink()
    assert faults_of(folder) == [
        ("areas.csv", 0, "the file is not UTF-8"),
        ("venues.csv", 1, "columns missing: id, name_fi, category, area"),
        ("issuers.csv", 0, "the file is missing"),
    ]


def test_a_refusal_reads_as_one_line(app: Flask, folder: Path) -> None:
    (folder / "issuers.csv").unlink()
    with pytest.raises(FileRefused, match=r"issuers\.csv:0: the file is missing"):
        load_network(folder, at=NOON)
