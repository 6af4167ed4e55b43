"""Suggestions: up to three cases for a question with a decision, and what people did with them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, selectinload

from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.errors import InvalidInput, NotFound, StorageUnavailable, TooLarge
from kbsearch.matching.matcher import Matcher, MatchResult, RankedCase
from kbsearch.matching.model import Limits
from kbsearch.matching.reasons import Reason, reason_from, reasons, told_in_same_words
from kbsearch.matching.reranking import Reranked, TimedReranker
from kbsearch.models import Case, Decision, Match, Question, Suggestion, Surface
from kbsearch.models.suggestions import Feedback
from kbsearch.ports import Embedder
from kbsearch.privacy.masking import mask
from kbsearch.services.active_matcher import ActiveMatcher
from kbsearch.services.case_writing import writing_cases
from kbsearch.services.feedback import store_feedback
from kbsearch.services.feedback_undoing import own_answers, withdraw_feedback
from kbsearch.services.intake import clean
from kbsearch.services.live_cases import load_first
from kbsearch.services.rereading import depth, reread
from kbsearch.text.language import detect_language

SHOWN = 3
SPARE = 2
"""How many more are matched than shown: some may have left the shelf before the index knows."""
STORE_PATIENCE = 0.5
"""Seconds to wait for another writer before a suggestion goes out without being stored."""

# Tables rather than objects: every suggestion waits until it is stored.
_TABLES = Suggestion.metadata.tables
_TO_SUGGESTIONS, _TO_MATCHES = (insert(_TABLES[one.__tablename__]) for one in (Suggestion, Match))


@dataclass(frozen=True, slots=True)
class SuggestedMatch:
    """A case that may answer, with its probability in [0, 1] and its reasons."""

    case: Case
    probability: float
    reasons: tuple[Reason, ...]


class ShownCase(Protocol):
    """A case as any page shows it."""

    @property
    def case(self) -> Case:
        """It."""

    @property
    def probability(self) -> float:
        """That it answers, in [0, 1]."""

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why it was found."""


@dataclass(frozen=True, slots=True)
class SuggestionView:
    """Our reply to a question.  ``matches`` is empty when the decision is to abstain.

    ``id`` takes feedback; "" when the suggestion could not be stored.  ``degraded``: found by words alone.
    ``held_back``: it would be an answer if live precision had kept the promise.  ``reranked``: how far the
    re-ranker came within its budget ("off" in one that was stored).  ``limits``: what the decision was
    compared with (None in one that was stored).
    """

    id: str
    decision: Decision
    matches: tuple[SuggestedMatch, ...]
    degraded: bool
    milliseconds: float
    model_version: str
    held_back: bool = False
    reranked: Reranked = "off"
    limits: Limits | None = None

    @property
    def stored(self) -> bool:
        """Whether feedback can be given."""
        return bool(self.id)


@dataclass(frozen=True, slots=True)
class _Asked:
    text: str
    course: str
    lesson: str
    question_id: int | None
    surface: Surface
    matcher: Matcher
    language: str


