"""Removing questions for good: what refers to them goes too, and what stands beside them is mended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from kbsearch.models import (
    CaseEffect,
    Cluster,
    ClusterEdit,
    ClusterTrend,
    Fault,
    FaultQuestion,
    FaultState,
    GoldenPair,
    JobKind,
    Outbox,
    Question,
    QuestionLink,
    Run,
    RunState,
    Suggestion,
)
from kbsearch.models import Collection as Indexed
from kbsearch.ports import ClusterNamer, Progress, silent
from kbsearch.services.cluster_names import Names, is_topic, names_of, rename_changed
from kbsearch.services.coverage import Occasion
from kbsearch.services.current_run import current_run
from kbsearch.services.edit_rows import exemplars_of
from kbsearch.services.jobs import busy_jobs, queued
from kbsearch.services.link_rows import ACTIVE
from kbsearch.services.newest_run import newest_run
from kbsearch.services.placing import members, put, where
from kbsearch.services.row_chunks import chunks
from kbsearch.services.same_words import link_same_words
from kbsearch.services.theme_acceptance import recount_themes

NAMED_WELL = 100
"""So many clusters get names made from all their questions, which takes tens of milliseconds each."""
PLAIN_LABEL = 100
NO_LABEL = "…"
"""The name of a cluster that has no questions any more: its own was made from them."""


def remove_questions(
    session: Session, ids: Sequence[int], namer: ClusterNamer | None = None, progress: Progress = silent
) -> None:
    """Remove the questions in the caller's transaction, with all that is stored of them.

    Nobody has worked on them: no reply, judgement, edit or link of a person refers to one of them.
    Clusters that lose questions are counted and, with a ``namer``, named anew; repeats of what goes are
    linked to each other or looked for again; the worker takes the questions out of the index.
    """
    if not ids:
        return
    touched = _leave_clusters(session, ids, namer)
    detached = _unhang(session, set(ids))
    faults = _faults_of(session, ids)
    for done, some in enumerate(chunks(ids)):
        progress(done * len(some), len(ids), "removing questions")
        session.execute(delete(Suggestion).where(Suggestion.question_id.in_(some)))
        session.execute(delete(GoldenPair).where(GoldenPair.question_id.in_(some)))
        statement = delete(Question).where(Question.id.in_(some))
        session.execute(statement.execution_options(synchronize_session=False))
    _mend_faults(session, faults)
    link_same_words(session, detached)
    announce(session, Indexed.QUESTIONS, [*ids, *detached])
    forget_figures(session, touched)


def announce(session: Session, collection: Indexed, ids: Collection[int]) -> None:
    """Ask the worker to bring the index up to date with these rows, whether they exist or not."""
    for some in chunks(sorted(ids)):
        session.execute(insert(Outbox), [{"collection": collection, "entity_id": one} for one in some])


def forget_figures(session: Session, clusters: Collection[int]) -> None:
    """Forget what was computed from clusters that lost questions; the worker computes it anew."""
    if not clusters:
        return
    session.execute(delete(ClusterTrend))
    effects = session.execute(select(CaseEffect.case_id, CaseEffect.clusters))
    stale = [row.case_id for row in effects if set(row.clusters) & set(clusters)]
    for some in chunks(stale):
        session.execute(delete(CaseEffect).where(CaseEffect.case_id.in_(some)))
    look_at_coverage(session)


def look_at_coverage(session: Session) -> None:
    """Ask the worker to look at the coverage of clusters whose samples are not what they were."""
    run = newest_run(session)
    if run is not None and not busy_jobs(session, JobKind.COVERAGE):
        queued(session, JobKind.COVERAGE, {"occasion": Occasion.RUN, "run_id": run.id}, None)


def _leave_clusters(session: Session, ids: Sequence[int], namer: ClusterNamer | None) -> set[int]:
    """Take the questions out of the clusters of all current runs; returns the clusters."""
    touched: set[int] = set()
    accepted = select(Run.course).where(Run.state == RunState.ACCEPTED).distinct()
    for course in session.scalars(accepted).all():
        run = current_run(session, course)
        if run is None:
            continue
        before = names_of(session, run.id, set(where(session, run.id, ids).values()))
        changed = put(session, run.id, dict.fromkeys(ids))
        _rename(session, run.id, before, namer)
        if changed:
            _empty(session, changed)
            recount_themes(session, run)
        touched |= changed
    return touched


def _rename(session: Session, run_id: int, before: Mapping[int, Names], namer: ClusterNamer | None) -> None:
    """Give clusters that are about something else now, or are called after a question that goes, new names.

    `NAMED_WELL` get them from ``namer``, the largest first; others are called as their most typical question.
    """
    lost = []
    for cluster_id, was in before.items():
        inside = members(session, run_id, cluster_id)
        if inside and not is_topic(session, was, inside):
            lost.append((-len(inside), cluster_id))
    ordered = [cluster_id for _, cluster_id in sorted(lost)]
    well = ordered[:NAMED_WELL] if namer else []
    if namer and well:
        rename_changed(session, run_id, well, before, namer=namer)
    plain = ordered[len(well) :]
    first = exemplars_of(session, run_id, plain)
    for cluster_id in plain:
        cluster = session.get_one(Cluster, cluster_id)
        cluster.keywords = []
        if not cluster.label_pinned:
            text = session.get_one(Question, first[cluster_id][0]).text if first.get(cluster_id) else NO_LABEL
            cluster.label = " ".join(text.split())[:PLAIN_LABEL]


def _empty(session: Session, clusters: Collection[int]) -> None:
    """Clusters that have ended do not tell what was asked; candidates go, unless people edited them."""
    for some in chunks(sorted(clusters)):
        ended = (Cluster.id.in_(some), Cluster.size == 0)
        edited = exists().where(or_(ClusterEdit.cluster_id == Cluster.id, ClusterEdit.other_id == Cluster.id))
        session.flush()
        session.execute(delete(Cluster).where(*ended, Cluster.candidate, ~edited))
        nameless = update(Cluster).where(*ended, Cluster.label_pinned.is_(False))
        session.execute(nameless.values(label=NO_LABEL, keywords=[]))


def _unhang(session: Session, gone: set[int]) -> list[int]:
    """Delete the links of questions that go; returns those that hung on them and hang on nothing now."""
    roots = _trees_of(session, gone)
    parents: dict[int, tuple[int, int]] = {}
    for some in chunks(sorted(roots)):
        query = select(QuestionLink.question_id, QuestionLink.to_id, QuestionLink.root_id)
        for row in session.execute(query.where(ACTIVE, QuestionLink.root_id.in_(some))):
            parents[row.question_id] = row.to_id, row.root_id
    for some in chunks(sorted(gone)):
        ends = or_(QuestionLink.question_id.in_(some), QuestionLink.to_id.in_(some))
        session.execute(delete(QuestionLink).where(ends))
        # A link that a person undid outlives the tree that it was in.
        undone = update(QuestionLink).where(~ACTIVE, QuestionLink.root_id.in_(some))
        session.execute(undone.values(root_id=QuestionLink.to_id))
    moved: defaultdict[int, list[int]] = defaultdict(list)
    now: dict[int, int] = {}
    for question in sorted(parents.keys() - gone):  # a link leads to a lower id, which has its root by then
        to, root = parents[question]
        if to not in gone:
            now[question] = now.get(to, to)
            if now[question] != root:
                moved[now[question]].append(question)
    for root, questions in moved.items():
        for some in chunks(questions):
            hung = update(QuestionLink).where(ACTIVE, QuestionLink.question_id.in_(some))
            session.execute(hung.values(root_id=root))
    return sorted(one for one, (to, _) in parents.items() if to in gone and one not in gone)


def _trees_of(session: Session, ids: Collection[int]) -> set[int]:
    """The roots of all trees that hold one of ``ids``."""
    roots: set[int] = set()
    for some in chunks(sorted(ids)):
        holds = or_(
            QuestionLink.question_id.in_(some), QuestionLink.to_id.in_(some), QuestionLink.root_id.in_(some)
        )
        roots.update(session.scalars(select(QuestionLink.root_id).where(ACTIVE, holds).distinct()))
    return roots


def _faults_of(session: Session, ids: Collection[int]) -> set[int]:
    return {
        fault
        for some in chunks(sorted(ids))
        for fault in session.scalars(
            select(FaultQuestion.fault_id).where(FaultQuestion.question_id.in_(some)).distinct()
        )
    }


def _mend_faults(session: Session, faults: Collection[int]) -> None:
    """Faults that nobody decided on end with their questions, or last as long as those that are left."""
    for fault_id in sorted(faults):
        fault = session.get_one(Fault, fault_id)
        span = select(func.min(Question.asked_at), func.max(Question.asked_at))
        span = span.join(FaultQuestion, FaultQuestion.question_id == Question.id)
        first, last = session.execute(span.where(FaultQuestion.fault_id == fault_id)).one()
        if fault.state != FaultState.OPEN:
            continue
        if first is None:
            session.delete(fault)
        else:
            fault.started_at, fault.last_at = first, last
