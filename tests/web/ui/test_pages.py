"""Every page renders for those who may see it, in both languages, within its size."""

from __future__ import annotations

import gzip
import html
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, text

from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.models import Course, Lesson
from tests.web.ui.school import PASSWORD
from web import create_app

MAX_PAGE = 30 * 1024
MAX_CSS = 20 * 1024
PAGES = [
    "/",
    "/?q=как+отменить+коммит",
    "/?q=как+отменить+коммит&course=frontend&lesson=fe-02&language=ru",
    "/?q=zzzz+qqqq",
    "/questions",
    "/questions?state=open&course=frontend",
    "/questions?q=коммит",
    "/questions/1",
    "/questions/5",
    "/questions/new",
    "/clusters",
    "/clusters?sort=uncovered&course=frontend",
    "/clusters/1",
    "/cases",
    "/cases?state=published&q=ветку",
    "/cases/1",
    "/cases/1/edit",
    "/cases/1/history",
    "/cases/new",
    "/cases/new?question=3",
    "/import",
    "/import/past",
    "/jobs",
    "/admin/people",
    "/admin/tokens",
    "/account",
    "/health-page",
    "/lexicon",
    "/faults",
    "/clusters/themes",
    "/clusters/map",
    "/clusters/aside",
    "/clusters/review",
    "/clusters/diff",
    "/insights",
    "/insights/lessons",
    "/insights/cases",
    "/insights/clusters",
    "/insights/questions",
    "/insights/digest",
    "/insights/month",
]


@pytest.mark.parametrize("path", PAGES)
def test_pages_render_within_their_size(admin: FlaskClient, path: str) -> None:
    answer = admin.get(path)
    assert answer.status_code == 200, answer.text
    assert len(gzip.compress(answer.data)) <= MAX_PAGE
    assert "style=" not in answer.text
    assert "onclick" not in answer.text
    assert answer.text.count("<h1") == 1


def test_pages_speak_the_language_of_the_person(school: Kbsearch, web_app: Flask) -> None:
    client = web_app.test_client()
    client.set_cookie("language", "ru")
    assert "Войти" in client.get("/sign-in").text
    client.post("/sign-in", data={"login": "mentor", "password": PASSWORD})
    assert "Ждут ответа" in client.get("/").text
    client.post("/language", data={"language": "en", "next": "/"})
    assert "Waiting for an answer" in client.get("/").text
    assert school.people.by_login("mentor").language == "en"


def test_the_stylesheet_is_small(client: FlaskClient) -> None:
    with client.get("/static/app.css") as answer:
        assert len(answer.data) <= MAX_CSS


def test_the_menu_leads_each_role_only_where_it_may_go(
    mentor: FlaskClient, methodologist: FlaskClient, admin: FlaskClient
) -> None:
    """Each link of the menu, of the page "More" and of each tab strip opens."""
    for person in (mentor, methodologist, admin):
        seen: set[str] = set()
        for start in ("/account", "/clusters", "/insights/lessons", "/cases/1"):
            for strip in re.findall(r"<nav.*?</nav>", person.get(start).text, re.DOTALL):
                seen |= {html.unescape(path) for path in re.findall(r'<a href="([^"]+)"', strip)}
        refused = [
            path for path in sorted(seen) if person.get(path, follow_redirects=True).status_code != 200
        ]
        assert not refused
        assert "/insights" in seen


def test_what_one_manages_is_folded_until_one_is_there(admin: FlaskClient, mentor: FlaskClient) -> None:
    assert "<details open><summary>" in admin.get("/lexicon").text
    assert "<details><summary>" in admin.get("/cases").text
    assert "/admin/people" not in mentor.get("/account").text


@pytest.mark.parametrize(
    "path", ["/admin/people", "/admin/tokens", "/import", "/import/past", "/import/past/1/undo", "/jobs"]
)
def test_mentors_do_not_reach_the_tools_of_others(mentor: FlaskClient, path: str) -> None:
    assert mentor.get(path).status_code == 403


def test_strangers_are_led_to_the_sign_in_and_back(school: Kbsearch, client: FlaskClient) -> None:
    answer = client.get("/cases?state=draft")
    assert answer.status_code == 302
    assert answer.location == "/sign-in?next=/cases%3Fstate%3Ddraft"
    data = {"login": "mentor", "password": PASSWORD, "next": "/cases?state=draft"}
    assert client.post("/sign-in", data=data).location == "/cases?state=draft"


def test_a_wrong_password_keeps_the_login_and_says_so(school: Kbsearch, client: FlaskClient) -> None:
    client.set_cookie("language", "en")
    answer = client.post("/sign-in", data={"login": "mentor", "password": "wrong wrong wrong"})
    assert answer.status_code == 401
    assert "Login or password is wrong" in answer.text
    assert 'value="mentor"' in answer.text


def test_theme_and_keyboard_are_remembered(mentor: FlaskClient) -> None:
    assert 'data-theme="system"' in mentor.get("/").text
    mentor.post("/account", data={"language": "en", "theme": "dark", "name": "New Name"})
    page = mentor.get("/").text
    assert 'data-theme="dark"' in page
    assert 'data-keyboard="off"' in page


def test_a_new_password_needs_the_old_one(mentor: FlaskClient, school: Kbsearch) -> None:
    wrong = {"current": "not this one at all", "new": "a new long password"}
    mentor.post("/account/password", data=wrong)
    assert "The current password is wrong" in mentor.get("/account").text
    mentor.post("/account/password", data={"current": PASSWORD, "new": "a new long password"})
    assert mentor.get("/account").status_code == 200
    assert school.people.sign_in("mentor", "a new long password").login == "mentor"


