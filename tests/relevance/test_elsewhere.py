"""Questions from outside the sample school's world: none is answered, hardly any gets a suggestion.

None of them was fitted on; those that were stand in `data/other_schools`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.embedders import shipped
from indexer.measuring import temporary_matcher
from kbsearch.evaluation.sets import read_matching_set
from kbsearch.importers.sample_school import sample_school_folder
from kbsearch.matching.matcher import Matcher
from kbsearch.matching.unrelated import SENTENCES
from kbsearch.models import Decision

PLAINLY = (
    "Как приготовить борщ?",
    "Как испечь торт?",
    "квантовая хромодинамика",
    "Почему кошка не ест корм",
    "What is the weather in London?",
    "How to cook pasta",
    "Which bus goes to the airport",
)
LEAST_SILENT = 0.8
FITTED_ON = Path(__file__).parents[2] / "data" / "other_schools" / "everyday.txt"


@pytest.fixture(scope="module")
def matcher() -> Iterator[Matcher]:
    school = read_matching_set(sample_school_folder())
    with temporary_matcher(school, *shipped()) as (matcher, _):
        yield matcher


def test_what_no_school_is_about_is_met_with_silence(matcher: Matcher) -> None:
    results = [matcher.match(text) for text in PLAINLY]
    assert max(result.matches[0].probability for result in results) < 0.45
    said = [matcher.decide(result, 0.95) for result in results]
    assert said.count(Decision.ABSTAIN) >= LEAST_SILENT * len(PLAINLY)


def test_everyday_questions_hardly_ever_get_a_suggestion_and_never_an_answer(matcher: Matcher) -> None:
    said = [matcher.decide(matcher.match(text), 0.95) for text in SENTENCES]
    assert Decision.ANSWER not in said
    assert said.count(Decision.ABSTAIN) >= LEAST_SILENT * len(SENTENCES)


@pytest.mark.parametrize("text", ["чат", "вебинар", "дедлайн", "Notebook", "jupyter", "коммит"])
def test_who_types_no_more_than_what_is_looked_for_gets_a_suggestion(matcher: Matcher, text: str) -> None:
    assert matcher.decide(matcher.match(text), 0.95) == Decision.SUGGEST


@pytest.mark.parametrize("text", ["супер", "жесть", "ага", "я тут", "лекция бомба", "лол", "+1", "готово!"])
def test_short_reactions_are_met_with_silence(matcher: Matcher, text: str) -> None:
    assert matcher.decide(matcher.match(text), 0.95) == Decision.ABSTAIN


def test_none_of_them_was_fitted_on() -> None:
    assert not set(FITTED_ON.read_text("utf-8").splitlines()) & {*SENTENCES, *PLAINLY}
