"""Courses with their lessons and cohorts: stored as a file tells them, read and put back as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from kbsearch.importers.records import IncomingCourse
from kbsearch.models import Cohort, Course, Lesson
from kbsearch.services.intake import clean
from kbsearch.services.outline_checks import check_course, lesson_codes
from kbsearch.services.row_chunks import chunks

Outline = dict[str, Any]
"""``title``, and ``lessons`` in order, each ``[code, title, outline]``."""
Cohorts = dict[str, Any]
"""``days``: ISO dates, in order."""

PLAIN = {"synchronize_session": False}


def store_course(session: Session, incoming: IncomingCourse) -> None:
    """Add a course or bring it up to date; lessons, and cohorts if any are told, replace those it had.

    Raises:
        InvalidInput: it cannot be stored; see `check_course`.
    """
    codes = lesson_codes(incoming)
    rows = session.execute(select(Lesson.code, Lesson.course_code).where(Lesson.code.in_(codes)))
    check_course(incoming, {row.code: row.course_code for row in rows})
    course = Course(code=clean(incoming.code), title=clean(incoming.title)[:300] or clean(incoming.code))
    session.merge(course, load=True)
    session.flush()
    session.execute(delete(Lesson).where(Lesson.course_code == course.code, Lesson.code.not_in(codes)))
    for position, lesson in enumerate(incoming.lessons):
        session.merge(
            Lesson(
                code=clean(lesson.code),
                course_code=course.code,
                position=position,
                title=clean(lesson.title)[:300] or clean(lesson.code),
                outline=clean(lesson.outline),
            )
        )
    if incoming.cohorts is not None:
        session.execute(delete(Cohort).where(Cohort.course_code == course.code))
        days = sorted(set(incoming.cohorts))
        session.add_all(Cohort(course_code=course.code, starts_on=day) for day in days)


def outlines_of(session: Session, courses: Iterable[str]) -> dict[str, Outline]:
    """What is known of each of the ``courses``, by code; of unknown ones nothing."""
    found: dict[str, Outline] = {}
    for some in chunks(sorted(courses)):
        for code, title in session.execute(select(Course.code, Course.title).where(Course.code.in_(some))):
            found[code] = {"title": title, "lessons": []}
        columns = (Lesson.course_code, Lesson.code, Lesson.title, Lesson.outline)
        lessons = select(*columns).where(Lesson.course_code.in_(some)).order_by(Lesson.position, Lesson.code)
        for course, *lesson in session.execute(lessons):
            found[course]["lessons"].append(lesson)
    return found


def cohorts_of(session: Session, courses: Iterable[str]) -> dict[str, Cohorts]:
    """The days on which each of the ``courses`` began, by code; also of courses that tell none."""
    found: dict[str, Cohorts] = {code: {"days": []} for code in courses}
    for some in chunks(sorted(found)):
        columns = select(Cohort.course_code, Cohort.starts_on).where(Cohort.course_code.in_(some))
        for course, day in session.execute(columns.order_by(Cohort.starts_on)):
            found[course]["days"].append(day.isoformat())
    return found


def put_outlines(session: Session, outlines: Mapping[str, Outline | None]) -> None:
    """Make each course what its outline says, all at once: lessons may go from one to another.

    None removes the course.  No lesson of them belongs to a course that is not among them.
    """
    for some in chunks(sorted(outlines)):
        session.execute(delete(Lesson).where(Lesson.course_code.in_(some)).execution_options(**PLAIN))
    gone = sorted(code for code, outline in outlines.items() if outline is None)
    for some in chunks(gone):
        session.execute(delete(Course).where(Course.code.in_(some)).execution_options(**PLAIN))
    for code, outline in outlines.items():
        if outline is None:
            continue
        session.merge(Course(code=code, title=outline["title"]))
        session.flush()
        rows = [
            {"code": lesson, "course_code": code, "position": place, "title": title, "outline": text}
            for place, (lesson, title, text) in enumerate(outline["lessons"])
        ]
        if rows:
            session.execute(insert(Lesson), rows)


def put_cohorts(session: Session, course: str, cohorts: Cohorts) -> None:
    """Let ``course`` have begun on these days and no others."""
    session.execute(delete(Cohort).where(Cohort.course_code == course).execution_options(**PLAIN))
    rows = [{"course_code": course, "starts_on": date.fromisoformat(day)} for day in cohorts["days"]]
    if rows:
        session.execute(insert(Cohort), rows)
