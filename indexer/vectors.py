"""Vectors of an index: an append-only file of float32 rows, and exact, centred cosines over it.

Rows are never changed, so searchers map the file and share its pages.  Rows that no document refers to any
more stay until a rebuild.

Each kind of part is centred with a mean of its own, and what is asked with that of what is asked: a
title is nearer to every other title than to an answer, however unlike their subjects are, and such nearness
says nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kbsearch.ports import PARTS, Floats, Ints

ITEM = 4
CENTRE_FROM = 50
"""Below so many vectors their mean is noise, and subtracting it would hurt.  The mean of all counts as so
many vectors of each kind, so that the first variants are not centred with themselves."""
WORTH = 100
"""Known questions that the wording of the documents themselves counts as."""
PASSAGE = PARTS.index("passage")
ASKING = [PARTS.index("title"), PARTS.index("variant"), PARTS.index("question")]
"""The kinds that are worded as questions are."""

Kinds = NDArray[np.uint8]


def append_rows(path: Path, rows: Floats) -> int:
    """Add ``rows``, shape (n, dimension), durably; returns the number of the first.

    Half a row that a killed writer left is overwritten; whole ones are left alone, for another process may
    have mapped them.
    """
    width = rows.shape[1] * ITEM
    with open(path, "r+b") as file:
        first = os.fstat(file.fileno()).st_size // width
        file.seek(first * width)
        file.write(np.ascontiguousarray(rows, dtype=np.float32).tobytes())
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    return int(first)


def put_rows(path: Path, rows: Floats, first: int) -> None:
    """Write ``rows``, shape (n, dimension), durably from number ``first`` on; what stood there goes."""
    with open(path, "r+b") as file:
        file.seek(first * rows.shape[1] * ITEM)
        file.write(np.ascontiguousarray(rows, dtype=np.float32).tobytes())
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def map_rows(path: Path, count: int, dimension: int) -> Floats | None:
    """The first ``count`` rows of ``path``, mapped for reading; None when they are not there."""
    try:
        if count == 0:
            return np.zeros((0, dimension), dtype=np.float32)
        if os.path.getsize(path) < count * dimension * ITEM:
            return None
        return np.memmap(path, dtype=np.float32, mode="r", shape=(count, dimension))
    except OSError:
        return None


@dataclass(frozen=True, eq=False)
class Centred:
    """The vectors of the present documents, and the means that they are centred with.

    ``rows``: all rows of the file; ``used``: numbers of those that belong to present documents; ``kinds``:
    the place of each of these in `PARTS`, shape (len(used),).
    """

    rows: Floats
    used: Ints
    kinds: Kinds

    @cached_property
    def _span(self) -> tuple[int, int]:
        """Where used rows begin and end: before them lies what was replaced since, often all at once."""
        return (int(self.used.min()), int(self.used.max()) + 1) if len(self.used) else (0, 0)

    @cached_property
    def _squares(self) -> Floats:
        rows = self.rows
        squares = np.empty(len(rows), dtype=np.float32)
        for start in range(0, len(rows), 8_192):
            chunk = rows[start : start + 8_192]
            np.einsum("ij,ij->i", chunk, chunk, out=squares[start : start + 8_192])
        return squares

    def are_units(self) -> bool:
        """Whether every used row has length 1 or 0, as encoders give them."""
        squares = self._squares[self.used]
        return bool(((np.abs(squares - 1) < 0.01) | (squares == 0)).all())  # noqa: PLR2004

    @cached_property
    def counts(self) -> Floats:
        """How many used rows of each kind are not zero, shape (len(PARTS),)."""
        known = self.kinds[self._squares[self.used] > 0]
        return np.bincount(known, minlength=len(PARTS)).astype(np.float32)

    @cached_property
    def sums(self) -> Floats:
        """Sum of the used rows of each kind, shape (len(PARTS), dimension)."""
        sums = np.zeros((len(PARTS), self.rows.shape[1]), dtype=np.float32)
        for kind in np.flatnonzero(self.counts):
            weights = np.zeros(len(self.rows), dtype=np.float32)
            weights[self.used[self.kinds == kind]] = 1
            sums[kind] = weights @ self.rows
        return sums

    @cached_property
    def _mean(self) -> Floats | None:
        """Mean of all but passages, which say once more what answers say; None when there are too few."""
        counts, sums = np.delete(self.counts, PASSAGE), np.delete(self.sums, PASSAGE, axis=0)
        total = float(counts.sum())
        return None if total < CENTRE_FROM else np.asarray(sums.sum(axis=0) / total, np.float32)

    @cached_property
    def means(self) -> Floats:
        """What each kind is centred with, shape (len(PARTS), dimension); zeros when there are few vectors."""
        if self._mean is None:
            return np.zeros_like(self.sums)
        drawn = self.sums + CENTRE_FROM * self._mean
        return np.asarray(drawn / (self.counts + CENTRE_FROM)[:, None], np.float32)

    @cached_property
    def _asking_mean(self) -> Floats | None:
        if self._mean is None:
            return None
        drawn = self.sums[ASKING].sum(axis=0) + CENTRE_FROM * self._mean
        return np.asarray(drawn / (self.counts[ASKING].sum() + CENTRE_FROM), np.float32)

    def off_centre(self, vector: Floats, asked: tuple[Floats, int] | None = None) -> Floats:
        """The direction in which ``vector`` lies from the mean of what is asked, at length 1.

        ``asked``: sum and number of the vectors of known questions; without them the mean is that of what
        is worded like a question here, which counts as `WORTH` of them.
        """
        if self._asking_mean is None or not vector.any():
            return vector
        total, count = asked or (np.zeros_like(vector), 0)
        apart = vector - (total + WORTH * self._asking_mean) / np.float32(count + WORTH)
        direction: Floats = (apart / max(float(np.linalg.norm(apart)), 1e-6)).astype(np.float32)
        return direction

    @cached_property
    def lengths(self) -> Floats:
        """Length of each used row less its mean; 0 where the row is zero, for it says nothing."""
        # |v - m|² without a copy of all v.
        squares = self._squares[self.used]
        dots = np.zeros(len(self.used), dtype=np.float32)
        for kind in np.flatnonzero(self.counts):
            mine = self.kinds == kind
            dots[mine] = (self.rows @ self.means[kind])[self.used[mine]]
        apart = squares - 2 * dots + np.einsum("ij,ij->i", self.means, self.means)[self.kinds]
        lengths: Floats = np.where(squares > 0, np.sqrt(np.maximum(apart, 0)), 0).astype(np.float32)
        return lengths

    def cosines(self, direction: Floats) -> Floats:
        """Dot products of ``direction`` and each used row off the mean of its kind, shape (len(used),).

        They are rounded to six digits: equal rows may differ in the last bits by where they lie.
        A zero vector on either side gives 0.
        """
        if not direction.any() or not len(self.used):
            return np.zeros(len(self.used), dtype=np.float32)
        return np.clip(self.projected(direction), -1, 1).round(6)

    def cosines_of(self, direction: Floats, places: Ints) -> Floats:
        """As `cosines`, of the used rows at ``places`` alone, shape (len(places),)."""
        if not direction.any() or not len(places):
            return np.zeros(len(places), dtype=np.float32)
        kinds, lengths = self.kinds[places], self.lengths[places]
        dots = self.rows[self.used[places]] @ direction - (self.means @ direction)[kinds]
        found = np.divide(dots, lengths, out=np.zeros_like(dots), where=lengths > 1e-6)  # noqa: PLR2004
        return np.asarray(np.clip(found, -1, 1).round(6))

    def projected(self, direction: Floats) -> Floats:
        """As `cosines`, neither limited nor rounded."""
        first, last = self._span
        dots = (self.rows[first:last] @ direction)[self.used - first] - (self.means @ direction)[self.kinds]
        found: Floats = np.divide(dots, self.lengths, out=np.zeros_like(dots), where=self.lengths > 1e-6)  # noqa: PLR2004
        return found
