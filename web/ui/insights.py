"""The pages of insights: overview, lessons, cases, the rows behind the numbers, files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from flask import make_response, render_template, request, url_for
from flask_babel import format_date
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from kbsearch.errors import InvalidInput
from kbsearch.exporters.tables import Sheet, to_csv, to_xlsx
from kbsearch.models import Colour, JobKind, JobState, QuestionState, Role, utc_now
from kbsearch.services.covered_questions import Cover, QuestionFilter
from kbsearch.services.weeks import Period, month_of, week_named, weeks_until
from web.session import current_person, kb, requires
from web.ui import blueprint, insight_cases, insight_lessons, insight_parts
from web.ui.context import school
from web.ui.digest import digest_tables, month_tables
from web.ui.forms import address, go, number_of, text_of
from web.ui.insight_tables import Table
from web.ui.questions import Pages
from web.ui.texts import gettext, ngettext

if TYPE_CHECKING:
    from kbsearch.services.case_care import Contribution
    from kbsearch.services.gaps import ClusterGap, CoverageFigures

E = TypeVar("E", Cover, Colour, QuestionState)

ROWS, SHOWN = 30, 15
LESSONS = 40
"""Lessons that the map of hard points shows."""
WEEKS = 8
EVERY = "*"
"""In the address: all courses.  The map of one is read at a glance, so the first is the default."""
MOST_DAYS = 400
BUSY = (JobState.WAITING, JobState.RUNNING)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILES: dict[str, tuple[str, Callable[[Sequence[Sheet]], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", to_csv),
    "xlsx": (XLSX, to_xlsx),
}


def zone() -> ZoneInfo:
    """The time zone of the school."""
    return ZoneInfo(kb().settings.timezone)


def today() -> date:
    """The day it is at the school."""
    return utc_now().astimezone(zone()).date()


def _is_methodologist() -> bool:
    person = current_person()
    return person is not None and Role(person.role).includes(Role.METHODOLOGIST)


@blueprint.get("/insights")
@requires(Role.MENTOR)
def insights_page() -> str | Response:
    """What is asked, what is covered, what a case would save; mentors are led to what concerns them."""
    if not _is_methodologist():
        return go(url_for("ui.insight_lessons_page"))
    figures, gaps = kb().gaps.overview()
    tables = _overview(SHOWN, figures, gaps)
    return render_template("insights/overview.html", figures=figures, tables=tables, running=_running())


def _overview(limit: int | None, figures: CoverageFigures, gaps: Sequence[ClusterGap]) -> list[Table]:
    loud = kb().trends.loud()
    clusters = kb().insight_rows.clusters(one.cluster_id for one in loud)
    counts = kb().insight_rows.counts(weeks_until(today(), WEEKS, zone()))
    return [
        insight_parts.weeks(counts),
        insight_parts.coverage(figures),
        insight_parts.growing(loud, clusters, limit),
        insight_parts.gaps(gaps, limit),
        insight_parts.outside(insight_parts.not_in_programme(gaps), limit),
    ]


def _running() -> int | None:
    """The job that looks at coverage now, if there is one."""
    jobs = (one for one in kb().jobs.latest(limit=20) if one.kind == JobKind.COVERAGE and one.state in BUSY)
    return next((one.id for one in jobs), None)


@blueprint.post("/insights/refresh")
@requires(Role.METHODOLOGIST)
def refresh_coverage() -> Response:
    """Ask the worker to look at coverage anew, unless it is at it already."""
    person, run = current_person(), kb().clusters.latest_run()
    parameters = {"occasion": "person", "run_id": run.id if run else None}
    job_id = _running() or kb().jobs.enqueue(JobKind.COVERAGE, parameters, person.id if person else None).id
    return go(url_for("ui.job_page", job_id=job_id))


@blueprint.get("/insights/lessons")
@requires(Role.MENTOR)
def insight_lessons_page() -> str:
    """Where the programme is hard, and who is stuck."""
    course = "" if text_of("course") == EVERY else text_of("course") or _busiest_course()
    stuck = insight_lessons.stuck(kb().hard_points.stuck(course=course), SHOWN)
    hard = insight_lessons.hard_map(kb().hard_points.map(course=course), LESSONS, course)
    return render_template("insights/lessons.html", hard=hard, stuck=stuck, course=course, address=address)


def _busiest_course() -> str:
    """The course with most questions; an alphabet would begin with one that hardly anybody asks about."""
    codes = [course.code for course in school().courses]
    return max(codes, key=lambda code: kb().questions.count(course=code), default="")


@blueprint.get("/insights/cases")
@requires(Role.MENTOR)
def insight_cases_page() -> str:
    """What cases did, which need a look, and who contributed; mentors see their own contribution."""
    return render_template("insights/cases.html", tables=_cases(SHOWN), month=_month())


def _month() -> Period:
    return month_of(today(), zone())


def _cases(limit: int | None) -> list[Table]:
    return [
        insight_cases.effects(limit),
        insight_cases.stale(kb().case_care.stale(), limit),
        insight_cases.contributions(_mine(kb().case_care.contributions(_month())), _month()),
    ]


def _mine(found: Sequence[Contribution]) -> list[Contribution]:
    """All contributions for methodologists, one's own for mentors."""
    person = current_person()
    return [one for one in found if _is_methodologist() or (person and one.person.id == person.id)]


