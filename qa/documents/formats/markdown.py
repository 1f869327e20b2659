"""Markdown: exactly the decoded file, with marks for headings, tables and markup that a page does not show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from typing import Any

from qa.cells import FIELD as FIELD_BREAK
from qa.documents.decoding import decode_noted
from qa.documents.extract import Extract, sorted_marks
from qa.documents.formats.plain import load_text
from qa.documents.furniture import furniture_marks
from qa.documents.header import front_date, header_date, header_title
from qa.text import LINE, WORD, Range, trimmed
from qa.types import Mark

MARKDOWN_CHARS = 2_000_000  # a longer file is read as plain text: parsing it would take minutes


def load_markdown(data: bytes) -> Extract:
    """Markdown: exactly the decoded file; comments, rules, struck-out text and the like are marked as furniture.

    Of front matter the title is known, every other field is text.
    """
    text, notes = decode_noted(data)
    if len(text) > MARKDOWN_CHARS:
        return load_text(data)
    front, fields, body = front_matter(text)
    structure, heading, struck = markdown_marks(text, body)
    if struck:
        notes += (f"struck-out text is left out ({struck} place{'s' if struck > 1 else ''})",)
    unseen = sum(mark.kind == "furniture" and bool(HIDDEN.match(text, mark.start, mark.end)) for mark in structure)
    if unseen:
        notes += (f"hidden text is left out ({unseen} place{'s' if unseen > 1 else ''})",)
    hidden = [mark for mark in structure if mark.kind == "furniture"] + [
        mark for mark in front if mark.kind == "furniture"
    ]
    junk = sorted_marks(hidden, furniture_marks(text))
    title = fields.get("title") or heading or header_title(text, junk, body)[0]
    stated = next((value for name in FRONT_DATES if (value := front_date(fields.get(name, "")))), None)
    marks = sorted_marks(junk, (mark for mark in (*front, *structure) if mark.kind != "furniture"))
    return Extract(text, title, stated or header_date(text, body), (), marks, notes)


FRONT_DATES = ("date", "published", "publishdate", "pubdate", "datum", "created", "updated", "lastmod", "modified")
FRONT_MATTER = re.compile(r"(?P<fence>---|\+\+\+)[ \t]*(?:\r\n|\r|\n)")
TAG = re.compile(r"<[^<>]*>")
STRUCK = re.compile(
    r"(?<![~\\])~~(?![\s~])(?:[^~]|~(?!~))+(?<!\s)~~(?!~)|<(?i:(del|s|strike))\b[^<>]*>.*?</\1\s*>", re.DOTALL
)
CODE = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
HIDDEN = re.compile(r"\s*<\w+(?:\s[^<>]*)?(?:\shidden(?=[\s>=])|display\s*:\s*none)[^<>]*>", re.IGNORECASE)
FIELD = re.compile(r"(?P<name>[A-Za-z_-]+)\s*[:=]\s*(?P<value>.*)")


def front_matter(text: str) -> tuple[list[Mark], dict[str, str], int]:
    """The block of settings that a file may begin with: its lines, its one-line fields by small names, where it ends.

    Its first and last line and the title are furniture, any other field is a row.
    """
    opening = FRONT_MATTER.match(text)
    if not opening:
        return [], {}, 0
    fields: dict[str, str] = {}
    hidden = [(0, opening.end("fence"))]
    marks: list[Mark] = []
    for match in LINE.finditer(text, opening.end()):
        line = match.group().rstrip()
        if line == opening["fence"] or (line == "..." and opening["fence"] == "---"):
            return [*marks, *connected(text, [*hidden, match.span()])], fields, match.end()
        field = FIELD.fullmatch(line)
        name = field["name"].casefold() if field else ""
        if field:
            value = field["value"].strip()
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
            fields.setdefault(name, value[1:-1] if quoted else value)
        if name == "title":
            hidden.append(match.span())
        else:
            marks += (Mark(a, b, "row", FIELD_BREAK) for a, b in trimmed(text, *match.span()))
    return [], {}, 0  # without a closing line it is a thematic break


def connected(text: str, lines: Sequence[Range]) -> Iterator[Mark]:
    """Furniture marks for lines, one for those between which nothing stands."""
    start, end = lines[0]
    for first, last in lines[1:]:
        if text[end:first].strip():
            yield Mark(start, end, "furniture")
            start = first
        end = last
    yield Mark(start, end, "furniture")


def markdown_marks(text: str, body: int) -> tuple[list[Mark], str | None, int]:
    """(marks for headings, rows and furniture of the Markdown in text[body:], the words of the first level-1 heading,
    the number of struck-out places).

    What is struck out within a heading or row stays, with its signs.
    """
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table").disable("inline")  # only the places of blocks are needed
    env: dict[str, Any] = {}
    tokens = parser.parse(text[body:], env)
    rows = line_starts(text, body)
    title = None
    before = ""
    struck = 0
    marks: list[Mark] = []
    for token, following in zip_longest(tokens, tokens[1:]):
        if token.map is None:
            continue
        span = rows_range(text, rows, token.map[0], token.map[1])
        if token.type == "heading_open":
            marks.append(Mark(*span, "heading"))
            if token.tag == "h1" and title is None and following is not None:
                title = plain_words(MarkdownIt("commonmark").parseInline(following.content[:1000])) or None
        if token.type == "tr_open":
            marks.append(Mark(*span, "columns" if before == "thead_open" else "row", "|"))
        if token.type == "inline" and before == "paragraph_open":
            places = list(struck_out(text, *span))
            marks += (Mark(a, b, "furniture") for a, b in places)
            struck += len(places)
        before = token.type
        for first, last in hidden_rows(token.type, token.map, token.content, text[span[1] - 3 : span[1]]):
            marks.append(Mark(*rows_range(text, rows, first, last), "furniture"))
        if token.type in ("inline", "html_block") and "<!--" in token.content:
            marks += (Mark(a, b, "furniture") for a, b in comments(text, *span))
    references = chain(env.get("references", {}).values(), env.get("duplicate_refs", []))
    marks += (Mark(*rows_range(text, rows, *entry["map"]), "furniture") for entry in references)
    return marks, title, struck


def hidden_rows(kind: str, rows: Sequence[int], content: str, ending: str) -> Iterator[tuple[int, int]]:
    """The lines of a Markdown element that a page does not show as text.

    rows: the first line of the element and the one after its last. ending: the last three characters of the element.
    """
    first, last = rows
    if kind == "hr" or (kind == "html_block" and not shows_words(content)):
        yield first, last
    elif kind == "fence":
        yield first, first + 1
        if last > first + 1 and ending in ("```", "~~~"):
            yield last - 1, last
    elif kind == "table_open":
        yield first + 1, first + 2  # the line below its head


def shows_words(html: str) -> bool:
    """Whether a piece of raw HTML has words outside tags and comments that are not hidden."""
    if HIDDEN.match(html):
        return False
    at, pieces = 0, []
    for start, end in comments(html, 0, len(html)):
        pieces.append(html[at:start])
        at = end
    bare = "".join([*pieces, html[at:]])
    return not re.match(r"\s*<(?:script|style)\b", bare, re.IGNORECASE) and bool(WORD.search(TAG.sub("", bare)))


def struck_out(text: str, start: int, end: int) -> Iterator[Range]:
    """The struck-out pieces of text[start:end], with their signs; what stands in code is code."""
    code = [match.span() for match in CODE.finditer(text, start, end)]
    for match in STRUCK.finditer(text, start, end):
        if not any(first < match.end() and match.start() < last for first, last in code):
            yield match.span()


def comments(text: str, start: int, end: int) -> Iterator[Range]:
    """The <!-- comments --> in text[start:end]."""
    while (first := text.find("<!--", start, end)) >= 0 and (last := text.find("-->", first, end)) >= 0:
        start = last + 3
        yield first, start


def plain_words(tokens: Sequence[Any]) -> str:
    """The text of inline Markdown without its marks."""
    return " ".join("".join(child.content for token in tokens for child in token.children or ()).split())


def line_starts(text: str, start: int) -> list[int]:
    """Offset of each line, as Markdown counts lines, and of the end of the text."""
    return [start, *(match.end() for match in re.compile(r"\r\n?|\n").finditer(text, start)), len(text)]


def rows_range(text: str, rows: Sequence[int], first: int, last: int) -> Range:
    """The lines first..last-1 without white space at their ends; an empty range where they are blank."""
    start, end = rows[min(first, len(rows) - 1)], rows[min(last, len(rows) - 1)]
    return next(iter(trimmed(text, start, end)), (start, start))
