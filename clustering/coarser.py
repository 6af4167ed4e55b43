"""Smaller graphs for large collections, whose communities are as good.

Leiden spends most of its time on single rows, whatever the resolution.  Rows that are each other's best
neighbour nearly always end in one community, so they are taken as one row: two thirds of the edges, and
communities as good as those of single rows.  It is the first step of multilevel clustering (heavy-edge
matching: Karypis and Kumar, "A fast and high quality multilevel scheme for partitioning irregular graphs",
1998), kept to pairs that choose each other.

Where partitions are only compared with each other, groups of some six rows, communities at a resolution
beyond all that are compared, may be taken as one.  They are drawn anew for each graph, so that partitions
agree less than those of single rows, but at all resolutions alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from clustering.communities import in_order
from kbsearch.ports import Ints

LIKE = 0.4
"""Weight of an edge from which its ends may be a pair; of less like pairs some belong apart."""


def paired(graph: Any, *, pairs: bool = True) -> tuple[Any, Ints]:
    """The graph between pairs and single rows, symmetric CSR (g, g), and the group of each row, (m,).

    What ties a pair within is left out, as Leiden does with what ties a row to itself.

    Args:
        graph: symmetric CSR (m, m), its columns sorted.
        pairs: False leaves every row single.
    """
    from scipy.sparse import csr_matrix

    rows = graph.shape[0]
    if not pairs:
        return graph, np.arange(rows)
    group = _groups(graph)
    chosen = csr_matrix((np.ones(rows, np.float32), group, np.arange(rows + 1)))
    between = (chosen.T.tocsr() @ (graph @ chosen)).tocsr()
    between.setdiag(0)
    between.eliminate_zeros()
    between.sort_indices()
    return between, group


def communities_as_rows(graph: Any, labels: Ints) -> Any:
    """The graph between the communities ``labels``, shape (m,), as Leiden understands it.

    `leiden_csr` passes over what ties a row to itself.  So each of the c communities is two rows that are
    tied by half of the weight within it, and the first of them has all other edges: CSR (2 c, 2 c).
    """
    from scipy.sparse import bmat, csr_matrix, diags

    chosen = csr_matrix((np.ones(len(labels)), labels, np.arange(len(labels) + 1)))
    between = (chosen.T.tocsr() @ (graph @ chosen)).tocsr()
    within = diags(between.diagonal() / 2)
    between.setdiag(0)
    whole = bmat([[between, within], [within, None]], format="csr")
    whole.eliminate_zeros()
    whole.sort_indices()
    return whole


def _groups(graph: Any) -> Ints:
    """The group of each row, 0, 1, … in the order of their first row."""
    rows, sizes = np.arange(graph.shape[0]), np.diff(graph.indptr)
    tied = np.flatnonzero(sizes)
    most = np.zeros(len(rows), graph.data.dtype)
    most[tied] = np.maximum.reduceat(graph.data, graph.indptr[tied]) if len(tied) else 0
    left = np.repeat(rows, sizes)
    best = np.flatnonzero((graph.data == most[left]) & (graph.data >= LIKE))
    # Of equally like neighbours the first one.
    best = best[np.diff(left[best], prepend=-1) > 0]
    likest = np.full(len(rows), -1, np.int64)
    likest[left[best]] = graph.indices[best]
    mutual = (likest >= 0) & (likest[likest] == rows)
    return in_order(np.where(mutual, np.minimum(likest, rows), rows))
