"""What repeats what: questions that ask the same as an earlier one, and cases judged in pairs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from kbsearch.models.base import Base, utc_now

NOT_UNDONE = text("undone_at IS NULL")


class LinkKind(StrEnum):
    """How a repeat was recognised: the same words, the model of pairs, or a person."""

    EXACT = "exact"
    NEAR = "near"
    PERSON = "person"


class QuestionLink(Base):
    """``question_id`` repeats ``to_id``, a question taken in earlier, with ``probability`` in [0, 1].

    A question has at most one link that is not undone, so links make trees; ``root_id`` is the first question
    of the tree.  ``person_id`` None: the machine made it.  A link that a person undid keeps its row: the
    machine never makes one between the two again.
    """

    __tablename__ = "question_link"
    __table_args__ = (
        Index(
            "uq_question_link_question_id",
            "question_id",
            unique=True,
            sqlite_where=NOT_UNDONE,
            postgresql_where=NOT_UNDONE,
        ),
        Index("ix_question_link_question", "question_id"),
        Index("ix_question_link_root", "root_id"),
        Index("ix_question_link_to", "to_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    to_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    root_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    kind: Mapped[LinkKind] = mapped_column(String(20))
    probability: Mapped[float]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))


class PairVerdict(StrEnum):
    """What a person said about two cases."""

    DIFFERENT = "different"
    MERGED = "merged"


class CasePair(Base):
    """A verdict on two cases.  ``merged``: ``case_id`` went into ``other_id``.

    ``moved`` tells what went with it: ``state`` (of the merged case before), ``questions`` (ids that
    have the other case now), ``variants``, ``tags``, ``lessons`` (added to it), ``cluster_id`` (given to it).
    """

    __tablename__ = "case_pair"
    __table_args__ = (
        Index("ix_case_pair_case", "case_id"),
        Index("ix_case_pair_other", "other_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    other_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    verdict: Mapped[PairVerdict] = mapped_column(String(20))
    moved: Mapped[dict[str, Any]] = mapped_column(default=dict)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    undone_at: Mapped[datetime | None]
