"""Rows of CSV: a quoted cell may have any number of lines; a quote that is not closed costs few of them."""

from __future__ import annotations

import csv
import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from kbsearch.importers.records import Flaw
from kbsearch.importers.text_lines import LONGEST_LINE, Line

LONGEST_ROW = LONGEST_LINE
"""Characters within which the quotes of a row must be closed: as many as a single line may have."""

csv.field_size_limit(2 * LONGEST_ROW)  # what a cell may hold is for the services to say, in their words


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row that begins at line ``number``; ``flaw`` says why there are none.

    ``last`` is the last line that was given up with it.
    """

    number: int
    cells: list[str]
    flaw: Flaw | None = None
    last: int = 0


class _Lines:
    """Lines that can be put back to be drawn again."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._back: deque[Line] = deque()

    def __iter__(self) -> Iterator[Line]:
        return self

    def __next__(self) -> Line:
        return self._back.popleft() if self._back else next(self._lines)

    def put_back(self, lines: Sequence[Line]) -> None:
        self._back.extendleft(reversed(lines))


def split_rows(lines: Iterator[Line], delimiter: str, width: int = 0) -> Iterator[Row]:
    """The rows that ``lines`` make; a row may span lines inside quotes.

    When a quote is not closed the line where the row begins is given up, and of those below what is no row of
    ``width`` cells by itself, up to where rows go on; 0: the width is not known, the line alone is given up.
    """
    feed = _Lines(lines)
    for line in feed:
        row, _ = _row(line, feed, delimiter)
        if row.flaw is not None and line.flaw is None and width:
            row = replace(row, last=_give_up(feed, delimiter, width))
        yield row


def without_tail(cells: list[str], width: int) -> list[str]:
    """``cells`` without the blank ones at their end that are over ``width``."""
    while len(cells) > width and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def _row(line: Line, feed: _Lines, delimiter: str) -> tuple[Row, list[Line]]:
    """The row that begins with ``line``, and the lines it takes; a flawed row takes none of ``feed``."""
    if line.flaw is not None:
        return Row(line.number, [], line.flaw), [line]
    taken = [line]

    def texts() -> Iterator[str]:
        yield line.text
        length = len(line.text)
        for following in feed:
            taken.append(following)
            length += len(following.text)
            if following.flaw is not None or length > LONGEST_ROW:
                return
            yield following.text

    try:
        cells = next(csv.reader(texts(), delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        feed.put_back(taken[1:])
        return Row(line.number, [], _flaw(str(error), taken, delimiter)), [line]
    return Row(line.number, cells), taken


def _give_up(feed: _Lines, delimiter: str, width: int) -> int:
    """Draws the lines that are no rows by themselves: the rest of a cell whose quote is not closed.

    Rows go on with the first line below when it is one, else where two of them follow each other; an indented
    line is none.  A flawed line that would be one without its quotes is an error of its own.  Returns the
    number of the last line that is drawn, 0 for none.
    """
    last = fitting = 0
    waiting: list[Line] = []
    for line in feed:
        row, used = _row(line, feed, delimiter)
        cells = line.text.split(delimiter) if row.flaw else without_tail(row.cells, width)
        fits = len(cells) == width and not line.text.startswith(" ")
        if not fits and any(map(str.strip, cells)):
            last, fitting, waiting = line.number, 0, []
            continue
        fitting += any(cells)
        waiting += used
        if row.flaw or fitting > bool(last):
            break
    feed.put_back(waiting)
    return last


def _flaw(reason: str, taken: Sequence[Line], delimiter: str) -> Flaw:
    """Why the lines of a row cannot be read, the last of ``taken`` being the one where that showed."""
    opened, shown = _opened(taken, delimiter), taken[-1]
    if "expected after" in reason and opened == shown.number:
        return Flaw("a quote stands inside a quoted cell (write it twice)")
    if "expected after" in reason:
        return Flaw(
            "the quote opened in line {opened} is not closed before the one in line {next}: close it, or "
            "write a quote inside a cell twice",
            {"opened": opened, "next": shown.number},
        )
    if "unexpected end of data" not in reason:
        return Flaw(reason)
    if shown.flaw is not None:
        return Flaw(
            "the quoted cell opened in line {opened} cannot be read: line {line} in it is broken",
            {"opened": opened, "line": shown.number},
        )
    if sum(len(line.text) for line in taken) > LONGEST_ROW:
        return Flaw(
            "the quote opened in line {opened} is not closed within {characters} characters: close it, or "
            "write a quote inside a cell twice",
            {"opened": opened, "characters": LONGEST_ROW},
        )
    return Flaw(
        "the quote opened in line {opened} is not closed: close it, or write a quote inside a cell twice",
        {"opened": opened},
    )


def _opened(taken: Sequence[Line], delimiter: str) -> int:
    """The line where the quoted cell begins that breaks the row: no quote ends it, or more follows one."""
    text = "".join(line.text for line in taken)
    at = 0
    for cell in re.finditer(rf'(?:^|(?<={re.escape(delimiter)}))"(?:[^"]++|"")*+("?)', text):
        at = cell.start()
        if not cell[1] or text[cell.end() : cell.end() + 1] not in ("", delimiter, "\n", "\r"):
            break
    ends = list(accumulate(len(line.text) for line in taken))
    return taken[bisect_right(ends, at)].number
