"""Gaps, hard points, stuck students, contributions, and the rows behind each number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from kbsearch.app import Kbsearch
from kbsearch.importers.records import (
    IncomingCourse,
    IncomingEnrolment,
    IncomingLesson,
    IncomingQuestion,
    IncomingReply,
)
from kbsearch.insights.coverage import SAVED
from kbsearch.models import Aside, AsideReason, Case, Colour, Coverage, InferredLesson
from kbsearch.services.cases import CaseDraft
from kbsearch.services.covered_questions import Cover, QuestionFilter
from kbsearch.services.enrolments import store_enrolments
from tests.web.ui.school import plant_cluster

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
COURSE = IncomingCourse("fe", "Веб", (IncomingLesson("fe-1", "Git"), IncomingLesson("fe-2", "CSS")))


def ask(app: Kbsearch, text: str, days: float = 1, **told: object) -> int:
    question = IncomingQuestion(text, asked_at=NOW - timedelta(days=days), **told)  # type: ignore[arg-type]
    return app.questions.receive_many([question])[0].question_id


def cover(app: Kbsearch, cluster: int, colour: Colour, sure: int, in_programme: bool | None = None) -> None:
    with app.database.writing() as session:
        session.add(
            Coverage(
                cluster_id=cluster,
                colour=colour,
                sampled=4,
                sure=sure,
                same_case=sure,
                case_id=None,
                in_programme=in_programme,
                model_version="m",
            )
        )


@pytest.fixture
def school(app: Kbsearch) -> Kbsearch:
    app.questions.save_course(COURSE)
    return app


def four(app: Kbsearch, days: float = 1, lesson: str = "fe-1") -> list[int]:
    return [ask(app, f"вопрос номер {n} про коммит", days, course="fe", lesson=lesson) for n in range(4)]


def test_a_gap_is_weighed_by_rate_doubt_and_what_a_case_saves(school: Kbsearch) -> None:
    cluster = plant_cluster(school, four(school))
    cover(school, cluster, Colour.YELLOW, sure=1)
    (gap,) = school.gaps.gaps(now=NOW)
    assert (gap.recent, gap.weekly) == (4, 1.0)
    assert gap.saved == pytest.approx(1.0 * 0.75 * SAVED)


def test_a_gap_has_the_newest_case_that_was_written_for_it(school: Kbsearch) -> None:
    cluster = plant_cluster(school, four(school))
    cover(school, cluster, Colour.RED, sure=0)
    assert school.gaps.cases_of([cluster]) == {}
    for title in ("Первый", "Второй"):
        case = school.cases.create(CaseDraft(title, "ответ"))
        with school.database.writing() as session:
            session.get_one(Case, case.id).cluster_id = cluster
    found = school.gaps.cases_of([cluster])
    assert {key: (one.title, one.state) for key, one in found.items()} == {cluster: ("Второй", "draft")}


def test_green_clusters_and_silent_ones_are_no_gaps(school: Kbsearch) -> None:
    cover(school, plant_cluster(school, four(school)), Colour.GREEN, sure=4)
    assert school.gaps.gaps(now=NOW) == []
    assert len(school.gaps.clusters(now=NOW)) == 1
    assert school.gaps.clusters(Colour.RED, now=NOW) == []


def test_a_cluster_that_was_merged_is_counted_no_more(school: Kbsearch) -> None:
    ids = four(school)
    whole = plant_cluster(school, ids)
    part = school.cluster_edits.split(whole, ids[:2]).cluster_id
    assert part is not None
    for one in (whole, part):
        cover(school, one, Colour.GREEN, sure=4)
    assert school.gaps.figures(NOW).clusters[Colour.GREEN] == 2
    edit = school.cluster_edits.merge(part, whole)
    assert [one.cluster_id for one in school.gaps.clusters(now=NOW)] == [whole]
    assert school.gaps.figures(NOW).clusters[Colour.GREEN] == 1
    school.cluster_edits.undo(edit.id)
    assert school.gaps.figures(NOW).clusters[Colour.GREEN] == 2


def test_a_cluster_nobody_asked_about_lately_is_no_gap(school: Kbsearch) -> None:
    cover(school, plant_cluster(school, four(school, days=60)), Colour.RED, sure=0)
    assert school.gaps.gaps(now=NOW) == []


@pytest.mark.parametrize(("in_programme", "listed"), [(False, 1), (True, 0), (None, 0)])
def test_outside_is_what_no_lesson_teaches_for_sure(
    school: Kbsearch, in_programme: bool | None, listed: int
) -> None:
    cover(school, plant_cluster(school, four(school)), Colour.RED, 0, in_programme)
    assert len(school.gaps.gaps(outside=True, now=NOW)) == listed
    assert len(school.gaps.gaps(now=NOW)) == 1


def test_figures_count_every_question_once(school: Kbsearch) -> None:
    ids = four(school)
    ask(school, "что-то совсем другое")
    cover(school, plant_cluster(school, ids), Colour.RED, 0)
    found = school.gaps.figures(NOW)
    assert (found.questions[Colour.RED], found.loose, found.share) == (4, 1, 0.0)
    assert (found.clusters[Colour.RED], found.unknown) == (1, 0)


def test_a_school_without_a_run_has_figures_too(app: Kbsearch) -> None:
    assert app.gaps.figures().share is None
    assert app.gaps.gaps() == app.gaps.clusters() == []
    assert app.hard_points.map().rows == []
    assert app.hard_points.stuck() == app.case_care.stale() == []


def test_cells_are_split_by_what_covers_them(school: Kbsearch) -> None:
    outside, loose = four(school), ask(school, "другое про git", course="fe", lesson="fe-1")
    cover(school, plant_cluster(school, outside), Colour.RED, 0, in_programme=False)
    case = school.cases.create(CaseDraft("Отмена", "git"), state="published")
    school.questions.answer(outside[0], case.id)
    (row,) = school.hard_points.map(now=NOW).rows
    cell = row.cells[-1]
    assert (cell.covered, cell.outside, cell.open, cell.total) == (1, 3, 1, 5)
    for kind, count in ((Cover.COVERED, 1), (Cover.OUTSIDE, 3), (Cover.OPEN, 1)):
        rows, total = school.insight_rows.page(QuestionFilter(lesson="fe-1", cover=kind), limit=50)
        assert len(rows) == total == count
    assert loose


def test_weeks_begin_on_mondays_of_the_school(school: Kbsearch) -> None:
    monday = datetime(2026, 11, 23, tzinfo=UTC) - timedelta(hours=3)  # midnight in Moscow
    for moment in (monday, monday - timedelta(seconds=1)):
        question = IncomingQuestion(f"{moment} вопрос", course="fe", lesson="fe-1", asked_at=moment)
        school.questions.receive_many([question])
    (row,) = school.hard_points.map(weeks=2, now=NOW).rows
    assert [cell.total for cell in row.cells] == [1, 1]


def test_inferred_lessons_are_counted_and_marked_and_rates_need_enrolment(school: Kbsearch) -> None:
    told = ask(school, "про css", course="fe", lesson="fe-2")
    silent = ask(school, "ещё про css", course="fe")
    nowhere = ask(school, "о чём-то", course="fe")
    with school.database.writing() as session:
        session.add(InferredLesson(question_id=silent, lesson_code="fe-2", probability=0.9))
    found = school.hard_points.map(now=NOW)
    (row,) = found.rows
    assert (row.cells[-1].total, row.cells[-1].inferred, found.untold) == (2, 1, 1)
    assert row.per_student(len(row.cells) - 1) is None
    with school.database.writing() as session:
        store_enrolments(session, [IncomingEnrolment("fe", NOW.date(), 40)])
    (row,) = school.hard_points.map(now=NOW).rows
    assert row.per_student(len(row.cells) - 1) == pytest.approx(2 / 40)
    assert row.per_student(0) is None
    rows, _ = school.insight_rows.page(QuestionFilter(lesson="fe-2"), limit=9)
    assert {one.question.id: one.inferred for one in rows} == {told: "", silent: "fe-2"}
    assert nowhere


def test_a_question_belongs_to_the_course_of_its_inferred_lesson(school: Kbsearch) -> None:
    other = IncomingCourse("qa", "Тесты", (IncomingLesson("qa-1", "Отчёты"),))
    school.questions.save_course(other)
    ask(school, "про css", course="fe", lesson="fe-2")
    silent, elsewhere = ask(school, "ещё про css", 3, author="a"), ask(school, "про отчёт", author="b")
    with school.database.writing() as session:
        for question, lesson in ((silent, "fe-2"), (elsewhere, "qa-1")):
            session.add(InferredLesson(question_id=question, lesson_code=lesson, probability=0.9))
    whole, own = school.hard_points.map(now=NOW), school.hard_points.map(course="fe", now=NOW)
    assert [row.total for row in own.rows] == [row.total for row in whole.rows if row.course == "fe"] == [2]
    assert [one.course for one in school.hard_points.stuck(course="fe", now=NOW)] == ["fe"]
    assert school.insight_rows.page(QuestionFilter(course="fe"), limit=9)[1] == 2


def test_students_who_ask_again_or_wait_are_stuck(school: Kbsearch) -> None:
    reply = IncomingReply("вот так", by_mentor=True)
    for n in range(3):
        ask(school, f"снова вопрос {n}", n + 1, author="busy", lesson="fe-1", replies=(reply,))
    ask(school, "жду ответа", 5, author="waits", lesson="fe-2")
    ask(school, "только спросил", 0.5, author="fresh", lesson="fe-2")
    ask(school, "без урока и давно", 9, author="nowhere")
    busy, waits = school.hard_points.stuck(now=NOW)
    assert (busy.questions, busy.lesson) == (3, "fe-1")
    assert (waits.questions, waits.waiting, waits.lesson) == (1, 1, "fe-2")
    assert waits.waiting_since == NOW - timedelta(days=5)
    rows, total = school.insight_rows.page(QuestionFilter(author=busy.author, lesson="fe-1"), limit=9)
    assert total == 3
    assert {one.question.author_key for one in rows} == {busy.author}


def test_contributions_count_questions_that_their_cases_answered(school: Kbsearch) -> None:
    anna = school.people.create("anna", "Anna", "correct horse battery", "mentor")
    idle = school.people.create("idle", "Idle", "correct horse battery", "mentor")
    case = school.cases.create(CaseDraft("Отмена", "git"), state="published", person_id=anna.id)
    for one in four(school)[:3]:
        school.questions.answer(one, case.id)
    old = ask(school, "давно", 90)
    school.questions.answer(old, case.id)
    month = school.hard_points.map(weeks=1, now=NOW).weeks[0]
    (found,) = school.case_care.contributions(month)
    assert (found.person.id, found.answered, found.cases) == (anna.id, 3, 1)
    wanted = QuestionFilter(owner_id=anna.id, start=month.start_at, end=month.end_at)
    assert school.insight_rows.page(wanted, limit=9)[1] == 3
    assert idle.id != anna.id


def test_cases_that_nobody_looked_at_for_half_a_year_are_stale(school: Kbsearch) -> None:
    fresh = school.cases.create(CaseDraft("Свежий", "x"), state="published")
    old = school.cases.create(CaseDraft("Старый", "x"), state="published")
    check = school.cases.create(CaseDraft("На проверку", "x"), state="published")
    school.cases.move(check.id, "needs_check")
    with school.database.writing() as session:
        long_ago = NOW - timedelta(days=400)
        session.execute(update(Case).where(Case.id == old.id).values(verified_at=long_ago))
    found = [one.case.id for one in school.case_care.stale()]
    assert found == [check.id, old.id]
    assert fresh.id not in found


def test_periods_count_what_was_asked_in_them(school: Kbsearch) -> None:
    reply = IncomingReply("вот", by_mentor=True)
    ask(school, "отвечен", 1, author="a", replies=(reply,))
    ask(school, "ждёт", 1, author="a")
    ask(school, "прошлая неделя", 8, author="b")
    before, now = school.insight_rows.counts(school.hard_points.map(weeks=2, now=NOW).weeks)
    assert (now.asked, now.answered, now.waiting, now.students) == (2, 1, 1, 1)
    assert before.asked == 1
    assert [school.insight_rows.asked(one.period) for one in (before, now)] == [1, 2]


def test_small_talk_waits_for_no_answer_and_is_counted_nowhere(school: Kbsearch) -> None:
    real = ask(school, "как вернуть коммит", 3, course="fe", lesson="fe-1", author="real")
    plant_cluster(school, [real])
    thanks = ask(school, "спасибо, разобрался", 3, course="fe", lesson="fe-1", author="polite")
    with school.database.writing() as session:
        session.add(Aside(question_id=thanks, reason=AsideReason.THANKS, probability=0.99))
    assert len(school.hard_points.stuck(now=NOW)) == 1
    assert [row.total for row in school.hard_points.map(now=NOW).rows] == [1]
    assert school.gaps.figures(now=NOW).loose == 0
    (week,) = school.insight_rows.counts(school.hard_points.map(weeks=1, now=NOW).weeks)
    assert (week.asked, week.waiting, week.students) == (1, 1, 1)
    assert school.insight_rows.asked(week.period) == 1
    assert school.insight_rows.page(QuestionFilter(lesson="fe-1"), limit=9)[1] == 1
    school.asides.keep(thanks)
    assert len(school.hard_points.stuck(now=NOW)) == 2
