"""Rows of the list of clusters: counts, exemplars and cases, a query each for all rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from kbsearch.models import Case, CaseState, Cluster, ClusterEdit, EditKind, Membership, Question
from kbsearch.services.cluster_counts import Counts, PlainCounts, counts_of
from kbsearch.services.row_chunks import chunks


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """A cluster in a list.

    ``weekly``: questions of each of the last 16 weeks, oldest first, the last one ending now.
    ``answered_share`` in [0, 1]: answered or with a case.  ``courses``: (code, questions), most first; ""
    is no course.  ``case``: the one that a person linked it to, else the newest that was written for it, else
    the one that answered most of its answered questions, at least two and half of them; one that is archived
    only when there is no other.
    """

    cluster: Cluster
    size: int
    last_7: int
    last_28: int
    weekly: tuple[int, ...]
    answered_share: float
    courses: list[tuple[str, int]]
    exemplars: list[Question]
    case: Case | None


def rows_of(
    session: Session, run_id: int, cluster_ids: Sequence[int], now: datetime, course: str = ""
) -> list[ClusterRow]:
    """The rows of ``cluster_ids`` in that order, as run ``run_id`` saw them."""
    clusters = {each.id: each for each in session.scalars(select(Cluster).where(Cluster.id.in_(cluster_ids)))}
    inside = [Membership.run_id == run_id, Membership.cluster_id.in_(cluster_ids)]
    counts = counts_of(session, run_id, cluster_ids, now, course)
    exemplars = _exemplars(session, inside, course)
    chosen = case_ids(session, counts)
    cases = {each.id: each for each in session.scalars(select(Case).where(Case.id.in_(chosen.values())))}
    return [
        _row(clusters[each], counts[each], exemplars[each], cases.get(chosen.get(each, 0)))
        for each in cluster_ids
    ]


def _row(cluster: Cluster, counts: Counts, exemplars: list[Question], newest: Case | None) -> ClusterRow:
    return ClusterRow(
        cluster=cluster,
        size=counts.size,
        last_7=counts.last_7,
        last_28=counts.last_28,
        weekly=tuple(counts.weekly),
        answered_share=counts.answered_share,
        courses=sorted(counts.courses.items(), key=lambda pair: (-pair[1], pair[0])),
        exemplars=exemplars,
        case=newest,
    )


def _exemplars(
    session: Session, inside: list[ColumnElement[bool]], course: str
) -> defaultdict[int, list[Question]]:
    query = (
        select(Membership.cluster_id, Question)
        .join(Question, Question.id == Membership.question_id)
        .where(*inside, Membership.exemplar_rank >= 1)
        .order_by(Membership.exemplar_rank)
    )
    if course:
        query = query.where(Question.course_code == course)
    found: defaultdict[int, list[Question]] = defaultdict(list)
    for cluster_id, question in session.execute(query):
        found[cluster_id].append(question)
    return found


def case_ids(session: Session, counts: Mapping[int, Counts | PlainCounts]) -> dict[int, int]:
    """The id of the case of each of the clusters that has one, as `ClusterRow` tells which."""
    known: defaultdict[int, list[int]] = defaultdict(list)
    for each, one in counts.items():
        if one.case_id is not None:
            known[each].append(one.case_id)
    for cluster_id, case_id in (*_written(session, list(counts)), *_linked(session, list(counts))):
        known[cluster_id].append(case_id)
    archived = archived_cases(session)
    return {each: _best(ids, archived) for each, ids in known.items()}


def _written(session: Session, cluster_ids: Sequence[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for some in chunks(cluster_ids):
        query = select(Case.cluster_id, Case.id).where(Case.cluster_id.in_(some)).order_by(Case.id)
        found += [(row.cluster_id, row.id) for row in session.execute(query)]
    return found


def _linked(session: Session, cluster_ids: Sequence[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for some in chunks(cluster_ids):
        query = select(ClusterEdit.cluster_id, ClusterEdit.case_id).where(
            ClusterEdit.kind == EditKind.LINK,
            ClusterEdit.undone_at.is_(None),
            ClusterEdit.cluster_id.in_(some),
            ClusterEdit.case_id.is_not(None),
        )
        found += [(row.cluster_id, row.case_id) for row in session.execute(query.order_by(ClusterEdit.id))]
    return found


def archived_cases(session: Session) -> dict[int, datetime]:
    """Cases that are archived, with the moment since when."""
    query = select(Case.id, Case.updated_at).where(Case.state == CaseState.ARCHIVED)
    return {row.id: row.updated_at for row in session.execute(query)}


def _best(case_ids: Sequence[int], archived: Collection[int]) -> int:
    """The last of ``case_ids`` that somebody can still be shown, else the last."""
    return next((each for each in reversed(case_ids) if each not in archived), case_ids[-1])
