"""Lines and blocks of a text, as ranges: what loaders, title, date and furniture all count in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qa.types import Mark

HEADER_LINES = 25  # lines with text in which a document states its title and date
TITLE_CHARS = 200

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Extract:
    """What one format yields. Marks are sorted and do not overlap; `pages` says where each page starts."""

    text: str
    title: str | None = None  # None: the document states none
    date: str | None = None  # ISO yyyy-mm-dd, as the document states it about itself
    pages: tuple[int, ...] = ()
    marks: tuple[Mark, ...] = ()


LINE = re.compile(r"[^\r\n]+")
WORD = re.compile(r"[^\W_]")
SPACE = re.compile(r"\s+")
CURLY = str.maketrans("\u2018\u2019\u201a\u201c\u201d\u201e", "'''\"\"\"")


def lines(text: str, start: int = 0, end: int | None = None) -> Iterator[Range]:
    """(start, end) of each line that is not blank, white space at its ends left out."""
    for match in LINE.finditer(text, start, len(text) if end is None else end):
        line = match.group()
        words = line.strip()
        if words:
            first = match.start() + len(line) - len(line.lstrip())
            yield first, first + len(words)


def blocks(text: str) -> Iterator[Range]:
    """(start, end) of each paragraph: lines without a blank one between them, white space at the ends left out."""
    start = end = -1
    for first, last in lines(text):
        if start >= 0 and line_ends(text, end, first) > 1:
            yield start, end
            start = first
        start = first if start < 0 else start
        end = last
    if start >= 0:
        yield start, end


def line_ends(text: str, start: int, end: int) -> int:
    return text.count("\n", start, end) + text.count("\r", start, end) - text.count("\r\n", start, end)


def fold(text: str) -> str:
    """For comparing: small letters, straight quotes, single spaces."""
    return SPACE.sub(" ", text).strip().casefold().translate(CURLY)


def sorted_marks(*groups: Iterable[Mark]) -> tuple[Mark, ...]:
    """All marks in text order; of two that overlap the one of the earlier group stays."""
    ranked = [(mark.start, rank, mark) for rank, group in enumerate(groups) for mark in group if mark.start < mark.end]
    kept: list[tuple[int, Mark]] = []
    for _, rank, mark in sorted(ranked, key=lambda entry: (entry[0], entry[1], -entry[2].end)):
        if kept and kept[-1][1].end > mark.start:
            if kept[-1][0] <= rank:
                continue
            kept.pop()
        kept.append((rank, mark))
    return tuple(mark for _, mark in kept)


def names(listed: str) -> frozenset[str]:
    return frozenset(name.strip() for name in re.split(r"[,\n]", listed))
