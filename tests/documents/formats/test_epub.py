"""EPUB: chapters in reading order."""

from __future__ import annotations

from tests.documents.making import OTHER, PROSE, assert_sound, epub, extract_of, marked


def test_epub_chapters_are_in_reading_order() -> None:
    found = extract_of(epub(), ".epub")
    assert_sound(found)
    assert found.title == "The lock keeper"
    assert found.date == "1999-05-01"
    assert found.text == f"One\n\n{PROSE}\n\nTwo\n\n{OTHER}"
    assert marked(found, "heading") == ["One", "Two"]