@blueprint.get("/insights/clusters")
@requires(Role.MENTOR)
def insight_clusters() -> str:
    """Clusters by their coverage."""
    colour = text_of("colour")
    if colour and colour not in set(Colour):
        raise BadRequest
    found, offset = kb().gaps.clusters(Colour(colour) if colour else None), number_of("offset", 0)
    table = insight_parts.clusters(found, colour, ROWS, offset)
    pages = _pages(offset, len(found))
    return render_template("insights/clusters.html", table=table, colour=colour, pages=pages)


def _pages(offset: int, total: int) -> Pages:
    return Pages(
        address(offset=max(0, offset - ROWS) or "") if offset else "",
        address(offset=offset + ROWS) if offset + ROWS < total else "",
        gettext(
            "%(first)s to %(last)s of %(all)s", first=offset + 1, last=min(offset + ROWS, total), all=total
        )
        if total > ROWS
        else "",
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """The questions behind a number, and what the page says they are."""

    filter: QuestionFilter
    said: list[str]


@blueprint.get("/insights/questions")
@requires(Role.MENTOR)
def insight_questions() -> str:
    """The questions behind a number."""
    wanted, offset = _wanted(), number_of("offset", 0)
    rows, total = kb().insight_rows.page(wanted.filter, limit=ROWS, offset=offset)
    pages = _pages(offset, total)
    return render_template("insights/questions.html", rows=rows, total=total, pages=pages, said=wanted.said)


def _wanted() -> Wanted:
    start, end = _span()
    days = min(number_of("days", 0), MOST_DAYS)
    author, lesson = text_of("author"), text_of("lesson")
    wanted = QuestionFilter(
        course=text_of("course"),
        lesson=lesson,
        author=author,
        cover=_one_of(Cover, "cover"),
        colour=_one_of(Colour, "colour"),
        cluster_id=number_of("cluster", 0) or None,
        case_id=number_of("case", 0) or None,
        owner_id=number_of("owner", 0) or None,
        waiting=bool(text_of("waiting")),
        loose=bool(text_of("loose")),
        state=_one_of(QuestionState, "state"),
        start=utc_now() - timedelta(days=days) if days else start.start_at if start else None,
        end=end.end_at if end else None,
    )
    said = _said(wanted, start, end)
    if days:
        said.append(ngettext("the last day", "the last %(num)d days", days))
    return Wanted(wanted, said)


def _one_of(kind: type[E], name: str) -> E | None:
    value = text_of(name)
    if value and value not in set(kind):
        raise BadRequest
    return kind(value) if value else None


def _span() -> tuple[Period | None, Period | None]:
    """The first and the last period that the address names: a week, or two days."""
    if week := text_of("week"):
        return week_named(week, zone()), week_named(week, zone())
    since, until = text_of("since"), text_of("until")
    return _of_day(_day(since)) if since else None, _of_day(_day(until)) if until else None


def _of_day(day: date) -> Period:
    return Period(day, day + timedelta(days=1), zone())


def _day(name: str) -> date:
    try:
        found = date.fromisoformat(name)
    except ValueError:
        found = date.min
    if not 1971 <= found.year <= 9000:  # noqa: PLR2004  # what databases and time zones agree on
        raise InvalidInput("'{name}' is no day.", remedy="Write it as 2026-11-16.", name=name[:40])
    return found


def _said(wanted: QuestionFilter, start: Period | None, end: Period | None) -> list[str]:
    said = [school().course(wanted.course), school().lesson(wanted.lesson)]
    if wanted.author:
        said.append(gettext("student %(name)s", name=wanted.author[: insight_lessons.PSEUDONYM]))
    if wanted.cluster_id:
        cluster = kb().insight_rows.clusters([wanted.cluster_id]).get(wanted.cluster_id)
        said.append(cluster.label if cluster else "")
    said += insight_parts.said_of(wanted)
    if start:
        said.append(gettext("from %(day)s", day=format_date(start.first, "medium")))
    if end:
        said.append(gettext("to %(day)s", day=format_date(end.last, "medium")))
    return [one for one in said if one]


@blueprint.get("/insights/file")
@requires(Role.METHODOLOGIST)
def insight_file() -> Response:
    """Tables as a file: one named ``table`` of a ``page``, or all of the page."""
    kind, page, key = text_of("format"), text_of("page"), text_of("table")
    if kind not in FILES:
        raise BadRequest
    tables = [one for one in _tables_of(page) if key in ("", one.key)]
    if not tables:
        raise BadRequest
    mime, write = FILES[kind]
    answer = make_response(write([one.sheet(request.host_url.rstrip("/")) for one in tables]))
    answer.headers["Content-Type"] = mime
    name = "-".join(part for part in ("kbsearch", page, key, text_of("week") or text_of("month")) if part)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return answer


def _tables_of(page: str) -> Sequence[Table]:
    if page == "overview":
        return _overview(None, *kb().gaps.overview())
    if page == "lessons":
        course = text_of("course")
        hard = kb().hard_points
        return [
            insight_lessons.hard_rows(hard.map(course=course)),
            insight_lessons.stuck(hard.stuck(course=course)),
        ]
    if page == "cases":
        return _cases(None)
    if page == "clusters":
        return [insight_parts.clusters(kb().gaps.clusters(_one_of(Colour, "colour")), text_of("colour"))]
    if page == "digest":
        return digest_tables(text_of("week"), None).filed
    if page == "month":
        return month_tables(text_of("month"), None).filed
    raise BadRequest
