"""Reads the sample school that comes with kbsearch: its questions in time, and which case answers each."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from kbsearch.errors import NotFound
from kbsearch.importers.records import IncomingCourse, IncomingLesson, IncomingQuestion, IncomingReply

SOURCE = "sample"


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of a question: the case that answers it ("" none), its topic, and whether it is one."""

    question_id: str
    case_slug: str
    topic: str
    is_question: bool


def sample_school_folder() -> Path:
    """The folder of the sample school: inside the installed package, or beside it in a checkout.

    Raises:
        NotFound: the installation is incomplete.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "data" / "sample_school", package.parent / "data" / "sample_school"):
        if folder.is_dir():
            return folder
    raise NotFound(
        "The sample school is not part of this installation.", remedy="Install kbsearch from its wheel."
    )


def read_courses(folder: Path, until: datetime | None = None) -> Iterator[IncomingCourse]:
    """The courses of the school, their cohorts shifted by as many weeks as `read_questions` shifts."""
    shift = _shift(_rows(folder), until)
    for path in sorted((folder / "courses").glob("*.json")):
        course = json.loads(path.read_text("utf-8"))
        yield IncomingCourse(
            course["id"],
            course["title"],
            tuple(
                IncomingLesson(lesson["id"], lesson["title"], lesson["outline"])
                for lesson in course["lessons"]
            ),
            path.name,
            tuple(date.fromisoformat(day) + shift for day in course["cohorts"]),
        )


def _rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "questions.jsonl").read_text("utf-8").splitlines()]


def _shift(rows: Sequence[Mapping[str, Any]], until: datetime | None) -> timedelta:
    last = datetime.fromisoformat(rows[-1]["asked_at"])
    return timedelta(weeks=(until - last) // timedelta(weeks=1)) if until else timedelta()


def read_questions(folder: Path, until: datetime | None = None) -> Iterator[IncomingQuestion]:
    """The questions of the school in order of time.

    With ``until`` all times are shifted by whole weeks, so that the last question is less than a week
    before it: weekdays and hours stay what they were.
    """
    rows = _rows(folder)
    shift = _shift(rows, until)
    for row in rows:
        yield IncomingQuestion(
            text=row["text"],
            source=SOURCE,
            external_id=row["id"],
            author=row["author"],
            course=row["course"],
            lesson=row["lesson"],
            asked_at=datetime.fromisoformat(row["asked_at"]) + shift,
            replies=tuple(
                IncomingReply(
                    text=reply["text"],
                    author=reply["author"],
                    by_mentor=reply["by_mentor"],
                    replied_at=datetime.fromisoformat(reply["replied_at"]) + shift,
                )
                for reply in row.get("replies", ())
            ),
            place=row["id"],
        )


def read_truth(folder: Path) -> dict[str, Truth]:
    """The truth of each question id."""
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["question_id"]: Truth(
                row["question_id"], row["case_id"], row["topic"], row["kind"] == "question"
            )
            for row in csv.DictReader(file)
        }
