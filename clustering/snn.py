"""The default clusterer: shared nearest neighbours, Leiden, and a granularity found from the data."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin

from clustering.coarser import paired
from clustering.communities import MANY_NEIGHBOURS, communities, in_order, neighbour_graph, steadied
from clustering.granularity import KEPT_SHARE, RESOLUTIONS, Granularity, steadiest, togetherness
from clustering.living import lives_on, sizes_of
from clustering.nearest import nearest
from clustering.neighbours import (
    LESSON_WEIGHT,
    SPELLING_WEIGHT,
    Names,
    apart_from_language,
    centred,
    chance_likeness,
    has_languages,
    with_lessons,
    with_spelling,
)
from clustering.parts import divided
from kbsearch.ports import Floats, Ints
from kbsearch.text.words import stems_once

NEIGHBOURS = MANY_NEIGHBOURS
"""At most; collections of fewer than two thousand questions use fewer (`neighbours_for`)."""
FEWEST_NEIGHBOURS = 3
SMALLEST = 3
WEAKEST = 0.1
TRIALS_WHEN_SMALL = 3
"""Of the final partition, the best of which is taken; in larger collections they differ little."""
LARGE = 12_000
"""Rows from which on the granularity is found on some of them."""
PART = 8_000
"""So many of them.  Modularity compares shares of edges, so that a resolution means the same on it."""
BONUS = 2.0
"""What an edge weighs more where the run before had its ends in one cluster and half of the rows are new …"""
BONUS_WHEN_STEADY = 5.0
"""… and where all had a cluster: where little is new, little is to move …"""
BONUS_WHEN_SMALL = 5.0
"""… and in collections that use fewer neighbours, whose edges tell less."""


class _Distinct(NamedTuple):
    """Distinct questions: ``rows`` as `nearest` takes them, shape (n, d), the first ``columns`` of vectors.

    ``languages`` (n,): they were asked in, "" if it cannot be told; ``earlier`` (n,): clusters, -1 for none.
    """

    rows: Floats
    columns: int
    languages: Names
    earlier: Ints

    def part(self, inside: Ints) -> _Distinct:
        """The rows ``inside``."""
        if len(inside) == len(self.rows):
            return self
        return _Distinct(self.rows[inside], self.columns, self.languages[inside], self.earlier[inside])

    def spoken(self) -> _Distinct:
        """The same, but no more alike for being in one language, if they are in several."""
        if not has_languages(self.languages):
            return self
        rows = apart_from_language(self.rows, self.languages, self.columns)
        return self._replace(rows=rows, languages=np.full(len(rows), "", dtype=str))


class SharedNeighbourLeiden(BaseEstimator, ClusterMixin):  # type: ignore[misc]  # sklearn has no types
    """Clusters unit vectors of questions without being told how many clusters there are.

    Args:
        n_neighbors: neighbours that make a question's surroundings, at most (`neighbours_for`).
        resolution: granularity of Leiden (higher: more, smaller clusters); None finds the steadiest.
        min_cluster_size: smaller clusters are dissolved, unless most of an earlier one lives on in them.
        min_strength: weaker members are put into no cluster.
        spelling_weight: what likeness of spelling counts beside likeness of vectors; needs ``texts``.
        lesson_weight: what the same lesson counts beside likeness of vectors; needs ``lessons``.
        lessons: the lesson that each row was asked at, "" where nobody told.  None: nobody ever told.
        languages: that each row was asked in, "" where it cannot be told; what questions share because of
            their language does not make them alike.  None: nobody knows.
        texts: the questions, one for each row of X; equal ones are kept together.  None: vectors only.
        initial: the cluster of each row in the run before, -1 for none or a new row; the partition starts
            from it, and leaves it where the questions speak clearly for it.  None: from nothing.
        initial_resolutions: those of the parts of the run before, kept where others are hardly better.
        large: rows from above which on the granularity is found on a random ``part`` of them.
        part: how many rows that are.
        random_state: seed.

    After `fit`: ``labels_`` (n,) with -1 for no cluster, ``strengths_`` (n,) in [0, 1], ``parts_`` (how many
    have nothing in common and a granularity of their own), ``resolutions_`` of these, ``resolution_`` and
    ``agreement_`` (how well subsamples agree at it, NaN when there was nothing to compare): means over the
    questions of all parts.
    """

    def __init__(
        self,
        *,
        n_neighbors: int = NEIGHBOURS,
        resolution: float | None = None,
        min_cluster_size: int = SMALLEST,
        min_strength: float = WEAKEST,
        spelling_weight: float = SPELLING_WEIGHT,
        lesson_weight: float = LESSON_WEIGHT,
        texts: Sequence[str] | None = None,
        lessons: Sequence[str] | None = None,
        languages: Sequence[str] | None = None,
        initial: Ints | None = None,
        initial_resolutions: Sequence[float] = (),
        large: int = LARGE,
        part: int = PART,
        random_state: int = 0,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.resolution = resolution
        self.min_cluster_size = min_cluster_size
        self.min_strength = min_strength
        self.spelling_weight = spelling_weight
        self.lesson_weight = lesson_weight
        self.texts = texts
        self.lessons = lessons
        self.languages = languages
        self.initial = initial
        self.initial_resolutions = initial_resolutions
        self.large = large
        self.part = part
        self.random_state = random_state

    def fit(self, X: Floats, y: None = None) -> SharedNeighbourLeiden:  # noqa: N803  # sklearn's name
        """Cluster the rows of ``X``, shape (n, d)."""
        vectors = np.asarray(X, dtype=np.float32)
        group, first = self._equal_rows(vectors)
        # Nothing here holds on to the rows: of a hundred thousand they are half a gigabyte.
        labels, strengths = self._cluster(self._distinct(vectors, first))
        self.labels_, self.strengths_ = self._settled(labels[group], strengths[group])
        return self

    def fit_predict(self, X: Floats, y: None = None) -> Ints:  # noqa: N803
        """`fit`, and return ``labels_``."""
        return self.fit(X).labels_

    def _equal_rows(self, vectors: Floats) -> tuple[Ints, Ints]:
        """The group of each row, equal questions being one, and the first row of each group."""
        texts = [""] * len(vectors) if self.texts is None else self.texts
        groups: dict[object, int] = {}
        group = np.zeros(len(vectors), np.int64)
        for row, text in enumerate(texts):
            key = tuple(stems_once(text)) or vectors[row].astype(np.float16).tobytes()
            group[row] = groups.setdefault(key, len(groups))
        return group, np.unique(group, return_index=True)[1]

    def _distinct(self, vectors: Floats, first: Ints) -> _Distinct:
        """What is known of the rows ``first`` of ``vectors``."""
        rows = centred(vectors)[first]
        if self.texts is not None:
            rows = with_spelling(rows, [self.texts[row] for row in first], self.spelling_weight)
        if self.lessons is not None:
            rows = with_lessons(rows, [self.lessons[row] for row in first], self.lesson_weight)
        nothing = [""] * len(first)
        languages = nothing if self.languages is None else [self.languages[row] for row in first]
        earlier = np.full(len(first), -1) if self.initial is None else np.asarray(self.initial)[first]
        return _Distinct(rows, vectors.shape[1], np.array(languages, dtype=str), earlier)

    def _cluster(self, asked: _Distinct) -> tuple[Ints, Floats]:
        """Labels and strengths of distinct questions."""
        if not self._divides(len(asked.rows)):
            asked = asked.spoken()
        rows = asked.rows
        self.resolution_, self.agreement_, self.parts_ = self.resolution or 1.0, float("nan"), 1
        self.resolutions_: tuple[float, ...] = (self.resolution_,)
        ids = self._neighbours(rows)
        if not (ids >= 0).any():
            return np.arange(len(rows), dtype=np.int64), np.ones(len(rows), np.float32)
        part = _at_home(asked.earlier, self._parts(ids))
        insides = [np.flatnonzero(part == each) for each in range(part.max() + 1)]
        found = list(self._clustered_parts(asked, ids, insides))
        labels, strengths = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.float32)
        for inside, (_, clusters, strong) in zip(insides, found, strict=True):
            labels[inside], strengths[inside] = clusters + labels.max() + 1, strong
        self._note([granularity for granularity, _, _ in found], [len(inside) for inside in insides])
        return labels, strengths

    def _clustered_parts(
        self, asked: _Distinct, ids: Ints, insides: Sequence[Ints]
    ) -> Iterator[tuple[Granularity, Ints, Floats]]:
        """Granularity, labels and strengths of each part, all of which share the cores.

        ``ids``: neighbours of all; ``insides``: the rows of each part.
        """

        def clustered(inside: Ints) -> tuple[Granularity, Ints, Floats]:
            part = asked.part(inside)
            near = ids if part is asked else _within(ids, inside)
            if (spoken := part.spoken()) is not part:
                part, near = spoken, self._neighbours(spoken.rows)
            found = self._granularity(pool, near, part, len(ids))
            pairs = len(ids) > self.large
            task = pool.submit(self._communities, near, found, part.earlier, pairs=pairs)
            return found, *task.result()

        # Who waits for a part must not take a core from those who work on it.
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool, ThreadPoolExecutor(len(insides)) as waiting:
            yield from waiting.map(clustered, insides)

    def _note(self, found: Sequence[Granularity], sizes: Sequence[int]) -> None:
        self.parts_ = len(found)
        self.resolutions_ = tuple(each.resolution for each in found)
        self.resolution_ = float(
            np.exp(np.average([np.log(each.resolution) for each in found], weights=sizes))
        )
        self.agreement_ = float(np.average([each.agreement for each in found], weights=sizes))

    def _k(self, rows: int) -> int:
        return neighbours_for(rows, self.n_neighbors)

    def _divides(self, count: int) -> bool:
        """Whether so many rows may have several parts."""
        return self.resolution is None and self._k(count) >= MANY_NEIGHBOURS and count <= 2 * self.large

    def _parts(self, ids: Ints) -> Ints:
        """The part of each row; a given resolution is that of the whole, and so is that of very many rows."""
        if not self._divides(len(ids)):
            return np.zeros(len(ids), np.int64)
        k = self._k(len(ids))
        return divided(neighbour_graph(ids, k), self.random_state, pairs=len(ids) > self.large)

    def _granularity(self, pool: Executor, ids: Ints, part: _Distinct, total: int) -> Granularity:
        """The granularity of a ``part`` of ``total`` rows, found on some of its rows when they are many.

        ``ids``: neighbours within the part.
        """
        whole, count = len(ids) == total, len(ids)
        if count <= self.large:
            return self._steadiest(pool, ids, part.earlier, whole=whole, groups=total > self.large)
        if self.resolution is not None:
            return Granularity(self.resolution, float("nan"), np.zeros((0, count), np.int64))
        draw = np.random.default_rng(self.random_state)
        some = np.sort(draw.choice(count, self.part, replace=False))
        near = self._neighbours(part.rows[some])
        found = self._steadiest(pool, near, part.earlier[some], whole=whole, groups=True)
        return replace(found, partitions=np.zeros((0, count), np.int64))

    def _steadiest(
        self, pool: Executor, ids: Ints, earlier: Ints, *, whole: bool, groups: bool
    ) -> Granularity:
        grid = RESOLUTIONS if self.resolution is None else (self.resolution,)
        known, k = self.initial_resolutions, self._k(len(ids))
        before = None if whole and len(known) == 1 else earlier
        return steadiest(
            ids, k, self.random_state, grid, pool=pool, groups=groups, earlier=known, before=before
        )

    def _communities(
        self, ids: Ints, found: Granularity, earlier: Ints, *, pairs: bool
    ) -> tuple[Ints, Floats]:
        k = self._k(len(ids))
        trials = 1 if k >= MANY_NEIGHBOURS else TRIALS_WHEN_SMALL
        bonus = _bonus(float((earlier >= 0).mean())) if k >= MANY_NEIGHBOURS else BONUS_WHEN_SMALL
        graph = steadied(neighbour_graph(ids, k), earlier, bonus)
        tied, group = paired(graph, pairs=pairs)
        labels = communities(tied, found.resolution, self.random_state, iterations=2, trials=trials)[group]
        return labels, _strengths(graph, labels, found.partitions, earlier)

    def _neighbours(self, rows: Floats) -> Ints:
        """Neighbours that are liker than chance, -1 elsewhere, with spare ones for subsamples."""
        spare = round(self.n_neighbors / KEPT_SHARE) + 5
        limit = chance_likeness(rows, self.random_state)
        return nearest(rows, spare, self.random_state, limit).ids

    def _settled(self, labels: Ints, strengths: Floats) -> tuple[Ints, Floats]:
        """Weak members and then small clusters taken out, clusters renumbered in order."""
        labels = np.where(strengths >= self.min_strength, labels, -1)
        sizes = np.bincount(labels[labels >= 0], minlength=labels.max(initial=-1) + 1)
        small = np.flatnonzero((sizes > 0) & (sizes < self.min_cluster_size))
        if self.initial is not None:
            earlier = np.asarray(self.initial)
            known = sizes_of(earlier)
            small = np.array([one for one in small if not lives_on(earlier[labels == one], known)])
        labels[np.isin(labels, small)] = -1
        inside = labels >= 0
        labels[inside] = in_order(labels[inside])
        return labels, np.where(inside, strengths, 0.0).astype(np.float32)


def neighbours_for(rows: int, most: int = NEIGHBOURS) -> int:
    """How many neighbours make the surroundings of a question among ``rows`` distinct ones.

    A small school has few questions on each topic, and neighbours beyond them tie topics together.  With k
    clusters in n rows near sqrt(n / 2), the rule of thumb of Mardia, Kent and Bibby, "Multivariate Analysis"
    (1979), a cluster has sqrt(2 n) rows; a third of sqrt(n) is a quarter of that.
    """
    return max(2, min(most, max(FEWEST_NEIGHBOURS, round(sqrt(rows) / 3)), rows // 5))


def _bonus(known: float) -> float:
    """What an edge within an earlier cluster weighs more, where so large a share of rows had a cluster."""
    return BONUS + (BONUS_WHEN_STEADY - BONUS) * max(0.0, 2 * known - 1)


def _at_home(earlier: Ints, part: Ints) -> Ints:
    """The part of each row, (n,), 0, 1, …: that of most of its ``earlier`` cluster, if it had one.

    The edge between parts moves a little from run to run, and what it cuts off would leave its cluster.
    """
    count = int(part.max()) + 1
    tally = np.bincount((earlier + 1) * count + part, minlength=(int(earlier.max()) + 2) * count)
    home = tally.reshape(-1, count).argmax(axis=1)
    moved = np.where(earlier >= 0, home[earlier + 1], part)
    return np.unique(moved, return_inverse=True)[1].astype(np.int64)


def _within(ids: Ints, inside: Ints) -> Ints:
    """Neighbours of the rows ``inside``, counted among these; -1 for those elsewhere."""
    # The last place is that of no neighbour, -1.
    place = np.full(len(ids) + 1, -1, np.int64)
    place[inside] = np.arange(len(inside))
    return np.asarray(place[ids[inside]], dtype=np.int64)


def _strengths(graph: Any, labels: Ints, partitions: Ints, earlier: Ints) -> Floats:
    """Share of each row's edge weight that leads into its own cluster and does so in subsamples too.

    An edge inside counts by the share of subsamples that keep its ends together; wholly, when the run before
    did.  A row without edges is wholly itself: 1.
    """
    edges = graph.tocoo()
    inside = labels[edges.row] == labels[edges.col]
    lasting = (earlier[edges.row] >= 0) & (earlier[edges.row] == earlier[edges.col])
    steady = np.where(lasting, 1.0, togetherness(partitions, edges.row, edges.col))
    n = len(labels)
    total = np.bincount(edges.row, edges.data, n)
    own = np.bincount(edges.row, edges.data * inside * steady, n)
    share = np.divide(own, total, out=np.ones(n), where=total > 0)
    return np.clip(share, 0.0, 1.0).astype(np.float32)
