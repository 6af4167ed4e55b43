"""One consistent state of an index: what a search works on from its beginning to its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from indexer import bm25
from indexer.arrays import LESSON_SEPARATOR
from indexer.bm25 import Near
from indexer.generations import Generation
from indexer.near_words import Vocabulary
from indexer.nearness import Scores
from indexer.part_vectors import PartVectors
from indexer.segments import Mask, Segment
from indexer.word_vectors import WordVectors, forms, read, sizes_of
from kbsearch.ports import Filters, Floats, Hits, Ints, Part
from kbsearch.text.pieces import pieces_of
from kbsearch.text.word_rarity import piece_rarity

LOOK_SECONDS = 0.02
"""A question is looked for a dozen times within some milliseconds: the files are looked at once for it."""


class View:
    """The segments of one commit of one generation.  Documents are numbered through all segments.

    Args:
        commit: number of the Whoosh commit; -1 for an index that is not there yet.
        present: mask of the documents that are not deleted.
    """

    def __init__(
        self, generation: Generation | None, commit: int, segments: Sequence[Segment], present: Mask
    ) -> None:
        self.generation = generation
        self.commit = commit
        self.segments = tuple(segments)
        self.present = present
        self.bases = np.cumsum([0, *(len(segment.arrays) for segment in segments)])
        self.lock = threading.Lock()
        self._vocabulary: Vocabulary | None = None
        self._looked = 0.0
        self.mask = lru_cache(maxsize=64)(self._mask)
        # One question is looked for several times: best of all, then what other retrievers found, by lesson.
        self._text_scores = lru_cache(maxsize=4)(self._scored_by_text)
        self._soft_scores = lru_cache(maxsize=4)(self._scored_softly)
        # Students ask with the same words again and again.
        self._earned = lru_cache(maxsize=2_048)(lambda near: bm25.earned(near, self._scored))
        self._held = lru_cache(maxsize=16_384)(lambda stem: bm25.documents_with(stem, self._scored))
        self._piece_scores = lru_cache(maxsize=4)(self._scored_by_pieces)

    @cached_property
    def all_ids(self) -> Ints:
        """Id of each document, deleted ones too."""
        return self._joined("ids")

    @cached_property
    def fingerprints(self) -> Ints:
        """Fingerprint of each document."""
        return self._joined("fingerprints")

    @cached_property
    def _scored(self) -> list[bm25.Scored]:
        return bm25.scored([segment.arrays for segment in self.segments], self.present)

    @cached_property
    def _scored_pieces(self) -> list[bm25.Scored]:
        return bm25.scored([segment.pieces for segment in self.segments], self.present)

    @cached_property
    def order(self) -> Ints:
        """Numbers of the present documents by ascending id."""
        numbers = np.flatnonzero(self.present)
        order: Ints = numbers[np.argsort(self.all_ids[numbers], kind="stable")]
        return order

    @cached_property
    def ids(self) -> Ints:
        """Ids of the present documents, ascending."""
        ids: Ints = self.all_ids[self.order]
        return ids

    def contents(self) -> dict[int, int]:
        """Fingerprint of each present document by id."""
        return dict(zip(self.ids.tolist(), self.fingerprints[self.order].tolist(), strict=True))

    def numbers(self, ids: Collection[int]) -> Ints:
        """Numbers of the present documents among ``ids``, by ascending id."""
        wanted = np.unique(np.fromiter(ids, np.int64, len(ids)))
        places = np.searchsorted(self.ids, wanted)
        inside = places < len(self.ids)
        places = places[inside][self.ids[places[inside]] == wanted[inside]]
        numbers: Ints = self.order[places]
        return numbers

    def document(self, number: int) -> dict[str, Any]:
        """The stored document ``number``."""
        place = int(np.searchsorted(self.bases, number, side="right")) - 1
        return self.segments[place].document(int(number - self.bases[place]))

    def _joined(self, name: str) -> Ints:
        return np.concatenate(
            [np.zeros(0, np.int64), *(getattr(segment.arrays, name) for segment in self.segments)]
        )

    def count(self, filters: Filters) -> int:
        """How many documents are present and pass ``filters``."""
        return int(np.count_nonzero(self.mask(filters)))

    def sample(self, filters: Filters, size: int) -> Ints:
        """Numbers of documents that pass ``filters``: all, or of ``2 * size`` and more each k-th by id."""
        passing = self.order[self.mask(filters)[self.order]]
        return passing[:: max(1, len(passing) // size)]

    def _mask(self, filters: Filters) -> Mask:
        """Which documents are present and pass ``filters``."""
        mask = self.present.copy()
        if filters.course:
            mask &= self._matching("course", lambda course: course in {"", filters.course})
        if filters.lesson:
            mask &= self._matching("lessons", lambda codes: filters.lesson in codes.split(LESSON_SEPARATOR))
        if filters.language:
            mask &= self._matching("language", lambda language: language == filters.language)
        if filters.states:
            wanted = {str(state) for state in filters.states}
            mask &= self._matching("state", wanted.__contains__)
        return mask

    def _matching(self, name: str, wanted: Any) -> Mask:
        pieces = [np.zeros(0, np.bool_)]
        for segment in self.segments:
            category = segment.arrays.categories[name]
            good = np.fromiter(map(wanted, category.values), np.bool_, len(category.values))
            pieces.append(good[category.codes])
        return np.concatenate(pieces)

    def text_scores(self, stems: Sequence[str]) -> Scores:
        """BM25 scores of all documents, rounded to six digits."""
        return self._text_scores(tuple(stems))

    def soft_scores(self, asked: Sequence[tuple[int, Near]]) -> Scores:
        """BM25 scores of all documents where near words count as well, rounded to six digits."""
        return self._soft_scores(tuple(asked))

    def piece_scores(self, stems: Sequence[str]) -> Scores:
        """BM25 scores of all documents by the pieces of words, rounded to six digits."""
        return self._piece_scores(tuple(stems))

    def _scored_by_text(self, stems: Sequence[str]) -> Scores:
        return Scores(bm25.scores(stems, self._scored, len(self.ids)).round(6))

    def _scored_softly(self, asked: Sequence[tuple[int, Near]]) -> Scores:
        found = bm25.soft_scores(asked, self._earned, len(self.ids), len(self.present))
        return Scores(found.round(6))

    def _scored_by_pieces(self, stems: Sequence[str]) -> Scores:
        found = bm25.scores(pieces_of(stems), self._scored_pieces, len(self.ids), piece_rarity)
        return Scores(found.round(6))

    def holds(self, number: int, stem: str) -> bool:
        """Whether document ``number`` has the word ``stem`` in its title, variants or answer."""
        place = int(np.searchsorted(self.bases, number, side="right")) - 1
        hit = self.segments[place].arrays.term(stem)
        if hit is None:
            return False
        inside = int(number - self.bases[place])
        at = int(np.searchsorted(hit[0], inside))
        return at < len(hit[0]) and int(hit[0][at]) == inside

    def documents_with(self, stems: Sequence[str]) -> list[int]:
        """How many documents have each of ``stems`` in their title, variants or answer."""
        return [self._held(stem) for stem in stems]

    def vocabulary(self) -> Vocabulary:
        """The words of all segments with what vectors are known by now."""
        if self.generation is None:
            return Vocabulary({}, WordVectors({}, np.zeros((0, 1), np.float16), (0, 0)))
        now = time.monotonic()
        with self.lock:
            if self._vocabulary is None or now - self._looked >= LOOK_SECONDS:
                if self._vocabulary is None or self._vocabulary.vectors.sizes != sizes_of(self.generation):
                    self._vocabulary = Vocabulary(self._forms, read(self.generation))
                self._looked = now
            return self._vocabulary

    def forget_vocabulary(self) -> None:
        """Vectors of words were added: they are read when they are needed."""
        with self.lock:
            self._vocabulary = None

    @cached_property
    def _forms(self) -> dict[str, str]:
        return forms(segment.arrays.words for segment in self.segments)

    @cached_property
    def vectors(self) -> PartVectors:
        """The vectors of the documents' parts."""
        return PartVectors(self.generation, self.segments, self.present)

    def best_parts(self, ids: Ints, cosines: Floats) -> list[tuple[Part, int]]:
        """Which part of each of the documents ``ids`` came nearest, and which of its kind that is."""
        return self.vectors.best_parts(self.order[np.searchsorted(self.ids, ids)], cosines)

    def hits(
        self, scores: Scores, found: Mask, *, filters: Filters, limit: int, only: Collection[int] | None
    ) -> Hits:
        """The best ``limit`` of the documents ``found`` that pass ``filters`` and are among ``only``."""
        mask = self.mask(filters)
        kept = found & mask
        if only is None:
            numbers = np.flatnonzero(kept)
        else:
            wanted = self.numbers(only)
            numbers = wanted[kept[wanted]]
        best = _best(numbers, scores.values, self.all_ids, limit)
        return Hits(self.all_ids[best], scores.values[best], *scores.over(filters, mask))


def _best(numbers: Ints, scores: Floats, ids: Ints, limit: int) -> Ints:
    """The ``limit`` of ``numbers`` with the best scores, ties by ascending id."""
    if limit <= 0:
        return numbers[:0]
    if len(numbers) > limit:
        bar = np.partition(scores[numbers], len(numbers) - limit)[len(numbers) - limit]
        numbers = numbers[scores[numbers] >= bar]
    order = np.lexsort((ids[numbers], -scores[numbers]))
    best: Ints = numbers[order[:limit]]
    return best
