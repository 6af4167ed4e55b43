"""Why a case was found, or was not."""

from __future__ import annotations

import pytest

from kbsearch.app import Kbsearch
from kbsearch.errors import InvalidInput, NotFound
from kbsearch.importers.records import IncomingQuestion
from kbsearch.services.cases import CaseDraft

TEXT = "как отменить последний коммит в git"


@pytest.fixture
def school(app: Kbsearch) -> Kbsearch:
    for number in range(140):
        draft = CaseDraft(
            f"Задание {number} про отменить и git", f"Решение номер {number}", slug=f"task-{number}"
        )
        app.cases.create(draft, state="published")
    undo = CaseDraft(
        "Отменить коммит", "git reset", variants=("откатить фиксацию",), course="git", slug="undo"
    )
    app.cases.create(undo, state="published")
    app.cases.create(
        CaseDraft("Сертификат", "Он в профиле.", course="sql", slug="certificate"), state="published"
    )
    app.cases.create(CaseDraft("Черновик", "Пусто.", slug="draft"))
    app.pipeline.drain_all(lambda done, total, stage: None)
    return app


def test_the_figures_are_those_of_the_search(school: Kbsearch) -> None:
    found = school.search.search(TEXT, course="git").cases
    why = school.why.why(TEXT, "undo", course="git")
    rank = next(at for at, hit in enumerate(found, 1) if hit.case.slug == "undo")
    assert why.rank == rank
    assert why.score == pytest.approx(found[rank - 1].score)
    assert why.probability == pytest.approx(found[rank - 1].probability)
    assert [rival.case.slug for rival in why.rivals] == [hit.case.slug for hit in found[: rank - 1]][:3]
    assert {view.name for view in why.retrievers} >= {"text", "vector"}
    assert all(1 <= view.rank <= why.candidates for view in why.retrievers)
    assert set(why.shared) >= {"отменить", "коммит", "git"}
    assert "последний" in why.missing
    assert "commit" not in why.missing, "nobody asked that: the lexicon adds it"
    assert why.nearest == "Отменить коммит"
    assert 0 < why.likeness <= 1
    assert not why.filters


def test_a_case_that_no_retriever_has_among_its_best(school: Kbsearch) -> None:
    text = "сертификат"
    told = (school.why.why(text, f"task-{number}") for number in range(139, 0, -1))
    why = next(one for one in told if not one.rank)
    assert (why.verdict, why.rank, why.candidates) == ("not_among_candidates", 0, 0)
    assert why.variant_would_help
    assert why.rivals
    assert all(view.rank == 0 for view in why.retrievers)


def test_a_variant_mends_it(school: Kbsearch) -> None:
    text = "куда пропала бумажка об окончании учёбы"
    before = school.why.why(text, "certificate")
    school.cases.add_wording(before.case.id, text)
    school.pipeline.drain_all(lambda done, total, stage: None)
    after = school.why.why(text, "certificate")
    assert after.rank == 1
    assert after.nearest == text
    assert after.score > before.score


def test_filters_tell_what_they_keep_out(school: Kbsearch) -> None:
    course = school.why.why("где сертификат", "certificate", course="git")
    assert course.verdict == "filtered"
    assert [(one.kind, one.wanted, one.actual) for one in course.filters] == [("course", "git", "sql")]
    assert course.score != 0
    language = school.why.why("где сертификат", "certificate", language="en")
    assert [one.kind for one in language.filters] == ["language"]
    state = school.why.why("черновик", "draft")
    assert [(one.kind, one.actual) for one in state.filters] == [("state", "draft")]
    assert state.verdict == "filtered"


def test_a_case_that_is_not_indexed_yet(school: Kbsearch) -> None:
    school.cases.create(CaseDraft("Новый кейс", "Ответ", slug="new"), state="published")
    assert school.why.why("новый кейс", "new").verdict == "not_indexed"


def test_a_stored_question_brings_its_course(school: Kbsearch) -> None:
    stored = school.questions.receive(IncomingQuestion(TEXT, course="git")).question_id
    why = school.why.why_question(stored, "undo")
    assert why.rank == school.why.why(TEXT, "undo", course="git").rank


def test_what_cannot_be_explained(school: Kbsearch) -> None:
    with pytest.raises(InvalidInput):
        school.why.why("  ", "undo")
    with pytest.raises(NotFound, match="no-such"):
        school.why.why(TEXT, "no-such")
    with pytest.raises(NotFound, match="no question 999"):
        school.why.why_question(999, "undo")
    assert school.why.why("!!!", "undo").verdict == "no_words"
    case = school.cases.by_slug("undo")
    assert school.why.why(TEXT, str(case.id)).case.slug == "undo"


def test_cases_are_named_by_words_too(school: Kbsearch) -> None:
    assert [case.slug for case in school.why.candidates("коммит")] == ["undo"]
    assert len(school.why.candidates("задание")) == 8
