"""Earlier questions that one answer would serve as well, judged by the model of pairs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from kbsearch.matching.pairs import PairText, load_pair_model, pair_features, pair_text
from kbsearch.matching.queries import bare_text
from kbsearch.matching.unrelated import EncoderBackground
from kbsearch.matching.word_weights import WordWeights
from kbsearch.models import Question
from kbsearch.ports import Embedder, Filters, Floats, Ints, SearchBackend
from kbsearch.services.row_chunks import chunks
from kbsearch.services.same_words import ASKED, Said
from kbsearch.text.chatter import is_small_talk

NEAREST = 5
"""How many of the most like earlier questions are judged."""
AROUND = 4 * NEAREST
"""So many are looked at to find them: later questions may be indexed as well."""
BULK = 24
"""From so many questions at once on they are compared with all others in one product."""
LOOK_BACK = 100_000
"""A question of a bulk is compared with so many that came before it: an import must not slow down."""
LEAST_SHARED = 0.25
"""Of the words of the shorter one of a pair that is judged; with fewer in common none is ever sure."""
CELLS = 4_000_000
"""Cosines that are held at a time (16 MB)."""

_Candidate = tuple[int, float]
"""The id of a question and its likeness, in standard deviations above that of unrelated texts."""


@dataclass(frozen=True, slots=True)
class Near:
    """The earlier question ``to_id`` is served by the same answer with ``probability`` in [0, 1]."""

    to_id: int
    probability: float


class NearQuestions:
    """Finds near-duplicates in the question index.  Threads may share one."""

    def __init__(self, index: SearchBackend, embedder: Embedder) -> None:
        self._index = index
        self._embedder = embedder
        self._background = EncoderBackground(embedder)
        self._weights = WordWeights(index)
        self._model = load_pair_model()

    @property
    def threshold(self) -> float:
        """The probability from which on two questions are taken for one."""
        return self._model.threshold

    def of_stored(self, session: Session, said: Sequence[Said]) -> dict[int, Near]:
        """The most likely earlier one of each stored question of ``said``, by id; only sure ones.

        Raises:
            IndexUnavailable: the index cannot be read.
            EncoderUnavailable: the model cannot be loaded.
        """
        asked = [one for one in said if not is_small_talk(one.text)]
        ids, vectors = self._index.vectors([one.id for one in asked])
        rows = dict(zip(ids.tolist(), vectors, strict=True))
        there = [one for one in asked if one.id in rows]
        if len(there) >= BULK:
            near = self._among_all({one.id: rows[one.id] for one in there})
        else:
            near = {one.id: self._around(one, rows[one.id]) for one in there}
        return self._judged(session, {one.id: (one, rows[one.id]) for one in there}, near)

    def of_text(self, session: Session, said: Said) -> Near | None:
        """The most likely question that ``said``, which is not stored, repeats; only a sure one.

        Raises:
            IndexUnavailable, EncoderUnavailable: as `of_stored`.
        """
        if is_small_talk(said.text):
            return None
        vector = self._embedder.encode([bare_text(said.text)], "passage")[0]
        near = {said.id: self._around(said, vector)}
        return self._judged(session, {said.id: (said, vector)}, near).get(said.id)

    def _around(self, said: Said, vector: Floats) -> list[_Candidate]:
        """The nearest ones that were taken in before it."""
        filters = Filters(course=said.course, states=tuple(map(str, ASKED)))
        hits = self._index.search_vector(vector, filters, AROUND)
        earlier = [one for one in hits.ids.tolist() if one < said.id or not said.id][:NEAREST]
        ids, vectors = self._index.vectors(earlier)
        return self._candidates(ids, vectors @ vector)

    def _among_all(self, rows: Mapping[int, Floats]) -> dict[int, list[_Candidate]]:
        """The same for many at once, as the rows of one product of matrices."""
        known = self._index.ids()
        known = known[known <= max(rows)][-LOOK_BACK - len(rows) :]
        ids, vectors = self._index.vectors(known.tolist())
        near: dict[int, list[_Candidate]] = {}
        wanted = sorted(rows)
        for some in chunks(wanted, max(1, CELLS // max(1, len(ids)))):
            cosines = np.stack([rows[one] for one in some]) @ vectors.T
            for row, one in zip(cosines, some, strict=True):
                before = row[: int(np.searchsorted(ids, one))]
                best = np.argpartition(-before, NEAREST)[:NEAREST] if len(before) > NEAREST else slice(None)
                near[one] = self._candidates(ids[: len(before)][best], before[best])
        return near

    def _candidates(self, ids: Ints, cosines: Floats) -> list[_Candidate]:
        likeness = self._background.standardised(cosines)
        enough = likeness >= self._model.least_likeness(self._model.threshold)
        return list(zip(ids[enough].tolist(), likeness[enough].tolist(), strict=True))

    def _judged(
        self,
        session: Session,
        asked: Mapping[int, tuple[Said, Floats]],
        near: Mapping[int, Sequence[_Candidate]],
    ) -> dict[int, Near]:
        sides = {
            one: pair_text(said.text, said.course, said.lesson)
            for one, (said, _) in asked.items()
            if near[one]
        }
        others = _loaded(session, {other for some in near.values() for other, _ in some})
        pairs = [
            (one, other, likeness)
            for one, some in near.items()
            for other, likeness in some
            if other in others and _may_be_one(sides[one], others[other])
        ]
        if not pairs:
            return {}
        judged = [side for one, other, _ in pairs for side in (sides[one], others[other])]
        weights = self._weights.of(stem for side in judged for stem in side.words)
        table = np.stack(
            [pair_features(sides[one], others[other], far, weights) for one, other, far in pairs]
        )
        best: dict[int, Near] = {}
        for (one, other, _), chance in zip(pairs, self._model.probabilities(table).tolist(), strict=True):
            if chance >= self.threshold and (one not in best or chance > best[one].probability):
                best[one] = Near(other, chance)
        return best


def _may_be_one(one: PairText, other: PairText) -> bool:
    """Whether a pair is worth judging: one of another course is another question, however like it is."""
    if one.course != other.course and one.course and other.course:
        return False
    shared = len(one.words.keys() & other.words.keys())
    return shared >= LEAST_SHARED * max(1, min(len(one.words), len(other.words)))


def _loaded(session: Session, ids: Iterable[int]) -> dict[int, PairText]:
    columns = (Question.id, Question.text, Question.course_code, Question.lesson_code)
    return {
        row.id: pair_text(row.text, row.course_code, row.lesson_code)
        for some in chunks(sorted(ids))
        for row in session.execute(select(*columns).where(Question.id.in_(some), Question.state.in_(ASKED)))
    }
