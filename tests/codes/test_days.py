"""Days and steps. Missed otherwise: a card that ends an hour early in summer, or a day early on a DST night."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.codes.days import date_of_day, day_at, number_of_day, step_at, step_start

YEARS = [datetime(year, 1, 2, tzinfo=UTC).replace(tzinfo=None) for year in (2020, 2150)]
moments = st.datetimes(*YEARS, timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("day", "number"),
    [
        (date(2020, 1, 1), 0),
        (date(2020, 2, 29), 59),
        (date(2020, 12, 31), 365),  # a leap year
        (date(2021, 1, 1), 366),
        (date(2024, 12, 31), 1826),
        (date(2019, 12, 31), -1),
    ],
)
def test_day_numbers(day, number):
    assert number_of_day(day) == number
    assert date_of_day(number) == day


@pytest.mark.parametrize(
    ("name", "first", "hours"),
    [
        ("an ordinary day", datetime(2026, 5, 3, 21, tzinfo=UTC), 24),
        ("spring's change", datetime(2026, 3, 28, 22, tzinfo=UTC), 23),
        ("autumn's change", datetime(2026, 10, 24, 21, tzinfo=UTC), 25),
    ],
)
def test_a_day_is_as_long_as_it_is_in_helsinki(name, first, hours):
    day = day_at(first)
    instant = timedelta(microseconds=1)
    assert day_at(first - instant) == day - 1
    assert {day_at(first + timedelta(minutes=m)) for m in range(hours * 60)} == {day}
    assert day_at(first + timedelta(hours=hours) - instant) == day
    assert day_at(first + timedelta(hours=hours)) == day + 1


def test_the_zone_of_the_moment_does_not_matter():
    tokyo = timezone(timedelta(hours=9))
    at = datetime(2026, 5, 4, 20, 59, tzinfo=UTC)
    assert day_at(at.astimezone(tokyo)) == day_at(at) == number_of_day(date(2026, 5, 4))
    assert step_at(at.astimezone(tokyo)) == step_at(at)


@given(moments)
def test_a_moment_lies_in_its_step(at):
    step = step_at(at)
    assert step_start(step) <= at < step_start(step + 1)
    assert step == at.timestamp() // 15


@given(moments)
def test_days_never_go_backwards(at):
    assert day_at(at) <= day_at(at + timedelta(seconds=1)) <= day_at(at) + 1


@pytest.mark.parametrize("ask", [day_at, step_at])
def test_a_moment_without_a_zone_is_a_mistake(ask):
    with pytest.raises(ValueError, match="time zone"):
        ask(datetime(2026, 5, 4, 12))  # noqa: DTZ001 - the mistake itself
