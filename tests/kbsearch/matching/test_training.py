"""Models learn from judged questions what there is to learn, and no more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kbsearch.matching.candidates import SIGNALS
from kbsearch.matching.confidence import POOLED
from kbsearch.matching.model import load_model, model_from
from kbsearch.matching.ranker import RANKED
from kbsearch.matching.training import EVEN, JudgedQuery, fit, fit_ranker, fold_numbers, held_out

CANDIDATES = 8


def questions(
    count: int, telling: str, seed: int = 0, scarcity: float = 0.0, **more: object
) -> list[JudgedQuery]:
    """Questions of which the signal ``telling`` is 2 higher for the right case, and noise besides."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(count):
        signals = random.normal(size=(CANDIDATES, len(SIGNALS))).astype(np.float32)
        signals[:, SIGNALS.index("explained")] = random.random(CANDIDATES)
        signals[:, [SIGNALS.index("lesson"), SIGNALS.index("unknown")]] = 0
        signals[:, SIGNALS.index("scarcity")] = scarcity
        right = np.arange(CANDIDATES) == random.integers(CANDIDATES)
        signals[right, SIGNALS.index(telling)] += 2
        found.append(JudgedQuery(signals, right, f"case-{number % 40}", **more))  # type: ignore[arg-type]
    return found


def both_ways(count: int, telling: str) -> list[JudgedQuery]:
    return questions(count, telling) + questions(count, telling, seed=1, degraded=True)


@pytest.mark.parametrize("telling", ["text", "vector", "popularity"])
def test_the_ranker_learns_which_signal_tells(telling: str) -> None:
    ranker = fit_ranker(questions(600, telling))
    asked = questions(100, telling, seed=7)
    right = [bool(one.right[ranker.score(one.signals).argmax()]) for one in asked]
    weights = {name: weight for name, weight in ranker.as_dict().items() if name in SIGNALS}
    assert max(weights, key=lambda name: weights[name] - EVEN.get(name, 0.0)) == telling
    assert np.mean(right) > 0.6


def test_few_judgements_move_the_model_little() -> None:
    base = load_model().hybrid.ranker
    few = fit_ranker(questions(10, "popularity"), base)
    many = fit_ranker(questions(400, "popularity"), base)
    place = RANKED.index("popularity")
    assert abs(few.weights - base.weights).max() < 0.6
    assert few.weights[place] < many.weights[place] / 2


def test_questions_without_a_right_case_do_not_move_the_ranker() -> None:
    base = load_model().hybrid.ranker
    wrong = [replace(one, right=np.zeros(CANDIDATES, np.bool_)) for one in questions(20, "text")]
    assert fit_ranker(wrong, base).weights == pytest.approx(base.weights)


def test_a_fitted_model_is_calibrated_and_promises_only_what_was_observed() -> None:
    model = fit(both_ways(400, "vector"), version="v")
    figures = model.hybrid.held_out
    assert figures["questions"] == 400
    assert figures["ece"] < 0.08
    assert figures["auc"] > 0.7
    assert sum(row[2] for row in figures["calibration"]) == 400
    for one in model.hybrid.calibration.thresholds[POOLED]:
        assert one.lower <= one.right / one.count
    assert model_from(model.as_dict()).as_dict() == model.as_dict()


def test_held_out_probabilities_do_not_know_the_answer() -> None:
    random = np.random.default_rng(3)
    noise = [replace(one, right=random.permutation(one.right)) for one in questions(200, "text")]
    first = held_out(noise, None)
    assert first.right.mean() < 0.25
    assert first.chance.mean() == pytest.approx(first.right.mean(), abs=0.06)


def test_thresholds_of_the_base_stay_until_there_is_enough() -> None:
    base = load_model()
    few = fit(questions(50, "text"), base=base)
    assert few.hybrid.calibration.thresholds == base.hybrid.calibration.thresholds
    assert few.text_only is base.text_only


def test_a_course_with_enough_questions_gets_thresholds_of_its_own() -> None:
    queries = questions(250, "text", course="git") + questions(60, "text", seed=2, course="sql")
    thresholds = fit(queries, base=load_model()).hybrid.calibration.thresholds
    assert set(thresholds) == {POOLED, "course:git"}


def test_nothing_to_start_from_and_nothing_judged_is_refused() -> None:
    with pytest.raises(ValueError, match="neither"):
        fit(questions(50, "text"))


def test_folds_keep_groups_whole_and_alike() -> None:
    groups = [f"g{number % 7}" for number in range(70)]
    folds = fold_numbers(groups, 3)
    assert len({(group, fold) for group, fold in zip(groups, folds.tolist(), strict=True)}) == 7
    assert max(np.bincount(folds)) <= 30
