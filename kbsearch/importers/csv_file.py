"""CSV files: any usual delimiter and encoding; a broken row costs that row and no other."""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from kbsearch.errors import UnreadableFile
from kbsearch.importers.columns import (
    kind_of,
    map_columns,
    numbered_columns,
    recognised,
    unique_columns,
)
from kbsearch.importers.header_row import MOST_ABOVE, find_header
from kbsearch.importers.options import ImportOptions, Meter, Source, source_name
from kbsearch.importers.records import Record, Skipped
from kbsearch.importers.table_rows import RowReader
from kbsearch.importers.text_lines import Line, check_encoding, read_lines, tell_encoding

MOST_LINES = 200
"""Lines of one row: a quote that is not closed within them is taken for a broken one."""

_DELIMITERS = ",;\t|"
_UNCLOSED = "a quote is not closed"


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row that begins at line ``number``; ``fault`` says why there are none."""

    number: int
    cells: list[str]
    fault: str = ""


def open_csv(path: Path, options: ImportOptions) -> Source:
    """The CSV file at ``path``.

    Raises:
        UnreadableFile: it is empty, no text, or its header cannot be read.
        InvalidInput: the mapping names what is not there.
    """
    encoding = tell_encoding(path) if options.encoding == "auto" else check_encoding(options.encoding)
    meter = Meter()
    top = _top(path, encoding, options.mapping)
    mapping = map_columns(top.columns, options.mapping)

    def records() -> Iterator[Record]:
        reader = RowReader(
            mapping, kind_of(mapping, options.kind, top.columns), source_name(path, options), options
        )
        for row in split_rows(read_lines(path, encoding, meter), top.delimiter):
            if row.number > top.header:
                yield _record(row, top.columns, reader)

    header = f"line {top.header}" if top.header else ""
    return Source("csv", records, meter, encoding, top.columns, mapping, header)


@dataclass(frozen=True, slots=True)
class _Top:
    """What the first rows tell: ``header`` is the line of the names of the columns, 0 when there are none."""

    delimiter: str
    columns: tuple[str, ...]
    header: int


def _top(path: Path, encoding: str, told: Mapping[str, str]) -> _Top:
    """The delimiter with which the header has the most known names, then the most cells."""
    lines = list(islice(_not_blank(read_lines(path, encoding, Meter())), MOST_LINES))
    if not lines:
        raise UnreadableFile("{path} is empty.", remedy="Check that the export has finished.", path=str(path))
    if lines[0].fault:
        raise UnreadableFile(
            "{path}, line {line}: {fault}.",
            remedy="The first line must hold the names of the columns. If the file is in another encoding, "
            "name it with --encoding, for example cp1251.",
            path=str(path),
            line=lines[0].number,
            fault=lines[0].fault,
        )
    rows = {delimiter: _first_rows(lines, delimiter) for delimiter in _DELIMITERS}
    headers = {delimiter: find_header([row.cells for row in rows[delimiter]], told) for delimiter in rows}
    first = {delimiter: rows[delimiter][headers[delimiter] or 0] for delimiter in rows}
    best = max(first, key=lambda one: (recognised(first[one].cells, told), len(first[one].cells)))
    row = first[best]
    if row.fault:
        raise UnreadableFile(
            "{path}, line {line}: {fault}.",
            remedy="Mend the line of the names of the columns.",
            path=str(path),
            line=row.number,
            fault=row.fault,
        )
    if headers[best] is None:
        return _Top(best, numbered_columns(_usual_width(rows[best])), 0)
    return _Top(best, unique_columns(row.cells), row.number)


def _first_rows(lines: Sequence[Line], delimiter: str) -> list[Row]:
    """The first rows that are not blank: those whose cells are all empty are."""
    filled = (
        row for row in split_rows(iter(lines), delimiter) if row.fault or any(map(str.strip, row.cells))
    )
    return list(islice(filled, MOST_ABOVE + 1)) or [Row(lines[0].number, [""])]


def _usual_width(rows: Sequence[Row]) -> int:
    """How many cells most of ``rows`` have; of equals, what comes first."""
    return Counter(len(row.cells) for row in rows if row.cells).most_common(1)[0][0]


def _not_blank(lines: Iterator[Line]) -> Iterator[Line]:
    return (line for line in lines if line.fault or line.text.strip("\ufeff \t\r\n"))


def split_rows(lines: Iterator[Line], delimiter: str) -> Iterator[Row]:
    """The rows that ``lines`` make; a row may span lines inside quotes.

    When a quote is not closed only the line where it was opened is given up: reading goes on with the next.
    """
    pending: deque[Line] = deque()
    stream = chain.from_iterable(
        iter(lambda: (pending.popleft() if pending else next(lines, None),), (None,))
    )
    for line in stream:
        if line is None:
            return
        if line.fault:
            yield Row(line.number, [], line.fault)
            continue
        cells, fault = _cells(line.text, delimiter)
        if fault == _UNCLOSED:
            cells, fault = _spanning(line, pending, lines, delimiter)
        yield Row(line.number, cells, fault)


def _spanning(
    first: Line, pending: deque[Line], lines: Iterator[Line], delimiter: str
) -> tuple[list[str], str]:
    """The row that begins with ``first`` and goes on over some of the next lines, which it takes away.

    Lines that it does not take stay in ``pending``.
    """
    text = first.text
    for used in range(1, MOST_LINES):
        if used > len(pending):
            following = next(lines, None)
            if following is None:
                break
            pending.append(following)
        following = pending[used - 1]
        if following.fault:
            break
        text += following.text
        if '"' not in following.text:
            continue
        cells, fault = _cells(text, delimiter)
        if not fault:
            for _ in range(used):
                pending.popleft()
            return cells, ""
        if fault != _UNCLOSED:
            break
    return [], _UNCLOSED


def _cells(text: str, delimiter: str) -> tuple[list[str], str]:
    try:
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        reason = str(error)
        return [], _UNCLOSED if "unexpected end of data" in reason else _reason(reason)
    return (rows[0] if rows else []), ""


def _reason(reason: str) -> str:
    if "expected after" in reason:
        return "a quote stands inside a quoted cell (write it twice)"
    if "field larger" in reason:
        return "a cell is too long"
    return reason


def _record(row: Row, columns: tuple[str, ...], reader: RowReader) -> Record:
    place = f"line {row.number}"
    if row.fault:
        return Skipped(place, "{fault}", {"fault": row.fault})
    if not any(row.cells):
        return Skipped(place, "the row is blank", harmless=True)
    while len(row.cells) > len(columns) and not row.cells[-1].strip():
        row.cells.pop()
    if len(row.cells) != len(columns):
        counts = {"cells": len(row.cells), "columns": len(columns)}
        return Skipped(place, "the row has {cells} cells, the first one has {columns}", counts)
    return reader.read(dict(zip(columns, row.cells, strict=True)), place)
