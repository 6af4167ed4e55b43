"""How a file is to be read, and what a reader tells about it before its records are drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from kbsearch.importers.records import Record

Kind = Literal["auto", "questions", "cases", "enrolments"]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the person who imports a file has chosen.

    ``file_name``: what the sender calls a file that is kept under another name, without its suffix.
    ``format``: "auto" or one of `kbsearch.importers.sources.FORMATS`.  ``mapping``: field → column (its name,
    or its number from 1; "": none).  ``encoding``: "auto" or a codec.  ``source`` "" is made from the file.
    ``course``: for records that tell none.  ``mentors``: names or ids of staff in a chat.  ``channels``:
    names or ids of those channels of an export of Slack that are read; none: all.  ``on_error``: skip broken
    rows and report them, or stop at the first and take nothing.
    """

    format: str = "auto"
    mapping: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "auto"
    source: str = ""
    course: str = ""
    kind: Kind = "auto"
    on_error: Literal["skip", "stop"] = "skip"
    mentors: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    file_name: str = ""


@dataclass(slots=True)
class Meter:
    """How far reading is: ``done`` of ``total`` units (0: unknown), kept up to date by the reader."""

    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """An opened file: what it is, and its records, which can be drawn once.

    ``columns`` and ``mapping`` are empty for formats without columns.  ``encoding`` "" is that of the format.
    ``header``: where the row of the names of the columns stands ("line 4"); "" when a table has none, None
    for formats that need none.  ``channels``: those of an export of Slack, chosen or not.  ``month_first``:
    whether dates like 11/3/2026 are read as of November.
    """

    format: str
    records: Callable[[], Iterator[Record]]
    meter: Meter
    encoding: str = ""
    columns: tuple[str, ...] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    header: str | None = None
    channels: tuple[str, ...] = ()
    month_first: bool = False


def source_name(path: Path, options: ImportOptions) -> str:
    """The source that questions of the file at ``path`` get: as told, else the file's name."""
    return options.source or options.file_name or path.stem[:80] or "import"


def called(path: Path, options: ImportOptions) -> str:
    """What the sender calls the file at ``path``; its path when it has no other name."""
    return f"{options.file_name}{path.suffix}" if options.file_name else str(path)
