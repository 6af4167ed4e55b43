"""Tables as CSV and XLSX, safe to open: no cell of text is ever taken for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

Value = str | int | float | None

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""Spreadsheets take a text that begins so for a formula or a command (OWASP: CSV injection)."""
_SHEET = re.compile(r"[\[\]:*?/\\]")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff￾￿]")
SHEET_CHARS = 31
MAX_LINKED = 5_000
"""Rows whose cells are linked: a spreadsheet takes 65,530 links a sheet."""
CELL_CHARS = 32_767
"""An XLSX cell holds no more."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table to be written: its title, the names of its columns, and rows of as many values.

    ``links``: the address that each cell leads to, in the shape of ``rows``, "" for none; or nothing at all.
    Files of text leave them out.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]
    links: Sequence[Sequence[str]] = ()


def to_csv(sheets: Sequence[Sheet]) -> bytes:
    """``sheets`` one after another, as UTF-8 with a mark that spreadsheets know it by.

    With more than one each begins with a line of its title and ends with a blank line.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for sheet in sheets:
        if len(sheets) > 1:
            writer.writerow([guarded(sheet.title)])
        writer.writerow([guarded(name) for name in sheet.columns])
        writer.writerows([[guarded(value) for value in row] for row in sheet.rows])
        if len(sheets) > 1:
            writer.writerow([])
    return out.getvalue().encode("utf-8-sig", "replace")


def guarded(value: Value) -> Value:
    """``value``, with an apostrophe before a text that a spreadsheet would run."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return f"'{value}"
    return value


def to_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """``sheets`` as a workbook, one each, with a fixed header row."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    book.remove(book.worksheets[0])
    for sheet in sheets:
        page = book.create_sheet(_sheet_name(sheet.title, [one.title for one in book.worksheets]))
        for row, values in enumerate([list(sheet.columns), *sheet.rows], start=1):
            for column, value in enumerate(values, start=1):
                cell = page.cell(row, column)
                if isinstance(value, str):
                    cell.value = _UNPRINTABLE.sub("", value)[:CELL_CHARS]
                    cell.data_type = "s"  # else a text that begins with = becomes a formula
                    cell.quotePrefix = value.lstrip(" ").startswith(_FORMULA)
                else:
                    cell.value = value
                if row == 1:
                    cell.font = Font(bold=True)
        for row, links in enumerate(sheet.links[:MAX_LINKED], start=2):
            for column, link in enumerate(links, start=1):
                if link:
                    cell = page.cell(row, column)
                    cell.hyperlink, cell.font = link, Font(color="0563C1", underline="single")
        page.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet_name(title: str, taken: Sequence[str]) -> str:
    """A name that a workbook takes: short, without signs that it refuses, and no other's."""
    whole = " ".join(_UNPRINTABLE.sub("", _SHEET.sub(" ", title)).split()).strip(" '")
    name = whole[:SHEET_CHARS]
    if len(whole) > SHEET_CHARS and whole[SHEET_CHARS] != " ":
        name = name.rpartition(" ")[0] or name
    name = name.strip(" ',") or "1"
    known = {one.casefold() for one in taken}
    number = 2
    while name.casefold() in known:
        name = f"{name[: SHEET_CHARS - 4]} {number}"
        number += 1
    return name
