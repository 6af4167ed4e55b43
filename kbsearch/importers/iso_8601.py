"""Moments as ISO 8601 and RFC 3339 write them; files and the API read them alike."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_WRITTEN = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d|\d{8}|\d{4}-\d{3}|\d{4}-?W\d\d-?\d)"
    r"(?:(?:[Tt_]|\s+)(?P<hour>\d\d)(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d))?)?(?:[.,](?P<part>\d+))?"
    r"\s?(?P<zone>[Zz]|(?P<sign>[-+−])(?P<hours>\d\d)(?::?(?P<minutes>\d\d))?)?)?",
    re.ASCII,
)
_ORDINAL = re.compile(r"(?P<year>\d{4})-(?P<day>\d{3})", re.ASCII)
_LEAP, _LAST_MINUTES = 60, {14, 29, 44, 59}
"""A leap second, and the minutes that it may end: 23:59 UTC in zones of whole quarters of an hour."""
_MIDNIGHT = 24
_HOUR, _MINUTE, _SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
_MICRO = timedelta(microseconds=1)


def read_moment(text: str) -> datetime:
    """The moment that ``text`` writes; naive when it has no zone.  Seconds have six places, others are cut.

    Dates may be of the calendar (2026-03-02, 20260302), of weeks (2026-W10-1) or count days (2026-061), a
    time may stop at hours or minutes, its last number may have a fraction behind a point or a comma, and an
    offset may be Z, +03, +0300 or +03:00.  24:00 is midnight, and 23:59:60 the second after 23:59:59.

    Raises:
        ValueError: it is written otherwise, or, with a message, there is no such day, time or offset.
        OverflowError: it lies outside of the years 1 to 9999.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError
    return (_day(found["date"]) + _since_midnight(found)).replace(tzinfo=_zone(found))


def _day(date: str) -> datetime:
    try:
        if not (counted := _ORDINAL.fullmatch(date)):
            return datetime.fromisoformat(date)
        day = datetime(int(counted["year"]), 1, 1) + timedelta(days=int(counted["day"]) - 1)
        if day.year == int(counted["year"]):
            return day
    except ValueError as error:
        raise ValueError("there is no such day") from error
    raise ValueError("there is no such day")


def _since_midnight(found: re.Match[str]) -> timedelta:
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    unit = _SECOND if found["second"] else _MINUTE if found["minute"] else _HOUR
    part = timedelta(microseconds=int(f"{found['part'] or 0:0<12}"[:12]) * (unit // _MICRO) // 10**12)
    whole = hour * _HOUR + minute * _MINUTE + second * _SECOND
    leaps = second == _LEAP and minute in _LAST_MINUTES
    if hour == _MIDNIGHT and not minute and not second and not part:
        return whole
    if hour >= _MIDNIGHT or minute > 59 or (second > 59 and not leaps):  # noqa: PLR2004  # a clock's
        raise ValueError("there is no such time")
    return whole + part


def _zone(found: re.Match[str]) -> tzinfo | None:
    if not found["zone"]:
        return None
    hours, minutes = int(found["hours"] or 0), int(found["minutes"] or 0)
    if hours >= _MIDNIGHT or minutes > 59:  # noqa: PLR2004  # a clock's
        raise ValueError("there is no such offset")
    ahead = hours * _HOUR + minutes * _MINUTE
    return timezone(ahead if found["sign"] == "+" else -ahead) if ahead else UTC
