"""Moments as ISO 8601 writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.importers.iso_8601 import read_moment

EVENING = datetime(2026, 3, 2, 18, 20, tzinfo=timezone(timedelta(hours=3)))


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T18:20:00+03:00",
        "2026-03-02T18:20:00+0300",
        "2026-03-02T18:20:00+03",
        "2026-03-02 18:20:00.000 +03:00",
        "2026-03-02T18:20+03",
        "20260302T182000+0300",
        "2026-W10-1T18:20+03:00",
        "2026W101T1820+03",
        "2026-061T18:20+03",
        "2026-03-02t15:20:00z",
        "2026-03-02T15:20:00,000Z",
        "2026-03-02T15,333333333334Z",
        "2026-03-02T11:50:00\N{MINUS SIGN}03:30",
    ],
)
def test_one_moment_in_many_ways(text: str) -> None:
    assert abs(read_moment(text) - EVENING) < timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2017-01-01T02:59:60.5+03", datetime(2017, 1, 1, 0, 0, 0, 500_000, UTC)),
        ("2026-03-02T24:00", datetime(2026, 3, 3)),
        ("2026-03-02", datetime(2026, 3, 2)),
        ("2026-03-02T18:20:00.1234569", datetime(2026, 3, 2, 18, 20, 0, 123_456)),
        ("2026-03-02T18:20,5", datetime(2026, 3, 2, 18, 20, 30)),
    ],
)
def test_odd_moments(text: str, expected: datetime) -> None:
    assert read_moment(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "2026", "2026-3-2", "20260302T", "2026-03-02T18:20:00+3", "2026-03-02T18:20:61Z", "2026-366",
        "2026-03-02T18:20:60Z", "2026-03-02T24:01Z", "2026-03-02T18:60Z", "2026-03-02T18:20+24:00",
        "2026-W54-1", "2026-02-30", "1772464800", "0000-01-01", "\N{ARABIC-INDIC DIGIT TWO}026-03-02", "Z",
        "2026-03-02T18:20:00+03:00 ", "2026-03-02T18:20:00.+03:00", "9999-12-31T24:00Z",
    ],
)  # fmt: skip
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        read_moment(text)


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-3, minutes=-30))])))
def test_what_python_writes_is_read(moment: datetime) -> None:
    assert read_moment(moment.isoformat()) == moment
