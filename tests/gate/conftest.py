"""A gate's browser, and the phone of the holder who stands before it."""

import pytest
from flask import Flask

from tests.gate.doors import Door, Phone
from tests.people import People
from wallet.config import Settings


@pytest.fixture
def door(app: Flask, people: People) -> Door:
    """At "museo"."""
    return Door(app, people.gate)


@pytest.fixture
def other_door(app: Flask, people: People) -> Door:
    """At "teatteri"."""
    return Door(app, people.other_gate)


@pytest.fixture
def phone(people: People, settings: Settings) -> Phone:
    """The holder's; two of their three child tickets open doors."""
    return Phone(people.holder, settings)


@pytest.fixture
def visitor(people: People, settings: Settings) -> Phone:
    """The other holder's; no children."""
    return Phone(people.other_holder, settings)
