"""Tables: CSV and TSV, whose text is exactly the decoded file."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest

from qa.cells import FIGURES
from qa.documents.decoding import decode_noted
from qa.documents.extract import TEXT_CHARS, Extract, columns_rows, is_title, looks_like_columns
from qa.errors import UnreadableFile
from qa.text import WORD, Range, line_ends
from qa.types import Kind, Mark

DELIMITERS = ",;\t|^"
SEPARATOR = re.compile(r"(?i)\"?sep=(.)\"?\s*$")  # the first line of some files, for the program that opens them
DECIMAL = re.compile(r"(?<=\d),(?=\d)")
ROW_KINDS = ("columns", "row", "unnamed")
UNIT = re.compile(  # no sign of a blank; its figures are exponents and round numbers only
    r"(?i)(?!\W*(?:n\.?/?a\.?|k\.?\s?a\.?|nan|null|none)\W*$)(?=.*(?:[^\W\d_]|[%\u2030\xb0]))(?:\D|(?<!\d)(?:10+|[23])(?!\d))*"
)
REMARK = re.compile(r"[*\u2020#(\[]|(?:\S+\s+){3}")  # a sign before it, or more words than a name has
RECORD_LINES = 200  # a quoted cell of more lines is taken for a stray quotation mark
HEAD_ROWS = 12  # among these the row of the columns' names is looked for, below a title and remarks
LOOK_BACK = 200  # rows above what may name columns, in which its words would be data
END = re.compile(r"\r\n|\r|\n|\Z")


# ---- CSV ----


def load_csv(data: bytes) -> Extract:
    """CSV: exactly the decoded file; each record is marked as a row, the one that names the columns as such."""
    text, notes = decode_noted(data)
    if len(text) > TEXT_CHARS:
        raise UnreadableFile(f"holds more than {TEXT_CHARS // 10**6} million characters: split it")
    found = [where for where in records(text) if WORD.search(text, *where)]
    first = [text[slice(*where)] for where in found[: HEAD_ROWS + 10]]
    delimiter = likely_delimiter(first)
    cells = [cells_in(record, delimiter) for record in first]
    remarks = remark_rows(cells)
    at = columns_row(cells[remarks:])
    at = None if at is None else at + remarks
    kinds: dict[int, Kind] = {} if at is None else {at: "columns"}
    for i in range(1, 1 if at is None else names_below(cells[at:])):
        kinds[(at or 0) + i] = "columns"
    kinds |= dict.fromkeys(range(remarks), "heading")
    begins = [i for i, (a, b) in enumerate(pairwise(found), 1) if line_ends(text, a[1], b[0]) > 1 and i > (at or 0)]
    if begins:
        kinds |= kinds_of_later([cells_in(text[slice(*where)], delimiter) for where in found], at, begins)
    if at is not None:
        kinds |= dict.fromkeys(remarks_below(text, found[at:], delimiter, at), "unnamed")
    for i in range(at or 0):
        if len([cell for cell in cells[i] if cell.strip()]) < 2:
            kinds[i] = "furniture" if SEPARATOR.match(first[i]) else "heading"
    marks = [
        Mark(start, end, kind := kinds.get(i, "row"), delimiter if kind in ROW_KINDS else "")
        for i, (start, end) in enumerate(found)
    ]
    longer = at is not None and not begins and longer_rows(text, found[at:], delimiter)
    if longer:
        notes += (f"rows have more cells than columns have names, so that none is told of theirs ({longer})",)
    title = next(
        (" ".join(text[m.start : m.end].strip(DELIMITERS + "# ").split()) for m in marks[:1] if m.kind == "heading"),
        None,
    )
    return Extract(text, title, None, (), tuple(marks), notes)


def remark_rows(rows: Sequence[Sequence[str]]) -> int:
    """How many rows at the beginning are remarks behind a number sign; the last one may name the columns instead."""
    found = 0
    while found < len(rows) and rows[found] and rows[found][0].lstrip().startswith("#"):
        found += 1
    names = 0 < found < len(rows) and len(rows[found - 1]) == len(rows[found]) > 1
    return found - names


def names_below(rows: Sequence[Sequence[str]]) -> int:
    """How many of these rows, the first of which names the columns, name them together: names, more names, units."""
    figures = next((row for row in rows[2:4] if any(map(FIGURES.fullmatch, row))), ())
    found = (
        2 if columns_rows(rows[:3], None) > 1 or names_more(rows[0], rows[1] if len(rows) > 1 else (), figures) else 1
    )
    names = [" ".join(some) for some in zip_longest(*rows[:found], fillvalue="")]
    return found + names_units([names, *rows[found:]])


def names_more(row: Sequence[str], below: Sequence[str] = (), data: Sequence[str] = ()) -> bool:
    """Whether the row below that with the columns' names goes on with them, under names of several columns."""
    named = [at for at, cell in enumerate(below) if cell.strip()]
    under = any(at < len(row) and at and not row[at].strip() for at in named)
    words = all(not FIGURES.fullmatch(below[at]) or re.fullmatch(r"\s*(?:19|20)\d\d\s*", below[at]) for at in named)
    return under and words and any(at < len(data) and FIGURES.fullmatch(data[at]) for at in named)


