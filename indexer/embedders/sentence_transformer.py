"""Encoders of the sentence-transformers library, by name or path, from local files only."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from indexer.embedders.hashing import unit_rows
from indexer.embedders.prefixes import prefix
from indexer.embedders.texts import with_content
from indexer.embedders.turns import Turns
from kbsearch.errors import EncoderUnavailable
from kbsearch.ports import Floats, Role

TURN = 8
"""Texts that are encoded in one go: so long a question waits while an index is built, a second at most."""
MAX_CHARS = 20_000
"""Beyond every model's window; the model cuts to its own tokens."""


class SentenceTransformerEmbedder:
    """A sentence-transformers model.  torch is imported when the model is first needed."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loading = threading.Lock()
        self._turns = Turns()
        self._loaded: Any = None
        self._dimension = 0

    @property
    def model_id(self) -> str:
        """The name or path, as it was given."""
        return f"sentence-transformers/{self._name}"

    @property
    def dimension(self) -> int:
        """Length of each vector; loads the model."""
        if not self._dimension:
            self._dimension = self._encoded(["length"], "").shape[1]
        return self._dimension

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """Unit vectors of ``texts``, with the prefix that the model was trained with for ``role``.

        Raises:
            EncoderUnavailable: the model is not there, cannot be loaded, or failed.
        """
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        places, kept = with_content(texts, MAX_CHARS)
        if places:
            vectors[places] = self._encoded(kept, prefix(self._name, dict(self._model().prompts or {}), role))
        return unit_rows(vectors)

    def _encoded(self, texts: list[str], start: str) -> Floats:
        """Vectors of ``texts``; of many in turns with others, those of about the same length together."""
        model = self._model()
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        found: list[Floats] = []
        try:
            for at in range(0, len(texts), TURN):
                some = [texts[place] for place in order[at : at + TURN]]
                with self._turns.taken(urgent=len(texts) <= TURN):
                    encoded = model.encode(
                        some, prompt=start, batch_size=TURN, show_progress_bar=False, convert_to_numpy=True
                    )
                found.append(np.asarray(encoded, dtype=np.float32))
        except Exception as error:
            raise self._unavailable(error) from error
        return np.concatenate(found)[np.argsort(order)]

    def _model(self) -> Any:
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> Any:
        try:
            # Asked first: the library takes seconds to import, only to look for a repository of that name.
            if self._name.startswith(("/", "./", "../")) and not Path(self._name).is_dir():
                raise FileNotFoundError("there is no such folder")
            from sentence_transformers import SentenceTransformer

            return SentenceTransformer(self._name, local_files_only=True, device="cpu")
        except Exception as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> EncoderUnavailable:
        return EncoderUnavailable(
            "The encoder '{name}' failed: {reason}.",
            remedy="Nothing is downloaded on its own: fetch the model first (`hf download NAME`), give its "
            "path in KBSEARCH_ENCODER, or set it to 'bundled'; then run `kbsearch index rebuild`.",
            name=self._name,
            reason=(str(error).strip() or type(error).__name__).splitlines()[0][:300].rstrip("."),
        )
