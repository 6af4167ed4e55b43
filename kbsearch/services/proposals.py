"""What the last run proposes: read, accepted whole or line by line, rejected."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.errors import Conflict, NotFound
from kbsearch.models import (
    ChangeKind,
    Cluster,
    ClusterEdit,
    LineDecision,
    ProposalLine,
    Question,
    QuestionState,
    Run,
    RunState,
    utc_now,
)
from kbsearch.services.acceptance import accept_lines, stored_places
from kbsearch.services.row_chunks import chunks

LINES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as people see it.

    ``number``: its place in the proposal, from 1 on.  ``cluster`` and ``other``: those that it names.
    ``examples``: up to three of the questions that move.
    """

    number: int
    line: ProposalLine
    cluster: Cluster | None
    other: Cluster | None
    examples: list[Question]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a run would change, and what was decided.

    ``lines``: all but those that change nothing, largest first, 100 at most; ``total`` and ``open``: how many
    there are, and are undecided.  ``newer_questions`` and ``newer_edits``: what the run does not know of.
    """

    run: Run
    lines: list[ShownLine]
    total: int
    open: int
    newer_questions: int
    newer_edits: int

    @property
    def is_open(self) -> bool:
        """Whether there is something to decide."""
        return self.open > 0

    @property
    def is_obsolete(self) -> bool:
        """Whether something happened that the run did not see."""
        return bool(self.newer_questions or self.newer_edits)


class ProposalService:
    """Verbs on proposals.  Only the newest run of a scope can be decided on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest(self, course: str = "") -> Proposal | None:
        """The newest run's proposal, decided or not; None before the first run."""
        with self._database.reading() as session:
            run = _newest(session, course)
            return None if run is None else _proposal(session, run)

    def get(self, run_id: int) -> Proposal:
        """The proposal of a run.

        Raises:
            NotFound: there is no such run.
        """
        with self._database.reading() as session:
            return _proposal(session, _run(session, run_id))

    def open_lines(self, course: str = "") -> int:
        """How many lines of the newest run wait for a decision."""
        with self._database.reading() as session:
            run = _newest(session, course)
            return 0 if run is None else _count(session, run.id, ProposalLine.decision == LineDecision.OPEN)

    def accept(self, run_id: int, lines: Collection[int] | None = None, person_id: int | None = None) -> int:
        """Accept lines by their ids, or with None all that are open; returns how many.

        What is not accepted stays exactly as it was.

        Raises:
            NotFound: there is no such run or line.
            Conflict: a newer run proposes something else, or a line is decided already.
        """
        with self._database.writing() as session:
            return accepted(session, run_id, lines, person_id)

    def reject(self, run_id: int, lines: Collection[int] | None = None, person_id: int | None = None) -> int:
        """Reject lines by their ids, or with None all that are open; returns how many.

        Raises:
            NotFound: there is no such run or line.
            Conflict: a newer run proposes something else, or a line is decided already.
        """
        with self._database.writing() as session:
            run = decidable(session, run_id)
            chosen = open_lines(session, run_id, lines)
            _decide(chosen, LineDecision.REJECTED, person_id)
            session.flush()
            if run.state == RunState.PROPOSED and not _count(session, run_id, _UNDECIDED):
                run.state, run.decided_at = RunState.REJECTED, utc_now()
            return sum(line.kind != ChangeKind.SAME for line in chosen)

    def reopen(self, run_id: int, lines: Collection[int] | None = None) -> int:
        """Undo the rejection of lines by their ids, or with None of all; returns how many.

        Raises:
            NotFound: there is no such run or line.
            Conflict: a newer run proposes something else, or a line is not rejected.
        """
        with self._database.writing() as session:
            run = decidable(session, run_id)
            chosen = _lines(session, run_id, lines, LineDecision.REJECTED)
            _decide(chosen, LineDecision.OPEN, None)
            if run.state == RunState.REJECTED:
                run.state, run.decided_at = RunState.PROPOSED, None
            return sum(line.kind != ChangeKind.SAME for line in chosen)


_SEE = "See what the run proposes now."
_UNDECIDED = ProposalLine.decision == LineDecision.OPEN
_SHOWN = ProposalLine.kind != ChangeKind.SAME


def _newest(session: Session, course: str) -> Run | None:
    query = select(Run).where(Run.course == course, Run.finished_at.is_not(None))
    return session.scalar(query.order_by(Run.id.desc()).limit(1))


def _run(session: Session, run_id: int, *, locked: bool = False) -> Run:
    run = session.get(Run, run_id, with_for_update={"key_share": True} if locked else None)
    if run is None or run.finished_at is None:
        raise NotFound("There is no finished run {id}.", remedy="Look at the newest one.", id=run_id)
    return run


def accepted(
    session: Session, run_id: int, lines: Collection[int] | None, person_id: int | None = None
) -> int:
    """Accept lines, as `ProposalService.accept` does, in the caller's transaction."""
    run = decidable(session, run_id)
    chosen = open_lines(session, run_id, lines)
    if not chosen:
        return 0
    places = stored_places(session, run_id, None if lines is None else chosen)
    accept_lines(session, run, chosen, places, everything=lines is None, person_id=person_id)
    return sum(line.kind != ChangeKind.SAME for line in chosen)


