"""Thresholds and figures from held-out probabilities of first cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kbsearch.matching.confidence import POOLED, Threshold, Thresholds

LEAST_COUNT = 30
"""Questions above a threshold, at least."""
KEPT = 0.9
"""Share of the right first cases that stay above the threshold of abstaining."""
BINS = 10
LEVEL = 0.05
STEPS = np.round(np.arange(0.30, 0.995, 0.01), 2)

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FirstCases:
    """The first case of each of n questions: its probability, whether it is right, and its weight, (n,)."""

    chance: Doubles
    right: NDArray[np.bool_]
    weight: Doubles
    courses: tuple[str, ...]
    languages: tuple[str, ...]

    def only(self, chosen: NDArray[np.bool_]) -> FirstCases:
        """Those that are ``chosen``, a mask of shape (n,)."""
        places = np.flatnonzero(chosen).tolist()
        return FirstCases(
            self.chance[chosen],
            self.right[chosen],
            self.weight[chosen],
            tuple(self.courses[place] for place in places),
            tuple(self.languages[place] for place in places),
        )


def thresholds(first: FirstCases) -> Thresholds:
    """How often first cases from each probability on are right, with Clopper-Pearson 95 % lower bounds."""
    rows = []
    for step in STEPS.tolist():
        chosen = first.chance >= step
        count = float(first.weight[chosen].sum())
        right = float((first.weight * first.right)[chosen].sum())
        if count >= LEAST_COUNT:
            # The bound is that of the weights themselves: cut to whole questions, one wrong could vanish.
            rows.append(Threshold(step, round(count), round(right), round(lower_bound(right, count), 4)))
    return tuple(rows)


def thresholds_by_scope(first: FirstCases, enough: int) -> dict[str, Thresholds]:
    """`thresholds` of all, and of each course and language that has ``enough`` questions of its own."""
    found = {POOLED: thresholds(first)}
    for kind, values in (("course", first.courses), ("language", first.languages)):
        names = np.array(values, dtype=str)
        for name in sorted(set(values) - {""}):
            own = names == name
            if first.weight[own].sum() >= enough and not own.all():
                found[f"{kind}:{name}"] = thresholds(first.only(own))
    return found


def lower_bound(right: float, count: float) -> float:
    """The lower end of the two-sided 95 % interval of Clopper and Pearson, Biometrika 26 (1934).

    ``right`` of ``count`` may be sums of weights: beta distributions, which it is made of, know fractions.
    """
    from scipy.special import betaincinv

    return float(betaincinv(right, count - right + 1, LEVEL / 2)) if right else 0.0


def abstain_below(first: FirstCases) -> float:
    """The probability above which `KEPT` of the right first cases lie; 0 when none is right."""
    right = first.chance[first.right]
    return float(np.quantile(right, 1 - KEPT)) if len(right) else 0.0


def calibration_error(chance: Sequence[float] | Doubles, right: Sequence[bool] | NDArray[np.bool_]) -> float:
    """Expected calibration error in [0, 1]: mean gap between probability and share right over tenths.

    Guo et al., "On calibration of modern neural networks" (2017).
    """
    return _calibration_error(
        np.asarray(chance, np.float64), np.asarray(right, np.float64), np.ones(len(chance))
    )


def error_by_chance(
    chance: Sequence[float] | Doubles, weight: Sequence[float] | Doubles | None = None
) -> float:
    """The `calibration_error` in [0, 1] that these probabilities show on average if they are perfect.

    The gap of a tenth is then a sum of independent errors, about normal with their variance.  That small
    samples show gaps where there are none: Bröcker and Smith, "Increasing the reliability of reliability
    diagrams" (2007).

    Args:
        chance: probabilities, (n,).
        weight: what each counts, (n,); None: all alike.
    """
    known = np.asarray(chance, np.float64)
    if not len(known):
        return 0.0
    counts = np.ones(len(known)) if weight is None else np.asarray(weight, np.float64)
    bins = np.minimum((BINS * known).astype(int), BINS - 1)
    variances = np.bincount(bins, counts**2 * known * (1 - known), minlength=BINS)
    return float(np.sqrt(variances * 2 / np.pi).sum() / counts.sum())


def _calibration_error(chance: Doubles, right: Doubles, weight: Doubles) -> float:
    if not len(chance):
        return 0.0
    bins = np.minimum((BINS * chance).astype(int), BINS - 1)
    gaps = np.bincount(bins, weight * (chance - right), minlength=BINS)
    return float(np.abs(gaps).sum() / weight.sum())


def calibration_curve(first: FirstCases) -> list[list[float]]:
    """Rows [mean probability, share right, count] by tenths of probability."""
    bins = np.minimum((BINS * first.chance).astype(int), BINS - 1)
    rows = []
    for place in range(BINS):
        chosen = bins == place
        if total := float(first.weight[chosen].sum()):
            mean = float((first.weight * first.chance)[chosen].sum()) / total
            share = float((first.weight * first.right)[chosen].sum()) / total
            rows.append([round(mean, 3), round(share, 3), round(total)])
    return rows


def held_out_figures(first: FirstCases) -> dict[str, Any]:
    """n, share right, area under the ROC curve, Brier score and calibration of ``first``."""
    right = first.right.astype(np.float64)
    total = float(first.weight.sum())
    return {
        "questions": round(total),
        "right": round(float(first.weight @ right) / total, 4),
        "auc": round(_auc(first), 4),
        "brier": round(float(first.weight @ (first.chance - right) ** 2) / total, 4),
        "ece": round(_calibration_error(first.chance, right, first.weight), 4),
        "calibration": calibration_curve(first),
    }


def _auc(first: FirstCases) -> float:
    """The chance that a right first case has a higher probability than a wrong one; ties count half."""
    ranks = np.zeros(len(first.chance))
    values, codes, counts = np.unique(first.chance, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[codes]
    good = int(first.right.sum())
    bad = len(values[codes]) - good
    if not good or not bad:
        return 0.5
    return float((ranks[first.right].sum() - good * (good + 1) / 2) / (good * bad))
