"""Answers and notes as W3C Web Annotations (JSON-LD), which other programs find again in the documents.

https://www.w3.org/TR/annotation-model/. What is annotated is a file, named by its SHA-256 (an `ni:` URI, RFC 6920), so
that no path of this machine is told. Offsets count in the text that `qa show` prints.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from mimetypes import MimeTypes
from pathlib import PurePath
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from qa import __version__
from qa.answering.render import UNSURE
from qa.page.export import Asked, how_sure_of
from qa.store.notes import AROUND, DocumentOf, Note
from qa.types import Answer, Document, Place, Source, Span

CONTEXT = "http://www.w3.org/ns/anno.jsonld"
PDF_FRAGMENTS = "http://tools.ietf.org/rfc/rfc3778"
LOST = "The words that this note stood at are no longer in the document."
MIME_TYPES = MimeTypes()  # without the lists of the machine, which differ

Object = dict[str, Any]


def to_annotations(
    asked: Sequence[Asked], notes: Sequence[Note], document_of: DocumentOf, now: datetime | None = None
) -> str:
    """A collection of annotations as JSON-LD: one for each answer, with all its places, and one for each note.

    document_of: the store's document of a name, None where it has none; the notes of such a one are left out.
    now: default the present.
    """
    generated = (now or datetime.now(UTC)).isoformat(timespec="seconds").replace("+00:00", "Z")
    made = [annotation_of(one, span, document_of) for one in asked for span in one.answer.shown]
    made += [note_annotation(note, document) for note in notes if (document := document_of(note.document))]
    items = [{**one, "generated": generated, "generator": GENERATOR} for one in made]
    collection = urn(*(item["id"] for item in items), generated)
    first = {"id": urn(collection, "1"), "type": "AnnotationPage", "startIndex": 0, "items": items}
    facts: Object = {
        "@context": CONTEXT,
        "id": collection,
        "type": "AnnotationCollection",
        "label": "Answers and notes, word for word",
        "total": len(items),
        "first": {**first, "partOf": collection},
        "last": first["id"],
    }
    return json.dumps(facts, indent=1) + "\n"


GENERATOR = {"type": "Software", "name": f"Verbatim {__version__}"}


def urn(*parts: str) -> str:
    """An IRI that is the same for the same parts."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, json.dumps(parts))}"


def annotation_of(asked: Asked, span: Span, document_of: DocumentOf) -> Object:
    """An answer: the question, how sure it is, and every place where it stands."""
    answer = asked.answer
    targets = [target_of(span.source, *quoted(span, document_of(span.source.name)), span.passage.language)]
    for place in span.also:
        document = held(place, document_of(place.source.name))
        if document:
            targets.append(target_of(place.source, *words_at(document, place.start, place.end)))
    sure = [] if answer.answered else [UNSURE]
    changed = [f"changed since it was read: {name}" for name in changed_names(answer, span)]
    return {
        "id": urn(asked.question, *(json.dumps(target) for target in targets)),
        "type": "Annotation",
        "motivation": "highlighting",
        "body": [
            text_body(asked.question, "questioning"),
            text_body(" ".join([*sure, "; ".join([how_sure_of(span.confidence), *changed])]), "assessing"),
        ],
        "target": targets if len(targets) > 1 else targets[0],
    }


def changed_names(answer: Answer, span: Span) -> list[str]:
    return list(dict.fromkeys(place.source.name for place in span.places if place.source.name in answer.changed))


def note_annotation(note: Note, document: Document) -> Object:
    """A note with its tags, on its words or on the whole document."""
    text = [text_body(note.text, "commenting")] if note.text else []
    lost = [text_body(LOST, "describing")] if note.lost else []
    there = note.stands_in(document)
    return {
        "id": f"urn:uuid:{note.id[:8]}-{note.id[8:12]}-{note.id[12:16]}-{note.id[16:20]}-{note.id[20:]}",
        "type": "Annotation",
        "motivation": "commenting" if note.text else "tagging",
        "created": note.created.replace("+00:00", "Z"),
        "body": [*text, *(text_body(tag, "tagging") for tag in note.tags), *lost],
        "target": target_of(document.source, *words_at(document, note.start, note.end))
        if there
        else source_of(document.source),
    }


def text_body(value: str, purpose: str) -> Object:
    return {"type": "TextualBody", "value": value, "format": "text/plain", "purpose": purpose}


# ---- the places ----

Words = tuple[str, str, str, int, int]  # the exact words, what stands before and after them, start and end


def quoted(span: Span, document: Document | None) -> Words:
    """The words of an answer; what is around them from its passage, where the document has been replaced."""
    found = held(span.places[0], document)
    if found and found.text[span.start : span.end] == span.text:
        return words_at(found, span.start, span.end)
    passage, at, end = span.passage.text, span.start - span.passage.start, span.end - span.passage.start
    return span.text, passage[max(0, at - AROUND) : at], passage[end : end + AROUND], span.start, span.end


def held(place: Place, document: Document | None) -> Document | None:
    """The document of a place, if it still is the one that the place was found in."""
    same = document and document.source.sha256 == place.source.sha256 and place.end <= len(document.text)
    return document if same else None


def words_at(document: Document, start: int, end: int) -> Words:
    text = document.text
    return text[start:end], text[max(0, start - AROUND) : start], text[end : end + AROUND], start, end


def target_of(
    source: Source, exact: str, prefix: str, suffix: str, start: int, end: int, language: str = "und"
) -> Object:
    """A range of a document, by its words, by its offsets and, in a PDF, by its page."""
    words = {"type": "TextQuoteSelector", "exact": exact, "prefix": prefix, "suffix": suffix}
    selectors: list[Object] = [words, {"type": "TextPositionSelector", "start": start, "end": end}]
    page = source.page_at(start)
    if page is not None and format_of(source) == "application/pdf":
        fragment = {"type": "FragmentSelector", "conformsTo": PDF_FRAGMENTS, "value": f"page={page}"}
        selectors.append({**fragment, "refinedBy": words})
    return {"type": "SpecificResource", "source": source_of(source, language), "selector": selectors}


def source_of(source: Source, language: str = "und") -> Object:
    """A document as what is annotated; one in an archive or mailbox is a part of that file."""
    digest = base64.urlsafe_b64encode(bytes.fromhex(source.sha256)).decode().rstrip("=")
    member = f"#{quote(source.member, safe='')}" if source.member else ""
    facts: Object = {
        "id": f"ni:///sha-256;{digest}{member}",
        "type": "Text",
        "format": format_of(source),
        "language": language if language != "und" else "",
        "schema:name": source.name,
        "schema:sha256": source.sha256,
        "dcterms:title": source.title,
        "dcterms:date": source.date or "",
    }
    return {name: fact for name, fact in facts.items() if fact}


def format_of(source: Source) -> str:
    """The media type by the name's ending; "" where that says nothing."""
    return MIME_TYPES.guess_type(PurePath(source.name).name)[0] or ""
