"""Stores the themes of a run: lasting ids, names, and which clusters they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from clustering.lineage import Descent, trace
from kbsearch.models import Cluster, Membership, Relation, Theme

SAME_SUBJECT = 0.5
"""Overlap from which a continuing theme keeps its label, so that people find it again."""


@dataclass(frozen=True, slots=True)
class ThemeWords:
    """What a theme is called, and its keywords, best first."""

    label: str
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ThemesFound:
    """The theme's number of each cluster's label, and each theme in words, by number."""

    of: Mapping[int, int] = field(default_factory=dict)
    words: Mapping[int, ThemeWords] = field(default_factory=dict)


def past_themes(session: Session, run_id: int) -> dict[int, int]:
    """Question id → theme id as run ``run_id`` left them; read it before clusters are brought up to date."""
    query = (
        select(Membership.question_id, Cluster.theme_id)
        .join(Cluster, Cluster.id == Membership.cluster_id)
        .where(Membership.run_id == run_id, Cluster.theme_id.is_not(None))
    )
    return {row.question_id: row.theme_id for row in session.execute(query)}


def store_themes(
    session: Session, run_id: int, found: ThemesFound, placed: Mapping[int, int], past: Mapping[int, int]
) -> dict[int, int]:
    """Store what themes run ``run_id`` found; returns theme number → theme id.

    Args:
        session: in which the run is stored already.
        run_id: of the run.
        found: the themes.
        placed: question id → number of its theme.
        past: question id → theme id, as `past_themes` reads it of the run before.
    """
    sizes = Counter(placed.values())
    return {
        each.label: _stored(session, run_id, found.words[each.label], sizes[each.label], each)
        for each in trace(past, placed)
        if each.label is not None
    }


def place_clusters(session: Session, themes: Mapping[int, int | None]) -> None:
    """Give each cluster its theme: cluster id → theme id."""
    rows = [{"id": cluster, "theme_id": theme} for cluster, theme in themes.items()]
    if rows:
        session.execute(update(Cluster), rows)


def _stored(session: Session, run_id: int, words: ThemeWords, size: int, descent: Descent) -> int:
    """The id of a theme, brought up to date when it continues an earlier one, else made."""
    if descent.relation is Relation.CONTINUES and descent.previous_id is not None:
        theme = session.get_one(Theme, descent.previous_id)
    else:
        theme = Theme(label=words.label, first_run_id=run_id)
        session.add(theme)
    theme.size, theme.last_run_id, theme.keywords = size, run_id, list(words.keywords)
    if not theme.label_pinned and descent.overlap < SAME_SUBJECT:
        theme.label = words.label
    session.flush()
    return theme.id
