"""Storing prepared questions in bulk: once each, also when two imports of the same file race."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Insert, Table, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from kbsearch.errors import InvalidInput
from kbsearch.models import (
    Collection,
    Course,
    Lesson,
    Outbox,
    Question,
    QuestionState,
    Reply,
    counts_with,
    utc_now,
)
from kbsearch.services.import_records import fresh_id
from kbsearch.services.intake import PreparedQuestion, PreparedReply, placed
from kbsearch.services.row_chunks import chunks
from kbsearch.services.same_words import link_same_words

Name = tuple[str, str]

MOST_LISTED = 20
"""Codes that an error lists."""

_ONE_OF = "Use one of: {known}; or leave it empty."


@dataclass(frozen=True, slots=True)
class Received:
    """A question that is stored now; ``created`` tells whether it was new."""

    question_id: int
    created: bool


def store_questions(
    session: Session, batch: Sequence[PreparedQuestion], import_id: int | None = None
) -> list[Received]:
    """Store ``batch`` with replies and outbox rows; the results are in its order.  New rows name the import.

    A question that is known keeps its text; replies that it did not have yet are added, each text once, and
    one that was accepted since is marked so.  A new question that says word for word what another one said
    before is linked to it.
    """
    batch = _with_courses_of_lessons(session, batch)
    created = _insert_new(session, batch, import_id)
    first = {_name(question): question for question in reversed(batch)}
    known = _ids_of(session, [name for name in first if name not in created])
    replies = ((key, 0, _once(first[name].replies)) for name, key in created.items())
    _add_replies(session, replies, import_id)
    repeated = [
        question for question in batch if _name(question) in known or question is not first[_name(question)]
    ]
    ids = {**created, **known}
    changed = _add_later_replies(session, [(ids[_name(one)], one) for one in repeated], import_id)
    if created:
        link_same_words(session, created.values())
    _announce(session, [*created.values(), *changed])
    return _results(batch, created, known)


def refuse_unknown_places(
    session: Session, places: Sequence[tuple[str, str]], where: Sequence[str] = ()
) -> None:
    """Check ``places``, courses and lessons by code, against the school's outline, if it has one.

    ``where``: what errors call each of them, such as "questions.3".

    Raises:
        InvalidInput: the outline does not have one of them, or has the lesson in another course.
    """
    courses = set(session.scalars(select(Course.code)))
    rows = session.execute(select(Lesson.code, Lesson.course_code))
    lessons: dict[str, str] = {row.code: row.course_code for row in rows}
    for (course, lesson), place in zip(places, where or [""] * len(places), strict=True):
        _refuse_unknown(course, lesson, courses, lessons, place)


def _refuse_unknown(course: str, lesson: str, courses: set[str], lessons: dict[str, str], place: str) -> None:
    if courses and course and course not in courses:
        raise InvalidInput(
            placed("There is no course '{code}' in the school's outline.", place),
            remedy=_ONE_OF,
            code=course,
            known=_first(courses),
            field="course",
            place=place,
        )
    if lessons and lesson and lesson not in lessons:
        raise InvalidInput(
            placed("There is no lesson '{code}' in the school's outline.", place),
            remedy=_ONE_OF,
            code=lesson,
            known=_first([code for code, own in lessons.items() if own == course] or lessons),
            field="lesson",
            place=place,
        )
    if course and lesson in lessons and lessons[lesson] != course:
        raise InvalidInput(
            placed("Lesson {lesson} belongs to course {own}, not to {course}.", place),
            remedy="Leave the course out, or name a lesson of it.",
            lesson=lesson,
            own=lessons[lesson],
            course=course,
            field="lesson",
            place=place,
        )


def _first(codes: Iterable[str]) -> str:
    known = sorted(codes)
    return ", ".join([*known[:MOST_LISTED], *("…" for _ in known[MOST_LISTED:][:1])])


def _name(question: PreparedQuestion) -> Name:
    return question.source, question.external_id


def _with_courses_of_lessons(
    session: Session, batch: Sequence[PreparedQuestion]
) -> Sequence[PreparedQuestion]:
    """Fill in the course where only the lesson is told."""
    if all(question.course or not question.lesson for question in batch):
        return batch
    rows = session.execute(select(Lesson.code, Lesson.course_code))
    courses: dict[str, str] = {row.code: row.course_code for row in rows}
    return [
        question if question.course else replace(question, course=courses.get(question.lesson, ""))
        for question in batch
    ]


def _insert_new(
    session: Session, batch: Sequence[PreparedQuestion], import_id: int | None
) -> dict[Name, int]:
    """Insert those that are not known; the database decides, so that two writers cannot both win."""
    table = Question.__table__
    assert isinstance(table, Table)  # noqa: S101  # narrows the type of the declarative attribute
    statement = _or_nothing(session, table).returning(table.c.source, table.c.external_id, table.c.id)
    created: dict[Name, int] = {}
    now = utc_now()
    for some in chunks(batch):
        rows = list({_name(question): _row(question, now) for question in reversed(some)}.values())[::-1]
        start = fresh_id(session, Question)
        for place, row in enumerate(rows):
            row["import_id"] = import_id
            if start is not None:
                row["id"] = start + place
        if rows:
            for source, external_id, key in session.execute(statement, rows):
                created[source, external_id] = key
    return created


def _or_nothing(session: Session, table: Table) -> Insert:
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing(index_elements=["source", "external_id"])
    return sqlite.insert(table).on_conflict_do_nothing(index_elements=["source", "external_id"])


def _row(question: PreparedQuestion, now: datetime) -> dict[str, Any]:
    return {
        "received_at": now,
        "updated_at": now,
        "source": question.source,
        "external_id": question.external_id,
        "text": question.text,
        "text_key": question.text_key,
        "author_key": question.author_key,
        "course_code": question.course,
        "lesson_code": question.lesson,
        "language": question.language,
        "asked_at": question.asked_at,
        "state": QuestionState.ANSWERED if question.answered else QuestionState.OPEN,
        "case_id": question.case_id,
    }


def _ids_of(session: Session, names: Sequence[Name]) -> dict[Name, int]:
    by_source: defaultdict[str, list[str]] = defaultdict(list)
    for source, external_id in names:
        by_source[source].append(external_id)
    ids: dict[Name, int] = {}
    for source, external_ids in by_source.items():
        for some in chunks(external_ids):
            query = select(Question.external_id, Question.id)
            query = query.where(Question.source == source, Question.external_id.in_(some))
            ids.update({(source, external_id): key for external_id, key in session.execute(query)})
    return ids


def _add_replies(
    session: Session, replies: Iterable[tuple[int, int, Sequence[PreparedReply]]], import_id: int | None
) -> None:
    """Insert replies given as (question id, first position, replies)."""
    rows = [
        {
            "question_id": question_id,
            "position": position,
            "text": reply.text,
            "author_key": reply.author_key,
            "by_mentor": reply.by_mentor,
            "accepted": reply.accepted,
            "replied_at": reply.replied_at,
            "import_id": import_id,
        }
        for question_id, start, some in replies
        for position, reply in enumerate(some, start)
    ]
    if rows:
        session.execute(insert(Reply), rows)


def _once(replies: Sequence[PreparedReply]) -> list[PreparedReply]:
    """Each text once, accepted if it is somewhere."""
    found: dict[str, PreparedReply] = {}
    for reply in replies:
        known = found.setdefault(reply.text, reply)
        if reply.accepted and not known.accepted:
            found[reply.text] = replace(known, accepted=True)
    return list(found.values())


def _add_later_replies(
    session: Session, known: Sequence[tuple[int, PreparedQuestion]], import_id: int | None
) -> list[int]:
    """Add replies that known questions did not have; returns the ids of questions that this answered.

    A reply that it had is marked when it has been accepted since; it is never unmarked.
    """
    answering: list[int] = []
    touched: list[int] = []
    for question_id, question in known:
        if not question.replies:
            continue
        rows = session.execute(select(Reply.text, Reply.accepted).where(Reply.question_id == question_id))
        stored = {row.text: row.accepted for row in rows}
        replies = _once(question.replies)
        later = [reply for reply in replies if reply.text not in stored]
        accepted = [reply.text for reply in replies if reply.accepted and stored.get(reply.text) is False]
        _add_replies(session, [(question_id, _next_position(session, question_id), later)], import_id)
        _accept(session, question_id, accepted, import_id)
        if later or accepted:
            touched.append(question_id)
        if (later or accepted) and question.answered:
            answering.append(question_id)
    touch(session, touched)
    return _answer_open(session, answering)


def touch(session: Session, ids: Sequence[int]) -> None:
    """Note that replies of these questions changed now."""
    for some in chunks(ids):
        change = update(Question).where(Question.id.in_(some)).values(updated_at=utc_now())
        session.execute(change.execution_options(synchronize_session=False))


def _accept(session: Session, question_id: int, texts: Sequence[str], import_id: int | None) -> None:
    """Mark the replies with these texts as accepted."""
    if texts:
        said = update(Reply).where(Reply.question_id == question_id, Reply.text.in_(texts))
        values = {"accepted": True, "accepted_import_id": import_id}
        session.execute(said.values(**values).execution_options(synchronize_session=False))


def _next_position(session: Session, question_id: int) -> int:
    last = session.scalar(select(func.max(Reply.position)).where(Reply.question_id == question_id))
    return 0 if last is None else last + 1


def _answer_open(session: Session, ids: Sequence[int]) -> list[int]:
    statement = update(Question).where(Question.id.in_(ids), Question.state == QuestionState.OPEN)
    statement = statement.values(state=QuestionState.ANSWERED).execution_options(synchronize_session=False)
    if ids:
        session.execute(statement)
        session.execute(counts_with(ids))
    return list(dict.fromkeys(ids))


def _announce(session: Session, ids: Sequence[int]) -> None:
    """Ask the worker to bring the questions' index up to date."""
    if ids:
        now = utc_now()
        rows = [{"collection": Collection.QUESTIONS, "entity_id": key, "created_at": now} for key in ids]
        session.execute(insert(Outbox), rows)


def _results(
    batch: Sequence[PreparedQuestion], created: Mapping[Name, int], known: Mapping[Name, int]
) -> list[Received]:
    seen: set[Name] = set()
    results = []
    for question in batch:
        name = _name(question)
        new = name in created and name not in seen
        seen.add(name)
        results.append(Received(created[name] if name in created else known[name], new))
    return results
