"""Themes as people see them: what is asked, by subject, and the clusters of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.models import Cluster, Colour, Coverage, Membership, Theme, utc_now
from kbsearch.services.cluster_counts import plain_counts_of


@dataclass(frozen=True, slots=True)
class ThemeCluster:
    """A cluster of a theme with its counts; ``colour``: how far it is covered, None while nobody knows."""

    id: int
    label: str
    size: int
    last_7: int
    last_28: int
    answered: int
    colour: Colour | None


@dataclass(frozen=True, slots=True)
class ThemeRow:
    """A theme with its clusters, largest first; ``theme`` None holds the clusters that are in none."""

    theme: Theme | None
    clusters: tuple[ThemeCluster, ...]

    @property
    def size(self) -> int:
        """Questions in its clusters."""
        return sum(each.size for each in self.clusters)

    @property
    def last_7(self) -> int:
        """Questions of the last seven days."""
        return sum(each.last_7 for each in self.clusters)

    @property
    def last_28(self) -> int:
        """Questions of the last 28 days."""
        return sum(each.last_28 for each in self.clusters)

    @property
    def answered_share(self) -> float:
        """The share of its questions that are answered, in [0, 1]."""
        return sum(each.answered for each in self.clusters) / max(1, self.size)

    @property
    def covered_share(self) -> float | None:
        """The share of its questions in clusters that are green, in [0, 1]; None while none was looked at."""
        known = [each for each in self.clusters if each.colour is not None]
        if not known:
            return None
        green = sum(each.size for each in known if each.colour == Colour.GREEN)
        return green / max(1, sum(each.size for each in known))


class ThemeService:
    """Reads themes.  ``now`` tells the time."""

    def __init__(self, database: Database, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._now = now

    def of_run(self, run_id: int) -> list[ThemeRow]:
        """The themes of a run, largest first; what is in no theme comes last."""
        with self._database.reading() as session:
            found = self._clusters(session, run_id)
            themes = {one.id: one for one in session.scalars(select(Theme).where(Theme.id.in_(found)))}
        rows = [
            ThemeRow(themes.get(theme_id), tuple(sorted(clusters, key=lambda each: (-each.size, each.id))))
            for theme_id, clusters in found.items()
        ]
        return sorted(rows, key=lambda row: (row.theme is None, -row.size, row.clusters[0].id))

    def _clusters(self, session: Session, run_id: int) -> dict[int, list[ThemeCluster]]:
        """Theme id, 0 for none → its clusters."""
        query = (
            select(Cluster.id, Cluster.theme_id, Cluster.label, Coverage.colour)
            .outerjoin(Coverage, Coverage.cluster_id == Cluster.id)
            .where(Cluster.id.in_(select(Membership.cluster_id).where(Membership.run_id == run_id)))
        )
        rows = session.execute(query).all()
        counts = plain_counts_of(session, run_id, [row.id for row in rows], self._now())
        found: defaultdict[int, list[ThemeCluster]] = defaultdict(list)
        for row in rows:
            colour, known = Colour(row.colour) if row.colour else None, counts[row.id]
            found[row.theme_id or 0].append(
                ThemeCluster(
                    row.id, row.label, known.size, known.last_7, known.last_28, known.answered, colour
                )
            )
        return dict(found)
