"""From a file to a Document: text that offsets count in, title, date, and what of it is heading or page furniture.

One function a format, all in LOADERS. Bytes go in, an Extract comes out; `load` adds what concerns the file itself.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, zip_longest
from pathlib import Path, PurePosixPath
from typing import Any

from qa.decoding import decode
from qa.errors import UnreadableFile
from qa.furniture import furniture
from qa.header import front_date, header_date, header_title, text_headings
from qa.html_text import load_html
from qa.layout import LINE, WORD, Extract, Range, blocks, sorted_marks
from qa.types import Document, Mark, Source

LOADER_VERSION = 1  # part of every fingerprint: a change makes every document be read anew
MAX_BYTES = 64 * 2**20
RETRIES = 3  # times a file is read again that was changed meanwhile
MARKDOWN_CHARS = 2_000_000  # a longer Markdown file is not parsed: its headings are not worth minutes


# ---- the file ----


def load(path: Path, name: str) -> Document:
    """The document in the file at `path`; `name` is what citations call it.

    Raises UnreadableFile with the reason: missing, forbidden, no regular file, too large, changing, of a type that is
    not read, binary, or without text.
    """
    loader = LOADERS.get(path.suffix.lower())
    if loader is None:
        raise UnreadableFile(f"is of a type that is not read ({path.suffix or 'no suffix'})")
    data = read_stable(path)
    extract = loader(data)
    if not has_words(extract.text, extract.marks):
        raise UnreadableFile("holds no text")
    source = Source(
        name=name,
        path=os.path.abspath(path),
        sha256=hashlib.sha256(data).hexdigest(),
        title=extract.title or PurePosixPath(name).stem,
        date=extract.date,
        pages=extract.pages,
    )
    return Document(source, extract.text, extract.marks)


def read_stable(path: Path, look: Callable[[Path], os.stat_result] = os.stat) -> bytes:
    """The bytes of a regular file that stayed the same while it was read. `look` is asked after each reading.

    Raises UnreadableFile where it cannot be read, or is changed at each of 1 + RETRIES readings.
    """
    try:
        for attempt in range(1 + RETRIES):
            time.sleep(0.05 * attempt)
            data, before = read_once(path)
            after = look(path)
            if len(data) == before.st_size and signature(before) == signature(after):
                return data
    except OSError as error:
        raise UnreadableFile(reason(error)) from error
    raise UnreadableFile("changes while it is being read")


def read_once(path: Path) -> tuple[bytes, os.stat_result]:
    """All bytes of the file and what the system said about it just before. Never waits for a pipe or a device."""
    refuse_special(os.stat(path))  # opening alone may do something to a device
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:
        before = os.fstat(descriptor)
        refuse_special(before)
        if before.st_size > MAX_BYTES:
            size, most = before.st_size / 2**20, MAX_BYTES // 2**20
            raise UnreadableFile(f"has {size:.0f} MiB; more than {most} MiB are not read: split it into smaller files")
        return file.read(MAX_BYTES + 1), before


def refuse_special(info: os.stat_result) -> None:
    if stat.S_ISDIR(info.st_mode):
        raise UnreadableFile("is a folder, not a file")
    if not stat.S_ISREG(info.st_mode):
        raise UnreadableFile("is a pipe, socket or device, not a file")


def signature(info: os.stat_result) -> tuple[int, int, int]:
    return info.st_size, info.st_mtime_ns, info.st_ino


def reason(error: OSError) -> str:
    """A system error in a person's words."""
    if isinstance(error, FileNotFoundError):
        return "does not exist (any more)"
    if isinstance(error, PermissionError):
        return "may not be read: permission denied"
    return f"cannot be read: {error.strerror or error}"


def has_words(text: str, marks: Sequence[Mark]) -> bool:
    """Whether a letter or digit stands outside the furniture."""
    at = 0
    for mark in marks:
        if mark.kind == "furniture":
            if WORD.search(text, at, mark.start):
                return True
            at = mark.end
    return WORD.search(text, at) is not None


# ---- formats ----


def load_text(data: bytes) -> Extract:
    """Plain text: exactly the decoded file."""
    text = decode(data)
    found = list(blocks(text))
    junk = furniture(text, found)
    title, title_marks = header_title(text, junk)
    marks = sorted_marks(junk, title_marks, text_headings(text, found, title))
    return Extract(text, title, header_date(text), (), marks)


def load_markdown(data: bytes) -> Extract:
    """Markdown: exactly the decoded file; what is not there to be read is marked as furniture."""
    text = decode(data)
    if len(text) > MARKDOWN_CHARS:
        return load_text(data)
    front, fields = front_matter(text)
    body = front.end if front else 0
    structure, heading = markdown_marks(text, body)
    hidden = [mark for mark in structure if mark.kind == "furniture"] + ([front] if front else [])
    junk = sorted_marks(hidden, furniture(text))
    title = fields.get("title") or heading or header_title(text, junk, body)[0]
    stated = next((value for name in FRONT_DATES if (value := front_date(fields.get(name, "")))), None)
    marks = sorted_marks(junk, (mark for mark in structure if mark.kind == "heading"))
    return Extract(text, title, stated or header_date(text, body), (), marks)


