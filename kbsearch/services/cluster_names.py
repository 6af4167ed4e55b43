"""Brings names, keywords and exemplars of clusters up to date with what people did to them, and back."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from kbsearch.models import Cluster, Membership, Question
from kbsearch.ports import ClusterInWords, ClusterNamer
from kbsearch.services.acceptance import SAME_TOPIC
from kbsearch.services.edit_rows import exemplars_of
from kbsearch.services.placing import members
from kbsearch.services.row_chunks import chunks

SAMPLE = 200
"""Questions of a cluster that its names are made from."""
OTHERS = 1_000
"""Questions of other clusters that tell which words are common."""
LONGEST_LABEL = 300


@dataclass(frozen=True, slots=True)
class Names:
    """How a cluster is called, and its questions, ascending."""

    label: str
    keywords: list[str]
    exemplars: list[int]
    members: list[int]


def names_of(session: Session, run_id: int, cluster_ids: Collection[int]) -> dict[int, Names]:
    """How the clusters are called now, of those that have questions."""
    shown = exemplars_of(session, run_id, cluster_ids)
    found = {}
    for cluster_id in sorted(cluster_ids):
        cluster, inside = session.get_one(Cluster, cluster_id), members(session, run_id, cluster_id)
        if inside:
            exemplars = list(shown.get(cluster_id, ()))
            found[cluster_id] = Names(cluster.label, list(cluster.keywords), exemplars, inside)
    return found


def kept(names: Mapping[int, Names]) -> dict[str, Any]:
    """What an edit keeps of ``names`` among what was before it, for `called_again`."""
    each = {
        str(cluster_id): {
            "label": one.label,
            "keywords": one.keywords,
            "exemplars": one.exemplars,
            "members": _fingerprint(one.members),
        }
        for cluster_id, one in names.items()
    }
    return {"names": each} if each else {}


def called_again(session: Session, run_id: int, before: Mapping[str, Any]) -> set[int]:
    """Call clusters as an edit kept it, those that have the same questions again; returns them."""
    found = set()
    for key, names in before.get("names", {}).items():
        inside = members(session, run_id, int(key))
        if inside and _fingerprint(inside) == names["members"]:
            words = ClusterInWords(names["label"], tuple(names["keywords"]), tuple(names["exemplars"]))
            _call(session, run_id, session.get_one(Cluster, int(key)), words)
            found.add(int(key))
    return found


def rename_changed(
    session: Session,
    run_id: int,
    touched: Collection[int],
    before: Mapping[int, Names],
    *,
    namer: ClusterNamer,
    new: Collection[int] = (),
) -> None:
    """Name those of the clusters ``touched`` anew whose questions are others than ``before``.

    A name that a person gave stays; so does another one, unless the cluster is ``new``, while the topic is
    the same: at least half of the questions are, and the one that gave the name has not left.
    """
    now = {one: members(session, run_id, one) for one in sorted(touched)}
    changed = {one: inside for one, inside in now.items() if inside and not _same(before.get(one), inside)}
    if not changed:
        return
    for cluster_id, words in _named(session, run_id, changed, namer).items():
        cluster, was = session.get_one(Cluster, cluster_id), before.get(cluster_id)
        stays = cluster_id not in new if was is None else is_topic(session, was, changed[cluster_id])
        _call(session, run_id, cluster, replace(words, label=cluster.label) if stays else words)


def _fingerprint(questions: Iterable[int]) -> str:
    """What two clusters share only when they have the same questions."""
    return hashlib.sha256(",".join(map(str, sorted(questions))).encode()).hexdigest()


def _same(before: Names | None, inside: list[int]) -> bool:
    return before is not None and before.members == inside


def is_topic(session: Session, was: Names, inside: Collection[int]) -> bool:
    """Whether a cluster with the questions ``inside`` is about what it was called for.

    It is while at least half of the questions are the same, and the one that gave the name has not left.
    """
    old, new = set(was.members), set(inside)
    if len(old & new) < SAME_TOPIC * len(old | new):
        return False
    said = was.label[1:].rstrip("?…")
    return not _saying(session, old - new, said) or _saying(session, old & new, said)


def _saying(session: Session, questions: Collection[int], words: str) -> bool:
    """Whether one of ``questions`` holds ``words``."""
    query = select(Question.id).where(Question.text.contains(words, autoescape=True))
    return any(
        session.scalar(query.where(Question.id.in_(some)).limit(1)) is not None
        for some in chunks(sorted(questions))
    )


def _named(
    session: Session, run_id: int, clusters: Mapping[int, list[int]], namer: ClusterNamer
) -> dict[int, ClusterInWords]:
    """The clusters in words, from samples of them and of the others."""
    sampled = {one: _some(inside, SAMPLE) for one, inside in clusters.items()}
    others = _others(session, run_id, clusters.keys())
    wanted = {question for each in (*sampled.values(), *others.values()) for question in each}
    texts, strengths = _read(session, run_id, wanted)
    living = select(Cluster.label).where(Cluster.last_run_id == run_id, Cluster.id.not_in(clusters.keys()))
    return namer(
        {one: _texts(texts, questions) for one, questions in sampled.items()},
        {one: _texts(texts, questions) for one, questions in others.items()},
        strengths,
        set(session.scalars(living)),
    )


def _some(questions: list[int], most: int) -> list[int]:
    """At most ``most`` of ``questions``, spread over all of them."""
    return (
        questions
        if len(questions) <= most
        else [questions[len(questions) * at // most] for at in range(most)]
    )


def _others(session: Session, run_id: int, but: Collection[int]) -> dict[int, list[int]]:
    """Cluster → some of its questions, of the clusters that are named by themselves."""
    other = (Membership.run_id == run_id, Membership.cluster_id.not_in(but))
    count = session.scalar(select(func.count()).where(*other)) or 0
    query = select(Membership.cluster_id, Membership.question_id).where(*other)
    query = query.where(Membership.question_id % max(1, count // OTHERS) == 0)
    found: dict[int, list[int]] = {}
    for row in session.execute(query.order_by(Membership.question_id)):
        found.setdefault(row.cluster_id, []).append(row.question_id)
    return found


def _read(
    session: Session, run_id: int, questions: Collection[int]
) -> tuple[dict[int, str], dict[int, float]]:
    """The texts and strengths of ``questions``."""
    texts, strengths = {}, {}
    for some in chunks(sorted(questions)):
        query = select(Question.id, Question.text, Membership.strength).join(
            Membership, Membership.question_id == Question.id
        )
        for row in session.execute(query.where(Membership.run_id == run_id, Question.id.in_(some))):
            texts[row.id], strengths[row.id] = row.text, row.strength
    return texts, strengths


def _texts(texts: Mapping[int, str], questions: Iterable[int]) -> dict[int, str]:
    return {question: texts[question] for question in questions if question in texts}


def _call(session: Session, run_id: int, cluster: Cluster, words: ClusterInWords) -> None:
    """Give a cluster its keywords and exemplars, and its name if no person gave one."""
    cluster.keywords = list(words.keywords)
    if not cluster.label_pinned:
        cluster.label = words.label[:LONGEST_LABEL]
    own = (Membership.run_id == run_id, Membership.cluster_id == cluster.id)
    ranked = update(Membership).where(*own, Membership.exemplar_rank.is_not(None))
    session.execute(ranked.values(exemplar_rank=None))
    for rank, question in enumerate(words.exemplars, 1):
        shown = update(Membership).where(*own, Membership.question_id == question)
        session.execute(shown.values(exemplar_rank=rank))
