"""PDF: pieces of text with their places on a page joined to lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

from qa.documents.formats.pdf_blocks import LOWERED, Line
from qa.documents.raised import lowered, raised

COLUMNS = 0.5  # times the size of the letters: figures farther apart are two
RAISED = 0.88  # times the size of the letters before: a mark or exponent is smaller
DOUBLED, RECENT = 0.1, 60  # times the size: pieces nearer are drawn twice; pieces looked back at
LIGATURES = {0xFB00 + i: text for i, text in enumerate(("ff", "fi", "fl", "ffi", "ffl", "st", "st"))}
BULLETS = dict.fromkeys((0xF0B7, 0xF0A7, 0xF0D8), "\u2022")  # of symbol fonts
SIGNS = LIGATURES | BULLETS | {0x00A0: " "}
NO_SIGN = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")  # characters that only a font defines

Piece = tuple[str, Line]  # (text, where it is drawn)


def lines_of(pieces: Sequence[tuple[str, Line]]) -> Iterator[Line]:
    """(text, place) of the pieces joined to lines; a wide gap within a line becomes three spaces."""
    buffer: list[str] = []
    first: Line | None = None
    last = Line("", 0, 0, 0)  # the piece drawn last, its words cut at the line's end
    ended = False
    for text, place in without_doubles(pieces):
        for i, part in enumerate(text.split("\n")):
            ended = ended or i > 0
            words = NO_SIGN.sub("", part.translate(SIGNS))
            if ended and words and not letter_follows(last, place):
                if first is not None:
                    yield made_line(buffer, first)
                buffer, first = [], None
            if not words:
                continue
            ended = False
            if first is not None and words.strip():
                buffer.append(between(last, words, place))
            if first is not None and hangs_on(words, place, last):
                below = place.y < last.y - LOWERED * last.size
                buffer.append(lowered(words) if below else raised("".join(buffer[-3:]), words))
                continue
            if words.strip():
                first = first or place
                last = replace(place, text=words)
            buffer.append(words)
    if first is not None:
        yield made_line(buffer, first)


def without_doubles(pieces: Sequence[tuple[str, Line]]) -> Iterator[tuple[str, Line]]:
    """The pieces without those that were drawn a second time at nearly the same place, to look bold."""
    recent: list[tuple[str, Line]] = []
    for text, place in pieces:
        near = DOUBLED * place.size
        alike = [there for said, there in recent if said.strip() == text.strip()]
        if text.strip() and any(abs(place.x - p.x) < near and abs(place.y - p.y) < near for p in alike):
            continue
        if text.strip():
            recent = [*recent[1 - RECENT :], (text, place)]
        yield text, place


def between(last: Line, words: str, place: Line) -> str:
    """What separates a piece from the one before on its line: a wide gap, or a space before a figure behind Hebrew."""
    figures = last.text.strip()[-1:].isdigit() and words.strip()[:1].isdigit()
    gap = place.x - last.x - 0.6 * last.size * len(last.text)
    if gap > (COLUMNS if figures else 2) * place.size > 0:
        return "   "
    rightward = unicodedata.bidirectional(last.text[-1:] or " ") in ("R", "AL")
    return " " if rightward and words[:1].isdigit() else ""


def letter_follows(last: Line, place: Line) -> bool:
    """Whether a piece goes on right behind a single letter: some programs draw, and end, each letter by itself."""
    beside = abs(place.y - last.y) < 0.1 * max(place.size, 1) and 0 < place.x - last.x < 1.1 * place.size
    return len(last.text.strip()) == 1 and beside and place.size == last.size


def hangs_on(words: str, place: Line, last: Line) -> bool:
    """Whether a piece is small and right behind a larger one: a note's mark or an exponent."""
    small = 0 < place.size < RAISED * last.size
    return small and len(words.strip()) <= 4 and not last.text[-1:].isspace() and place.y >= last.y - 0.1 * last.size


def made_line(buffer: Sequence[str], place: Line) -> Line:
    """A line at that place; gaps of three spaces or more become three, others one."""
    text = "".join(buffer).replace("\t", " ").strip()
    return replace(place, text=re.sub(r" {2,}", lambda gap: "   " if len(gap.group()) > 2 else " ", text))
