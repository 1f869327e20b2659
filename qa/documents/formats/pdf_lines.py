"""PDF: pieces of text with their places on a page joined to lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from qa.documents.formats.pdf_blocks import GAP, LOWERED, SAME_LINE, Line
from qa.documents.formats.pdf_direction import in_reading_order, is_rightward
from qa.documents.formats.pdf_widths import Measure, text_width
from qa.documents.raised import lowered, raised

WIDE, FIGURE_WIDE, FIGURES_WIDE = 1.5, 1.0, 0.5  # times the size: a gap, one beside a figure, one between figures
NARROW, STARTS = 0.45, 2  # times the size: a gap where so many others begin
TOGETHER = 3  # times the size of the letters: a gap where pypdf has found none
FIGURE_ENDS, FIGURE_BEGINS = re.compile(r"[\d%)\u2013-]\s*$"), re.compile(r"\s*[-+\u2212(]?\d")
UNSURE = 0.04  # times the size, for each letter: the widths of letters are estimated
RAISED = 0.88  # times the size of the letters before: a mark or exponent is smaller
OFF = 0.15  # times the size: letters of the same size are an index or exponent from here
REACH = 0.6  # times the size: the most that an index or exponent is lower or higher
MARK_CHARS = 4
DOUBLED, RECENT = 0.1, 60  # times the size: pieces nearer are drawn twice; pieces looked back at
LIGATURES = {0xFB00 + i: text for i, text in enumerate(("ff", "fi", "fl", "ffi", "ffl", "st", "st"))}
BULLETS = dict.fromkeys((0xF0B7, 0xF0A7, 0xF0D8), "\u2022")  # of symbol fonts
SIGNS = LIGATURES | BULLETS | {0x00A0: " "}
NO_SIGN = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")  # characters that only a font defines
SPACES = re.compile(" {3,}")

Piece = tuple[str, Line]  # (text, where it is drawn)


class Part(NamedTuple):
    """Words of a line, and where they begin and end, about."""

    words: str
    start: float
    end: float
    gap: bool = False  # a wide gap lies before it
    narrow: bool = False  # a gap that is no wider than one between words may be


def lines_of(pieces: Sequence[Piece]) -> Iterator[Line]:
    """(text, place) of the pieces joined to lines; a wide gap within a line becomes GAP."""
    drawn = list(drawn_lines(pieces))
    parts_of = [(at, part) for parts, _ in drawn for at, part in enumerate(parts)]
    begun = Counter(round(part.start) for at, part in parts_of if not at or part.gap)
    maybe = Counter(round(part.start) for _, part in parts_of if part.narrow)
    for parts, first in drawn:
        yield from made_line([column_begun(part, begun, maybe) for part in parts], first)


def column_begun(part: Part, begun: Counter[int], maybe: Counter[int]) -> Part:
    """The part; a gap lies before it too where it is narrow, and others begin at that place, one of them surely."""
    places = [round(part.start) + off for off in (-1, 0, 1)]
    sure, others = (sum(known[place] for place in places) for known in (begun, maybe))
    return part._replace(gap=True) if part.narrow and sure and sure + others > STARTS else part


def drawn_lines(pieces: Sequence[Piece]) -> Iterator[tuple[list[Part], Line]]:
    """The parts of each line, and the place of the first."""
    parts: list[Part] = []
    first: Line | None = None
    last = Line("", 0, 0, 0)  # the piece drawn last, its words cut at the line's end
    ended = False
    for text, place in without_doubles(pieces):
        for i, cut in enumerate(text.split("\n")):
            ended = ended or i > 0
            words = NO_SIGN.sub("", cut.translate(SIGNS))
            if not words:
                continue
            start, end = extent(words, place)
            follows = first is not None and bool(words.strip())
            gap = follows and is_gap(parts, last, words, place)
            ended = ended and not letter_follows(last, place)
            if ended or (gap and abs(place.y - last.y) > SAME_LINE * max(place.size, last.size)):
                if first is not None:
                    yield parts, first
                parts, first, gap, follows = [], None, False, False
            ended = False
            if first is not None and not gap and hangs_on(words, place, last):
                below = place.y < last.y - LOWERED * last.size
                before = "".join(part.words for part in parts[-3:])
                parts.append(Part(lowered(words) if below else raised(before, words), start, end))
                continue
            narrow = follows and not gap and start - reach(parts) > NARROW * place.size > 0
            if words.strip():
                first = first or place
                last = replace(place, text=words)
            parts.append(Part(words, start, end, gap, narrow))
    if first is not None:
        yield parts, first


def without_doubles(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces without those that were drawn a second time at nearly the same place, to look bold."""
    recent: list[Piece] = []
    for text, place in pieces:
        near = DOUBLED * place.size
        alike = [there for said, there in recent if said.strip() == text.strip()]
        if text.strip() and any(abs(place.x - p.x) < near and abs(place.y - p.y) < near for p in alike):
            continue
        if text.strip():
            recent = [*recent[1 - RECENT :], (text, place)]
        yield text, place


