"""Bounds of observed shares hold, also at many looks; paired comparisons tell change from noise."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.evaluation.bounds import anytime_lower, anytime_upper, clopper_pearson, paired_test


def test_clopper_pearson_equals_published_values() -> None:
    assert clopper_pearson(0, 10) == pytest.approx((0.0, 0.3085), abs=1e-4)
    assert clopper_pearson(148, 153) == pytest.approx((0.9254, 0.9893), abs=1e-4)
    assert clopper_pearson(0, 0) == (0.0, 1.0)


@given(st.integers(0, 200), st.integers(0, 200))
def test_bounds_hold_what_was_observed(right: int, wrong: int) -> None:
    count = right + wrong
    share = right / count if count else 0.5
    low, high = anytime_lower(right, count), anytime_upper(right, count)
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1
    narrow, wide = clopper_pearson(right, count), (low, high)
    assert wide[0] <= narrow[0] + 1e-6
    assert wide[1] >= narrow[1] - 1e-6


def test_looking_often_raises_no_false_alarm() -> None:
    draw = random.Random(4)  # noqa: S311  # a simulation
    alarms = 0
    for _ in range(60):
        right = 0
        for count in range(1, 301):
            right += draw.random() < 0.95
            if count >= 20 and count % 10 == 0 and anytime_upper(right, count) < 0.95:
                alarms += 1
                break
    assert alarms <= 6


def test_a_broken_promise_is_found_soon() -> None:
    assert anytime_upper(14, 20) < 0.95
    assert anytime_upper(17, 20) > 0.95
    assert anytime_upper(85, 100) < 0.95


def test_pairs_tell_change_from_noise() -> None:
    risen = paired_test([0.0] * 30, [1.0] * 12 + [0.0] * 18)
    assert (risen.count, risen.better, risen.worse) == (30, 12, 0)
    assert risen.p < 0.001
    mixed = paired_test([0.0, 1.0] * 10, [1.0, 0.0] * 10)
    assert mixed.difference == 0
    assert mixed.p == pytest.approx(1.0)
    assert paired_test([], []).p == 1.0
    assert paired_test([0.5] * 3, [0.5] * 3).p == 1.0


def test_few_pairs_are_tried_exactly_and_many_by_a_sample() -> None:
    assert paired_test([0.0] * 3, [1.0] * 3).p == pytest.approx(2 / 8)
    assert 0 < paired_test([0.0] * 40, [1.0] * 40).p <= 1e-4
