"""Segments as searches see them: the Whoosh reader and the arrays of one immutable segment."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer import arrays
from indexer.arrays import SegmentArrays
from indexer.generations import damaged
from indexer.store import Store, stored_documents

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Segment:
    """One segment: its Whoosh reader (one thread at a time) and its arrays."""

    name: str
    reader: Any
    arrays: SegmentArrays
    lock: threading.Lock = field(default_factory=threading.Lock)

    def document(self, number: int) -> dict[str, Any]:
        """The stored document ``number``."""
        with self.lock:
            found: dict[str, Any] = self.reader.stored_fields(number)["document"]
            return found


def open_segment(store: Store, segment: Any) -> Segment:
    """Open ``segment``; derives its arrays when the file with them is missing.

    Raises:
        FileNotFoundError: a later commit has removed it meanwhile.
        IndexUnavailable: it is damaged.
    """
    path = store.segment_path(segment)
    size = path.stat().st_size
    try:
        reader = store.reader(segment)
        known = arrays.load(arrays_path(path), size)
        if known is None or len(known) != segment.doc_count_all():
            known = arrays.derive(stored_documents(reader, segment.doc_count_all()))
            _keep(known, arrays_path(path), size)
    except FileNotFoundError:
        raise
    except Exception as error:  # whatever Whoosh stumbles over in a damaged file
        raise damaged(path, error) from error
    return Segment(segment.segment_id(), reader, known)


def arrays_path(segment_path: Path) -> Path:
    """Where the arrays of a segment lie; Whoosh removes the file together with the segment."""
    return segment_path.with_suffix(".arrays.npz")


def _keep(known: SegmentArrays, path: Path, size: int) -> None:
    # Only a saving of time for the next process: without room on the disk a search must still answer.
    try:
        arrays.save(known, path, size)
    except OSError:
        path.unlink(missing_ok=True)


def present_mask(segment: Any) -> Mask:
    """Which documents of a Whoosh segment are not deleted."""
    mask = np.ones(segment.doc_count_all(), dtype=np.bool_)
    mask[list(segment.deleted_docs())] = False
    return mask
