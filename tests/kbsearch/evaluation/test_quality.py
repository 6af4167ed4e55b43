"""Figures by scope, calibration, and what changed between two measurements."""

from __future__ import annotations

import pytest

from kbsearch.errors import InvalidInput
from kbsearch.evaluation.gate import fallen
from kbsearch.evaluation.quality import (
    UNANSWERABLE,
    Asked,
    Measured,
    calibration,
    changes,
    ece,
    figures_by_scope,
    figures_of,
    ranks_of,
)
from kbsearch.matching.thresholds import error_by_chance
from kbsearch.models import Decision


def row(
    number: int,
    rank: int,
    *,
    course: str = "",
    probability: float = 0.9,
    without: tuple[float, bool] | None = None,
) -> Measured:
    asked = Asked(number, "q", course, "", "ru", frozenset([1]))
    return Measured(asked, rank, 1 if rank == 1 else 2, probability, Decision.ANSWER, 5.0, without)


def test_figures_count_ranks_and_answers() -> None:
    found = figures_of([row(1, 1), row(2, 2), row(3, 0), row(4, 5)])
    assert (found["hit@1"], found["hit@3"], found["hit@5"]) == (0.25, 0.5, 0.75)
    assert found["mrr@5"] == pytest.approx((1 + 0.5 + 0.2) / 4)
    assert (found["answers"], found["answer_precision"]) == (4, 0.25)
    assert found["lower"] < 0.25 < found["upper"]


def test_every_fifth_question_counts_as_if_its_case_were_not_there() -> None:
    sure = figures_of([row(1, 1, without=(0.9, True))])
    assert sure["answer_precision"] == 0.8
    assert sure["calibration"] == [[0.9, 0.8, 1.2]]
    honest = figures_of([row(1, 1, without=(0.1, False))])
    assert honest["answer_precision"] == 1.0


def test_nothing_measured_is_none_not_nought() -> None:
    found = figures_of([])
    assert (found["hit@1"], found["answer_precision"], found["ece"]) == (None, None, None)


def test_courses_with_too_few_questions_have_no_figures() -> None:
    rows = [row(n, 1, course="git") for n in range(12)] + [row(n, 1, course="sql") for n in range(20, 25)]
    assert set(figures_by_scope(rows)) == {"all", "course:git", "language:ru"}


def test_calibration_is_by_tenths() -> None:
    curve = calibration([0.05, 0.95, 1.0], [False, True, False], [1, 1, 1])
    assert curve == [[0.05, 0.0, 1.0], [0.975, 0.5, 2.0]]
    assert ece(curve) == pytest.approx((0.05 + 2 * 0.475) / 3, abs=1e-4)


def test_a_question_without_its_case_adds_less_to_the_error_that_chance_makes() -> None:
    rows = [row(n, 1, probability=n / 50, without=(n / 50, False)) for n in range(1, 50)]
    chances = [one.probability for one in rows]
    found = figures_of(rows)
    assert found["ece_by_chance"] == pytest.approx(
        error_by_chance([*chances, *chances], [1.0] * 49 + [UNANSWERABLE] * 49), abs=1e-4
    )
    assert found["ece_by_chance"] < error_by_chance(chances)
    assert figures_of([])["ece_by_chance"] is None


def test_a_fall_is_told_from_noise_and_only_common_questions_are_compared() -> None:
    before = ranks_of([row(n, 1) for n in range(40)])
    noise = [row(n, 2 if n == 3 else 1) for n in range(40)]
    assert not changes(before, noise)["all"]["lowered"]
    fall = [row(n, 2 if n < 15 else 1) for n in range(35)] + [row(99, 0)]
    change = changes(before, fall)["all"]
    assert (change["count"], change["worse"], change["better"], change["lowered"]) == (35, 15, 0, True)
    assert "fell by 0.2143" in fallen({}, fall, {"ranks": before})[0]
    assert fallen({}, noise, {"ranks": before}) == []


def test_a_baseline_of_other_questions_is_refused() -> None:
    before = ranks_of([row(n, 1) for n in range(40)])
    assert fallen({}, [row(n, 1) for n in range(20, 60)], {"ranks": before}) == []
    with pytest.raises(InvalidInput, match="other questions: 10 of its 40"):
        fallen({}, [row(n, 1) for n in range(30, 70)], {"ranks": before})
