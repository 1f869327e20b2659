"""The cells of a document's tables: where each stands, under which column's name, in the row of what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from qa.text import WORD, Range, trimmed
from qa.types import Cell, Mark

FIELD = ": "  # in a mark of a row: it is a line "name: value"
PLACES = "@"  # in a mark of a row: before the places of its columns in the line, as in "@0,16,24"
EVENT = "Event"  # the name of the field that says what an event is called, whose other fields are its record's
HIDDEN_SHEET = " (hidden sheet)"  # behind the name of one, in the heading over its rows
HEAD_CHARS = 80  # of a column's name or a row's first words, at most
QUOTED = '"'
BAR = re.compile(r"(?<!\S)\|(?!\S)")
UNESCAPED = re.compile(r"(?<!\\)\|")
FIGURES = re.compile(
    r"[^\w]*\d[\d.,:/ %\u20ac$\xa3'\u2019\xa0\u2009\u202f\u2212-]*[*\u2020\u2021]{0,3}"
)  # a cell of these is nobody's name


def table_cells(text: str, marks: Sequence[Mark]) -> list[Cell]:
    """Every cell that holds something, in text order. marks: of the whole document, in text order.

    The names of the columns are those of the last row that is marked so; a second one right below it adds to them. They
    end with the table: where other text follows, or a row that is marked as having none.
    """
    cells: list[Cell] = []
    heads: list[str] = []
    before: Mark | None = None  # the last row
    record = ""  # what the fields below belong to
    hidden = ""  # the name of the sheet, if it is a hidden one
    at = begun = 0  # where the last mark of any kind ended; the number of the first cell below a blank line
    for mark in marks:
        if mark.kind == "heading" or text[at : mark.start].strip():
            heads, before = [], None
        if text.count("\n", at, mark.start) > 1:
            begun = len(cells)
        at = max(at, mark.end)
        if mark.kind == "heading":
            record = head_of(text, mark.start, mark.end)
            name = " ".join(text[mark.start : mark.end].split())
            hidden = name.removesuffix(HIDDEN_SHEET) if name.endswith(HIDDEN_SHEET) else ""
        if mark.kind not in ("columns", "row", "unnamed"):
            continue
        if mark.kind == "unnamed":
            heads = []
        if mark.separator == FIELD:
            cells.append(replace(field_cell(text, mark, record), hidden=hidden))
            if cells[-1].column == EVENT:
                record = head_of(text, cells[-1].start, cells[-1].end)
                cells[begun:] = [replace(cell, row=record) for cell in cells[begun:]]
            continue
        ranges = list(cell_ranges(text, mark))
        if mark.kind == "columns":
            names = [head_of(text, *where) for where in ranges]
            above = heads if before and before.kind == "columns" else []
            heads = joined_heads(spread(above, names) if len(mark.separator) == 1 else above, names)
            cells += [Cell(a, b, hidden=hidden) for a, b in ranges if a < b]
        else:
            named = row_cells(text, ranges, heads if fits(mark, ranges, heads) else ())
            cells += [replace(cell, hidden=hidden) for cell in named]
        before = mark
    return cells


def fits(mark: Mark, ranges: Sequence[Range], heads: Sequence[str]) -> bool:
    """Whether a row has no more cells than columns have names: in a longer one of CSV nobody knows which are which."""
    return len(mark.separator) != 1 or not any(start < end for start, end in ranges[len(heads) :])


def spread(above: Sequence[str], below: Sequence[str]) -> list[str]:
    """The upper names of columns, each also over the named columns right of it that have none of their own."""
    said: list[str] = []
    for at, name in enumerate(above):
        goes_on = at > 0 and not name and at < len(below) and below[at] and below[at - 1]
        said.append(said[-1] if goes_on else name)
    return said


def row_cells(text: str, ranges: Sequence[Range], heads: Sequence[str]) -> Iterator[Cell]:
    """The filled cells of a row; the first one that holds a word and is no mere figure is what the row is called by."""
    filled = [(number, where) for number, where in enumerate(ranges) if where[0] < where[1]]
    named = (number for number, (a, b) in filled if WORD.search(text, a, b) and not FIGURES.fullmatch(text, a, b))
    label = next(named, None)
    words = head_of(text, *ranges[label]) if label is not None else ""
    for number, (start, end) in filled:
        column = heads[number] if number < len(heads) else ""
        yield Cell(start, end, column, "" if number == label else words)


def field_cell(text: str, mark: Mark, record: str) -> Cell:
    """The value of a line "name: value", under its name; the whole line where it has none."""
    at = text.find(FIELD, mark.start, mark.end)
    if at < 0:
        return Cell(mark.start, mark.end, "", record)
    start, end = next(iter(trimmed(text, at + len(FIELD), mark.end)), (mark.end, mark.end))
    return Cell(start, end, head_of(text, mark.start, at), record)


def joined_heads(above: Sequence[str], below: Sequence[str]) -> list[str]:
    """The names of columns that stand in two rows: "2023" over "first half" gives "2023 first half"."""
    if not above:
        return list(below)
    whole = [*above, *[""] * (len(below) - len(above))]
    return [" ".join(dict.fromkeys(filter(None, (up, down)))) for up, down in zip(whole, below, strict=False)]


def head_of(text: str, start: int, end: int) -> str:
    """The words of a cell on one line, cut after HEAD_CHARS."""
    return " ".join(text[start : min(end, start + HEAD_CHARS)].split())


# ---- where the cells of a row stand ----


def cell_ranges(text: str, mark: Mark) -> Iterator[Range]:
    """The place of each cell of a row, empty ones too, without white space and quotation marks around it."""
    if len(mark.separator) == 1 and mark.separator != "|":
        pieces = quoted_pieces(text, mark)
    elif mark.separator == "|":
        pieces = piped_pieces(text, mark)
    elif mark.separator.startswith(PLACES):
        pieces = placed_pieces(text, mark)
    else:
        pieces = plain_pieces(text, mark)
    for start, end in pieces:
        yield next(iter(trimmed(text, start, end)), (start, start))


def placed_pieces(text: str, mark: Mark) -> Iterator[Range]:
    """As they are set with spaces: each from its place in the line to that of the next one."""
    begin = line_start(text, mark.start)
    places = [begin + int(place) for place in mark.separator.removeprefix(PLACES).split(",")]
    yield from pairwise([min(max(place, mark.start), mark.end) for place in [*places, mark.end]])


def line_start(text: str, at: int) -> int:
    """Where the line begins that a character stands in."""
    return max(text.rfind(end, 0, at) for end in "\n\r\f") + 1


def plain_pieces(text: str, mark: Mark) -> Iterator[Range]:
    """As `extract.Builder` puts them together: between pipes that stand alone."""
    at = mark.start
    for bar in BAR.finditer(text, mark.start, mark.end):
        yield at, bar.start()
        at = bar.end()
    yield at, mark.end


def piped_pieces(text: str, mark: Mark) -> Iterator[Range]:
    """As Markdown has them: a pipe at either end is no cell's, one behind a backslash is a character of its cell."""
    bars = [bar.start() for bar in UNESCAPED.finditer(text, mark.start, mark.end)]
    pieces = [(a + 1, b) for a, b in pairwise([mark.start - 1, *bars, mark.end])]
    first = 1 if bars and not text[slice(*pieces[0])].strip() else 0
    last = len(pieces) - (1 if len(bars) > 1 and not text[slice(*pieces[-1])].strip() else 0)
    yield from pieces[first:last]


def quoted_pieces(text: str, mark: Mark) -> Iterator[Range]:
    """As CSV has them: within quotation marks separators and line breaks are characters of the cell."""
    at = mark.start
    while True:
        start = at
        while start < mark.end and text[start] in " \t" and text[start] != mark.separator:
            start += 1
        stop = closing(text, start, mark.end) if text[start : start + 1] == QUOTED else -1
        if stop >= 0:
            following = text.find(mark.separator, stop + 1, mark.end)
            yield start + 1, stop
        else:
            following = text.find(mark.separator, at, mark.end)
            yield at, following if following >= 0 else mark.end
        if following < 0:
            return
        at = following + 1


def closing(text: str, start: int, end: int) -> int:
    """The quotation mark that ends the cell that the one at `start` begins, -1: none; a doubled one stands for one."""
    at = start + 1
    while (at := text.find(QUOTED, at, end)) >= 0:
        if text[at + 1 : at + 2] != QUOTED:
            return at
        at += 2
    return -1
