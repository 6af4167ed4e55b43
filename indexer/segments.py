"""Segments as searches see them: the Whoosh reader and the arrays of one immutable segment."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from indexer import arrays
from indexer.arrays import SegmentArrays
from indexer.generations import damaged
from indexer.mapped import MappedSegment
from indexer.pieces import PieceArrays, split_into_pieces
from indexer.store import Store, stored_documents
from kbsearch.errors import KbsearchError

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Segment:
    """One segment: its files, read by one thread at a time, and its arrays."""

    name: str
    files: MappedSegment
    arrays: SegmentArrays
    lock: threading.Lock = field(default_factory=threading.Lock)
    moments: dict[int, NDArray[np.float32]] = field(default_factory=dict)
    """Second moment of its vectors by encoder, once it was computed."""

    @cached_property
    def reader(self) -> Any:
        """Whoosh's reader, for advanced queries; use it under the ``lock``."""
        return self.files.reader()

    @cached_property
    def pieces(self) -> PieceArrays:
        """The postings by pieces of words."""
        return split_into_pieces(self.arrays)

    @cached_property
    def _documents(self) -> Any:
        return self.files.documents()

    def document(self, number: int) -> dict[str, Any]:
        """The stored document ``number``."""
        with self.lock:
            found: dict[str, Any] = self._documents.stored_fields(number)["document"]
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
        files = MappedSegment(store, segment)
        known = arrays.load(arrays_path(path), size)
        if known is None or len(known) != segment.doc_count_all():
            known = arrays.derive(stored_documents(files.documents(), segment.doc_count_all()))
            _keep(known, path, size)
    except FileNotFoundError:
        raise
    except Exception as error:  # whatever Whoosh stumbles over in a damaged file
        raise damaged(path, error) from error
    return Segment(segment.segment_id(), files, known)


def arrays_path(segment_path: Path) -> Path:
    """Where the arrays of a segment lie; Whoosh removes the file together with the segment."""
    return segment_path.with_suffix(".arrays.npz")


def _keep(known: SegmentArrays, segment_path: Path, size: int) -> None:
    # Only a saving of time for the next process: without room on the disk a search must still answer.
    path = arrays_path(segment_path)
    try:
        arrays.save(known, path, (size, checksum(segment_path)))
    except OSError:
        path.unlink(missing_ok=True)


def checksum(path: Path) -> int:
    """CRC-32 of a file."""
    code = 0
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            code = crc32(block, code)
    return code


def verify_segment(store: Store, segment: Any) -> None:
    """Read a whole segment.

    Raises:
        IndexUnavailable: it has changed since it was written, or cannot be read.
    """
    path = store.segment_path(segment)
    try:
        known = arrays.stamp(arrays_path(path))
        if known and known != (path.stat().st_size, checksum(path)):
            raise damaged(path, "its content has changed since it was written")
        for _ in stored_documents(MappedSegment(store, segment).documents(), segment.doc_count_all()):
            pass
    except KbsearchError:
        raise
    except Exception as error:  # whatever Whoosh stumbles over in a damaged file
        raise damaged(path, error) from error


def present_mask(segment: Any) -> Mask:
    """Which documents of a Whoosh segment are not deleted."""
    mask = np.ones(segment.doc_count_all(), dtype=np.bool_)
    mask[list(segment.deleted_docs())] = False
    return mask
