"""The record of each import: when it ran, who asked for it, and which rows it brought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.errors import Conflict, NotFound
from kbsearch.models import Case, Import, ImportState, Job, JobState, Question, utc_now

NAME_CHARS = 300
NEW = ("questions_new", "cases_new", "cases_changed")
BROKEN_OFF = timedelta(minutes=10)
"""An import without a sign of life for so long was killed."""
UNKNOWN = (
    "See the list of imports. Those of before kbsearch kept what each one brought are not in it and cannot "
    "be undone."
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an import comes from: what people call the file, the job that does it, who asked for it."""

    name: str = ""
    job_id: int | None = None
    person_id: int | None = None


def begun(database: Database, origin: Origin, file_format: str) -> int:
    """Note that an import begins; returns its id.  A job that is run again goes on with the one it had.

    Raises:
        Conflict: the import of this job was undone meanwhile.
    """
    with database.writing() as session:
        known = of_job(session, origin.job_id) if origin.job_id is not None else None
        if known is None:
            known = Import(job_id=origin.job_id, person_id=origin.person_id, format=file_format)
            known.name = origin.name[:NAME_CHARS]
            session.add(known)
        elif known.state == ImportState.UNDONE:
            raise _undone(known.id)
        known.state, known.seen_at = ImportState.RUNNING, utc_now()
        session.flush()
        return known.id


def note(session: Session, import_id: int, questions: Collection[int], cases: Collection[int]) -> None:
    """Note, in the transaction that stores them, which new questions and cases came.

    Raises:
        Conflict: the import was undone meanwhile.
    """
    values: dict[str, Any] = {"seen_at": utc_now()}
    if questions:
        values["first_question_id"] = func.coalesce(Import.first_question_id, min(questions))
        values["last_question_id"] = max(questions)
    if cases:
        values["last_case_id"] = max(cases)
    running = update(Import).where(Import.id == import_id, Import.state == ImportState.RUNNING)
    if not session.execute(running.values(**values)).rowcount:  # type: ignore[attr-defined]
        raise _undone(import_id)


def ended(database: Database, import_id: int, state: ImportState, taken: Mapping[str, int]) -> None:
    """Note how an import ended; what came in before its job was run again counts as well."""
    with database.writing() as session:
        record = existing(session, import_id, locked=True)
        if record.state == ImportState.RUNNING:
            before = {name: count for name, count in record.taken.items() if name in NEW}
            record.taken = dict(Counter(before) + Counter(taken))
            record.state, record.seen_at = state, utc_now()
            record.finished_at = record.seen_at


def of_job(session: Session, job_id: int) -> Import | None:
    """The import that a job did; None when it did none, or nobody kept that yet."""
    return session.scalar(select(Import).where(Import.job_id == job_id))


def is_running(session: Session, record: Import) -> bool:
    """Whether the import is at work, as far as anybody knows: a killed one could not say that it ended."""
    if record.state != ImportState.RUNNING or record.seen_at <= utc_now() - BROKEN_OFF:
        return False
    job = session.get(Job, record.job_id) if record.job_id is not None else None
    return job is None or job.state in {JobState.WAITING, JobState.RUNNING}


def brought(session: Session, record: Import) -> dict[str, int]:
    """What came in, by what it is counted as; of an import that could not say how it ended what is there."""
    if record.taken or record.first_question_id is None:
        return record.taken
    of_it = (
        Question.import_id == record.id,
        Question.id.between(record.first_question_id, record.last_question_id),
    )
    return {"questions_new": session.scalar(select(func.count()).select_from(Question).where(*of_it)) or 0}


def existing(session: Session, import_id: int, *, locked: bool = False) -> Import:
    """The import.

    Raises:
        NotFound: there is none with this id.
    """
    found = session.get(Import, import_id, with_for_update=locked or None)
    if found is None:
        raise NotFound("There is no import {id}.", remedy=UNKNOWN, id=import_id)
    return found


def fresh_id(session: Session, model: type[Question] | type[Case]) -> int | None:
    """The id that the next row must have; None where the database's own is right.

    SQLite gives the ids of deleted rows again when they were the highest.  People's edits of clusters, and
    whoever works on a question at that moment, would then mean another one.
    """
    if session.get_bind().dialect.name != "sqlite":
        return None
    given = Import.last_question_id if model is Question else Import.last_case_id
    deleted = session.scalar(select(func.max(given)).where(Import.undone_at.is_not(None)))
    if deleted is None or deleted <= (session.scalar(select(func.max(model.id))) or 0):
        return None
    return int(deleted) + 1


def _undone(import_id: int) -> Conflict:
    return Conflict("Import {id} was undone meanwhile.", remedy="Import the file again.", id=import_id)
