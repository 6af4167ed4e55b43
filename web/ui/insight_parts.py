"""Coverage, gaps, growth and weeks as tables, every number with the way to its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import g, url_for

from kbsearch.insights.coverage import SAVED
from kbsearch.models import Colour, utc_now
from kbsearch.services.covered_questions import Cover, QuestionFilter
from kbsearch.services.weeks import Period, name_of_week
from web.session import kb
from web.ui import cluster_words, words
from web.ui.context import apart, school
from web.ui.days import short_day
from web.ui.insight_tables import Cell, Column, Table, chance, decimal, lesson, number, share, text
from web.ui.texts import gettext

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from kbsearch.models import Cluster, ClusterTrend
    from kbsearch.services.gaps import ClusterGap, CoverageFigures, GapCase
    from kbsearch.services.insight_rows import PeriodCounts

RECENT_DAYS = 28


def questions_url(**wanted: object) -> str:
    """The page with the questions behind a number; a page has hundreds, so its address is built once."""
    if "questions_page" not in g:
        g.questions_page = url_for("ui.insight_questions")
    kept = {name: value for name, value in wanted.items() if value not in ("", None)}
    return f"{g.questions_page}?{urlencode(kept)}" if kept else str(g.questions_page)


def said_of(wanted: QuestionFilter) -> list[str]:
    """What kind of questions are wanted, in words."""
    said = [cover_word(wanted.cover)] if wanted.cover else []
    if wanted.colour:
        said.append(gettext("coverage: %(colour)s", colour=cluster_words.colour(wanted.colour)))
    if wanted.state:
        said.append(words.question_state(wanted.state))
    if wanted.waiting:
        said.append(gettext("Waiting").lower())
    if wanted.loose:
        said.append(gettext("in no cluster"))
    if wanted.owner_id:
        name = kb().cases.names([wanted.owner_id]).get(wanted.owner_id, "")
        said.append(gettext("answered with cases of %(name)s", name=name))
    return said


def cover_word(cover: str) -> str:
    """What covers a question."""
    if cover == Cover.COVERED:
        return gettext("covered")
    return gettext("not covered") if cover == Cover.OPEN else gettext("not in the programme")


def colour_cell(colour: str, note: str = "") -> Cell:
    """A colour in words."""
    return text(cluster_words.colour(colour), tone=cluster_words.colour_tone(colour), note=note)


def coverage(figures: CoverageFigures) -> Table:
    """Clusters and recent questions by colour."""
    total = sum(figures.questions.values()) + figures.loose
    rows = [
        [
            colour_cell(colour),
            number(figures.clusters[colour], url_for("ui.insight_clusters", colour=colour)),
            number(figures.questions[colour], questions_url(colour=colour, days=RECENT_DAYS)),
            share(figures.questions[colour] / total if total else None),
        ]
        for colour in Colour
    ]
    rows.append(
        [
            text(gettext("in no cluster")),
            number(None),
            number(figures.loose, questions_url(loose=1, days=RECENT_DAYS)),
            share(figures.loose / total if total else None),
        ]
    )
    return Table(
        "coverage",
        gettext("Coverage"),
        [
            Column(gettext("Colour")),
            Column(gettext("Clusters"), "number"),
            Column(gettext("Questions in 28 days"), "number"),
            Column(gettext("Share"), "share"),
        ],
        rows if figures.run else [],
        note=gettext(
            "Green: published cases are sure on most of a sample of its questions. "
            "Yellow: on a quarter or more. Red: on fewer."
        ),
        empty=gettext("Find clusters first: coverage is told of clusters."),
    )


def _named(label: str, cluster_id: int) -> Cell:
    """The name of a cluster, with what tells it from others of that name."""
    told = apart(cluster_id)
    filed = f"{label} ({told})" if told else ""
    return text(label, url_for("ui.cluster_page", cluster_id=cluster_id), note=told, filed=filed)


def gaps(found: Sequence[ClusterGap], limit: int | None = None) -> Table:
    """Clusters that a case would help most."""
    cases = kb().gaps.cases_of(gap.cluster_id for gap in found[:limit])
    rows = [
        [
            _named(gap.label, gap.cluster_id),
            _colour_of(gap),
            number(gap.recent, questions_url(cluster=gap.cluster_id, days=RECENT_DAYS)),
            decimal(gap.saved),
            _written(cases.get(gap.cluster_id)),
        ]
        for gap in found[:limit]
    ]
    return Table(
        "gaps",
        gettext("Gaps: what a case would save"),
        [
            Column(gettext("Cluster")),
            Column(gettext("Coverage")),
            Column(gettext("Questions in 28 days"), "number"),
            Column(gettext("Saved a week"), "decimal"),
            Column(gettext("Case")),
        ],
        rows,
        note=gettext(
            "Questions a week, times the share that is not answered surely, times %(share)s: "
            "the share that a case is assumed to save.",
            share=words.percent(SAVED),
        ),
        empty=gettext("No gaps: every cluster that was asked about in 28 days is green, or none is known."),
        total=len(found),
    )


def _written(case: GapCase | None) -> Cell:
    if case is None:
        return text("")
    return text(case.title, url_for("ui.case_page", case_id=case.id), note=words.case_state(case.state))


def _colour_of(gap: ClusterGap) -> Cell:
    note = gettext("sure on %(sure)s of %(all)s", sure=gap.sure, all=gap.sampled)
    return colour_cell(gap.colour, note)


def not_in_programme(found: Sequence[ClusterGap]) -> list[ClusterGap]:
    """Those of the gaps that no lesson teaches."""
    return [one for one in found if one.in_programme is False]


def outside(found: Sequence[ClusterGap], limit: int | None = None) -> Table:
    """What neither a case nor a lesson covers."""
    rows = [
        [
            _named(gap.label, gap.cluster_id),
            _colour_of(gap),
            number(gap.recent, questions_url(cluster=gap.cluster_id, days=RECENT_DAYS)),
            lesson(
                school().lesson(gap.lesson),
                school().course_of(gap.lesson),
                note=gettext("%(share)s likely", share=words.percent(gap.lesson_probability)),
            ),
        ]
        for gap in found[:limit]
    ]
    return Table(
        "outside",
        gettext("Asked for, but not in the programme"),
        [
            Column(gettext("Cluster")),
            Column(gettext("Coverage")),
            Column(gettext("Questions in 28 days"), "number"),
            Column(gettext("Nearest lesson")),
        ],
        rows,
        note=gettext(
            "No published case covers it, and the nearest lesson hardly teaches it. "
            "Questions about the platform or payments are here too."
        ),
        empty=gettext("Nothing: or no course outline was imported, or no clusters are known."),
        total=len(found),
    )


def clusters(found: Sequence[ClusterGap], colour: str, limit: int | None = None, offset: int = 0) -> Table:
    """Clusters with what covers them, and which lesson."""
    rows = [
        [
            _named(one.label, one.cluster_id),
            _colour_of(one),
            number(one.recent, questions_url(cluster=one.cluster_id, days=RECENT_DAYS)),
            decimal(one.saved),
            lesson(
                school().lesson(one.lesson),
                school().course_of(one.lesson),
                note=words.percent(one.lesson_probability) if one.lesson else "",
            ),
        ]
        for one in found[offset:][:limit]
    ]
    return Table(
        "clusters",
        gettext("Clusters: %(colour)s", colour=cluster_words.colour(colour))
        if colour
        else gettext("Clusters"),
        [
            Column(gettext("Cluster")),
            Column(gettext("Coverage")),
            Column(gettext("Questions in 28 days"), "number"),
            Column(gettext("Saved a week"), "decimal"),
            Column(gettext("Nearest lesson")),
        ],
        rows,
        empty=gettext("There is no such cluster."),
    )


def growing(
    found: Sequence[ClusterTrend], clusters: Mapping[int, Cluster], limit: int | None = None
) -> Table:
    """Clusters that are new or grow, surest first."""
    known = [one for one in found if one.cluster_id in clusters]
    rows = [
        [
            _named(clusters[one.cluster_id].label, one.cluster_id),
            text(gettext("new") if one.state == "new" else gettext("growing"), tone="accent"),
            number(one.observed, questions_url(cluster=one.cluster_id, days=7 * one.weeks)),
            decimal(one.expected),
            chance(one.p),
        ]
        for one in known[:limit]
    ]
    return Table(
        "growing",
        gettext("New and growing"),
        [
            Column(gettext("Cluster")),
            Column(gettext("Trend")),
            Column(gettext("Students who asked"), "number"),
            Column(gettext("Expected"), "decimal"),
            Column(gettext("Chance"), "decimal"),
        ],
        rows,
        note=gettext(
            "New: asked within four weeks; growing: in the last week or two."
            " Chance: how likely so many are without a trend."
        ),
        empty=gettext("Nothing grows that could not be chance."),
        total=len(known),
    )


def weeks(counts: Sequence[PeriodCounts]) -> Table:
    """What was asked and answered, week by week; a week that is not over says so.

    A chart shows weeks that are over, so that there is none before the first of them with a question.
    """
    now = utc_now()
    running = [place for place, one in enumerate(counts) if one.period.end_at > now]
    over = [one.asked for one in counts if one.period.end_at <= now]
    rows = [
        [
            text(
                day(one.period),
                questions_url(week=name_of_week(one.period)),
                note=begun(one.period, now),
                filed=one.period.first.isoformat(),
            ),
            number(one.asked, questions_url(week=name_of_week(one.period))),
            number(one.answered, questions_url(week=name_of_week(one.period), state="answered")),
            number(one.waiting, questions_url(week=name_of_week(one.period), waiting=1)),
            number(one.students),
        ]
        for place, one in enumerate(counts)
    ]
    return Table(
        "weeks",
        gettext("Week by week"),
        [
            Column(gettext("Week from")),
            Column(gettext("Asked"), "number", series=True),
            Column(gettext("Answered"), "number", series=True),
            Column(gettext("Waiting"), "number", series=True),
            Column(gettext("Students"), "number"),
        ],
        rows if any(one.asked for one in counts) else [],
        empty=gettext("Nothing was asked in these weeks."),
        chart="weeks" if any(over) else "",
        moments=[int(one.period.start_at.timestamp()) for one in counts],
        running=running,
    )


def begun(period: Period, now: datetime) -> str:
    """What keeps a period from being compared with others: that it is not over, or has not begun."""
    if period.start_at > now:
        return gettext("not begun yet")
    return gettext("not over yet") if period.end_at > now else ""


def day(period: Period) -> str:
    """The first day of a period, in words."""
    return short_day(period.first)
