"""Vectors of questions that the second encoder read, kept by text from one run of clustering to the next.

One file of whole records that only grows: a hash of the text, and its vector in halves.  It is derived, like
an index: what is lost is read again.  A writer that dies leaves at most half a record, which the next one
removes.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.locks import locked
from kbsearch.errors import StorageUnavailable
from kbsearch.ports import Embedder, Floats, Ints, Progress, silent

AT_ONCE = 256
"""Texts that are read before they are kept: a second's work, which is lost when a process is killed."""
ROUNDED = 0.01
"""How far the length of a vector in halves may be from 1; one that is further was damaged."""
STAGE = "Reading questions once more"
WAIT_SECONDS = 30.0

Keys = NDArray[np.uint64]
_Stamp = tuple[int, int, int]
"""Number, whole records and time of change of the file."""


@dataclass(frozen=True, slots=True, eq=False)
class _Records:
    """What the file held: its ``stamp``, the hashes in ascending order, (n,), and where each stands."""

    stamp: _Stamp
    keys: Keys
    places: Ints
    vectors: NDArray[np.float16]

    def find(self, keys: Keys) -> Ints:
        """The places of ``keys``, -1 for those that are not here."""
        if not len(self.keys):
            return np.full(len(keys), -1, np.int64)
        near = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[near] == keys, self.places[near], -1)


class KeptVectors:
    """What ``embedder`` reads of questions, in ``folder``.  Threads and processes may share a folder."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self._embedder = embedder
        self._folder = folder
        self._lock = threading.Lock()
        self._known: _Records | None = None

    @property
    def model_id(self) -> str:
        """The model that reads them."""
        return self._embedder.model_id

    def unread(self, texts: Sequence[str]) -> list[str]:
        """Those of ``texts`` that have no vector yet, each once.

        Raises:
            EncoderUnavailable: the encoder cannot tell how long its vectors are.
        """
        different = list(dict.fromkeys(texts))
        found = self._records().find(_keys(different))
        return [text for text, place in zip(different, found.tolist(), strict=True) if place < 0]

    def read(self, texts: Sequence[str], progress: Progress = silent) -> Floats:
        """The vectors of ``texts``, (n, dimension); what has none is read now and kept, bit by bit.

        They are of length 1, or 0 for a text without letters or digits.

        Raises:
            EncoderUnavailable: the encoder fails; what was read before is kept.
            StorageUnavailable: the disk is full or cannot be written.
        """
        self._read_anew(self.unread(texts), progress)
        vectors = self._found(texts)
        lengths = np.linalg.norm(vectors, axis=1)
        sound = (np.abs(lengths - 1) < ROUNDED) | (lengths == 0)
        if sound.all():
            return vectors
        self._read_anew(list({texts[place]: None for place in np.flatnonzero(~sound).tolist()}), progress)
        return self._found(texts)

    def _read_anew(self, texts: Sequence[str], progress: Progress) -> None:
        for start in range(0, len(texts), AT_ONCE):
            progress(start, len(texts), STAGE)
            some = texts[start : start + AT_ONCE]
            self._keep(_keys(some), self._embedder.encode(some, "query"))
        if texts:
            progress(len(texts), len(texts), STAGE)

    def _found(self, texts: Sequence[str]) -> Floats:
        """What is kept of ``texts``, (n, dimension); zeros for what is not."""
        records = self._records()
        places = records.find(_keys(texts))
        vectors = np.zeros((len(texts), self._embedder.dimension), np.float32)
        vectors[places >= 0] = records.vectors[places[places >= 0]]
        return vectors

    def size(self) -> int:
        """How many vectors are kept."""
        return len(self._records().keys)

    def keep_only(self, texts: Collection[str]) -> None:
        """Forget the vectors of all but ``texts``.

        Raises:
            StorageUnavailable: the disk is full or cannot be written; nothing has changed.
        """
        with locked(self._guard, WAIT_SECONDS) as mine:
            if not mine:
                return  # another process writes; what is not needed does no harm until the next time
            records, keys = self._records(), _keys(sorted(set(texts)))
            places = records.find(keys)
            rows = np.zeros(int((places >= 0).sum()), self._kind)
            rows["key"], rows["vector"] = keys[places >= 0], records.vectors[places[places >= 0]]
            beside = self._path.with_suffix(".new")
            try:
                beside.write_bytes(rows.tobytes())
                os.replace(beside, self._path)
            except OSError as error:
                beside.unlink(missing_ok=True)
                raise _unwritable(self._path, error) from error

    @cached_property
    def _path(self) -> Path:
        return self._folder / (re.sub(r"[^\w.-]+", "-", self._embedder.model_id) + ".vectors")

    @cached_property
    def _kind(self) -> np.dtype[np.void]:
        """What a record is made of; some encoders have to be loaded to tell their dimension."""
        return np.dtype([("key", "<u8"), ("vector", "<f2", (self._embedder.dimension,))])

    @property
    def _guard(self) -> Path:
        return self._path.with_suffix(".lock")

    def _records(self) -> _Records:
        with self._lock:
            stamp = self._stamp()
            if self._known is None or self._known.stamp != stamp:
                self._known = self._loaded(stamp, self._known)
            return self._known

    def _stamp(self) -> _Stamp:
        try:
            state = self._path.stat()
        except OSError:  # writing tells what is wrong with it
            return (0, 0, 0)
        return (state.st_ino, state.st_size // self._kind.itemsize, state.st_mtime_ns)

    def _loaded(self, stamp: _Stamp, known: _Records | None) -> _Records:
        """What the file holds; only what came to it since it was ``known`` is read."""
        if not stamp[1]:
            none = np.zeros((0, self._embedder.dimension), np.float16)
            return _Records(stamp, np.zeros(0, np.uint64), np.zeros(0, np.int64), none)
        rows = np.memmap(self._path, self._kind, "r", shape=(stamp[1],))
        start = known.stamp[1] if known and _has_grown(known.stamp, stamp) else 0
        # Of two records of a text the later one counts: the other one was damaged, or as good.
        keys, back = np.unique(rows["key"][start:][::-1], return_index=True)
        places = stamp[1] - 1 - back.astype(np.int64)
        if known and start:
            keys, places = _merged(known, keys, places)
        return _Records(stamp, keys, places, rows["vector"])

    def _keep(self, keys: Keys, vectors: Floats) -> None:
        rows = np.zeros(len(keys), self._kind)
        rows["key"], rows["vector"] = keys, vectors
        with locked(self._guard, WAIT_SECONDS) as mine:
            try:
                if not mine:
                    raise TimeoutError("another process writes")
                with open(self._path, "a+b") as file:
                    whole = file.seek(0, os.SEEK_END) // self._kind.itemsize * self._kind.itemsize
                    file.truncate(whole)
                    file.write(rows.tobytes())
            except OSError as error:
                raise _unwritable(self._path, error) from error


def _has_grown(before: _Stamp, now: _Stamp) -> bool:
    """Whether a file is the same one with more records; one that takes its place has another number."""
    return before[0] == now[0] and 0 < before[1] < now[1]


def _merged(known: _Records, keys: Keys, places: Ints) -> tuple[Keys, Ints]:
    """Hashes in ascending order and places of the ``known`` records and of later ones, ``keys`` ascending."""
    at = np.searchsorted(known.keys, keys)
    again = known.keys[np.minimum(at, len(known.keys) - 1)] == keys
    moved = known.places.copy()
    moved[at[again]] = places[again]
    fresh = ~again
    return np.insert(known.keys, at[fresh], keys[fresh]), np.insert(moved, at[fresh], places[fresh])


def _keys(texts: Sequence[str]) -> Keys:
    """A hash of each text: among a hundred thousand two are equal once in four thousand million."""
    digests = b"".join(
        blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest() for text in texts
    )
    return np.frombuffer(digests, "<u8")


def _unwritable(path: Path, error: OSError) -> StorageUnavailable:
    return StorageUnavailable(
        "{path} cannot be written: {reason}.",
        remedy="Free some disk space, or check that the folder can be written.",
        path=str(path),
        reason=error.strerror or str(error),
    )
