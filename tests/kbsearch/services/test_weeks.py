"""Weeks and months begin when the school's do."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.errors import InvalidInput
from kbsearch.services.weeks import (
    month_named,
    month_of,
    name_of_month,
    name_of_week,
    week_named,
    week_of,
    weeks_until,
)

MOSCOW = ZoneInfo("Europe/Moscow")
days = st.dates(date(1990, 1, 1), date(2100, 1, 1))


@given(days)
def test_a_day_lies_in_its_week_and_month_which_know_their_names(day: date) -> None:
    for period, named in (
        (week_of(day, MOSCOW), week_named(name_of_week(week_of(day, MOSCOW)), MOSCOW)),
        (month_of(day, MOSCOW), month_named(name_of_month(month_of(day, MOSCOW)), MOSCOW)),
    ):
        assert period.first <= day <= period.last < period.end
        assert named == period


@given(days, st.integers(1, 60))
def test_weeks_follow_each_other(day: date, count: int) -> None:
    weeks = weeks_until(day, count, MOSCOW)
    assert len(weeks) == count
    assert all(one.end == after.first for one, after in pairwise(weeks))
    assert weeks[-1] == week_of(day, MOSCOW)


def test_they_begin_at_midnight_of_the_school() -> None:
    week = week_named("2026-W47", MOSCOW)
    assert week.start_at.astimezone(UTC) == datetime(2026, 11, 15, 21, tzinfo=UTC)
    assert week_named("2026-11-19", MOSCOW) == week


@pytest.mark.parametrize(
    "name", ["", "x", "2026-W60", "0001-01-01", "9999-W52", "2026-13-01", "²026-W01", "2026W"]
)
def test_what_is_no_week_is_said(name: str) -> None:
    with pytest.raises(InvalidInput):
        week_named(name, MOSCOW)


@pytest.mark.parametrize("name", ["", "2026", "2026-13", "2026-00", "0001-01", "9999-12"])
def test_what_is_no_month_is_said(name: str) -> None:
    with pytest.raises(InvalidInput):
        month_named(name, MOSCOW)
