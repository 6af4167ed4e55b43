"""Loading the cases that an index found: in bulk, and only those that may be seen now."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload

from kbsearch.matching.matcher import LIVE
from kbsearch.models import Case

_OF_STATES = (
    select(Case)
    .options(joinedload(Case.variants))
    .where(Case.id.in_(bindparam("ids", expanding=True)), Case.state.in_(bindparam("states", expanding=True)))
)
"""Made once, and one statement: every suggestion reads with it."""


def load_live(session: Session, ids: Collection[int], states: Collection[str] = LIVE) -> dict[int, Case]:
    """The cases of ``ids`` that are in ``states`` now, with their variants, by id.

    The index may lag behind the database for a moment: what was withdrawn meanwhile is left out.
    """
    wanted = {"ids": list(ids), "states": list(states)}
    return {case.id: case for case in session.scalars(_OF_STATES, wanted).unique()}


def load_first(session: Session, ids: Sequence[int], count: int) -> dict[int, Case]:
    """As `load_live`, of the first ``count`` of ``ids``, and of the others only if one of these is gone."""
    first = load_live(session, ids[:count])
    return first if len(first) == len(ids[:count]) else first | load_live(session, ids[count:])
