"""Pages about pairs: repeats of questions, cases that may be one, and why a case was not found."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from kbsearch.app import Kbsearch
from kbsearch.importers.records import IncomingQuestion
from kbsearch.models import QuestionState
from kbsearch.services.cases import CaseDraft
from tests.web.ui.school import QUESTIONS


@pytest.fixture
def repeated(school: Kbsearch) -> tuple[int, int]:
    """The first question of the school and one that repeats it."""
    first = next(q.id for q in school.questions.latest() if q.text == QUESTIONS[0])
    again = IncomingQuestion(QUESTIONS[0], source="chat", external_id="again", course="frontend")
    return first, school.questions.receive(again).question_id


def test_a_repeat_is_answered_likewise_in_one_click(
    mentor: FlaskClient, school: Kbsearch, repeated: tuple[int, int]
) -> None:
    first, again = repeated
    page = mentor.get(f"/questions/{again}").text
    assert "Repeats" in page
    assert "the same words, asked 2 times" in page
    assert "Answer likewise" not in page
    case = school.cases.list(text="отменить").items[0]
    school.questions.answer(first, case.id)
    page = mentor.get(f"/questions/{again}").text
    assert "Answer likewise" in page
    said = mentor.post(f"/questions/{again}/likewise", follow_redirects=True).text
    assert "Answered likewise." in said
    assert school.questions.get(again).case_id == case.id
    mentor.post(f"/questions/{again}/state", data={"step": "reopen"})
    assert school.questions.get(again).state == QuestionState.OPEN


def test_a_mentor_unlinks_and_takes_it_back(
    mentor: FlaskClient, school: Kbsearch, repeated: tuple[int, int]
) -> None:
    first, again = repeated
    assert "Asked 2 times" in mentor.get(f"/questions/{first}").text
    page = mentor.post(f"/questions/{again}/unlink", follow_redirects=True).text
    assert "it is a question of its own" in page
    assert "Not the same question" not in page
    assert school.duplicates.of([again]) == {}
    page = mentor.post(
        f"/questions/{again}/link", data={"to": f"http://x/questions/{first}"}, follow_redirects=True
    ).text
    assert "linked by a person" in page
    assert mentor.post(f"/questions/{again}/link", data={"to": str(first)}).status_code == 409
    assert mentor.post(f"/questions/{again}/link", data={"to": "что-то"}).status_code == 422


def test_past_questions_say_how_often_they_were_asked(
    mentor: FlaskClient, school: Kbsearch, repeated: tuple[int, int]
) -> None:
    school.pipeline.drain_all(lambda done, total, stage: None)
    page = mentor.get("/?q=отменить последний коммит").text
    assert "asked 2 times" in page
    assert "<mark>отменить</mark>" in page


def test_cases_that_may_be_one_are_merged_and_parted(methodologist: FlaskClient, school: Kbsearch) -> None:
    draft = CaseDraft("Последний коммит как отменить", "git revert", course="frontend")
    twin = school.cases.create(draft, state="published")
    school.pipeline.drain_all(lambda done, total, stage: None)
    page = methodologist.get("/cases/pairs").text
    assert "Keep this one, merge the other into it" in page
    own = methodologist.get(f"/cases/{twin.id}").text
    assert "Is it one of these already?" in own
    other = next(one.case for one in school.case_pairs.like(twin.title, course="frontend", but=twin.id))
    methodologist.post(f"/cases/{twin.id}/apart", data={"other": other.id})
    assert "No two cases look like one" in methodologist.get("/cases/pairs").text
    methodologist.post(f"/cases/{twin.id}/apart", data={"other": other.id, "step": "forget"})
    said = methodologist.post(f"/cases/{twin.id}/merge", data={"into": other.id}, follow_redirects=True).text
    assert "Merged into" in said
    gone = methodologist.get(f"/cases/{twin.id}").text
    assert "Undo the merge" in gone
    merge = school.case_pairs.merged_into(twin.id)
    assert merge is not None
    methodologist.post(f"/cases/merges/{merge[0].id}/undo")
    assert school.cases.get(twin.id).state == "published"


def test_mentors_merge_nothing(mentor: FlaskClient, school: Kbsearch) -> None:
    assert mentor.get("/cases/pairs").status_code == 403
    assert mentor.post("/cases/1/merge", data={"into": "2"}).status_code == 403


def test_why_a_case_was_not_found_and_mending_it(methodologist: FlaskClient, school: Kbsearch) -> None:
    case = school.cases.list(text="сбросом пароля").items[0]
    text = "письмецо с кодом где"
    page = methodologist.get(f"/why?q={text}&case={case.slug}").text
    assert case.title.split()[-1] in page
    assert "Words in common:" in page
    assert "Standard deviations" in page
    done = methodologist.post("/why/phrasing", data={"q": text, "case": case.id}, follow_redirects=True).text
    assert "found by these words too" in done
    assert text in [variant.text for variant in school.cases.get(case.id).variants]
    again = methodologist.post("/why/phrasing", data={"q": text, "case": case.id}, follow_redirects=True).text
    assert "has these words already" in again


def test_a_case_is_named_by_title_address_or_words(
    mentor: FlaskClient, school: Kbsearch, repeated: tuple[int, int]
) -> None:
    case = school.cases.list(text="ветку").items[0]
    for named in (case.title, f"https://kb.example/c/{case.slug}", f"/cases/{case.id}", "ветку"):
        page = mentor.get("/why", query_string={"question": repeated[0], "case": named}).text
        assert "Compared by" in page, named
    page = mentor.get("/why", query_string={"q": "ветка", "case": "как"}).text
    assert "Which of these?" in page
    assert "No case is named so" in mentor.get("/why?q=ветка&case=нет-такого").text
    assert mentor.post("/why/phrasing", data={"q": "x", "case": case.id}).status_code == 403


def test_a_filter_is_told(mentor: FlaskClient, school: Kbsearch) -> None:
    draft = CaseDraft("Как собрать сводную таблицу", "Вставка, Сводная таблица.", course="excel")
    case = school.cases.create(draft, state="published")
    school.pipeline.drain_all(lambda done, total, stage: None)
    page = mentor.get(f"/why?q=сводная таблица&course=frontend&case={case.slug}").text
    assert "A filter keeps it out" in page
    assert "It belongs to the course “excel”" in page
