"""Courses and their lessons, as the school outlines them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kbsearch.models.base import Base


class Course(Base):
    """A programme of the school."""

    __tablename__ = "course"

    code: Mapped[str] = mapped_column(String(100), primary_key=True)
    title: Mapped[str] = mapped_column(String(300))
    lessons: Mapped[list[Lesson]] = relationship(
        back_populates="course", order_by="Lesson.position", cascade="all, delete-orphan"
    )


class Lesson(Base):
    """One lesson of a course.  ``outline`` says what it teaches."""

    __tablename__ = "lesson"

    code: Mapped[str] = mapped_column(String(100), primary_key=True)
    course_code: Mapped[str] = mapped_column(ForeignKey("course.code", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(300))
    outline: Mapped[str] = mapped_column(Text, default="")
    course: Mapped[Course] = relationship(back_populates="lessons")
