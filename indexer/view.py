"""One consistent state of an index: what a search works on from its beginning to its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from indexer import bm25, prototypes
from indexer.arrays import LESSON_SEPARATOR
from indexer.bm25 import Near
from indexer.documents import PART
from indexer.generations import Generation, damaged
from indexer.near_words import Vocabulary
from indexer.nearness import Nearness, Scores
from indexer.segments import Mask, Segment
from indexer.vectors import PASSAGE, Centred, Kinds, map_rows
from indexer.word_vectors import WordVectors, forms, read, sizes_of
from kbsearch.ports import PARTS, Filters, Floats, Hits, Ints, Part
from kbsearch.text.pieces import pieces_of
from kbsearch.text.word_rarity import piece_rarity

FIRST, SECOND = range(2)
"""Whose vectors: the encoder's, or the second encoder's."""
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
    def rows(self) -> Ints:
        """First row of vectors of each document."""
        return self._joined("rows")

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
    def parts(self) -> list[str]:
        """Letters of the parts of each document."""
        columns = [segment.arrays.categories["parts"] for segment in self.segments]
        return [column.values[code] for column in columns for code in column.codes.tolist()]

    @cached_property
    def part_counts(self) -> Ints:
        """Number of parts of each document."""
        pieces = [np.zeros(0, np.int64)]
        for segment in self.segments:
            column = segment.arrays.categories["parts"]
            pieces.append(np.fromiter(map(len, column.values), np.int64, len(column.values))[column.codes])
        return np.concatenate(pieces)

    @cached_property
    def owners(self) -> Ints:
        """Numbers of the present documents that have vectors."""
        return np.flatnonzero(self.present & (self.part_counts > 0))

    @cached_property
    def starts(self) -> Ints:
        """Where the rows of each of the `owners` begin in ``centred.used``."""
        counts = self.part_counts[self.owners]
        return np.cumsum(counts) - counts

    @cached_property
    def first(self) -> Nearness:
        """By the vectors of the encoder.

        Raises:
            IndexUnavailable: the file of vectors is missing or too short.
        """
        return self._nearness(FIRST)

    @cached_property
    def second(self) -> Nearness | None:
        """By those of the second encoder; None where none was used.

        Raises:
            IndexUnavailable: the file of vectors is missing or too short.
        """
        used = self.generation is not None and self.generation.manifest.second_dimension > 0
        return self._nearness(SECOND) if used else None

    @property
    def centred(self) -> Centred:
        """The vectors of the encoder; raises as `first`."""
        return self.first.centred

    def _nearness(self, place: int) -> Nearness:
        rows = self._vectors(place)
        centred = Centred(rows, *self._rows_of(self.owners))
        return Nearness(
            centred, self.owners, self.starts, len(self.present), lambda: self._moment(rows, place)
        )

    def _vectors(self, place: int) -> Floats:
        """The vectors of one encoder, those of parts that nothing refers to among them."""
        if self.generation is None:
            return np.zeros((0, 1), np.float32)
        manifest = self.generation.manifest
        path, width = (
            (self.generation.vectors_path, manifest.dimension)
            if place == FIRST
            else (self.generation.second_path, manifest.second_dimension)
        )
        rows = map_rows(path, int((self.rows + self.part_counts).max(initial=0)), width)
        if rows is None:
            raise damaged(path, "the vectors are missing or cut short")
        return rows

    def _rows_of(self, numbers: Ints) -> tuple[Ints, Kinds]:
        """Rows of the parts of the documents ``numbers``, one after the other, and their kinds."""
        counts = self.part_counts[numbers]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        owners = np.repeat(numbers, counts)
        return self.rows[owners] + within, self._kinds(owners, within)

    def _kinds(self, numbers: Ints, within: Ints) -> Kinds:
        """Places in `PARTS` of the parts ``within`` the documents ``numbers``, same shape."""
        words = {word: row for row, word in enumerate(dict.fromkeys(self.parts))}
        table = np.zeros((len(words), max(map(len, words), default=0)), np.uint8)
        for word, row in words.items():
            table[row, : len(word)] = [PARTS.index(PART[letter]) for letter in word]
        row_of = np.fromiter(map(words.__getitem__, self.parts), np.int64, len(self.parts))
        return table[row_of[numbers], within]

    def _moment(self, rows: Floats, place: int) -> Floats:
        """Σ v vᵀ over those of ``rows`` that are vectors of the present documents."""
        moment = sum(self._moment_of_segment(number, rows, place) for number in range(len(self.segments)))
        gone = np.flatnonzero(~self.present & (self.part_counts > 0))
        return np.asarray(moment - self._moment_of(gone, rows))

    def _moment_of_segment(self, number: int, rows: Floats, place: int) -> Floats:
        """Of all documents of a segment, deleted ones too: it is computed once for all views."""
        moments = self.segments[number].moments
        if place not in moments:
            moments[place] = self._moment_of(np.arange(self.bases[number], self.bases[number + 1]), rows)
        return moments[place]

    def _moment_of(self, numbers: Ints, rows: Floats) -> Floats:
        used, kinds = self._rows_of(numbers)
        return prototypes.second_moment(rows, used[kinds != PASSAGE])

    def best_parts(self, ids: Ints, cosines: Floats) -> list[tuple[Part, int]]:
        """Which part of each of the documents ``ids`` came nearest, and which of its kind that is."""
        numbers = self.order[np.searchsorted(self.ids, ids)]
        starts = np.append(self.starts, 0)[np.searchsorted(self.owners, numbers)]
        counts = self.part_counts[numbers][:, None]
        within = np.arange(counts.max(initial=0))
        places = np.where(within < counts, starts[:, None] + within, -1)
        best = np.append(cosines, -np.inf)[places].argmax(axis=1) if len(within) else counts[:, 0]
        return [
            _part(self.parts[number], place) for number, place in zip(numbers, best.tolist(), strict=True)
        ]

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


def _part(letters: str, place: int) -> tuple[Part, int]:
    """The part at ``place`` of a document's ``letters``, and which of its kind that is."""
    return (PART[letters[place]], letters[:place].count(letters[place])) if letters else ("title", 0)


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
