"""Parts of a collection that have next to nothing in common, each of which gets a granularity of its own.

Modularity judges a community by the edges of the whole graph, so that in a mixed collection one resolution
is too coarse for a part with many close topics and too fine for a part with few wide ones (Fortunato and
Barthelemy, "Resolution limit in community detection", 2007).  Where the graph nearly falls apart the parts
are found first: Leiden at a resolution so low that it joins whatever is tied at all.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from clustering.coarser import paired
from clustering.communities import communities, in_order
from kbsearch.ports import Ints

APART = 0.025
"""Parts share fewer edges than this share of what chance would put between them.  Whole subjects within one
kind of collection share more."""
SMALLEST_PART = 500
"""Questions: agreement of subsamples says little about fewer."""


def divided(graph: Any, seed: int, smallest: int = SMALLEST_PART, *, pairs: bool = False) -> Ints:
    """The part of each row, 0, 1, … in the order of their first row; all 0 where nothing falls apart.

    What has fewer rows than ``smallest`` goes to the part that it has most edges with, or to the largest one.

    Args:
        graph: symmetric CSR (m, m).
        seed: of Leiden.
        smallest: rows of a part, at least.
        pairs: look at pairs of rows as one.
    """
    tied, group = paired(graph, pairs=pairs)
    pieces = communities(tied, APART, seed)[group]
    sizes = np.bincount(pieces)
    large = np.flatnonzero(sizes >= smallest)
    if len(large) < 2:  # noqa: PLR2004  # nothing to tell apart
        return np.zeros(len(pieces), np.int64)
    ties = _ties(graph, pieces)[:, large]
    goal = large[np.where(ties.any(axis=1), ties.argmax(axis=1), sizes[large].argmax())]
    goal[large] = large
    return in_order(goal[pieces])


def _ties(graph: Any, pieces: Ints) -> Any:
    """Weight of the edges between each two pieces, shape (pieces, pieces)."""
    from scipy.sparse import csr_matrix

    rows = np.arange(len(pieces))
    chosen = csr_matrix((np.ones(len(rows)), (rows, pieces)), shape=(len(rows), int(pieces.max()) + 1))
    return (chosen.T @ graph @ chosen).toarray()
