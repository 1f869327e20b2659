"""The tables of RTF files: rows whose cells state where they end become rows of columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from qa.documents.extract import is_of_each, says_several

NEAR = 60  # twentieths of a point: edges nearer to each other are the same one
MOST_COLUMNS = 63  # as in Word


class Edge(NamedTuple):
    """What is stated of a cell."""

    right: int  # where it ends, in twentieths of a point
    below: bool = False  # it goes on from the row above
    beside: bool = False  # it goes on from the cell before


class Row(NamedTuple):
    """A row as the file has it."""

    cells: list[str]
    edges: tuple[Edge, ...]  # of each cell; other than the cells where the file is damaged
    left: int  # where it begins


def in_columns(rows: Sequence[Row]) -> Iterator[list[str]]:
    """The cells of each row, each in its column; one that spans rows stands in each of them.

    One that spans columns stands in each of them where it names them or is their value, else in the first one.
    """
    ends = columns_of(rows)
    above: list[str] = []
    begun = False  # no row names columns yet
    for row in rows:
        if len(row.edges) != len(row.cells) or not ends:
            yield list(row.cells)
            above = []
            continue
        cells = [""] * sum(end <= row.left + NEAR for end in ends)
        for text, edge in zip(row.cells, row.edges, strict=True):
            at = len(cells)
            if edge.below and at < len(above) and not text:
                text = above[at]
            if edge.beside and cells and not text and (not begun or is_of_each(cells[-1], cells[:-1])):
                text = cells[-1]
            wide = max(1, sum(end <= edge.right + NEAR for end in ends) - at)
            each = not begun or is_of_each(text, cells)
            cells += [text, *[text if each else ""] * (wide - 1)]
        yield cells
        above, begun = cells, begun or says_several(cells)


def columns_of(rows: Sequence[Row]) -> list[int]:
    """Where the columns end, from left to right; none where there are more than a table can have."""
    edges = sorted({edge.right for row in rows if len(row.edges) == len(row.cells) for edge in row.edges})
    ends = [edge for edge, following in zip(edges, [*edges[1:], math.inf], strict=False) if following - edge > NEAR]
    return ends if len(ends) <= MOST_COLUMNS else []
