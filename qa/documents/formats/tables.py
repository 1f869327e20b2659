"""Tables: CSV, whose text is exactly the decoded file, and XLSX, whose text has a line for each row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from typing import Any

from qa.documents.archives import open_zip
from qa.documents.decoding import decode
from qa.documents.extract import TEXT_CHARS, Builder, Extract, looks_like_columns
from qa.errors import UnreadableFile
from qa.text import WORD, Range
from qa.types import Kind, Mark

DELIMITERS = ",;\t|^"
RECORD_LINES = 200  # a quoted cell of more lines is taken for a stray quotation mark
SHEET_ROWS = 1_048_576  # the most that Excel allows
SHEET_COLUMNS = 16_384
HEAD_ROWS = 12  # among these the row of the columns' names is looked for, below a title and remarks
END = re.compile(r"\r\n|\r|\n|\Z")


# ---- CSV ----


def load_csv(data: bytes) -> Extract:
    """CSV: exactly the decoded file; each record is marked as a row, the one that names the columns as such."""
    text = decode(data)
    if len(text) > TEXT_CHARS:
        raise UnreadableFile(f"holds more than {TEXT_CHARS // 10**6} million characters: split it")
    found = [where for where in records(text) if WORD.search(text, *where)]
    first = [text[slice(*where)] for where in found[: HEAD_ROWS + 10]]
    delimiter = likely_delimiter(first)
    cells = [cells_in(record, delimiter) for record in first]
    at = columns_row(cells)
    marks = [Mark(start, end, "columns" if i == at else "row", delimiter) for i, (start, end) in enumerate(found)]
    for i in range(at or 0):
        if len([cell for cell in cells[i] if cell.strip()]) < 2:
            kind: Kind = "furniture" if first[i].lower().startswith("sep=") else "heading"
            marks[i] = Mark(*found[i], kind)
    title = next(
        (" ".join(text[m.start : m.end].strip(DELIMITERS).split()) for m in marks[:1] if m.kind == "heading"), None
    )
    return Extract(text, title, None, (), tuple(marks))


def cells_in(record: str, delimiter: str) -> list[str]:
    """The cells of a record, without quotation marks."""
    try:
        return next(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter), [])
    except csv.Error:  # quotation marks without a partner
        return record.split(delimiter)


def records(text: str) -> Iterator[Range]:
    """Each record: a line, or several where a quoted cell holds line breaks."""
    at = 0
    while at < len(text):
        first = END.search(text, at)
        assert first is not None
        match, quotes, count = first, text.count('"', at, first.start()), 1
        while quotes % 2 and count < RECORD_LINES and match.end() < len(text):
            following = END.search(text, match.end())
            assert following is not None
            quotes += text.count('"', match.end(), following.start())
            match, count = following, count + 1
        match = first if quotes % 2 else match
        if match.start() > at:
            yield at, match.start()
        at = max(match.end(), at + 1)


def likely_delimiter(rows: Sequence[str]) -> str:
    """The delimiter that occurs in most records, and among those the one that occurs most often."""
    if rows and (match := re.match(r"(?i)sep=(.)\s*$", rows[0])):
        return match[1]
    bare = [re.sub(r'"[^"]*"', "", row) for row in rows]
    return max(DELIMITERS, key=lambda sign: (sum(sign in row for row in bare), sum(row.count(sign) for row in bare)))


def columns_row(rows: Sequence[Sequence[str]]) -> int | None:
    """Index of the row that names the columns, below a title and remarks of one cell each; None if there is none."""
    for i, cells in enumerate(rows[:HEAD_ROWS]):
        if len([cell for cell in cells if cell.strip()]) > 1:
            return i if i + 1 < len(rows) and looks_like_columns(cells, rows[i + 1]) else None
    return None


# ---- XLSX ----


def load_xlsx(data: bytes) -> Extract:
    """XLSX: each sheet under its name, a line for each row, cells joined by " | "; formulas as their last values."""
    from openpyxl import load_workbook

    with open_zip(data, "xl/workbook.xml", "an Excel workbook (.xlsx)"):
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    made = Builder()
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # the size that the file states cannot be relied on
        named = len(book.worksheets) > 1 or not re.fullmatch(r"(?i)(?:sheet|blad|tabelle|feuil)\s*\d*", sheet.title)
        add_sheet(made, sheet.title if named else "", sheet_rows(sheet))
    return made.finish(book.properties.title)


def sheet_rows(sheet: Any) -> Iterator[list[str]]:
    """The cells of each row that has any, as text. Raises UnreadableFile for more rows than a sheet can have."""
    for number, row in enumerate(sheet.iter_rows()):
        if number > SHEET_ROWS or len(row) > SHEET_COLUMNS:
            raise UnreadableFile("has more rows or columns than a sheet can have: it is damaged, or made to do harm")
        cells = [cell_text(cell) for cell in row]
        if any(cells):
            yield cells


def add_sheet(made: Builder, name: str, rows: Iterable[list[str]]) -> None:
    """Adds a sheet: its name as heading (none if empty), what is above the table, then the table."""
    rows = iter(rows)
    first = list(islice(rows, HEAD_ROWS + 10))
    if not first:
        return
    made.add(name, "heading")
    at = columns_row(first)
    for row in first[: at or 0]:
        made.add(" ".join(row))
    made.table(chain(first[at or 0 :], rows), head=at is not None)


def cell_text(cell: Any) -> str:
    """A cell's value as text: numbers without trailing zeros, per cent where shown, dates in ISO form."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime) and value.time() == time(0):
        value = value.date()
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, int | float):
        shown = str(getattr(cell, "number_format", "") or "")
        return f"{number_text(value * 100)}%" if shown.endswith("%") else number_text(value)
    return str(value)


def number_text(value: float) -> str:
    """A number without trailing zeros, to 12 digits where it is no integer."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.12g}"
