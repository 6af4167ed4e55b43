"""Suggestions: up to three cases for a question with a decision, and what people did with them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.errors import InvalidInput, NotFound, StorageUnavailable, TooLarge
from kbsearch.matching.matcher import Matcher, MatchResult, RankedCase
from kbsearch.matching.reasons import Reason, reason_from, reasons
from kbsearch.models import Case, Decision, Match, Question, Suggestion
from kbsearch.models.suggestions import Feedback
from kbsearch.ports import Embedder, SearchBackend
from kbsearch.privacy.masking import mask
from kbsearch.services.feedback import store_feedback
from kbsearch.services.intake import clean
from kbsearch.services.live_cases import load_live

SHOWN = 3
SPARE = 2
"""How many more are matched than shown: some may have left the shelf before the index knows."""
STORE_PATIENCE = 0.5
"""Seconds to wait for another writer before a suggestion goes out without being stored."""


@dataclass(frozen=True, slots=True)
class SuggestedMatch:
    """A case that may answer, with its probability in [0, 1] and its reasons."""

    case: Case
    probability: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class SuggestionView:
    """Our reply to a question.  ``matches`` is empty when the decision is to abstain.

    ``id`` takes feedback; "" when the suggestion could not be stored.  ``degraded``: found by words alone.
    """

    id: str
    decision: Decision
    matches: tuple[SuggestedMatch, ...]
    degraded: bool
    milliseconds: float
    model_version: str

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


class SuggestionService:
    """Suggests answers and takes feedback."""

    def __init__(
        self, database: Database, case_index: SearchBackend, embedder: Embedder, settings: Settings
    ) -> None:
        self._database = database
        self._embedder = embedder
        self._settings = settings
        self._matcher = Matcher(case_index, embedder)

    def suggest(
        self,
        text: str,
        *,
        course: str = "",
        lesson: str = "",
        question_id: int | None = None,
        store: bool = True,
    ) -> SuggestionView:
        """Up to three cases that may answer ``text``, and whether we would answer, suggest or abstain.

        The answer matters more than the log: when the database cannot be written within `STORE_PATIENCE`,
        the suggestion goes out with an empty id.

        Raises:
            InvalidInput: there is no text.
            TooLarge: it is longer than the setting ``max_question_chars``.
            NotFound: there is no such question.
            StorageUnavailable, IndexUnavailable: cases cannot be read.
        """
        started = time.perf_counter()
        asked = _Asked(self._checked(text), course, lesson, question_id)
        result = self._matcher.match(asked.text, course, lesson, limit=SHOWN + SPARE)
        with self._database.reading() as session:
            if question_id is not None:
                _require_question(session, question_id)
            cases = load_live(session, [match.case_id for match in result.matches])
        kept = [match for match in result.matches if match.case_id in cases][:SHOWN]
        decision = self._decide(kept, result)
        shown = [] if decision == Decision.ABSTAIN else kept
        matches = tuple(self._shown(result, match, cases[match.case_id], asked) for match in shown)
        spent = 1000 * (time.perf_counter() - started)
        view = SuggestionView("", decision, matches, result.degraded, spent, self._version(result))
        return self._stored(view, asked) if store else view

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

        ``accepted`` marks the question that the suggestion belongs to as answered by the case.

        Raises:
            NotFound: there is no such suggestion.
            InvalidInput: the action is unknown, or the case is not one of those that were shown.
        """
        given = Feedback(
            suggestion_id=suggestion_id,
            action=action,
            case_id=case_id,
            person_id=person_id,
            token_id=token_id,
            comment=clean(comment),
        )
        with self._database.writing() as session:
            return store_feedback(session, given)

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

    def _decide(self, kept: Sequence[RankedCase], result: MatchResult) -> Decision:
        chances = [match.probability for match in kept]
        precision = self._settings.answer_precision
        return self._matcher.confidence.decide(chances, precision, degraded=result.degraded)

    def _shown(self, result: MatchResult, match: RankedCase, case: Case, asked: _Asked) -> SuggestedMatch:
        why = reasons(
            result,
            match,
            case,
            self._matcher.rarity,
            text=asked.text,
            course=asked.course,
            lesson=asked.lesson,
        )
        return SuggestedMatch(case, match.probability, why)

    def _version(self, result: MatchResult) -> str:
        encoder = "text" if result.degraded else self._embedder.model_id
        return f"{self._matcher.confidence.version}/{encoder}"[:100]

    def _stored(self, view: SuggestionView, asked: _Asked) -> SuggestionView:
        row = Suggestion(
            id=secrets.token_urlsafe(16),
            question_id=asked.question_id,
            text=mask(asked.text).text,
            course_code=asked.course[:100],
            lesson_code=asked.lesson[:100],
            decision=view.decision,
            degraded=view.degraded,
            model_version=view.model_version,
            milliseconds=view.milliseconds,
        )
        row.matches = [_row(rank, match) for rank, match in enumerate(view.matches, 1)]
        try:
            with self._database.writing(patience=STORE_PATIENCE) as session:
                session.add(row)
        except StorageUnavailable:
            return view
        return SuggestionView(
            row.id, view.decision, view.matches, view.degraded, view.milliseconds, view.model_version
        )


def _row(rank: int, match: SuggestedMatch) -> Match:
    return Match(
        rank=rank,
        case_id=match.case.id,
        probability=match.probability,
        reasons=[reason.as_dict() for reason in match.reasons],
    )


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
    )
