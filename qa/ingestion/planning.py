"""What an ingest has to do: the files that are there, compared with what the store holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from qa.documents import loaders
from qa.errors import StoreMismatch, UsageError
from qa.ingestion.containers import with_members
from qa.ingestion.files import (
    FoundFile,
    check_presence,
    check_removals,
    find_files,
    holds_files,
    left_out_still,
    uploads_of,
)
from qa.ingestion.report import Report
from qa.passages import CONTEXT_TOKENS, PASSAGE_CHARS, QUOTE_CHARS, SPLITTER_VERSION
from qa.store.busy import BUSY_SECONDS
from qa.store.catalog import Catalog, FailedFile, Fingerprint
from qa.store.index import HNSW

Progress = Callable[[str, int, int], None]  # (stage, done, of how many)


def no_progress(stage: str, done: int, total: int) -> None:
    """Reports nothing."""


class Embedder(Protocol):
    """What an ingest needs of `qa.models.embedder.Embedder`."""

    @property
    def identity(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def window(self) -> int: ...
    def count_tokens(self, texts: Sequence[str]) -> list[int]: ...
    def encode_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...


@dataclass(frozen=True)
class Tuning:
    """Sizes and times that decide how fast an ingest is, not what the store holds afterwards."""

    embed_batch: int = 64  # vectors committed at once: about five seconds' work
    extend_from: int = 10_000  # passages; a smaller index is made anew in less time than a few vectors take
    busy_seconds: float = BUSY_SECONDS  # to wait for a reader before the catalog is wiped
    hnsw: Mapping[str, Any] = field(default_factory=lambda: HNSW)  # Chroma's settings of a collection


TUNED = Tuning()


@dataclass
class Plan:
    """What an ingest has to do."""

    roots: Sequence[Path]
    model: Embedder
    made_by: str
    encodings: Mapping[str, str]  # by patterns of documents' names
    excluded: dict[str, str]  # place -> name of what a person has left out
    files: dict[str, FoundFile]  # by document name
    known: dict[str, Fingerprint]  # of the documents that the store holds
    containers: dict[str, list[Any]]  # what the store records of the files that hold several documents
    report: Report  # its `removed`, `skipped`, some `failed` and `noted` are known

    def encoding_of(self, name: str) -> str:
        return loaders.named_encoding(self.encodings, name)

    def made_by_of(self, name: str) -> str:
        """Everything besides the file's bytes that decides what the passages and vectors of a document are."""
        return self.made_by + self.encoding_of(name)


def plan(
    catalog: Catalog,
    store: Path,
    roots: Sequence[Path],
    open_embedder: Callable[[str], Embedder],
    embedder_name: str,
    allow_removals: bool,
    encodings: Mapping[str, str] | None,
) -> Plan:
    """Finds the files and compares their names with what the catalog holds. Raises what `sync` does."""
    recorded = catalog.roots
    check_presence(roots, recorded)
    roots = roots or [Path(root) for root in recorded]
    if not (roots or catalog.generation or holds_files(uploads_of(store))):
        raise UsageError("the store has no roots yet; name the files or folders to ingest")
    model = open_embedder(checked_model(catalog, embedder_name, store))
    excluded = left_out_still(catalog.excluded, recorded, roots)
    found = find_files(roots, store, excluded)
    listing = with_members(found, catalog, excluded)
    files, known = listing.files, catalog.fingerprints()
    if not (known or files or listing.unnamed):
        where, types = ", ".join(map(str, roots)), ", ".join(sorted(loaders.TYPES))
        raise UsageError(f"{where} holds no document this program reads ({types})")
    if not allow_removals:
        check_removals(catalog, roots, store, found.files)
    report = Report(
        removed=sorted(set(known) - set(files)),
        skipped=listing.skipped,
        failed=[{"document": name, "reason": reason} for name, reason in listing.unnamed],
        noted=[{"document": name, "note": note} for name, note in listing.noted],
    )
    told = catalog.encodings if encodings is None else encodings
    return Plan(roots, model, made_by_of(model), told, excluded, files, known, listing.containers, report)


def checked_model(catalog: Catalog, asked: str, store: Path) -> str:
    """The model's name: the store's own if it has one. Raises StoreMismatch when another is asked for."""
    held = catalog.embedder
    if held and asked and asked != held:
        raise StoreMismatch(
            f"the store {store} was made with {held}, not {asked}; unset QA_EMBEDDER, or ingest into another --store"
        )
    return held or asked


def made_by_of(model: Embedder) -> str:
    """What decides, for all files alike, what the passages and vectors of a document are."""
    sizes = PASSAGE_CHARS, QUOTE_CHARS, CONTEXT_TOKENS
    return json.dumps([loaders.LOADER_VERSION, SPLITTER_VERSION, sizes, model.identity])


def failed_files(work: Plan) -> dict[str, FailedFile]:
    """What the store records of the files that could not be read."""
    failed = {}
    for failure in work.report.failed:
        name, file = failure["document"], work.files.get(failure["document"])
        place, facts = (file.place, file.facts) if file else ("", (0, 0, 0, 0))
        failed[name] = FailedFile(place, facts, failure["reason"])
    return failed
