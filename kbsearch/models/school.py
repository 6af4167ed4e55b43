"""Courses with lessons and cohorts, as the school outlines them, and how many students follow them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
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
    cohorts: Mapped[list[Cohort]] = relationship(order_by="Cohort.starts_on", cascade="all, delete-orphan")


class Lesson(Base):
    """One lesson of a course.  ``outline`` says what it teaches."""

    __tablename__ = "lesson"

    code: Mapped[str] = mapped_column(String(100), primary_key=True)
    course_code: Mapped[str] = mapped_column(ForeignKey("course.code", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(300))
    outline: Mapped[str] = mapped_column(Text, default="")
    course: Mapped[Course] = relationship(back_populates="lessons")


class Cohort(Base):
    """Students who begin a course together, on the day ``starts_on``."""

    __tablename__ = "cohort"
    __table_args__ = (UniqueConstraint("course_code", "starts_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_code: Mapped[str] = mapped_column(ForeignKey("course.code", ondelete="CASCADE"))
    starts_on: Mapped[date]


class Enrolment(Base):
    """How many active students a course had in the week that begins on the Monday ``week``.

    ``course_code`` need not be known to the outline.
    """

    __tablename__ = "enrolment"
    __table_args__ = (UniqueConstraint("course_code", "week"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_code: Mapped[str] = mapped_column(String(100))
    week: Mapped[date]
    students: Mapped[int]
