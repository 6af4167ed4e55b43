"""Standardising scores over all documents, so that those of two retrievers can be added.

In a small knowledge base nothing can stand out (of n numbers the largest standard score is √(n - 1)), so it
is treated as one of `ENOUGH` documents, the missing ones scoring as unrelated texts do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kbsearch.ports import Floats, Hits, Ints

ENOUGH = 50
KNOWN_FROM = 8
"""From this many documents on their own mean tells how unrelated texts score."""
FLAT = 1e-6
"""Below this standard deviation all documents are alike to a retriever, and it says nothing."""


@dataclass(frozen=True, slots=True)
class Background:
    """Mean and standard deviation of the scores of unrelated texts."""

    mean: float
    std: float


UNRELATED_VECTORS = Background(0.25, 0.13)
"""Cosines of unrelated texts, not centred (small indexes are not); of the bundled encoder."""
UNRELATED_SECOND = Background(0.82, 0.014)
"""The same of multilingual-e5-small, whose vectors all lie close together."""
UNRELATED_WORDS = Background(0.01, 0.04)
"""Shares of a query's weight that unrelated texts explain."""


def standardised(hits: Hits, ids: Ints, size: int, background: Background) -> Floats:
    """Standard scores of ``ids`` over the ``size`` documents that pass, shape (len(ids),).

    Documents that ``hits`` does not name score 0.
    """
    mean, std = _moments(hits, size, background)
    if std < FLAT:
        return np.zeros(len(ids), np.float32)
    scaled: Floats = ((scores_of(hits, ids) - mean) / std).astype(np.float32)
    return scaled


def scores_of(hits: Hits, ids: Ints) -> Floats:
    """Scores of ``ids``, 0 for those that ``hits`` does not name."""
    known = dict(zip(hits.ids.tolist(), hits.scores.tolist(), strict=True))
    return np.array([known.get(one, 0.0) for one in ids.tolist()], np.float32)


def _moments(hits: Hits, size: int, background: Background) -> tuple[float, float]:
    """Mean and standard deviation over the ``size`` documents and the unrelated ones that are missing."""
    added = ENOUGH - size
    if added <= 0:
        return hits.mean, hits.std
    usual = hits.mean if size >= KNOWN_FROM else background.mean
    mean = (size * hits.mean + added * usual) / ENOUGH
    square = size * (hits.std**2 + (hits.mean - mean) ** 2) + added * (
        background.std**2 + (usual - mean) ** 2
    )
    return mean, math.sqrt(square / ENOUGH)
