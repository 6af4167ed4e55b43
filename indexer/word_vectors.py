"""Vectors of the words of an index, each encoded alone: what near words are found by.

Two files beside the vectors of a generation: ``words.txt``, a word a line, and ``words.f16``, a row of
float16 for each.  Both are only appended to, rows first, so a writer that dies leaves rows that the next one
overwrites.  They are derived: lost or short ones cost near words only, until these are encoded again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.generations import Generation
from kbsearch.ports import Floats
from kbsearch.text.words import stem

Halves = NDArray[np.float16]
ITEM = 2
SHORTEST = 3


@dataclass(frozen=True, slots=True, eq=False)
class WordVectors:
    """``rows[place]`` is the vector of the word with that place in ``places``; ``sizes`` of the two files."""

    places: Mapping[str, int]
    rows: Halves
    sizes: tuple[int, int]


def paths(generation: Generation) -> tuple[Path, Path]:
    """The file of words and that of their vectors."""
    return generation.folder / "words.txt", generation.folder / "words.f16"


def sizes_of(generation: Generation) -> tuple[int, int]:
    """Bytes of the two files; 0 for one that is not there."""
    names, rows = paths(generation)
    return _size(names), _size(rows)


def _size(path: Path) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def read(generation: Generation) -> WordVectors:
    """What is there; nothing when the files are lost or do not fit together."""
    names, vectors = paths(generation)
    sizes = sizes_of(generation)
    dimension = generation.manifest.dimension
    try:
        content = names.read_bytes()
        known = content[: content.rfind(b"\n") + 1].decode().split("\n")[:-1]
        rows = np.fromfile(vectors, np.float16, len(known) * dimension)
    except (OSError, UnicodeDecodeError):
        return WordVectors({}, np.zeros((0, dimension), np.float16), sizes)
    known = known[: len(rows) // dimension]
    rows = rows[: len(known) * dimension].reshape(-1, dimension)
    return WordVectors({word: place for place, word in enumerate(known)}, rows, sizes)


def append(generation: Generation, words: Sequence[str], vectors: Floats) -> None:
    """Add ``words``, none of which is known, with their ``vectors``; the caller holds the collection's lock.

    Raises:
        OSError: the disk refuses.
    """
    names, rows = paths(generation)
    kept = read(generation)
    width = generation.manifest.dimension * ITEM
    with open(rows, "r+b" if rows.exists() else "w+b") as file:
        file.truncate(len(kept.places) * width)
        file.seek(0, os.SEEK_END)
        file.write(vectors.astype(np.float16).tobytes())
        file.flush()
        os.fsync(file.fileno())
    complete = "".join(f"{word}\n" for word in kept.places).encode()
    with open(names, "r+b" if names.exists() else "w+b") as file:
        file.truncate(len(complete))
        file.seek(0, os.SEEK_END)
        file.write("".join(f"{word}\n" for word in words).encode())


def has_meaning(word: str) -> bool:
    """Whether a word alone says enough to have near ones: no code, no version, no particle."""
    return len(word) >= SHORTEST and word.isalpha()


def forms(counts: Iterable[Mapping[str, int]]) -> dict[str, str]:
    """The most frequent form of each stem, of the words with these ``counts``."""
    totals: dict[str, int] = {}
    for words in counts:
        for word, count in words.items():
            if has_meaning(word):
                totals[word] = totals.get(word, 0) + count
    best: dict[str, str] = {}
    for word in sorted(totals, key=lambda word: (-totals[word], word)):
        best.setdefault(stem(word), word)
    return best
