"""Days in the order that the reader's language has; the month is a word, so that no two are confused."""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import format_skeleton
from flask_babel import format_date, format_datetime, get_locale, to_user_timezone


def short_day(day: date) -> str:
    """«5 окт.», "Oct 5"; of a moment, in the time zone of the page."""
    local = to_user_timezone(day) if isinstance(day, datetime) else day
    return str(format_skeleton("MMMd", local, locale=get_locale()))


def short_moment(moment: datetime) -> str:
    """«5 окт. 14:05», "Oct 5 14:05", in the time zone of the page."""
    return f"{short_day(moment)} {format_datetime(moment, 'HH:mm')}"


def dated_moment(moment: datetime) -> str:
    """«5 окт. 2026 г. 14:05», "Oct 5, 2026 14:05": `short_moment` of what may be long ago."""
    return f"{format_date(moment, 'medium')} {format_datetime(moment, 'HH:mm')}"


def moment_after(moment: datetime, begin: datetime) -> str:
    """«14:05» of a moment told after ``begin``, with its day when that is another one for the reader."""
    if to_user_timezone(moment).date() == to_user_timezone(begin).date():
        return str(format_datetime(moment, "HH:mm"))
    return short_moment(moment)
