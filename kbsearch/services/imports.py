"""Imports: a preview of a file, and the taking in, row by row, with a report."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.errors import InvalidInput, StorageUnavailable, fill
from kbsearch.importers.options import ImportOptions, Source, called
from kbsearch.importers.records import IncomingCase, IncomingCourse, IncomingQuestion, Record, Skipped
from kbsearch.models import ImportState
from kbsearch.ports import Progress, silent
from kbsearch.services.enrolments import checked
from kbsearch.services.import_batches import BatchWriter, Prepared, Tally, is_undated
from kbsearch.services.import_ids import Name
from kbsearch.services.import_previews import ImportPreview, Sample, is_first, kind_of, sample_of, writable
from kbsearch.services.import_reading import drawable, opened, to_the_end
from kbsearch.services.import_records import Origin, begun, ended
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
class ImportReport:
    """What became of a file.

    ``taken`` counts questions_new, questions_known, cases_new, cases_changed, cases_same, courses and
    enrolments (weeks of courses).
    ``skipped`` names the first rows that could not be taken.  ``harmless`` counts by reason what is no
    content.  ``masked`` counts by kind what was masked in what is new.  ``unknown``, ``undated``,
    ``header`` and ``month_first`` are those of `ImportPreview`.  Of known questions (same source and id),
    which never change: ``clashes`` have another text in the file, ``kept_places`` the same text, but another
    course or lesson.
    ``clashes_within``: rows that have the id of an earlier row and another text, and were skipped for that;
    ``id_column``: the column that holds ids, "" when none does.
    ``import_id``: by which it can be undone.
    """

    taken: dict[str, int]
    skipped: list[Skipped]
    skipped_count: int
    harmless: dict[str, int]
    masked: dict[str, int]
    unknown: list[Unknown] = field(default_factory=list)
    clashes: int = 0
    clashes_within: int = 0
    id_column: str = ""
    kept_places: int = 0
    undated: int = 0
    header: str | None = None
    month_first: bool = False
    import_id: int = 0

    @property
    def anything(self) -> bool:
        """Whether anything was taken or known already."""
        return any(self.taken.values())


class ImportService:
    """Takes files in, ``batch`` records a transaction."""

    def __init__(self, database: Database, questions: QuestionService, *, batch: int = BATCH) -> None:
        self._database = database
        self._questions = questions
        self._batch = batch

    def preview(self, path: Path, options: ImportOptions, *, limit: int | None = PREVIEWED) -> ImportPreview:
        """Read ``path`` without storing anything; at most ``limit`` records (None: all).

        Raises:
            InvalidInput: it cannot be read at all; see `kbsearch.importers.sources.open_source`.
        """
        source = opened(path, options)
        tally = Tally(LISTED)
        sample: list[Sample] = []
        records, problem = drawable(source)
        names, lessons = self._names(), self._lessons()
        first: dict[Name, str] = {}
        for record in islice(records, limit):
            prepared = writable(self._prepared(record, names, tally), tally, lessons)
            if prepared is not None and is_first(prepared, first, tally):
                tally.taken[kind_of(prepared)] += 1
                tally.undated += is_undated(prepared)
                if len(sample) < SAMPLES:
                    sample.append(sample_of(prepared, record.place))
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
            month_first=source.month_first,
            unknown=tally.unknown_names(names),
            undated=tally.undated if source.columns else 0,
            clashes=tally.clashes_within,
            channels=source.channels,
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
        source = opened(path, options)
        tally = Tally(LISTED)
        import_id = begun(self._database, origin or Origin(path.name), source.format)
        try:
            writer = BatchWriter(self._questions, tally, import_id)
            if options.on_error == "stop":
                self._run_whole(source, writer, tally, called(path, options), progress)
            else:
                self._run_batches(source, writer, tally, progress)
            progress(source.meter.total, source.meter.total, "reading")
        except BaseException:
            with suppress(StorageUnavailable):
                ended(self._database, import_id, ImportState.FAILED, tally.taken)
            raise
        ended(self._database, import_id, ImportState.DONE, tally.taken)
        return _report(source, tally, self._names(), import_id)

    def _run_batches(self, source: Source, writer: BatchWriter, tally: Tally, progress: Progress) -> None:
        names = self._names()
        records = to_the_end(source.records())
        while batch := list(islice(records, self._batch)):
            prepared = [ready for record in batch if (ready := self._prepared(record, names, tally))]
            with self._database.writing() as session:
                writer.write(session, prepared)
            progress(source.meter.done, source.meter.total, "reading")
            if any(isinstance(record, IncomingCourse) for record in batch):
                names = self._names()

    def _run_whole(
        self, source: Source, writer: BatchWriter, tally: Tally, name: str, progress: Progress
    ) -> None:
        names = self._names()
        prepared: list[Prepared] = []
        for record in source.records():
            ready = self._prepared(record, names, tally)
            _stop_at_fault(tally, name)
            prepared.extend([ready] if ready else [])
            if len(prepared) % self._batch == 0:
                progress(source.meter.done, source.meter.total, "reading")
        with self._database.writing() as session:
            self._write_whole(writer, session, prepared, tally, name)

    def _write_whole(
        self, writer: BatchWriter, session: Session, prepared: Sequence[Prepared], tally: Tally, name: str
    ) -> None:
        for at in range(0, len(prepared), self._batch):
            writer.write(session, prepared[at : at + self._batch])
            _stop_at_fault(tally, name)

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
                return Prepared(replace(record, text="", body="", replies=()), ready)
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


def _report(source: Source, tally: Tally, names: OutlineNames, import_id: int) -> ImportReport:
    return ImportReport(
        taken=dict(tally.taken),
        skipped=tally.skipped,
        skipped_count=tally.skipped_count,
        harmless=dict(tally.harmless),
        masked=dict(tally.masked),
        unknown=tally.unknown_names(names),
        clashes=tally.clashes,
        clashes_within=tally.clashes_within,
        id_column=source.mapping.get("id", ""),
        kept_places=tally.kept_places,
        undated=tally.undated if source.columns else 0,
        header=source.header,
        month_first=source.month_first,
        import_id=import_id,
    )


def _stop_at_fault(tally: Tally, name: str) -> None:
    if tally.skipped:
        first = tally.skipped[0]
        raise InvalidInput(
            "{path}, {place}: {reason}. Nothing was taken.",
            remedy="Mend the row and import the file again, or use --on-error skip.",
            path=name,
            place=first.place,
            reason=fill(first.reason, dict(first.details)).rstrip("."),
        )
