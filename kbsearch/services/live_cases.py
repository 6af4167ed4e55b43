"""Loading the cases that an index found: in bulk, and only those that may be seen now."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from kbsearch.matching.matcher import LIVE
from kbsearch.models import Case


def load_live(session: Session, ids: Collection[int], states: Collection[str] = LIVE) -> dict[int, Case]:
    """The cases of ``ids`` that are in ``states`` now, with their variants, by id.

    The index may lag behind the database for a moment: what was withdrawn meanwhile is left out.
    """
    query = select(Case).options(selectinload(Case.variants)).where(Case.id.in_(ids), Case.state.in_(states))
    return {case.id: case for case in session.scalars(query)}
