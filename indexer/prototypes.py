"""Prototype scores: how much the parts of each document speak for a question, against those of all others.

For centred unit vectors pᵢ of titles, variants and answers let A = Σ pᵢ pᵢᵀ + 10·I.  A document scores
Σ (A⁻¹q)·p over its own parts for a question in the direction q: regularised least squares with one target
for each document (ridge regression, Hoerl & Kennard 1970).  Directions that many documents share count
little, and each confirmed variant adds to its case, which the nearest part alone cannot do.
"""

from __future__ import annotations

import numpy as np

from indexer.vectors import PASSAGE, Centred
from kbsearch.ports import PARTS, Floats, Ints

RIDGE = 10.0
CHUNK = 4_096
SHORTEST = 1e-6
VARIANT = PARTS.index("variant")


def second_moment(rows: Floats, used: Ints) -> Floats:
    """Σ v vᵀ over the ``used`` of ``rows``, shape (dimension, dimension)."""
    total = np.zeros((rows.shape[1], rows.shape[1]), np.float32)
    for start in range(0, len(used), CHUNK):
        some = rows[used[start : start + CHUNK]]
        total += some.T @ some
    return total


def inverse(centred: Centred, moment: Floats) -> Floats:
    """A⁻¹, shape (dimension, dimension), where ``moment`` is `second_moment` of all but passages.

    A is made from vectors off their means that have length 1 on the whole, not each, so that it follows from
    sums: the scores rank alike.
    """
    kinds = [kind for kind in range(len(PARTS)) if kind != PASSAGE]
    sums, means, counts = centred.sums[kinds], centred.means[kinds], centred.counts[kinds]
    crossed = sums.T @ means
    apart = moment - crossed - crossed.T + (means * counts[:, None]).T @ means
    scale = float(np.trace(apart)) / max(1.0, float(counts.sum()))
    ridge = RIDGE * np.eye(len(moment), dtype=np.float32)
    return np.asarray(np.linalg.inv(apart / max(scale, 1e-6) + ridge), np.float32)


def summed_parts(centred: Centred, starts: Ints) -> Floats:
    """Σ p over the parts, but passages, of each document whose parts begin at ``starts``.

    It has shape (len(starts), dimension).
    """
    total = np.zeros((len(starts), centred.rows.shape[1]), np.float32)
    owners = np.repeat(np.arange(len(starts)), np.diff([*starts.tolist(), len(centred.used)]))
    kept = np.flatnonzero((centred.kinds != PASSAGE) & (centred.lengths > SHORTEST))
    for start in range(0, len(kept), CHUNK):
        some = kept[start : start + CHUNK]
        apart = centred.rows[centred.used[some]] - centred.means[centred.kinds[some]]
        apart /= centred.lengths[some, None]
        first = np.flatnonzero(np.diff(owners[some], prepend=-1))
        total[owners[some][first]] += np.add.reduceat(apart, first, axis=0)
    return total
