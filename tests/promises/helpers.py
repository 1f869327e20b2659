"""A store opened for questions, with an embedder that needs no model."""

from __future__ import annotations

from pathlib import Path

from qa.answering.qa import QA
from qa.answering.sentence_reader import SentenceReader
from tests.helpers import FakeEmbedder


def open_qa(store: Path) -> QA:
    embedder = FakeEmbedder()
    return QA(store, embedder, SentenceReader(embedder))  # type: ignore[arg-type]


def names_of_best(store: Path, question: str) -> set[str]:
    """Names of the documents of the best three hits."""
    with open_qa(store) as qa:
        return {hit.passage.source.name for hit in qa.ask(question).hits[:3]}
