"""Cases that may be one: found, merged, told apart."""

from __future__ import annotations

import pytest

from kbsearch.app import Kbsearch
from kbsearch.errors import Conflict, NotFound
from kbsearch.importers.records import IncomingQuestion
from kbsearch.services.cases import CaseDraft


def write(app: Kbsearch, title: str, *variants: str, course: str = "git", **fields: object) -> int:
    draft = CaseDraft(title, f"Ответ: {title}", variants=variants, course=course, **fields)  # type: ignore[arg-type]
    return app.cases.create(draft, state="published").id


@pytest.fixture
def cases(app: Kbsearch) -> dict[str, int]:
    ids = {
        "undo": write(app, "Как отменить последний коммит в репозитории", "откат коммита", tags=("git",)),
        "again": write(app, "Отменить последний коммит в репозитории как", "убрать коммит", tags=("отмена",)),
        "branch": write(app, "Как создать новую ветку в репозитории"),
        "sql": write(app, "Как отменить последний коммит в репозитории!", course="sql"),
        "homework": write(app, "Когда проверят домашнее задание"),
    }
    app.pipeline.drain_all(lambda done, total, stage: None)
    return ids


def found(app: Kbsearch) -> list[set[int]]:
    return [{pair.one.id, pair.other.id} for pair in app.case_pairs.likely()]


def test_near_titles_of_one_course_are_a_pair(app: Kbsearch, cases: dict[str, int]) -> None:
    assert found(app) == [{cases["undo"], cases["again"]}]
    assert app.case_pairs.likely()[0].probability >= 0.7
    assert app.case_pairs.likely(course="sql") == []


def test_words_joined_or_apart_are_the_same_words(app: Kbsearch) -> None:
    joined = write(app, "Компенсация за неиспользованный отпуск")
    apart = write(app, "Компенсация за не использованный отпуск")
    write(app, "Компенсация за использованный отпуск")
    spaced = write(app, "Как подключить видео уроки к группе")
    hyphened = write(app, "Как подключить видео-урок к группе")
    app.pipeline.drain_all(lambda done, total, stage: None)
    assert sorted(map(sorted, found(app))) == [[joined, apart], [spaced, hyphened]]


def test_a_phrasing_in_common_makes_a_pair(app: Kbsearch, cases: dict[str, int]) -> None:
    app.cases.add_wording(cases["homework"], "сколько ждать проверку")
    write(app, "Срок проверки", "Сколько ждать проверку?")
    app.pipeline.drain_all(lambda done, total, stage: None)
    assert app.case_pairs.likely()[0].probability == 1


def test_a_title_that_is_being_written(app: Kbsearch, cases: dict[str, int]) -> None:
    like = app.case_pairs.like("последний коммит в репозитории отменить как", course="git")
    assert {one.case.id for one in like} == {cases["undo"], cases["again"]}
    title = "Как отменить последний коммит в репозитории"
    assert [one.case.id for one in app.case_pairs.like(title, course="git", but=cases["undo"])] == [
        cases["again"]
    ]
    assert app.case_pairs.like("Как получить сертификат", course="git") == []


def test_pairs_that_people_told_apart_stay_apart(app: Kbsearch, cases: dict[str, int]) -> None:
    app.case_pairs.tell_apart(cases["again"], cases["undo"])
    app.case_pairs.tell_apart(cases["undo"], cases["again"])
    assert found(app) == []
    assert app.case_pairs.like(app.cases.get(cases["undo"]).title, course="git", but=cases["undo"]) == []
    app.case_pairs.forget_apart(cases["undo"], cases["again"])
    assert len(found(app)) == 1


def test_a_merge_moves_all_and_undo_brings_it_back(app: Kbsearch, cases: dict[str, int]) -> None:
    one, into = cases["again"], cases["undo"]
    before = app.cases.get(into)
    question = app.questions.receive(IncomingQuestion("убрать коммит", course="git")).question_id
    app.questions.answer(question, one)
    pair = app.case_pairs.merge(one, into)
    merged, gone = app.cases.get(into), app.cases.get(one)
    assert [v.text for v in merged.variants] == ["откат коммита", gone.title, "убрать коммит"]
    assert merged.tags == ["git", "отмена"]
    assert merged.answer == before.answer
    assert (gone.state, app.questions.get(question).case_id) == ("archived", into)
    assert merged.revisions[-1].note == f"← {gone.slug}"
    assert gone.revisions[-1].note == f"→ {merged.slug}"
    standing = app.case_pairs.merged_into(one)
    assert standing is not None
    assert standing[1].id == into
    app.pipeline.drain_all(lambda done, total, stage: None)
    assert found(app) == []
    app.case_pairs.undo_merge(pair.id)
    back = app.cases.get(into)
    assert ([v.text for v in back.variants], back.tags) == (["откат коммита"], ["git"])
    assert app.cases.get(one).state == "published"
    assert app.questions.get(question).case_id == one
    assert app.case_pairs.merged_into(one) is None
    with pytest.raises(Conflict, match="undone already"):
        app.case_pairs.undo_merge(pair.id)


def test_a_merged_case_takes_no_phrasing_in_the_same_words(app: Kbsearch, cases: dict[str, int]) -> None:
    into = app.cases.get(cases["undo"])
    same = write(
        app,
        f"{into.title.upper()}?!",
        f"Здравствуйте! {into.variants[0].text}",
        "отменить всё",
        "Отменить ВСЁ!",
    )
    app.case_pairs.merge(same, into.id)
    told = [variant.text for variant in app.cases.get(into.id).variants]
    assert told == [*(variant.text for variant in into.variants), "отменить всё"]


def test_undo_keeps_what_was_changed_since(app: Kbsearch, cases: dict[str, int]) -> None:
    one, into = cases["again"], cases["undo"]
    pair = app.case_pairs.merge(one, into)
    app.cases.add_wording(into, "вернуть файлы до фиксации")
    app.cases.move(one, "draft")
    app.case_pairs.undo_merge(pair.id)
    assert [v.text for v in app.cases.get(into).variants] == ["откат коммита", "вернуть файлы до фиксации"]
    assert app.cases.get(one).state == "draft"


def test_what_cannot_be_merged(app: Kbsearch, cases: dict[str, int]) -> None:
    with pytest.raises(Conflict, match="into itself"):
        app.case_pairs.merge(cases["undo"], cases["undo"])
    app.cases.move(cases["again"], "archived")
    with pytest.raises(Conflict, match="is archived"):
        app.case_pairs.merge(cases["again"], cases["undo"])
    with pytest.raises(NotFound):
        app.case_pairs.merge(999, cases["undo"])
    with pytest.raises(NotFound, match="no merge"):
        app.case_pairs.undo_merge(999)
