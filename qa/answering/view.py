"""What is read of a passage: its context line and text, or its table rows with each cell behind its column's name.

What is quoted is the document's own text, so each character of a view knows the one that it stands for, if any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from qa.text import Range, line_ends
from qa.types import Cell, Passage, join_context

PAGE_GAP = re.compile(r"(?:\r?\n[ \t]*\r?\n[^\f]*)?\f(?:[^\f]*\n[ \t]*\r?\n)?\s*")  # blank lines set it apart
VIEW_CHARS = 600  # of the rows that are read together, at most; a longer row stands alone

Ints = npt.NDArray[np.int64]


class View(NamedTuple):
    """A text to read."""

    text: str
    origin: Ints  # (characters,): the place of each in the passage's text; -1 for what is no part of it


def views(passage: Passage) -> list[View]:
    """What is read of a passage: one text, or several where it holds many rows of a table whose columns have names."""
    if not any(cell.column for cell in passage.cells):
        return [plain(passage)]
    packed: list[View] = []
    for line in (row_view(passage, row) for row in rows(passage)):
        if packed and len(packed[-1].text) + len(line.text) < VIEW_CHARS:
            packed[-1] = joined([packed[-1], of_none("\n"), line])
        else:
            packed.append(joined([of_none(join_context(passage.context, "")), line]))
    return packed


def plain(passage: Passage) -> View:
    """The context line and the text as it stands there, but for the foot and head of pages in a sentence."""
    start = 0
    parts = [of_none(join_context(passage.context, ""))]
    for low, high in page_gaps(passage):
        parts += [part_of(passage, start, low), of_none(" ")]
        start = high
    return joined([*parts, part_of(passage, start, len(passage.text))])


def part_of(passage: Passage, start: int, end: int) -> View:
    return View(passage.text[start:end], np.arange(start, end))


def page_gaps(passage: Passage) -> Iterator[Range]:
    """Where the foot of a page and the head of the next one stand within a sentence, in the passage's text."""
    for start, end in passage.sentences:
        for gap in PAGE_GAP.finditer(passage.text, start - passage.start, end - passage.start):
            if gap.group().strip():
                yield gap.span()


def rows(passage: Passage) -> Iterator[Sequence[Cell]]:
    """The cells of each row: a line break between two cells ends one, a blank line or a heading a record of fields."""
    text, cells = passage.text, passage.cells
    ends = []
    for number, (one, other) in enumerate(pairwise(cells), start=1):
        gap = text[one.end - passage.start : other.start - passage.start]
        if line_ends(gap, 0, len(gap)) > (" ".join(gap.split()) == f"{other.column}:"):
            ends.append(number)
    for first, last in pairwise([0, *ends, len(cells)]):
        yield cells[first:last]


def row_view(passage: Passage, row: Sequence[Cell]) -> View:
    """A row as "name: cell | name: cell"; a cell without a name stands alone."""
    parts = []
    for number, cell in enumerate(row):
        start, end = cell.start - passage.start, cell.end - passage.start
        name = f"{cell.column.rstrip(' :')}: " if cell.column else ""
        parts += [of_none(" | " if number else ""), of_none(name), part_of(passage, start, end)]
    return joined(parts)


def of_none(text: str) -> View:
    return View(text, np.full(len(text), -1))


def joined(parts: Sequence[View]) -> View:
    return View("".join(part.text for part in parts), np.concatenate([part.origin for part in parts]))
