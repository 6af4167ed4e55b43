"""The questions behind each number of a fault's report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kbsearch.models import Question, QuestionState
from kbsearch.services.fault_report import FaultReport, hour_of, messages_in
from web.ui.context import school
from web.ui.days import short_moment
from web.ui.forms import text_of
from web.ui.texts import gettext

Belonging = Sequence[tuple[Question, float]]


@dataclass(frozen=True, slots=True)
class FaultPart:
    """Some questions of a fault, with how likely each belongs to it; ``said``: which, "" for all."""

    questions: Belonging
    said: str = ""


def part_of(report: FaultReport, questions: Belonging) -> FaultPart:
    """Those of the fault's ``questions`` that the address asks for, as its report counts them."""
    if text_of("waiting"):
        return _those(
            questions, [q.state == QuestionState.OPEN for q, _ in questions], gettext("Waiting").lower()
        )
    if saw := text_of("saw"):
        return _those(questions, [saw in messages_in([q.text]) for q, _ in questions], saw)
    if course := text_of("course"):
        lesson = text_of("lesson")
        said = " · ".join(part for part in (school().course(course), school().lesson(lesson)) if part)
        return _those(
            questions, [(q.course_code, q.lesson_code) == (course, lesson) for q, _ in questions], said
        )
    hours = [hour for hour, _ in report.hourly]
    if hour := next((one for one in hours if one.isoformat() == text_of("hour")), None):
        return _those(
            questions, [hour_of(hours, q.asked_at) == hour for q, _ in questions], short_moment(hour)
        )
    return FaultPart(questions)


def _those(questions: Belonging, wanted: Sequence[bool], said: str) -> FaultPart:
    return FaultPart([each for each, one in zip(questions, wanted, strict=True) if one], said)
