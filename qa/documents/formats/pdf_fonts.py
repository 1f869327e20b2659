"""PDF: what the codes in the content of a page stand for in its fonts: letters, and how wide each of them is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from pypdf.generic import ContentStream
from pypdf.generic._font import Font

from qa.documents.formats.pdf_parts import FAULTS
from qa.documents.raised import SMALL

BOLD = re.compile(r"(?i)bold|black|heavy|demi")
SPACE = 0.28  # times the size of the letters: the width of a space where the font has none
PLAUSIBLE = (0.2, 1.2)  # mean width of letters, in sizes
MEAN = 0.5
FEW = 3  # letters: of so many it is no wonder that they are equally wide
UNKNOWN = "\ufffd"
RAISED_WIDTH = 0.7  # times the width of a figure: another that a font has for it is no wider if it is raised or lowered

UNSHOWN = dict.fromkeys(range(0xE0000, 0xE0080))  # tags: no font draws them; signs for small figures are among them

Glyph = tuple[str, float]  # the letters that a code stands for, and their width as a multiple of their size


class Letters:
    """The letters of one font."""

    def __init__(self, font: Any) -> None:
        known = font_of(font)
        self.known = known
        self.bold = bool(font is not None and BOLD.search(str(font.get("/BaseFont", ""))))
        self.single = known is None or isinstance(known.encoding, dict)  # whether a code is one byte
        self.unit = 0.001  # of the widths that the font states, in sizes
        self.scale = 1.0  # how much larger the letters are than their stated size
        self.glyphs: dict[Any, Glyph] = {}
        # Of the kind whose letters are drawings: these say by themselves whether and how they are shown.
        self.own_ink = font is not None and font.get("/Subtype") == "/Type3"
        if self.own_ink:
            self.measure(font)
        widths = known.character_widths if known else {}
        stated = {width for letter, width in widths.items() if width and letter != "default"}
        alike = stated.pop() if len(stated) == 1 and len(widths) > FEW else 0  # a font of TeX has no space
        space = known.space_width if known and widths.get(known.space_char) else alike
        self.space = space * self.unit or SPACE
        self.word = min(self.space, SPACE)  # of a space between words, which is wide where all letters are equally wide
        self.small = small_figures(known.character_map, widths) if known else {}

    def measure(self, font: Any) -> None:
        """Takes the widths of a font that draws its letters by itself in a measure of its own."""
        with suppress(*FAULTS):
            self.unit = abs(float(font["/FontMatrix"][0])) or self.unit
            widths = [abs(float(width)) * self.unit for width in font["/Widths"].get_object() if width]
            mean = sum(widths) / len(widths)
            if not PLAUSIBLE[0] < mean < PLAUSIBLE[1]:
                self.scale = mean / MEAN
                self.unit /= self.scale

    def read(self, codes: Any) -> list[Glyph]:
        """The glyphs that a string of a page's content shows."""
        glyphs = self.glyphs
        if isinstance(codes, str):
            said: Sequence[Any] = codes
        elif self.single:
            said = codes
        else:
            try:
                said = codes.decode(self.known.encoding, "surrogatepass")
            except UnicodeDecodeError:
                said = codes.decode(self.known.encoding, "replace")
        return [glyphs.get(code) or self.glyph(code) for code in said]

    def glyph(self, code: Any) -> Glyph:
        """The glyph of a code, which is remembered."""
        known = self.known
        if known is None:
            made = UNKNOWN, MEAN
        else:
            raw = chr(code) if isinstance(code, int) else code
            letter = known.encoding.get(code, raw) if isinstance(code, int) else raw
            width = known.character_widths.get(raw, known.character_widths["default"])
            text = self.small.get(letter) or str(known.character_map.get(letter, letter)).translate(UNSHOWN)
            made = text, float(width) * self.unit
        self.glyphs[code] = made
        return made


def small_figures(meant: dict[Any, Any], widths: dict[str, float]) -> dict[Any, str]:
    """The codes by which a font draws raised or lowered figures that it says to be plain ones, and signs for them.

    They are told by their widths. A narrow 1 alone may be a plain one.
    """
    codes: dict[str, list[tuple[float, Any]]] = {}
    for code, text in meant.items():
        if isinstance(text, str) and len(text) == 1 and text in "0123456789" and widths.get(code):
            codes.setdefault(text, []).append((widths[code], code))
    several = {text: own for text, own in codes.items() if len(own) > 1}
    small = {
        code: SMALL[int(text)]
        for text, own in several.items()
        for width, code in own
        if width < RAISED_WIDTH * max(own)[0]
    }
    others = [text for text in several if text != "1"]
    return small if not others or any(sign != SMALL[1] for sign in small.values()) else {}


def font_of(font: Any) -> Any:
    """pypdf's reading of a font, given its entry in the resources of a page; None where it cannot be read."""
    with suppress(*FAULTS):
        return Font.from_font_resource(font) if font is not None else None
    return None


class Fonts:
    """The fonts of a document, each read once."""

    def __init__(self) -> None:
        self.found: dict[int, tuple[Any, Letters]] = {}

    def named(self, name: Any, resources: Any) -> Letters:
        """The font of that name in the resources of a page or form; letters that are not known where there is none."""
        font = None
        with suppress(*FAULTS):
            font = resources["/Font"].get_object()[name].get_object()
            font.get("/BaseFont")
        return self.of(font)

    def of(self, font: Any) -> Letters:
        """A font, given its entry."""
        if id(font) not in self.found:
            self.found[id(font)] = font, Letters(font)
        return self.found[id(font)][1]


def operations_of(stream: Any, pdf: Any) -> Iterator[tuple[Any, bytes]]:
    """(operands, operator) of the content of a page or a form. Raises what pypdf does where it is damaged."""
    if stream is not None:
        yield from ContentStream(stream, pdf, "bytes").operations
