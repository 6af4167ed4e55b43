"""Hard points and stuck students as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from kbsearch.services.covered_questions import Cover
from kbsearch.services.weeks import name_of_week
from web.session import kb
from web.ui import words
from web.ui.context import school
from web.ui.insight_parts import RECENT_DAYS, cover_word, day, questions_url
from web.ui.insight_tables import Cell, Column, Part, Table, decimal, lesson, number, text
from web.ui.texts import gettext, ngettext

if TYPE_CHECKING:
    from datetime import datetime

    from kbsearch.services.hard_points import HardPoints, LessonRow, StuckStudent

PSEUDONYM = 8
"""Signs of an author key that are shown: enough to tell the students of a school apart."""


def hard_map(found: HardPoints, limit: int | None = None, course: str = "") -> Table:
    """Lessons by weeks, each cell split by what covers it; of more than ``limit`` those most asked about.

    ``course``: the one whose questions alone are counted.
    """
    several = len({row.course for row in found.rows}) > 1
    shown = found.rows
    if limit is not None and len(shown) > limit:
        shown = sorted(shown, key=lambda row: (-row.total, row.code))[:limit]
    maker = _CellMaker(found, course)
    first = found.weeks[0].first.isoformat()
    rows = [
        [
            _lesson(row, several, course),
            *maker.cells(row),
            number(row.total, questions_url(lesson=row.code, course=course, since=first)),
        ]
        for row in shown
    ]
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
        total=len(found.rows),
    )


def _map_note(found: HardPoints) -> str:
    said = [
        gettext("Three numbers: covered, not covered, not in the programme."),
        gettext("≈: inferred from the outline."),
    ]
    if found.per_student:
        said.append(gettext("The last line of a cell: questions for 100 active students."))
    if found.untold:
        said.append(
            ngettext(
                "%(num)d question belongs to no lesson.",
                "%(num)d questions belong to no lesson.",
                found.untold,
            )
        )
    return " ".join(said)


def _lesson(row: LessonRow, told: bool = True, course: str = "") -> Cell:
    of = school().course(row.course) if told else ""
    return lesson(school().lesson(row.code), of, questions_url(lesson=row.code, course=course))


class _CellMaker:
    """Makes the cells of a map: hundreds, of the same words and addresses that differ in little."""

    def __init__(self, found: HardPoints, course: str) -> None:
        self._course = course
        self._weeks = [f"&week={name_of_week(week)}" for week in found.weeks]
        self._covers = [
            (str(cover), tone, f"&cover={cover}", cover_word(cover))
            for cover, tone in ((Cover.COVERED, "good"), (Cover.OPEN, "warn"), (Cover.OUTSIDE, "bad"))
        ]
        self._inferred = cache(lambda number: gettext("≈%(number)s", number=number))
        self._rate = cache(lambda rate: gettext("%(number)s/100", number=rate))

    def cells(self, row: LessonRow) -> Iterator[Cell]:
        """The cells of a lesson, week by week."""
        address = questions_url(lesson=row.code, course=self._course)
        for at, (cell, week) in enumerate(zip(row.cells, self._weeks, strict=True)):
            yield self._made(row, at, address + week) if cell.total else number(0)

    def _made(self, row: LessonRow, at: int, url: str) -> Cell:
        cell, rate = row.cells[at], row.per_student(at)
        parts = [
            Part(count, tone, url + query, label)
            for name, tone, query, label in self._covers
            if (count := getattr(cell, name))
        ]
        notes = [self._inferred(cell.inferred)] if cell.inferred else []
        if rate is not None:
            notes.append(self._rate(decimal(100 * rate).text))
        return number(cell.total, url, heat(cell.total), parts, " ".join(notes))


MUCH, SOME = 10, 4
"""Questions a week on one lesson from which on a cell is coloured strongly, or a little."""


def heat(count: int) -> str:
    """How strongly a cell of so many questions is coloured."""
    return "hot" if count >= MUCH else "warm" if count >= SOME else "mild"


def hard_rows(found: HardPoints) -> Table:
    """The map as rows, a lesson and week each, for files."""
    rows = [
        [
            text(school().course(row.course)),
            text(school().lesson(row.code)),
            text(week.first.isoformat()),
            *(
                number(count)
                for count in (cell.covered, cell.open, cell.outside, cell.inferred, row.students[at])
            ),
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


def hard_lessons(found: HardPoints, limit: int | None = None) -> Table:
    """The lessons that were asked about most, over all weeks of ``found``."""
    ranked = sorted(found.rows, key=lambda row: (-row.total, row.code))[:limit]
    start, end = found.weeks[0], found.weeks[-1]
    span = {"since": start.first.isoformat(), "until": end.last.isoformat()}

    def counts(row: LessonRow, cover: str) -> Cell:
        return number(
            sum(getattr(cell, cover) for cell in row.cells),
            questions_url(lesson=row.code, cover=cover, **span),
        )

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


def _since(moment: datetime | None) -> Cell:
    if moment is None:
        return text("")
    day = moment.astimezone(ZoneInfo(kb().settings.timezone)).date()
    return text(words.ago(moment), filed=day.isoformat())


def stuck(found: Sequence[StuckStudent], limit: int | None = None) -> Table:
    """Students who ask again and again, or wait."""
    rows = [
        [
            text(one.author[:PSEUDONYM], questions_url(author=one.author, days=RECENT_DAYS)),
            lesson(school().lesson(one.lesson), school().course(one.course)),
            number(one.questions, questions_url(author=one.author, lesson=one.lesson, days=RECENT_DAYS)),
            number(
                one.waiting, questions_url(author=one.author, lesson=one.lesson, days=RECENT_DAYS, waiting=1)
            ),
            _since(one.waiting_since),
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
        note=gettext(
            "Three questions or more on one lesson, or one that is open for two days. "
            "Names are not known: these are pseudonyms."
        ),
        empty=gettext("Nobody: no student asks again and again or waits."),
        total=len(found),
    )
