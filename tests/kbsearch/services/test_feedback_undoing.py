"""Feedback that is taken back counts nowhere, and what followed from it goes with it."""

from __future__ import annotations

import pytest

from kbsearch.app import Kbsearch
from kbsearch.errors import NotFound
from kbsearch.importers.records import IncomingQuestion
from kbsearch.models import Case, Decision, Feedback, Match, PromiseState, Suggestion
from kbsearch.services.cases import CaseDraft
from kbsearch.services.judgements import JudgedQuestion, gather

TEXT = "сделал лишний коммит, отменить последний"


@pytest.fixture
def cases(app: Kbsearch) -> list[Case]:
    titles = ("Как отменить последний коммит", "Как отменить слияние")
    made = [app.cases.create(CaseDraft(title, f"{title}: так."), state="published") for title in titles]
    app.pipeline.drain()
    return made


@pytest.fixture
def people(app: Kbsearch) -> list[int]:
    return [app.people.create(f"mentor{n}", "M", "a long password", "mentor").id for n in range(2)]


@pytest.fixture
def question(app: Kbsearch) -> int:
    return app.questions.receive(IncomingQuestion(TEXT)).question_id


def given(app: Kbsearch, person: int, action: str, case: Case | None, question: int | None = None) -> int:
    """Feedback of ``person``, as the pages give it: each on a suggestion of its own."""
    view = app.suggestions.suggest(TEXT, question_id=question)
    case_id = case.id if case else None
    return app.suggestions.feedback(view.id, action, case_id=case_id, person_id=person).id


def judged(app: Kbsearch) -> list[JudgedQuestion]:
    with app.database.reading() as session:
        return gather(session)


def state(app: Kbsearch, question: int) -> tuple[str, int | None]:
    stored = app.questions.get(question)
    return stored.state, stored.case_id


@pytest.mark.parametrize("action", ["accepted", "rejected", "copied", "nothing_fits"])
def test_it_counts_in_nothing(app: Kbsearch, cases: list[Case], people: list[int], action: str) -> None:
    case = None if action == "nothing_fits" else cases[0]
    feedback = given(app, people[0], action, case)
    assert judged(app)
    app.suggestions.withdraw(feedback, person_id=people[0])
    assert judged(app) == []
    assert app.golden.grow() == 0
    assert app.quality.live_use().nothing_fits == 0
    assert app.promise.standing()[0].count == 0


def test_what_a_page_stored_for_it_alone_is_no_use(
    app: Kbsearch, cases: list[Case], people: list[int]
) -> None:
    shown = app.search.search(TEXT).cases
    kept = app.suggestions.keep_shown(TEXT, shown)
    told = app.suggestions.feedback(kept.id, "nothing_fits", person_id=people[0])
    given(app, people[0], "nothing_fits", None)  # a program asked for this suggestion
    assert app.quality.live_use().suggestions == 2
    app.suggestions.withdraw(told.id, person_id=people[0])
    assert app.quality.live_use().suggestions == 1


def test_a_word_before_counts_again(app: Kbsearch, cases: list[Case], people: list[int]) -> None:
    given(app, people[0], "accepted", cases[0])
    wrong = given(app, people[0], "rejected", cases[0])
    assert judged(app)[0].right == []
    app.suggestions.withdraw(wrong, person_id=people[0])
    assert judged(app)[0].right == [cases[0].id]


def test_a_key_pressed_twice_is_taken_back_once(app: Kbsearch, cases: list[Case], people: list[int]) -> None:
    given(app, people[0], "nothing_fits", None)
    given(app, people[1], "nothing_fits", None)
    last = given(app, people[0], "nothing_fits", None)
    app.suggestions.withdraw(last, person_id=people[0])
    assert app.quality.live_use().nothing_fits == 1


def test_nobody_takes_back_what_somebody_else_said(
    app: Kbsearch, cases: list[Case], people: list[int]
) -> None:
    feedback = given(app, people[0], "accepted", cases[0])
    for who in ({"person_id": people[1]}, {"token_id": 1}, {}):
        with pytest.raises(NotFound, match="of yours"):
            app.suggestions.withdraw(feedback, **who)
    assert judged(app)


