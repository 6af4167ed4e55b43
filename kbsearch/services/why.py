"""Why a case was found for a question, or was not: the matcher's own figures for one pair."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.errors import InvalidInput, NotFound
from kbsearch.matching.candidates import SIGNALS, Pool
from kbsearch.matching.matcher import LIVE, Matcher, MatchResult
from kbsearch.matching.queries import QueryEncoder, bare_text
from kbsearch.models import Case, Question
from kbsearch.ports import Embedder
from kbsearch.services.active_matcher import ActiveMatcher
from kbsearch.services.case_writing import no_case
from kbsearch.services.intake import clean
from kbsearch.services.live_cases import load_live
from kbsearch.text.common_words import is_everywhere
from kbsearch.text.language import detect_language
from kbsearch.text.words import stems

Verdict = Literal[
    "found", "too_unlikely", "far_down", "not_among_candidates", "filtered", "not_indexed", "no_words"
]
"""found: it is suggested.  too_unlikely: it is among the first, but even the best one is below the threshold.
far_down: others come before it.  not_among_candidates: no retriever has it among its best.  filtered: see
`Why.filters`.  not_indexed: the index does not hold it yet.  no_words: there is no word to search for."""

SHOWN = 3
"""A suggestion shows so many cases."""
RETRIEVERS = ("text", "pieces", "vector", "second")
MOST_TERMS = 20
MOST_PHRASINGS = 50
EVERYTHING = 10_000
"""More than all candidates of any question."""
LONGEST_NUMBER = 16


@dataclass(frozen=True, slots=True)
class RetrieverView:
    """What one retriever thinks: its score in standard deviations above the mean, and the rank by that.

    ``rank`` is 0 where the case is not among the candidates.
    """

    name: str
    score: float
    rank: int


@dataclass(frozen=True, slots=True)
class Excluded:
    """A filter that keeps the case from being found: ``wanted`` by the question, ``actual`` of the case."""

    kind: Literal["state", "course", "language"]
    wanted: str
    actual: str


@dataclass(frozen=True, slots=True)
class Rival:
    """A case that comes before it."""

    case: Case
    score: float
    probability: float


@dataclass(frozen=True, slots=True)
class Why:
    """The figures of one pair.

    Where the case is not among the candidates ``rank`` is 0, and the figures are those that the matcher gives
    it beside the best case, without the filters.
    ``threshold``: probability from which on anything is suggested; ``answer_from``: from which on it is an
    answer (None: never), told by the judged questions of ``scope``.  ``shared``, ``missing``: words of the
    question that the case has, and has not.
    ``nearest``: the phrasing that is most like the question, with their ``likeness`` as a cosine in [-1, 1].
    """

    text: str
    case: Case
    verdict: Verdict
    rank: int
    candidates: int
    score: float
    probability: float
    threshold: float
    answer_from: float | None
    scope: str
    retrievers: tuple[RetrieverView, ...]
    shared: tuple[str, ...]
    missing: tuple[str, ...]
    nearest: str
    likeness: float
    filters: tuple[Excluded, ...]
    rivals: tuple[Rival, ...]
    degraded: bool

    @property
    def variant_would_help(self) -> bool:
        """Whether the case would be found if these words were one of its phrasings."""
        return self.verdict in {"too_unlikely", "far_down", "not_among_candidates"}


@dataclass(frozen=True, slots=True)
class _Asked:
    text: str
    course: str
    lesson: str
    language: str


class WhyService:
    """Explains pairs with the matcher that searches and suggests."""

    def __init__(
        self, database: Database, active: ActiveMatcher, embedder: Embedder, settings: Settings
    ) -> None:
        self._database = database
        self._active = active
        self._encoder = QueryEncoder(embedder)
        self._settings = settings

    def why(
        self, text: str, case: str | int, *, course: str = "", lesson: str = "", language: str = ""
    ) -> Why:
        """Why ``case``, by its slug or id, was or was not found for ``text``.

        Raises:
            InvalidInput: there is no text.
            NotFound: there is no such case.
            IndexUnavailable: the text index cannot be read.
        """
        asked = _Asked(self._checked(text), course, lesson, language)
        matcher = self._active.get()
        with self._database.reading() as session:
            chosen = _case_named(session, case)
            result = _matched(matcher, asked)
            filters = _excluded(chosen, asked, result)
            rank = _place(result, chosen.id) + 1
            before = _before(session, result, rank - 1 if rank else len(result.matches))
        shown = result if rank else _as_if(matcher, asked, chosen.id, filters, result)
        return self._explained(asked, chosen, shown, filters=filters, rank=rank, rivals=before)

    def why_question(self, question_id: int, case: str | int) -> Why:
        """`why` for a stored question, with its course and lesson.

        Raises:
            NotFound: there is no such question or case.
            IndexUnavailable: the text index cannot be read.
        """
        with self._database.reading() as session:
            question = _question(session, question_id)
        return self.why(question.text, case, course=question.course_code, lesson=question.lesson_code)

    def candidates(self, text: str, limit: int = 8) -> list[Case]:
        """Cases in any state whose title or slug has all words of ``text``, to name one by."""
        wanted = text.casefold().split()
        with self._database.reading() as session:
            rows = session.execute(select(Case.id, Case.slug, Case.title).order_by(Case.updated_at.desc()))
            found = [r.id for r in rows if all(word in f"{r.slug} {r.title}".casefold() for word in wanted)]
            cases = {
                case.id: case for case in session.scalars(select(Case).where(Case.id.in_(found[:limit])))
            }
        return [cases[one] for one in found[:limit]]

    def _checked(self, text: str) -> str:
        checked = clean(text)[: self._settings.max_question_chars]
        if not checked:
            raise InvalidInput("There is no text.", remedy="Write the question in a few words.")
        return checked

    def _explained(
        self,
        asked: _Asked,
        case: Case,
        result: MatchResult,
        *,
        filters: tuple[Excluded, ...],
        rank: int,
        rivals: Sequence[Rival],
    ) -> Why:
        """``result`` holds the case at ``rank``, or as it would be where ``rank`` is 0."""
        place = _place(result, case.id)
        match = result.matches[place] if place >= 0 else None
        limits = self._active.limits(
            self._settings.answer_precision,
            degraded=result.degraded,
            course=asked.course,
            language=detect_language(asked.text),
        )
        probability = match.probability if match else 0.0
        shared, missing = _terms(result, case)
        nearest, likeness = self._nearest(result, case)
        return Why(
            text=asked.text,
            case=case,
            verdict=_verdict(result, place, filters, rank, limits.abstain),
            rank=rank,
            candidates=len(result.pool) if rank else 0,
            score=match.score if match else 0.0,
            probability=probability,
            threshold=limits.abstain,
            answer_from=limits.answer_from,
            scope=limits.scope,
            retrievers=_views(result.pool, place, ranked=rank > 0),
            shared=shared,
            missing=missing,
            nearest=nearest,
            likeness=likeness,
            filters=filters,
            rivals=tuple(rivals),
            degraded=result.degraded,
        )

    def _nearest(self, result: MatchResult, case: Case) -> tuple[str, float]:
        """The title or phrasing most like the question, and their cosine; by words alone when degraded."""
        phrasings = [case.title, *(variant.text for variant in case.variants)][:MOST_PHRASINGS]
        if result.degraded:
            return "", 0.0
        asked = self._encoder.encode(result.query.bare)
        cosines = np.stack([self._encoder.encode(bare_text(one)) for one in phrasings]) @ asked
        best = int(cosines.argmax())
        return phrasings[best], float(cosines[best])


def _case_named(session: Session, name: str | int) -> Case:
    number = int(name) if str(name).isdecimal() and len(str(name)) < LONGEST_NUMBER else 0
    named = (Case.slug == str(name)) | (Case.id == number)
    query = select(Case).options(selectinload(Case.variants)).where(named).order_by(Case.slug != str(name))
    case = session.scalars(query).first()
    if case is None:
        raise no_case(name)
    return case


def _question(session: Session, question_id: int) -> Question:
    question = session.get(Question, question_id)
    if question is None:
        raise NotFound("There is no question {id}.", remedy="It may have been deleted.", id=question_id)
    return question


def _matched(matcher: Matcher, asked: _Asked, only: Collection[int] | None = None) -> MatchResult:
    return matcher.match(asked.text, asked.course, asked.lesson, asked.language, EVERYTHING, only=only)


def _place(result: MatchResult, case_id: int) -> int:
    """Where the case is among the matches; -1 when it is not there."""
    return next((at for at, match in enumerate(result.matches) if match.case_id == case_id), -1)


def _excluded(case: Case, asked: _Asked, result: MatchResult) -> tuple[Excluded, ...]:
    found = [
        Excluded("state", ", ".join(LIVE), str(case.state)) if case.state not in LIVE else None,
        Excluded("course", result.course, case.course_code)
        if result.course and case.course_code not in {"", result.course}
        else None,
        Excluded("language", asked.language, case.language)
        if asked.language and case.language != asked.language
        else None,
    ]
    return tuple(one for one in found if one)


def _as_if(
    matcher: Matcher, asked: _Asked, case_id: int, filters: tuple[Excluded, ...], result: MatchResult
) -> MatchResult:
    """What the matcher says of the case beside the best one, without the filters that keep it out."""
    best = {match.case_id for match in result.matches[:1]}
    if filters:
        asked = _Asked(asked.text, "", asked.lesson, "")
    return _matched(matcher, asked, only={case_id, *best})


def _before(session: Session, result: MatchResult, place: int) -> list[Rival]:
    matches = result.matches[: min(place, SHOWN)]
    cases = load_live(session, [match.case_id for match in matches])
    return [Rival(cases[m.case_id], m.score, m.probability) for m in matches if m.case_id in cases]


def _verdict(
    result: MatchResult, place: int, filters: tuple[Excluded, ...], rank: int, threshold: float
) -> Verdict:
    if result.query.is_empty:
        return "no_words"
    if filters:
        return "filtered"
    if place < 0:
        return "not_indexed"
    if not rank:
        return "not_among_candidates"
    if rank > SHOWN:
        return "far_down"
    return "found" if result.matches[0].probability >= threshold else "too_unlikely"


def _views(pool: Pool, place: int, *, ranked: bool) -> tuple[RetrieverView, ...]:
    if place < 0:
        return ()
    unheard = {"vector": pool.degraded, "second": not pool.twice_read}
    names = [name for name in RETRIEVERS if name in SIGNALS and not unheard.get(name)]
    views = []
    for name in names:
        column = pool.column(name)
        rank = int((column > column[place]).sum()) + 1 if ranked else 0
        views.append(RetrieverView(name, float(column[place]), rank))
    return tuple(views)


def _terms(result: MatchResult, case: Case) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The telling words that were searched for and the case has, and those that were asked and it has not."""
    parts = (case.title, *(variant.text for variant in case.variants), case.answer, " ".join(case.tags))
    theirs = {stem for part in parts for stem in stems(part)}
    asked = [word for word in result.query.words if not is_everywhere(word)]
    shared = [word for word in asked if set(stems(word)) & theirs]
    said = set(stems(result.query.bare))  # what the lexicon adds is searched for, but nobody misses it
    missing = [word for word in asked if set(stems(word)) & said and not set(stems(word)) & theirs]
    return tuple(shared[:MOST_TERMS]), tuple(missing[:MOST_TERMS])
