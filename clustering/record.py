"""Stores a run in one transaction: what it proposes, and what of it is accepted at once.

Lasting ids come from lineage; a cluster that the run proposes gets its id when it is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from clustering.changes import Change, changes
from clustering.labels import Description
from clustering.lineage import trace
from clustering.theme_record import ThemesFound, past_themes, proposed_themes
from kbsearch.database import Database
from kbsearch.models import (
    ChangeKind,
    LineDecision,
    Membership,
    ProposalLine,
    ProposedPlace,
    Question,
    QuestionState,
    Run,
    RunState,
    utc_now,
)
from kbsearch.ports import Floats, Ints
from kbsearch.services.acceptance import RUNS_KEPT, SAME_TOPIC, Place, accept_lines
from kbsearch.services.current_run import current_run
from kbsearch.services.edit_rows import places_of, standing_edits

__all__ = ["RUNS_KEPT", "SAME_TOPIC", "Finding", "record"]

EXAMPLES = 3
LABEL_CHARS = 300


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """What a run found: question ids (n,), labels (n,), strengths (n,), each cluster in words, and themes.

    ``fixed``: label → the cluster that it is because people said so.  ``newest``: the highest id of a
    question when the run read them; later ones stay where they are.  ``waiting``: questions that could not
    be looked at, which stay, too.
    """

    ids: Ints
    labels: Ints
    strengths: Floats
    described: dict[int, Description]
    themes: ThemesFound = field(default_factory=ThemesFound)
    fixed: dict[int, int] = field(default_factory=dict)
    newest: int | None = None
    waiting: frozenset[int] = frozenset()


def record(database: Database, run: Run, finding: Finding, *, accept: bool = True) -> int:
    """Store ``run`` with what it found; returns its id.  Others see all of it or nothing.

    The first run of a scope, and one that changes nothing, are accepted at once; ``accept`` says so of
    every other run.  What an earlier run proposed and nobody accepted is replaced.

    Raises:
        StorageUnavailable: the database refuses.
    """
    with database.writing() as session:
        run.state, run.finished_at = RunState.PROPOSED, utc_now()
        session.add(run)
        session.flush()
        base = current_run(session, run.course)
        _replace_open(session, run)
        previous = _known(session, base, finding) if base else {}
        current = _current(session, finding)
        descents = trace(previous, current, _possible(finding.fixed, current))
        found = changes(previous, current, descents)
        themes = _themes(session, base, finding, current)
        lines = [_line(run.id, change, finding, themes) for change in found]
        session.add_all(lines)
        session.flush()
        places = _places(finding, previous, current, found, lines)
        if accept or base is None or all(line.kind == ChangeKind.SAME for line in lines):
            accept_lines(session, run, lines, places, everything=True)
        else:
            _store(session, run.id, places)
    return run.id


def _replace_open(session: Session, run: Run) -> None:
    """Close what earlier runs of the scope propose still."""
    earlier = (Run.course == run.course, Run.id != run.id)
    scope = select(Run.id).where(*earlier)
    session.execute(
        update(Run)
        .where(*earlier, Run.state == RunState.PROPOSED)
        .values(state=RunState.REPLACED, decided_at=utc_now())
    )
    session.execute(delete(ProposedPlace).where(ProposedPlace.run_id.in_(scope)))
    session.execute(
        delete(ProposalLine).where(
            ProposalLine.run_id.in_(scope), ProposalLine.decision != LineDecision.ACCEPTED
        )
    )


def _current(session: Session, finding: Finding) -> dict[int, int]:
    """Question id → label of the clustered questions that are questions still."""
    asked = select(Question.id).where(Question.state != QuestionState.DISMISSED)
    existing = set(session.scalars(asked))
    pairs = zip(finding.ids.tolist(), finding.labels.tolist(), strict=True)
    return {question: label for question, label in pairs if label >= 0 and question in existing}


def _known(session: Session, base: Run, finding: Finding) -> dict[int, int]:
    """Question id → cluster now, of those that the run may move."""
    dismissed = select(Membership.question_id).join(Question, Question.id == Membership.question_id)
    dismissed = dismissed.where(Membership.run_id == base.id, Question.state == QuestionState.DISMISSED)
    looked_at = {*finding.ids.tolist(), *session.scalars(dismissed)}
    stay = finding.waiting | standing_edits(session, base.course).home.keys()

    def movable(question: int) -> bool:
        return question in looked_at or (
            question not in stay and (finding.newest is None or question <= finding.newest)
        )

    places = places_of(session, base.id)
    return {question: cluster for question, cluster in places.items() if movable(question)}


def _possible(fixed: dict[int, int], current: dict[int, int]) -> dict[int, int]:
    """``fixed`` without labels that lost all their questions meanwhile."""
    used = set(current.values())
    return {label: cluster for label, cluster in fixed.items() if label in used}


def _themes(
    session: Session, base: Run | None, finding: Finding, current: dict[int, int]
) -> dict[int, dict[str, Any]]:
    """Label → the theme of its cluster, as lines keep it."""
    of = finding.themes.of
    placed = {question: of[label] for question, label in current.items() if label in of}
    found = proposed_themes(finding.themes, placed, past_themes(session, base.id) if base else {})
    return {label: found[number] for label, number in of.items() if number in found}


def _line(run_id: int, change: Change, finding: Finding, themes: dict[int, dict[str, Any]]) -> ProposalLine:
    described = finding.described.get(change.number) if change.number is not None else None
    examples = [*change.joined, *change.left][:EXAMPLES]
    if described is not None and change.kind in {ChangeKind.BORN, ChangeKind.SPLIT}:
        examples = [int(finding.ids[row]) for row in described.exemplars]
    return ProposalLine(
        run_id=run_id,
        kind=change.kind,
        number=change.number,
        cluster_id=change.cluster_id,
        other_id=change.other_id,
        label=described.label[:LABEL_CHARS] if described else "",
        keywords=list(described.keywords) if described else [],
        overlap=change.overlap,
        joined=len(change.joined),
        left=len(change.left),
        examples=examples,
        theme=themes.get(change.number, {}) if change.number is not None else {},
    )


def _places(
    finding: Finding,
    previous: dict[int, int],
    current: dict[int, int],
    found: list[Change],
    lines: list[ProposalLine],
) -> list[Place]:
    moved_by = {
        question: line.id
        for change, line in zip(found, lines, strict=True)
        for question in (*change.joined, *change.left)
    }
    ranks = {
        int(finding.ids[row]): rank
        for each in finding.described.values()
        for rank, row in enumerate(each.exemplars, 1)
    }
    strengths = dict(zip(finding.ids.tolist(), finding.strengths.tolist(), strict=True))
    return [
        Place(
            question_id=question,
            line=moved_by.get(question),
            number=current.get(question),
            from_id=previous.get(question),
            strength=strengths.get(question, 0.0),
            exemplar_rank=ranks.get(question),
        )
        for question in sorted(previous.keys() | current.keys())
    ]


def _store(session: Session, run_id: int, places: list[Place]) -> None:
    rows: list[dict[str, Any]] = [
        {
            "run_id": run_id,
            "question_id": place.question_id,
            "line_id": place.line,
            "number": place.number,
            "from_id": place.from_id,
            "strength": place.strength,
            "exemplar_rank": place.exemplar_rank,
        }
        for place in places
    ]
    if rows:
        session.execute(insert(ProposedPlace), rows)
