"""Brings accepted lines of a proposal into the current memberships, and nothing else.

A question moves only when it is still where the run found it, and people's edits of meanwhile allow it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from kbsearch.models import (
    ChangeKind,
    Cluster,
    Lineage,
    LineDecision,
    Membership,
    ProposalLine,
    ProposedPlace,
    Relation,
    Run,
    RunState,
    utc_now,
)
from kbsearch.services.current_run import current_run
from kbsearch.services.edit_rows import exemplars_of, places_of, recount, sizes_in, standing_edits
from kbsearch.services.placing import askable, members, where
from kbsearch.services.row_chunks import chunks
from kbsearch.services.standing_edits import Standing, cores
from kbsearch.services.theme_acceptance import accept_themes

RUNS_KEPT = 5
"""Accepted runs of a scope whose memberships are kept."""
SAME_TOPIC = 0.5
"""Overlap from which a continuing cluster keeps its label, so that people find it again."""
_RELATIONS = {
    ChangeKind.BORN: Relation.BORN,
    ChangeKind.SPLIT: Relation.SPLIT,
    ChangeKind.MERGED: Relation.MERGED,
    ChangeKind.GONE: Relation.GONE,
}
ENDS = (ChangeKind.MERGED, ChangeKind.GONE)
STARTS = (ChangeKind.BORN, ChangeKind.SPLIT)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the run puts a question, as in `ProposedPlace`; ``line``: the id of the line that moves it."""

    question_id: int
    line: int | None
    number: int | None
    from_id: int | None
    strength: float
    exemplar_rank: int | None


def stored_places(session: Session, run_id: int, lines: Sequence[ProposalLine] | None = None) -> list[Place]:
    """The places of a run that is only proposed so far: all, or those that ``lines`` move or are about."""
    query = select(
        ProposedPlace.question_id,
        ProposedPlace.line_id,
        ProposedPlace.number,
        ProposedPlace.from_id,
        ProposedPlace.strength,
        ProposedPlace.exemplar_rank,
    )
    return [Place(*row) for row in session.execute(query.where(_concerned(run_id, lines)))]


def places_count(session: Session, run_id: int, lines: Sequence[ProposalLine] | None = None) -> int:
    """How many places `stored_places` would read."""
    query = select(func.count()).select_from(ProposedPlace).where(_concerned(run_id, lines))
    return session.scalar(query) or 0


def _concerned(run_id: int, lines: Sequence[ProposalLine] | None) -> ColumnElement[bool]:
    """Which places of the run ``lines`` move or are about; with None all."""
    own = ProposedPlace.run_id == run_id
    if lines is None:
        return own
    moved = ProposedPlace.line_id.in_([line.id for line in lines])
    about = ProposedPlace.number.in_([line.number for line in lines if line.number is not None])
    return and_(own, or_(moved, about))


def accept_lines(
    session: Session,
    run: Run,
    lines: Sequence[ProposalLine],
    places: Iterable[Place],
    *,
    everything: bool = False,
    person_id: int | None = None,
) -> None:
    """Make ``lines`` of ``run`` part of the current memberships, which are the run's from then on.

    Args:
        session: the caller's transaction.
        run: finished; its lines and clusters are stored.
        lines: all open lines when ``everything``, those of kind *same* included.
        places: of the run, at least those that the lines move or are about; others are left alone.
        everything: bring strengths and exemplars of all clusters up to date as well.
        person_id: who accepts.
    """
    base = current_run(session, run.course)
    some = list(places)
    stage = _Stage(session, run, base, lines, None if everything else some)
    fresh = run.state != RunState.ACCEPTED
    written, gone = stage.outcome(some, everything=everything)
    if fresh:
        carried = stage.here.keys() - written.keys() - gone if everything else None
        _activate(session, run, base, carried)
    _rewrite(session, run.id, written, gone, stage.refreshed)
    sizes = recount(session, run.id, stage.touched)
    _end(session, base if fresh else None, [each for each, size in sizes.items() if not size])
    _note_lineage(session, run, stage, fresh=fresh)
    accept_themes(session, run, lines, everything=everything)
    now = utc_now()
    for line in lines:
        line.decision, line.decided_at, line.decided_by_id = LineDecision.ACCEPTED, now, person_id
    session.flush()


