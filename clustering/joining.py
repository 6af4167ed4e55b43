"""New questions join their cluster as they come in, or open a candidate when enough strangers agree.

Whatever is stored is decided by what the database holds then, so doing it twice is harmless: a question that
has a place in the current run keeps it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clustering.joined_rows import Joined, Opened, leave, store_joined, store_opened
from clustering.labels import describe
from clustering.member_rows import RowReader, SecondRows
from clustering.places import Places
from clustering.strangers import MOST, Strangers
from kbsearch.database import Database
from kbsearch.errors import EncoderUnavailable
from kbsearch.matching.queries import bare_text
from kbsearch.models import (
    Cluster,
    ClusterEdit,
    LineDecision,
    Membership,
    Outbox,
    ProposalLine,
    Question,
    QuestionLink,
    QuestionState,
    Run,
)
from kbsearch.models import Collection as Indexed
from kbsearch.ports import Floats, SearchBackend, SecondVectors
from kbsearch.services.asides import AsideService, aside_ids
from kbsearch.services.current_run import current_run
from kbsearch.services.edit_rows import standing_edits
from kbsearch.services.row_chunks import chunks
from kbsearch.services.standing_edits import Standing

_log = logging.getLogger(__name__)

_Stamp = tuple[int, int, int, int]
"""The current run, how many of its lines are accepted, the newest edit, and how many edits were undone: what
changes memberships but this module."""


@dataclass(slots=True, eq=False)
class _Known:
    """What is known of the current run: members and strangers, and what reads rows like theirs.

    ``missed``: indexed after the run had read its questions, and in no cluster.
    """

    stamp: _Stamp
    reader: RowReader
    places: Places
    strangers: Strangers
    standing: Standing
    missed: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _New:
    """A question without a place."""

    id: int
    text: str
    author: str


class ClusterJoiner:
    """Gives new questions a place in the current run of the whole school.  Threads may share one.

    ``second``: vectors of another encoder, which count where the run had them.
    """

    def __init__(
        self,
        database: Database,
        question_index: SearchBackend,
        asides: AsideService,
        second: SecondVectors | None = None,
    ) -> None:
        self._database = database
        self._index = question_index
        self._asides = asides
        self._second = SecondRows(database, second) if second else None
        self._lock = threading.Lock()
        self._known: _Known | None = None

    def join(self, ids: Collection[int] = ()) -> int:
        """Give the indexed questions ``ids``, and those that a new run missed, a place; returns how many got.

        Small talk is set aside first.  Before the first run there are no places.

        Raises:
            IndexUnavailable: the index cannot be read.
            StorageUnavailable: the database refuses.
        """
        aside = self._asides.judge(ids) if ids else set()
        with self._lock:
            if self._second:
                self._second.forget(ids)
            known = self._current()
            if known is None:
                return 0
            run_id = known.stamp[0]
            if aside:
                with self._database.writing() as session:
                    leave(session, run_id, aside)
            missed, known.missed = known.missed, []
            with self._database.reading() as session:
                new = _without_place(session, run_id, sorted({*ids, *missed}))
            try:
                known, rows = self._read(known, [one.id for one in new])
                return self._placed(known, new, rows)
            except BaseException:
                self._known = None  # it may hold what was not stored
                raise

    def _current(self) -> _Known | None:
        with self._database.reading() as session:
            stamp = _stamp(session)
            if stamp is None:
                self._known = None
            elif self._known is None or self._known.stamp != stamp:
                self._known = self._loaded_somehow(session, stamp)
        return self._known

    def _loaded_somehow(self, session: Session, stamp: _Stamp) -> _Known:
        try:
            return self._loaded(session, stamp)
        except EncoderUnavailable as error:
            return self._loaded_alone(session, stamp, error)

    def _loaded_alone(self, session: Session, stamp: _Stamp, error: EncoderUnavailable) -> _Known:
        """What is known now, until something changes, where the second encoder fails with ``error``."""
        _log.warning("questions join without the second encoder: %s", error)
        return self._loaded(session, stamp, alone=True)

    def _read(self, known: _Known, ids: Sequence[int]) -> tuple[_Known, dict[int, Floats]]:
        """The rows of ``ids`` that are indexed, and what is known, whose rows are like these."""
        try:
            return known, known.reader.read(ids)
        except EncoderUnavailable as error:
            with self._database.reading() as session:
                self._known = known = self._loaded_alone(session, known.stamp, error)
            known.missed = []
            return known, known.reader.read(ids)

    def _loaded(self, session: Session, stamp: _Stamp, *, alone: bool = False) -> _Known:
        """What is known now; ``alone``: the second encoder has no say, whatever the run had."""
        cluster_of = _members(session, stamp[0])
        ids, vectors = self._index.vectors()
        waiting = _waiting(session)
        outside = [one for one in ids.tolist() if one not in cluster_of and one not in waiting]
        authors = _strangers(session, outside)
        asking = np.array([one in cluster_of or one in authors for one in ids.tolist()], dtype=bool)
        ids = ids[asking]
        run = current_run(session)
        second = self._second if run and not alone and _had(run, self._second) else None
        reader, rows = RowReader.of(self._index, second, ids.tolist(), vectors[asking])
        clusters = np.array([cluster_of.get(one, -1) for one in ids.tolist()], dtype=np.int64)
        inside = clusters >= 0
        places, strangers = Places(rows[inside], clusters[inside]), Strangers(rows.shape[1])
        newest = int(run.parameters.get("newest_question", 0)) if run else 0
        missed = [one for one in ids[~inside].tolist() if newest and one > newest]
        for place in np.flatnonzero(~inside & ~np.isin(ids, missed))[-MOST:].tolist():
            one = int(ids[place])
            strangers.add(one, authors[one], rows[place])
        return _Known(stamp, reader, places, strangers, standing_edits(session), missed)

    def _placed(self, known: _Known, new: Sequence[_New], rows: Mapping[int, Floats]) -> int:
        with self._database.reading() as session:
            linked = _linked(session, known.stamp[0], list(rows))
        joined: list[Joined] = []
        count = 0
        for one in new:
            if one.id not in rows:
                continue
            found = linked.get(one.id) or _nearest(known.places, one.id, rows[one.id])
            if found is not None and known.standing.allows(one.id, found.cluster_id):
                joined.append(found)
                known.places.add(rows[one.id], found.cluster_id)
                continue
            known.strangers.add(one.id, one.author, rows[one.id])
            count += self._opened(known, rows[one.id])
        if joined:
            with self._database.writing() as session:
                count += store_joined(session, known.stamp[0], joined)
        return count

    def _opened(self, known: _Known, row: Floats) -> int:
        """Open a candidate when enough strangers agree with ``row``; returns how many questions it has."""
        agreeing = known.strangers.agreeing(row, known.places.typical)
        if not agreeing or known.places.holds(known.strangers.rows(agreeing)):
            return 0
        ids, rows = known.strangers.ids(agreeing), known.strangers.rows(agreeing)
        with self._database.writing() as session:
            opened = self._candidate(session, ids, rows)
            cluster_id = store_opened(session, known.stamp[0], opened)
        if cluster_id is not None:
            known.places.open(rows, cluster_id)
            known.strangers.remove(ids)
        return len(ids) if cluster_id is not None else 0

    @staticmethod
    def _candidate(session: Session, ids: Sequence[int], rows: Floats) -> Opened:
        texts = dict(session.execute(select(Question.id, Question.text).where(Question.id.in_(ids))).all())
        centre = rows.mean(axis=0)
        strengths = np.clip(rows @ (centre / max(1e-9, float(np.linalg.norm(centre)))), 0.0, 1.0)
        bare = [bare_text(texts.get(one, "")) for one in ids]
        taken = session.scalars(select(Cluster.label).where(Cluster.size > 0))
        described = describe(bare, rows, np.zeros(len(ids), np.int64), strengths, taken=set(taken))[0]
        ranks = {ids[place]: rank for rank, place in enumerate(described.exemplars, 1)}
        return Opened(
            described.label, described.keywords, dict(zip(ids, strengths.tolist(), strict=True)), ranks
        )


def _nearest(places: Places, question_id: int, row: Floats) -> Joined | None:
    place = places.of(row)
    return Joined(question_id, place.cluster_id, place.share) if place is not None and place.fits else None


def _had(run: Run, second: SecondRows | None) -> bool:
    """Whether ``run`` found its clusters with what ``second`` reads."""
    return second is not None and run.parameters.get("second_encoder") == second.model_id


def _members(session: Session, run_id: int) -> dict[int, int]:
    """The cluster of each question that has one in the run."""
    query = select(Membership.question_id, Membership.cluster_id).where(Membership.run_id == run_id)
    return {row.question_id: row.cluster_id for row in session.execute(query)}


def _stamp(session: Session) -> _Stamp | None:
    run = current_run(session)
    if run is None:
        return None
    decided = (ProposalLine.run_id == run.id, ProposalLine.decision == LineDecision.ACCEPTED)
    accepted = session.scalar(select(func.count()).select_from(ProposalLine).where(*decided))
    edits = session.execute(select(func.max(ClusterEdit.id), func.count(ClusterEdit.undone_at))).one()
    return run.id, accepted or 0, edits[0] or 0, edits[1] or 0


def _waiting(session: Session) -> set[int]:
    """Questions that `join` will still be told of: what follows for them has not been done."""
    of_questions = Outbox.collection == Indexed.QUESTIONS
    return set(session.scalars(select(Outbox.entity_id).where(of_questions, Outbox.failed_at.is_(None))))


def _without_place(session: Session, run_id: int, ids: Sequence[int]) -> list[_New]:
    """Those of ``ids`` that ask something and are in no cluster of the run."""
    found: list[_New] = []
    placed = select(Membership.question_id).where(Membership.run_id == run_id)
    for some in chunks(ids):
        query = select(Question.id, Question.text, Question.author_key).where(
            Question.id.in_(some),
            Question.state != QuestionState.DISMISSED,
            Question.id.not_in(placed.where(Membership.question_id.in_(some))),
        )
        found += [_New(row.id, row.text, row.author_key) for row in session.execute(query)]
    aside = aside_ids(session, [one.id for one in found])
    return [one for one in found if one.id not in aside]


def _strangers(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """The author of each of ``ids`` that asks something."""
    aside = aside_ids(session, ids)
    return {
        row.id: row.author_key
        for some in chunks(ids)
        for row in session.execute(
            select(Question.id, Question.author_key).where(
                Question.id.in_(some), Question.state != QuestionState.DISMISSED
            )
        )
        if row.id not in aside
    }


def _linked(session: Session, run_id: int, ids: Sequence[int]) -> dict[int, Joined]:
    """Where questions belong that repeat one with a place: what asks the same is never parted."""
    return {
        row.question_id: Joined(row.question_id, row.cluster_id, row.strength * row.probability)
        for some in chunks(ids)
        for row in session.execute(
            select(
                QuestionLink.question_id, QuestionLink.probability, Membership.cluster_id, Membership.strength
            )
            .join(Membership, Membership.question_id == QuestionLink.to_id)
            .where(
                QuestionLink.question_id.in_(some),
                QuestionLink.undone_at.is_(None),
                Membership.run_id == run_id,
            )
        )
    }
