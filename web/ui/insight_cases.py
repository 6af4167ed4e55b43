"""Effects of cases, cases that need a look, and what people contributed, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flask import url_for

from kbsearch.models import Case
from kbsearch.services.weeks import Period
from web.session import kb
from web.ui import trend_words, words
from web.ui.context import school
from web.ui.insight_parts import questions_url
from web.ui.insight_tables import Cell, Column, Table, decimal, number, text
from web.ui.texts import gettext, ngettext

if TYPE_CHECKING:
    from kbsearch.services.case_care import Contribution, StaleCase
    from kbsearch.services.effects import JudgedCase


def effects(limit: int | None = None, *, told: bool = False) -> Table:
    """What published cases did to their questions, and how many are not judged yet.

    ``told``: without those of which there is too little data, of which only the number is said.
    """
    found, waiting = kb().effects.all(limit, told=told), kb().effects.waiting()
    untold = kb().effects.judged() - kb().effects.judged(told=True) if told else 0
    unjudged = [_untold(untold)] if untold else []
    unjudged += [_unjudged(waiting)] if waiting else []
    return Table(
        "effects",
        gettext("Effects of cases"),
        [
            Column(gettext("Case")),
            Column(gettext("Effect")),
            Column(gettext("Before"), "number"),
            Column(gettext("After"), "number"),
            Column(gettext("Expected after"), "decimal"),
            Column(gettext("Of what was expected"), "decimal"),
        ],
        [_effect_row(one) for one in found],
        note=" ".join(
            [
                gettext(
                    "Students who asked before and after publication, against clusters that no case touched."
                ),
                *unjudged,
            ]
        ),
        empty=" ".join(unjudged)
        or gettext("No published case has a cluster of its own yet, so no effect can be told."),
        total=kb().effects.judged(told=told),
    )


def _effect_row(one: JudgedCase) -> list[Cell]:
    verdict = trend_words.verdict(one.effect.verdict)
    return [
        text(one.title, url_for("ui.case_page", case_id=one.case_id)),
        text(
            verdict.replace(" ", "\N{NO-BREAK SPACE}"),
            url_for("ui.case_effect", case_id=one.case_id),
            trend_words.verdict_tone(one.effect.verdict),
            filed=verdict,
        ),
        number(one.effect.before),
        number(one.effect.after),
        decimal(one.effect.expected),
        _ratio(one),
    ]


def _untold(count: int) -> str:
    return ngettext(
        "Of %(num)d case there is too little data to tell.",
        "Of %(num)d cases there is too little data to tell.",
        count,
    )


def _unjudged(count: int) -> str:
    return ngettext(
        "%(num)d published case is not judged yet: the worker does it in the next minutes.",
        "%(num)d published cases are not judged yet: the worker does it in the next minutes.",
        count,
    )


def _ratio(one: JudgedCase) -> Cell:
    effect = one.effect
    if effect.ratio is None or effect.low is None or effect.high is None:
        return decimal(None)
    span = gettext("%(low)s to %(high)s", low=decimal(effect.low, 2).text, high=decimal(effect.high, 2).text)
    return decimal(effect.ratio, 2, note=span)


def published(found: Sequence[Case], limit: int | None = None) -> Table:
    """Cases that were published in a period."""
    rows = [
        [text(case.title, url_for("ui.case_page", case_id=case.id)), text(school().course(case.course_code))]
        for case in found[:limit]
    ]
    return Table(
        "published",
        gettext("Published cases"),
        [Column(gettext("Case")), Column(gettext("Course"))],
        rows,
        empty=gettext("No case was published in this time."),
        total=len(found),
    )


def stale(found: Sequence[StaleCase], limit: int | None = None) -> Table:
    """Cases that need a look."""
    rows = [
        [
            text(one.case.title, url_for("ui.case_page", case_id=one.case.id)),
            text(words.case_state(one.case.state)),
            text(words.ago(one.checked_at) if one.checked_at else ""),
            number(one.asked),
            text(one.owner),
        ]
        for one in found[:limit]
    ]
    return Table(
        "stale",
        gettext("Cases that need a look"),
        [
            Column(gettext("Case")),
            Column(gettext("State")),
            Column(gettext("Looked at")),
            Column(gettext("First match of"), "number"),
            Column(gettext("Owner")),
        ],
        rows,
        note=gettext("Put to a check, or not looked at for half a year; those that match most come first."),
        empty=gettext("None: all cases have been looked at within half a year."),
        total=len(found),
    )


def contributions(found: Sequence[Contribution], period: Period) -> Table:
    """What mentors' cases did."""
    span = {"since": period.first.isoformat(), "until": period.last.isoformat()}
    rows = [
        [
            text(one.person.name),
            number(one.answered, questions_url(owner=one.person.id, **span)),
            number(one.published),
            number(one.cases),
        ]
        for one in found
    ]
    return Table(
        "contribution",
        gettext("Contribution"),
        [
            Column(gettext("Person")),
            Column(gettext("Questions answered with their cases"), "number"),
            Column(gettext("Published"), "number"),
            Column(gettext("Live cases"), "number"),
        ],
        rows,
        note=gettext("Questions asked in this time that a case of theirs answered."),
        empty=gettext("No case has an owner yet."),
    )
