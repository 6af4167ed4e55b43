"""Tables of insights: built once, shown on pages, written into files and into the digest's e-mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from flask_babel import format_decimal, format_percent, get_locale

from kbsearch.exporters.tables import Sheet, Value

Kind = Literal["text", "number", "decimal", "share"]
ASIDE = "–"
LEAST_P = 0.001
"""Smaller chances are not told apart where people read."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column.  ``series``: a chart above the table draws it."""

    label: str
    kind: Kind = "text"
    series: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A number of a cell that is split, with its colour, where it leads and what it says aloud."""

    value: int
    tone: str
    url: str
    label: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A value: how it reads, where it leads, its colour; ``parts`` split it, ``note`` is said below."""

    value: Value
    text: str
    url: str = ""
    tone: str = ""
    parts: tuple[Part, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table.  ``key`` names it in addresses; ``total``: rows there are, when not all are here.

    ``chart``: "weeks" draws the series over the first column's ``moments``, without the rows ``running`` that
    are not over yet and would look like a fall.
    """

    key: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    empty: str = ""
    total: int = 0
    chart: str = ""
    moments: Sequence[int] = field(default_factory=tuple)
    running: Sequence[int] = field(default_factory=tuple)

    def sheet(self, site: str) -> Sheet:
        """As a file holds it, with links to the pages of ``site``, such as "https://kb.example"; "": none."""
        return Sheet(
            self.title,
            [column.label for column in self.columns],
            [[cell.value for cell in row] for row in self.rows],
            [[site + cell.url if cell.url else "" for cell in row] for row in self.rows] if site else (),
        )

    def line(self, row: Sequence[Cell]) -> str:
        """All but the first cell of ``row`` as a sentence of plain text; empty cells are left out."""
        told = [
            f"{column.label[:1].lower()}{column.label[1:]}: {cell.text}"
            + (f" ({cell.note})" if cell.note else "")
            for column, cell in zip(self.columns[1:], row[1:], strict=True)
            if cell.text != ASIDE
        ]
        said = "; ".join(told)
        return said[:1].upper() + said[1:]


def text(value: str, url: str = "", tone: str = "", note: str = "", filed: str = "") -> Cell:
    """A cell of words; ``filed``: what files hold, when that is not the same."""
    return Cell(filed or value, value or ASIDE, url, tone, note=note)


def lesson(title: str, course: str, url: str = "", note: str = "") -> Cell:
    """A cell of a lesson: courses call lessons alike, so that its course is told everywhere."""
    said = ", ".join(part for part in (course, note) if part)
    return text(title, url, note=said, filed=f"{title} ({course})" if course else title)


def number(
    value: int | None, url: str = "", tone: str = "", parts: Sequence[Part] = (), note: str = ""
) -> Cell:
    """A cell of a count; a link only when there is something to see."""
    if value is None:
        return Cell(None, ASIDE)
    shown = str(value) if 0 <= value < 1000 else str(format_decimal(value))  # noqa: PLR2004  # no groups
    return Cell(value, shown, url if value else "", tone, tuple(parts), note)


def decimal(value: float | None, digits: int = 1, url: str = "", note: str = "") -> Cell:
    """A cell of a figure with ``digits`` after the point."""
    if value is None:
        return Cell(None, ASIDE)
    shown = _rounded(value, digits, str(get_locale() or "en"))
    return Cell(round(value, 4), shown, url, note=note)


@lru_cache(maxsize=10_000)
def _rounded(value: float, digits: int, language: str) -> str:
    """A figure in the way of a language; a page has hundreds, many of them equal."""
    return str(format_decimal(value, format=f"0.{'0' * digits}"))


def chance(p: float) -> Cell:
    """A cell of a p-value; one that is all but nothing is not called nothing."""
    shown = f"< {format_decimal(LEAST_P)}" if p < LEAST_P else str(format_decimal(p, format="0.###"))
    return Cell(float(f"{p:.2g}"), shown)


def share(value: float | None, url: str = "", tone: str = "") -> Cell:
    """A cell of a share in [0, 1]."""
    if value is None:
        return Cell(None, ASIDE)
    return Cell(round(value, 4), str(format_percent(value)), url, tone)
