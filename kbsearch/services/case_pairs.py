"""Pairs of cases that may be one: found among all, shown to editors, merged or told apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from kbsearch.database import Database
from kbsearch.errors import EncoderUnavailable, IndexUnavailable
from kbsearch.matching.pairs import PairText, load_pair_model, pair_features, pair_text
from kbsearch.matching.queries import bare_text
from kbsearch.matching.unrelated import EncoderBackground
from kbsearch.matching.word_weights import WordWeights
from kbsearch.models import LIVE_STATES, Case, CasePair
from kbsearch.ports import Embedder, Floats, Ints, SearchBackend
from kbsearch.services import case_merging
from kbsearch.services.case_writing import writing_cases
from kbsearch.services.intake import text_key

NEAREST = 5
"""How many of the cases most like each one are judged."""
CELLS = 4_000_000
"""Cosines that are held at a time (16 MB)."""

_Near = tuple[int, int, float]
"""Ids of two cases, the lower one first, and the likeness of their titles."""


@dataclass(frozen=True, slots=True)
class LikelyPair:
    """Two cases and the probability in [0, 1] that one answer serves both; 1 when they share a phrasing."""

    one: Case
    other: Case
    probability: float


@dataclass(frozen=True, slots=True)
class LikeCase:
    """A case that may be the same as the one at hand, with the probability that it is."""

    case: Case
    probability: float


class CasePairService:
    """Verbs on pairs of cases."""

    def __init__(self, database: Database, case_index: SearchBackend, embedder: Embedder) -> None:
        self._database = database
        self._index = case_index
        self._embedder = embedder
        self._background = EncoderBackground(embedder)
        self._weights = WordWeights(case_index)
        self._model = load_pair_model()

    def likely(self, *, limit: int = 50, course: str = "") -> list[LikelyPair]:
        """Live cases that may be one, likeliest first; without those that people told apart.

        Raises:
            IndexUnavailable: the index cannot be read.
            EncoderUnavailable: the model cannot be loaded.
        """
        ids, vectors = self._index.vectors()
        with self._database.reading() as session:
            cases = _live(session, course)
            apart = case_merging.told_apart(session)
        chances = dict.fromkeys(_same_phrasing(cases.values()), 1.0)
        for (one, other), chance in self._judged(self._near(ids, vectors), cases).items():
            chances.setdefault((one, other), chance)
        kept = [
            LikelyPair(cases[one], cases[other], chance)
            for (one, other), chance in chances.items()
            if frozenset((one, other)) not in apart
        ]
        return sorted(kept, key=lambda pair: (-pair.probability, pair.one.id, pair.other.id))[:limit]

    def like(self, title: str, *, course: str = "", but: int = 0, limit: int = 3) -> list[LikeCase]:
        """Live cases that may be the same as one with this ``title``, likeliest first; case ``but`` left out.

        None while the index or the encoder is out of reach: an editor can do without.
        """
        try:
            vector = self._embedder.encode([bare_text(title)], "passage")[0]
            found = self._index.search_vector(vector, limit=NEAREST + 1)
            ids, vectors = self._index.vectors([one for one in found.ids.tolist() if one != but])
        except (IndexUnavailable, EncoderUnavailable):
            return []
        likeness = self._background.standardised(vectors @ vector).tolist()
        with self._database.reading() as session:
            cases = _live(session, ids=ids.tolist())
            apart = case_merging.told_apart(session)
        cases[0] = Case(id=0, title=title, course_code=course, variants=[])
        near = [(0, one, far) for one, far in zip(ids.tolist(), likeness, strict=True)]
        chances = self._judged(near, cases)
        for one, other in _same_phrasing(cases.values()):
            if one == 0:
                chances[0, other] = 1.0
        best = sorted(chances.items(), key=lambda item: (-item[1], item[0]))
        kept = [(one, chance) for (_, one), chance in best if frozenset((but, one)) not in apart]
        return [LikeCase(cases[one], chance) for one, chance in kept[:limit]]

    def _near(self, ids: Ints, vectors: Floats) -> list[_Near]:
        """Each case with the `NEAREST` most like it by title."""
        near: dict[tuple[int, int], float] = {}
        step = max(1, CELLS // max(1, len(ids)))
        for start in range(0, len(ids), step):
            cosines = vectors[start : start + step] @ vectors.T
            for row, line in enumerate(cosines, start):
                line[row] = -1.0
                best = np.argsort(-line)[:NEAREST]
                for other, far in zip(best, self._background.standardised(line[best]), strict=True):
                    if other != row:
                        one, two = sorted((int(ids[row]), int(ids[other])))
                        near[one, two] = float(far)
        return [(one, two, far) for (one, two), far in near.items()]

    def _judged(self, near: Sequence[_Near], cases: dict[int, Case]) -> dict[tuple[int, int], float]:
        """The probability of each pair of ``near`` that is worth showing."""
        sides = {one: _side(case) for one, case in cases.items()}
        pairs = [pair for pair in near if pair[0] in sides and pair[1] in sides]
        pairs = [pair for pair in pairs if _may_be_one(sides[pair[0]], sides[pair[1]])]
        if not pairs:
            return {}
        judged = [sides[one] for pair in pairs for one in pair[:2]]
        weights = self._weights.of(stem for side in judged for stem in side.words)
        table = np.stack([pair_features(sides[one], sides[two], far, weights) for one, two, far in pairs])
        chances = self._model.probabilities(table).tolist()
        shown = zip(pairs, chances, strict=True)
        return {(one, two): chance for (one, two, _), chance in shown if chance >= self._model.shown}

    # -- people

    def merge(self, case_id: int, into_id: int, person_id: int | None = None) -> CasePair:
        """Merge one case into another and archive it; see `case_merging.merge`.

        Raises:
            NotFound: there is no such case.
            Conflict: they are the same case, or one of them is archived.
        """
        with writing_cases(self._database) as session:
            return case_merging.merge(session, case_id, into_id, person_id)

    def undo_merge(self, pair_id: int, person_id: int | None = None) -> CasePair:
        """Take a merge back.

        Raises:
            NotFound: there is no such merge.
            Conflict: it was undone already.
        """
        with writing_cases(self._database) as session:
            return case_merging.undo_merge(session, pair_id, person_id)

    def merged_into(self, case_id: int) -> tuple[CasePair, Case] | None:
        """The merge that archived the case, and where it went; None when none stands."""
        with self._database.reading() as session:
            return case_merging.merged_into(session, case_id)

    def tell_apart(self, case_id: int, other_id: int, person_id: int | None = None) -> None:
        """Remember that two cases are different.

        Raises:
            NotFound: there is no such case.
        """
        with writing_cases(self._database) as session:
            case_merging.tell_apart(session, case_id, other_id, person_id)

    def forget_apart(self, case_id: int, other_id: int) -> None:
        """Take back that two cases are different."""
        with writing_cases(self._database) as session:
            case_merging.forget_apart(session, case_id, other_id)


def _live(session: Session, course: str = "", ids: Sequence[int] | None = None) -> dict[int, Case]:
    query = select(Case).options(selectinload(Case.variants)).where(Case.state.in_(LIVE_STATES))
    if course:
        query = query.where(Case.course_code.in_(("", course)))
    if ids is not None:
        query = query.where(Case.id.in_(ids))
    return {case.id: case for case in session.scalars(query)}


def _side(case: Case) -> PairText:
    return pair_text(case.title, case.course_code or "")


def _may_be_one(one: PairText, other: PairText) -> bool:
    return one.course == other.course or not one.course or not other.course


def _phrasings(case: Case) -> set[str]:
    return {text_key(text) for text in (case.title, *(variant.text for variant in case.variants))}


def _same_phrasing(cases: Iterable[Case]) -> set[tuple[int, int]]:
    """Pairs of cases of one course that are found by the very same words."""
    owners: defaultdict[str, list[Case]] = defaultdict(list)
    for case in cases:
        for key in _phrasings(case):
            owners[key].append(case)
    return {
        (min(one.id, two.id), max(one.id, two.id))
        for some in owners.values()
        for one in some
        for two in some
        if one.id != two.id and _may_be_one(_side(one), _side(two))
    }
