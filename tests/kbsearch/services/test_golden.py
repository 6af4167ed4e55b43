"""The golden set grows from what people settled on, is mended by them, and is measured fairly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kbsearch.app import Kbsearch
from kbsearch.errors import InvalidInput, NotFound, UnreadableFile
from kbsearch.evaluation.sets import read_matching_set
from kbsearch.importers.records import IncomingQuestion
from kbsearch.models import Case
from kbsearch.services.cases import CaseDraft

TITLES = ("Как отменить последний коммит", "Как создать новую ветку", "Возврат денег за курс")
ASKED = (
    "сделал лишний коммит, как его отменить",
    "нужна отдельная ветка, как создать",
    "хочу вернуть деньги за обучение",
)


@pytest.fixture
def cases(app: Kbsearch) -> list[Case]:
    return [app.cases.create(CaseDraft(title, f"{title}: так."), state="published") for title in TITLES]


@pytest.fixture
def answered(app: Kbsearch, cases: list[Case]) -> list[int]:
    """Ids of questions, each answered by the case at its place."""
    ids = [app.questions.receive(IncomingQuestion(text)).question_id for text in ASKED]
    for question_id, case in zip(ids, cases, strict=True):
        app.questions.answer(question_id, case.id)
    return ids


def test_it_grows_once_and_removed_pairs_stay_out(app: Kbsearch, answered: list[int]) -> None:
    assert app.golden.grow() == 3
    assert app.golden.grow() == 0
    pair = app.golden.page().pairs[0]
    app.golden.remove(pair.id)
    assert app.golden.grow() == 0
    assert app.golden.page().total == 2
    assert app.golden.by_ids([pair.id]) == {}
    app.golden.restore(pair.id)
    assert app.golden.page().total == 3


def test_a_disputed_pair_leaves_it(app: Kbsearch, cases: list[Case], answered: list[int]) -> None:
    app.golden.grow()
    app.pipeline.drain()
    people = [app.people.create(f"m{n}", "M", "a long password", "mentor").id for n in range(2)]
    for person in people:
        view = app.suggestions.suggest(ASKED[0])
        assert view.matches[0].case.id == cases[0].id
        app.suggestions.feedback(view.id, "rejected", case_id=cases[0].id, person_id=person)
    app.golden.grow()
    assert ASKED[0] not in [pair.text for pair in app.golden.page().pairs]


def test_pairs_are_added_by_hand_masked_and_once(app: Kbsearch, cases: list[Case]) -> None:
    pair = app.golden.add(cases[0].id, text="отмените коммит, пишите на anna@mail.ru")
    assert "anna@mail.ru" not in pair.text
    app.golden.remove(pair.id)
    again = app.golden.add(cases[0].id, text="отмените коммит, пишите на anna@mail.ru")
    assert (again.id, again.removed_at) == (pair.id, None)
    for wrong in ({"case_id": 99, "text": "x"}, {"case_id": cases[0].id, "question_id": 99}):
        with pytest.raises(NotFound):
            app.golden.add(**wrong)  # type: ignore[arg-type]  # as keywords
    with pytest.raises(InvalidInput):
        app.golden.add(cases[0].id, text="  ")


def test_a_question_with_two_right_cases_is_one(app: Kbsearch, cases: list[Case]) -> None:
    for case in cases[:2]:
        app.golden.add(case.id, text=ASKED[0])
    (question,) = app.golden.questions()
    assert question.asked.right == {cases[0].id, cases[1].id}


def test_the_export_is_an_evaluation_set_without_its_own_wordings(
    app: Kbsearch, cases: list[Case], answered: list[int], tmp_path: Path
) -> None:
    app.cases.add_wording(cases[0].id, ASKED[0], answered[0])
    app.cases.add_wording(cases[0].id, "откатить изменения до отправки")
    app.golden.grow()
    written = app.golden.export(tmp_path / "set")
    assert (written.cases, written.questions, written.pairs) == (3, 3, 3)
    read = read_matching_set(tmp_path / "set")
    assert {question.text for question in read.questions} == set(ASKED)
    by_id = {case.id: case for case in read.cases}
    assert by_id[cases[0].slug].variants == ("откатить изменения до отправки",)
    assert sorted(map(sorted, read.relevant.values())) == sorted([case.slug] for case in cases)
    first = json.loads((tmp_path / "set" / "questions.jsonl").read_text().splitlines()[0])
    assert first["language"] == "ru"


def test_an_export_that_cannot_be_written_says_where(app: Kbsearch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnreadableFile, match="file"):
        app.golden.export(tmp_path / "file" / "set")


def test_measuring_stores_figures_and_what_changed(
    app: Kbsearch, cases: list[Case], answered: list[int]
) -> None:
    app.golden.grow()
    for pair in app.golden.page().pairs:
        app.golden.remove(pair.id)
    with pytest.raises(InvalidInput, match="nothing to measure"):
        app.quality.measure()
    for question_id, case in zip(answered, cases, strict=True):
        app.golden.add(case.id, question_id=question_id)
    first = app.quality.measure()
    assert first.figures["all"]["questions"] == 3
    assert first.figures["all"]["hit@5"] == 1.0
    assert first.change == {}
    second = app.quality.measure(occasion="night")
    assert second.change["all"] == {
        "count": 3, "better": 0, "worse": 0, "difference": 0.0, "p": 1.0, "lowered": False
    }  # fmt: skip
    assert [one.id for one in app.quality.latest()] == [second.id, first.id]
    assert set(app.quality.get(second.id).ranks) == {str(q.asked.id) for q in app.golden.questions()}


def test_a_question_is_not_found_by_the_wording_that_it_became(
    app: Kbsearch, cases: list[Case], answered: list[int]
) -> None:
    alien = "абракадабра шурум бурум"
    question_id = app.questions.receive(IncomingQuestion(alien)).question_id
    app.questions.answer(question_id, cases[2].id)
    app.golden.grow()
    app.cases.add_wording(cases[2].id, alien, question_id)
    measurement = app.quality.measure()
    pair = next(pair for pair in app.golden.page().pairs if pair.text == alien)
    rank, _, probability = measurement.ranks[str(pair.id)]
    found_now = app.quality.rows(app.active_matcher.get().model)
    assert probability < 0.5
    assert rank == next(row.rank for row in found_now if row.asked.text == alien)


def test_wrong_questions_come_worst_first(app: Kbsearch, cases: list[Case], answered: list[int]) -> None:
    app.golden.grow()
    wrong = app.golden.add(cases[2].id, text="как создать новую ветку")
    measurement = app.quality.measure()
    rows, total = app.quality.wrong(measurement)
    assert total == len(rows) == 1
    assert (rows[0].pair.id, rows[0].case.id) == (wrong.id, cases[2].id)
    assert rows[0].first is not None
    assert rows[0].first.id == cases[1].id
    app.golden.remove(wrong.id)
    assert app.quality.wrong(measurement) == ([], 0)
