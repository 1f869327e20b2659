"""Plain text: lines and paragraphs as ranges, forms for comparison, and forms that are safe to show."""

from __future__ import annotations

import hashlib
import html
import json
import re
import unicodedata
from collections.abc import Iterator

Range = tuple[int, int]  # (start, end) of a piece of a text, in code points; the end is exclusive

LINE = re.compile(r"[^\r\n]+")
WORD = re.compile(r"[^\W_]")  # a letter or digit
SPACE = re.compile(r"\s+")

# ---- lines and paragraphs ----


def trimmed(text: str, start: int, end: int) -> list[Range]:
    """The range without white space at its ends, as a list of one; empty if nothing is left."""
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return [(start + left, start + len(piece.rstrip()))] if piece.strip() else []


def line_ranges(text: str, start: int = 0, end: int | None = None) -> Iterator[Range]:
    """Each line of text[start:end] that is not blank, without white space at its ends."""
    for match in LINE.finditer(text, start, len(text) if end is None else end):
        yield from trimmed(text, *match.span())


def block_ranges(text: str) -> Iterator[Range]:
    """Each paragraph: lines without a blank one between them, without white space at the ends."""
    start = end = -1
    for first, last in line_ranges(text):
        if start >= 0 and line_ends(text, end, first) > 1:
            yield start, end
            start = first
        start = first if start < 0 else start
        end = last
    if start >= 0:
        yield start, end


def line_ends(text: str, start: int, end: int) -> int:
    r"""Number of line ends between two offsets; \r\n is one."""
    return text.count("\n", start, end) + text.count("\r", start, end) - text.count("\r\n", start, end)


# ---- comparing ----

CURLY = str.maketrans("\u2018\u2019\u201a\u201c\u201d\u201e", "'''\"\"\"")
FIGURE_OR_WORD = re.compile(r"((?:(?<![\w.])[-\u2212])?\d+(?:[.,:/]\d+)*)|([^\W\d]+)")


def fold(text: str) -> str:
    """The text in lower case with straight quotes and single spaces, for comparison."""
    return SPACE.sub(" ", text).strip().casefold().translate(CURLY)


def equality_key(text: str) -> bytes:
    """32 bytes, equal for texts that differ only in case, space and punctuation; figures keep points and signs."""
    parts = (f"\0{number}\0" if number else word for number, word in FIGURE_OR_WORD.findall(text.casefold()))
    return hashlib.sha256("".join(parts).encode("utf-8", "surrogatepass")).digest()


# ---- showing ----


class Hidden(dict[int, int | None]):
    """A table for `str.translate` that drops invisible and reordering characters and replaces control characters."""

    def __missing__(self, code: int) -> int | None:
        category = unicodedata.category(chr(code))
        shown: int | None = code
        if category == "Cf" and code not in (0x200C, 0x200D):  # not the two joiners, which spelling needs
            shown = None
        elif category == "Cc" and chr(code) not in "\t\n\r":
            shown = 0xFFFD
        self[code] = shown
        return shown


HIDDEN = Hidden()
"""Used wherever text is shown; in JSON, where text is exact, `json_text` escapes instead of leaving out."""


def visible(text: str) -> str:
    """The text on one line, without characters that could disguise it or control a terminal."""
    return " ".join(text.translate(HIDDEN).split())


def escaped(text: str) -> str:
    """The text for HTML: no markup, nothing invisible, nothing that changes the direction of the text around it."""
    return html.escape(text.translate(HIDDEN), quote=True)


def json_text(value: object) -> str:
    """JSON on one line, in which characters that nobody sees, or that steer a terminal, are written as escapes.

    A reader of the text, model or person, thus sees them; read as JSON it is the same value.
    """
    return re.sub(r"[^ -~]", shown_or_escaped, json.dumps(value, ensure_ascii=False))


def shown_or_escaped(match: re.Match[str]) -> str:
    char = match.group()
    return char if HIDDEN[ord(char)] == ord(char) else json.dumps(char)[1:-1]


def encodable(text: str) -> str:
    """The text with question marks for lone surrogates, which UTF-8 cannot encode."""
    return text.encode("utf-8", "replace").decode("utf-8")


def number_of(number: int, noun: str) -> str:
    """A number with its noun, in the plural where it is not one: "1,200 documents"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