FRONT_DATES = ("date", "published", "publishdate", "pubdate", "datum", "created", "updated", "lastmod", "modified")
FRONT_MATTER = re.compile(r"(?P<fence>---|\+\+\+)[ \t]*(?:\r\n|\r|\n)")
TAG = re.compile(r"<[^<>]*>")
FIELD = re.compile(r"(?P<name>[A-Za-z_-]+)\s*[:=]\s*(?P<value>.*)")


def front_matter(text: str) -> tuple[Mark | None, dict[str, str]]:
    """The block of settings a Markdown file may begin with, and its one-line fields, names in small letters."""
    opening = FRONT_MATTER.match(text)
    if not opening:
        return None, {}
    fields: dict[str, str] = {}
    for match in LINE.finditer(text, opening.end()):
        line = match.group().rstrip()
        if line == opening["fence"] or (line == "..." and opening["fence"] == "---"):
            return Mark(0, match.end(), "furniture"), fields
        field = FIELD.fullmatch(line)
        if field:
            value = field["value"].strip()
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
            fields.setdefault(field["name"].casefold(), value[1:-1] if quoted else value)
    return None, {}  # never closed: a thematic break


def markdown_marks(text: str, body: int) -> tuple[list[Mark], str | None]:
    """Headings and furniture of the Markdown in text[body:], and the words of the first heading of level 1."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table").disable("inline")  # only where blocks lie is asked
    env: dict[str, Any] = {}
    tokens = parser.parse(text[body:], env)
    rows = line_starts(text, body)
    title = None
    marks = []
    for token, following in zip_longest(tokens, tokens[1:]):
        if token.map is None:
            continue
        span = rows_range(text, rows, token.map[0], token.map[1])
        if token.type == "heading_open":
            marks.append(Mark(*span, "heading"))
            if token.tag == "h1" and title is None and following is not None:
                title = plain_words(MarkdownIt("commonmark").parseInline(following.content[:1000])) or None
        for first, last in hidden_rows(token.type, token.map, token.content, text[span[1] - 3 : span[1]]):
            marks.append(Mark(*rows_range(text, rows, first, last), "furniture"))
        if token.type in ("inline", "html_block") and "<!--" in token.content:
            marks += (Mark(a, b, "furniture") for a, b in comments(text, *span))
    references = chain(env.get("references", {}).values(), env.get("duplicate_refs", []))
    marks += (Mark(*rows_range(text, rows, *entry["map"]), "furniture") for entry in references)
    return marks, title


def hidden_rows(kind: str, rows: Sequence[int], content: str, ending: str) -> Iterator[tuple[int, int]]:
    """The rows of a Markdown element that a reader of the page never sees as words; `ending`: its last characters."""
    first, last = rows
    if kind == "hr" or (kind == "html_block" and not visible(content)):
        yield first, last
    elif kind == "fence":
        yield first, first + 1
        if last > first + 1 and ending in ("```", "~~~"):
            yield last - 1, last
    elif kind == "table_open":
        yield first + 1, first + 2  # the rule below its head


def visible(html: str) -> bool:
    """Whether a piece of raw HTML in Markdown holds words."""
    at, pieces = 0, []
    for start, end in comments(html, 0, len(html)):
        pieces.append(html[at:start])
        at = end
    bare = "".join([*pieces, html[at:]])
    return not re.match(r"\s*<(?:script|style)\b", bare, re.IGNORECASE) and bool(WORD.search(TAG.sub("", bare)))


def comments(text: str, start: int, end: int) -> Iterator[Range]:
    """The <!-- comments --> in text[start:end]."""
    while (first := text.find("<!--", start, end)) >= 0 and (last := text.find("-->", first, end)) >= 0:
        start = last + 3
        yield first, start


def plain_words(tokens: Sequence[Any]) -> str:
    """Text of inline Markdown without its marks."""
    return " ".join("".join(child.content for token in tokens for child in token.children or ()).split())


def line_starts(text: str, start: int) -> list[int]:
    """Where each line begins, as Markdown counts lines, and the end of the text."""
    return [start, *(match.end() for match in re.compile(r"\r\n?|\n").finditer(text, start)), len(text)]


def rows_range(text: str, rows: Sequence[int], first: int, last: int) -> Range:
    """Offsets of the lines first..last-1 without white space at their ends."""
    start, end = rows[min(first, len(rows) - 1)], rows[min(last, len(rows) - 1)]
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())


LOADERS: dict[str, Callable[[bytes], Extract]] = {
    ".txt": load_text,
    ".md": load_markdown,
    ".markdown": load_markdown,
    ".html": load_html,
    ".htm": load_html,
}
