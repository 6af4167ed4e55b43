"""Lessons for clusters and for questions that tell none, from the outlines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.insights.lessons import (
    OF_CLUSTERS,
    OF_QUESTIONS,
    SURE_LESSON,
    LessonMatch,
    LessonText,
    Outlines,
)
from kbsearch.matching.queries import bare_text
from kbsearch.matching.unrelated import EncoderBackground
from kbsearch.matching.word_weights import word_weight
from kbsearch.models import Course, InferredLesson, Lesson, Question, QuestionState
from kbsearch.ports import Embedder, Floats, Progress, SearchBackend
from kbsearch.services.row_chunks import chunks
from kbsearch.text.words import stems

WEIGHED = 20_000
"""Words are weighed by so many of the latest questions."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedOutlines:
    """The outlines with the vectors of their parts, and what words weigh by stem."""

    outlines: Outlines
    vectors: Floats
    weights: dict[str, float]


class LessonMatching:
    """Compares what is asked with the outlines; the vectors of questions are those of the index."""

    def __init__(self, database: Database, embedder: Embedder, question_index: SearchBackend) -> None:
        self._database = database
        self._embedder = embedder
        self._index = question_index
        self._background = EncoderBackground(embedder)

    def prepare(self) -> PreparedOutlines | None:
        """The outlines as they are now; None when the school has none.

        Raises:
            EncoderUnavailable: the model cannot be loaded or failed.
        """
        with self._database.reading() as session:
            lessons = session.execute(
                select(Lesson.code, Lesson.course_code, Lesson.title, Lesson.outline).order_by(Lesson.code)
            ).all()
            if not lessons:
                return None
            weights = _weights(session)
        outlines = Outlines([LessonText(*lesson) for lesson in lessons])
        return PreparedOutlines(outlines, self._embedder.encode(outlines.parts, "passage"), weights)

    def of_clusters(
        self, prepared: PreparedOutlines, exemplars: Sequence[Sequence[tuple[int, str]]]
    ) -> list[LessonMatch | None]:
        """The nearest lesson of each cluster, from its exemplars (id, text); None: the index holds none."""
        flat = [one for some in exemplars for one in some]
        likeness, explained, known = self._signals(
            prepared, [one for one, _ in flat], [text for _, text in flat]
        )
        ends = np.cumsum([0, *map(len, exemplars)])
        found: list[LessonMatch | None] = []
        for start, end in pairwise(ends):
            rows = [at for at in range(start, end) if known[at]]
            if not rows:
                found.append(None)
                continue
            pair = (likeness[rows].mean(axis=0, keepdims=True), explained[rows].mean(axis=0, keepdims=True))
            found += prepared.outlines.nearest(*pair, np.ones_like(pair[0], np.bool_), OF_CLUSTERS)
        return found

    def infer(self, prepared: PreparedOutlines | None, progress: Progress) -> int:
        """Write anew which questions without a lesson belong to which, where it is sure; returns how many.

        Those of a course that is known to have no lessons belong to none.
        """
        without = select(Course.code).where(Course.code.not_in(select(Lesson.course_code)))
        with self._database.reading() as session:
            query = select(Question.id).where(
                Question.lesson_code == "",
                Question.state != QuestionState.DISMISSED,
                Question.course_code.not_in(without),
            )
            ids = list(session.scalars(query.order_by(Question.id))) if prepared else []
        kept: list[InferredLesson] = []
        for some in chunks(ids):
            progress(len(kept), 0, "inferring lessons")
            assert prepared is not None  # noqa: S101  # there are no ids without outlines
            kept += self._inferred(prepared, some)
        with self._database.writing() as session:
            session.execute(delete(InferredLesson))
            session.add_all(kept)
        return len(kept)

    def _inferred(self, prepared: PreparedOutlines, ids: Sequence[int]) -> list[InferredLesson]:
        with self._database.reading() as session:
            query = select(Question.id, Question.text, Question.course_code).where(Question.id.in_(ids))
            rows = session.execute(query).all()
        likeness, explained, known = self._signals(
            prepared, [row.id for row in rows], [row.text for row in rows]
        )
        allowed = prepared.outlines.of_courses([row.course_code for row in rows])
        matches = prepared.outlines.nearest(likeness, explained, allowed, OF_QUESTIONS)
        return [
            InferredLesson(question_id=row.id, lesson_code=match.code, probability=match.probability)
            for row, match, indexed in zip(rows, matches, known, strict=True)
            if indexed and match.probability >= SURE_LESSON
        ]

    def _signals(
        self, prepared: PreparedOutlines, ids: Sequence[int], texts: Sequence[str]
    ) -> tuple[Floats, Floats, list[bool]]:
        """Likeness and explained share, shape (n, lessons), and which of ``ids`` the index holds."""
        found, vectors = self._index.vectors(ids)
        places = {int(one): at for at, one in enumerate(found)}
        table = np.zeros((len(ids), self._embedder.dimension), np.float32)
        for row, one in enumerate(ids):
            if one in places:
                table[row] = vectors[places[one]]
        outlines = prepared.outlines
        likeness = self._background.standardised(outlines.likeness(table, prepared.vectors))
        bare = [bare_text(text) for text in texts]
        return likeness, outlines.explained(bare, prepared.weights), [one in places for one in ids]


def _weights(session: Session) -> dict[str, float]:
    """Weights of words in [0, 1] by stem, high for rare ones."""
    texts = session.scalars(select(Question.text).order_by(Question.id.desc()).limit(WEIGHED)).all()
    counts = Counter(word for text in texts for word in set(stems(bare_text(text))))
    return {word: word_weight(count, len(texts)) for word, count in counts.items()}
