"""Dates as files write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

from kbsearch.errors import InvalidInput
from kbsearch.importers.iso_8601 import read_moment

_NUMBER = re.compile(r"\d{9,13}(?:[.,]\d+)?|\d{16}", re.ASCII)
_MILLISECONDS, _MICROSECONDS = 100_000_000_000, 100_000_000_000_000
"""A number from here on counts milliseconds, or microseconds: as seconds it would be after the year 5000."""

_WEEK = re.compile(r"(\d{4})-?[Ww](\d{1,2})")

_WRITINGS = tuple(
    f"{day}{time}"
    for day in ("%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%d/%m/%y", "%Y/%m/%d", "%d-%m-%Y", "%Y.%m.%d")
    for time in ("", " %H:%M", " %H:%M:%S", ", %H:%M", ", %H:%M:%S", "T%H:%M:%S")
)
_ISO = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")
_FRACTION = re.compile(r"(?<=:\d\d:\d\d)[.,]\d+$")
"""The fraction of a second; only ISO 8601 keeps it."""

_MONTHS = (
    ("янв", "jan"), ("фев", "feb"), ("мар", "mar"), ("апр", "apr"), ("мая", "май", "may"), ("июн", "jun"),
    ("июл", "jul"), ("авг", "aug"), ("сен", "sep"), ("окт", "oct"), ("ноя", "nov"), ("дек", "dec"),
)  # fmt: skip
_NAMED = re.compile(
    r"(?:[^\W\d_]+\.?,?\s+)??"  # day of the week
    r"(?:(?P<day>\d{1,2})[\s/-]+(?P<month>[^\W\d_]{3,10})|(?P<month2>[^\W\d_]{3,10})\.?\s+(?P<day2>\d{1,2}))"
    r"(?:[.,]?[\s/-]+(?P<year>\d{4})|[/-](?P<short>\d\d))(?:\s*г(?:\.|ода)?)?"
    r"(?:,?\s+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?)?",
    re.IGNORECASE,
)
"""Dates with the month's name: "четверг, 1 октября 2026 г., 10:15", "1/Oct/26 10:15"."""

_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})(?=/\d{2}(?:\d{2})?\b)")
"""The first two numbers of a date like 11/28/2026."""
MONTHS, DAYS = 12, 31
"""The most of a year and of a month."""
LOOKED_AT = 200
"""So many values of a column without a date like 11/28/2026 tell that it has none."""

_AT = re.compile(r",?\s+(?:в|at)\s+(?=\d)", re.IGNORECASE)
_ZONE = re.compile(
    r"(?<=[\d.m])\s+(?:(?:UTC|GMT)(?P<hours>[+-]\d{1,2})?(?::?(?P<minutes>\d\d))?|(?P<offset>[+-]\d\d:?\d\d))",
    re.IGNORECASE,
)
_HALF = re.compile(r"(?P<hour>\d{1,2})(?P<rest>:\d\d(?::\d\d)?)\s*(?P<half>[ap])\.?m\.?", re.IGNORECASE)


def read_date(value: object, *, month_first: bool = False) -> datetime | None:
    """The moment that ``value`` tells; None for a blank one.  Without a zone in the value it is naive.

    ``month_first``: how dates like 11/3/2026 are meant.

    Understood are datetimes, Unix seconds, milliseconds and microseconds, ISO 8601, day-first dates as in
    ``31.12.2026 18:30``, and those with a month's name in Russian or English; with AM and PM, and with a zone
    behind (``UTC``, ``GMT+3``, ``+0300``).

    Raises:
        InvalidInput: it is none of these.
    """
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # its zone is the school's
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    if month_first:
        text = _SLASHED.sub(r"\2/\1", text, count=1)
    try:
        return _unix(float(text.replace(",", "."))) if _NUMBER.fullmatch(text) else _written(text)
    except (ValueError, OverflowError, OSError) as error:
        raise _not_understood(text) from error


