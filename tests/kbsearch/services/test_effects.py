"""Effects of cases from the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from kbsearch.app import Kbsearch
from kbsearch.database import Database
from kbsearch.models import Case, CaseState, Question, Variant
from kbsearch.services.effects import EffectService, clusters_of_cases, saved_questions
from tests.simulation.schools import SimulatedCase, SimulatedSchool
from tests.simulation.storing import RUN, store

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
WEEKS, PUBLISHED = 70, 50


@pytest.fixture
def effects(app: Kbsearch) -> EffectService:
    """Thirty like clusters; the first fell to a quarter when its case came, the second did not."""
    counts = np.random.default_rng(4).poisson(4.0, (30, WEEKS)).astype(np.int64)
    counts[0, PUBLISHED:] = 1
    courses = np.full(30, -1, np.int64)
    cases = [SimulatedCase(0, PUBLISHED, 0.25), SimulatedCase(1, PUBLISHED, 1.0)]
    store(app.database, SimulatedSchool(counts, counts * 1.0, courses, {}, courses > 0, cases), NOW)
    return app.effects


def test_verdicts_come_with_what_they_rest_on(effects: EffectService) -> None:
    helped, idle = effects.of(1, NOW), effects.of(2, NOW)
    assert helped is not None
    assert idle is not None
    assert (helped.verdict, idle.verdict) == ("reduced", "not_visible")
    assert helped.high is not None
    assert helped.high < 0.5
    assert helped.clusters == [1]
    assert len(helped.controls) == 28
    assert {1, 2}.isdisjoint(helped.controls)
    assert helped.weeks_after == WEEKS - PUBLISHED
    assert [point["side"] for point in helped.series[-22:]] == ["gap"] * 2 + ["after"] * 20
    assert sum(point["asked"] for point in helped.series if point["side"] == "after") == helped.after == 20
    assert 60 < saved_questions(helped) < 100
    assert saved_questions(idle) == 0


def test_they_are_kept_and_listed(effects: EffectService) -> None:
    assert effects.refresh_due(NOW)
    assert not effects.refresh_due(NOW + timedelta(hours=19))
    assert effects.refresh_due(NOW + timedelta(hours=21))
    assert [row.case.id for row in effects.all(NOW)] == [1, 2]
    assert [row.case.id for row in effects.all(NOW + timedelta(days=9))] == [1, 2]


def test_cases_that_were_never_published_have_none(effects: EffectService, app: Kbsearch) -> None:
    with app.database.writing() as session:
        session.get_one(Case, 1).first_published_at = None
    assert effects.of(1, NOW) is None
    assert effects.of(99, NOW) is None


def test_without_clusters_there_is_no_effect(app: Kbsearch) -> None:
    assert app.effects.of(1) is None
    assert app.effects.all() == []
    assert not app.effects.refresh_due()


def test_a_case_answers_the_clusters_it_was_used_in_or_taken_from(
    effects: EffectService, database: Database
) -> None:
    with database.writing() as session:
        session.add(Case(id=3, slug="c3", title="C", answer="A", state=CaseState.DRAFT, version=1))
        session.flush()
        members = sorted(session.query(Question.id).order_by(Question.id).limit(3))
        for (question_id,) in members:
            session.get_one(Question, question_id).case_id = 2
            session.add(Variant(case_id=3, position=question_id, text="x", question_id=question_id))
    with database.reading() as session:
        found = clusters_of_cases(session, RUN)
    assert found == {1: {1}, 2: {1, 2}, 3: {1}}
