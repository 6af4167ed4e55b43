"""What a run of clustering starts from: the clusters that are there, and what people demand of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kbsearch.database import Database
from kbsearch.ports import Ints
from kbsearch.services.current_run import current_run
from kbsearch.services.edit_rows import exemplars_of, places_of, standing_edits
from kbsearch.services.standing_edits import Standing


@dataclass(frozen=True, slots=True, eq=False)
class Before:
    """What people demand, where questions and exemplars are now, and how fine each part is."""

    standing: Standing
    places: dict[int, int]
    exemplars: Mapping[int, Sequence[int]]
    resolutions: tuple[float, ...]

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
            return Before(standing, {}, {}, ())
        exemplars = exemplars_of(session, base.id, standing.kept)
        return Before(standing, places_of(session, base.id), exemplars, _resolutions(base.quality))


def _resolutions(quality: Mapping[str, Any]) -> tuple[float, ...]:
    """Those of the parts of a run; earlier versions kept their mean alone."""
    mean = quality.get("resolution")
    return tuple(quality.get("resolutions", () if mean is None else (mean,)))
