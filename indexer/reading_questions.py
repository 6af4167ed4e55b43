"""The second encoder reads questions while there is nothing else to do, so that no run has to."""

from __future__ import annotations

from sqlalchemy import exists, select

from indexer.kept_vectors import KeptVectors
from kbsearch.database import Database
from kbsearch.matching.queries import bare_text
from kbsearch.models import Aside, Question, QuestionState

LOOKED_AT = 2_000
"""Questions that are looked at for those without a vector at a time."""
SLICE = 48
"""Questions that are read at a time: a sixth of a second, for which what is to be indexed waits."""
SPARE = 1_000
"""Vectors of questions that are gone stay until they are more than those that are needed, by so many."""


class QuestionReader:
    """Goes through the questions once, then reads what is new."""

    def __init__(self, database: Database, kept: KeptVectors) -> None:
        self._database = database
        self._kept = kept
        self._last = 0
        self._waiting: list[str] = []

    def read_some(self) -> bool:
        """Read a slice of what has no vector; returns whether there may be more.

        Raises:
            EncoderUnavailable: the second encoder fails.
            StorageUnavailable: the database or the disk refuses.
        """
        if not self._waiting and not self._look():
            return False
        self._kept.read(self._waiting[:SLICE])
        del self._waiting[:SLICE]
        return True

    def _look(self) -> bool:
        """Look at the next questions; returns whether there were some."""
        first = self._last == 0
        aside = exists().where(Aside.question_id == Question.id, Aside.kept_at.is_(None))
        query = select(Question.id, Question.text).where(
            Question.id > self._last, Question.state != QuestionState.DISMISSED, ~aside
        )
        with self._database.reading() as session:
            rows = session.execute(query.order_by(Question.id).limit(LOOKED_AT)).all()
        if not rows:
            return False
        if first:
            self._tidy()
        self._waiting = self._kept.unread([bare_text(row.text) for row in rows])
        self._last = rows[-1].id
        return True

    def _tidy(self) -> None:
        """Forget what belongs to no question any more, once it is more than what does."""
        with self._database.reading() as session:
            texts = {bare_text(text) for text in session.scalars(select(Question.text))}
        if self._kept.size() > 2 * len(texts) + SPARE:
            self._kept.keep_only(texts)
