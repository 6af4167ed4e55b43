"""The effect of a published case on the rate of its questions: difference in differences for counts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from kbsearch.insights.chances import beta_binomial

GAP = 4
"""Weeks before publication that count on neither side: a case is written when its topic peaks."""
LONGEST = 26
"""Weeks on each side, at most."""
LEAST_WEEKS = 4
LEAST_BEFORE = 12
"""Students who must have asked before; and be expected after, had nothing changed."""
LEAST_CONTROLS = 5
MOST_CONTROLS = 30
LEAST_OF_CONTROL = 8
"""Students who must have asked in a control cluster, before."""
DETECTABLE = 0.5
"""That no effect is visible is said only where a fall by this share would be seen four times of five."""
LEVEL = 0.02
"""Tails of the interval together; at 0.05 it held the truth of simulated schools nine times of ten only."""
FARTHEST = math.log(1000.0)

CHANGES = np.linspace(-1.6, 1.6, 65)
"""Candidates for the common change of the controls, as logs."""
CONCENTRATIONS = np.geomspace(4.0, 4000.0, 25)
"""Candidates for how alike the controls change: the higher, the more alike."""
NEGLIGIBLE = 1e-3

Doubles = NDArray[np.float64]
_Crossing = Callable[[float], float]


class EffectVerdict(StrEnum):
    """What became of a case's questions."""

    REDUCED = "reduced"
    NOT_VISIBLE = "not_visible"
    TOO_LITTLE = "too_little"


@dataclass(frozen=True, slots=True)
class Change:
    """Students who asked before and after, and ``offset``: the log of the volume after over that before."""

    before: int
    after: int
    offset: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What publishing a case did to its questions.

    ``ratio``: their rate over what it would have been, with its 95 % interval ``low`` to ``high``; None
    without controls or questions before.  ``p``: two-sided, that there is no effect.  ``expected``:
    students who would have asked after.
    """

    verdict: EffectVerdict
    before: int
    after: int
    expected: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    controls: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Untouched:
    """How untouched clusters changed: candidates and how probable each is after seeing the controls, (n,)."""

    change: Doubles
    concentration: Doubles
    weight: Doubles

    def split(self, part: int, total: int, offset: float, log_ratio: float = 0.0) -> float:
        """P(at most ``part`` of ``total`` come after), for a cluster with this volume and effect."""
        share = _logistic(self.change + offset + log_ratio)
        chance = float(self.weight @ beta_binomial(part, total, share, self.concentration))
        return min(1.0, chance)  # a sum of rounded terms may come to a little more

    def expected(self, change: Change) -> float:
        """How many would come after what came before."""
        return change.before * math.exp(float(self.weight @ self.change) + change.offset)

    def scatter(self, change: Change) -> float:
        """Variance of the log of (after / before) in one untouched cluster beyond what its counts explain."""
        from scipy.special import polygamma

        share = _logistic(self.change + change.offset)
        own = polygamma(1, self.concentration * share) + polygamma(1, self.concentration * (1.0 - share))
        centre = float(self.weight @ self.change)
        return float(self.weight @ (own + (self.change - centre) ** 2))


def effect_of(case: Change, controls: Sequence[Change], weeks_after: int) -> Effect:
    """Judge ``case`` against ``controls``, comparable clusters that no case touched.

    Given their totals, the counts of controls before and after are beta-binomial: a common change, and a
    scatter that holds overdispersion and each cluster's own drift.  Both are integrated over what the
    controls leave possible (flat priors on their logs), as inference with few treated groups takes its
    reference from the untreated ones (Conley and Taber, Review of Economics and Statistics 93, 2011).  The
    interval holds all ratios at which the case's own split is not in either tail (`LEVEL`; Clopper and
    Pearson, 1934).
    """
    plain = Effect(EffectVerdict.TOO_LITTLE, case.before, case.after, controls=len(controls))
    if len(controls) < LEAST_CONTROLS or case.before == 0:
        return plain
    untouched = _learn(controls)
    expected = untouched.expected(case)
    low, high = _interval(untouched, case)
    total = case.before + case.after
    below = untouched.split(case.after, total, case.offset)
    above = 1.0 - (untouched.split(case.after - 1, total, case.offset) if case.after else 0.0)
    ratio = (case.after + 0.5) / (case.before + 0.5) * case.before / expected
    enough = weeks_after >= LEAST_WEEKS and min(case.before, expected) >= LEAST_BEFORE
    verdict = EffectVerdict.TOO_LITTLE
    if enough and high < 1.0:
        verdict = EffectVerdict.REDUCED
    elif enough and _can_tell(untouched, case, expected):
        verdict = EffectVerdict.NOT_VISIBLE
    p = min(1.0, 2.0 * min(below, above))
    return Effect(
        verdict, case.before, case.after, expected, min(max(ratio, low), high), low, high, p, len(controls)
    )


def _can_tell(untouched: _Untouched, case: Change, expected: float) -> bool:
    """Whether a fall by `DETECTABLE` would be seen with a power of .8; knows nothing of what came after."""
    fallen = expected * (1.0 - DETECTABLE)
    error = math.sqrt(1.0 / case.before + 1.0 / fallen + untouched.scatter(case))
    return (1.96 + 0.84) * error <= -math.log(1.0 - DETECTABLE)


def _learn(controls: Sequence[Change]) -> _Untouched:
    from scipy.special import betaln

    before = np.array([one.before for one in controls], np.float64)
    after = np.array([one.after for one in controls], np.float64)
    offset = np.array([one.offset for one in controls], np.float64)
    change, concentration = (each.ravel() for each in np.meshgrid(CHANGES, CONCENTRATIONS, indexing="ij"))
    share = _logistic(change[:, None] + offset[None, :])
    a, b = concentration[:, None] * share, concentration[:, None] * (1.0 - share)
    log = (betaln(a + after, b + before) - betaln(a, b)).sum(axis=1)
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    kept = weight > NEGLIGIBLE * weight.max()
    return _Untouched(change[kept], concentration[kept], weight[kept] / weight[kept].sum())


def _interval(untouched: _Untouched, case: Change) -> tuple[float, float]:
    total = case.before + case.after

    def tail_below(log_ratio: float) -> float:
        return untouched.split(case.after, total, case.offset, log_ratio) - LEVEL / 2

    def tail_above(log_ratio: float) -> float:
        return 1.0 - untouched.split(case.after - 1, total, case.offset, log_ratio) - LEVEL / 2

    low = math.exp(_root(tail_above)) if case.after else 0.0
    return low, math.exp(_root(tail_below))


def _root(crossing: _Crossing) -> float:
    from scipy.optimize import brentq

    ends = crossing(-FARTHEST), crossing(FARTHEST)
    if ends[0] * ends[1] > 0:
        return -FARTHEST if abs(ends[0]) < abs(ends[1]) else FARTHEST
    return float(brentq(crossing, -FARTHEST, FARTHEST, xtol=1e-3))


def _logistic(values: Doubles) -> Doubles:
    return np.asarray(1.0 / (1.0 + np.exp(-values)), np.float64)
