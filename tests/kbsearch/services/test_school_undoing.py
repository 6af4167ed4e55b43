"""Undoing imports of outlines and enrolments: what they replaced comes back, what was told since stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from kbsearch.app import Kbsearch
from kbsearch.errors import Conflict
from kbsearch.importers.records import IncomingCourse
from kbsearch.models import Course, Enrolment, InferredLesson, SchoolChange
from kbsearch.services.imports import ImportOptions, ImportService
from kbsearch.services.school_reverting import KeptCourse, NamedCourse, Stays

OLD = {"id": "git", "title": "Git", "lessons": [{"id": "g1", "title": "Коммит", "outline": "commit"}]}
NEW = {
    "id": "git",
    "title": "Git 2",
    "lessons": [{"id": "g2", "title": "Ветки"}, {"id": "g1", "title": "Старт"}],
}
WEB = {"id": "web", "title": "Web", "lessons": [{"id": "w1", "title": "HTML"}]}
DAYS = {"cohorts": ["2026-02-02"]}


def outlines(app: Kbsearch, *courses: dict[str, Any]) -> int:
    path = app.settings.home / "outline.json"
    path.write_text(json.dumps(courses), "utf-8")
    report = app.imports.run(path, ImportOptions())
    assert report.taken == {"courses": len(courses)}
    return report.import_id


def students(app: Kbsearch, *rows: str) -> int:
    path = app.settings.home / "students.csv"
    path.write_text("\n".join(["course,week,students", *rows]), "utf-8")
    return app.imports.run(path, ImportOptions()).import_id


def programme(app: Kbsearch) -> list[Any]:
    """Courses with cohorts and lessons in order, as they are stored."""
    with app.database.reading() as session:
        return [
            (
                course.code,
                course.title,
                [str(one.starts_on) for one in course.cohorts],
                [(one.position, one.code, one.title, one.outline) for one in course.lessons],
            )
            for course in session.scalars(select(Course).order_by(Course.code))
        ]


def numbers(app: Kbsearch) -> dict[tuple[str, str], int]:
    with app.database.reading() as session:
        return {(one.course_code, str(one.week)): one.students for one in session.scalars(select(Enrolment))}


def test_courses_that_were_new_go_and_replaced_ones_come_back(app: Kbsearch) -> None:
    outlines(app, OLD | DAYS)
    before = programme(app)
    second = outlines(app, NEW | {"cohorts": ["2026-04-06"]}, WEB)
    assert len(programme(app)) == 2
    plan = app.past_imports.preview(second).plan.school
    assert (plan.removed, plan.restored) == ([NamedCourse("web", "Web")], [NamedCourse("git", "Git 2")])
    outcome = app.past_imports.undo(second)
    assert (outcome.courses, outcome.courses_restored, outcome.kept_courses) == (1, 1, [])
    assert programme(app) == before
    with pytest.raises(Conflict, match="undone already"):
        app.past_imports.undo(second)


def test_days_that_a_file_does_not_tell_are_left_alone(app: Kbsearch) -> None:
    first = outlines(app, OLD)
    outlines(app, OLD | DAYS)
    third = outlines(app, NEW)
    app.past_imports.undo(third)
    assert programme(app) == [("git", "Git", ["2026-02-02"], [(0, "g1", "Коммит", "commit")])]
    assert app.past_imports.preview(first).plan.school.kept[0].reason is Stays.LATER


def test_what_a_later_import_told_stays_and_is_named(app: Kbsearch) -> None:
    outlines(app, OLD)
    before = programme(app)
    second = outlines(app, NEW | DAYS, WEB)
    third = outlines(app, OLD | {"title": "Git 3"})
    preview = app.past_imports.preview(second).plan.school
    assert preview.kept == [KeptCourse("git", "Git 3", Stays.LATER, third)]
    outcome = app.past_imports.undo(second)
    assert outcome.kept_courses == [{"code": "git", "title": "Git 3", "reason": "later", "import_id": third}]
    assert outcome.courses == 1, "nobody told the other one since"
    assert programme(app) == [("git", "Git 3", [], [(0, "g1", "Коммит", "commit")])], "its days go"
    app.past_imports.undo(third)
    assert programme(app) == before, "and not what the second import had told"


def test_an_import_that_is_overwritten_whole_changes_only_what_comes_back(app: Kbsearch) -> None:
    first = outlines(app, OLD)
    second = outlines(app, NEW)
    now = programme(app)
    plan = app.past_imports.preview(first).plan
    assert (plan.changes, plan.only_links) == (True, True)
    app.past_imports.undo(first)
    assert programme(app) == now
    app.past_imports.undo(second)
    assert programme(app) == []


def test_the_same_outline_again_stands_for_itself(app: Kbsearch) -> None:
    first, second = outlines(app, OLD), outlines(app, OLD)
    with pytest.raises(Conflict, match="Nothing of import"):
        app.past_imports.undo(second)
    app.past_imports.undo(first)
    assert [course[0] for course in programme(app)] == ["git"], "the second import told it as well"
    app.past_imports.undo(second)
    assert programme(app) == []


def test_a_lesson_that_went_to_another_course_comes_back_with_both(app: Kbsearch) -> None:
    outlines(app, OLD, WEB)
    before = programme(app)
    moved = WEB | {"lessons": [*WEB["lessons"], *OLD["lessons"]]}
    number = outlines(app, OLD | {"lessons": []}, moved)
    app.past_imports.undo(number)
    assert programme(app) == before


def test_a_course_whose_lesson_is_another_ones_now_stays(app: Kbsearch) -> None:
    outlines(app, OLD)
    second = outlines(app, OLD | {"lessons": []}, WEB)
    third = outlines(app, WEB | {"lessons": OLD["lessons"]})
    now = programme(app)
    outcome = app.past_imports.undo(second)
    assert {one["code"]: one["reason"] for one in outcome.kept_courses} == {"git": "lesson", "web": "later"}
    assert programme(app) == now
    app.past_imports.undo(third)
    assert [course[0] for course in programme(app)] == ["git"], "neither import told the other one"


def test_a_course_that_was_changed_otherwise_stays(app: Kbsearch) -> None:
    first = outlines(app, OLD)
    app.questions.save_course(IncomingCourse("git", "Git на деле"))
    now = programme(app)
    assert app.past_imports.preview(first).plan.school.kept == [
        KeptCourse("git", "Git на деле", Stays.CHANGED)
    ]
    with pytest.raises(Conflict, match="Nothing of import"):
        app.past_imports.undo(first)
    assert programme(app) == now


def test_lessons_that_were_inferred_go_with_the_lessons(app: Kbsearch) -> None:
    outlines(app, WEB)
    second = outlines(app, OLD)
    path = app.settings.home / "q.csv"
    path.write_text("id,text\n1,Как отменить коммит?\n2,Что такое тег?\n", "utf-8")
    app.imports.run(path, ImportOptions())
    with app.database.writing() as session:
        for question, lesson in ((1, "g1"), (2, "w1")):
            session.add(InferredLesson(question_id=question, lesson_code=lesson, probability=1))
    app.past_imports.undo(second)
    with app.database.reading() as session:
        assert session.scalars(select(InferredLesson.lesson_code)).all() == ["w1"]


def test_numbers_of_students_go_or_come_back_week_by_week(app: Kbsearch) -> None:
    students(app, "git,2026-W06,100", "git,2026-W07,90")
    before = numbers(app)
    second = students(app, "git,2026-W07,80", "git,2026-W07,70", "git,2026-W08,60", "git,2026-W09,50")
    third = students(app, "git,2026-W09,40")
    plan = app.past_imports.preview(second).plan.school
    assert (plan.weeks_removed, plan.weeks_restored, plan.kept_weeks) == (1, 1, {third: 1})
    outcome = app.past_imports.undo(second)
    assert (outcome.weeks, outcome.weeks_restored, outcome.kept_weeks) == (1, 1, {str(third): 1})
    assert numbers(app) == before | {("git", "2026-02-23"): 40}
    app.past_imports.undo(third)
    assert numbers(app) == before


def test_a_week_that_the_file_tells_again_later_has_the_number_of_before_the_file(app: Kbsearch) -> None:
    students(app, "git,2026-W06,100")
    before = numbers(app)
    rows = [f"git,2026-W{week:02},{week}" for week in range(6, 40)]
    small = ImportService(app.database, app.questions, batch=10)
    path = app.settings.home / "long.csv"
    path.write_text("\n".join(["course,week,students", *rows, "git,2026-W06,7", "git,2026-W30,100"]), "utf-8")
    number = small.run(path, ImportOptions()).import_id
    assert numbers(app)["git", "2026-02-02"] == 7
    app.past_imports.undo(number)
    assert numbers(app) == before


def test_an_import_of_before_this_was_kept_says_so(app: Kbsearch) -> None:
    number = outlines(app, OLD)
    with app.database.writing() as session:
        session.execute(delete(SchoolChange))
    assert app.past_imports.preview(number).keeps_nothing
    with pytest.raises(Conflict) as refused:
        app.past_imports.ask(number)
    assert "did not keep yet" in refused.value.remedy
    assert len(programme(app)) == 1


def test_what_was_before_is_kept_as_long_as_the_import_stands(app: Kbsearch) -> None:
    number = outlines(app, OLD)
    kept = select(func.count()).select_from(SchoolChange)
    with app.database.reading() as session:
        assert session.scalar(kept) == 1
    app.past_imports.undo(number)
    with app.database.reading() as session:
        assert session.scalar(kept) == 0
