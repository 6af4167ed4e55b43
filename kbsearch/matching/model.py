"""The model behind matches: ranker, calibration and thresholds in one object with its version.

The model that comes with kbsearch stands in ``model.json`` beside this module, with where it comes from and
its held-out figures; ``python -m benchmarks.fit_model`` refits it.  `kbsearch.matching.training.fit` makes
others from judged questions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from kbsearch.matching.candidates import Pool
from kbsearch.matching.confidence import Calibration, calibration_from
from kbsearch.matching.features import features
from kbsearch.matching.ranker import Ranker, ranker_from
from kbsearch.models import Decision
from kbsearch.ports import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """What one way of searching (hybrid, or text alone) needs.  ``held_out``: its figures."""

    ranker: Ranker
    calibration: Calibration
    held_out: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "ranker": self.ranker.as_dict(),
            "calibration": self.calibration.as_dict(),
            "held_out": dict(self.held_out),
        }


@dataclass(frozen=True, slots=True)
class Limits:
    """The probabilities at which a decision changes, and whose judged questions told them.

    ``scope``: "course:x", "language:ru", or "all" where neither had enough of them.  Below ``abstain``
    nothing is suggested; from ``answer_from`` on it is an answer (None: never).  ``promised``: that answers
    are as precise as asked is sure at 95 %; else it was only observed.
    """

    scope: str
    abstain: float
    answer_from: float | None
    promised: bool


@dataclass(frozen=True, slots=True, eq=False)
class MatchingModel:
    """``hybrid`` and ``text_only`` ways, the ``version`` that names both, and where they come from."""

    version: str
    hybrid: Way
    text_only: Way
    provenance: str = ""

    def way(self, degraded: bool) -> Way:
        """The way in which candidates were found."""
        return self.text_only if degraded else self.hybrid

    def ranked(self, pool: Pool) -> Pool:
        """``pool``, best first."""
        return pool.sorted_by(self.way(pool.degraded).ranker.score(pool.signals))

    def table(self, ranked: Pool, count: int) -> Floats:
        """`features` of the first ``count`` candidates of a pool that is ``ranked``."""
        return features(ranked.signals, ranked.score, count)

    def probabilities(self, table: Floats, *, degraded: bool) -> list[float]:
        """Probability that each of the candidates with features ``table`` answers, never rising."""
        return self.way(degraded).calibration.probabilities(table) if len(table) else []

    def decide(
        self,
        probabilities: Sequence[float],
        precision: float,
        *,
        degraded: bool,
        course: str = "",
        language: str = "",
    ) -> Decision:
        """``answer`` where precision is promised, ``abstain`` where it is too likely wrong, else ``suggest``.

        Args:
            probabilities: of the candidates, best first.
            precision: what ``answer`` must reach, in (0, 1).
            degraded: candidates were found by text alone.
            course: of the question; its thresholds hold where enough of its questions were judged.
            language: of the question; likewise.
        """
        limits = self.limits(precision, degraded=degraded, course=course, language=language)
        if not probabilities or probabilities[0] < limits.abstain:
            return Decision.ABSTAIN
        if limits.answer_from is not None and probabilities[0] >= limits.answer_from:
            return Decision.ANSWER
        return Decision.SUGGEST

    def limits(self, precision: float, *, degraded: bool, course: str = "", language: str = "") -> Limits:
        """What `decide` compares with, given the same."""
        calibration = self.way(degraded).calibration
        scope = calibration.scope(course, language)
        return Limits(
            scope,
            calibration.abstain,
            calibration.answer_from(precision, scope),
            promised=calibration.promise(precision, scope) is not None,
        )

    def as_dict(self) -> dict[str, Any]:
        """For JSON; `model_from` reads it."""
        return {
            "version": self.version,
            "provenance": self.provenance,
            "hybrid": self.hybrid.as_dict(),
            "text_only": self.text_only.as_dict(),
        }


@cache
def load_model(*, twice_read: bool = False) -> MatchingModel:
    """The model that comes with kbsearch; ``twice_read``: the one beside a second encoder."""
    name = "model_second.json" if twice_read else "model.json"
    return model_from(json.loads(files("kbsearch.matching").joinpath(name).read_text("utf-8")))


def model_from(stored: Mapping[str, Any]) -> MatchingModel:
    """The model that `MatchingModel.as_dict` wrote.

    Raises:
        KeyError, TypeError, ValueError: it is not such a model.
    """
    return MatchingModel(
        stored["version"],
        _way(stored["hybrid"]),
        _way(stored["text_only"]),
        stored.get("provenance", ""),
    )


def _way(stored: Mapping[str, Any]) -> Way:
    return Way(
        ranker_from(stored["ranker"]),
        calibration_from(stored["calibration"]),
        stored.get("held_out", {}),
    )
