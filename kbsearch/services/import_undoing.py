"""Undoing an import in one transaction: all of it is taken back, or nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from kbsearch.errors import Conflict
from kbsearch.models import (
    Case,
    Collection,
    CoverageSample,
    FirstMatch,
    Import,
    ImportState,
    Question,
    QuestionState,
    Reply,
    counts_with,
    utc_now,
)
from kbsearch.ports import ClusterNamer, Progress, silent
from kbsearch.services.case_writing import locked, take_back_revision
from kbsearch.services.import_plans import UndoPlan, answering, elsewhere, planned
from kbsearch.services.import_records import BROKEN_OFF, existing, is_running
from kbsearch.services.question_removal import announce, look_at_coverage, remove_questions
from kbsearch.services.question_rows import touch
from kbsearch.services.question_states import set_state
from kbsearch.services.row_chunks import chunks
from kbsearch.services.school_reverting import keeps_nothing, lock_school, revert


@dataclass(frozen=True, slots=True)
class Outcome:
    """What undoing an import did.

    ``questions``, ``cases`` and ``replies`` (of questions that stay): how many were removed.  ``restored``:
    cases that say again what they said before.  ``kept``: questions that stay, by what people did with them
    (`kbsearch.services.import_plans.Work`).  ``kept_cases``: id and title of cases that stay.
    ``courses`` and ``weeks`` (of enrolment): how many were removed; ``courses_restored`` and
    ``weeks_restored``: say again what they said before.  ``kept_courses`` and ``kept_weeks``: those that stay
    as they are, see `kbsearch.services.school_reverting.SchoolPlan`.
    """

    import_id: int
    questions: int
    cases: int
    replies: int
    restored: int
    kept: dict[str, int] = field(default_factory=dict)
    kept_cases: list[dict[str, Any]] = field(default_factory=list)
    courses: int = 0
    courses_restored: int = 0
    weeks: int = 0
    weeks_restored: int = 0
    kept_courses: list[dict[str, Any]] = field(default_factory=list)
    kept_weeks: dict[str, int] = field(default_factory=dict)


def checked(session: Session, import_id: int, *, locked: bool = False) -> Import:
    """The import, if it can be undone.

    Raises:
        NotFound: there is none with this id.
        Conflict: it is running, or was undone already.
    """
    record = existing(session, import_id, locked=locked)
    if record.state == ImportState.UNDONE:
        raise Conflict(
            "Import {id} was undone already.", remedy="Import the file again to have it back.", id=import_id
        )
    if is_running(session, record):
        raise Conflict(
            "Import {id} is still running.",
            remedy="Wait until it has ended, or stop it; one that was killed counts as ended after "
            "{minutes} minutes.",
            id=import_id,
            minutes=BROKEN_OFF // timedelta(minutes=1),
        )
    return record


def undone(
    session: Session,
    import_id: int,
    person_id: int | None,
    *,
    namer: ClusterNamer | None = None,
    progress: Progress = silent,
) -> Outcome:
    """Undo the import in the caller's transaction.

    Raises:
        NotFound: there is none with this id.
        Conflict: it is running, was undone already, or nothing of it can be removed.
    """
    record = checked(session, import_id, locked=True)
    lock_school(session, record)
    plan = planned(session, record)
    if not plan.changes:
        raise nothing_to_undo(session, record)
    _take_back_replies(session, record)
    remove_questions(session, plan.questions, namer, progress)
    _remove_cases(session, plan.cases)
    for case_id in plan.restored:
        take_back_revision(session, locked(session, case_id))
    revert(session, record, plan.school)
    outcome = outcome_of(import_id, plan)
    record.state, record.undone = ImportState.UNDONE, asdict(outcome)
    record.undone_at, record.undone_by_id = utc_now(), person_id
    return outcome


def nothing_to_undo(session: Session, record: Import) -> Conflict:
    """The error for an import that brought nothing that could be removed."""
    remedy = "It brought nothing that was new, or people have worked on all of it since."
    if keeps_nothing(session, record):
        remedy = "kbsearch did not keep yet what its outlines and enrolments replaced: import the right ones."
    return Conflict("Nothing of import {id} can be removed.", remedy=remedy, id=record.id)


def outcome_of(import_id: int, plan: UndoPlan) -> Outcome:
    """What carrying out ``plan`` does."""
    school = plan.school
    return Outcome(
        import_id=import_id,
        questions=len(plan.questions),
        cases=len(plan.cases),
        replies=plan.replies,
        restored=len(plan.restored),
        kept=plan.reasons,
        kept_cases=[asdict(one) for one in plan.kept_cases],
        courses=len(school.removed),
        courses_restored=len(school.restored),
        weeks=school.weeks_removed,
        weeks_restored=school.weeks_restored,
        kept_courses=[asdict(one) for one in school.kept],
        kept_weeks={str(one): count for one, count in sorted(school.kept_weeks.items())},
    )


def _take_back_replies(session: Session, record: Import) -> None:
    """Remove what the import added to questions of before; those that it answered are open again."""
    was_there = select(Question.id).where(elsewhere(record))
    brought = (Reply.import_id == record.id, Reply.question_id.in_(was_there))
    marked = (Reply.accepted_import_id == record.id, Reply.question_id.in_(was_there))
    concerned = {one for which in (brought, marked) for one in session.scalars(_questions(*which))}
    if not concerned:
        return
    plain = {"synchronize_session": False}
    session.execute(delete(Reply).where(*brought).execution_options(**plain))
    unmarked = update(Reply).where(*marked).values(accepted=False, accepted_import_id=None)
    session.execute(unmarked.execution_options(**plain))
    touch(session, sorted(concerned))
    for some in chunks(sorted(concerned)):
        query = select(Question.id).where(
            Question.id.in_(some),
            Question.state == QuestionState.ANSWERED,
            Question.case_id.is_(None),
            ~answering(),
        )
        waiting = session.scalars(query).all()
        set_state(session, waiting, QuestionState.OPEN, None)
        session.execute(counts_with(waiting))


def _questions(*which: Any) -> Any:
    return select(Reply.question_id).where(*which).distinct()


def _remove_cases(session: Session, ids: list[int]) -> None:
    if not ids:
        return
    for some in chunks(ids):
        # These would say that no case comes first; they are asked again.
        for asked in (FirstMatch, CoverageSample):
            session.execute(delete(asked).where(asked.case_id.in_(some)))
        statement = delete(Case).where(Case.id.in_(some))
        session.execute(statement.execution_options(synchronize_session=False))
    announce(session, Collection.CASES, ids)
    look_at_coverage(session)


__all__ = ["Outcome", "UndoPlan", "checked", "nothing_to_undo", "outcome_of", "undone"]
