"""A phone whose sign-in ended becomes a gate again: another gate of the venue, with the old one's queue.

If these fail, a record that had reached the register before is stored a second time, or one venue's visits are stored
for another.
"""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.gate.doors import Door, Phone, scan
from tests.people import gate_at
from wallet.clock import now
from wallet.register.database import db
from wallet.register.tables import Card, Use
from wallet.register.tables_offline import Conflict

LATE = timedelta(minutes=30)


def config_of(door):
    return door.app.config["SETTINGS"]


def count(table):
    return db.session.scalar(select(func.count()).select_from(table))


@pytest.mark.parametrize("late", [timedelta(0), LATE], ids=["live", "late"])
@pytest.mark.parametrize(("shown", "another"), [("code", False), ("code", True), ("number", False), ("number", True)])
def test_what_the_old_gate_had_sent_is_not_stored_again(people, door, late, shown, another):
    """Also one more ticket by a typed number, which no unique index holds back."""
    at = now() - late
    phone = Phone(people.holder, config_of(door))
    number = db.session.scalar(select(Card.number).where(Card.id == people.holder.card_id))
    record = scan(phone.code(at=at), at=at) if shown == "code" else scan(at=at, number=number)
    record |= {"another": another}
    [first] = door.record(record)
    assert first["recorded"]
    [again] = Door(door.app, gate_at("museo", "Etuovi anew")).record(record)
    assert again == first
    assert (count(Use), count(Conflict)) == (1, 0)


def test_another_venues_gate_takes_none_of_it(app, people, door, phone):
    """The page says whose gate it was; a tab may not know that its phone was enrolled elsewhere."""
    other = Door(app, people.other_gate)
    record = scan(phone.code())
    for path, body in (("/gate/uses", {"records": [record]}), ("/gate/check", {"record": record})):
        answer = other.post(path, body | {"venue": "museo"})
        assert (answer.status_code, answer.json) == (409, {"error": "other_venue"})
    assert count(Use) == 0
    [taken] = other.post("/gate/uses", {"records": [record], "venue": "teatteri"}).json["answers"]
    assert taken["recorded"]
    assert door.post("/gate/uses", {"records": [], "venue": "museo"}).json["answers"] == []
