"""Web pages saved in one file with all that they show (.mhtml, .mht; RFC 2557)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from email import policy
from email.message import Message
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urljoin

from qa.documents.account import listed
from qa.documents.decoding import decode
from qa.documents.extract import Builder, Extract, one_line
from qa.documents.formats.html import load_html, page_paragraphs
from qa.documents.formats.html_shown import notes_on
from qa.documents.formats.styles import Sheets
from qa.documents.heartbeat import beat
from qa.errors import UnreadableFile

PAGES = ("text/html", "application/xhtml+xml")
SILENT = re.compile(r"text/css|(?:text|application)/(?:x-)?(?:java|ecma)script|(?:application/)?(?:x-)?font.*|image/.*"
                    r"|application/(?:json|vnd\.ms-fontobject|font.*)|multipart/.*")  # fmt: skip
FRAMES = re.compile(r"frames show other pages.*\((\d+) .*")
MAX_PARTS = 5_000


def load_mhtml(data: bytes) -> Extract:
    """MHTML: address and time of saving, where the file states them, the page's main text, then that of its frames.

    Raises UnreadableFile where it holds no page.
    """
    message = BytesParser(policy=policy.compat32).parsebytes(data)
    parts = [part for part in message.walk() if not part.is_multipart()][:MAX_PARTS]
    pages = [part for part in parts if part.get_content_type() in PAGES]
    main = main_page(message, pages)
    if main is None:
        raise UnreadableFile("is not a saved web page (.mhtml): it holds no page")
    made = Builder()
    made.add("\n".join(saving(message, main)))
    found = load_html(page_source(main), style_sheets(parts, main))
    frames = {page_source(page): page for page in pages if page is not main}
    made.add_extract(replace(found, notes=tuple(without_read(found.notes, len(pages) - 1))))
    left: Counter[str] = Counter()
    for frame, page in frames.items():
        beat()
        for text, kind in page_paragraphs(frame, left, style_sheets(parts, page)):
            made.add(text, kind)
    made.notes += notes_on(left)
    others = [part for part in parts if part not in pages and not SILENT.fullmatch(part.get_content_type())]
    if others:
        made.notes.append(f"parts of the file are of a type that is not read ({listed(map(name_of, others))})")
    if message.defects:
        names = ", ".join(sorted({type(defect).__name__ for defect in message.defects}))
        made.notes.append(f"the file is malformed, parts may be missing ({names})")
    return made.finish(found.title, found.date)


def main_page(message: Message, pages: Sequence[Message]) -> Message | None:
    """The page that was saved: the one that the file says to start with, else the first one."""
    start = re.sub(r"[<>\s]", "", str(message.get_param("start") or ""))
    address = one_line(str(message["Snapshot-Content-Location"] or ""))
    for page in pages:
        if start and re.sub(r"[<>\s]", "", str(page["Content-ID"] or "")) == start:
            return page
    return next(
        (p for p in pages if address and one_line(str(p["Content-Location"] or "")) == address), (*pages, None)[0]
    )


def page_source(page: Message) -> bytes:
    """The HTML of a part, in UTF-8 where the part states its encoding."""
    data = page.get_payload(decode=True)
    found = data if isinstance(data, bytes) else b""
    charset = page.get_content_charset()
    return b"\xef\xbb\xbf" + decode(found, charset).encode("utf-8", "replace") if charset and found else found


def style_sheets(parts: Sequence[Message], page: Message) -> Sheets:
    """The style sheets of the file that one of its pages may refer to, by their address or as "cid:..."."""
    held: dict[str, Message] = {}
    for part in parts:
        if part.get_content_type() == "text/css":
            held[one_line(str(part["Content-Location"] or ""))] = part
            held["cid:" + re.sub(r"[<>\s]", "", str(part["Content-ID"] or ""))] = part
    own = one_line(str(page["Content-Location"] or ""))

    def sheet(address: str) -> str:
        part = held.get(unquote(address)) or held.get(address) or held.get(urljoin(own, address))
        data = part.get_payload(decode=True) if part is not None and address.strip() else b""
        return data.decode("utf-8", "replace") if isinstance(data, bytes) else ""

    return sheet


def saving(message: Message, main: Message) -> list[str]:
    """Lines with the address of a page and the time at which it was saved, where they are stated."""
    addresses = (
        one_line(str(value)) for value in (message["Snapshot-Content-Location"], main["Content-Location"]) if value
    )
    address = next((found for found in addresses if re.match(r"(?i)https?://", found)), "")
    try:
        moment = parsedate_to_datetime(str(message["Date"])).isoformat(" ", "minutes")
    except (ValueError, TypeError, IndexError):
        moment = ""
    return [line for line, value in ((f"Address: {address}", address), (f"Saved: {moment}", moment)) if value]


def without_read(notes: Sequence[str], frames: int) -> Iterator[str]:
    """The notes on a page, in which frames that the file holds do not count as missing."""
    for note in notes:
        counted = FRAMES.fullmatch(note)
        missing = int(counted[1]) - frames if counted else 0
        yield from notes_on(Counter(frames=missing)) if counted and missing > 0 else () if counted else (note,)


def name_of(part: Message) -> str:
    """What a part is called to the user."""
    return one_line(str(part.get_filename() or part["Content-Location"] or part.get_content_type()))
