"""Whether a course can be stored: its ids, the days that it began on, and no lesson of another course."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from kbsearch.errors import InvalidInput
from kbsearch.importers.records import IncomingCourse
from kbsearch.services.intake import LONGEST_CODE, check_day, clean

PLANNED = timedelta(days=5 * 366)
"""How far ahead a school may say when a course will begin."""


def lesson_codes(incoming: IncomingCourse) -> list[str]:
    """The ids of its lessons as they are stored."""
    return [clean(lesson.code) for lesson in incoming.lessons]


def check_course(incoming: IncomingCourse, owners: Mapping[str, str]) -> None:
    """Refuse a course that cannot be stored.

    Args:
        incoming: the course.
        owners: the course of each known lesson, by their codes; of those of ``incoming`` at least.

    Raises:
        InvalidInput: a code is missing, too long or there twice, a lesson belongs to another course, or a
            day that it began on has a slip in its year.
    """
    code, codes = clean(incoming.code), lesson_codes(incoming)
    if not code or not all(codes):
        raise InvalidInput("A course and each of its lessons need an id.", remedy="Add the missing id.")
    if max(map(len, (code, *codes))) > LONGEST_CODE:
        raise InvalidInput("An id has more than {longest} characters.", longest=LONGEST_CODE)
    if len(set(codes)) < len(codes):
        raise InvalidInput("Course {course} has two lessons with the same id.", course=code)
    for day in incoming.cohorts or ():
        check_day(day, ahead=PLANNED)
    if taken := next((one for one in codes if owners.get(one, code) != code), ""):
        raise InvalidInput(
            "Lesson {lesson} belongs to course {course} already.",
            remedy="Lesson ids are unique in the whole school: choose another one.",
            lesson=taken,
            course=owners[taken],
        )
