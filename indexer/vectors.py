"""Vectors of an index: an append-only file of float32 rows, and exact, mean-centred cosines over it.

Rows are never changed, so searchers map the file and share its pages.  Rows that no document refers to any
more stay until a rebuild.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from kbsearch.ports import Floats, Ints

ITEM = 4
CENTRE_FROM = 50
"""Below so many vectors their mean is noise, and subtracting it would hurt."""


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
    """The vectors of the present documents, and the mean that they are centred with.

    ``rows``: all rows of the file; ``used``: numbers of those that belong to present documents.
    """

    rows: Floats
    used: Ints

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
    def mean(self) -> Floats:
        """Mean of the used rows that are not zero, shape (dimension,); zero when there are too few."""
        weights = np.zeros(len(self.rows), dtype=np.float32)
        weights[self.used[self._squares[self.used] > 0]] = 1
        count = int(weights.sum())
        if count < CENTRE_FROM:
            return np.zeros(self.rows.shape[1], dtype=np.float32)
        mean: Floats = (weights @ self.rows) / np.float32(count)
        return mean

    @cached_property
    def _lengths(self) -> Floats:
        # |v - m|² without a copy of all v; zero where v is zero, for such a vector says nothing.
        squares = self._squares[self.used]
        apart = squares - 2 * (self.rows @ self.mean)[self.used] + self.mean @ self.mean
        lengths: Floats = np.where(squares > 0, np.sqrt(np.maximum(apart, 0)), 0).astype(np.float32)
        return lengths

    def cosines(self, vector: Floats) -> Floats:
        """Cosines of ``vector`` - mean and each used row - mean, shape (len(used),).

        They are rounded to six digits: equal rows may differ in the last bits by where they lie.
        A zero vector on either side gives 0.
        """
        if not vector.any() or not len(self.used):
            return np.zeros(len(self.used), dtype=np.float32)
        apart = (vector - self.mean).astype(np.float32)
        dots = (self.rows @ apart)[self.used] - self.mean @ apart
        scale = self._lengths * np.linalg.norm(apart)
        cosines = np.divide(dots, scale, out=np.zeros_like(dots), where=scale > 1e-6)  # noqa: PLR2004
        rounded: Floats = np.clip(cosines, -1, 1).round(6)
        return rounded
