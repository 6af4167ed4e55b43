"""Cross-encoders of the sentence-transformers library, by name or path, from local files only."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from indexer.embedders.texts import with_content
from kbsearch.errors import EncoderUnavailable
from kbsearch.ports import Floats

MAX_CHARS = 8_000
"""Beyond the window of the usual cross-encoders (512 tokens); the model cuts to its own."""
MAX_TOKENS = 512
"""The longest pair: a model without a limit of its own would read for seconds."""


class CrossEncoderReranker:
    """A sentence-transformers cross-encoder.  torch is imported when the model is first needed."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loaded: Any = None

    @property
    def model_id(self) -> str:
        """The name or path, as it was given."""
        return f"cross-encoder/{self._name}"

    def scores(self, question: str, passages: Sequence[str]) -> Floats:
        """How well each of ``passages`` answers ``question``, shape (n,): the logits of the model.

        Texts without a letter or digit are read as empty.

        Raises:
            EncoderUnavailable: the model is not there, cannot be loaded, gives several numbers for a pair,
                or failed.
        """
        model = self._model()
        if not passages:
            return np.zeros(0, np.float32)
        pairs = [(_readable(question), _readable(passage)) for passage in passages]
        try:
            with self._lock:
                found = model.predict(pairs, batch_size=len(pairs), show_progress_bar=False)
        except Exception as error:
            raise self._unavailable(error) from error
        return np.nan_to_num(np.asarray(found, dtype=np.float32))

    def _model(self) -> Any:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> Any:
        try:
            # Asked first: the library takes seconds to import, only to look for a repository of that name.
            if self._name.startswith(("/", "./", "../")) and not Path(self._name).is_dir():
                raise FileNotFoundError("there is no such folder")
            from sentence_transformers import CrossEncoder
            from torch.nn import Identity

            model = CrossEncoder(self._name, local_files_only=True, device="cpu", activation_fn=Identity())
            _check(model)
            model.tokenizer.model_max_length = min(model.tokenizer.model_max_length, MAX_TOKENS)
        except Exception as error:
            raise self._unavailable(error) from error
        return model

    def _unavailable(self, error: Exception) -> EncoderUnavailable:
        return EncoderUnavailable(
            "The re-ranker '{name}' failed: {reason}.",
            remedy="Nothing is downloaded on its own: fetch the model first (`hf download NAME`), give its "
            "path in KBSEARCH_RERANKER, or leave that empty to do without.",
            name=self._name,
            reason=(str(error).strip() or type(error).__name__).splitlines()[0][:300].rstrip("."),
        )


def _check(model: Any) -> None:
    """Refuse what would give numbers without meaning: the library puts a random layer on any encoder.

    Raises:
        ValueError: it is no cross-encoder that gives one number for a pair.
    """
    kinds = [str(kind) for kind in model.model.config.architectures or ()]
    if kinds and not any("For" in kind for kind in kinds):
        raise ValueError("it is an encoder of single texts, not a cross-encoder")
    if model.num_labels != 1:
        raise ValueError(f"it gives {model.num_labels} numbers for a pair, not one")


def _readable(text: str) -> str:
    return "".join(with_content([text], MAX_CHARS)[1])
