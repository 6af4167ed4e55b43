"""How likely a question speaks of a broken platform: a small model learned from our own sentences.

The sentences (``data/platform_faults``) are encoded with the encoder that is set, so that the model fits
whichever that is; their words count beside it, because error codes and short cries say little to encoders.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from kbsearch.errors import NotFound
from kbsearch.matching.queries import bare_text
from kbsearch.ports import Embedder, Floats
from kbsearch.text.chatter import is_small_talk
from kbsearch.text.words import stems

WORDS = 0.3
"""The weight of a sentence's words (a unit TF-IDF vector) beside its unit vector of meaning."""
STRENGTH = 30.0
"""Inverse of the L2 penalty; the best of 1 to 100 for the log loss of ten folds of the sentences."""


class PlatformSpeech:
    """Learns on first use, which takes a few seconds.  Threads may share one."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._lock = threading.Lock()
        self._learned: tuple[Any, Any] | None = None

    @property
    def prior(self) -> float:
        """The share of sentences that speak of a fault among those it learned from."""
        return sum(speaks for _, speaks in examples()) / len(examples())

    def probabilities(self, texts: Sequence[str], vectors: Floats) -> Floats:
        """How likely each of ``texts`` speaks of a fault, shape (n,), at the prior of the sentences.

        Args:
            texts: questions as they were asked.
            vectors: theirs as they are indexed, shape (n, dimension).

        Raises:
            EncoderUnavailable: the model cannot be loaded or failed.
        """
        if not texts:
            return np.zeros(0, np.float32)
        with self._lock:
            if self._learned is None:
                self._learned = self._learn()
            terms, model = self._learned
        found: Floats = model.predict_proba(_table(terms, [bare_text(text) for text in texts], vectors))[:, 1]
        silent = np.array([is_small_talk(text) for text in texts])
        return np.where(silent, 0.0, found).astype(np.float32)

    def _learn(self) -> tuple[Any, Any]:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        bare = [bare_text(sentence) for sentence, _ in examples()]
        terms = TfidfVectorizer(analyzer=stems, sublinear_tf=True).fit(bare)
        table = _table(terms, bare, self._embedder.encode(bare, "passage"))
        model = LogisticRegression(C=STRENGTH, max_iter=2_000)
        return terms, model.fit(table, [speaks for _, speaks in examples()])


def _table(terms: Any, bare: Sequence[str], vectors: Floats) -> Floats:
    return np.hstack([vectors, WORDS * terms.transform(bare).toarray()])


@cache
def examples() -> tuple[tuple[str, bool], ...]:
    """The sentences, and whether each speaks of a fault.

    Raises:
        NotFound: the installation is incomplete.
    """
    package = Path(__file__).parents[1]
    places = [folder / "data" / "platform_faults" / "examples.txt" for folder in (package, package.parent)]
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        raise NotFound(
            "The sentences about faults are not part of this installation.",
            remedy="Install kbsearch from its wheel.",
        )
    lines = file.read_text("utf-8").splitlines()
    return tuple((line[2:], line[0] == "+") for line in lines if line.startswith(("+ ", "- ")))


def at_prevalence(probabilities: Floats, prior: float, steps: int = 50) -> Floats:
    """``probabilities`` of texts, told at ``prior``, at the prevalence that the texts themselves show.

    Within an outage most questions speak of it, so that a doubtful one more likely does, too.  Saerens,
    Latinne and Decaestecker, "Adjusting the outputs of a classifier to new a priori probabilities", Neural
    Computation 14 (2002): expectation maximisation over the prior.
    """
    found = np.asarray(probabilities, np.float64)
    now = prior
    adjusted = found
    for _ in range(steps if len(found) else 0):
        now = min(max(now, 0.01), 0.99)
        yes = found * now / prior
        adjusted = yes / (yes + (1 - found) * (1 - now) / (1 - prior))
        now = float(adjusted.mean())
    return adjusted.astype(np.float32)
