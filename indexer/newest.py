"""Which state of an index is the newest, whoever wrote it; opened once and shared by all that search."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import numpy as np

from indexer.generations import Generation, Generations, Stamp, damaged
from indexer.segments import Segment, open_segment, present_mask
from indexer.store import Store
from indexer.view import LOOK_SECONDS, View
from kbsearch.errors import KbsearchError

ATTEMPTS = 5


class Newest:
    """The newest view of the current one of ``generations``.  Threads may share one."""

    def __init__(self, generations: Generations) -> None:
        self._generations = generations
        self._opening = threading.Lock()
        self._view = _nothing()
        self._seen: Stamp | None = None
        """The files as they were when ``_view`` was last found to be the newest."""
        self._looked = (0.0, 0)
        """When that was last checked, and how many writes of this process it had seen then."""
        self._writes = 0

    def written(self) -> None:
        """Tell that this process has written: whoever asks next sees it."""
        self._writes += 1

    def recent(self) -> View:
        """The newest state, or what other processes had left within the last `LOOK_SECONDS`.

        Raises:
            IndexUnavailable: the index is damaged.
        """
        view, now, writes = self._view, time.monotonic(), self._writes
        looked, seen = self._looked
        if self._seen is None or seen != writes or now - looked >= LOOK_SECONDS:
            view = self.get()
            self._looked = now, writes
        return view

    def get(self) -> View:
        """The newest state.

        Raises:
            IndexUnavailable: the index is damaged.
        """
        seen, view = self._seen, self._view
        if seen is not None and seen == self._generations.stamp(view.generation):
            return view
        name = self._generations.current_name()
        with self._opening:
            self._seen = None
            stamp = self._generations.stamp(self._view.generation)
            if not _shows(self._view, name):
                self._view = self._opened(name)
            elif stamp is not None and stamp.is_settled():
                self._seen = stamp
            return self._view

    def _opened(self, name: str) -> View:
        problem: Exception = FileNotFoundError(name)
        for _ in range(ATTEMPTS):
            if not name:
                return _nothing()
            try:
                return open_view(self._generations.open(name), self._view.segments)
            except FileNotFoundError as error:  # a commit or a rebuild came between two steps: once more
                problem, name = error, self._generations.current_name()
        raise damaged(self._generations.folder, problem) from problem


def open_view(generation: Generation, known: Sequence[Segment] = ()) -> View:
    """The newest state of ``generation``; segments that are ``known`` are not opened again.

    Raises:
        FileNotFoundError: another commit came meanwhile: try again.
        IndexUnavailable: it is damaged.
    """
    store = Store(generation.folder)
    commit = store.commit_number()
    by_name = {segment.name: segment for segment in known}
    try:
        listed = store.segments(commit)
    except (FileNotFoundError, KbsearchError):
        raise
    except Exception as error:  # whatever Whoosh stumbles over in a damaged file
        raise damaged(generation.folder, error) from error
    segments = [by_name.get(one.segment_id()) or open_segment(store, one) for one in listed]
    present = np.concatenate([np.zeros(0, np.bool_), *map(present_mask, listed)])
    return View(generation, commit, segments, present)


def _shows(view: View, name: str) -> bool:
    """Whether ``view`` is the newest commit of the generation ``name``; "" when there is none."""
    if not name or view.generation is None or view.generation.name != name:
        return not name and view.generation is None
    try:
        return Store(view.generation.folder).commit_number() == view.commit
    except FileNotFoundError:
        return False


def _nothing() -> View:
    return View(None, -1, [], np.zeros(0, np.bool_))
