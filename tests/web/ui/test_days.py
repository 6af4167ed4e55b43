"""Days read as they do in the reader's language."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask_babel import force_locale

from kbsearch.app import Kbsearch
from web import create_app
from web.ui.days import dated_moment, moment_after, short_day, short_moment


@pytest.mark.parametrize(
    ("language", "day", "moment"), [("ru", "5 окт.", "5 окт. 02:05"), ("en", "Oct 5", "Oct 5 02:05")]
)
def test_day_and_month_stand_in_the_order_of_the_language(
    app: Kbsearch, language: str, day: str, moment: str
) -> None:
    with create_app(app).test_request_context(), force_locale(language):
        assert short_day(date(2026, 10, 5)) == day
        assert short_moment(datetime(2026, 10, 4, 23, 5, tzinfo=UTC)) == moment


@pytest.mark.parametrize(
    ("language", "moment"), [("ru", "5 окт. 2026\u202fг. 02:05"), ("en", "Oct 5, 2026 02:05")]
)
def test_no_month_is_a_number(app: Kbsearch, language: str, moment: str) -> None:
    with create_app(app).test_request_context(), force_locale(language):
        assert dated_moment(datetime(2026, 10, 4, 23, 5, tzinfo=UTC)) == moment


def test_a_later_moment_tells_its_day_when_that_is_another_one_for_the_reader(app: Kbsearch) -> None:
    evening = datetime(2026, 10, 4, 20, 30, tzinfo=UTC)  # half past eleven in Moscow
    with create_app(app).test_request_context(), force_locale("en"):
        assert moment_after(evening + timedelta(minutes=20), evening) == "23:50"
        assert moment_after(evening + timedelta(hours=1), evening) == "Oct 5 00:30"
        assert moment_after(evening + timedelta(hours=5), evening + timedelta(hours=1)) == "04:30"


def test_templates_write_no_month_as_a_number() -> None:
    pages = Path("web/templates").rglob("*.html")
    assert not [page for page in pages if re.search(r'date(time)?format\("short"\)', page.read_text("utf-8"))]
