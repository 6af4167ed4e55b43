"""Puts questions into clusters of the current run, as people say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from kbsearch.errors import Conflict, NotFound
from kbsearch.models import Cluster, Membership, Question, QuestionState, Run
from kbsearch.services.current_run import current_run
from kbsearch.services.edit_rows import recount
from kbsearch.services.row_chunks import chunks
from kbsearch.services.standing_edits import Standing, violations

EXEMPLARS = 3


def living(session: Session, cluster_id: int) -> tuple[Cluster, Run]:
    """The cluster and the current run that has it.

    Raises:
        NotFound: there is no such cluster.
        Conflict: it has no questions any more.
    """
    cluster = existing(session, cluster_id)
    run = run_of(session, cluster)
    if cluster.last_run_id != run.id or not cluster.size:
        raise ended(cluster_id)
    return cluster, run


def ended(cluster_id: int) -> Conflict:
    """Nothing can be done with a cluster that has no questions any more."""
    return Conflict(
        "Cluster {id} has ended: its questions are in other clusters or in none.",
        remedy="Choose a cluster from the list.",
        id=cluster_id,
    )


def existing(session: Session, cluster_id: int) -> Cluster:
    """The cluster, whether it lives or not.

    Raises:
        NotFound: there is none.
    """
    cluster = session.get(Cluster, cluster_id)
    if cluster is None:
        raise NotFound(
            "There is no cluster {id}.", remedy="Choose one from the list of clusters.", id=cluster_id
        )
    return cluster


def run_of(session: Session, cluster: Cluster) -> Run:
    """The current run of the cluster's scope."""
    first = session.get_one(Run, cluster.first_run_id)
    run = current_run(session, first.course)
    if run is None:
        raise Conflict("Cluster {id} is only proposed.", remedy="Accept it first.", id=cluster.id)
    return run


def members(session: Session, run_id: int, cluster_id: int) -> list[int]:
    """The questions of the cluster now, ascending."""
    query = select(Membership.question_id).where(
        Membership.run_id == run_id, Membership.cluster_id == cluster_id
    )
    return sorted(session.scalars(query))


def where(session: Session, run_id: int, questions: Collection[int]) -> dict[int, int]:
    """Question → cluster now, of those of ``questions`` that are in one."""
    found: dict[int, int] = {}
    for some in chunks(sorted(questions)):
        query = select(Membership.question_id, Membership.cluster_id).where(
            Membership.run_id == run_id, Membership.question_id.in_(some)
        )
        found.update({row.question_id: row.cluster_id for row in session.execute(query)})
    return found


def put(session: Session, run_id: int, targets: Mapping[int, int | None]) -> set[int]:
    """Put each question into its target, or with None into no cluster, and bring the clusters up to date.

    Returns the clusters that it changed.
    """
    before = where(session, run_id, targets.keys())
    asked = askable(session, targets.keys())
    moved = {
        question: target if question in asked else None
        for question, target in targets.items()
        if before.get(question) != target
    }
    _leave(session, run_id, [one for one, target in moved.items() if target is None and one in before])
    _enter(session, run_id, {one: target for one, target in moved.items() if target is not None}, before)
    touched = {before[question] for question in moved if question in before}
    touched |= {target for target in moved.values() if target is not None}
    sizes = recount(session, run_id, touched)
    _show_typical(session, run_id, [each for each, size in sizes.items() if size])
    return touched


def _leave(session: Session, run_id: int, questions: Collection[int]) -> None:
    for some in chunks(sorted(questions)):
        gone = (Membership.run_id == run_id, Membership.question_id.in_(some))
        session.execute(delete(Membership).where(*gone))


def _enter(session: Session, run_id: int, targets: Mapping[int, int], before: Collection[int]) -> None:
    """Put each question into its target; those that have a place (``before``) change it where they are."""
    going: defaultdict[int, list[int]] = defaultdict(list)
    new = []
    for question, target in sorted(targets.items()):
        if question in before:
            going[target].append(question)
        else:
            new.append({"run_id": run_id, "question_id": question, "cluster_id": target, "strength": 1.0})
    for target, questions in going.items():
        fresh = {"cluster_id": target, "strength": 1.0, "exemplar_rank": None, "joined": False}
        for some in chunks(questions):
            moving = (Membership.run_id == run_id, Membership.question_id.in_(some))
            session.execute(update(Membership).where(*moving).values(**fresh))
    if new:
        session.execute(insert(Membership), new)


def settle(session: Session, run_id: int, standing: Standing) -> set[int]:
    """Move the questions that are where standing edits do not allow them to be; returns what changed."""
    concerned = standing.home.keys() | {one for barred in standing.barred.values() for one in barred}
    wrong = violations(standing, where(session, run_id, concerned), concerned)
    alive = askable(session, wrong)
    return put(session, run_id, {question: standing.home.get(question) for question in sorted(alive)})


def askable(session: Session, ids: Collection[int]) -> set[int]:
    """Those of ``ids`` that are questions still."""
    found: set[int] = set()
    for some in chunks(sorted(ids)):
        query = select(Question.id).where(Question.id.in_(some), Question.state != QuestionState.DISMISSED)
        found.update(session.scalars(query))
    return found


def _show_typical(session: Session, run_id: int, cluster_ids: list[int]) -> None:
    """Give clusters that have fewer exemplars than questions allow their strongest ones as well."""
    ranked: defaultdict[int, list[tuple[int, int | None]]] = defaultdict(list)
    for some in chunks(cluster_ids):
        query = select(Membership.cluster_id, Membership.question_id, Membership.exemplar_rank).where(
            Membership.run_id == run_id,
            Membership.cluster_id.in_(some),
            Membership.exemplar_rank.is_not(None),
        )
        for row in session.execute(query.order_by(Membership.exemplar_rank, Membership.question_id)):
            ranked[row.cluster_id].append((row.question_id, row.exemplar_rank))
    for cluster_id in cluster_ids:
        shown = ranked[cluster_id][:EXEMPLARS]
        shown += [(one, None) for one in _strongest(session, run_id, cluster_id, EXEMPLARS - len(shown))]
        for rank, (question, was) in enumerate(shown, 1):
            if rank != was:
                row_of = (Membership.run_id == run_id, Membership.question_id == question)
                session.execute(update(Membership).where(*row_of).values(exemplar_rank=rank))


def _strongest(session: Session, run_id: int, cluster_id: int, count: int) -> list[int]:
    """The ``count`` strongest questions of a cluster that are no exemplars."""
    query = select(Membership.question_id).where(
        Membership.run_id == run_id,
        Membership.cluster_id == cluster_id,
        Membership.exemplar_rank.is_(None),
    )
    order = (Membership.strength.desc(), Membership.question_id)
    return list(session.scalars(query.order_by(*order).limit(count))) if count > 0 else []
