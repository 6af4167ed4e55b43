"""Questions by week, and the students who asked them, for clusters, courses and lessons: counted in SQL."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, String, case, cast, func, select
from sqlalchemy.orm import Session

from kbsearch.insights.seasons import course_weeks
from kbsearch.models import Cohort, Membership, Question, QuestionState
from kbsearch.models.periods import weeks_before

WEEK = timedelta(days=7)
FEWEST_WEEKS = 6
MAJORITY = 0.5
"""A cluster belongs to a course that more than this share of its questions name."""

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class WeeklyCounts:
    """Counts of the last weeks, oldest first; the last week is the seven days before ``now``.

    ``keys``: what the rows are: ids of clusters, or codes of courses or lessons.  ``questions`` and
    ``students``: (rows, weeks); a student who asks the same again in a week counts once, one who is not
    known each time.  ``courses``: (rows,), a place in ``course_codes``, or -1 for no course.
    """

    now: datetime
    keys: tuple[Any, ...]
    questions: Counts
    students: Counts
    courses: Counts
    course_codes: tuple[str, ...]

    @property
    def weeks(self) -> int:
        """How many weeks are counted."""
        return int(self.students.shape[1])

    def rows(self) -> dict[Any, int]:
        """The row of each key."""
        return {key: row for row, key in enumerate(self.keys)}

    def whole_weeks_since(self, moment: datetime) -> int:
        """The first week that begins at ``moment`` or later."""
        return max(0, self.weeks - int((self.now - moment) / WEEK))


def weekly_clusters(session: Session, run_id: int, now: datetime, weeks: int) -> WeeklyCounts:
    """Counts of all clusters of a run over the last ``weeks``, fewer when the school is younger."""
    query = _counted(Membership.cluster_id, now, weeks).join(
        Membership, Membership.question_id == Question.id
    )
    return _table(session.execute(query.where(Membership.run_id == run_id)), now, weeks)


def weekly_courses(session: Session, now: datetime, weeks: int) -> WeeklyCounts:
    """Counts of all courses that questions name."""
    query = _counted(Question.course_code, now, weeks).where(Question.course_code != "")
    return _table(session.execute(query), now, weeks)


def weekly_lessons(session: Session, now: datetime, weeks: int, course: str = "") -> WeeklyCounts:
    """Counts of all lessons that questions name; only those of a ``course`` when it is given."""
    query = _counted(Question.lesson_code, now, weeks).where(Question.lesson_code != "")
    if course:
        query = query.where(Question.course_code == course)
    return _table(session.execute(query), now, weeks)


def cohort_places(session: Session, counts: WeeklyCounts) -> dict[int, NDArray[np.float64]]:
    """By place of the course in ``counts``: `course_weeks` of its cohorts, if it has any."""
    starts: defaultdict[str, list[float]] = defaultdict(list)
    end = counts.now.date()
    for course, day in session.execute(select(Cohort.course_code, Cohort.starts_on)):
        starts[course].append((end - day) / WEEK)
    return {
        place: course_weeks(starts[code], counts.weeks)
        for place, code in enumerate(counts.course_codes)
        if code in starts
    }


def _counted(key: Any, now: datetime, weeks: int) -> Select[Any]:
    week = weeks_before(now, Question.asked_at).label("week")
    asker = case((Question.author_key == "", cast(Question.id, String)), else_=Question.author_key)
    return (
        select(
            key.label("key"),
            Question.course_code,
            week,
            func.count().label("questions"),
            func.count(func.distinct(asker)).label("students"),
        )
        .where(
            Question.asked_at > now - weeks * WEEK,
            Question.asked_at <= now,
            Question.state != QuestionState.DISMISSED,
        )
        .group_by(key, Question.course_code, week)
    )


def _table(found: Iterable[Any], now: datetime, weeks: int) -> WeeklyCounts:
    rows = [(row.key, row.course_code, row.week, row.questions, row.students) for row in found]
    keys = sorted({row[0] for row in rows})
    codes = sorted({row[1] for row in rows} - {""})
    weeks = min(weeks, max([FEWEST_WEEKS - 1, *(row[2] for row in rows)]) + 1)
    place = {key: number for number, key in enumerate(keys)}
    questions, students = (np.zeros((len(keys), weeks), np.int64) for _ in range(2))
    named: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for key, course, back, asked, askers in rows:
        column = weeks - 1 - back
        if column >= 0:
            questions[place[key], column] += asked
            students[place[key], column] += askers
        named[place[key]][course] += asked
    courses = np.array([_prevailing(named[row], codes) for row in range(len(keys))], np.int64)
    return WeeklyCounts(now, tuple(keys), questions, students, courses, tuple(codes))


def _prevailing(named: Mapping[str, int], codes: Sequence[str]) -> int:
    course, count = max(named.items(), key=lambda pair: (pair[1], pair[0]))
    return codes.index(course) if course and count > MAJORITY * sum(named.values()) else -1
