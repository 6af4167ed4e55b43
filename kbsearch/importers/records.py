"""What readers of files hand over: questions, cases, courses and enrolments as they came, nothing masked yet.

These never reach the database as they are: kbsearch.services masks and checks them first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from kbsearch.errors import InvalidInput, fill


@dataclass(frozen=True, slots=True)
class IncomingReply:
    """A reply to a question, unmasked."""

    text: str
    author: str = ""
    by_mentor: bool = False
    accepted: bool = False
    replied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IncomingQuestion:
    """A question as a source tells it, unmasked.

    ``external_id`` is unique within ``source``; "" makes one from the content, so that the same row is not
    taken twice.  ``asked_at`` None means now.  ``place`` says where it stands ("line 7", "message 1234").
    ``answered_by`` is the slug of the case that is known to answer it, read before it from the same source.
    ``body`` is the text without the subject of its table, "" when there is none: such questions were once
    taken without it, and are known by that.
    """

    text: str
    source: str = "import"
    external_id: str = ""
    author: str = ""
    course: str = ""
    lesson: str = ""
    language: str = ""
    asked_at: datetime | None = None
    replies: tuple[IncomingReply, ...] = ()
    place: str = ""
    answered_by: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class IncomingCase:
    """A case as a file tells it.  ``slug`` is its stable name; "" makes one from the title.

    ``state`` is a `kbsearch.models.CaseState` value.
    """

    title: str
    answer: str
    slug: str = ""
    variants: tuple[str, ...] = ()
    course: str = ""
    lessons: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str = ""
    state: str = "published"
    place: str = ""


@dataclass(frozen=True, slots=True)
class IncomingLesson:
    """A lesson of a course outline."""

    code: str
    title: str
    outline: str = ""


@dataclass(frozen=True, slots=True)
class IncomingCourse:
    """A course with its lessons in order.  ``cohorts``: days on which one began; None: nothing is told."""

    code: str
    title: str
    lessons: tuple[IncomingLesson, ...] = ()
    place: str = ""
    cohorts: tuple[date, ...] | None = None


@dataclass(frozen=True, slots=True)
class IncomingEnrolment:
    """How many ``students`` a course had in the week that ``day`` lies in."""

    course: str
    day: date
    students: int
    place: str = ""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a line or a row.  ``reason`` is an English template filled from ``details``."""

    reason: str
    details: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return fill(self.reason, dict(self.details))

    def at(self, place: str) -> Skipped:
        """The row at ``place``, skipped for this."""
        return Skipped(place, self.reason, self.details)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that was not taken.  ``reason`` and ``remedy`` are English templates filled from ``details``.

    ``harmless`` rows (service messages, blank lines) are counted but are no fault of the file.
    """

    place: str
    reason: str
    details: Mapping[str, object] = field(default_factory=dict)
    harmless: bool = False
    remedy: str = ""

    @staticmethod
    def because(place: str, error: InvalidInput) -> Skipped:
        """The row at ``place``, skipped for ``error``."""
        return Skipped(place, error.template, error.details, remedy=error.remedy_template)


Record = IncomingQuestion | IncomingCase | IncomingCourse | IncomingEnrolment | Skipped
