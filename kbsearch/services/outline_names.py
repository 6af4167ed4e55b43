"""Courses and lessons as files name them, by code or by title, told apart by the school's outlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal

from kbsearch.importers.records import IncomingCase, IncomingEnrolment, IncomingQuestion
from kbsearch.models import Course

NEAR = 0.7
"""How alike (`difflib.SequenceMatcher.ratio`) a name of an outline must be to be suggested."""

Kind = Literal["course", "lesson", "elsewhere"]
Named = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A course or lesson (``kind``) that ``rows`` of a file name and no outline has.

    ``nearest``: what of the outlines is written nearly the same; "" for nothing.  A lesson *elsewhere* is of
    another course than the rows say: ``nearest`` is that course.
    """

    kind: Kind
    name: str
    rows: int
    nearest: str = ""


class OutlineNames:
    """Finds courses and lessons by code or title, whatever the case of letters."""

    def __init__(self, courses: Sequence[Course]) -> None:
        lessons = [lesson for course in courses for lesson in course.lessons]
        self._courses = {_key(course.title): course.code for course in courses}
        self._courses |= {_key(course.code): course.code for course in courses}
        self._lessons = {_key(lesson.title): (lesson.course_code, lesson.code) for lesson in lessons}
        self._lessons |= {_key(lesson.code): (lesson.course_code, lesson.code) for lesson in lessons}
        self._written = {
            "course": {_key(name): name for one in courses for name in (one.title, one.code)},
            "lesson": {_key(name): name for one in lessons for name in (one.title, one.code)},
        }

    def unknown_in(self, placed: IncomingQuestion | IncomingCase | IncomingEnrolment) -> list[Named]:
        """The courses and lessons of a record that is placed which no outline has, and lessons elsewhere.

        The lessons of a course that no outline has are not told: they come with it.
        """
        if placed.course and _key(placed.course) not in self._courses:
            return [("course", placed.course)]
        if isinstance(placed, IncomingEnrolment):
            return []
        lessons = placed.lessons if isinstance(placed, IncomingCase) else (placed.lesson,)
        named: list[Named] = []
        for one in filter(None, dict.fromkeys(lessons)):
            if _key(one) not in self._lessons:
                named.append(("lesson", one))
            elif placed.course and self._lessons[_key(one)][0] != placed.course:
                named.append(("elsewhere", one))
        return named

    def nearest(self, named: Named) -> str:
        """The code or title of an outline that is written nearly as an unknown one; "" when there is none.

        Of a lesson elsewhere its course.
        """
        kind, name = named
        if kind == "elsewhere":
            return self._lessons[_key(name)][0]
        known = self._written[kind]
        return next((known[key] for key in get_close_matches(_key(name), known, 1, NEAR)), "")

    def place_question(self, question: IncomingQuestion) -> IncomingQuestion:
        """``question`` with codes for titles; a course that is a lesson's name is taken as that lesson."""
        course, lesson = self._courses.get(_key(question.course), question.course), question.lesson
        if lesson:
            of_course, lesson = self._lessons.get(_key(lesson), (course, lesson))
            return replace(question, course=course or of_course, lesson=lesson)
        if course and _key(course) in self._lessons and _key(course) not in self._courses:
            course, lesson = self._lessons[_key(course)]
        return replace(question, course=course, lesson=lesson)

    def place_case(self, case: IncomingCase) -> IncomingCase:
        """``case`` with codes in place of titles."""
        lessons = tuple(self._lessons.get(_key(lesson), ("", lesson))[1] for lesson in case.lessons)
        return replace(case, course=self._courses.get(_key(case.course), case.course), lessons=lessons)

    def place_enrolment(self, enrolment: IncomingEnrolment) -> IncomingEnrolment:
        """``enrolment`` with the code of its course in place of the title."""
        return replace(enrolment, course=self._courses.get(_key(enrolment.course), enrolment.course))


def _key(name: str) -> str:
    return " ".join(name.casefold().split())
