"""Titles over all columns of a table, and columns that are named by two rows, in each format that has merged cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from qa.cells import table_cells
from qa.documents.extract import Builder, Extract
from tests.documents.formats.test_office import para, word
from tests.documents.making import assert_sound, extract_of, marked, pdf, put, workbook, zipped

TITLE = "Eels and pike of the Alder"
WIDE = (5,)  # how many columns each cell of a row spans
GROUPS = (1, 2, 2)
SINGLE = (1, 1, 1, 1, 1)
ROWS: list[tuple[tuple[int, ...], list[str]]] = [
    (WIDE, [TITLE]),
    (GROUPS, ["Weir", "Eels", "Pike"]),
    (SINGLE, ["", "Spring", "Autumn", "Spring", "Autumn"]),
    (SINGLE, ["Upper", "31", "47", "12", "9"]),
    (SINGLE, ["Lower", "28", "", "15", "6"]),
]


def xlsx(rows: Sequence[tuple[tuple[int, ...], list[str]]]) -> bytes:
    def fill(book: Any) -> None:
        for number, (spans, cells) in enumerate(rows, start=1):
            at = 1
            for span, cell in zip(spans, cells, strict=True):
                book.active.cell(number, at, int(cell) if cell.isdigit() else cell or None)
                if span > 1:
                    book.active.merge_cells(start_row=number, end_row=number, start_column=at, end_column=at + span - 1)
                at += span

    return workbook(fill)


def docx(rows: Sequence[tuple[tuple[int, ...], list[str]]], head: int = 0) -> bytes:
    def row(number: int, spans: tuple[int, ...], cells: list[str]) -> str:
        own = "<w:trPr><w:tblHeader/></w:trPr>" if number < head else ""
        return f"<w:tr>{own}" + "".join(
            f'<w:tc><w:tcPr><w:gridSpan w:val="{span}"/></w:tcPr>{para(cell)}</w:tc>'
            for span, cell in zip(spans, cells, strict=True)
        ) + "</w:tr>"  # fmt: skip

    return word("<w:tbl>" + "".join(row(number, *one) for number, one in enumerate(rows)) + "</w:tbl>")


def rtf(rows: Sequence[tuple[tuple[int, ...], list[str]]]) -> bytes:
    made = r"{\rtf1 "
    for spans, cells in rows:
        ends = [900 * sum(spans[: at + 1]) for at in range(len(spans))]
        made += r"\trowd" + "".join(rf"\cellx{end}" for end in ends) + r"\intbl "
        made += "".join(rf"{cell}\cell " for cell in cells) + r"\row"
    return (made + r"\pard Below.\par}").encode("ascii")


def odt(rows: Sequence[tuple[tuple[int, ...], list[str]]]) -> bytes:
    oasis = "urn:oasis:names:tc:opendocument:xmlns:"
    spaces = " ".join(f'xmlns:{name}="{oasis}{name}:1.0"' for name in ("office", "table", "text"))
    made = ""
    for spans, cells in rows:
        made += "<table:table-row>"
        for span, cell in zip(spans, cells, strict=True):
            across = f' table:number-columns-spanned="{span}"' if span > 1 else ""
            made += f"<table:table-cell{across}><text:p>{cell}</text:p></table:table-cell>"
            made += "<table:covered-table-cell/>" * (span - 1)
        made += "</table:table-row>"
    body = f"<office:body><office:text><table:table>{made}</table:table></office:text></office:body>"
    content = f"<office:document-content {spaces}>{body}</office:document-content>"
    return zipped(**{"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})


def drawn(rows: Sequence[tuple[tuple[int, ...], list[str]]]) -> bytes:
    def draw(canvas: Any) -> None:
        for number in range(len(rows) + 1):
            canvas.line(72, 700 - 20 * number, 72 + 5 * 80, 700 - 20 * number)
        for number, (spans, cells) in enumerate(rows):
            top = 700 - 20 * number
            canvas.line(72, top, 72, top - 20)
            at = 0
            for span, cell in zip(spans, cells, strict=True):
                put(canvas, top - 14, cell, x=76 + 80 * at)
                at += span
                canvas.line(72 + 80 * at, top, 72 + 80 * at, top - 20)

    return pdf(draw)


MAKERS = {".xlsx": xlsx, ".docx": docx, ".rtf": rtf, ".odt": odt, ".pdf": drawn}


def named(found: Extract, said: str) -> tuple[str, str]:
    """The names of the column and the row of the cell that says so."""
    (cell,) = [one for one in table_cells(found.text, found.marks) if found.text[one.start : one.end] == said]
    return cell.column, cell.row


@pytest.mark.parametrize("suffix", MAKERS)
def test_a_title_over_all_columns_stands_above_the_table(suffix: str) -> None:
    rows = [ROWS[0], (SINGLE, ["Weir", "Eels", "Pike", "Perch", "Bream"]), *ROWS[3:]]
    found = extract_of(MAKERS[suffix](rows), suffix)
    assert_sound(found)
    assert found.text.count(TITLE) == 1
    assert named(found, "47") == ("Pike", "Upper")
    assert named(found, "6") == ("Bream", "Lower")


@pytest.mark.parametrize("titled", [True, False], ids=["titled", "bare"])
@pytest.mark.parametrize("suffix", MAKERS)
def test_names_of_two_rows_are_joined(suffix: str, titled: bool) -> None:
    found = extract_of(MAKERS[suffix](ROWS if titled else ROWS[1:]), suffix)
    assert_sound(found)
    assert named(found, "47") == ("Eels Autumn", "Upper")
    assert named(found, "12") == ("Pike Spring", "Upper")
    assert named(found, "6") == ("Pike Autumn", "Lower")


@pytest.mark.parametrize("head", [1, 2])
def test_rows_of_word_that_repeat_on_each_page_name_the_columns(head: int) -> None:
    found = extract_of(docx(ROWS[1:], head), ".docx")
    assert len(marked(found, "columns")) == 2
    plain = [(SINGLE, ["Weir", "a", "b", "c", "d"]), (SINGLE, ["no.", "kg", "cm", "m", "s"]), *ROWS[3:]]
    assert len(marked(extract_of(docx(plain, head), ".docx"), "columns")) == head
    assert len(marked(extract_of(docx(ROWS[1:], 4), ".docx"), "columns")) == 2  # figures name no columns


def columns(*rows: Sequence[str], head: int | None = None) -> list[str]:
    made = Builder()
    made.table(rows, head)
    return marked(made.finish(), "columns")


def test_what_may_be_data_names_no_columns() -> None:
    monday = ["Hour", "Monday", "Monday"]
    assert columns(monday, ["Morning", "Yoga", "Chess"], ["Noon", "Darts", "Swimming"]) == []
    assert columns(["Mill", "Costs", "Costs"], ["Alder", "2019", "1987"], ["Birch", "500", "610"]) == []
    assert columns(["Mill", "Open", "Open"], ["Alder", "yes", "yes"], ["Birch", "3", "4"]) == []
    assert columns(["Alder", "3", "3"], ["", "April", "May"]) == []
    assert columns(["yes", "yes"], ["3", "4"]) == []


def test_classes_of_figures_are_names_below_a_corner_of_two_rows() -> None:
    upper = ["Length", "Sluice", "Sluice", "Sluice"]
    for classes in (["< 10", "10\u201324", "\u2265 25"], ["0-4", "5-9", "10 +"], [">5", "\u2264 5", "none"]):
        lower = ["Length", *classes]
        assert columns(upper, lower, ["Barge", "3", "7", "9"]) == [" | ".join(upper), " | ".join(lower)]
    assert columns(["North", "shut", "shut"], ["North", "12", "15"]) == []  # a row of figures
    assert columns(["North", "12*", "15\u2020"], ["South", "9", "4"]) == []  # figures with the marks of notes


def test_the_corner_may_be_named_in_either_row() -> None:
    data = ["Alder", "500", "610"]
    assert len(columns(["", "Costs", "Costs"], ["Mill", "2022", "2023"], data)) == 2
    assert len(columns(["Mill", "Costs", "Costs"], ["", "Wages", "Rent"], data)) == 2
    assert len(columns(["Mill", "Costs", "Costs"], ["Mill", "Wages", "Rent"], data)) == 2
