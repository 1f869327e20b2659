"""PDF: text of a page that nobody sees: outside of it, under an area drawn over it, in the colour of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from qa.documents.formats.pdf_rules import Box

SAME = 0.03  # of the strongest light: colours that differ by less look the same
PAPER = (1.0, 1.0, 1.0)
SLACK = 1.0  # points by which text may reach over an edge
MOST = 4_000  # drawn areas of a page on which all text is shown
OUTSIDE, COVERED, PALE, CUT = "outside", "covered", "pale", "cut"
OFF_LAYER = "layer"
UNDER_PICTURE = "picture"  # not surely unseen: programs lay pictures of pages over the text that they have read

Colour = tuple[float, ...] | None  # red, green, blue; None where it is not known


class Ink(NamedTuple):
    """How a piece of text is drawn."""

    box: Box  # the middle of its letters
    clip: Box  # outside of which nothing is shown
    colour: Colour
    drawn: bool  # it is not merely there to be found
    ends: Box  # where the middle of its letters begins and ends: x, y, x, y
    widths: tuple[float, ...]  # of its letters


class Paint(NamedTuple):
    """An area that is drawn."""

    box: Box
    colour: Colour
    solid: bool  # nothing below is seen in all of the box
    picture: bool
    before: int  # number of pieces of text that are drawn before it


def unseen(inks: Sequence[Ink | None], paints: Sequence[Paint]) -> list[str]:
    """Of each piece of text why it is not seen, "" where it is; None stands for a piece that is no text."""
    few = len(paints) < MOST
    covers = [paint for paint in paints if paint.solid] if few else []
    colours: set[Colour] = {paint.colour for paint in covers if paint.colour is not None}
    return [
        "" if ink is None else why_unseen(at, ink, paints if few else None, covers, colours)
        for at, ink in enumerate(inks)
    ]


def why_unseen(at: int, ink: Ink, paints: Sequence[Paint] | None, covers: Sequence[Paint], colours: set[Colour]) -> str:
    """Why the piece of that number is not seen; "" where it is, or where that is not sure."""
    left, low, right, high = ink.clip
    if left >= right or low >= high or not meet(ink.box, ink.clip):
        return OUTSIDE
    if paints is None:
        return ""
    if not ink.drawn:
        return "" if any(meet(ink.box, paint.box) for paint in paints) else PALE
    over = [paint for paint in covers if paint.before > at and holds(paint.box, ink.box)]
    if over:
        return COVERED if any(not paint.picture for paint in over) else UNDER_PICTURE
    if ink.colour is not None and (alike(ink.colour, PAPER) or ink.colour in colours):
        below = next((one for one in reversed(paints) if one.before <= at and meet(ink.box, one.box)), None)
        ground = PAPER if below is None else below.colour if below.solid and holds(below.box, ink.box) else None
        return PALE if ground is not None and alike(ink.colour, ground) else ""
    return ""


def seen_parts(at: int, ink: Ink, letters: Sequence[str], paints: Sequence[Paint]) -> list[tuple[int, int]]:
    """From which to which letter the piece of that number is seen, where an edge or a drawn area cuts through it.

    A figure of which a part is not seen is in none of them: what is left would be another figure.
    """
    covers = [
        paint.box
        for paint in (paints if len(paints) < MOST else ())
        if paint.solid and not paint.picture and paint.before > at and meet(ink.box, paint.box, -SLACK)
    ]
    if not covers and holds(ink.clip, ink.box):
        return [(0, len(letters))]
    total = sum(ink.widths) or 1.0
    (x, y, to_x, to_y), done = ink.ends, 0.0
    seen = []
    for width in ink.widths:
        middle = (done + width / 2) / total
        done += width
        point = (x + middle * (to_x - x), y + middle * (to_y - y)) * 2
        seen.append(meet(point, ink.clip, 0) and not any(meet(point, box, 0) for box in covers))
    for blank, word in groupby(range(len(letters)), key=lambda number: letters[number].isspace()):
        own = list(word)
        if not blank and not all(seen[i] for i in own) and any(map(str.isdigit, "".join(letters[i] for i in own))):
            seen[own[0] : own[-1] + 1] = [False] * len(own)
    groups = ([*own] for shown, own in groupby(range(len(letters)), key=seen.__getitem__) if shown)
    return [(own[0], own[-1] + 1) for own in groups]


def alike(one: Colour, other: Colour) -> bool:
    return one is not None and other is not None and all(abs(a - b) < SAME for a, b in zip(one, other, strict=True))


def meet(one: Box, other: Box, slack: float = SLACK) -> bool:
    """Whether two boxes have a place in common, or nearly."""
    return (
        one[0] < other[2] + slack
        and other[0] - slack < one[2]
        and one[1] < other[3] + slack
        and other[1] - slack < one[3]
    )


def holds(outer: Box, inner: Box) -> bool:
    """Whether a box lies in another."""
    return (
        outer[0] - SLACK <= inner[0]
        and outer[1] - SLACK <= inner[1]
        and inner[2] <= outer[2] + SLACK
        and inner[3] <= outer[3] + SLACK
    )


def common(one: Box, other: Box) -> Box:
    """What two boxes have in common; its right edge lies left of its left one where that is nothing."""
    return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])


def rgb(parts: Sequence[float]) -> Colour:
    """Red, green and blue of a colour given as grey, as these three, or as the four of print; None for others."""
    if len(parts) == 1:
        return (parts[0],) * 3
    if len(parts) == 4:
        return tuple((1 - part) * (1 - parts[3]) for part in parts[:3])
    return tuple(parts) if len(parts) == 3 else None
