"""How faults of the platform read in the language of the page, and the report as text to copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from flask_babel import format_decimal, format_percent
from markupsafe import Markup

from kbsearch.models import DeliveryState, Fault, FaultDelivery, FaultState, utc_now
from kbsearch.services.fault_report import LONGEST_EXAMPLE, FaultReport
from kbsearch.services.faults import CURRENT
from web.ui.days import moment_after, short_moment
from web.ui.texts import gettext, ngettext


class SchoolNames(Protocol):
    """Titles of courses and lessons by code."""

    def course(self, code: str) -> str:
        """The title of a course."""

    def lesson(self, code: str) -> str:
        """The title of a lesson."""


def state(fault: Fault) -> str:
    """Where a fault stands."""
    if fault.state == FaultState.OPEN:
        return gettext("goes on") if goes_on(fault) else gettext("quiet, not closed yet")
    return gettext("over") if fault.state == FaultState.CLOSED else gettext("was no fault")


def goes_on(fault: Fault) -> bool:
    """Whether somebody spoke of it lately."""
    return bool(fault.last_at >= utc_now() - CURRENT)


def badge(fault: Fault) -> Markup:
    """The same as a badge."""
    tone = {FaultState.OPEN: "bad" if goes_on(fault) else "warn", FaultState.CLOSED: "good"}
    return Markup('<span class="badge {}">{}</span>').format(
        tone.get(FaultState(fault.state), ""), state(fault)
    )


def waiting(count: int) -> str:
    """How many questions wait for an answer."""
    return ngettext("%(num)d question waits for an answer", "%(num)d questions wait for an answer", count)


def banner(count: int) -> str:
    """What people are told while a fault goes on."""
    return ngettext(
        "The platform seems to be broken: %(num)d question speaks of it.",
        "The platform seems to be broken: %(num)d questions speak of it.",
        count,
    )


def delivery(one: FaultDelivery) -> str:
    """What became of a delivery."""
    if one.state == DeliveryState.SENT:
        return gettext("Delivered")
    if one.state == DeliveryState.FAILED:
        return gettext("Not delivered")
    return gettext("Will be tried again") if one.attempts else gettext("On its way")


def evidence(seen: Mapping[str, Any]) -> str:
    """What the test against chance saw."""
    return gettext(
        "%(count)s messages of different students within %(hours)s h, where about %(expected)s are usual; "
        "%(share)s of all questions then, %(usual)s usually. "
        "Chance would do this less than once in a million times.",
        count=seen["count"],
        hours=format_decimal(seen["hours"], "0.#"),
        expected=format_decimal(seen["expected"], "0.##"),
        share=format_percent(seen["share"]),
        usual=format_percent(seen["usual_share"]),
    )


def report(fault: Fault, figures: FaultReport, school: SchoolNames) -> str:
    """The report as text, ready to be sent to the platform's developers."""
    lines = [
        gettext(
            "The platform seems to be broken since %(since)s (last message %(last)s).",
            since=short_moment(fault.started_at),
            last=moment_after(fault.last_at, fault.started_at),
        ),
        gettext("Questions: %(questions)s, students: %(students)s.", questions=figures.questions,
                students=figures.students),
        "",
        gettext("By hour:"),
        *(f"  {short_moment(hour)}  {count}" for hour, count in figures.hourly),
    ]  # fmt: skip
    if figures.messages:
        told = ", ".join(f"{text} ({count})" for text, count in figures.messages)
        lines += ["", gettext("What students saw: %(messages)s", messages=told)]
    if figures.lessons:
        places = (
            f"{school.course(course)}{f' / {school.lesson(lesson)}' if lesson else ''} ({count})"
            for course, lesson, count in figures.lessons
        )
        lines += ["", gettext("Courses and lessons: %(places)s", places="; ".join(places))]
    lines += ["", gettext("Examples:")]
    lines += [f"  — {' '.join(question.text.split())[:LONGEST_EXAMPLE]}" for question in figures.examples]
    return "\n".join(lines)
