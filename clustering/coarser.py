"""Communities of one graph at several resolutions, the coarser ones put together from the finest.

Leiden spends nearly all its time on single rows, whatever the resolution.  So rows are looked at once, at the
highest resolution; its communities are the rows of a small graph in which Leiden finds the coarser ones.
These could only be unions, so then each row moves where modularity gains most by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from clustering.communities import communities, in_order
from kbsearch.ports import Ints

SWEEPS = 2
"""Times that all rows may move.  The first brings most: modularity ends about as high as Leiden's own."""
MANY_ROWS = 1_000
"""Fewer rows cost Leiden little, so each resolution is looked at by itself."""


def communities_at(graph: Any, resolutions: Sequence[float], seed: int) -> list[Ints]:
    """The communities of ``graph``, symmetric CSR (m, m), at each of ``resolutions``: shape (m,) each."""
    if graph.shape[0] < MANY_ROWS or graph.nnz == 0:
        return [communities(graph, each, seed) for each in resolutions]
    finest = max(resolutions)
    fine = communities(graph, finest, seed)
    whole, count = communities_as_rows(graph, fine), int(fine.max()) + 1
    return [
        fine if each == finest else moved(graph, communities(whole, each, seed)[:count][fine], each)
        for each in resolutions
    ]


def communities_as_rows(graph: Any, labels: Ints) -> Any:
    """The graph between the communities ``labels``, shape (m,), as Leiden understands it.

    `leiden_csr` passes over what ties a row to itself.  So each of the c communities is two rows that are
    tied by half of the weight within it, and the first of them has all other edges: CSR (2 c, 2 c).
    """
    from scipy.sparse import bmat, csr_matrix, diags

    rows = np.arange(len(labels))
    chosen = csr_matrix((np.ones(len(rows)), (rows, labels)))
    between = (chosen.T @ graph @ chosen).tocsr()
    within = diags(between.diagonal() / 2)
    between.setdiag(0)
    whole = bmat([[between, within], [within, None]], format="csr")
    whole.eliminate_zeros()
    whole.sort_indices()
    return whole


def moved(graph: Any, labels: Ints, resolution: float, sweeps: int = SWEEPS) -> Ints:
    """``labels``, shape (m,), after each row went to the community by which modularity gains most.

    All rows of a sweep move at once, as if the others stayed (Raghavan, Albert and Kumara, "Near linear time
    algorithm to detect community structures in large-scale networks", 2007, with modularity for the count).
    Labels come back as 0, 1, … in the order of their first row.
    """
    from scipy.sparse import csr_matrix

    rows = np.arange(len(labels))
    degrees = np.asarray(graph.sum(axis=1), dtype=np.float64).ravel()
    for _ in range(sweeps):
        members = csr_matrix((np.ones(len(rows)), (rows, labels)))
        ties = (graph @ members).tocsr()
        sizes = np.diff(ties.indptr)
        tied = np.flatnonzero(sizes)
        row, goal = np.repeat(rows, sizes), ties.indices
        others = np.bincount(labels, degrees)[goal] - np.where(labels[row] == goal, degrees[row], 0.0)
        gain = ties.data - resolution * degrees[row] * others / degrees.sum()
        best = np.repeat(np.maximum.reduceat(gain, ties.indptr[tied]), sizes[tied])
        chosen = np.flatnonzero(gain == best)[::-1]
        labels = labels.copy()
        labels[row[chosen]] = goal[chosen]
    return in_order(labels)
