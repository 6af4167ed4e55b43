"""The quality page, the golden set, and mending what was got wrong."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask import render_template_string
from flask.testing import FlaskClient

from kbsearch.app import Kbsearch
from kbsearch.matching.model import Limits, load_model
from kbsearch.models import Feedback, JobKind, PromiseEvent, PromiseState, Suggestion

VENDOR = Path(__file__).parents[3] / "web" / "static" / "vendor"
ASKED = "подскажите как отменить последний коммит в git"


@pytest.fixture
def measured(school: Kbsearch) -> Kbsearch:
    """The school with a golden set of which one pair is wrong, measured twice."""
    cases = {case.title: case for case in school.cases.list().items}
    for question_id in (1, 2):
        school.golden.add(cases["Как отменить последний коммит"].id, question_id=question_id)
    school.golden.add(cases["Как сдать домашнее задание"].id, text="Как создать новую ветку")
    school.quality.measure()
    school.quality.measure()
    return school


def test_a_school_without_any_measurement_says_so(mentor: FlaskClient) -> None:
    page = mentor.get("/quality")
    assert page.status_code == 200
    assert "not measured yet" in page.text
    assert "Measure now" not in page.text


def test_figures_stand_in_tables_and_within_the_size(methodologist: FlaskClient, measured: Kbsearch) -> None:
    page = methodologist.get("/quality")
    assert len(gzip.compress(page.data)) <= 30 * 1024
    assert "style=" not in page.text
    for chart in ("time", "curve"):
        assert f'data-chart="{chart}"' in page.text
    assert "66.7%" in page.text
    assert "chance\u00a0alone: 0." in page.text
    assert "Как создать новую ветку" in page.text
    assert "comes with kbsearch" in page.text
    curve = page.text.split('data-chart="curve"')[1].split("</table>")[0]
    assert '<td class="num">0</td></tr>' not in curve  # a tenth of which a quarter of a question is told


def test_a_job_is_asked_for_once(methodologist: FlaskClient, measured: Kbsearch) -> None:
    first = methodologist.post("/quality/job", data={"kind": "measure"})
    again = methodologist.post("/quality/job", data={"kind": "learn"})
    assert first.location == again.location
    (job,) = measured.jobs.latest()
    assert (job.kind, job.parameters) == (JobKind.MEASURE, {"occasion": "person"})
    assert methodologist.post("/quality/job", data={"kind": "rebuild"}).status_code == 400
    measured.jobs.claim()
    measured.jobs.finish(job.id, measured.quality_work.learn())
    assert "too little to learn from" in methodologist.get(first.location).text


def test_mentors_look_and_methodologists_act(mentor: FlaskClient, measured: Kbsearch) -> None:
    assert mentor.get("/quality").status_code == 200
    assert mentor.get("/quality/golden").status_code == 200
    posts = ["/quality/job", "/quality/restore", "/quality/model", "/quality/golden", "/quality/golden/1"]
    assert {mentor.post(path, data={"kind": "measure"}).status_code for path in posts} == {403}


def test_a_wrong_question_is_mended_by_its_words_and_that_is_undone(
    methodologist: FlaskClient, measured: Kbsearch
) -> None:
    wrong, _ = measured.quality.wrong(measured.quality.get(2))
    pair = wrong[0].pair
    answer = methodologist.post(f"/quality/golden/{pair.id}", data={"do": "variant"}, follow_redirects=True)
    assert "found by these words too" in answer.text
    assert [v.text for v in measured.cases.get(pair.case_id).variants] == [pair.text]
    methodologist.post(f"/cases/{pair.case_id}/forget-wording", data={"text": pair.text})
    assert measured.cases.get(pair.case_id).variants == []


def test_a_wrong_question_is_linked_to_the_case_that_came_first(
    methodologist: FlaskClient, measured: Kbsearch
) -> None:
    wrong, _ = measured.quality.wrong(measured.quality.get(2))
    first = wrong[0].first
    assert first is not None
    methodologist.post(f"/quality/golden/{wrong[0].pair.id}", data={"do": "link", "case_id": first.id})
    pairs = {pair.text: pair.case_id for pair in measured.golden.page().pairs}
    assert pairs[wrong[0].pair.text] == first.id
    assert measured.quality.wrong(measured.quality.get(2)) == ([], 0)


def test_all_that_was_got_wrong_is_shown_when_asked_for(methodologist: FlaskClient, school: Kbsearch) -> None:
    homework = next(case for case in school.cases.list().items if case.title == "Как сдать домашнее задание")
    for number in range(12):
        school.golden.add(homework.id, text=f"Как создать новую ветку номер {number}")
    school.quality.measure()
    page = methodologist.get("/quality").text
    assert "the worst 10 of 12" in page
    assert page.count("No good example") == 10
    more = methodologist.get("/quality?wrong=all")
    assert "/quality?wrong=all#wrong" in page
    assert more.text.count("No good example") == 12
    assert "the worst" not in more.text


def test_pairs_are_removed_brought_back_and_added(methodologist: FlaskClient, measured: Kbsearch) -> None:
    pair = measured.golden.page().pairs[0]
    methodologist.post(f"/quality/golden/{pair.id}", data={"do": "remove"})
    assert measured.golden.page().total == 2
    methodologist.post(f"/quality/golden/{pair.id}", data={"do": "restore"})
    assert measured.golden.page().total == 3
    slug = measured.cases.list().items[0].slug
    good = methodologist.post("/quality/golden", data={"text": "ещё один вопрос", "case": slug})
    assert good.status_code == 303
    bad = methodologist.post("/quality/golden", data={"text": "ещё", "case": "no-such"})
    assert bad.status_code == 422
    assert "no-such" in bad.text
    assert measured.golden.page().total == 4


def test_a_broken_promise_is_told_and_taken_back(methodologist: FlaskClient, school: Kbsearch) -> None:
    with school.database.writing() as session:
        session.add(
            PromiseEvent(
                course_code="frontend",
                state=PromiseState.LOWERED,
                target=0.95,
                count=30,
                right=20,
                floor=1.01,
            )
        )
    for path in ("/quality", "/health-page"):
        page = methodologist.get(path).text
        assert "20 of 30 answers were right" in page
        assert "Веб-разработка" in page
    assert methodologist.get("/api/v1/health").get_json()["promise"] == "lowered"
    scope = {"course": "frontend", "language": ""}
    given = methodologist.post("/quality/restore", data=scope, follow_redirects=True).text
    assert 'name="do" value="undo"' in given
    assert school.promise.lowered() == []
    assert methodologist.get("/api/v1/health").get_json()["promise"] == "kept"
    methodologist.post("/quality/restore", data=scope | {"do": "undo"})
    assert "20 of 30 answers were right" in methodologist.get("/quality").text
    assert methodologist.post("/quality/restore", data=scope | {"do": "undo"}).status_code == 409


def test_where_nothing_is_an_answer_no_precision_is_told(methodologist: FlaskClient) -> None:
    limits = '{% import "_macros.html" as ui with context %}{{ ui.limits(told) }}'
    with methodologist.application.test_request_context(headers={"Accept-Language": "en"}):
        some = render_template_string(limits, told=Limits("all", 0.2, 0.95, promised=False))
        none = render_template_string(limits, told=Limits("all", 0.2, None, promised=False))
    assert "only observed there" in some
    assert "Nothing is likely enough to be called an answer" in none
    assert "only observed there" not in none


def test_a_version_is_used_and_left_again(methodologist: FlaskClient, school: Kbsearch) -> None:
    shipped = school.versions.shipped
    model = replace(load_model(), version="learned-1")
    figures = {key: {"old": 0.5, "new": 0.6, "p": p} for key, p in (("mrr", 0.01), ("log_loss", 0))}
    school.versions.store(model, parent=shipped, figures=figures, provenance={})
    page = methodologist.get("/quality").text
    assert "learned-1" in page
    assert "p = 0.010" in page
    assert "p &lt; 0.001" in page
    methodologist.post("/quality/model", data={"version": "learned-1"})
    assert school.versions.active() == "learned-1"
    methodologist.post("/quality/model", data={"version": shipped})
    assert school.versions.active() == shipped


def test_feedback_on_a_search_keeps_the_place_of_the_case(mentor: FlaskClient, school: Kbsearch) -> None:
    hits = school.search.search(ASKED, limit=10).cases
    chosen = hits[min(1, len(hits) - 1)].case
    mentor.post("/feedback", data={"q": ASKED, "action": "copied", "case_id": chosen.id})
    with school.database.reading() as session:
        feedback = session.query(Feedback).one()
        shown = session.query(Suggestion).one()
        assert [match.case_id for match in shown.matches] == [hit.case.id for hit in hits]
    assert (feedback.action, feedback.rank) == ("copied", hits.index(hits[min(1, len(hits) - 1)]) + 1)
    assert (shown.surface, shown.language) == ("search", "ru")


def test_answering_with_a_case_that_was_not_shown_is_kept_as_such(
    mentor: FlaskClient, school: Kbsearch
) -> None:
    shown = school.suggestions.suggest(school.questions.get(5).text, store=False).matches
    left = {one.id for one in school.cases.list().items} - {match.case.id for match in shown}
    case = school.cases.get(min(left))
    mentor.post("/questions/5/state", data={"step": "answer", "case_id": case.id})
    with school.database.reading() as session:
        feedback = session.query(Feedback).one()
    assert (feedback.action, feedback.rank, feedback.case_id) == ("answered", 0, case.id)
    assert school.questions.get(5).case_id == case.id


def test_two_mentors_who_agree_add_the_wording(
    mentor: FlaskClient, methodologist: FlaskClient, school: Kbsearch
) -> None:
    case = next(one for one in school.cases.list().items if "отменить" in one.title)
    mentor.post("/questions/2/state", data={"step": "answer", "case_id": case.id})
    assert school.cases.get(case.id).variants == []
    page = methodologist.post(
        "/questions/2/state", data={"step": "answer", "case_id": case.id}, follow_redirects=True
    )
    assert "Several people agree" in page.text
    assert [variant.question_id for variant in school.cases.get(case.id).variants] == [2]


def test_vendored_files_are_what_their_list_says() -> None:
    rows = re.findall(r"^\| `([^`]+)` .*`([0-9a-f]{64})` \|$", (VENDOR / "README.md").read_text(), re.M)
    assert {name for name, _ in rows} >= {"htmx.min.js", "uplot.min.js"}
    for name, digest in rows:
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest
