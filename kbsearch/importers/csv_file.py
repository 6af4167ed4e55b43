"""CSV files: any usual delimiter and encoding; a broken row costs that row and no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from kbsearch.errors import UnreadableFile
from kbsearch.importers.columns import (
    map_columns,
    numbered_columns,
    recognised,
    unique_columns,
)
from kbsearch.importers.csv_rows import LONGEST_ROW, Row, split_rows, without_tail
from kbsearch.importers.dates import month_first
from kbsearch.importers.header_row import MOST_ABOVE, find_header
from kbsearch.importers.moodle_forum import PostReader, row_reader
from kbsearch.importers.options import ImportOptions, Meter, Source, source_name
from kbsearch.importers.records import Record, Skipped
from kbsearch.importers.table_rows import RowReader
from kbsearch.importers.text_lines import Line, check_encoding, read_lines, tell_encoding

_DELIMITERS = ",;\t|"


def open_csv(path: Path, options: ImportOptions) -> Source:
    """The CSV file at ``path``.

    Raises:
        UnreadableFile: it is empty, no text, or its header cannot be read.
        InvalidInput: the mapping names what is not there.
    """
    encoding = tell_encoding(path) if options.encoding == "auto" else check_encoding(options.encoding)
    meter = Meter()
    top = _top(path, encoding, options.mapping)
    mapping = map_columns(top.columns, options.mapping, options.kind)

    dated = [top.columns.index(mapping[field]) for field in ("asked_at", "week") if field in mapping]
    swapped = bool(dated) and month_first(_cells(path, encoding, top, dated))

    def records() -> Iterator[Record]:
        reader = row_reader(mapping, top.columns, source_name(path, options), options, month_first=swapped)
        for row in split_rows(read_lines(path, encoding, meter), top.delimiter, len(top.columns)):
            if row.number > top.header:
                yield _record(row, top.columns, reader)

    header = f"line {top.header}" if top.header else ""
    return Source("csv", records, meter, encoding, top.columns, mapping, header, month_first=swapped)


def _cells(path: Path, encoding: str, top: _Top, places: Sequence[int]) -> Iterator[str]:
    """What stands in the columns at ``places``, below the header."""
    for row in split_rows(read_lines(path, encoding, Meter()), top.delimiter, len(top.columns)):
        if row.number > top.header:
            yield from (row.cells[at] for at in places if at < len(row.cells))


@dataclass(frozen=True, slots=True)
class _Top:
    """What the first rows tell: ``header`` is the line of the names of the columns, 0 when there are none."""

    delimiter: str
    columns: tuple[str, ...]
    header: int


def _top(path: Path, encoding: str, told: Mapping[str, str]) -> _Top:
    """The delimiter with which the header has the most known names, then the most cells."""
    lines = list(_not_blank(_beginning(read_lines(path, encoding, Meter()))))
    if not lines:
        raise UnreadableFile("{path} is empty.", remedy="Check that the export has finished.", path=str(path))
    if lines[0].flaw is not None:
        raise UnreadableFile(
            "{path}, line {line}: {fault}.",
            remedy="The first line must hold the names of the columns. If the file is in another encoding, "
            "name it with --encoding, for example cp1251.",
            path=str(path),
            line=lines[0].number,
            fault=str(lines[0].flaw),
        )
    rows = {delimiter: _first_rows(lines, delimiter) for delimiter in _DELIMITERS}
    headers = {delimiter: find_header([row.cells for row in rows[delimiter]], told) for delimiter in rows}
    first = {delimiter: rows[delimiter][headers[delimiter] or 0] for delimiter in rows}
    best = max(first, key=lambda one: (recognised(first[one].cells, told), len(first[one].cells)))
    row = first[best]
    if row.flaw is not None:
        raise UnreadableFile(
            "{path}, line {line}: {fault}.",
            remedy="Mend the line of the names of the columns.",
            path=str(path),
            line=row.number,
            fault=str(row.flaw),
        )
    if headers[best] is None:
        return _Top(best, numbered_columns(_usual_width(rows[best])), 0)
    return _Top(best, unique_columns(row.cells), row.number)


def _first_rows(lines: Sequence[Line], delimiter: str) -> list[Row]:
    """The first rows that are not blank: those whose cells are all empty are."""
    filled = (row for row in split_rows(iter(lines), delimiter) if row.flaw or any(map(str.strip, row.cells)))
    return list(islice(filled, MOST_ABOVE + 1)) or [Row(lines[0].number, [""])]


def _usual_width(rows: Sequence[Row]) -> int:
    """How many cells most of ``rows`` have; of equals, what comes first."""
    return Counter(len(row.cells) for row in rows if row.cells).most_common(1)[0][0]


def _beginning(lines: Iterator[Line]) -> Iterator[Line]:
    """The first of ``lines``, as many as the longest row may have."""
    length = 0
    for line in lines:
        yield line
        length += len(line.text)
        if length > LONGEST_ROW:
            return


def _not_blank(lines: Iterator[Line]) -> Iterator[Line]:
    return (line for line in lines if line.flaw or line.text.strip("\ufeff \t\r\n"))


def _record(row: Row, columns: tuple[str, ...], reader: RowReader | PostReader) -> Record:
    if row.flaw is not None:
        return row.flaw.at(f"lines {row.number}–{row.last}" if row.last else f"line {row.number}")
    place = f"line {row.number}"
    if not any(row.cells):
        return Skipped(place, "the row is blank", harmless=True)
    cells = without_tail(row.cells, len(columns))
    if len(cells) != len(columns):
        counts = {"cells": len(cells), "columns": len(columns)}
        return Skipped(place, "the row has {cells} cells, the first one has {columns}", counts)
    return reader.read(dict(zip(columns, cells, strict=True)), place)
