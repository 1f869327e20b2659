"""Plain text: exactly the decoded file, with what its lines say about it."""

from __future__ import annotations

from qa.documents.decoding import decode
from qa.documents.extract import Extract, sorted_marks
from qa.documents.furniture import furniture
from qa.documents.header import header_date, header_title, text_headings
from qa.text import blocks


def load_text(data: bytes) -> Extract:
    """Plain text: exactly the decoded file."""
    text = decode(data)
    found = list(blocks(text))
    junk = furniture(text, found)
    title, title_marks = header_title(text, junk)
    marks = sorted_marks(junk, title_marks, text_headings(text, found, title))
    return Extract(text, title, header_date(text), (), marks)
