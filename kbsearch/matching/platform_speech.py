"""How likely a question speaks of a broken platform: a small model learned from our own sentences.

The sentences (``data/platform_faults``) are encoded with the encoder that is set, so that the model fits
whichever that is; what the bundled encoder gives ships with kbsearch.  Their words count beside it, because
error codes and short cries say little to encoders.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

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


@dataclass(frozen=True, slots=True, eq=False)
class SpeechModel:
    """A logistic regression on vectors of the encoder ``model_id`` and on words.

    ``vector``: weights of the vector, shape (dimension,).  ``places``: stem to its place in ``rarity`` (idf)
    and ``words`` (weights), both of shape (stems,).
    """

    model_id: str
    vector: Floats
    places: Mapping[str, int]
    rarity: Floats
    words: Floats
    intercept: float

    def probabilities(self, bare: Sequence[str], vectors: Floats) -> Floats:
        """How likely each text speaks of a fault, shape (n,): ``bare`` (n,), ``vectors`` (n, dimension)."""
        worded = np.array([self._words_say(text) for text in bare], np.float32)
        logits = vectors @ self.vector + WORDS * worded + self.intercept
        found: Floats = (1 / (1 + np.exp(-np.clip(logits, -30, 30)))).astype(np.float32)
        return found

    def _words_say(self, text: str) -> float:
        """The unit vector of TF-IDF (1 + log of the count, times idf) by the weights of its words."""
        counts = Counter(self.places[stem] for stem in stems(text) if stem in self.places)
        if not counts:
            return 0.0
        places = np.fromiter(counts, np.int64, len(counts))
        row = (1 + np.log(np.fromiter(counts.values(), np.float64, len(counts)))) * self.rarity[places]
        return float(row @ self.words[places] / np.linalg.norm(row))


class PlatformSpeech:
    """The shipped model for the bundled encoder; for another one it learns on first use, in a few seconds.

    Threads may share one.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._lock = threading.Lock()
        self._model: SpeechModel | None = None

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
            if self._model is None:
                shipped = shipped_model()
                ours = shipped.model_id == self._embedder.model_id
                self._model = shipped if ours else learn(self._embedder)
            model = self._model
        found = model.probabilities([bare_text(text) for text in texts], vectors)
        silent = np.array([is_small_talk(text) for text in texts])
        return np.where(silent, 0.0, found).astype(np.float32)


def learn(embedder: Embedder) -> SpeechModel:
    """The model of ``embedder``'s vectors, learned from `examples`.

    Raises:
        EncoderUnavailable: the encoder cannot be loaded or failed.
    """
    # Half of what a serving process takes would be scikit-learn, so that only learning imports it.
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    bare = [bare_text(sentence) for sentence, _ in examples()]
    terms = TfidfVectorizer(analyzer=stems, sublinear_tf=True).fit(bare)
    vectors = embedder.encode(bare, "passage")
    table = np.hstack([vectors, WORDS * terms.transform(bare).toarray()])
    found = LogisticRegression(C=STRENGTH, max_iter=2_000).fit(table, [speaks for _, speaks in examples()])
    split = vectors.shape[1]
    return SpeechModel(
        model_id=embedder.model_id,
        vector=found.coef_[0, :split].astype(np.float32),
        places={str(stem): int(place) for stem, place in terms.vocabulary_.items()},
        rarity=terms.idf_.astype(np.float32),
        words=found.coef_[0, split:].astype(np.float32),
        intercept=float(found.intercept_[0]),
    )


@cache
def shipped_model() -> SpeechModel:
    """The model in ``platform_speech.json``, written by ``python -m benchmarks.fit_platform_speech``."""
    stored = json.loads(files(__package__).joinpath("platform_speech.json").read_text("utf-8"))
    words = sorted(stored["words"])
    rarity, weights = zip(*(stored["words"][word] for word in words), strict=True)
    return SpeechModel(
        model_id=stored["model_id"],
        vector=np.array(stored["vector"], np.float32),
        places={word: place for place, word in enumerate(words)},
        rarity=np.array(rarity, np.float32),
        words=np.array(weights, np.float32),
        intercept=float(stored["intercept"]),
    )


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
