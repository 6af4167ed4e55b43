"""People's edits as constraints: what any clusterer found is changed until all standing edits hold.

The clusterer knows nothing of edits, so every one of scikit-learn's can be used.  Its labels are followed
wherever people said nothing:

1. A label half of whose questions have their home in one cluster is that cluster (a merged cluster takes in
   what was asked since, too); the other labels continue clusters by overlap, as in `clustering.lineage`.
2. Questions with a home go there.  Questions that are barred from their label's cluster stay in the one that
   they were in, if it lives on, else in none.
3. A kept cluster that no label continues keeps those of its questions that the run joined to another cluster
   together, and its exemplars in any case.

The rest of a label that loses so many questions that fewer than three are left is in no cluster.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clustering.lineage import MAJORITY, trace
from kbsearch.models import Relation
from kbsearch.ports import Ints
from kbsearch.services.standing_edits import Standing, cores

FEWEST = 3
"""Questions that what is left of a label must have to be a cluster."""
NONE = -1

_Key = tuple[bool, int]
"""A cluster by its id (True) or a label of the run that is none yet (False)."""


@dataclass(frozen=True, slots=True, eq=False)
class Constrained:
    """Labels (n,) from 0 on without gaps, -1 for none, that satisfy all edits.

    ``fixed``: label → the id of the cluster that it is because people said so.  ``placed``: rows (n,) whose
    place a person or a constraint chose, not the clusterer.
    """

    labels: Ints
    fixed: dict[int, int]
    placed: np.ndarray[tuple[int], np.dtype[np.bool_]]


def constrained(
    ids: Ints,
    labels: Ints,
    previous: Mapping[int, int],
    standing: Standing,
    exemplars: Mapping[int, Sequence[int]],
) -> Constrained:
    """Change ``labels`` as little as the standing edits demand.

    Args:
        ids: of the questions, shape (n,).
        labels: of the rows, shape (n,), from any clusterer; -1 for none.
        previous: question → id of its cluster now; satisfies the edits.
        standing: what people demand.
        exemplars: cluster → its exemplars now, the most typical first.
    """
    found = dict(zip(ids.tolist(), labels.tolist(), strict=True))
    here = {question: cluster for question, cluster in previous.items() if question in found}
    demanded = {question: home for question, home in standing.home.items() if question in found}
    homes = cores(standing, here, exemplars) | demanded
    if not homes:
        return Constrained(_compact(labels), {}, np.zeros(len(ids), dtype=bool))
    named = _named(found, here, _owners(found, demanded))
    scene = _Scene(found, here, homes, named, standing)
    keys = _placed(scene)
    _stay(keys, scene)
    _dissolve(keys, found)
    return _numbered(ids, keys, scene)


@dataclass(frozen=True, slots=True)
class _Scene:
    """What places are chosen from.

    ``found``: question → label of the run.  ``previous``: question → cluster before.  ``homes``: question →
    the cluster where it must be.  ``named``: label → the cluster that it is.
    """

    found: dict[int, int]
    previous: dict[int, int]
    homes: dict[int, int]
    named: dict[int, _Key]
    standing: Standing


def _compact(labels: Ints) -> Ints:
    """The same partition with labels from 0 on without gaps."""
    used = np.unique(labels[labels >= 0])
    return np.where(labels >= 0, np.searchsorted(used, labels), NONE).astype(np.int64)


def _owners(found: Mapping[int, int], homes: Mapping[int, int]) -> dict[int, int]:
    """Label → the cluster that is home to at least half of its questions."""
    sizes = Counter(label for label in found.values() if label >= 0)
    tallies: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for question, home in homes.items():
        if found[question] >= 0:
            tallies[found[question]][home] += 1
    best = {label: min(tally, key=lambda home: (-tally[home], home)) for label, tally in tallies.items()}
    return {label: home for label, home in best.items() if 2 * tallies[label][home] >= sizes[label]}


def _named(
    found: Mapping[int, int], previous: Mapping[int, int], owners: Mapping[int, int]
) -> dict[int, _Key]:
    """Label → the cluster that it is: its owner, the one that it continues, or a new one."""
    united = {home: min(label for label in owners if owners[label] == home) for home in owners.values()}
    current = {
        question: united[owners[label]] if label in owners else label
        for question, label in found.items()
        if label >= 0
    }
    descents = trace(previous, current, {label: home for home, label in united.items()})
    continued = {each.label: each.previous_id for each in descents if each.relation is Relation.CONTINUES}
    names: dict[int, _Key] = {}
    for label in {label for label in found.values() if label >= 0}:
        cluster = owners[label] if label in owners else continued.get(label)
        names[label] = (False, label) if cluster is None else (True, cluster)
    return names


def _placed(scene: _Scene) -> dict[int, _Key]:
    """Question → the cluster that people or else its label say; those in none are left out."""
    alive = {cluster for known, cluster in scene.named.values() if known} | set(scene.homes.values())
    keys: dict[int, _Key] = {}
    for question, label in scene.found.items():
        if question in scene.homes:
            keys[question] = (True, scene.homes[question])
            continue
        key = scene.named.get(label)
        if key is not None and key[0] and not scene.standing.allows(question, key[1]):
            old = scene.previous.get(question, NONE)
            key = (True, old) if old in alive and scene.standing.allows(question, old) else None
        if key is not None:
            keys[question] = key
    return keys


def _stay(keys: dict[int, _Key], scene: _Scene) -> None:
    """Let kept clusters that no label continues keep the questions that stayed together elsewhere."""
    found = scene.found
    lost = scene.standing.kept - {cluster for known, cluster in scene.named.values() if known}
    inside: defaultdict[int, list[int]] = defaultdict(list)
    for question, cluster in scene.previous.items():
        if cluster in lost:
            inside[cluster].append(question)
    for cluster, questions in inside.items():
        tally = Counter(found[question] for question in questions if found[question] >= 0)
        label, count = max(tally.items(), key=lambda pair: (pair[1], -pair[0]), default=(NONE, 0))
        if count >= MAJORITY * len(questions):
            stayed = (one for one in questions if found[one] == label and one not in scene.homes)
            keys.update(dict.fromkeys(stayed, (True, cluster)))


def _dissolve(keys: dict[int, _Key], found: Mapping[int, int]) -> None:
    """Take apart what is left of new labels that lost questions, where it is too little."""
    sizes = Counter(label for label in found.values() if label >= 0)
    left = Counter(label for known, label in keys.values() if not known)
    small = {label for label, size in left.items() if size < min(FEWEST, sizes[label])}
    for question in [one for one, (known, label) in keys.items() if not known and label in small]:
        del keys[question]


def _numbered(ids: Ints, keys: Mapping[int, _Key], scene: _Scene) -> Constrained:
    order = {key: number for number, key in enumerate(dict.fromkeys(keys[one] for one in sorted(keys)))}
    rows = ids.tolist()
    labels = np.array([order[keys[one]] if one in keys else NONE for one in rows], dtype=np.int64)
    wished = (scene.named.get(scene.found[one]) for one in rows)
    placed = np.array([keys.get(one) != key for one, key in zip(rows, wished, strict=True)], dtype=bool)
    demanded = set(scene.homes.values())
    fixed = {number: cluster for (known, cluster), number in order.items() if known and cluster in demanded}
    return Constrained(labels, fixed, placed)
