"""Measuring quality: on the golden set, stored with what changed, and on live suggestions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session, defer

from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.errors import InvalidInput, NotFound
from kbsearch.evaluation.quality import Measured, changes, figures_by_scope, measured, ranks_of
from kbsearch.matching.model import MatchingModel
from kbsearch.models import (
    Case,
    Decision,
    Feedback,
    FeedbackAction,
    GoldenPair,
    QualityMeasurement,
    Suggestion,
    Surface,
    utc_now,
)
from kbsearch.ports import Progress, silent
from kbsearch.services.active_matcher import active_model
from kbsearch.services.golden import GoldenQuestion, GoldenService, golden_questions
from kbsearch.services.replaying import Bench, live_cases, matchers
from kbsearch.services.verdicts import STANDING

MOST = 4_000
"""Golden questions that are measured; of more, those with the smallest keys: always the same ones."""
LIVE_DAYS = 30
LATENCIES = 2_000
"""Latest suggestions that the live latency is taken from."""


@dataclass(frozen=True, slots=True)
class WrongQuestion:
    """A golden question whose case did not come first.

    ``rank``: its place, 0 beyond the fifth.  ``first``: the case that came first, None for none.
    """

    pair: GoldenPair
    case: Case
    rank: int
    first: Case | None


@dataclass(frozen=True, slots=True)
class LiveUse:
    """Suggestions of the last `LIVE_DAYS` days, by decision, and their latency in ms (None: none)."""

    suggestions: int
    answers: int
    abstained: int
    held_back: int
    nothing_fits: int
    p50_ms: float | None
    p95_ms: float | None

    @property
    def coverage(self) -> float | None:
        """Share decided ``answer``; None when there was no suggestion."""
        return self.answers / self.suggestions if self.suggestions else None


class QualityService:
    """Measures and remembers.  ``bench`` makes indexes away from the live one."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        bench: Callable[[], Bench],
        *,
        twice_read: bool = False,
    ) -> None:
        self._database = database
        self._twice_read = twice_read
        self._precision = settings.answer_precision
        self._bench = bench
        self._golden = GoldenService(database)

    def measure(self, progress: Progress = silent, occasion: str = "person") -> QualityMeasurement:
        """Grow the golden set, measure the active model on it and store the figures.

        Raises:
            InvalidInput: the golden set is empty.
            EncoderUnavailable: the encoder failed.
        """
        self._golden.grow()
        with self._database.reading() as session:
            model = active_model(session, twice_read=self._twice_read)
        rows = self.rows(model, progress)
        if not rows:
            raise InvalidInput(
                "There is nothing to measure: no question is known to be answered by a case.",
                remedy="Answer questions with cases, or add pairs to the golden set.",
            )
        with self._database.writing() as session:
            before = _latest(session)
            measurement = QualityMeasurement(
                model_version=model.version,
                occasion=occasion,
                figures=figures_by_scope(rows),
                ranks={key: list(rank) for key, rank in ranks_of(rows).items()},
                change=changes(before.ranks, rows) if before else {},
            )
            session.add(measurement)
        return measurement

    def rows(self, model: MatchingModel, progress: Progress = silent) -> list[Measured]:
        """Every golden question asked of ``model``."""
        with self._database.reading() as session:
            cases = live_cases(session)
            asked = sorted(golden_questions(session), key=lambda one: one.key)[:MOST]
        found: list[Measured] = []
        progress(0, len(asked), "asking the golden questions")
        for matcher, some in matchers(self._bench(), cases, asked, _source, model):
            for one in some:
                progress(len(found), len(asked), "asking the golden questions")
                found.append(measured(matcher, one.asked, self._precision))
        return found

    def latest(self, limit: int = 30) -> list[QualityMeasurement]:
        """The latest measurements, newest first, without their ``ranks``, which `get` loads."""
        query = select(QualityMeasurement).options(defer(QualityMeasurement.ranks))
        query = query.order_by(QualityMeasurement.id.desc()).limit(limit)
        with self._database.reading() as session:
            return list(session.scalars(query))

    def get(self, measurement_id: int) -> QualityMeasurement:
        """A measurement.

        Raises:
            NotFound: there is none with this id.
        """
        with self._database.reading() as session:
            found = session.get(QualityMeasurement, measurement_id)
        if found is None:
            raise NotFound("There is no measurement {id}.", remedy="Open the page again.", id=measurement_id)
        return found

    def wrong(
        self, measurement: QualityMeasurement, *, course: str = "", limit: int = 10
    ) -> tuple[list[WrongQuestion], int]:
        """The golden questions that it got wrong and that are still in the set, worst first; and how many."""
        missed = {int(key): rank for key, rank in measurement.ranks.items() if rank[0] != 1}
        with self._database.reading() as session:
            query = select(GoldenPair).where(GoldenPair.id.in_(missed), GoldenPair.removed_at.is_(None))
            if course:
                query = query.where(GoldenPair.course_code == course)
            ranks = {key: int(rank[0]) for key, rank in missed.items()}
            pairs = sorted(session.scalars(query), key=lambda p: (ranks[p.id] > 0, -ranks[p.id], p.id))
            shown = pairs[:limit]
            ids = {pair.case_id for pair in shown} | {missed[pair.id][1] for pair in shown}
            cases = {case.id: case for case in session.scalars(select(Case).where(Case.id.in_(ids)))}
        rows = [
            WrongQuestion(
                pair, cases[pair.case_id], int(missed[pair.id][0]), cases.get(int(missed[pair.id][1]))
            )
            for pair in shown
            if pair.case_id in cases
        ]
        return rows, len(pairs)

    def live_use(self) -> LiveUse:
        """What suggestions of the last days were like."""
        since = utc_now() - timedelta(days=LIVE_DAYS)
        with self._database.reading() as session:
            counts = select(Suggestion.decision, Suggestion.held_back, func.count())
            counts = counts.where(Suggestion.created_at >= since, ~_taken_back())
            by_decision = session.execute(counts.group_by(Suggestion.decision, Suggestion.held_back)).all()
            gaps = select(func.count(Feedback.id)).where(
                Feedback.action == FeedbackAction.NOTHING_FITS, Feedback.created_at >= since, STANDING
            )
            nothing = session.scalar(gaps) or 0
            times = session.scalars(
                select(Suggestion.milliseconds)
                .where(Suggestion.created_at >= since, Suggestion.milliseconds > 0, ~_taken_back())
                .order_by(Suggestion.created_at.desc())
                .limit(LATENCIES)
            ).all()
        return _use(by_decision, nothing, times)


def _taken_back() -> ColumnElement[bool]:
    """Whether a suggestion was stored only for feedback, as pages do, and nothing is left of that."""
    given = exists().where(Feedback.suggestion_id == Suggestion.id)
    return and_(Suggestion.surface != Surface.API, given, ~given.where(STANDING))


def _use(by_decision: Sequence[Any], nothing: int, times: Sequence[float]) -> LiveUse:
    def total(wanted: Callable[[str, bool], bool]) -> int:
        return sum(count for decision, held, count in by_decision if wanted(decision, held))

    p50, p95 = (float(np.percentile(times, at)) for at in (50, 95)) if times else (None, None)
    return LiveUse(
        suggestions=total(lambda decision, held: True),
        answers=total(lambda decision, held: decision == Decision.ANSWER),
        abstained=total(lambda decision, held: decision == Decision.ABSTAIN),
        held_back=total(lambda decision, held: held),
        nothing_fits=nothing,
        p50_ms=p50,
        p95_ms=p95,
    )


def _latest(session: Session) -> QualityMeasurement | None:
    return session.scalar(select(QualityMeasurement).order_by(QualityMeasurement.id.desc()).limit(1))


def _source(question: GoldenQuestion) -> tuple[str, int | None]:
    return question.key, question.question_id
