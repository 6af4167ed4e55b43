"""What is told of simulated schools against their truth; `benchmarks.effects` does it at length."""

from __future__ import annotations

from tests.simulation.judging import judge_effects, watch
from tests.simulation.schools import Plan, draw


def test_a_seed_gives_the_same_school() -> None:
    one, other = draw(5), draw(5)
    assert (one.counts == other.counts).all()
    assert one.cases == other.cases


def test_cases_without_effect_are_not_called_helpful() -> None:
    score = judge_effects(range(100, 103), Plan(ratios=(1.0,)))
    assert score.told >= 12
    assert score.false_reduced <= 0.05


def test_large_effects_are_seen() -> None:
    score = judge_effects(range(100, 103), Plan(ratios=(0.3,), volume=300))
    assert score.told > 10
    assert score.right >= 0.8


def test_growing_topics_are_found_and_little_else() -> None:
    score = watch(range(100, 102), Plan(growths=8, cases=0, weeks=90))
    assert score.found >= 0.75
    assert score.false_a_month <= 1.5
