"""The `qa notes` command: its arguments, and how notes are printed and written.

Like qa.cli it imports at its head only what loads at once.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from qa.console import check_output, say
from qa.errors import UsageError
from qa.text import encodable, number_of, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qa.settings import Settings
    from qa.store.notes import Note
    from qa.types import Source


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="WORDS", help="only notes that have every one of these words")
    parser.add_argument("--tag", metavar="TAG", default="", help="only notes with this tag")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--export", type=Path, metavar="FILE", help="write them as W3C Web Annotations (JSON-LD)")


def run_notes(options: argparse.Namespace, settings: Settings) -> int:
    """Prints or writes the notes that are asked for; returns the exit code. Raises VerbatimError."""
    from qa.page.annotations import to_annotations
    from qa.store.notes import read_notes, search
    from qa.store.opening import reading

    if options.export:
        check_output(options.export, "--export", settings.store)
    with reading(settings.store) as catalog:
        found = search(read_notes(settings.store), " ".join(options.words), options.tag)
        if options.export:
            write(options.export, to_annotations((), found, catalog.document))
            say(f"{number_of(len(found), 'note')} in {options.export}")
            return 0
        sources = {source.name: source for source in catalog.sources()}
    for note in found:
        print(json.dumps(asdict(note), ensure_ascii=False) if options.json else in_words(note, sources))
    if not found:
        print("no note is like that" if options.words or options.tag else "there are no notes", file=sys.stderr)
    return 0


def write(path: Path, text: str) -> None:
    """Raises UsageError."""
    try:
        path.write_text(encodable(text), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}; name another file with --export") from error


def in_words(note: Note, sources: Mapping[str, Source]) -> str:
    """A note in some lines: its place, its words, what it says, its tags."""
    source = sources.get(note.document)
    at = source.place_at(note.start) if source and note.quote else ""
    place = f"characters {note.start}-{note.end}" if note.quote else "lost its place" if note.lost else "as a whole"
    quote = f"\n  \u201c{visible(note.quote)}\u201d" if note.quote else ""
    text = "".join(f"\n  {visible(line)}" for line in note.text.splitlines())
    tags = f"\n  tags: {', '.join(map(visible, note.tags))}" if note.tags else ""
    return f"{', '.join(filter(None, (visible(note.document), at, place)))}{quote}{text}{tags}"
