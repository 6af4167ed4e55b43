"""A bench: cases in an index of their own in a temporary folder, to try matching on without the live one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from indexer.embedded import EmbeddedIndex
from indexer.loading import case_draft, encoded
from kbsearch.models import Case
from kbsearch.ports import Embedder, Floats, Role, SearchBackend

CHUNK = 500


class Bench:
    """Makes indexes of cases; a text is encoded once in its life."""

    def __init__(self, embedder: Embedder, second: Embedder | None = None) -> None:
        self.embedder = _Remembering(embedder)
        self._second = _Remembering(second) if second else None

    @contextmanager
    def index(self, cases: Sequence[Case]) -> Iterator[SearchBackend]:
        """An index of ``cases``, whose variants are loaded, until the end of the block.

        Raises:
            EncoderUnavailable: the encoder failed.
        """
        with tempfile.TemporaryDirectory(prefix="kbsearch-bench-") as folder:
            index = EmbeddedIndex(Path(folder), self.embedder, second=self._second)
            for start in range(0, len(cases), CHUNK):
                some = [case_draft(case) for case in cases[start : start + CHUNK]]
                index.upsert(encoded(some, self.embedder, self._second))
            yield index


class _Remembering:
    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self._known: dict[tuple[str, Role], Floats] = {}

    @property
    def model_id(self) -> str:
        return self._inner.model_id

    @property
    def dimension(self) -> int:
        return self._inner.dimension

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        new = [text for text in dict.fromkeys(texts) if (text, role) not in self._known]
        if new:
            vectors = self._inner.encode(new, role)
            self._known.update({(text, role): vectors[at] for at, text in enumerate(new)})
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        return np.stack([self._known[text, role] for text in texts])
