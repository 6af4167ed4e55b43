"""Small talk set aside: told by the machine, looked at and taken back by people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.errors import NotFound
from kbsearch.matching.small_talk import SmallTalk, load_small_talk_model
from kbsearch.models import Aside, AsideReason, Outbox, Question, QuestionState, utc_now
from kbsearch.models import Collection as Indexed
from kbsearch.ports import Floats, Ints, SearchBackend
from kbsearch.services.row_chunks import CHUNK, chunks

MAX_LISTED = 200


@dataclass(frozen=True, slots=True)
class AsidePage:
    """One page of messages that are set aside, latest first.

    ``total``: how many meet the filter.  ``reasons``: how many there are for each reason, most first.
    ``kept``: how many a person took back.
    """

    items: list[tuple[Aside, Question]]
    total: int
    reasons: list[tuple[AsideReason, int]]
    kept: int


class AsideService:
    """Verbs on messages that are set aside.  What a person took back stays a question."""

    def __init__(self, database: Database, question_index: SearchBackend) -> None:
        self._database = database
        self._index = question_index

    # -- the machine

    def judge(self, ids: Collection[int]) -> set[int]:
        """Tell which of the indexed questions ``ids`` are small talk; returns those that are set aside.

        Raises:
            IndexUnavailable: the index cannot be read.
        """
        with self._database.reading() as session:
            texts = {
                row.id: row.text
                for some in chunks(sorted(ids))
                for row in session.execute(
                    select(Question.id, Question.text).where(
                        Question.id.in_(some), Question.state != QuestionState.DISMISSED
                    )
                )
            }
        indexed, vectors = self._index.vectors(list(texts))
        return self.judge_given(texts, indexed, vectors)

    def judge_given(self, texts: Mapping[int, str], ids: Ints, vectors: Floats) -> set[int]:
        """The same where ``texts`` are known, and ``vectors`` of ``ids``: shapes (n, d) and (n,)."""
        known = ids.tolist()
        told = load_small_talk_model().told([texts[one] for one in known], vectors, self._index.model_id)
        found = {known[place]: talk for place, talk in told.items()}
        with self._database.reading() as session:
            stored, taken_back = _stored(session, known, _ASIDE), _stored(session, known, _KEPT)
        new = {one: talk for one, talk in found.items() if one not in stored and one not in taken_back}
        stale = stored - found.keys()
        if new or stale:
            with self._database.writing() as session:
                _store(session, new, stale)
        return found.keys() - taken_back

    # -- people

    def list(self, *, reason: str = "", kept: bool = False, limit: int = 50, offset: int = 0) -> AsidePage:
        """Messages that are set aside, or with ``kept`` those that a person took back.

        Args:
            reason: only those that are set aside for it; "" for all.
            kept: what was taken back in the place of what is set aside.
            limit: at most 200.
            offset: messages to pass over.
        """
        which: ColumnElement[bool] = _KEPT if kept else _ASIDE
        rows = select(Aside, Question).join(Question, Question.id == Aside.question_id).where(which)
        if reason:
            rows = rows.where(Aside.reason == reason)
        rows = rows.order_by(Question.asked_at.desc(), Question.id.desc())
        counts = select(Aside.reason, func.count()).where(which).group_by(Aside.reason)
        taken_back = select(func.count()).select_from(Aside).where(_KEPT)
        with self._database.reading() as session:
            reasons = [(AsideReason(name), int(count)) for name, count in session.execute(counts)]
            shown = session.execute(rows.limit(min(limit, MAX_LISTED)).offset(offset))
            return AsidePage(
                items=[(aside, question) for aside, question in shown],
                total=sum(count for name, count in reasons if reason in {"", name}),
                reasons=sorted(reasons, key=lambda pair: (-pair[1], pair[0])),
                kept=session.scalar(taken_back) or 0,
            )

    def keep(self, question_id: int, person_id: int | None = None) -> Question:
        """Say that a message is a question: it joins a cluster now or in the next run.

        Raises:
            NotFound: it is not set aside.
        """
        return self._change(question_id, kept=True, person_id=person_id)

    def set_aside(self, question_id: int) -> Question:
        """Undo `keep`.

        Raises:
            NotFound: the machine never set it aside.
        """
        return self._change(question_id, kept=False)

    def _change(self, question_id: int, *, kept: bool, person_id: int | None = None) -> Question:
        with self._database.writing() as session:
            aside = session.get(Aside, question_id)
            question = session.get(Question, question_id)
            if aside is None or question is None:
                raise NotFound(
                    "Question {id} is not set aside.", remedy="Choose one from the list.", id=question_id
                )
            if kept != (aside.kept_at is not None):
                aside.kept_at = utc_now() if kept else None
                aside.kept_by_id = person_id if kept else None
                session.add(Outbox(collection=Indexed.QUESTIONS, entity_id=question_id))
            return question


_KEPT = Aside.kept_at.is_not(None)
_ASIDE = Aside.kept_at.is_(None)


def _stored(session: Session, ids: Collection[int], which: ColumnElement[bool]) -> set[int]:
    """Those of ``ids`` that are set aside, or taken back."""
    query = select(Aside.question_id).where(which)
    if len(ids) > CHUNK:  # a run asks for all: few are set aside
        return set(session.scalars(query)).intersection(ids)
    return set(session.scalars(query.where(Aside.question_id.in_(ids))))


def _store(session: Session, new: Mapping[int, SmallTalk], stale: Collection[int]) -> None:
    for some in chunks(sorted(stale)):
        session.execute(delete(Aside).where(Aside.question_id.in_(some), _ASIDE))
    wanted = sorted(new)
    for some in chunks(wanted):
        there = set(session.scalars(select(Question.id).where(Question.id.in_(some))))
        again = set(session.scalars(select(Aside.question_id).where(Aside.question_id.in_(some))))
        rows = [
            {
                "question_id": one,
                "reason": new[one].reason,
                "probability": new[one].probability,
                "judged_at": utc_now(),
            }
            for one in some
            if one in there - again
        ]
        if rows:
            session.execute(insert(Aside), rows)


def aside_ids(session: Session, ids: Collection[int]) -> set[int]:
    """Those of ``ids`` that are set aside and not taken back."""
    return _stored(session, ids, _ASIDE)
