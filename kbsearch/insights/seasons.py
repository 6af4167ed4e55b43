"""Seasons of the course: clusters that come with each cohort in the same week of the course."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LONGEST = 30
"""Weeks that a cohort is followed."""
PRIOR = 2.0
"""Each course week is drawn towards the cluster's mean rate as by this many questions."""
ROUNDS = 12
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


def seasons(counts: Counts, exposure: Doubles, places: Doubles, known: int) -> Doubles:
    """How many times its mean rate each cluster of a course may expect in each week, (clusters, weeks).

    Learned from the first ``known`` weeks.  The rate is a mean over the cohorts under way of a profile of
    course weeks; where none is, 1.  The profile is fitted by expectation and maximisation for additive
    Poisson rates (Shepp and Vardi, IEEE Transactions on Medical Imaging 1, 1982), each course week with a
    gamma prior at the mean, so that few questions, and course weeks that no cohort has reached, change
    nothing.

    Args:
        counts: (clusters, weeks) questions.
        exposure: (clusters, weeks) volume, as `kbsearch.insights.exposure.exposures`.
        places: (course weeks, weeks), as `course_weeks`.
        known: weeks from the oldest on that may be learned from.
    """
    seen, reached = counts[:, :known], places[:, :known]
    during = reached.sum(axis=0) > 0
    volume = (exposure[:, :known] * during).sum(axis=1)
    mean = (seen * during).sum(axis=1) / np.maximum(volume, 1e-9)
    chances = _smeared((exposure[:, :known] * mean[:, None]) @ reached.T)
    profile = np.ones((len(counts), LONGEST))
    for _ in range(ROUNDS):
        expected = exposure[:, :known] * mean[:, None] * (profile @ reached)
        ratio = np.divide(seen, expected, out=np.zeros(seen.shape), where=expected > 0)
        came = profile * ((ratio * exposure[:, :known] * mean[:, None]) @ reached.T)
        profile = (PRIOR + _smeared(came)) / (PRIOR + chances)
    return np.where(places.sum(axis=0) > 0, profile @ places, 1.0)


def _smeared(values: Doubles) -> Doubles:
    """Each course week with a share of the weeks beside it."""
    padded = np.pad(values, ((0, 0), (1, 1)))
    return np.asarray(
        NEAR[0] * padded[:, :-2] + NEAR[1] * padded[:, 1:-1] + NEAR[2] * padded[:, 2:], np.float64
    )
