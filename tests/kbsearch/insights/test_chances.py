"""Chances of counts, against what is known of the distributions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kbsearch.insights.chances import benjamini_hochberg, chance_of_at_least, chance_of_at_most

counts = st.integers(0, 60)
shares = st.floats(0.01, 0.99)


@given(counts, counts, shares)
def test_without_scatter_the_split_is_binomial(part: int, rest: int, share: float) -> None:
    total = part + rest
    assert chance_of_at_most(part, total, share) == pytest.approx(stats.binom.cdf(part, total, share))
    assert chance_of_at_least(part, total, share) == pytest.approx(
        stats.binom.sf(part - 1, total, share), abs=1e-12
    )


@given(counts, counts, shares, st.floats(1.05, 9.0))
def test_with_scatter_it_is_beta_binomial(part: int, rest: int, share: float, dispersion: float) -> None:
    total = part + rest
    if total:
        a, b = total / (dispersion - 1) * share, total / (dispersion - 1) * (1 - share)
        expected = stats.betabinom.cdf(part, total, a, b)
        assert chance_of_at_most(part, total, share, dispersion) == pytest.approx(expected, abs=1e-9)


def test_scatter_makes_surprises_less_surprising() -> None:
    plain, scattered = (chance_of_at_least(11, 30, 0.1, dispersion) for dispersion in (1.0, 3.0))
    assert plain < 1e-4 < scattered


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_adjusted_chances_are_those_of_scipy(chances: list[float]) -> None:
    found = benjamini_hochberg(np.array(chances))
    assert found == pytest.approx(stats.false_discovery_control(chances))
