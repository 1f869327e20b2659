"""Adding documents to a store and leaving them out while its page is open; one ingest at a time, in the background."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from qa.documents import loaders
from qa.documents.files import MAX_BYTES, suffix_of
from qa.errors import NoStore, UnreadableFile, UsageError, VerbatimError
from qa.ingestion.files import UPLOADS, file_around, lies_in, uploads_of
from qa.ingestion.planning import Embedder
from qa.ingestion.report import Report
from qa.ingestion.sync import sync
from qa.store.catalog import Catalog, DocumentStatus, FailedFile
from qa.store.home import check_home
from qa.store.opening import catalog_errors, create_catalog, open_catalog, reading, write_lock
from qa.store.servers import servers_of
from qa.store.writer import CatalogWriter
from qa.system import put_in_place
from qa.text import encodable

log = logging.getLogger(__name__)

Failure = tuple[str, FailedFile]  # with the document's name

NAME_BYTES = 120  # of an uploaded file, its type included
PART = ".part"  # in the name of a file that is being written


@dataclass(frozen=True, slots=True)
class Job:
    """How far the ingest in the background is, or how the last one ended."""

    running: bool = False
    stage: str = ""
    done: int = 0
    total: int = 0
    said: str = ""  # how it ended, for a person
    problem: bool = False


class Library:
    """The documents of one store. Threads may share it."""

    def __init__(self, store: Path, embedder: Embedder) -> None:
        """embedder: that of the open store, already loaded."""
        self.store = store
        self.embedder = embedder
        self.lock = threading.Lock()
        self.job = Job()
        self.again = False  # something was changed while an ingest ran

    def documents(self) -> list[DocumentStatus]:
        """All that the store knows of, also files left out and unreadable ones. Raises NoStore, StoreDamaged."""
        with self.opened() as catalog:
            return list(catalog.documents())

    @contextlib.contextmanager
    def opened(self) -> Iterator[Catalog]:
        """The catalog, open for reading. Raises NoStore, which says what to do, StoreDamaged."""
        try:
            with reading(self.store) as catalog:
                yield catalog
        except NoStore as error:
            raise gone(self.store) from error

    # ---- changing ----

    def receive(self, name: str, blocks: Iterable[bytes]) -> str:
        """Stores an uploaded file that this program can read; returns its name among the uploads.

        blocks: its bytes. Raises UsageError: too large, of no type that is read, or not what its name says,
        or the store is ingested elsewhere; NoStore.
        """
        checked = checked_name(name)
        if not self.store.is_dir():
            raise gone(self.store)
        if servers_of(self.store):
            with self.opened() as catalog:
                check_home(catalog, self.store)
        folder = uploads_of(self.store)
        folder.mkdir(exist_ok=True)
        path, part = folder / checked, folder / f".{threading.get_ident()}{PART}{Path(checked).suffix.lower()}"
        try:
            write_limited(part, blocks)
            check_readable(part, checked, self.encoding_of(f"{UPLOADS}/{checked}"))
            put_in_place(part, path)
        except UnreadableFile as error:
            raise UsageError(f"{checked} {error}") from error
        finally:
            part.unlink(missing_ok=True)
        return checked

    def encoding_of(self, name: str) -> str:
        """The encoding that was named for a document when the store was last read; "" where none was."""
        with contextlib.suppress(NoStore), contextlib.closing(open_catalog(self.store)) as catalog:
            return loaders.named_encoding(catalog.encodings, name)
        return ""

    def remove(self, name: str) -> None:
        """Leaves a document out; an uploaded file is deleted. The feedback that quotes it is erased with it."""
        exclude(self.store, [name])
        self.read()

    def take_back(self, name: str) -> None:
        """Reads a document again that was left out."""
        include(self.store, [name])
        self.read()

    def read(self) -> None:
        """Starts an ingest of the store's roots and uploads; where one runs, another follows it."""
        with self.lock:
            if self.job.running:
                self.again = True
                return
            self.job = Job(running=True, stage="reading")
        threading.Thread(target=self.work, name="ingest", daemon=True).start()

    # ---- in the background ----

    def work(self) -> None:
        """Ingests, once more where something was changed meanwhile; the job then says what all of it did."""
        reports: list[Report] = []
        before: frozenset[Failure] | None = None
        while True:
            try:
                before = self.failures() if before is None else before
                reports.append(self.ingest())
                ended = summed_up(reports, len(self.failures() - before))
            except VerbatimError as error:
                ended = Job(said=str(error), problem=True)
            except Exception as error:  # the thread's outermost edge: the page shows a sentence
                log.error("unexpected error", exc_info=error)
                ended = Job(
                    said="the documents could not be read; the window it was started from says why", problem=True
                )
            with self.lock:
                if not self.again:
                    self.job = ended
                    return
                self.again = False

    def failures(self) -> frozenset[Failure]:
        """The files that the last ingest could not read. Raises NoStore, StoreDamaged."""
        with self.opened() as catalog:
            return frozenset(catalog.failed.items())

    def ingest(self) -> Report:
        return sync(
            self.store, (), lambda name: self.embedder, embedder_name=self.embedder.name, progress=self.progress
        )

    def progress(self, stage: str, done: int, total: int) -> None:
        self.job = replace(self.job, running=True, stage=stage, done=done, total=total)


