"""What people write about passages and documents: notes and tags, in a file of the store beside the feedback.

A note belongs to a document's name, the SHA-256 of its file, and the words it stands at with what is around them. After
an ingest `settle` finds those words again in a document that has changed. Where they are not surely there the note is
lost: it stays with its document, without the words, which the store may not hold any more. The notes of a document that
has been removed are erased.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from uuid import uuid4

from qa.errors import UsageError
from qa.store.rows import Row, clear, read_rows, rewrite
from qa.text import encodable, fold, trimmed
from qa.types import Document

NOTES_FILE = "notes.jsonl"
AROUND = 32  # characters kept before and after the words, by which they are told from the same words elsewhere
SURE = 24  # characters that must be the same, words and surroundings together, where not all of them are
MOST_PLACES = 10_000  # places of the same words compared; words that stand at more are found nowhere surely
MOST_TEXT, MOST_QUOTE, MOST_TAG, MOST_TAGS = 10_000, 5_000, 50, 20  # characters; tags

DocumentOf = Callable[[str], Document | None]


@dataclass(frozen=True, slots=True)
class Note:
    """A note. `document.text[start:end] == quote`, unless it is lost or about the document as a whole: then "" """

    id: str  # 32 hexadecimal digits
    document: str
    sha256: str  # of the file that the offsets belong to
    start: int
    end: int
    quote: str
    prefix: str  # what stands before and after the quote
    suffix: str
    text: str
    tags: tuple[str, ...]
    created: str  # ISO date and time, UTC
    lost: bool = False  # the words it stood at are not surely in the document any more

    def stands_in(self, document: Document) -> bool:
        """Whether its words are in that document at its offsets."""
        return bool(self.quote) and document.text[self.start : self.end] == self.quote


@dataclass(frozen=True, slots=True)
class Settled:
    """What `settle` did, in numbers of notes."""

    moved: int = 0  # found at another place, or in the document under its new name
    lost: int = 0
    erased: int = 0


def new_note(document: Document, start: int, end: int, text: str, tags: Iterable[str] = ()) -> Note:
    """A note on a range of a document, without white space at its ends; an empty range: on the whole document.

    Raises UsageError for a note that says nothing, or one that is too long.
    """
    if not 0 <= start <= end <= len(document.text):
        raise UsageError(f"{encodable(document.source.name)} has no characters {start}-{end}")
    kept = tuple({fold(tag): tag for tag in (" ".join(encodable(tag).split()) for tag in tags) if tag}.values())
    text = encodable(text).strip()
    if not text and not kept:
        raise UsageError("the note is empty: write something, or name a tag")
    if len(text) > MOST_TEXT:
        raise UsageError(f"a note has at most {MOST_TEXT:,} characters")
    if len(kept) > MOST_TAGS or any(len(tag) > MOST_TAG for tag in kept):
        raise UsageError(f"a note has at most {MOST_TAGS} tags of at most {MOST_TAG} characters")
    if end - start > MOST_QUOTE:
        raise UsageError(f"a note stands at no more than {MOST_QUOTE:,} characters: select fewer words")
    found = trimmed(document.text, start, end)
    if start < end and not found:
        raise UsageError("there are no words in what is selected")
    created = datetime.now(UTC).isoformat(timespec="seconds")
    note = Note(uuid4().hex, document.source.name, document.source.sha256, 0, 0, "", "", "", text, kept, created)
    return placed(note, document, *found[0]) if found else note


def placed(note: Note, document: Document, start: int, end: int) -> Note:
    """The note at a range of a document."""
    text, source = document.text, document.source
    return replace(
        note,
        document=source.name,
        sha256=source.sha256,
        start=start,
        end=end,
        quote=text[start:end],
        prefix=text[max(0, start - AROUND) : start],
        suffix=text[end : end + AROUND],
    )


# ---- the file ----


def add_note(store: Path, note: Note) -> None:
    """Raises StoreBusy, VerbatimError where the store cannot be written."""
    rewrite(store / NOTES_FILE, lambda rows: [*rows, asdict(note)])


def remove_note(store: Path, note_id: str) -> None:
    """Raises UsageError where there is no such note, and as `add_note`."""
    if all(note.id != note_id for note in read_notes(store)):
        raise UsageError("there is no such note any more")
    rewrite(store / NOTES_FILE, lambda rows: [row for row in rows if row.get("id") != note_id])


def read_notes(store: Path) -> list[Note]:
    """The notes of a store, by document and place. Raises VerbatimError where they cannot be read."""
    notes = filter(None, map(note_of, read_rows(store / NOTES_FILE)))
    return sorted(notes, key=lambda note: (note.document, not note.lost, note.start, note.end, note.created))


def note_of(row: Row) -> Note | None:
    """The note of a row; None where it is none."""
    try:
        note = Note(**{**row, "tags": tuple(row["tags"])})
    except (KeyError, TypeError):
        return None
    strings = note.id, note.document, note.sha256, note.quote, note.prefix, note.suffix, note.text, note.created
    sound = (
        all(isinstance(one, str) for one in (*strings, *note.tags))
        and type(note.start) is type(note.end) is int
        and bool(re.fullmatch("[0-9a-f]{32}", note.id))
    )
    return note if sound else None


def search(notes: Iterable[Note], words: str = "", tag: str = "") -> list[Note]:
    """The notes that have every one of some words, in any case, and a tag.

    Words are looked for in the note, its tags, its quote and its document's name.
    """
    wanted, named = fold(words).split(), fold(tag)
    return [
        note
        for note in notes
        if (not named or named in map(fold, note.tags)) and all(word in searched(note) for word in wanted)
    ]


def searched(note: Note) -> str:
    return fold("\n".join((note.text, *note.tags, note.quote, note.document)))


# ---- after an ingest ----


def settle(store: Path, document_of: DocumentOf, added: Sequence[str] = ()) -> Settled:
    """Brings the notes to what the documents say now. Raises StoreBusy, VerbatimError.

    document_of: the document of a name, None where it has been removed. added: names of documents that are new: one
    with the bytes of a removed document is that document, moved or renamed, and takes its notes.
    """
    notes = read_notes(store)
    known: dict[str, Document | None] = {}

    def held(name: str) -> Document | None:
        if name not in known:
            known[name] = document_of(name)
        return known[name]

    def settled(note: Note) -> Note | None:
        document = held(note.document)
        if document is None:
            found = [one for name in added if (one := held(name)) and is_moved(note, one)]
            document = found[0] if len(found) == 1 else None
        return again(note, document) if document else None

    def rows_now(rows: list[Row]) -> list[Row]:
        held_now = (after.get(note.id, note) for note in map(note_of, rows) if note)
        return [asdict(note) for note in held_now if note]

    clear(store / NOTES_FILE)
    after = {note.id: settled(note) for note in notes}
    pairs = [(note, after[note.id]) for note in notes]
    if any(now != note for note, now in pairs):
        rewrite(store / NOTES_FILE, rows_now)
    return Settled(
        moved=sum(
            bool(now and not now.lost and (now.document, now.start) != (note.document, note.start))
            for note, now in pairs
        ),
        lost=sum(bool(now and now.lost and not note.lost) for note, now in pairs),
        erased=sum(now is None for _, now in pairs),
    )


def where(note: Note) -> tuple[str, int]:
    return note.document, note.start


def is_moved(note: Note, document: Document) -> bool:
    """Whether a document is that of a note under another name."""
    same_words = not note.quote or (note.stands_in(document) and around(note, document.text, note.start) == whole(note))
    return document.source.sha256 == note.sha256 and same_words


def again(note: Note, document: Document) -> Note:
    """The note where its words stand now; without them where they are not surely there any more."""
    if not note.quote:
        return replace(note, document=document.source.name, sha256=document.source.sha256)
    start = place_of(note, document.text)
    if start is not None:
        return placed(note, document, start, start + len(note.quote))
    gone = replace(note, sha256=document.source.sha256, start=0, end=0, quote="", prefix="", suffix="", lost=True)
    return replace(gone, document=document.source.name)


def place_of(note: Note, text: str) -> int | None:
    """Where the words of a note begin in a text; None where they are not surely there.

    Among several places that is the one whose surroundings are most like those that the words had.
    """
    if text[note.start : note.end] == note.quote and around(note, text, note.start) == whole(note):
        return note.start
    found = list(islice(starts(text, note.quote), MOST_PLACES + 1))
    scored = sorted(((around(note, text, at), at) for at in found), reverse=True)
    if not scored or len(scored) > MOST_PLACES or (len(scored) > 1 and scored[0][0] == scored[1][0]):
        return None
    score, at = scored[0]
    return at if score == whole(note) or len(note.quote) + score >= SURE else None


def starts(text: str, quote: str) -> Iterable[int]:
    at = text.find(quote)
    while at >= 0:
        yield at
        at = text.find(quote, at + 1)


def whole(note: Note) -> int:
    return len(note.prefix) + len(note.suffix)


def around(note: Note, text: str, at: int) -> int:
    """How many characters directly before and after a place are those around the words of a note."""
    before, after = text[max(0, at - AROUND) : at], text[at + len(note.quote) :][:AROUND]
    return alike(before[::-1], note.prefix[::-1]) + alike(after, note.suffix)


def alike(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
