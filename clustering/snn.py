"""The default clusterer: shared nearest neighbours, Leiden, and a granularity found from the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin

from clustering.communities import communities, in_order, neighbour_matrix, shared_neighbour_graph
from clustering.granularity import KEPT_SHARE, RESOLUTIONS, steadiest, togetherness
from clustering.neighbours import LEXICAL_WEIGHT, centred, chance_likeness, lexical, nearest
from kbsearch.ports import Floats, Ints
from kbsearch.text.words import words as words_of

NEIGHBOURS = 10
SMALLEST = 3
WEAKEST = 0.1
FINAL_TRIALS = 3


class SharedNeighbourLeiden(BaseEstimator, ClusterMixin):  # type: ignore[misc]  # sklearn has no types
    """Clusters unit vectors of questions without being told how many clusters there are.

    Args:
        n_neighbors: neighbours that make a question's surroundings.
        resolution: granularity of Leiden (higher: more, smaller clusters); None finds the steadiest.
        min_cluster_size: smaller clusters are dissolved.
        min_strength: weaker members are put into no cluster.
        lexical_weight: what likeness of words counts beside likeness of vectors; needs ``texts``.
        texts: the questions, one for each row of X; equal ones are kept together.  None: vectors only.
        random_state: seed.

    After `fit`: ``labels_`` (n,) with -1 for no cluster, ``strengths_`` (n,) in [0, 1], ``resolution_``
    and ``agreement_`` (how well subsamples agree at it, NaN when there was nothing to compare).
    """

    def __init__(
        self,
        *,
        n_neighbors: int = NEIGHBOURS,
        resolution: float | None = None,
        min_cluster_size: int = SMALLEST,
        min_strength: float = WEAKEST,
        lexical_weight: float = LEXICAL_WEIGHT,
        texts: Sequence[str] | None = None,
        random_state: int = 0,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.resolution = resolution
        self.min_cluster_size = min_cluster_size
        self.min_strength = min_strength
        self.lexical_weight = lexical_weight
        self.texts = texts
        self.random_state = random_state

    def fit(self, X: Floats, y: None = None) -> SharedNeighbourLeiden:  # noqa: N803  # sklearn's name
        """Cluster the rows of ``X``, shape (n, d)."""
        vectors = np.asarray(X, dtype=np.float32)
        group, first = self._equal_rows(vectors)
        labels, strengths = self._cluster(centred(vectors)[first], first)
        self.labels_, self.strengths_ = self._settled(labels[group], strengths[group])
        return self

    def fit_predict(self, X: Floats, y: None = None) -> Ints:  # noqa: N803
        """`fit`, and return ``labels_``."""
        return self.fit(X).labels_

    def _equal_rows(self, vectors: Floats) -> tuple[Ints, Ints]:
        """The group of each row, equal questions being one, and the first row of each group."""
        keys: list[object] = [row.tobytes() for row in vectors.astype(np.float16)]
        if self.texts is not None:
            for row, text in enumerate(self.texts):
                keys[row] = tuple(word.stem for word in words_of(text)) or keys[row]
        groups: dict[object, int] = {}
        group = np.array([groups.setdefault(key, len(groups)) for key in keys], dtype=np.int64)
        return group, np.unique(group, return_index=True)[1]

    def _cluster(self, vectors: Floats, first: Ints) -> tuple[Ints, Floats]:
        """Labels and strengths of distinct questions: unit rows ``vectors``, shape (n, d)."""
        self.resolution_, self.agreement_ = self.resolution or 1.0, float("nan")
        ids = self._neighbours(vectors, first)
        if not (ids >= 0).any():
            return np.arange(len(vectors), dtype=np.int64), np.ones(len(vectors), np.float32)
        grid = RESOLUTIONS if self.resolution is None else (self.resolution,)
        k = max(2, min(self.n_neighbors, len(vectors) // 5))
        found = steadiest(ids, k, self.random_state, grid)
        self.resolution_, self.agreement_ = found.resolution, found.agreement
        graph = shared_neighbour_graph(neighbour_matrix(ids, k=k))
        labels = communities(graph, found.resolution, self.random_state, iterations=2, trials=FINAL_TRIALS)
        return labels, _strengths(graph, labels, found.partitions)

    def _neighbours(self, vectors: Floats, first: Ints) -> Ints:
        """Neighbours that are liker than chance, -1 elsewhere, with spare ones for subsamples."""
        words = lexical([self.texts[row] for row in first]) if self.texts is not None else None
        spare = round(self.n_neighbors / KEPT_SHARE) + 5
        found = nearest(vectors, spare, words, self.lexical_weight)
        limit = chance_likeness(vectors, words, self.lexical_weight, self.random_state)
        return np.where(found.likeness > limit, found.ids, -1)

    def _settled(self, labels: Ints, strengths: Floats) -> tuple[Ints, Floats]:
        """Weak members and then small clusters taken out, clusters renumbered in order."""
        labels = np.where(strengths >= self.min_strength, labels, -1)
        sizes = np.bincount(labels[labels >= 0], minlength=labels.max(initial=-1) + 1)
        labels[np.isin(labels, np.flatnonzero(sizes < self.min_cluster_size))] = -1
        inside = labels >= 0
        labels[inside] = in_order(labels[inside])
        return labels, np.where(inside, strengths, 0.0).astype(np.float32)


def _strengths(graph: Any, labels: Ints, partitions: Ints) -> Floats:
    """Share of each row's edge weight that leads into its own cluster and does so in subsamples too.

    An edge inside counts by the share of subsamples that keep its ends together.  A row without edges is
    wholly itself: 1.
    """
    edges = graph.tocoo()
    inside = labels[edges.row] == labels[edges.col]
    steady = togetherness(partitions, edges.row, edges.col)
    n = len(labels)
    total = np.bincount(edges.row, edges.data, n)
    own = np.bincount(edges.row, edges.data * inside * steady, n)
    share = np.divide(own, total, out=np.ones(n), where=total > 0)
    return np.clip(share, 0.0, 1.0).astype(np.float32)
