"""The matcher of every process: with the model that is active now, and what live precision lets it answer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.matching.matcher import Matcher
from kbsearch.matching.model import Limits, MatchingModel, load_model, model_from
from kbsearch.matching.understanding import Understanding
from kbsearch.models import ModelVersion, PromiseEvent
from kbsearch.ports import Embedder, SearchBackend
from kbsearch.services.promise import Floors, floor_for, load_floors

CHECK_SECONDS = 1.0
"""The database is asked for changes at most this often."""

_log = logging.getLogger(__name__)
_Stamp = tuple[int | None, int | None]


class ActiveMatcher:
    """Threads may share one.  ``clock`` tells seconds that only grow."""

    def __init__(
        self,
        database: Database,
        case_index: SearchBackend,
        embedder: Embedder,
        understanding: Understanding | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._index = case_index
        self._embedder = embedder
        self._understanding = understanding or Understanding(case_index)
        self._clock = clock
        self._lock = threading.Lock()
        self._next = -1.0
        self._stamp: _Stamp = (None, None)
        self._floors: Floors = {}
        self._matcher = Matcher(case_index, embedder, understanding=self._understanding)

    def get(self) -> Matcher:
        """The matcher with the active model.

        Raises:
            StorageUnavailable: the database cannot be read.
        """
        self._refresh()
        return self._matcher

    def floor(self, course: str, language: str) -> float:
        """The probability from which on an answer is given there; 0 while the promise is kept.

        Raises:
            StorageUnavailable: the database cannot be read.
        """
        self._refresh()
        return floor_for(self._floors, course, language)

    def limits(self, precision: float, *, degraded: bool, course: str = "", language: str = "") -> Limits:
        """The active model's limits, raised to the `floor` where live precision broke the promise.

        Raises:
            StorageUnavailable: the database cannot be read.
        """
        floor = self.floor(course, language)
        limits = self._matcher.model.limits(precision, degraded=degraded, course=course, language=language)
        if limits.answer_from is None or floor <= limits.answer_from:
            return limits
        return replace(limits, answer_from=floor if floor <= 1 else None, promised=False)

    def _refresh(self) -> None:
        with self._lock:
            if self._clock() < self._next:
                return
            with self._database.reading() as session:
                stamp = _stamp(session)
                if stamp != self._stamp:
                    self._floors = load_floors(session)
                    self._take(stamp, session)
            self._next = self._clock() + CHECK_SECONDS

    def _model(self, session: Session) -> MatchingModel:
        return active_model(session, twice_read=self._index.twice_read)

    def _take(self, stamp: _Stamp, session: Session) -> None:
        if stamp[0] != self._stamp[0]:
            self._matcher = Matcher(self._index, self._embedder, self._model(session), self._understanding)
        self._stamp = stamp


def active_model(session: Session, *, twice_read: bool = False) -> MatchingModel:
    """The active version's model; the shipped one when none is active or it cannot be read any more.

    So it is when that version was learned beside a second encoder and there is none now, or the other way.
    """
    shipped = load_model(twice_read=twice_read)
    stored = session.scalar(select(ModelVersion).where(ModelVersion.active))
    if stored is None:
        return shipped
    if bool(stored.provenance.get("twice_read")) != twice_read:
        _log.warning("the model version %s is for other encoders: the shipped model is used", stored.name)
        return shipped
    try:
        return model_from(stored.model)
    except (KeyError, TypeError, ValueError):
        _log.warning("the model version %s is not readable: the shipped model is used", stored.name)
        return shipped


def _stamp(session: Session) -> _Stamp:
    active = select(func.max(ModelVersion.id)).where(ModelVersion.active).scalar_subquery()
    event = select(func.max(PromiseEvent.id)).scalar_subquery()
    row = session.execute(select(active, event)).one()
    return row[0], row[1]
