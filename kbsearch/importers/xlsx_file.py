"""XLSX workbooks: the first sheet with data, read row by row, after a look at what unpacking would cost."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from kbsearch.errors import UnreadableFile
from kbsearch.importers.columns import (
    map_columns,
    numbered_columns,
    unique_columns,
)
from kbsearch.importers.dates import month_first
from kbsearch.importers.header_row import MOST_ABOVE, find_header
from kbsearch.importers.moodle_forum import row_reader
from kbsearch.importers.options import ImportOptions, Meter, Source, source_name
from kbsearch.importers.records import Record
from kbsearch.importers.zip_archives import open_archive, pieces

MOST_ENTRIES = 2_000
MOST_UNPACKED = 300_000_000
MOST_RATIO = 150
FREE_OF_RATIO = 20_000_000
"""Below so many unpacked bytes the ratio does not matter: a small workbook of like rows packs very well."""

MOST_COLUMNS = 200
LOOK_AHEAD = 100
"""Rows that tell where the headers are, and how many columns a sheet without them has."""

FIRST_DAY, END_OF_DAYS = 36_526, 73_051
"""Day numbers of 1 January 2000 and 2100 in workbooks."""


def open_xlsx(path: Path, options: ImportOptions) -> Source:
    """The workbook at ``path``.

    Raises:
        UnreadableFile: it is no workbook, it is broken, or it would unpack to far too much.
        InvalidInput: the mapping names what is not there.
    """
    check_archive(path)
    meter = Meter()
    rows = _rows(path)
    ahead = list(islice(rows, LOOK_AHEAD))
    if not ahead:
        raise UnreadableFile("{path} has no sheet with data.", remedy="Check the export.", path=str(path))
    at = find_header([_texts(cells) for _, cells in ahead[: MOST_ABOVE + 1]], options.mapping)
    columns = numbered_columns(_widest(ahead)) if at is None else unique_columns(_texts(ahead[at][1]))
    below = ahead if at is None else ahead[at + 1 :]
    mapping = map_columns(columns, options.mapping, options.kind)
    dated = {mapping[field] for field in ("asked_at", "week") if field in mapping}
    first_below = below[0][0] if below else 0
    swapped = bool(dated) and month_first(_cells(path, first_below, [columns.index(one) for one in dated]))

    def records() -> Iterator[Record]:
        reader = row_reader(mapping, columns, source_name(path, options), options, month_first=swapped)
        for number, cells in chain(below, rows):
            meter.done += 1
            row = dict(zip(columns, cells, strict=False))
            row |= {column: _moment(row[column]) for column in dated & row.keys()}
            yield reader.read(row, f"row {number}")

    header = "" if at is None else f"row {ahead[at][0]}"
    return Source("xlsx", records, meter, "", columns, mapping, header, month_first=swapped)


def _cells(path: Path, first: int, places: Sequence[int]) -> Iterator[str]:
    """What stands in the columns at ``places``, from row ``first`` on."""
    for number, cells in _rows(path):
        if number >= first:
            yield from (str(cells[at] or "") for at in places if at < len(cells))


def check_archive(path: Path) -> None:
    """Refuse what is no ZIP archive and what unpacks to far more than a workbook does.

    The declared sizes are checked first, then each member is unpacked, piece by piece, and counted.

    Raises:
        UnreadableFile: as said, or one of its members is damaged.
    """
    try:
        archive = open_archive(path)
    except UnreadableFile as error:
        raise _no_workbook(path) from error
    with archive:
        members = archive.infolist()
        _check_size(path, len(members), sum(member.file_size for member in members))
        if "xl/workbook.xml" not in archive.namelist():
            raise _no_workbook(path)
        total = 0
        for member in members:
            for piece in _pieces(path, archive, member):
                total += len(piece)
                _check_size(path, len(members), total)


def _pieces(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        yield from pieces(archive, member)
    except UnreadableFile as error:
        raise _no_workbook(path) from error


def _check_size(path: Path, entries: int, unpacked: int) -> None:
    packed = max(path.stat().st_size, 1)
    too_dense = unpacked > FREE_OF_RATIO and unpacked > MOST_RATIO * packed
    if entries > MOST_ENTRIES or unpacked > MOST_UNPACKED or too_dense:
        raise UnreadableFile(
            "{path} would unpack to {unpacked} MB in {entries} parts: that is no ordinary workbook.",
            remedy="Save the sheet as CSV and import that.",
            path=str(path),
            unpacked=unpacked // 1_000_000,
            entries=entries,
        )


def _no_workbook(path: Path) -> UnreadableFile:
    return UnreadableFile(
        "{path} is no XLSX workbook, or it is damaged.",
        remedy="Open it in a spreadsheet program and save it as .xlsx or CSV.",
        path=str(path),
    )


def _rows(path: Path) -> Iterator[tuple[int, Sequence[Any]]]:
    """Rows that are not blank, with their numbers, of the first sheet that has two of them (or one)."""
    import openpyxl

    try:
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
        sheets = workbook.worksheets
        best = next((sheet for sheet in sheets if len(list(islice(_filled(sheet), 2))) > 1), None)
        best = best or next((sheet for sheet in sheets if next(_filled(sheet), None)), None)
        if best is not None:
            yield from _filled(best)
        workbook.close()
    except UnreadableFile:
        raise
    except Exception as error:  # openpyxl raises whatever a damaged part makes it stumble over
        raise _no_workbook(path) from error


def _filled(sheet: Any) -> Iterator[tuple[int, Sequence[Any]]]:
    sheet.reset_dimensions()
    for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS), 1):
        if any(cell not in (None, "") for cell in cells):
            yield number, cells


def _moment(cell: Any) -> Any:
    """``cell``; a day number of the spreadsheet (2000 to 2099), whose cell lost its format, as a moment."""
    from openpyxl.utils.datetime import from_excel

    is_day = isinstance(cell, (int, float)) and FIRST_DAY <= cell < END_OF_DAYS
    return from_excel(cell) if is_day else cell


def _widest(rows: Sequence[tuple[int, Sequence[Any]]]) -> int:
    return max(len(_trimmed(cells)) for _, cells in rows)


def _texts(cells: Sequence[Any]) -> list[str]:
    return ["" if cell is None else str(cell) for cell in _trimmed(cells)]


def _trimmed(cells: Sequence[Any]) -> Sequence[Any]:
    last = max((at for at, cell in enumerate(cells) if cell not in (None, "")), default=-1)
    return cells[: last + 1]
