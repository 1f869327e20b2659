"""Which cells of a table a question cannot mean: those of another year, or of another row than the one it names.

The network reads each cell behind its column's name, and yet prefers a neighbour that looks more like an answer. What
the question says itself is not left to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from qa.answering.question import stems
from qa.types import Cell, Passage

YEAR = re.compile(r"(?<![\d.,])((?:1[5-9]|20)\d\d)(?:\s?[-/\u2013]\s?((?:1[5-9]|20)?\d\d)(?!\d))?(?![\d]|[.,]\d)")


def years(text: str) -> frozenset[str]:
    """The years in a text; "2022/23" and "2022-2023" are two."""
    found = [(first, second and first[: 4 - len(second)] + second) for first, second in YEAR.findall(text)]
    return frozenset(year for pair in found for year in pair if year)


def other_cells(question: str, passage: Passage) -> list[Cell]:
    """The cells of a passage that cannot answer the question.

    Where it names years, those whose column has a name with other ones, and where a row begins with one of its years
    those of rows that begin with another; where it names a row of the passage, those of other rows.
    """
    if not passage.cells:
        return []
    asked, words = years(question), stems(question, passage.language)
    labels = {cell.row: stems(cell.row, passage.language) for cell in passage.cells if cell.row}
    named = {label: of_label for label, of_label in labels.items() if of_label and of_label <= words}
    meant = {a for a, own in named.items() if not any(own < other for other in named.values())}  # the fullest name
    lines = list(rows(passage))
    of_rows = [years_of_row(passage, row) for row in lines]
    a_row_is_meant = any(of_row & asked for of_row in of_rows)
    found = []
    for row, of_row in zip(lines, of_rows, strict=True):
        other_row = a_row_is_meant and bool(of_row) and not of_row & asked
        for cell in row:
            of_column = years(cell.column)
            other_column = bool(asked and of_column) and not of_column & asked
            other_label = bool(meant and cell.row) and cell.row not in meant
            if other_column or other_label or (other_row and cell is not row[0]):
                found.append(cell)
    return found


def rows(passage: Passage) -> Iterator[list[Cell]]:
    """The cells line by line."""
    row: list[Cell] = []
    for cell in passage.cells:
        between = passage.text[row[-1].end - passage.start : cell.start - passage.start] if row else ""
        if "\n" in between:
            yield row
            row = []
        row.append(cell)
    if row:
        yield row


def years_of_row(passage: Passage, row: Sequence[Cell]) -> frozenset[str]:
    """The years that a row begins with, where its first cell holds nothing else."""
    first = text_of(passage, row[0])
    return years(first) if YEAR.fullmatch(first) else frozenset()


def text_of(passage: Passage, cell: Cell) -> str:
    return passage.text[cell.start - passage.start : cell.end - passage.start].strip()
