"""Questions that are in no cluster, and when enough of them agree to open one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kbsearch.ports import Floats

MOST = 5_000
"""Strangers that are remembered, the latest: what was asked once long ago has had its chance in a run."""
FEWEST = 4
"""Questions that must agree."""
FEWEST_AUTHORS = 3


class Strangers:
    """The latest questions in no cluster: ids, authors and centred unit rows, shape (n, d)."""

    def __init__(self, dimension: int) -> None:
        self._ids: list[int] = []
        self._authors: list[str] = []
        self._rows = np.zeros((0, dimension), np.float32)
        self._count = 0

    def add(self, question_id: int, author: str, row: Floats) -> None:
        """Remember one; an unknown author, "", is taken for somebody else each time."""
        if self._count == len(self._rows):
            self._grow()
        self._rows[self._count] = row
        self._count += 1
        self._ids.append(question_id)
        self._authors.append(author or f"question {question_id}")

    def _grow(self) -> None:
        stay = min(self._count, MOST // 2) if self._count >= MOST else self._count
        rows = np.zeros((max(64, min(MOST, 2 * stay)), self._rows.shape[1]), np.float32)
        rows[:stay] = self._rows[self._count - stay : self._count]
        self._rows, self._count = rows, stay
        self._ids, self._authors = self._ids[-stay:] if stay else [], self._authors[-stay:] if stay else []

    def agreeing(self, row: Floats, likeness: float) -> list[int]:
        """Places of those that ask what ``row`` asks, nearest first; [] when too few or too few authors.

        Each is liker to ``row`` than ``likeness``, and so is its mean likeness to all the others: they are
        near each other, not only around one question.
        """
        near = self._rows[: self._count] @ row
        places = np.flatnonzero(near >= likeness)
        while len(places) >= FEWEST:
            among = self._rows[places] @ self._rows[places].T
            mean = (among.sum(axis=1) - among.diagonal()) / (len(places) - 1)
            if mean.min() >= likeness:
                break
            places = np.delete(places, int(np.argmin(mean)))
        chosen = places[np.argsort(-near[places], kind="stable")].tolist()
        authors = {self._authors[place] for place in chosen}
        return chosen if len(chosen) >= FEWEST and len(authors) >= FEWEST_AUTHORS else []

    def rows(self, places: Sequence[int]) -> Floats:
        """The rows at ``places``, shape (n, d)."""
        found: Floats = self._rows[list(places)]
        return found

    def ids(self, places: Sequence[int]) -> list[int]:
        """The questions at ``places``."""
        return [self._ids[place] for place in places]

    def remove(self, ids: Sequence[int]) -> None:
        """Forget questions that are in a cluster now."""
        gone = set(ids)
        kept = [place for place, one in enumerate(self._ids) if one not in gone]
        self._rows[: len(kept)] = self._rows[kept]
        self._count = len(kept)
        self._ids = [self._ids[place] for place in kept]
        self._authors = [self._authors[place] for place in kept]
