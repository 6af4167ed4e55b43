"""Second opinions: another encoder reads questions on a core of its own, beside the search by words."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from indexer.generations import Generation
from indexer.nearness import Nearness, Scores, moments
from indexer.view import View
from kbsearch.algebra import ONE_THREAD
from kbsearch.errors import EncoderUnavailable, IndexUnavailable
from kbsearch.ports import Embedder, Filters, Floats, SecondOpinion

REMEMBERED = 4_096
"""How many questions' vectors are kept (6 MB with 384 dimensions)."""
BEGUN = 16
"""How many questions may be begun before they are asked for; an older one is read again."""
THREADS = 2
MOST_READ = 0.95
"""Share of the documents that must have been read: one without a vector looks as if nothing were like it."""

_log = logging.getLogger(__name__)

SAMPLE = 256
"""From twice as many documents on, that many of them tell the mean and the deviation of all."""

Key = tuple[str, Filters]


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A question that was read: in which ``direction`` it lies from the centre of ``view``.

    ``spread``: mean and deviation of the cosines of the documents that pass the filters.
    """

    view: View
    nearness: Nearness
    direction: Floats
    spread: tuple[float, float]


class SecondReader:
    """Reads questions with ``embedder`` and scores the documents of the newest ``view``.

    Threads may share one.
    """

    def __init__(self, embedder: Embedder, view: Callable[[], View]) -> None:
        self.embedder = embedder
        self._view = view
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="second-encoder")
        self._lock = threading.Lock()
        self._begun: OrderedDict[Key, Future[Read | None]] = OrderedDict()
        self._known: OrderedDict[str, Floats] = OrderedDict()

    def has_read(self, generation: Generation | None) -> bool:
        """Whether ``generation`` keeps what this encoder reads."""
        return generation is not None and generation.manifest.second_id == self.embedder.model_id

    def begin(self, text: str, filters: Filters) -> None:
        """Begin to read ``text``."""
        with self._lock:
            if (text, filters) not in self._begun:
                self._begun[text, filters] = self._pool.submit(self._read, text, filters)
            if len(self._begun) > BEGUN:
                self._begun.popitem(last=False)

    def _finished(self, text: str, filters: Filters) -> Read | None:
        """What was begun, unless the index has changed since."""
        with self._lock:
            begun = self._begun.pop((text, filters), None)
        read = begun.result() if begun else None
        return read if read and read.view is self._view() else self._read(text, filters)

    def opinion(self, text: str, only: Collection[int], filters: Filters) -> SecondOpinion | None:
        """What the vectors say of the documents ``only``; None where they or the encoder cannot be used."""
        try:
            read = self._finished(text, filters)
        except (EncoderUnavailable, IndexUnavailable) as error:
            _log.warning("no second opinion: %s", error)
            return None
        return _opinion(read, only, filters) if read else None

    def _read(self, text: str, filters: Filters) -> Read | None:
        view = self._view()
        nearness = view.vectors.second if self.has_read(view.generation) else None
        if nearness is None or (len(nearness.read) and nearness.read.mean() < MOST_READ):
            return None
        with ONE_THREAD:
            direction = nearness.centred.off_centre(self._vector(text))
            spread = moments(nearness.nearest(direction, view.sample(filters, SAMPLE)))
        return Read(view, nearness, direction, spread)

    def _vector(self, text: str) -> Floats:
        with self._lock:
            if text in self._known:
                self._known.move_to_end(text)
                return self._known[text]
        vector: Floats = self.embedder.encode([text], "query")[0]
        with self._lock:
            self._known[text] = vector
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return vector


def _opinion(read: Read, only: Collection[int], filters: Filters) -> SecondOpinion:
    view, numbers = read.view, read.view.numbers(only)
    near = Scores(np.zeros(len(view.present), np.float32), {filters: read.spread})
    near.values[numbers] = read.nearness.nearest(read.direction, numbers)
    both = (near, read.nearness.prototype_scores(read.direction))
    return SecondOpinion(
        *(view.hits(one, view.present, filters=filters, limit=len(only), only=only) for one in both)
    )
