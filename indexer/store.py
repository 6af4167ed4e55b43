"""The Whoosh index: its fields, its files, its commits and its merges.

Whoosh keeps the documents and the inverted index that the advanced query language needs; plain searches are
scored from arrays that `indexer.arrays` derives from the stored documents.  This module, `indexer.advanced`
and nothing else import Whoosh.
"""

from __future__ import annotations

import os
import re
import struct
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from whoosh import fields
from whoosh.analysis import Analyzer, Token
from whoosh.codec.whoosh3 import STORED_COLUMN, W3Codec, W3PerDocWriter
from whoosh.columns import CompressedBytesColumn, PickleColumn
from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import BufferFile
from whoosh.formats import Positions
from whoosh.index import TOC, FileIndex
from whoosh.index import IndexError as WhooshIndexError
from whoosh.reading import SegmentReader

from indexer.generations import damaged
from kbsearch.durable import sync_folder
from kbsearch.text.words import words

NAME = "MAIN"
TEXT_FIELDS = ("title", "variants", "answer", "tags")
MERGE_AT_ONCE = 8
"""So many segments of like size are merged into one."""
MERGED_DOCUMENTS = 8_192
"""A merge makes no larger segment: rewriting one document takes half a millisecond, and the writer lock is
held meanwhile."""
_TOC = re.compile(rf"_{NAME}_(\d+)\.toc")


class StemAnalyzer(Analyzer):  # type: ignore[misc]  # Whoosh has no types
    """The project's words and stems as Whoosh tokens with positions."""

    def __call__(self, value: str, **kwargs: Any) -> Iterator[Token]:
        """The tokens of ``value``."""
        token = Token(positions=True, chars=True, removestops=False, mode=kwargs.get("mode", ""))
        for place, word in enumerate(words(value), kwargs.get("start_pos", 0)):
            token.text, token.pos = word.stem, place
            token.startchar, token.endchar = word.start, word.end
            yield token


class WordAnalyzer(StemAnalyzer):
    """A whole value as one token, for codes of courses."""

    def __call__(self, value: str, **kwargs: Any) -> Iterator[Token]:
        """One token: ``value`` in lower case."""
        token = Token(positions=True, chars=True, removestops=False, mode=kwargs.get("mode", ""))
        token.text, token.pos, token.startchar, token.endchar = value.strip().lower(), 0, 0, len(value)
        yield token


