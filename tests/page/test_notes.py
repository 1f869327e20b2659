"""Notes on the page without a browser: what is added, drawn, refused and escaped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qa.cli import main
from qa.page.notes import drawer_notes_html, pane_notes_html
from qa.store.notes import NOTES_FILE, add_note, new_note, read_notes
from qa.store.opening import reading
from tests.page.fake_qa import FakeQA, page_events
from tests.page.note_helpers import asked_of, noting
from tests.page.seen import GATE, NASTY, NOTE, Seen


def test_a_note_is_added_where_the_words_were_selected_and_removed(qa: FakeQA) -> None:
    start = NOTE.index(GATE)
    asked = asked_of(qa, "a/note.txt", start, start + len(GATE))
    got = noting(qa).change({**asked, "text": "Which gate?", "tags": "to check, ,gates"})
    (note,) = read_notes(qa.store)
    assert (note.quote, note.start, note.tags) == (GATE, start, ("to check", "gates"))
    (part,) = got["parts"]
    assert f'class="v-noted" data-o="{start}"' in part
    assert Seen(part).text == NOTE
    assert note.id in got["html"]
    shown = page_events(qa).read({**asked, "edge": "after", "at": 0})["html"]
    assert "v-noted" in shown  # also in what is read on
    got = noting(qa).change({**asked, "drop": note.id})
    assert "v-noted" not in got["parts"][0]
    assert read_notes(qa.store) == []
    assert "no such note" in noting(qa).change({**asked, "drop": note.id})["problem"]


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"text": " ", "tags": ","}, "the note is empty"),
        ({"text": "x", "tags": "", "start": [10**9, 0], "end": [10**9, 1]}, "Select"),
        ({"text": "x", "tags": "", "start": "?"}, "Select"),
        ({"text": "x", "tags": "", "sha256": "other"}, "replaced"),
        ({"text": "x", "tags": "", "document": "no.txt"}, "replaced"),
        ({"text": "x"}, "not understood"),
        ({"drop": 7}, "no such note"),
    ],
)
def test_what_cannot_be_noted_is_refused(qa: FakeQA, sent: dict[str, Any], problem: str) -> None:
    asked = asked_of(qa, "a/note.txt", 0, 0)
    assert problem in noting(qa).change({**asked, **sent})["problem"]
    assert not (qa.store / NOTES_FILE).exists()


def test_a_note_on_a_document_that_is_erased_meanwhile_is_erased(qa: FakeQA) -> None:
    """The page has read the document just before an ingest removed it."""
    document = qa.documents["a/note.txt"]
    asked = asked_of(qa, "a/note.txt", 0, 0)
    found = iter([document, None])
    qa.document = lambda name: next(found)  # type: ignore[method-assign]
    assert "removed" in noting(qa).change({**asked, "text": "x", "tags": ""})["problem"]
    assert read_notes(qa.store) == []


def test_nothing_in_notes_is_markup(qa: FakeQA) -> None:
    document = qa.documents["a/note.txt"]
    note = new_note(document, 0, 0, NASTY, [NASTY[:50], "'\"><img src=x>"])
    for made in (pane_notes_html([note]), drawer_notes_html([note])):
        seen = Seen(made)
        assert not {"script", "img", "b"} & set(seen.tags)
        assert not [name for name, _ in seen.attributes if name.startswith("on")]
        assert "<script>window.__pwned=1</script>" in seen.text
        assert "\u202e" not in seen.text


def test_words_that_do_not_stand_there_are_not_marked(qa: FakeQA) -> None:
    document = qa.documents["copy.txt"]
    add_note(qa.store, new_note(qa.documents["a/note.txt"], 0, 6, "x"))
    moved = new_note(document, 2, 6, "x")
    add_note(qa.store, moved)
    asked = asked_of(qa, "copy.txt", 0, 0)
    assert "v-noted" in page_events(qa).read({**asked, "edge": "after", "at": 0})["html"]
    (qa.store / NOTES_FILE).write_text(
        (qa.store / NOTES_FILE).read_text().replace('"quote": "copy"', '"quote": "cope"')
    )
    assert "v-noted" not in page_events(qa).read({**asked, "edge": "after", "at": 0})["html"]


def test_the_command_lists_searches_and_exports(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with reading(store) as catalog:
        document = catalog.document("bridge.txt")
    assert document is not None
    at = document.text.index("4.2 million")
    add_note(store, new_note(document, at, at + 11, "Who pays?\n\x1b[31mAsk.", ["money"]))
    add_note(store, new_note(document, 0, 0, "The whole.", []))
    where = ["--store", str(store)]
    assert main(["notes", "pays", "--tag", "MONEY", *where]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"bridge.txt, characters {at}-{at + 11}\n  \u201c4.2 million\u201d\n  Who pays?\n")
    assert "\x1b" not in said
    assert main(["notes", "nothing", *where]) == 0
    assert capsys.readouterr().out == ""
    assert main(["notes", "--export", str(tmp_path / "n.jsonld"), *where]) == 0
    assert (tmp_path / "n.jsonld").read_text().count('"type": "Annotation"') == 2
    assert main(["notes", "--export", str(tmp_path / "no" / "n.jsonld"), *where]) == 2
