"""Counts that the worker keeps, against the truth."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from kbsearch.app import Kbsearch
from kbsearch.database import Database
from kbsearch.importers.records import IncomingQuestion, IncomingReply
from kbsearch.models import ClusterCount, Run, RunState
from kbsearch.services.cases import CaseDraft
from kbsearch.services.cluster_counts import (
    MANY,
    WEEKS,
    ClusterCountService,
    counts_of,
    forget_counts,
    lessons_of,
    plain_counts_of,
)
from tests.simulation.schools import Plan, draw
from tests.simulation.storing import RUN, store
from tests.web.ui.school import plant_cluster

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def kept(database: Database) -> dict[int, ClusterCount]:
    with database.reading() as session:
        return {row.cluster_id: row for row in session.scalars(select(ClusterCount))}


@pytest.fixture
def clusters(app: Kbsearch) -> list[int]:
    """Thirty clusters of three courses, counted."""
    store(app.database, draw(3, Plan(clusters=30, weeks=40, cases=0, volume=60)), NOW)
    app.cluster_counts.refresh(NOW)
    return list(range(1, 31))


def test_kept_counts_are_those_of_the_questions(
    app: Kbsearch, database: Database, clusters: list[int]
) -> None:
    with database.reading() as session:
        told = counts_of(session, RUN, clusters, NOW)
        for cluster_id in clusters:
            detail = app.clusters.get(cluster_id, now=NOW)
            questions = [question for question, _ in detail.questions]
            ages = [(NOW - one.asked_at) // timedelta(weeks=1) for one in questions]
            weekly = Counter(age for age in ages if 0 <= age < WEEKS)
            one = told[cluster_id]
            assert one.size == len(questions) == detail.row.size
            assert one.weekly == [weekly[WEEKS - 1 - place] for place in range(WEEKS)]
            assert one.courses == Counter(question.course_code for question in questions)
            assert one.last_28 == sum(one.weekly[-4:])


@pytest.mark.parametrize("some", [20, MANY + 1])
def test_plain_counts_are_the_same(app: Kbsearch, database: Database, some: int) -> None:
    store(app.database, draw(4, Plan(clusters=MANY + 5, weeks=20, cases=0, volume=5)), NOW)
    app.cluster_counts.refresh(NOW)
    with database.writing() as session:
        forget_counts(session, [1, 2])  # two are counted on the spot
    with database.reading() as session:
        plain = plain_counts_of(session, RUN, range(1, some + 1), NOW)
        told = counts_of(session, RUN, range(1, some + 1), NOW)
    assert plain.keys() == told.keys() == set(range(1, some + 1))
    for cluster_id, one in told.items():
        figures = (one.size, one.answered, one.last_7, one.last_28, one.case_id)
        assert plain[cluster_id] == figures
        assert plain[cluster_id].answered_share == one.answered_share
    assert sum(one.last_28 for one in told.values()) > 0


def test_counted_on_the_spot_they_are_the_same(
    app: Kbsearch, database: Database, clusters: list[int]
) -> None:
    with database.reading() as session:
        before = {course: counts_of(session, RUN, clusters, NOW, course) for course in ("", "course-1", "x")}
        orders = [app.clusters.list(sort=sort, now=NOW).items for sort in ("size", "recent", "uncovered")]
    with database.writing() as session:
        session.query(ClusterCount).delete()
    with database.reading() as session:
        for course, told in before.items():
            assert counts_of(session, RUN, clusters, NOW, course) == told
        again = [app.clusters.list(sort=sort, now=NOW).items for sort in ("size", "recent", "uncovered")]
    ids = [[[row.cluster.id for row in items] for items in found] for found in (orders, again)]
    assert ids[0] == ids[1]


def test_they_are_counted_once_an_hour_and_after_a_run(
    app: Kbsearch, database: Database, clusters: list[int]
) -> None:
    counts = app.cluster_counts
    assert not counts.refresh_due(NOW + timedelta(minutes=59))
    assert counts.refresh_due(NOW + timedelta(minutes=61))
    with database.writing() as session:
        session.add(Run(id=RUN + 1, algorithm="x", state=RunState.PROPOSED, finished_at=NOW))
    assert not counts.refresh_due(NOW)
    with database.writing() as session:
        session.get_one(Run, RUN + 1).state = RunState.ACCEPTED
    assert not counts.refresh_due(NOW), "no cluster lives in the new run"


def test_slices_end(database: Database) -> None:
    store(database, draw(3, Plan(clusters=30, weeks=20, cases=0, volume=60)), NOW)
    counts = ClusterCountService(database, at_once=100)
    assert counts.refresh_due(NOW)
    assert 0 < len(kept(database)) < 30
    counts.refresh(NOW)
    assert len(kept(database)) == 30


def test_whatever_happens_to_a_question_is_seen_at_once(app: Kbsearch, database: Database) -> None:
    def ask(number: int, *replies: IncomingReply) -> int:
        text, day = f"вопрос номер {number} про коммит", NOW - timedelta(days=1)
        asked = IncomingQuestion(
            text, source="chat", external_id=str(number), asked_at=day, lesson="git", replies=replies
        )
        return app.questions.receive_many([asked])[0].question_id

    ids = [ask(number) for number in range(5)]
    cluster = plant_cluster(app, ids)
    case = app.cases.create(CaseDraft("Отмена", "git"), state="published")

    def changes(act: object) -> tuple[int, int, int | None]:
        ClusterCountService(database).refresh(NOW)
        assert cluster in kept(database)
        act()  # type: ignore[operator]
        assert cluster not in kept(database)
        with database.reading() as session:
            run_id = session.scalars(select(Run.id)).one()
            told = counts_of(session, run_id, [cluster], NOW)[cluster]
            assert lessons_of(session, run_id, cluster, NOW) == ([("git", told.size)] if told.size else [])
        return told.size, told.answered, told.case_id

    reply = IncomingReply("Выполните git revert.", author="m", by_mentor=True, accepted=True)
    assert changes(lambda: ask(0, reply)) == (5, 1, None)
    assert changes(lambda: app.questions.answer(ids[1], case.id)) == (5, 2, None)
    assert changes(lambda: app.questions.answer(ids[2], case.id)) == (5, 3, case.id)
    other = app.cases.create(CaseDraft("Откат", "git"), state="published")
    assert changes(lambda: app.case_pairs.merge(case.id, other.id)) == (5, 3, other.id)
    assert changes(lambda: app.questions.reopen(ids[1])) == (5, 2, None)
    assert changes(lambda: app.cluster_edits.dismiss([ids[3]])) == (4, 2, None)
    assert changes(lambda: app.cluster_edits.split(cluster, [ids[4]])) == (3, 2, None)


def test_old_counts_are_not_used(app: Kbsearch, database: Database, clusters: list[int]) -> None:
    later = NOW + timedelta(days=2)
    with database.reading() as session:
        told = counts_of(session, RUN, clusters, later)
    assert sum(one.last_7 for one in told.values()) < sum(row.weekly[-1] for row in kept(database).values())
