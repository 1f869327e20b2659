"""PDF: from text drawn at places on pages to paragraphs, headings and tables, and the offset at which each page begins.

pypdf yields the pieces of text in the order in which they were drawn, which is nearly always the order of reading.
They are joined to lines here, to paragraphs and tables in `pdf_blocks`, and across pages in `pdf_pages`.
"""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from qa.documents import ocr
from qa.documents.attached import Loaders
from qa.documents.extract import Builder, Extract, one_line
from qa.documents.formats.pdf_blocks import LARGER, Line, Page, page_blocks, usual_distance
from qa.documents.formats.pdf_content import content_of
from qa.documents.formats.pdf_fonts import Fonts
from qa.documents.formats.pdf_hidden import COVERED, CUT, OFF_LAYER, OUTSIDE, PALE, UNDER_PICTURE
from qa.documents.formats.pdf_pages import mend_pages, without_running_heads, words_of
from qa.documents.formats.pdf_parts import (
    FAULTS,
    RECORDINGS,
    Layers,
    add_attachments,
    document_notes,
    form_lines,
    kinds_of_notes,
    large_pictures,
    note_lines,
    pages_note,
)
from qa.documents.formats.pdf_tables import PageText, page_text
from qa.documents.header import completed
from qa.documents.heartbeat import beat
from qa.errors import UnreadableFile
from qa.text import WORD, fold

MAX_PAGES = 20_000
FILE_TITLE = re.compile(r"(?i)^(?:microsoft (?:word|powerpoint|excel) - .*|untitled.*|naamloos.*|.*\.\w{2,5})$")

UNSEEN = {
    OUTSIDE: "text outside the visible part of the page is left out ({} pieces)",
    COVERED: "text under an area drawn over it is left out ({} pieces)",
    CUT: "text that is partly outside the visible part of the page, or under an area drawn over it, is left out there "
    "({} pieces)",
    OFF_LAYER: "text on layers that are switched off is left out ({} pieces)",
    PALE: "text that cannot be seen on its background is left out ({} pieces)",
    UNDER_PICTURE: "text under a picture is read as well ({} pieces)",
}


def load_pdf(data: bytes, loaders: Loaders) -> Extract:
    """PDF: paragraphs, headings and tables; running heads once, words broken at the end of a line joined.

    Attached files come behind the last page. loaders: for them, by the suffix of their names. Raises UnreadableFile for
    a PDF that is protected, damaged, or a scan that cannot be read.
    """
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its warnings about a file are not for the user
    reader = opened(data)
    pages: list[list[Line]] = []
    scans = 0
    damaged, pictures, long_cells, unsure, numbered, struck, kinds = [], [], [], [], [], 0, Counter[str]()
    fonts, layers, unseen = Fonts(), Layers(reader), Counter[str]()
    for number, page in enumerate(reader.pages, start=1):
        beat()
        if number > MAX_PAGES:
            raise UnreadableFile(f"has more than {MAX_PAGES:,} pages: split it")
        found = page_lines(page, fonts, layers, unseen)
        lines = found.lines
        damaged += [] if found.whole else [number]
        long_cells += [number] if found.long_cells else []
        unsure += [number] if found.unsure else []
        numbered += [number] if found.numbered else []
        struck += found.struck
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
    notes += pages_note(long_cells, "tables with long cells are read line by line ({})")
    notes += pages_note(unsure, "tables whose cells cannot be told apart are read line by line ({})")
    notes += pages_note(numbered, "numbers of lines in the margin are left out ({})")
    if struck:
        notes.append(f"struck-out text is left out ({struck} pieces)")
    notes += [said.format(unseen[why]) for why, said in UNSEEN.items() if unseen[why]]
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
    bold = sum(len(line.text) for page in pages for line in page if line.bold) * 3 < sum(
        len(line.text) for page in pages for line in page
    )
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


# ---- the pages ----


def page_lines(page: Any, fonts: Fonts, layers: Layers, unseen: Counter[str]) -> PageText:
    """The lines and tables of a page in the order in which they were drawn.

    fonts, layers: of the document. unseen: counts the pieces of text that are not seen, by the reason.
    """
    content = content_of(page, fonts, layers)
    unseen.update(content.unseen)
    found = page_text(content.pieces, content.rules, content.stripes)
    turned = [line for line in found.lines if line.turned]
    if 0 < len(turned) * 3 < len(found.lines):  # a stamp in the margin must not separate two pages
        found = found._replace(lines=[*turned, *(line for line in found.lines if not line.turned)])
    return found._replace(whole=content.whole)


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
