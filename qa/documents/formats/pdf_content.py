"""PDF: the pieces of text of a page with their places and widths; text that is raised is a piece of its own."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

from qa.documents.formats.pdf_blocks import Line
from qa.documents.formats.pdf_lines import Piece
from qa.documents.formats.pdf_rules import Pen
from qa.documents.formats.pdf_widths import Measure, measure_of, text_width

BOLD = re.compile(r"(?i)bold|black|heavy|demi")
SPACE = 0.28  # times the size of the letters: the width of a space
HAND_OVER = ([1, 0, 0, 1, 0, 0], b"cm")  # a change of nothing, at which pypdf ends a piece
MOVES, SHOWS = frozenset((b"BT", b"Td", b"TD", b"Tm", b"T*")), frozenset((b"Tj", b"TJ", b"'", b'"'))
NEXT_LINE = (b"'", b'"')
NUMBERS = (int, float)
Operation = tuple[Any, bytes]


class Pieces:
    """Collects the pieces of text of a page: `visit` takes what pypdf reads, `before` each operator before it."""

    def __init__(self) -> None:
        self.found: list[Piece] = []
        self.pen = Pen()
        self.fonts: dict[int, tuple[Any, Measure, bool]] = {}  # how wide their letters are, and whether these are bold
        self.state = {b"Ts": 0.0, b"Tc": 0.0, b"Tw": 0.0, b"Tz": 100.0}  # the last operand of each
        self.outer: list[dict[bytes, float]] = []  # the same outside q and Q
        self.kerned = 0.0  # by how much the distances in TJ have moved the letters that are still to come, in sizes
        self.risen = False  # whether there is raised or lowered text
        self.moved = True  # to a place, since the last letters
        self.begins: bool | None = None  # whether the letters that are still to come begin at that place
        self.origin = (0.0, 0.0)  # of the piece before
        self.drawn = 0.0  # points from there to the end of the piece
        self.shown = 0.0  # where the last letters were drawn

    def before(self, operator: Any, operands: Sequence[Any], cm: Sequence[float], tm: Sequence[float]) -> None:
        """Takes an operator of the page's content, as pypdf hands it over."""
        if operator in SHOWS:
            if self.begins is None:
                self.begins = self.moved or operator in NEXT_LINE
            self.moved = False
            self.shown = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
            if operator == b"TJ" and operands:
                self.kerned -= sum([part for part in operands[0] if isinstance(part, NUMBERS)]) / 1000
        elif operator in MOVES:
            self.moved = True
        elif operator in self.state:
            self.state = {**self.state, operator: number(operands, 0)}
            self.risen = self.risen or self.state[b"Ts"] != 0
        elif operator == b"q":
            self.outer.append(self.state)
        elif operator == b"Q":
            self.state = self.outer.pop() if self.outer else self.state
        else:
            self.pen.visit(operator, operands, cm, tm)

    def visit(self, text: str, cm: Sequence[float], tm: Sequence[float], font: Any, size: float) -> None:
        """Takes a piece of text with the matrices at its beginning."""
        if not text:
            return
        right, up = tm[0] * cm[0] + tm[1] * cm[2], tm[0] * cm[1] + tm[1] * cm[3]  # direction of the baseline
        lean, high = tm[2] * cm[0] + tm[3] * cm[2], tm[2] * cm[1] + tm[3] * cm[3]
        scale = math.hypot(right, up)
        origin = (tm[4] * cm[0] + tm[5] * cm[2] + cm[4], tm[4] * cm[1] + tm[5] * cm[3] + cm[5])
        if self.begins or origin != self.origin:
            self.origin, self.drawn = origin, 0.0
        self.begins = None
        rise = self.state[b"Ts"]
        measure, bold = self.look(font)
        width = self.width(text, measure, abs(size)) * scale
        along = self.drawn / scale if scale else 0.0  # pypdf moves on only where the file says so
        start = origin[0] + along * right
        self.drawn += width
        self.found.append(
            (
                text,
                Line(
                    "",
                    origin[0] + rise * lean,
                    origin[1] + rise * high,
                    abs(size) * math.hypot(lean, high),
                    bold,
                    turned=abs(up) > abs(right),
                    span=(start, max(start + width, self.shown)),
                    risen=rise != 0,
                ),
            )
        )

    def look(self, font: Any) -> tuple[Measure, bool]:
        """How wide the letters of a font are, and whether they are bold."""
        if id(font) not in self.fonts:
            bold = bool(font and BOLD.search(str(font.get("/BaseFont", ""))))
            self.fonts[id(font)] = font, measure_of(font), bold
        return self.fonts[id(font)][1:]

    def width(self, text: str, measure: Measure, size: float) -> float:
        """About how wide a piece is, in the units of its matrix."""
        spaces = text.count(" ")
        letters = text_width(text, measure) - spaces * (measure.fixed or SPACE * measure.scale)
        between = max(spaces * SPACE, self.kerned)  # many programs draw no spaces but move on
        self.kerned = 0.0
        spread = len(text) * self.state[b"Tc"] + spaces * self.state[b"Tw"]
        return ((letters + between) * size + spread) * self.state[b"Tz"] / 100


def parted(operations: Sequence[Operation]) -> Iterator[Operation]:
    """The operations, with HAND_OVER before each that raises or lowers text."""
    for operands, operator in operations:
        if operator == b"Ts":
            yield HAND_OVER
        yield operands, operator


def number(operands: Sequence[Any], at: int) -> float:
    """An operand; 0 where there is none, or it is no number."""
    value = operands[at] if at < len(operands) else 0
    return float(value) if isinstance(value, int | float) else 0.0
