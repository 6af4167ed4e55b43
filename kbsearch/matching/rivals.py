"""Rivals: two cases that are nearly the same, so that a question for one of them is as much for the other."""

from __future__ import annotations

import numpy as np

from kbsearch.errors import EncoderUnavailable
from kbsearch.matching.unrelated import EncoderBackground
from kbsearch.ports import Embedder, SearchBackend

NEARLY_THE_SAME = 7.5
"""Likeness of two titles, in standard deviations above that of unrelated sentences."""


class Rivals:
    """Tells by the titles in ``index`` whether two cases are nearly the same."""

    def __init__(self, index: SearchBackend, embedder: Embedder) -> None:
        self._index = index
        self._background = EncoderBackground(embedder)

    def are(self, one: int, other: int) -> bool:
        """Whether the cases with these ids are nearly the same; False when vectors are out of reach.

        Raises:
            IndexUnavailable: the index cannot be read.
        """
        _, vectors = self._index.vectors([one, other])
        if len(vectors) < 2:  # noqa: PLR2004  # one of them was removed meanwhile, or has no vector
            return False
        try:
            likeness = self._background.standardised(np.asarray([vectors[0] @ vectors[1]], np.float32))
        except EncoderUnavailable:
            return False
        return float(likeness[0]) >= NEARLY_THE_SAME
