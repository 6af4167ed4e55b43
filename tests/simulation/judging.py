"""Holds what kbsearch tells of simulated schools against their truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kbsearch.insights.comparison import School, judge
from kbsearch.insights.effect import EffectVerdict
from kbsearch.insights.seasons import course_weeks
from kbsearch.insights.trend import TrendState, trends
from tests.simulation.schools import Plan, SimulatedSchool, draw

REMEMBERED = 53
WEEKS_A_MONTH = 365.25 / 12 / 7
LOUD = (TrendState.NEW, TrendState.GROWING)
FELL = 0.7
"""A true ratio up to this is a reduction that should be seen."""
STOOD = 0.9
"""A true ratio from this on is none."""


@dataclass(slots=True)
class EffectScore:
    """Verdicts by true ratio, and how often the interval held it."""

    verdicts: dict[float, Counter[EffectVerdict]] = field(default_factory=dict)
    held: int = 0
    intervals: int = 0

    def _count(self, *verdicts: EffectVerdict, low: float = 0.0, high: float = 9.0) -> int:
        counted = (found for ratio, found in self.verdicts.items() if low <= ratio <= high)
        return sum(found[verdict] for found in counted for verdict in verdicts)

    @property
    def told(self) -> int:
        """Cases with a verdict other than "too little data"."""
        return self._count(EffectVerdict.REDUCED, EffectVerdict.NOT_VISIBLE)

    @property
    def right(self) -> float:
        """Share of right verdicts: "reduced" where the rate fell by 30 % or more, else "not visible".

        A fall of between 10 and 30 % is never counted as right.
        """
        right = self._count(EffectVerdict.REDUCED, high=FELL)
        right += self._count(EffectVerdict.NOT_VISIBLE, low=STOOD)
        return right / max(1, self.told)

    @property
    def false_reduced(self) -> float:
        """Share of "reduced" among all cases without an effect, those without a verdict included."""
        return self._count(EffectVerdict.REDUCED, low=1.0) / max(1, self._count(*EffectVerdict, low=1.0))

    @property
    def false_reduced_of_told(self) -> float:
        """Share of "reduced" among verdicts on cases without an effect."""
        told = self._count(EffectVerdict.REDUCED, EffectVerdict.NOT_VISIBLE, low=1.0)
        return self._count(EffectVerdict.REDUCED, low=1.0) / max(1, told)

    @property
    def coverage(self) -> float:
        """Share of 95 % intervals that hold the true ratio."""
        return self.held / max(1, self.intervals)


@dataclass(slots=True)
class TrendScore:
    """Growths injected and found within two weeks, by kind; false alarms and the months watched."""

    injected: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    false: int = 0
    months: float = 0.0

    @property
    def found(self) -> float:
        """Share of the injected growths that were found within two weeks."""
        return self.hits.total() / max(1, self.injected.total())

    @property
    def false_a_month(self) -> float:
        """Clusters that came to be called new or growing in vain, a month and school."""
        return self.false / max(self.months, 1e-9)


def judge_effects(seeds: Iterable[int], plan: Plan, *, cohorts_known: bool = True) -> EffectScore:
    """Judge all cases of the schools at their end."""
    score = EffectScore()
    for seed in seeds:
        drawn = draw(seed, plan)
        touched = {case.cluster: [case.week] for case in drawn.cases}
        places = _places(drawn, plan.weeks, plan.weeks) if cohorts_known else {}
        school = School(drawn.counts, drawn.courses, places, touched)
        for case in drawn.cases:
            effect = judge(school, [case.cluster], case.week).effect
            score.verdicts.setdefault(case.ratio, Counter())[effect.verdict] += 1
            if effect.low is not None and effect.high is not None:
                score.intervals += 1
                score.held += effect.low <= case.ratio <= effect.high
    return score


def watch(
    seeds: Iterable[int], plan: Plan, *, cohorts_known: bool = True, first: int = 58, looks: int = 1
) -> TrendScore:
    """Look at the schools ``looks`` times a week (1 or 7) from week ``first`` on.

    Whatever is called new or growing and was not injected is a false alarm, once unless it was silent for a
    week; so are chance waves that truly were higher than ever.
    """
    score = TrendScore()
    for seed in seeds:
        drawn = draw(seed, plan)
        growths = {growth.cluster: growth for growth in drawn.growths}
        loud: dict[int, float] = {}
        heard: dict[int, float] = {}
        days = _daily(drawn, seed)
        for end in range(7 * first, 7 * plan.weeks + 1, 7 // looks):
            now = end / 7
            for row in _loud(drawn, days[:, :end], cohorts_known=cohorts_known):
                growth, last = growths.get(row), loud.get(row, -9.0)
                loud[row] = now
                if growth is not None and now > growth.week:
                    heard.setdefault(row, now - growth.week)
                elif now - last > 1.0:
                    score.false += 1
        score.months += (plan.weeks + 1 - first) / WEEKS_A_MONTH
        for growth in drawn.growths:
            kind = "new" if growth.new else f"x{growth.factor:g}"
            score.injected[kind] += 1
            score.hits[kind] += heard.get(growth.cluster, 99.0) <= 2.0
    return score


def _daily(drawn: SimulatedSchool, seed: int) -> NDArray[np.int64]:
    """The counts by day, (clusters, 7 x weeks), each day of a week alike."""
    random = np.random.default_rng(seed)
    by_day = random.multinomial(drawn.counts, [1 / 7] * 7)
    return np.asarray(by_day.reshape(len(drawn.counts), -1), np.int64)


def _loud(drawn: SimulatedSchool, days: NDArray[np.int64], *, cohorts_known: bool) -> set[int]:
    weeks = min(REMEMBERED, days.shape[1] // 7)
    counts = days[:, -7 * weeks :].reshape(len(days), weeks, 7).sum(axis=2)
    places = _places(drawn, days.shape[1] / 7, weeks) if cohorts_known else {}
    found = trends(counts, drawn.courses, places)
    return {row for row, trend in enumerate(found) if trend.state in LOUD}


def _places(drawn: SimulatedSchool, now: float, weeks: int) -> dict[int, NDArray[np.float64]]:
    return {
        course: course_weeks([now - start for start in starts if start <= now + 1], weeks)
        for course, starts in drawn.starts.items()
    }
