"""How well partitions of the same rows agree."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from kbsearch.ports import Ints


def agreement(partitions: Ints) -> float:
    """Mean `adjusted_rand` of all pairs of ``partitions``, shape (partitions, n), over the rows both have.

    -1 stands for a row that a partition leaves out; two that have no row in common agree by 0.
    """
    scores = []
    for left, right in combinations(partitions, 2):
        both = (left >= 0) & (right >= 0)
        scores.append(adjusted_rand(left[both], right[both]) if both.any() else 0.0)
    return float(np.mean(scores)) if scores else float("nan")


def adjusted_rand(left: Ints, right: Ints) -> float:
    """The adjusted Rand index of two partitions, shape (n,), labels from 0 (Hubert and Arabie, 1985).

    As scikit-learn's, whose module of metrics takes longer to load than all partitions of a run to compare.
    """
    _, shared = np.unique(left * (int(right.max()) + 1) + right, return_counts=True)
    both, of_left, of_right = (_pairs(counts) for counts in (shared, np.bincount(left), np.bincount(right)))
    expected = of_left * of_right / max(1.0, _pairs(np.array([len(left)])))
    most = (of_left + of_right) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def _pairs(counts: Ints) -> float:
    """Pairs of rows within groups of these sizes."""
    return float((counts * (counts - 1)).sum()) / 2
