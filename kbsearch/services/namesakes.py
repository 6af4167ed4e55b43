"""Clusters that live together under one name, which lists must tell apart."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kbsearch.models import Cluster, Theme


class Namesake(NamedTuple):
    """A living cluster that is called as another one; ``theme``: the name of its theme, "" for none."""

    id: int
    label: str
    theme: str


def namesakes_of(session: Session, cluster: Cluster) -> list[Namesake]:
    """Living clusters of the same run that people read as called like ``cluster``: small letters or large.

    None when the cluster itself has ended.  Databases fold Latin letters only, so names are compared here.
    """
    said = cluster.label.casefold()
    query = select(Cluster.id, Cluster.label).where(
        Cluster.last_run_id == cluster.last_run_id, Cluster.size > 0
    )
    alike = [row.id for row in session.execute(query) if row.label.casefold() == said]
    if cluster.id not in alike:
        return []
    return _told(session, [one for one in alike if one != cluster.id])


def named_alike(session: Session, run_id: int) -> dict[int, str]:
    """Living clusters of a run whose name is not theirs alone → the name of their theme, "" for none."""
    living = (Cluster.last_run_id == run_id, Cluster.size > 0)
    shared = select(Cluster.label).where(*living).group_by(Cluster.label).having(func.count() > 1)
    query = select(Cluster.id).where(*living, Cluster.label.in_(shared))
    return {one.id: one.theme for one in _told(session, list(session.scalars(query)))}


def _told(session: Session, ids: list[int]) -> list[Namesake]:
    query = (
        select(Cluster.id, Cluster.label, Theme.label.label("theme"))
        .outerjoin(Theme, Theme.id == Cluster.theme_id)
        .where(Cluster.id.in_(ids))
        .order_by(Cluster.id)
    )
    return [Namesake(row.id, row.label, row.theme or "") for row in session.execute(query)]
