"""What the pages of insights show: services' figures as tables, every number with the way to its rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import url_for
from flask_babel import format_date

from kbsearch.insights.coverage import SAVED
from kbsearch.models import Colour, utc_now
from kbsearch.services.weeks import Period, name_of_week
from web.session import kb
from web.ui import words
from web.ui.context import school
from web.ui.insight_tables import Cell, Column, Part, Table, decimal, number, share, text
from web.ui.texts import gettext, ngettext

if TYPE_CHECKING:
    from kbsearch.services.case_care import Contribution, StaleCase
    from kbsearch.services.gaps import ClusterGap, CoverageFigures
    from kbsearch.services.hard_points import HardPoints, LessonRow, StuckStudent
    from kbsearch.services.insight_rows import PeriodCounts

TONES = {Colour.GREEN: "good", Colour.YELLOW: "warn", Colour.RED: "bad"}
RECENT_DAYS = 28
PSEUDONYM = 8
"""Signs of an author key that are shown: enough to tell the students of a school apart."""


def questions_url(**wanted: object) -> str:
    """The page with the questions behind a number."""
    kept = {name: value for name, value in wanted.items() if value not in ("", None)}
    return url_for("ui.insight_questions", **kept)  # type: ignore[arg-type]


def colour_cell(colour: str, note: str = "") -> Cell:
    """A colour in words."""
    return text(words.colour(colour), tone=TONES[Colour(colour)], note=note)


def since_recent() -> str:
    """The day from which on questions count as recent, for addresses."""
    return (utc_now() - timedelta(days=RECENT_DAYS)).date().isoformat()


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
        [text(gettext("in no cluster")), number(None), number(figures.loose), share(figures.loose / total if total else None)]
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
            "Green: published cases are sure on most of a sample of its questions. Yellow: on a quarter or more. "
            "Red: on fewer."
        ),
        empty=gettext("Find clusters first: coverage is told of clusters."),
    )


def gaps(found: Sequence[ClusterGap], limit: int | None = None) -> Table:
    """Clusters that a case would help most."""
    rows = [
        [
            text(gap.cluster.label, url_for("ui.cluster_page", cluster_id=gap.cluster.id)),
            _colour_of(gap),
            number(gap.recent, questions_url(cluster=gap.cluster.id, days=RECENT_DAYS)),
            decimal(gap.saved),
            text(gap.case.title, url_for("ui.case_page", case_id=gap.case.id), note=words.case_state(gap.case.state))
            if gap.case
            else text(""),
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
            "Questions a week, times the share that is not answered surely, times %(share)s: the share that a case is "
            "assumed to save.",
            share=words.percent(SAVED),
        ),
        empty=gettext("No gaps: every cluster that was asked about in 28 days is green, or none is known."),
        total=len(found),
    )


def _colour_of(gap: ClusterGap) -> Cell:
    one = gap.coverage
    note = gettext("sure on %(sure)s of %(all)s", sure=one.sure, all=one.sampled)
    return colour_cell(one.colour, note)


def outside(found: Sequence[ClusterGap], limit: int | None = None) -> Table:
    """What neither a case nor a lesson covers."""
    rows = [
        [
            text(gap.cluster.label, url_for("ui.cluster_page", cluster_id=gap.cluster.id)),
            _colour_of(gap),
            number(gap.recent, questions_url(cluster=gap.cluster.id, days=RECENT_DAYS)),
            text(
                school().lesson(gap.coverage.lesson_code),
                note=gettext("%(share)s likely", share=words.percent(gap.coverage.lesson_probability)),
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
            "No published case covers it, and the nearest lesson hardly teaches it. Questions about the platform or "
            "payments are here too."
        ),
        empty=gettext("Nothing: or no course outline was imported, or no clusters are known."),
        total=len(found),
    )


def weeks(counts: Sequence[PeriodCounts]) -> Table:
    """What was asked and answered, week by week."""
    rows = [
        [
            text(day(one.period), questions_url(week=name_of_week(one.period))),
            number(one.asked, questions_url(week=name_of_week(one.period))),
            number(one.answered, questions_url(week=name_of_week(one.period), state="answered")),
            number(one.waiting, questions_url(week=name_of_week(one.period), waiting=1)),
            number(one.students),
        ]
        for one in counts
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
        chart="weeks",
        moments=[int(one.period.start_at.timestamp()) for one in counts],
    )


def day(period: Period) -> str:
    """The first day of a period, in words."""
    return str(format_date(period.first, "d MMM"))


def hard_map(found: HardPoints) -> Table:
    """Lessons by weeks, each cell split by what covers it."""
    rows = [[_lesson(row), *(_cell(row, at, found.weeks[at]) for at in range(len(row.cells))), _sum(row)] for row in found.rows]
    return Table(
        "hard",
        gettext("Hard points: questions by lesson and week"),
        [
            Column(gettext("Lesson")),
            *(Column(day(week), "number") for week in found.weeks),
            Column(gettext("All"), "number"),
        ],
        rows,
        note=_map_note(found),
        empty=gettext("No question of these weeks belongs to a lesson."),
    )


def _map_note(found: HardPoints) -> str:
    said = [gettext("Three numbers: covered, not covered, not in the programme."), gettext("≈: inferred from the outline.")]
    if found.per_student:
        said.append(gettext("The last line of a cell: questions for 100 active students."))
    if found.untold:
        said.append(ngettext("%(num)d question belongs to no lesson.", "%(num)d questions belong to no lesson.", found.untold))
    return " ".join(said)


def _lesson(row: LessonRow) -> Cell:
    return text(school().lesson(row.code), questions_url(lesson=row.code), note=school().course(row.course))


def _cell(row: LessonRow, at: int, week: Period) -> Cell:
    cell = row.cells[at]
    if not cell.total:
        return number(0)
    place = {"lesson": row.code, "week": name_of_week(week)}
    parts = [
        Part(count, tone, questions_url(**place, cover=cover), label)
        for count, tone, cover, label in (
            (cell.covered, "good", "covered", gettext("covered")),
            (cell.open, "warn", "open", gettext("not covered")),
            (cell.outside, "bad", "outside", gettext("not in the programme")),
        )
        if count
    ]
    notes = [gettext("≈%(number)s", number=cell.inferred)] if cell.inferred else []
    rate = row.per_student(at)
    if rate is not None:
        notes.append(gettext("%(number)s/100", number=decimal(100 * rate).text))
    return number(cell.total, questions_url(**place), heat(cell.total), parts, " ".join(notes))


MUCH, SOME = 10, 4
"""Questions a week on one lesson from which on a cell is coloured strongly, or a little."""


def heat(count: int) -> str:
    """How strongly a cell of so many questions is coloured."""
    return "hot" if count >= MUCH else "warm" if count >= SOME else "mild"


def _sum(row: LessonRow) -> Cell:
    return number(row.total, questions_url(lesson=row.code))


def hard_rows(found: HardPoints) -> Table:
    """The map as rows, a lesson and week each, for files."""
    rows = [
        [
            text(school().course(row.course)),
            text(school().lesson(row.code)),
            text(week.first.isoformat()),
            *(number(count) for count in (cell.covered, cell.open, cell.outside, cell.inferred, row.students[at])),
            decimal(row.per_student(at), 4),
        ]
        for row in found.rows
        for at, (week, cell) in enumerate(zip(found.weeks, row.cells, strict=True))
        if cell.total
    ]
    names = (gettext("Covered"), gettext("Not covered"), gettext("Not in the programme"), gettext("Inferred"))
    return Table(
        "hard",
        gettext("Hard points"),
        [
            Column(gettext("Course")),
            Column(gettext("Lesson")),
            Column(gettext("Week from")),
            *(Column(name, "number") for name in (*names, gettext("Students"))),
            Column(gettext("For each student"), "decimal"),
        ],
        rows,
    )


def hard_lessons(found: HardPoints, limit: int) -> Table:
    """The lessons that were asked about most, over all weeks of ``found``."""
    ranked = sorted(found.rows, key=lambda row: (-row.total, row.code))[:limit]
    start, end = found.weeks[0], found.weeks[-1]
    span = {"since": start.first.isoformat(), "until": end.last.isoformat()}

    def counts(row: LessonRow, cover: str) -> Cell:
        return number(sum(getattr(cell, cover) for cell in row.cells), questions_url(lesson=row.code, cover=cover, **span))

    rows = [
        [
            _lesson(row),
            number(row.total, questions_url(lesson=row.code, **span)),
            *(counts(row, cover) for cover in ("covered", "open", "outside")),
            number(sum(cell.inferred for cell in row.cells)),
        ]
        for row in ranked
    ]
    return Table(
        "lessons",
        gettext("Hard lessons"),
        [
            Column(gettext("Lesson")),
            Column(gettext("Questions"), "number"),
            Column(gettext("Covered"), "number"),
            Column(gettext("Not covered"), "number"),
            Column(gettext("Not in the programme"), "number"),
            Column(gettext("Inferred"), "number"),
        ],
        rows,
        empty=gettext("No question of this time belongs to a lesson."),
        total=len(found.rows),
    )


def stuck(found: Sequence[StuckStudent], limit: int | None = None) -> Table:
    """Students who ask again and again, or wait."""
    rows = [
        [
            text(one.author[:PSEUDONYM], questions_url(author=one.author, days=RECENT_DAYS)),
            text(school().lesson(one.lesson), note=school().course(one.course)),
            number(one.questions, questions_url(author=one.author, lesson=one.lesson, days=RECENT_DAYS)),
            number(one.waiting, questions_url(author=one.author, lesson=one.lesson, days=RECENT_DAYS, waiting=1)),
            text(words.ago(one.waiting_since) if one.waiting_since else ""),
        ]
        for one in found[:limit]
    ]
    return Table(
        "stuck",
        gettext("Students who are stuck"),
        [
            Column(gettext("Student")),
            Column(gettext("Lesson")),
            Column(gettext("Questions in 28 days"), "number"),
            Column(gettext("Waiting"), "number"),
            Column(gettext("Since")),
        ],
        rows,
        note=gettext("Three questions or more on one lesson, or one that is open for two days. Names are not known: these are pseudonyms."),
        empty=gettext("Nobody: no student asks again and again or waits."),
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
