"""Segment files of Whoosh read through one memory mapping.

Whoosh maps a segment too, but copies each part of it into memory when it opens it.  A mapping stays valid
after a later commit has removed the file, so a search ends on the state that it began on.
"""

from __future__ import annotations

import copy
import io
import mmap
from typing import Any

from whoosh.filedb.compound import CompoundStorage
from whoosh.filedb.structfile import BufferFile
from whoosh.reading import SegmentReader

from indexer.store import CODEC, SCHEMA, Store


class _Window(io.RawIOBase):
    """A span of a mapping as a file."""

    def __init__(self, span: memoryview) -> None:
        self._span = span
        self._place = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer`` from the present place."""
        piece = self._span[self._place : self._place + len(buffer)]
        buffer[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to ``offset`` from the start, the present place or the end."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: len(self._span)}[whence]
        self._place = max(0, base + offset)
        return self._place

    def tell(self) -> int:
        """The present place."""
        return self._place


class _MappedFile(BufferFile):  # type: ignore[misc]  # Whoosh has no types
    def __init__(self, span: memoryview, name: str) -> None:
        super().__init__(b"", name=name)
        self._buf = span
        self.file = io.BufferedReader(_Window(span), 4_096)


class MappedSegment(CompoundStorage):  # type: ignore[misc]  # Whoosh has no types
    """The parts of one segment's file.

    Raises:
        FileNotFoundError: a later commit has removed the file.
    """

    def __init__(self, store: Store, segment: Any) -> None:
        self._segment = copy.copy(segment)
        self._segment.compound = False  # its parts are here, not in a compound file any more
        with open(store.segment_path(segment), "rb") as file:
            mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._whole = memoryview(mapping)
        super().__init__(_MappedFile(self._whole, segment.segment_id()), use_mmap=False)

    def open_file(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """One part, without copying it."""
        offset, length = self.range(name)
        return _MappedFile(self._whole[offset : offset + length], name)

    def documents(self) -> Any:
        """A Whoosh reader of the stored documents."""
        return CODEC.per_document_reader(self, self._segment)

    def reader(self) -> Any:
        """A Whoosh reader of everything."""
        return SegmentReader(self, SCHEMA, self._segment)
