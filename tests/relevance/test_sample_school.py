"""The relevance gate: figures on the sample school may not fall below those of `baseline.json`.

When a change raises them, raise the baseline in the same commit: `python -m benchmarks.matching --baseline`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from indexer.embedders import shipped
from kbsearch.cli.evaluate_matching import figures, temporary_matcher
from kbsearch.evaluation.matching import run_matching, summarise
from kbsearch.evaluation.sets import read_matching_set
from kbsearch.importers.sample_school import sample_school_folder
from kbsearch.ports import Embedder

BASELINE = json.loads(Path(__file__).with_name("baseline.json").read_text("utf-8"))
TOLERANCE = 0.005
"""Share of the questions: the last digits of vectors differ between processors."""


def measured(first: Embedder, second: Embedder | None) -> dict[str, float]:
    school = read_matching_set(sample_school_folder())
    with temporary_matcher(school, first, second) as (matcher, ids):
        outcomes = run_matching(matcher, school, ids, 0.95)
    return figures(summarise(outcomes, len(school.cases)))


@pytest.mark.parametrize("kind", sorted(BASELINE))
def test_no_figure_falls(kind: str) -> None:
    first, second = shipped()
    if kind == "both encoders" and second is None:
        pytest.skip("the second encoder is there for Linux on x86-64 only")
    figures = measured(first, second if kind == "both encoders" else None)
    baseline = BASELINE[kind]
    assert {name for name, least in baseline.items() if figures[name] < least - TOLERANCE} == set()
