"""Thresholds and figures of held-out first cases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.matching.thresholds import (
    FirstCases,
    abstain_below,
    calibration_error,
    error_by_chance,
    held_out_figures,
    lower_bound,
    thresholds,
)


def first_cases(chance: list[float], right: list[bool]) -> FirstCases:
    count = len(chance)
    return FirstCases(
        np.array(chance), np.array(right, np.bool_), np.ones(count), ("",) * count, ("",) * count
    )


@pytest.mark.parametrize(("right", "count", "bound"), [(0, 30, 0.0), (30, 30, 0.8843), (95, 100, 0.8872)])
def test_the_lower_bound_is_that_of_clopper_and_pearson(right: int, count: int, bound: float) -> None:
    assert lower_bound(right, count) == pytest.approx(bound, abs=1e-4)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200))
def test_thresholds_ascend_over_ever_fewer_questions(rows: list[tuple[float, bool]]) -> None:
    found = thresholds(first_cases([chance for chance, _ in rows], [right for _, right in rows]))
    assert [one.probability for one in found] == sorted(one.probability for one in found)
    assert [one.count for one in found] == sorted((one.count for one in found), reverse=True)
    assert all(0 <= one.lower <= one.right / one.count <= 1 for one in found)


def test_a_part_of_a_wrong_question_counts_against_the_bound() -> None:
    whole = first_cases([0.9] * 100, [True] * 98 + [False] * 2)
    part = replace(whole, weight=np.append(np.ones(98), [0.5, 0.4]))
    none = first_cases([0.9] * 98, [True] * 98)
    bounds = [thresholds(one)[-1].lower for one in (whole, part, none)]
    assert bounds[0] < bounds[1] < bounds[2]
    assert (thresholds(part)[-1].right, thresholds(part)[-1].count) == (98, 99)


def test_calibration_error_is_the_mean_gap_by_tenths() -> None:
    assert calibration_error([0.95] * 10 + [0.05] * 10, [True] * 9 + [False] + [False] * 10) == pytest.approx(
        0.05
    )
    assert calibration_error([1.0, 0.0], [True, False]) == 0.0
    assert calibration_error([], []) == 0.0


@pytest.mark.parametrize("count", [40, 400, 4_000])
def test_perfect_probabilities_show_the_error_that_chance_makes(count: int) -> None:
    draw = np.random.default_rng(0)
    chances = draw.beta(1.2, 1.0, count)
    shown = [calibration_error(chances, draw.random(count) < chances) for _ in range(300)]
    assert error_by_chance(chances) == pytest.approx(np.mean(shown), rel=0.06)
    assert (error_by_chance([]), error_by_chance([0.0, 1.0])) == (0, 0)


def test_the_error_that_chance_makes_knows_what_each_question_counts() -> None:
    draw = np.random.default_rng(0)
    chances, weights = draw.beta(1.2, 1.0, 800), np.repeat([1.0, 0.25], 400)
    bins = np.minimum((10 * chances).astype(int), 9)
    gaps = [
        np.bincount(bins, weights * (chances - (draw.random(800) < chances)), minlength=10)
        for _ in range(300)
    ]
    shown = np.abs(gaps).sum(axis=1) / weights.sum()
    assert error_by_chance(chances, weights) == pytest.approx(shown.mean(), rel=0.06)


def test_nine_of_ten_right_first_cases_stay_above_the_threshold_of_abstaining() -> None:
    right = np.linspace(0.1, 1.0, 100).tolist()
    bar = abstain_below(first_cases([*right, 0.01], [True] * 100 + [False]))
    assert np.mean(np.array(right) >= bar) == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize(("chance", "auc"), [([0.1, 0.2, 0.8, 0.9], 1.0), ([0.5, 0.5, 0.5, 0.5], 0.5)])
def test_the_area_under_the_curve_counts_pairs(chance: list[float], auc: float) -> None:
    assert held_out_figures(first_cases(chance, [False, False, True, True]))["auc"] == auc
