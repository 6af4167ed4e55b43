"""Coverage of clusters: what is sampled, which cases count, and when it is looked at again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from kbsearch.app import Kbsearch
from kbsearch.importers.records import IncomingCourse, IncomingLesson, IncomingQuestion
from kbsearch.models import Case, Colour, Coverage, CoverageSample, InferredLesson, JobKind, utc_now
from kbsearch.services.cases import CaseDraft
from kbsearch.services.coverage import Occasion
from kbsearch.services.coverage_schedule import CoverageSchedule
from tests.web.ui.school import plant_cluster

GIT = ("как отменить последний коммит", "отменить последний коммит в git", "последний коммит отменить как")
ODD = ("посоветуйте книгу про астрономию", "хорошая книга про астрономию нужна", "книга про астрономию")


@pytest.fixture
def school(app: Kbsearch) -> Kbsearch:
    lessons = (
        IncomingLesson("fe-02", "Git", "Как отменить последний коммит. Ветки."),
        IncomingLesson("fe-03", "CSS"),
    )
    app.questions.save_course(IncomingCourse("frontend", "Веб", lessons))
    return app


def plant(app: Kbsearch, *texts: str) -> int:
    ids = [one.question_id for one in app.questions.receive_many([IncomingQuestion(text) for text in texts])]
    cluster = plant_cluster(app, ids)
    app.pipeline.drain_all()
    return cluster


def write(app: Kbsearch, state: str) -> Case:
    case = app.cases.create(
        CaseDraft("Как отменить последний коммит", "git reset --soft HEAD~1", variants=GIT), state=state
    )
    app.pipeline.drain_all()
    return case


def coverage_of(app: Kbsearch, cluster_id: int) -> Coverage:
    with app.database.reading() as session:
        return session.get_one(Coverage, cluster_id)


def test_a_cluster_turns_green_only_when_its_case_is_published_and_matches(school: Kbsearch) -> None:
    cluster = plant(school, *GIT)
    case = write(school, "draft")
    school.coverage.refresh()
    assert coverage_of(school, cluster).colour == Colour.RED
    school.cases.move(case.id, "published")
    school.pipeline.drain_all()
    school.coverage.refresh(occasion=Occasion.CASE)
    found = coverage_of(school, cluster)
    assert (found.colour, found.case_id, found.sampled) == (Colour.GREEN, case.id, 3)


def test_a_published_case_about_something_else_covers_nothing(school: Kbsearch) -> None:
    write(school, "published")
    cluster = plant(school, *ODD)
    school.coverage.refresh()
    assert coverage_of(school, cluster).colour == Colour.RED


def test_a_case_that_is_taken_back_takes_its_colour_back(school: Kbsearch) -> None:
    cluster, case = plant(school, *GIT), write(school, "published")
    school.coverage.refresh()
    assert coverage_of(school, cluster).colour == Colour.GREEN
    school.cases.move(case.id, "needs_check")
    school.pipeline.drain_all()
    school.coverage.refresh(occasion=Occasion.CASE)
    assert coverage_of(school, cluster).colour == Colour.RED


@pytest.mark.parametrize("state", ["published", "archived"])
def test_a_gap_names_the_case_that_would_cover_it_after_a_check(school: Kbsearch, state: str) -> None:
    cluster, case = plant(school, *GIT), write(school, "needs_check")
    school.coverage.refresh()
    (gap,) = school.gaps.gaps()
    assert (gap.cluster_id, gap.colour) == (cluster, Colour.RED)
    found = school.gaps.cases_of([cluster])[cluster]
    assert (found.id, found.state) == (case.id, "needs_check")
    school.cases.move(case.id, state)
    assert school.gaps.cases_of([cluster]) == {}
    school.pipeline.drain_all()
    school.coverage.refresh(occasion=Occasion.CASE)
    assert coverage_of(school, cluster).in_check_id is None


def test_a_case_about_something_else_that_needs_a_check_answers_no_gap(school: Kbsearch) -> None:
    write(school, "needs_check")
    cluster = plant(school, *ODD)
    school.coverage.refresh()
    assert coverage_of(school, cluster).in_check_id is None


def test_after_a_run_nothing_is_asked_twice(school: Kbsearch) -> None:
    cluster, case = plant(school, *GIT), write(school, "published")
    school.first_matches.refresh()
    done = school.coverage.refresh(occasion=Occasion.RUN)
    assert done["asked"] == 0
    found = coverage_of(school, cluster)
    assert (found.colour, found.case_id, found.sampled) == (Colour.GREEN, case.id, 3)


def test_after_a_run_what_changed_meanwhile_counts(school: Kbsearch) -> None:
    cluster, case = plant(school, *GIT), write(school, "published")
    school.first_matches.refresh()
    school.cases.move(case.id, "needs_check")
    school.pipeline.drain_all()
    school.coverage.refresh(occasion=Occasion.RUN)
    assert coverage_of(school, cluster).colour == Colour.RED


def test_each_sampled_question_keeps_its_first_match(school: Kbsearch) -> None:
    plant(school, *GIT)
    case = write(school, "published")
    school.coverage.refresh()
    with school.database.reading() as session:
        rows = session.scalars(select(CoverageSample)).all()
    assert len(rows) == 3
    assert {row.case_id for row in rows} == {case.id}
    assert all(0 < row.probability <= 1 and row.model_version for row in rows)


def test_only_what_changed_is_asked_again_after_a_case(school: Kbsearch) -> None:
    plant(school, *GIT)
    write(school, "published")
    assert school.coverage.refresh()["asked"] == 3
    assert school.coverage.refresh(occasion=Occasion.CASE)["asked"] == 2
    assert school.coverage.refresh()["asked"] == 3


def test_clusters_of_an_older_run_are_forgotten(school: Kbsearch) -> None:
    old = plant(school, *GIT)
    school.coverage.refresh()
    new = plant(school, *ODD)
    school.coverage.refresh(occasion=Occasion.RUN)
    with school.database.reading() as session:
        assert set(session.scalars(select(Coverage.cluster_id))) == {new} != {old}


def test_a_cluster_knows_whether_a_lesson_teaches_it(school: Kbsearch) -> None:
    cluster = plant(school, *GIT)
    school.coverage.refresh()
    taught = coverage_of(school, cluster)
    assert (taught.lesson_code, taught.in_programme) == ("fe-02", True)
    cluster = plant(school, *ODD)
    school.coverage.refresh()
    assert coverage_of(school, cluster).in_programme is False


def test_without_outlines_nobody_can_tell(app: Kbsearch) -> None:
    cluster = plant(app, *GIT)
    app.coverage.refresh()
    found = coverage_of(app, cluster)
    assert (found.lesson_code, found.in_programme) == ("", None)


def test_lessons_are_inferred_only_where_none_is_told_and_it_is_sure(school: Kbsearch) -> None:
    told = IncomingQuestion(GIT[0], external_id="told", lesson="fe-03")
    school.questions.save_course(IncomingCourse("office", "Офис"))
    paid = IncomingQuestion(GIT[0], external_id="office", course="office")  # a course without lessons
    school.questions.receive_many([told, paid, IncomingQuestion(ODD[0])])
    plant(school, "Как отменить последний коммит. Ветки.", *GIT[1:])
    school.coverage.refresh()
    with school.database.reading() as session:
        rows = session.scalars(select(InferredLesson)).all()
    assert {row.lesson_code for row in rows} == {"fe-02"}
    texts = {school.questions.get(row.question_id).text for row in rows}
    assert "Как отменить последний коммит. Ветки." in texts
    assert not texts & {ODD[0]}
    assert "office" not in {school.questions.get(row.question_id).course_code for row in rows}
    assert all(school.questions.get(row.question_id).lesson_code == "" for row in rows)


def test_nothing_is_to_be_done_without_a_run(app: Kbsearch) -> None:
    assert app.coverage_schedule.enqueue_due() is None
    assert app.coverage.refresh()["clusters"] == 0


def test_it_is_looked_at_after_a_run_after_a_case_and_at_night(school: Kbsearch) -> None:
    moment = [utc_now()]
    schedule = CoverageSchedule(school.database, school.settings, school.jobs, lambda: moment[0])
    plant(school, *GIT)
    assert due(school, schedule) == "run"
    assert due(school, schedule) is None
    case = school.cases.create(CaseDraft("Отмена коммита", "git reset"), state="published")
    assert due(school, schedule) is None  # the index does not hold it yet
    school.pipeline.drain_all()
    assert due(school, schedule) == "case"
    assert due(school, schedule) is None
    moment[0] += timedelta(days=1)
    assert due(school, schedule) == "night"
    assert case.id


def due(app: Kbsearch, schedule: CoverageSchedule) -> str | None:
    job = schedule.enqueue_due()
    if job is None:
        return None
    assert job.kind == JobKind.COVERAGE
    assert schedule.enqueue_due() is None  # one at a time
    app.jobs.claim()
    app.jobs.finish(job.id, {})
    return str(job.parameters["occasion"])
