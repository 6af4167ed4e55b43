"""Matching a question to cases: the one code path of search, suggestions and evaluation."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from kbsearch.matching.candidates import Pool, Wanted, gather, scarcity
from kbsearch.matching.model import MatchingModel, load_model
from kbsearch.matching.queries import MAX_CHARS, Query, QueryEncoder
from kbsearch.matching.rarity import Rarity
from kbsearch.matching.rivals import Rivals
from kbsearch.matching.small_talk import load_small_talk_model
from kbsearch.matching.understanding import Understanding
from kbsearch.models import LIVE_STATES, AsideReason, Decision
from kbsearch.ports import Embedder, Filters, Floats, Part, SearchBackend
from kbsearch.text.wording import plain_wording
from kbsearch.text.words import stems

LIVE = tuple(str(state) for state in LIVE_STATES)
SAME_WORDS = 0.97
"""Least probability of the one case that is worded in the very words of a question.

So many held-out links between a question and the same one retyped were right (`pairs.json`: 266 of 274).
"""
SCARCITY_STEP = 0.5
"""While cases are few, what is kept of a match is out of date when they are e^½ times as many."""
FEWEST_WORDS = 3
"""Different words that make a wording: fewer may mean anything."""
MOST_TERSE = 2
"""Words of a message that may be no more than the name of what is looked for."""
TERSE_ASKS = 0.9
"""How likely such a message asks at least: enough for a suggestion, too little for an answer."""
NEAREST = 3
"""How many of the candidates that are nearest by each retriever may be worded in a question's words."""


@dataclass(frozen=True, slots=True)
class RankedCase:
    """A candidate.

    ``likeness``: cosine in [-1, 1] of its nearest ``part`` (None when degraded), the ``ordinal``-th of
    its kind, from 0.  ``explained``: share of the
    query's weight in rare words that it has, in [0, 1].  ``same_words``: it alone is worded in the very words
    of the question.
    """

    case_id: int
    score: float
    probability: float
    part: Part | None
    likeness: float
    explained: float
    ordinal: int = 0
    same_words: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class MatchResult:
    """Cases for a question, best first, probabilities never rising.

    ``table``: their `features`, shape (len(matches), len(NAMES)).  ``pool``: all candidates with their
    signals, best first: what a judged question is learned from.  ``course``: the course that restricted the
    search, "" when none did.
    """

    query: Query
    matches: tuple[RankedCase, ...]
    table: Floats
    pool: Pool
    course: str

    @property
    def degraded(self) -> bool:
        """Whether candidates were found by text alone."""
        return self.pool.degraded

    @property
    def in_same_words(self) -> bool:
        """Whether the first case is worded in the very words of the question."""
        return bool(self.matches) and self.matches[0].same_words


