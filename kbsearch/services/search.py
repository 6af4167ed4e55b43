"""Search for people: cases and similar past questions, with highlights and a spelling hint."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from kbsearch.database import Database
from kbsearch.errors import InvalidInput, NotFound, TooLarge
from kbsearch.matching.matcher import LIVE, Matcher, MatchResult, RankedCase
from kbsearch.matching.reasons import Reason, reasons
from kbsearch.matching.reranking import Reranked, TimedReranker
from kbsearch.matching.syntax import Syntax, detect_syntax, plain_words
from kbsearch.models import Case, Question
from kbsearch.ports import Filters, Highlight, SearchBackend, TextQuery
from kbsearch.services.active_matcher import ActiveMatcher
from kbsearch.services.intake import clean
from kbsearch.services.live_cases import load_live
from kbsearch.services.past_questions import ASKED, QuestionHit, find_questions, load_hits
from kbsearch.services.rereading import depth, reread
from kbsearch.services.spelling_hint import better_spelling

__all__ = ["CaseHit", "QuestionHit", "SearchPage", "SearchService"]

MAX_TEXT = 20_000
MAX_LIMIT = 100
QUESTIONS_SHOWN = 5
QUESTION_POOL = 30
CASE_FIELDS = ("title", "answer")
MAX_ADVANCED_HITS = 1_000
UNLIKELY = 0.05
"""A case that shares no word with the query and is less likely than this is not worth a row."""


@dataclass(frozen=True, slots=True)
class CaseHit:
    """A case that was found, with the probability in [0, 1] that it answers, and why."""

    case: Case
    score: float
    probability: float
    highlights: tuple[Highlight, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What a search found.

    ``searched``: the text that was searched for when it is not the one given (the keyboard layout was
    wrong), else "".  ``note``: an English sentence when an advanced query could not be read and its words
    were searched for instead, else "".  ``reranked``: how far the re-ranker came within its budget.
    """

    cases: list[CaseHit]
    questions: list[QuestionHit]
    degraded: bool
    did_you_mean: str | None
    milliseconds: float
    syntax: Syntax
    searched: str = ""
    note: str = ""
    reranked: Reranked = "off"


@dataclass(frozen=True, slots=True)
class _Wanted:
    text: str
    course: str
    lesson: str
    language: str
    states: tuple[str, ...]
    limit: int
    syntax: Syntax
    note: str = ""
    only: tuple[int, ...] | None = None


