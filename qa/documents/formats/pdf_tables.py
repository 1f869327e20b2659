"""PDF: the pieces of text of a page put into the cells of the tables that are ruled on it; all others become lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from qa.documents.extract import is_of_each, says_several
from qa.documents.formats.pdf_bands import banded
from qa.documents.formats.pdf_blocks import Line, rows_of
from qa.documents.formats.pdf_columns import CELL_CHARS, with_tables
from qa.documents.formats.pdf_lines import Piece, lines_of
from qa.documents.formats.pdf_margin import with_initials, without_line_numbers
from qa.documents.formats.pdf_rules import Box, Grid, Rule, grids, strikes

WITHIN = 0.3  # times the size of the letters: a point surely within the first letter of a piece
WIDE_ROW, SHORT_CELL = 3, 100  # cells, and characters of each: such a row is a table alone, as where a page cuts one
LETTER = 0.5  # times the size of the letters: about the width of one


class PageText(NamedTuple):
    """What was read of a page."""

    lines: list[Line]
    struck: int = 0  # pieces that are left out
    long_cells: bool = False  # a table with long cells was read line by line
    unsure: bool = False  # the rows of a table without ruled lines were not told apart; it was read line by line
    whole: bool = True  # it could be read to its end
    numbered: bool = False  # numbers of lines are left out


def page_text(pieces: Sequence[Piece], rules: Sequence[Rule], stripes: Sequence[Box]) -> PageText:
    """The lines and tables of a page, given what is drawn on it."""
    seen = [(text, place) for text, place in pieces if not is_struck(text, place, rules)]
    struck = len(pieces) - len(seen)
    seen, numbered = without_line_numbers(with_initials(seen))
    lines: list[Line] = []
    long_cells = unsure = False
    ruled = grids(rules)
    for grid, own in parted(seen, [*ruled, *banded(seen, rules, stripes, ruled)]):
        cells = cells_of(grid, own) if grid else {}
        rows = grid_rows(grid, cells) if grid else []
        filled = [len(set(filter(None, row))) for row in rows]
        short = cells and max(map(len, cells.values())) < SHORT_CELL
        if sum(count > 1 for count in filled) < 2 and not (short and max(filled) >= WIDE_ROW):
            read, doubtful = with_tables(list(lines_of(own)), rules)
            lines += read
            unsure = unsure or doubtful
        elif max(map(len, cells.values())) > CELL_CHARS:
            long_cells = True
            lines += lines_of(own)
        else:
            first = max((place for text, place in own if text.strip()), key=lambda place: place.y)
            lines.append(replace(first, text="\n".join(cells.values()), rows=tuple(map(tuple, rows))))
    return PageText(lines, struck, long_cells, unsure, numbered=numbered)


def is_struck(text: str, place: Line, rules: Sequence[Rule]) -> bool:
    width = LETTER * place.size * len(text.strip())
    return bool(width) and strikes(rules, place.x, place.y, place.size, width)


def parted(pieces: Sequence[Piece], tables: Sequence[Grid]) -> Iterator[tuple[Grid | None, list[Piece]]]:
    """The pieces of each table, and between them those that are in none, in the order in which they were drawn."""
    parts: list[tuple[Grid | None, list[Piece]]] = [(None, [])]
    by_table: dict[Grid, list[Piece]] = {}
    now = parts[0][1]
    for text, place in pieces:
        if text.strip():
            x, y = place.x + WITHIN * place.size, place.y + WITHIN * place.size
            table = next((grid for grid in tables if grid.place(x, y)), None)
            if table is None and parts[-1][0] is not None:
                parts.append((None, []))
            elif table is not None and table not in by_table:
                by_table[table] = []
                parts.append((table, by_table[table]))
            now = by_table[table] if table is not None else parts[-1][1]
        now.append((text, place))
    yield from parts


def cells_of(grid: Grid, pieces: Sequence[Piece]) -> dict[int, str]:
    """The text of each cell that holds any, by its number; a line for each line."""
    held: dict[int, list[Piece]] = {}
    number = 0
    for text, place in pieces:
        spot = grid.place(place.x + WITHIN * place.size, place.y + WITHIN * place.size) if text.strip() else None
        if spot:
            number = grid.cells[spot[0]][spot[1]]
        held.setdefault(number, []).append((text, place))
    parts = {number: [part for row in rows_of(list(lines_of(own))) for part in row] for number, own in held.items()}
    return {number: "\n".join(part.text for part in own) for number, own in parts.items() if own}


def grid_rows(grid: Grid, cells: dict[int, str]) -> list[list[str]]:
    """The cells of each row; one that spans rows stands in each of them.

    One that spans columns stands in each of them where it names them or is their value, else in the first one.
    """
    rows: list[list[str]] = []
    begun = False  # no row names columns yet
    for places in grid.cells:
        row: list[str] = []
        for column, number in enumerate(places):
            text, first = cells.get(number, ""), places.index(number)
            row.append(text if first == column or not begun or is_of_each(text, row[:first]) else "")
        rows.append(row)
        begun = begun or says_several(row)
    return rows
