"""What callers get: the answers of the API, made from our own objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from flask import request
from pydantic import AwareDatetime, Field, RootModel

from kbsearch.errors import fill
from kbsearch.models import Case, CaseState, Decision, Question, QuestionState, Reply
from kbsearch.ports import Highlight
from web.api.contract import Output


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
    case: CaseOut | None
    reply: ReplyOut | None
    highlights: list[HighlightOut]


class SearchOut(Output):
    """What a search found."""

    cases: list[CaseHitOut]
    questions: list[QuestionHitOut]
    degraded: bool = Field(description="True when meaning could not be compared and words alone were.")
    did_you_mean: str | None
    syntax: str = Field(description="plain or advanced: how the query was read.")
    milliseconds: float


class MatchOut(Output):
    """A suggested case."""

    case: CaseOut
    probability: float = Field(ge=0, le=1, description="Calibrated probability that it answers.")
    reasons: list[ReasonOut]


class SuggestionOut(Output):
    """Our reply to one question."""

    suggestion_id: str = Field(
        description="Give it back with your feedback; empty when it could not be stored."
    )
    decision: Decision = Field(
        description="answer: show it; suggest: let the person choose; abstain: show nothing."
    )
    matches: list[MatchOut] = Field(description="At most three, best first.")
    degraded: bool = Field(description="True when meaning could not be compared and words alone were.")
    model_version: str
    milliseconds: float


class ReceivedOut(Output):
    """What became of one question."""

    id: int
    created: bool = Field(description="False when it was known already.")


class OneReceived(ReceivedOut):
    """What became of one question, with a suggestion when it was asked for."""

    suggestion: SuggestionOut | None = None


class ManyReceived(Output):
    """What became of each question, in order."""

    results: list[ReceivedOut]


class QuestionsReceived(RootModel[OneReceived | ManyReceived]):
    """`OneReceived` for one question, `ManyReceived` for many."""


class FeedbackOut(Output):
    """The stored feedback."""

    id: int


class CasesOut(Output):
    """One page of cases."""

    items: list[CaseOut]
    total: int


class ReasonLike(Protocol):
    """A reason as matching gives it."""

    @property
    def kind(self) -> str:
        """Stable name."""

    @property
    def text(self) -> str:
        """English template."""

    @property
    def details(self) -> Mapping[str, object]:
        """Its values."""


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
