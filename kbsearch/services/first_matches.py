"""The case that comes first for each question: asked of the matcher bit by bit, kept, and read by runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, insert, select, true
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.errors import EncoderUnavailable
from kbsearch.matching.matcher import Matcher, MatchResult
from kbsearch.models import (
    Case,
    CaseState,
    FirstMatch,
    Import,
    Membership,
    Question,
    utc_now,
)
from kbsearch.ports import Progress, SearchBackend, silent
from kbsearch.services.active_matcher import ActiveMatcher
from kbsearch.services.current_run import current_run
from kbsearch.services.first_match_queue import MANY, changed_cases, is_indexing, waiting, wordings_of
from kbsearch.services.row_chunks import chunks

SHOWN_TO_ALL = (str(CaseState.PUBLISHED),)
MOST = 5_000
"""Questions that a run asks of the matcher itself; more are left to the worker."""
SLICE_SECONDS = 0.1
BATCH = 10
"""Questions a transaction."""
NEAR = 100
"""Questions nearest to a wording of a case that changed: they may match otherwise now."""

_Stamp = tuple[int | None, datetime | None, datetime | None, str]


@dataclass(frozen=True, slots=True)
class First:
    """The case that comes first (None: none) and the probability in [0, 1] that it answers."""

    case_id: int | None
    probability: float


def ask(
    matcher: Matcher, text: str, course: str, lesson: str, states: tuple[str, ...] = SHOWN_TO_ALL
) -> MatchResult:
    """Match a question with published cases, or those in ``states``, the first case only.

    Raises:
        IndexUnavailable: the text index cannot be read.
    """
    return matcher.match(text, course, lesson, limit=1, states=states)


def first_of(result: MatchResult) -> First:
    """The case that comes first in what `ask` found."""
    if not result.matches:
        return First(None, 0.0)
    return First(result.matches[0].case_id, result.matches[0].probability)


class FirstMatches:
    """Keeps first matches up to date.  Threads may share one.

    A question is asked when nothing is kept of it, when another version of the model is active, when there
    are clearly more or fewer cases while they are few, and when a case changed that it matched or is near.
    Small talk and dismissed questions are never asked.
    """

    def __init__(
        self, database: Database, question_index: SearchBackend, active_matcher: ActiveMatcher
    ) -> None:
        self._database = database
        self._index = question_index
        self._active = active_matcher
        self._lock = threading.Lock()
        self._stamp: _Stamp | None = None
        self._due: list[int] = []
        self._moment = utc_now()

    def refresh_due(self, seconds: float = SLICE_SECONDS) -> list[int]:
        """Ask for about ``seconds``; returns the ids of the questions that were asked.

        Raises:
            IndexUnavailable: an index cannot be read.
        """
        end = time.monotonic() + seconds
        done: list[int] = []
        with self._lock:
            while self._find_due() and (asked := self._ask_some()):
                done += asked
                if time.monotonic() >= end:
                    break
        return done

    def refresh(self, progress: Progress = silent, most: int = MOST) -> int:
        """Ask up to ``most`` questions that wait, the newest first; returns how many were asked.

        Raises:
            IndexUnavailable: an index cannot be read.
        """
        done = 0
        with self._lock:
            total = min(most, self._find_due())
            while done < total and (asked := self._ask_some(total - done)):
                done += len(asked)
                progress(done, total, "Asking which cases answer")
        return done

    def basis(self) -> str:
        """What first matches rest on now beside questions and cases: see `Matcher.basis`."""
        return self._active.get().basis(SHOWN_TO_ALL)

    def _find_due(self) -> int:
        """How many questions wait; looked for anew when something changed that they depend on."""
        moment = utc_now()
        with self._database.reading() as session:
            if is_indexing(session):
                return 0
            stamp = (
                session.scalar(select(func.max(Question.id))),
                session.scalar(select(func.max(Case.updated_at))),
                session.scalar(select(func.max(Import.undone_at))),
                self.basis(),
            )
            # Up to here the index holds all changes of cases: later ones are seen by the next look, however
            # long asking takes.
            self._moment = moment
            if stamp == self._stamp:
                return len(self._due)
            changed = changed_cases(session)
            any_case = session.scalar(select(exists().where(Case.state == CaseState.PUBLISHED)))
        try:
            self._forget(changed)
        except EncoderUnavailable:
            return 0  # as when the matcher has no vectors
        with self._database.reading() as session:
            # The newest are at the end, where they are taken from.
            self._due = list(session.scalars(waiting(stamp[-1]))) if any_case else []
        self._stamp = stamp
        return len(self._due)

    def _ask_some(self, most: int = BATCH) -> list[int]:
        """Ask a batch; returns the ids, none when the matcher has no vectors."""
        batch = self._due[-min(most, BATCH) :]
        matcher = self._active.get()
        basis = matcher.basis(SHOWN_TO_ALL)
        with self._database.reading() as session:
            rows = session.execute(
                select(Question.id, Question.text, Question.course_code, Question.lesson_code).where(
                    Question.id.in_(batch)
                )
            ).all()
        found = {}
        for row in rows:
            result = ask(matcher, row.text, row.course_code, row.lesson_code)
            if result.degraded and len(result.pool):
                return []
            found[row.id] = first_of(result)
        with self._database.writing(lasting=False) as session:
            _store(session, found, basis, self._moment)
        del self._due[-len(batch) :]
        return batch

    def _forget(self, changed: Collection[int]) -> None:
        """Forget what may match otherwise since the cases ``changed``.

        Raises:
            EncoderUnavailable: what is near them cannot be told; nothing is forgotten.
        """
        if not changed:
            return
        which: list[ColumnElement[bool]] = [true()]
        if len(changed) <= MANY:
            near = chunks(sorted(self._near(changed)))
            which = [FirstMatch.case_id.in_(changed), *map(FirstMatch.question_id.in_, near)]
        with self._database.writing() as session:
            for one in which:
                session.execute(delete(FirstMatch).where(one))

    def _near(self, cases: Collection[int]) -> set[int]:
        """Questions that are nearest to a wording of one of ``cases``."""
        with self._database.reading() as session:
            wordings = [one for case in cases for one in wordings_of(session, case)]
        encoder = self._active.get().encoder
        near: set[int] = set()
        for text in wordings:
            near.update(self._index.search_vector(encoder.encode(text), limit=NEAR).ids.tolist())
        return near


def firsts_of(session: Session, least: float, ids: Collection[int] | None = None) -> dict[int, First]:
    """What is kept of each question whose first case answers with a probability of ``least`` or more.

    Of all questions, or those of ``ids``.  Cases that were written for a cluster that lives are left out:
    that cluster is theirs already, and what they did to its questions is judged by it.
    """
    run = current_run(session)
    living = select(Membership.cluster_id).where(Membership.run_id == (run.id if run else None))
    own = select(Case.id).where(Case.cluster_id.in_(living))
    query = (
        select(FirstMatch.question_id, FirstMatch.case_id, FirstMatch.probability)
        .join(Case, Case.id == FirstMatch.case_id)
        .where(
            FirstMatch.probability >= least, Case.state == CaseState.PUBLISHED, FirstMatch.case_id.not_in(own)
        )
    )
    parts = (
        [query]
        if ids is None
        else [query.where(FirstMatch.question_id.in_(some)) for some in chunks(sorted(ids))]
    )
    return {
        row.question_id: First(row.case_id, row.probability)
        for part in parts
        for row in session.execute(part)
    }


def kept_firsts(session: Session, ids: Sequence[int], basis: str) -> dict[int, First]:
    """What is kept of ``ids`` on this `Matcher.basis`."""
    found: dict[int, First] = {}
    for some in chunks(ids):
        query = select(FirstMatch.question_id, FirstMatch.case_id, FirstMatch.probability).where(
            FirstMatch.question_id.in_(some), FirstMatch.model_version == basis
        )
        found.update({row[0]: First(row[1], row[2]) for row in session.execute(query)})
    return found


def titles_of(session: Session, cases: Iterable[int]) -> dict[int, str]:
    """Titles of ``cases``, by id."""
    found: dict[int, str] = {}
    for some in chunks(sorted(set(cases))):
        rows = session.execute(select(Case.id, Case.title).where(Case.id.in_(some)))
        found.update({row.id: row.title for row in rows})
    return found


def _store(session: Session, found: Mapping[int, First], basis: str, moment: datetime) -> None:
    """Keep ``found`` in place of what is kept; questions and cases that went meanwhile are left out."""
    ids = sorted(found)
    session.execute(delete(FirstMatch).where(FirstMatch.question_id.in_(ids)))
    there = set(session.scalars(select(Question.id).where(Question.id.in_(ids))))
    cases = {one.case_id for one in found.values() if one.case_id is not None}
    known = set(session.scalars(select(Case.id).where(Case.id.in_(cases))))
    rows = [
        {
            "question_id": one,
            "case_id": found[one].case_id if found[one].case_id in known else None,
            "probability": found[one].probability,
            "model_version": basis,
            "checked_at": moment,
        }
        for one in ids
        if one in there
    ]
    if rows:
        session.execute(insert(FirstMatch), rows)
