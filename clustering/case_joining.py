"""New questions join the cluster of the case that comes first for them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clustering.by_case import FEWEST, LEAST
from clustering.joined_rows import Joined, free_of, store_joined
from kbsearch.database import Database
from kbsearch.models import FirstMatch, Membership, Question, QuestionState
from kbsearch.services.asides import aside_ids
from kbsearch.services.current_run import current_run
from kbsearch.services.edit_rows import standing_edits
from kbsearch.services.first_matches import firsts_of
from kbsearch.services.row_chunks import chunks


def join_by_case(database: Database, ids: Collection[int]) -> int:
    """Give those of ``ids`` that ask something and have no place one; returns how many got it.

    The place is the cluster that holds most of the questions of their case, `FEWEST` at least.  Only where
    the current run knew cases, and never where a person's edit forbids it.

    Raises:
        StorageUnavailable: the database refuses.
    """
    with database.reading() as session:
        run = current_run(session)
        if run is None or not run.parameters.get("by_case"):
            return 0
        run_id = run.id
        firsts = firsts_of(session, LEAST, ids)
        free = free_of(session, run_id, sorted(firsts)) - aside_ids(session, sorted(firsts))
        free -= _dismissed(session, free)
        homes = _homes(session, run_id, {one.case_id for one in firsts.values() if one.case_id is not None})
        standing = standing_edits(session)
    joined = [
        Joined(question, home, firsts[question].probability)
        for question in sorted(free)
        if (home := homes.get(firsts[question].case_id or 0)) is not None and standing.allows(question, home)
    ]
    if not joined:
        return 0
    with database.writing() as session:
        return store_joined(session, run_id, joined)


def _dismissed(session: Session, ids: Collection[int]) -> set[int]:
    return {
        one
        for some in chunks(sorted(ids))
        for one in session.scalars(
            select(Question.id).where(Question.id.in_(some), Question.state == QuestionState.DISMISSED)
        )
    }


def _homes(session: Session, run_id: int, cases: Collection[int]) -> dict[int, int]:
    """The cluster that holds most of the questions of each case."""
    best: dict[int, tuple[int, int]] = {}
    for some in chunks(sorted(cases)):
        query = (
            select(FirstMatch.case_id, Membership.cluster_id, func.count().label("count"))
            .join(Membership, Membership.question_id == FirstMatch.question_id)
            .where(Membership.run_id == run_id, FirstMatch.case_id.in_(some), FirstMatch.probability >= LEAST)
            .group_by(FirstMatch.case_id, Membership.cluster_id)
        )
        for row in session.execute(query):
            count = row[2]
            if count >= FEWEST:
                best[row.case_id] = max(best.get(row.case_id, (0, 0)), (count, -row.cluster_id))
    return {case: -cluster for case, (_, cluster) in best.items()}
