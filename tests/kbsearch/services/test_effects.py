"""Effects of cases from the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from kbsearch.app import Kbsearch
from kbsearch.database import Database
from kbsearch.models import Case, CaseEffect, CaseState, Question, Run, Variant
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
    effects.refresh(NOW)
    helped, idle = effects.of(1), effects.of(2)
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


def test_they_are_judged_once_a_night_and_listed(effects: EffectService) -> None:
    assert effects.refresh_due(NOW)
    night = NOW.replace(hour=0) + timedelta(days=1)
    assert not effects.refresh_due(NOW + timedelta(hours=9))
    assert effects.refresh_due(night + timedelta(hours=12))
    assert not effects.refresh_due(night + timedelta(hours=13))
    assert [row.case_id for row in effects.all()] == [1, 2]


def test_a_slice_judges_one_case_at_least_and_the_rest_waits(effects: EffectService) -> None:
    assert effects.waiting() == 2
    assert effects.refresh_due(NOW, seconds=0)
    assert [row.case_id for row in effects.all()] == [1]
    assert effects.judged() == 1
    assert (effects.waits(1), effects.waits(2), effects.waiting()) == (False, True, 1)
    assert effects.refresh_due(NOW, seconds=0)
    assert not effects.refresh_due(NOW, seconds=0)
    assert [row.case_id for row in effects.all()] == [1, 2]


def test_those_that_reduced_most_come_first(effects: EffectService, database: Database) -> None:
    effects.refresh(NOW)
    assert (effects.judged(), len(effects.all())) == (2, 2)
    with database.writing() as session:
        for number, (verdict, ratio) in enumerate(LISTED, 3):
            session.add(Case(id=number, slug=f"c{number}", title="C", answer="A", version=1))
            session.flush()
            session.add(_kept(number, verdict, ratio))
        session.add(Case(id=99, slug="c99", title="C", answer="A", version=1))
        session.flush()
        session.add(_kept(99, "", None))
    listed = [(row.effect.verdict, row.effect.ratio) for row in effects.all()]
    first, *rest = [row for row in listed if row[0] == "reduced"]
    assert (first[1] or 0) < 0.5 < (rest[0][1] or 0) < (rest[1][1] or 0)
    assert listed[-3:] == [("too_little", 0.2), ("too_little", None), ("too_little", 1.4)]
    assert [row.case_id for row in effects.all(3)] == [row.case_id for row in effects.all()][:3]
    assert effects.judged() == len(listed) == len(LISTED) + 2


LISTED = [("too_little", 1.4), ("too_little", None), ("reduced", 0.8), ("too_little", 0.2), ("reduced", 0.7)]


def _kept(case_id: int, verdict: str, ratio: float | None) -> CaseEffect:
    return CaseEffect(
        case_id=case_id,
        run_id=RUN,
        verdict=verdict,
        before=1,
        after=1,
        ratio=ratio,
        weeks_before=1,
        weeks_after=1,
        published_at=NOW,
    )


def test_another_run_or_publication_judges_again(effects: EffectService, database: Database) -> None:
    effects.refresh(NOW)
    with database.writing() as session:
        session.get_one(Case, 2).first_published_at = NOW - timedelta(weeks=30)
    assert effects.refresh_due(NOW)
    assert not effects.refresh_due(NOW)
    with database.writing() as session:
        session.add(Run(id=RUN + 1, algorithm="leiden", finished_at=NOW))
    assert effects.refresh_due(NOW)
    assert not effects.refresh_due(NOW)
    assert effects.of(2) is None, "no cluster of the new run has its questions"
    assert not effects.waits(2)


def test_who_reads_computes_nothing(effects: EffectService) -> None:
    assert effects.of(1) is None
    assert effects.all() == []
    assert effects.waits(1)


def test_cases_that_were_never_published_have_none(effects: EffectService, app: Kbsearch) -> None:
    with app.database.writing() as session:
        session.get_one(Case, 1).first_published_at = None
    effects.refresh(NOW)
    assert effects.of(1) is None
    assert effects.of(99) is None
    assert not effects.waits(1)


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
