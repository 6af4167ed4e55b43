"""Rows that a CSV writer wrote are read as they were, whatever stands in the cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from kbsearch.importers.csv_rows import split_rows
from kbsearch.importers.options import Meter
from kbsearch.importers.text_lines import Line, read_lines

CELLS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.text(alphabet='a"\n\r,; ', max_size=12),
)
TABLES = st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=8)


def lines_of(content: str) -> Iterator[Line]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(content.encode())
        yield from list(read_lines(path, "utf-8", Meter()))


@settings(max_examples=300, deadline=None)
@given(TABLES, st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]))
def test_what_was_written_is_read(table: list[list[str]], delimiter: str, end: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(table)
    rows = list(split_rows(lines_of(out.getvalue()), delimiter))
    assert [row.cells for row in rows] == table
    assert not any(row.flaw for row in rows)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='ab",\n\r', max_size=80))
def test_every_line_of_any_text_is_in_a_row_or_reported(content: str) -> None:
    lines = list(lines_of(content))
    numbers = [row.number for row in split_rows(iter(lines), ",")]
    assert numbers == sorted(set(numbers))
    assert not lines or numbers[0] == 1


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab,", max_size=30), TABLES)
def test_a_broken_line_costs_no_row_after_it(broken: str, table: list[list[str]]) -> None:
    plain = [["".join(filter(str.isalnum, cell)) or "0" for cell in row] for row in table]
    content = "".join(",".join(row) + "\n" for row in plain)
    rows = list(split_rows(lines_of(f'x,"{broken}\n{content}'), ","))
    assert rows[0].flaw
    assert [row.cells for row in rows[1:]] == plain
