"""The promise of precision: lowered by evidence, given back by evidence or by a person, without flapping."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.errors import Conflict
from kbsearch.models import (
    Case,
    Decision,
    Feedback,
    FeedbackAction,
    Match,
    PromiseEvent,
    PromiseState,
    Suggestion,
)
from kbsearch.services.active_matcher import ActiveMatcher
from kbsearch.services.cases import CaseDraft
from kbsearch.services.promise import NEVER, POOLED, PromiseService, Scope, floor_for
from kbsearch.services.verdicts import Word, verdict_of

START = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass
class Clock:
    """A time that tests set."""

    moment: datetime = START
    step: timedelta = field(default=timedelta(minutes=1))

    def __call__(self) -> datetime:
        """The present moment; each look takes a while."""
        self.moment += self.step
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cases(app: Kbsearch) -> list[Case]:
    titles = ("Как отменить коммит", "Как создать ветку")
    return [app.cases.create(CaseDraft(title, "Так."), state="published") for title in titles]


@pytest.fixture
def promise(database: Database, settings: Settings, clock: Clock) -> PromiseService:
    return PromiseService(database, settings, now=clock)


class Giver:
    """Stores answers with feedback on their first case."""

    def __init__(self, database: Database, cases: list[Case], clock: Clock) -> None:
        self.database, self.cases, self.clock = database, cases, clock
        self.count = 0

    def __call__(
        self,
        right: int,
        wrong: int,
        *,
        course: str = "",
        language: str = "ru",
        probability: float = 0.95,
        held_back: bool = False,
    ) -> None:
        """``wrong`` answers that were rejected, then ``right`` ones that were accepted."""
        for number in range(right + wrong):
            self._one(number >= wrong, course, language, probability, held_back)

    def _one(self, right: bool, course: str, language: str, probability: float, held_back: bool) -> None:
        self.count += 1
        action = FeedbackAction.ACCEPTED if right else FeedbackAction.REJECTED
        decision = Decision.SUGGEST if held_back else Decision.ANSWER
        case_id = self.cases[0].id
        with self.database.writing() as session:
            key = f"s{self.count}"
            session.add(
                Suggestion(
                    id=key,
                    text=f"вопрос {self.count}",
                    course_code=course,
                    language=language,
                    decision=decision,
                    held_back=held_back,
                    matches=[Match(rank=1, case_id=case_id, probability=probability)],
                    feedback=[Feedback(action=action, case_id=case_id, rank=1, created_at=self.clock())],
                )
            )


@pytest.fixture
def give(database: Database, cases: list[Case], clock: Clock) -> Giver:
    return Giver(database, cases, clock)


def states(events: list[PromiseEvent]) -> list[tuple[str, str, str]]:
    return [(event.course_code, event.language, event.state) for event in events]


def test_a_kept_promise_changes_nothing(promise: PromiseService, give: Giver) -> None:
    give(right=97, wrong=3)
    promise.check()
    assert promise.lowered() == []
    pooled = promise.standing()[0]
    assert (pooled.count, pooled.right) == (100, 97)
    assert pooled.lower < 0.97 < pooled.upper


def test_too_little_evidence_decides_nothing(promise: PromiseService, give: Giver) -> None:
    give(right=0, wrong=19)
    assert promise.check() == []


def test_a_broken_promise_lowers_coverage_once_and_says_where(promise: PromiseService, give: Giver) -> None:
    give(right=20, wrong=15, language="")
    assert states(promise.check()) == [("", "", PromiseState.LOWERED)]
    assert promise.check() == []
    event = promise.lowered()[0]
    assert (event.right, event.count, event.floor) == (20, 35, NEVER)
    assert event.upper < event.target


def test_the_floor_is_where_answers_were_still_right(promise: PromiseService, give: Giver) -> None:
    give(right=0, wrong=15, probability=0.80, language="")
    give(right=30, wrong=0, probability=0.97, language="")
    promise.check()
    assert promise.lowered()[0].floor == pytest.approx(0.97)


def test_a_course_with_feedback_of_its_own_is_judged_alone(promise: PromiseService, give: Giver) -> None:
    give(right=60, wrong=0, course="git", language="")
    give(right=10, wrong=20, course="sql", language="")
    found = states(promise.check())
    assert ("sql", "", PromiseState.LOWERED) in found
    assert ("git", "", PromiseState.KEPT) in found
    floors = {Scope(event.course_code): event.floor for event in promise.lowered()}
    assert set(floors) >= {Scope("sql")}
    alone = {one.scope: one.floor for one in promise.standing() if one.event is not None}
    assert floor_for(alone, "git", "ru") == 0
    assert floor_for(alone, "sql", "ru") > 0


def test_new_evidence_gives_coverage_back_and_it_does_not_flap(promise: PromiseService, give: Giver) -> None:
    give(right=20, wrong=15, language="")
    promise.check()
    give(right=25, wrong=2, held_back=True, language="")
    assert promise.check() == []
    give(right=60, wrong=0, held_back=True, language="")
    assert states(promise.check()) == [("", "", PromiseState.RECOVERED)]
    assert promise.check() == []
    assert promise.lowered() == []


def test_a_person_gives_coverage_back_and_evidence_counts_anew(promise: PromiseService, give: Giver) -> None:
    give(right=20, wrong=15, language="")
    promise.check()
    event = promise.restore(POOLED)
    assert event.state == PromiseState.RESTORED
    assert promise.check() == []
    with pytest.raises(Conflict, match="not restricted"):
        promise.restore(POOLED)
    give(right=2, wrong=20, language="")
    assert states(promise.check()) == [("", "", PromiseState.LOWERED)]
    assert [one.state for one in promise.history()] == ["lowered", "restored", "lowered"]


def test_what_a_person_gave_back_is_taken_back_as_if_it_had_never_been(
    promise: PromiseService, give: Giver
) -> None:
    give(right=20, wrong=15, language="")
    lowered = promise.check()[0]
    with pytest.raises(Conflict, match="taken back"):
        promise.lower_again(POOLED)
    give(right=18, wrong=0, language="", held_back=True)
    promise.restore(POOLED)
    again = promise.lower_again(POOLED)
    told = ("state", "floor", "count", "right", "created_at")
    assert [getattr(again, name) for name in told] == [getattr(lowered, name) for name in told]
    assert promise.standing()[0].is_lowered
    with pytest.raises(Conflict, match="taken back"):
        promise.lower_again(POOLED)
    give(right=60, wrong=0, language="", held_back=True)
    assert states(promise.check()) == [("", "", PromiseState.RECOVERED)]
    assert promise.history()[0].count == 78


def test_old_evidence_is_forgotten(promise: PromiseService, give: Giver, clock: Clock) -> None:
    give(right=0, wrong=30, language="")
    clock.moment += timedelta(days=200)
    assert promise.check() == []


def test_only_new_feedback_is_looked_at(promise: PromiseService, give: Giver) -> None:
    give(right=0, wrong=30, language="")
    assert promise.check_new()
    assert promise.check_new() == []


@pytest.fixture
def school(app: Kbsearch) -> Kbsearch:
    for title in ("Как отменить последний коммит", "Как создать ветку", "Возврат денег за курс"):
        app.cases.create(CaseDraft(title, f"{title}: вот так."), state="published")
    app.pipeline.drain()
    return app


def test_an_answer_is_held_back_under_the_floor_and_every_process_learns_of_it(school: Kbsearch) -> None:
    asked = "Как отменить последний коммит"
    first = school.suggestions.suggest(asked)
    assert first.decision == Decision.ANSWER
    with school.database.writing() as session:
        session.add(PromiseEvent(state=PromiseState.LOWERED, target=0.95, floor=NEVER))
    now = [0.0]
    other = ActiveMatcher(school.database, school.case_index, school.embedder, clock=lambda: now[0])
    assert other.floor("", "ru") == NEVER
    with school.database.writing() as session:
        session.add(PromiseEvent(state=PromiseState.RECOVERED, target=0.95))
    assert other.floor("", "ru") == NEVER  # within the second nobody asks again
    now[0] = 1.5
    assert other.floor("", "ru") == 0


def test_a_held_back_answer_is_a_suggestion_and_is_stored_as_such(school: Kbsearch) -> None:
    with school.database.writing() as session:
        session.add(PromiseEvent(state=PromiseState.LOWERED, target=0.95, floor=NEVER))
    view = school.suggestions.suggest("Как отменить последний коммит")
    assert (view.decision, view.held_back) == (Decision.SUGGEST, True)
    assert school.suggestions.get(view.id).held_back
    assert view.limits
    assert (view.limits.answer_from, view.limits.promised) == (None, False)


def test_a_reply_tells_from_which_probability_it_answers_and_who_told_it(school: Kbsearch) -> None:
    asked = "Как отменить последний коммит"
    before = school.suggestions.suggest(asked)
    assert before.limits
    assert before.limits.answer_from
    assert before.matches[0].probability >= before.limits.answer_from
    case = before.matches[0].case.slug
    assert school.why.why(asked, case).answer_from == before.limits.answer_from
    with school.database.writing() as session:
        session.add(PromiseEvent(state=PromiseState.LOWERED, target=0.95, floor=0.999))
        session.add(PromiseEvent(state=PromiseState.LOWERED, target=0.95, floor=0.99, language="ru"))
    now = Kbsearch(school.settings)
    assert now.why.why(asked, case).answer_from == 0.99
    told = now.suggestions.suggest(asked).limits
    assert told
    assert (told.answer_from, told.scope, told.promised) == (0.99, "all", False)


def word(action: str, rank: int, minute: int) -> Word:
    return Word(action, rank, START + timedelta(minutes=minute))


@pytest.mark.parametrize(
    ("words", "right"),
    [
        ([word("accepted", 1, 0)], True),
        ([word("accepted", 2, 0)], False),
        ([word("answered", 0, 0)], False),
        ([word("nothing_fits", 0, 0)], False),
        ([word("rejected", 1, 0)], False),
        ([word("rejected", 2, 0)], None),
        ([word("copied", 1, 0)], True),
        ([word("copied", 2, 0)], False),
        ([word("copied", 1, 0), word("copied", 2, 1)], True),
        ([word("copied", 1, 0), word("rejected", 1, 1)], False),
        ([word("rejected", 1, 0), word("accepted", 1, 1)], True),
        ([], None),
    ],
)
def test_the_last_word_counts(words: list[Word], right: bool | None) -> None:
    assert verdict_of(words) is right
