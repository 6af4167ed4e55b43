"""Takes screenshots of all pages of a running kbsearch, to be looked at by people.

    python -m tests.browser.screenshots http://127.0.0.1:8000 LOGIN --out /tmp/shots < password.txt

Desktop and phone, light and dark, Russian and English.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
QUERY = "как отменить последний коммит"


def pages(page: Page, base: str) -> Iterator[tuple[str, str]]:
    """Names and paths of the pages to see; ids are taken from what the lists link to."""
    yield "start", "/"
    yield "search", f"/?q={quote(QUERY)}"
    yield "nothing", f"/?q={quote('квантовая хромодинамика')}"
    yield "questions", "/questions"
    yield "question", first_link(page, base, f"/questions?q={quote(QUERY)}", "/questions/")
    yield "question-new", "/questions/new"
    yield "clusters", "/clusters"
    for name in ("map", "themes", "aside", "review", "diff"):
        yield f"clusters-{name}", f"/clusters/{name}"
    yield "insights", "/insights"
    for name in ("clusters", "lessons", "cases", "digest", "month", "questions"):
        yield f"insights-{name}", f"/insights/{name}"
    yield "faults", "/faults"
    fault = first_link(page, base, "/faults", "/faults/")
    if fault:
        yield "fault", fault
    cluster = first_link(page, base, "/clusters", "/clusters/")
    if cluster:
        yield "cluster", cluster
    yield "cases", "/cases"
    case = first_link(page, base, "/cases", "/cases/")
    for name, path in (("case", ""), ("case-edit", "/edit"), ("case-history", "/history")):
        yield name, f"{case}{path}"
    yield "case-effect", f"{with_effect(page, base) or case}/effect"
    yield "case-new", "/cases/new"
    yield "why", f"/why?q={quote(QUERY)}"
    yield "import-preview", preview(page, base)
    job = first_link(page, base, "/jobs", "/jobs/")
    if job:
        yield "job", job
    for name in (
        "cases/pairs",
        "lexicon",
        "import",
        "jobs",
        "admin/people",
        "admin/tokens",
        "account",
        "quality",
        "quality/golden",
        "health-page",
        "no-such-page",
    ):
        yield name.replace("/", "-"), f"/{name}"


def first_link(page: Page, base: str, path: str, prefix: str) -> str:
    """The path of the first row's link on a list; "" when the list is empty."""
    page.goto(base + path)
    links = page.locator(f"[data-row] a.title[href^='{prefix}']")
    return str(links.first.get_attribute("href")).split("?")[0] if links.count() else ""


def with_effect(page: Page, base: str) -> str:
    """The path of a case that has an effect to show; "" when none has."""
    page.goto(f"{base}/insights/cases")
    links = page.locator("table a[href$='/effect']")
    return str(links.first.get_attribute("href")).removesuffix("/effect") if links.count() else ""


def preview(page: Page, base: str) -> str:
    """The path of the page that shows what a small file with a broken row holds."""
    rows = "Вопрос,Курс,Когда\nКак сдать задание?,python-start,2026-11-02\n,python-start,\nГде?,нет,вчера\n"
    page.goto(f"{base}/import")
    file = page.locator("input[type=file]")
    if not file.count():
        return "/import"
    file.set_input_files({"name": "chat.csv", "mimeType": "text/csv", "buffer": rows.encode("cp1251")})
    page.click("form[enctype] button.primary")
    return page.url.removeprefix(base)


def sign_in(page: Page, base: str, login: str, password: str) -> None:
    """Sign in through the form."""
    page.goto(f"{base}/sign-in")
    page.fill("#login", login)
    page.fill("#password", password)
    page.press("#password", "Enter")
    page.wait_for_url(f"{base}/")


def context_of(browser: Browser, size: str, theme: str, language: str) -> BrowserContext:
    """A browser window of that size, theme and language."""
    width, height = SIZES[size]
    return browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        locale="ru-RU" if language == "ru" else "en-GB",
        has_touch=size == "phone",
        is_mobile=size == "phone",
    )


def take(browser: Browser, options: argparse.Namespace, password: str) -> None:
    """All combinations, one folder each."""
    for size, theme, language in product(options.size, options.theme, options.language):
        folder = Path(options.out) / f"{size}-{theme}-{language}"
        folder.mkdir(parents=True, exist_ok=True)
        context = context_of(browser, size, theme, language)
        page = context.new_page()
        page.goto(f"{options.url}/sign-in")
        page.screenshot(path=folder / "sign-in.png")
        sign_in(page, options.url, options.login, password)
        page.goto(f"{options.url}/account")
        page.select_option("#language", language)
        page.click("form[action$='/account'] button.primary")
        for name, path in pages(page, options.url):
            if options.only and name not in options.only:
                continue
            page.goto(options.url + path, wait_until="networkidle")
            page.screenshot(path=folder / f"{name}.png", full_page=size == "phone" or options.full)
        context.close()


def main() -> None:
    """Read the arguments and take the pictures."""
    parser = argparse.ArgumentParser(description="Screenshots of all pages of a running kbsearch.")
    parser.add_argument("url")
    parser.add_argument("login")
    parser.add_argument("--out", required=True)
    parser.add_argument("--size", nargs="*", default=list(SIZES))
    parser.add_argument("--theme", nargs="*", default=["light", "dark"])
    parser.add_argument("--language", nargs="*", default=["ru", "en"])
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--full", action="store_true", help="whole pages on the desktop too")
    options = parser.parse_args()
    password = sys.stdin.readline().strip()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        take(browser, options, password)
        browser.close()


if __name__ == "__main__":
    main()
