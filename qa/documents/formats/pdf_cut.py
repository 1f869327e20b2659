"""PDF: pieces of text cut where an edge of what is seen, or the side of a column, runs through them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from qa.documents.formats.pdf_hidden import SLACK, Ink
from qa.documents.formats.pdf_lines import Piece


def cut(piece: Piece, letters: Sequence[str], ink: Ink, parts: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    """The parts of a piece that are seen."""
    _, place = piece
    begin, end = place.span or (place.x, place.x)
    total = sum(ink.widths) or 1.0
    for first, last in parts:
        before, behind = (sum(ink.widths[:at]) / total for at in (first, last))
        x = place.x + before * (ink.ends[2] - ink.ends[0])
        y = place.y + before * (ink.ends[3] - ink.ends[1])
        span = (begin + before * (end - begin), begin + behind * (end - begin))
        yield "".join(letters[first:last]), replace(place, x=x, y=y, span=span)


def between_sides(letters: Sequence[str], ink: Ink, sides: Sequence[float]) -> list[tuple[int, int]]:
    """The parts of a piece that lie in different columns: a space between them lies over the side of a column."""
    total = sum(ink.widths) or 1.0
    begin, along = ink.ends[0], (ink.ends[2] - ink.ends[0]) / total
    parts, first, done = [], 0, 0.0
    for at, (letter, width) in enumerate(zip(letters, ink.widths, strict=True)):
        left, right = begin + along * done, begin + along * (done + width)
        if letter == " " and any(left - SLACK <= x <= right + SLACK for x in sides) and at > first:
            parts += [(first, at), (at, at + 1)]
            first = at + 1
        done += width
    return [*parts, (first, len(letters))]
