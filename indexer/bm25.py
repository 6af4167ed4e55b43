"""BM25 over arrays: Robertson & Zaragoza 2009 with Lucene's never-negative idf.

score(q, d) = Σ over the words t of q of  n(t, q) · ln(1 + (N - df + ½) / (df + ½)) · tf / (tf + K(d)),
K(d) = k1 · (1 - b + b · |d| / mean |d|), where N, df and the mean count the present documents only.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from indexer.arrays import Codes, SegmentArrays
from kbsearch.ports import Floats

K1 = 1.2
B = 0.75
MAX_TERMS = 256
"""Different words of a query that count, the first ones: a pasted log must not take seconds."""


def saturation(lengths: Floats, present: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Floats:
    """K(d) of each document; ``present`` marks those that are not deleted."""
    count = int(present.sum())
    mean = float(lengths[present].mean(dtype=np.float64)) if count else 0.0
    if not mean:
        return np.full(len(lengths), K1, dtype=np.float32)
    return np.asarray(K1 * (1 - B + B * lengths / np.float32(mean)), dtype=np.float32)


def scores(
    stems: Sequence[str],
    segments: Sequence[SegmentArrays],
    saturations: Floats,
    present: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> Floats:
    """Scores of all documents of ``segments``, one after the other, shape (len(present),)."""
    total = np.zeros(len(present), dtype=np.float32)
    documents = int(present.sum())
    for stem, times in list(Counter(stems).items())[:MAX_TERMS]:
        found = _found(stem, segments)
        df = sum(int(present[base + places].sum()) for base, places, _ in found)
        if not df:
            continue
        weight = np.float32(times * math.log1p((documents - df + 0.5) / (df + 0.5)))
        for base, places, frequencies in found:
            spots = base + places
            total[spots] += weight * frequencies / (frequencies + saturations[spots])
    return total


def _found(stem: str, segments: Sequence[SegmentArrays]) -> list[tuple[int, Codes, Floats]]:
    found, base = [], 0
    for segment in segments:
        if hit := segment.term(stem):
            found.append((base, *hit))
        base += len(segment)
    return found
