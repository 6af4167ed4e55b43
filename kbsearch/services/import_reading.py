"""Drawing the records of a file: what to make of one that cannot be read, or not to its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from kbsearch.errors import InvalidInput, TooLarge, UnreadableFile
from kbsearch.importers.options import Source
from kbsearch.importers.records import Record, Skipped


def drawable(source: Source) -> tuple[Iterator[Record], InvalidInput | None]:
    """The records of ``source``, or why none can be drawn before a column is mapped."""
    records = to_the_end(source.records())
    try:
        first = list(islice(records, 1))
    except TooLarge:
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
