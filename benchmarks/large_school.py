"""A large invented school in a database, written in bulk: questions, clusters, cases, what was found of them.

Sizes of clusters fall as 1/rank, cohorts begin every month, a tenth of the questions is of the last month.
The texts mean nothing: this is for measuring how long pages take, not for matching.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
from sqlalchemy import insert

from kbsearch.database import Database
from kbsearch.models import (
    Aside,
    AsideReason,
    Base,
    Case,
    CaseState,
    ChangeKind,
    Cluster,
    Cohort,
    Colour,
    Course,
    Coverage,
    CoverageSample,
    Enrolment,
    Fault,
    FaultQuestion,
    FaultSignal,
    FaultState,
    InferredLesson,
    Lesson,
    Membership,
    ProposalLine,
    ProposedPlace,
    Question,
    QuestionState,
    Reply,
    Run,
    RunMap,
    RunState,
    Theme,
    Variant,
)
from kbsearch.services.map_points import packed

WORDS = "git commit ошибка тест проект как сдать задание сервер порт файл вебинар срок почему не работает"
WEEKS = 104
RUNS = 3
FIRST_CLUSTER = 1


@dataclass(frozen=True, slots=True)
class Size:
    """How large the school is."""

    questions: int = 100_000
    clusters: int = 1_200
    themes: int = 90
    courses: int = 12
    lessons: int = 30
    students: int = 15_000
    cases: int = 600


def plant(database: Database, size: Size, now: datetime, seed: int = 1) -> None:
    """Write the school into an empty database."""
    school = _School(size, now, seed)
    for model, rows in school.tables():
        with database.writing() as session:
            while some := list(islice(rows, 5_000)):
                session.execute(insert(model), some)


class _School:
    def __init__(self, size: Size, now: datetime, seed: int) -> None:
        self._size, self._now = size, now
        chance = self._chance = np.random.default_rng(seed)
        count = size.questions
        weights = 1.0 / np.arange(1, size.clusters + 1)
        self._of_course = chance.integers(0, size.courses, size.clusters)
        self._cluster = chance.choice(size.clusters, count, p=weights / weights.sum())
        self._cluster[: size.clusters] = np.arange(size.clusters)
        self._inside = chance.random(count) < 0.85
        self._inside[: size.clusters] = True
        own = chance.random(count) < 0.8
        self._course = np.where(own, self._of_course[self._cluster], chance.integers(0, size.courses, count))
        self._lesson = chance.integers(0, size.lessons, count)
        self._told = chance.random(count) < 0.7
        self._age = chance.random(count) * WEEKS * 7
        self._author = chance.integers(0, size.students, count)
        self._case = np.where(chance.random(count) < 0.4, self._cluster % size.cases + 1, 0)
        self._state = chance.random(count)

    def tables(self) -> Iterator[tuple[type[Base], Iterator[dict[str, Any]]]]:
        """Each table with its rows, those that others refer to first."""
        yield Course, ({"code": self._code(n), "title": f"Курс {n}"} for n in range(self._size.courses))
        yield Lesson, self._lessons()
        yield Cohort, self._cohorts()
        yield Enrolment, self._enrolments()
        yield Run, self._runs()
        yield Theme, self._themes()
        yield Cluster, self._clusters()
        yield Case, self._cases()
        yield Question, self._questions()
        yield Reply, self._replies()
        yield Variant, self._variants()
        yield Membership, self._memberships()
        yield ProposalLine, self._lines()
        yield ProposedPlace, self._places()
        yield Coverage, self._coverage()
        yield CoverageSample, self._samples()
        yield InferredLesson, self._inferred()
        yield Aside, self._asides()
        yield Fault, self._faults()
        yield (
            FaultQuestion,
            ({"question_id": n + 1, "fault_id": n // 20 + 1, "probability": 0.9} for n in range(400)),
        )
        yield FaultSignal, self._signals()
        yield RunMap, self._map()

    def _code(self, course: int) -> str:
        return f"course-{course}"

    def _lesson_code(self, course: int, lesson: int) -> str:
        return f"course-{course}-lesson-{lesson}"

    def _text(self, number: int) -> str:
        words = WORDS.split()
        picked = (words[(number * step + step) % len(words)] for step in range(1, 13))
        return f"{' '.join(picked)} {number}"

    def _asked_at(self, number: int) -> datetime:
        return self._now - timedelta(days=float(self._age[number]))

    def _lessons(self) -> Iterator[dict[str, Any]]:
        for course in range(self._size.courses):
            for n in range(self._size.lessons):
                code = self._lesson_code(course, n)
                title = f"Урок {n}: {self._text(n)[:40]}"
                yield {"code": code, "course_code": self._code(course), "position": n, "title": title}

    def _cohorts(self) -> Iterator[dict[str, Any]]:
        for course in range(self._size.courses):
            for month in range(24):
                day = (self._now - timedelta(days=30 * month + course)).date()
                yield {"course_code": self._code(course), "starts_on": day}

    def _enrolments(self) -> Iterator[dict[str, Any]]:
        monday = self._now.date() - timedelta(days=self._now.weekday())
        for course in range(self._size.courses):
            for week in range(WEEKS):
                day = monday - timedelta(weeks=week)
                yield {"course_code": self._code(course), "week": day, "students": 800 + 7 * week}

    def _runs(self) -> Iterator[dict[str, Any]]:
        for n in range(RUNS + 1):
            at = self._now - timedelta(days=7 * (RUNS - n) + 1)
            state = RunState.ACCEPTED if n < RUNS else RunState.PROPOSED
            known = {"newest_question": self._size.questions}
            yield {
                "id": n + 1,
                "state": state,
                "algorithm": "hdbscan",
                "parameters": known,
                "quality": {},
                "started_at": at,
                "finished_at": at,
                "decided_at": at if n < RUNS else None,
            }

    def _themes(self) -> Iterator[dict[str, Any]]:
        for n in range(self._size.themes):
            label = f"Тема {n}"
            yield {"id": n + 1, "label": label, "keywords": [], "first_run_id": 1, "last_run_id": RUNS}

    def _clusters(self) -> Iterator[dict[str, Any]]:
        sizes = np.bincount(self._cluster[self._inside], minlength=self._size.clusters)
        for n in range(self._size.clusters):
            yield {
                "id": n + 1,
                "label": self._text(n),
                "keywords": WORDS.split()[:6],
                "theme_id": n % self._size.themes + 1,
                "size": int(sizes[n]),
                "first_run_id": 1,
                "last_run_id": RUNS,
            }

    def _cases(self) -> Iterator[dict[str, Any]]:
        for n in range(self._size.cases):
            at = self._now - timedelta(days=20 + n)
            live = n % 3 > 0
            yield {
                "id": n + 1,
                "slug": f"case-{n}",
                "title": self._text(n)[:80],
                "answer": self._text(n) * 20,
                "course_code": self._code(int(self._of_course[n])),
                "lessons": [],
                "tags": [],
                "state": CaseState.PUBLISHED if live else CaseState.DRAFT,
                "cluster_id": n + 1,
                "published_at": at if live else None,
                "first_published_at": at if live else None,
                "version": 1,
            }

    def _questions(self) -> Iterator[dict[str, Any]]:
        for n in range(self._size.questions):
            course = int(self._course[n])
            state = self._state[n]
            is_answered = self._case[n] or state < 0.5
            yield {
                "id": n + 1,
                "source": "invented",
                "external_id": str(n),
                "text": self._text(n),
                "text_key": f"{n:064x}",
                "author_key": f"{int(self._author[n]):064x}",
                "course_code": self._code(course),
                "lesson_code": self._lesson_code(course, int(self._lesson[n])) if self._told[n] else "",
                "language": "ru",
                "asked_at": self._asked_at(n),
                "received_at": self._asked_at(n),
                "state": QuestionState.ANSWERED
                if is_answered
                else QuestionState.DISMISSED
                if state > 0.98  # two in a hundred
                else QuestionState.OPEN,
                "case_id": int(self._case[n]) or None,
            }

    def _replies(self) -> Iterator[dict[str, Any]]:
        for n in range(0, self._size.questions, 2):
            yield {"question_id": n + 1, "position": 0, "text": self._text(n), "by_mentor": True}

    def _variants(self) -> Iterator[dict[str, Any]]:
        for n in range(3 * self._size.cases):
            case_id = n % self._size.cases + 1
            yield {"case_id": case_id, "position": n // self._size.cases, "text": self._text(n)}

    def _members(self) -> Iterator[tuple[int, int, float, int | None]]:
        """Question, cluster, strength and rank."""
        seen = np.zeros(self._size.clusters, np.int64)
        for n in np.flatnonzero(self._inside):
            cluster = int(self._cluster[n])
            seen[cluster] += 1
            rank = int(seen[cluster]) if seen[cluster] <= 3 else None  # exemplars
            yield int(n) + 1, cluster + 1, 0.3 + 0.7 * float(self._state[n]), rank

    def _memberships(self) -> Iterator[dict[str, Any]]:
        for run in range(1, RUNS + 1):
            for question, cluster, strength, rank in self._members():
                yield {
                    "run_id": run,
                    "question_id": question,
                    "cluster_id": cluster,
                    "strength": strength,
                    "exemplar_rank": rank,
                }

    def _lines(self) -> Iterator[dict[str, Any]]:
        """Every cluster stays, but each third one grows."""
        for n in range(self._size.clusters):
            grows = n % 3 == 0
            yield {
                "id": n + 1,
                "run_id": RUNS + 1,
                "kind": ChangeKind.GROWN if grows else ChangeKind.SAME,
                "number": n,
                "cluster_id": n + 1,
                "label": self._text(n),
                "keywords": WORDS.split()[:6],
                "overlap": 0.9,
                "joined": 10 if grows else 0,
                "left": 0,
                "examples": [n + 1] if grows else [],
                "theme": {},
            }

    def _places(self) -> Iterator[dict[str, Any]]:
        """Those that were in no cluster join the nearest third one."""
        for question, cluster, strength, rank in self._members():
            yield _place(question, None, cluster - 1, cluster, strength, rank)
        for n in np.flatnonzero(~self._inside):
            line = int(self._cluster[n]) // 3 * 3 + 1
            yield _place(int(n) + 1, line, line - 1, None, 0.5, None)

    def _coverage(self) -> Iterator[dict[str, Any]]:
        for n in range(self._size.clusters):
            sampled = 50
            sure = (0, 20, 45)[n % 3]
            yield {
                "cluster_id": n + 1,
                "colour": (Colour.RED, Colour.YELLOW, Colour.GREEN)[n % 3],
                "sampled": sampled,
                "sure": sure,
                "same_case": sure,
                "case_id": n % self._size.cases + 1,
                "lesson_code": self._lesson_code(int(self._of_course[n]), n % self._size.lessons),
                "lesson_probability": 0.5,
                "in_programme": n % 4 > 0,
                "model_version": "1",
                "checked_at": self._now,
            }

    def _samples(self) -> Iterator[dict[str, Any]]:
        seen = np.zeros(self._size.clusters, np.int64)
        for question, cluster, _, _ in self._members():
            seen[cluster - 1] += 1
            if seen[cluster - 1] <= 50:  # as large as samples are
                yield {
                    "question_id": question,
                    "cluster_id": cluster,
                    "case_id": cluster % self._size.cases + 1,
                    "probability": 0.8,
                    "model_version": "1",
                    "checked_at": self._now,
                }

    def _inferred(self) -> Iterator[dict[str, Any]]:
        for n in np.flatnonzero(~self._told)[::2]:
            code = self._lesson_code(int(self._course[n]), int(self._lesson[n]))
            yield {"question_id": int(n) + 1, "lesson_code": code, "probability": 0.8}

    def _asides(self) -> Iterator[dict[str, Any]]:
        for n in np.flatnonzero(~self._inside)[::2]:
            yield {"question_id": int(n) + 1, "reason": list(AsideReason)[n % 9], "probability": 0.9}

    def _faults(self) -> Iterator[dict[str, Any]]:
        for n in range(20):
            at = self._now - timedelta(days=9 * n, hours=1)
            state = FaultState.OPEN if n < 2 else FaultState.CLOSED  # two are going on
            evidence = {"count": 20, "hours": 1, "expected": 0.5, "share": 0.8, "p": 1e-9}
            yield {"id": n + 1, "state": state, "started_at": at, "last_at": at, "evidence": evidence}

    def _signals(self) -> Iterator[dict[str, Any]]:
        for n in range(self._size.questions):
            chance = 0.9 if n < 400 else 0.02  # those of faults
            yield {"question_id": n + 1, "asked_at": self._asked_at(n), "probability": chance}

    def _map(self) -> Iterator[dict[str, Any]]:
        ids = np.arange(1, self._size.questions + 1)
        clusters = np.where(self._inside, self._cluster + 1, 0)
        points = self._chance.random((self._size.questions, 2))
        yield {"run_id": RUNS, "points": packed(ids, clusters, points.astype(np.float32)), "places": {}}


def _place(  # noqa: PLR0917  # the columns in their order
    question: int, line: int | None, number: int, cluster: int | None, strength: float, rank: int | None
) -> dict[str, Any]:
    return {
        "run_id": RUNS + 1,
        "question_id": question,
        "line_id": line,
        "number": number,
        "from_id": cluster,
        "strength": strength,
        "exemplar_rank": rank,
    }


def noon() -> datetime:
    """A moment of today, the same for all who measure today."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
