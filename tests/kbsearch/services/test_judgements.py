"""What people did becomes judgements: who, at which place, how heavy; nobody rules alone."""

from __future__ import annotations

import pytest

from kbsearch.app import Kbsearch
from kbsearch.importers.records import IncomingQuestion
from kbsearch.models import Case, Surface
from kbsearch.services.cases import CaseDraft
from kbsearch.services.judgements import (
    LEAST_CAP,
    MISSED,
    PROGRAM,
    SKIPPED,
    SOUGHT,
    JudgedQuestion,
    gather,
)
from kbsearch.services.suggestions import SuggestedMatch

TITLES = ("Как отменить коммит", "Как создать ветку", "Возврат денег", "Где сертификат")


@pytest.fixture
def cases(app: Kbsearch) -> list[Case]:
    return [app.cases.create(CaseDraft(title, "Так."), state="published") for title in TITLES]


@pytest.fixture
def people(app: Kbsearch) -> list[int]:
    return [app.people.create(f"mentor{n}", "M", "a long password", "mentor").id for n in range(4)]


def shown(app: Kbsearch, text: str, cases: list[Case], question_id: int | None = None) -> str:
    """A suggestion that showed ``cases`` in this order."""
    matches = [SuggestedMatch(case, 0.5, ()) for case in cases]
    return app.suggestions.keep_shown(text, matches, question_id=question_id, surface=Surface.SEARCH).id


def judged(app: Kbsearch) -> list[JudgedQuestion]:
    with app.database.reading() as session:
        return gather(session)


def act(  # noqa: PLR0917  # who did what to which, in the order of a sentence
    app: Kbsearch, text: str, cases: list[Case], action: str, case: Case | None, person: int
) -> None:
    case_id = case.id if case else None
    app.suggestions.feedback(shown(app, text, cases), action, case_id=case_id, person_id=person)


def test_a_choice_further_down_weighs_more_and_speaks_a_little_against_those_above(
    app: Kbsearch, cases: list[Case], people: list[int]
) -> None:
    act(app, "вернуть деньги", cases, "accepted", cases[2], people[0])
    (question,) = judged(app)
    assert question.cases == {
        cases[2].id: 3.0,
        cases[0].id: pytest.approx(-SKIPPED),
        cases[1].id: pytest.approx(-SKIPPED),
    }
    assert question.right == [cases[2].id]
    assert question.confirmed == {cases[2].id: {f"person:{people[0]}"}}


def test_each_action_says_its_own(app: Kbsearch, cases: list[Case], people: list[int]) -> None:
    act(app, "первый вопрос", cases, "copied", cases[0], people[0])
    act(app, "второй вопрос", cases, "rejected", cases[0], people[0])
    act(app, "третий вопрос", cases, "nothing_fits", None, people[0])
    act(app, "четвёртый вопрос", cases[:2], "answered", cases[3], people[0])
    found = {question.text: question for question in judged(app)}
    assert found["первый вопрос"].cases == {cases[0].id: 0.5}
    assert found["первый вопрос"].confirmed == {}
    assert found["второй вопрос"].cases == {cases[0].id: -1.0}
    assert found["третий вопрос"].cases == {case.id: -MISSED for case in cases[:3]}
    assert found["четвёртый вопрос"].cases == {cases[3].id: SOUGHT}


def test_the_last_word_of_an_actor_counts_once(app: Kbsearch, cases: list[Case], people: list[int]) -> None:
    for action in ("copied", "accepted", "accepted", "rejected"):
        act(app, "один вопрос", cases, action, cases[0], people[0])
    (question,) = judged(app)
    assert question.cases == {cases[0].id: -1.0}


def test_a_program_speaks_for_its_asker_only(app: Kbsearch, cases: list[Case]) -> None:
    token, _ = app.people.make_token("bot", ["write"])
    key = shown(app, "вопрос программы", cases)
    app.suggestions.feedback(key, "accepted", case_id=cases[0].id, token_id=token.id)
    (question,) = judged(app)
    assert question.cases == {cases[0].id: PROGRAM}
    assert question.confirmed == {}


def test_answered_questions_and_kept_phrasings_are_judgements(app: Kbsearch, cases: list[Case]) -> None:
    first = app.questions.receive(IncomingQuestion("как мне вернуть деньги за курс"))
    second = app.questions.receive(IncomingQuestion("хочу отменить последний коммит"))
    app.questions.answer(first.question_id, cases[2].id)
    app.cases.add_wording(cases[0].id, "хочу отменить последний коммит", second.question_id)
    found = {question.question_id: question for question in judged(app)}
    assert found[first.question_id].cases == {cases[2].id: 1.0}
    assert found[first.question_id].answered == {cases[2].id}
    assert found[second.question_id].right == [cases[0].id]


def test_who_answered_is_not_counted_twice(app: Kbsearch, cases: list[Case], people: list[int]) -> None:
    text = "как мне вернуть деньги"
    question_id = app.questions.receive(IncomingQuestion(text)).question_id
    key = shown(app, text, cases[2:3], question_id)
    app.suggestions.feedback(key, "accepted", case_id=cases[2].id, person_id=people[0])
    (question,) = judged(app)
    assert question.cases == {cases[2].id: 1.0}
    assert question.question_id == question_id


def test_words_against_a_case_lapse_when_it_is_rewritten(
    app: Kbsearch, cases: list[Case], people: list[int]
) -> None:
    act(app, "вопрос", cases, "rejected", cases[0], people[0])
    app.cases.add_wording(cases[0].id, "совсем другая новая формулировка")
    assert judged(app)
    case = app.cases.get(cases[0].id)
    app.cases.save(case.id, CaseDraft(case.title, "Совсем иначе."), version=case.version)
    assert judged(app) == []


def test_cases_that_are_not_live_are_left_out(app: Kbsearch, cases: list[Case], people: list[int]) -> None:
    act(app, "вопрос", cases, "accepted", cases[0], people[0])
    app.cases.move(cases[0].id, "archived")
    assert judged(app) == []


def test_one_busy_mentor_does_not_rule(app: Kbsearch, cases: list[Case], people: list[int]) -> None:
    for number in range(60):
        act(app, f"вопрос номер {number}", cases, "rejected", cases[0], people[0])
    for person in people[1:]:
        for number in range(5):
            act(app, f"вопрос номер {number}", cases, "accepted", cases[0], person)
    found = judged(app)
    against = sum(-weight for one in found for weight in one.cases.values() if weight < 0)
    assert against <= LEAST_CAP
    disputed = [one for one in found if one.text in {f"вопрос номер {n}" for n in range(5)}]
    assert all(one.right == [cases[0].id] for one in disputed)


def test_texts_are_masked(app: Kbsearch, cases: list[Case], people: list[int]) -> None:
    act(app, "верните деньги, почта anna@mail.ru", cases, "accepted", cases[0], people[0])
    assert "anna@mail.ru" not in judged(app)[0].text
