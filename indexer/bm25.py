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
Hit = tuple[Ints, Floats]
"""Documents with a term, ascending, and its weighted counts in them, same shape."""
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

    def term(self, stem: str) -> Hit | None:
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
    asked = dict(list(Counter(terms).items())[:MAX_TERMS])
    found = [[segment.arrays.term(stem) for stem in asked] for segment in segments]
    held = [
        sum(_present(segment, stem, hit[place]) for segment, hit in zip(segments, found, strict=True))
        for place, stem in enumerate(asked)
    ]
    weights = [
        times * weigh(stem, df, documents) if df else 0.0
        for (stem, times), df in zip(asked.items(), held, strict=True)
    ]
    pieces = [_summed(weights, segment, hits) for segment, hits in zip(segments, found, strict=True)]
    return np.concatenate([np.zeros(0, np.float32), *pieces])


def _summed(weights: Sequence[float], segment: Scored, hits: Sequence[Hit | None]) -> Floats:
    """Σ weight · tf / (tf + K(d)) of each document of a segment; one hit or None for each weight."""
    kept = [(weight, *hit) for weight, hit in zip(weights, hits, strict=True) if weight and hit]
    if not kept:
        return np.zeros(len(segment.arrays), np.float32)
    places = np.concatenate([places for _, places, _ in kept])
    frequencies = np.concatenate([frequencies for _, _, frequencies in kept])
    weight = np.repeat([weight for weight, _, _ in kept], [len(places) for _, places, _ in kept])
    parts = weight * frequencies / (frequencies + segment.saturations[places])
    return np.bincount(places, parts, minlength=len(segment.arrays)).astype(np.float32)


def documents_with(stem: str, segments: Sequence[Scored]) -> int:
    """How many present documents of ``segments`` have ``stem``."""
    return sum(_present(segment, stem, segment.arrays.term(stem)) for segment in segments)


Near = tuple[tuple[str, float], ...]
"""Stems that count for a word with their worth in (0, 1]: its own first, then near ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Earned:
    """What documents earn for one word of a query, before its weight.

    ``documents``: how many hold it: its own stem, where any does, else the most frequent of the near ones.
    ``places``: those that earn something, numbered through all segments; ``shares``: how much, in (0, 1).
    """

    documents: int
    places: Ints
    shares: Floats


def soft_scores(
    asked: Sequence[tuple[int, Near]], earn: Callable[[Near], Earned], documents: int, size: int
) -> Floats:
    """As `scores`, where a word of the query also earns what near words in the document are worth.

    Args:
        asked: for each word of the query, how often it is asked, and the stems that count for it.
        earn: `earned`, which may remember.
        documents: how many are present.
        size: how many there are, deleted ones too.
    """
    total = np.zeros(size, dtype=np.float32)
    for times, near in asked[:MAX_TERMS]:
        found = earn(near)
        weight = np.float32(times * word_rarity(near[0][0], found.documents, documents))
        total[found.places] += weight * found.shares
    return total


def earned(near: Near, segments: Sequence[Scored]) -> Earned:
    """What documents earn for the best of the stems ``near``: worth · tf / (tf + K(d))."""
    held = [0] * len(near)
    best = [np.zeros(0, np.float32), *(_best_shares(near, segment, held) for segment in segments)]
    own = (df for (_, worth), df in zip(near, held, strict=True) if worth == 1 and df)
    shares = np.concatenate(best)
    places = np.flatnonzero(shares)
    return Earned(next(own, max(held, default=0)), places, shares[places])


def _best_shares(near: Near, segment: Scored, held: list[int]) -> Floats:
    """What each document of ``segment`` earns; ``held`` grows by how many present ones hold each stem."""
    best = np.zeros(len(segment.arrays), np.float32)
    hits = [(place, hit) for place, (stem, _) in enumerate(near) if (hit := segment.arrays.term(stem))]
    if not hits:
        return best
    for place, hit in hits:
        held[place] += _present(segment, near[place][0], hit)
    places = np.concatenate([places for _, (places, _) in hits])
    frequencies = np.concatenate([frequencies for _, (_, frequencies) in hits])
    worths = np.array([near[place][1] for place, _ in hits], np.float32)
    worth = np.repeat(worths, [len(places) for _, (places, _) in hits])
    np.maximum.at(best, places, worth * frequencies / (frequencies + segment.saturations[places]))
    return best


def _present(segment: Scored, stem: str, hit: Hit | None) -> int:
    if hit is None:
        return 0
    places, _ = hit
    if segment.present is None:
        return len(places)
    if (known := segment.counts.get(stem)) is None:
        known = segment.counts[stem] = int(np.count_nonzero(segment.present[places]))
    return known
