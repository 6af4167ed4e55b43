"""The weekly digest, on a page and as the text of an e-mail, and the month report of the supervisor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask import Flask, render_template, url_for
from flask.ctx import RequestContext
from flask_babel import format_date

from kbsearch.models import Role, utc_now
from kbsearch.services.weeks import (
    Period,
    month_named,
    month_of,
    name_of_month,
    name_of_week,
    week_named,
    week_of,
    weeks_until,
)
from web.language import LANGUAGE_COOKIE
from web.session import kb, requires
from web.ui import blueprint, insight_cases, insight_lessons, insight_parts
from web.ui.days import short_day
from web.ui.forms import text_of
from web.ui.insight_tables import Column, Table, number, share, text
from web.ui.texts import gettext

if TYPE_CHECKING:
    from kbsearch.services.gaps import ClusterGap

SHORT, LONG = 5, 10
"""Rows of a table in the digest, and in the report."""
WEEK = 7


@dataclass(frozen=True, slots=True)
class Report:
    """A period with its tables and figures, and the one ``before`` that it is compared with.

    ``previous`` and ``next`` name its neighbours, "" for none.  ``begun`` says that the period is not
    over, "" when it is.
    """

    period: Period
    before: Period
    name: str
    previous: str
    next: str
    asked: int
    asked_before: int
    answered: int
    waiting: int
    students: int
    share: float | None
    begun: str
    tables: Sequence[Table]

    @property
    def before_name(self) -> str:
        """What the number of the period before is called."""
        return gettext("The week before") if self.period.days == WEEK else gettext("The month before")

    @property
    def previous_days(self) -> str:
        """The period before, as people call it."""
        return _called(self.before)

    @property
    def next_days(self) -> str:
        """The period after, as people call it."""
        after = week_of if self.period.days == WEEK else month_of
        return _called(after(self.period.end, _zone()))

    @property
    def answered_share(self) -> float | None:
        """Share of what was asked that is answered by now; None when nothing was asked."""
        return self.answered / self.asked if self.asked else None

    @property
    def change(self) -> float | None:
        """Growth over the period before, 0.1 for a tenth more; None without anything to compare."""
        return self.asked / self.asked_before - 1 if self.asked_before and not self.begun else None

    @property
    def filed(self) -> Sequence[Table]:
        """The tables of a file: the figures that stand above those of the page, too."""
        return [_figures(self), *self.tables]


def _called(period: Period) -> str:
    if period.days == WEEK:
        return f"{short_day(period.first)} – {short_day(period.last)}"
    return str(format_date(period.first, "LLLL y"))


def digest_tables(week: str, limit: int | None = SHORT) -> Report:
    """The digest of a week, of the last that is over for ""; at most ``limit`` rows a table, None: all.

    Raises:
        InvalidInput: there is no such week.
    """
    now = utc_now().astimezone(_zone()).date()
    period = week_named(week, _zone()) if week else week_of(now - timedelta(weeks=1), _zone())
    after = week_of(period.end, _zone())
    return _report(
        period,
        week_of(period.first - timedelta(weeks=1), _zone()),
        (name_of_week(period), name_of_week(week_of(period.first - timedelta(weeks=1), _zone()))),
        name_of_week(after) if after.first <= now else "",
        limit,
    )


def month_tables(month: str, limit: int | None = LONG) -> Report:
    """The report of a month, of the last that is over for ""; at most ``limit`` rows a table, None: all.

    Raises:
        InvalidInput: there is no such month.
    """
    now = utc_now().astimezone(_zone()).date()
    period = (
        month_named(month, _zone()) if month else month_of(now.replace(day=1) - timedelta(days=1), _zone())
    )
    before = month_of(period.first - timedelta(days=1), _zone())
    after = month_of(period.end, _zone())
    names = (name_of_month(period), name_of_month(before))
    return _report(period, before, names, name_of_month(after) if after.first <= now else "", limit)


def _zone() -> ZoneInfo:
    return ZoneInfo(kb().settings.timezone)


def _report(
    period: Period, before: Period, names: tuple[str, str], following: str, limit: int | None
) -> Report:
    weeks = kb().insight_rows.counts(_weeks_of(period))
    told = {one.period: one for one in weeks}
    now = told.get(period) or kb().insight_rows.counts([period])[0]
    asked_before = told[before].asked if before in told else kb().insight_rows.asked(before)
    figures, gaps = kb().gaps.overview()
    return Report(
        period=period,
        before=before,
        name=names[0],
        previous=names[1],
        next=following,
        asked=now.asked,
        asked_before=asked_before,
        answered=now.answered,
        waiting=now.waiting,
        students=now.students,
        share=figures.share,
        begun=insight_parts.begun(period, utc_now()),
        tables=[insight_parts.weeks(weeks), *_tables(period, gaps, limit)],
    )


def _tables(period: Period, gaps: Sequence[ClusterGap], limit: int | None) -> list[Table]:
    loud = kb().trends.loud()
    clusters = kb().insight_rows.clusters(one.cluster_id for one in loud)
    return [
        insight_parts.growing(loud, clusters, limit),
        insight_parts.gaps(gaps, limit),
        insight_parts.outside(insight_parts.not_in_programme(gaps), limit),
        insight_lessons.hard_lessons(kb().hard_points.map_of([period]), limit),
        insight_cases.published(kb().case_care.published(period), limit),
        insight_cases.effects(limit, told=limit is not None),
        insight_cases.contributions(kb().case_care.contributions(period), period),
    ]


def _figures(report: Report) -> Table:
    days = report.period.first.isoformat(), report.period.last.isoformat()
    rows = insight_parts.questions_url(since=days[0], until=days[1])
    columns = [
        Column(gettext("First day")),
        Column(gettext("Last day")),
        Column(gettext("Asked"), "number"),
        Column(report.before_name, "number"),
        Column(gettext("Answered"), "number"),
        Column(gettext("Waiting"), "number"),
        Column(gettext("Students who asked"), "number"),
        Column(gettext("In green clusters"), "share"),
    ]
    counts = (report.asked_before, report.answered, report.waiting, report.students)
    row = [*map(text, days), number(report.asked, rows), *map(number, counts), share(report.share)]
    return Table("figures", gettext("In short"), columns, [row])


def _weeks_of(period: Period) -> list[Period]:
    """The weeks that a chart of the period shows: eight up to a week, those that touch a month."""
    if period.days == WEEK:
        return weeks_until(period.first, 8, _zone())
    first, last = week_of(period.first, _zone()), week_of(period.last, _zone())
    return weeks_until(period.last, (last.first - first.first).days // 7 + 1, _zone())


def title_of(report: Report) -> str:
    """The days of a report."""
    first, last = format_date(report.period.first, "long"), format_date(report.period.last, "long")
    return gettext("%(first)s to %(last)s", first=first, last=last)


@blueprint.get("/insights/digest")
@requires(Role.METHODOLOGIST)
def digest_page() -> str:
    """What happened in a week."""
    report = digest_tables(text_of("week"))
    return render_template("insights/digest.html", report=report, title=title_of(report))


@blueprint.get("/insights/month")
@requires(Role.METHODOLOGIST)
def month_page() -> str:
    """What happened in a month: for the supervisor, on paper too."""
    report = month_tables(text_of("month"))
    return render_template("insights/month.html", report=report, title=title_of(report))


def digest_text(flask: Flask, week: str, language: str, base_url: str) -> str:
    """The digest as the text of an e-mail; addresses in it begin with ``base_url``, or are left out for "".

    Raises:
        InvalidInput: there is no such week.
    """
    with _speaking(flask, language, base_url):
        report = digest_tables(week)
        link = url_for("ui.digest_page", week=report.name, _external=True) if base_url else ""
        said = render_template("insights/digest.txt", report=report, title=title_of(report), link=link)
    return "\n".join(line.rstrip() for line in said.splitlines()).strip() + "\n"


def digest_tables_of(flask: Flask, week: str, language: str) -> Sequence[Table]:
    """The tables of the digest, in a language.

    Raises:
        InvalidInput: there is no such week.
    """
    with _speaking(flask, language, ""):
        return digest_tables(week, None).filed


def _speaking(flask: Flask, language: str, base_url: str) -> RequestContext:
    return flask.test_request_context(
        base_url=base_url or None, headers={"Cookie": f"{LANGUAGE_COOKIE}={language}"}
    )
