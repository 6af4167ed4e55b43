"""Days without their year read as they do in the reader's language."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask_babel import force_locale

from kbsearch.app import Kbsearch
from web import create_app
from web.ui.days import short_day, short_moment


@pytest.mark.parametrize(
    ("language", "day", "moment"), [("ru", "5 окт.", "5 окт. 02:05"), ("en", "Oct 5", "Oct 5 02:05")]
)
def test_day_and_month_stand_in_the_order_of_the_language(
    app: Kbsearch, language: str, day: str, moment: str
) -> None:
    with create_app(app).test_request_context(), force_locale(language):
        assert short_day(date(2026, 10, 5)) == day
        assert short_moment(datetime(2026, 10, 4, 23, 5, tzinfo=UTC)) == moment
