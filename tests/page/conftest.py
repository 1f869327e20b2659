"""What pytest hands to the tests of the page."""

from __future__ import annotations

import pytest

from tests.page.fake_qa import FakeQA, document_of
from tests.page.seen import COPY, GATE, NOTE, QUESTION


@pytest.fixture
def qa() -> FakeQA:
    """Two documents that say the same, and one question that they answer."""
    documents = [
        document_of("a/note.txt", NOTE, "A note", "2024-03-13"),
        document_of("copy.txt", COPY, "A copy", None, (0, 9)),
    ]
    return FakeQA(documents, {QUESTION: [("a/note.txt", GATE, "22:37")]})
