"""Plain text: exactly the decoded file, with title, date, headings and furniture found in its lines."""

from __future__ import annotations

from qa.documents.decoding import decode
from qa.documents.extract import Extract, sorted_marks
from qa.documents.furniture import furniture_marks
from qa.documents.header import header_date, header_title, text_headings
from qa.text import block_ranges


def load_text(data: bytes) -> Extract:
    """TXT: exactly the decoded file."""
    text = decode(data)
    found = list(block_ranges(text))
    junk = furniture_marks(text, found)
    title, title_marks = header_title(text, junk)
    marks = sorted_marks(junk, title_marks, text_headings(text, found, title))
    return Extract(text, title, header_date(text), (), marks)
