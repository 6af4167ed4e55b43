"""Candidates for a question, with what each retriever says of them.

Three retrievers see every document: BM25 over words, BM25 over pieces of words (near forms and misspelt
words), and the cosine of vectors.  The best of each are candidates; what the others say of them is asked for.
Scores are standardised per query over all documents that pass the filters, so that weights carry over from
one knowledge base to another.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kbsearch.errors import EncoderUnavailable, IndexUnavailable
from kbsearch.matching.queries import Query, QueryEncoder
from kbsearch.matching.rarity import Rarity, Weight
from kbsearch.matching.standard_scores import (
    FLAT,
    UNRELATED_SECOND,
    UNRELATED_VECTORS,
    UNRELATED_WORDS,
    Background,
    scores_of,
    standardised,
)
from kbsearch.ports import Filters, Floats, Hits, Ints, Part, SearchBackend, SecondOpinion, TextQuery
from kbsearch.text.pieces import pieces_of
from kbsearch.text.words import stems

NOTHING = Background(0.0, 0.0)
"""Scores of unrelated texts by prototypes."""
ENOUGH = 70
"""Cases from which on their number says nothing more.

The rest of the calibration is fitted where there are 72 and more.
"""
QUESTIONS_A_TOPIC = 2
"""In the labelled schools 64 questions are about some 50 topics; live ones ask the same more often."""
POOL = 60
"""How many of the best of each retriever are candidates."""
SIGNALS = (
    "text",
    "pieces",
    "vector",
    "cosine",
    "explained",
    "lesson",
    "popularity",
    "prototype",
    "words",
    "unknown",
    "scarcity",
    "second",
    "second_cosine",
    "second_prototype",
)
"""The columns of `Pool.signals`: all that a ranker sees.

text, pieces, vector: standardised scores of the retrievers.  cosine: likeness of the nearest part, centred.
explained: share in [0, 1] of the query's weight in rare words that the document earns.  lesson: 1 for a
document of the asker's lesson.  popularity: how often it helped before, log(1 + n).  prototype: standardised,
what all parts of the document say together; as vector while no document has variants.
words: how many the query has: few of them many documents may explain by chance.
unknown: how far more than half of the query's weight is in words that no document has, in [0, 1].
scarcity: log of how many times fewer documents there are than what is asked calls for; see `scarcity`.
second, second_cosine, second_prototype: as vector, cosine and prototype, by a second encoder; where there is
none they are those.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Candidates.  ``ids`` has shape (n,), ``signals`` (n, len(SIGNALS)); ``score`` ranks them.

    ``parts``: the part that came nearest by vector, ``ordinals``: which of its kind that is.  ``worded``:
    shares a word with the query.  ``degraded``: vectors were out of reach,
    their signals are zeros.
    """

    ids: Ints
    signals: Floats
    score: Floats
    worded: NDArray[np.bool_]
    parts: tuple[Part | None, ...]
    degraded: bool
    ordinals: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def twice_read(self) -> bool:
        """Whether a second encoder told what it thinks."""
        return not np.array_equal(self.column("second"), self.column("vector"))

    def column(self, name: str) -> Floats:
        """The signal ``name`` of each candidate, shape (n,)."""
        return self.signals[:, SIGNALS.index(name)]

    def with_first(self, id: int) -> Pool:
        """The candidate ``id`` before all others, with the best score that any of them has."""
        score = self.score.copy()
        score[self.ids == id] = np.nextafter(score.max(), np.float32(np.inf))
        return self.sorted_by(score)

    def sorted_by(self, score: Floats) -> Pool:
        """The candidates by falling ``score``, shape (n,); ties by ascending id."""
        order = np.lexsort((self.ids, -score))
        return replace(
            self,
            ids=self.ids[order],
            signals=self.signals[order],
            score=score[order].astype(np.float32),
            worded=self.worded[order],
            parts=tuple(self.parts[place] for place in order.tolist()),
            ordinals=tuple(self.ordinals[place] for place in order.tolist()) if self.ordinals else (),
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What candidates are looked for.

    ``only``: among these ids.  ``limit``: how many of each retriever.  ``by_pieces``: words are compared by
    their pieces as well; without it the words' score stands in for the pieces'.
    """

    filters: Filters
    lesson: str = ""
    only: Collection[int] | None = None
    limit: int = POOL
    by_pieces: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    text: Hits
    pieces: Hits | None
    vector: Hits | None
    prototype: Hits | None
    second: SecondOpinion | None
    lesson: frozenset[int]
    size: int
    scarcity: float


def gather(
    backend: SearchBackend,
    encoder: QueryEncoder,
    query: Query,
    wanted: Wanted,
    *,
    rarity: Rarity | None = None,
    popularity: Mapping[int, int] | None = None,
) -> Pool:
    """The candidates for ``query`` in ``backend``, by ascending id, not scored yet.

    ``popularity``: how often each document helped before.

    Raises:
        IndexUnavailable: the text index cannot be read.
    """
    weight = rarity.weight(query.words) if rarity else Weight()
    found = _found(backend, encoder, query, wanted)
    hits = [one for one in (found.text, found.pieces, found.vector) if one is not None]
    ids = np.unique(np.concatenate([one.ids for one in hits])).astype(np.int64)
    near = found.vector
    known = dict(zip(near.ids.tolist(), near.parts, strict=False)) if near else {}
    ordinals = dict(zip(near.ids.tolist(), near.ordinals, strict=False)) if near else {}
    return Pool(
        ids=ids,
        signals=_signals(found, ids, query, weight, popularity or {}),
        score=np.zeros(len(ids), np.float32),
        worded=scores_of(found.text, ids) > 0,
        parts=tuple(known.get(one) for one in ids.tolist()),
        degraded=near is None,
        ordinals=tuple(ordinals.get(one, 0) for one in ids.tolist()),
    )


