"""Reads people's edits, and the memberships that they act on, from their rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from kbsearch.models import Cluster, ClusterEdit, Membership, Run
from kbsearch.services.cluster_counts import forget_counts
from kbsearch.services.row_chunks import chunks
from kbsearch.services.standing_edits import Standing, replay

STANDS = ClusterEdit.undone_at.is_(None)


def standing_edits(session: Session, course: str = "") -> Standing:
    """What all standing edits of the scope's clusters demand; "" is the whole school."""
    query = (
        select(ClusterEdit)
        .join(Cluster, Cluster.id == ClusterEdit.cluster_id)
        .join(Run, Run.id == Cluster.first_run_id)
        .where(STANDS, Run.course == course)
    )
    return replay(session.scalars(query.order_by(ClusterEdit.id)))


def edits_of(session: Session, cluster_ids: Collection[int]) -> dict[int, list[ClusterEdit]]:
    """Cluster → the standing edits that are about it, newest first."""
    found: defaultdict[int, list[ClusterEdit]] = defaultdict(list)
    for some in chunks(sorted(cluster_ids)):
        about = or_(ClusterEdit.cluster_id.in_(some), ClusterEdit.other_id.in_(some))
        query = select(ClusterEdit).where(STANDS, about).order_by(ClusterEdit.id.desc())
        for edit in session.scalars(query):
            for cluster_id in {edit.cluster_id, edit.other_id} & set(some):
                if cluster_id is not None:
                    found[cluster_id].append(edit)
    return found


def places_of(session: Session, run_id: int) -> dict[int, int]:
    """Question → cluster in the run."""
    query = select(Membership.question_id, Membership.cluster_id).where(Membership.run_id == run_id)
    return {row.question_id: row.cluster_id for row in session.execute(query)}


def sizes_in(session: Session, run_id: int, only: Collection[int] | None = None) -> dict[int, int]:
    """Cluster → its questions in the run, of those clusters that have any; ``only``: of these."""
    query = select(Membership.cluster_id, func.count()).where(Membership.run_id == run_id)
    found: dict[int, int] = {}
    for some in [None] if only is None else chunks(sorted(only)):
        part = query if some is None else query.where(Membership.cluster_id.in_(some))
        found.update({row[0]: row[1] for row in session.execute(part.group_by(Membership.cluster_id))})
    return found


def exemplars_of(session: Session, run_id: int, cluster_ids: Collection[int]) -> dict[int, Sequence[int]]:
    """Cluster → its exemplars in the run, the most typical first."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for some in chunks(sorted(cluster_ids)):
        query = (
            select(Membership.cluster_id, Membership.question_id)
            .where(
                Membership.run_id == run_id, Membership.cluster_id.in_(some), Membership.exemplar_rank >= 1
            )
            .order_by(Membership.exemplar_rank)
        )
        for row in session.execute(query):
            found[row.cluster_id].append(row.question_id)
    return dict(found)


def recount(session: Session, run_id: int, cluster_ids: Collection[int]) -> dict[int, int]:
    """Bring the sizes of the clusters up to date with their memberships in the run; returns them.

    Clusters that have questions are the run's from then on.
    """
    forget_counts(session, cluster_ids)
    sizes = dict.fromkeys(cluster_ids, 0)
    for some in chunks(sorted(sizes)):
        query = select(Membership.cluster_id, func.count()).where(
            Membership.run_id == run_id, Membership.cluster_id.in_(some)
        )
        for cluster_id, size in session.execute(query.group_by(Membership.cluster_id)):
            sizes[cluster_id] = size
        for cluster in session.scalars(select(Cluster).where(Cluster.id.in_(some))):
            cluster.size = sizes[cluster.id]
            if cluster.size:
                cluster.last_run_id = run_id
    session.flush()
    return sizes
