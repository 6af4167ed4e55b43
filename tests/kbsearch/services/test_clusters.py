"""Clusters as people see them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kbsearch.database import Database
from kbsearch.errors import InvalidInput, NotFound
from kbsearch.models import (
    Case,
    Cluster,
    Lineage,
    Membership,
    Question,
    QuestionState,
    Relation,
    Run,
)
from kbsearch.services.cluster_edits import ClusterEditService
from kbsearch.services.clusters import ClusterService

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def service(database: Database) -> ClusterService:
    return ClusterService(database)


def question(number: int, *, days: float, course: str = "py", state: str = "open") -> Question:
    return Question(
        id=number,
        source="test",
        external_id=str(number),
        text=f"question {number}",
        text_key=str(number),
        course_code=course,
        lesson_code="l1" if number % 2 else "l2",
        asked_at=NOW - timedelta(days=days),
        state=QuestionState(state),
    )


def finished_run(number: int, course: str = "") -> Run:
    return Run(id=number, course=course, algorithm="leiden", finished_at=NOW)


@pytest.fixture
def filled(database: Database) -> None:
    """Cluster 1: four old questions.  Cluster 2: three fresh ones of two courses, one answered."""
    with database.writing() as session:
        session.add_all([finished_run(1), finished_run(2, "py")])
        session.add(Run(id=3, algorithm="leiden"))
        session.flush()
        for number in (1, 2):
            session.add(
                Cluster(id=number, label=f"Topic {number}", size=5 - number, first_run_id=1, last_run_id=1)
            )
        session.add_all([question(number, days=60 + number, state="answered") for number in range(1, 5)])
        session.add_all([question(5, days=1), question(6, days=10, course="fe"), question(7, days=27.5)])
        session.flush()
        session.get_one(Question, 7).state = QuestionState.ANSWERED
        for number in range(1, 8):
            session.add(
                Membership(
                    run_id=1,
                    question_id=number,
                    cluster_id=1 if number < 5 else 2,
                    strength=number / 10,
                    exemplar_rank={1: 2, 2: 1}.get(number),
                )
            )
        session.add(Lineage(run_id=1, cluster_id=2, relation=Relation.BORN))


def test_without_runs_there_is_nothing(service: ClusterService) -> None:
    page = service.list()
    assert (page.items, page.total, page.run) == ([], 0, None)
    assert service.latest_run() is None


@pytest.mark.usefixtures("filled")
def test_rows_count_days_weeks_courses_and_answers(service: ClusterService) -> None:
    page = service.list(now=NOW)
    assert page.total == 2
    assert page.run is not None
    assert page.run.id == 1
    old, fresh = page.items
    assert (old.cluster.id, old.size, old.last_28, old.answered_share) == (1, 4, 0, 1.0)
    assert [each.id for each in old.exemplars] == [2, 1]
    assert (fresh.size, fresh.last_7, fresh.last_28) == (3, 1, 3)
    assert fresh.weekly == (0,) * 12 + (1, 0, 1, 1)
    assert sum(old.weekly) == 4
    assert fresh.answered_share == pytest.approx(1 / 3)
    assert fresh.courses == [("py", 2), ("fe", 1)]
    assert fresh.case is None


@pytest.mark.usefixtures("filled")
def test_lists_are_sorted_filtered_and_paged(service: ClusterService) -> None:
    assert [row.cluster.id for row in service.list(sort="recent", now=NOW).items] == [2, 1]
    assert [row.cluster.id for row in service.list(sort="uncovered", now=NOW).items] == [2, 1]
    second = service.list(limit=1, offset=1, now=NOW)
    assert ([row.cluster.id for row in second.items], second.total) == ([2], 2)
    frontend = service.list(course="fe", now=NOW)
    assert [(row.cluster.id, row.size) for row in frontend.items] == [(2, 1)]


@pytest.mark.usefixtures("filled")
def test_runs_over_the_school_come_before_runs_over_a_course(service: ClusterService) -> None:
    latest = service.latest_run()
    assert latest is not None
    assert latest.id == 1
    assert [run.id for run in service.runs()] == [2, 1]
    with pytest.raises(NotFound, match="no finished run 3"):
        service.list(run_id=3)


@pytest.mark.usefixtures("filled")
def test_the_newest_case_of_a_cluster_is_shown(service: ClusterService, database: Database) -> None:
    with database.writing() as session:
        session.add_all(
            [Case(slug=slug, title=slug, answer="a", cluster_id=2) for slug in ("first", "second")]
        )
    case = service.get(2).row.case
    assert case is not None
    assert case.slug == "second"


@pytest.mark.usefixtures("filled")
def test_a_cluster_shows_its_questions_outliers_lessons_and_origin(service: ClusterService) -> None:
    detail = service.get(1, now=NOW)
    assert [(each.id, strength) for each, strength in detail.questions] == [
        (4, 0.4), (3, 0.3), (2, 0.2), (1, 0.1),
    ]  # fmt: skip
    assert [each.id for each, _ in detail.outliers] == [1, 2, 3]
    assert detail.lessons == [("l1", 2), ("l2", 2)]
    assert [(past.run_id, past.size) for past in detail.history] == [(1, 4)]
    assert [each.relation for each in service.get(2).lineage] == [Relation.BORN]
    with pytest.raises(NotFound, match="no cluster 99"):
        service.get(99)


@pytest.mark.usefixtures("filled")
def test_an_edit_said_again_is_the_same_one(service: ClusterService, database: Database) -> None:
    edits = ClusterEditService(database)
    with database.writing() as session:
        session.add_all([Case(id=n, title=f"case {n}", slug=f"case-{n}", answer="да") for n in (5, 6)])
    for say in (
        lambda: edits.rename(1, "Возврат"),
        lambda: edits.keep(1),
        lambda: edits.link(1, 5),
    ):
        assert say().id == say().id
    assert len(edits.history(1)) == 3
    other = edits.link(1, 6)
    assert edits.link(1, 5).id > other.id
    name = edits.rename(1, "Деньги")
    edits.undo(name.id)
    assert service.get(1).row.cluster.label == "Возврат"
    assert edits.rename(1, "Деньги").id > name.id


@pytest.mark.usefixtures("filled")
def test_what_is_done_twice_at_once_is_undone_once(service: ClusterService, database: Database) -> None:
    edits = ClusterEditService(database)
    sizes = [service.get(one).row.size for one in (1, 2)]
    for act in (
        lambda: edits.split(1, [1, 2], None, "Оплата"),
        lambda: edits.move([3], 2),
        lambda: edits.pin([3], 1),
        lambda: edits.dismiss([4]),
        lambda: edits.merge(1, 2),
    ):
        edit = act()
        assert act().id == edit.id
        edits.undo(edit.id)
        assert [service.get(one).row.size for one in (1, 2)] == sizes
    first = edits.dismiss([4])
    with database.writing() as session:
        session.get_one(Question, 4).state = QuestionState.OPEN
    assert edits.dismiss([4]).id > first.id


@pytest.mark.usefixtures("filled")
def test_a_name_given_by_a_person_is_pinned(service: ClusterService, database: Database) -> None:
    edits = ClusterEditService(database)
    edits.rename(1, "  Возврат \n денег ")
    assert service.edited([1, 2]) == {1}
    assert service.get(1).row.cluster.label_pinned
    assert service.get(1).row.cluster.label == "Возврат денег"
    for wrong in ("  ", "x" * 301):
        with pytest.raises(InvalidInput, match="1 to 300"):
            edits.rename(1, wrong)
    with pytest.raises(NotFound):
        edits.rename(99, "name")