def scarcity(backend: SearchBackend, states: tuple[str, ...]) -> float:
    """Log of how many times fewer documents are in ``states`` than what is asked calls for; 0: enough.

    Called for is one for every other question that `SearchBackend` knows of, and no more than `ENOUGH`.
    """
    wanted = min(ENOUGH, backend.asked() / QUESTIONS_A_TOPIC)
    return max(0.0, math.log(max(1.0, wanted) / max(1, backend.count(Filters(states=states)))))


def _found(backend: SearchBackend, encoder: QueryEncoder, query: Query, wanted: Wanted) -> _Found:
    backend.expect(query.bare, wanted.filters)
    asked = TextQuery(query.text, filters=wanted.filters, limit=wanted.limit, only=wanted.only, soft=True)
    text = backend.search_text(asked)
    pieces = backend.search_text(replace(asked, unit="pieces")) if wanted.by_pieces else None
    lesson: frozenset[int] = frozenset()
    near: Hits | None = None
    prototype: Hits | None = None
    try:
        vector = encoder.encode(query.bare)
        near = backend.search_vector(vector, wanted.filters, wanted.limit, wanted.only)
        if wanted.lesson:
            lesson = _of_lesson(backend, vector, wanted)
        if missing := _lacking(near, text, pieces):
            near = _joined(near, backend.search_vector(vector, wanted.filters, len(missing), missing))
        candidates = near.ids.tolist()
        prototype = backend.search_prototype(vector, wanted.filters, len(candidates), candidates)
    except (EncoderUnavailable, IndexUnavailable):
        near = prototype = None
    if missing := _lacking(text, pieces, near):
        text = _joined(text, backend.search_text(replace(asked, only=missing, limit=len(missing))))
    if pieces and (missing := _lacking(pieces, text, near)):
        more = replace(asked, unit="pieces", only=missing, limit=len(missing))
        pieces = _joined(pieces, backend.search_text(more))
    second = backend.second_opinion(query.bare, near.ids.tolist(), wanted.filters) if near else None
    size, scarce = _size(backend, near, wanted), scarcity(backend, wanted.filters.states)
    return _Found(text, pieces, near, prototype, second, lesson, size, scarce)


def _size(backend: SearchBackend, near: Hits | None, wanted: Wanted) -> int:
    """How many documents pass, as far as it matters: in a small knowledge base all of them are near."""
    few = near is not None and len(near) < wanted.limit and wanted.only is None
    return len(near) if near is not None and few else backend.count()


def _lacking(these: Hits, *others: Hits | None) -> set[int]:
    """The ids that any of ``others`` has and ``these`` have not."""
    known = set(these.ids.tolist())
    return {one for other in others if other is not None for one in other.ids.tolist()} - known


def _of_lesson(backend: SearchBackend, vector: Floats, wanted: Wanted) -> frozenset[int]:
    filters = replace(wanted.filters, lesson=wanted.lesson)
    return frozenset(backend.search_vector(vector, filters, wanted.limit).ids.tolist())


def _joined(first: Hits, more: Hits) -> Hits:
    """``first`` and those of ``more`` that are new; mean and std are those of ``first``."""
    return Hits(
        np.concatenate([first.ids, more.ids]),
        np.concatenate([first.scores, more.scores]),
        first.mean,
        first.std,
        first.parts + more.parts,
        first.ordinals + more.ordinals,
    )


def _signals(found: _Found, ids: Ints, query: Query, weight: Weight, popularity: Mapping[int, int]) -> Floats:
    total = weight.total
    words = Background(UNRELATED_WORDS.mean * total, UNRELATED_WORDS.std * total)
    text = standardised(found.text, ids, found.size, words)
    nothing = np.zeros(len(ids), np.float32)
    near = found.vector
    vector = standardised(near, ids, found.size, UNRELATED_VECTORS) if near else nothing
    cosine = scores_of(near, ids) if near else nothing
    prototype = _together(found, found.prototype, ids, vector)
    second = found.second
    other = standardised(second.near, ids, found.size, UNRELATED_SECOND) if second else vector
    columns = {
        "text": text,
        "pieces": standardised(found.pieces, ids, found.size, _for_pieces(words, query))
        if found.pieces
        else text,
        "vector": vector,
        "cosine": cosine,
        "explained": np.minimum(scores_of(found.text, ids) / total, 1.0) if total else nothing,
        "lesson": [one in found.lesson for one in ids.tolist()],
        "prototype": prototype,
        "second": other,
        "second_cosine": scores_of(second.near, ids) if second else cosine,
        "second_prototype": _together(found, second.together, ids, other) if second else prototype,
        "words": np.full(len(ids), len(query.words)),
        "unknown": np.full(len(ids), weight.strangeness),
        "scarcity": np.full(len(ids), found.scarcity),
        "popularity": np.log1p([popularity.get(one, 0) for one in ids.tolist()]),
    }
    return np.stack([np.asarray(columns[name], np.float32) for name in SIGNALS], axis=1)


def _together(found: _Found, prototype: Hits | None, ids: Ints, vector: Floats) -> Floats:
    """What all parts of each of ``ids`` say together; ``vector`` while no document has variants."""
    if prototype is None or prototype.std < FLAT:
        return vector
    return standardised(prototype, ids, found.size, NOTHING)


def _for_pieces(words: Background, query: Query) -> Background:
    """A piece weighs about as much as a word, and there are more of them."""
    times = len(pieces_of(stems(query.text))) / max(1, len(query.words))
    return Background(words.mean * times, words.std * times)
