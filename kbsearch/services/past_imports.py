"""Past imports: listed, looked at before they are undone, and undone, at once or by the worker."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.models import Import, ImportState, Job, JobKind, Person, Question
from kbsearch.ports import ClusterNamer, Progress, silent
from kbsearch.services.import_plans import UndoPlan, Work, planned
from kbsearch.services.import_records import brought, existing, is_running, of_job
from kbsearch.services.import_undoing import Outcome, checked, nothing_to_undo, undone
from kbsearch.services.jobs import busy_jobs, end_with, queued
from kbsearch.services.school_reverting import keeps_nothing

NAMED = 10
"""Questions that stay, and later imports, that a preview names."""


@dataclass(frozen=True, slots=True)
class PastImport:
    """An import with the names of who took it in and who undid it; "" when nobody is known.

    ``state``: where it stands; one that was killed has failed.  ``taken``: what came in, by what it is
    counted as, see `kbsearch.services.imports.ImportReport`.
    """

    record: Import
    state: ImportState
    taken: dict[str, int]
    person: str = ""
    undone_by: str = ""


@dataclass(frozen=True, slots=True)
class KeptQuestion:
    """A question that stays, and what people did with it."""

    id: int
    text: str
    work: Work


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What undoing an import would do; nothing is changed by looking.

    ``examples``: the first questions that stay.  ``later``: later imports whose files had questions that
    were known by then, which may be those that go.  ``keeps_nothing``: it told of courses or enrolments
    before kbsearch kept what such imports replace, so these stay.
    """

    past: PastImport
    plan: UndoPlan
    examples: list[KeptQuestion]
    later: list[Import]
    keeps_nothing: bool = False


class PastImports:
    """Verbs on imports that have ended.  ``namer`` gives clusters that lose questions their names."""

    def __init__(self, database: Database, namer: ClusterNamer | None = None) -> None:
        self._database = database
        self._namer = namer

    def latest(self, limit: int = 50) -> list[PastImport]:
        """Imports, the newest first."""
        with self._database.reading() as session:
            records = session.scalars(select(Import).order_by(Import.id.desc()).limit(limit)).all()
            return [_with_people(session, record) for record in records]

    def get(self, import_id: int) -> PastImport:
        """The import.

        Raises:
            NotFound: there is none with this id.
        """
        with self._database.reading() as session:
            return _with_people(session, existing(session, import_id))

    def of_job(self, job_id: int) -> Import | None:
        """The import that a job did; None when it is of before kbsearch kept what each import brought."""
        with self._database.reading() as session:
            return of_job(session, job_id)

    def preview(self, import_id: int) -> UndoPreview:
        """What undoing the import would do.

        Raises:
            NotFound: there is none with this id.
            Conflict: it is running, or was undone already.
        """
        with self._database.reading() as session:
            record = checked(session, import_id)
            plan = planned(session, record)
            named = select(Question.id, Question.text).where(Question.id.in_(sorted(plan.kept)[:NAMED]))
            examples = [
                KeptQuestion(row.id, row.text, plan.kept[row.id])
                for row in session.execute(named.order_by(Question.id))
            ]
            return UndoPreview(
                past=_with_people(session, record),
                plan=plan,
                examples=examples,
                later=_later(session, record),
                keeps_nothing=keeps_nothing(session, record),
            )

    def undo(self, import_id: int, person_id: int | None = None, progress: Progress = silent) -> Outcome:
        """Undo the import: in one transaction, so that it is undone whole or not at all.

        ``progress`` must not write to the database.

        Raises:
            NotFound: there is none with this id.
            Conflict: it is running, was undone already, or nothing of it can be removed.
            StorageUnavailable: the database refuses.
        """
        with self._database.writing() as session:
            return undone(session, import_id, person_id, namer=self._namer, progress=progress)

    def ask(self, import_id: int, person_id: int | None = None) -> Job:
        """The job of the worker that will undo the import; the one that waits or runs already, if there is.

        Raises:
            NotFound, Conflict: as `undo`.
        """
        with self._database.writing() as session:
            record = checked(session, import_id, locked=True)
            jobs = busy_jobs(session, JobKind.UNDO)
            known = next((job for job in jobs if job.parameters["import_id"] == import_id), None)
            if known is not None:
                return known
            if not planned(session, record).changes:
                raise nothing_to_undo(session, record)
            return queued(session, JobKind.UNDO, {"import_id": import_id}, person_id)

    def work(self, job: Job, progress: Progress = silent) -> None:
        """Do what ``job`` asks for and end it, in one transaction: neither is ever seen without the other.

        Raises:
            NotFound, Conflict: as `undo`; or the job is cancelled.
        """
        progress(0, 1, "Undoing the import")
        with self._database.writing() as session:
            import_id = job.parameters["import_id"]
            outcome = undone(session, import_id, job.person_id, namer=self._namer)
            end_with(session, job.id, asdict(outcome))


def _with_people(session: Session, record: Import) -> PastImport:
    ids = [one for one in (record.person_id, record.undone_by_id) if one is not None]
    people = select(Person.id, Person.name).where(Person.id.in_(ids))
    names: dict[int | None, str] = {row.id: row.name for row in session.execute(people)} if ids else {}
    state = ImportState(record.state)
    if state == ImportState.RUNNING and not is_running(session, record):
        state = ImportState.FAILED
    return PastImport(
        record=record,
        state=state,
        taken=brought(session, record),
        person=names.get(record.person_id, ""),
        undone_by=names.get(record.undone_by_id, ""),
    )


def _later(session: Session, record: Import) -> list[Import]:
    since = select(Import).where(Import.id > record.id, Import.state != ImportState.UNDONE)
    found = session.scalars(since.order_by(Import.id))
    return [one for one in found if one.taken.get("questions_known")][:NAMED]
