"""PDF: the pieces of text of a page with their places; text that is drawn apart, or raised, is a piece of its own."""

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
MOVED = 1.0  # times the size of the letters: a move beyond the beginning of a piece that may leave a gap
GAP, FIGURES_GAP = -1500, -500  # thousandths of the size of the letters, as TJ has them: a gap, one between figures
SPACE = 0.28  # times the size of the letters: the width of a space
HAND_OVER = ([1, 0, 0, 1, 0, 0], b"cm")  # a change of nothing, at which pypdf ends a piece
MOVES, SHOWS = frozenset((b"BT", b"Td", b"TD", b"Tm", b"T*", b"'", b'"')), frozenset((b"Tj", b"TJ", b"'", b'"'))
Operation = tuple[Any, bytes]


class Pieces:
    """Collects the pieces of text of a page: `visit` takes what pypdf reads, `before` each operator before it."""

    def __init__(self) -> None:
        self.found: list[Piece] = []
        self.pen = Pen()
        self.measures: dict[int, Measure] = {}  # of the fonts of the page
        self.state = {b"Ts": 0.0, b"Tc": 0.0, b"Tw": 0.0, b"Tz": 100.0}  # the last operand of each
        self.outer: list[dict[bytes, float]] = []  # the same outside q and Q
        self.kerned = 0.0  # by how much the distances in TJ have moved the letters that are still to come, in sizes
        self.moved = True  # to a place, since the last letters
        self.begins: bool | None = None  # whether the letters that are still to come begin at that place
        self.origin = (0.0, 0.0)  # of the piece before
        self.drawn = 0.0  # points from there to the end of the piece

    def before(self, operator: Any, operands: Sequence[Any], cm: Sequence[float], tm: Sequence[float]) -> None:
        """Takes an operator of the page's content, as pypdf hands it over."""
        if operator in self.state:
            self.state = {**self.state, operator: number(operands, 0)}
        elif operator == b"q":
            self.outer.append(self.state)
        elif operator == b"Q" and self.outer:
            self.state = self.outer.pop()
        elif operator in MOVES:
            self.moved = True
        if operator in SHOWS:
            self.begins = self.moved if self.begins is None else self.begins
            self.moved = False
        if operator == b"TJ" and operands:
            self.kerned -= sum(part for part in operands[0] if isinstance(part, int | float)) / 1000
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
        along = self.drawn / scale if scale else 0.0  # pypdf moves on only where the file says so
        x, y = (
            at + along * way + self.state[b"Ts"] * rise
            for at, way, rise in zip(origin, (right, up), (lean, high), strict=True)
        )
        width = self.width(text, font, abs(size)) * scale
        self.drawn += width
        bold = bool(font and BOLD.search(str(font.get("/BaseFont", ""))))
        turned = abs(up) > abs(right)
        self.found.append(
            (text, Line("", x, y, abs(size) * math.hypot(lean, high), bold, turned, spans=((x, x + width),)))
        )

    def width(self, text: str, font: Any, size: float) -> float:
        """About how wide a piece is, in the units of its matrix."""
        measure = self.measures.get(id(font)) or self.measures.setdefault(id(font), measure_of(font))
        spaces = text.count(" ")
        letters = text_width(text, measure) - spaces * (measure.fixed or SPACE * measure.scale)
        between = max(spaces * SPACE, self.kerned)  # many programs draw no spaces but move on
        self.kerned = 0.0
        spread = len(text) * self.state[b"Tc"] + spaces * self.state[b"Tw"]
        return ((letters + between) * size + spread) * self.state[b"Tz"] / 100


def parted(operations: Sequence[Operation]) -> Iterator[Operation]:
    """The operations, with HAND_OVER before each that begins a piece, and spaces in the gaps of a TJ."""
    size = 1.0
    line: Sequence[float] = (1, 0, 0, 1, 0, 0)
    for operands, operator in operations:
        if operator == b"TJ":
            yield [with_gaps(operands[0])] if operands and wide(operands[0]) else operands, operator
            continue
        moved = 0.0
        if operator in (b"Td", b"TD"):
            moved = number(operands, 0)
            line = (*line[:4], line[4] + moved * line[0], line[5] + moved * line[1])
        elif operator == b"Tm" and len(operands) == 6:
            there = [number(operands, i) for i in range(6)]
            scale = there[0] ** 2 + there[1] ** 2
            moved = (there[4] - line[4]) * there[0] + (there[5] - line[5]) * there[1]
            moved = moved / scale if scale else 0.0
            line = there
        elif operator == b"Tf":
            size = abs(number(operands, 1)) or 1.0
        elif operator == b"BT":
            line = (1, 0, 0, 1, 0, 0)
        if abs(moved) > MOVED * size or operator == b"Ts":
            yield HAND_OVER
        yield operands, operator


def number(operands: Sequence[Any], at: int) -> float:
    """An operand; 0 where there is none, or it is no number."""
    value = operands[at] if at < len(operands) else 0
    return float(value) if isinstance(value, int | float) else 0.0


def wide(parts: Any) -> bool:
    """Whether one of the distances in the operand of a TJ may be a gap."""
    return isinstance(parts, list) and any(isinstance(part, int | float) and part < FIGURES_GAP for part in parts)


def with_gaps(parts: Any) -> Any:
    """The operand of a TJ with as many spaces in each gap as it is wide; between figures a narrower gap is one."""
    made: Any = type(parts)()
    for at, part in enumerate(parts):
        made.append(part)
        if isinstance(part, int | float) and (part < GAP or (part < FIGURES_GAP and figures(parts, at))):
            spaces = max(3, round(-part / 1000 / SPACE))
            made += [" " * spaces, 1000 * SPACE * spaces]  # and back, since the distance itself has moved on
    return made


def figures(parts: Sequence[Any], at: int) -> bool:
    """Whether a figure ends before, and one begins behind, a distance in a TJ."""
    before, behind = (encoded(parts[i]) if 0 <= i < len(parts) else b"" for i in (at - 1, at + 1))
    return before[-1:].isdigit() and behind.lstrip(b"\0")[:1].isdigit()


def encoded(part: Any) -> bytes:
    if isinstance(part, str):
        return part.encode("latin-1", "replace")
    return part if isinstance(part, bytes) else b""