def names_units(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the second of these rows says in which units the columns count that the first one names.

    Each of its words stands between a name and figures.
    """
    names, units = rows[0], rows[1] if len(rows) > 1 else ()
    said = [at for at, cell in enumerate(units) if cell.strip(" -\u2013\u2014")]
    return bool(said) and all(
        at < len(names)
        and names[at].strip()
        and UNIT.fullmatch(units[at])
        and any(at < len(row) and FIGURES.fullmatch(row[at]) for row in rows[2:])
        for at in said
    )


def remarks_below(text: str, rows: Sequence[Range], delimiter: str, first: int) -> range:
    """The numbers of the rows at the end of a table that are remarks on it.

    Such a row has one cell, which is no row's name, or is a line of words that its commas cut into too few cells.

    rows: from the one that names the columns, whose number is `first`.
    """
    width = len(cells_in(text[slice(*rows[0])], delimiter))
    begins = at = len(rows)
    while at > 1:
        at -= 1
        cells = cells_in(text[slice(*rows[at])], delimiter)
        said = list(filled(cells))
        cut = 1 < len(said) == len(cells) < width
        if (len(said) != 1 and not cut) or not cells[0].strip() or any(map(FIGURES.fullmatch, said)):
            break
        apart = line_ends(text, rows[at - 1][1], rows[at][0]) > 1
        if apart or cut or 1 == len(cells) < width or REMARK.match(said[0]):
            begins = at
    return range(first + begins, first + len(rows))


def longer_rows(text: str, rows: Sequence[Range], delimiter: str) -> int:
    """How many rows have filled cells behind the last column that the first of them names."""
    names, *others = (cells_in(text[slice(*where)], delimiter) for where in rows)
    return sum(any(cell.strip() for cell in one[len(names) :]) for one in others)


def cells_in(record: str, delimiter: str) -> list[str]:
    """The cells of a record, without quotation marks."""
    try:
        return next(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter), [])
    except csv.Error:  # quotation marks without a partner
        return record.split(delimiter)


def records(text: str) -> Iterator[Range]:
    """Each record: a line, or several where a quoted cell holds line breaks."""
    at = 0
    while at < len(text):
        first = END.search(text, at)
        assert first is not None
        match, quotes, count = first, text.count('"', at, first.start()), 1
        while quotes % 2 and count < RECORD_LINES and match.end() < len(text):
            following = END.search(text, match.end())
            assert following is not None
            quotes += text.count('"', match.end(), following.start())
            match, count = following, count + 1
        match = first if quotes % 2 else match
        if match.start() > at:
            yield at, match.start()
        at = max(match.end(), at + 1)


def likely_delimiter(rows: Sequence[str]) -> str:
    """The delimiter that occurs in most records, of those one that makes most of them equally long, and the most cells.

    A comma between two digits counts last: where another sign could be the delimiter it is a decimal comma.
    """
    if rows and (match := SEPARATOR.match(rows[0])):
        return match[1]
    bare = [re.sub(r'"[^"]*"', "", row) for row in rows]

    def fitness(sign: str) -> tuple[int, ...]:
        counts = [row.count(sign) for row in bare if sign in row]
        alike = max(Counter(counts).values(), default=0)
        return len(counts), alike, sum(DECIMAL.sub("", row).count(sign) for row in bare), sum(counts)

    return max(DELIMITERS, key=fitness)


def kinds_of_later(rows: Sequence[Sequence[str]], at: int | None, begins: Sequence[int]) -> dict[int, Kind]:
    """What the rows are, as far as they are no ordinary ones, that begin another table of the file or may do so.

    at: the row that names the columns of the first table. begins: the rows below a blank line. Another table's columns
    are named by a row of words with figures right below it, where a title stands above it or its rows hold words and
    figures in other places; a row that may be one, or does not have the length of those above, ends their names.
    """
    kinds: dict[int, Kind] = {}
    names: Sequence[str] = rows[at] if at is not None else ()
    top = 0 if at is None else at + 1  # where the rows of the table above begin
    for begin, end in pairwise([*begins, len(rows)]):
        titled = len(list(filled(rows[begin]))) == 1 and begin + 1 < end
        first = begin + titled
        row, below = rows[first], rows[first + 1] if first + 1 < end else ()
        may_name = bool(below) and looks_like_columns(row, below)
        above = rows[max(top, begin - LOOK_BACK) : begin]
        said = {cell for one in above for cell in filled(one)}
        other = titled or not any(len(one) == len(row) and shape(one) == shape(below) for one in above)
        if may_name and other and names_figures(row, below) and said.isdisjoint(filled(row)):
            kinds |= {begin: "heading"} if titled else {}
            kinds[first] = "columns"
            names, top = row, first + 1
        elif names and (may_name or len(row) != len(names)):
            kinds[begin] = "unnamed"
            names, top = (), begin
    return kinds


def shape(row: Sequence[str]) -> list[bool]:
    """Which cells hold figures."""
    return [FIGURES.fullmatch(cell) is not None for cell in row]


def names_figures(row: Sequence[str], below: Sequence[str]) -> bool:
    """Whether a figure stands right below a word."""
    pairs = zip(row, shape(row), shape(below), strict=False)
    return any(cell.strip() and figure_below and not figure for cell, figure, figure_below in pairs)


def filled(row: Sequence[str]) -> Iterator[str]:
    """The cells that hold something."""
    return (cell.strip() for cell in row if cell.strip())


def columns_row(rows: Sequence[Sequence[str]]) -> int | None:
    """Index of the row that names the columns, below a title and remarks of one cell each; None if there is none."""
    for i, cells in enumerate(rows[:HEAD_ROWS]):
        top = [[cell.strip() for cell in row] for row in rows[i : i + 3]]
        named = columns_rows(top, None)
        if named > 1 or (len(list(filled(cells))) > 1 and not is_title(cells)):
            return i if named else None
    return None
