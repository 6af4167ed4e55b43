"""The effect of a case: verdicts, intervals, and when nothing may be said."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kbsearch.insights.comparison import School, judge
from kbsearch.insights.effect import Change, EffectVerdict, effect_of

EQUAL = [Change(50, 52, 0.0), Change(48, 45, 0.0), Change(60, 58, 0.0), Change(30, 33, 0.0)] * 4


def test_a_fall_that_controls_do_not_share_is_an_effect() -> None:
    found = effect_of(Change(60, 20, 0.0), EQUAL, 20)
    assert found.verdict == EffectVerdict.REDUCED
    assert found.low is not None
    assert found.high is not None
    assert found.ratio is not None
    assert 0.15 < found.low < found.ratio < found.high < 0.7
    assert found.p is not None
    assert found.p < 0.01


def test_a_fall_that_all_share_is_none() -> None:
    halved = [Change(each.before, each.after // 2, 0.0) for each in EQUAL]
    assert effect_of(Change(120, 58, 0.0), halved, 20).verdict == EffectVerdict.NOT_VISIBLE
    assert effect_of(Change(120, 58, -0.7), EQUAL, 20).verdict == EffectVerdict.NOT_VISIBLE


def test_without_enough_there_is_no_verdict() -> None:
    for case, controls, weeks in (
        (Change(11, 0, 0.0), EQUAL, 20),
        (Change(60, 0, 0.0), EQUAL, 3),
        (Change(60, 0, 0.0), EQUAL[:4], 20),
        (Change(60, 1, -3.0), EQUAL, 20),
        (Change(0, 0, 0.0), EQUAL, 20),
    ):
        assert effect_of(case, controls, weeks).verdict == EffectVerdict.TOO_LITTLE


def test_controls_that_scatter_widen_the_interval() -> None:
    wild = [Change(50, 15, 0.0), Change(20, 60, 0.0), Change(40, 80, 0.0), Change(70, 20, 0.0)] * 4
    calm, rough = (effect_of(Change(60, 25, 0.0), controls, 20) for controls in (EQUAL, wild))
    assert calm.verdict == EffectVerdict.REDUCED
    assert rough.verdict != EffectVerdict.REDUCED


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 80), st.integers(0, 80), st.floats(-1, 1))
@example(1, 49, -1.0)
def test_the_interval_holds_the_ratio(before: int, after: int, offset: float) -> None:
    found = effect_of(Change(before, after, offset), EQUAL, 20)
    assert found.ratio is not None
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.ratio <= found.high
    assert found.p is not None
    assert 0 <= found.p <= 1
    assert not (found.verdict == EffectVerdict.REDUCED and found.p > 0.05)


def test_what_peaks_when_the_case_is_written_is_no_effect() -> None:
    random = np.random.default_rng(3)
    counts = random.poisson(3.0, (30, 80)).astype(np.int64)
    counts[0, 50:54] = 20
    courses = np.full(30, -1, np.int64)
    found = judge(School(counts, courses, {}, {0: [54]}), [0], 54)
    assert found.effect.verdict == EffectVerdict.NOT_VISIBLE
    assert 0 not in found.controls
    assert (found.begin, found.end, found.published, found.until) == (24, 50, 54, 80)


def test_touched_clusters_are_no_controls() -> None:
    counts = np.full((20, 80), 3, np.int64)
    touched = {0: [54], 1: [60], 2: [5], 3: [30]}
    found = judge(School(counts, np.full(20, -1, np.int64), {}, touched), [0], 54)
    assert {1, 3}.isdisjoint(found.controls)
    assert 2 in found.controls


def test_a_case_older_than_all_counts_is_not_judged() -> None:
    counts = np.full((20, 30), 3, np.int64)
    for week in (0, 3, 30):
        found = judge(School(counts, np.full(20, -1, np.int64), {}, {}), [0], week)
        assert found.effect.verdict == EffectVerdict.TOO_LITTLE
