"""What callers get: the answers of the API, made from our own objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from flask import request
from pydantic import AwareDatetime, Field, RootModel

from kbsearch.errors import fill
from kbsearch.models import Case, CaseState, Decision, LinkKind, Question, QuestionState, Reply
from kbsearch.ports import Highlight
from web.api.contract import Output
from web.reasons import ReasonLike


class ReplyOut(Output):
    """A reply, masked."""

    text: str
    by_mentor: bool
    accepted: bool
    replied_at: AwareDatetime | None


class QuestionOut(Output):
    """A question, masked.  Its author is not handed out."""

    id: int
    source: str
    external_id: str
    text: str
    course: str
    lesson: str
    language: str
    asked_at: AwareDatetime
    state: QuestionState
    case_id: int | None = Field(description="The case that answers it, when one was chosen.")
    updated_at: AwareDatetime = Field(description="When its state, case or replies changed last.")


class QuestionWithReplies(QuestionOut):
    """A question with the replies that it got."""

    replies: list[ReplyOut]


class CaseOut(Output):
    """A case."""

    id: int
    slug: str
    title: str
    answer: str = Field(description="Markdown.")
    url: str = Field(description="Its page for people who may sign in.")
    course: str
    lessons: list[str]
    tags: list[str]
    language: str
    state: CaseState
    updated_at: AwareDatetime
    verified_at: AwareDatetime | None = Field(description="When somebody last checked it.")


class CaseWithVariants(CaseOut):
    """A case with the phrasings of the question that it answers."""

    variants: list[str]


class HighlightOut(Output):
    """A passage with the half-open spans of characters that matched."""

    field: str
    text: str
    spans: list[tuple[int, int]]


class ReasonOut(Output):
    """Why a case matched."""

    kind: str = Field(description="Stable name of the kind of reason.")
    text: str = Field(description="The reason in English.")
    details: dict[str, Any] = Field(description="What the text was made of.")


class CaseHitOut(Output):
    """A case that was found."""

    case: CaseOut
    score: float = Field(description="Orders the hits of this search; not comparable between searches.")
    probability: float = Field(ge=0, le=1, description="Calibrated probability that it answers.")
    highlights: list[HighlightOut]
    reasons: list[ReasonOut]


class QuestionHitOut(Output):
    """A past question that was found, and how it was answered."""

    question: QuestionOut
    score: float
    times_asked: int = Field(description="Questions that repeat each other are one hit.")
    case: CaseOut | None
    reply: ReplyOut | None
    highlights: list[HighlightOut]


class SearchOut(Output):
    """What a search found."""

    cases: list[CaseHitOut]
    questions: list[QuestionHitOut]
    degraded: bool = Field(description="True when meaning could not be compared and words alone were.")
    reranked: Literal["off", "whole", "part", "missed"] = Field(
        description="How many of the candidates the re-ranker read within its budget."
    )
    did_you_mean: str | None
    syntax: str = Field(description="plain or advanced: how the query was read.")
    milliseconds: float


class MatchOut(Output):
    """A suggested case."""

    case: CaseOut
    probability: float = Field(ge=0, le=1, description="Calibrated probability that it answers.")
    reasons: list[ReasonOut]


class RepeatOut(Output):
    """An earlier question that asks the same, and how it was answered."""

    question_id: int = Field(description="The first question of those that ask the same.")
    text: str = Field(
        description="What it asked, masked; turned where it was typed in the wrong keyboard layout."
    )
    asked_at: AwareDatetime
    kind: LinkKind = Field(description="exact: the same words; near: by likeness; person: somebody said so.")
    probability: float = Field(ge=0, le=1, description="Calibrated: would one answer serve both?")
    times_asked: int = Field(description="How many stored questions ask the same.")
    case: CaseOut | None = Field(description="The case that answered one of them.")
    reply: ReplyOut | None = Field(description="The reply that did, where no case has.")


class LimitsOut(Output):
    """The probabilities at which the decision changes, and whose judged questions told them."""

    scope: str = Field(description="course:CODE, language:ru, or all where neither has enough of them.")
    abstain: float = Field(description="Below it nothing is suggested.")
    answer_from: float | None = Field(description="From this probability on it is an answer; null: never.")
    promised: bool = Field(
        description="True when the setting answer_precision is reached with 95 % confidence on judged"
        " questions; false when it was only observed, or when feedback in use refuted it."
    )


class SuggestionOut(Output):
    """Our reply to one question."""

    suggestion_id: str = Field(
        description="Give it back with your feedback; empty when it could not be stored."
    )
    decision: Decision = Field(
        description="answer: show it; suggest: let the person choose; abstain: show nothing."
    )
    matches: list[MatchOut] = Field(description="At most three, best first.")
    limits: LimitsOut | None = Field(None, description="What the decision was compared with.")
    degraded: bool = Field(description="True when meaning could not be compared and words alone were.")
    reranked: Literal["off", "whole", "part", "missed"] = Field(
        description="How many of the candidates the re-ranker read within its budget."
    )
    model_version: str
    milliseconds: float
    repeats: RepeatOut | None = Field(None, description="The earlier question that this one repeats.")


class ReceivedOut(Output):
    """What became of one question."""

    id: int
    created: bool = Field(description="False when it was known already.")
    repeats: RepeatOut | None = Field(None, description="The earlier question that this one repeats.")


class OneReceived(ReceivedOut):
    """What became of one question, with a suggestion when it was asked for."""

    suggestion: SuggestionOut | None = None


class ManyReceived(Output):
    """What became of each question, in order."""

    results: list[ReceivedOut]


class QuestionsReceived(RootModel[OneReceived | ManyReceived]):
    """`OneReceived` for one question, `ManyReceived` for many."""


class RetrieverOut(Output):
    """What one retriever thinks of the case."""

    name: str = Field(description="text, pieces or vector.")
    score: float = Field(description="In standard deviations above the mean of all cases.")
    rank: int = Field(description="By this retriever alone; 0: not among the candidates.")


class ExcludedOut(Output):
    """A filter that keeps the case out."""

    kind: str = Field(description="state, course or language.")
    wanted: str
    actual: str


class WhyOut(Output):
    """Why a case was found for a text, or was not: the figures of the matcher."""

    case: CaseOut
    verdict: str = Field(
        description="found, too_unlikely, far_down, not_among_candidates, filtered, not_indexed or no_words."
    )
    rank: int = Field(description="0: not among the candidates.")
    candidates: int
    score: float
    probability: float = Field(ge=0, le=1)
    threshold: float = Field(description="Below it nothing is suggested.")
    answer_from: float | None = Field(description="From this probability on it is an answer; null: never.")
    scope: str = Field(description="Whose judged questions told that: course:CODE, language:ru or all.")
    retrievers: list[RetrieverOut]
    shared: list[str] = Field(description="Words of the text that the case has.")
    missing: list[str] = Field(description="Words of the text that it has not.")
    nearest: str = Field(description="The title or phrasing most like the text.")
    likeness: float = Field(description="Their cosine.")
    filters: list[ExcludedOut]
    before: list[CaseOut] = Field(description="Up to three cases that come before it.")
    variant_would_help: bool = Field(description="Adding the text to its phrasings would mend it.")
    degraded: bool


class FeedbackOut(Output):
    """The stored feedback."""

    id: int
    withdrawn_at: AwareDatetime | None = Field(description="When it was taken back; null: it counts.")


class CasesOut(Output):
    """One page of cases."""

    items: list[CaseOut]
    total: int
    withdrawn: list[int] | None = Field(
        None,
        description="With `updated_since`: all cases that were published once and have been no more since: "
        "forget them.",
    )


class QuestionsOut(Output):
    """One page of questions, by id."""

    items: list[QuestionWithReplies]
    total: int


class AnswerLike(Protocol):
    """How questions that ask the same were answered."""

    @property
    def size(self) -> int:
        """How many there are."""

    @property
    def case(self) -> Case | None:
        """The case that answered one of them."""

    @property
    def reply(self) -> Reply | None:
        """The reply that did."""


class RepeatLike(Protocol):
    """What a question repeats."""

    @property
    def first(self) -> Question:
        """The first of those that ask the same."""

    @property
    def wording(self) -> str:
        """What it asked, readable."""

    @property
    def kind(self) -> LinkKind:
        """How it was recognised."""

    @property
    def probability(self) -> float:
        """That one answer serves both."""

    @property
    def answer(self) -> AnswerLike:
        """How they were answered."""


def repeat_out(repeat: RepeatLike | None) -> RepeatOut | None:
    """``repeat`` as the API shows it."""
    if repeat is None:
        return None
    return RepeatOut(
        question_id=repeat.first.id,
        text=repeat.wording,
        asked_at=repeat.first.asked_at,
        kind=repeat.kind,
        probability=round(repeat.probability, 4),
        times_asked=repeat.answer.size,
        case=case_out(repeat.answer.case) if repeat.answer.case else None,
        reply=reply_out(repeat.answer.reply) if repeat.answer.reply else None,
    )


def question_out(question: Question) -> QuestionOut:
    """``question`` as the API shows it."""
    return QuestionOut(**_question_fields(question))


def question_with_replies(question: Question) -> QuestionWithReplies:
    """``question``, whose replies are loaded, as the API shows it."""
    replies = [reply_out(reply) for reply in question.replies]
    return QuestionWithReplies(**_question_fields(question), replies=replies)


def _question_fields(question: Question) -> dict[str, Any]:
    same = ("id", "source", "external_id", "text", "language", "asked_at", "state", "case_id")
    fields = {name: getattr(question, name) for name in same}
    fields["updated_at"] = question.updated_at or question.received_at
    return fields | {"course": question.course_code, "lesson": question.lesson_code}


def reply_out(reply: Reply) -> ReplyOut:
    """``reply`` as the API shows it."""
    return ReplyOut(
        text=reply.text,
        by_mentor=reply.by_mentor,
        accepted=reply.accepted,
        replied_at=reply.replied_at,
    )


def case_out(case: Case) -> CaseOut:
    """``case`` as the API shows it."""
    return CaseOut(**_case_fields(case))


def case_with_variants(case: Case) -> CaseWithVariants:
    """``case``, whose variants are loaded, as the API shows it."""
    return CaseWithVariants(**_case_fields(case), variants=[variant.text for variant in case.variants])


def _case_fields(case: Case) -> dict[str, Any]:
    same = ("id", "slug", "title", "answer", "lessons", "tags", "language", "state")
    fields = {name: getattr(case, name) for name in (*same, "updated_at", "verified_at")}
    return fields | {"course": case.course_code, "url": f"{request.url_root}cases/{case.id}"}


def highlights_out(highlights: Sequence[Highlight]) -> list[HighlightOut]:
    """``highlights`` as the API shows them."""
    return [HighlightOut(field=one.field, text=one.text, spans=list(one.spans)) for one in highlights]


def reasons_out(reasons: Sequence[ReasonLike]) -> list[ReasonOut]:
    """``reasons`` as the API shows them."""
    return [
        ReasonOut(
            kind=reason.kind, text=fill(reason.text, dict(reason.details)), details=dict(reason.details)
        )
        for reason in reasons
    ]
