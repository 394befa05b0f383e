"""Noon: the moment at which the register's tests take place."""

from collections.abc import Iterator

import pytest
import time_machine

from tests.register.scans import NOON


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
