"""Documents given to a store and taken from it while its page is open; one ingest at a time, in the background."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from qa.documents import loaders
from qa.errors import UnreadableFile, UsageError, VerbatimError
from qa.ingestion.sync import Embedder, exclude, include, sync, uploads_of
from qa.store.catalog import Listed, open_catalog

log = logging.getLogger(__name__)

LARGEST = 64 * 1024 * 1024  # bytes of a file that is taken
NAME = 120  # characters of its name
PART = ".part"


@dataclass(frozen=True, slots=True)
class Job:
    """What the ingest in the background is at, or how the last one ended."""

    running: bool = False
    stage: str = ""
    done: int = 0
    total: int = 0
    said: str = ""  # how it ended
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

    def documents(self) -> list[Listed]:
        """All that the store knows of, also what is left out or could not be read. Raises NoStore, StoreDamaged."""
        with contextlib.closing(open_catalog(self.store)) as catalog:
            return list(catalog.documents())

    # ---- changing ----

    def receive(self, name: str, blocks: Iterable[bytes]) -> str:
        """Takes an uploaded file, if it is one this program reads; returns its name among the uploads.

        Raises UsageError: too large, of no type that is read, or not what its name says.
        """
        plain = checked_name(name)
        folder = uploads_of(self.store)
        folder.mkdir(exist_ok=True)
        path, part = folder / plain, folder / f".{threading.get_ident()}{PART}{Path(plain).suffix.lower()}"
        try:
            write_limited(part, blocks)
            loaders.load(part, plain)
            os.replace(part, path)
        except UnreadableFile as error:
            raise UsageError(f"{plain} {error}") from error
        finally:
            part.unlink(missing_ok=True)
        return plain

    def remove(self, name: str) -> None:
        """Leaves a document out; an uploaded file is deleted. What people said about it is erased with it."""
        exclude(self.store, [name])
        self.read()

    def take_back(self, name: str) -> None:
        """A document that was left out is read again."""
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
        ended = Job()
        while True:
            ended = self.ingest()
            with self.lock:
                if not self.again:
                    self.job = ended
                    return
                self.again = False

    def ingest(self) -> Job:
        try:
            report = sync(
                self.store, (), lambda name: self.embedder, embedder_name=self.embedder.name, progress=self.progress
            )
        except VerbatimError as error:
            return Job(said=str(error), problem=True)
        except Exception as error:  # the thread's outermost edge: a person sees a sentence
            log.error("unexpected error", exc_info=error)
            return Job(said="the documents could not be read; the window it was started from says why", problem=True)
        return Job(
            said=told(report.added, report.updated, report.removed, len(report.failed)), problem=bool(report.failed)
        )

    def progress(self, stage: str, done: int, total: int) -> None:
        self.job = replace(self.job, running=True, stage=stage, done=done, total=total)


def told(added: Sequence[str], updated: Sequence[str], removed: Sequence[str], failed: int) -> str:
    """What an ingest did, in a sentence."""
    counts = (
        (len(added), "added"),
        (len(updated), "read again"),
        (len(removed), "removed"),
        (failed, "could not be read"),
    )
    done = ", ".join(f"{number} {what}" for number, what in counts if number)
    return done[0].upper() + done[1:] + "." if done else "Nothing has changed."


def checked_name(name: str) -> str:
    """The last part of a file's name, as it may stand in a folder. Raises UsageError."""
    plain = name.replace("\\", "/").rsplit("/", 1)[-1].strip().lstrip(".")
    plain = "".join(c if c.isprintable() else "_" for c in plain)
    stem, suffix = os.path.splitext(plain)
    if suffix.lower() not in loaders.LOADERS:
        what = f"is of no type that is read ({', '.join(sorted(loaders.LOADERS))})"
        if suffix.lower() in loaders.ADVICE:
            what = loaders.not_read(PurePosixPath(plain))
        raise UsageError(f"{plain or 'the file'} {what}")
    short = stem.encode("utf-8", "replace")[: NAME - len(suffix)].decode("utf-8", "ignore")
    if not short:
        raise UsageError("the file has no name; give it one")
    return short + suffix


def write_limited(path: Path, blocks: Iterable[bytes]) -> None:
    """Writes a file of at most LARGEST bytes. Raises UsageError."""
    size = 0
    with path.open("wb") as stream:
        for block in blocks:
            size += len(block)
            if size > LARGEST:
                raise UsageError(f"the file is larger than {LARGEST // 1024 // 1024} MB; divide it")
            stream.write(block)
