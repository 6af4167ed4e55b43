"""Fusing the two retrievers: scores of either are standardised over all documents and added.

Standardising per query makes scores of different retrievers comparable without any training; adding them
beats reciprocal rank fusion, which throws the distances away (docs/matching.md has the figures).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kbsearch.errors import EncoderUnavailable, IndexUnavailable
from kbsearch.matching.queries import Query, QueryEncoder
from kbsearch.matching.rarity import Rarity
from kbsearch.matching.standard_scores import (
    UNRELATED_VECTORS,
    UNRELATED_WORDS,
    Background,
    scores_of,
    standardised,
)
from kbsearch.ports import Filters, Floats, Hits, Ints, Part, SearchBackend, TextQuery

POOL = 60
"""How many of the best of each retriever are candidates."""
VECTOR_WEIGHT = 1.3
"""Of a vector score when words explain nothing of the query; their share of it is taken off."""
PLAIN_WEIGHT = 1.1
"""Of a vector score when nobody can tell how much the words explain."""
LESSON_BONUS = 1.0
"""Standard deviations that a case of the asker's own lesson gains."""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Candidates with all their scores, best first.  Arrays have shape (n,).

    ``text`` and ``vector`` are standardised over all documents that pass the filters; ``explained`` is the
    share in [0, 1] of the query's weight in rare words that a document earns; ``cosine`` is the likeness of
    the nearest part in ``parts``; ``lesson`` marks documents of the asker's lesson, ``worded`` those that
    share a word with the query.
    ``degraded``: vectors were out of reach, ``vector`` and ``cosine`` are zeros.
    """

    ids: Ints
    score: Floats
    text: Floats
    vector: Floats
    explained: Floats
    cosine: Floats
    lesson: Floats
    worded: NDArray[np.bool_]
    parts: tuple[Part | None, ...]
    degraded: bool

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    text: Hits
    vector: Hits | None
    lesson: frozenset[int]
    weight: float
    size: int


def fuse(
    backend: SearchBackend,
    encoder: QueryEncoder,
    query: Query,
    filters: Filters,
    *,
    rarity: Rarity | None = None,
    lesson: str = "",
    only: Collection[int] | None = None,
    pool: int = POOL,
) -> Pool:
    """The candidates for ``query`` in ``backend``, best first; ties by ascending id.

    Without the embedder or the vectors the text scores rank alone and the pool says so.

    Raises:
        IndexUnavailable: the text index cannot be read.
    """
    wanted = TextQuery(query.text, filters=filters, limit=pool, only=only)
    text = backend.search_text(wanted)
    weight = rarity.weight(query.words) if rarity else 0.0
    try:
        vector = encoder.encode(query.bare)
        nearest = backend.search_vector(vector, filters, pool, only)
        size = len(nearest) if len(nearest) < pool and only is None else backend.count()
        if missing := _only_in(text, nearest):
            nearest = _joined(nearest, backend.search_vector(vector, filters, len(missing), missing))
        own = _of_lesson(backend, vector, filters, lesson, pool) if lesson else frozenset()
    except (EncoderUnavailable, IndexUnavailable):
        return _ranked(_Found(text, None, frozenset(), weight, backend.count()))
    if missing := _only_in(nearest, text):
        text = _joined(text, backend.search_text(replace(wanted, only=missing)))
    return _ranked(_Found(text, nearest, own, weight, size))


def _only_in(these: Hits, those: Hits) -> set[int]:
    return set(these.ids.tolist()) - set(those.ids.tolist())


def _of_lesson(
    backend: SearchBackend, vector: Floats, filters: Filters, lesson: str, pool: int
) -> frozenset[int]:
    return frozenset(backend.search_vector(vector, replace(filters, lesson=lesson), pool).ids.tolist())


def _joined(first: Hits, more: Hits) -> Hits:
    """``first`` and those of ``more`` that are new; mean and std are those of ``first``."""
    return Hits(
        np.concatenate([first.ids, more.ids]),
        np.concatenate([first.scores, more.scores]),
        first.mean,
        first.std,
        first.parts + more.parts,
    )


def _ranked(found: _Found) -> Pool:
    text, near = found.text, found.vector
    ids = np.unique(np.concatenate([text.ids, near.ids]) if near else text.ids).astype(np.int64)
    words = Background(UNRELATED_WORDS.mean * found.weight, UNRELATED_WORDS.std * found.weight)
    by_text = standardised(text, ids, found.size, words)
    by_vector = (
        standardised(near, ids, found.size, UNRELATED_VECTORS) if near else np.zeros(len(ids), np.float32)
    )
    cosine = scores_of(near, ids) if near else np.zeros(len(ids), np.float32)
    lesson = np.array([one in found.lesson for one in ids.tolist()], np.float32)
    parts = dict(zip(near.ids.tolist(), near.parts, strict=False)) if near else {}
    explained = _explained(text, ids, found.weight)
    weight = VECTOR_WEIGHT - float(explained.max(initial=0.0)) if found.weight else PLAIN_WEIGHT
    score = by_text + weight * by_vector + LESSON_BONUS * lesson
    order = np.argsort(-score, kind="stable")
    return Pool(
        ids=ids[order],
        score=score[order].astype(np.float32),
        text=by_text[order],
        vector=by_vector[order],
        explained=explained[order],
        cosine=cosine[order],
        lesson=lesson[order],
        worded=scores_of(text, ids)[order] > 0,
        parts=tuple(parts.get(one) for one in ids[order].tolist()),
        degraded=near is None,
    )


def _explained(text: Hits, ids: Ints, weight: float) -> Floats:
    if not weight:
        return np.zeros(len(ids), np.float32)
    share: Floats = np.minimum(scores_of(text, ids) / weight, 1.0).astype(np.float32)
    return share
