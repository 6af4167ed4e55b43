"""Nearest neighbours of questions: cosine of centred vectors, a little likeness of spelling, the same lesson.

Small collections are searched exactly, block by block.  Large ones are parted into cells around some of their
rows, and a row is compared with the rows of the cells that it is nearest to (an inverted file: Jégou, Douze
and Schmid, "Product quantization for nearest neighbor search", 2011, without the quantization).  Both use
all cores and give the same answer each time, which graph indexes built on several threads do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from clustering.spelling import spelling
from kbsearch.ports import Floats, Ints

EXACT_UP_TO = 12_000
"""Rows up to which comparing all pairs is about as quick as parting them into cells."""
BLOCK = 512
"""Rows compared with all others at a time; bounds the memory of an exact search."""
CELL = 250
"""Rows of a cell, on average."""
PROBED = 12
"""Cells that a row looks into."""
ROUNDS = 3
"""Times the centres of cells are moved to the middle of their rows."""
SPELLING_WEIGHT = 0.3
"""How much likeness of spelling adds to the cosine of vectors."""
LESSON_WEIGHT = 0.2
"""What being asked at the same lesson adds to the cosine of vectors."""
LESSON_COLUMNS = 256
"""Lessons beyond so many share a column with another one, each with a sign of its own."""
CHANCE_SAMPLE = 20_000
"""Random pairs from which the likeness of unrelated questions is estimated."""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The nearest neighbours of each row, best first.

    ``ids`` (n, k) int64, -1 where a row has no further neighbour; ``likeness`` (n, k) float32.
    """

    ids: Ints
    likeness: Floats


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


def nearest(rows: Floats, k: int, seed: int = 0) -> Neighbours:
    """The ``k`` nearest neighbours of each row by dot product, itself excluded.

    Args:
        rows: of about equal length, shape (n, d).
        k: how many; fewer than k other rows leave -1 at the end.
        seed: of the cells of a large collection.
    """
    n = len(rows)
    take = min(k, n - 1)
    if take < 1:
        return Neighbours(np.full((n, k), -1, np.int64), np.full((n, k), -np.inf, np.float32))
    ids, likeness = _exact(rows, take) if n <= EXACT_UP_TO else _by_cells(rows, take, seed)
    return Neighbours(_padded(ids, k, -1), _padded(likeness, k, -np.inf))


def _padded(array: Any, k: int, fill: float) -> Any:
    return np.pad(array, ((0, 0), (0, k - array.shape[1])), constant_values=fill)


def _exact(rows: Floats, k: int) -> tuple[Ints, Floats]:
    blocks = []
    for start in range(0, len(rows), BLOCK):
        likeness = rows[start : start + BLOCK] @ rows.T
        likeness[np.arange(len(likeness)), np.arange(start, start + len(likeness))] = -np.inf
        blocks.append(_best(likeness, k))
    return np.concatenate([ids for ids, _ in blocks]), np.concatenate([values for _, values in blocks])


def _best(likeness: Floats, k: int) -> tuple[Ints, Floats]:
    """Columns and values of the k largest of each row, best first, ties by column."""
    ids = np.argpartition(-likeness, k - 1, axis=1)[:, :k].astype(np.int64)
    ids.sort(axis=1)
    values = np.take_along_axis(likeness, ids, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    return np.take_along_axis(ids, order, axis=1), np.take_along_axis(values, order, axis=1)


def _by_cells(rows: Floats, k: int, seed: int) -> tuple[Ints, Floats]:
    """The best of each row's own cell, then what the other cells that it looks into have that is better."""
    probed = _probed(rows, _centres(rows, seed))
    cells = int(probed.max()) + 1
    members = _grouped(probed[:, 0], cells)
    ids = np.full((len(rows), k), -1, np.int64)
    values = np.full((len(rows), k), -np.inf, np.float32)
    for inside in members:
        likeness = rows[inside] @ rows[inside].T
        np.fill_diagonal(likeness, -np.inf)
        _merge(ids, values, inside, inside, likeness)
    others = probed.shape[1] - 1
    for inside, asked in zip(members, _grouped(probed[:, 1:].ravel(), cells), strict=True):
        if len(inside):
            asking = asked // others
            _merge(ids, values, asking, inside, rows[asking] @ rows[inside].T)
    return np.where(np.isfinite(values), ids, -1), values


def _merge(ids: Ints, values: Floats, asking: Ints, inside: Ints, likeness: Floats) -> None:
    """Put what of ``inside`` is liker into the neighbours of the rows ``asking``."""
    k = ids.shape[1]
    better = np.flatnonzero(likeness.max(axis=1, initial=-np.inf) > values[asking, -1])
    asking = asking[better]
    own, near = _best(likeness[better], min(k, len(inside)))
    columns, found = _best(np.hstack([values[asking], near]), k)
    known = np.hstack([ids[asking], inside[own]])
    ids[asking], values[asking] = np.take_along_axis(known, columns, axis=1), found


def _centres(rows: Floats, seed: int) -> Floats:
    """Centres of the cells, shape (cells, d): rows drawn at random, moved by rounds of k-means."""
    draw = np.random.default_rng(seed)
    cells = max(PROBED, len(rows) // CELL)
    sample = rows[np.sort(draw.choice(len(rows), min(len(rows), 20 * cells), replace=False))]
    centres = sample[draw.choice(len(sample), cells, replace=False)]
    for _ in range(ROUNDS):
        own = _probed(sample, centres, 1)[:, 0]
        for cell, inside in enumerate(_grouped(own, cells)):
            if len(inside):
                middle = sample[inside].mean(axis=0)
                centres[cell] = middle / max(float(np.linalg.norm(middle)), 1e-6)
    return centres


def _probed(rows: Floats, centres: Floats, count: int = PROBED) -> Ints:
    """The cells that each row looks into, nearest first, shape (n, count)."""
    blocks = range(0, len(rows), 8 * BLOCK)
    return np.concatenate([_best(rows[start : start + 8 * BLOCK] @ centres.T, count)[0] for start in blocks])


def _grouped(keys: Ints, count: int) -> list[Ints]:
    """The places of each of the ``count`` keys, ascending."""
    order = np.argsort(keys, kind="stable")
    return np.split(order, np.cumsum(np.bincount(keys, minlength=count))[:-1])


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
    likeness = np.einsum("ij,ij->i", rows[left], rows[right])
    middle = float(np.median(likeness))
    spread = float(np.median(np.abs(likeness - middle))) / ndtri(0.75)
    return float(middle + ndtri(1 - 1 / n) * spread)
