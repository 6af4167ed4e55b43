"""Trends of clusters, courses and lessons from the database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, literal, select

from kbsearch.app import Kbsearch
from kbsearch.database import Database
from kbsearch.models import ClusterTrend, Membership, Question, QuestionState
from kbsearch.models.periods import weeks_before
from kbsearch.services.trends import TrendService
from kbsearch.services.weekly_counts import cohort_places, weekly_clusters
from tests.simulation.schools import Plan, SimulatedSchool, draw
from tests.simulation.storing import RUN, store

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def drawn() -> SimulatedSchool:
    """A school in which cluster 1 stands out in its last week."""
    school = draw(3, Plan(clusters=25, weeks=40, cases=0, volume=60))
    school.counts[0] = [3] * 39 + [15]
    return school


@pytest.fixture
def trends(app: Kbsearch, drawn: SimulatedSchool) -> TrendService:
    store(app.database, drawn, NOW)
    return app.trends


def test_counts_are_those_that_were_stored(
    trends: TrendService, database: Database, drawn: SimulatedSchool
) -> None:
    with database.reading() as session:
        counts = weekly_clusters(session, RUN, NOW, 104)
        places = cohort_places(session, counts)
    assert counts.weeks == 40
    assert (counts.students == drawn.counts).all()
    assert (counts.questions == drawn.counts).all()
    assert set(places) == set(range(len(counts.course_codes)))


def test_a_student_who_repeats_a_question_counts_once_a_week(
    trends: TrendService, database: Database
) -> None:
    with database.writing() as session:
        last = select(Membership.question_id).where(Membership.cluster_id == 1)
        ids = sorted(session.scalars(last))[-15:]
        session.execute(delete(Membership).where(Membership.question_id.in_(ids[:5])))
        for number in ids[5:]:
            session.execute(Question.__table__.update().where(Question.id == number).values(author_key="one"))
        session.get_one(Question, ids[-1]).state = QuestionState.DISMISSED
    with database.reading() as session:
        counts = weekly_clusters(session, RUN, NOW, 104)
    assert (counts.students[0, -1], counts.questions[0, -1]) == (1, 9)


def test_what_grows_is_told_and_kept(trends: TrendService, database: Database) -> None:
    told = trends.of([1, 2], NOW)
    assert (told[1].state, told[1].observed) == ("growing", 15)
    loud = trends.refresh(NOW)
    assert 1 in {one.cluster_id for one in loud}
    assert [one.cluster_id for one in trends.loud(NOW)] == [
        one.cluster_id for one in sorted(loud, key=lambda one: one.p)
    ]
    later = NOW + timedelta(hours=2)
    trends.refresh(later)
    assert trends.of([1], later)[1].since == NOW
    with database.writing() as session:
        session.execute(delete(ClusterTrend).where(ClusterTrend.cluster_id == 2))
    assert set(trends.of([1, 2], later)) == {1}
    assert set(trends.of([1, 2], later + timedelta(days=2))) == {1, 2}


def test_they_are_refreshed_once_an_hour(trends: TrendService) -> None:
    assert trends.refresh_due(NOW)
    assert not trends.refresh_due(NOW + timedelta(minutes=50))
    assert trends.refresh_due(NOW + timedelta(minutes=61))


def test_courses_and_days(app: Kbsearch, trends: TrendService, drawn: SimulatedSchool) -> None:
    by_code = {one.code: one for one in trends.courses(NOW)}
    expected = drawn.counts[drawn.courses == 0].sum(axis=0)
    assert list(by_code["course-0"].weekly) == expected.tolist()
    assert trends.lessons(now=NOW) == []
    days = trends.daily(1, 28, NOW)
    assert days[-1][0] == date(2026, 3, 2)
    assert len(days) == 28
    assert 15 + 7 <= sum(count for _, count in days) <= 15 + 12
    assert TrendService(app.database, app.settings, large=0).daily(1, 28, NOW) == days


def test_without_a_run_there_are_no_trends(app: Kbsearch) -> None:
    assert app.trends.of([1]) == {}
    assert app.trends.loud() == []
    assert app.trends.refresh() == []
    assert not app.trends.refresh_due()


@pytest.mark.parametrize("back", [0.0, 6.99, 7.01, 13.99, 14.01, 700.01])
def test_weeks_are_counted_alike_by_every_database(
    database: Database, empty_postgresql: str, back: float
) -> None:
    other = Database(empty_postgresql)
    asked = (NOW - timedelta(days=back)).replace(tzinfo=None)
    for each in (database, other):
        with each.reading() as session:
            moment = literal(asked, type_=weeks_before(NOW, literal(asked)).clauses.clauses[0].type)
            assert session.scalar(select(weeks_before(NOW, moment))) == int(back // 7)
    other.close()
