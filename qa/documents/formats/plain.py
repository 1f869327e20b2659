"""Plain text: exactly the decoded file, with title, date, headings and furniture found in its lines."""

from __future__ import annotations

import re

from qa.documents.decoding import decode_noted
from qa.documents.extract import Extract, sorted_marks
from qa.documents.furniture import furniture_marks, page_edges
from qa.documents.header import header_date, header_title, text_headings
from qa.text import block_ranges


def load_text(data: bytes) -> Extract:
    """TXT: exactly the decoded file; form feeds begin pages."""
    text, notes = decode_noted(data)
    pages = page_starts(text)
    found = list(block_ranges(text))
    junk = sorted_marks(page_edges(text, pages), furniture_marks(text, found))
    title, title_marks = header_title(text, junk)
    marks = sorted_marks(junk, title_marks, text_headings(text, found, title))
    return Extract(text, title, header_date(text), pages, marks, notes)


def page_starts(text: str) -> tuple[int, ...]:
    """Where each page begins in a text with form feeds; none in a text without."""
    feeds = [match.end() for match in re.finditer("\f", text)]
    starts = (0, *(at for at in feeds if at < len(text)))
    return starts if len(starts) > 1 else ()