def test_it_can_be_taken_back_again_and_given_again(
    app: Kbsearch, cases: list[Case], people: list[int]
) -> None:
    view = app.suggestions.suggest(TEXT)
    first = app.suggestions.feedback(view.id, "accepted", case_id=cases[0].id, person_id=people[0])
    once = app.suggestions.withdraw(first.id, person_id=people[0])
    assert app.suggestions.withdraw(first.id, person_id=people[0]).withdrawn_at == once.withdrawn_at
    again = app.suggestions.feedback(view.id, "accepted", case_id=cases[0].id, person_id=people[0])
    assert again.id != first.id
    assert judged(app)[0].right == [cases[0].id]


def test_a_question_is_as_it_was_before(
    app: Kbsearch, cases: list[Case], people: list[int], question: int
) -> None:
    app.questions.dismiss(question)
    feedback = given(app, people[0], "answered", cases[0], question)
    assert state(app, question) == ("answered", cases[0].id)
    app.suggestions.withdraw(feedback, person_id=people[0])
    assert state(app, question) == ("dismissed", None)


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_a_question_stays_answered_as_long_as_somebody_says_so(
    app: Kbsearch, cases: list[Case], question: int, first: int, second: int
) -> None:
    """``first``: who takes it back first; ``second``: which case the second one chose."""
    people = [app.people.create(f"mentor{n}", "M", "a long password", "mentor").id for n in range(2)]
    chosen = (cases[0], cases[second])
    said = [
        given(app, person, "answered", case, question) for person, case in zip(people, chosen, strict=True)
    ]
    app.suggestions.withdraw(said[first], person_id=people[first])
    assert state(app, question) == ("answered", chosen[1 - first].id)
    app.suggestions.withdraw(said[1 - first], person_id=people[1 - first])
    assert state(app, question) == ("open", None)


def test_what_a_person_did_to_the_question_later_stays(
    app: Kbsearch, cases: list[Case], people: list[int], question: int
) -> None:
    feedback = given(app, people[0], "answered", cases[0], question)
    app.questions.answer(question, cases[1].id)
    app.suggestions.withdraw(feedback, person_id=people[0])
    assert state(app, question) == ("answered", cases[1].id)


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_wording_leaves_when_it_is_no_longer_confirmed_unless_a_person_kept_it(
    app: Kbsearch, cases: list[Case], people: list[int], question: int, by_hand: bool
) -> None:
    said = [given(app, person, "answered", cases[0], question) for person in people]
    if by_hand:
        app.cases.add_wording(cases[0].id, TEXT, question, people[0])
    else:
        assert app.cases.add_confirmed_wording(question, 2) == cases[0].id
    app.suggestions.withdraw(said[1], person_id=people[1])
    texts = [variant.text for variant in app.cases.get(cases[0].id).variants]
    assert texts == ([TEXT] if by_hand else [])


def test_a_golden_pair_leaves_and_may_grow_again(app: Kbsearch, cases: list[Case], people: list[int]) -> None:
    said = [given(app, person, "answered", cases[0]) for person in people]
    assert app.golden.grow() == 1
    app.suggestions.withdraw(said[0], person_id=people[0])
    assert app.golden.page().total == 1
    app.suggestions.withdraw(said[1], person_id=people[1])
    assert app.golden.page().total == 0
    given(app, people[0], "answered", cases[0])
    assert app.golden.grow() == 1


def judge(app: Kbsearch, case: Case, person: int, key: str, action: str) -> int:
    """An answer that ``person`` judged; the text is the key."""
    with app.database.writing() as session:
        matches = [Match(rank=1, case_id=case.id, probability=0.95)]
        given = Feedback(action=action, case_id=case.id, rank=1, person_id=person)
        session.add(Suggestion(id=key, text=key, decision=Decision.ANSWER, matches=matches, feedback=[given]))
    return given.id


def test_coverage_that_was_lowered_by_mistake_is_given_back(
    app: Kbsearch, cases: list[Case], people: list[int]
) -> None:
    for number in range(20):
        judge(app, cases[0], people[0], f"right {number}", "accepted")
    wrong = [judge(app, cases[0], people[0], f"wrong {number}", "rejected") for number in range(8)]
    assert [event.state for event in app.promise.check_new()] == [PromiseState.LOWERED]
    app.suggestions.withdraw(wrong[0], person_id=people[0])
    assert app.promise.check_new() == []
    for feedback in wrong[1:]:
        app.suggestions.withdraw(feedback, person_id=people[0])
    events = app.promise.check_new()
    assert [(event.state, event.right, event.count) for event in events] == [(PromiseState.RECOVERED, 20, 20)]
    assert app.promise.check() == []
