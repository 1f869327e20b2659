"""What pytest hands to tests: the embedder without a model, a folder of documents, a store made from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import DOCUMENTS, FakeEmbedder, ingest, write


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five documents: two articles, a transcript in a folder below, Dutch Markdown, a web page."""
    made = tmp_path / "documents"
    for name, text in DOCUMENTS.items():
        write(made, name, text)
    return made


@pytest.fixture
def store(folder: Path, tmp_path: Path, embedder: FakeEmbedder) -> Path:
    """A store that holds `folder`, made with `embedder`; what it embedded for that is forgotten again."""
    made = tmp_path / "store"
    ingest(made, folder, embedder=embedder)
    embedder.embedded.clear()
    embedder.counted = 0
    return made
