"""The vectors of a generation in its directory, searched by Chroma within this process.

Chroma keeps no lock, is not safe against a kill while it writes, and shows a second process stale results for ever
(measured on 1.5.9): a directory is written by one process while nobody reads it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from qa.errors import StoreDamaged
from qa.store.opening import check_free

PREFIX = "passages-"  # of a collection's name; the language follows
DATABASE = "chroma.sqlite3"


class Embedded:
    """The vectors of one generation: a collection for each language."""

    prefix = PREFIX

    def __init__(self, path: Path, remedy: str = "try again") -> None:
        """Opens nothing yet. remedy: what to do where it is damaged."""
        self.path, self.remedy = path, remedy
        self.chroma: Any = None

    def open(self, languages: Iterable[str]) -> dict[str, Any]:
        """Chroma's collections, whatever languages are expected. Raises StoreDamaged, StoreBusy."""
        check_free(self.path / DATABASE)  # Chroma would wait for ever
        with self.errors("cannot be read"):
            self.chroma = open_client(self.path)
            return {
                c.name.removeprefix(PREFIX): self.chroma.get_collection(c.name, embedding_function=None)
                for c in self.chroma.list_collections()
            }

    def count(self, collections: Mapping[str, Any]) -> dict[str, int]:
        """Passages of each language. Raises StoreDamaged."""
        with self.errors("cannot be read"):
            counts = {language: int(collection.count()) for language, collection in collections.items()}
            zero_unused_hnsw(self.path)
        return counts

    @contextlib.contextmanager
    def writing(self) -> Iterator[Any]:
        """Chroma's client, to add to the generation; closed at the end."""
        with chroma_client(self.path) as chroma:
            yield chroma

    def held(self, chroma: Any) -> dict[str, int]:
        """Passages of each language that the generation has before any are added."""
        return {c.name.removeprefix(PREFIX): int(c.count()) for c in chroma.list_collections()}

    def written(self) -> None:
        """Called when all has been added."""
        zero_unused_hnsw(self.path)

    @contextlib.contextmanager
    def errors(self, what: str) -> Iterator[None]:
        """Raises StoreDamaged for Chroma's errors. what: what cannot be done then."""
        try:
            yield
        except Exception as error:  # Chroma raises its own, Rust's and pyo3's exceptions
            raise StoreDamaged(f"the index {self.path} {what} ({error}); {self.remedy}") from error

    def close(self) -> None:
        if self.chroma is not None:
            self.chroma.close()


@contextlib.contextmanager
def chroma_client(path: Path) -> Iterator[Any]:
    """A Chroma client, closed at the end."""
    chroma = open_client(path)
    try:
        yield chroma
    finally:
        chroma.close()


def open_client(path: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(str(path), settings=Settings(anonymized_telemetry=False))


def zero_unused_hnsw(path: Path) -> None:
    """Fills with zeros the HNSW files of every collection with too few vectors for Chroma to have stored any there.

    Chroma writes them whenever it opens such a collection, from memory that it took without clearing it: text that
    this process read of a removed document could be in them (https://github.com/chroma-core/chroma/issues/7688).
    """
    for folder in {file.parent for file in path.glob("*/data_level0.bin")}:
        if not is_persisted(folder):
            for file in (folder / "data_level0.bin", folder / "length.bin"):
                with contextlib.suppress(FileNotFoundError), file.open("r+b") as stream:
                    stream.write(bytes(file.stat().st_size))


def is_persisted(folder: Path) -> bool:
    """Whether Chroma has stored the vectors of a collection in HNSW files, as it does from 1000 on."""
    return (folder / "index_metadata.pickle").is_file()
