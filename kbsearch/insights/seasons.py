"""Seasons of the course: clusters that come with each cohort in the same week of the course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LONGEST = 30
"""Weeks that a cohort is followed."""
PRIOR = 2.0
"""Each course week is drawn towards the cluster's mean rate as by this many questions."""
CLOSE = 0.25
"""The same where it is asked whether a wave is news; sums over half a year need less noise instead."""
ROUNDS = 12
FREE = 0.2
"""How free a course week is: it is smoothed with those beside it, and cohorts overlap."""
LARGER = 1.3
"""A wave is no news up to this multiple: cohorts differ in size."""
NEAR = (0.25, 0.5, 0.25)
"""A cohort's weeks begin on other days than the weeks that are counted: what is seen is smeared so."""

Doubles = NDArray[np.float64]
Counts = NDArray[np.int64]


def course_weeks(starts: Sequence[float], weeks: int) -> Doubles:
    """Which course weeks the cohorts are in, (course weeks, weeks), oldest week first.

    A column holds the share of the cohorts under way that are in each course week, counted from 0; zeros when
    no cohort is under way.  ``starts``: weeks from the end of the last counted week back to each start
    (negative: yet to come).  A week's middle decides.
    """
    middles = np.arange(weeks - 1, -1, -1) + 0.5
    ages = np.floor(np.asarray(starts, np.float64)[:, None] - middles[None, :]).astype(np.int64)
    inside = (ages >= 0) & (ages < LONGEST)
    places = np.zeros((LONGEST, weeks))
    np.add.at(places, (ages[inside], np.nonzero(inside)[1]), 1.0)
    return np.asarray(places / np.maximum(inside.sum(axis=0), 1), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Season:
    """How clusters of a course move with its weeks.

    ``profile``: (clusters, course weeks) times the mean rate.  ``belief``: (clusters,) in [0, 1], how much
    better than an even rate the profile explains what was asked.
    """

    profile: Doubles
    belief: Doubles

    def usual(self, places: Doubles) -> Doubles:
        """How many times its mean rate each cluster may expect in each week of ``places``, (clusters, weeks).

        1 where no cohort is under way.
        """
        return self._multiples(self.profile, places)

    def at_most(self, places: Doubles) -> Doubles:
        """As `usual`, when a wave comes a week early or late, and larger, as waves do."""
        padded = np.pad(self.profile, ((0, 0), (1, 1)), mode="edge")
        nearby = np.maximum(np.maximum(padded[:, :-2], padded[:, 1:-1]), padded[:, 2:])
        return self._multiples(LARGER * nearby, places)

    def _multiples(self, profile: Doubles, places: Doubles) -> Doubles:
        believed = 1.0 + self.belief[:, None] * (profile @ places - 1.0)
        return np.where(places.sum(axis=0) > 0, believed, 1.0)


def season(counts: Counts, exposure: Doubles, places: Doubles, known: int) -> Season:
    """The season of each cluster of a course, learned from the first ``known`` weeks.

    The profile of `seasons` follows what was asked closely here, and few questions fit any profile.  So it
    is believed as far as its quasi-likelihood exceeds that of an even rate, less what as many free course
    weeks gain by chance: a logistic weight of the difference (Burnham and Anderson, Model Selection and
    Multimodel Inference, 2002, 2.5 and 2.9).  The arguments are those of `seasons`.
    """
    seen, even, reached = _before(counts, exposure, places, known)
    profile, free = _fitted(seen, even, reached, CLOSE)
    return Season(profile, _belief(seen, even, even * (profile @ reached), free))


def seasons(counts: Counts, exposure: Doubles, places: Doubles, known: int) -> Doubles:
    """How many times its mean rate each cluster of a course may expect in each week, (clusters, weeks).

    The rate is a mean over the cohorts under way of a profile of course weeks; where none is, 1.  The
    profile is fitted by expectation and maximisation for additive Poisson rates (Shepp and Vardi, IEEE
    Transactions on Medical Imaging 1, 1982), each course week with a gamma prior at the mean, so that few
    questions, and course weeks that no cohort has reached, change nothing.

    Args:
        counts: (clusters, weeks) questions.
        exposure: (clusters, weeks) volume, as `kbsearch.insights.exposure.exposures`.
        places: (course weeks, weeks), as `course_weeks`.
        known: weeks from the oldest on that may be learned from.
    """
    profile, _ = _fitted(*_before(counts, exposure, places, known), PRIOR)
    return np.where(places.sum(axis=0) > 0, profile @ places, 1.0)


def _before(
    counts: Counts, exposure: Doubles, places: Doubles, known: int
) -> tuple[Counts, Doubles, Doubles]:
    """Of the ``known`` weeks with a cohort: the counts, what an even rate expects, and the places."""
    during = places[:, :known].sum(axis=0) > 0
    seen, volume = counts[:, :known][:, during], exposure[:, :known][:, during]
    mean = seen.sum(axis=1) / np.maximum(volume.sum(axis=1), 1e-9)
    return seen, volume * mean[:, None], places[:, :known][:, during]


def _fitted(seen: Counts, even: Doubles, reached: Doubles, prior: float) -> tuple[Doubles, Doubles]:
    """The profile (clusters, course weeks), and how many of them were free to be fitted, (clusters,)."""
    chances = _smeared(even @ reached.T)
    profile = np.ones((len(seen), LONGEST))
    for _ in range(ROUNDS):
        came = profile * ((_ratio(seen, even * (profile @ reached)) * even) @ reached.T)
        profile = (prior + _smeared(came)) / (prior + chances)
    return profile, (chances / (prior + chances)).sum(axis=1)


def _belief(seen: Counts, even: Doubles, fitted: Doubles, free: Doubles) -> Doubles:
    """The weight of ``fitted`` against ``even``, (clusters,); ``free``: course weeks that were fitted."""
    gained = seen * np.log(np.maximum(_ratio(fitted, even), 1e-9)) - (fitted - even)
    pearson = _ratio((seen - fitted) ** 2, fitted).sum(axis=1)
    scatter = np.maximum(1.0, pearson / np.maximum(seen.shape[1] - 1 - free, 1.0))
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(gained.sum(axis=1) / scatter - FREE * free, -30, 30))))


def _ratio(above: Doubles | Counts, below: Doubles) -> Doubles:
    return np.divide(above, below, out=np.zeros(below.shape), where=below > 0)


def _smeared(values: Doubles) -> Doubles:
    """Each course week with a share of the weeks beside it."""
    padded = np.pad(values, ((0, 0), (1, 1)))
    return np.asarray(
        NEAR[0] * padded[:, :-2] + NEAR[1] * padded[:, 1:-1] + NEAR[2] * padded[:, 2:], np.float64
    )