class StemText(fields.TEXT):  # type: ignore[misc]  # Whoosh has no types
    """Stems with their positions, as Whoosh keeps them: in a third of the time of its tokens."""

    def index(self, value: str, **kwargs: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Stem, frequency, weight and encoded positions of each different word of ``value``."""
        places: defaultdict[str, list[int]] = defaultdict(list)
        for place, word in enumerate(words(value)):
            places[word.stem].append(place)
        for stem, at in places.items():
            yield stem.encode(), len(at), float(len(at)), _encoded(tuple(at))


@lru_cache(maxsize=1_024)
def _encoded(places: tuple[int, ...]) -> bytes:
    encoded: bytes = Positions().encode(places)
    return encoded


def _text() -> Any:
    field = StemText(analyzer=StemAnalyzer(), phrase=True, stored=False)
    field.scorable = False  # lengths are kept exactly elsewhere
    return field


def schema() -> Any:
    """Fields of the index: the texts, the course, and the whole document as it is stored."""
    course = fields.ID(analyzer=WordAnalyzer())
    return fields.Schema(**{name: _text() for name in TEXT_FIELDS}, course=course, document=fields.STORED())


SCHEMA = schema()


class QuickDocumentWriter(W3PerDocWriter):  # type: ignore[misc]  # Whoosh has no types
    """Whoosh's writer of documents, which packs them in half the time; read as Whoosh's own."""

    stored = PickleColumn(CompressedBytesColumn(level=1))

    def _create_column(self, fieldname: str, column: Any) -> None:
        super()._create_column(fieldname, self.stored if column is STORED_COLUMN else column)


class PlainCodec(W3Codec):  # type: ignore[misc]  # Whoosh has no types
    """Whoosh's codec without the lengths that only its own scoring needs, and without compressed postings."""

    length_stats = False

    def per_document_writer(self, storage: Any, segment: Any) -> QuickDocumentWriter:
        """As Whoosh's codec."""
        return QuickDocumentWriter(self, storage, segment)


CODEC = PlainCodec(compression=0)


class DurableStorage(FileStorage):  # type: ignore[misc]  # Whoosh has no types
    """Files of a Whoosh index that are on the disk before the table of contents that names them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self._fresh: set[str] = set()

    def create_file(self, name: str, **kwargs: Any) -> Any:
        """As Whoosh does; remembers the name."""
        self._fresh.add(name)
        return super().create_file(name, **kwargs)

    def open_file(self, name: str, **kwargs: Any) -> Any:
        """As Whoosh does; a table of contents is read whole, so that a broken one is not left open."""
        if not name.endswith(".toc"):
            return super().open_file(name, **kwargs)
        return BufferFile(memoryview(Path(self._fpath(name)).read_bytes()), name=name)

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        """As Whoosh does, after everything written since the last time is on the disk."""
        for name in self._fresh:
            if name == oldname or name.endswith(".seg"):
                _sync_file(self._fpath(name))
        self._fresh.clear()
        super().rename_file(oldname, newname, safe=safe)
        sync_folder(Path(self.folder))


def _sync_file(path: str) -> None:
    if os.path.exists(path):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class Store:
    """The Whoosh index in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.storage = DurableStorage(folder)

    def create(self) -> None:
        """Make an empty index."""
        TOC.create(self.storage, SCHEMA, NAME)

    def commit_number(self) -> int:
        """The number of the newest commit; -1 when there is none."""
        numbers = [int(match[1]) for name in os.listdir(self.folder) if (match := _TOC.fullmatch(name))]
        return max(numbers, default=-1)

    def segments(self, commit: int) -> list[Any]:
        """Whoosh's segments as of ``commit``, each with its deleted documents."""
        segments: list[Any] = TOC.read(self.storage, NAME, gen=commit, schema=SCHEMA).segments
        return segments

    def segment_path(self, segment: Any) -> Path:
        """The file that holds ``segment``."""
        return self.folder / f"{segment.segment_id()}.seg"

    def writer(self) -> Any:
        """A Whoosh writer; the caller holds the collection's lock.

        Raises:
            IndexUnavailable: the list of segments is damaged, which a reader may not have met yet.
        """
        try:
            return FileIndex(self.storage, schema=SCHEMA, indexname=NAME).writer(codec=CODEC, timeout=1.0)
        except (WhooshIndexError, EOFError, ValueError, struct.error) as error:
            raise damaged(self.folder, error) from error


def add_document(writer: Any, stored: dict[str, Any]) -> None:
    """Add a document as `indexer.documents.stored` makes it."""
    texts = {name: stored[name] for name in TEXT_FIELDS if stored.get(name)}
    writer.add_document(**texts, course=stored["course"], document=stored)


def keep_all(writer: Any, segments: list[Any]) -> list[Any]:
    """Whoosh merge policy: none."""
    return segments


def merge_some(writer: Any, segments: list[Any]) -> list[Any]:
    """Whoosh merge policy: merge one group that `to_merge` chooses, keep the rest."""
    chosen = to_merge(segments)
    for segment in chosen:
        reader = SegmentReader(writer.storage, writer.schema, segment)
        writer.add_reader(reader)
        reader.close()
    return [segment for segment in segments if segment not in chosen]


def to_merge(segments: list[Any]) -> list[Any]:
    """The smallest segments of like size, at most `MERGED_DOCUMENTS` together; none when there are few."""
    hollow = [segment for segment in segments if 2 * segment.deleted_count() > segment.doc_count_all()]
    if hollow:
        return hollow[:MERGE_AT_ONCE]
    ordered = sorted(segments, key=_live)
    for start in range(len(ordered) - MERGE_AT_ONCE + 1):
        group = ordered[start : start + MERGE_AT_ONCE]
        alike = _live(group[-1]) <= MERGE_AT_ONCE * max(1, _live(group[0]))
        if alike and sum(map(_live, group)) <= MERGED_DOCUMENTS:
            return group
    return []


def _live(segment: Any) -> int:
    count: int = segment.doc_count_all() - segment.deleted_count()
    return count


def stored_documents(reader: Any, count: int) -> Iterator[dict[str, Any]]:
    """The stored documents of a segment in order, deleted ones too, from Whoosh's ``reader`` of them."""
    for number in range(count):
        yield reader.stored_fields(number)["document"]
