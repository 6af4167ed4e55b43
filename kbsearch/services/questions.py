"""Intake and reading of questions, their states, and the school's outline of courses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, selectinload

from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.errors import NotFound
from kbsearch.importers.records import IncomingCourse, IncomingQuestion
from kbsearch.models import Case, Collection, Course, Lesson, Outbox, Question, QuestionState
from kbsearch.services.covered_questions import asks
from kbsearch.services.intake import PreparedQuestion, prepare
from kbsearch.services.outlines import store_course
from kbsearch.services.question_rows import Received, refuse_unknown_places, store_questions
from kbsearch.services.row_chunks import chunks

__all__ = ["QuestionPage", "QuestionService", "Received", "Titles"]

MOST_NAMED = 200
"""Courses that a school without an outline may choose from."""


@dataclass(frozen=True, slots=True)
class Titles:
    """Titles of courses and of lessons by code, and the course that each lesson belongs to."""

    courses: dict[str, str]
    lessons: dict[str, str]
    course_of: dict[str, str]


@dataclass(frozen=True, slots=True)
class QuestionPage:
    """One page of a list, and how many questions there are in all."""

    items: list[Question]
    total: int


class QuestionService:
    """Takes questions in and hands them out."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    # -- intake

    def receive(self, incoming: IncomingQuestion, *, strict_course: bool = False) -> Received:
        """Store one question; taking it in again (same source and external id) adds new replies only.

        Raises:
            InvalidInput: no text, a code too long, or with ``strict_course`` a course or lesson that the
                school's outline does not have (a school without an outline takes any), or a lesson of
                another course.
            TooLarge: the text is over the limit.
        """
        return self.receive_many([incoming], strict_course=strict_course)[0]

    def receive_many(
        self, batch: Sequence[IncomingQuestion], *, strict_course: bool = False
    ) -> list[Received]:
        """Store ``batch`` in one transaction, all or none; the results are in its order.

        Raises:
            InvalidInput, TooLarge: as `receive`; nothing is stored then.
        """
        prepared = [self.prepare(incoming) for incoming in batch]
        with self._database.writing() as session:
            if strict_course:
                places = [(one.course, one.lesson) for one in prepared]
                refuse_unknown_places(session, places, [incoming.place for incoming in batch])
            return self.store(session, prepared)

    def check_place(self, course: str, lesson: str = "") -> None:
        """Check codes that a program sends, so that a wrong one does not quietly find less.

        Raises:
            InvalidInput: the school has an outline, and it does not have the course or the lesson, or has the
                lesson in another course.
        """
        self.check_places([(course, lesson)])

    def check_places(self, places: Sequence[tuple[str, str]]) -> None:
        """`check_place` of many courses and lessons at once.

        Raises:
            InvalidInput: as `check_place`.
        """
        if any(course or lesson for course, lesson in places):
            with self._database.reading() as session:
                refuse_unknown_places(session, places)

    def prepare(self, incoming: IncomingQuestion) -> PreparedQuestion:
        """``incoming`` checked and masked, not stored.

        Raises:
            InvalidInput, TooLarge: as `receive`.
        """
        return prepare(incoming, self._settings, self._author_key)

    @cached_property
    def _author_key(self) -> str:
        return self._settings.stored_key("author_key")

    def store(
        self, session: Session, batch: Sequence[PreparedQuestion], import_id: int | None = None
    ) -> list[Received]:
        """Store ``batch`` within the caller's transaction, with its replies and outbox rows.

        A question that is known keeps its text; replies that it did not have yet are added, each once.
        ``import_id``: the import that brings them.
        """
        return store_questions(session, batch, import_id)

    # -- reading

    def get(self, question_id: int) -> Question:
        """The question with its replies.

        Raises:
            NotFound: there is none.
        """
        with self._database.reading() as session:
            return _found(session, question_id)

    def by_ids(self, ids: Sequence[int]) -> list[Question]:
        """The questions with these ids, with replies, in this order; unknown ids are left out."""
        by_id: dict[int, Question] = {}
        with self._database.reading() as session:
            for some in chunks(list(dict.fromkeys(ids))):
                query = _with_replies().where(Question.id.in_(some))
                by_id.update((question.id, question) for question in session.scalars(query))
        return [by_id[wanted] for wanted in ids if wanted in by_id]

    def latest(
        self,
        *,
        state: str = "",
        course: str = "",
        limit: int = 50,
        before_id: int | None = None,
        asking: bool = False,
    ) -> list[Question]:
        """Questions with replies, latest asked first; ``before_id`` continues after that question.

        ``asking``: without those that are dismissed or set aside as small talk.
        """
        query = _with_replies().order_by(Question.asked_at.desc(), Question.id.desc()).limit(limit)
        if asking:
            query = query.where(asks())
        if state:
            query = query.where(Question.state == state)
        if course:
            query = query.where(Question.course_code == course)
        with self._database.reading() as session:
            if before_id is not None:
                last = _found(session, before_id)
                earlier = Question.asked_at < last.asked_at
                query = query.where(
                    or_(earlier, (Question.asked_at == last.asked_at) & (Question.id < last.id))
                )
            return list(session.scalars(query))

    def page(
        self,
        *,
        after: int = 0,
        limit: int = 50,
        since: datetime | None = None,
        state: str = "",
        course: str = "",
        source: str = "",
    ) -> QuestionPage:
        """Questions with replies by id, those after ``after``; ``since``: that changed then or later."""
        wanted = {Question.state: state, Question.course_code: course, Question.source: source}
        conditions = [column == value for column, value in wanted.items() if value]
        if since is not None:
            conditions.append(Question.updated_at >= since)
        query = _with_replies().where(*conditions, Question.id > after).order_by(Question.id).limit(limit)
        with self._database.reading() as session:
            total = session.scalar(select(func.count(Question.id)).where(*conditions)) or 0
            return QuestionPage(list(session.scalars(query)), total)

    def count(self, *, state: str = "", course: str = "") -> int:
        """How many questions there are."""
        query = select(func.count(Question.id))
        if state:
            query = query.where(Question.state == state)
        if course:
            query = query.where(Question.course_code == course)
        with self._database.reading() as session:
            return session.scalar(query) or 0

    # -- states

    def answer(self, question_id: int, case_id: int) -> Question:
        """Mark the question as answered by a case.

        Raises:
            NotFound: there is no such question or case.
        """
        with self._database.writing() as session:
            if session.get(Case, case_id) is None:
                raise NotFound("There is no case {id}.", remedy="It may have been deleted.", id=case_id)
            return _moved(session, question_id, QuestionState.ANSWERED, case_id)

    def dismiss(self, question_id: int) -> Question:
        """Mark the question as one that wants no answer.

        Raises:
            NotFound: there is none.
        """
        with self._database.writing() as session:
            return _moved(session, question_id, QuestionState.DISMISSED, None)

    def reopen(self, question_id: int) -> Question:
        """Let the question wait for an answer again.

        Raises:
            NotFound: there is none.
        """
        with self._database.writing() as session:
            return _moved(session, question_id, QuestionState.OPEN, None)

    # -- the school's outline

    def courses(self) -> list[Course]:
        """All courses with their lessons, by title."""
        with self._database.reading() as session:
            query = select(Course).options(selectinload(Course.lessons)).order_by(Course.title, Course.code)
            return list(session.scalars(query))

    def named_courses(self) -> list[str]:
        """The codes of courses that questions and cases name, `MOST_NAMED` of each at most, in order."""
        with self._database.reading() as session:
            named = {*_named(session, Question.course_code), *_named(session, Case.course_code)}
        return sorted(named)

    def titles(self) -> Titles:
        """What courses and lessons are called: many times faster than reading them whole."""
        with self._database.reading() as session:
            courses = session.execute(select(Course.code, Course.title))
            lessons = session.execute(select(Lesson.code, Lesson.title, Lesson.course_code)).all()
            return Titles(
                {row.code: row.title for row in courses},
                {row.code: row.title for row in lessons},
                {row.code: row.course_code for row in lessons},
            )

    def save_course(self, incoming: IncomingCourse) -> None:
        """Add a course or bring it up to date; lessons, and cohorts if any are told, replace those it had.

        Raises:
            InvalidInput: it cannot be stored; see `check_course`.
        """
        with self._database.writing() as session:
            store_course(session, incoming)


def _with_replies() -> Select[Any]:
    return select(Question).options(selectinload(Question.replies))


def _found(session: Session, question_id: int) -> Question:
    question: Question | None = session.scalar(_with_replies().where(Question.id == question_id))
    if question is None:
        raise NotFound("There is no question {id}.", remedy="It may have been deleted.", id=question_id)
    return question


def _moved(session: Session, question_id: int, state: QuestionState, case_id: int | None) -> Question:
    question = _found(session, question_id)
    if (question.state, question.case_id) != (state, case_id):
        question.state, question.case_id = state, case_id
        session.add(Outbox(collection=Collection.QUESTIONS, entity_id=question.id))
    return question


def _named(session: Session, column: InstrumentedAttribute[str]) -> list[str]:
    """The different values of ``column`` that are not empty, each looked up in its index after the last one.

    Of a hundred thousand rows all would be read otherwise.
    """
    found = [""]
    while len(found) <= MOST_NAMED:
        following = session.scalar(select(func.min(column)).where(column > found[-1]))
        if following is None:
            break
        found.append(following)
    return found[1:]