class SuggestionService:
    """Suggests answers and takes feedback."""

    def __init__(
        self,
        database: Database,
        active: ActiveMatcher,
        embedder: Embedder,
        settings: Settings,
        reranker: TimedReranker | None = None,
    ) -> None:
        self._database = database
        self._active = active
        self._embedder = embedder
        self._settings = settings
        self._reranker = reranker

    def suggest(
        self,
        text: str,
        *,
        course: str = "",
        lesson: str = "",
        question_id: int | None = None,
        surface: Surface = Surface.API,
        store: bool = True,
    ) -> SuggestionView:
        """Up to three cases that may answer ``text``, and whether we would answer, suggest or abstain.

        The answer matters more than the log: when the database cannot be written within `STORE_PATIENCE`,
        the suggestion goes out with an empty id, and it does not wait for the disk.

        Raises:
            InvalidInput: there is no text.
            TooLarge: it is longer than the setting ``max_question_chars``.
            NotFound: there is no such question.
            StorageUnavailable, IndexUnavailable: cases cannot be read.
        """
        started = time.perf_counter()
        asked = self._asked(text, course, lesson, question_id, surface)
        wanted = max(SHOWN, depth(self._reranker))
        found = asked.matcher.match(asked.text, course, lesson, limit=wanted + SPARE)
        with self._database.reading() as session:
            if question_id is not None:
                _require_question(session, question_id)
            cases = load_first(session, [match.case_id for match in found.matches], wanted)
        result, read = reread(self._reranker, asked.matcher, found, cases)
        kept = result.matches[:SHOWN]
        decision, held_back = self._decide(
            [(match.probability, match.case_id) for match in kept],
            asked,
            degraded=result.degraded,
            in_same_words=result.in_same_words,
        )
        shown = () if decision == Decision.ABSTAIN else kept
        matches = tuple(_shown(result, match, cases[match.case_id], asked) for match in shown)
        spent = 1000 * (time.perf_counter() - started)
        version = self._version(asked.matcher, degraded=result.degraded, read=read)
        limits = self._limits(asked, degraded=result.degraded)
        view = SuggestionView("", decision, matches, result.degraded, spent, version, held_back, read, limits)
        return self._stored(view, asked) if store else view

    def keep_shown(
        self,
        text: str,
        matches: Iterable[ShownCase],
        *,
        course: str = "",
        lesson: str = "",
        question_id: int | None = None,
        surface: Surface = Surface.SEARCH,
        degraded: bool = False,
        milliseconds: float = 0.0,
    ) -> SuggestionView:
        """Store cases that a person was shown, in their order, so that feedback on them can be given.

        Raises:
            InvalidInput, TooLarge, StorageUnavailable: as `suggest`.
        """
        asked = self._asked(text, course, lesson, question_id, surface)
        shown = tuple(SuggestedMatch(match.case, match.probability, match.reasons) for match in matches)
        chances = [(match.probability, match.case.id) for match in shown]
        decision, held_back = self._decide(
            chances,
            asked,
            degraded=degraded,
            in_same_words=any(told_in_same_words(match.reasons) for match in shown[:1]),
        )
        version = self._version(asked.matcher, degraded=degraded)
        view = SuggestionView("", decision, shown, degraded, milliseconds, version, held_back)
        return self._stored(view, asked)

    def _asked(
        self, text: str, course: str, lesson: str, question_id: int | None, surface: Surface
    ) -> _Asked:
        checked = self._checked(text)
        language = detect_language(checked)
        return _Asked(checked, course, lesson, question_id, surface, self._active.get(), language)

    def feedback(
        self,
        suggestion_id: str,
        action: str,
        *,
        case_id: int | None = None,
        person_id: int | None = None,
        token_id: int | None = None,
        comment: str = "",
    ) -> Feedback:
        """Note what somebody did with a suggestion; the same again changes nothing.

        ``accepted``, ``edited`` and ``answered`` mark the question that the suggestion belongs to as answered
        by the case; ``answered`` may name a case that was not shown.

        Raises:
            NotFound: there is no such suggestion or case.
            InvalidInput: the action is unknown, or the case is not one of those that were shown.
        """
        given = Feedback(
            suggestion_id=suggestion_id,
            action=action,
            case_id=case_id,
            person_id=person_id,
            token_id=token_id,
            comment=mask(clean(comment)).text,
        )
        with self._database.writing() as session:
            return store_feedback(session, given)

    def withdraw(
        self, feedback_id: int, *, person_id: int | None = None, token_id: int | None = None
    ) -> Feedback:
        """Take back what this person or program said of a suggestion; again changes nothing.

        See `withdraw_feedback` for what goes with it.

        Raises:
            NotFound: there is no such feedback, or somebody else gave it.
            Conflict: somebody changed the case at the same moment.
        """
        confirming = self._settings.variant_confirmations
        with writing_cases(self._database) as session:
            return withdraw_feedback(
                session, feedback_id, person_id=person_id, token_id=token_id, confirming=confirming
            )

    def withdraw_answers(self, question_id: int, person_id: int | None) -> None:
        """Take back this person's words that the case which answers the question does so.

        Raises:
            Conflict: somebody changed the case at the same moment.
        """
        if person_id is None:
            return
        with self._database.reading() as session:
            given = own_answers(session, question_id, person_id)
        for feedback_id in given:
            self.withdraw(feedback_id, person_id=person_id)

    def get(self, suggestion_id: str) -> SuggestionView:
        """A stored suggestion as it was given.

        Raises:
            NotFound: there is none.
        """
        with self._database.reading() as session:
            query = select(Suggestion).options(selectinload(Suggestion.matches))
            stored = session.scalar(query.where(Suggestion.id == suggestion_id))
            if stored is None:
                raise NotFound("There is no suggestion '{id}'.", remedy="Ask again.", id=suggestion_id)
            return _view(session, stored)

    def _checked(self, text: str) -> str:
        longest = self._settings.max_question_chars
        if len(text) > longest:
            raise TooLarge(
                "The text has {length} characters; {longest} are allowed.",
                remedy="Send the question without logs and attachments.",
                length=len(text),
                longest=longest,
            )
        cleaned = clean(text)
        if not cleaned:
            raise InvalidInput("There is no text.", remedy="Write the question in a few words.")
        return cleaned

    def _decide(
        self, shown: Sequence[tuple[float, int]], asked: _Asked, *, degraded: bool, in_same_words: bool
    ) -> tuple[Decision, bool]:
        """What to say, and whether an answer is held back because live precision fell.

        ``shown``: probability and id of the cases, best first.
        """
        chances = [chance for chance, _ in shown]
        decision = asked.matcher.decision(
            chances,
            [case_id for _, case_id in shown][: 1 if in_same_words else None],
            self._settings.answer_precision,
            degraded=degraded,
            course=asked.course,
            language=asked.language,
        )
        floor = self._active.floor(asked.course, asked.language)
        if decision == Decision.ANSWER and chances[0] < floor:
            return Decision.SUGGEST, True
        return decision, False

    def _limits(self, asked: _Asked, *, degraded: bool) -> Limits:
        return self._active.limits(
            self._settings.answer_precision, degraded=degraded, course=asked.course, language=asked.language
        )

    def _version(self, matcher: Matcher, *, degraded: bool, read: Reranked = "off") -> str:
        encoder = "text" if degraded else self._embedder.model_id
        if self._reranker and read in {"whole", "part"}:
            encoder += f"+{self._reranker.model_id}"
        return f"{matcher.model.version}/{encoder}"[:100]

    def _stored(self, view: SuggestionView, asked: _Asked) -> SuggestionView:
        key = secrets.token_urlsafe(16)
        row = {
            "id": key,
            "question_id": asked.question_id,
            "text": mask(asked.text).text,
            "course_code": asked.course[:100],
            "lesson_code": asked.lesson[:100],
            "language": asked.language,
            "surface": asked.surface,
            "decision": view.decision,
            "held_back": view.held_back,
            "degraded": view.degraded,
            "model_version": view.model_version,
            "milliseconds": view.milliseconds,
        }
        matches = [_row(key, rank, match) for rank, match in enumerate(view.matches, 1)]
        try:
            with self._database.writing(patience=STORE_PATIENCE, lasting=False) as session:
                session.execute(_TO_SUGGESTIONS, row)
                if matches:
                    session.execute(_TO_MATCHES, matches)
        except StorageUnavailable:
            return view
        return replace(view, id=key)


