"""What callers send: the bodies and queries of the API."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Discriminator,
    Field,
    RootModel,
    model_validator,
)
from pydantic import Tag as UnionTag
from pydantic_core import PydanticCustomError

from kbsearch.importers.iso_8601 import read_moment
from kbsearch.importers.records import IncomingQuestion, IncomingReply
from kbsearch.models import FeedbackAction, QuestionState, utc_now
from kbsearch.services.intake import EARLIEST
from web.api.contract import (
    LARGEST_ID,
    Body,
    Code,
    Flag,
    Id,
    Input,
    Language,
    Line,
    Text,
    at_fields,
    example,
)

MAX_BATCH = 500
MAX_REPLIES = 100
SKEW = timedelta(days=1)
"""How far the clock, or the time zone, of a caller may be ahead of ours."""


def _written(moment: Any) -> datetime:
    """The moment of an ISO 8601 text.  Of numbers it can only be guessed whether they count milliseconds."""
    if not isinstance(moment, str):
        raise PydanticCustomError("datetime_type", "Input should be a valid datetime")
    try:
        return read_moment(moment.strip())
    except (ValueError, OverflowError) as error:
        reason = str(error) if isinstance(error, ValueError) else "there is no such day"
        said = "Input should be a valid datetime, {reason}"
        raise PydanticCustomError("datetime_parsing", said, {"reason": reason}) from error


def _by_now(moment: datetime) -> datetime:
    if moment > utc_now() + SKEW:
        raise PydanticCustomError("future", "It lies in the future")
    if moment.date() < EARLIEST:
        raise PydanticCustomError("past", "It lies before the year {year}", {"year": EARLIEST.year})
    return moment


Past = Annotated[AwareDatetime, AfterValidator(_by_now), BeforeValidator(_written)]


class ReplyIn(Body):
    """A reply that the question already got."""

    text: Text = Field(min_length=1)
    author: Line = Field("", description="Any stable name or id; only a keyed hash of it is kept.")
    by_mentor: Flag = Field(False, description="Whether staff wrote it.")
    accepted: Flag = Field(False, description="Whether it settled the question.")
    replied_at: Past | None = None

    def incoming(self) -> IncomingReply:
        """As the intake takes it."""
        return IncomingReply(
            text=self.text,
            author=self.author,
            by_mentor=self.by_mentor,
            accepted=self.accepted,
            replied_at=self.replied_at,
        )


class QuestionIn(Body):
    """One question.  Personal data in it is masked before it is stored."""

    text: Text = Field(min_length=1, description="What the student asked, as it was written.")
    external_id: Annotated[Text, Field(max_length=200)] = Field(
        "",
        description="Your id; the same source and id are taken once. Empty: text, author and asked_at.",
    )
    source: Annotated[Text, Field(min_length=1, max_length=100)] = Field(
        "api", description="Where your ids are unique."
    )
    author: Line = Field("", description="Any stable name or id; only a keyed hash of it is kept.")
    course: Code = ""
    lesson: Code = ""
    asked_at: Past | None = Field(None, description="With a time zone, not in the future; empty: now.")
    language: Language = Field("", description="Such as ru or en; empty: detected.")
    replies: list[ReplyIn] = Field(
        default_factory=list,
        max_length=MAX_REPLIES,
        description="Those it has by now; send the question again with later ones, each is stored once.",
    )

    def incoming(self, place: str = "") -> IncomingQuestion:
        """As the intake takes it."""
        return IncomingQuestion(
            text=self.text,
            source=self.source,
            external_id=self.external_id,
            author=self.author,
            course=self.course,
            lesson=self.lesson,
            language=self.language,
            asked_at=self.asked_at,
            replies=tuple(reply.incoming() for reply in self.replies),
            place=place,
        )


class OneQuestion(QuestionIn):
    """One question, and whether to answer it in the same call."""

    suggest: Flag = Field(False, description="Return a suggestion, too.")


class ManyQuestions(Body):
    """Up to 500 questions, stored all or none."""

    questions: list[QuestionIn] = Field(min_length=1, max_length=MAX_BATCH)


def _one_or_many(body: Any) -> str:
    return "many" if isinstance(body, dict) and "questions" in body else "one"


class QuestionsBody(
    RootModel[
        Annotated[
            Annotated[OneQuestion, UnionTag("one")] | Annotated[ManyQuestions, UnionTag("many")],
            Discriminator(_one_or_many),
        ]
    ]
):
    """One question, or up to 500 of them under `questions`."""

    model_config = example(
        {
            "text": "Здравствуйте! Пуш не проходит, пишет rejected (fetch first)",
            "source": "platform",
            "external_id": "q-1042",
            "author": "student-77",
            "course": "frontend",
            "lesson": "fe-03",
            "asked_at": "2026-03-02T18:20:00+03:00",
            "suggest": True,
        }
    )


class SuggestBody(Body):
    """A question that is to be answered."""

    text: Text = Field(min_length=1, description="What the student asks; it may still be half typed.")
    course: Code = ""
    lesson: Code = ""
    question_id: Id | None = Field(None, description="The stored question, when there is one.")

    model_config = example({"text": "как отменить последний коммит", "course": "frontend"})


CASELESS = (FeedbackAction.NOTHING_FITS,)
"""What is done with a suggestion as a whole."""


class FeedbackBody(Body):
    """What became of a suggestion."""

    suggestion_id: Annotated[Text, Field(min_length=1, max_length=32)]
    action: FeedbackAction = Field(description="What the person did with it.")
    case_id: Id | None = Field(
        None, description="The case that this is about; nothing_fits takes none, all others need it."
    )
    comment: Annotated[Text, Field(max_length=2_000)] = ""

    model_config = example(
        {"suggestion_id": "Zk3vV0cQh1nqX2mR", "action": "accepted", "case_id": 17},
        {
            "properties": {
                "action": {"enum": [action.value for action in FeedbackAction if action not in CASELESS]},
                "case_id": {"type": "integer"},
            },
            "required": ["case_id"],
        },
        {
            "properties": {
                "action": {"enum": [action.value for action in CASELESS]},
                "case_id": {"type": "null"},
            }
        },
    )


class FeedbackUndoBody(Body):
    """Feedback to take back."""

    feedback_id: Id = Field(description="The id that came with it.")

    model_config = example({"feedback_id": 1})


class SearchQuery(Input):
    """A search."""

    q: Annotated[Text, Field(min_length=1)] = Field(description="What to look for.")
    course: Code = Field("", description="Only cases of this course and of none.")
    lesson: Code = ""
    language: Language = ""
    limit: int = Field(10, ge=1, le=50, description="The most cases to return.")


class WhyQuery(Input):
    """A pair of a text and a case."""

    q: Annotated[Text, Field(min_length=1)] = Field(description="What is asked.")
    case: Annotated[Text, Field(min_length=1, max_length=200)] = Field(description="Its short name or id.")
    course: Code = ""
    lesson: Code = ""
    language: Language = ""


_ABSENT: Any = None
"""The default of parameters whose type leaves None out: errors of a choice of types would name each."""


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default")  # an address has no null


class Listed(Input):
    """Which rows of a list."""

    limit: int = Field(50, ge=1, le=200)
    offset: int = Field(
        0, ge=0, le=10_000_000, description="Rows to pass over; they move while others write."
    )
    after: int = Field(
        _ABSENT,
        ge=0,
        le=LARGEST_ID,
        description="By id, those after this one: 0 at first, then the last id of each page. Nothing is"
        " missed or read twice, whatever is written meanwhile. Takes no offset and no sort.",
        json_schema_extra=_without_default,
    )

    @model_validator(mode="after")
    def _one_order(self) -> Self:
        spare = self.model_fields_set & {"offset", "sort"} if self.after is not None else set()
        if spare:
            raise at_fields(type(self).__name__, dict.fromkeys(sorted(spare), "'after' does not take it"))
        return self


def _with_plus(moment: Any) -> Any:
    """A time whose plus sign was not escaped: in addresses that is a space."""
    return (
        re.sub(r" (\d\d(?::?\d\d)?)$", r"+\1", moment)
        if isinstance(moment, str) and ":" in moment
        else moment
    )


Since = Annotated[AwareDatetime, BeforeValidator(_written), BeforeValidator(_with_plus)]
_SINCE = "Only those that changed then or later: a time with a time zone. In addresses a plus is `%2B`."


class CasesQuery(Listed):
    """Which cases to list.  Drafts and archived cases are never handed out."""

    state: Literal["published", "needs_check", "live"] = Field("published", description="live: both.")
    updated_since: Since = Field(_ABSENT, description=_SINCE, json_schema_extra=_without_default)
    course: Code = ""
    q: Line = Field("", description="Words that the title or the tags contain.")


class ClustersQuery(Listed):
    """Which clusters to list."""

    course: Code = ""
    sort: Literal["size", "recent", "uncovered"] = Field(
        "size", description="Most questions first: in all, of the last 28 days, or of those nobody answered."
    )


class QuestionsQuery(Input):
    """Which questions to list."""

    limit: int = Field(50, ge=1, le=200)
    after: int = Field(
        0, ge=0, le=LARGEST_ID, description="Those after this id: the last one of the page before."
    )
    updated_since: Since = Field(_ABSENT, description=_SINCE, json_schema_extra=_without_default)
    state: QuestionState | Literal[""] = ""
    course: Code = ""
    source: Code = ""


class QuestionPath(Input):
    """Which question."""

    question_id: Id


class CasePath(Input):
    """Which case."""

    case_id: Id


class ClusterPath(Input):
    """Which cluster."""

    cluster_id: Id
