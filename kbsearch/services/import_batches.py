"""One batch of an import: courses, cases and questions written in one transaction, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from kbsearch.errors import InvalidInput
from kbsearch.importers.records import (
    IncomingCase,
    IncomingCourse,
    IncomingEnrolment,
    IncomingQuestion,
    Record,
    Skipped,
)
from kbsearch.privacy.masking import mask
from kbsearch.services.case_drafts import MAX_TITLE, MAX_WORD
from kbsearch.services.case_writing import check_incoming, imported
from kbsearch.services.enrolments import store_enrolments
from kbsearch.services.import_ids import Known, SharedIds, as_known, known_questions, name_of, shared
from kbsearch.services.import_records import note
from kbsearch.services.intake import PreparedQuestion
from kbsearch.services.outline_names import Named, OutlineNames, Unknown
from kbsearch.services.questions import QuestionService, Received
from kbsearch.services.school_changes import store_outline

SUGGESTED = 20
"""Unknown names that a near one is looked for."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A record that can be stored; of a question ``question`` holds what is stored."""

    record: Record
    question: PreparedQuestion | None = None


def is_undated(prepared: Prepared) -> bool:
    """Whether it is a question whose file tells no date, so that it counts as asked when it is taken."""
    return isinstance(prepared.record, IncomingQuestion) and prepared.record.asked_at is None


@dataclass(slots=True)
class Tally:
    """What became of the records so far; at most ``listed`` skipped rows are kept."""

    listed: int
    taken: Counter[str] = field(default_factory=Counter)
    skipped: list[Skipped] = field(default_factory=list)
    skipped_count: int = 0
    harmless: Counter[str] = field(default_factory=Counter)
    masked: Counter[str] = field(default_factory=Counter)
    unknown: Counter[Named] = field(default_factory=Counter)
    clashes: int = 0
    clashes_within: int = 0
    kept_places: int = 0
    undated: int = 0

    def skip(self, row: Skipped) -> None:
        """Count a row that is not taken."""
        if row.harmless:
            self.harmless[row.reason] += 1
            return
        self.skipped_count += 1
        if len(self.skipped) < self.listed:
            self.skipped.append(row)

    def share_id(self, place: str) -> None:
        """Count the row at ``place``, which has the id of an earlier row of the file and another text."""
        self.clashes_within += 1
        self.skip(shared(place))

    def unknown_names(self, names: OutlineNames) -> list[Unknown]:
        """The courses and lessons that no outline has, most rows first; `listed` at most."""
        rows = sorted(self.unknown.items(), key=lambda pair: (-pair[1], pair[0]))
        return [
            Unknown(*named, count, names.nearest(named) if place < SUGGESTED else "")
            for place, (named, count) in enumerate(rows[: self.listed])
        ]


class BatchWriter:
    """Writes batches of one import, whose rows name it."""

    def __init__(self, questions: QuestionService, tally: Tally, import_id: int) -> None:
        self._questions = questions
        self._import_id = import_id
        self._tally = tally
        self._case_ids: dict[str, int] = {}
        self._case_places: dict[int, str] = {}
        self._new_cases: set[int] = set()
        self._shared = SharedIds(import_id)

    def write(self, session: Session, batch: Sequence[Prepared]) -> None:
        """Write ``batch`` in the caller's transaction and count it.

        Raises:
            Conflict: the import was undone meanwhile.
        """
        new_cases = set(self._new_cases)
        for prepared in batch:
            if isinstance(prepared.record, (IncomingCase, IncomingCourse)):
                self._write_apart(session, prepared.record)
        enrolments = [one.record for one in batch if isinstance(one.record, IncomingEnrolment)]
        if enrolments:
            self._tally.taken.update(store_enrolments(session, enrolments, self._import_id))
        new_questions = self._write_questions(session, [one for one in batch if one.question is not None])
        note(session, self._import_id, new_questions, self._new_cases - new_cases)

    def _write_questions(self, session: Session, batch: Sequence[Prepared]) -> list[int]:
        """Store the questions of ``batch`` but those that share an id; returns the ids of new ones."""
        questions = as_known(session, [self._answered(prepared) for prepared in batch])
        known = known_questions(session, questions)
        taken: list[PreparedQuestion] = []
        undated: list[bool] = []
        for prepared, question in zip(batch, questions, strict=True):
            if self._shared.is_one(question, known):
                self._tally.share_id(prepared.record.place)
            else:
                taken.append(question)
                undated.append(is_undated(prepared))
        received = self._questions.store(session, taken, self._import_id) if taken else []
        for question, result, without_date in zip(taken, received, undated, strict=True):
            self._count(question, result, known[name_of(question)])
            self._tally.undated += without_date and result.created
        return [one.question_id for one in received if one.created]

    def _write_apart(self, session: Session, record: IncomingCase | IncomingCourse) -> None:
        """Write one record so that its failure leaves the rest of the batch alone."""
        try:
            with session.begin_nested():
                if isinstance(record, IncomingCase):
                    self._write_case(session, record)
                else:
                    store_outline(session, record, self._import_id)
                    self._tally.taken["courses"] += 1
        except InvalidInput as error:
            self._tally.skip(Skipped.because(record.place, error))

    def _write_case(self, session: Session, record: IncomingCase) -> None:
        masked = [mask(variant) for variant in record.variants]
        found = sum((variant.found for variant in masked), Counter[str]())
        fitting = _fitting(replace(record, variants=tuple(variant.text for variant in masked)))
        stored = imported(session, fitting, self._import_id)
        if stored.created:
            self._new_cases.add(stored.case_id)
        first = self._case_places.setdefault(stored.case_id, record.place)
        if stored.changed and first != record.place:
            raise InvalidInput("its short name is that of the case at {place}", place=first)
        self._case_ids[record.slug] = stored.case_id
        outcome = "cases_new" if stored.created else "cases_changed" if stored.changed else "cases_same"
        self._tally.taken[outcome] += 1
        self._tally.masked.update(found if stored.created or stored.changed else Counter())

    def _answered(self, prepared: Prepared) -> PreparedQuestion:
        """The question, with the case that answers it when the same file brought that."""
        assert prepared.question is not None  # noqa: S101  # the caller filters
        slug = getattr(prepared.record, "answered_by", "")
        return replace(prepared.question, case_id=self._case_ids.get(slug)) if slug else prepared.question

    def _count(self, question: PreparedQuestion, result: Received, known: Known) -> None:
        """Count a question that was stored; ``known``: what is known by its name, itself when it is new."""
        if result.created:
            self._tally.taken["questions_new"] += 1
            self._tally.masked.update(question.masked)
            return
        self._tally.taken["questions_known"] += 1
        if not known.says(question):
            self._tally.clashes += 1
        else:
            self._tally.kept_places += known.keeps_place(question)


def check_case(record: IncomingCase) -> None:
    """Refuse a case that could not be written.

    Raises:
        InvalidInput: as said.
    """
    check_incoming(_fitting(record))


def _fitting(case: IncomingCase) -> IncomingCase:
    """``case`` with a title and words that fit: a long title is cut and kept whole as a phrasing."""
    tags = tuple(tag[:MAX_WORD] for tag in case.tags)
    title = " ".join(case.title.split())
    if len(title) <= MAX_TITLE:
        return replace(case, tags=tags)
    return replace(case, tags=tags, title=title[: MAX_TITLE - 1] + "…", variants=(title, *case.variants))
