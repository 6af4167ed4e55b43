"""An encoder that hashes stems: deterministic, instant, and without any semantics.  It serves tests."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np

from kbsearch.ports import Floats, Role
from kbsearch.text.words import stems


class HashingEmbedder:
    """Counts stems in ``dimension`` buckets, with a sign from the hash (the "hashing trick")."""

    def __init__(self, dimension: int = 256) -> None:
        self._dimension = dimension

    @property
    def model_id(self) -> str:
        """Name and dimension: two of different dimensions cannot be compared."""
        return f"hashing/{self._dimension}"

    @property
    def dimension(self) -> int:
        """Number of buckets."""
        return self._dimension

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """Unit vectors of ``texts``; a text without words gives the zero vector."""
        vectors = np.zeros((len(texts), self._dimension), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for stem in stems(text):
                code = crc32(stem.encode())
                row[code % self._dimension] += 1.0 if code & 0x80000000 else -1.0
        return unit_rows(vectors)


def unit_rows(vectors: Floats) -> Floats:
    """``vectors`` with every row scaled to length 1, zero rows left as they are."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Floats = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return scaled
