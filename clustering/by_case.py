"""Questions that one case answers are put together, over what the clusterer found.

What a person wrote an answer for is a topic, and the matcher knows it by all that the case says: it tells
topics apart that neighbours of short questions do not.  Questions that no case answers with some probability
stay where the clusterer put them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import NamedTuple

import numpy as np

from clustering.algorithms import strengths_of
from clustering.living import lives_on, sizes_of
from kbsearch.ports import Clusterer, Floats, Ints
from kbsearch.services.first_matches import First
from kbsearch.text.words import stems_once

LEAST = 0.4
"""Probability from which a question goes to the cluster of its case.

Two such questions are about one topic with a probability of about the square, .16 and more, which is what
the clusterer reaches on small schools.
"""
SHARE = 0.4
"""A case that is sure of no question gets them from this share of what its likeliest ones reach.

Where misses and mistakes count alike, the best threshold is half of the F1 that it gives, so it is lower for
what is hard to tell (Lipton, Elkan and Naryanaswamy, "Optimal thresholding of classifiers to maximize F1
measure", 2014).
"""
LOWEST = 0.2
"""Probability below which no question goes to a case."""
STAYS = 0.1
"""How much less it may be for a question that is there, so that small changes of a model move nothing."""
KEPT = LOWEST - STAYS
"""Probability below which a first match puts no question anywhere."""
LIKELY = 0.5
"""Mean probability from which a cluster is called after its case."""
WIDE = 2.0
"""Clusters of usual size that the questions of a case fill, unless they are sure.

While few cases are written, each also draws the questions of its neighbours that have none yet.
"""
SURE = 0.8
"""Probability from which a question goes to its case however many there are."""
FEWEST = 3
"""Questions that make a cluster."""


@dataclass(frozen=True, slots=True, eq=False)
class ByCase:
    """Labels (n,), -1 for none, strengths (n,), and the case that put each row where it is (n,), -1: none."""

    labels: Ints
    strengths: Floats
    cases: Ints


class _Wish(NamedTuple):
    """A question goes to ``case`` with the probability ``chance``; one that is there claims more."""

    chance: float
    claim: float
    case: int


def grouped_by_case(
    ids: Ints,
    texts: Sequence[str],
    labels: Ints,
    strengths: Floats,
    *,
    firsts: Mapping[int, First],
    places: Mapping[int, int],
) -> ByCase:
    """Give the questions of each case that at least `FEWEST` go to a label of their own.

    They go there from a probability of `LEAST` on, or of less where their case is sure of none (`_least`).
    Equal questions go to the same case: the one that is likeliest for any of them.  A case gets the likeliest
    of its questions, up to `WIDE` times as many as a label has on average, and beyond that those that are
    `SURE`.  What is left of a label with fewer than `FEWEST` questions goes along with most of the cluster
    that it was in, or is in none.  A cluster that lives on may have fewer, and one that takes its questions
    from others needs one more (`_enough`).

    Args:
        ids: of the questions, shape (n,).
        texts: of the questions, (n,); those with the same stems are equal.
        labels: of the rows, shape (n,), from any clusterer; -1 for none.
        strengths: of the rows, shape (n,) in [0, 1].
        firsts: question → the case that comes first for it.
        places: question → its cluster before the run.
    """
    _, usual = np.unique(labels[labels >= 0], return_counts=True)
    room = WIDE * float(usual.mean()) if len(usual) else float("inf")
    keys = _keys(ids.tolist(), texts)
    cases, chances = _settled(ids.tolist(), keys, firsts, places, room)
    earlier = np.array([places.get(question, -1) for question in ids.tolist()], dtype=np.int64)
    sizes = sizes_of(earlier)
    large = {case for case, rows in _rows_of(cases).items() if _enough(earlier[rows], sizes)}
    cases = np.array([case if case in large else -1 for case in cases.tolist()], dtype=np.int64)
    numbers = {case: number for number, case in enumerate(sorted(large), int(labels.max(initial=-1)) + 1)}
    found = np.array(
        [numbers.get(case, label) for case, label in zip(cases.tolist(), labels.tolist(), strict=True)],
        dtype=np.int64,
    )
    found = _without_remnants(found, cases, keys, earlier, sizes)
    strength = np.where(cases >= 0, chances, np.where(found < 0, 0.0, strengths))
    return ByCase(found, strength.astype(np.float32), cases)


def _without_remnants(
    found: Ints, cases: Ints, keys: Sequence[object], earlier: Ints, sizes: Mapping[int, int]
) -> Ints:
    """``found`` without the labels that cases left too little of; their questions go `_along` or nowhere.

    Args:
        found: labels, (n,), -1 for none.
        cases: that put each row where it is, (n,), -1: none.
        keys: of the rows, (n,); equal questions have equal ones.
        earlier: clusters before the run, (n,), -1 for none.
        sizes: of the clusters before the run.
    """
    left = _rows_of(np.where(cases >= 0, -1, found))
    small = [
        label for label, rows in left.items() if len(rows) < FEWEST and not lives_on(earlier[rows], sizes)
    ]
    lost = np.isin(found, small)
    gone = {keys[row] for row in np.flatnonzero(lost).tolist()}
    kept = np.where(lost, -1, found)
    along = _along(gone, keys, kept, earlier, sizes)
    return np.array([along.get(key, label) for key, label in zip(keys, kept, strict=True)], dtype=np.int64)


def _along(
    gone: Collection[object], keys: Sequence[object], found: Ints, earlier: Ints, sizes: Mapping[int, int]
) -> dict[object, int]:
    """Where questions go that lost their label to cases: with most of the cluster that they were in.

    Args:
        gone: keys of those questions.
        keys: of all rows, (n,).
        found: labels, (n,), -1 for those questions.
        earlier: clusters before the run, (n,), -1 for none.
        sizes: of the clusters before the run.
    """
    went = Counter(zip(earlier.tolist(), found.tolist(), strict=True))
    heirs = {
        cluster: label
        for (cluster, label), count in went.items()
        if min(cluster, label) >= 0 and 2 * count > sizes[cluster]
    }
    wishes = Counter(
        (key, heirs[cluster])
        for key, cluster in zip(keys, earlier.tolist(), strict=True)
        if key in gone and cluster in heirs
    )
    # The last of them counts, so the label that most of the equal ones wish for.
    return {key: label for (key, label), _ in sorted(wishes.items(), key=lambda wish: (wish[1], wish[0][1]))}


def _rows_of(labels: Ints) -> dict[int, Ints]:
    """The rows of each of ``labels``, shape (n,); those of -1 are left out."""
    if not len(labels):
        return {}
    order = np.argsort(labels, kind="stable")
    values, starts = np.unique(labels[order], return_index=True)
    rows = np.split(order, starts[1:])
    return {value: some for value, some in zip(values.tolist(), rows, strict=True) if value >= 0}


def _enough(earlier: Ints, sizes: Mapping[int, int]) -> bool:
    """Whether the questions that go to a case are a cluster.

    Of `FEWEST` two would otherwise leave clusters that live, and come back when one of them goes.

    Args:
        earlier: their clusters before the run, -1 for none.
        sizes: of the clusters before the run.
    """
    moved = int((earlier >= 0).sum())
    return len(earlier) >= FEWEST + (moved > 1) or lives_on(earlier, sizes)


def _keys(ids: Sequence[int], texts: Sequence[str]) -> list[object]:
    """What equal questions have in common: their stems."""
    return [tuple(stems_once(text)) or question for question, text in zip(ids, texts, strict=True)]


def _settled(
    ids: Sequence[int],
    keys: Sequence[object],
    firsts: Mapping[int, First],
    places: Mapping[int, int],
    room: float,
) -> tuple[Ints, Floats]:
    """The case of each row, -1 for none, and its probability; the same for equal questions."""
    least = _least(ids, keys, firsts)
    homes = _homes(firsts, places, least)
    wished: dict[object, _Wish] = {}
    for question, key in zip(ids, keys, strict=True):
        first = firsts.get(question)
        if first is None or first.case_id is None:
            continue
        stays = question in places and places[question] == homes.get(first.case_id)
        claim = first.probability + (STAYS if stays else 0.0)
        if claim >= least[first.case_id]:
            wish = _Wish(first.probability, claim, first.case_id)
            wished[key] = max(wished.get(key, wish), wish)
    best = _within(wished, Counter(keys), room)
    settled = [best.get(key, _Wish(0.0, 0.0, -1)) for key in keys]
    return np.array([one.case for one in settled], np.int64), np.array(
        [one.chance for one in settled], np.float32
    )


def _within(wished: Mapping[object, _Wish], counts: Mapping[object, int], room: float) -> dict[object, _Wish]:
    """Those of ``wished`` that find room in their case, or are sure of it."""
    taken: Counter[int] = Counter()
    found: dict[object, _Wish] = {}
    for key, wish in sorted(wished.items(), key=lambda one: -one[1].claim):
        taken[wish.case] += counts[key]
        if taken[wish.case] <= room or wish.chance >= SURE:
            found[key] = wish
    return found


def _least(ids: Sequence[int], keys: Sequence[object], firsts: Mapping[int, First]) -> dict[int, float]:
    """Case → the probability from which questions go to it, by how likely it answers its likeliest ones.

    Those are `FEWEST` different ones: in equal questions it is no surer than in one.
    """
    chances: defaultdict[int, dict[object, float]] = defaultdict(dict)
    for question, key in zip(ids, keys, strict=True):
        first = firsts.get(question)
        if first is not None and first.case_id is not None:
            known = chances[first.case_id]
            known[key] = max(known.get(key, 0.0), first.probability)
    return {case: _from(nlargest(FEWEST, known.values())) for case, known in chances.items()}


def _from(likeliest: Sequence[float]) -> float:
    """The probability from which a case gets questions that answers its ``likeliest`` ones with these."""
    return min(LEAST, max(LOWEST, SHARE * sum(likeliest) / len(likeliest)))


def _homes(
    firsts: Mapping[int, First], places: Mapping[int, int], least: Mapping[int, float]
) -> dict[int, int]:
    """The cluster before the run that holds most of the questions that go to each case."""
    tallies: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for question, first in firsts.items():
        if first.case_id is None or question not in places:
            continue
        if first.probability >= least.get(first.case_id, LEAST):
            tallies[first.case_id][places[question]] += 1
    return {case: min(tally, key=lambda home: (-tally[home], home)) for case, tally in tallies.items()}


class WithCases:
    """Lays `grouped_by_case` over what another clusterer finds in questions that nobody knew before.

    Args:
        inner: the other one.
        texts: the questions, one for each row.
        firsts: row → the case that comes first for it.
    """

    def __init__(self, inner: Clusterer, texts: Sequence[str], firsts: Mapping[int, First]) -> None:
        self._inner = inner
        self._texts = texts
        self._firsts = firsts

    def fit_predict(self, X: Floats, y: None = None) -> Ints:  # noqa: N803  # scikit-learn's name
        """Labels of the rows of ``X``, shape (n, d); -1 for none."""
        labels = np.asarray(self._inner.fit_predict(X), dtype=np.int64)
        rows, strengths = np.arange(len(labels)), strengths_of(self._inner, X, labels)
        return grouped_by_case(rows, self._texts, labels, strengths, firsts=self._firsts, places={}).labels


def case_of_each(labels: Ints, laid: ByCase) -> dict[int, int]:
    """The case that put at least half of the rows of a label there, and more likely than not rightly.

    Labels without such a case are left out.
    """
    found = {}
    for label in np.unique(labels[labels >= 0]).tolist():
        inside = labels == label
        case, count = Counter(laid.cases[inside].tolist()).most_common(1)[0]
        if case < 0 or 2 * count < int(inside.sum()):
            continue
        if float(laid.strengths[inside & (laid.cases == case)].mean()) >= LIKELY:
            found[label] = case
    return found
