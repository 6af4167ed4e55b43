"""What is asked on the whole: the mean of the newest questions' vectors, with which a query is centred.

It is read from the end of the file of vectors, for rows are only ever appended: no search of cases opens the
index of questions for it.  Equal indexes give equal means.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import numpy as np

from indexer.generations import Generations
from indexer.vectors import ITEM
from kbsearch.errors import IndexUnavailable
from kbsearch.ports import Floats

NEWEST = 1_024
"""Questions that count: more hardly move the mean."""

Asked = tuple[Floats, int]
"""Sum of the vectors of questions, shape (dimension,), and how many they are."""
AskedSource = Callable[[], "Asked | None"]


def total(vectors: Floats) -> Asked:
    """``vectors``, shape (n, dimension), as `Asked`; zero vectors say nothing."""
    return vectors.sum(axis=0, dtype=np.float32), int(vectors.any(axis=1).sum())


class NewestQuestions:
    """The newest vectors of the model ``model_id`` in the index of questions with these ``generations``.

    Threads may share one.
    """

    def __init__(self, generations: Generations, model_id: Callable[[], str]) -> None:
        self._generations = generations
        self._model_id = model_id
        self._lock = threading.Lock()
        self._known: tuple[tuple[str, int], Asked | None] = (("", 0), None)

    def __call__(self) -> Asked | None:
        """Their `Asked`; None when there are none that can be read."""
        name = self._generations.current_name()
        try:
            size = os.path.getsize(self._generations.folder / name / "vectors.f32") if name else 0
        except OSError:
            return None
        with self._lock:
            if self._known[0] != (name, size):
                self._known = (name, size), self._read(name) if size else None
            return self._known[1]

    def _read(self, name: str) -> Asked | None:
        try:
            generation = self._generations.open(name)
            if generation.manifest.model_id != self._model_id():
                return None
            width = generation.manifest.dimension
            with open(generation.vectors_path, "rb") as file:
                rows = os.fstat(file.fileno()).st_size // (width * ITEM)
                file.seek(max(0, rows - NEWEST) * width * ITEM)
                vectors = np.fromfile(file, np.float32, min(rows, NEWEST) * width)
        except (IndexUnavailable, OSError):  # it has its own users, who tell; a search of cases does without
            return None
        return total(vectors[: len(vectors) // width * width].reshape(-1, width))
