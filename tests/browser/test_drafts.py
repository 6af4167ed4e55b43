"""What was typed outlives closed tabs, ended sessions and edits that collide; nothing is sent twice."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from kbsearch.models import Fault, FaultState, utc_now
from kbsearch.services.cases import CaseDraft
from tests.browser.conftest import OpenPage, Site
from tests.web.ui.school import PASSWORD

RESTORE = "text=Bring it back"
TWO_CLICKS = """button => {
  button.click();
  setTimeout(() => { button.click(); console.log("clicked again"); }, 300);
}"""


def sign_in_again(page: Page, site: Site) -> None:
    """On the sign-in form that a page without a session leads to."""
    page.wait_for_url(re.compile("/sign-in"))
    page.fill("#password", PASSWORD)
    page.fill("#login", "methodologist")
    page.press("#login", "Enter")
    page.wait_for_url(re.compile(r"^(?!.*sign-in)"))
    site.sessions["methodologist"] = page.context.storage_state()
    site.complaints.clear()  # the preview may have been refused


def expect_no_offer(page: Page) -> None:
    """Once other tabs were asked, nothing is offered."""
    expect(page.locator("form[data-autosave]:not([data-looked])")).to_have_count(0)
    expect(page.locator(RESTORE)).to_have_count(0)


def save(page: Page) -> None:
    page.locator(".actions button[value=save]").click()


def test_what_was_typed_is_restored_after_the_session_ended_however_soon(
    open_page: OpenPage, site: Site
) -> None:
    case = site.app.cases.create(CaseDraft("Сессия закончилась", "Коротко."))
    page = open_page()
    page.goto(f"/cases/{case.id}/edit")
    page.fill("#answer", "Длинный ответ.")
    page.context.clear_cookies(name="kbsearch")
    save(page)
    sign_in_again(page, site)
    page.click(RESTORE)
    expect(page.locator("#answer")).to_have_value("Длинный ответ.")
    save(page)
    page.wait_for_url(re.compile(rf"/cases/{case.id}\?"))
    page.goto(f"/cases/{case.id}/edit")
    expect_no_offer(page)


def test_what_was_typed_is_offered_though_somebody_saved_meanwhile_and_overwrites_nothing(
    open_page: OpenPage, site: Site
) -> None:
    case = site.app.cases.create(CaseDraft("Правят двое", "Было.", variants=("раз", "два")))
    page = open_page()
    page.goto(f"/cases/{case.id}/edit")
    page.fill("#answer", "Моё.")
    page.goto("/cases")
    site.app.cases.save(case.id, CaseDraft("Правят двое", "Чужое."), version=case.version)
    page.goto(f"/cases/{case.id}/edit")
    expect(page.locator("#answer")).to_have_value("Чужое.")
    page.click(RESTORE)
    expect(page.locator("#answer")).to_have_value("Моё.")
    assert [area.input_value() for area in page.locator("[name=variant]").all()] == ["раз", "два"]
    save(page)
    expect(page.locator("h1")).to_have_text("Somebody saved it first")
    expect(page.locator("#theirs")).to_have_value("Чужое.")
    site.complaints.clear()  # the answer 409


def test_saving_one_case_keeps_what_is_typed_elsewhere(open_page: OpenPage, site: Site) -> None:
    case = site.app.cases.create(CaseDraft("Сохраняют рядом", "Ответ."))
    page = open_page()
    page.goto("/cases/new")
    page.fill("#title", "Ещё не сохранено")
    page.goto(f"/cases/{case.id}/edit")
    page.fill("#tags", "рядом")
    save(page)
    page.wait_for_url(re.compile(rf"/cases/{case.id}\?"))
    page.goto(f"/cases/{case.id}/edit")
    page.fill("#answer", "Новый текст.")
    page.go_back()  # to the page that says that the case is saved
    page.wait_for_url(re.compile(rf"/cases/{case.id}\?"))
    page.goto(f"/cases/{case.id}/edit")
    page.click(RESTORE)
    expect(page.locator("#answer")).to_have_value("Новый текст.")
    page.goto("/cases/new?question=1")
    expect_no_offer(page)
    page.goto("/cases/new")
    page.click(RESTORE)
    expect(page.locator("#title")).to_have_value("Ещё не сохранено")


def test_two_tabs_keep_two_drafts(open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/cases/new")
    page.fill("#title", "Первый из двух")
    second = page.context.new_page()
    second.goto("/cases/new")
    expect_no_offer(second)  # the first tab is open, and has what it has
    second.fill("#title", "Второй из двух")
    second.fill("#answer", "Второй ответ.")
    save(second)
    second.wait_for_url(re.compile(r"/cases/\d+\?"))
    second.goto("/cases/new")
    expect_no_offer(second)
    second.fill("#title", "Третий, который не сохранят")
    second.close()
    page.fill("#answer", "Первый ответ.")
    page.close()
    third = page.context.new_page()
    third.goto("/cases/new")
    expect(third.locator(".note.warn")).to_contain_text("«Первый из двух»")
    third.click("text=Throw it away")
    expect(third.locator(".note.warn")).to_contain_text("«Третий, который не сохранят»")
    third.click(RESTORE)
    expect(third.locator("#title")).to_have_value("Третий, который не сохранят")
    third.reload()
    third.click(RESTORE)
    expect_no_offer(third)


def test_questions_and_answers_of_faults_are_restored_in_their_tab_alone(
    open_page: OpenPage, site: Site
) -> None:
    with site.app.database.writing() as session:
        evidence = {"count": 5, "hours": 1, "expected": 0.1, "share": 0.9, "usual_share": 0.1}
        fault = Fault(state=FaultState.OPEN, started_at=utc_now(), last_at=utc_now(), evidence=evidence)
        session.add(fault)
    page = open_page()
    try:
        for path, field, button in (
            ("/questions/new", "#text", "Find an answer"),
            (f"/faults/{fault.id}", "#answer", "Close and answer"),
        ):
            page.goto(path)
            page.fill(field, "Длинный текст, который жалко")
            page.context.clear_cookies(name="kbsearch")
            page.click(f"text={button}")
            sign_in_again(page, site)
            page.click(RESTORE)
            expect(page.locator(field)).to_have_value("Длинный текст, который жалко")
            page.click(f"text={button}")
            page.wait_for_load_state()
            page.goto(path)
            expect_no_offer(page)
        assert page.evaluate("Object.keys(localStorage).filter(name => /question|fault/.test(name))") == []
    finally:
        with site.app.database.writing() as session:
            session.delete(session.get_one(Fault, fault.id))


@pytest.mark.parametrize(
    ("path", "fields", "button", "row"),
    [
        ("/cases/new", {"#title": "Сохранён один раз", "#answer": "Да."}, "Save as a draft", "/cases?q=один"),
        ("/admin/tokens", {"#name": "made once"}, "Make", "/admin/tokens"),
    ],
)
def test_a_second_click_while_the_first_is_on_its_way_does_nothing(
    open_page: OpenPage, path: str, fields: dict[str, str], button: str, row: str
) -> None:
    page = open_page("admin")
    sent: list[str] = []

    def hold(route: Route) -> None:
        """Have the server do it at once, and the browser wait for its answer until it has clicked again."""
        if route.request.method != "POST" or "preview" in route.request.url:
            route.continue_()
            return
        sent.append(route.request.url)
        with page.expect_event("console", lambda message: message.text == "clicked again"):
            answer = route.fetch(max_redirects=0)
        route.fulfill(response=answer)

    page.goto(path)
    for field, text in fields.items():
        page.fill(field, text)
    page.route("**/*", hold)
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).last.evaluate(TWO_CLICKS)
    page.unroute_all(behavior="wait")
    assert len(sent) == 1
    page.goto(row)
    expect(page.locator(".list li").filter(has_text=next(iter(fields.values())))).to_have_count(1)
