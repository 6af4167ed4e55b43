"""Which cluster of a run continues which cluster of the run before.

Only questions that both runs put into a cluster tell.  Pairs of an old and a new cluster are joined
greedily, the best overlap (Jaccard over those questions) first, as long as one holds the majority of the
other; each old id lives on in one new cluster at most.  What is left over is a split, a merger, a birth or
an end.  The answer depends on the two partitions only, not on the order or the names of new clusters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from kbsearch.models import Relation

MAJORITY = 0.5
"""Share of one cluster's shared questions that must lie in the other for the two to be related."""


@dataclass(frozen=True, slots=True)
class Descent:
    """One relation between runs.

    ``label`` is the new run's cluster (None when the old one is gone), ``previous_id`` the old cluster's
    id (None when it is born).  With ``continues`` the new cluster takes the old id.
    """

    label: int | None
    previous_id: int | None
    relation: Relation
    overlap: float


@dataclass(frozen=True, slots=True)
class _Pair:
    """An old and a new cluster that share questions."""

    previous_id: int
    label: int
    overlap: float
    of_old: float
    of_new: float
    earliest: int


def trace(
    previous: Mapping[int, int], current: Mapping[int, int], fixed: Mapping[int, int] | None = None
) -> list[Descent]:
    """How the clusters of ``current`` descend from those of ``previous``.

    Args:
        previous: question id → id of its cluster in the run before.
        current: question id → label of its cluster in this run; unclustered questions are in neither.
        fixed: label → the id that it continues whatever the overlap, because people said so.

    Returns:
        One ``continues``, ``split`` or ``born`` for each new label, then one ``merged`` or ``gone`` for
        each old id that no new cluster continues.
    """
    pairs = _pairs(previous, current)
    continued = _continued(pairs, _settled(previous, current, fixed or {}))
    taken = {pair.previous_id for pair in continued.values()}
    new = [_of_new(label, continued, pairs) for label in _by_first_question(current)]
    return new + [_of_old(old, pairs) for old in sorted(set(previous.values()) - taken)]


def _pairs(previous: Mapping[int, int], current: Mapping[int, int]) -> list[_Pair]:
    """Related pairs, best first; equal ones by old id and then by the earliest shared question."""
    both = previous.keys() & current.keys()
    old = Counter(previous[question] for question in both)
    new = Counter(current[question] for question in both)
    earliest: dict[tuple[int, int], int] = {}
    shared: Counter[tuple[int, int]] = Counter()
    for question in sorted(both):
        key = (previous[question], current[question])
        shared[key] += 1
        earliest.setdefault(key, question)
    pairs = [
        _Pair(a, b, n / (old[a] + new[b] - n), n / old[a], n / new[b], earliest[a, b])
        for (a, b), n in shared.items()
    ]
    related = [pair for pair in pairs if max(pair.of_old, pair.of_new) >= MAJORITY]
    return sorted(related, key=lambda pair: (-pair.overlap, pair.previous_id, pair.earliest))


def _settled(
    previous: Mapping[int, int], current: Mapping[int, int], fixed: Mapping[int, int]
) -> dict[int, _Pair]:
    """The pairs of the ``fixed`` labels that ``current`` has, however little they share."""
    if not fixed:
        return {}
    old, new = set(fixed.values()), set(fixed)
    was: dict[int, set[int]] = {each: set() for each in old}
    now: dict[int, set[int]] = {each: set() for each in new}
    for question, cluster_id in previous.items():
        if cluster_id in old and question in current:
            was[cluster_id].add(question)
    for question, label in current.items():
        if label in new:
            now[label].add(question)
    found = {}
    for label, cluster_id in fixed.items():
        known = {question for question in now[label] if question in previous}
        shared = known & was[cluster_id]
        if now[label]:
            union = len(known | was[cluster_id]) or 1
            share, earliest = len(shared) / union, min(shared, default=min(now[label]))
            found[label] = _Pair(cluster_id, label, share, share, share, earliest)
    return found


def _continued(pairs: list[_Pair], settled: Mapping[int, _Pair]) -> dict[int, _Pair]:
    """The pair by which each continuing label takes an old id; ``settled`` ones come first."""
    chosen: dict[int, _Pair] = dict(settled)
    taken: set[int] = {pair.previous_id for pair in settled.values()}
    for pair in pairs:
        if pair.label not in chosen and pair.previous_id not in taken:
            chosen[pair.label] = pair
            taken.add(pair.previous_id)
    return chosen


def _by_first_question(current: Mapping[int, int]) -> list[int]:
    """The labels in the order of their earliest question, whatever they are called."""
    return list(dict.fromkeys(current[question] for question in sorted(current)))


def _of_new(label: int, continued: Mapping[int, _Pair], pairs: list[_Pair]) -> Descent:
    if label in continued:
        pair = continued[label]
        return Descent(label, pair.previous_id, Relation.CONTINUES, pair.overlap)
    sources = [pair for pair in pairs if pair.label == label and pair.of_new >= MAJORITY]
    if not sources:
        return Descent(label, None, Relation.BORN, 0.0)
    return Descent(label, sources[0].previous_id, Relation.SPLIT, sources[0].overlap)


def _of_old(old: int, pairs: list[_Pair]) -> Descent:
    heirs = [pair for pair in pairs if pair.previous_id == old and pair.of_old >= MAJORITY]
    if not heirs:
        return Descent(None, old, Relation.GONE, 0.0)
    return Descent(heirs[0].label, old, Relation.MERGED, heirs[0].overlap)
