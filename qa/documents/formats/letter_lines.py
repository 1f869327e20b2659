"""The text of a letter, plain or HTML, as lines that know how deep they are quoted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from qa.documents.formats.attributions import VERB
from qa.documents.formats.html import body_of, decoded_page, paragraphs_of, parse_html
from qa.documents.formats.html_shown import keep_shown, notes_on
from qa.text import WORD
from qa.types import Kind


class Line(NamedTuple):
    """A line of a letter without its quotation marks; a blank one separates paragraphs."""

    depth: int  # how often it is quoted
    text: str
    kind: Kind | None = None  # in a letter of HTML
    bare: str = ""  # with the marks that it begins with
    base: int = 0  # depth without those


# ---- plain text ----

MARKS = re.compile(r"(?:[ \t]{0,3}>)+ ?")


def plain_lines(text: str, flowed: bool = False, joined_tight: bool = False) -> Iterator[Line]:
    """The lines of a plain text.

    flowed, joined_tight: its part is of format=flowed (RFC 3676: a line goes on in the next where it ends with a
    space), with delsp=yes (that space is no part of the text).
    """
    parts: list[str] = []  # of a line that goes on
    depth = 0  # of that line
    for bare in text.splitlines():
        line = quoted_line(bare)
        if flowed and line.text.startswith(" ") and not line.depth:
            line = line._replace(text=line.text[1:])
        delimiter = line.text.rstrip() == "--"
        if parts and (depth != line.depth or delimiter):
            yield Line(depth, "".join(parts))
            parts = []
        if flowed and line.text.endswith(" ") and line.text.strip() and not delimiter:
            depth = line.depth
            parts.append(line.text[:-1] if joined_tight else line.text)
        elif parts:
            yield Line(depth, "".join([*parts, line.text]))
            parts = []
        else:
            yield line
    if parts:
        yield Line(depth, "".join(parts))


def quoted_line(bare: str, base: int = 0, kind: Kind | None = None) -> Line:
    """A line as it stands in a letter, in a quotation of depth `base`."""
    match = MARKS.match(bare)
    marks = match.group() if match else ""
    return Line(base + marks.count(">"), bare[len(marks) :], kind, bare, base)


# ---- HTML ----

IN, MAYBE, OUT = "\ue010", "\ue011", "\ue012"  # in a page's text: a quotation begins, may begin, ends
SIGNS = re.compile(f"([{IN}{MAYBE}{OUT}])")
NO_SIGNS = dict.fromkeys(map(ord, IN + MAYBE + OUT))


def html_lines(data: bytes) -> tuple[list[Line], tuple[str, ...]]:
    """(lines, what was left out) of a letter in HTML. Raises UnreadableFile where it is no text."""
    page = decoded_page(data)
    if not WORD.search(page):
        return [], ()
    tree = parse_html(page)
    left = keep_shown(tree)
    mark_quotations(tree)
    lines: list[Line] = []
    inside: list[bool] = []  # for each block of quotation around, whether it is one
    depth = 0
    for text, kind in paragraphs_of(body_of(tree)):
        for piece in SIGNS.split(text):
            if piece in (IN, MAYBE):
                inside.append(piece == IN or introduced(lines))
                depth += inside[-1]
            elif piece == OUT:
                depth -= inside.pop() if inside else 0
            elif kind:
                lines.append(Line(depth, piece, kind, piece, depth))
            else:
                lines += (quoted_line(line, depth) for line in piece.split("\n"))
        lines.append(Line(depth, ""))
    return lines, notes_on(left)


def mark_quotations(tree: Any) -> None:
    """Puts signs as blocks of their own at the beginning and end of what may be quotations in a letter's lxml tree."""
    for element in tree.iter():
        element.text = element.text and element.text.translate(NO_SIGNS)
        element.tail = element.tail and element.tail.translate(NO_SIGNS)
    for element in tree.xpath("//body//blockquote"):
        names = f"{element.get('class') or ''} {element.get('id') or ''}".lower()
        sure = element.get("type") == "cite" or "quote" in names or (element.get("cite") or "").startswith("mid:")
        first, last = (element.makeelement("div") for _ in range(2))
        first.text, first.tail, element.text = IN if sure else MAYBE, element.text, None
        last.text = OUT
        element.insert(0, first)
        element.append(last)


def introduced(lines: Sequence[Line]) -> bool:
    """Whether the last lines introduce a quotation, so that an indented block below them is one."""
    last = list(islice((line.text for line in reversed(lines) if line.text.strip()), 2))
    return bool(last) and last[0].rstrip().endswith(":") and any(VERB.search(text[-400:]) for text in last)
