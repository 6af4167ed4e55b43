"""The pages of insights: figures with links to their rows, files, empty states, who sees what."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook

from kbsearch.app import Kbsearch
from kbsearch.importers.records import IncomingCourse, IncomingLesson, IncomingQuestion
from kbsearch.models import Cluster, InferredLesson, utc_now
from kbsearch.services.insight_rows import PeriodCounts
from kbsearch.services.weeks import Period, name_of_week, week_of
from web import create_app
from web.ui.digest import digest_tables, digest_text
from web.ui.insight_parts import weeks
from web.ui.insight_tables import chance

PAGES = ("/insights", "/insights/cases", "/insights/lessons", "/insights/digest", "/insights/month")
FORMULA = "=HYPERLINK(1)"


@pytest.fixture
def covered(school: Kbsearch) -> Kbsearch:
    """`school` after its coverage was looked at."""
    school.coverage.refresh()
    school.trends.refresh()
    return school


@pytest.fixture
def grown(covered: Kbsearch) -> Kbsearch:
    """`covered`, and something was asked in a week that is over, whatever day it is today."""
    asked_at = utc_now() - timedelta(days=8)
    covered.questions.receive_many([IncomingQuestion("вопрос прошлой недели", asked_at=asked_at)])
    return covered


def name(app: Kbsearch, cluster_id: int, label: str) -> None:
    """Give a cluster a name, as a run or a person does."""
    with app.database.writing() as session:
        session.get_one(Cluster, cluster_id).label = label


def followed(client: FlaskClient, page: str) -> list[tuple[int, int]]:
    """Numbers of the page that lead to questions, with how many questions their pages tell."""
    html = client.get(page).text
    links = re.findall(
        r'href="(/insights/questions[^"]*)"[^>]*>(?:<span class="sr">[^<]*</span>)?(\d+)<', html
    )
    return [(int(number), _told(client.get(unescape(url)).text)) for url, number in links]


def _told(html: str) -> int:
    found = re.search(r"<h1>(\d+) question", html)
    assert found, html[:500]
    return int(found[1])


def test_questions_in_no_cluster_and_of_the_period_before_are_listed(
    grown: Kbsearch, methodologist: FlaskClient
) -> None:
    def rows(page: str, pattern: str) -> tuple[int, int]:
        found = re.search(
            rf'href="(/insights/questions[^"]*{pattern}[^"]*)">(\d+)<', methodologist.get(page).text
        )
        assert found
        return int(found[2]), _told(methodologist.get(unescape(found[1])).text)

    assert rows("/insights", "loose=1") == (3, 3)
    following = name_of_week(week_of(utc_now().date(), ZoneInfo("UTC")))
    last = week_of(utc_now().date() - timedelta(weeks=1), ZoneInfo("UTC"))
    told, there = rows(f"/insights/digest?week={following}", f"since={last.first}")
    assert told == there > 0


@pytest.mark.parametrize("page", [*PAGES, "/clusters/1", "/clusters/themes"])
def test_every_number_leads_to_as_many_rows(covered: Kbsearch, methodologist: FlaskClient, page: str) -> None:
    numbers = followed(methodologist, page)
    assert [told for told, _ in numbers] == [rows for _, rows in numbers]
    assert numbers or page in {"/insights/cases", "/clusters/themes", "/insights/month", "/insights/digest"}


def test_hard_points_open_at_the_course_that_is_asked_about_most(
    covered: Kbsearch, methodologist: FlaskClient
) -> None:
    covered.questions.save_course(IncomingCourse("a-first", "Автошкола", (IncomingLesson("a-01", "Знаки"),)))
    page = methodologist.get("/insights/lessons").text
    assert '<option value="frontend" selected>' in page


def test_numbers_of_one_course_lead_to_its_questions_alone(
    covered: Kbsearch, methodologist: FlaskClient
) -> None:
    (paid,) = covered.questions.receive_many([IncomingQuestion("как оплатить", course="office")])
    with covered.database.writing() as session:
        session.add(InferredLesson(question_id=paid.question_id, lesson_code="fe-02", probability=0.9))
    numbers = followed(methodologist, "/insights/lessons?course=frontend")
    assert numbers
    assert [told for told, _ in numbers] == [rows for _, rows in numbers]


def test_the_overview_tells_coverage_and_gaps(grown: Kbsearch, methodologist: FlaskClient) -> None:
    html = methodologist.get("/insights").text
    for name in ("Coverage", "Gaps: what a case would save", "New and growing", "Week by week"):
        assert name in html
    assert 'data-chart="counts"' in html
    assert "Отмена коммита" in methodologist.get("/insights/clusters").text


def test_the_week_that_is_not_over_is_no_fall_in_the_chart(
    grown: Kbsearch, methodologist: FlaskClient
) -> None:
    table = methodologist.get("/insights").text.split('id="weeks"')[1].split("</section>")[0]
    *past, present = re.findall(r'<tr><th scope="row".*?</tr>', table, re.DOTALL)
    assert "not over yet" in present
    assert re.findall(r'data-value="([^"]*)"', present)[1:] == ["", "", ""]
    assert "not over yet" not in "".join(past)
    assert all(re.findall(r'data-value="([^"]*)"', row)[1] for row in past)


def test_a_school_in_its_first_week_has_a_table_and_no_chart_of_nothing(web_app: Flask) -> None:
    now = utc_now()
    today = now.date()
    lasting = [
        PeriodCounts(
            Period(today - timedelta(days=9 - n), today - timedelta(days=2 - n), ZoneInfo("UTC")), *told
        )
        for n, told in ((0, (0, 0, 0, 0)), (7, (3, 1, 2, 1)))
    ]
    with web_app.test_request_context():
        first = weeks(lasting)
        assert (first.chart, len(first.rows)) == ("", 2)
        assert weeks([PeriodCounts(lasting[0].period, 1, 0, 1, 1), lasting[1]]).chart == "weeks"


def test_a_school_with_nothing_is_told_what_to_do(app: Kbsearch, methodologist: FlaskClient) -> None:
    with app.database.writing() as session:
        for table in ("membership", "cluster", "run"):
            session.connection().exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608  # the names above
    html = methodologist.get("/insights").text
    assert "No clusters yet" in html
    for page in PAGES:
        assert methodologist.get(page).status_code == 200


def test_mentors_see_what_concerns_them(covered: Kbsearch, mentor: FlaskClient) -> None:
    assert mentor.get("/insights").location == "/insights/lessons"
    assert mentor.get("/insights/lessons").status_code == 200
    assert mentor.get("/insights/digest").status_code == 403
    assert mentor.get("/insights/file?page=overview&format=csv").status_code == 403
    assert mentor.post("/insights/refresh").status_code == 403


def test_mentors_see_their_own_contribution_only(covered: Kbsearch, mentor: FlaskClient) -> None:
    html = mentor.get("/insights/cases").text
    assert "Admin" not in html


@pytest.mark.parametrize("page", ["overview", "lessons", "cases", "clusters", "digest", "month"])
def test_tables_come_as_files(covered: Kbsearch, methodologist: FlaskClient, page: str) -> None:
    answer = methodologist.get(f"/insights/file?page={page}&format=xlsx")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    assert load_workbook(io.BytesIO(answer.data)).sheetnames
    text = methodologist.get(f"/insights/file?page={page}&format=csv").data.decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text, newline="")))


def test_a_workbook_leads_back_to_the_pages(covered: Kbsearch, methodologist: FlaskClient) -> None:
    answer = methodologist.get("/insights/file?page=clusters&format=xlsx")
    (sheet,) = load_workbook(io.BytesIO(answer.data))
    link = sheet.cell(2, 1).hyperlink
    assert link is not None
    assert link.target.startswith("http://localhost/clusters/")
    assert methodologist.get(link.target.removeprefix("http://localhost")).status_code == 200


@pytest.mark.parametrize("page", ["digest", "month"])
def test_files_of_a_report_hold_all_rows(covered: Kbsearch, methodologist: FlaskClient, page: str) -> None:
    course = IncomingCourse("ten", "Десять уроков", tuple(IncomingLesson(f"t{n}", "Урок") for n in range(12)))
    covered.questions.save_course(course)
    asked = [
        IncomingQuestion(f"вопрос {n}", course="ten", lesson=f"t{n}", external_id=f"t{n}", asked_at=utc_now())
        for n in range(12)
    ]
    covered.questions.receive_many(asked)
    day = f"week={utc_now():%G-W%V}" if page == "digest" else f"month={utc_now():%Y-%m}"
    answer = methodologist.get(f"/insights/file?page={page}&table=lessons&format=csv&{day}")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))[1:]
    assert [row[0] for row in rows].count("Урок (Десять уроков)") == 12
    whole = methodologist.get(f"/insights/file?page={page}&format=csv&{day}").data.decode("utf-8-sig")
    _, names, figures, *_ = csv.reader(io.StringIO(whole, newline=""))
    before = "The week before" if page == "digest" else "The month before"
    assert names[:4] == ["First day", "Last day", "Asked", before]
    assert figures[0] <= f"{utc_now():%Y-%m-%d}" <= figures[1]
    assert int(figures[2]) >= 12
    weeks = methodologist.get(f"/insights/file?page={page}&table=weeks&format=csv&{day}").data.decode(
        "utf-8-sig"
    )
    assert re.search(r"^20\d\d-\d\d-\d\d,", weeks, re.MULTILINE)


def test_names_that_students_gave_run_nothing_in_a_file(
    covered: Kbsearch, methodologist: FlaskClient
) -> None:
    cluster = covered.clusters.list().items[0].cluster
    name(covered, cluster.id, FORMULA)
    answer = methodologist.get("/insights/file?page=clusters&table=clusters&format=csv")
    assert f"'{FORMULA}" in answer.data.decode("utf-8-sig")


@pytest.mark.parametrize(
    "path",
    [
        "/insights/questions?week=x",
        "/insights/questions?week=2026-W99",
        "/insights/questions?since=1",
        "/insights/questions?cover=x",
        "/insights/questions?colour=x",
        "/insights/questions?state=x",
        "/insights/questions?cluster=x",
        "/insights/questions?offset=-1",
        "/insights/clusters?colour=x",
        "/insights/digest?week=0000-W01",
        "/insights/month?month=2026-13",
        "/insights/file?page=x&format=csv",
        "/insights/file?page=overview&format=exe",
        "/insights/file?page=overview&format=csv&table=x",
    ],
)
def test_bad_addresses_are_refused(methodologist: FlaskClient, path: str) -> None:
    assert methodologist.get(path).status_code in {400, 422}


def test_days_of_any_length_are_taken(methodologist: FlaskClient) -> None:
    assert methodologist.get("/insights/questions?days=999999999&offset=999999").status_code == 200
    assert (
        methodologist.get("/insights/questions?lesson=x&course=y&author=z&cluster=9&owner=9").status_code
        == 200
    )


def test_coverage_is_asked_for_once(covered: Kbsearch, methodologist: FlaskClient) -> None:
    first = methodologist.post("/insights/refresh").location
    assert methodologist.post("/insights/refresh").location == first


@pytest.mark.parametrize(("language", "said"), [("ru", "Итоги недели"), ("en", "Weekly digest")])
def test_the_digest_is_an_e_mail_too(covered: Kbsearch, language: str, said: str) -> None:
    text = digest_text(create_app(covered, testing=True), "", language, "https://kb.example")
    assert text.startswith(said)
    assert "https://kb.example/insights/digest?week=" in text
    assert "<" not in text
    assert "&#" not in text
    assert not re.search(r"[ \t]$", text, re.MULTILINE)
    assert not re.search(r"; [A-ZА-Я]", text)  # lines are sentences


@pytest.mark.parametrize(("ago", "said"), [(0, "not over yet"), (1, "")])
def test_a_week_that_is_not_over_is_compared_with_none(covered: Kbsearch, ago: int, said: str) -> None:
    now = utc_now().astimezone(ZoneInfo(covered.settings.timezone))
    thursdays = [now - timedelta(days=now.weekday() + 4), now - timedelta(days=now.weekday() + 11)]
    asked = [IncomingQuestion(f"вопрос {day}", asked_at=day) for day in thursdays]
    covered.questions.receive_many(asked)
    flask, week = create_app(covered, testing=True), f"{now - timedelta(weeks=ago):%G-W%V}"
    with flask.test_request_context(headers={"Cookie": "language=en"}):
        report = digest_tables(week)
    assert report.asked_before > 0
    assert (report.begun, report.change is None) == (said, bool(said))
    text = digest_text(flask, week, "en", "")
    assert (f"({said})" in text, "(the week before: " in text) == (bool(said), not said)


def test_the_month_can_be_printed(covered: Kbsearch, methodologist: FlaskClient) -> None:
    html = methodologist.get("/insights/month?month=2026-11").text
    assert "Month report" in html
    assert "November 30, 2026" in html


def test_a_week_that_is_ahead_does_not_go_on(web_app: Flask) -> None:
    today = utc_now().date()
    monday = today - timedelta(days=today.weekday())
    starts = [monday + timedelta(weeks=week) for week in (-1, 0, 1)]
    counts = [
        PeriodCounts(Period(start, start + timedelta(weeks=1), ZoneInfo("UTC")), 1, 0, 1, 1)
        for start in starts
    ]
    with web_app.test_request_context(headers={"Cookie": "language=en"}):
        assert [row[0].note for row in weeks(counts).rows] == ["", "not over yet", "not begun yet"]


def test_a_draft_made_from_a_cluster_names_the_cases_like_it(school: Kbsearch, mentor: FlaskClient) -> None:
    cluster = school.clusters.list().items[0].cluster
    name(school, cluster.id, "Как отменить последний коммит")
    html = mentor.get(mentor.post(f"/clusters/{cluster.id}/case").location).text
    assert "Is it one of these already?" in html
    assert "как отменить последний коммит в git" in html
    assert "Выполните git revert и отправьте снова." in html


def test_a_chance_that_is_all_but_nothing_is_not_called_nothing(app: Kbsearch) -> None:
    with create_app(app).test_request_context("/", headers={"Accept-Language": "en"}):
        cell = chance(2.234e-6)
        assert (cell.text, cell.value) == ("< 0.001", 2.2e-6)
        assert chance(0.0032).text == "0.003"
