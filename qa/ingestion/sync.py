"""The way of a document: find files, compare, read, split, embed what is new, publish.

`sync` makes the store hold exactly what lies under its roots. Killed at any moment it leaves the store as it was;
run again it goes on with the vectors that were already computed. Every function here calls only those below it.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from qa.documents import loaders
from qa.errors import StoreMismatch, UnreadableFile, UsageError
from qa.ingestion.containers import with_members
from qa.ingestion.files import (
    FoundFile,
    absolute,
    check_named,
    check_presence,
    check_removals,
    find_files,
    fingerprint_of,
    has_same_bytes,
    holds_files,
    is_untouched,
    left_out_still,
    sha256_of,
    uploads_of,
)
from qa.ingestion.report import Erased, Report
from qa.passages import CONTEXT_TOKENS, PASSAGE_CHARS, QUOTE_CHARS, SPLITTER_VERSION, passage_id, split
from qa.store import conversations
from qa.store.busy import BUSY_SECONDS
from qa.store.catalog import Catalog, FailedFile, Fingerprint
from qa.store.feedback import erase_outdated
from qa.store.index import (
    HNSW,
    build_generation,
    generation_path,
    is_complete,
    is_intact,
    next_generation,
    remove_generations,
)
from qa.store.notes import settle
from qa.store.opening import (
    catalog_errors,
    check_folder,
    copy_catalog,
    create_catalog,
    write_lock,
)
from qa.store.writer import CatalogWriter
from qa.types import Document

INDEX_BATCH = 2000  # passages given to the index at once
KEPT = "; the text that was read before is kept: delete the file to have that erased"

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


# ---- the two ways in ----


def sync(
    store: Path,
    roots: Sequence[Path],
    open_embedder: Callable[[str], Embedder],
    *,
    embedder_name: str = "",
    allow_removals: bool = False,
    encodings: Mapping[str, str] | None = None,
    progress: Progress = no_progress,
    tuning: Tuning = TUNED,
) -> Report:
    """Makes the store hold exactly the documents under `roots` (empty: the recorded ones) and publishes it.

    `open_embedder` gets the model's name, or "" for the best one installed; it is asked for tokens when a file has
    changed, and for vectors only when one is missing. encodings: of text files, by patterns of documents' names;
    None: those of the last ingest. Raises UsageError (wrong roots), TooManyRemovals, StoreBusy, StoreMismatch,
    ModelUnavailable; a file that cannot be read is reported and does not stop the rest.
    """
    check_named(roots, store)
    with (
        write_lock(store),
        contextlib.closing(create_catalog(store, tuning.busy_seconds)) as catalog,
        catalog_errors(store),
    ):
        recover(catalog, store)
        work = plan(catalog, store, roots, open_embedder, embedder_name, allow_removals, encodings)
        if not catalog.generation:  # killed before it is published, the first ingest can be repeated without paths
            catalog.put(roots=absolute(work.roots))
        read_changed(catalog, work, progress)
        catalog.put(containers=work.containers)
        publish(catalog, store, work, progress, tuning)
        failed = {name: file.row() for name, file in failed_files(work).items()}
        catalog.put(encodings=dict(work.encodings), excluded=work.excluded, failed=failed)
        return work.report


def preview(
    store: Path,
    roots: Sequence[Path],
    open_embedder: Callable[[str], Embedder],
    *,
    embedder_name: str = "",
    allow_removals: bool = False,
    encodings: Mapping[str, str] | None = None,
    progress: Progress = no_progress,
) -> Report:
    """What `sync` would do and report, without embedding anything or writing to the store.

    Changed files are read and split, in a copy of the catalog that is thrown away. Raises as `sync`, but StoreBusy.
    """
    check_folder(store)
    check_named(roots, store)
    with tempfile.TemporaryDirectory(prefix="verbatim-") as place:
        copy_catalog(store, Path(place))
        with contextlib.closing(create_catalog(Path(place))) as catalog, catalog_errors(store):
            catalog.unstage()
            work = plan(catalog, store, roots, open_embedder, embedder_name, allow_removals, encodings)
            report = work.report
            read_changed(catalog, work, progress)
            catalog.leave_out(report.removed)
            report.passages, report.embedded = catalog.count_next(), catalog.count_missing()
            report.reused = report.passages - report.embedded
            report.rebuilt = bool(catalog.generation) and not is_published(catalog, store)
            report.erased = Erased(*catalog.switch(), catalog.drop_unused_vectors())
            return report


def recover(catalog: CatalogWriter, store: Path) -> None:
    """Deletes what a killed ingest left; the vectors it committed stay and are used."""
    with catalog.transaction():
        catalog.unstage()
    conversations.settle(store, catalog.generation)
    remove_generations(store, keep=catalog.generation)


# ---- plan ----


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


# ---- read and split ----


def read_changed(catalog: CatalogWriter, work: Plan, progress: Progress) -> None:
    """Stages every file that is new or differs from what the store holds; fills added, updated, unchanged, failed."""
    seen: dict[str, Fingerprint] = {}
    stale: list[str] = []
    report = work.report
    twins = twins_of(work)
    for done, (name, file) in enumerate(sorted(work.files.items())):
        progress("reading", done, len(work.files))
        before, made_by = work.known.get(name), work.made_by_of(name)
        if before and before.made_by == made_by and is_untouched(before, file):
            report.unchanged.append(name)
            continue
        scanned_ns = time.time_ns()
        try:
            if file.problem:
                raise UnreadableFile(file.problem)
            if before and before.made_by == made_by and has_same_bytes(before, file):
                report.unchanged.append(name)
                seen[name] = fingerprint_of(file, scanned_ns, before.sha256, made_by)
                continue
            document = stage_twin(catalog, file, twins, scanned_ns, work) or stage(catalog, file, scanned_ns, work)
            (report.updated if before else report.added).append(name)
            report.noted += [{"document": name, "note": note} for note in document.notes]
        except UnreadableFile as error:
            report.failed.append({"document": name, "reason": f"{error}{KEPT if before else ''}"})
            if before:
                stale.append(name)
                if before.made_by != made_by:
                    stage_again(catalog, name, before, work)
    progress("reading", len(work.files), len(work.files))
    catalog.touch(seen, stale)


Twins = dict[
    tuple[int, str, str, str], dict[str, str]
]  # (size, suffix, member, made_by) -> {sha256: name} of documents


def twins_of(work: Plan) -> Twins:
    """The documents that a renamed, moved or copied file may be equal to."""
    twins: Twins = {}
    for name, held in work.known.items():
        if held.made_by.startswith(work.made_by):
            key = held.size, Path(held.path).suffix.lower(), held.member, held.made_by
            twins.setdefault(key, {})[held.sha256] = name
    return twins


def stage_twin(catalog: CatalogWriter, file: FoundFile, twins: Twins, scanned_ns: int, work: Plan) -> Document | None:
    """Stages a file that has the bytes of a document of another name from what is known of that; None if none has.

    A title may be a file's name, which stands for one that the text lacks: such a file is read again.
    """
    key = file.stat.st_size, file.path.suffix.lower(), file.member, work.made_by_of(file.name)
    alike = twins.get(key)
    if not alike:
        return None
    digest, model = sha256_of(file), work.model.identity
    twin = catalog.document(alike.get(digest, ""))
    if twin is None or twin.source.title in (PurePosixPath(twin.source.name).stem, PurePosixPath(file.name).stem):
        return None
    source = replace(twin.source, name=file.name, path=str(file.path), stale=False)
    document = replace(twin, source=source)
    pieces = [
        replace(p, id=passage_id(file.name, p.start, p.text, p.context, model), source=source)
        for p in catalog.passages_of(twin.source.name)
    ]
    catalog.stage(document, fingerprint_of(file, scanned_ns, digest, work.made_by_of(file.name)), pieces, model)
    return document


def stage(catalog: CatalogWriter, file: FoundFile, scanned_ns: int, work: Plan) -> Document:
    """Reads and splits a file and puts it beside the live documents. Raises UnreadableFile."""
    encoding, model = work.encoding_of(file.name), work.model
    document = loaders.load(file.path, file.name, file.member, encoding)
    pieces = list(split(document, model.count_tokens, model.window, model.identity))
    if not pieces:
        raise UnreadableFile("holds no text")
    fingerprint = fingerprint_of(file, scanned_ns, document.source.sha256, work.made_by_of(file.name))
    catalog.stage(document, fingerprint, pieces, model.identity)
    return document


def stage_again(catalog: CatalogWriter, name: str, fingerprint: Fingerprint, work: Plan) -> None:
    """Stages a live document once more for another model: its file cannot be read, but the store has its text."""
    document = catalog.document(name)
    if document is not None:
        catalog.stage(document, fingerprint, catalog.passages_of(name), work.model.identity)


# ---- embed and publish ----


def publish(catalog: CatalogWriter, store: Path, work: Plan, progress: Progress, tuning: Tuning) -> None:
    """Embeds what has no vector, makes the next generation and switches to it; deletes what is not used any more."""
    report, model = work.report, work.model
    catalog.leave_out(report.removed)
    current, there = catalog.generation, is_published(catalog, store)
    report.rebuilt = bool(current) and not there
    if report.changed or not there or catalog.has_staged():
        report.passages = catalog.count_next()
        report.embedded = embed(catalog, model, progress, tuning.embed_batch)
        generation = next_generation(store, current)
        build_index(catalog, store, generation, report, progress, tuning)
        conversations.prepare(store, catalog, generation)
        erased = catalog.switch(
            generation=generation,
            published=time.time(),
            passages=report.passages,
            roots=absolute(work.roots),
            model=model.identity,
            embedder=model.name,
            dimension=model.dimension,
        )
        conversations.settle(store, generation)
        gone = remove_generations(store, keep=generation)
    else:
        report.passages, erased, gone = catalog.passage_count or catalog.count_next(), (0, 0), True
        catalog.put(roots=absolute(work.roots))
    report.reused = report.passages - report.embedded
    if catalog.erase_pending:  # from the switch until the purge is done, so that a kill in between is made up for
        erase_outdated(store, lambda name: text_of(catalog, name))
    # With nothing changed but something to erase it makes up for a killed ingest, whose new documents it does not know.
    new = list(catalog.fingerprints()) if catalog.erase_pending and not report.changed else report.added
    report.notes = settle(store, catalog.document, new)
    vectors, wiped = catalog.purge()
    report.erased = Erased(*erased, vectors, gone and wiped)


def is_published(catalog: Catalog, store: Path) -> bool:
    """Whether the published generation has all its files, as far as their sizes tell."""
    return is_complete(generation_path(store, catalog.generation))


def embed(catalog: CatalogWriter, model: Embedder, progress: Progress, size: int) -> int:
    """Computes and commits the missing vectors in batches of `size`; returns how many."""
    total, done = catalog.count_missing(), 0
    for batch in catalog.missing_vectors(size):
        progress("embedding", done, total)
        catalog.add_vectors([key for key, _ in batch], model.encode_passages([text for _, text in batch]))
        done += len(batch)
    if total:
        progress("embedding", total, total)
    return done


def build_index(
    catalog: CatalogWriter, store: Path, generation: int, report: Report, progress: Progress, tuning: Tuning
) -> None:
    """Makes a generation: a copy of the current one extended where that is large and only grows, else all anew."""
    current = generation_path(store, catalog.generation)
    held = catalog.passage_count
    extends = held >= tuning.extend_from and not report.removed and not catalog.replaces() and is_intact(current)
    total = report.passages - held if extends else report.passages
    progress("indexing", 0, total)
    build_generation(
        generation_path(store, generation),
        with_progress(catalog.next_passages(INDEX_BATCH, added=extends), total, progress),
        report.passages,
        current if extends else None,
        catalog.most_equal(),
        tuning.hnsw,
        catalog.next_texts(added=extends),
    )


Batch = tuple[str, list[str], list[str], npt.NDArray[np.float32]]  # as CatalogWriter.next_passages gives them


def with_progress(batches: Iterable[Batch], total: int, progress: Progress) -> Iterator[Batch]:
    """The batches, reporting progress after each."""
    done = 0
    for batch in batches:
        yield batch
        done += len(batch[1])
        progress("indexing", done, total)


def text_of(catalog: Catalog, name: str) -> str | None:
    document = catalog.document(name)
    return document.text if document else None


def failed_files(work: Plan) -> dict[str, FailedFile]:
    """What the store records of the files that could not be read."""
    failed = {}
    for failure in work.report.failed:
        name, file = failure["document"], work.files.get(failure["document"])
        place, facts = (file.place, file.facts) if file else ("", (0, 0, 0, 0))
        failed[name] = FailedFile(place, facts, failure["reason"])
    return failed
