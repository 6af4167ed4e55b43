"""Imports: what a file holds, before it is taken in, and the taking in, row by row, with a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.errors import InvalidInput, StorageUnavailable, TooLarge, UnreadableFile, fill
from kbsearch.importers.options import ImportOptions, Source
from kbsearch.importers.records import (
    IncomingCase,
    IncomingCourse,
    IncomingEnrolment,
    IncomingQuestion,
    Record,
    Skipped,
)
from kbsearch.importers.sources import open_source
from kbsearch.models import ImportState
from kbsearch.ports import Progress, silent
from kbsearch.services.enrolments import checked, monday_of
from kbsearch.services.import_batches import BatchWriter, Prepared, Tally, check_case
from kbsearch.services.import_records import Origin, begun, ended
from kbsearch.services.intake import PreparedQuestion, clean
from kbsearch.services.outline_checks import check_course, lesson_codes
from kbsearch.services.outline_names import OutlineNames, Unknown
from kbsearch.services.questions import QuestionService

__all__ = ["ImportOptions", "ImportPreview", "ImportReport", "ImportService", "Origin", "Sample"]

BATCH = 500
"""Records a transaction."""

LISTED = 100
"""Skipped rows that a report names; the others are only counted."""

SAMPLES = 5
PREVIEWED = 5_000
"""Records that a preview reads unless it is told to read all."""


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
    ``clashes``: questions that have the id of an earlier row and another text: only the first is taken.
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
    unknown: list[Unknown] = field(default_factory=list)
    undated: int = 0
    clashes: int = 0


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file.

    ``taken`` counts questions_new, questions_known, cases_new, cases_changed, cases_same, courses and
    enrolments (weeks of courses).
    ``skipped`` names the first rows that could not be taken.  ``harmless`` counts by reason what is no
    content.  ``masked`` counts by kind what was masked in what is new.  ``unknown``, ``undated`` and
    ``header`` are those of `ImportPreview`.  Of known questions (same source and id), which never change:
    ``clashes`` have another text in the file, ``kept_places`` another course or lesson.
    ``import_id``: by which it can be undone.
    """

    taken: dict[str, int]
    skipped: list[Skipped]
    skipped_count: int
    harmless: dict[str, int]
    masked: dict[str, int]
    unknown: list[Unknown] = field(default_factory=list)
    clashes: int = 0
    kept_places: int = 0
    undated: int = 0
    header: str | None = None
    import_id: int = 0

    @property
    def anything(self) -> bool:
        """Whether anything was taken or known already."""
        return any(self.taken.values())


class ImportService:
    """Takes files in."""

    def __init__(self, database: Database, questions: QuestionService) -> None:
        self._database = database
        self._questions = questions

    def preview(self, path: Path, options: ImportOptions, *, limit: int | None = PREVIEWED) -> ImportPreview:
        """Read ``path`` without storing anything; at most ``limit`` records (None: all).

        Raises:
            InvalidInput: it cannot be read at all; see `kbsearch.importers.sources.open_source`.
        """
        source = open_source(path, options)
        tally = Tally(LISTED)
        sample: list[Sample] = []
        records, problem = _drawable(source)
        names, lessons = self._names(), self._lessons()
        first: dict[tuple[str, str], str] = {}
        for record in islice(records, limit):
            prepared = _writable(self._prepared(record, names, tally), tally, lessons)
            if prepared is not None and _is_first(prepared, first, tally):
                tally.taken[_kind(prepared)] += 1
                if len(sample) < SAMPLES:
                    sample.append(_sample(prepared, record.place))
        return ImportPreview(
            format=source.format,
            encoding=source.encoding,
            columns=source.columns,
            mapping=dict(source.mapping),
            sample=sample,
            counts=dict(tally.taken),
            skipped=tally.skipped,
            skipped_count=tally.skipped_count,
            harmless=dict(tally.harmless),
            masked=dict(tally.masked),
            complete=next(records, None) is None,
            problem=problem.message if problem else "",
            remedy=problem.remedy if problem else "",
            header=source.header,
            unknown=tally.unknown_names(names),
            undated=tally.undated if source.columns else 0,
            clashes=tally.clashes,
        )

    def run(
        self,
        path: Path,
        options: ImportOptions,
        progress: Progress = silent,
        origin: Origin | None = None,
    ) -> ImportReport:
        """Take in ``path``; ``origin`` tells where it comes from, if not from a file of this name.

        With ``on_error="skip"`` broken rows are reported and the others stored, batch by batch; taking the
        file in again finds what is known.  With "stop" the first broken row ends it and nothing is stored.

        Raises:
            InvalidInput: it cannot be read at all, or with "stop" a row is broken; the message names it.
            StorageUnavailable: the database refused; earlier batches are stored, this one is not.
            Conflict: the import was undone meanwhile.
        """
        source = open_source(path, options)
        tally = Tally(LISTED)
        import_id = begun(self._database, origin or Origin(path.name), source.format)
        try:
            writer = BatchWriter(self._questions, tally, import_id)
            if options.on_error == "stop":
                self._run_whole(source, writer, tally, path, progress)
            else:
                self._run_batches(source, writer, tally, progress)
            progress(source.meter.total, source.meter.total, "reading")
        except BaseException:
            with suppress(StorageUnavailable):
                ended(self._database, import_id, ImportState.FAILED, tally.taken)
            raise
        ended(self._database, import_id, ImportState.DONE, tally.taken)
        return ImportReport(
            taken=dict(tally.taken),
            skipped=tally.skipped,
            skipped_count=tally.skipped_count,
            harmless=dict(tally.harmless),
            masked=dict(tally.masked),
            unknown=tally.unknown_names(self._names()),
            clashes=tally.clashes,
            kept_places=tally.kept_places,
            undated=tally.undated if source.columns else 0,
            header=source.header,
            import_id=import_id,
        )

    def _run_batches(self, source: Source, writer: BatchWriter, tally: Tally, progress: Progress) -> None:
        names = self._names()
        records = _to_the_end(source.records())
        while batch := list(islice(records, BATCH)):
            prepared = [ready for record in batch if (ready := self._prepared(record, names, tally))]
            with self._database.writing() as session:
                writer.write(session, prepared)
            progress(source.meter.done, source.meter.total, "reading")
            if any(isinstance(record, IncomingCourse) for record in batch):
                names = self._names()

    def _run_whole(
        self, source: Source, writer: BatchWriter, tally: Tally, path: Path, progress: Progress
    ) -> None:
        names = self._names()
        prepared: list[Prepared] = []
        for record in source.records():
            ready = self._prepared(record, names, tally)
            _stop_at_fault(tally, path)
            prepared.extend([ready] if ready else [])
            if len(prepared) % BATCH == 0:
                progress(source.meter.done, source.meter.total, "reading")
        with self._database.writing() as session:
            self._write_whole(writer, session, prepared, tally, path)

    def _write_whole(
        self, writer: BatchWriter, session: Session, prepared: Sequence[Prepared], tally: Tally, path: Path
    ) -> None:
        for at in range(0, len(prepared), BATCH):
            writer.write(session, prepared[at : at + BATCH])
            _stop_at_fault(tally, path)

    def _names(self) -> OutlineNames:
        return OutlineNames(self._questions.courses())

    def _lessons(self) -> dict[str, str]:
        """The course of each lesson, by their codes."""
        return {lesson.code: course.code for course in self._questions.courses() for lesson in course.lessons}

    def _prepared(self, record: Record, names: OutlineNames, tally: Tally) -> Prepared | None:
        """``record`` ready to be stored; None when it is skipped, which ``tally`` then holds."""
        if isinstance(record, Skipped):
            tally.skip(record)
            return None
        try:
            if isinstance(record, IncomingQuestion):
                placed = names.place_question(record)
                ready = self._questions.prepare(replace(placed, place=""))
                tally.unknown.update(names.unknown_in(placed))
                tally.undated += record.asked_at is None
                return Prepared(replace(record, text="", replies=()), ready)
            if isinstance(record, IncomingCourse):
                return Prepared(record)
            known = (
                names.place_case(record)
                if isinstance(record, IncomingCase)
                else names.place_enrolment(checked(record))
            )
            tally.unknown.update(names.unknown_in(known))
            return Prepared(known)
        except InvalidInput as error:
            tally.skip(Skipped.because(record.place, error))
            return None


