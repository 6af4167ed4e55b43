"""Suggestions, the matches they showed, and the feedback people gave."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kbsearch.models.base import Base, utc_now


class Decision(StrEnum):
    """What kbsearch says to one question."""

    ANSWER = "answer"
    SUGGEST = "suggest"
    ABSTAIN = "abstain"


class FeedbackAction(StrEnum):
    """What a person did with a suggestion."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EDITED = "edited"
    COPIED = "copied"
    NOTHING_FITS = "nothing_fits"
    ANSWERED = "answered"
    """The question was answered with this case, whether it was shown or not."""


class Surface(StrEnum):
    """Where a suggestion was seen."""

    API = "api"
    SEARCH = "search"
    QUESTION = "question"


class Suggestion(Base):
    """Our reply to one question.  ``id`` is a random public token; ``text`` is masked.

    ``held_back``: it would have been an ``answer`` if live precision had kept the promise.
    """

    __tablename__ = "suggestion"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    question_id: Mapped[int | None] = mapped_column(
        ForeignKey("question.id", ondelete="SET NULL"), index=True
    )
    text: Mapped[str] = mapped_column(Text)
    course_code: Mapped[str] = mapped_column(String(100), default="")
    lesson_code: Mapped[str] = mapped_column(String(100), default="")
    language: Mapped[str] = mapped_column(String(8), default="", server_default="")
    surface: Mapped[Surface] = mapped_column(String(20), default=Surface.API, server_default="api")
    decision: Mapped[Decision] = mapped_column(String(20), index=True)
    held_back: Mapped[bool] = mapped_column(default=False, server_default=false())
    degraded: Mapped[bool] = mapped_column(default=False)
    model_version: Mapped[str] = mapped_column(String(100), default="")
    milliseconds: Mapped[float] = mapped_column(default=0.0)
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    matches: Mapped[list[Match]] = relationship(
        back_populates="suggestion", order_by="Match.rank", cascade="all, delete-orphan"
    )
    feedback: Mapped[list[Feedback]] = relationship(back_populates="suggestion", cascade="all, delete-orphan")


class Match(Base):
    """A case shown for a question, at ``rank`` 1…, with its probability in [0, 1] and its reasons."""

    __tablename__ = "match"

    suggestion_id: Mapped[str] = mapped_column(
        ForeignKey("suggestion.id", ondelete="CASCADE"), primary_key=True
    )
    rank: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    probability: Mapped[float]
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    suggestion: Mapped[Suggestion] = relationship(back_populates="matches")


class Feedback(Base):
    """What a person (or a program, by token) did with a suggestion.

    ``rank``: the place at which the case was shown, 1…; 0 when it was not, or when no case is meant.
    ``before``: state and case of the question until this feedback answered it; None when it did not.
    ``withdrawn_at``: when the giver took it back; from then on it counts nowhere.
    """

    __tablename__ = "feedback"

    id: Mapped[int] = mapped_column(primary_key=True)
    suggestion_id: Mapped[str] = mapped_column(ForeignKey("suggestion.id", ondelete="CASCADE"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="SET NULL"), index=True)
    action: Mapped[FeedbackAction] = mapped_column(String(20))
    rank: Mapped[int] = mapped_column(default=0, server_default="0")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    token_id: Mapped[int | None] = mapped_column(ForeignKey("token.id", ondelete="SET NULL"))
    comment: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    withdrawn_at: Mapped[datetime | None]
    suggestion: Mapped[Suggestion] = relationship(back_populates="feedback")
