"""Simulated mentors: learning helps where they know something, and keeps the old model where they do not."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from kbsearch.app import Kbsearch
from kbsearch.errors import Conflict, NotFound
from kbsearch.importers.records import IncomingQuestion
from kbsearch.matching.model import MatchingModel, load_model, model_from
from kbsearch.models import Case
from kbsearch.services.active_matcher import ActiveMatcher
from kbsearch.services.cases import CaseDraft
from kbsearch.services.model_versions import next_name

THINGS = (
    "коммит", "ветку", "таблицу", "функцию", "сертификат", "вебинар", "задание", "пароль", "словарь",
    "список", "макет", "отступ", "запрос", "индекс", "тетрадку", "дедлайн",
)  # fmt: skip
VERBS = ("удалить", "создать", "перенести")
ASIDES = ("никак не получается", "подскажите срочно", "второй день бьюсь", "в уроке иначе")
Mentor = Callable[[random.Random, list[Case], Case], tuple[str, Case | None] | None]


@pytest.fixture
def school(app: Kbsearch) -> Kbsearch:
    for thing in THINGS:
        for verb in VERBS:
            draft = CaseDraft(f"Как {verb} {thing}", f"Чтобы {verb} {thing}, откройте меню.")
            app.cases.create(draft, state="published")
    app.pipeline.drain()
    for number in range(8):
        app.people.create(f"mentor{number}", "M", "a long password", "mentor")
    return app


def looks_at(draw: random.Random, shown: list[Case]) -> list[Case]:
    """The rows that a hurried person looks at: the first for sure, each further one with chance 1 / rank."""
    return [case for rank, case in enumerate(shown, 1) if draw.random() < 1 / rank]


def honest(draw: random.Random, shown: list[Case], right: Case) -> tuple[str, Case | None] | None:
    """Accepts the right case when it is seen, else looks for it elsewhere, now and then."""
    if right in looks_at(draw, shown):
        return "accepted", right
    return ("answered", right) if draw.random() < 0.5 else None


def contrary(draw: random.Random, shown: list[Case], right: Case) -> tuple[str, Case | None] | None:
    """Takes any case but the right one."""
    return "accepted", draw.choice([case for case in shown if case.id != right.id])


def careless(draw: random.Random, shown: list[Case], right: Case) -> tuple[str, Case | None] | None:
    """Clicks at random on what is looked at."""
    return "accepted", draw.choice(looks_at(draw, shown))


def work(
    app: Kbsearch, mentors: dict[int, Mentor], questions: int, seed: int = 1, per_question: int = 1
) -> None:
    """Questions with a verb, a thing and noise come in, and mentors act on what is shown."""
    draw = random.Random(seed)  # noqa: S311  # a simulation
    cases = {case.title: case for case in app.cases.list(limit=500).items}
    for number in range(questions):
        verb, thing = draw.choice(VERBS), draw.choice(THINGS)
        text = f"{draw.choice(ASIDES)} {verb} {thing} номер {number}"
        right = cases[f"Как {verb} {thing}"]
        page = app.search.search(text, limit=5)
        for person in draw.sample(sorted(mentors), per_question):
            shown = [hit.case for hit in page.cases]
            seen = [next((case for case in shown if case.id == right.id), None) or right]
            did = mentors[person](draw, shown, seen[0])
            if did is not None:
                view = app.suggestions.keep_shown(text, page.cases)
                case_id = did[1].id if did[1] else None
                app.suggestions.feedback(view.id, did[0], case_id=case_id, person_id=person)


def spoilt() -> MatchingModel:
    """A model that hardly looks at words, as if an earlier fit had gone astray."""
    stored = load_model().as_dict()
    ranker = dict.fromkeys(stored["hybrid"]["ranker"], 0.0) | {"text": -0.3, "vector": 0.1}
    hybrid = stored["hybrid"] | {"ranker": ranker}
    return replace(model_from(stored | {"hybrid": hybrid}), version="astray")


def take(app: Kbsearch, model: MatchingModel) -> None:
    app.versions.store(model, parent=app.versions.shipped, figures={}, provenance={})
    app.versions.activate(model.version)


def test_learning_from_honest_mentors_mends_a_model_in_spite_of_a_busy_wrong_one(school: Kbsearch) -> None:
    work(school, dict.fromkeys(range(1, 6), honest), questions=90)
    work(school, {6: contrary}, questions=60, seed=2)
    take(school, spoilt())
    outcome = school.learning.learn()
    assert outcome.kept == "new", outcome
    assert outcome.figures["mrr"]["new"] > outcome.figures["mrr"]["old"] + 0.2
    assert outcome.figures["mrr"]["p"] < 0.025
    assert school.versions.active() == outcome.version
    assert outcome.parent == "astray"
    asked = "срочно удалить ветку"
    assert school.suggestions.suggest(asked).model_version.startswith(outcome.version)


def test_random_clicks_on_what_was_shown_change_nothing(school: Kbsearch) -> None:
    work(school, dict.fromkeys(range(1, 6), careless), questions=80)
    outcome = school.learning.learn()
    assert outcome.kept == "old", outcome
    assert school.versions.list() == []
    assert school.versions.active() == school.versions.shipped


def test_ten_clicks_are_too_little(school: Kbsearch) -> None:
    work(school, {1: honest}, questions=10)
    outcome = school.learning.learn()
    assert (outcome.kept, school.versions.list()) == ("too little", [])
    assert outcome.judged <= 10


def test_what_was_compared_with_a_version_that_is_left_is_not_kept(school: Kbsearch) -> None:
    work(school, dict.fromkeys(range(1, 6), honest), questions=90)
    take(school, spoilt())

    def another_comes(_done: int, _total: int, step: str) -> None:
        if step.startswith("comparing") and school.versions.active() == "astray":
            take(school, replace(load_model(), version="another"))

    with pytest.raises(Conflict, match="'another' came into use"):
        school.learning.learn(another_comes)
    assert [version.name for version in school.versions.list()] == ["another", "astray"]
    assert school.versions.active() == "another"


def test_a_dry_run_stores_nothing(school: Kbsearch) -> None:
    work(school, dict.fromkeys(range(1, 6), honest), questions=90)
    take(school, spoilt())
    assert school.learning.learn(store=False).kept == "new"
    assert [version.name for version in school.versions.list()] == ["astray"]


def test_a_model_that_was_stored_and_not_activated_changes_nothing(school: Kbsearch) -> None:
    """As after a crash between the two steps."""
    school.versions.store(spoilt(), parent=school.versions.shipped, figures={}, provenance={})
    assert school.versions.active() == school.versions.shipped
    assert school.active_matcher.get().model.version == load_model().version
    with pytest.raises(Conflict, match="already"):
        school.versions.store(spoilt(), parent="", figures={}, provenance={})


def test_rolling_back_goes_to_the_parent_and_then_to_the_shipped_model(app: Kbsearch) -> None:
    app.versions.store(replace(spoilt(), version="first"), parent="gone-release", figures={}, provenance={})
    app.versions.store(replace(spoilt(), version="second"), parent="first", figures={}, provenance={})
    app.versions.activate("second")
    assert app.versions.roll_back() == "first"
    assert app.versions.active() == "first"
    assert app.versions.roll_back() == app.versions.shipped
    with pytest.raises(Conflict, match="nothing to roll back"):
        app.versions.roll_back()
    assert app.versions.roll_back("second") == "second"
    with pytest.raises(NotFound):
        app.versions.activate("no such")
    assert [version.active for version in app.versions.list()] == [True, False]


def test_other_processes_take_a_new_version_within_a_second(app: Kbsearch) -> None:
    now = [0.0]
    other = ActiveMatcher(app.database, app.case_index, app.embedder, clock=lambda: now[0])
    assert other.get().model.version == load_model().version
    take(app, spoilt())
    assert other.get().model.version == load_model().version
    now[0] = 1.5
    assert other.get().model.version == "astray"
    app.versions.roll_back()
    now[0] = 3.0
    assert other.get().model.version == load_model().version


def test_an_unreadable_version_gives_way_to_the_shipped_model(app: Kbsearch) -> None:
    take(app, spoilt())
    with app.database.writing() as session:
        app.versions.list()
        from kbsearch.models import ModelVersion

        session.query(ModelVersion).one().model = {"version": "of another time"}
    now = [0.0]
    other = ActiveMatcher(app.database, app.case_index, app.embedder, clock=lambda: now[0])
    assert other.get().model.version == load_model().version


def test_names_of_versions_are_never_given_twice() -> None:
    first = next_name([])
    assert next_name([first]) == f"{first}-2"
    assert next_name([first, f"{first}-2"]) == f"{first}-3"


def test_questions_answered_by_import_are_learned_from(school: Kbsearch) -> None:
    cases = school.cases.list(limit=500).items
    for number, case in enumerate(cases):
        asked = IncomingQuestion(f"{case.title.lower()} скажите", external_id=str(number))
        school.questions.answer(school.questions.receive(asked).question_id, case.id)
    outcome = school.learning.learn()
    assert outcome.judged == len(cases)
    assert outcome.kept in {"old", "new"}
