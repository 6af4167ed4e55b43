"""Everything within reach of the keyboard alone, and one always sees where it stands."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenPage, Site
from tests.web.ui.school import PASSWORD

MOST_STOPS = 200
FOCUS = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  const rings = [style, getComputedStyle(one, "::after")].filter(
    (each) => each.content !== "none" && each.outlineStyle !== "none" && parseFloat(each.outlineWidth) > 0);
  return {
    name: (one.textContent || one.id || one.name || "").trim().slice(0, 40) + " <" + one.tagName + ">",
    seen: rings.length > 0 && box.width > 0 && box.height > 0,
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""
REACHABLE = """() => [...document.querySelectorAll("main :is(a[href], button, input, select, textarea)")]
  .filter((one) => !one.disabled && one.type !== "hidden" && one.checkVisibility({visibilityProperty: true}))
  .filter((one) => one.tabIndex >= 0 && !(one.type === "radio" && !one.checked)).length"""


def walk(page: Page) -> list[dict[str, Any]]:
    """What the Tab key stops at until it leaves the page."""
    stops = []
    page.evaluate("() => { document.body.tabIndex = -1; document.body.focus(); }")
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUS)
        if found is None:
            break
        stops.append(found)
    return stops


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?q=коммит",
        "/questions/1",
        "/clusters",
        "/clusters/1",
        "/clusters/review",
        "/cases/1",
        "/cases/1/edit",
    ],
)
def test_the_tab_key_reaches_all_and_its_place_is_seen(open_page: OpenPage, path: str) -> None:
    page = open_page()
    page.goto(path)
    stops = walk(page)
    assert [stop["name"] for stop in stops if not stop["seen"] or not stop["inside"]] == []
    assert len(stops) >= page.evaluate(REACHABLE) > 0


def press_on(page: Page, words: str) -> None:
    """Walk with the Tab key to what is called ``words``, and press it."""
    page.evaluate("() => { document.body.tabIndex = -1; document.body.focus(); }")
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUS)
        if found is not None and words in found["name"]:
            page.keyboard.press("Enter")
            return
    pytest.fail(f"the Tab key does not lead to {words}")


def test_one_signs_in_and_publishes_a_case_without_a_mouse(browser: Browser, site: Site) -> None:
    with browser.new_context(base_url=site.url, locale="en-GB") as context:
        page = context.new_page()
        page.goto("/")
        page.keyboard.type("methodologist")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("/")
        page.goto("/cases/new")
        page.keyboard.type("Как сдать работу без мыши")
        page.focus("#answer")
        page.keyboard.type("Клавишей **Tab**.")
        press_on(page, "Save and publish")
        page.wait_for_url(re.compile(r"/cases/\d+\?"))
        expect(page.locator("article .badge.good").first).to_have_text("published")


def test_questions_are_answered_one_after_the_other_by_keys(open_page: OpenPage, site: Site) -> None:
    later, earlier = (question.id for question in site.app.questions.latest(limit=500)[-2:])
    for question_id in (later, earlier):
        site.app.questions.reopen(question_id)
    page = open_page("mentor")
    page.goto(f"/questions/{later}")
    page.keyboard.press("1")
    expect(page.locator("#flashes")).to_contain_text("Marked as answered")
    page.keyboard.press("w")
    page.wait_for_url(f"/questions/{earlier}")
    assert site.app.questions.get(later).state == "answered"
    site.app.questions.reopen(later)
