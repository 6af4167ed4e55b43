"""Nearest neighbours of questions: cosine of centred vectors plus a little likeness of words.

Small collections are searched exactly, block by block; large ones with an HNSW graph of half-precision
vectors (usearch), whose candidates are ranked again exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kbsearch.ports import Floats, Ints
from kbsearch.text.words import stems

EXACT_UP_TO = 20_000
"""Rows up to which comparing all pairs is quicker than building an approximate index."""
BLOCK = 512
"""Rows compared with all others at a time; bounds the memory of an exact search."""
CANDIDATES = 4
"""Times k candidates are taken from the approximate index before words are looked at."""
LEXICAL_WEIGHT = 0.2
"""How much the TF-IDF cosine of stems adds to the cosine of vectors."""
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


def lexical(texts: Sequence[str]) -> Any:
    """TF-IDF of stems, unit rows: a scipy CSR matrix (n, stems) float32, or None when there are no words."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not any(stems(text) for text in texts):
        return None
    model = TfidfVectorizer(analyzer=stems, sublinear_tf=True, dtype=np.float32)
    return model.fit_transform(texts).tocsr()


def nearest(vectors: Floats, k: int, words: Any = None, weight: float = LEXICAL_WEIGHT) -> Neighbours:
    """The ``k`` nearest neighbours of each row, itself excluded.

    Args:
        vectors: unit rows, shape (n, d), as `centred` makes them.
        k: how many; fewer than k other rows leave -1 at the end.
        words: TF-IDF rows as `lexical` makes them, or None.
        weight: what the cosine of words counts beside the cosine of vectors.
    """
    n = len(vectors)
    take = min(k, n - 1)
    if take < 1:
        return Neighbours(np.full((n, k), -1, np.int64), np.full((n, k), -np.inf, np.float32))
    search = _exact if n <= EXACT_UP_TO else _approximate
    ids, likeness = search(vectors, take, words, weight)
    return Neighbours(_padded(ids, k, -1), _padded(likeness, k, -np.inf))


def _padded(array: Any, k: int, fill: float) -> Any:
    return np.pad(array, ((0, 0), (0, k - array.shape[1])), constant_values=fill)


def _exact(vectors: Floats, k: int, words: Any, weight: float) -> tuple[Ints, Floats]:
    blocks = []
    for start in range(0, len(vectors), BLOCK):
        rows = slice(start, start + BLOCK)
        likeness = vectors[rows] @ vectors.T
        if words is not None:
            likeness += weight * (words[rows] @ words.T).toarray()
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


def _approximate(vectors: Floats, k: int, words: Any, weight: float) -> tuple[Ints, Floats]:
    from usearch.index import Index

    index = Index(ndim=vectors.shape[1], metric="cos", dtype="f16", expansion_search=CANDIDATES * k * 2)
    # One thread builds the same graph each time; with more, runs would differ for the same seed.
    index.add(np.arange(len(vectors)), vectors, threads=1)
    found = index.search(vectors, CANDIDATES * k + 1, threads=0)
    ids = np.asarray(found.keys, dtype=np.int64)
    likeness = (1.0 - np.asarray(found.distances)).astype(np.float32)
    if words is not None:
        likeness += weight * _pairwise(words, ids)
    likeness[ids == np.arange(len(ids))[:, None]] = -np.inf
    columns, values = _best(likeness, k)
    return np.take_along_axis(ids, columns, axis=1), values


def _pairwise(words: Any, ids: Ints) -> Floats:
    """Dot product of each row of ``words`` with the rows ``ids`` names, shape of ``ids``."""
    out = np.empty(ids.shape, np.float32)
    for column in range(ids.shape[1]):
        out[:, column] = np.asarray(words.multiply(words[ids[:, column]]).sum(axis=1)).ravel()
    return out


def chance_likeness(vectors: Floats, words: Any, weight: float, seed: int) -> float:
    """The likeness above which a row expects less than one unrelated row.

    Pairs drawn at random are nearly all unrelated.  Their likeness is summed up by median and median
    absolute deviation (related pairs among them do not matter then), and the 1 - 1/n quantile of the
    normal distribution with these is the limit.
    """
    from scipy.stats import norm

    n = len(vectors)
    draw = np.random.default_rng(seed)
    left, right = draw.integers(0, n, (2, min(CHANCE_SAMPLE, n * n)))
    left, right = left[left != right], right[left != right]
    if len(left) == 0:
        return -np.inf
    likeness = np.einsum("ij,ij->i", vectors[left], vectors[right])
    if words is not None:
        likeness += weight * np.asarray(words[left].multiply(words[right]).sum(axis=1)).ravel()
    middle = float(np.median(likeness))
    spread = float(np.median(np.abs(likeness - middle))) / norm.ppf(0.75)
    return float(middle + norm.ppf(1 - 1 / n) * spread)