class Matcher:
    """Finds cases in ``case_index`` and says how likely each of them answers.

    ``model`` ranks and calibrates; the one that comes with kbsearch by default.  ``understanding`` reads
    questions; by default with the words of the index and the lexicon that comes with kbsearch.
    """

    def __init__(
        self,
        case_index: SearchBackend,
        embedder: Embedder,
        model: MatchingModel | None = None,
        understanding: Understanding | None = None,
    ) -> None:
        self._index = case_index
        self._understanding = understanding or Understanding(case_index)
        self.encoder = QueryEncoder(embedder)
        self.rarity = Rarity(case_index)
        self._rivals = Rivals(case_index, embedder)
        self.model = model or load_model(twice_read=case_index.twice_read)

    def match(
        self,
        text: str,
        course: str = "",
        lesson: str = "",
        language: str = "",
        limit: int = 3,
        *,
        states: tuple[str, ...] = LIVE,
        only: Collection[int] | None = None,
    ) -> MatchResult:
        """The ``limit`` best cases for ``text``.

        A ``course`` restricts to its own cases and those of none; a course that no case passes is ignored.
        A ``lesson`` lifts its cases.  Without vectors text alone ranks, and the result is ``degraded``.

        Raises:
            IndexUnavailable: the text index cannot be read.
        """
        query = self._understanding.prepare(text)
        filters = Filters(course, "", language, states)
        pool = self._pool(query, filters, lesson, only)
        if course and not len(pool):
            filters = Filters("", "", language, states)
            pool = self._pool(query, filters, lesson, only)
        same = self._in_same_words(text, query, pool)
        if same is not None:
            pool = pool.with_first(same)
            return self._result(query, pool, limit, filters.course, 1.0, same)
        asks = self._chance_of_asking(text, query, pool)
        return self._result(query, pool, limit, filters.course, asks)

    def decide(self, result: MatchResult, precision: float, course: str = "", language: str = "") -> Decision:
        """What to say with ``result``, when ``answer`` must be right with ``precision``.

        ``course`` and ``language`` of the question choose thresholds of their own, where there are some.
        Of two cases that are nearly the same neither is an answer alone: both are suggested, unless one is
        worded in the very words of the question.
        """
        ids = dict.fromkeys([match.case_id for match in result.matches] + result.pool.ids[:2].tolist())
        return self.decision(
            [match.probability for match in result.matches],
            list(ids)[:1] if result.in_same_words else list(ids),
            precision,
            degraded=result.degraded,
            course=course,
            language=language,
        )

    def decision(
        self,
        probabilities: Sequence[float],
        ids: Sequence[int],
        precision: float,
        *,
        degraded: bool,
        course: str = "",
        language: str = "",
    ) -> Decision:
        """As `decide`, of ``probabilities`` of the cases ``ids``, both best first."""
        found = self.model.decide(
            probabilities, precision, degraded=degraded, course=course, language=language
        )
        if found == Decision.ANSWER and len(ids) > 1 and self._rivals.are(ids[0], ids[1]):
            return Decision.SUGGEST
        return found

    def basis(self, states: tuple[str, ...] = LIVE) -> str:
        """A name for what all probabilities rest on beside question and case.

        That is the model and, while cases in ``states`` are few, how few, in steps of `SCARCITY_STEP`.
        """
        steps = math.ceil(scarcity(self._index, states) / SCARCITY_STEP)
        return f"{self.model.version}, few cases: {steps}" if steps else self.model.version

    def _pool(self, query: Query, filters: Filters, lesson: str, only: Collection[int] | None) -> Pool:
        wanted = Wanted(filters, lesson=lesson, only=only)
        return self.model.ranked(gather(self._index, self.encoder, query, wanted, rarity=self.rarity))

    def _in_same_words(self, text: str, query: Query, pool: Pool) -> int | None:
        """The one case with all words of ``text`` in order as its title or a phrasing; else None."""
        read = {plain_wording(text[:MAX_CHARS]), plain_wording(query.bare)}
        asked = {wording for wording in read if len(set(wording.split())) >= FEWEST_WORDS}
        if not asked:
            return None
        by_column = [np.argsort(-pool.column(name), kind="stable") for name in ("cosine", "text")]
        near = np.unique(pool.ids[np.concatenate([order[:NEAREST] for order in by_column])])
        known = self._index.wordings(near.tolist())
        same = [case for case, texts in known.items() if not asked.isdisjoint(map(plain_wording, texts))]
        return same[0] if len(same) == 1 else None

    def _chance_of_asking(self, text: str, query: Query, pool: Pool) -> float:
        """1, or of what is taken for small talk the chance in [0, 1] that it wants an answer nevertheless.

        A word or two that say nothing social, all of which cases have, are a search for these: people look
        for "docker" or «промокод», and nothing in such a message tells it from «жесть».
        """
        vectors = None if pool.degraded else self.encoder.encode(query.bare)[None]
        told = load_small_talk_model().told([text], vectors, self.encoder.model_id)
        if not told:
            return 1.0
        terse = query.length <= MOST_TERSE and told[0].reason == AsideReason.TALK
        known = terse and self._knows(query)
        return max(1 - told[0].probability, TERSE_ASKS if known else 0.0)

    def _knows(self, query: Query) -> bool:
        """Whether cases, or the lexicon, have every word of ``query``."""
        slang = {stem for step in query.steps if step.kind == "lexicon" for stem in stems(step.before)}
        unknown = [stem for stem in stems(query.bare) if stem not in slang]
        return all(self._index.documents_with(unknown))

    def _result(  # noqa: PLR0917  # all of one match
        self, query: Query, pool: Pool, limit: int, course: str, asks: float, same: int | None = None
    ) -> MatchResult:
        count = 0 if query.is_empty else limit
        table = self.model.table(pool, count)
        chances = self.model.probabilities(table, degraded=pool.degraded)
        if same is not None and chances:
            chances[0] = max(chances[0], SAME_WORDS)
        cosine, explained = pool.column("cosine"), pool.column("explained")
        ranked = tuple(
            RankedCase(
                case_id=int(pool.ids[i]),
                score=float(pool.score[i]),
                probability=chance * asks,
                part=pool.parts[i],
                likeness=float(cosine[i]),
                explained=float(explained[i]),
                ordinal=pool.ordinals[i] if pool.ordinals else 0,
                same_words=bool(pool.ids[i] == same),
            )
            for i, chance in enumerate(chances)
        )
        return MatchResult(query, ranked, table, pool, course)