def month_first(values: Iterable[str]) -> bool:
    """Whether dates like 11/28/2026 among ``values``, those of one column, have the month first.

    That is so when one of them cannot have the day first, and none must have it.
    """
    certain = slashed = False
    for count, value in enumerate(filter(None, values)):
        if found := _SLASHED.match(value.strip()):
            if int(found[1]) > MONTHS:
                return False
            slashed, certain = True, certain or int(found[2]) > MONTHS
        elif count > LOOKED_AT and not slashed:
            return False
    return certain


def _not_understood(text: str) -> InvalidInput:
    found = _SLASHED.match(text)
    if found and int(found[1]) <= MONTHS < int(found[2]) <= DAYS:
        return InvalidInput(
            "The date '{value}' has the month first, and such dates are read with the day first.",
            remedy="Write this column as 2026-12-31 18:30: others of its dates would be read wrongly.",
            value=text[:50],
        )
    return InvalidInput(
        "The date '{value}' is not understood.",
        remedy="Write it as 2026-12-31 18:30 or 31.12.2026 18:30.",
        value=text[:50],
    )


def read_week(value: object, *, month_first: bool = False) -> date | None:
    """A day of the week that ``value`` tells: a date, or an ISO week as in ``2026-W47`` (its Monday).

    ``month_first``: as for `read_date`.

    Raises:
        InvalidInput: it is neither.
    """
    text = "" if value is None else str(value).strip()
    try:
        if found := _WEEK.fullmatch(text):
            return date.fromisocalendar(int(found[1]), int(found[2]), 1)
        moment = read_date(value, month_first=month_first)
    except (ValueError, InvalidInput) as error:
        raise InvalidInput(
            "The week '{value}' is not understood.",
            remedy="Write it as 2026-W47, or as a day of it, such as 16.11.2026.",
            value=text[:50],
        ) from error
    return moment.date() if moment else None


def _unix(seconds: float) -> datetime:
    unit = 1_000_000 if seconds >= _MICROSECONDS else 1_000 if seconds >= _MILLISECONDS else 1
    return datetime.fromtimestamp(seconds / unit, UTC)


def _written(text: str) -> datetime:
    try:
        return read_moment(text)
    except ValueError:
        plain, zone = _without_zone(_AT.sub(" ", text))
        return _local(_HALF.sub(_of_whole_day, plain)).replace(tzinfo=zone)


def _without_zone(text: str) -> tuple[str, tzinfo | None]:
    """``text`` without the zone at its end, and that; None when it tells none: then it is the school's."""
    found = next((each for each in _ZONE.finditer(text) if each.end() == len(text)), None)
    if found is None:
        return text, None
    told = (found["offset"] or f"{found['hours'] or '+0'}:{found['minutes'] or '00'}").replace(":", "")
    sign, hours, minutes = told[0], int(told[1:-2]), int(told[-2:])
    ahead = timedelta(hours=hours, minutes=minutes)
    return text[: found.start()], timezone(-ahead if sign == "-" else ahead)


def _of_whole_day(found: re.Match[str]) -> str:
    """A time of half a day as one of 24 hours."""
    hour = int(found["hour"])
    if not 1 <= hour <= 12:  # noqa: PLR2004  # hours of half a day
        raise ValueError(found[0])
    return f"{hour % 12 + (12 if found['half'].lower() == 'p' else 0):02}{found['rest']}"


def _local(text: str) -> datetime:
    """The moment of ``text``, without a zone."""
    with suppress(ValueError):
        return read_moment(text)
    text = _FRACTION.sub("", text)
    for writing in (*_WRITINGS, *_ISO):
        try:
            return datetime.strptime(text, writing)
        except ValueError:
            continue
    if (found := _NAMED.fullmatch(text)) is None:
        raise ValueError(text)
    name = (found["month"] or found["month2"]).lower()
    month = next((at for at, names in enumerate(_MONTHS, 1) if name.startswith(names)), 0)
    year = int(found["year"] or f"20{found['short']}")
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    return datetime(year, month, int(found["day"] or found["day2"]), hour, minute, second)
