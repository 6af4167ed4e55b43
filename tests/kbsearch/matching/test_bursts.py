"""Bursts of questions of one kind: found when they are real, never for few questions or a busy evening."""

from __future__ import annotations

import numpy as np
import pytest

from kbsearch.matching.bursts import LEAST, Heard, find_burst
from kbsearch.matching.platform_speech import at_prevalence, examples

DAYS = 28
NOW = 24.0 * DAYS
NONE = np.zeros(0)


def school(seed: int = 0, *, per_day: float = 40, share: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Four ordinary weeks: when everything and when voices were asked, in hours."""
    random = np.random.default_rng(seed)
    asked = np.sort(random.uniform(0, NOW, random.poisson(per_day * DAYS)))
    return asked, asked[random.random(len(asked)) < share]


def heard(extra_voices: np.ndarray, extra_others: np.ndarray = NONE, **options: object) -> Heard:
    asked, voices = school()
    everything = np.sort(np.r_[asked, extra_voices, extra_others])
    return Heard(everything, np.sort(np.r_[voices, extra_voices]), **options)  # type: ignore[arg-type]


def test_a_burst_is_found_with_its_start_and_what_is_usual() -> None:
    burst = find_burst(heard(NOW + np.linspace(0.1, 1.1, 12)), NOW + 1.1)
    assert burst is not None
    assert burst.start == pytest.approx(NOW + 0.1, abs=0.5)
    assert burst.count >= 8
    assert burst.expected < 1
    assert burst.usual_share == pytest.approx(0.1, abs=0.03)
    assert burst.p < 1e-6


def test_few_questions_do_not_shout() -> None:
    for count in range(1, LEAST):
        assert find_burst(heard(NOW + np.linspace(0.1, 0.2, count)), NOW + 0.2) is None


def test_a_rush_of_ordinary_questions_is_none() -> None:
    random = np.random.default_rng(1)
    rush = NOW + random.uniform(0, 2, 200)
    voices = rush[random.random(200) < 0.1]
    others = np.setdiff1d(rush, voices)
    assert find_burst(heard(voices, others), float(voices.max())) is None


def test_without_a_past_nothing_is_said() -> None:
    voices = np.linspace(0, 1, 30)
    assert find_burst(Heard(voices, voices), 1.0) is None
    past = np.r_[np.linspace(-100, -1, 200), voices]
    assert find_burst(Heard(past, voices), 1.0) is None


def test_what_a_person_called_off_is_no_burst_again_unless_it_grows() -> None:
    first = find_burst(heard(NOW + np.linspace(0.1, 1.1, 12)), NOW + 1.1)
    assert first is not None
    off = first
    again = NOW + 10 + np.linspace(0.1, 1.1, 12)
    assert find_burst(heard(again, called_off=(off,)), float(again[-1])) is None
    grown = NOW + 10 + np.linspace(0.1, 1.1, 120)
    assert find_burst(heard(grown, called_off=(off,)), float(grown[-1])) is not None
    later = NOW + 72 + np.linspace(0.1, 1.1, 12)
    assert find_burst(heard(later, called_off=(off,)), float(later[-1])) is not None


@pytest.mark.parametrize("seed", range(3))
def test_ordinary_weeks_have_none(seed: int) -> None:
    asked, voices = school(seed)
    ordinary = Heard(asked, voices)
    assert [now for now in voices.tolist() if find_burst(ordinary, now)] == []


def test_doubtful_texts_count_for_more_among_sure_ones() -> None:
    doubtful = 0.3
    sure = at_prevalence(np.array([0.95] * 20 + [doubtful]), 0.43)
    rare = at_prevalence(np.array([0.02] * 20 + [doubtful]), 0.43)
    assert sure[-1] > 0.5 > doubtful > rare[-1]
    assert at_prevalence(np.zeros(0), 0.43).shape == (0,)


def test_the_sentences_are_of_both_kinds_and_languages() -> None:
    speaks = [text for text, yes in examples() if yes]
    others = [text for text, yes in examples() if not yes]
    assert min(len(speaks), len(others)) > 80
    assert len(set(speaks + others)) == len(speaks) + len(others)
    assert all(any(text.isascii() for text in side) for side in (speaks, others))