class _Stage:
    """What is there before lines are accepted, and what becomes of it.

    ``here``: question → cluster now; of ``only`` these places' questions, and of the clusters that they leave
    and that live on because of their cores.  ``sizes``: questions of the clusters that these leave or join.
    """

    def __init__(
        self,
        session: Session,
        run: Run,
        base: Run | None,
        lines: Sequence[ProposalLine],
        only: Sequence[Place] | None,
    ) -> None:
        self._session, self._base, self._only = session, base, only
        self.run = run
        self.lines = {line.id: line for line in lines}
        self.standing: Standing = standing_edits(session, run.course)
        self.here: dict[int, int] = self._places(base, only) if base else {}
        exemplars = exemplars_of(session, base.id, self.standing.kept) if base else {}
        self._cores = cores(self.standing, self.here, exemplars)
        self.clusters = self._numbered()
        self.sizes = self._sized(base, only) if base else {}
        self.alive: set[int | None] = {line.cluster_id for line in lines if line.kind in STARTS}
        self.alive |= self.sizes.keys()
        self.touched: set[int] = set()
        self.refreshed: dict[int, int] = {}

    def living(self) -> set[int]:
        """All clusters that had questions."""
        if self._only is None:
            return set(self.sizes)
        return set(sizes_in(self._session, self._base.id)) if self._base else set()

    def _places(self, base: Run, only: Sequence[Place] | None) -> dict[int, int]:
        if only is None:
            return places_of(self._session, base.id)
        found = where(self._session, base.id, {place.question_id for place in only})
        left = {found[place.question_id] for place in only if place.question_id in found}
        for cluster_id in sorted(left & self.standing.kept):
            found.update(dict.fromkeys(members(self._session, base.id, cluster_id), cluster_id))
        return found

    def _sized(self, base: Run, only: Sequence[Place] | None) -> dict[int, int]:
        if only is None:
            return sizes_in(self._session, base.id)
        numbers = {place.number for place in only if place.number is not None}
        joined = {self.clusters[number] for number in numbers if number in self.clusters}
        return sizes_in(self._session, base.id, joined | set(self.here.values()))

    def _numbered(self) -> dict[int, int]:
        """The run's number → the cluster that it is now; clusters of accepted new lines are made."""
        for line in self.lines.values():
            if line.cluster_id is None and line.number is not None:
                line.cluster_id = _made(self._session, self.run.id, line)
        self._session.flush()
        known = select(ProposalLine.number, ProposalLine.cluster_id).where(
            ProposalLine.run_id == self.run.id,
            ProposalLine.number.is_not(None),
            ProposalLine.cluster_id.is_not(None),
        )
        pairs = self._session.execute(known).all()
        return {
            number: self.standing.heir(cluster)
            for number, cluster in pairs
            if number is not None and cluster is not None
        }

    def outcome(self, places: list[Place], *, everything: bool) -> tuple[dict[int, dict[str, Any]], set[int]]:
        """Question → its new row, and the questions that leave their cluster for none."""
        accepted = [place for place in places if place.line in self.lines]
        asked = askable(self._session, [place.question_id for place in accepted])
        wished = {place.question_id: self._target(place) for place in accepted if self._moves(place, asked)}
        hollow = self._hollow(wished)
        moved = {question: target for question, target in wished.items() if target not in hollow}
        gone = {question for question, target in moved.items() if target is None}
        numbers = {line.number for line in self.lines.values() if line.number is not None}
        self.refreshed = {number: self.clusters[number] for number in numbers if number in self.clusters}
        written: dict[int, dict[str, Any]] = {}
        for place in places:
            target = moved.get(place.question_id, self.here.get(place.question_id))
            own = place.number is not None and self.clusters.get(place.number) == target
            joins = place.question_id in moved and target is not None
            if target is not None and (joins or (own and (everything or place.number in numbers))):
                rank = place.exemplar_rank if own and place.number in self.refreshed else None
                written[place.question_id] = self._row(place, target, rank)
        before = {self.here[question] for question in moved if question in self.here}
        after = {target for target in moved.values() if target is not None}
        self.touched = before | after | set(self.refreshed.values())
        if everything:
            self.touched |= self.sizes.keys()
        return written, gone

    def _hollow(self, moves: Mapping[int, int | None]) -> set[int | None]:
        """Clusters that all questions would leave: nothing joins them, or their ids would change hands."""
        leaving = Counter(self.here[question] for question in moves if question in self.here)
        return {cluster for cluster, count in leaving.items() if count == self.sizes[cluster]}

    def _row(self, place: Place, target: int, rank: int | None) -> dict[str, Any]:
        return {
            "run_id": self.run.id,
            "question_id": place.question_id,
            "cluster_id": target,
            "strength": place.strength,
            "exemplar_rank": rank,
        }

    def _target(self, place: Place) -> int | None:
        return None if place.number is None else self.clusters[place.number]

    def _moves(self, place: Place, asked: Collection[int]) -> bool:
        """Whether the question is still where it was and may go where the run wants it."""
        question, line = place.question_id, self.lines[place.line or 0]
        if self.here.get(question) != place.from_id:
            return False
        if place.number is not None and question not in asked:
            return False
        if line.kind in ENDS and line.cluster_id in self.standing.kept:
            return False
        if place.number is not None and self.clusters.get(place.number) not in self.alive:
            return False
        target = self._target(place)
        core = self._cores.get(question, target)
        return target != place.from_id and core == target and self.standing.allows(question, target)


