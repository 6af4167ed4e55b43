"""From features to a probability, and from the probability to a decision.

The coefficients and the thresholds stand in ``confidence.json`` beside this module, with where they come
from; ``python -m benchmarks.fit_confidence`` refits them on the sample school.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import takewhile
from typing import Any

import numpy as np

from kbsearch.matching.features import NAMES
from kbsearch.models import Decision
from kbsearch.ports import Floats


@dataclass(frozen=True, slots=True)
class Threshold:
    """Of ``count`` held-out questions with a first case of at least ``probability``, ``right`` were right.

    ``lower``: the Clopper-Pearson 95 % lower bound of that precision.
    """

    probability: float
    count: int
    right: int
    lower: float


@dataclass(frozen=True, slots=True, eq=False)
class Logistic:
    """A logistic regression on standardised features, with its thresholds.

    ``weights`` has shape (len(NAMES),); ``thresholds`` ascend; below ``abstain`` nothing is suggested.
    """

    weights: Floats
    intercept: float
    abstain: float
    thresholds: tuple[Threshold, ...]

    def probabilities(self, table: Floats) -> list[float]:
        """Probability in [0, 1] that each row's case answers, never rising from row to row."""
        logits = table @ self.weights + self.intercept
        falling = np.minimum.accumulate(1.0 / (1.0 + np.exp(-logits.astype(np.float64))))
        return [float(value) for value in falling]

    def promise(self, precision: float) -> Threshold | None:
        """The lowest threshold at which precision is ``precision`` with 95 % confidence; None if none is."""
        return next((one for one in self.thresholds if one.lower >= precision), None)

    def answer_from(self, precision: float) -> float | None:
        """The probability from which on to answer; None: never.

        Where too few questions were held out to promise ``precision``, it is the lowest threshold from which
        on the observed precision reached it at every step.
        """
        if promised := self.promise(precision):
            return promised.probability
        reached = list(takewhile(lambda one: one.right >= precision * one.count, reversed(self.thresholds)))
        return reached[-1].probability if reached else None


@dataclass(frozen=True, slots=True)
class Confidence:
    """The model for hybrid search and the one for text alone, and the version that names both."""

    version: str
    hybrid: Logistic
    text_only: Logistic

    def model(self, degraded: bool) -> Logistic:
        """The model that fits the way candidates were found."""
        return self.text_only if degraded else self.hybrid

    def decide(self, probabilities: Sequence[float], precision: float, *, degraded: bool) -> Decision:
        """``answer`` where precision is promised, ``abstain`` where it is too likely wrong, else ``suggest``.

        Args:
            probabilities: of the candidates, best first.
            precision: what ``answer`` must reach, in (0, 1).
            degraded: candidates were found by text alone.
        """
        model = self.model(degraded)
        if not probabilities or probabilities[0] < model.abstain:
            return Decision.ABSTAIN
        enough = model.answer_from(precision)
        if enough is not None and probabilities[0] >= enough:
            return Decision.ANSWER
        return Decision.SUGGEST


@cache
def load_confidence() -> Confidence:
    """The model that comes with kbsearch."""
    text = files("kbsearch.matching").joinpath("confidence.json").read_text("utf-8")
    return confidence_from(json.loads(text))


def confidence_from(stored: Mapping[str, Any]) -> Confidence:
    """The model in ``stored``, as `benchmarks.fit_confidence` writes it."""
    return Confidence(stored["version"], _logistic(stored["hybrid"]), _logistic(stored["text_only"]))


def _logistic(stored: Mapping[str, Any]) -> Logistic:
    weights = np.array([stored["weights"].get(name, 0.0) for name in NAMES], np.float32)
    thresholds = tuple(Threshold(*row) for row in stored["thresholds"])
    return Logistic(weights, float(stored["intercept"]), float(stored["abstain"]), thresholds)


def percent(probability: float) -> int:
    """``probability`` in whole per cent, rounded down, so that nothing short of certain reads 100."""
    return math.floor(100 * probability)