class SearchService:
    """Searches cases and past questions."""

    def __init__(
        self,
        database: Database,
        case_index: SearchBackend,
        question_index: SearchBackend,
        active: ActiveMatcher,
        reranker: TimedReranker | None = None,
    ) -> None:
        self._database = database
        self._cases = case_index
        self._questions = question_index
        self._active = active
        self._reranker = reranker

    @property
    def _matcher(self) -> Matcher:
        return self._active.get()

    def search(
        self,
        text: str,
        *,
        course: str = "",
        lesson: str = "",
        language: str = "",
        states: Collection[str] = LIVE,
        limit: int = 10,
        syntax: Syntax | None = None,
    ) -> SearchPage:
        """Cases and past questions for ``text``, best first.

        ``syntax`` None tells it from the text; an advanced query restricts cases to those that satisfy it
        and ranks them like any other.  Only live cases are found unless other ``states`` are named.

        Raises:
            InvalidInput: there is no text, or the limit is out of range.
            TooLarge: the text has more than `MAX_TEXT` characters.
            IndexUnavailable: the text index cannot be read.
        """
        started = time.perf_counter()
        checked = _checked(text, limit)
        told = syntax or detect_syntax(checked)
        wanted = _Wanted(checked, course, lesson, language, tuple(map(str, states)), limit, told)
        page = self._page(self._satisfying(wanted) if told == "advanced" else wanted)
        return replace(page, milliseconds=1000 * (time.perf_counter() - started))

    def _page(self, wanted: _Wanted) -> SearchPage:
        """What is found, but for how long that took."""
        result, words = self._match(wanted), _words(wanted)
        filters = Filters(course=wanted.course, language=wanted.language, states=ASKED)
        asked = find_questions(self._questions, self._matcher.encoder, words, filters, QUESTION_POOL)
        with self._database.reading() as session:
            cases = load_live(session, [match.case_id for match in result.matches], wanted.states)
            past = load_hits(session, asked, QUESTIONS_SHOWN)
        result, read = reread(self._reranker, self._matcher, result, cases)
        repaired = result.query.repaired
        return SearchPage(
            cases=self._case_hits(result, cases, wanted),
            questions=self._with_highlights(past, words),
            degraded=result.degraded or bool(asked and asked.degraded),
            did_you_mean=None if repaired else better_spelling(words, self._cases, self._questions),
            milliseconds=0.0,
            syntax=wanted.syntax,
            searched=result.query.bare if repaired else "",
            note=wanted.note,
            reranked=read,
        )

    def similar_questions(self, question_id: int, limit: int = 5) -> list[QuestionHit]:
        """Past questions most like a stored one, itself left out.

        Raises:
            NotFound: there is no such question.
        """
        with self._database.reading() as session:
            query = select(Question).options(selectinload(Question.replies))
            question = session.scalar(query.where(Question.id == question_id))
        if question is None:
            raise NotFound("There is no question {id}.", remedy="It may have been deleted.", id=question_id)
        filters = Filters(states=ASKED)
        pool = find_questions(self._questions, self._matcher.encoder, question.text, filters, QUESTION_POOL)
        with self._database.reading() as session:
            return load_hits(session, pool, limit, without=question_id)

    def _satisfying(self, wanted: _Wanted) -> _Wanted:
        """``wanted`` restricted to the cases that satisfy it, or turned plain when it cannot be read."""
        filters = Filters(wanted.course, "", wanted.language, wanted.states)
        try:
            hits = self._cases.search_text(TextQuery(wanted.text, "advanced", filters, MAX_ADVANCED_HITS))
        except InvalidInput as error:
            note = f"{error.message} Its words were searched for instead."
            return replace(wanted, syntax="plain", note=note)
        return replace(wanted, only=tuple(hits.ids.tolist()))

    def _match(self, wanted: _Wanted) -> MatchResult:
        return self._matcher.match(
            _words(wanted),
            wanted.course,
            wanted.lesson,
            wanted.language,
            max(wanted.limit, depth(self._reranker)),
            states=wanted.states,
            only=wanted.only,
        )

    def _case_hits(self, result: MatchResult, cases: dict[int, Case], wanted: _Wanted) -> list[CaseHit]:
        query = TextQuery(result.query.text)
        found = [match for match in result.matches[: wanted.limit] if _worth_a_row(match)]
        return [
            CaseHit(
                case=cases[match.case_id],
                score=match.score,
                probability=match.probability,
                highlights=tuple(self._cases.highlights(query, match.case_id, CASE_FIELDS)),
                reasons=reasons(
                    result,
                    match,
                    cases[match.case_id],
                    self._matcher.rarity,
                    text=_words(wanted),
                    course=wanted.course,
                    lesson=wanted.lesson,
                ),
            )
            for match in found
        ]

    def _with_highlights(self, hits: list[QuestionHit], words: str) -> list[QuestionHit]:
        query = TextQuery(words)
        return [
            replace(hit, highlights=tuple(self._questions.highlights(query, hit.question.id, ("title",))))
            for hit in hits
        ]


def _words(wanted: _Wanted) -> str:
    """The words to rank by; a query of operators alone stands for itself."""
    return (plain_words(wanted.text) if wanted.syntax == "advanced" else "") or wanted.text


def _worth_a_row(match: RankedCase) -> bool:
    return match.explained > 0 or match.probability >= UNLIKELY


def _checked(text: str, limit: int) -> str:
    if len(text) > MAX_TEXT:
        raise TooLarge(
            "The text has {length} characters; {longest} are allowed.",
            remedy="Search for the sentence that asks.",
            length=len(text),
            longest=MAX_TEXT,
        )
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInput("The limit must be from 1 to {most}.", remedy="Ask for fewer.", most=MAX_LIMIT)
    checked = clean(text)
    if not checked:
        raise InvalidInput("There is no text to search for.", remedy="Type a word or a question.")
    return checked
