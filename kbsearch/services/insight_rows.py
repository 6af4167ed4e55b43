"""The questions behind a number, and what was asked in a period."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import selectinload

from kbsearch.database import Database
from kbsearch.models import Cluster, InferredLesson, Question
from kbsearch.services.cluster_counts import answered
from kbsearch.services.covered_questions import QuestionFilter, asks, joined, narrowed, place_of, waits
from kbsearch.services.newest_run import newest_run
from kbsearch.services.weeks import Period


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question with the lesson that was inferred for it; "" when it tells its own, or none is sure."""

    question: Question
    inferred: str


@dataclass(frozen=True, slots=True)
class PeriodCounts:
    """Questions asked in a period: all, answered by now, waiting, and students who asked."""

    period: Period
    asked: int
    answered: int
    waiting: int
    students: int


class InsightRows:
    """Reads questions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, wanted: QuestionFilter, *, limit: int, offset: int = 0) -> tuple[list[QuestionRow], int]:
        """Questions that are ``wanted``, latest first, and how many there are."""
        with self._database.reading() as session:
            run = newest_run(session)
            run_id = run.id if run else None
            counted = narrowed(joined(select(func.count(func.distinct(Question.id))), run_id), wanted)
            query = narrowed(joined(select(Question, InferredLesson.lesson_code), run_id), wanted)
            query = query.options(selectinload(Question.replies))
            query = query.order_by(Question.asked_at.desc(), Question.id.desc()).limit(limit).offset(offset)
            rows = [
                QuestionRow(question, (inferred or "") if not question.lesson_code else "")
                for question, inferred in session.execute(query)
            ]
            return rows, session.scalar(counted) or 0

    def clusters(self, ids: Iterable[int]) -> dict[int, Cluster]:
        """Clusters by id."""
        with self._database.reading() as session:
            found = session.scalars(select(Cluster).where(Cluster.id.in_(list(ids))))
            return {one.id: one for one in found}

    def asked(self, period: Period) -> int:
        """How many questions were asked in ``period``."""
        query = select(func.count()).where(
            Question.asked_at >= period.start_at, Question.asked_at < period.end_at, asks()
        )
        with self._database.reading() as session:
            return session.scalar(query) or 0

    def counts(self, periods: Sequence[Period]) -> list[PeriodCounts]:
        """What was asked in each of ``periods``, which follow each other from the oldest on."""
        if not periods:
            return []
        place = place_of(periods).label("place")
        query = (
            select(
                place,
                func.count(),
                func.sum(case((answered(), 1), else_=0)),
                func.sum(case((waits(), 1), else_=0)),
                func.count(func.distinct(func.nullif(Question.author_key, ""))),
            )
            .where(
                Question.asked_at >= periods[0].start_at,
                Question.asked_at < periods[-1].end_at,
                asks(),
            )
            .group_by(place)
        )
        with self._database.reading() as session:
            found = {row[0]: tuple(row[1:]) for row in session.execute(query)}
        return [PeriodCounts(each, *found.get(at, (0, 0, 0, 0))) for at, each in enumerate(periods)]
