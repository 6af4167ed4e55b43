"""Courses and lessons as files name them, by code or by title, told apart by the school's outline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kbsearch.importers.records import IncomingCase, IncomingEnrolment, IncomingQuestion
from kbsearch.models import Course


class OutlineNames:
    """Finds courses and lessons by code or title, whatever the case of letters."""

    def __init__(self, courses: Sequence[Course]) -> None:
        lessons = [lesson for course in courses for lesson in course.lessons]
        self._courses = {_key(course.title): course.code for course in courses}
        self._courses |= {_key(course.code): course.code for course in courses}
        self._lessons = {_key(lesson.title): (lesson.course_code, lesson.code) for lesson in lessons}
        self._lessons |= {_key(lesson.code): (lesson.course_code, lesson.code) for lesson in lessons}

    def is_unknown(self, course: str) -> bool:
        """Whether the school has an outline, and ``course`` is not in it."""
        return bool(self._courses) and bool(course) and _key(course) not in self._courses

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
