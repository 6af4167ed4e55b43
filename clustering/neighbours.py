"""What makes questions alike: cosine of centred vectors, a little likeness of spelling, the same lesson."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clustering.spelling import COLUMNS, spelling_blocks
from kbsearch.ports import Floats, Ints

Names = NDArray[np.str_]
SPELLING_WEIGHT = 0.3
"""How much likeness of spelling adds to the cosine of vectors."""
LESSON_WEIGHT = 0.2
"""What being asked at the same lesson adds to the cosine of vectors."""
LESSON_COLUMNS = 256
"""Lessons beyond so many share a column with another one, each with a sign of its own."""
CHANCE_SAMPLE = 20_000
"""Random pairs from which the likeness of unrelated questions is estimated."""
NO_LANGUAGE = 10
"""Questions of no language that the mean of each is mixed with."""
SPOKEN = 20
"""Questions that make a language of a school."""
ROWS = 1_000
"""Rows worked on at a time, so that they stay near the processor."""


def middle_of(vectors: Floats) -> Floats:
    """The mean, (d,), of those rows of ``vectors``, (n, d), that are not zero; 0 without such rows."""
    told = np.asarray(vectors.any(axis=1))
    if not told.any():
        return np.zeros(vectors.shape[1], np.float32)
    return np.asarray((vectors if told.all() else vectors[told]).mean(axis=0), np.float32)


def centred(vectors: Floats, out: Floats | None = None, middle: Floats | None = None) -> Floats:
    """Rows of ``vectors`` minus their mean, scaled to unit length; shape (n, d), float32, in ``out`` if any.

    Rows without direction (empty texts, or all rows alike) become zero.  Rows that were zero stay out of
    the mean.  Centring removes the direction that all questions share, which tells nothing apart.
    ``middle``: what is subtracted instead of the mean, (d,).
    """
    told = np.asarray(vectors.any(axis=1))
    unit = np.empty(vectors.shape, np.float32) if out is None else out
    unit[:] = 0
    if not told.any():
        return unit
    middle = middle_of(vectors) if middle is None else middle
    for start in range(0, len(vectors), ROWS):
        block = slice(start, start + ROWS)
        moved = np.where(told[block, None], vectors[block] - middle, 0.0)
        lengths = np.linalg.norm(moved, axis=1, keepdims=True)
        np.divide(moved, lengths, out=unit[block], where=lengths > 1e-6, casting="same_kind")  # noqa: PLR2004
    return unit


def together(vectors: Floats, others: Floats, middles: tuple[Floats, Floats] | None = None) -> Floats:
    """Unit rows whose dot product is the mean of the cosines that two encoders see, each centred.

    A row that one of them gave no direction is as near to others as the other one says.

    Args:
        vectors: of the first encoder, shape (n, d).
        others: of the second, shape (n, e).
        middles: what each is centred with, (d,) and (e,), instead of its mean.
    """
    columns = vectors.shape[1]
    rows = np.empty((len(vectors), columns + others.shape[1]), np.float32)
    first, second = middles or (None, None)
    centred(vectors, out=rows[:, :columns], middle=first)
    centred(others, out=rows[:, columns:], middle=second)
    for start in range(0, len(rows), ROWS):
        block = rows[start : start + ROWS]
        lengths = np.linalg.norm(block, axis=1, keepdims=True)
        np.divide(block, lengths, out=block, where=lengths > 0)
    return rows


def apart_from_language(rows: Floats, languages: Names, columns: int) -> Floats:
    """``rows`` without what is common to the questions of each language: a copy, shape (n, d).

    Questions in a language that few ask in are near each other whatever they ask, for they share a direction.
    Its mean is subtracted; of few questions it is noise, so it is drawn to the mean of all, which is 0.

    Args:
        rows: of which the first columns are `centred` vectors, the others are left as they are.
        languages: of the rows, (n,).
        columns: how many these are.
    """
    moved = rows.copy()
    vectors, codes = moved[:, :columns], np.unique(languages, return_inverse=True)[1]
    for code in range(codes.max(initial=-1) + 1):
        inside = np.flatnonzero(codes == code)
        vectors[inside] -= vectors[inside].sum(axis=0) / np.float32(len(inside) + NO_LANGUAGE)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    before = np.linalg.norm(rows[:, :columns], axis=1, keepdims=True)
    np.multiply(
        vectors, np.divide(before, lengths, out=np.zeros_like(before), where=lengths > 0), out=vectors
    )
    return moved


def has_languages(languages: Names) -> bool:
    """Whether two languages at least are known that `SPOKEN` of the questions or more are in."""
    names, counts = np.unique(languages, return_counts=True)
    return int(((names != "") & (counts >= SPOKEN)).sum()) > 1


def with_spelling(vectors: Floats, texts: Sequence[str], weight: float = SPELLING_WEIGHT) -> Floats:
    """Rows whose dot product is the cosine of ``vectors`` plus ``weight`` times that of the spelling.

    Args:
        vectors: unit rows, shape (n, d).
        texts: of the rows, (n,).
        weight: 0 leaves the vectors as they are.
    """
    if weight <= 0:
        return vectors
    columns, start = vectors.shape[1], 0
    rows = np.empty((len(vectors), columns + COLUMNS), np.float32)
    rows[:, :columns] = vectors
    for block in spelling_blocks(texts):
        np.multiply(block, np.float32(weight**0.5), out=rows[start : start + len(block), columns:])
        start += len(block)
    return rows


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
    blocks = range(0, len(left), ROWS)
    likeness = np.concatenate([_likeness(rows, left[at : at + ROWS], right[at : at + ROWS]) for at in blocks])
    middle = float(np.median(likeness))
    spread = float(np.median(np.abs(likeness - middle))) / ndtri(0.75)
    return float(middle + ndtri(1 - 1 / n) * spread)


def _likeness(rows: Floats, left: Ints, right: Ints) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", rows[left], rows[right]), dtype=np.float32)
