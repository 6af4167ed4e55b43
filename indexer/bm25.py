"""BM25 over arrays: Robertson & Zaragoza 2009 with Lucene's never-negative idf.

score(q, d) = Σ over the words t of q of  n(t, q) · ln(1 + (N - df + ½) / (df + ½)) · tf / (tf + K(d)),
K(d) = k1 · (1 - b + b · |d| / mean |d|), where the mean counts the present documents only.  So do N and df of
pieces of words; those of words also count everyday texts, see `kbsearch.text.word_rarity`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kbsearch.ports import Floats, Ints
from kbsearch.text.word_rarity import word_rarity

Mask = NDArray[np.bool_]
Weigh = Callable[[str, float, float], float]
K1 = 1.2
B = 0.75
MAX_TERMS = 256
"""Different words of a query that count, the first ones: a pasted log must not take seconds."""


def saturation(lengths: Floats, present: Mask) -> Floats:
    """K(d) of each document; ``present`` marks those that are not deleted."""
    count = int(present.sum())
    mean = float(lengths[present].mean(dtype=np.float64)) if count else 0.0
    if not mean:
        return np.full(len(lengths), K1, dtype=np.float32)
    return np.asarray(K1 * (1 - B + B * lengths / np.float32(mean)), dtype=np.float32)


class Postings(Protocol):
    """Which documents of a segment hold a term, how often, and how long they are, shape (n,)."""

    @property
    def lengths(self) -> Floats:
        """Sum of the weighted counts of each document."""

    def __len__(self) -> int: ...

    def term(self, stem: str) -> tuple[Ints, Floats] | None:
        """Documents with ``stem`` and its weighted counts in them, or None."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """A segment with K(d) of its documents; ``present`` is None when none of them is deleted."""

    arrays: Postings
    saturations: Floats
    present: Mask | None
    counts: dict[str, int] = field(default_factory=dict)
    """Present documents by stem, as far as they were counted."""


def scored(segments: Sequence[Postings], present: Mask) -> list[Scored]:
    """``segments`` ready for scoring; ``present`` spans all their documents, one after the other."""
    lengths = [np.zeros(0, np.float32), *(segment.lengths for segment in segments)]
    saturations = saturation(np.concatenate(lengths), present)
    ready, base = [], 0
    for segment in segments:
        span = slice(base, base + len(segment))
        ready.append(Scored(segment, saturations[span], None if present[span].all() else present[span]))
        base += len(segment)
    return ready


def scores(
    terms: Sequence[str], segments: Sequence[Scored], documents: int, weigh: Weigh = word_rarity
) -> Floats:
    """Scores of all documents of ``segments``, one after the other; ``documents`` of them are present.

    ``weigh``: the weight of a term that so many of so many documents hold.
    """
    totals = [np.zeros(len(segment.arrays), dtype=np.float32) for segment in segments]
    for stem, times in list(Counter(terms).items())[:MAX_TERMS]:
        found = [segment.arrays.term(stem) for segment in segments]
        df = sum(_present(segment, stem, hit) for segment, hit in zip(segments, found, strict=True) if hit)
        if not df:
            continue
        weight = np.float32(times * weigh(stem, df, documents))
        for total, segment, hit in zip(totals, segments, found, strict=True):
            if hit:
                places, frequencies = hit
                total[places] += weight * frequencies / (frequencies + segment.saturations[places])
    return np.concatenate([np.zeros(0, np.float32), *totals])


def documents_with(stem: str, segments: Sequence[Scored]) -> int:
    """How many present documents of ``segments`` have ``stem``."""
    found = ((segment, segment.arrays.term(stem)) for segment in segments)
    return sum(_present(segment, stem, hit) for segment, hit in found if hit)


def soft_scores(
    asked: Sequence[tuple[int, Sequence[tuple[str, float]]]], segments: Sequence[Scored], documents: int
) -> Floats:
    """As `scores`, where a word of the query also earns what near words in the document are worth.

    Args:
        asked: for each word of the query, how often it is asked, and the stems that count for it with their
            worth in (0, 1], its own first.  It has the weight of its own stem, where the index has it, else
            the lowest weight among the near ones.
        segments: as for `scores`.
        documents: as for `scores`.

    Of the words of a document that count for one of the query the best one does: f · tf / (tf + K(d)).
    """
    totals = [np.zeros(len(segment.arrays), dtype=np.float32) for segment in segments]
    for times, near in asked[:MAX_TERMS]:
        best = [np.zeros(len(segment.arrays), dtype=np.float32) for segment in segments]
        held = [(worth, _earn(stem, worth, segments, best)) for stem, worth in near]
        most = next((df for worth, df in held if worth == 1 and df), max((df for _, df in held), default=0))
        weight = np.float32(times * word_rarity(near[0][0], most, documents))
        totals = [total + weight * earned for total, earned in zip(totals, best, strict=True)]
    return np.concatenate([np.zeros(0, np.float32), *totals])


def _earn(stem: str, worth: float, segments: Sequence[Scored], best: Sequence[Floats]) -> int:
    """Raise ``best`` to what ``stem`` earns in each document; returns how many present ones hold it."""
    df = 0
    for segment, earned in zip(segments, best, strict=True):
        if hit := segment.arrays.term(stem):
            places, frequencies = hit
            df += _present(segment, stem, hit)
            share = np.float32(worth) * frequencies / (frequencies + segment.saturations[places])
            earned[places] = np.maximum(earned[places], share)
    return df


def _present(segment: Scored, stem: str, hit: tuple[Ints, Floats]) -> int:
    places, _ = hit
    if segment.present is None:
        return len(places)
    if (known := segment.counts.get(stem)) is None:
        known = segment.counts[stem] = int(np.count_nonzero(segment.present[places]))
    return known
