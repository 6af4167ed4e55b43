"""Measurements tell how far they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from indexer.embedders import open_embedder
from indexer.measuring import READ_AT_ONCE, temporary_matcher
from kbsearch.evaluation.matching import run_matching
from kbsearch.evaluation.sets import read_matching_set

SCHOOL = Path(__file__).parents[3] / "data" / "other_schools" / "cloud"


def test_reading_cases_and_asking_questions_are_told() -> None:
    school = read_matching_set(SCHOOL)
    few = replace(school, cases=school.cases[: READ_AT_ONCE + 1], questions=school.questions[:3])
    told: list[tuple[int, int, str]] = []

    def progress(done: int, total: int, stage: str) -> None:
        told.append((done, total, stage))

    with temporary_matcher(few, open_embedder("hashing"), progress=progress) as (matcher, ids):
        run_matching(matcher, few, ids, 0.95, progress)
    cases = [(READ_AT_ONCE, READ_AT_ONCE + 1, "reading cases")]
    cases.append((READ_AT_ONCE + 1, READ_AT_ONCE + 1, "reading cases"))
    assert told == [*cases, *((done, 3, "asking questions") for done in (1, 2, 3))]
