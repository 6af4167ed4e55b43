"""Arrays derived from the stored documents of one immutable segment: what plain searches compute with.

They are kept in a file beside the segment, which may be deleted at any time: it is made anew from the
documents when it is missing, broken, or of another segment.
"""

from __future__ import annotations

import os
import zipfile
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from kbsearch.ports import Floats, Ints
from kbsearch.text.words import stems, words

LAYOUT = 1
PROBE = "Ёлки, git-lfs и python3.11: C++ не установились, running tests, a != b"
VERSION = LAYOUT + crc32(" ".join(stems(PROBE)).encode())
"""Changes with the rules for words and stems as well, so that arrays of older rules are made anew."""
FIELD_WEIGHT = {"title": 2, "variants": 1, "answer": 1}
"""How often each field counts in the one field that BM25 scores."""
CATEGORIES = ("parts", "course", "lessons", "language", "state")
LESSON_SEPARATOR = "\x1f"

Codes = NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class Category:
    """A column of few different words: ``values[codes[document]]``."""

    codes: Codes
    values: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class SegmentArrays:
    """Everything about the ``len(ids)`` documents of a segment, deleted ones too, in their order.

    ``postings[starts[t]:starts[t + 1]]`` are the documents with term number t, ascending, and
    ``frequencies`` its weighted counts there; ``lengths`` are the sums of those counts by document.
    """

    ids: Ints
    rows: Ints
    fingerprints: Ints
    categories: Mapping[str, Category]
    lengths: Floats
    terms: Mapping[str, int]
    starts: Ints
    postings: Ints
    frequencies: Floats
    spelled: NDArray[np.uint8]
    spelled_counts: Codes

    def __len__(self) -> int:
        return len(self.ids)

    def term(self, stem: str) -> tuple[Ints, Floats] | None:
        """Documents with ``stem`` and its weighted counts in them, or None."""
        number = self.terms.get(stem)
        if number is None:
            return None
        span = slice(self.starts[number], self.starts[number + 1])
        return self.postings[span], self.frequencies[span]

    @cached_property
    def words(self) -> dict[str, int]:
        """The words as they are written, in lower case, with how many times each occurs."""
        return dict(zip(_unpacked(self.spelled), self.spelled_counts.tolist(), strict=True))


def derive(documents: Iterable[Mapping[str, Any]]) -> SegmentArrays:
    """The arrays of ``documents`` (as `indexer.documents.stored` makes them)."""
    kept = list(documents)
    terms: dict[str, int] = {}
    spelled: Counter[str] = Counter()
    numbers, places, counts = array("I"), array("I"), array("f")
    lengths = np.zeros(len(kept), dtype=np.float32)
    for place, document in enumerate(kept):
        frequencies = _frequencies(document, spelled)
        lengths[place] = sum(frequencies.values())
        for stem, count in frequencies.items():
            numbers.append(terms.setdefault(stem, len(terms)))
            places.append(place)
            counts.append(count)
    number_of = np.frombuffer(numbers, dtype=np.uint32)
    order = np.argsort(number_of, kind="stable")
    return SegmentArrays(
        ids=_column(kept, "id"),
        rows=_column(kept, "row"),
        fingerprints=_column(kept, "fingerprint"),
        categories={name: _category([_word(document[name]) for document in kept]) for name in CATEGORIES},
        lengths=lengths,
        terms=terms,
        starts=np.searchsorted(number_of[order], np.arange(len(terms) + 1)).astype(np.int64),
        postings=np.frombuffer(places, dtype=np.uint32)[order].astype(np.int64),
        frequencies=np.frombuffer(counts, dtype=np.float32)[order],
        spelled=_packed(spelled),
        spelled_counts=np.fromiter(spelled.values(), np.uint32, len(spelled)),
    )


def _frequencies(document: Mapping[str, Any], spelled: Counter[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for field, weight in FIELD_WEIGHT.items():
        text = document.get(field, "")
        for word in words(text):
            counts[word.stem] = counts.get(word.stem, 0) + weight
            spelled[text[word.start : word.end].lower()] += 1
    return counts


def _column(documents: Sequence[Mapping[str, Any]], name: str) -> Ints:
    return np.fromiter((document[name] for document in documents), np.int64, len(documents))


def _word(value: Any) -> str:
    return value if isinstance(value, str) else LESSON_SEPARATOR.join(value)


def _category(column: Sequence[str]) -> Category:
    numbers: dict[str, int] = {}
    codes = np.fromiter((numbers.setdefault(value, len(numbers)) for value in column), np.uint32, len(column))
    return Category(codes, tuple(numbers))


def _packed(texts: Iterable[str]) -> NDArray[np.uint8]:
    # JSON would be as good for any text; words and codes hold no NUL, and this is ten times faster.
    return np.frombuffer("\0".join(texts).encode("utf-8", "surrogatepass"), dtype=np.uint8)


def _unpacked(blob: NDArray[np.uint8]) -> list[str]:
    text = blob.tobytes().decode("utf-8", "surrogatepass")
    return text.split("\0") if text else []


def save(arrays: SegmentArrays, path: Path, stamp: Sequence[int]) -> None:
    """Write ``arrays`` to ``path`` in one step, with the size and the CRC-32 of the segment's own file."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    columns: dict[str, Any] = {"stamp": np.array([VERSION, *stamp], dtype=np.int64)}
    for name, category in arrays.categories.items():
        columns[f"{name}_codes"] = category.codes
        columns[f"{name}_values"] = _packed([f"={value}" for value in category.values])
    for name in _PLAIN:
        columns[name] = getattr(arrays, name)
    columns["terms"] = _packed(arrays.terms)
    columns["postings"] = arrays.postings.astype(np.uint32)
    with open(draft, "wb") as file:
        np.savez(file, **columns)
    os.replace(draft, path)


_PLAIN = (
    "ids rows fingerprints lengths starts frequencies spelled spelled_counts".split()  # noqa: SIM905
)


def load(path: Path, segment_bytes: int) -> SegmentArrays | None:
    """The arrays in ``path``; None when they are missing, broken, or of a segment of another size."""
    try:
        with np.load(path) as columns:
            if columns["stamp"].tolist()[:2] != [VERSION, segment_bytes]:
                return None
            return SegmentArrays(
                categories=dict(_categories(columns)),
                terms={term: number for number, term in enumerate(_unpacked(columns["terms"]))},
                postings=columns["postings"].astype(np.int64),
                **{name: columns[name] for name in _PLAIN},
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _categories(columns: Mapping[str, Any]) -> Iterator[tuple[str, Category]]:
    for name in CATEGORIES:
        values = tuple(value[1:] for value in _unpacked(columns[f"{name}_values"]))
        yield name, Category(columns[f"{name}_codes"], values)


def stamp(path: Path) -> tuple[int, int] | None:
    """Size and CRC-32 of the segment that the arrays in ``path`` were derived from; None if unreadable."""
    try:
        with np.load(path) as columns:
            _, size, checksum = columns["stamp"].tolist()
            return size, checksum
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
