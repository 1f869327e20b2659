"""Notes on the page: marked in the source pane, written and removed there, and listed in the drawer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qa.answering.qa import QA
from qa.errors import UsageError
from qa.page.answer import Citation, clipped
from qa.page.feedback import selected
from qa.page.source import WINDOW, Shown, part_html
from qa.store.notes import MOST_TEXT, Note, add_note, new_note, read_notes, remove_note, search
from qa.text import Range, escaped, number_of
from qa.types import Document, Passage

LISTED = 500  # notes shown
PARTS = 12  # parts of a text drawn anew after a change
REPLACED = "This document has just been replaced or removed: open it again to write a note."
WHOLE, LOST = "On the whole document", "Lost: the words it stood at are no longer surely in the document"


# ---- the source pane ----


def notes_on(qa: QA, document: Document | None) -> list[Note]:
    """The notes on a document. Raises VerbatimError where they cannot be read."""
    return [note for note in read_notes(qa.store) if document and note.document == document.source.name]


def marks(document: Document, notes: Sequence[Note]) -> list[tuple[int, int, str]]:
    """What `source.part_html` marks: only words that stand there."""
    return [(note.start, note.end, "v-noted") for note in notes if note.stands_in(document)]


def pane_notes_html(notes: Sequence[Note]) -> str:
    """The notes on the document in the source pane, folded, and the form for another one."""
    return (
        '<div class="v-notes"><button type="button" class="v-act v-write">Write a note</button>'
        '<span class="v-note-said" role="status"></span>'
        f'{FORM}<div class="v-notes-place">{folded_html(notes)}</div></div>'
    )


def folded_html(notes: Sequence[Note]) -> str:
    items = "".join(note_html(note) for note in notes[:LISTED])
    count = number_of(len(notes), "note")
    return f'<details class="v-notes-list"><summary>{count}</summary><ul>{items}</ul></details>' if notes else ""


FORM = (
    '<div class="v-note-form" role="group" aria-label="A note" hidden><p class="v-note-on" dir="auto"></p>'
    f'<label>Note <textarea class="v-note-text" rows="3" maxlength="{MOST_TEXT}" dir="auto"></textarea></label>'
    '<label>Tags, with commas between <input type="text" class="v-note-tags" maxlength="1100" dir="auto" '
    'autocomplete="off"></label><p class="v-warning" role="alert" hidden></p>'
    '<div class="v-acts"><button type="button" class="v-act v-note-save">Keep this note</button>'
    '<button type="button" class="v-act v-note-cancel">Cancel</button></div></div>'
)


def note_html(note: Note, named: bool = False) -> str:
    """A note. named: with its document, as where those of several are listed."""
    place = f"<q>{clipped(note.quote)}</q>" if note.quote else LOST if note.lost else WHOLE
    name = f'<bdi class="v-file">{clipped(note.document)}</bdi> &middot; ' if named else ""
    tags = "".join(f'<span class="v-tag"><bdi>{clipped(tag)}</bdi></span> ' for tag in note.tags)
    text = f'<p class="v-note-words" dir="auto">{escaped(note.text)}</p>' if note.text else ""
    lost = " v-note-lost" if note.lost else ""
    return (
        f'<li class="v-noted-item{lost}" data-note="{note.id}" data-start="{note.start}" data-end="{note.end}" '
        f'tabindex="-1"><button type="button" class="v-note-open" dir="auto" title="Show it in the document">{place}'
        f'</button>{text}<p class="v-facts">{name}{tags}<time>{clipped(note.created[:10])}</time> '
        f'<button type="button" class="v-act" data-drop="{note.id}" aria-label="Remove this note">Remove</button>'
        "</p></li>"
    )


def change(
    qa: QA,
    document: Document,
    shown: Shown,
    asked: Mapping[str, Any],
    passages: Callable[[Document, Range], Sequence[Passage]],
) -> dict[str, Any]:
    """Adds or removes a note; the list of notes, and the parts of the text that the page shows, drawn anew.

    asked: what the page sent: the note's id under "drop", or else its text, tags and what is selected; parts.

    Raises UsageError where that cannot be done, ValueError, KeyError or TypeError for what no page sends.
    """
    said = "Removed."
    if "drop" in asked:
        remove_note(qa.store, str(asked["drop"]))
    else:
        said = "Noted."
        start, end = selected(qa, asked)[1:] if asked.get("start") else (0, 0)
        note = new_note(document, start, end, str(asked["text"]), str(asked["tags"]).split(","))
        add_note(qa.store, note)
        if qa.document(document.source.name) != document:  # erased meanwhile: so is the note
            remove_note(qa.store, note.id)
            raise UsageError(REPLACED)
    notes = notes_on(qa, document)
    drawn = marks(document, notes)
    ranges = [clamped(document, int(a), int(b)) for a, b in asked["parts"]][:PARTS]
    parts = [part_html(document, a, b, shown, passages(document, (a, b)), drawn) for a, b in ranges]
    return {"html": folded_html(notes), "parts": parts, "said": said}


def clamped(document: Document, start: int, end: int) -> Range:
    start = max(0, min(start, len(document.text)))
    return start, max(start, min(end, len(document.text), start + WINDOW))


def citation_of(note: Note, document: Document) -> Citation:
    """What the source pane opens for a note: its words, or the beginning of the document."""
    at = (note.start, note.end) if note.stands_in(document) else (0, 0)
    return Citation(None, document.source, at, at, at, document.source.date, text=note.quote or None)


# ---- the drawer ----


def drawer_notes_html(notes: Sequence[Note]) -> str:
    """The list of all notes, with what narrows it."""
    tags = sorted({tag for note in notes for tag in note.tags}, key=str.casefold)
    options = "".join(f'<option value="{escaped(tag)}">{clipped(tag)}</option>' for tag in tags)
    filters = (
        '<div class="v-limits"><label>Words <input type="search" class="v-notes-words" maxlength="200" '
        'autocomplete="off"></label><label>Tag <select class="v-notes-tag"><option value="">any</option>'
        f'{options}</select></label><button type="button" class="v-act v-notes-keep">Keep these notes</button></div>'
    )
    inside = f'{filters}<div class="v-notes-place">{listed_html(notes)}</div>'
    count = number_of(len(notes), "note")
    return (
        f'<section class="v-notes" aria-label="Notes"><details class="v-notes-all"><summary><h2>{count}</h2></summary>'
        f"{inside}</details></section>"
        if notes
        else ""
    )


def listed_html(notes: Sequence[Note]) -> str:
    items = "".join(note_html(note, named=True) for note in notes[:LISTED])
    more = f'<p class="v-note">... and {len(notes) - LISTED:,} more</p>' if len(notes) > LISTED else ""
    return f'<ul class="v-notes-list">{items}</ul>{more}' if notes else '<p class="v-note">No note is like that.</p>'


def chosen(qa: QA, asked: Mapping[str, Any]) -> list[Note]:
    """The notes that the drawer's filter leaves. Raises VerbatimError where they cannot be read."""
    return search(read_notes(qa.store), str(asked.get("words", "")), str(asked.get("tag", "")))


def listed(qa: QA, asked: Mapping[str, Any]) -> str:
    """The list that the drawer's filter leaves, after a note was removed if one is named. Raises VerbatimError."""
    if "drop" in asked:
        remove_note(qa.store, str(asked["drop"]))
    return listed_html(chosen(qa, asked))


def note_named(qa: QA, note_id: str) -> tuple[Note, Document]:
    """A note and its document. Raises UsageError where one of them is gone."""
    note = next((note for note in read_notes(qa.store) if note.id == note_id), None)
    document = qa.document(note.document) if note else None
    if note is None or document is None:
        raise UsageError("this note, or its document, is no longer in the store")
    return note, document
