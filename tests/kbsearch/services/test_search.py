"""Search over cases and past questions."""

from __future__ import annotations

import pytest

from kbsearch.app import Kbsearch
from kbsearch.errors import InvalidInput, NotFound, TooLarge
from kbsearch.importers.records import IncomingQuestion, IncomingReply
from kbsearch.services.cases import CaseDraft

CASES = (
    ("Как создать ветку в Git", "Наберите git switch -c имя-ветки."),
    ("Как удалить ветку в Git", "Наберите git branch -d имя-ветки."),
    ("Как объединить ячейки в таблице", "Нажмите кнопку «Объединить»."),
    ("Возврат денег за курс", "Напишите в поддержку."),
    ("Где взять сертификат", "Он лежит в профиле."),
    ("Почему не открывается видео", "Обновите страницу."),
)
PAST = (
    "не создаётся новая ветка",
    "как создать ветку из консоли",
    "сертификат когда пришлют",
    "видео тормозит",
)


@pytest.fixture
def school(app: Kbsearch) -> Kbsearch:
    for title, answer in CASES:
        app.cases.create(CaseDraft(title=title, answer=answer), state="published")
    app.cases.create(CaseDraft(title="Черновик про ветку", answer="Пока никому."))
    reply = IncomingReply(text="Наберите git switch -c.", by_mentor=True)
    app.questions.receive_many(
        [
            IncomingQuestion(text=text, external_id=str(place), replies=(reply,) if place == 0 else ())
            for place, text in enumerate(PAST)
        ]
    )
    app.pipeline.drain()
    return app


def test_the_case_comes_first_with_highlights(school: Kbsearch) -> None:
    page = school.search.search("Подскажите, как создавать ветки?")
    best = page.cases[0]
    assert best.case.title == CASES[0][0]
    marked = [h.text[a:b] for h in best.highlights for a, b in h.spans if h.field == "title"]
    assert "ветку" in marked
    assert (page.syntax, page.degraded, page.note) == ("plain", False, "")


def test_drafts_never_leak(school: Kbsearch) -> None:
    page = school.search.search("черновик про ветку", limit=100)
    assert "Черновик про ветку" not in {hit.case.title for hit in page.cases}


def test_past_questions_come_with_what_answered_them(school: Kbsearch) -> None:
    school.questions.answer(2, 1)
    hits = {hit.question.text: hit for hit in school.search.search("создать новую ветку").questions}
    replied = hits[PAST[0]]
    assert replied.reply is not None
    assert replied.reply.text.startswith("Наберите")
    assert hits[PAST[1]].case is not None
    assert hits[PAST[1]].case.title == CASES[0][0]


def test_an_advanced_query_restricts(school: Kbsearch) -> None:
    page = school.search.search("ветку -удалить")
    assert page.syntax == "advanced"
    assert [hit.case.title for hit in page.cases] == [CASES[0][0]]
    assert not school.search.search('"такого текста нет нигде"').cases


def test_a_query_that_cannot_be_read_is_searched_as_words(school: Kbsearch) -> None:
    page = school.search.search('title:((ветку "создать')
    assert page.note
    assert page.syntax == "plain"
    assert page.cases


def test_the_wrong_layout_is_searched_in_the_right_one(school: Kbsearch) -> None:
    page = school.search.search("rfr cjplfnm dtnre")
    assert page.searched == "как создать ветку"
    assert page.cases[0].case.title == CASES[0][0]


def test_a_misspelt_word_gets_a_hint(school: Kbsearch) -> None:
    assert school.search.search("сертефикат").did_you_mean == "сертификат"
    assert school.search.search("сертификат").did_you_mean is None


def test_a_hint_leaves_words_alone_that_students_use(school: Kbsearch) -> None:
    assert school.search.search("видио в сертефикат").did_you_mean == "видео в сертификат"
    school.questions.receive_many([IncomingQuestion(text="видио не играет", external_id="typo")])
    school.pipeline.drain()
    assert school.search.search("видио в сертефикат").did_you_mean == "видио в сертификат"


def test_similar_questions_leave_out_the_question_itself(school: Kbsearch) -> None:
    hits = school.search.similar_questions(2)
    assert 2 not in {hit.question.id for hit in hits}
    assert hits[0].question.text == PAST[0]
    with pytest.raises(NotFound):
        school.search.similar_questions(99)


@pytest.mark.parametrize("text", ["???", "🙂", "«»"])
def test_signs_alone_find_nothing(school: Kbsearch, text: str) -> None:
    page = school.search.search(text)
    assert (page.cases, page.questions) == ([], [])


def test_what_cannot_be_searched_is_refused(app: Kbsearch) -> None:
    with pytest.raises(InvalidInput):
        app.search.search(" \x00 ")
    with pytest.raises(InvalidInput):
        app.search.search("ветка", limit=0)
    with pytest.raises(TooLarge):
        app.search.search("а" * 1_000_000)
