"""Wordings join their case once, come off again, and join by themselves when enough people agree."""

from __future__ import annotations

import pytest

from kbsearch.app import Kbsearch
from kbsearch.importers.records import IncomingQuestion
from kbsearch.models import Case
from kbsearch.services.cases import CaseDraft
from kbsearch.services.wordings import is_known


@pytest.fixture
def case(app: Kbsearch) -> Case:
    made = app.cases.create(CaseDraft("Как отменить последний коммит", "git reset"), state="published")
    app.pipeline.drain()
    return made


def variants(app: Kbsearch, case: Case) -> list[str]:
    return [variant.text for variant in app.cases.get(case.id).variants]


def test_near_identical_wordings_are_kept_once(app: Kbsearch, case: Case) -> None:
    assert app.cases.add_wording(case.id, "сделал лишний коммит, как его убрать")
    assert not app.cases.add_wording(case.id, "Здравствуйте! Сделал лишний коммит: как его убрать?")
    assert not app.cases.add_wording(case.id, "как отменить последние коммиты")
    assert not app.cases.add_wording(case.id, "ё" * 3_000)
    assert variants(app, case) == ["сделал лишний коммит, как его убрать"]


def test_a_wording_comes_off_again_and_leaves_revisions(app: Kbsearch, case: Case) -> None:
    app.cases.add_wording(case.id, "сделал лишний коммит")
    after = app.cases.remove_wording(case.id, "сделал лишний коммит")
    assert after.variants == []
    assert len(after.revisions) == 3
    assert len(app.cases.remove_wording(case.id, "такой нет").revisions) == 3


STORY = "Я недавно на курсе, раньше была бухгалтером, поэтому многое непонятно. Посмотрела две лекции. " * 3


def test_of_a_long_message_what_it_asks_is_kept_and_comes_off_again(app: Kbsearch, case: Case) -> None:
    message = f"{STORY}Как убрать лишний коммит? Муж говорит, что надо переустановить программу."
    assert app.cases.add_wording(case.id, message)
    assert variants(app, case) == ["Как убрать лишний коммит?"]
    assert app.cases.remove_wording(case.id, message).variants == []


def test_a_story_that_asks_nothing_joins_by_a_person_only(
    app: Kbsearch, case: Case, people: list[int]
) -> None:
    question_id = app.questions.receive(IncomingQuestion(STORY)).question_id
    confirm(app, question_id, case.id, people[0], "answered")
    confirm(app, question_id, case.id, people[1], "answered")
    app.questions.answer(question_id, case.id)
    assert app.cases.add_confirmed_wording(question_id, 2) is None
    assert app.cases.add_wording(case.id, STORY, question_id)


def test_negation_and_other_words_are_news() -> None:
    assert is_known("Как отменить коммит?", ["как отменить коммиты"])
    assert not is_known("как отменить merge", ["как отменить коммит"])


def confirm(app: Kbsearch, question_id: int, case_id: int, person: int, action: str = "accepted") -> None:
    text = app.questions.get(question_id).text
    view = app.suggestions.suggest(text, question_id=question_id)
    app.suggestions.feedback(view.id, action, case_id=case_id, person_id=person)


@pytest.fixture
def people(app: Kbsearch) -> list[int]:
    return [app.people.create(f"mentor{n}", "M", "a long password", "mentor").id for n in range(3)]


def test_enough_people_who_agree_add_the_wording(app: Kbsearch, case: Case, people: list[int]) -> None:
    text = "сделал лишний коммит, отменить последний"
    ids = [app.questions.receive(IncomingQuestion(text, external_id=str(n))).question_id for n in range(2)]
    confirm(app, ids[0], case.id, people[0])
    confirm(app, ids[1], case.id, people[0])
    assert app.cases.add_confirmed_wording(ids[0], 2) is None
    confirm(app, ids[1], case.id, people[1])
    assert app.cases.add_confirmed_wording(ids[1], 0) is None
    assert app.cases.add_confirmed_wording(ids[1], 2) == case.id
    assert variants(app, case) == [text]
    assert app.cases.add_confirmed_wording(ids[1], 2) is None


def test_one_who_disagrees_stops_it(app: Kbsearch, case: Case, people: list[int]) -> None:
    text = "сделал лишний коммит, отменить последний"
    question_id = app.questions.receive(IncomingQuestion(text)).question_id
    confirm(app, question_id, case.id, people[0])
    confirm(app, question_id, case.id, people[1])
    confirm(app, question_id, case.id, people[2], "rejected")
    assert app.cases.add_confirmed_wording(question_id, 2) is None
