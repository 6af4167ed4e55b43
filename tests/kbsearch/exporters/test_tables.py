"""Tables as files: what is written is read back, and nothing is run."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from kbsearch.exporters.tables import Sheet, guarded, to_csv, to_xlsx

DANGEROUS = (
    "=1+1",
    "+7",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    " =1+1",
    '=HYPERLINK("http://a.example")',
    "|calc",
    "%0A",
)
cells = st.one_of(st.none(), st.integers(-(10**9), 10**9), st.floats(0, 1e6), st.text(max_size=40))


def rows_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_a_csv_opens_in_a_spreadsheet_and_runs_nothing() -> None:
    data = to_csv([Sheet("t", ["Кластер", "=x"], [[text, 1] for text in DANGEROUS])])
    assert data.startswith(b"\xef\xbb\xbf")
    header, *rows = rows_of(data)
    assert header == ["Кластер", "'=x"]
    assert [row[0] for row in rows] == [f"'{text}" for text in DANGEROUS]


def test_numbers_stay_numbers() -> None:
    assert guarded(-3) == -3
    assert rows_of(to_csv([Sheet("t", ["n"], [[-3], [0.5], [None]])]))[1:] == [["-3"], ["0.5"], [""]]


def test_several_tables_follow_each_other() -> None:
    data = to_csv([Sheet("one", ["a"], [["x"]]), Sheet("two", ["b"], [])])
    assert rows_of(data) == [["one"], ["a"], ["x"], [], ["two"], ["b"], []]


def test_a_workbook_holds_texts_and_no_formula() -> None:
    book = load_workbook(io.BytesIO(to_xlsx([Sheet("t", ["a", "n"], [[text, -1] for text in DANGEROUS])])))
    page = book["t"]
    assert [page.cell(row, 1).data_type for row in range(2, len(DANGEROUS) + 2)] == ["s"] * len(DANGEROUS)
    assert page.cell(2, 1).value == "=1+1"
    assert page.cell(2, 2).value == -1


def test_a_workbook_leads_to_the_pages_behind_its_cells() -> None:
    sheet = Sheet("t", ["a", "n"], [["=1+1", 3], ["x", None]], [["https://kb.example/1", ""], ["", ""]])
    page = load_workbook(io.BytesIO(to_xlsx([sheet])))["t"]
    linked = page.cell(2, 1)
    assert linked.hyperlink is not None
    assert (linked.hyperlink.target, linked.value) == ("https://kb.example/1", "=1+1")
    assert linked.data_type == "s"
    assert not any(page.cell(row, 2).hyperlink for row in (2, 3))
    assert rows_of(to_csv([sheet])) == [["a", "n"], ["'=1+1", "3"], ["x", ""]]


def test_sheets_get_names_that_a_workbook_takes() -> None:
    titles = ["Пробелы: что сэкономит кейс, и сколько", "Пробелы: что сэкономит кейс, и где", "a/b", ""]
    book = load_workbook(io.BytesIO(to_xlsx([Sheet(title, ["x"], []) for title in titles])))
    assert len(set(book.sheetnames)) == 4
    assert all(0 < len(name) <= 31 for name in book.sheetnames)


@given(st.lists(st.lists(cells, min_size=2, max_size=2), max_size=5), st.text(max_size=40))
def test_whatever_students_wrote_can_be_written(
    rows: list[list[str | int | float | None]], title: str
) -> None:
    sheet = Sheet(title, ["a", "b"], rows)
    load_workbook(io.BytesIO(to_xlsx([sheet, sheet])))
    for row in rows_of(to_csv([sheet]))[1:]:
        assert not any(cell.startswith(("=", "@", "|")) for cell in row)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Спрашивают, но в программе этого нет", "Спрашивают, но в программе"),
        ("Пробелы: что сэкономит кейс", "Пробелы что сэкономит кейс"),
        ("Ровно тридцать один знак без слов", "Ровно тридцать один знак без"),
        ("ж" * 40, "ж" * 31),
    ],
)
def test_long_names_of_sheets_end_with_a_word(title: str, name: str) -> None:
    book = load_workbook(io.BytesIO(to_xlsx([Sheet(title, ["a"], [])])))
    assert book.sheetnames == [name]
