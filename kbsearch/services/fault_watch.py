"""Watches what comes in for bursts of questions that speak of a broken platform."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session

from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.matching.bursts import LONGEST_HOURS, PAST_HOURS, Burst, Heard, find_burst
from kbsearch.matching.platform_speech import PlatformSpeech, at_prevalence
from kbsearch.models import (
    Collection,
    Fault,
    FaultDelivery,
    FaultQuestion,
    FaultSignal,
    FaultState,
    Outbox,
    Question,
    utc_now,
)
from kbsearch.ports import Embedder, SearchBackend

BATCH = 1_024
HISTORY = timedelta(days=180)
"""Questions older than this, when they come in, are not looked at any more."""
SPEAKS = 0.5
"""From this probability on a question speaks of a fault."""
QUIET_HOURS = 6.0
"""A fault that nobody spoke of for so long has ended; what comes later is another one."""
SAME_VOICE_HOURS = 8.0
"""A student who says it again within these hours is still one voice."""
FRESH = timedelta(hours=24)
"""Only of faults that are younger a report is sent without being asked for."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Signal:
    """A question as the watch sees it.  ``at``: hours since the epoch.  ``taken``: it belongs to a fault."""

    question_id: int
    at: float
    probability: float
    author: str
    taken: bool


class FaultWatch:
    """Scores questions as they are indexed, finds bursts among them and gathers what belongs to each.

    One worker uses it; ``now`` tells the time.
    """

    def __init__(
        self,
        database: Database,
        index: SearchBackend,
        embedder: Embedder,
        settings: Settings,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._index = index
        self._speech = PlatformSpeech(embedder)
        self._zone = ZoneInfo(settings.timezone)
        self._report = bool(settings.fault_webhook_auto and settings.fault_webhook_url)
        self._now = now
        self._seen = -1
        self._since: float | None = hours_of(now() - timedelta(hours=48))

    def watch(self) -> bool:
        """Score what is new, or else look for bursts among what was scored; whether there may be more to do.

        Raises:
            EncoderUnavailable: the model cannot be loaded or failed.
            IndexUnavailable: the index cannot be read.
        """
        with self._database.reading() as session:
            newest = session.scalar(select(func.max(Question.id))) or 0
            if newest == self._seen and self._since is None:
                return False
            new = self._unscored(session)
        if new:
            self._score(new)
            return True
        self._seen = newest
        with self._database.reading() as session:
            waiting = _pending().limit(1)
            if session.scalar(waiting) is not None:
                self._seen = -1  # come back when they are indexed
        since, self._since = self._since, None
        if since is not None:
            self._scan(since)
        return False

    def _unscored(self, session: Session) -> list[tuple[int, str, datetime]]:
        query = (
            select(Question.id, Question.text, Question.asked_at)
            .outerjoin(FaultSignal, FaultSignal.question_id == Question.id)
            .where(
                FaultSignal.question_id.is_(None),
                Question.asked_at >= self._now() - HISTORY,
                Question.id.not_in(_pending()),
            )
            .order_by(Question.id)
            .limit(BATCH)
        )
        return [(row.id, row.text, row.asked_at) for row in session.execute(query)]

    def _score(self, new: Sequence[tuple[int, str, datetime]]) -> None:
        ids, vectors = self._index.vectors([question for question, _, _ in new])
        texts = {question: text for question, text, _ in new}
        found = self._speech.probabilities([texts[one] for one in ids.tolist()], vectors)
        known = dict(zip(ids.tolist(), found.tolist(), strict=True))
        rows = [
            {"question_id": question, "asked_at": asked, "probability": known.get(question, 0.0)}
            for question, _, asked in new
        ]
        with self._database.writing() as session:
            still = set(session.scalars(select(Question.id).where(Question.id.in_(texts))))
            kept = [row for row in rows if row["question_id"] in still]
            if kept:
                session.execute(insert(FaultSignal), kept)
        spoken = [hours_of(asked) for question, _, asked in new if known.get(question, 0.0) >= SPEAKS]
        if spoken:
            self._since = min([*spoken, *([self._since] if self._since is not None else [])])

    def _scan(self, since: float) -> None:
        """Look at each voice from ``since`` on, in the order of time."""
        with self._database.writing() as session:
            signals = _signals(session, since)
            off = tuple(_called_off(session))
            zone = self._now().astimezone(self._zone).utcoffset() or timedelta()
            for fault in _running(session, since):
                self._gather(session, fault, signals, hours_of(fault.last_at))
            heard = _heard(signals, zone.total_seconds() / 3600, off)
            at = since
            while (burst := _next_burst(heard, at)) is not None:
                at, fault = self._open(session, burst, signals)
                heard = _heard(signals, heard.zone_hours, off)
                if self._report and fault.last_at > self._now() - FRESH:
                    session.add(FaultDelivery(fault_id=fault.id))

    def _open(
        self, session: Session, found: tuple[float, Burst], signals: list[_Signal]
    ) -> tuple[float, Fault]:
        now, burst = found
        fault = Fault(
            started_at=moment_of(burst.start),
            last_at=moment_of(now),
            found_at=self._now(),
            evidence=asdict(burst),
        )
        session.add(fault)
        session.flush()
        return self._gather(session, fault, signals, now), fault

    def _gather(self, session: Session, fault: Fault, signals: list[_Signal], end: float) -> float:
        """Take in what belongs to ``fault`` until it has been quiet; returns when its last voice came."""
        begin = hours_of(fault.started_at)
        for one in signals:
            if one.probability >= SPEAKS and not one.taken and end < one.at <= end + QUIET_HOURS:
                end = one.at
        inside = [one for one in signals if begin <= one.at <= end]
        adjusted = at_prevalence(np.array([one.probability for one in inside]), self._speech.prior)
        known = set(
            session.scalars(
                select(FaultQuestion.question_id).where(
                    FaultQuestion.question_id.in_([one.question_id for one in inside])
                )
            )
        )
        for one, probability in zip(inside, adjusted.tolist(), strict=True):
            if not one.taken and probability >= SPEAKS and one.question_id not in known:
                one.taken = True
                session.add(
                    FaultQuestion(question_id=one.question_id, fault_id=fault.id, probability=probability)
                )
        fault.last_at = max(fault.last_at, moment_of(end))
        return end


def hours_of(moment: datetime) -> float:
    """``moment`` in hours since the epoch."""
    return (moment - EPOCH).total_seconds() / 3600


def moment_of(hours: float) -> datetime:
    """The moment so many ``hours`` after the epoch, to the second."""
    return EPOCH + timedelta(seconds=round(hours * 3600))


def _signals(session: Session, since: float) -> list[_Signal]:
    begin = moment_of(since - PAST_HOURS - 2 * LONGEST_HOURS)
    query = (
        select(
            FaultSignal.question_id,
            FaultSignal.asked_at,
            FaultSignal.probability,
            Question.author_key,
            Fault.state,
            FaultQuestion.probability.label("belongs"),
        )
        .join(Question, Question.id == FaultSignal.question_id)
        .outerjoin(FaultQuestion, FaultQuestion.question_id == FaultSignal.question_id)
        .outerjoin(Fault, Fault.id == FaultQuestion.fault_id)
        .where(FaultSignal.asked_at >= begin)
        .order_by(FaultSignal.asked_at, FaultSignal.question_id)
    )
    counted = (FaultState.OPEN, FaultState.CLOSED)
    return [
        _Signal(
            row.question_id,
            hours_of(row.asked_at),
            row.probability,
            row.author_key,
            bool(row.state in counted and row.belongs),
        )
        for row in session.execute(query)
    ]


def _heard(signals: Sequence[_Signal], zone_hours: float, off: tuple[Burst, ...]) -> Heard:
    """What no fault has taken; a student's second voice within hours is left out altogether."""
    last: dict[str, float] = {}
    asked, voices = [], []
    for one in signals:
        if one.taken:
            continue
        if one.probability >= SPEAKS:
            if one.author and one.at - last.get(one.author, -SAME_VOICE_HOURS) < SAME_VOICE_HOURS:
                continue
            last[one.author] = one.at
            voices.append(one.at)
        asked.append(one.at)
    return Heard(np.array(asked, np.float64), np.array(voices, np.float64), zone_hours, off)


def _next_burst(heard: Heard, since: float) -> tuple[float, Burst] | None:
    """The first voice from ``since`` on that completes a burst, and the burst."""
    for now in heard.voices[np.searchsorted(heard.voices, since) :].tolist():
        burst = find_burst(heard, now)
        if burst is not None:
            return now, burst
    return None


def _running(session: Session, since: float) -> list[Fault]:
    """Open faults that had not ended when the first new voice came."""
    bar = moment_of(since - QUIET_HOURS)
    query = select(Fault).where(Fault.state == FaultState.OPEN, Fault.last_at >= bar).order_by(Fault.id)
    return list(session.scalars(query))


def _called_off(session: Session) -> list[Burst]:
    dismissed = select(Fault).where(Fault.state == FaultState.DISMISSED)
    return [Burst(**fault.evidence) for fault in session.scalars(dismissed)]


def _pending() -> Select[int]:
    """Ids of questions that are not indexed yet."""
    return select(Outbox.entity_id).where(
        Outbox.collection == Collection.QUESTIONS, Outbox.indexed.is_(False)
    )
