"""Suggestions and what people do with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.errors import InvalidInput, NotFound, TooLarge
from kbsearch.importers.records import IncomingQuestion
from kbsearch.matching.small_talk import load_small_talk_model
from kbsearch.models import Decision, Outbox, Question, QuestionState, Suggestion
from kbsearch.services.cases import CaseDraft
from kbsearch.services.suggestions import SuggestionView

TITLES = (
    "Как создать ветку в Git",
    "Как удалить ветку в Git",
    "Как объединить ячейки в таблице",
    "Возврат денег за курс",
    "Где взять сертификат об окончании",
    "Почему не открывается видео урока",
    "Как перенести срок сдачи домашнего задания",
    "Ошибка при установке интерпретатора",
)
ASKED = "Здравствуйте! Где взять сертификат об окончании? Мой адрес anna@mail.ru"


@pytest.fixture
def school(app: Kbsearch) -> Iterator[Kbsearch]:
    for title in TITLES:
        app.cases.create(CaseDraft(title=title, answer=f"Ответ: {title.lower()}."), state="published")
    app.pipeline.drain()
    return app


def test_a_clear_question_gets_its_case_with_reasons(school: Kbsearch) -> None:
    view = school.suggestions.suggest(ASKED)
    assert view.decision != Decision.ABSTAIN
    assert view.matches[0].case.title == TITLES[4]
    assert len(view.matches) <= 3
    chances = [match.probability for match in view.matches]
    assert chances == sorted(chances, reverse=True)
    assert "shared_terms" in {reason.kind for reason in view.matches[0].reasons}
    assert view.model_version
    assert not view.degraded


def test_nothing_is_suggested_for_what_no_case_answers(school: Kbsearch) -> None:
    view = school.suggestions.suggest("какая завтра погода")
    assert view.decision == Decision.ABSTAIN
    assert view.matches == ()
    assert view.stored


@pytest.mark.parametrize(
    "text", ["спасибо, сертификат об окончании пришёл, ура!!", "удачи всем со сдачей домашнего задания 🎉"]
)
def test_small_talk_is_suggested_nothing_whatever_it_speaks_of(school: Kbsearch, text: str) -> None:
    assert school.search.search(text).cases  # words alone would find some
    assert school.suggestions.suggest(text).decision == Decision.ABSTAIN


@pytest.mark.parametrize("text", ["сертификат", "Git", "видео"])
def test_a_single_word_that_cases_have_is_looked_for(school: Kbsearch, text: str) -> None:
    assert load_small_talk_model().told([text])  # by its words alone it looks like chat
    (first, *_) = school.search.search(text).cases
    assert text.lower() in first.case.title.lower()
    assert first.probability > school.search.search(f"удачи, {text}").cases[0].probability


def test_a_suggestion_is_stored_masked_and_comes_back_as_given(school: Kbsearch) -> None:
    view = school.suggestions.suggest(ASKED, course="start")
    with school.database.reading() as session:
        row = session.scalars(select(Suggestion)).one()
    assert row.id == view.id
    assert "anna@mail.ru" not in row.text
    assert row.course_code == "start"
    again = school.suggestions.get(view.id)
    assert [(m.case.id, m.probability, m.reasons) for m in again.matches] == [
        (m.case.id, m.probability, m.reasons) for m in view.matches
    ]


def test_an_unstored_suggestion_leaves_no_trace(school: Kbsearch) -> None:
    assert not school.suggestions.suggest(ASKED, store=False).stored
    with school.database.reading() as session:
        assert session.scalars(select(Suggestion)).all() == []


def test_a_case_withdrawn_before_the_index_knows_is_not_shown(school: Kbsearch) -> None:
    before = [match.case.id for match in school.suggestions.suggest(ASKED).matches]
    school.cases.move(before[-1], "draft")
    after = [match.case.id for match in school.suggestions.suggest(ASKED).matches]
    assert before[-1] not in after
    assert len(after) == len(before)  # the next best takes its place


def test_a_locked_database_does_not_hold_the_answer_back(school: Kbsearch, settings: Settings) -> None:
    other = sqlite3.connect(settings.home / "kbsearch.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        view = school.suggestions.suggest(ASKED)
    finally:
        other.close()
    assert view.matches
    assert view.id == ""
    assert not view.stored


@pytest.mark.parametrize("text", ["", "  \n", "\x00"])
def test_no_text_is_refused(app: Kbsearch, text: str) -> None:
    with pytest.raises(InvalidInput):
        app.suggestions.suggest(text)


def test_a_megabyte_is_refused(app: Kbsearch) -> None:
    with pytest.raises(TooLarge):
        app.suggestions.suggest("почему " * 150_000)


def test_an_unknown_question_or_suggestion_is_told(school: Kbsearch) -> None:
    with pytest.raises(NotFound):
        school.suggestions.suggest(ASKED, question_id=99)
    with pytest.raises(NotFound):
        school.suggestions.get("nope")
    with pytest.raises(NotFound):
        school.suggestions.feedback("nope", "nothing_fits")


@pytest.fixture
def given(school: Kbsearch) -> SuggestionView:
    received = school.questions.receive(IncomingQuestion(text=ASKED))
    school.pipeline.drain()
    return school.suggestions.suggest(ASKED, question_id=received.question_id)


@pytest.mark.parametrize("action", ["accepted", "edited", "answered"])
def test_settling_on_a_case_answers_the_question(
    school: Kbsearch, given: SuggestionView, action: str
) -> None:
    case = given.matches[0].case
    school.suggestions.feedback(given.id, action, case_id=case.id)
    with school.database.reading() as session:
        question = session.scalars(select(Question)).one()
        waiting = session.scalars(select(Outbox)).all()
    assert (question.state, question.case_id) == (QuestionState.ANSWERED, case.id)
    assert [row.entity_id for row in waiting] == [question.id]


def test_the_same_feedback_again_changes_nothing(school: Kbsearch, given: SuggestionView) -> None:
    first = school.suggestions.feedback(given.id, "nothing_fits")
    assert school.suggestions.feedback(given.id, "nothing_fits").id == first.id
    case_id = given.matches[0].case.id
    assert school.suggestions.feedback(given.id, "copied", case_id=case_id).id != first.id


@pytest.mark.parametrize(
    ("action", "case_id"), [("accepted", 999), ("rejected", None), ("nothing_fits", 1), ("praised", None)]
)
def test_feedback_that_makes_no_sense_is_refused(
    school: Kbsearch, given: SuggestionView, action: str, case_id: int | None
) -> None:
    with pytest.raises(InvalidInput):
        school.suggestions.feedback(given.id, action, case_id=case_id)


def test_feedback_that_should_name_a_case_says_so(school: Kbsearch, given: SuggestionView) -> None:
    with pytest.raises(InvalidInput, match="names no case"):
        school.suggestions.feedback(given.id, "accepted")


def test_the_only_case_of_a_new_knowledge_base_is_suggested(app: Kbsearch) -> None:
    app.cases.create(CaseDraft(title=TITLES[4], answer="В профиле."), state="published")
    app.pipeline.drain()
    assert app.suggestions.suggest(TITLES[4]).matches
    assert app.suggestions.suggest("какая завтра погода").decision == Decision.ABSTAIN
