"""How near the documents of a view are to a question, by the vectors of one encoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from indexer import prototypes
from indexer.segments import Mask
from indexer.vectors import Centred
from kbsearch.ports import Filters, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """A score of each document, deleted ones too, and what is known of them together.

    ``moments``: mean and standard deviation over the documents that pass filters, as far as they were asked
    for: one question is looked for several times.
    """

    values: Floats
    moments: dict[Filters, tuple[float, float]] = field(default_factory=dict)

    def over(self, filters: Filters, mask: Mask) -> tuple[float, float]:
        """The moments over the documents of ``mask``, those that pass ``filters``; zeros when none does."""
        if (known := self.moments.get(filters)) is None:
            known = self.moments[filters] = moments(self.values[mask])
        return known


def moments(scores: Floats) -> tuple[float, float]:
    """Mean and standard deviation of ``scores``; zeros when there are none."""
    exact = scores.astype(np.float64)
    return (float(exact.mean()), float(exact.std())) if len(exact) else (0.0, 0.0)


class Nearness:
    """Scores of documents by the vectors of their parts.

    Args:
        centred: the vectors of the documents that have some, one document's after the other's.
        owners: numbers of these documents.
        starts: where the vectors of each of them begin.
        size: how many documents there are, deleted ones too.
        moment: gives Σ v vᵀ over the vectors of all present documents but passages.
    """

    def __init__(
        self, centred: Centred, owners: Ints, starts: Ints, size: int, moment: Callable[[], Floats]
    ) -> None:
        self.centred = centred
        self._owners = owners
        self._starts = starts
        self._size = size
        self._moment = moment
        # One question is looked for several times: best of all, then what other retrievers found, by lesson.
        self._vector_scores = lru_cache(maxsize=4)(self._scored_by_vector)
        self._prototype_scores = lru_cache(maxsize=4)(self._scored_by_prototype)

    @cached_property
    def read(self) -> Mask:
        """Which of the documents with vectors have one that is not zero, shape (len(owners),)."""
        if not len(self._owners):
            return np.zeros(0, np.bool_)
        there = self.centred.lengths > 0
        return np.asarray(np.logical_or.reduceat(there, self._starts))

    def vector_scores(self, direction: Floats) -> tuple[Scores, Floats]:
        """Best cosine of each document with a centred ``direction``, and the cosines of all its parts."""
        return self._vector_scores(direction.tobytes())

    def _scored_by_vector(self, direction: bytes) -> tuple[Scores, Floats]:
        cosines = self.centred.cosines(np.frombuffer(direction, np.float32))
        scores = np.zeros(self._size, dtype=np.float32)
        if len(self._owners):
            scores[self._owners] = np.maximum.reduceat(cosines, self._starts)
        return Scores(scores), cosines

    def nearest(self, direction: Floats, numbers: Ints) -> Floats:
        """Best cosine with a centred ``direction`` of each of the documents ``numbers``, shape (n,).

        It is 0 for one without vectors.
        """
        found = np.zeros(len(numbers), np.float32)
        places = np.minimum(np.searchsorted(self._owners, numbers), max(0, len(self._owners) - 1))
        there = self._owners[places] == numbers if len(self._owners) else np.zeros(len(numbers), np.bool_)
        if there.any():
            counts = np.diff(self._starts, append=len(self.centred.used))[places[there]]
            firsts = np.cumsum(counts) - counts
            within = np.arange(counts.sum()) - np.repeat(firsts, counts)
            cosines = self.centred.cosines_of(
                direction, np.repeat(self._starts[places[there]], counts) + within
            )
            found[there] = np.maximum.reduceat(cosines, firsts)
        return found

    def prototype_scores(self, direction: Floats) -> Scores:
        """Prototype score of each document for a centred ``direction``; 0 while there are no variants."""
        return self._prototype_scores(direction.tobytes())

    def _scored_by_prototype(self, direction: bytes) -> Scores:
        scores = np.zeros(self._size, dtype=np.float32)
        if self._inverse is not None:
            asked = np.frombuffer(direction, np.float32)
            scores[self._owners] = (self._summed_parts @ (self._inverse @ asked)).round(6)
        return Scores(scores)

    @cached_property
    def _summed_parts(self) -> Floats:
        return prototypes.summed_parts(self.centred, self._starts)

    @cached_property
    def _inverse(self) -> Floats | None:
        if not self.centred.counts[prototypes.VARIANT]:
            return None
        return prototypes.inverse(self.centred, self._moment())
