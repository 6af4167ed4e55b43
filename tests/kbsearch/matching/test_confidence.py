"""Probabilities and decisions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kbsearch.matching.confidence import Threshold, load_confidence, percent
from kbsearch.matching.features import NAMES
from kbsearch.models import Decision

TABLES = arrays(
    np.float32, st.tuples(st.integers(0, 6), st.just(len(NAMES))), elements=st.floats(-50, 50, width=32)
)


@given(TABLES, st.booleans())
def test_probabilities_are_probabilities_and_never_rise(table: np.ndarray, degraded: bool) -> None:
    found = load_confidence().model(degraded).probabilities(table)
    assert all(0 <= value <= 1 for value in found)
    assert found == sorted(found, reverse=True)


def with_thresholds(*rows: tuple[float, int, int, float]) -> object:
    confidence = load_confidence()
    return replace(
        confidence,
        hybrid=replace(confidence.hybrid, abstain=0.2, thresholds=tuple(Threshold(*r) for r in rows)),
    )


def test_an_answer_is_given_where_precision_is_promised() -> None:
    confidence = with_thresholds((0.5, 100, 80, 0.71), (0.8, 90, 89, 0.94), (0.9, 80, 80, 0.955))
    assert confidence.decide([0.91, 0.3], 0.95, degraded=False) == Decision.ANSWER
    assert confidence.decide([0.85], 0.95, degraded=False) == Decision.SUGGEST
    assert confidence.decide([0.1], 0.95, degraded=False) == Decision.ABSTAIN
    assert confidence.decide([], 0.95, degraded=False) == Decision.ABSTAIN


@pytest.mark.parametrize(("precision", "since"), [(0.75, 0.8), (0.95, 0.8), (0.995, None)])
def test_without_a_promise_the_observed_precision_decides(precision: float, since: float | None) -> None:
    confidence = with_thresholds((0.5, 100, 70, 0.6), (0.8, 50, 49, 0.7), (0.9, 40, 39, 0.7))
    assert confidence.hybrid.answer_from(precision) == since


def test_the_fitted_model_names_its_features_and_its_origin() -> None:
    confidence = load_confidence()
    assert confidence.version
    assert np.any(confidence.hybrid.weights)
    assert not confidence.text_only.weights[[NAMES.index("vector"), NAMES.index("cosine")]].any()


def test_nothing_short_of_certain_reads_100_per_cent() -> None:
    assert (percent(0.9999), percent(1.0), percent(0)) == (99, 100, 0)
