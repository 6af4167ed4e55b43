"""Communities in the graph of shared neighbours, found with the Leiden algorithm."""

from __future__ import annotations

from typing import Any

import numpy as np

from kbsearch.ports import Ints

RANDOMNESS = 0.001
"""Leiden's own default: how freely the refinement explores."""
MANY_NEIGHBOURS = 15
"""With so many neighbours an edge needs two shared ones.  One in so many is often an accident, and without
such edges, half of all, Leiden takes half the time; with fewer neighbours each of them counts."""


def neighbour_graph(ids: Ints, k: int, rows: Ints | None = None) -> Any:
    """The graph of shared neighbours whose communities are the clusters, as `shared_neighbour_graph` tells.

    Args:
        ids: neighbours of each row, best first, -1 for none; shape (n, any).
        k: how many of them to take.
        rows: the rows to keep, ascending; None keeps all.
    """
    return shared_neighbour_graph(neighbour_matrix(ids, rows, k), least=2 if k >= MANY_NEIGHBOURS else 1)


def neighbour_matrix(ids: Ints, rows: Ints | None = None, k: int | None = None) -> Any:
    """Who counts whom among its nearest, itself included: a 0/1 CSR matrix (m, m) float32.

    Args:
        ids: neighbours of each row, best first, -1 for none; shape (n, any).
        rows: the rows to keep, ascending; neighbours outside them are passed over.  None keeps all.
        k: how many neighbours to take; None takes all.
    """
    from scipy.sparse import csr_matrix, identity

    n = len(ids)
    kept = np.ones(n, bool) if rows is None else np.zeros(n, bool)
    if rows is not None:
        kept[rows] = True
    usable = (ids >= 0) & kept[ids] & kept[:, None]
    if k is not None:
        usable &= np.cumsum(usable, axis=1) <= k
    place = np.cumsum(kept) - 1
    row, column = np.nonzero(usable)
    m = int(kept.sum())
    pairs = (place[row], place[ids[row, column]])
    counted = csr_matrix((np.ones(len(row), np.float32), pairs), shape=(m, m))
    return (counted + identity(m, dtype=np.float32, format="csr")).tocsr()


def shared_neighbour_graph(counted: Any, least: int = 1) -> Any:
    """Edges between rows that share neighbours, weighted by Jaccard: symmetric CSR (m, m) in (0, 1].

    Shared nearest neighbours (Jarvis and Patrick, 1973) adapt to regions of different density, where one
    threshold on the cosine would not.

    Args:
        counted: who counts whom, as `neighbour_matrix` makes it.
        least: neighbours that the ends of an edge share at least.
    """
    from scipy.sparse import csr_matrix

    sizes = np.asarray(counted.sum(axis=1)).ravel()
    shared = (counted @ counted.T).tocsr()
    shared.setdiag(0)
    shared.data[shared.data < least] = 0
    shared.eliminate_zeros()
    # Columns as rows are the same rows in a symmetric matrix, but sorted: faster than sorting.
    columns = shared.tocsc()
    shared = csr_matrix((columns.data, columns.indices, columns.indptr), shape=shared.shape)
    left = np.repeat(np.arange(shared.shape[0]), np.diff(shared.indptr))
    shared.data = shared.data / (sizes[left] + sizes[shared.indices] - shared.data)
    return shared


def steadied(graph: Any, earlier: Ints, bonus: float) -> Any:
    """``graph`` with each edge within a cluster of an earlier partition weighing 1 + ``bonus`` times as much.

    So communities start from what was, and leave it where the edges speak clearly for it: `leiden_csr` takes
    no partition to start from.

    Args:
        graph: symmetric CSR (m, m).
        earlier: cluster of each row in the earlier partition, -1 for none or unknown, shape (m,).
        bonus: 0 leaves the graph as it is.
    """
    left = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
    same = (earlier[left] >= 0) & (earlier[left] == earlier[graph.indices])
    held = graph.copy()
    held.data = graph.data * (1.0 + bonus * same)
    return held


def communities(graph: Any, resolution: float, seed: int, *, iterations: int = 1, trials: int = 1) -> Ints:
    """Communities of ``graph`` by Leiden with modularity (Traag, Waltman, van Eck, 2019), shape (m,).

    Labels are 0, 1, … in the order of their first member; a row without edges is alone.
    """
    from graspologic_native import leiden_csr

    if graph.nnz == 0:
        return np.arange(graph.shape[0], dtype=np.int64)
    _, found = leiden_csr(
        graph.indptr.astype(np.int64),
        graph.indices.astype(np.int32),
        graph.data.astype(np.float64),
        graph.shape[0],
        resolution=resolution,
        randomness=RANDOMNESS,
        iterations=iterations,
        use_modularity=True,
        seed=seed,
        trials=trials,
    )
    # Rows without edges may be missing from the answer; each gets a number of its own.
    labels = [found.get(row, -1 - row) for row in range(graph.shape[0])]
    return in_order(np.asarray(labels, dtype=np.int64))


def in_order(labels: Ints) -> Ints:
    """``labels`` renumbered 0, 1, … in the order of their first row."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[inverse], dtype=np.int64)
