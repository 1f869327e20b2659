"""PDF: from text drawn at places on pages to paragraphs, headings and tables, and the offset at which each page begins.

pypdf yields the pieces of text in the order in which they were drawn, which is nearly always the order of reading.
They are joined to lines here, to paragraphs and tables in `pdf_blocks`, and across pages in `pdf_pages`.
"""

from __future__ import annotations

import io
import logging
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from qa.documents import ocr
from qa.documents.attached import Loaders
from qa.documents.extract import Builder, Extract, one_line
from qa.documents.formats.pdf_blocks import LARGER, Line, Page, page_blocks, usual_distance
from qa.documents.formats.pdf_pages import mend_pages, without_running_heads, words_of
from qa.documents.formats.pdf_parts import (
    FAULTS,
    RECORDINGS,
    add_attachments,
    document_notes,
    form_lines,
    kinds_of_notes,
    large_pictures,
    note_lines,
    pages_note,
)
from qa.documents.header import completed
from qa.documents.heartbeat import beat
from qa.documents.raised import raised
from qa.errors import UnreadableFile
from qa.text import WORD, fold

RAISED = 0.88  # times the size of the letters before: a mark or exponent is smaller
DOUBLED, RECENT = 0.1, 60  # times the size: pieces nearer are drawn twice; pieces looked back at
MAX_PAGES = 20_000
LIGATURES = {0xFB00 + i: text for i, text in enumerate(("ff", "fi", "fl", "ffi", "ffl", "st", "st"))}
BULLETS = dict.fromkeys((0xF0B7, 0xF0A7, 0xF0D8), "\u2022")  # of symbol fonts
SIGNS = LIGATURES | BULLETS | {0x00A0: " "}
NO_SIGN = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")  # characters that only a font defines
BOLD = re.compile(r"(?i)bold|black|heavy|demi")
FILE_TITLE = re.compile(r"(?i)^(?:microsoft (?:word|powerpoint|excel) - .*|untitled.*|naamloos.*|.*\.\w{2,5})$")


def load_pdf(data: bytes, loaders: Loaders) -> Extract:
    """PDF: paragraphs, headings and tables; running heads once, words broken at the end of a line joined.

    Attached files come behind the last page. loaders: for them, by the suffix of their names. Raises UnreadableFile for
    a PDF that is protected, damaged, or a scan that cannot be read.
    """
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its warnings about a file are not for the user
    reader = opened(data)
    pages: list[list[Line]] = []
    scans = 0
    damaged, pictures, kinds = [], [], Counter[str]()
    for number, page in enumerate(reader.pages, start=1):
        beat()
        if number > MAX_PAGES:
            raise UnreadableFile(f"has more than {MAX_PAGES:,} pages: split it")
        lines, whole = page_lines(page)
        if not whole:
            damaged.append(number)
        if not any(WORD.search(line.text) for line in lines) and has_image(page):
            lines = [Line(text, 0, -12 * i, 10) for i, text in enumerate(ocr.read_page(page)) if text]
            scans += not lines
        elif large_pictures(page):
            pictures.append(number)
        kinds.update(kinds_of_notes(page))
        pages.append([*lines, *form_lines(page), *note_lines(page)])
    notes = [ocr.missing(scans, len(pages))] if scans else []
    notes += pages_note(damaged, "text is missing on {}, which cannot be read to its end")
    notes += pages_note(pictures, "text in pictures is not read ({})")
    if kinds["/StrikeOut"]:
        notes.append(f"text that somebody has struck out is read as well ({kinds['/StrikeOut']} places)")
    if any(kinds[kind] for kind in RECORDINGS):
        notes.append("recordings are not read")
    made, title = assembled(pages, stated_title(reader), [*notes, *document_notes(reader)])
    add_attachments(made, reader, loaders)
    if scans and not made.length:
        raise UnreadableFile(notes[0])
    return completed(made.finish(title))


def opened(data: bytes) -> Any:
    """A pypdf reader of the file. Raises UnreadableFile where it is damaged, protected or has no pages."""
    from pypdf import PdfReader
    from pypdf.errors import PdfReadError, PyPdfError

    if b"%PDF-" not in data[:1024]:
        raise UnreadableFile("is not a PDF, or damaged at its beginning")
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableFile("is protected by a password: save it without one")
        if not len(reader.pages):
            raise UnreadableFile("has no pages")
    except (PdfReadError, PyPdfError) as error:
        raise UnreadableFile(f"is damaged: {one_line(str(error))[:200]}") from error
    return reader


def assembled(pages: Sequence[list[Line]], title: str | None, notes: Sequence[str]) -> tuple[Builder, str | None]:
    """The text and title of all pages, given their lines, the title in the file's properties, and notes.

    The size of the body's letters, the distance of its lines and running heads are found in the document as a whole.
    """
    sizes: Counter[float] = Counter()
    for line in (line for page in pages for line in page):
        sizes[round(line.size, 1)] += len(line.text)
    body = sizes.most_common(1)[0][0] if sizes else 10.0
    usual = usual_distance(pages)
    bold = sum(len(line.text) for page in pages for line in page if line.bold) * 3 < sum(sizes.values())
    made_pages = [page_blocks(page, body, usual, bold) for page in without_running_heads(pages)]
    mend_pages(made_pages, body, words_of(pages))
    made = Builder()
    made.notes += notes
    for blocks in made_pages:
        made.page()
        for block in blocks:
            if block.rows:
                made.table(block.rows)
            else:
                made.add(block.text, block.kind)
    return made, title if title and known_title(title, pages[0]) else headline(made_pages, body)


