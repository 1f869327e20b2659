"""Tables: CSV and TSV, whose text is exactly the decoded file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from qa.documents.decoding import decode_noted
from qa.documents.extract import TEXT_CHARS, Extract, looks_like_columns
from qa.errors import UnreadableFile
from qa.text import WORD, Range
from qa.types import Kind, Mark

DELIMITERS = ",;\t|^"
RECORD_LINES = 200  # a quoted cell of more lines is taken for a stray quotation mark
HEAD_ROWS = 12  # among these the row of the columns' names is looked for, below a title and remarks
END = re.compile(r"\r\n|\r|\n|\Z")


# ---- CSV ----


def load_csv(data: bytes) -> Extract:
    """CSV: exactly the decoded file; each record is marked as a row, the one that names the columns as such."""
    text, notes = decode_noted(data)
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
    return Extract(text, title, None, (), tuple(marks), notes)


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
