"""Days and steps: the two ways a code tells time.

A day is a day in Europe/Helsinki, counted from 2020-01-01; a step is 15 seconds, counted from the Unix epoch.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

HELSINKI = ZoneInfo("Europe/Helsinki")
DAY_ZERO = date(2020, 1, 1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=15)


def number_of_day(day: date) -> int:
    """The day number of a calendar day; negative before 2020, which no code can carry."""
    return (day - DAY_ZERO).days


def date_of_day(number: int) -> date:
    """The calendar day of a day number."""
    return DAY_ZERO + timedelta(days=number)


def day_at(at: datetime) -> int:
    """The number of the day it is in Helsinki at a moment. ValueError when `at` has no time zone."""
    return number_of_day(_aware(at).astimezone(HELSINKI).date())


def step_at(at: datetime) -> int:
    """The step that a moment lies in. ValueError when `at` has no time zone."""
    return (_aware(at) - EPOCH) // STEP


def step_start(step: int) -> datetime:
    """The first moment of a step, in UTC."""
    return EPOCH + step * STEP


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return at