def decidable(session: Session, run_id: int) -> Run:
    """The run, if it is the newest of its scope; nobody else decides on it before this transaction ends.

    Raises:
        NotFound: there is no such run.
        Conflict: a newer run proposes something else.
    """
    run = _run(session, run_id, locked=True)
    newest = _newest(session, run.course)
    if newest is not None and newest.id != run.id:
        raise Conflict(
            "Run {id} was replaced by run {newest}.",
            remedy="Decide on what the newer run proposes.",
            id=run_id,
            newest=newest.id,
        )
    return run


def has_open(session: Session, run_id: int) -> bool:
    """Whether a line of the run waits for a decision, be it one that changes nothing."""
    query = select(ProposalLine.id).where(ProposalLine.run_id == run_id, _UNDECIDED)
    return session.scalar(query.limit(1)) is not None


def open_lines(session: Session, run_id: int, ids: Collection[int] | None) -> list[ProposalLine]:
    """The run's lines that wait for a decision: those of ``ids``, or all.

    Raises:
        NotFound: a line is not the run's.
        Conflict: a line is decided already.
    """
    return _lines(session, run_id, ids, LineDecision.OPEN)


def _lines(
    session: Session, run_id: int, ids: Collection[int] | None, decision: LineDecision
) -> list[ProposalLine]:
    """The run's lines in that state: those of ``ids``, or all."""
    query = select(ProposalLine).where(ProposalLine.run_id == run_id).order_by(ProposalLine.id)
    if ids is None:
        return list(session.scalars(query.where(ProposalLine.decision == decision)))
    found = [
        line
        for some in chunks(sorted(ids))
        for line in session.scalars(query.where(ProposalLine.id.in_(some)))
    ]
    if missing := sorted(set(ids) - {line.id for line in found}):
        raise NotFound("Run {run} has no line {id}.", remedy=_SEE, run=run_id, id=missing[0])
    if other := next((line for line in found if line.decision != decision), None):
        raise _decided(other.id, decision)
    return found


def _decided(line_id: int, decision: LineDecision) -> Conflict:
    if decision == LineDecision.OPEN:
        return Conflict("The line (id {id}) was decided already.", remedy=_SEE, id=line_id)
    return Conflict(
        "The line (id {id}) is not rejected: there is nothing to reopen.", remedy=_SEE, id=line_id
    )


def _decide(lines: Sequence[ProposalLine], decision: LineDecision, person_id: int | None) -> None:
    for line in lines:
        line.decision, line.decided_by_id = decision, person_id
        line.decided_at = None if decision == LineDecision.OPEN else utc_now()


def _count(session: Session, run_id: int, condition: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(ProposalLine).where(ProposalLine.run_id == run_id, _SHOWN)
    return session.scalar(query.where(condition)) or 0


def _proposal(session: Session, run: Run) -> Proposal:
    lines = session.scalars(
        select(ProposalLine).where(ProposalLine.run_id == run.id, _SHOWN).order_by(ProposalLine.id)
    ).all()
    return Proposal(
        run=run,
        lines=_shown(session, lines[:LINES_SHOWN]),
        total=len(lines),
        open=sum(line.decision == LineDecision.OPEN for line in lines),
        newer_questions=_newer_questions(session, run),
        newer_edits=_newer_edits(session, run),
    )


def _shown(session: Session, lines: Sequence[ProposalLine]) -> list[ShownLine]:
    ids = {each for line in lines for each in (line.cluster_id, line.other_id) if each is not None}
    clusters = {
        each.id: each
        for some in chunks(sorted(ids))
        for each in session.scalars(select(Cluster).where(Cluster.id.in_(some)))
    }
    wanted = sorted({one for line in lines for one in line.examples})
    questions = {
        each.id: each
        for some in chunks(wanted)
        for each in session.scalars(select(Question).where(Question.id.in_(some)))
    }
    return [
        ShownLine(
            number=number,
            line=line,
            cluster=clusters.get(line.cluster_id or 0),
            other=clusters.get(line.other_id or 0),
            examples=[questions[one] for one in line.examples if one in questions],
        )
        for number, line in enumerate(lines, 1)
    ]


def _newer_questions(session: Session, run: Run) -> int:
    newest = run.parameters.get("newest_question")
    if newest is None:
        return 0
    query = select(func.count()).where(Question.id > newest, Question.state != QuestionState.DISMISSED)
    if run.course:
        query = query.where(Question.course_code == run.course)
    return session.scalar(query) or 0


def _newer_edits(session: Session, run: Run) -> int:
    newer = (ClusterEdit.created_at > run.started_at) | (ClusterEdit.undone_at > run.started_at)
    return session.scalar(select(func.count()).select_from(ClusterEdit).where(newer)) or 0
