"""Notes: found again by their words in a document that has changed, else said to be lost; erased with the document."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from qa.errors import UsageError
from qa.store.notes import (
    MOST_QUOTE,
    NOTES_FILE,
    Note,
    Settled,
    add_note,
    new_note,
    place_of,
    read_notes,
    remove_note,
    search,
)
from qa.store.opening import reading
from tests.helpers import Stopped, bytes_within, change, ingest, write

COST = "4.2 million euros"


def noted(store: Path, words: str, name: str = "bridge.txt", text: str = "Ask the province.", *tags: str) -> Note:
    """A note on the first place of some words, put into the store; without words: on the whole document."""
    with reading(store) as catalog:
        document = catalog.document(name)
    assert document is not None
    start = document.text.index(words)
    note = new_note(document, start, start + len(words), text, tags)
    add_note(store, note)
    return note


def the_note(store: Path) -> Note:
    (note,) = read_notes(store)
    return note


def test_notes_are_listed_searched_and_removed(store: Path) -> None:
    first = noted(store, f" {COST}", "bridge.txt", "Who pays?\nAsk.", "Money", "to check", "money ")
    second = noted(store, "", "bridge.txt", "Sent by the council.")
    third = noted(store, "Ruth Visser", "bridge.txt", "", "people")
    assert read_notes(store) == sorted((first, second, third), key=lambda note: note.start)
    assert (first.quote, first.tags, first.lost) == (COST, ("money", "to check"), False)
    assert (second.quote, second.start, second.end) == ("", 0, 0)
    assert search(read_notes(store), "WHO million") == [first]
    assert search(read_notes(store), tag="MONEY") == [first]
    assert search(read_notes(store), "people visser", "People") == [third]
    assert search(read_notes(store), "council", "money") == []
    remove_note(store, first.id)
    assert read_notes(store) == [second, third]
    with pytest.raises(UsageError, match="no such note"):
        remove_note(store, first.id)


@pytest.mark.parametrize(
    ("start", "end", "text", "tags", "said"),
    [
        (0, 5, " \n", ["", " "], "the note is empty"),
        (0, 5, "x" * 10_001, [], "at most 10,000 characters"),
        (0, 5, "x", ["t" * 51], "at most 50 characters"),
        (0, 5, "x", [str(n) for n in range(21)], "at most 20 tags"),
        (0, MOST_QUOTE + 1, "x", [], "select fewer words"),
        (5, 7, "x", [], "no words"),
        (7, 5, "x", [], "no characters"),
        (0, 10**9, "x", [], "no characters"),
    ],
)
def test_a_note_that_cannot_be_kept_is_refused(
    store: Path, folder: Path, start: int, end: int, text: str, tags: list[str], said: str
) -> None:
    write(folder, "long.txt", "Long.\n\n" + "word " * 2000)
    ingest(store)
    with reading(store) as catalog:
        document = catalog.document("long.txt")
    assert document is not None
    with pytest.raises(UsageError, match=said):
        new_note(document, start, end, text, tags)


# ---- a document that changes ----


def test_notes_outlive_an_ingest_and_are_found_again_in_a_changed_document(store: Path, folder: Path) -> None:
    before = noted(store, COST)
    report = ingest(store)
    assert the_note(store) == before
    assert report.notes == Settled()
    path = folder / "bridge.txt"
    path.write_text("An earlier note: it was 4.2 million euros once.\n\n" + path.read_text())
    assert ingest(store).notes == Settled(moved=1)
    after = the_note(store)
    text = path.read_text()
    assert (after.text, after.quote, after.lost) == (before.text, COST, False)
    assert text[after.start : after.end] == COST
    assert text[: after.start].endswith(before.prefix)
    assert after.start == before.start + len("An earlier note: it was 4.2 million euros once.\n\n")
    assert after.sha256 != before.sha256


def test_a_note_whose_words_are_gone_is_lost_and_holds_nothing_of_them(store: Path, folder: Path) -> None:
    before = noted(store, COST, "bridge.txt", "Ask the province.", "money")
    change(folder / "bridge.txt", "4.2 million", "5.1 million")
    assert ingest(store).notes == Settled(lost=1)
    after = the_note(store)
    assert (after.id, after.text, after.tags, after.lost) == (before.id, before.text, before.tags, True)
    assert (after.quote, after.prefix, after.suffix, after.start, after.end) == ("", "", "", 0, 0)
    assert b"4.2 million" not in bytes_within(store)
    change(folder / "bridge.txt", "5.1 million", "4.2 million")
    assert ingest(store).notes == Settled()  # it stays lost
    assert the_note(store).lost


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Profit: 12. Loss: 12.", 18),  # the place with the same surroundings, not the first one
        ("Intro. Profit: 12. Loss: 12.", 25),
        ("Profit: 99. Loss: 12.", None),  # too little is the same
        ("Profit: 12.", None),  # the same word elsewhere says something else
        ("Loss: 13.", None),
        ("Loss: 12. Loss: 12.", None),  # either
        ("12" * 30_000, None),
    ],
)
def test_words_are_found_only_where_they_are_surely_the_same(text: str, at: int | None) -> None:
    first = "Profit: 12. Loss: 12."
    note = Note("0" * 32, "a", "", 18, 20, "12", first[:18], ".", "x", (), "")
    assert place_of(note, text) == at


def test_a_moved_document_takes_its_notes_along_and_a_copy_gets_none(store: Path, folder: Path) -> None:
    note = noted(store, COST)
    shutil.copy(folder / "bridge.txt", folder / "copy.txt")
    ingest(store)
    assert the_note(store) == note
    (folder / "archive").mkdir()
    (folder / "bridge.txt").rename(folder / "archive" / "bridge.txt")
    assert ingest(store).notes == Settled(moved=1)
    assert (the_note(store).document, the_note(store).quote) == ("archive/bridge.txt", COST)
    (folder / "archive" / "bridge.txt").unlink()
    assert ingest(store).notes == Settled(erased=1)  # though the copy stays
    assert read_notes(store) == []


def test_an_erased_document_is_erased_with_its_notes(store: Path, folder: Path) -> None:
    noted(store, COST, "bridge.txt", "Wonderlijk geheim", "hush")
    noted(store, "", "bridge.txt", "All of it is secret")
    other = noted(store, "", "dutch.md", "Stays")
    (store / (NOTES_FILE + ".part")).write_bytes((store / NOTES_FILE).read_bytes())  # as a killed page leaves it
    (folder / "bridge.txt").unlink()
    assert ingest(store).notes == Settled(erased=2)
    assert read_notes(store) == [other]
    content = bytes_within(store)
    assert not [words for words in (b"Wonderlijk", b"hush", b"secret", b"4.2 million") if words in content]


@pytest.mark.parametrize("moved", [False, True])
def test_what_a_killed_ingest_did_not_do_the_next_one_does(
    store: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, moved: bool
) -> None:
    noted(store, COST)
    if moved:
        (folder / "bridge.txt").rename(folder / "span.txt")
    else:
        (folder / "bridge.txt").unlink()
    with monkeypatch.context() as patch:
        patch.setattr("qa.ingestion.publishing.settle", stop)
        with pytest.raises(Stopped):
            ingest(store)
    ingest(store)
    assert [note.document for note in read_notes(store)] == (["span.txt"] if moved else [])
    assert (b"4.2 million" in bytes_within(store)) == moved


def stop(*_: object) -> None:
    raise Stopped


def test_lines_that_are_no_notes_are_skipped(store: Path) -> None:
    note = noted(store, COST)
    row = json.loads((store / NOTES_FILE).read_text())
    wrong: tuple[dict[str, object], ...] = (
        {**row, "id": "../x"},
        {**row, "start": "1"},
        {**row, "tags": [1]},
        {**row, "more": 1},
        {"id": note.id},
        [],
    )
    with (store / NOTES_FILE).open("ab") as stream:
        stream.write(b"".join(json.dumps(one).encode() + b"\n" for one in wrong) + b'{"id": "\xff\n' + b"[" * 100_000)
    assert the_note(store) == note
    add_note(store, note)
    assert len(read_notes(store)) == 2
