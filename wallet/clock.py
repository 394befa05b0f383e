"""The clock: the only caller of datetime.now and time.time.

Times are timezone-aware UTC; days are days in Europe/Helsinki (DOMAIN.md, "Who gets a card", 9).
"""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

HELSINKI = ZoneInfo("Europe/Helsinki")


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


def helsinki_day(at: datetime) -> date:
    """The day in Finland at the moment `at` (aware)."""
    return at.astimezone(HELSINKI).date()


def helsinki_year(at: datetime) -> int:
    """The calendar year in Finland at the moment `at` (aware)."""
    return helsinki_day(at).year
