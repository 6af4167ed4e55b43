"""The pages in a real browser: keys, copying, the way from a cluster to a case, narrow screens, no script."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from kbsearch.importers.records import IncomingCourse, IncomingLesson
from kbsearch.models import Fault, FaultState, utc_now
from kbsearch.services.cases import CaseDraft
from tests.browser.conftest import Site

OpenPage = Callable[..., Page]
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
QUERY = "как отменить последний коммит"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PATHS = [
    "/",
    f"/?q={QUERY}",
    "/questions",
    "/questions/1",
    "/questions/new",
    "/clusters",
    "/clusters/1",
    "/clusters/diff",
    "/clusters/review",
    "/clusters/map",
    "/clusters/themes",
    "/clusters/aside",
    "/insights",
    "/insights/lessons",
    "/insights/cases",
    "/insights/digest",
    "/insights/month",
    "/lexicon",
    "/quality",
    "/faults",
    "/cases",
    "/cases/1",
    "/cases/1/edit",
    "/cases/1/history",
    "/cases/new",
    "/import",
    "/import/past",
    "/jobs",
    "/admin/people",
    "/admin/tokens",
    "/account",
    "/health-page",
]


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_a_pasted_question_is_answered_and_copied_in_two_key_presses(open_page: OpenPage) -> None:
    page = open_page("mentor")
    expect(page.locator("#q")).to_be_focused()
    page.locator("#q").fill(QUERY)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"q="))
    expect(page.locator("#detail")).to_contain_text("git reset")
    page.keyboard.press("c")
    expect(page.locator(".toast")).to_be_visible()
    assert "git reset --soft HEAD~1" in clipboard(page)


def test_results_come_while_typing(open_page: OpenPage) -> None:
    page = open_page("mentor")
    page.locator("#q").press_sequentially("новую ветку")
    expect(page.locator("#detail")).to_contain_text("git switch")
    assert "q=" in page.url


def test_back_leads_to_the_query_before_which_is_one_step_however_it_was_typed(open_page: OpenPage) -> None:
    page = open_page("mentor", viewport={"width": 390, "height": 844}, is_mobile=True)
    steps = page.evaluate("history.length")
    query, detail = page.locator("#q"), page.locator("#detail")

    def typed(words: str, answer: str) -> None:
        for part in ("", words[:6], words):
            query.fill(part)
            page.wait_for_url(lambda url: parse_qs(urlsplit(url).query).get("q", [""]) == [part])  # noqa: B023
        expect(detail).to_contain_text(answer)

    typed(QUERY, "git reset")
    with page.expect_navigation():
        query.press("Enter")
    typed("новую ветку", "git switch")
    page.locator("#cases a.title").first.click()
    page.wait_for_url(re.compile(r"case=\d+"))
    typed("сдать домашнее задание", "Сдать работу")
    assert page.evaluate("history.length") == steps + 2
    for words, answer in (("новую ветку", "git switch"), (QUERY, "git reset")):
        page.go_back()
        expect(query).to_have_value(words)
        expect(detail).to_contain_text(answer)
    page.go_forward()
    expect(query).to_have_value("новую ветку")


def test_keys_work_by_their_place_on_a_russian_layout(open_page: OpenPage) -> None:
    page = open_page("mentor")
    page.goto(f"/?q={QUERY} ветку")
    rows = page.locator("#cases [data-row]")
    expect(rows.first).to_have_class(re.compile("on"))
    press_russian(page, "KeyJ", "о")
    expect(rows.nth(1)).to_have_class(re.compile("on"))
    title = rows.nth(1).locator("a.title").inner_text()
    expect(page.locator("#detail h2")).to_have_text(title)
    page.wait_for_url(re.compile(r"case=\d+"))
    press_russian(page, "KeyK", "л")
    expect(rows.first).to_have_class(re.compile("on"))
    press_russian(page, "KeyC", "с")
    expect(page.locator(".toast")).to_be_visible()
    press_russian(page, "Slash", ".")
    expect(page.locator("#q")).to_be_focused()


def test_feedback_is_seen_to_arrive_wherever_the_page_stands(open_page: OpenPage) -> None:
    page = open_page("mentor")
    page.goto(f"/?q={QUERY}")
    page.locator("#detail").evaluate("pane => pane.scrollTop = 0")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("n")
    expect(page.locator(".toast")).to_contain_text("no case answers")


def test_what_was_said_is_undone_by_a_key_and_in_the_note_that_tells_of_it(
    open_page: OpenPage, site: Site
) -> None:
    before = site.app.quality.live_use().nothing_fits
    page = open_page("mentor")
    page.goto("/?q=создать новую ветку")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("n")
    expect(page.locator(".toast")).to_contain_text("no case answers")
    page.keyboard.press("z")
    expect(page.locator("[data-thanks]")).to_have_text("Taken back: it does not count.")
    page.click("#detail button[value=accepted]")
    page.click(".toast button")
    expect(page.locator(".toast")).to_have_text("Taken back: it does not count.")
    assert site.app.quality.live_use().nothing_fits == before


def press_russian(page: Page, code: str, letter: str) -> None:
    """The key at the place of ``code``, which types ``letter`` on a Russian layout."""
    event = {"code": code, "key": letter, "bubbles": True, "cancelable": True}
    page.evaluate(
        "init => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', init))",
        event,
    )


def test_keys_never_fire_while_typing_and_can_be_switched_off(open_page: OpenPage) -> None:
    page = open_page("mentor")
    page.goto(f"/?q={QUERY}")
    page.locator("#q").press("End")
    page.locator("#q").press_sequentially("cjk?")
    expect(page.locator("#q")).to_have_value(f"{QUERY}cjk?")
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.goto("/account")
    page.keyboard.press("Shift+Slash")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.uncheck("[name=keyboard]")
    page.click("form[action$='/account'] button.primary")
    page.wait_for_url("/account")
    expect(page.locator("body")).to_have_attribute("data-keyboard", "off")
    page.keyboard.press("Shift+Slash")
    expect(page.locator("#shortcuts")).to_be_hidden()


def test_the_palette_leads_anywhere(open_page: OpenPage) -> None:
    page = open_page("mentor")
    page.goto("/questions")
    page.keyboard.press("Control+k")
    page.locator("#palette input").press_sequentially("clu")
    page.keyboard.press("Enter")
    page.wait_for_url("/clusters")


def test_a_cluster_becomes_a_published_case_that_is_found(open_page: OpenPage, site: Site) -> None:
    page = open_page("methodologist")
    page.goto("/clusters")
    page.click("text=Отмена коммита")
    page.click("text=Make a case")
    page.wait_for_url(re.compile(r"/cases/\d+/edit"))
    expect(page.locator("#preview")).to_contain_text("git revert")
    page.fill("#answer", "Сделайте **git revert** и отправьте.")
    expect(page.locator("#preview strong")).to_have_text("git revert")
    page.click("text=Add a phrasing")
    expect(page.locator("[name=variant]")).to_have_count(4)
    page.locator("[name=variant]").last.fill("откатить отправленный коммит")
    page.click("text=Save and publish")
    page.wait_for_url(re.compile(r"/cases/\d+\?"))
    expect(page.locator("article .badge.good").first).to_have_text("published")
    deadline_poll(page, lambda: not site.app.pipeline.waiting())
    page.goto("/?q=откатить отправленный коммит")
    expect(page.locator("#cases")).to_contain_text("Отмена коммита")


def deadline_poll(page: Page, done: Callable[[], bool]) -> None:
    for _ in range(100):
        if done():
            return
        page.wait_for_timeout(50)
    pytest.fail("it did not happen within five seconds")


def test_unsaved_text_outlives_a_closed_tab(open_page: OpenPage) -> None:
    page = open_page("mentor")
    page.goto("/cases/new")
    page.fill("#title", "Долгий заголовок")
    deadline_poll(page, lambda: page.evaluate("localStorage.length") > 0)
    page.goto("/cases")
    page.goto("/cases/new")
    page.click("text=Bring it back")
    expect(page.locator("#title")).to_have_value("Долгий заголовок")


def test_who_finds_nothing_is_led_to_writing_it(open_page: OpenPage) -> None:
    page = open_page("mentor")
    page.goto("/?q=как отменить последний коммит")
    page.keyboard.press("n")
    expect(page.locator(".toast")).to_have_text(re.compile(r"^Noted: no case answers this yet\. Undo z\s*$"))
    page.click("[data-thanks] >> text=Write a case")
    expect(page.locator("#title")).to_have_value("как отменить последний коммит")


def test_no_page_scrolls_sideways_on_a_narrow_phone(open_page: OpenPage, site: Site) -> None:
    site.app.people.make_token("Learning platform", ["read", "write"])
    site.app.lexicon.save("аа" * 50, "длинное слово")
    case = site.app.cases.create(
        CaseDraft("Ошибка" * 50, "Я" * 300, variants=("длинно" * 50,), tags=("тег" * 30,)), state="published"
    )
    deadline_poll(open_page("admin"), lambda: not site.app.pipeline.waiting())
    site.app.questions.save_course(
        IncomingCourse("long", "Длинное " * 9, (IncomingLesson("long-1", "Очень" * 20),))
    )
    page = open_page("admin", viewport={"width": 320, "height": 740})
    widths = {}
    long_ones = [f"/cases/{case.id}", f"/cases/{case.id}/edit"]
    for path in [*PATHS, *long_ones, f"/?q={'Ошибка' * 40}", f"/?q={'ы' * 100}"]:
        page.goto(path)
        widths[path] = page.evaluate("document.documentElement.scrollWidth")
    assert {path: width for path, width in widths.items() if width > 320} == {}


LARGE_TEXT = (
    "addEventListener('DOMContentLoaded', () => { document.documentElement.style.fontSize = '200%' })"
)


def test_pages_with_text_twice_as_large_fit_a_desktop(open_page: OpenPage) -> None:
    """WCAG 1.4.4: two panes become one column, though the window is wide."""
    page = open_page("admin", viewport={"width": 1280, "height": 800})
    page.add_init_script(LARGE_TEXT)
    widths = {}
    for path in PATHS:
        page.goto(path)
        widths[path] = page.evaluate("document.documentElement.scrollWidth")
    assert {path: width for path, width in widths.items() if width > 1280} == {}
    page.goto(f"/?q={QUERY}")
    cases, detail = (page.locator(one).bounding_box() for one in ("#cases", "#detail"))
    assert cases
    assert detail
    assert detail["x"] == cases["x"]
    page.locator("#cases a.title").nth(1).click()
    expect(page.locator("#detail h2")).to_be_in_viewport()


def test_the_menu_does_not_cover_a_page_that_is_zoomed_to_four_times(open_page: OpenPage) -> None:
    """WCAG 1.4.10: a screen of 1280 × 900 pixels has 320 × 225 then."""
    page = open_page(viewport={"width": 320, "height": 225})
    page.goto("/clusters")
    page.evaluate("scrollTo(0, 1000)")
    expect(page.locator(".nav")).not_to_be_in_viewport()


def test_no_table_of_quality_is_cut_on_a_desktop(open_page: OpenPage, site: Site) -> None:
    case = site.app.cases.list().items[0]
    for text in (case.title, "не работает"):  # two probabilities make a curve
        site.app.golden.add(case.id, text=text)
    for _ in range(2):
        site.app.quality.measure()
    page = open_page(viewport={"width": 1280, "height": 800})
    page.goto("/quality")
    expect(page.locator(".chart")).to_have_count(2)
    areas = "[...document.querySelectorAll('.scroll')].map(area => area.scrollWidth - area.clientWidth)"
    assert page.evaluate(areas) == [0] * page.locator(".scroll").count()


DRAWN = """
  window.drawn = [];
  const fill = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...at) {
    window.drawn.push(text);
    return fill.call(this, text, ...at);
  };"""
TABLE = """() => {
  const row = (count, week) =>
    `<tr><td data-value="${1.7e9 + 604800 * week}">week ${week}</td><td data-value="${count}"></td></tr>`;
  document.getElementById("main").innerHTML = `<div class="scroll"><table data-chart="counts">
    <thead><tr><th>Week</th><th data-series>Asked</th></tr></thead>
    <tbody>${[0, 1, 0, 1].map(row).join("")}</tbody></table></div>`;
}"""


def test_an_axis_of_counts_has_no_fractions(open_page: OpenPage) -> None:
    page = open_page()
    page.add_init_script(DRAWN)
    page.goto("/account")
    page.evaluate(TABLE)
    page.add_script_tag(url="/static/vendor/uplot.min.js")
    page.add_script_tag(url="/static/charts.js", type="module")
    expect(page.locator(".chart canvas")).to_have_count(1)
    page.wait_for_function("window.drawn.includes('week 3')")
    assert {text for text in page.evaluate("window.drawn") if "week" not in text} == {"0", "1"}


def test_a_chart_is_printed_on_white_with_a_legend_of_names_alone(site: Site, open_page: OpenPage) -> None:
    case = site.app.cases.list().items[0]
    site.app.golden.add(case.id, text=case.title)
    for _ in range(2):
        site.app.quality.measure()
    page = open_page(color_scheme="dark", viewport={"width": 1280, "height": 800})
    page.goto("/quality")
    chart, legend = page.locator(".chart").first, page.locator(".u-legend").first
    expect(legend).not_to_contain_text("–")
    first = page.locator("table[data-chart] tbody td, table[data-chart] tbody th").first.inner_text()
    chart.locator(".u-over").hover()
    expect(legend).to_contain_text(first)
    page.mouse.move(0, 0)
    marker = "getComputedStyle(document.querySelectorAll('.u-marker')[1]).borderColor"
    dark = page.evaluate(marker)
    page.emulate_media(media="print", color_scheme="dark")
    expect(legend.locator("tr").first).to_be_hidden()
    page.wait_for_function(f"{marker} !== {dark!r}")  # the chart is drawn anew once the browser has told it


@pytest.mark.parametrize("width", [1280, 390])
def test_a_chart_of_weeks_names_the_weeks_that_it_draws(open_page: OpenPage, width: int) -> None:
    page = open_page("methodologist", viewport={"width": width, "height": 800})
    page.add_init_script(
        "window.drawn = []; const write = CanvasRenderingContext2D.prototype.fillText;"
        "CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {"
        " window.drawn.push(text); write.call(this, text, ...rest); };"
    )
    page.goto("/insights")
    expect(page.locator(".chart canvas")).to_be_visible()
    weeks = page.locator("#weeks tbody th a").all_inner_texts()
    page.wait_for_function(f"window.drawn.includes({weeks[-1]!r})", timeout=5000)
    named = [text for text in page.evaluate("window.drawn") if not re.fullmatch(r"[\d.]+", text)]
    assert set(named) <= set(weeks)
    assert (set(named) == set(weeks)) == (width == 1280)


def test_a_map_of_weeks_opens_at_the_newest(open_page: OpenPage) -> None:
    page = open_page("mentor", viewport={"width": 390, "height": 844})
    page.goto("/insights/lessons")
    weeks = page.locator("table.heat thead th")
    expect(weeks.last).to_be_in_viewport(ratio=1)
    expect(weeks.nth(1)).not_to_be_in_viewport()
    expect(weeks.first).to_be_in_viewport(ratio=1)  # the lessons stay


def test_the_menu_of_a_phone_stands_in_the_middle_of_its_places(open_page: OpenPage) -> None:
    page = open_page("mentor", viewport={"width": 390, "height": 844}, is_mobile=True)
    links = page.locator(".nav a")
    for place in range(links.count()):
        link = links.nth(place)
        outside, inside = link.bounding_box(), link.locator(".icon").bounding_box()
        assert outside is not None
        assert inside is not None
        assert outside["x"] + outside["width"] / 2 == pytest.approx(inside["x"] + inside["width"] / 2, abs=1)


def test_the_whole_job_works_without_javascript(open_page: OpenPage) -> None:
    page = open_page("methodologist", java_script_enabled=False)
    page.fill("#q", QUERY)
    page.click("text=Find >> nth=0")
    # Two cases answer it once another test has published one from the cluster.
    expect(page.locator("#detail")).to_contain_text(re.compile(r"git re(set|vert)"))
    page.click("#detail >> text=Helped")
    expect(page.locator("#flashes")).to_contain_text("it helped")
    page.goto("/questions/4")
    page.click("text=Not a question")
    page.click("#flashes >> text=Undo")
    expect(page.locator("#flashes")).to_contain_text("open again")
    page.goto("/cases/new")
    page.fill("#title", "Без скриптов")
    page.fill("#answer", "Тоже **работает**.")
    page.click("text=Add a phrasing")
    page.locator("[name=variant]").fill("а без скриптов?")
    page.click("text=Save and publish")
    expect(page.locator(".prose strong")).to_have_text("работает")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible(open_page: OpenPage, theme: str) -> None:
    rules = RULES if theme == "light" else ["color-contrast"]
    page = open_page("admin", color_scheme=theme, bypass_csp=True)
    found: dict[str, Any] = {}
    for path in PATHS:
        page.goto(path)
        page.add_script_tag(path=AXE)
        report = page.evaluate("rules => axe.run({runOnly: rules})", rules)
        for violation in report["violations"]:
            found[f"{path} {violation['id']}"] = [node["html"][:160] for node in violation["nodes"][:3]]
    assert found == {}


def test_the_map_of_weeks_is_whole_on_paper_and_no_page_is_blank(open_page: OpenPage) -> None:
    page = open_page("methodologist", viewport={"width": 718, "height": 1000})
    page.goto("/insights/lessons")
    page.emulate_media(media="print")
    weeks, paper = page.locator("table.heat"), page.locator("table.heat").locator("xpath=..")
    assert weeks.evaluate("table => table.offsetWidth") <= paper.evaluate("box => box.clientWidth")
    page.goto("/cases/1")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) == 1


def test_what_is_wider_than_a_phone_can_be_scrolled_by_keys(open_page: OpenPage, site: Site) -> None:
    case = site.app.cases.create(CaseDraft("Широкий код", f"```\n{'print(1); ' * 20}\n```"))
    page = open_page("admin", viewport={"width": 320, "height": 740}, bypass_csp=True)
    for path, area in ((f"/cases/{case.id}", "article pre"), ("/quality", ".scroll")):
        page.goto(path)
        expect(page.locator(area).last).to_have_attribute("tabindex", "0")
        page.add_script_tag(path=AXE)
        assert page.evaluate("axe.run({runOnly: ['scrollable-region-focusable']})")["violations"] == []


def test_a_server_that_does_not_answer_is_told(open_page: OpenPage, site: Site) -> None:
    page = open_page("mentor")
    page.goto(f"/?q={QUERY}")
    page.context.set_offline(True)
    page.locator("#q").press_sequentially(" ветку")
    expect(page.locator(".toast")).to_contain_text("The server did not answer")
    expect(page.locator("#said")).to_contain_text("The server did not answer")
    page.context.set_offline(False)
    page.locator("#q").press_sequentially(" новую")
    expect(page.locator("#said")).to_contain_text("cases: ")
    site.complaints.clear()


def test_the_banner_of_a_fault_is_shown_and_not_printed(site: Site, open_page: OpenPage) -> None:
    evidence = {"count": 5, "hours": 1, "expected": 0.1, "share": 0.9, "p": 1e-6}
    fault = Fault(state=FaultState.OPEN, started_at=utc_now(), last_at=utc_now(), evidence=evidence)
    with site.app.database.writing() as session:
        session.add(fault)
    page = open_page("methodologist")
    page.goto("/insights/month")
    try:
        expect(page.locator("#fault")).to_be_visible()
        page.emulate_media(media="print")
        expect(page.locator("#fault")).to_be_hidden()
        expect(page.locator("h1")).to_be_visible()
    finally:
        with site.app.database.writing() as session:
            session.delete(session.get_one(Fault, fault.id))


def test_lessons_are_those_of_the_course_that_is_chosen(open_page: OpenPage, site: Site) -> None:
    site.app.questions.save_course(IncomingCourse("python", "Python", (IncomingLesson("py-1", "Начало"),)))
    page = open_page("mentor")
    page.fill("#q", "новую ветку")
    expect(page.locator("#detail")).to_contain_text("git switch")
    course, lesson = page.locator("#chip-course"), page.locator("#chip-lesson")
    expect(lesson).to_have_count(0)
    course.focus()
    course.select_option("frontend")
    expect(lesson.locator("option")).to_have_text(["Any lesson", "Первые шаги", "Git"])
    expect(course).to_be_focused()
    lesson.select_option("fe-02")
    page.wait_for_url(re.compile("lesson=fe-02"))
    course.select_option("python")
    expect(lesson.locator("option")).to_have_text(["Any lesson", "Начало"])
    expect(lesson).to_have_value("")
    expect(page.locator("#results [name=lesson]").first).to_have_value("")
    page.reload()
    expect(lesson).to_have_value("")
