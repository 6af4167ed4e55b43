"""Postings by pieces of words, made from a segment's postings by stem when they are first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from indexer.arrays import SegmentArrays
from kbsearch.ports import Floats, Ints
from kbsearch.text.pieces import pieces


@dataclass(frozen=True, eq=False)
class PieceArrays:
    """As the postings of `SegmentArrays`, with pieces of stems for terms."""

    lengths: Floats
    terms: Mapping[str, int]
    starts: Ints
    postings: Ints
    frequencies: Floats

    def __len__(self) -> int:
        return len(self.lengths)

    def term(self, piece: str) -> tuple[Ints, Floats] | None:
        """Documents with ``piece`` and its weighted counts in them, or None."""
        number = self.terms.get(piece)
        if number is None:
            return None
        span = slice(self.starts[number], self.starts[number + 1])
        return self.postings[span], self.frequencies[span]


def split_into_pieces(arrays: SegmentArrays) -> PieceArrays:
    """The postings of ``arrays`` by piece: a stem's count goes to each of its pieces."""
    terms: dict[str, int] = {}
    of_stem = [[terms.setdefault(piece, len(terms)) for piece in pieces(stem)] for stem in arrays.terms]
    widths = np.fromiter(map(len, of_stem), np.int64, len(of_stem))
    flat = np.fromiter((number for numbers in of_stem for number in numbers), np.int64, int(widths.sum()))
    repeats = np.repeat(widths, np.diff(arrays.starts))
    first = np.repeat(np.repeat(np.cumsum(widths) - widths, np.diff(arrays.starts)), repeats)
    within = np.arange(len(first)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    size = max(1, len(arrays))
    keys, places = np.unique(
        flat[first + within] * size + np.repeat(arrays.postings, repeats), return_inverse=True
    )
    counts = np.bincount(places, np.repeat(arrays.frequencies, repeats), minlength=len(keys))
    documents = keys % size
    return PieceArrays(
        lengths=np.bincount(documents, counts, minlength=len(arrays)).astype(np.float32),
        terms=terms,
        starts=np.searchsorted(keys // size, np.arange(len(terms) + 1)).astype(np.int64),
        postings=documents,
        frequencies=counts.astype(np.float32),
    )