def _shown(result: MatchResult, match: RankedCase, case: Case, asked: _Asked) -> SuggestedMatch:
    why = reasons(
        result,
        match,
        case,
        asked.matcher.rarity,
        text=asked.text,
        course=asked.course,
        lesson=asked.lesson,
    )
    return SuggestedMatch(case, match.probability, why)


def _row(suggestion_id: str, rank: int, match: SuggestedMatch) -> dict[str, object]:
    return {
        "suggestion_id": suggestion_id,
        "rank": rank,
        "case_id": match.case.id,
        "probability": match.probability,
        "reasons": [reason.as_dict() for reason in match.reasons],
    }


def _require_question(session: Session, question_id: int) -> None:
    if session.scalar(select(Question.id).where(Question.id == question_id)) is None:
        raise NotFound("There is no question {id}.", remedy="It may have been deleted.", id=question_id)


def _view(session: Session, stored: Suggestion) -> SuggestionView:
    """``stored`` with its cases, whatever has become of their state since."""
    ids = [match.case_id for match in stored.matches]
    query = select(Case).options(selectinload(Case.variants)).where(Case.id.in_(ids))
    cases = {case.id: case for case in session.scalars(query)}
    matches = tuple(
        SuggestedMatch(cases[m.case_id], m.probability, tuple(map(reason_from, m.reasons)))
        for m in stored.matches
    )
    return SuggestionView(
        stored.id,
        Decision(stored.decision),
        matches,
        stored.degraded,
        stored.milliseconds,
        stored.model_version,
        stored.held_back,
    )