# ---- pieces and lines ----


def page_lines(page: Any) -> tuple[list[Line], bool]:
    """The lines of a page in the order in which they were drawn, and whether it could be read to its end."""
    from pypdf.errors import PyPdfError

    pieces: list[tuple[str, Line]] = []

    def visit(text: str, cm: Sequence[float], tm: Sequence[float], font: Any, size: float) -> None:
        if text:
            x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
            y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
            height = abs(size) * math.hypot(tm[2] * cm[0] + tm[3] * cm[2], tm[2] * cm[1] + tm[3] * cm[3])
            right, up = tm[0] * cm[0] + tm[1] * cm[2], tm[0] * cm[1] + tm[1] * cm[3]  # direction of the baseline
            bold = bool(font and BOLD.search(str(font.get("/BaseFont", ""))))
            pieces.append((text, Line("", x, y, height, bold, abs(up) > abs(right))))

    whole = True
    try:
        page.extract_text(visitor_text=visit)
    except (PyPdfError, *FAULTS):  # the text before the fault is kept
        whole = False
    lines = list(lines_of(pieces))
    turned = [line for line in lines if line.turned]
    if 0 < len(turned) * 3 < len(lines):  # a stamp in the margin must not separate two pages
        lines = [*turned, *(line for line in lines if not line.turned)]
    return lines, whole


def lines_of(pieces: Sequence[tuple[str, Line]]) -> Iterator[Line]:
    """(text, place) of the pieces joined to lines; a wide gap within a line becomes three spaces."""
    buffer: list[str] = []
    first: Line | None = None
    last = Line("", 0, 0, 0)  # the piece drawn last, its words cut at the line's end
    ended = False
    for text, place in without_doubles(pieces):
        for i, part in enumerate(text.split("\n")):
            ended = ended or i > 0
            words = NO_SIGN.sub("", part.translate(SIGNS))
            if ended and words and not letter_follows(last, place):
                if first is not None:
                    yield made_line(buffer, first)
                buffer, first = [], None
            if not words:
                continue
            ended = False
            reached = last.x + 0.6 * last.size * len(last.text)
            if first is not None and words.strip() and place.x - reached > 2 * place.size > 0:
                buffer.append("   ")
            if first is not None and hangs_on(words, place, last):
                buffer.append(raised("".join(buffer[-3:]), words))
                continue
            if words.strip():
                first = first or place
                last = replace(place, text=words)
            buffer.append(words)
    if first is not None:
        yield made_line(buffer, first)


def without_doubles(pieces: Sequence[tuple[str, Line]]) -> Iterator[tuple[str, Line]]:
    """The pieces without those that were drawn a second time at nearly the same place, to look bold."""
    recent: list[tuple[str, Line]] = []
    for text, place in pieces:
        near = DOUBLED * place.size
        alike = [there for said, there in recent if said.strip() == text.strip()]
        if text.strip() and any(abs(place.x - p.x) < near and abs(place.y - p.y) < near for p in alike):
            continue
        if text.strip():
            recent = [*recent[1 - RECENT :], (text, place)]
        yield text, place


def letter_follows(last: Line, place: Line) -> bool:
    """Whether a piece goes on right behind a single letter: some programs draw, and end, each letter by itself."""
    beside = abs(place.y - last.y) < 0.1 * max(place.size, 1) and 0 < place.x - last.x < 1.1 * place.size
    return len(last.text.strip()) == 1 and beside and place.size == last.size


def hangs_on(words: str, place: Line, last: Line) -> bool:
    """Whether a piece is small and right behind a larger one: a note's mark or an exponent."""
    small = 0 < place.size < RAISED * last.size
    return small and len(words.strip()) <= 4 and not last.text[-1:].isspace() and place.y >= last.y - 0.1 * last.size


def made_line(buffer: Sequence[str], place: Line) -> Line:
    """A line at that place; gaps of three spaces or more become three, others one."""
    text = "".join(buffer).replace("\t", " ").strip()
    return replace(place, text=re.sub(r" {2,}", lambda gap: "   " if len(gap.group()) > 2 else " ", text))


def has_image(page: Any) -> bool:
    """Whether a page holds a picture."""
    try:
        return bool(page.images.keys())
    except FAULTS:
        return False


# ---- the title ----


def stated_title(reader: Any) -> str | None:
    """The title in the file's properties; None if there is none, or if it is the name of a file."""
    try:
        title = one_line(str((reader.metadata or {}).get("/Title") or ""))
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
    return title if WORD.search(title) and not FILE_TITLE.match(title) else None


def known_title(title: str, first: Sequence[Line]) -> bool:
    """Whether the title in the properties is to be trusted: it has three words, or occurs on the first page."""
    return len(title.split()) > 2 or fold(title) in fold(" ".join(line.text for line in first))


def headline(pages: Sequence[Page], body: float) -> str | None:
    """The heading in the largest letters on the first page with words, if they are larger than the body's."""
    first = next((page for page in pages if any(WORD.search(block.text) for block in page)), [])
    large = [block for block in first[:12] if block.kind == "heading" and block.lines[0].size >= LARGER * body]
    heads = [block for block in large if len(block.text.split()) > 1 or len(block.text) > 4]
    return max(heads, key=lambda block: block.lines[0].size).text if heads else None
