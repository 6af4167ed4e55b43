"""Puts a simulated school into a database: a question for each student who asked, clusters, a run, cases."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import insert

from kbsearch.database import Database
from kbsearch.models import Case, CaseState, Cluster, Cohort, Course, Membership, Question, Run
from tests.simulation.schools import SimulatedSchool

WEEK = timedelta(days=7)
RUN = 1


def course_code(course: int) -> str:
    """The code of a simulated course; "" for the whole school."""
    return f"course-{course}" if course >= 0 else ""


def store(database: Database, school: SimulatedSchool, now: datetime, seed: int = 0) -> None:
    """Store ``school``, whose last week ends at ``now``.  Clusters and cases are numbered from 1."""
    random = np.random.default_rng(seed)
    weeks = school.counts.shape[1]
    questions, memberships = [], []
    for row, series in enumerate(school.counts.tolist()):
        for week, count in enumerate(series):
            for moment in random.random(count):
                number = len(questions) + 1
                asked = now - (weeks - week - float(moment) * 0.999) * WEEK
                code = course_code(int(school.courses[row]))
                questions.append(_question(number, code, asked))
                memberships.append(
                    {"run_id": RUN, "question_id": number, "cluster_id": row + 1, "strength": 1.0}
                )
    with database.writing() as session:
        session.add(Run(id=RUN, algorithm="leiden", parameters={}, finished_at=now))
        for course, starts in school.starts.items():
            session.add(Course(code=course_code(course), title=f"Course {course}"))
            session.flush()
            days = {(now - (weeks - start) * WEEK).date() for start in starts}
            session.add_all(Cohort(course_code=course_code(course), starts_on=day) for day in sorted(days))
        session.flush()
        for row, size in enumerate(school.counts.sum(axis=1).tolist()):
            session.add(
                Cluster(id=row + 1, label=f"Topic {row}", size=size, first_run_id=RUN, last_run_id=RUN)
            )
        session.flush()
        session.execute(insert(Question), questions)
        session.execute(insert(Membership), memberships)
        for number, case in enumerate(school.cases, 1):
            session.add(_case(number, case.cluster + 1, now - (weeks - case.week) * WEEK))


def _question(number: int, course: str, asked: datetime) -> dict[str, object]:
    return {
        "id": number,
        "source": "simulated",
        "external_id": str(number),
        "text": f"question {number}",
        "text_key": str(number),
        "author_key": f"author-{number}",
        "course_code": course,
        "asked_at": asked,
        "state": "open",
    }


def _case(number: int, cluster_id: int, published: datetime) -> Case:
    return Case(
        id=number,
        slug=f"case-{number}",
        title=f"Case {number}",
        answer="An answer.",
        state=CaseState.PUBLISHED,
        cluster_id=cluster_id,
        published_at=published,
        first_published_at=published,
    )
