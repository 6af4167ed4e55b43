"""What a fault looks like in figures: the report that the platform's developers get."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kbsearch.models import Fault, FaultState, Question, QuestionState

EXAMPLES = 3
MOST_MESSAGES = 6
MOST_LESSONS = 8
LONGEST_EXAMPLE = 300
_STATUS = re.compile(
    r"(?<![\d.,:/-])([45]\d\d)(?![\d.,:%-])(?:\s+([A-Z][a-zA-Z-]+(?:\s[A-Z][a-zA-Z-]+){0,2}))?"
)
_NAMED = re.compile(
    r"bad gateway|gateway time-?out|internal server error|service unavailable"
    r"|connection (?:refused|reset|timed out)|net::err_\w+|[a-z]+error(?=:)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[«“\"]([^«»“”\"\n]{4,80})[»”\"]")


@dataclass(frozen=True, slots=True)
class FaultReport:
    """A fault in figures.

    ``students``: different authors; each question of an unknown author counts as one.  ``waiting``: questions
    that nobody has answered.  ``hourly``: (hour, questions) from the first to the last hour.  ``examples``:
    up to three questions of different times.  ``lessons``: (course, lesson, questions), most first.
    ``messages``: what the students were shown, with the questions that tell of it.
    """

    since: datetime
    last: datetime
    questions: int
    students: int
    waiting: int
    hourly: tuple[tuple[datetime, int], ...]
    examples: tuple[Question, ...]
    lessons: tuple[tuple[str, str, int], ...]
    messages: tuple[tuple[str, int], ...]

    @property
    def busiest(self) -> int:
        """Questions of the busiest hour."""
        return max((count for _, count in self.hourly), default=0)


def report_of(
    fault: Fault, questions: Sequence[tuple[Question, float]], hours: Sequence[datetime]
) -> FaultReport:
    """The report of ``fault``.

    Args:
        fault: which one.
        questions: those that belong to it and how likely each does, in the order of time.
        hours: the full hours that it lasted.
    """
    asked = [question for question, _ in questions]
    known = {question.author_key for question in asked if question.author_key}
    counted = Counter(hour for question in asked for hour in [hour_of(hours, question.asked_at)])
    lessons = Counter(
        (question.course_code, question.lesson_code) for question in asked if question.course_code
    )
    return FaultReport(
        since=fault.started_at,
        last=fault.last_at,
        questions=len(asked),
        students=len(known) + sum(not question.author_key for question in asked),
        waiting=sum(question.state == QuestionState.OPEN for question in asked),
        hourly=tuple((hour, counted[hour]) for hour in hours),
        examples=_examples(questions),
        lessons=tuple((*place, count) for place, count in lessons.most_common(MOST_LESSONS)),
        messages=tuple(messages_in([question.text for question in asked]).most_common(MOST_MESSAGES)),
    )


def hour_of(hours: Sequence[datetime], moment: datetime) -> datetime:
    """The one of ``hours`` that a question of this moment is counted in."""
    return max((hour for hour in hours if hour <= moment), default=hours[0])


def _examples(questions: Sequence[tuple[Question, float]]) -> tuple[Question, ...]:
    """The likeliest question of each third of the time that says more than two words, and something new."""
    telling = [pair for pair in questions if len(pair[0].text.split()) > 2] or list(questions)  # noqa: PLR2004
    parts = [
        telling[len(telling) * at // EXAMPLES : len(telling) * (at + 1) // EXAMPLES] for at in range(EXAMPLES)
    ]
    chosen: dict[str, Question] = {}
    for part in parts:
        new = [pair for pair in part if pair[0].text_key not in chosen]
        if new:
            best = max(new, key=lambda pair: pair[1])[0]
            chosen[best.text_key] = best
    return tuple(chosen.values())


def messages_in(texts: Sequence[str]) -> Counter[str]:
    """HTTP statuses, named errors and quoted messages, each by how many of ``texts`` tell of it."""
    found: Counter[str] = Counter()
    for text in texts:
        statuses = {match[1] for match in _STATUS.finditer(text)}
        named = {match[0].lower() for match in _NAMED.finditer(text)}
        quoted = {" ".join(match[1].split()) for match in _QUOTED.finditer(text)}
        found.update(
            statuses | named | {one for one in quoted if not (one.lower() in named or one in statuses)}
        )
    return found


def as_data(fault: Fault, report: FaultReport) -> dict[str, Any]:
    """The report as JSON: what the API answers and the webhook sends."""
    return {
        "id": fault.id,
        "state": FaultState(fault.state).value,
        "since": report.since.isoformat(),
        "last": report.last.isoformat(),
        "found": fault.found_at.isoformat(),
        "questions": report.questions,
        "students": report.students,
        "waiting": report.waiting,
        "per_hour": [{"hour": hour.isoformat(), "questions": count} for hour, count in report.hourly],
        "examples": [question.text[:LONGEST_EXAMPLE] for question in report.examples],
        "lessons": [
            {"course": course, "lesson": lesson, "questions": count}
            for course, lesson, count in report.lessons
        ],
        "messages": [{"text": text, "questions": count} for text, count in report.messages],
        "answer": fault.answer,
    }
