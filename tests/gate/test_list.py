"""The gates' list over the wire: who may have it, when its number moves."""

from datetime import timedelta

import time_machine
from flask import Flask

from tests.gate.doors import Door, Phone
from tests.people import People
from wallet.clock import now
from wallet.codes import lists
from wallet.config import Settings
from wallet.register import blocking


def read(door: Door, settings: Settings) -> lists.WithdrawalList:
    answer = door.ask("/gate/list")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return lists.read(answer.text, settings.keyring, settings.host)


def test_everyone_may_have_it_since_it_holds_nobody(app: Flask, people: People, settings: Settings) -> None:
    found = read(Door(app, None), settings)
    assert (found.number, found.withdrawn) == (1, frozenset())
    assert "private" not in str(found.keys)


def test_its_number_moves_with_what_it_says_and_after_ten_minutes(
    people: People, door: Door, phone: Phone, settings: Settings
) -> None:
    first = read(door, settings)
    assert read(door, settings) == first
    blocking.block_card(people.holder.card_id, "lost", by=people.desk, at=now())
    second = read(door, settings)
    assert (second.number, second.withdrawn) == (2, {phone.signed[3:8]})
    with time_machine.travel(now() + timedelta(minutes=11)):
        third = read(door, settings)
    assert (third.number, third.withdrawn) == (3, second.withdrawn)
    assert third.issued > second.issued
