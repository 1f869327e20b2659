"""PDF: the lines of a page joined to paragraphs, headings and tables, told by their places and the size of letters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from qa.documents.extract import TITLE_CHARS, one_cell
from qa.documents.raised import lowered, raised
from qa.types import Kind

LOWERED = 0.03  # times the size of the letters before: an index is lower, if only by a little
SAME_LINE = 0.4  # times the size of the letters: pieces whose heights differ by less are on one line
PARAGRAPH_GAP = 1.35  # times the usual distance of lines: a larger gap separates paragraphs
LARGER, SMALLER = 1.15, 0.93  # times the size of the body's letters: of a heading, of a footnote
WHOLE_FIGURE = re.compile(
    r"\s*(?=.*[.,)%])[(+\u2212-]?\d{1,3}(?:[.,]?\d{3})*(?:[.,]\d+)?[)%]{0,2}\s*"
)  # and no part of one
BEGINS_FIGURE = re.compile(r"\s*[-+\u2212(]?\d")
SIGN_BULLETS = "\u2022\u25cf\u25aa\u25e6\u2023"
LABEL = re.compile(r"\(?(?:[0-9]+(?:\.[0-9]+)*|[a-z])[.)]?|[\u2022\u25cf\u25aa\u25e6\u2023\u2013*-]")  # of an item
BULLET = re.compile(r"(?:[\u2022\u25cf\u25aa\u25e6\u2023\u2013*-]|\(?[0-9]{1,3}[.)]|\(?[a-z][.)])\s")
ENDED = re.compile(r"[.!?:;\u2026][\"'\u201d\u2019\u00bb)\]0-9]*$")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page, or a piece of one. Its place and size are in points, from the lower left corner."""

    text: str
    x: float
    y: float
    size: float
    bold: bool = False
    turned: bool = False  # the text runs up or down the page
    rows: tuple[tuple[str, ...], ...] = ()  # the cells of a table, which takes the place of a line
    span: tuple[float, float] | None = None  # where it begins and, about, ends
    risen: bool = False  # drawn higher or lower by text rise
    parts: tuple[Line, ...] = ()  # what lies between gaps that separate columns, each with its own place and span
    apart: bool = False  # it goes on with no line before


