"""What each import told of the school, and what was known before: kept so that it can come back.

A part of a course (its outline, its cohorts, its students in one week) is always replaced whole.  So the
imports that told one are a chain, in the order of their rows, and one can be taken out of it: see
`kbsearch.services.school_reverting`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kbsearch.importers.records import IncomingCourse
from kbsearch.models import Course, SchoolChange, SchoolPart
from kbsearch.services.intake import clean
from kbsearch.services.outlines import cohorts_of, outlines_of, store_course
from kbsearch.services.row_chunks import chunks

Value = dict[str, Any] | None
"""What is known of a part (`Outline`, `Cohorts` or ``{"students": number}``); None: nothing."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a course that is replaced whole; ``week``: of a number of students."""

    name: SchoolPart
    course: str
    week: date | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What was known of a part before an import told it, and since."""

    part: Part
    before: Value
    now: Value


def mark_of(value: Value) -> str:
    """A fingerprint that is the same for the same value."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def part_of(row: SchoolChange) -> Part:
    """The part that a row is about."""
    return Part(SchoolPart(row.part), row.course_code, row.week)


def store_outline(session: Session, incoming: IncomingCourse, import_id: int) -> None:
    """`store_course`, and keep what was known before.

    Raises:
        InvalidInput: as `store_course`.
    """
    code = clean(incoming.code)
    lock_courses(session)
    outline, cohorts = outlines_of(session, [code]).get(code), cohorts_of(session, [code])[code]
    store_course(session, incoming)
    now = outlines_of(session, [code])[code]
    told = [Told(Part(SchoolPart.OUTLINE, code), outline, now)]
    if incoming.cohorts is not None:
        told.append(Told(Part(SchoolPart.COHORTS, code), cohorts, cohorts_of(session, [code])[code]))
    note_told(session, import_id, told)


def lock_courses(session: Session) -> None:
    """Let nobody else change a course before this transaction ends: what was before would be a guess."""
    session.execute(select(Course.code).order_by(Course.code).with_for_update())


def note_told(session: Session, import_id: int, told: Sequence[Told]) -> None:
    """Keep, in the transaction that stores it, what the import told and what was known before."""
    own = _own(session, import_id, {one.part.course for one in told})
    for one in told:
        row, before = own.get(one.part), mark_of(one.before)
        if row is None or row.told != before:  # the first time, or somebody else told it in between
            row = SchoolChange(
                import_id=import_id,
                part=one.part.name,
                course_code=one.part.course,
                week=one.part.week,
                changed=False,
                told=before,
            )
            session.add(row)
            own[one.part] = row
        set_told(row, row.before if row.changed else one.before, mark_of(one.now))


def set_told(row: SchoolChange, before: Value, told: str) -> None:
    """Let ``row`` say that what was ``before`` became what has the fingerprint ``told``."""
    row.told, row.changed = told, mark_of(before) != told
    row.before = before if row.changed else None


def _own(session: Session, import_id: int, courses: set[str]) -> dict[Part, SchoolChange]:
    """The last row of the import for each part of the ``courses``."""
    found: dict[Part, SchoolChange] = {}
    for some in chunks(sorted(courses)):
        of_them = (SchoolChange.import_id == import_id, SchoolChange.course_code.in_(some))
        rows = session.scalars(select(SchoolChange).where(*of_them).order_by(SchoolChange.id))
        found |= {part_of(row): row for row in rows}
    return found
