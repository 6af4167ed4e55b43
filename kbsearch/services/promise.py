"""The promise of precision on live feedback: observed, kept, or coverage lowered until it is again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.errors import Conflict
from kbsearch.evaluation.bounds import ALPHA, anytime_lower, anytime_upper, clopper_pearson
from kbsearch.models import Feedback, PromiseEvent, PromiseState, utc_now
from kbsearch.services.verdicts import STANDING, Verdict, verdicts_on_answers

LEAST = 20
"""Verdicts that a scope needs before it is judged alone."""
MARGIN = 0.05
"""Precision counts as recovered when less than target - MARGIN is refuted: without it, it would flap."""
WINDOW = timedelta(days=180)
NEVER = 1.01
"""A floor that no probability reaches."""


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """A course, a language, or everything when both are ""."""

    course: str = ""
    language: str = ""

    def holds(self, verdict: Verdict) -> bool:
        """Whether the verdict belongs here."""
        return self.course in ("", verdict.course) and self.language in ("", verdict.language)


POOLED = Scope()


@dataclass(frozen=True, slots=True)
class LivePrecision:
    """Of ``count`` answers with feedback ``right`` were right; ``lower``, ``upper``: Clopper-Pearson 95 %.

    ``floor``: from this probability on the scope answers, above 1 never, 0 while the promise is kept.
    ``event``: what last happened to its promise, None when nothing ever did.
    """

    scope: Scope
    count: int
    right: int
    lower: float
    upper: float
    floor: float
    event: PromiseEvent | None

    @property
    def precision(self) -> float | None:
        """The observed share; None when nothing was observed."""
        return self.right / self.count if self.count else None

    @property
    def is_lowered(self) -> bool:
        """Whether coverage is lowered here."""
        return self.floor > 0


Floors = Mapping[Scope, float]


def floor_for(floors: Floors, course: str, language: str) -> float:
    """The floor of the first scope that has feedback of its own: the course, the language, everything."""
    own = (scope for scope in (Scope(course), Scope(language=language)) if scope != POOLED)
    return next((floors[scope] for scope in (*own, POOLED) if scope in floors), 0.0)


class PromiseService:
    """Watches live precision and lowers or gives back coverage.  ``now`` tells the time."""

    def __init__(self, database: Database, settings: Settings, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._target = settings.answer_precision
        self._now = now
        self._seen: tuple[object, ...] = ()

    def check_new(self) -> list[PromiseEvent]:
        """`check`, when feedback was given or taken back that this object has not seen yet."""
        with self._database.reading() as session:
            stamp = select(func.max(Feedback.id), func.max(Feedback.withdrawn_at))
            newest = tuple(session.execute(stamp).one())
        if newest == self._seen:
            return []
        events = self.check()
        self._seen = newest
        return events

    def check(self) -> list[PromiseEvent]:
        """Judge every scope by its feedback; returns the events that this caused, which are stored."""
        with self._database.reading() as session:
            verdicts = verdicts_on_answers(session, self._now() - WINDOW)
            latest = latest_events(session)
            events = [
                event
                for scope, alpha in _scopes(verdicts, latest)
                if (event := self._unfounded(session, alpha, latest.get(scope)))
                or (event := self._judged(scope, alpha, verdicts, latest.get(scope)))
            ]
        if events:
            with self._database.writing() as session:
                session.add_all(events)
        return events

    def standing(self) -> list[LivePrecision]:
        """Everything first, then the scopes that are judged alone."""
        with self._database.reading() as session:
            verdicts = verdicts_on_answers(session, self._now() - WINDOW)
            latest = latest_events(session)
        scopes = [POOLED, *sorted(scope for scope in latest if scope != POOLED)]
        return [_observed(scope, verdicts, latest.get(scope)) for scope in scopes]

    def lowered(self) -> list[PromiseEvent]:
        """The scopes whose coverage is lowered now, by the event that did it."""
        with self._database.reading() as session:
            events = latest_events(session)
        return [event for _, event in sorted(events.items()) if event.state == PromiseState.LOWERED]

    def history(self, limit: int = 20) -> list[PromiseEvent]:
        """The latest events but for those that say only that a scope is judged alone now."""
        query = select(PromiseEvent).where(PromiseEvent.state != PromiseState.KEPT)
        with self._database.reading() as session:
            return list(session.scalars(query.order_by(PromiseEvent.id.desc()).limit(limit)))

    def restore(self, scope: Scope, person_id: int | None = None) -> PromiseEvent:
        """Give coverage back because a person says so; evidence is counted anew from now on.

        Raises:
            Conflict: it is not lowered there.
        """
        with self._database.writing() as session:
            event = latest_events(session).get(scope)
            if event is None or event.state != PromiseState.LOWERED:
                raise Conflict(
                    "Answers are not restricted there.", remedy="Open the page again to see what is."
                )
            restored = PromiseEvent(
                created_at=self._now(),
                course_code=scope.course,
                language=scope.language,
                state=PromiseState.RESTORED,
                target=self._target,
                person_id=person_id,
            )
            session.add(restored)
        return restored

    def lower_again(self, scope: Scope, person_id: int | None = None) -> PromiseEvent:
        """Undo `restore`: lowered as before, and what was said since it was lowered counts on.

        Raises:
            Conflict: no person gave coverage back there, or something happened since.
        """
        here = (PromiseEvent.course_code == scope.course, PromiseEvent.language == scope.language)
        query = select(PromiseEvent).where(*here).order_by(PromiseEvent.id.desc()).limit(2)
        with self._database.writing() as session:
            last = session.scalars(query).all()
            if [event.state for event in last] != [PromiseState.RESTORED, PromiseState.LOWERED]:
                raise Conflict(
                    "What was given back there cannot be taken back any more.",
                    remedy="Open the page again to see what holds.",
                )
            was = last[1]
            again = PromiseEvent(
                created_at=was.created_at,
                course_code=scope.course,
                language=scope.language,
                state=PromiseState.LOWERED,
                target=was.target,
                count=was.count,
                right=was.right,
                lower=was.lower,
                upper=was.upper,
                floor=was.floor,
                person_id=person_id,
            )
            session.add(again)
        return again

    def _unfounded(self, session: Session, alpha: float, last: PromiseEvent | None) -> PromiseEvent | None:
        """Coverage given back, when too much of what it was lowered on was taken back for lowering it now.

        The counts of that time are lessened, for the oldest feedback may have left the window since.
        """
        if last is None or last.state != PromiseState.LOWERED:
            return None
        then, scope = last.created_at, Scope(last.course_code, last.language)
        given = Feedback.created_at <= then
        before, now = (
            [
                one.right
                for one in verdicts_on_answers(session, then - WINDOW, given, stood)
                if scope.holds(one)
            ]
            for stood in (or_(STANDING, Feedback.withdrawn_at > then), STANDING)
        )
        count, right = last.count - len(before) + len(now), last.right - sum(before) + sum(now)
        if before == now or (count >= LEAST and anytime_upper(right, count, alpha) < last.target):
            return None
        return PromiseEvent(
            created_at=self._now(),
            course_code=scope.course,
            language=scope.language,
            state=PromiseState.RECOVERED,
            target=self._target,
            count=count,
            right=right,
            lower=anytime_lower(right, count, alpha),
            upper=anytime_upper(right, count, alpha),
        )

    def _judged(
        self, scope: Scope, alpha: float, verdicts: Sequence[Verdict], last: PromiseEvent | None
    ) -> PromiseEvent | None:
        """The event that the evidence since the last one calls for, if any."""
        here = [verdict for verdict in verdicts if scope.holds(verdict)]
        fresh = [v for v in here if last is None or last.state == PromiseState.KEPT or v.at > last.created_at]
        if len(fresh) < LEAST:
            return None
        right = sum(verdict.right for verdict in fresh)
        lower, upper = anytime_lower(right, len(fresh), alpha), anytime_upper(right, len(fresh), alpha)
        lowered = last is not None and last.state == PromiseState.LOWERED
        if not lowered and upper < self._target:
            state, floor = PromiseState.LOWERED, safe_floor(here, self._target)
        elif lowered and lower > self._target - MARGIN:
            state, floor = PromiseState.RECOVERED, 0.0
        elif last is None and scope != POOLED:
            state, floor = PromiseState.KEPT, 0.0
        else:
            return None
        return PromiseEvent(
            created_at=self._now(),
            course_code=scope.course,
            language=scope.language,
            state=state,
            target=self._target,
            count=len(fresh),
            right=right,
            lower=lower,
            upper=upper,
            floor=floor,
        )


def safe_floor(verdicts: Sequence[Verdict], target: float) -> float:
    """The lowest probability from which on at least `LEAST` verdicts reach ``target``; `NEVER`: none."""
    ordered = sorted(verdicts, key=lambda verdict: -verdict.probability)
    floor, right = NEVER, 0
    for count, verdict in enumerate(ordered, 1):
        right += verdict.right
        tied = count < len(ordered) and ordered[count].probability == verdict.probability
        if count >= LEAST and not tied and right >= target * count:
            floor = verdict.probability
    return floor


def load_floors(session: Session) -> dict[Scope, float]:
    """The floor of every scope that is judged alone; 0 where the promise is kept."""
    return {scope: _floor(event) for scope, event in latest_events(session).items()}


def latest_events(session: Session) -> dict[Scope, PromiseEvent]:
    """What last happened to each scope."""
    newest = select(func.max(PromiseEvent.id)).group_by(PromiseEvent.course_code, PromiseEvent.language)
    events = session.scalars(select(PromiseEvent).where(PromiseEvent.id.in_(newest)))
    return {Scope(event.course_code, event.language): event for event in events}


def _floor(event: PromiseEvent | None) -> float:
    return event.floor if event is not None and event.state == PromiseState.LOWERED else 0.0


def _observed(scope: Scope, verdicts: Iterable[Verdict], event: PromiseEvent | None) -> LivePrecision:
    here = [verdict.right for verdict in verdicts if scope.holds(verdict)]
    lower, upper = clopper_pearson(sum(here), len(here))
    return LivePrecision(scope, len(here), sum(here), lower, upper, _floor(event), event)


def _scopes(verdicts: Sequence[Verdict], known: Iterable[Scope]) -> list[tuple[Scope, float]]:
    """Every scope with the chance of a false alarm that it may take: courses share one, so do languages."""
    courses = {Scope(verdict.course) for verdict in verdicts if verdict.course}
    languages = {Scope(language=verdict.language) for verdict in verdicts if verdict.language}
    courses |= {scope for scope in known if scope.course}
    languages |= {scope for scope in known if scope.language}
    found = [(POOLED, ALPHA)]
    found += [(scope, ALPHA / len(courses)) for scope in sorted(courses)]
    return found + [(scope, ALPHA / len(languages)) for scope in sorted(languages)]
