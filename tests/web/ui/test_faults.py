"""The pages of platform faults."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient

from kbsearch.app import Kbsearch
from kbsearch.importers.records import IncomingQuestion
from kbsearch.models import Colour, Coverage, Fault, FaultQuestion, utc_now
from tests.web.ui.school import plant_cluster

EVIDENCE = {
    "start": 1.0, "hours": 1.0, "count": 5, "expected": 0.2, "share": 0.9, "usual_share": 0.1, "p": 1e-8,
}  # fmt: skip


@pytest.fixture
def fault(school: Kbsearch) -> int:
    """A fault that goes on, with the first three questions."""
    with school.database.writing() as session:
        made = Fault(started_at=utc_now() - timedelta(hours=2), last_at=utc_now(), evidence=EVIDENCE)
        session.add(made)
        session.flush()
        session.add_all(FaultQuestion(question_id=n, fault_id=made.id, probability=0.9) for n in (1, 2, 4))
        return made.id


def test_people_are_warned_on_every_page_and_read_the_report(mentor: FlaskClient, fault: int) -> None:
    page = mentor.get("/questions").get_data(as_text=True)
    assert "The platform seems to be broken: 3 questions speak of it." in page
    report = mentor.get(f"/faults/{fault}").get_data(as_text=True)
    assert "Report for the developers" in report
    assert "Questions: 3, students: 3." in report
    assert "отменить" in report
    assert "Close and answer" not in report
    assert f"/faults/{fault}" in mentor.get("/faults?state=open").get_data(as_text=True)
    assert "No faults" in mentor.get("/faults?state=closed").get_data(as_text=True)


def test_every_number_of_a_report_leads_to_as_many_questions(
    mentor: FlaskClient, school: Kbsearch, fault: int
) -> None:
    broken = 'не открывается: "ошибка загрузки", 502 Bad Gateway'
    late = utc_now() - timedelta(minutes=1)
    with school.database.writing() as session:
        for number in range(25):
            told = IncomingQuestion(broken, external_id=str(number), course="frontend", asked_at=late)
            taken = school.questions.store(session, [school.questions.prepare(told)])[0]
            session.add(FaultQuestion(question_id=taken.question_id, fault_id=fault, probability=0.9))
    school.questions.answer(1, 1)
    page = mentor.get(f"/faults/{fault}").get_data(as_text=True)
    links = re.findall(rf'href="(/faults/{fault}\?[^"#]*)#questions">(\d+)<', page)
    parts = {re.search(r"\?(\w+)", url)[1] for url, _ in links}  # type: ignore[index]
    assert parts == {"all", "waiting", "hour", "saw", "course"}
    for url, number in links:
        listed = mentor.get(unescape(url)).get_data(as_text=True).split('id="questions"')[1]
        assert listed.split("</section>")[0].count("<li data-row") == int(number), url


def test_a_methodologist_closes_it_and_takes_it_back(
    methodologist: FlaskClient, mentor: FlaskClient, school: Kbsearch, fault: int
) -> None:
    assert mentor.post(f"/faults/{fault}/close", data={"answer": "x"}).status_code == 403
    assert methodologist.post(f"/faults/{fault}/close", data={"answer": " "}).status_code == 422
    methodologist.post(f"/faults/{fault}/question", data={"question_id": "4"})
    page = methodologist.post(
        f"/faults/{fault}/close", data={"answer": "Works again."}, follow_redirects=True
    ).get_data(as_text=True)
    assert "2 questions are answered" in page
    assert school.questions.get(1).state == "answered"
    assert school.questions.get(4).state == "open"
    assert 'id="fault"' not in page
    assert methodologist.post(f"/faults/{fault}/dismiss").status_code == 409
    methodologist.post(f"/faults/{fault}/reopen")
    assert school.questions.get(1).state == "open"
    assert methodologist.post(f"/faults/{fault}/dismiss").status_code == 303
    assert methodologist.post(f"/faults/{fault}/send").status_code == 409
    assert methodologist.get("/faults/99").status_code == 404


def test_there_may_be_none(mentor: FlaskClient) -> None:
    assert "No faults" in mentor.get("/faults").get_data(as_text=True)


def test_a_fault_that_is_over_is_no_gap_and_waits_for_no_decision(
    methodologist: FlaskClient, school: Kbsearch, fault: int
) -> None:
    school.coverage.refresh()
    cluster = school.clusters.list().items[0].cluster.id
    assert cluster in {gap.cluster_id for gap in school.gaps.clusters()}
    with school.database.writing() as session:
        session.get_one(Coverage, cluster).colour = Colour.RED
        session.get_one(Coverage, cluster).in_programme = False
        session.add(FaultQuestion(question_id=3, fault_id=fault, probability=0.9))
    assert [gap.cluster_id for gap in school.gaps.gaps(outside=True)] == [cluster]
    assert school.reviews.next() is not None
    methodologist.post(f"/faults/{fault}/close", data={"answer": "Works again."})
    assert school.gaps.gaps() == school.gaps.gaps(outside=True) == []
    assert school.reviews.next() is None
    methodologist.post(f"/faults/{fault}/reopen")
    assert [gap.cluster_id for gap in school.gaps.gaps()] == [cluster]
    assert school.reviews.next() is not None


def test_a_gap_counts_only_what_is_not_about_a_fault_that_is_over(
    methodologist: FlaskClient, school: Kbsearch, fault: int
) -> None:
    more = [f"как отменить коммит, попытка {n}" for n in "абв"]
    found = school.questions.receive_many([IncomingQuestion(text) for text in more])
    cluster = plant_cluster(school, [1, 2, *(one.question_id for one in found)])
    school.pipeline.drain_all()
    school.coverage.refresh()
    with school.database.writing() as session:
        session.get_one(Coverage, cluster).colour = Colour.RED
    before = next(gap for gap in school.gaps.gaps() if gap.cluster_id == cluster)
    methodologist.post(f"/faults/{fault}/close", data={"answer": "Works again."})
    after = next(gap for gap in school.gaps.gaps() if gap.cluster_id == cluster)
    assert (before.weekly, after.weekly) == (5 / 4, 3 / 4)
    assert after.recent == 5
    assert school.reviews.next() is not None


def test_a_course_without_a_lesson_is_told_as_a_place(
    methodologist: FlaskClient, school: Kbsearch, fault: int
) -> None:
    (one,) = school.questions.receive_many([IncomingQuestion("сайт не открывается", course="frontend")])
    with school.database.writing() as session:
        session.add(FaultQuestion(question_id=one.question_id, fault_id=fault, probability=0.9))
    page = methodologist.get(f"/faults/{fault}").text
    assert "Courses and lessons: Веб-разработка / Git (3); Веб-разработка (1)" in page
    assert "By course and lesson" in page
