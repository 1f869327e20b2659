"""The cited documents for reference managers: CSL-JSON and BibTeX, an entry for each, with the quotes taken from it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from qa.page.export import Asked
from qa.store.notes import DocumentOf, Note
from qa.text import visible
from qa.types import Place, Source

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Work:
    """A cited document with what is cited of it."""

    source: Source
    cited: dict[tuple[int, int], str] = field(default_factory=dict)  # range -> the words there; "": not known any more

    @property
    def key(self) -> str:
        """Letters and digits by which a text cites it; the same for the same file and name."""
        stem = re.sub(r"[^a-z0-9]+", "", (self.source.title or self.source.name).casefold())[:20] or "document"
        digest = hashlib.sha256(f"{self.source.sha256} {self.source.name}".encode("utf-8", "replace")).hexdigest()
        return f"{stem}{(self.source.date or '')[:4]}-{digest[:8]}"

    @property
    def title(self) -> str:
        return visible(self.source.title or self.source.name)

    @property
    def quotes(self) -> list[str]:
        """Each quote with its place, in the order of the document."""
        return [
            f"\u201c{visible(words)}\u201d ({place})" if words else place
            for (start, end), words in sorted(self.cited.items())
            for place in [self.place(start, end)]
        ]

    def place(self, start: int, end: int) -> str:
        at = self.source.place_at(start)
        return f"{at}, characters {start}-{end}" if at else f"characters {start}-{end}"


def works_of(asked: Sequence[Asked], notes: Sequence[Note], document_of: DocumentOf) -> list[Work]:
    """The documents that answers quote and notes are on, in order of their names.

    document_of: the store's document of a name, None where it has none.
    """
    works: dict[tuple[str, str], Work] = {}

    def add(source: Source, start: int = 0, end: int = 0, words: str = "") -> None:
        work = works.setdefault((source.name, source.sha256), Work(source))
        if start < end:
            work.cited[start, end] = words or work.cited.get((start, end), "")

    for span in (span for one in asked for span in one.answer.shown):
        for place in span.places:
            add(
                place.source, place.start, place.end, span.text if place == span.places[0] else said(place, document_of)
            )
    for note in notes:
        document = document_of(note.document)
        if document:
            add(document.source, note.start, note.end, note.quote)
    return sorted(works.values(), key=lambda work: (work.source.name, work.source.sha256))


def said(place: Place, document_of: DocumentOf) -> str:
    """What stands at a place; "" where its document has been replaced."""
    document = document_of(place.source.name)
    same = document and document.source.sha256 == place.source.sha256
    return document.text[place.start : place.end] if document and same else ""


# ---- CSL-JSON ----


def to_csl(works: Sequence[Work]) -> str:
    """https://github.com/citation-style-language/schema: what Zotero, pandoc and others read."""
    return json.dumps([csl_item(work) for work in works], indent=1) + "\n"


def csl_item(work: Work) -> Object:
    source = work.source
    parts = date_parts(source.date)
    facts = {"document": source.name, "sha256": source.sha256}
    places = [{"start": a, "end": b, "text": words} for (a, b), words in sorted(work.cited.items())]
    return {
        "id": work.key,
        "type": "document",
        "title": work.title,
        **({"issued": {"date-parts": [parts]}} if parts else {}),
        "archive_location": visible(source.name),
        "annote": "\n".join(work.quotes),
        "custom": {**facts, "quotes": places},
    }


def date_parts(date: str | None) -> list[int]:
    """Year, month and day of an ISO date, as far as it has them."""
    return [int(part) for part in (date or "").split("-")] if re.fullmatch(r"\d{4}(-\d\d){0,2}", date or "") else []


# ---- BibTeX ----


def to_bibtex(works: Sequence[Work]) -> str:
    """UTF-8; every sign that TeX would act on is a command, and no brace of a document is one of the entry's."""
    return "\n".join(map(bibtex_entry, works))


def bibtex_entry(work: Work) -> str:
    source = work.source
    year, month, *_ = [*date_parts(source.date), 0, 0]
    fields = {
        "title": f"{{{tex(work.title)}}}",  # in a second pair of braces the title's capitals stay
        "year": f"{year:04d}" if year else "",
        "month": str(month) if month else "",
        "howpublished": tex(visible(source.name)),
        "note": tex(f"SHA-256 {source.sha256}"),
        "annote": tex("; ".join(work.quotes)),
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@misc{{{work.key},\n{lines}}}\n"


COMMANDS = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", "`": r"\textasciigrave{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", **{sign: f"\\{sign}" for sign in "#$%&_"},
}  # fmt: skip


def tex(text: str) -> str:
    """Text in which TeX finds no command, and sets no two signs as one."""
    apart = re.sub(r"([-',])(?=\1)", "\\1\0", text.replace("\0", ""))
    return "".join(COMMANDS.get(char, "{}" if char == "\0" else char) for char in apart)
