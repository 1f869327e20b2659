"""The generations of a store's index: the published one, the next one while it is made, what is left of others.

With the vectors in the store's folder a generation is a directory. With a Chroma server its vectors are collections
there, named by store, generation and language, and every machine that asks has a directory with the indexes of words,
which it makes from the catalog where the ingest ran on another one.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from filelock import FileLock

from qa.errors import VerbatimError
from qa.store.catalog import Catalog, batches
from qa.store.chroma import ChromaServer, Served
from qa.store.index import (
    Batches,
    Index,
    build_generation,
    build_words,
    generation_path,
    generations,
    has_same_files,
    has_words,
    is_complete,
    is_intact,
    next_generation,
    remove_generations,
)
from qa.store.mentions import Texts
from qa.store.servers import OF_FILE, servers_of
from qa.types import join_context

NAMED = "verbatim"  # what the names of our collections begin with
LOCK = "words.lock"
WORDS_BATCH = 2000  # passages


def no_progress(message: str) -> None:
    """Reports nothing."""


def generations_of(store: Path, catalog: Catalog) -> Generations:
    """The generations of a store whose catalog is open. Raises StoreDamaged."""
    servers = servers_of(store)
    return ServedGenerations(store, catalog, servers.chroma) if servers else FolderGenerations(store, catalog)


def open_index(store: Path, catalog: Catalog, progress: Callable[[str], None] = no_progress) -> Index:
    """The index of the generation that is published in the catalog's snapshot.

    progress: gets one-line messages where something takes long. Raises StoreDamaged, VerbatimError.
    """
    with contextlib.closing(generations_of(store, catalog)) as found:
        return found.open(progress)


class FolderGenerations:
    """Generations that are directories, with their vectors."""

    def __init__(self, store: Path, catalog: Catalog) -> None:
        self.store, self.catalog = store, catalog

    @property
    def path(self) -> Path:
        """Directory of the published generation."""
        return generation_path(self.store, self.catalog.generation)

    def next(self) -> int:
        """A number that none has had yet."""
        return next_generation(self.store, self.catalog.generation)

    def is_complete(self) -> bool:
        """Whether the published generation has all its files, as far as their sizes tell."""
        return is_complete(self.path)

    def is_intact(self) -> bool:
        """Whether its files are those that were made."""
        return is_intact(self.path)

    def can_grow(self) -> bool:
        """Whether the next generation can be made by adding to a copy of the published one."""
        return self.is_intact()

    def build(
        self,
        number: int,
        batches: Batches,
        expected: int,
        grows: bool,
        equal: Mapping[str, int],
        hnsw: Mapping[str, Any],
        texts: Iterable[Texts],
    ) -> None:
        """Makes the generation of a number as `index.build_generation` does. grows: the batches hold what is added."""
        base = self.path if grows else None
        build_generation(generation_path(self.store, number), batches, expected, base, equal, hnsw, texts)

    def settle(self) -> None:
        """Called when the generation that was made has been published."""

    def remove_others(self) -> bool:
        """Deletes every generation but the published one. Returns whether all are gone."""
        return remove_generations(self.store, keep=self.catalog.generation)

    def open(self, progress: Callable[[str], None] = no_progress) -> Index:
        """The published generation. Raises StoreDamaged."""
        return Index(self.path)

    def close(self) -> None:
        """Nothing is held open."""


class ServedGenerations:
    """Generations whose vectors are collections on a Chroma server."""

    def __init__(self, store: Path, catalog: Catalog, address: str) -> None:
        """address: http://host:port."""
        self.store, self.catalog, self.address = store, catalog, address
        self.server = ChromaServer(address)

    @property
    def prefix(self) -> str:
        """What the names of this store's collections begin with, and no other store's on the server."""
        return f"{NAMED}-{self.catalog.store_id}-"

    def served(self, number: int) -> Served:
        return Served(self.address, f"{self.prefix}{number:08d}-")

    def held(self) -> dict[int, list[str]]:
        """The server's collections of this store by the number of their generation."""
        found: dict[int, list[str]] = {}
        for name in self.server.names(self.prefix):
            number, _, _ = name.removeprefix(self.prefix).partition("-")
            if number.isdecimal():
                found.setdefault(int(number), []).append(name)
        return found

    def next(self) -> int:
        """A number that none has had yet, neither on the server nor in this machine's folder."""
        return max([next_generation(self.store, self.catalog.generation), *(number + 1 for number in self.held())])

    def is_complete(self) -> bool:
        """Whether the server has all vectors of the published generation. Raises VerbatimError."""
        number = self.catalog.generation
        if not number:
            return False
        with contextlib.closing(self.served(number)) as vectors:
            vectors.server.check()
            return vectors.held(vectors.server) == self.catalog.languages()

    def is_intact(self) -> bool:
        """Whether this machine's files of it are those that were made; where it has none they are made when opened."""
        return not self.has_words() or has_same_files(self.path)

    def can_grow(self) -> bool:
        """A server of one machine has no cheap copy of a collection: the next one is made in full."""
        return False

    def build(
        self,
        number: int,
        batches: Batches,
        expected: int,
        grows: bool,
        equal: Mapping[str, int],
        hnsw: Mapping[str, Any],
        texts: Iterable[Texts],
    ) -> None:
        """Makes the generation of a number in full, as `index.build_generation` does; it never grows."""
        path = generation_path(self.store, number)
        with contextlib.closing(self.served(number)) as vectors:
            build_generation(path, batches, expected, None, equal, hnsw, texts, vectors)

    def settle(self) -> None:
        """Marks the words that were made beside the vectors as those of the generation that is published now."""
        with self.alone():
            if has_words(self.path):
                self.mark(self.path)

    def remove_others(self) -> bool:
        """Deletes every generation but the published one, on the server and in this machine's folder.

        Returns whether all are gone. Raises VerbatimError.
        """
        for number, names in self.held().items():
            if number != self.catalog.generation:
                for name in names:
                    self.server.delete_collection(name)
        return remove_generations(self.store, keep=self.catalog.generation)

    def open(self, progress: Callable[[str], None] = no_progress) -> Index:
        """The published generation; its words are made first where this machine has not got them.

        Older directories go: who still searches one has its files open, or opens the newer one in its place.
        Raises StoreDamaged, VerbatimError.
        """
        if not self.has_words():
            self.make_words(progress)
        for number, path in generations(self.store):
            if number < self.catalog.generation:
                shutil.rmtree(path, ignore_errors=True)
        return Index(self.path, self.served(self.catalog.generation))

    def close(self) -> None:
        self.server.close()

    # ---- this machine's indexes of words ----

    @property
    def path(self) -> Path:
        """This machine's directory of the published generation."""
        return generation_path(self.store, self.catalog.generation)

    @property
    def mark_of(self) -> str:
        """What no other published generation is marked with, nor one of its number after a catalog was restored."""
        return f"{self.catalog.store_id} {self.catalog.published!r}"

    def mark(self, path: Path) -> None:
        (path / OF_FILE).write_text(self.mark_of)

    def has_words(self) -> bool:
        """Whether this machine has the words of the published generation."""
        try:
            return (self.path / OF_FILE).read_text() == self.mark_of and has_words(self.path)
        except (OSError, UnicodeDecodeError):
            return False

    def make_words(self, progress: Callable[[str], None]) -> None:
        """Makes them, once for all processes of this machine. Raises StoreDamaged, VerbatimError."""
        with self.alone():
            if self.has_words():  # another process has made them meanwhile
                return
            total = self.catalog.passage_count
            progress(f"making this machine's index of the words of {total:,} passages")
            for left in self.path.parent.glob("*.part"):  # by a killed process
                shutil.rmtree(left, ignore_errors=True)
            part = self.path.with_name(f"{self.path.name}.part")
            build_words(part, words_of(self.catalog), self.catalog.texts(sorted(self.catalog.numbered())))
            self.mark(part)
            shutil.rmtree(self.path, ignore_errors=True)
            part.rename(self.path)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Alone among the processes of this machine. Raises VerbatimError where its folder cannot be written."""
        try:
            self.store.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.store / LOCK)
            lock.acquire()
        except OSError as error:
            raise VerbatimError(
                f"the indexes of words cannot be written to {self.store} ({error}); check its permissions"
            ) from error
        try:
            yield
        finally:
            lock.release()


Generations = FolderGenerations | ServedGenerations


def words_of(catalog: Catalog) -> Iterator[tuple[str, list[str], list[str]]]:
    """(language, passage ids, texts as they are embedded) of the live passages, as an ingest gives them to an index."""
    for language, found in groupby(catalog.ids(), key=itemgetter(0)):
        for ids in batches([passage_id for _, passage_id in found], WORDS_BATCH):
            held = catalog.passages(ids)
            yield language, list(ids), [join_context(held[one].context, held[one].text) for one in ids]
