"""The map of questions in a real browser, and the report of a fault copied in one click."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Page, expect
from sqlalchemy import delete

from kbsearch.models import Fault, FaultQuestion, utc_now
from tests.browser.conftest import Site

OpenPage = Callable[..., Page]
EVIDENCE = {
    "start": 1.0, "hours": 1.0, "count": 5, "expected": 0.2, "share": 0.9, "usual_share": 0.1, "p": 1e-8,
}  # fmt: skip


def coloured(page: Page) -> int:
    """How many pixels of the map are not paper."""
    return int(
        page.evaluate(
            """() => {
              const canvas = document.querySelector("#map canvas");
              const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
              const words = new Int32Array(data.buffer);
              return words.filter((word) => word !== words[0]).length;
            }"""
        )
    )


def test_the_map_zooms_by_keys_and_the_list_follows(open_page: OpenPage, site: Site) -> None:
    run = site.app.clusters.latest_run()
    assert run is not None
    site.app.map_drawer.draw(run.id)
    page = open_page("mentor")
    page.goto("/clusters/map")
    expect(page.locator("#asked [data-row]")).not_to_have_count(0)
    before = coloured(page)
    assert before > 0
    count = page.locator("#asked [data-row]").count()
    expect(page.get_by_role("status").filter(has=page.locator("#in-view"))).to_have_text(
        f"Questions: {count}"
    )
    page.locator("#map canvas").focus()
    for _ in range(12):
        page.keyboard.press("Equal")
    expect(page.locator("#asked [data-row]")).not_to_have_count(count)
    page.keyboard.press("0")
    expect(page.locator("#asked [data-row]")).to_have_count(count)
    link = page.locator("#asked a.title").first
    link.click()
    expect(page.locator("h1")).to_be_visible()
    assert "/questions/" in page.url


def test_without_javascript_the_list_is_the_map(open_page: OpenPage, site: Site) -> None:
    run = site.app.clusters.latest_run()
    assert run is not None
    site.app.map_drawer.draw(run.id)
    open_page("mentor")
    page = open_page("mentor", java_script_enabled=False)
    page.goto("/clusters/map")
    expect(page.locator("#map")).to_be_hidden()
    expect(page.locator("#clusters a.title").first).to_be_visible()


def test_a_fault_is_seen_at_once_and_its_report_copied_with_a_key(open_page: OpenPage, site: Site) -> None:
    with site.app.database.writing() as session:
        fault = Fault(started_at=utc_now() - timedelta(hours=2), last_at=utc_now(), evidence=EVIDENCE)
        session.add(fault)
        session.flush()
        fault_id = fault.id
        session.add(FaultQuestion(question_id=1, fault_id=fault_id, probability=0.9))
    try:
        page = open_page("mentor")
        page.goto("/questions")
        page.locator("#fault a").click()
        page.wait_for_url(f"/faults/{fault_id}")
        page.keyboard.press("c")
        expect(page.locator(".toast")).to_be_visible()
        assert "seems to be broken" in str(page.evaluate("navigator.clipboard.readText()"))
    finally:
        with site.app.database.writing() as session:
            session.execute(delete(Fault).where(Fault.id == fault_id))
