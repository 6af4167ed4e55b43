"""Opening a file and drawing its records: what to make of one that cannot be read, or not to its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

from kbsearch.errors import InvalidInput, TooLarge, UnreadableFile
from kbsearch.importers.options import ImportOptions, Source, called
from kbsearch.importers.records import Record, Skipped
from kbsearch.importers.sources import open_source


def opened(path: Path, options: ImportOptions) -> Source:
    """The file at ``path``; what goes wrong with an upload names it as its sender does, not as it is kept.

    Raises:
        InvalidInput: see `kbsearch.importers.sources.open_source`; drawing the records raises it as well.
    """
    with _by_its_name(path, options):
        source = open_source(path, options)

    def records() -> Iterator[Record]:
        with _by_its_name(path, options):
            yield from source.records()

    return replace(source, records=records)


@contextmanager
def _by_its_name(path: Path, options: ImportOptions) -> Iterator[None]:
    try:
        yield
    except InvalidInput as error:
        if not options.file_name:
            raise
        details = {
            name: value.replace(str(path), called(path, options)) if isinstance(value, str) else value
            for name, value in error.details.items()
        }
        raise type(error)(error.template, remedy=error.remedy_template, **details) from error


def drawable(source: Source) -> tuple[Iterator[Record], InvalidInput | None]:
    """The records of ``source``, or why none can be drawn before a column is mapped.

    Raises:
        TooLarge, UnreadableFile: the file cannot be read, whatever is mapped.
    """
    records = to_the_end(source.records())
    try:
        first = list(islice(records, 1))
    except (TooLarge, UnreadableFile):
        raise
    except InvalidInput as error:
        return iter(()), error
    return _chained(first, records), None


def _chained(first: Sequence[Record], rest: Iterator[Record]) -> Iterator[Record]:
    yield from first
    yield from rest


def to_the_end(records: Iterator[Record]) -> Iterator[Record]:
    """``records``; where reading breaks off after some, the rest is one skipped row."""
    count = 0
    try:
        for count, record in enumerate(records, 1):  # noqa: B007  # the count is needed after the loop
            yield record
    except UnreadableFile as error:
        if not count:
            raise
        # The report goes on to pages, to whom the folder on this machine means nothing.
        named = {
            key: Path(str(value)).name if key == "path" else value for key, value in error.details.items()
        }
        yield replace(Skipped.because("the rest", error), details=named)
