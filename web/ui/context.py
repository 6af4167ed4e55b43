"""What every template knows: who looks, in which language and theme, the menu, the school's courses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import Flask, g, request, url_for
from flask_babel import get_locale

from kbsearch.models import Course, Lesson, Role
from kbsearch.services.questions import Titles
from web.session import current_person, kb
from web.ui import charts, cluster_words, fault_words, import_words, markdown, marking, trend_words, words
from web.ui.days import dated_moment, moment_after, short_day, short_moment
from web.ui.texts import gettext

THEMES = ("system", "light", "dark")
THEME_COOKIE = "theme"
KEYBOARD_COOKIE = "keyboard"


def install(app: Flask) -> None:
    """Teach the templates of ``app``."""
    app.context_processor(_context)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        markdown=markdown.to_html,
        to_telegram=markdown.to_telegram,
        to_text=markdown.to_text,
        highlight=marking.marked,
        excerpt=marking.excerpt,
        dated_moment=dated_moment,
        moment_after=moment_after,
        short_day=short_day,
        short_moment=short_moment,
    )


def _context() -> dict[str, Any]:
    theme = request.cookies.get(THEME_COOKIE, "")
    person = current_person()
    return {
        "person": person,
        "language": str(get_locale() or "en"),
        "theme": theme if theme in THEMES else "system",
        "keyboard": request.cookies.get(KEYBOARD_COOKIE) != "off",
        "words": words,
        "tongue": words.tongue,
        "cluster_words": cluster_words,
        "trend_words": trend_words,
        "import_words": import_words,
        "charts": charts,
        "fault_words": fault_words,
        "current_fault": kb().faults.current,
        "questions_there": kb().questions.count,
        "school": school(),
        "apart": apart,
        "navigation": Navigation(Role(person.role) if person else None),
        "may": lambda role: person is not None and Role(person.role).includes(Role(role)),
    }


class School:
    """Courses and lessons by code; read once a request, and only when a template asks."""

    @cached_property
    def courses(self) -> Sequence[Course]:
        """All courses with their lessons."""
        return kb().questions.courses()

    @cached_property
    def choices(self) -> list[tuple[str, str]]:
        """Code and title of courses to choose from: the outline, or else what questions and cases name."""
        known = [(course.code, course.title) for course in self.courses]
        return known or [(code, code) for code in kb().questions.named_courses()]

    @cached_property
    def _titles(self) -> Titles:
        return kb().questions.titles()

    def course(self, code: str) -> str:
        """The title of a course; its code when the school does not know it."""
        return self._titles.courses.get(code, code)

    def lesson(self, code: str) -> str:
        """The title of a lesson; its code when the school does not know it."""
        return self._titles.lessons.get(code, code)

    def course_of(self, code: str) -> str:
        """The title of the course that a lesson belongs to; "" when the school does not know the lesson."""
        course = self._titles.course_of.get(code)
        return self._titles.courses[course] if course else ""

    def title(self, code: str) -> str:
        """The title of a course or a lesson; the code when the school does not know it."""
        course = self.course(code)
        return course if course != code else self.lesson(code)

    def lessons_of(self, code: str) -> Sequence[Lesson]:
        """The lessons of a course; none when the school does not know it."""
        return next((course.lessons for course in self.courses if course.code == code), [])


def school() -> School:
    """The school, as this request sees it."""
    if "school" not in g:
        g.school = School()
    return g.school  # type: ignore[no-any-return]


def apart(cluster_id: int) -> str:
    """What tells a cluster from others of its name, its theme and number; "" when the name is its own.

    The clusters that share names are read once a request, and only when something asks.
    """
    if "named_alike" not in g:
        g.named_alike = kb().clusters.named_alike()
    if cluster_id not in g.named_alike:
        return ""
    number = gettext("cluster %(number)s", number=cluster_id)
    return " · ".join(part for part in (g.named_alike[cluster_id], number) if part)


@dataclass(frozen=True)
class Item:
    """An entry of the menu."""

    label: str
    icon: str
    endpoint: str
    holds: bool = False
    """Whether the present page is one of those that it leads on to."""

    @cached_property
    def url(self) -> str:
        """Where it leads."""
        return url_for(self.endpoint)

    @cached_property
    def current(self) -> bool:
        """Whether the present page lies under it."""
        home = url_for("ui.search_page")
        return request.path == self.url or (self.url != home and request.path.startswith(f"{self.url}/"))


@dataclass(frozen=True)
class Navigation:
    """The menu of somebody with ``role``, in groups of what that role may open; of nobody it is empty."""

    role: Role | None

    @cached_property
    def main(self) -> list[Item]:
        """The daily pages."""
        if self.role is None:
            return []
        return [
            Item(gettext("Search"), "search", "ui.search_page"),
            Item(gettext("Questions"), "question", "ui.questions_page"),
            Item(gettext("Clusters"), "cluster", "ui.clusters_page"),
            Item(gettext("Cases"), "case", "ui.cases_page"),
        ]

    @cached_property
    def watch(self) -> list[Item]:
        """The pages that tell how things stand."""
        if self.role is None:
            return []
        return [
            Item(gettext("Insights"), "bars", "ui.insights_page"),
            Item(gettext("Platform faults"), "warn", "ui.faults_page"),
            Item(gettext("Quality"), "chart", "ui.quality_page"),
        ]

    @cached_property
    def manage(self) -> list[Item]:
        """The pages that set things up, by role; none for mentors."""
        items = []
        if self.role is not None and self.role.includes(Role.METHODOLOGIST):
            items += [
                Item(gettext("Lexicon"), "edit", "ui.lexicon_page"),
                Item(gettext("Import"), "import", "ui.import_page"),
                Item(gettext("Jobs"), "clock", "ui.jobs_page"),
            ]
        if self.role is not None and self.role.includes(Role.ADMIN):
            items += [
                Item(gettext("People"), "people", "ui.people_page"),
                Item(gettext("Tokens"), "token", "ui.tokens_page"),
            ]
        return items

    @cached_property
    def own(self) -> list[Item]:
        """Health, and the page of oneself."""
        if self.role is None:
            return []
        return [
            Item(gettext("Health"), "pulse", "ui.health_page"),
            Item(gettext("Account"), "person", "ui.account"),
        ]

    @cached_property
    def more(self) -> Item:
        """The page that leads to the rest on a phone."""
        here = any(item.current for item in self.watch + self.manage + self.own)
        return Item(gettext("More"), "menu", "ui.account", holds=here)

    @cached_property
    def all(self) -> list[Item]:
        """Every page one can go to."""
        return self.main + self.watch + self.manage + self.own
