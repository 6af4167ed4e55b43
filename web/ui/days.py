"""Days without their year, in the order that the reader's language has them in."""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import format_skeleton
from flask_babel import format_datetime, get_locale, to_user_timezone


def short_day(day: date) -> str:
    """«5 окт.», "Oct 5"; of a moment, in the time zone of the page."""
    local = to_user_timezone(day) if isinstance(day, datetime) else day
    return str(format_skeleton("MMMd", local, locale=get_locale()))


def short_moment(moment: datetime) -> str:
    """«5 окт. 14:05», "Oct 5 14:05", in the time zone of the page."""
    return f"{short_day(moment)} {format_datetime(moment, 'HH:mm')}"
