"""The review queue by keys, on any layout."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from kbsearch.importers.records import IncomingQuestion
from kbsearch.services.cases import CaseDraft
from tests.browser.conftest import Site
from tests.browser.test_browser import press_russian
from tests.web.ui.school import plant_cluster

OpenPage = Callable[..., Page]


def test_a_cluster_is_decided_with_one_key_and_undone_with_another(open_page: OpenPage, site: Site) -> None:
    texts = ("посоветуйте книгу про астрономию", "какая книга про астрономию хорошая")  # no case covers it
    received = site.app.questions.receive_many([IncomingQuestion(text) for text in texts])
    plant_cluster(site.app, [one.question_id for one in received])
    page = open_page("methodologist")
    page.goto("/clusters/review")
    expect(page.locator("main")).to_contain_text(re.compile(r"1 of \d+"))
    press_russian(page, "KeyF", "а")
    expect(page.locator("#flashes")).to_contain_text("comes back when it grows")
    press_russian(page, "KeyZ", "я")
    expect(page.locator("#flashes")).to_contain_text("Undone")
    expect(page.locator("main")).to_contain_text(re.compile(r"1 of \d+"))


def test_the_number_of_a_case_is_typed_and_entered(open_page: OpenPage, site: Site) -> None:
    received = site.app.questions.receive_many(
        [IncomingQuestion(text) for text in ("где купить телескоп", "какой телескоп купить ребёнку")]
    )
    cluster_id = plant_cluster(site.app, [one.question_id for one in received])
    case = site.app.cases.create(CaseDraft("Какой телескоп купить", "Любой."))
    page = open_page("methodologist")
    page.goto(f"/clusters/review?cluster={cluster_id}")
    page.click("button[value=link]")
    expect(page.locator("[name=case]")).to_be_focused()  # the browser asks for the number
    page.fill("[name=case]", str(case.id))
    page.press("[name=case]", "Enter")
    expect(page.locator("#flashes")).to_contain_text("Linked to the case")
    linked = site.app.clusters.get(cluster_id).row.case
    assert linked is not None
    assert linked.id == case.id


def test_questions_are_ticked_with_the_mouse_and_split_off(open_page: OpenPage, site: Site) -> None:
    ids = [question.id for question in site.app.questions.latest(limit=4)]
    cluster_id = plant_cluster(site.app, ids)
    page = open_page("methodologist")
    page.goto(f"/clusters/{cluster_id}")
    for question_id in ids[:2]:
        page.locator(f"[name=question][value='{question_id}']").click(timeout=5000)
    page.click("[value=split]")
    expect(page.locator("#flashes")).to_contain_text("Split off")
    expect(page.locator("[name=question]")).to_have_count(2)
    page.click("#flashes button:has-text('Undo')")
    expect(page.locator("[name=question]")).to_have_count(4)
