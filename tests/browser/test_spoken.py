"""What a screen reader tells: results, messages, in which language; and where focus goes."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from kbsearch.services.cases import CaseDraft
from tests.browser.conftest import OpenPage, Site

QUERY = "как отменить последний коммит"


def told(page: Page) -> None:
    """The region must be there before its words are, or nobody hears them."""
    page.evaluate("document.getElementById('said').dataset.first = 'yes'")


def test_results_copying_and_messages_are_told_in_a_region_that_was_there_before(open_page: OpenPage) -> None:
    page = open_page("mentor")
    told(page)
    region = page.locator("#said[role=status][data-first]")
    page.locator("#q").press_sequentially("новую ветку")
    expect(region).to_contain_text("Как создать новую ветку, ")
    expect(region).to_contain_text("%")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("c")
    expect(region).to_have_text("Copied")
    page.goto(f"/?q={QUERY} ветку")
    told(page)
    title = page.locator("#cases a.title").nth(1).inner_text()
    page.keyboard.press("j")
    expect(region).to_contain_text(f"Answer: {title}, ")
    page.goto("/cases")
    told(page)
    page.fill("#q", "сертификат ничего такого")
    expect(region).to_have_text("0 cases")
    page.goto("/questions/5")
    page.click("text=Nothing fits")
    expect(page.locator("#said")).to_have_text("Noted: no case answers this yet.")


def test_what_students_and_cases_say_is_spoken_in_its_own_language(open_page: OpenPage, site: Site) -> None:
    english = site.app.cases.create(CaseDraft("Undo the last commit", "Run git reset."))
    page = open_page("methodologist")
    for path, russian in (
        (f"/?q={QUERY}", "#cases a.title, #detail h2, #detail .prose"),
        ("/questions", "#list a.title"),
        ("/questions/1", ".card > .said, article h3, article .prose"),
        ("/cases/1", "article h1, article .prose"),
        ("/clusters/1", "h1, a.quote"),
    ):
        page.goto(path)
        parts = page.locator(russian)
        assert parts.count()
        for part in parts.all():
            expect(part).to_have_attribute("lang", "ru")
    page.goto(f"/cases/{english.id}")
    expect(page.locator("article h1")).to_have_text("Undo the last commit")
    expect(page.locator("article [lang]")).to_have_count(0)


def test_focus_goes_to_the_phrasing_that_was_added(open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/cases/1/edit")
    there = page.locator("[name=variant]").count()
    page.get_by_role("button", name="Add a phrasing").press("Enter")
    expect(page.locator("[name=variant]")).to_have_count(there + 1)
    expect(page.locator("[name=variant]").last).to_be_focused()
    page.get_by_role("button", name=f"Remove phrasing {there + 1}").press("Enter")
    expect(page.get_by_role("button", name="Add a phrasing")).to_be_focused()
