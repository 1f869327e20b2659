"""What the page sends about notes."""

from __future__ import annotations

from typing import Any

from qa.page.note_events import NoteEvents
from tests.page.fake_qa import FakeQA, page_events


def noting(qa: FakeQA) -> NoteEvents:
    return NoteEvents(page_events(qa))


def asked_of(qa: FakeQA, name: str, start: int, end: int) -> dict[str, Any]:
    """The document that is shown in one part, and a selection in it; an empty one: none."""
    document = qa.documents[name]
    place = {"document": name, "sha256": document.source.sha256, "answer": True}
    ranges = {"quote": [0, 1], "sentence": [0, 1], "passage": [0, 1], "parts": [[0, 10**9]], "found": []}
    selected = {"start": [start, 0], "end": [start, end - start]} if start < end else {}
    return {**place, **ranges, **selected}
