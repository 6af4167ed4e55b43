"""Faults of the platform as people see them: the list, one with its report, closing and dismissing it."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.errors import Conflict, InvalidInput, NotFound
from kbsearch.models import (
    Collection,
    DeliveryState,
    Fault,
    FaultDelivery,
    FaultQuestion,
    FaultState,
    Outbox,
    Question,
    QuestionState,
    Reply,
    utc_now,
)
from kbsearch.services.fault_report import FaultReport, report_of
from kbsearch.services.intake import clean

CURRENT = timedelta(hours=12)
"""People are warned of an open fault until nobody has spoken of it for so long."""
LONGEST_ANSWER = 5_000
BELONGS = FaultQuestion.probability > 0
"""What a person took out stays in the table, so that it is not gathered again."""
MOST_HOURS = 72
"""Hours of a fault that are told one by one, the last ones."""


@dataclass(frozen=True, slots=True)
class FaultRow:
    """A fault in a list: its questions, and those of them that wait for an answer."""

    fault: Fault
    questions: int
    waiting: int


@dataclass(frozen=True, slots=True)
class FaultDetail:
    """One fault: its report, its questions in the order of time, and its deliveries, newest first."""

    fault: Fault
    report: FaultReport
    questions: list[tuple[Question, float]]
    deliveries: list[FaultDelivery]


class FaultService:
    """Verbs on faults.  ``now`` tells the time."""

    def __init__(self, database: Database, settings: Settings, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._zone = ZoneInfo(settings.timezone)
        self._webhook = settings.fault_webhook_url
        self._now = now

    # -- reading

    def current(self) -> FaultRow | None:
        """The open fault that somebody spoke of in the last twelve hours; None when all is well."""
        bar = self._now() - CURRENT
        query = select(Fault).where(Fault.state == FaultState.OPEN, Fault.last_at >= bar)
        with self._database.reading() as session:
            fault = session.scalar(query.order_by(Fault.last_at.desc()).limit(1))
            return _rows(session, [fault])[0] if fault else None

    def list(self, *, state: str = "", limit: int = 50, offset: int = 0) -> builtins.list[FaultRow]:
        """Faults, the latest first."""
        query = select(Fault).order_by(Fault.started_at.desc(), Fault.id.desc()).limit(limit).offset(offset)
        if state:
            query = query.where(Fault.state == state)
        with self._database.reading() as session:
            return _rows(session, list(session.scalars(query)))

    def count(self, state: str = "") -> int:
        """How many faults there are."""
        query = select(func.count(Fault.id))
        if state:
            query = query.where(Fault.state == state)
        with self._database.reading() as session:
            return session.scalar(query) or 0

    def get(self, fault_id: int) -> FaultDetail:
        """One fault.

        Raises:
            NotFound: there is none with this id.
        """
        with self._database.reading() as session:
            fault = _existing(session, fault_id)
            questions = _questions(session, fault_id)
            deliveries = session.scalars(
                select(FaultDelivery)
                .where(FaultDelivery.fault_id == fault_id)
                .order_by(FaultDelivery.id.desc())
                .limit(10)
            )
            report = report_of(fault, questions, self._hours(fault))
            return FaultDetail(fault, report, questions, list(deliveries))

    def _hours(self, fault: Fault) -> builtins.list[datetime]:
        begin = fault.started_at.astimezone(self._zone).replace(minute=0, second=0, microsecond=0)
        count = int((fault.last_at - begin) / timedelta(hours=1)) + 1
        return [begin + timedelta(hours=at) for at in range(max(0, count - MOST_HOURS), count)]

    # -- deciding

    def close(self, fault_id: int, answer: str, person_id: int | None = None) -> int:
        """It is over: answer the questions that wait with ``answer``; returns how many there were.

        Raises:
            NotFound: there is no such fault.
            InvalidInput: the answer is missing or too long.
            Conflict: it is not open.
        """
        text = clean(answer)
        if not text or len(text) > LONGEST_ANSWER:
            raise InvalidInput(
                "An answer has 1 to {longest} characters.",
                remedy="Say in a sentence or two what was broken and that it works again.",
                longest=LONGEST_ANSWER,
            )
        with self._database.writing() as session:
            fault = _open(session, fault_id)
            waiting = _waiting(session, fault_id)
            for belonging, question in waiting:
                belonging.reply_id = self._replied(session, question, text)
            self._decide(fault, FaultState.CLOSED, person_id)
            fault.answer = text
            return len(waiting)

    def _replied(self, session: Session, question: Question, text: str) -> int:
        last = select(func.max(Reply.position)).where(Reply.question_id == question.id)
        place = session.scalar(last)
        reply = Reply(
            question_id=question.id,
            position=0 if place is None else place + 1,
            text=text,
            by_mentor=True,
            replied_at=self._now(),
        )
        session.add(reply)
        session.flush()
        _move(session, question, QuestionState.ANSWERED)
        return reply.id

    def take_out(self, fault_id: int, question_id: int) -> None:
        """Say that the question does not belong to the fault; closing it will not answer it.

        Raises:
            NotFound: there is no such fault, or the question never belonged to it.
            Conflict: the fault is not open.
        """
        self._set_belonging(fault_id, question_id, 0.0)

    def put_back(self, fault_id: int, question_id: int) -> None:
        """Take `take_out` back.

        Raises:
            NotFound, Conflict: as `take_out`.
        """
        self._set_belonging(fault_id, question_id, 1.0)

    def _set_belonging(self, fault_id: int, question_id: int, probability: float) -> None:
        with self._database.writing() as session:
            _open(session, fault_id)
            belonging = session.get(FaultQuestion, question_id)
            if belonging is None or belonging.fault_id != fault_id:
                raise NotFound(
                    "Question {id} does not belong to this fault.", remedy="Reload the page.", id=question_id
                )
            belonging.probability = probability

    def dismiss(self, fault_id: int, person_id: int | None = None) -> None:
        """It was no fault; a burst as strong within two days will be none either.

        Raises:
            NotFound: there is no such fault.
            Conflict: it is not open.
        """
        with self._database.writing() as session:
            fault = _open(session, fault_id)
            count = session.scalar(
                select(func.count()).select_from(FaultQuestion).where(FaultQuestion.fault_id == fault_id)
            )
            hours = (fault.last_at - fault.started_at) / timedelta(hours=1)
            rate = fault.evidence["count"] / fault.evidence["hours"]
            if count and hours > fault.evidence["hours"]:
                fault.evidence = {**fault.evidence, "hours": hours, "count": max(count, int(rate * hours))}
            self._decide(fault, FaultState.DISMISSED, person_id)

    def reopen(self, fault_id: int) -> None:
        """Take closing or dismissing back; questions that were answered by closing it wait again.

        Raises:
            NotFound: there is no such fault.
            Conflict: it is open.
        """
        with self._database.writing() as session:
            fault = _existing(session, fault_id)
            if fault.state == FaultState.OPEN:
                raise Conflict("Fault {id} is open.", remedy="Reload the page.", id=fault_id)
            answered = select(FaultQuestion, Question, Reply)
            answered = answered.join(Question, Question.id == FaultQuestion.question_id)
            answered = answered.join(Reply, Reply.id == FaultQuestion.reply_id)
            for belonging, question, reply in session.execute(
                answered.where(FaultQuestion.fault_id == fault_id)
            ).all():
                belonging.reply_id = None
                session.delete(reply)
                if question.state == QuestionState.ANSWERED and question.case_id is None:
                    _move(session, question, QuestionState.OPEN)
            fault.state, fault.answer = FaultState.OPEN, ""
            fault.decided_at = fault.decided_by_id = None

    def _decide(self, fault: Fault, state: FaultState, person_id: int | None) -> None:
        fault.state, fault.decided_at, fault.decided_by_id = state, self._now(), person_id

    # -- reporting

    def send(self, fault_id: int, person_id: int | None = None) -> FaultDelivery:
        """Ask the worker to send the report by webhook.

        Raises:
            NotFound: there is no such fault.
            Conflict: no webhook is set, or a delivery waits already.
        """
        with self._database.writing() as session:
            _existing(session, fault_id)
            if not self._webhook:
                raise Conflict("No webhook is set.", remedy="Set KBSEARCH_FAULT_WEBHOOK_URL.")
            waits = select(FaultDelivery.id).where(
                FaultDelivery.fault_id == fault_id, FaultDelivery.state == DeliveryState.WAITING
            )
            if session.scalar(waits.limit(1)) is not None:
                raise Conflict("The report is on its way already.", remedy="Wait for its outcome.")
            delivery = FaultDelivery(fault_id=fault_id, person_id=person_id, due_at=self._now())
            session.add(delivery)
            session.flush()
            return delivery


def _rows(session: Session, faults: list[Fault]) -> list[FaultRow]:
    open_ones = func.sum(case((Question.state == QuestionState.OPEN, 1), else_=0))
    query = (
        select(FaultQuestion.fault_id, func.count(), open_ones)
        .join(Question, Question.id == FaultQuestion.question_id)
        .where(BELONGS, FaultQuestion.fault_id.in_([fault.id for fault in faults]))
        .group_by(FaultQuestion.fault_id)
    )
    counts = {fault_id: (asked, waiting) for fault_id, asked, waiting in session.execute(query)}
    return [FaultRow(fault, *counts.get(fault.id, (0, 0))) for fault in faults]


def _existing(session: Session, fault_id: int) -> Fault:
    fault = session.get(Fault, fault_id)
    if fault is None:
        raise NotFound("There is no fault {id}.", remedy="See the list of faults.", id=fault_id)
    return fault


def _open(session: Session, fault_id: int) -> Fault:
    fault = _existing(session, fault_id)
    if fault.state != FaultState.OPEN:
        raise Conflict(
            "Fault {id} is not open any more.", remedy="Reload the page: somebody has decided.", id=fault_id
        )
    return fault


def _questions(session: Session, fault_id: int) -> list[tuple[Question, float]]:
    query = (
        select(Question, FaultQuestion.probability)
        .join(FaultQuestion, FaultQuestion.question_id == Question.id)
        .where(BELONGS, FaultQuestion.fault_id == fault_id)
        .order_by(Question.asked_at, Question.id)
    )
    return [(question, probability) for question, probability in session.execute(query)]


def _waiting(session: Session, fault_id: int) -> list[tuple[FaultQuestion, Question]]:
    query = (
        select(FaultQuestion, Question)
        .join(Question, Question.id == FaultQuestion.question_id)
        .where(BELONGS, FaultQuestion.fault_id == fault_id, Question.state == QuestionState.OPEN)
        .order_by(Question.id)
    )
    return [(belonging, question) for belonging, question in session.execute(query)]


def _move(session: Session, question: Question, state: QuestionState) -> None:
    question.state = state
    session.add(Outbox(collection=Collection.QUESTIONS, entity_id=question.id))
