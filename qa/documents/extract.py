"""What a format yields, and the builder that puts a text together from paragraphs, headings and tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qa.cells import FIGURES
from qa.errors import UnreadableFile
from qa.text import WORD
from qa.types import Kind, Mark, Turn

HEADER_LINES = 25  # lines with text in which a document states its title and date
TITLE_CHARS = 200
CELL_BREAK = " | "  # between the cells of a row
TEXT_CHARS = 20_000_000  # most that is taken from one file, except from plain text


@dataclass(frozen=True, slots=True)
class Extract:
    """What a format yields. Marks are sorted and do not overlap; `pages` holds the offset at which each page starts."""

    text: str
    title: str | None = None  # None: the document states none
    date: str | None = None  # ISO yyyy-mm-dd, as the document states it about itself
    pages: tuple[int, ...] = ()
    marks: tuple[Mark, ...] = ()
    notes: tuple[str, ...] = ()  # parts of the file that could not be read, for the user
    turns: tuple[Turn, ...] = ()  # who speaks where, if the format says so
    times: tuple[str, ...] = ()  # of each page, where what begins there is no page but what is said at a time


def sorted_marks(*groups: Iterable[Mark]) -> tuple[Mark, ...]:
    """All marks in text order; of two that overlap the one from the earlier group is kept."""
    ranked = [(mark.start, rank, mark) for rank, group in enumerate(groups) for mark in group if mark.start < mark.end]
    kept: list[tuple[int, Mark]] = []
    for _, rank, mark in sorted(ranked, key=lambda entry: (entry[0], entry[1], -entry[2].end)):
        if kept and kept[-1][1].end > mark.start:
            if kept[-1][0] <= rank:
                continue
            kept.pop()
        kept.append((rank, mark))
    return tuple(mark for _, mark in kept)


def name_set(listed: str) -> frozenset[str]:
    """The names in a text, which are separated by commas and line breaks."""
    return frozenset(name.strip() for name in re.split(r"[,\n]", listed))


# ---- texts put together from parts ----

INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
STRAY = re.compile(  # control characters, lone surrogates, noncharacters
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]"
)


def one_line(text: str) -> str:
    """The text with single spaces, without line breaks, control characters and invisible characters."""
    return " ".join(STRAY.sub(" ", text).translate(INVISIBLE).split())


class Builder:
    """Puts a text together, paragraph by paragraph; offsets are running lengths.

    A blank line separates paragraphs, a line break the rows of a table, CELL_BREAK its cells.
    """

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.marks: list[Mark] = []
        self.pages: list[int] = []
        self.times: list[str] = []
        self.notes: list[str] = []
        self.turns: list[Turn] = []
        self.length = 0
        self.in_table = False

    def page(self) -> None:
        """Begins a new page with the next paragraph."""
        self.pages.append(self.length + 2 if self.length else 0)
        self.in_table = False

    def turn(self, speaker: str | None, date: str | None = None) -> None:
        """Begins a turn with the next paragraph, unless it only goes on with the last one."""
        turn = Turn(self.length + 2 if self.length else 0, speaker, date)
        if self.turns and self.turns[-1].start == turn.start:
            self.turns.pop()
        if not self.turns or (self.turns[-1].speaker, self.turns[-1].date) != (speaker, date):
            self.turns.append(turn)
            self.in_table = False

    def add(self, text: str, kind: Kind | None = None, separator: str = CELL_BREAK) -> None:
        """Appends a paragraph, heading or table row, of one or several lines; a blank one is left out.

        separator: of the cells of a row.

        Raises UnreadableFile where the text becomes longer than TEXT_CHARS.
        """
        lined = "\n".join(line for part in text.splitlines() if (line := one_line(TABBED.sub("; ", part))))
        if not lined:
            return
        row = kind in ("row", "columns", "unnamed")
        gap = ("\n" if row and self.in_table and kind != "columns" else "\n\n") if self.length else ""
        self.parts += (gap, lined)
        start = self.length + len(gap)
        self.length = start + len(lined)
        self.in_table = row
        if self.length > TEXT_CHARS:
            raise UnreadableFile(f"holds more than {TEXT_CHARS // 10**6} million characters: split it")
        if kind and (kind != "heading" or len(lined) <= TITLE_CHARS):
            self.marks.append(Mark(start, self.length, kind, separator if row else ""))

    def add_timed(self, pieces: Iterable[tuple[str, str]], apart: bool = False) -> None:
        """Appends a paragraph of (time, text) pieces, with a space between them.

        apart: after so wide a gap that it is not taken for words of the speaker before.
        """
        if apart and self.length:
            self.parts.append("\n\n")
            self.length += 2
        said = [(time, line) for time, text in pieces if (line := one_line(text))]
        at = self.length + 2 if self.length else 0
        for time, line in said:
            self.pages.append(at)
            self.times.append(time)
            at += len(line) + 1
        self.add(" ".join(line for _, line in said))

    def table(self, rows: Iterable[Sequence[str]], head: bool | None = None) -> None:
        """Appends the rows of a table.

        head: whether the first row names the columns; None: decided from the first two rows.
        """
        self.in_table = False
        waiting: list[Sequence[str]] = []
        for cells in (tidy(row) for row in rows):
            if not any(cells):
                continue
            if len(waiting) < 2:
                waiting.append(cells)
                if len(waiting) == 2:
                    named = looks_like_columns(waiting[0], cells) if head is None else head
                    self.add(row_of(waiting[0]), "columns" if named else "row")
                    self.add(row_of(cells), "row")
            else:
                self.add(row_of(cells), "row")
        if len(waiting) == 1:
            self.add(row_of(waiting[0]), "row")
        self.in_table = False

    def add_extract(self, found: Extract) -> None:
        """Appends what was read of another file, without its furniture; its notes go with it."""
        at = 0
        for mark in (*found.marks, None):
            for paragraph in re.split(r"\n\s*\n", found.text[at : mark.start if mark else None]):
                self.add(paragraph)
            if mark is None:
                break
            if mark.kind != "furniture":
                self.add(found.text[mark.start : mark.end], mark.kind)
            at = mark.end
        self.notes += found.notes

    def finish(self, title: str | None = None, date: str | None = None) -> Extract:
        """The text with all its marks. `title` is put on one line and cut; `date` is in ISO form."""
        pages = tuple(min(page, self.length) for page in self.pages)
        title = one_line(title or "")[: 2 * TITLE_CHARS] or None
        turns = tuple(turn for turn in self.turns if turn.start < self.length)
        parts, marks, notes = "".join(self.parts), tuple(self.marks), tuple(self.notes)
        return Extract(parts, title, date, pages, marks, notes, turns, tuple(self.times))


def row_of(cells: Sequence[str]) -> str:
    """The cells as one line; a cell that holds what separates cells gets it without its spaces."""
    return CELL_BREAK.join(cell.replace(CELL_BREAK, CELL_BREAK.strip()) for cell in cells)


SPANNING_CHARS = 40  # of a figure that is written in each column of its cell, at most
SUM = re.compile(r"(?i)\W*(?:grand |sub-?|general |eind|gesamt)?(?:totals?|totaal|totalen|sums?|som|summe)\b")


def is_of_each(text: str, before: Sequence[str]) -> bool:
    """Whether what a cell over several columns says is the value of each: a figure that is not the sum of its row.

    before: the cells left of it; without any it is what the row is called by, or a title.
    """
    label = next(filter(None, map(str.strip, before)), "")
    is_figure = any(map(str.isdigit, text)) and len(text) <= SPANNING_CHARS
    return bool(label) and is_figure and not SUM.match(label)


def tidy(row: Sequence[str]) -> list[str]:
    """The cells, each on one line, without the empty ones at the end."""
    cells = [one_cell(cell) for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def one_cell(text: str) -> str:
    """The lines of a cell on one; where two would make one figure of two, a semicolon stands between them."""
    said = ""
    for line in filter(None, map(one_line, text.splitlines())):
        meet = FIGURE_ENDS.search(said) and FIGURE_BEGINS.match(line)
        said += ("; " if meet else " " if said else "") + line
    return said


TABBED = re.compile(r"(?<=\d) *\t\s*(?=[-+\u2212]?\d)")  # between two figures, which a space would make one
FIGURE_ENDS, FIGURE_BEGINS = re.compile(r"\d[%\u2030)\xb0]?$"), re.compile(r"[-+\u2212(\xb1]? ?\d")
COLUMN_CHARS = 60


def looks_like_columns(cells: Sequence[str], below: Sequence[str]) -> bool:
    """Whether the first row of a table names its columns: short cells, all different, no numbers except years.

    A table of two columns may be names and values instead: there the row below must hold a number.
    """
    filled = [cell.strip() for cell in cells if cell.strip()]
    if len(filled) < 2 or len(set(filled)) < len(filled) or any(len(cell) > COLUMN_CHARS for cell in filled):
        return False
    if len(cells) < 3 and (cells[0].rstrip().endswith(":") or not any(map(FIGURES.fullmatch, below))):
        return False
    named = [cell for cell in filled if not FIGURES.fullmatch(cell)]
    years = sum(re.fullmatch(r"(?:19|20)\d\d", cell) is not None for cell in filled)
    return len(named) + years == len(filled) and any(WORD.search(cell) for cell in named)
