"""What the tests of the store share: documents of one passage a line, staged and published by hand; vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from qa.store.catalog import Catalog, Fingerprint
from qa.store.chroma import Served
from qa.store.index import Index
from qa.store.writer import CatalogWriter
from qa.types import Document, Passage, Source
from tests.helpers import Vectors, bag_of_words

MODEL = "fake 1"
MADE_BY = "made by these tests"


def document(name: str, text: str, **facts: object) -> Document:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Document(Source(name, f"/documents/{name}", digest, name.upper(), None, **facts), text)


def passages(whole: Document, language: str = "en", context: str = "") -> list[Passage]:
    """One passage for each line."""
    found, at = [], 0
    for line in whole.text.splitlines(keepends=True):
        text = line.rstrip("\n")
        name = f"{whole.source.name}-{at}-{text}-{context}"
        ends = ((at, at + len(text)),)
        found.append(Passage(name, whole.source, at, at + len(text), text, context, language, ends))
        at += len(line)
    return found


def fingerprint(whole: Document, made_by: str = MADE_BY) -> Fingerprint:
    return Fingerprint(whole.source.path, len(whole.text), 1, 2, 3, 4, whole.source.sha256, made_by)


def stage(catalog: CatalogWriter, name: str, text: str, language: str = "en") -> Document:
    whole = document(name, text)
    catalog.stage(whole, fingerprint(whole), passages(whole, language), MODEL)
    return whole


def embed(catalog: CatalogWriter) -> list[str]:
    """Gives every missing vector to the catalog; returns what was embedded."""
    done = []
    for batch in catalog.missing_vectors(3):
        catalog.add_vectors([key for key, _ in batch], np.stack([bag_of_words(text) for _, text in batch]))
        done += [text for _, text in batch]
    return done


def publish(catalog: CatalogWriter, gone: Sequence[str] = ()) -> None:
    catalog.leave_out(gone)
    embed(catalog)
    catalog.switch(generation=catalog.generation + 1, model=MODEL)
    catalog.purge()


def held(catalog: Catalog) -> dict[str, str]:
    """Name and text of every document that readers see."""
    texts = {source.name: catalog.document(source.name) for source in catalog.sources()}
    return {name: found.text for name, found in texts.items() if found}


def unit_vectors(count: int, seed: int = 0, dimension: int = 16) -> Vectors:
    """(count, dimension) rows of length 1."""
    rows = np.random.default_rng(seed).standard_normal((count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def search(
    path: Path, question: Vectors, language: str = "en", limit: int = 10, served: Served | None = None
) -> list[tuple[str, float]]:
    """The nearest passages in the generation at a path."""
    index = Index(path, served)
    try:
        return index.search(question, language, limit)
    finally:
        index.close()
