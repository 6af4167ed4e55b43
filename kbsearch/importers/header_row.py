"""Which row of a table holds the names of its columns: reports have titles and blank rows above it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kbsearch.importers.columns import recognised

MOST_ABOVE = 10
"""Rows that are not blank which a title may take above the headers."""


def find_header(rows: Sequence[Sequence[str]], told: Mapping[str, str]) -> int | None:
    """Which of ``rows``, the first of a table that are not blank, holds its headers; None: there are none.

    In this order: the first row with two headers that are known or ``told`` (field → column) and with more
    cells than each above it; the first with one; the first with one that is told; the first of more than one
    cell, because those above are a title.  A person who tells every column by its number, where nothing
    speaks for a header, has none.  A row without cells could not be read.
    """
    rows = rows[: MOST_ABOVE + 1]
    for wanted in (2, 1):
        found = next((at for at in range(len(rows)) if _is_named(rows, at, told, wanted)), None)
        if found is not None:
            return found
    named = {name for name in told.values() if name and not name.isdecimal()}
    found = next((at for at, cells in enumerate(rows) if named.intersection(cells)), None)
    if found is not None:
        return found
    if _is_numbered(told) and not _are_numbers(rows[0]):
        return None
    if not rows[0]:
        return 0
    return next((at for at, cells in enumerate(rows) if _filled(cells) > 1), 0)


def _is_named(rows: Sequence[Sequence[str]], at: int, told: Mapping[str, str], wanted: int) -> bool:
    wider = all(_filled(above) < _filled(rows[at]) for above in rows[:at])
    return wider and recognised(rows[at], told) >= wanted


def _is_numbered(told: Mapping[str, str]) -> bool:
    names = [name for name in told.values() if name]
    return bool(names) and all(map(str.isdecimal, names))


def _are_numbers(cells: Sequence[str]) -> bool:
    """Whether they are all numbers, which some tools write as headers."""
    return all(cell.strip().isdecimal() for cell in cells if cell.strip())


def _filled(cells: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)
