"""What `find` finds as a CSV table, made line by line, so that no number of passages is too many."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace

from qa.answering.tables import Cell, in_csv
from qa.text import encodable
from qa.types import Mention, Source

COLUMNS = (
    "document", "page", "time", "speaker", "date", "language", "start", "end", "found", "marks", "text", "sha256",
    "stale",
)  # fmt: skip
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")  # what steers a terminal


def csv_lines(found: Iterable[Mention], stale: Callable[[Source], bool]) -> Iterator[bytes]:
    """The table's lines in UTF-8, the first with the columns' names. No cell is run by a spreadsheet (`in_csv`).

    stale: whether a document's file has changed since it was read, or is gone.
    """
    table = csv.writer(SimpleNamespace(write=lambda line: line.encode("utf-8")))
    # A byte-order mark, by which spreadsheets know that it is UTF-8.
    yield codecs.BOM_UTF8 + table.writerow(COLUMNS)
    for one in found:
        yield table.writerow([harmless(cell) for cell in row_of(one, stale(one.source))])


def row_of(one: Mention, stale: bool) -> list[Cell]:
    words = [one.text[start - one.start : end - one.start] for start, end in one.marks]
    marks = " ".join(f"{start}-{end}" for start, end in one.marks)
    place = [one.source.name, one.page, one.time, one.speaker, one.date, one.language, one.start, one.end]
    return [*place, " ... ".join(words), marks, one.text, one.source.sha256, stale]


def harmless(cell: Cell) -> Cell:
    return in_csv(CONTROL.sub("\ufffd", encodable(cell)) if isinstance(cell, str) else cell)
