"""Pictures of the pages of a PDF, with the places of a quote on them; drawn in a process of its own (`picture_worker`).

That process is not the one that reads documents: what draws pages is not written in Python, and an ingest that reads
files for an hour must not keep a page waiting.
"""

from __future__ import annotations

import atexit
import json
import sys
import threading
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from qa.documents.alignment import Box
from qa.documents.files import suffix_of
from qa.documents.isolation import Worker
from qa.errors import UnreadableFile
from qa.text import Range
from qa.types import Document, Source

MOST_PAGES = 3  # over which a quote may reach
MOST_CHARS = 200_000  # of a document's text that are compared with what is drawn
KEPT = 24  # pictures that are kept for the next time
WAITING = 8  # requests that wait for the process at the same time; further ones are refused
BUSY = "Other pages are being drawn: open it again in a moment."

COMMAND = (sys.executable, "-m", "qa.documents.picture_worker")
WORKER = Worker(COMMAND, computing=30, silence=120.0, longest=300.0)
atexit.register(WORKER.close)
waiting = threading.BoundedSemaphore(WAITING)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which pages of a file are to be drawn, and which ranges of their text are to be found on them."""

    sha256: str
    member: str
    pages: int  # of the whole document
    first: int  # page, from 1, with which `text` begins
    starts: tuple[int, ...]  # in `text`, of each page that it holds
    text: str
    ranges: tuple[Range, ...]  # in `text`; the first one decides which pages are drawn

    @classmethod
    def read(cls, row: str) -> Asked:
        """What `json.dumps` made of its fields."""
        fields = json.loads(row)
        return cls(**{**fields, "starts": tuple(fields["starts"]), "ranges": tuple(map(tuple, fields["ranges"]))})

    @property
    def last(self) -> int:
        """The last page that the text holds."""
        return self.first + len(self.starts) - 1

    def page_of(self, at: int) -> int:
        """The page, from 1, on which a character stands."""
        return self.first + max(0, bisect_right(self.starts, at) - 1)

    def start_of(self, page: int) -> int:
        """Where in the text a page begins."""
        return self.starts[page - self.first] if page <= self.last else len(self.text)


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as it is drawn."""

    number: int  # from 1
    jpeg: bytes
    boxes: tuple[
        tuple[Box, ...], ...
    ]  # of each range that was asked for: its lines here, in shares of width and height


@dataclass(frozen=True, slots=True)
class Pictured:
    """The pages that a range of a document stands on."""

    pages: tuple[Picture, ...] = ()
    placed: bool = False  # whether the first range is marked on them: every letter of it, and nothing else
    problem: str = ""  # why there are no pages


def is_pdf(source: Source) -> bool:
    """Whether a document is a PDF: a file, or one in an archive."""
    return bool(source.pages) and suffix_of(PurePosixPath(source.member or source.path)) == ".pdf"


def pictured(document: Document, ranges: Sequence[Range]) -> Pictured:
    """The pages on which the first of the ranges of a PDF's text stands, with the places of them all.

    Where it cannot be told for sure, the page on which it begins, without any place.
    """
    asked = asked_of(document, ranges)
    if not waiting.acquire(blocking=False):
        return Pictured(problem=BUSY)
    try:
        return kept(document.source.path, asked)
    except UnreadableFile as error:
        return Pictured(problem=f"The page cannot be shown: the file {error}.")
    finally:
        waiting.release()


def asked_of(document: Document, ranges: Sequence[Range]) -> Asked:
    """What is sent to the process: the text of the pages that the first range stands on, and of the one behind."""
    source, text = document.source, document.text
    start, end = ranges[0]
    first = source.page_at(start) or 1
    last = min((source.page_at(max(start, end - 1)) or 1) + 1, first + MOST_PAGES - 1, len(source.pages))
    begin = source.pages[first - 1]
    stop = min(source.pages[last] if last < len(source.pages) else len(text), begin + MOST_CHARS)
    inside = [(a - begin, b - begin) if begin <= a < b <= stop else (0, 0) for a, b in ranges]  # (0, 0): nowhere
    starts = tuple(min(at, stop) - begin for at in source.pages[first - 1 : last])
    return Asked(source.sha256, source.member, len(source.pages), first, starts, text[begin:stop], tuple(inside))


@lru_cache(maxsize=KEPT)
def kept(path: str, asked: Asked) -> Pictured:
    """As `pictured`. Raises UnreadableFile where the pages cannot be drawn."""
    return unpacked(WORKER.reply(Path(path), json.dumps(asdict(asked))))


# ---- the reply ----


def packed(pages: Sequence[tuple[int, bytes]], placed: Sequence[Sequence[tuple[int, Box]]]) -> bytes:
    """The payload of a reply: one line of JSON, then the pictures. placed: (page, rectangle) of each range's lines."""
    boxes = [[(page, *astuple(box)) for page, box in lines] for lines in placed]
    head = json.dumps([[(number, len(jpeg)) for number, jpeg in pages], boxes])
    return head.encode("ascii") + b"\n" + b"".join(jpeg for _, jpeg in pages)


def unpacked(payload: bytes) -> Pictured:
    """What `packed` made a payload of."""
    at = payload.index(b"\n") + 1
    sizes, placed = json.loads(payload[:at])
    pages = []
    for number, size in sizes:
        boxes = tuple(tuple(Box(*sides) for page, *sides in lines if page == number) for lines in placed)
        pages.append(Picture(number, payload[at : at + size], boxes))
        at += size
    return Pictured(tuple(pages), bool(placed[0]))
