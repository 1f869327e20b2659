"""PDF: what the content of a page draws, operator by operator: pieces of text with their places, lines, hidden text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, NamedTuple

from qa.documents.formats.pdf_cut import between_sides, cut
from qa.documents.formats.pdf_fonts import Fonts, Glyph, Letters, operations_of
from qa.documents.formats.pdf_hidden import (
    CUT,
    OFF_LAYER,
    SLACK,
    UNDER_PICTURE,
    Colour,
    Paint,
    common,
    rgb,
    seen_parts,
    unseen,
)
from qa.documents.formats.pdf_hidden import MOST as MOST_PAINTS
from qa.documents.formats.pdf_lines import Piece
from qa.documents.formats.pdf_parts import FAULTS, Layers
from qa.documents.formats.pdf_pieces import Look, Pieces, Way
from qa.documents.formats.pdf_rules import DRAWN, FILLED, PAINTED, Box, Pen, Rule, sides_of

MOST_FORMS, DEEPEST = 2_000, 20  # forms that a page shows; within one another
EVERYWHERE = (-1e9, -1e9, 1e9, 1e9)
HEAD = 40.0  # points: how far above the first stripe the heads of columns may stand
NUMBERS = (int, float)
SHOWS = frozenset((b"Tj", b"TJ", b"'", b'"'))
INVISIBLE = 3  # the mode of text that is there to be found
SOFT_HYPHEN = "\u00ad"
LAYER, OFF = "/OC", "/OFF"  # marks of what is on a layer, and on one that is switched off
STATED = {b"g": 1, b"rg": 3, b"k": 4}  # operators that state a colour, and of how many parts

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
UPRIGHT: dict[Way, Matrix] = {  # turn what runs up, down and to the left to the right
    (0, 1): (0.0, -1.0, 1.0, 0.0, 0.0, 0.0),
    (0, -1): (0.0, 1.0, -1.0, 0.0, 0.0, 0.0),
    (-1, 0): (-1.0, 0.0, 0.0, -1.0, 0.0, 0.0),
}


class Content(NamedTuple):
    """What a page draws."""

    pieces: list[Piece]
    rules: list[Rule]
    stripes: list[Box]
    unseen: Counter[str]  # pieces that are left out, or may not be seen, by the reason
    whole: bool  # it could be read to its end


@dataclass(slots=True)
class State:
    """What q keeps and Q brings back."""

    matrix: Matrix
    clip: Box
    letters: Letters
    size: float = 0.0
    between: float = 0.0  # letters
    spaces: float = 0.0  # what is added to each
    stretch: float = 1.0
    leading: float = 0.0
    rise: float = 0.0
    mode: int = 0
    colour: Colour = (0.0, 0.0, 0.0)
    parts: int | None = 1  # of a colour that `sc` states; None where they are not those of light or print
    alpha: float = 1.0
    mixed: bool = False  # what is drawn is mixed with what is below
    masked: bool = False
    through: bool = False  # the form that is drawn does not hide what is below it

    @property
    def opaque(self) -> bool:
        return self.alpha == 1 and not (self.mixed or self.masked or self.through)


def content_of(page: Any, fonts: Fonts, layers: Layers) -> Content:
    """What is drawn on a page, without the text that is not seen. fonts: of the document, as far as read.

    A page most of whose text runs up or down it, or stands on its head, is turned so that this text is upright.
    """
    reader = drawing_of(page, fonts, layers, IDENTITY)
    turn = UPRIGHT.get(reader.pieces.main_way)
    if turn is not None:
        reader = drawing_of(page, fonts, layers, turn)
    made = reader.pieces
    reasons = unseen(made.inks, reader.paints)
    seen: list[Piece] = []
    upright = sides_of(reader.pen.stripes)
    for at, (piece, ink) in enumerate(zip(made.found, made.inks, strict=True)):
        letters = made.letters[at]
        if ink is not None and letters and not reasons[at]:
            parts = seen_parts(at, ink, letters, reader.paints)
            sides = [
                side.at
                for side in upright
                if ink.ends[0] + SLACK < side.at < ink.ends[2] - SLACK
                and side.start - HEAD < ink.ends[1] < side.end + HEAD
            ]
            if sides and parts == [(0, len(letters))] and not piece[1].turned:
                seen += cut(piece, letters, ink, between_sides(letters, ink, sides))
                continue
            if parts != [(0, len(letters))]:
                reasons[at] = CUT
                seen += cut(piece, letters, ink, parts)
                continue
        if reasons[at] in ("", UNDER_PICTURE):
            seen.append(piece)
    left_out = Counter({OFF_LAYER: reader.left_out} if reader.left_out else {})
    return Content(seen, reader.pen.rules, reader.pen.stripes, Counter(filter(None, reasons)) + left_out, reader.whole)


def drawing_of(page: Any, fonts: Fonts, layers: Layers, matrix: Matrix) -> Drawing:
    """What is drawn on a page that is turned by a matrix."""
    reader = Drawing(fonts, layers, page.pdf, around(page_box(page), matrix), matrix)
    reader.draw(page.get("/Contents"), page.get_inherited("/Resources", None))
    reader.pieces.end()
    return reader


def page_box(page: Any) -> Box:
    """The part of a page that is shown."""
    try:
        boxes = [tuple(map(float, box)) for box in (page.mediabox, page.cropbox)]
    except FAULTS:
        return EVERYWHERE
    whole, part = ((min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in boxes)
    box = common(whole, part)
    return box if box[0] < box[2] and box[1] < box[3] else EVERYWHERE


VALUES_OF = attrgetter(*(field.name for field in fields(State)))


def kept(state: State) -> State:
    """A copy of a state; several times as fast as `copy`."""
    return State(*VALUES_OF(state))


class Drawing:
    """Follows the operators of a page."""

    def __init__(self, fonts: Fonts, layers: Layers, pdf: Any, box: Box, matrix: Matrix) -> None:
        self.fonts, self.known_layers, self.pdf = fonts, layers, pdf
        self.pieces, self.pen = Pieces(), Pen()
        self.paints: list[Paint] = []
        self.state = State(matrix, box, fonts.named(None, None))
        self.kept: list[State] = []
        self.resources: Any = None
        self.named: dict[Any, Letters] = {}  # fonts, by their names in the resources
        self.text = self.start = IDENTITY  # where the next letter is drawn, and where its line begins
        self.clips = False  # the path that is being drawn will be an edge of what is shown
        self.marked: list[str] = []  # what stands for the text that is shown, by the marks around it
        self.layers = 0  # of the marks, those of a layer that may be switched off
        self.off = 0  # of these, those that are
        self.left_out = 0  # strings on them
        self.forms: list[int] = []
        self.shown = 0  # forms
        self.whole = True
        self.steps = {
            b"q": self.keep, b"Q": self.bring_back, b"cm": self.move_all, b"BT": self.begin, b"Tf": self.font,
            b"Td": self.move, b"TD": self.move_leading, b"Tm": self.place, b"T*": self.next_line, b"Tj": self.show,
            b"TJ": self.show_spaced, b"'": self.show_next, b'"': self.show_next_spaced, b"W": self.clip,
            b"W*": self.clip, b"gs": self.look, b"cs": self.space, b"sc": self.colour, b"scn": self.colour,
            b"Do": self.object, b"sh": self.shade, b"BDC": self.mark, b"BMC": self.mark, b"EMC": self.end_mark,
            b"INLINE IMAGE": self.inline,
        }  # fmt: skip
        self.numbers = {b"Tc": "between", b"Tw": "spaces", b"TL": "leading", b"Ts": "rise"}

    def draw(self, stream: Any, resources: Any) -> None:
        """Takes the content of a page or a form; what is behind a fault is left out."""
        from pypdf.errors import PyPdfError

        outer, self.resources = self.resources, resources.get_object() if resources is not None else self.resources
        outer_named, self.named = self.named, {}
        try:
            for operands, operator in operations_of(stream, self.pdf):
                try:
                    self.take(operator, operands)
                except FAULTS:
                    self.whole = self.whole and operator not in SHOWS
        except (PyPdfError, *FAULTS):
            self.whole = False
        self.resources, self.named = outer, outer_named

    def take(self, operator: bytes, operands: Any) -> None:
        step = self.steps.get(operator)
        if step is not None:
            step(operands)
        elif operator in DRAWN:
            self.pen.draw(operator, operands, self.state.matrix)
        elif operator in PAINTED:
            self.paint(operator)
        elif operator in self.numbers:
            setattr(self.state, self.numbers[operator], float(operands[0]))
        elif operator in STATED:
            self.state.parts = STATED[operator]
            self.colour(operands)
        elif operator == b"Tz":
            self.state.stretch = float(operands[0]) / 100
        elif operator == b"Tr":
            self.state.mode = int(operands[0])

    # ---- the state ----

    def keep(self, _: Any) -> None:
        self.kept.append(kept(self.state))

    def bring_back(self, _: Any) -> None:
        if self.kept:
            self.state = self.kept.pop()

    def move_all(self, operands: Any) -> None:
        self.state.matrix = times(matrix_of(operands), self.state.matrix)

    def look(self, operands: Any) -> None:
        """Takes a named state of which only matters whether what is drawn hides what is below."""
        named = self.resources["/ExtGState"].get_object()[operands[0]].get_object()
        state = self.state
        if "/Font" in named:
            font, size = named["/Font"].get_object()
            state.letters, state.size = self.fonts.of(font.get_object()), float(size)
        state.alpha = float(named.get("/ca", state.alpha))
        state.masked = named.get("/SMask", "/None") != "/None" if "/SMask" in named else state.masked
        state.mixed = named["/BM"] not in ("/Normal", "/Compatible") if "/BM" in named else state.mixed

    def space(self, operands: Any) -> None:
        """Takes the kind of the colours that follow."""
        name = operands[0]
        known = {"/DeviceGray": 1, "/DeviceRGB": 3, "/DeviceCMYK": 4}
        self.state.parts = known.get(name)
        self.state.colour = (0.0, 0.0, 0.0)
        if name not in known:
            self.state.colour = None
            kind = self.resources["/ColorSpace"].get_object()[name].get_object()
            if isinstance(kind, str):
                self.state.parts = known.get(kind)
            else:
                calibrated = {"/CalGray": 1, "/CalRGB": 3}
                of_profile = kind[0] == "/ICCBased" and int(kind[1].get_object()["/N"])
                self.state.parts = of_profile or calibrated.get(kind[0])

    def colour(self, operands: Any) -> None:
        parts = [float(part) for part in operands if isinstance(part, NUMBERS)]
        self.state.colour = rgb(parts) if len(parts) == self.state.parts == len(operands) else None

    def clip(self, _: Any) -> None:
        self.clips = True

    def mark(self, operands: Any) -> None:
        """Takes the begin of a marked part, which may say that a hyphen is none of its word."""
        said = ""
        layer = len(operands) > 1 and operands[0] == "/OC"
        off = layer and self.known_layers.hide(self.named_layer(operands[1]))
        if len(operands) > 1 and isinstance(operands[1], dict):
            said = str(operands[1].get("/ActualText") or "")
        self.marked.append(OFF if off else LAYER if layer else said if said == SOFT_HYPHEN else "")
        self.layers += layer
        self.off += off

    def named_layer(self, name: Any) -> Any:
        with suppress(*FAULTS):
            return self.resources["/Properties"].get_object().raw_get(name)
        return None

    def end_mark(self, _: Any) -> None:
        if self.marked:
            ended = self.marked.pop()
            self.layers -= ended in (LAYER, OFF)
            self.off -= ended == OFF

    # ---- text ----

    def begin(self, _: Any) -> None:
        self.text = self.start = IDENTITY

    def font(self, operands: Any) -> None:
        name = operands[0]
        if name not in self.named:
            self.named[name] = self.fonts.named(name, self.resources)
        self.state.letters = self.named[name]
        self.state.size = float(operands[1])

    def move(self, operands: Any) -> None:
        self.text = self.start = times((1.0, 0.0, 0.0, 1.0, float(operands[0]), float(operands[1])), self.start)

    def move_leading(self, operands: Any) -> None:
        self.state.leading = -float(operands[1])
        self.move(operands)

    def place(self, operands: Any) -> None:
        self.text = self.start = matrix_of(operands)

    def next_line(self, _: Any) -> None:
        self.move((0.0, -self.state.leading))

    def show(self, operands: Any) -> None:
        self.show_one(operands[0])

    def show_spaced(self, operands: Any) -> None:
        for part in operands[0]:
            if isinstance(part, NUMBERS):
                self.advance(-part / 1000 * self.state.size * self.state.stretch)
            else:
                self.show_one(part)

    def show_next(self, operands: Any) -> None:
        self.next_line(())
        self.show_one(operands[0])

    def show_next_spaced(self, operands: Any) -> None:
        self.state.spaces, self.state.between = float(operands[0]), float(operands[1])
        self.show_next(operands[2:])

    def show_one(self, codes: Any) -> None:
        """Takes a string that is shown."""
        state = self.state
        glyphs = state.letters.read(codes)
        if not glyphs:
            return
        width = sum([width for _, width in glyphs]) * state.size + len(glyphs) * state.between
        if state.spaces and state.letters.single:
            width += codes.count(b" ") * state.spaces
        width *= state.stretch
        if self.off:
            self.left_out += 1
            self.advance(width)
            return
        a, b, c, d, x, y = times(self.text, state.matrix)
        own = state.letters.own_ink
        drawn = (state.mode != INVISIBLE or own) and state.alpha != 0
        colour = state.colour if state.mode in (0, 4) and not own else None
        look = Look(state.letters, state.size, (a, b, c, d), state.rise, colour, drawn, state.clip)
        self.pieces.show(self.shown_as(glyphs), look, (x, y), width * (a * a + b * b) ** 0.5)
        self.advance(width)

    def shown_as(self, glyphs: list[Glyph]) -> list[Glyph]:
        """The glyphs; or what stands for them where a mark says so."""
        said = self.marked[-1] if self.marked else ""
        return [(said, glyphs[0][1])] if said == SOFT_HYPHEN and len(glyphs) == 1 else glyphs

    def advance(self, along: float) -> None:
        a, b, c, d, e, f = self.text
        self.text = (a, b, c, d, e + along * a, f + along * b)

    # ---- areas and pictures ----

    def paint(self, operator: bytes) -> None:
        """Takes an operator that ends a path: it fills or strokes it, or makes it an edge of what is shown."""
        state = self.state
        box, solid = self.pen.extent()
        if self.off:
            operator = b"n"
        if box is not None and operator != b"n" and state.alpha:
            filled = operator in FILLED
            self.add_paint(box, state.colour if filled else None, solid and filled)
        self.pen.paint(operator)
        if self.clips and box is not None:
            state.clip = common(state.clip, box)
        self.clips = False

    def add_paint(self, box: Box, colour: Colour, solid: bool, picture: bool = False) -> None:
        if len(self.paints) < MOST_PAINTS and not self.off:
            solid = solid and self.state.opaque and not self.layers
            if solid:
                self.pieces.end()
            before = len(self.pieces.found) + (self.pieces.run is not None)
            self.paints.append(Paint(common(box, self.state.clip), colour, solid, picture, before))

    def shade(self, _: Any) -> None:
        self.add_paint(self.state.clip, None, False)

    def inline(self, _: Any) -> None:
        self.add_paint(around((0.0, 0.0, 1.0, 1.0), self.state.matrix), None, False, True)

    def object(self, operands: Any) -> None:
        """Takes a picture or a form, which has content of its own."""
        found = self.resources["/XObject"].get_object()[operands[0]].get_object()
        off = "/OC" in found and self.known_layers.hide(found.raw_get("/OC"))
        if off and found.get("/Subtype") == "/Image":
            return
        if found.get("/Subtype") == "/Image":
            solid = not any(found.get(key) for key in ("/ImageMask", "/SMask", "/Mask", "/SMaskInData"))
            upright = min(abs(self.state.matrix[0]), abs(self.state.matrix[1])) < 0.01
            self.add_paint(around((0.0, 0.0, 1.0, 1.0), self.state.matrix), None, solid and upright, True)
            return
        if id(found) in self.forms or len(self.forms) >= DEEPEST or self.shown >= MOST_FORMS:
            self.whole = False
            return
        self.shown += 1
        before, outer, depth = kept(self.state), self.kept, (self.text, self.start)
        self.kept = []
        self.forms.append(id(found))
        self.state.matrix = times(matrix_of(found.get("/Matrix") or IDENTITY), self.state.matrix)
        if found.get("/BBox") is not None:
            self.state.clip = common(self.state.clip, around(found["/BBox"].get_object(), self.state.matrix))
        self.state.through = not self.state.opaque or "/OC" in found
        self.state.alpha, self.state.masked, self.state.mixed = 1.0, False, False
        self.off += off
        self.draw(found, found.get("/Resources"))
        self.off -= off
        self.forms.pop()
        self.state, self.kept, (self.text, self.start) = before, outer, depth


def times(m: Matrix, n: Matrix) -> Matrix:
    """The matrix of first m, then n."""
    return (
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    )


def matrix_of(operands: Sequence[Any]) -> Matrix:
    a, b, c, d, e, f = map(float, operands)
    return (a, b, c, d, e, f)


def around(box: Sequence[Any], matrix: Matrix) -> Box:
    """The box around a box that is drawn by a matrix."""
    a, b, c, d, e, f = matrix
    left, low, right, high = map(float, box)
    xs, ys = zip(*((x * a + y * c + e, x * b + y * d + f) for x in (left, right) for y in (low, high)), strict=True)
    return min(xs), min(ys), max(xs), max(ys)
