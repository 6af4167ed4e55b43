"""Suggestions and searches with a re-ranker."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from kbsearch.app import Kbsearch
from kbsearch.matching.reranking import Budget, TimedReranker
from kbsearch.ports import Floats
from kbsearch.services.cases import CaseDraft
from kbsearch.services.search import SearchService
from kbsearch.services.suggestions import SuggestionService

TITLES = ("Как создать ветку в Git", "Как удалить ветку в Git", "Как объединить ветки в Git")
ASKED = "как удалить ветку в git"


class Fond:
    """Prefers passages with a certain word, very much."""

    model_id = "fond"

    def __init__(self, word: str) -> None:
        self.word = word
        self.read: list[str] = []

    def scores(self, question: str, passages: Sequence[str]) -> Floats:
        """A hundred for those that have it."""
        self.read += passages
        return np.array([100.0 * (self.word in passage) for passage in passages], np.float32)


@pytest.fixture
def school(app: Kbsearch) -> Kbsearch:
    for title in TITLES:
        app.cases.create(CaseDraft(title=title, answer=f"Ответ: {title.lower()}."), state="published")
    app.pipeline.drain()
    return app


def loaded(model: Fond, depth: int = 10) -> TimedReranker:
    reranker = TimedReranker(model, Budget(60_000, depth))
    reranker.load()
    model.read.clear()
    return reranker


def suggestions(school: Kbsearch, reranker: TimedReranker) -> SuggestionService:
    return SuggestionService(
        school.database, school.active_matcher, school.embedder, school.settings, reranker
    )


def test_a_suggestion_says_that_it_was_re_ranked(school: Kbsearch) -> None:
    model = Fond("удалить")
    view = suggestions(school, loaded(model)).suggest(ASKED)
    assert (view.reranked, view.matches[0].case.title) == ("whole", TITLES[1])
    assert view.model_version.endswith("+fond")
    assert [text.split("\n")[0] for text in model.read[:1]] == [TITLES[1]]


def test_the_re_ranker_alone_never_makes_an_answer(school: Kbsearch) -> None:
    plain = school.suggestions.suggest(ASKED)
    view = suggestions(school, loaded(Fond("объединить"))).suggest(ASKED)
    assert view.matches[0].probability <= plain.matches[0].probability
    own = {match.case.id: match.probability for match in plain.matches}
    first = view.matches[0]
    assert first.probability <= max(own.get(first.case.id, 0.0), plain.matches[-1].probability)


def test_only_the_best_candidates_are_read(school: Kbsearch) -> None:
    model = Fond("удалить")
    view = suggestions(school, loaded(model, depth=2)).suggest(ASKED)
    assert (view.reranked, len(model.read), len(view.matches)) == ("whole", 2, 3)


def test_without_one_nothing_is_said(school: Kbsearch) -> None:
    assert school.suggestions.suggest(ASKED).reranked == "off"
    assert school.search.search(ASKED).reranked == "off"


def test_a_search_reads_as_many_as_wanted_and_shows_no_more_than_asked_for(school: Kbsearch) -> None:
    model = Fond("объединить")
    service = SearchService(
        school.database, school.case_index, school.question_index, school.active_matcher, loaded(model)
    )
    page = service.search(ASKED, limit=1)
    assert (page.reranked, len(page.cases), len(model.read)) == ("whole", 1, 3)


def test_the_settings_name_it(school: Kbsearch) -> None:
    assert school.reranker is None
    settings = school.settings.model_copy(update={"reranker": "./none", "reranker_depth": 7})
    named = Kbsearch(settings).reranker
    assert named is not None
    assert (named.model_id, named.budget) == ("cross-encoder/./none", Budget(150, 7))
