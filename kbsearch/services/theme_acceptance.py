"""Gives clusters the themes that an accepted run found for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kbsearch.models import Cluster, ProposalLine, Run, Theme

SAME_SUBJECT = 0.5
"""Overlap from which a continuing theme keeps its label, so that people find it again."""


def accept_themes(session: Session, run: Run, lines: Sequence[ProposalLine], *, everything: bool) -> None:
    """Put the clusters of ``lines`` into their themes; new themes get their ids now.

    ``everything``: the whole run is accepted, so that themes that continue get its words.
    """
    themed = [line for line in lines if line.theme and line.cluster_id is not None]
    made = _made(session, run, themed)
    for line in themed:
        number = line.theme["number"]
        theme = session.get_one(Theme, line.theme["id"] or made[number])
        session.get_one(Cluster, line.cluster_id).theme_id = theme.id
        if everything and number not in made:
            _bring_up_to_date(theme, line.theme)
    if made:
        _tell_other_lines(session, run, made)
    recount_themes(session, run)


def _made(session: Session, run: Run, lines: Sequence[ProposalLine]) -> dict[int, int]:
    """Theme number → the theme that is made for it."""
    words = {line.theme["number"]: line.theme for line in lines if line.theme["id"] is None}
    made = {
        number: Theme(
            label=each["label"],
            keywords=list(each["keywords"]),
            first_run_id=run.id,
            last_run_id=run.id,
        )
        for number, each in words.items()
    }
    session.add_all(made.values())
    session.flush()
    return {number: theme.id for number, theme in made.items()}


def _bring_up_to_date(theme: Theme, found: dict[str, Any]) -> None:
    theme.keywords = list(found["keywords"])
    if not theme.label_pinned and found["overlap"] < SAME_SUBJECT:
        theme.label = found["label"]


def _tell_other_lines(session: Session, run: Run, made: dict[int, int]) -> None:
    """Lines that are accepted later find the themes that are made now."""
    for line in session.scalars(select(ProposalLine).where(ProposalLine.run_id == run.id)):
        if line.theme and line.theme["id"] is None and line.theme["number"] in made:
            line.theme = line.theme | {"id": made[line.theme["number"]]}
    session.flush()


def recount_themes(session: Session, run: Run) -> None:
    """Bring the sizes of the themes that the run's clusters are in up to date."""
    living = (Cluster.last_run_id == run.id, Cluster.size > 0, Cluster.theme_id.is_not(None))
    query = select(Cluster.theme_id, func.sum(Cluster.size)).where(*living).group_by(Cluster.theme_id)
    sizes: dict[int | None, int] = {theme: int(size) for theme, size in session.execute(query)}
    concerned = (Theme.last_run_id == run.id) | Theme.id.in_(select(Cluster.theme_id).where(*living))
    for theme in session.scalars(select(Theme).where(concerned)):
        theme.size = sizes.get(theme.id, 0)
        if theme.size:
            theme.last_run_id = run.id
    session.flush()
