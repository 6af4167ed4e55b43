"""The second level: themes, which hold clusters about one subject."""

from __future__ import annotations

import numpy as np

from clustering.communities import in_order
from kbsearch.ports import Floats, Ints

FEWEST_CLUSTERS = 4
"""Fewer clusters than this are one theme."""
CLUSTERS_A_THEME = (3, 12)
"""At least and at most so many clusters a theme, on average."""
MOST = 36
"""More themes than this are no overview."""
STEPS = 12
SAMPLE = 2_000
"""Clusters by which a number of themes is judged."""


def themes(vectors: Floats, labels: Ints, seed: int = 0) -> Ints:
    """The theme of each cluster, shape (clusters,), numbered 0, 1, … in the order of their first cluster.

    Clusters are joined by Ward's method on their centres.  Of the cuts that leave a handful to `MOST`
    themes, the one with the best silhouette (Rousseeuw, 1987) is taken.

    Args:
        vectors: centred unit rows, shape (n, d).
        labels: the cluster of each row, 0, 1, …, -1 for none, shape (n,).
        seed: of the sample that silhouettes are taken from when there are very many clusters.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    rows = centres(vectors, labels)
    n = len(rows)
    if n < FEWEST_CLUSTERS:
        return np.zeros(n, np.int64)
    tree = linkage(rows, "ward")
    cuts = [fcluster(tree, count, "maxclust") for count in _counts(n)]
    best = max(cuts, key=lambda cut: _silhouette(rows, cut, seed))
    return in_order(np.asarray(best, dtype=np.int64))


def centres(vectors: Floats, labels: Ints) -> Floats:
    """Mean direction of each cluster, unit rows, shape (clusters, d)."""
    from scipy.sparse import csr_matrix

    inside = np.flatnonzero(labels >= 0)
    shape = (int(labels.max(initial=-1)) + 1, len(labels))
    chosen = csr_matrix((np.ones(len(inside), np.float32), (labels[inside], inside)), shape=shape)
    sums = np.asarray(chosen @ vectors)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 0), dtype=np.float32)


def _counts(clusters: int) -> list[int]:
    """Numbers of themes to try."""
    low, high = (clusters / each for each in reversed(CLUSTERS_A_THEME))
    high = min(high, MOST)
    return sorted({max(2, round(each)) for each in np.geomspace(min(low, high), high, STEPS)})


def _silhouette(rows: Floats, cut: Ints, seed: int) -> float:
    from sklearn.metrics import silhouette_score

    if len(rows) > SAMPLE:
        chosen = np.sort(np.random.default_rng(seed).choice(len(rows), SAMPLE, replace=False))
        rows, cut = rows[chosen], cut[chosen]
    return float(silhouette_score(rows, cut)) if 1 < len(np.unique(cut)) < len(rows) else -1.0
