"""The cells of tables: each has its exact place, its column's name and its row's words, however rows are written."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.cells import cell_ranges, table_cells
from qa.types import Cell, Kind, Mark

PIPED = "| Name | Height (m) |\n|---|---|\n| Alder | 312 |\n| Birch \\| Sons | 89 |"


def marks_of(text: str, separator: str, head: int = 1) -> list[Mark]:
    """A mark for each line, the first ones for the names of columns; lines of dashes are furniture."""
    marks, at, number = [], 0, 0
    for line in text.split("\n"):
        kind: Kind = "furniture" if set(line) <= set("|- ") else "columns" if number < head else "row"
        number += kind != "furniture"
        marks.append(Mark(at, at + len(line), kind, separator if kind != "furniture" else ""))
        at += len(line) + 1
    return marks


def named(text: str, cells: list[Cell]) -> list[tuple[str, str, str]]:
    return [(text[cell.start : cell.end], cell.column, cell.row) for cell in cells]


def texts(text: str, separator: str) -> list[str]:
    return [text[a:b] for a, b in cell_ranges(text, Mark(0, len(text), "row", separator))]


# ---- names ----


def test_a_cell_knows_its_column_and_its_row() -> None:
    text = "Name | Height (m) | Head\nAlder | 312 | Ruth Vega\nBirch | 89 | Omar Haas"
    assert named(text, table_cells(text, marks_of(text, " | "))) == [
        ("Name", "", ""), ("Height (m)", "", ""), ("Head", "", ""),
        ("Alder", "Name", ""), ("312", "Height (m)", "Alder"), ("Ruth Vega", "Head", "Alder"),
        ("Birch", "Name", ""), ("89", "Height (m)", "Birch"), ("Omar Haas", "Head", "Birch"),
    ]  # fmt: skip


def test_a_row_is_called_by_the_first_cell_that_is_no_figure() -> None:
    text = "No. | Name | Height\n12 | Alder | 312\n1,204.5 | 7 % | 89"
    found = named(text, table_cells(text, marks_of(text, " | ")))[3:]
    assert found[:3] == [("12", "No.", "Alder"), ("Alder", "Name", ""), ("312", "Height", "Alder")]
    assert [row for _, _, row in found[3:]] == ["", "", ""]


def test_markdown_rows_have_their_names_across_the_line_of_dashes() -> None:
    assert named(PIPED, table_cells(PIPED, marks_of(PIPED, "|")))[2:] == [
        ("Alder", "Name", ""), ("312", "Height (m)", "Alder"),
        ("Birch \\| Sons", "Name", ""), ("89", "Height (m)", "Birch \\| Sons"),
    ]  # fmt: skip


def test_two_rows_of_names_are_put_together() -> None:
    text = " | 2023 | 2023 | 2024\nName | first half | second half | \nAlder | 1 | 2 | 3"
    cells = table_cells(text, marks_of(text, " | ", head=2))
    assert [cell.column for cell in cells[-4:]] == ["Name", "2023 first half", "2023 second half", "2024"]


@pytest.mark.parametrize("between", ["\n\nSome text.\n\n", "\nHeading\n"])
def test_names_end_with_their_table(between: str) -> None:
    text = f"Name | Height\nAlder | 312{between}Cedar | 9"
    at = text.index("Cedar")
    marks = [Mark(0, 13, "columns", " | "), Mark(14, 25, "row", " | "), Mark(at, len(text), "row", " | ")]
    if "Heading" in between:
        marks.insert(2, Mark(26, 33, "heading"))
    cells = table_cells(text, marks)
    assert [cell.column for cell in cells[-2:]] == ["", ""]
    assert [cell.row for cell in cells[-2:]] == ["", "Cedar"]


def test_a_row_longer_than_its_names_has_cells_without_one() -> None:
    text = "Name | Height\nAlder | 312 | extra"
    assert [cell.column for cell in table_cells(text, marks_of(text, " | "))[-3:]] == ["Name", "Height", ""]


# ---- places ----


@pytest.mark.parametrize(
    ("separator", "row", "cells"),
    [
        (" | ", "a | b c | d", ["a", "b c", "d"]),
        (" | ", "| b | | d", ["", "b", "", "d"]),
        (" | ", "a|b | c", ["a|b", "c"]),
        ("|", "| a | b |", ["a", "b"]),
        ("|", "a | b", ["a", "b"]),
        ("|", "| a | |", ["a", ""]),
        (",", "a,b,c", ["a", "b", "c"]),
        (",", 'a,"b, c",d', ["a", "b, c", "d"]),
        (",", 'a, "b\nc" ,d', ["a", "b\nc", "d"]),
        (",", '"say ""no""",,x', ['say ""no""', "", "x"]),
        (",", 'a,"b,c', ["a", '"b', "c"]),
        (",", "a,", ["a", ""]),
        ("\t", "a\t b\t\tc", ["a", "b", "", "c"]),
        (";", "1,5;2", ["1,5", "2"]),
        ("^", "a^b", ["a", "b"]),
        ("", "whole row", ["whole row"]),
    ],
)
def test_cells_have_their_exact_places(separator: str, row: str, cells: list[str]) -> None:
    assert texts(row, separator) == cells


CELL = st.text(st.sampled_from('ab1,;"\n |.'), max_size=6)


@given(st.lists(CELL, min_size=2, max_size=5), st.sampled_from(",;\t"))
def test_a_row_that_csv_has_written_is_found_again(row: list[str], delimiter: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="").writerow(row)
    assert [cell.replace('""', '"') for cell in texts(out.getvalue(), delimiter)] == [cell.strip() for cell in row]
