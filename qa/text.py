"""Plain text: lines and paragraphs as ranges, forms for comparing, and what may be shown of a text."""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections.abc import Iterator

Range = tuple[int, int]  # start and end of a piece of a text; the end is exclusive

LINE = re.compile(r"[^\r\n]+")
WORD = re.compile(r"[^\W_]")  # a letter or digit
SPACE = re.compile(r"\s+")

# ---- lines and paragraphs ----


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
    r"""How many lines end between two offsets; \r\n is one end."""
    return text.count("\n", start, end) + text.count("\r", start, end) - text.count("\r\n", start, end)


# ---- comparing ----

CURLY = str.maketrans("\u2018\u2019\u201a\u201c\u201d\u201e", "'''\"\"\"")
FIGURE_OR_WORD = re.compile(r"((?:(?<![\w.])[-\u2212])?\d+(?:[.,:/]\d+)*)|([^\W\d]+)")


def fold(text: str) -> str:
    """For comparing: small letters, straight quotes, single spaces."""
    return SPACE.sub(" ", text).strip().casefold().translate(CURLY)


def equality_key(text: str) -> bytes:
    """Equal for texts that differ only in case, space and punctuation; figures keep their points and signs."""
    parts = (f"\0{number}\0" if number else word for number, word in FIGURE_OR_WORD.findall(text.casefold()))
    return hashlib.sha256("".join(parts).encode("utf-8", "surrogatepass")).digest()


# ---- showing ----


class Hidden(dict[int, int | None]):
    """A table for `str.translate`: what could disguise a text or steer a terminal is dropped or replaced."""

    def __missing__(self, code: int) -> int | None:
        category = unicodedata.category(chr(code))
        shown: int | None = code
        if category == "Cf" and code not in (0x200C, 0x200D):  # direction, zero width, tags; the joiners are spelling
            shown = None
        elif category == "Cc" and chr(code) not in "\t\n\r":
            shown = 0xFFFD
        self[code] = shown
        return shown


HIDDEN = Hidden()
"""For wherever text is shown; never for JSON, which is exact."""


def visible(text: str) -> str:
    """A text on one line without characters that could disguise it or steer a terminal."""
    return " ".join(text.translate(HIDDEN).split())


def escaped(text: str) -> str:
    """Document text for HTML: nothing in it is markup, disguises itself, or reverses its neighbours."""
    return html.escape(text.translate(HIDDEN), quote=True)


def encodable(text: str) -> str:
    """The text with lone surrogates, which no file and no reply can carry, replaced by question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
