"""Trends of clusters: what shouts, and what must not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kbsearch.insights.seasons import course_weeks, season, seasons
from kbsearch.insights.trend import Trend, TrendState, trends

WEEKS = 40


def school(*special: list[int], clusters: int = 20, seed: int = 1) -> NDArray[np.int64]:
    """Rows that are given (their last weeks; zeros before), then clusters with three students a week."""
    random = np.random.default_rng(seed)
    rows = [np.pad(np.array(row), (WEEKS - len(row), 0)) for row in special]
    return np.vstack([*rows, random.poisson(3.0, (clusters, WEEKS))]).astype(np.int64)


def trend(counts: NDArray[np.int64], row: int = 0) -> Trend:
    return trends(counts, np.full(len(counts), -1, np.int64))[row]


def test_a_sudden_rise_is_told_with_what_was_expected() -> None:
    found = trend(school([3] * (WEEKS - 1) + [14]))
    assert (found.state, found.observed, found.weeks) == (TrendState.GROWING, 14, 1)
    assert 2 < found.expected < 4
    assert found.p < 0.01


def test_few_questions_do_not_shout() -> None:
    assert trend(school([1] + [0] * 20 + [4])).state in {TrendState.STEADY, TrendState.FEW}
    assert trend(school([1, 1])).state == TrendState.FEW


def test_what_the_whole_school_does_is_no_trend_of_a_cluster() -> None:
    counts = school([3] * WEEKS)
    counts[:, -1] = np.random.default_rng(2).poisson(12.0, len(counts))
    assert {one.state for one in trends(counts, np.full(len(counts), -1, np.int64))} == {TrendState.STEADY}


def test_new_and_asleep() -> None:
    assert trend(school([4, 6])).state == TrendState.NEW
    silent = trend(school([3] * (WEEKS - 10) + [0] * 10))
    assert (silent.state, silent.weeks) == (TrendState.ASLEEP, 10)
    assert trend(school([0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 2, 1, 0, 0, 0, 0])).state != TrendState.ASLEEP


def test_a_young_school_has_no_trends() -> None:
    counts = school([3, 2, 14])
    counts[:, :-3] = 0
    assert {one.state for one in trends(counts, np.full(len(counts), -1, np.int64))} <= {
        TrendState.STEADY,
        TrendState.FEW,
    }


def test_nothing_at_all_is_no_error() -> None:
    assert trends(np.zeros((0, 10), np.int64), np.zeros(0, np.int64)) == []
    assert trend(np.zeros((2, 10), np.int64)).state == TrendState.FEW


def cohorts() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """A cluster with 12 students in the third week of each cohort; the last cohort is in it now."""
    starts = [3.0 + 10 * cohort for cohort in range(4)]
    row = np.zeros(WEEKS, np.int64)
    row[[WEEKS - 1 - 10 * cohort for cohort in range(4)]] = 12
    return school(row.tolist()), course_weeks(starts, WEEKS)


def test_what_comes_with_each_cohort_is_expected() -> None:
    counts, places = cohorts()
    courses = np.zeros(len(counts), np.int64)
    assert trends(counts, courses, {0: places})[0].state != TrendState.GROWING
    counts[0, -1] = 80
    assert trends(counts, courses, {0: places})[0].state == TrendState.GROWING


def test_a_wave_that_comes_a_week_early_and_a_little_larger_is_no_growth() -> None:
    counts, places = cohorts()
    courses = np.zeros(len(counts), np.int64)
    early = np.roll(places, 1, axis=1)
    counts[0, -1] = 14
    assert trends(counts, courses, {0: early})[0].state != TrendState.GROWING


def test_an_even_cluster_is_believed_to_have_no_season() -> None:
    counts, places = cohorts()
    found = season(counts, np.full(counts.shape, 60.0), places, WEEKS - 2)
    assert found.belief[0] > 0.9
    assert np.median(found.belief[1:]) < 0.1
    assert np.median(found.at_most(places)[1:]) < 1.1


def test_a_silent_week_that_the_next_makes_up_for_is_no_growth() -> None:
    counts = school()
    counts[:, -1] += counts[:, -2]
    counts[:, -2] = 0
    found = {one.state for one in trends(counts, np.full(len(counts), -1, np.int64))}
    assert not found & {TrendState.GROWING, TrendState.NEW}


def test_the_season_is_learned_from_earlier_cohorts_only() -> None:
    counts, places = cohorts()
    exposure = np.full(counts.shape, 60.0)
    found = seasons(counts, exposure, places, WEEKS - 2)
    assert found[0, -1] > 3 * found[0, -5]
    assert np.allclose(seasons(counts * 0, exposure, places, WEEKS - 2), 1.0)
    changed = counts.copy()
    changed[0, -1] = 500
    assert np.allclose(seasons(changed, exposure, places, WEEKS - 2), found)