def gone(store: Path) -> NoStore:
    return NoStore(
        f"the store {store} has been deleted or moved since this page was started: put the folder back, or end the "
        "page, ingest the documents again and start it anew"
    )


def summed_up(reports: Sequence[Report], failed: int) -> Job:
    """How ingests ended that followed each other. failed: how many files could not be read, beside those before."""
    added, updated, removed = (
        sum(len(getattr(report, what)) for report in reports) for what in ("added", "updated", "removed")
    )
    notes = "".join(f" {report.notes_said}." for report in reports if report.notes_said)
    return Job(said=summary(added, updated, removed, failed) + notes, problem=bool(failed))


def summary(added: int, updated: int, removed: int, failed: int) -> str:
    """What was done, in a sentence. failed: how many files could not be read."""
    counts = (
        (added, "added"),
        (updated, "read again"),
        (removed, "removed"),
        (failed, "could not be read"),
    )
    done = ", ".join(f"{number} {what}" for number, what in counts if number)
    return done[0].upper() + done[1:] + "." if done else "Nothing has changed."


def checked_name(name: str) -> str:
    """The last part of an uploaded file's name, made fit for a folder of ours. Raises UsageError."""
    plain = name.replace("\\", "/").rsplit("/", 1)[-1].strip().lstrip(".")
    plain = "".join(c if c.isprintable() else "_" for c in plain)
    stem, suffix = os.path.splitext(plain)
    if suffix_of(PurePosixPath(plain)) not in loaders.TYPES:
        what = f"is of no type that is read ({', '.join(sorted(loaders.TYPES))})"
        if suffix.lower() in loaders.ADVICE:
            what = loaders.not_read(PurePosixPath(plain))
        raise UsageError(f"{plain or 'the file'} {what}")
    short = stem.encode("utf-8", "replace")[: NAME_BYTES - len(suffix)].decode("utf-8", "ignore")
    if not short:
        raise UsageError("the file has no name; give it one")
    return short + suffix


def check_readable(path: Path, name: str, encoding: str) -> None:
    """Raises UnreadableFile for a file that cannot be read, or a container of which nothing can be."""
    if suffix_of(path) in loaders.LOADERS:
        loaders.load(path, name, encoding=encoding)
        return
    _, held = loaders.contents(path)
    if not held.members:
        reason = "".join(f": {member} {why}" for member, why in held.failed[:1])
        raise UnreadableFile(f"holds no document that can be read{reason}")


def write_limited(path: Path, blocks: Iterable[bytes]) -> None:
    """Writes a file of at most MAX_BYTES bytes. Raises UsageError."""
    size = 0
    with path.open("wb") as stream:
        for block in blocks:
            size += len(block)
            if size > MAX_BYTES:
                raise UsageError(f"the file is larger than {MAX_BYTES // 2**20} MB; divide it")
            stream.write(block)


# ---- what a person leaves out ----


def exclude(store: Path, names: Iterable[str]) -> None:
    """Leaves documents, or all of a container, out of the store from its next ingest on, though they lie under a root.

    An uploaded file, of which the store has the only copy, is deleted; one that holds several documents when all of
    them are left out. Raises UsageError for a name the store does not have, NoStore, StoreBusy.
    """
    with changing(store) as catalog:
        listed = {document.name: document for document in catalog.documents()}
        chosen = [known_name(listed, name) for name in names]
        left = catalog.excluded | {document.path: document.name for document in chosen if document.path}
        for file, places in uploaded(store, listed.values()).items():
            if file is None or str(file) in left or places <= left.keys():
                if file:
                    file.unlink(missing_ok=True)
                left = {place: name for place, name in left.items() if place not in places | {str(file)}}
        catalog.put(excluded=left)


def uploaded(store: Path, listed: Iterable[DocumentStatus]) -> dict[Path | None, set[str]]:
    """The uploaded files that the store knows documents of, with the places of these; None for files that are gone."""
    folder = uploads_of(store)
    files: dict[Path | None, set[str]] = {}
    for document in listed:
        if lies_in(document.path, str(folder)):
            files.setdefault(file_around(folder, document.path), set()).add(document.path)
    return files


def include(store: Path, names: Iterable[str]) -> None:
    """Takes back `exclude`; the next ingest reads the files again. Raises UsageError, NoStore, StoreBusy."""
    with changing(store) as catalog:
        kept = catalog.excluded
        for name in names:
            if name not in kept.values():
                raise UsageError(f"{encodable(name)} is not excluded from this store")
            kept = {path: document for path, document in kept.items() if document != name}
        catalog.put(excluded=kept)


@contextlib.contextmanager
def changing(store: Path) -> Iterator[CatalogWriter]:
    """The catalog of an existing store, opened for writing under its lock. Raises NoStore, StoreBusy."""
    open_catalog(store).close()
    with write_lock(store), contextlib.closing(create_catalog(store)) as catalog, catalog_errors(store):
        check_home(catalog, store)
        yield catalog


def known_name(listed: dict[str, DocumentStatus], name: str) -> DocumentStatus:
    """A document, or a whole container. Raises UsageError."""
    inside = next((document for document in listed.values() if document.container == name), None)
    if name not in listed and inside is None:
        raise UsageError(f"the store has no document {encodable(name)}")
    if name in listed or inside is None:
        return listed[name]
    return DocumentStatus(name, inside.path.removesuffix(inside.name.removeprefix(name)), inside.state)
