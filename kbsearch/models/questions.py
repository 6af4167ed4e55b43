"""Questions and the replies they got.  What was asked never changes; only its state does."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, event, inspect
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from kbsearch.errors import Conflict
from kbsearch.models.base import Base, utc_now


class QuestionState(StrEnum):
    """Where a question stands: ``open`` waits, ``answered`` has a reply or a case, ``dismissed`` is none."""

    OPEN = "open"
    ANSWERED = "answered"
    DISMISSED = "dismissed"


COUNTED = ("asked_at", "state", "case_id", "course_code", "lesson_code", "author_key")
"""What insights count questions by."""


class Question(Base):
    """What a student asked, masked.  ``author_key`` is a keyed hash; "" when the author is unknown.

    ``course_code`` and ``lesson_code`` hold what the source said and need not be known to the school's
    outline; "" means none.  ``text_key`` is a hash of the normalised text: equal keys, same question.
    ``import_id``: the import that brought it; None when none did, or nobody kept that yet.  ``updated_at``:
    when its state, its case or its replies changed last; whatever updates a row sets it.
    """

    __tablename__ = "question"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_question_course_lesson", "course_code", "lesson_code"),
        # All that insights count of the questions of a time, so that they never touch the table itself.
        Index("ix_question_asked", *COUNTED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(100))
    external_id: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    text_key: Mapped[str] = mapped_column(String(64), index=True)
    author_key: Mapped[str] = mapped_column(String(64), default="", index=True)
    course_code: Mapped[str] = mapped_column(String(100), default="")
    lesson_code: Mapped[str] = mapped_column(String(100), default="")
    language: Mapped[str] = mapped_column(String(8), default="")
    asked_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime | None] = mapped_column(default=utc_now, onupdate=utc_now, index=True)
    state: Mapped[QuestionState] = mapped_column(String(20), default=QuestionState.OPEN, index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="SET NULL"), index=True)
    import_id: Mapped[int | None] = mapped_column(ForeignKey("import.id"))
    replies: Mapped[list[Reply]] = relationship(
        back_populates="question", order_by="Reply.position", cascade="all, delete-orphan"
    )


class Reply(Base):
    """A reply to a question, masked.  ``by_mentor`` tells staff from fellow students.

    ``import_id``: the import that brought it; ``accepted_import_id``: the one that told later that it is
    accepted.
    """

    __tablename__ = "reply"
    __table_args__ = (UniqueConstraint("question_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    position: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    author_key: Mapped[str] = mapped_column(String(64), default="")
    by_mentor: Mapped[bool] = mapped_column(default=False)
    accepted: Mapped[bool] = mapped_column(default=False)
    replied_at: Mapped[datetime | None]
    import_id: Mapped[int | None] = mapped_column(ForeignKey("import.id"))
    accepted_import_id: Mapped[int | None] = mapped_column(ForeignKey("import.id"))
    question: Mapped[Question] = relationship(back_populates="replies")


IMMUTABLE = (
    "source",
    "external_id",
    "text",
    "text_key",
    "author_key",
    "course_code",
    "lesson_code",
    "language",
    "asked_at",
)


@event.listens_for(Question, "before_update")
def _refuse_changes(mapper: Mapper[Question], connection: Connection, question: Question) -> None:
    changed = [name for name in IMMUTABLE if inspect(question).attrs[name].history.has_changes()]
    if changed:
        raise Conflict(
            "Question {id} cannot change its {fields}: questions are immutable.",
            remedy="Take in a new question instead.",
            id=question.id,
            fields=", ".join(changed),
        )