def _made(session: Session, run_id: int, line: ProposalLine) -> int:
    cluster = Cluster(
        label=line.label, keywords=list(line.keywords), size=0, first_run_id=run_id, last_run_id=run_id
    )
    session.add(cluster)
    session.flush()
    return cluster.id


def _activate(session: Session, run: Run, base: Run | None, only: Collection[int] | None) -> None:
    """Make ``run`` the current one, with the memberships of ``base``: all, or of the questions ``only``."""
    run.state, run.decided_at = RunState.ACCEPTED, utc_now()
    session.flush()
    if base is not None:
        columns = [column for column in Membership.__table__.columns if column.name != "run_id"]
        names = [*(column.name for column in columns), "run_id"]
        source = select(*columns, literal(run.id)).where(Membership.run_id == base.id)
        for some in [None] if only is None else chunks(sorted(only)):
            part = source if some is None else source.where(Membership.question_id.in_(some))
            session.execute(insert(Membership).from_select(names, part))
        session.execute(
            update(Cluster).where(Cluster.last_run_id == base.id, Cluster.size > 0).values(last_run_id=run.id)
        )
    _forget_old(session, run)


def _forget_old(session: Session, run: Run) -> None:
    """Delete the memberships of runs that are too old, and proposals that this run replaces."""
    scope = select(Run.id).where(Run.course == run.course, Run.state == RunState.ACCEPTED)
    stale = list(session.scalars(scope.order_by(Run.id.desc()).offset(RUNS_KEPT)))
    session.execute(delete(Membership).where(Membership.run_id.in_(stale)))


def _rewrite(
    session: Session,
    run_id: int,
    written: dict[int, dict[str, Any]],
    gone: Collection[int],
    refreshed: dict[int, int],
) -> None:
    for some in chunks(sorted({*written, *gone})):
        session.execute(
            delete(Membership).where(Membership.run_id == run_id, Membership.question_id.in_(some))
        )
    for some in chunks(sorted(set(refreshed.values()))):
        ranked = (Membership.cluster_id.in_(some), Membership.exemplar_rank.is_not(None))
        session.execute(
            update(Membership).where(Membership.run_id == run_id, *ranked).values(exemplar_rank=None)
        )
    if written:
        session.execute(insert(Membership), list(written.values()))


def _end(session: Session, base: Run | None, emptied: Collection[int]) -> None:
    """Clusters that lost all questions show what they were in the run before."""
    if base is not None:
        for some in chunks(sorted(emptied)):
            session.execute(update(Cluster).where(Cluster.id.in_(some)).values(last_run_id=base.id))


def _note_lineage(session: Session, run: Run, stage: _Stage, *, fresh: bool) -> None:
    told: set[int | None] = set()
    rows = []
    for line in stage.lines.values():
        if line.kind in ENDS:
            pair = (line.other_id, line.cluster_id)
        elif line.kind in STARTS:
            pair = (line.cluster_id, line.other_id)
        else:
            pair = (line.cluster_id, line.cluster_id)
        told.add(line.cluster_id)
        rows.append(_lineage(run.id, pair, _RELATIONS.get(line.kind, Relation.CONTINUES), line.overlap))
        _describe(session, line)
    if fresh:
        rest = sorted(stage.living() - told)
        rows += [_lineage(run.id, (each, each), Relation.CONTINUES, 1.0) for each in rest]
    else:
        ended = [each for each in told if each is not None]
        same = (Lineage.run_id == run.id, Lineage.relation == Relation.CONTINUES)
        session.execute(delete(Lineage).where(*same, Lineage.cluster_id.in_(ended)))
    if rows:
        session.execute(insert(Lineage), rows)


def _lineage(
    run_id: int, pair: tuple[int | None, int | None], relation: Relation, overlap: float
) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "cluster_id": pair[0],
        "previous_cluster_id": pair[1],
        "relation": relation,
        "overlap": overlap,
    }


def _describe(session: Session, line: ProposalLine) -> None:
    """Give a cluster that lives on the run's keywords, and its name when it became another topic."""
    if line.kind in {*STARTS, *ENDS} or line.cluster_id is None:
        return
    cluster = session.get_one(Cluster, line.cluster_id)
    cluster.keywords, cluster.candidate = list(line.keywords), False
    if not cluster.label_pinned and line.overlap < SAME_TOPIC:
        cluster.label = line.label
