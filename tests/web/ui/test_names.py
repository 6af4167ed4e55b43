"""Controls of a page that do different things are called differently (WCAG 2.4.4, 2.4.9)."""

from __future__ import annotations

from collections import defaultdict
from html.parser import HTMLParser

from flask.testing import FlaskClient

from kbsearch.app import Kbsearch
from kbsearch.services.cases import CaseDraft
from tests.large_proposal import plant_proposal

CONTROLS = {"a", "button", "summary"}
ELSEWHERE = {"nav", "table", "dl"}
"""Menus repeat words of the page; links in tables and lists of figures are told by their headers."""


class Controls(HTMLParser):
    """Buttons, summaries and links of a page by name: what each of that name does."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: defaultdict[str, set[str]] = defaultdict(set)
        self._elsewhere = 0
        self._form = self._does = self._name = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A control begins, or what it acts on."""
        given = {name: value or "" for name, value in attrs}
        self._elsewhere += tag in ELSEWHERE
        if tag == "form":
            self._form = given.get("action", "")
        elif tag == "input" and given.get("type") == "hidden" and given.get("name") != "csrf_token":
            self._form += f"&{given.get('name')}={given.get('value')}"
        elif tag in CONTROLS:
            own = [given.get(name, "") for name in ("name", "value", "data-copy")]
            place = str(self.getpos()) if tag == "summary" else ""
            self._does = given.get("href") or " ".join([self._form, *own, place])
            self._name = given.get("aria-label", "")

    def handle_data(self, data: str) -> None:
        """A piece of a name."""
        self._name += data

    def handle_endtag(self, tag: str) -> None:
        """A control ends."""
        self._elsewhere -= tag in ELSEWHERE
        if tag == "form":
            self._form = ""
        elif tag in CONTROLS and not self._elsewhere:
            kind = "▸" if tag == "summary" else ""  # it opens the form whose button is called the same
            self.found[" ".join([kind, *self._name.split()])].add(self._does)


def alike(client: FlaskClient, path: str) -> dict[str, set[str]]:
    """Names that stand for several things on the page."""
    answer = client.get(path)
    assert answer.status_code == 200
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    found = Controls(main).found
    assert found
    return {name: does for name, does in found.items() if len(does) > 1}


def test_lines_of_a_proposal_say_which_cluster_they_accept_and_reject(
    methodologist: FlaskClient, school: Kbsearch
) -> None:
    run_id = plant_proposal(school, 70)
    page = methodologist.get("/clusters/diff").text
    assert page.count('value="accept:') > 1
    assert alike(methodologist, "/clusters/diff") == {}
    lines = [shown.line.id for shown in school.proposals.get(run_id).lines]
    school.proposals.reject(run_id, lines[:3])
    assert methodologist.get("/clusters/diff").text.count('value="reopen:') > 1
    assert alike(methodologist, "/clusters/diff") == {}


def test_files_say_which_table_they_hold(methodologist: FlaskClient, school: Kbsearch) -> None:
    school.coverage.refresh()
    for path in ("/insights", "/insights/digest", "/insights/month", "/insights/cases", "/insights/lessons"):
        assert alike(methodologist, path) == {}


def test_buttons_of_a_question_say_of_which_case_they_speak(mentor: FlaskClient, school: Kbsearch) -> None:
    for title in ("Как отменить слияние", "Как отменить перенос коммита"):
        school.cases.create(CaseDraft(title, "Так."), state="published")
    school.pipeline.drain_all(lambda done, total, stage: None)
    assert mentor.get("/questions/1").text.count('value="answer"') > 1
    assert alike(mentor, "/questions/1") == {}


def test_buttons_of_a_cluster_say_of_which_cluster_or_edit_they_speak(
    methodologist: FlaskClient, topics: Kbsearch
) -> None:
    cluster = topics.clusters.list(limit=1).items[0].cluster.id
    for label in ("Раз", "Два"):
        methodologist.post(f"/clusters/{cluster}/name", data={"label": label})
    page = methodologist.get(f"/clusters/{cluster}").text
    assert page.count("Merge into it") > 1
    assert page.count("Undo") > 1
    assert alike(methodologist, f"/clusters/{cluster}") == {}
