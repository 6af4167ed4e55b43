"""What undoing an edit does at once: its questions go back, unless a later edit has a say about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import cache, partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from kbsearch.models import (
    Cluster,
    ClusterEdit,
    EditKind,
    QuestionState,
    Run,
)
from kbsearch.ports import ClusterNamer
from kbsearch.services.cluster_names import called_again, names_of, rename_changed
from kbsearch.services.current_run import current_run
from kbsearch.services.edit_rows import standing_edits
from kbsearch.services.placing import put, run_of, settle, where
from kbsearch.services.question_states import dismissed_of, set_state
from kbsearch.services.standing_edits import Standing


def take_back(session: Session, edit: ClusterEdit, namer: ClusterNamer | None = None) -> None:
    """Undo what ``edit``, which is marked as undone, did to the current memberships and names.

    Clusters that have the questions of before again are called as before, others anew by ``namer``.
    """
    if edit.kind == EditKind.RENAME:
        _unname(session, edit)
    if edit.kind == EditKind.DISMISS:
        _reopen(session, edit)
    run = _run(session, edit)
    if run is None or not edit.questions:
        return
    standing = standing_edits(session, run.course)
    chosen, concerned = set(edit.questions), {*edit.questions, *edit.rest}
    now = where(session, run.id, concerned)
    targets: dict[int, int | None] = {}
    alive = cache(partial(_alive, session, standing))
    for question in concerned:
        home = standing.home.get(question)
        if home is not None:
            targets[question] = home
        elif question in chosen and now.get(question) == _there(edit, standing):
            targets[question] = _origin(edit, question, standing, alive)
    concerned_clusters = {*now.values(), *(target for target in targets.values() if target is not None)}
    before = names_of(session, run.id, concerned_clusters) if namer else {}
    touched = put(session, run.id, targets) | settle(session, run.id, standing)
    if namer:
        again = called_again(session, run.id, edit.before)
        rename_changed(session, run.id, touched - again, before, namer=namer)


def _run(session: Session, edit: ClusterEdit) -> Run | None:
    if edit.cluster_id is None:
        return current_run(session)
    return run_of(session, session.get_one(Cluster, edit.cluster_id))


def _there(edit: ClusterEdit, standing: Standing) -> int | None:
    """Where the edit has its questions, as long as nobody and no run moved them."""
    return None if edit.cluster_id is None else standing.heir(edit.cluster_id)


def _origin(
    edit: ClusterEdit, question: int, standing: Standing, alive: Callable[[int], int | None]
) -> int | None:
    """Where the question was before the edit."""
    if edit.kind in {EditKind.MERGE, EditKind.SPLIT}:
        return None if edit.other_id is None else standing.heir(edit.other_id)
    if edit.kind == EditKind.PIN:
        return _there(edit, standing)
    was = edit.before.get("from", {}).get(str(question))
    if was is None:
        return None
    origin = alive(was)
    return _there(edit, standing) if origin is None else origin


def _alive(session: Session, standing: Standing, cluster_id: int) -> int | None:
    """The cluster, or where its questions went when it ended by an edit; None when a run ended it."""
    seen: set[int] = set()
    while cluster_id not in seen:
        seen.add(cluster_id)
        cluster_id = standing.heir(cluster_id)
        cluster = session.get(Cluster, cluster_id)
        if cluster is None or cluster.last_run_id != run_of(session, cluster).id:
            return None
        origin = _split_taken_back(session, cluster_id)
        if cluster.size or origin is None:
            return cluster_id
        cluster_id = origin
    return None


def _split_taken_back(session: Session, cluster_id: int) -> int | None:
    """The cluster that ``cluster_id`` was split off from, if that split is undone."""
    undone = select(ClusterEdit.other_id).where(
        ClusterEdit.kind == EditKind.SPLIT,
        ClusterEdit.cluster_id == cluster_id,
        ClusterEdit.undone_at.is_not(None),
    )
    return session.scalar(undone.limit(1))


def _unname(session: Session, edit: ClusterEdit) -> None:
    """The name that an earlier rename gave, else the one from before the first."""
    cluster = session.get_one(Cluster, edit.cluster_id)
    renames = session.scalars(
        select(ClusterEdit)
        .where(ClusterEdit.kind == EditKind.RENAME, ClusterEdit.cluster_id == cluster.id)
        .order_by(ClusterEdit.id)
    ).all()
    named = [each.label for each in renames if each.undone_at is None]
    first = renames[0].before
    cluster.label = named[-1] if named else first.get("label", cluster.label)
    cluster.label_pinned = bool(named) or bool(first.get("pinned", False))


def _reopen(session: Session, edit: ClusterEdit) -> None:
    """Give the questions the states that they had; those that somebody reopened meanwhile keep theirs."""
    states = edit.before.get("states", {})
    alike: defaultdict[tuple[str, int | None], list[int]] = defaultdict(list)
    for question_id in dismissed_of(session, edit.questions):
        state, case_id = states.get(str(question_id), ("open", None))
        alike[state, case_id].append(question_id)
    for (state, case_id), questions in alike.items():
        set_state(session, questions, QuestionState(state), case_id)