def _writable(prepared: Prepared | None, tally: Tally, lessons: dict[str, str]) -> Prepared | None:
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


def _is_first(prepared: Prepared, first: dict[tuple[str, str], str], tally: Tally) -> bool:
    """Whether no question before has the id of ``prepared``; ``first`` has the key of the text of each id."""
    question = prepared.question
    if question is None:
        return True
    name = question.source, question.external_id
    if name not in first:
        first[name] = question.text_key
        return True
    tally.clashes += first[name] != question.text_key
    return False


def _own(lessons: dict[str, str], course: str, codes: Sequence[str]) -> None:
    """Note that ``course`` has the lessons ``codes`` and no others."""
    for code in [code for code, owner in lessons.items() if owner == course]:
        del lessons[code]
    lessons.update(dict.fromkeys(codes, course))


def _drawable(source: Source) -> tuple[Iterator[Record], InvalidInput | None]:
    """The records of ``source``, or why none can be drawn before a column is mapped."""
    records = _to_the_end(source.records())
    try:
        first = list(islice(records, 1))
    except TooLarge:
        raise
    except InvalidInput as error:
        return iter(()), error
    return _chained(first, records), None


def _chained(first: Sequence[Record], rest: Iterator[Record]) -> Iterator[Record]:
    yield from first
    yield from rest


def _to_the_end(records: Iterator[Record]) -> Iterator[Record]:
    """``records``; where reading breaks off after some, the rest is one skipped row."""
    count = 0
    try:
        for count, record in enumerate(records, 1):  # noqa: B007  # the count is needed after the loop
            yield record
    except UnreadableFile as error:
        if not count:
            raise
        # The report goes on to pages, to whom the folder on this machine means nothing.
        named = {
            key: Path(str(value)).name if key == "path" else value for key, value in error.details.items()
        }
        yield replace(Skipped.because("the rest", error), details=named)


def _stop_at_fault(tally: Tally, path: Path) -> None:
    if tally.skipped:
        first = tally.skipped[0]
        raise InvalidInput(
            "{path}, {place}: {reason}. Nothing was taken.",
            remedy="Mend the row and import the file again, or use --on-error skip.",
            path=str(path),
            place=first.place,
            reason=fill(first.reason, dict(first.details)).rstrip("."),
        )


def _kind(prepared: Prepared) -> str:
    if prepared.question is not None:
        return "questions"
    if isinstance(prepared.record, IncomingEnrolment):
        return "enrolments"
    return "cases" if isinstance(prepared.record, IncomingCase) else "courses"


def _sample(prepared: Prepared, place: str) -> Sample:
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