@dataclass(slots=True)
class PageBlock:
    """The lines of a paragraph or heading, or the rows of a table."""

    lines: list[Line]
    kind: Kind | None = None
    rows: list[list[str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


Page = list[PageBlock]


def usual_distance(pages: Sequence[list[Line]]) -> float:
    """Distance of two lines of a paragraph, as a multiple of the size of their letters."""
    steps = sorted(
        (a.y - b.y) / a.size
        for page in pages
        for a, b in pairwise(page)
        if a.size > 0 and 0.8 < (a.y - b.y) / a.size < 2.5 and abs(a.x - b.x) < 3 * a.size
    )
    return steps[(len(steps) - 1) // 5] if steps else 1.2  # a small one, since the larger ones lie between paragraphs


def page_blocks(lines: Sequence[Line], body: float, usual: float, bold: bool) -> Page:
    """Paragraphs, headings and tables of a page in the order of drawing.

    body: size of the body's letters. usual: as `usual_distance` gives it. bold: whether bold letters tell headings
    apart; they do not where much of the text is bold.
    """
    blocks: Page = []
    rows: list[list[Line]] = []
    for row in rows_of(lines):
        if row[0].rows:
            blocks += [*table_blocks(rows), PageBlock([], rows=[list(cells) for cells in row[0].rows])]
            rows = []
            continue
        if len(row) > 1:
            rows.append(row)
            continue
        singles = [[entry] for entry in rows] if goes_on_below(rows, row[0]) else [rows]
        for own in singles:
            add_rows(blocks, own, usual, bold)
        rows = []
        add_line(blocks, row[0], usual, bold)
    add_rows(blocks, rows, usual, bold)
    for block in blocks:
        if block.lines and is_heading(block, body, bold):
            block.kind = "heading"
    return blocks


def add_line(blocks: Page, line: Line, usual: float, bold: bool) -> None:
    """Adds a line to the paragraph before, or as a new one."""
    last = blocks[-1] if blocks and blocks[-1].lines else None
    if last and continues_paragraph(last, line, usual, bold):
        last.lines.append(line)
    else:
        blocks.append(PageBlock([line]))


def add_rows(blocks: Page, rows: Sequence[list[Line]], usual: float, bold: bool) -> None:
    """Adds lines of several cells: a table, items of a list, or one that goes on with the paragraph before."""
    last = blocks[-1].lines[-1] if blocks and blocks[-1].lines else None
    for block in table_blocks(rows):
        line = block.lines[0] if len(block.lines) == 1 else None
        goes_on = last and line and line.text[:1].islower() and not ENDED.search(last.text)
        if line and (len(rows) > 1 or goes_on):  # several: the items of a list
            add_line(blocks, line, usual, bold)
        else:
            blocks.append(block)


def goes_on_below(rows: Sequence[list[Line]], line: Line) -> bool:
    """Whether the last cell of rows goes on in a line below it: they are names and what these say, and no table."""
    if len(rows) < 2 or any(len(row) != 2 for row in rows):
        return False
    last = rows[-1][-1]
    below = line.x > rows[-1][0].x + last.size and 0 < last.y - line.y < 2 * last.size
    return below and line.text[:1].islower() and not ENDED.search(last.text)


def continues_paragraph(block: PageBlock, line: Line, usual: float, bold: bool) -> bool:
    """Whether a line belongs to the same paragraph as the last line of the block."""
    last = block.lines[-1]
    if line.apart:
        return False
    size = max(last.size, 0.1)
    step = (last.y - line.y) / size
    if not 0.5 * usual < step < PARAGRAPH_GAP * usual or not 0.9 < line.size / size < 1.1:
        return False
    if BULLET.match(line.text) and (BULLET.match(block.lines[0].text) or line.text[0] in SIGN_BULLETS):
        return False
    if bold and last.bold != line.bold and all(part.bold == last.bold for part in block.lines):
        return not (last.bold or ENDED.search(last.text)) or not line.text[:1].isupper()
    indented = line.x > block.lines[0].x + 0.8 * size and len(block.lines) > 1
    return not (indented and ENDED.search(last.text) and not BULLET.match(block.lines[0].text))


def is_heading(block: PageBlock, body: float, bold: bool) -> bool:
    """Whether a block is short, in larger or bolder letters than the body, and no sentence."""
    text = block.text
    if (
        block.lines[0].turned
        or not text
        or len(text) > TITLE_CHARS
        or len(block.lines) > 4
        or text[-1] in ".;,"
        or not re.search(r"[^\W\d_]{2}", text)
    ):
        return False
    size = min(line.size for line in block.lines)
    return size >= LARGER * body or (bold and size >= SMALLER * body and all(line.bold for line in block.lines))


# ---- tables ----


def rows_of(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Lines that are next to each other, from left to right, in one list; each other line in a list of its own."""
    row: list[Line] = []
    for cell in (cell for line in lines for cell in cells_of(line)):
        last = row[-1] if row and not (cell.rows or row[-1].rows) else None
        if last and is_raised(last, cell):
            below = cell.y < last.y - LOWERED * last.size
            behind = lowered(cell.text) if below else raised(last.text, cell.text)
            behind = behind if cell.size < last.size else f" {cell.text}"
            row[-1] = replace(max(last, cell, key=lambda part: part.size), x=last.x, text=f"{last.text}{behind}")
            continue
        if last and abs(last.y - cell.y) < SAME_LINE * max(last.size, 1) and cell.x > last.x:
            row.append(cell)
            continue
        if row:
            yield row
        row = [cell]
    if row:
        yield row


def is_raised(last: Line, line: Line) -> bool:
    """Whether one of two pieces is the raised number of a note next to the other."""
    small, large = sorted((last, line), key=lambda part: part.size)
    beside = abs(last.y - line.y) < 0.6 * large.size and last.x < line.x < last.x + large.size * (len(last.text) + 2)
    return beside and small.size < 0.75 * large.size and len(small.text) <= 3


def cells_of(line: Line) -> list[Line]:
    """The parts of a line between wide gaps; their places are estimated from the number of letters before them."""
    parts = line.text.split("   ")
    if len(parts) == 1 or line.rows:
        return [line]
    at, cells = line.x, []
    for part in parts:
        if part.strip():
            cells.append(replace(line, text=part.strip(), x=at))
        at += 0.5 * line.size * (len(part) + 3) + 0.01
    return cells


def table_blocks(rows: Sequence[list[Line]]) -> Iterator[PageBlock]:
    """A table; or two columns of prose that were drawn line by line; or a line, where there is a single row."""
    if len(rows) < 2:
        for row in rows:
            main = max(row, key=lambda cell: len(cell.text))
            yield PageBlock([replace(main, x=row[0].x, text=one_cell("\n".join(cell.text for cell in row)))])
        return
    if all(len(row) == 2 for row in rows) and min(mean_length(rows, 0), mean_length(rows, 1)) > 30:
        yield from (PageBlock([row[side] for row in rows]) for side in (0, 1))
        return
    if all(len(row) == 2 and LABEL.fullmatch(row[0].text) and not row[1].text[:1].isdigit() for row in rows):
        yield from (PageBlock([replace(row[0], text=f"{row[0].text} {row[1].text}")]) for row in rows)
        return
    starts = [cell.x for cell in max(rows, key=len)]
    yield PageBlock([], rows=[in_columns(row, starts) for row in rows])


def mean_length(rows: Sequence[list[Line]], column: int) -> float:
    """Mean number of characters of the cells in a column."""
    return sum(len(row[column].text) for row in rows) / len(rows)


def in_columns(row: Sequence[Line], starts: Sequence[float]) -> list[str]:
    """The cells, each in the column that begins nearest to it and to the right of the cell before; others empty."""
    cells = [""] * len(starts)
    at = 0
    for number, cell in enumerate(row):
        last = len(starts) - (len(row) - number)  # leaves a column for each of the cells that follow
        at = min(range(at, last + 1), key=lambda i: abs(starts[i] - cell.x))
        cells[at] = cell.text
        at += 1
    return cells
