"""The themes of a run as its proposal keeps them: lasting ids and names.

They are stored when somebody accepts them, by `kbsearch.services.theme_acceptance`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from clustering.lineage import trace
from kbsearch.models import Cluster, Membership, Relation


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


def proposed_themes(
    found: ThemesFound, placed: Mapping[int, int], past: Mapping[int, int]
) -> dict[int, dict[str, Any]]:
    """Theme number → what `kbsearch.models.ProposalLine.theme` keeps of it.

    Args:
        found: the themes of the run.
        placed: question id → number of its theme.
        past: question id → theme id, as `past_themes` reads it of the current run.
    """
    return {
        each.label: {
            "number": each.label,
            "id": each.previous_id if each.relation is Relation.CONTINUES else None,
            "label": found.words[each.label].label,
            "keywords": list(found.words[each.label].keywords),
            "overlap": each.overlap,
        }
        for each in trace(past, placed)
        if each.label is not None
    }