def test_an_admin_adds_changes_and_shuts_out_people(admin: FlaskClient, school: Kbsearch) -> None:
    data = {"login": "new", "name": "New", "password": PASSWORD, "role": "mentor"}
    admin.post("/admin/people", data=data)
    person = school.people.by_login("new")
    admin.post(f"/admin/people/{person.id}", data={"do": "role", "role": "methodologist"})
    admin.post(f"/admin/people/{person.id}", data={"do": "deactivate"})
    changed = school.people.get(person.id)
    assert (changed.role, changed.active) == ("methodologist", False)
    refused = admin.post("/admin/people", data=data)
    assert refused.status_code == 422
    assert "taken" in refused.text
    assert f'value="{data["name"]}"' in refused.text  # nothing is to be typed again but the password
    assert data["password"] not in refused.text
    assert "taken" not in admin.get("/admin/people").text


def test_a_token_is_shown_once(admin: FlaskClient, school: Kbsearch) -> None:
    page = admin.post("/admin/tokens", data={"name": "bot", "scope": ["read"]})
    assert "kbs_" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    token = school.people.tokens()[0]
    listed = admin.get("/admin/tokens").text
    assert token.prefix in listed
    assert "shown this once" not in listed
    admin.post(f"/admin/tokens/{token.id}/revoke")
    assert school.people.tokens()[0].revoked_at is not None


def test_errors_are_pages_with_a_remedy(mentor: FlaskClient, sign_in: Callable[[str], FlaskClient]) -> None:
    for path, status in (("/cases/999", 404), ("/no/such", 404), ("/cases?offset=abc", 400)):
        answer = mentor.get(path)
        assert answer.status_code == status
        assert "<h1" in answer.text


def test_a_refusal_speaks_the_language_of_the_person(mentor: FlaskClient) -> None:
    mentor.post("/language", data={"language": "ru", "next": "/"})
    page = mentor.get("/admin/people").text
    assert "нужна роль «администратор», а ваша — «наставник»" in page
    assert "Опубликованный кейс меняет методист" in mentor.get("/cases/1/edit").text


def test_a_language_model_that_does_not_load_is_told(settings: Settings) -> None:
    app = Kbsearch(settings.model_copy(update={"encoder": str(settings.home / "no-such-model")}))
    client = create_app(app, testing=True).test_client()
    client.set_cookie("language", "en")
    client.post("/sign-in", data={"login": "admin", "password": PASSWORD})
    assert 'class="dot bad"></span><strong>Encoder' in client.get("/health-page").text
    app.database.close()


def test_before_the_first_run_the_pages_of_clusters_tell_what_to_do(
    app: Kbsearch, methodologist: FlaskClient, mentor: FlaskClient
) -> None:
    with app.database.writing() as session:
        for table in ("membership", "cluster", "run"):
            session.execute(text(f"DELETE FROM {table}"))  # noqa: S608  # names of the lines above
    for page in ("", "/themes", "/map", "/review", "/diff"):
        shown = methodologist.get(f"/clusters{page}").text
        assert "No clusters yet" in shown
        assert "There are 5 questions" in shown
        assert 'action="/clusters/find"' in shown
    assert "/clusters/find" not in mentor.get("/clusters/diff").text
    with app.database.writing() as session:
        for table in ("reply", "question_link", "outbox", "question"):
            session.execute(text(f"DELETE FROM {table}"))  # noqa: S608  # names of the lines above
    shown = methodologist.get("/clusters/map").text
    assert 'class="button" href="/import"' in shown
    assert "/import" not in mentor.get("/clusters/map").text


def test_archiving_a_published_case_can_be_undone(
    mentor: FlaskClient, methodologist: FlaskClient, school: Kbsearch
) -> None:
    case = school.cases.list(state="published").items[0]
    page = methodologist.post(f"/cases/{case.id}/state", data={"state": "archived"}, follow_redirects=True)
    assert f'action="/cases/{case.id}/unarchive"' in page.text
    assert mentor.post(f"/cases/{case.id}/unarchive").status_code == 403
    methodologist.post(f"/cases/{case.id}/unarchive")
    assert school.cases.get(case.id).state == "published"
    assert methodologist.post(f"/cases/{case.id}/unarchive").status_code == 409


def test_a_step_that_is_not_possible_names_states_as_the_page_does(
    methodologist: FlaskClient, school: Kbsearch
) -> None:
    case = school.cases.list(state="published").items[0]
    methodologist.post(f"/cases/{case.id}/state", data={"state": "archived"})
    page = methodologist.post(f"/cases/{case.id}/state", data={"state": "needs_check"}, follow_redirects=True)
    assert "from &#39;archived&#39; to &#39;needs check&#39;" in page.text
    methodologist.set_cookie("language", "ru")
    page = methodologist.post(f"/cases/{case.id}/state", data={"state": "needs_check"}, follow_redirects=True)
    assert "из «в архиве» в «нужна проверка»" in page.text


def test_without_an_outline_the_courses_that_questions_name_can_be_chosen(
    mentor: FlaskClient, school: Kbsearch
) -> None:
    assert '<option value="frontend">Веб-разработка</option>' in mentor.get("/questions").text
    with school.database.writing() as session:
        session.execute(delete(Lesson))
        session.execute(delete(Course))
    for page in ("/questions", "/cases", "/clusters", "/"):
        assert '<option value="frontend">frontend</option>' in mentor.get(page).text
    assert " selected>frontend</option>" in mentor.get("/questions?course=frontend").text
