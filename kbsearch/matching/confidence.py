"""From features to a probability, and from the probability to the thresholds that a decision needs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

import numpy as np

from kbsearch.matching.features import NAMES
from kbsearch.ports import Floats

POOLED = "all"
"""The scope of thresholds that hold where a course or a language has too few judged questions of its own."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Of ``count`` held-out questions with a first case of at least ``probability``, ``right`` were right.

    ``lower``: the Clopper-Pearson 95 % lower bound of that precision.
    """

    probability: float
    count: int
    right: int
    lower: float


Thresholds = tuple[Threshold, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """A logistic regression on `features`, with its thresholds.

    ``weights`` has shape (len(NAMES),).  Below ``abstain`` nothing is suggested.  ``thresholds`` by scope
    ("all", "course:x", "language:ru"), each ascending.
    """

    weights: Floats
    intercept: float
    abstain: float
    thresholds: Mapping[str, Thresholds] = field(default_factory=dict)

    def probabilities(self, table: Floats) -> list[float]:
        """Probability in [0, 1] that each row's case answers, never rising from row to row."""
        falling = np.minimum.accumulate(self.chances(table))
        return [float(value) for value in falling]

    def chances(self, table: Floats) -> Floats:
        """As `probabilities`, of rows that do not belong together, shape (n,)."""
        logits = np.clip((table @ self.weights + self.intercept).astype(np.float64), -30, 30)
        return np.asarray(1.0 / (1.0 + np.exp(-logits)))

    def scope(self, course: str = "", language: str = "") -> str:
        """Which thresholds hold for a question: its course's, its language's, or the pooled ones."""
        for name in (f"course:{course}", f"language:{language}"):
            if name in self.thresholds:
                return name
        return POOLED

    def promise(self, precision: float, scope: str = POOLED) -> Threshold | None:
        """The lowest threshold at which precision is ``precision`` with 95 % confidence; None if none is."""
        thresholds = self.thresholds.get(scope, ())
        return next((one for one in thresholds if one.lower >= precision), None)

    def answer_from(self, precision: float, scope: str = POOLED) -> float | None:
        """The probability from which on to answer; None: never.

        Where too few questions were held out to promise ``precision``, it is the lowest threshold from which
        on the observed precision reached it at every step, and never below ``precision`` itself.
        """
        if promised := self.promise(precision, scope):
            return promised.probability
        thresholds = self.thresholds.get(scope, ())
        reached = list(takewhile(lambda one: one.right >= precision * one.count, reversed(thresholds)))
        return max(reached[-1].probability, precision) if reached else None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "weights": {
                name: round(float(weight), 5) for name, weight in zip(NAMES, self.weights, strict=True)
            },
            "intercept": round(self.intercept, 5),
            "abstain": round(self.abstain, 4),
            "thresholds": {
                scope: [[one.probability, one.count, one.right, one.lower] for one in rows]
                for scope, rows in self.thresholds.items()
            },
        }


def calibration_from(stored: Mapping[str, Any]) -> Calibration:
    """The calibration that `Calibration.as_dict` wrote; features that it did not know weigh nothing."""
    weights = np.array([stored["weights"].get(name, 0.0) for name in NAMES], np.float32)
    thresholds = {
        scope: tuple(Threshold(*row) for row in rows) for scope, rows in stored["thresholds"].items()
    }
    return Calibration(weights, float(stored["intercept"]), float(stored["abstain"]), thresholds)


def percent(probability: float) -> int:
    """``probability`` in whole per cent, rounded down, so that nothing short of certain reads 100."""
    return math.floor(100 * probability)
