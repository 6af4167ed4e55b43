"""Which clusters of the run before live on: one does not end because a single question went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from kbsearch.ports import Ints

FEWEST_LEFT = 2
"""Questions with which a cluster lives on; one question repeats nothing."""


def sizes_of(earlier: Ints) -> Mapping[int, int]:
    """How many of the rows were in each of the ``earlier`` clusters, shape (n,) with -1 for none."""
    return Counter(earlier[earlier >= 0].tolist())


def lives_on(inside: Ints, sizes: Mapping[int, int]) -> bool:
    """Whether most of an earlier cluster is in a new one, two rows at least.

    Args:
        inside: earlier clusters of the rows of the new one, -1 for none.
        sizes: of the earlier clusters, as `sizes_of` tells.
    """
    clusters, counts = np.unique(inside[inside >= 0], return_counts=True)
    return any(
        count >= FEWEST_LEFT and 2 * count > sizes[cluster]
        for cluster, count in zip(clusters.tolist(), counts.tolist(), strict=True)
    )
