"""Checks a store: every file is read again, and every passage compared with it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from qa.documents import loaders
from qa.errors import StoreDamaged, UnreadableFile
from qa.store.catalog import Catalog
from qa.store.generations import Generations, generations_of
from qa.types import Document, Passage


def verify(
    catalog: Catalog, store: Path, progress: Callable[[int, int], None] = lambda done, total: None
) -> list[tuple[str, str]]:
    """(document, what differs) for everything that is not as the store says; the store's own faults under "(store)"."""
    differences = []
    sources, encodings = catalog.sources(), catalog.encodings
    for done, source in enumerate(sources):
        progress(done, len(sources))
        held = catalog.document(source.name)
        if held is not None:
            differences += [
                (source.name, what)
                for what in document_differences(held, loaders.named_encoding(encodings, source.name))
            ]
    progress(len(sources), len(sources))
    texts: dict[str, str] = {}
    for passage in catalog.all_passages():
        if passage.source.name not in texts:
            document = catalog.document(passage.source.name)
            texts = {passage.source.name: document.text if document else ""}  # one at a time: they come in order
        differences += [
            (passage.source.name, what) for what in passage_differences(passage, texts[passage.source.name])
        ]
    return differences + [("(store)", what) for what in store_differences(catalog, store)]


def document_differences(held: Document, encoding: str) -> Iterator[str]:
    """How the file differs from what was read of it. encoding: where a person has named it."""
    try:
        now = loaders.load(Path(held.source.path), held.source.name, held.source.member, encoding)
    except UnreadableFile as error:
        yield f"the file cannot be read again: {error}"
        return
    if now.source.sha256 != held.source.sha256:
        yield "the file has changed since it was ingested"
    elif now.text != held.text:
        yield (
            "the file is read differently now: the program is another version (run ingest again), or the catalog was "
            "altered (ingest into a new store to have it read again)"
        )


def passage_differences(passage: Passage, text: str) -> Iterator[str]:
    """How a passage and its quotable sentences differ from the document's text."""
    if text[passage.start : passage.end] != passage.text:
        yield f"passage {passage.start}-{passage.end} is not the document's text"
    for start, end in passage.sentences:
        if not passage.start <= start < end <= passage.end:
            yield f"sentence {start}-{end} lies outside its passage {passage.start}-{passage.end}"


def store_differences(catalog: Catalog, store: Path) -> Iterator[str]:
    """Faults between the catalog and the published generation."""
    if missing := catalog.count_without_vector():
        yield f"{missing} passages have no vector"
    with contextlib.closing(generations_of(store, catalog)) as generations:
        yield from index_differences(catalog, generations)


def index_differences(catalog: Catalog, generations: Generations) -> Iterator[str]:
    """Faults of the published generation."""
    path = generations.path
    if not generations.is_intact():
        yield (
            f"the index {path} is missing, damaged or an earlier version's; run qa ingest --store "
            f"{path.parent.parent}: it is made from the catalog (where that changes nothing, delete {path} first)"
        )
        return
    known: dict[str, set[str]] = {}
    for passage in catalog.all_passages():
        known.setdefault(passage.language, set()).add(passage.id)
    try:
        with contextlib.closing(generations.open()) as index:
            words = {language: set(found.ids()) for language, found in index.words.items()}
            if index.ids() != known or words != known:
                yield f"the index {path} holds other passages than the catalog; delete it and run ingest again"
    except StoreDamaged as error:
        yield str(error)
