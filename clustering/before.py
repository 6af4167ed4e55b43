"""What a run of clustering starts from: the clusters that are there, and what people demand of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kbsearch.database import Database
from kbsearch.ports import Ints
from kbsearch.services.current_run import current_run
from kbsearch.services.edit_rows import exemplars_of, places_of, standing_edits
from kbsearch.services.standing_edits import Standing


@dataclass(frozen=True, slots=True, eq=False)
class Before:
    """What people demand, where questions and exemplars are now, and how fine the clusters are."""

    standing: Standing
    places: dict[int, int]
    exemplars: Mapping[int, Sequence[int]]
    resolution: float | None

    def initial(self, ids: Ints) -> Ints:
        """The cluster of each of ``ids`` as it is now, -1 for none."""
        return np.array([self.places.get(question, -1) for question in ids.tolist()], dtype=np.int64)


def read_before(database: Database, course: str) -> Before:
    """What the next run over ``course`` starts from; "" for runs over all courses.

    Raises:
        StorageUnavailable: the database refuses.
    """
    with database.reading() as session:
        standing, base = standing_edits(session, course), current_run(session, course)
        if base is None:
            return Before(standing, {}, {}, None)
        exemplars = exemplars_of(session, base.id, standing.kept)
        return Before(standing, places_of(session, base.id), exemplars, base.quality.get("resolution"))
