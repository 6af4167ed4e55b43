"""What a preview tells of a file: the rows that would be taken, a few of them as they would be stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kbsearch.errors import InvalidInput
from kbsearch.importers.records import IncomingCase, IncomingCourse, IncomingEnrolment, Skipped
from kbsearch.services.enrolments import monday_of
from kbsearch.services.import_batches import Prepared, Tally, check_case
from kbsearch.services.import_ids import Name, name_of
from kbsearch.services.intake import PreparedQuestion, clean
from kbsearch.services.outline_checks import check_course, lesson_codes
from kbsearch.services.outline_names import Unknown


@dataclass(frozen=True, slots=True)
class Sample:
    """A record as it would be stored: ``kind`` is question, case, course or enrolment; ``fields`` masked."""

    kind: str
    place: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What a file holds.  ``complete`` is False when only its beginning was read.

    ``counts``: questions, cases, courses and enrolments that could be taken.  ``problem`` and ``remedy``:
    why nothing can be taken yet, such as a column that is not mapped; "" when it can.  ``header``: where the
    names of the columns stand ("line 4"); "" when a table has none, None when the format needs none.
    ``unknown``: courses and lessons that no outline of the school has, and lessons of another course, those
    with most rows first.  ``undated``: questions of a table that tell no date, and count as asked when taken.
    ``clashes``: rows that have the id of an earlier one and another text, and are skipped for that.
    ``channels``: all that an export of Slack has, chosen or not.  ``month_first``: how dates like 11/3/2026
    were read.
    """

    format: str
    encoding: str
    columns: tuple[str, ...]
    mapping: dict[str, str]
    sample: list[Sample]
    counts: dict[str, int]
    skipped: list[Skipped]
    skipped_count: int
    harmless: dict[str, int]
    masked: dict[str, int]
    complete: bool = True
    problem: str = ""
    remedy: str = ""
    header: str | None = None
    month_first: bool = False
    unknown: list[Unknown] = field(default_factory=list)
    undated: int = 0
    clashes: int = 0
    channels: tuple[str, ...] = ()


def writable(prepared: Prepared | None, tally: Tally, lessons: dict[str, str]) -> Prepared | None:
    """``prepared``; None for a case or course that could not be written, which ``tally`` then holds.

    ``lessons``: the course of each lesson once what came before is written; brought up to date.
    """
    if prepared is None:
        return None
    record = prepared.record
    try:
        if isinstance(record, IncomingCase):
            check_case(record)
        elif isinstance(record, IncomingCourse):
            check_course(record, lessons)
            _own(lessons, clean(record.code), lesson_codes(record))
    except InvalidInput as error:
        tally.skip(Skipped.because(record.place, error))
        return None
    return prepared


def is_first(prepared: Prepared, first: dict[Name, str], tally: Tally) -> bool:
    """Whether no question before has the id of ``prepared``; ``first`` has the key of the text of each id."""
    question = prepared.question
    if question is None:
        return True
    name = name_of(question)
    if name not in first:
        first[name] = question.text_key
        return True
    if first[name] != question.text_key:
        tally.share_id(prepared.record.place)
    return False


def _own(lessons: dict[str, str], course: str, codes: Sequence[str]) -> None:
    """Note that ``course`` has the lessons ``codes`` and no others."""
    for code in [code for code, owner in lessons.items() if owner == course]:
        del lessons[code]
    lessons.update(dict.fromkeys(codes, course))


def kind_of(prepared: Prepared) -> str:
    """What ``prepared`` is counted as: questions, cases, courses or enrolments."""
    if prepared.question is not None:
        return "questions"
    if isinstance(prepared.record, IncomingEnrolment):
        return "enrolments"
    return "cases" if isinstance(prepared.record, IncomingCase) else "courses"


def sample_of(prepared: Prepared, place: str) -> Sample:
    """``prepared``, which stands at ``place`` in its file, as it would be stored."""
    record, question = prepared.record, prepared.question
    if question is not None:
        return Sample("question", place, _question_fields(question))
    if isinstance(record, IncomingCase):
        shown = {"title": record.title, "answer": record.answer, "variants": "\n".join(record.variants)}
        return Sample("case", place, shown | {"course": record.course, "tags": ", ".join(record.tags)})
    if isinstance(record, IncomingCourse):
        lessons = "\n".join(lesson.title for lesson in record.lessons)
        return Sample("course", place, {"id": record.code, "title": record.title, "lessons": lessons})
    if isinstance(record, IncomingEnrolment):
        shown = {"course": record.course, "week": monday_of(record.day).isoformat()}
        return Sample("enrolment", place, shown | {"students": str(record.students)})
    return Sample("", place, {})


def _question_fields(question: PreparedQuestion) -> dict[str, str]:
    return {
        "id": question.external_id,
        "text": question.text,
        "course": question.course,
        "lesson": question.lesson,
        "asked_at": question.asked_at.isoformat(timespec="minutes"),
        "replies": "\n".join(reply.text for reply in question.replies),
    }
