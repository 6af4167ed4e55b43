"""Weeks and months of the school: they begin on Mondays and firsts, at midnight of its time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kbsearch.errors import InvalidInput

_WEEK = re.compile(r"(\d{4})-W(\d{1,2})", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{1,2})", re.ASCII)
EARLIEST, LATEST = 1971, 9000
"""Years that databases and time zones agree on."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``first`` up to, but without, ``end``."""

    first: date
    end: date
    zone: ZoneInfo

    @property
    def start_at(self) -> datetime:
        """The moment that it begins at."""
        return datetime.combine(self.first, time(), self.zone)

    @property
    def end_at(self) -> datetime:
        """The moment that the next one begins at."""
        return datetime.combine(self.end, time(), self.zone)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.end - timedelta(days=1)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.first).days


def week_of(day: date, zone: ZoneInfo) -> Period:
    """The week that ``day`` lies in."""
    first = day - timedelta(days=day.weekday())
    return Period(first, first + timedelta(weeks=1), zone)


def month_of(day: date, zone: ZoneInfo) -> Period:
    """The month that ``day`` lies in."""
    first = day.replace(day=1)
    return Period(first, (first + timedelta(days=31)).replace(day=1), zone)


def weeks_until(day: date, count: int, zone: ZoneInfo) -> list[Period]:
    """The ``count`` weeks up to that of ``day``, oldest first."""
    last = week_of(day, zone)
    return [week_of(last.first - timedelta(weeks=ago), zone) for ago in range(count - 1, -1, -1)]


def week_named(name: str, zone: ZoneInfo) -> Period:
    """The week called ``name``: 2026-W47, or a day of it.

    Raises:
        InvalidInput: there is no such week.
    """
    try:
        if found := _WEEK.fullmatch(name):
            return week_of(_sane(date.fromisocalendar(int(found[1]), int(found[2]), 1)), zone)
        return week_of(_sane(date.fromisoformat(name)), zone)
    except ValueError:
        raise InvalidInput(
            "'{name}' is no week.", remedy="Write it as 2026-W47, or name a day of it.", name=name[:40]
        ) from None


def month_named(name: str, zone: ZoneInfo) -> Period:
    """The month called ``name``: 2026-11.

    Raises:
        InvalidInput: there is no such month.
    """
    found = _MONTH.fullmatch(name)
    try:
        if found:
            return month_of(_sane(date(int(found[1]), int(found[2]), 1)), zone)
    except ValueError:
        pass
    raise InvalidInput("'{name}' is no month.", remedy="Write it as 2026-11.", name=name[:40])


def name_of_week(period: Period) -> str:
    """As `week_named` reads it."""
    year, week, _ = period.first.isocalendar()
    return f"{year}-W{week:02}"


def name_of_month(period: Period) -> str:
    """As `month_named` reads it."""
    return f"{period.first:%Y-%m}"


def _sane(day: date) -> date:
    if not EARLIEST <= day.year <= LATEST:
        raise ValueError(day)
    return day
