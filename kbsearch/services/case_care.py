"""Cases that need somebody, and what mentors contributed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.models import LIVE_STATES, Case, CaseState, CoverageSample, Person, Question, utc_now
from kbsearch.services.weeks import Period

STALE = timedelta(days=180)
"""A case that nobody looked at for half a year is stale: programmes and platforms change about so often."""


@dataclass(frozen=True, slots=True)
class StaleCase:
    """A live case that needs a look.  ``asked``: sampled questions that it is the first match of."""

    case: Case
    owner: str
    checked_at: datetime | None
    asked: int


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a person's cases did: live cases, those published and the questions answered in the period."""

    person: Person
    cases: int
    published: int
    answered: int


class CaseCareService:
    """Counts now; nothing is kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stale(self, now: datetime | None = None) -> list[StaleCase]:
        """Cases that were put to a check, then those not looked at for longest; most used first in each."""
        bar = (now or utc_now()) - STALE
        checked = func.coalesce(Case.verified_at, Case.published_at, Case.created_at)
        uses = (
            select(CoverageSample.case_id, func.count().label("asked"))
            .group_by(CoverageSample.case_id)
            .subquery()
        )
        query = (
            select(Case, Person.name, checked.label("checked"), func.coalesce(uses.c.asked, 0).label("asked"))
            .outerjoin(Person, Person.id == Case.owner_id)
            .outerjoin(uses, uses.c.case_id == Case.id)
            .where(Case.state.in_(LIVE_STATES), or_(Case.state == CaseState.NEEDS_CHECK, checked <= bar))
            .order_by(Case.state != CaseState.NEEDS_CHECK, func.coalesce(uses.c.asked, 0).desc(), Case.id)
        )
        with self._database.reading() as session:
            return [
                StaleCase(row.Case, row.name or "", row.Case.verified_at or row.Case.published_at, row.asked)
                for row in session.execute(query)
            ]

    def contributions(self, period: Period) -> list[Contribution]:
        """What each person's cases did for the questions asked in ``period``, most answered first."""
        with self._database.reading() as session:
            people = {one.id: one for one in session.scalars(select(Person))}
            answered = select(Case.owner_id, func.count()).join(Question, Question.case_id == Case.id)
            answered = answered.where(Question.asked_at >= period.start_at, Question.asked_at < period.end_at)
            counts = _counted(session, answered.group_by(Case.owner_id))
            live = select(Case.owner_id, func.count()).where(Case.state.in_(LIVE_STATES))
            cases = _counted(session, live.group_by(Case.owner_id))
            fresh = select(Case.owner_id, func.count()).where(*_published_in(period))
            published = _counted(session, fresh.group_by(Case.owner_id))
        found = [
            Contribution(one, cases.get(one.id, 0), published.get(one.id, 0), counts.get(one.id, 0))
            for one in people.values()
            if one.id in cases or one.id in counts or one.id in published
        ]
        return sorted(found, key=lambda one: (-one.answered, -one.cases, one.person.id))

    def published(self, period: Period) -> Sequence[Case]:
        """Live cases that were published in ``period``, newest first."""
        query = select(Case).where(*_published_in(period)).order_by(Case.published_at.desc(), Case.id)
        with self._database.reading() as session:
            return session.scalars(query).all()


def _published_in(period: Period) -> tuple[ColumnElement[bool], ...]:
    return (
        Case.state.in_(LIVE_STATES),
        Case.published_at >= period.start_at,
        Case.published_at < period.end_at,
    )


def _counted(session: Session, query: Any) -> dict[int | None, int]:
    """The counts of a query, by its first column."""
    return {row[0]: row[1] for row in session.execute(query)}
