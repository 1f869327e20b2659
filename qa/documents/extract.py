"""What a format yields, and the builder that puts a text together from paragraphs, headings and tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, dropwhile, groupby, islice, pairwise, takewhile
from typing import Any

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

    def table(self, rows: Iterable[Sequence[str]], head: int | None = None) -> None:
        """Appends the rows of a table; a title within it, over all its columns, as a paragraph above it.

        head: how many rows name the columns, as the file states it; None: decided from the first rows.
        """
        self.in_table = False
        tidied = (cells for row in rows if any(cells := tidy(row)))
        first = list(islice(tidied, TOP_ROWS))
        titles = 0
        while titles < len(first) and is_title(first[titles]) and not names_over_names(*first[titles : titles + 3]):
            titles += 1
        named = columns_rows(first[titles:], head if not head or not titles else head - titles or None)
        if not named:
            titles = 0
        for cells in first[:titles]:
            self.add(next(filter(None, cells)))
        self.in_table = False
        for number, cells in enumerate(chain(first[titles:], tidied)):
            self.add(row_of(cells), "columns" if number < named else "row")
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


def joined_rows(lines: Iterable[tuple[Any, str]]) -> str:
    """The lines of a cell; behind what a row of a table in it says a semicolon stands, unless the cell ends.

    lines: (the row within the cell that a line belongs to, None for none; the line).
    """
    said, ended = "", False  # whether a row within the cell has ended
    for row, group in groupby((line for line in lines if line[1].strip()), key=lambda line: line[0]):
        text = "\n".join(text for _, text in group)
        said += (";" if ended else "") + ("\n" if said else "") + (text if row is None else one_cell(text))
        ended = row is not None
    return said


TABBED = re.compile(r"(?<=\d) *\t\s*(?=[-+\u2212]?\d)")  # between two figures, which a space would make one
FIGURE_ENDS, FIGURE_BEGINS = re.compile(r"\d[%\u2030)\xb0]?$"), re.compile(r"[-+\u2212(\xb1]? ?\d")
COLUMN_CHARS = 60
YEAR = re.compile(r"(?:19|20)\d\d")
CLASS = re.compile(r"[<>\u2264\u2265]\s?\d[\d.,]*|\d[\d.,]*\s?(?:[\u2013-]\s?\d[\d.,]*|\+)")  # of figures: < 10, 10-24
TOP_ROWS = 8  # of a table, among which its title and the names of its columns stand


def is_title(cells: Sequence[str]) -> bool:
    """Whether a row is a title over all columns: the same words in several cells, as one cell over them is read."""
    said = list(dropwhile(lambda cell: not cell, map(str.strip, cells)))
    return len(said) > 1 and len(set(said)) == 1 and not FIGURES.fullmatch(said[0])


def says_several(cells: Sequence[str]) -> bool:
    """Whether the cells of a row say different things, as those that name columns do; above such a row are titles."""
    return len(set(filter(None, map(str.strip, cells)))) > 1


def columns_rows(rows: Sequence[Sequence[str]], stated: int | None) -> int:
    """How many of the first rows of a table name its columns.

    stated: how many the file says; one that holds figures is taken for data all the same. None: it says nothing.
    """
    if stated == 0 or len(rows) < 2:
        return 0
    if names_over_names(*rows[:3]):
        return 2
    if stated is None:
        return int(looks_like_columns(rows[0], rows[1]))
    return 1 + len(list(takewhile(names_only, rows[1 : min(stated, len(rows) - 1)])))


def names_only(cells: Sequence[str]) -> bool:
    """Whether a row holds short words and years only."""
    return all(len(cell) <= COLUMN_CHARS and (YEAR.fullmatch(cell) or not FIGURES.fullmatch(cell)) for cell in cells)


def names_over_names(upper: Sequence[str], lower: Sequence[str] = (), below: Sequence[str] = ()) -> bool:
    """Whether two rows name the columns together: names over several columns each, below them one for each.

    The lower row begins with nothing or what the upper one begins with, or there are figures below its names: else it
    may be data, as in a timetable. Behind one cell that begins both, classes of figures (10-24) are names too.
    """
    beside = {at for at, (one, other) in enumerate(pairwise(upper), 1) if one and one == other}
    over = {*beside, *(at - 1 for at in beside)}
    pairs = [pair for pair in zip(upper, lower, strict=False) if any(pair)]
    if not over or 0 in over or len(lower) <= max(over) or len(set(pairs)) < len(pairs):
        return False
    both = bool(lower[0]) and lower[0] == upper[0]
    named = [cell for cell in lower if not (both and CLASS.fullmatch(cell))]
    if not names_only(upper) or not names_only(named) or not any(map(WORD.search, (*upper, *lower))):
        return False
    if any(not lower[at] for at in over) or any(lower[at] == lower[at - 1] for at in beside):
        return False
    if lower[0] in ("", upper[0]):
        return True
    figures = {at for at, cell in enumerate(below) if FIGURES.fullmatch(cell) and not YEAR.fullmatch(cell)}
    return over <= figures and all(goes_on(lower[at - 1], lower[at]) for at in beside)


def goes_on(before: str, cell: str) -> bool:
    """Whether a cell is no year, or the year after that before it."""
    return not is_year(cell) or (is_year(before) and int(cell) == int(before) + 1)


def is_year(cell: str) -> bool:
    return YEAR.fullmatch(cell) is not None


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
    years = sum(map(is_year, filled))
    if not cells[0].strip() and years == len(filled):  # years over figures, each row of which begins with words
        return bool(below) and WORD.search(below[0]) is not None and not FIGURES.fullmatch(below[0])
    return len(named) + years == len(filled) and any(WORD.search(cell) for cell in named)
