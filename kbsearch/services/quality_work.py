"""Measuring and learning as the jobs that people and the night ask for."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from kbsearch.errors import InvalidInput
from kbsearch.ports import Progress, silent
from kbsearch.services.learning import LearningService
from kbsearch.services.night import NIGHT
from kbsearch.services.quality import QualityService


class QualityWork:
    """Each verb returns what a job keeps as its result."""

    def __init__(self, quality: QualityService, learning: LearningService) -> None:
        self._quality = quality
        self._learning = learning

    def measure(self, progress: Progress = silent, occasion: str = "person") -> dict[str, Any]:
        """Measure the active model.

        Raises:
            InvalidInput: the golden set is empty, and it is not the night that asks.
        """
        try:
            measurement = self._quality.measure(progress, occasion)
        except InvalidInput:
            if occasion != NIGHT:
                raise
            return {"measurement": None}
        return {"measurement": measurement.id}

    def learn(self, progress: Progress = silent, occasion: str = "person") -> dict[str, Any]:
        """Measure, learn, and measure again when that changed the model.

        Raises:
            InvalidInput: as `measure`.
        """
        before = self.measure(progress, occasion)
        outcome = self._learning.learn(progress)
        after = self.measure(progress, "learn") if outcome.kept == "new" else before
        return {**after, "outcome": asdict(outcome)}
