"""How many students each course has, week by week, as imports tell."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from kbsearch.errors import InvalidInput
from kbsearch.importers.records import IncomingEnrolment
from kbsearch.models import Enrolment, SchoolPart
from kbsearch.services.intake import LONGEST_CODE, check_day, clean
from kbsearch.services.school_changes import Part, Told, note_told


def monday_of(day: date) -> date:
    """The Monday of the week that ``day`` lies in."""
    return day - timedelta(days=day.weekday())


def checked(record: IncomingEnrolment) -> IncomingEnrolment:
    """``record`` with its course cleaned.

    Raises:
        InvalidInput: the course has too long a name, or the week has a slip in its year.
    """
    course = clean(record.course)
    if len(course) > LONGEST_CODE:
        raise InvalidInput(
            "The name of the course has {length} characters; at most {longest} are taken.",
            remedy="Use a shorter code.",
            length=len(course),
            longest=LONGEST_CODE,
        )
    check_day(record.day)
    return replace(record, course=course)


def store_enrolments(
    session: Session, records: Sequence[IncomingEnrolment], import_id: int | None = None
) -> dict[str, int]:
    """Keep one number for each course and week, the last one told; returns what was counted.

    ``import_id``: the import that tells them; what was known before is kept for its undoing.
    """
    told = {(record.course, monday_of(record.day)): record.students for record in records}
    courses = {course for course, _ in told}
    query = select(Enrolment).where(Enrolment.course_code.in_(courses)).order_by(Enrolment.id)
    known = {(one.course_code, one.week): one for one in session.scalars(query.with_for_update())}
    changes = []
    for (course, week), students in told.items():
        enrolment = known.get((course, week))
        before = None if enrolment is None else {"students": enrolment.students}
        changes.append(Told(Part(SchoolPart.STUDENTS, course, week), before, {"students": students}))
        if enrolment is not None:
            enrolment.students = students
        else:
            session.add(Enrolment(course_code=course, week=week, students=students))
    if import_id is not None:
        note_told(session, import_id, changes)
    return {"enrolments": len(told)}


def enrolled(session: Session, weeks: Sequence[date]) -> dict[tuple[str, date], int]:
    """Students by course and week, for each Monday of ``weeks`` that a figure is known for.

    A week without a figure of its own has the course's last one before it: courses are told when they change.
    """
    start = (
        select(Enrolment.course_code, func.max(Enrolment.week).label("week"))
        .where(Enrolment.week <= min(weeks))
        .group_by(Enrolment.course_code)
        .subquery()
    )
    query = (
        select(Enrolment.course_code, Enrolment.week, Enrolment.students)
        .outerjoin(start, start.c.course_code == Enrolment.course_code)
        .where(or_(start.c.week.is_(None), Enrolment.week >= start.c.week))
    )
    by_course: dict[str, tuple[list[date], list[int]]] = {}
    for row in session.execute(query.where(Enrolment.week <= max(weeks)).order_by(Enrolment.week)):
        days, students = by_course.setdefault(row.course_code, ([], []))
        days.append(row.week)
        students.append(row.students)
    found: dict[tuple[str, date], int] = {}
    for course, (days, students) in by_course.items():
        for week in weeks:
            if told := bisect_right(days, week):
                found[course, week] = students[told - 1]
    return found
