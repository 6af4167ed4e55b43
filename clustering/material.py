"""What a run of clustering works on: the questions, their rows, and the cases that come first for them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Row, case, select

from clustering.by_case import KEPT
from clustering.neighbours import together
from kbsearch.database import Database
from kbsearch.errors import EncoderUnavailable
from kbsearch.matching.queries import Query, prepare
from kbsearch.models import Question, QuestionState
from kbsearch.ports import Floats, Ints, Progress, SearchBackend, SecondVectors
from kbsearch.services.asides import AsideService
from kbsearch.services.first_matches import First, FirstMatches, firsts_of, titles_of

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """The questions to cluster: ids, asked, the lessons they were asked at and their languages, each (n,).

    ``vectors``: those of the index, (n, d).
    ``likeness``: rows (n, e) by which they are clustered, of all encoders, ``second`` among them if any.
    ``waiting`` are not indexed yet, ``small_talk`` of the others ask nothing and are set aside.
    ``newest``: the highest id of all.  ``by_case``: whether cases count; ``firsts``: those that come first
    for the questions, with ``titles``.
    """

    ids: Ints
    asked: list[Query]
    lessons: list[str]
    languages: list[str]
    vectors: Floats
    likeness: Floats
    second: str
    waiting: frozenset[int]
    small_talk: int
    newest: int
    by_case: bool
    firsts: Mapping[int, First]
    titles: Mapping[int, str]


class MaterialReader:
    """Reads what is clustered from database and index; see `clustering.run.ClusterRunner`."""

    def __init__(
        self,
        database: Database,
        question_index: SearchBackend,
        first_matches: FirstMatches | None,
        second: SecondVectors | None,
    ) -> None:
        self._database = database
        self._index = question_index
        self._first_matches = first_matches
        self._second = second
        self._asides = AsideService(database, question_index)

    def read(self, course: str, *, by_case: bool, progress: Progress) -> Material:
        """The questions of ``course``, "" for all, that are indexed, not dismissed and no small talk.

        Raises:
            IndexUnavailable: the index cannot be read.
            StorageUnavailable: the database refuses.
        """
        ids, vectors = self._index.vectors()
        rows = self._rows(course)
        known = np.array([question in rows for question in ids.tolist()], dtype=bool)
        ids, vectors = ids[known], vectors[known]
        waiting = frozenset(rows.keys() - set(ids.tolist()))
        aside = self._asides.judge_given({key: row.text for key, row in rows.items()}, ids, vectors)
        asking = np.array([question not in aside for question in ids.tolist()], dtype=bool)
        ids, vectors = ids[asking], vectors[asking]
        chosen = [rows[question] for question in ids.tolist()]
        asked = [prepare(row.text) for row in chosen]
        likeness, second = self._read_once_more(asked, vectors, progress)
        firsts, titles = self._cases(progress) if by_case else ({}, {})
        return Material(
            ids=ids,
            asked=asked,
            lessons=[row.lesson for row in chosen],
            languages=[row.language for row in chosen],
            vectors=vectors,
            likeness=likeness,
            second=second,
            waiting=waiting,
            small_talk=len(aside),
            newest=max(rows, default=0),
            by_case=by_case and self._first_matches is not None,
            firsts=firsts,
            titles=titles,
        )

    def _rows(self, course: str) -> dict[int, Row[Any]]:
        """Text, language and lesson of each question that is not dismissed, indexed or not."""
        lesson = Question.course_code + "/" + Question.lesson_code
        query = select(
            Question.id,
            Question.text,
            Question.language,
            case((Question.lesson_code == "", ""), else_=lesson).label("lesson"),
        ).where(Question.state != QuestionState.DISMISSED)
        if course:
            query = query.where(Question.course_code == course)
        with self._database.reading() as session:
            return {row.id: row for row in session.execute(query).all()}

    def _read_once_more(
        self, asked: Sequence[Query], vectors: Floats, progress: Progress
    ) -> tuple[Floats, str]:
        """Rows of both encoders' vectors and the id of the second; of the first one alone where it fails."""
        if self._second is None or not asked:
            return vectors, ""
        try:
            others = self._second.read([query.bare for query in asked], progress)
        except EncoderUnavailable as error:
            _log.warning("clusters are found without the second encoder: %s", error)
            return vectors, ""
        return together(vectors, others), self._second.model_id

    def _cases(self, progress: Progress) -> tuple[Mapping[int, First], Mapping[int, str]]:
        """The first cases of questions, and the titles of these cases."""
        if self._first_matches is None:
            return {}, {}
        self._first_matches.refresh(progress)
        with self._database.reading() as session:
            firsts = firsts_of(session, KEPT)
            return firsts, titles_of(session, {one.case_id for one in firsts.values() if one.case_id})
