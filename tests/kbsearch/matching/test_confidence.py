"""Probabilities and decisions."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kbsearch.matching.confidence import POOLED, Threshold, percent
from kbsearch.matching.features import NAMES
from kbsearch.matching.model import MatchingModel, load_model, model_from
from kbsearch.models import Decision

TABLES = arrays(
    np.float32, st.tuples(st.integers(0, 6), st.just(len(NAMES))), elements=st.floats(-50, 50, width=32)
)


@given(TABLES, st.booleans())
def test_probabilities_are_probabilities_and_never_rise(table: np.ndarray, degraded: bool) -> None:
    found = load_model().probabilities(table, degraded=degraded)
    assert all(0 <= value <= 1 for value in found)
    assert found == sorted(found, reverse=True)


def with_thresholds(*rows: tuple[float, int, int, float], scope: str = POOLED) -> MatchingModel:
    model = load_model()
    thresholds = {POOLED: (), scope: tuple(Threshold(*row) for row in rows)}
    calibration = replace(model.hybrid.calibration, abstain=0.2, thresholds=thresholds)
    return replace(model, hybrid=replace(model.hybrid, calibration=calibration))


def test_an_answer_is_given_where_precision_is_promised() -> None:
    model = with_thresholds((0.5, 100, 80, 0.71), (0.8, 90, 89, 0.94), (0.9, 80, 80, 0.955))
    assert model.decide([0.91, 0.3], 0.95, degraded=False) == Decision.ANSWER
    assert model.decide([0.85], 0.95, degraded=False) == Decision.SUGGEST
    assert model.decide([0.1], 0.95, degraded=False) == Decision.ABSTAIN
    assert model.decide([], 0.95, degraded=False) == Decision.ABSTAIN


@pytest.mark.parametrize(
    ("precision", "since"), [(0.75, 0.75), (0.95, 0.95), (0.995, None), (0.71, 0.71), (0.85, 0.9)]
)
def test_without_a_promise_the_observed_precision_decides(precision: float, since: float | None) -> None:
    model = with_thresholds((0.5, 100, 70, 0.6), (0.7, 60, 49, 0.5), (0.9, 40, 39, 0.5))
    assert model.hybrid.calibration.answer_from(precision) == since


def test_a_course_with_thresholds_of_its_own_goes_by_them() -> None:
    model = with_thresholds((0.6, 300, 297, 0.97), scope="course:git")
    assert model.decide([0.7], 0.95, degraded=False, course="git") == Decision.ANSWER
    assert model.decide([0.7], 0.95, degraded=False, course="sql", language="ru") == Decision.SUGGEST
    limits = model.limits(0.95, degraded=False, course="git", language="ru")
    assert (limits.scope, limits.answer_from, limits.promised) == ("course:git", 0.6, True)
    pooled = model.limits(0.95, degraded=False, course="sql", language="ru")
    assert (pooled.scope, pooled.answer_from, pooled.promised) == (POOLED, None, False)
    assert model.hybrid.calibration.scope("git", "ru") == "course:git"
    assert model.hybrid.calibration.scope("sql", "ru") == POOLED


def test_the_shipped_model_names_its_features_and_its_origin() -> None:
    model = load_model()
    assert model.version
    assert "sample_school" in model.provenance
    assert np.any(model.hybrid.calibration.weights)
    assert not model.text_only.calibration.weights[NAMES.index("vector")]
    assert model.hybrid.held_out["questions"] > 1000


def test_a_stored_model_reads_back() -> None:
    stored = json.loads(json.dumps(load_model().as_dict()))
    assert model_from(stored).as_dict() == stored
    del stored["hybrid"]["ranker"]["pieces"]
    assert model_from(stored).hybrid.ranker.as_dict()["pieces"] == 0.0
    with pytest.raises(KeyError):
        model_from({"version": "1"})


def test_nothing_short_of_certain_reads_100_per_cent() -> None:
    assert (percent(0.9999), percent(1.0), percent(0)) == (99, 100, 0)
