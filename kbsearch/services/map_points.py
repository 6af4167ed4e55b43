"""The map of a run as pages get it: points in a few bytes each, and the clusters that they belong to."""

from __future__ import annotations

import gzip
import struct
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import select

from kbsearch.database import Database
from kbsearch.errors import NotFound
from kbsearch.models import Question, QuestionState, RunMap
from kbsearch.ports import Floats, Ints

SIDE = 65_535
"""Coordinates run from 0 to here."""
MOST_TEXTS = 60


@dataclass(frozen=True, slots=True)
class PointText:
    """What a point of the map asks."""

    id: int
    text: str
    state: QuestionState


def packed(ids: Ints, clusters: Ints, points: Floats) -> bytes:
    """Points as bytes, gzipped: the count, then ids, clusters (uint32), x and y (uint16), little-endian.

    Args:
        ids: of the questions, shape (n,).
        clusters: ids of theirs, 0 for none, shape (n,).
        points: in [0, 1], shape (n, 2).
    """
    order = np.lexsort((ids, clusters))
    places = np.round(np.clip(points[order], 0, 1) * SIDE).astype("<u2")
    columns = (
        struct.pack("<I", len(ids)),
        ids[order].astype("<u4").tobytes(),
        clusters[order].astype("<u4").tobytes(),
        places[:, 0].tobytes(),
        places[:, 1].tobytes(),
    )
    return gzip.compress(b"".join(columns), compresslevel=6, mtime=0)


class MapService:
    """Reads maps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def drawn_at(self, run_id: int) -> datetime | None:
        """When the map of the run was drawn; None when it has none."""
        with self._database.reading() as session:
            return session.scalar(select(RunMap.drawn_at).where(RunMap.run_id == run_id))

    def points(self, run_id: int) -> bytes:
        """The gzipped points of a run, as `packed` makes them.

        Raises:
            NotFound: the run has no map.
        """
        with self._database.reading() as session:
            found = session.scalar(select(RunMap.points).where(RunMap.run_id == run_id))
        if found is None:
            raise NotFound(
                "Run {id} has no map.",
                remedy="Open the map anew: it is drawn within a minute after clusters were found or "
                "a change was accepted.",
                id=run_id,
            )
        return found

    def texts(self, ids: list[int]) -> list[PointText]:
        """The first characters of these questions, `MOST_TEXTS` at most, in this order."""
        query = select(Question.id, Question.text, Question.state).where(Question.id.in_(ids[:MOST_TEXTS]))
        with self._database.reading() as session:
            found = {
                row.id: PointText(row.id, row.text[:220], QuestionState(row.state))
                for row in session.execute(query)
            }
        return [found[one] for one in ids if one in found]
