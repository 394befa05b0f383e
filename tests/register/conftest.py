"""Noon, at which the register's tests take place; and the holder's phone."""

from collections.abc import Iterator

import pytest
import time_machine

from tests.people import People
from tests.register.scans import NOON, phone_of


@pytest.fixture
def noon() -> Iterator[None]:
    """It is NOON, and stays so."""
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def from_noon() -> Iterator[None]:
    """It was NOON when the test began; the clock runs."""
    with time_machine.travel(NOON, tick=True):
        yield


@pytest.fixture
def phone(people: People) -> bytes:
    """The credential of the holder's phone."""
    return phone_of(people.holder)