def extent(words: str, place: Line) -> tuple[float, float]:
    """Where a piece begins and, about, ends."""
    if place.spans:
        return place.spans[0]
    return place.x, place.x + text_width(words, Measure()) * place.size


def is_gap(parts: Sequence[Part], last: Line, words: str, place: Line) -> bool:
    """Whether a piece is so far from the one before on its line that it is in another column."""
    begins, ends = FIGURE_BEGINS.match(words) is not None, FIGURE_ENDS.search(last.text) is not None
    figures = begins and ends
    near = (FIGURES_WIDE if figures else FIGURE_WIDE if begins or ends else WIDE) * place.size
    if place.x < last.x - near:  # it lies before the piece before
        return not any(is_rightward(part.words) for part in (*parts, Part(words, 0, 0)))
    spaced = words[:1].isspace() or parts[-1].words[-1:].isspace()  # pypdf has found a gap of some width
    unsure = UNSURE * place.size * len(last.text)
    return place.x - reach(parts) > max(near, 0 if spaced or figures else TOGETHER * place.size) + unsure > 0


def reach(parts: Sequence[Part]) -> float:
    """Where the last letters of a line end; pypdf gives a space between cells the place of what follows."""
    return next((part.end for part in reversed(parts) if part.words.strip()), parts[-1].end)


def letter_follows(last: Line, place: Line) -> bool:
    """Whether a piece goes on right behind a single letter: some programs draw, and end, each letter by itself."""
    beside = abs(place.y - last.y) < 0.1 * max(place.size, 1) and 0 < place.x - last.x < 1.1 * place.size
    return len(last.text.strip()) == 1 and beside and place.size == last.size


def hangs_on(words: str, place: Line, last: Line) -> bool:
    """Whether a piece is higher or lower than the one before, which it is right behind, and smaller, or a figure."""
    mark = words.strip()
    if not 0 < len(mark) <= MARK_CHARS or last.text[-1:].isspace():
        return False
    off = abs(place.y - last.y)
    if 0 < place.size < RAISED * last.size:
        return LOWERED * last.size < off < REACH * last.size
    return mark.isdigit() and last.text[-1:].isalpha() and OFF * last.size < off < REACH * last.size


def made_line(parts: Sequence[Part], place: Line) -> Iterator[Line]:
    """A line at that place, if any, of which parts between wide gaps are separated by GAP; other spaces become one."""
    groups: list[list[Part]] = []
    for part in (piece for whole in parts for piece in cut_at_spaces(whole)):
        if part.gap or not groups:
            groups.append([])
        groups[-1].append(part)
    texts, spans = [], []
    for group in groups:
        text = " ".join(in_reading_order([part.words for part in sorted_across(group)]).split())
        if text:
            texts.append(text)
            seen = [part for part in group if part.words.strip()]
            spans.append((min(part.start for part in seen), max(part.end for part in seen)))
    if texts:
        yield replace(place, text=GAP.join(texts), spans=tuple(spans))


def sorted_across(group: Sequence[Part]) -> Sequence[Part]:
    """The parts from left to right where some are written from right to left; programs draw those in either order."""
    rightward = any(is_rightward(part.words) for part in group)
    return sorted(group, key=lambda part: part.start) if rightward else group


def cut_at_spaces(part: Part) -> Iterator[Part]:
    """A part cut where three spaces or more stand in it."""
    words = part.words.replace("\t", " ")
    whole = text_width(words, Measure()) or 1.0
    at = 0
    for number, said in enumerate(SPACES.split(words)):
        begin = words.index(said, at) if said else at
        at = begin + len(said)
        start, end = (
            part.start + (part.end - part.start) * text_width(words[:i], Measure()) / whole for i in (begin, at)
        )
        yield Part(said, start, end, part.gap if number == 0 else True)
