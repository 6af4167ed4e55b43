"""What makes questions alike: cosine of centred vectors, a little likeness of spelling, the same lesson."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clustering.spelling import spelling
from kbsearch.ports import Floats, Ints

SPELLING_WEIGHT = 0.3
"""How much likeness of spelling adds to the cosine of vectors."""
LESSON_WEIGHT = 0.2
"""What being asked at the same lesson adds to the cosine of vectors."""
LESSON_COLUMNS = 256
"""Lessons beyond so many share a column with another one, each with a sign of its own."""
CHANCE_SAMPLE = 20_000
"""Random pairs from which the likeness of unrelated questions is estimated."""
CHANCE_BLOCK = 1_000
"""Of them at a time: rows that stay near the processor."""


def centred(vectors: Floats) -> Floats:
    """Rows of ``vectors`` minus their mean, scaled to unit length; shape (n, d), float32.

    Rows without direction (empty texts, or all rows alike) become zero.  Rows that were zero stay out of
    the mean.  Centring removes the direction that all questions share, which tells nothing apart.
    """
    told = np.linalg.norm(vectors, axis=1) > 0
    if not told.any():
        return np.zeros_like(vectors, dtype=np.float32)
    moved = np.where(told[:, None], vectors - vectors[told].mean(axis=0), 0.0)
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    unit = np.divide(moved, lengths, out=np.zeros_like(moved), where=lengths > 1e-6)  # noqa: PLR2004
    return np.asarray(unit, dtype=np.float32)


def with_spelling(vectors: Floats, texts: Sequence[str], weight: float = SPELLING_WEIGHT) -> Floats:
    """Rows whose dot product is the cosine of ``vectors`` plus ``weight`` times that of the spelling.

    Args:
        vectors: unit rows, shape (n, d).
        texts: of the rows, (n,).
        weight: 0 leaves the vectors as they are.
    """
    if weight <= 0:
        return vectors
    return np.hstack([vectors, np.float32(weight**0.5) * spelling(texts)])


def with_lessons(rows: Floats, lessons: Sequence[str], weight: float = LESSON_WEIGHT) -> Floats:
    """Rows whose dot product is that of ``rows``, plus ``weight`` where the lesson is the same.

    Args:
        rows: shape (n, d).
        lessons: of the rows, (n,); "" where it is not known.
        weight: 0 leaves the rows as they are.
    """
    names, codes = np.unique(np.asarray(lessons, dtype=str), return_inverse=True)
    if weight <= 0 or list(names) in ([], [""]):
        return rows
    columns = np.zeros((len(rows), min(len(names), LESSON_COLUMNS)), np.float32)
    signs = np.where(codes // LESSON_COLUMNS % 2, -1.0, 1.0)
    columns[np.arange(len(rows)), codes % LESSON_COLUMNS] = signs * weight**0.5
    columns[names[codes] == ""] = 0.0
    return np.hstack([rows, columns])


def chance_likeness(rows: Floats, seed: int) -> float:
    """The likeness above which a row expects less than one unrelated row.

    Pairs drawn at random are nearly all unrelated.  Their likeness is summed up by median and median
    absolute deviation (related pairs among them do not matter then), and the 1 - 1/n quantile of the
    normal distribution with these is the limit.
    """
    from scipy.special import ndtri

    n = len(rows)
    draw = np.random.default_rng(seed)
    left, right = draw.integers(0, n, (2, min(CHANCE_SAMPLE, n * n)))
    left, right = left[left != right], right[left != right]
    if len(left) == 0:
        return -np.inf
    blocks = range(0, len(left), CHANCE_BLOCK)
    likeness = np.concatenate(
        [_likeness(rows, left[at : at + CHANCE_BLOCK], right[at : at + CHANCE_BLOCK]) for at in blocks]
    )
    middle = float(np.median(likeness))
    spread = float(np.median(np.abs(likeness - middle))) / ndtri(0.75)
    return float(middle + ndtri(1 - 1 / n) * spread)


def _likeness(rows: Floats, left: Ints, right: Ints) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", rows[left], rows[right]), dtype=np.float32)
