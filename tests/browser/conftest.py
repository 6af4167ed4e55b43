"""A live server over the planted school, and a real browser that may reach nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.worker import start_thread
from tests.browser.screenshots import ARGUMENTS
from tests.web.ui.school import PASSWORD, plant_people, plant_school
from web import create_app

CHROMIUM = Path("/usr/bin/chromium")


@dataclass
class Site:
    """A running kbsearch and what its pages complained about."""

    url: str
    app: Kbsearch
    complaints: list[str] = field(default_factory=list)
    sessions: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; tests are skipped where there is none."""
    if not CHROMIUM.exists():
        pytest.skip("needs /usr/bin/chromium")
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Kbsearch with its worker, on a free port, with form protection and headers as in real life."""
    app = Kbsearch(
        Settings(home=tmp_path_factory.mktemp("site"), encoder="hashing", sign_in_rate="999/minute")
    )
    app.database.upgrade()
    plant_people(app)
    plant_school(app)
    server = make_server("127.0.0.1", 0, create_app(app), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    worker, stop = start_thread(app)
    yield Site(f"http://127.0.0.1:{server.server_port}", app)
    stop.set()
    worker.join(10)
    server.shutdown()
    thread.join(10)
    server.server_close()
    app.database.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[OpenPage]:
    """Opens a page signed in as ``login``; at the end no page may have complained or reached outside."""
    contexts: list[BrowserContext] = []
    defaults = {"locale": "en-GB", "permissions": ["clipboard-read", "clipboard-write"], "base_url": site.url}
    site.complaints.clear()

    def opened(login: str = "methodologist", **options: object) -> Page:
        context = browser.new_context(**defaults, **options, storage_state=site.sessions.get(login))
        contexts.append(context)
        page = context.new_page()
        watch(page, site)
        page.goto("/")
        if login not in site.sessions:
            page.fill("#login", login)
            page.fill("#password", PASSWORD)
            page.press("#password", "Enter")
            page.wait_for_url("/")
            site.sessions[login] = context.storage_state()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert site.complaints == []


def watch(page: Page, site: Site) -> None:
    """Collect errors of the console, violations of the content security policy and foreign requests."""

    def heard(kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            site.complaints.append(f"{kind}: {text}")

    def asked(url: str) -> None:
        if not url.startswith((site.url, "data:", "blob:")):
            site.complaints.append(f"request: {url}")

    page.on("console", lambda message: heard(message.type, message.text))
    page.on("pageerror", lambda error: site.complaints.append(str(error)))
    page.on("request", lambda request: asked(request.url))
