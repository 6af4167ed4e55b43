"""Stores a run: clusters with lasting ids, memberships and lineage, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from clustering.labels import Description
from clustering.lineage import Descent, trace
from clustering.theme_record import ThemesFound, past_themes, place_clusters, store_themes
from kbsearch.database import Database
from kbsearch.models import Cluster, Lineage, Membership, Question, Relation, Run, RunState, utc_now
from kbsearch.ports import Floats, Ints

RUNS_KEPT = 5
"""Runs of a course (or of the whole school) whose memberships are kept."""
SAME_TOPIC = 0.5
"""Overlap from which a continuing cluster keeps its label, so that people find it again."""


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """What a run found: question ids (n,), labels (n,), strengths (n,), each cluster in words, and themes."""

    ids: Ints
    labels: Ints
    strengths: Floats
    described: dict[int, Description]
    themes: ThemesFound = field(default_factory=ThemesFound)


def record(database: Database, run: Run, finding: Finding) -> int:
    """Store ``run`` with what it found; returns its id.  Other runs see all of it or nothing.

    Raises:
        StorageUnavailable: the database refuses.
    """
    with database.writing() as session:
        earlier = _runs_of_scope(session, run)
        session.add(run)
        session.flush()
        current = _current(session, finding)
        past = past_themes(session, earlier[0]) if earlier else {}
        descents = trace(_memberships(session, earlier[0]) if earlier else {}, current)
        clusters = _clusters(session, run.id, finding, current, descents)
        _store_themes(session, run.id, finding.themes, current, clusters, past)
        _store_memberships(session, run.id, finding, current, clusters)
        _store_lineage(session, run.id, descents, clusters)
        stale = earlier[RUNS_KEPT - 1 :]
        session.execute(delete(Membership).where(Membership.run_id.in_(stale)))
        run.finished_at = utc_now()
    return run.id


def _runs_of_scope(session: Session, run: Run) -> list[int]:
    """Accepted runs over the same course, newest first."""
    finished = select(Run.id).where(Run.finished_at.is_not(None), Run.state == RunState.ACCEPTED)
    return list(session.scalars(finished.where(Run.course == run.course).order_by(Run.id.desc())))


def _current(session: Session, finding: Finding) -> dict[int, int]:
    """Question id → label of the clustered questions that still exist."""
    existing = set(session.scalars(select(Question.id)))
    pairs = zip(finding.ids.tolist(), finding.labels.tolist(), strict=True)
    return {question: label for question, label in pairs if label >= 0 and question in existing}


def _memberships(session: Session, run_id: int) -> dict[int, int]:
    rows = session.execute(
        select(Membership.question_id, Membership.cluster_id).where(Membership.run_id == run_id)
    )
    return {row.question_id: row.cluster_id for row in rows}


def _clusters(
    session: Session, run_id: int, finding: Finding, current: dict[int, int], descents: list[Descent]
) -> dict[int, int]:
    """Label → cluster id, continuing clusters brought up to date and new ones added."""
    sizes: dict[int, int] = {}
    for label in current.values():
        sizes[label] = sizes.get(label, 0) + 1
    new = [each for each in descents if each.relation in {Relation.BORN, Relation.SPLIT}]
    kept = {each.label: each for each in descents if each.relation is Relation.CONTINUES}
    ids = {label: each.previous_id for label, each in kept.items()}
    _bring_up_to_date(session, run_id, finding, sizes, kept)
    if new:
        rows = [
            {
                "label": finding.described[each.label].label,
                "keywords": list(finding.described[each.label].keywords),
                "size": sizes[each.label],
                "first_run_id": run_id,
                "last_run_id": run_id,
            }
            for each in new
            if each.label is not None
        ]
        made = session.scalars(insert(Cluster).returning(Cluster.id, sort_by_parameter_order=True), rows)
        ids.update(zip((each.label for each in new), made, strict=True))
    return {label: known for label, known in ids.items() if label is not None and known is not None}


def _bring_up_to_date(
    session: Session, run_id: int, finding: Finding, sizes: dict[int, int], kept: dict[int | None, Descent]
) -> None:
    old = {
        cluster.id: cluster
        for cluster in session.scalars(
            select(Cluster).where(Cluster.id.in_([each.previous_id for each in kept.values()]))
        )
    }
    for label, descent in kept.items():
        if label is None or descent.previous_id is None:
            continue
        cluster = old[descent.previous_id]
        cluster.size, cluster.last_run_id, cluster.candidate = sizes[label], run_id, False
        cluster.keywords = list(finding.described[label].keywords)
        if not cluster.label_pinned and descent.overlap < SAME_TOPIC:
            cluster.label = finding.described[label].label


def _store_themes(  # noqa: PLR0917  # what a run found, in parts
    session: Session,
    run_id: int,
    found: ThemesFound,
    current: dict[int, int],
    clusters: dict[int, int],
    past: dict[int, int],
) -> None:
    placed = {question: found.of[label] for question, label in current.items() if label in found.of}
    ids = store_themes(session, run_id, found, placed, past)
    place_clusters(
        session, {cluster: ids.get(found.of.get(label, -1)) for label, cluster in clusters.items()}
    )


def _store_memberships(
    session: Session, run_id: int, finding: Finding, current: dict[int, int], clusters: dict[int, int]
) -> None:
    ranks = {
        int(finding.ids[row]): rank
        for each in finding.described.values()
        for rank, row in enumerate(each.exemplars, 1)
    }
    strengths = dict(zip(finding.ids.tolist(), finding.strengths.tolist(), strict=True))
    rows: list[dict[str, Any]] = [
        {
            "run_id": run_id,
            "question_id": question,
            "cluster_id": clusters[label],
            "strength": strengths[question],
            "exemplar_rank": ranks.get(question),
        }
        for question, label in current.items()
    ]
    if rows:
        session.execute(insert(Membership), rows)


def _store_lineage(session: Session, run_id: int, descents: list[Descent], clusters: dict[int, int]) -> None:
    rows = [
        {
            "run_id": run_id,
            "cluster_id": None if each.label is None else clusters[each.label],
            "previous_cluster_id": each.previous_id,
            "relation": each.relation,
            "overlap": each.overlap,
        }
        for each in descents
    ]
    if rows:
        session.execute(insert(Lineage), rows)
