"""Where a programme is hard: questions by lesson and week, and students who are stuck on a lesson."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.models import Lesson, Question, utc_now
from kbsearch.services.covered_questions import (
    COVER,
    LESSON,
    Cover,
    QuestionFilter,
    joined,
    narrowed,
    place_of,
    told,
    waits,
)
from kbsearch.services.enrolments import enrolled
from kbsearch.services.newest_run import newest_run
from kbsearch.services.weeks import Period, weeks_until

WEEKS = 12
AGAIN = 3
"""Questions on one lesson within `STUCK_DAYS` from which on a student is said to ask again and again."""
STUCK_DAYS = 28
PATIENCE = timedelta(hours=48)
"""A question that is open for longer waits unanswered."""
MOST_STUDENTS = 100


@dataclass(slots=True)
class Cell:
    """Questions of a lesson in a week, by what covers them; ``inferred`` of them did not tell the lesson."""

    covered: int = 0
    open: int = 0
    outside: int = 0
    inferred: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.covered + self.open + self.outside


@dataclass(frozen=True, slots=True)
class LessonRow:
    """A lesson with its cells, one a week, and the students enrolled in each (None: not known)."""

    code: str
    course: str
    cells: list[Cell]
    students: list[int | None]

    @property
    def total(self) -> int:
        """Questions of all weeks."""
        return sum(cell.total for cell in self.cells)

    def per_student(self, at: int) -> float | None:
        """Questions for each active student in week ``at``; None when enrolment is not known."""
        students = self.students[at]
        return self.cells[at].total / students if students else None


@dataclass(frozen=True, slots=True)
class HardPoints:
    """The map: lessons in the order of the programme.  ``untold``: questions that belong to no lesson."""

    weeks: list[Period]
    rows: list[LessonRow]
    untold: int = 0

    @property
    def per_student(self) -> bool:
        """Whether enrolment is known for any cell."""
        return any(any(row.students) for row in self.rows)


@dataclass(frozen=True, slots=True)
class StuckStudent:
    """A student on one lesson: questions of the last 28 days, how many are open, the oldest of these."""

    author: str
    course: str
    lesson: str
    questions: int
    waiting: int
    waiting_since: datetime | None
    last_at: datetime = field(compare=False)


class HardPointService:
    """Counts now; nothing is kept."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._zone = ZoneInfo(settings.timezone)

    def map(self, *, course: str = "", weeks: int = WEEKS, now: datetime | None = None) -> HardPoints:
        """Questions by lesson and week over the last ``weeks`` weeks, the present one included."""
        today = (now or utc_now()).astimezone(self._zone).date()
        return self.map_of(weeks_until(today, weeks, self._zone), course=course)

    def map_of(self, weeks: Sequence[Period], *, course: str = "") -> HardPoints:
        """Questions by lesson over ``weeks``, which follow each other."""
        with self._database.reading() as session:
            run = newest_run(session)
            cells, courses, untold = _cells(session, run.id if run else None, weeks, course)
            students = enrolled(session, [week.first for week in weeks])
            order = _order(session, course)
        return HardPoints(list(weeks), _rows(cells, courses, weeks, students, order), untold)

    def stuck(self, *, course: str = "", now: datetime | None = None) -> list[StuckStudent]:
        """Students who asked `AGAIN` times on a lesson, or wait too long; those who wait longest first."""
        with self._database.reading() as session:
            return _stuck(session, course, now or utc_now())


Cells = dict[str, list[Cell]]


def _cells(
    session: Session, run_id: int | None, weeks: Sequence[Period], course: str
) -> tuple[Cells, dict[str, str], int]:
    lesson, week = LESSON.label("lesson"), place_of(weeks).label("week")
    figures = (
        func.count().label("number"),
        *(_covered_by(one).label(str(one)) for one in _COUNTED),
        func.sum(case((Question.lesson_code == "", 1), else_=0)).label("inferred"),
        func.max(Question.course_code).label("course"),
    )
    wanted = QuestionFilter(course=course, start=weeks[0].start_at, end=weeks[-1].end_at)
    query = narrowed(joined(select(lesson, week, *figures), run_id), wanted)
    cells: defaultdict[str, list[Cell]] = defaultdict(lambda: [Cell() for _ in weeks])
    courses: dict[str, str] = {}
    untold = 0
    for code, at, number, covered, outside, inferred, of_course in session.execute(
        query.group_by(lesson, week)
    ):
        if code is None:
            untold += number
            continue
        courses[code] = max(courses.get(code, ""), of_course)
        cells[code][at] = Cell(covered, number - covered - outside, outside, inferred)
    return dict(cells), courses, untold


def _covered_by(cover: Cover) -> ColumnElement[int]:
    return func.sum(case((COVER.in_([str(cover)]), 1), else_=0))


_COUNTED = (Cover.COVERED, Cover.OUTSIDE)
"""What is counted of a cell; the rest of its questions are open."""


def _order(session: Session, course: str) -> dict[str, tuple[str, int]]:
    """Course and position of each lesson that the outlines know."""
    query = select(Lesson.code, Lesson.course_code, Lesson.position)
    if course:
        query = query.where(Lesson.course_code == course)
    return {code: (of_course, position) for code, of_course, position in session.execute(query)}


def _rows(
    cells: Cells,
    courses: dict[str, str],
    weeks: Sequence[Period],
    students: dict[tuple[str, date], int],
    order: dict[str, tuple[str, int]],
) -> list[LessonRow]:
    """Lessons as the programme orders them, then those that no outline knows; none without a question."""
    known = sorted((code for code in cells if code in order), key=lambda code: order[code])
    rows = []
    for code in [*known, *sorted(code for code in cells if code not in order)]:
        course = order[code][0] if code in order else courses[code]
        counts = [students.get((course, week.first)) for week in weeks]
        rows.append(LessonRow(code, course, cells[code], counts))
    return rows


def _stuck(session: Session, course: str, now: datetime) -> list[StuckStudent]:
    open_at = case((waits(), Question.asked_at), else_=None)
    oldest, count = func.min(open_at), func.count()
    query = told(
        select(
            Question.author_key,
            LESSON.label("lesson"),
            func.max(Question.course_code).label("course"),
            count.label("questions"),
            func.count(open_at).label("waiting"),
            oldest.label("since"),
            func.max(Question.asked_at).label("last"),
        ),
    )
    wanted = QuestionFilter(course=course, start=now - timedelta(days=STUCK_DAYS), end=now)
    query = narrowed(query, wanted).where(Question.author_key != "", LESSON.is_not(None))
    query = query.group_by(Question.author_key, LESSON).having(or_(count >= AGAIN, oldest <= now - PATIENCE))
    order = (count < AGAIN, oldest.is_(None), oldest, count.desc(), Question.author_key)
    known = _order(session, "")
    return [
        StuckStudent(
            row.author_key,
            known[row.lesson][0] if row.lesson in known else row.course,
            row.lesson,
            row.questions,
            row.waiting,
            row.since,
            row.last,
        )
        for row in session.execute(query.order_by(*order).limit(MOST_STUDENTS))
    ]
