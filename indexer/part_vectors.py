"""The vectors of the documents of a view: a document has parts, and a row in the file of vectors for each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from indexer import prototypes
from indexer.documents import PART
from indexer.generations import Generation, damaged
from indexer.nearness import Nearness
from indexer.segments import Mask, Segment
from indexer.vectors import PASSAGE, Centred, Kinds, map_rows
from kbsearch.ports import PARTS, Floats, Ints, Part

FIRST, SECOND = range(2)
"""Whose vectors: the encoder's, or the second encoder's."""


class PartVectors:
    """Vectors by the numbers of documents, which run through all ``segments`` of a ``generation``.

    Args:
        present: mask of the documents that are not deleted.
    """

    def __init__(self, generation: Generation | None, segments: Sequence[Segment], present: Mask) -> None:
        self._generation = generation
        self._segments = segments
        self._present = present
        self._bases = np.cumsum([0, *(len(segment.arrays) for segment in segments)])

    @cached_property
    def rows(self) -> Ints:
        """First row of vectors of each document."""
        return np.concatenate([np.zeros(0, np.int64), *(one.arrays.rows for one in self._segments)])

    @cached_property
    def parts(self) -> list[str]:
        """Letters of the parts of each document."""
        columns = [segment.arrays.categories["parts"] for segment in self._segments]
        return [column.values[code] for column in columns for code in column.codes.tolist()]

    @cached_property
    def part_counts(self) -> Ints:
        """Number of parts of each document."""
        pieces = [np.zeros(0, np.int64)]
        for segment in self._segments:
            column = segment.arrays.categories["parts"]
            pieces.append(np.fromiter(map(len, column.values), np.int64, len(column.values))[column.codes])
        return np.concatenate(pieces)

    @cached_property
    def owners(self) -> Ints:
        """Numbers of the present documents that have vectors."""
        return np.flatnonzero(self._present & (self.part_counts > 0))

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
        used = self._generation is not None and self._generation.manifest.second_dimension > 0
        return self._nearness(SECOND) if used else None

    @property
    def centred(self) -> Centred:
        """The vectors of the encoder; raises as `first`."""
        return self.first.centred

    def _nearness(self, place: int) -> Nearness:
        rows = self._vectors(place)
        centred = Centred(rows, *self._rows_of(self.owners))
        return Nearness(
            centred, self.owners, self.starts, len(self._present), lambda: self._moment(rows, place)
        )

    def _vectors(self, place: int) -> Floats:
        """The vectors of one encoder, those of parts that nothing refers to among them."""
        if self._generation is None:
            return np.zeros((0, 1), np.float32)
        manifest = self._generation.manifest
        path, width = (
            (self._generation.vectors_path, manifest.dimension)
            if place == FIRST
            else (self._generation.second_path, manifest.second_dimension)
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
        moment = sum(self._moment_of_segment(number, rows, place) for number in range(len(self._segments)))
        gone = np.flatnonzero(~self._present & (self.part_counts > 0))
        return np.asarray(moment - self._moment_of(gone, rows))

    def _moment_of_segment(self, number: int, rows: Floats, place: int) -> Floats:
        """Of all documents of a segment, deleted ones too: it is computed once for all views."""
        moments = self._segments[number].moments
        if place not in moments:
            moments[place] = self._moment_of(np.arange(self._bases[number], self._bases[number + 1]), rows)
        return moments[place]

    def _moment_of(self, numbers: Ints, rows: Floats) -> Floats:
        used, kinds = self._rows_of(numbers)
        return prototypes.second_moment(rows, used[kinds != PASSAGE])

    def best_parts(self, numbers: Ints, cosines: Floats) -> list[tuple[Part, int]]:
        """Which part of each of the documents ``numbers`` came nearest, and which of its kind that is."""
        starts = np.append(self.starts, 0)[np.searchsorted(self.owners, numbers)]
        counts = self.part_counts[numbers][:, None]
        within = np.arange(counts.max(initial=0))
        places = np.where(within < counts, starts[:, None] + within, -1)
        best = np.append(cosines, -np.inf)[places].argmax(axis=1) if len(within) else counts[:, 0]
        return [
            _part(self.parts[number], place) for number, place in zip(numbers, best.tolist(), strict=True)
        ]


def _part(letters: str, place: int) -> tuple[Part, int]:
    """The part at ``place`` of a document's ``letters``, and which of its kind that is."""
    return (PART[letters[place]], letters[:place].count(letters[place])) if letters else ("title", 0)
