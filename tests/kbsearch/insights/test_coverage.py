"""Colours of clusters, and what a case would save."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kbsearch.insights.coverage import ENOUGH, MOST, SAVED, Sampled, colour_of, covered, saved_a_week
from kbsearch.models import Colour

samples = st.lists(
    st.builds(Sampled, st.integers(1, 99), st.none() | st.integers(1, 3), st.floats(0, 1)), max_size=60
)


@given(samples)
def test_green_means_that_published_cases_are_sure_on_most(sample: list[Sampled]) -> None:
    found = covered(sample)
    sure = [one for one in sample if one.case_id and one.probability >= ENOUGH]
    assert (found.sampled, found.sure) == (len(sample), len(sure))
    assert (found.colour == Colour.GREEN) == (len(sure) > MOST * len(sample))
    assert found.same_case == sum(one.case_id == found.case_id for one in sure)
    assert (found.case_id is None) == (not sure)


@given(st.integers(0, 50), st.integers(0, 50))
def test_colours_only_get_better_with_more_that_is_sure(sure: int, sampled: int) -> None:
    order = [Colour.RED, Colour.YELLOW, Colour.GREEN]
    sure = min(sure, sampled)
    better = colour_of(min(sure + 1, sampled), sampled)
    assert order.index(better) >= order.index(colour_of(sure, sampled))


def test_nothing_sampled_is_nothing_covered() -> None:
    assert covered([]).colour == Colour.RED
    assert colour_of(25, 50) == Colour.YELLOW


def test_what_is_answered_surely_saves_nothing_more() -> None:
    assert saved_a_week(10, 50, 50) == 0
    assert saved_a_week(10, 0, 50) == 10 * SAVED
    assert saved_a_week(10, 0, 0) == 10 * SAVED
