"""How many students each course has, week by week, as imports tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from kbsearch.importers.records import IncomingEnrolment
from kbsearch.models import Enrolment


def monday_of(day: date) -> date:
    """The Monday of the week that ``day`` lies in."""
    return day - timedelta(days=day.weekday())


def store_enrolments(session: Session, records: Sequence[IncomingEnrolment]) -> dict[str, int]:
    """Keep one number for each course and week, the last one told; returns what was counted."""
    told = {(record.course, monday_of(record.day)): record.students for record in records}
    courses = {course for course, _ in told}
    stored = session.scalars(select(Enrolment).where(Enrolment.course_code.in_(courses)))
    known = {(one.course_code, one.week): one for one in stored}
    for (course, week), students in told.items():
        if (enrolment := known.get((course, week))) is not None:
            enrolment.students = students
        else:
            session.add(Enrolment(course_code=course, week=week, students=students))
    return {"enrolments": len(told)}


def enrolled(session: Session, weeks: Sequence[date]) -> dict[tuple[str, date], int]:
    """Students by course and week, for each Monday of ``weeks`` that a figure is known for.

    A week without a figure of its own has the course's last one before it: courses are told when they change.
    """
    query = select(Enrolment).where(Enrolment.week <= max(weeks)).order_by(Enrolment.week)
    by_course: dict[str, list[Enrolment]] = {}
    for one in session.scalars(query):
        by_course.setdefault(one.course_code, []).append(one)
    found: dict[tuple[str, date], int] = {}
    for course, told in by_course.items():
        for week in weeks:
            known = [one.students for one in told if one.week <= week]
            if known:
                found[course, week] = known[-1]
    return found
