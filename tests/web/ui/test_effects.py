"""Trends on the pages of clusters, and the effect of a case."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.models import CaseEffect, utc_now
from tests.simulation.schools import SimulatedCase, SimulatedSchool
from tests.simulation.storing import store
from tests.web.ui.school import plant_people

WEEKS, PUBLISHED = 70, 50


@pytest.fixture
def settings(tmp_path: object) -> Settings:
    """A home of its own, with another school than the other pages' tests."""
    return Settings(home=tmp_path / "home", encoder="hashing")  # type: ignore[operator]


@pytest.fixture
def school(app: Kbsearch) -> Kbsearch:
    """Thirty clusters: the first fell when its case came, the third grows, the fourth is silent."""
    counts = np.random.default_rng(4).poisson(4.0, (30, WEEKS)).astype(np.int64)
    counts[0, PUBLISHED:] = 1
    counts[2, -1] = 22
    counts[3, -9:] = 0
    courses = np.full(30, -1, np.int64)
    cases = [SimulatedCase(0, PUBLISHED, 0.25), SimulatedCase(1, WEEKS - 2, 1.0)]
    drawn = SimulatedSchool(counts, counts * 1.0, courses, {}, courses > 0, cases)
    store(app.database, drawn, utc_now() - timedelta(minutes=1))
    plant_people(app)
    return app


def text(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_lists_say_what_grows_and_sleeps(mentor: FlaskClient) -> None:
    page = text(mentor, "/clusters")
    assert "→ 22 a week" in page
    assert "growing: 4" in page
    assert "asleep: silent for 9 weeks" in page


def test_a_clusters_page_has_tables_of_days_and_weeks(mentor: FlaskClient) -> None:
    page = text(mentor, "/clusters/3")
    assert "p &lt; 0.001" in page
    assert "By day, the last four weeks" in page
    assert page.count("<tr>") >= 28 + 16


def test_pages_wait_for_the_worker(school: Kbsearch, mentor: FlaskClient) -> None:
    assert "Not judged yet" in text(mentor, "/cases/1/effect")
    assert "2 published cases are not judged yet" in text(mentor, "/insights/cases")
    school.effects.refresh_due(seconds=0)
    assert "1 published case is not judged yet" in text(mentor, "/insights/cases")


def test_an_effect_has_verdict_interval_chart_and_controls(school: Kbsearch, mentor: FlaskClient) -> None:
    school.effects.refresh()
    page = text(mentor, "/cases/1/effect")
    # The axis of the chart has no room for years, which the table needs.
    assert re.search(r'data-label="[A-Z][a-z]{2} \d+">[A-Z][a-z]{2} \d+, 20\d\d</td>', page)
    assert ">reduced</span>" in page
    assert "95 % interval from −" in page
    assert 'data-chart="counts"' in page
    assert page.count("/clusters/") >= 20
    assert page.count("<td>left out</td>") == 4


def test_no_line_is_drawn_for_what_nothing_says(school: Kbsearch, mentor: FlaskClient) -> None:
    school.effects.refresh()
    assert "data-series>Expected<" in text(mentor, "/cases/1/effect")
    with school.database.writing() as session:
        session.execute(update(CaseEffect).values(expected=None))
    assert "data-series>Expected<" not in text(mentor, "/cases/1/effect")


def test_the_digest_tells_effects_that_can_be_told_and_counts_the_others(
    school: Kbsearch, sign_in: Callable[[str], FlaskClient]
) -> None:
    school.effects.refresh()
    client = sign_in("methodologist")
    page = text(client, "/insights/digest").partition('id="effects"')[2].partition("</section>")[0]
    assert "/cases/1/effect" in page
    assert "/cases/2/effect" not in page
    assert "Of 1 case there is too little data to tell." in page
    assert "/cases/2/effect" in text(client, "/insights/cases")
    filed = text(client, "/insights/file?page=digest&table=effects&format=csv")
    assert "too little data" in filed


def test_too_little_data_is_said(school: Kbsearch, mentor: FlaskClient) -> None:
    school.effects.refresh()
    page = text(mentor, "/cases/2/effect")
    assert "too little data" in page
    assert "No verdict yet" in page


def test_a_case_that_was_never_published_has_no_effect(school: Kbsearch, mentor: FlaskClient) -> None:
    from kbsearch.services.cases import CaseDraft

    case = school.cases.create(CaseDraft("A draft", "text"))
    assert "Nothing to measure yet" in text(mentor, f"/cases/{case.id}/effect")
    assert mentor.get("/cases/999/effect").status_code == 404
