"""The cells of tables that are set with spaces in plain text: lines below each other with gaps at the same places.

They are found in a passage when it is asked: kept as rows of the document they made answers to other questions worse
(eval/RESULTS.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from qa.cells import FIGURES, PLACES, line_start, table_cells
from qa.text import Range, block_ranges, line_ranges
from qa.types import Cell, Mark, Passage

GAP = 2  # spaces between two columns, at least
ROWS = 2  # below the names of the columns, at least
ABOVE = 3  # lines right above the names that may be a title, at most
FIGURED = 0.6  # of the cells of each column but the first, at least, are figures or dashes: prose in columns has none
RULE = re.compile(r"[\s=_+.\u2013\u2014-]*")  # a line of these parts rows
YEAR = re.compile(r"(?:19|20)\d\d(?:[/-]\d\d(?:\d\d)?)?\s?\*{0,2}")  # over figures it names a column
VALUE = re.compile(r"\W*\d.{0,15}")  # a figure with a word behind it
NOTHING = re.compile(r"(?i)[-\u2013\u2014.*]|n\.?/?a\.?|n\.?v\.?t\.?")


def with_placed_cells(passage: Passage) -> Passage:
    """A passage without cells with those of the tables in it that are set with spaces."""
    if passage.cells or " " * GAP not in passage.text:
        return passage
    shifted = (
        replace(cell, start=cell.start + passage.start, end=cell.end + passage.start)
        for cell in placed_cells(passage.text)
    )
    return replace(passage, cells=tuple(shifted))


@lru_cache(maxsize=256)
def placed_cells(text: str) -> list[Cell]:
    """The cells of the tables of a text that are set with spaces, in text order."""
    return table_cells(text, sorted(placed_marks(text), key=lambda mark: mark.start))


def placed_marks(text: str) -> Iterator[Mark]:
    """The rows of such tables, each with the places of its columns (`cells.PLACES`); the first ones name the columns.

    Lines that only part rows are furniture.
    """
    for block in block_ranges(text):
        lines = list(line_ranges(text, *block))
        rules = [line for line in lines if RULE.fullmatch(text, *line)]
        lines = [line for line in lines if line not in rules]
        for first in range(min(ABOVE + 1, len(lines) - ROWS)):
            if marks := table_marks(text, lines[first:]):
                yield from marks
                yield from (Mark(*line, "furniture") for line in rules)
                break


def table_marks(text: str, lines: Sequence[Range]) -> list[Mark]:
    """A mark for each line, if they are a table."""
    rows = [text[line_start(text, start) : end] for start, end in lines]
    starts = column_starts(rows)
    names = names_above([cells_at(row, starts) for row in rows])
    places = PLACES + ",".join(map(str, starts))
    if not names:
        return []
    return [Mark(*line, "columns" if number < names else "row", places) for number, line in enumerate(lines)]


def column_starts(rows: Sequence[str]) -> list[int]:
    """Where each column begins: behind a gap that all lines have at the same place."""
    width = max(map(len, rows))
    clear = [True] * GAP + [all(row[at : at + 1] in ("", " ") for row in rows) for at in range(width)]
    return [at for at in range(width) if not clear[at + GAP] and all(clear[at : at + GAP])]


def cells_at(row: str, starts: Sequence[int]) -> list[str]:
    return [row[a:b].strip() for a, b in pairwise([*starts, len(row)])]


def names_above(rows: Sequence[Sequence[str]]) -> int:
    """How many rows name the columns of a table; 0 where these are no table."""
    names = next((n for n, row in enumerate(rows) if any(map(is_figure, row[1:])) and not is_of_years(row)), 0)
    below = rows[names:]
    if not 1 <= names <= 2 or len(below) < ROWS or len(rows[0]) < 2 or not all(rows[names - 1][1:]):
        return 0
    if len(rows[0]) == 2 and rows[names - 1][1][0].isdigit() and not YEAR.fullmatch(rows[names - 1][1]):
        return 0  # a list of names and values
    columns = [[cell for cell in column if cell] for column in zip(*below, strict=True)]
    if len(columns[0]) < len(below) or not all(columns):
        return 0
    figured = (sum(bool(VALUE.fullmatch(one) or NOTHING.fullmatch(one)) for one in c) / len(c) for c in columns[1:])
    return names if all(share >= FIGURED for share in figured) else 0


def is_figure(cell: str) -> bool:
    return FIGURES.fullmatch(cell) is not None


def is_of_years(row: Sequence[str]) -> bool:
    """Whether a row names its columns by years."""
    return all(YEAR.fullmatch(cell) for cell in row[1:])
