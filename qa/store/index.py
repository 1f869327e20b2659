"""The index that is searched: per generation a directory, with a Chroma collection and an index of words per language.

Chroma keeps no lock, is not safe against a kill while it writes, and shows a second process stale results for ever
(measured on 1.5.9). So a generation is written by one process into a directory nobody reads yet, closed, checked, and
published by its number in the catalog. The indexes of words (`words`) are written and deleted with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from qa.errors import StoreDamaged, VerbatimError
from qa.store.catalog import Vectors
from qa.store.mentions import FOLDER as MENTIONS
from qa.store.mentions import MentionIndex, Texts, write_mentions
from qa.store.opening import check_free
from qa.store.words import WordIndex, WordWriter, languages_of
from qa.system import flush

PREFIX = "passages-"  # of a collection's name; the language follows
MANIFEST = "manifest.json"
PAGE = 5000  # vectors read at a time where all of a language are
# ef_search: of 34,732 real texts with hashed words 200 finds .958 of the nearest ten, 400 .983, 800 .992, for 1.5 ms
# more than 200. Twice the neighbours is as good and takes twice the time to build.
HNSW = {"space": "cosine", "ef_construction": 200, "ef_search": 800, "max_neighbors": 16}
# A vector keeps 32 neighbours. Of more equal ones (a log, a form, a table that repeats itself) each has only the
# others, so that a search that gets among them finds nothing else: such a language is compared one by one.
MOST_EQUAL = 2 * 16  # equal vectors in a language that is searched with HNSW
EQUAL_KEY = "equal"  # in a collection's metadata: the most vectors in it that are equal


def generation_path(store: Path, generation: int) -> Path:
    return store / "generations" / f"{generation:08d}"


def next_generation(store: Path, current: int) -> int:
    """A number that no directory has had since `current`: Chroma remembers paths within a process."""
    return max([current, *(number for number, _ in generations(store))]) + 1


def generations(store: Path) -> list[tuple[int, Path]]:
    """Number and directory of all that are there, published or not."""
    folder = store / "generations"
    found = folder.iterdir() if folder.is_dir() else []
    return [(int(path.name), path) for path in found if path.name.isdecimal()]


def remove_generations(store: Path, keep: int) -> bool:
    """Deletes every generation but one: the replaced ones and what a killed run left. Returns whether all are gone."""
    for number, path in generations(store):
        if number != keep:
            shutil.rmtree(path, ignore_errors=True)
    return all(number == keep for number, _ in generations(store))


Batches = Iterable[tuple[str, Sequence[str], Sequence[str], Vectors]]  # (language, ids, texts, float32 (n, dimension))


def build_generation(
    path: Path,
    batches: Batches,
    expected: int,
    base: Path | None = None,
    equal: Mapping[str, int] | None = None,
    hnsw: Mapping[str, Any] = HNSW,
    texts: Iterable[Texts] = (),
) -> None:
    """Makes a generation at `path`, its passages ordered by language, and checks it.

    base: a generation that is copied first; the batches then hold only what is added to it. equal: for each language
    the most passages that share a vector, those of the base included; None: 1. hnsw: Chroma's settings of a new
    collection. texts: the documents of the batches, for `find`. Leaves nothing behind where it fails. Raises
    StoreDamaged when the new one does not hold what it was given, or not the `expected` number of passages,
    VerbatimError where it cannot be written.
    """
    with removed_on_failure(path):
        if base:
            writable_copy(base, path)
            (path / MANIFEST).unlink(missing_ok=True)
        path.mkdir(parents=True, exist_ok=True)
        wanted = add_passages(path, batches, equal or {}, hnsw)
        write_mentions(path, texts)
        held = count_passages(path)
        if held != wanted or sum(held.values()) != expected:
            raise StoreDamaged(f"the new index holds {held} of {expected} passages, {wanted} were written; try again")
        (path / MANIFEST).write_text(json.dumps(sizes_and_hashes(path)))
        sync_to_disk(path)


def add_passages(path: Path, batches: Batches, equal: Mapping[str, int], hnsw: Mapping[str, Any]) -> dict[str, int]:
    """Adds passages to the generation at `path`; returns how many of each language it must hold then."""
    words = WordWriter(path)
    with chroma_client(path) as chroma:
        limit = chroma.get_max_batch_size()
        wanted = Counter({c.name.removeprefix(PREFIX): int(c.count()) for c in chroma.list_collections()})
        for language, ids, texts, vectors in batches:
            collection = chroma.get_or_create_collection(
                PREFIX + language, embedding_function=None, configuration={"hnsw": dict(hnsw)}
            )
            for at in range(0, len(ids), limit):
                collection.add(ids=list(ids[at : at + limit]), embeddings=vectors[at : at + limit])
            words.add(language, ids, texts)
            wanted[language] += len(ids)
        for language, most in equal.items():
            chroma.get_collection(PREFIX + language, embedding_function=None).modify(metadata={EQUAL_KEY: most})
    words.finish()
    zero_unused_hnsw(path)
    return dict(wanted)


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


@contextlib.contextmanager
def removed_on_failure(path: Path) -> Iterator[None]:
    """Deletes a generation that could not be written in full. Raises StoreDamaged, VerbatimError."""
    try:
        yield
    except StoreDamaged:
        shutil.rmtree(path, ignore_errors=True)
        raise
    except Exception as error:  # Chroma raises its own, Rust's and pyo3's exceptions
        shutil.rmtree(path, ignore_errors=True)
        raise VerbatimError(
            f"the new index cannot be written ({error}); is the disk full? The store answers as before: make room and "
            "run ingest again"
        ) from error


def sizes_and_hashes(path: Path) -> dict[str, tuple[int, str]]:
    """Size of each file of a generation, and the hash of each that readers do not change ("" of the others)."""
    files = [file for file in sorted(path.rglob("*")) if file.is_file() and file.name != MANIFEST]
    return {file.relative_to(path).as_posix(): (file.stat().st_size, final_hash(file)) for file in files}


def final_hash(file: Path) -> str:
    """Hash of an index of words, or an HNSW file that Chroma has persisted.

    "" of others, which change on opening: tantivy's locks, and the rest of Chroma's.
    """
    words = file.parent.name.startswith(("words-", MENTIONS)) and file.suffix != ".lock"
    if not words and not is_persisted(file.parent):
        return ""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def count_passages(path: Path) -> dict[str, int]:
    """Passages of each language in a generation. Raises StoreDamaged when it is missing or its parts differ."""
    with contextlib.closing(Index(path)) as index:
        return {language: index.sizes[language] for language in index.collections}


def sync_to_disk(path: Path) -> None:
    """Flushes every file of a generation to the disk: its number is published afterwards."""
    for file in [*path.rglob("*"), path, path.parent]:
        with contextlib.suppress(OSError):  # some systems cannot sync a directory
            flush(file)


def has_all_files(path: Path) -> bool:
    """Whether all of a generation's files stand where they should, none cut short, without loading Chroma."""
    whole = all(
        (path / name).is_file() and (path / name).stat().st_size >= size for name, (size, _) in read_manifest(path)
    )
    return whole and is_sqlite(path / "chroma.sqlite3")


def is_complete(path: Path) -> bool:
    """Whether a generation is there with its manifest, the last file that is written of it."""
    files = {name for name, _ in read_manifest(path)}
    return f"{MENTIONS}/meta.json" in files and has_all_files(path)  # earlier versions made no index of every word


def is_sqlite(file: Path) -> bool:
    """Whether a file begins as SQLite's do."""
    try:
        with file.open("rb") as stream:
            return stream.read(16) == b"SQLite format 3\0"
    except OSError:
        return False


def is_intact(path: Path) -> bool:
    """Whether the files are those that were made: Chroma may crash, or find too little, on others."""
    return is_complete(path) and all(
        not known or final_hash(path / name) == known for name, (_, known) in read_manifest(path)
    )


def read_manifest(path: Path) -> list[tuple[str, tuple[int, str]]]:
    """(file, (size, hash)) of a generation as it was made; empty where the manifest is missing or damaged."""
    try:
        return list(json.loads((path / MANIFEST).read_text()).items())
    except (OSError, ValueError):
        return []


@contextlib.contextmanager
def chroma_client(path: Path) -> Iterator[Any]:
    """A Chroma client, closed at the end; Chroma's own errors come as StoreDamaged."""
    chroma = open_client(path)
    try:
        yield chroma
    finally:
        chroma.close()


def open_client(path: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(str(path), settings=Settings(anonymized_telemetry=False))


def writable_copy(path: Path, to: Path) -> Path:
    """A copy whose files and folders may be written, whatever the permissions of the original are."""
    for folder, _, files in os.walk(path):
        target = to / Path(folder).relative_to(path)
        target.mkdir(parents=True)
        for file in files:
            shutil.copyfile(Path(folder) / file, target / file)
    return to


class Index:
    """A published generation, opened for reading; Chroma, which takes a second to load, when it is first needed."""

    def __init__(self, path: Path) -> None:
        """Raises StoreDamaged when the generation is missing or not readable."""
        self.copied: Path | None = None
        self.remedy = f"delete the folder {path} and run ingest again: it is rebuilt from the catalog"
        self.chroma: Any = None
        self.words: dict[str, WordIndex] = {}
        self.in_memory: dict[str, tuple[list[str], Vectors]] = {}  # ids and vectors of languages compared one by one
        if not has_all_files(path):
            raise StoreDamaged(
                f"the index {path} is missing or incomplete; run ingest again, it is rebuilt from the catalog"
            )
        if not (os.access(path, os.W_OK) and os.access(path / "chroma.sqlite3", os.W_OK)):  # Chroma writes even to read
            self.copied = Path(tempfile.mkdtemp(prefix="verbatim-"))
            path = writable_copy(path, self.copied / path.name)
        self.path = path
        try:
            words = {language: WordIndex(path, language) for language in languages_of(path)}
        except Exception as error:  # tantivy's own
            self.close()
            raise StoreDamaged(f"the index {path} cannot be read; {self.remedy}") from error
        # The largest language first.
        self.words = dict(sorted(words.items(), key=lambda item: (-item[1].size, item[0])))
        self.sizes = {language: found.size for language, found in self.words.items()}

    @cached_property
    def collections(self) -> dict[str, Any]:
        """Chroma's collection of each language. Raises StoreDamaged, StoreBusy."""
        if not has_all_files(self.path):  # deleted meanwhile: Chroma would make an empty one there
            raise StoreDamaged(f"the index {self.path} is gone; {self.remedy}")
        check_free(self.path / "chroma.sqlite3")  # Chroma would wait for ever
        try:
            self.chroma = open_client(self.path)
            found = {
                c.name.removeprefix(PREFIX): self.chroma.get_collection(c.name, embedding_function=None)
                for c in self.chroma.list_collections()
            }
            held = {language: int(collection.count()) for language, collection in found.items()}
            zero_unused_hnsw(self.path)
        except Exception as error:  # Chroma raises its own, Rust's and pyo3's exceptions
            raise StoreDamaged(f"the index {self.path} cannot be read; {self.remedy}") from error
        if held != self.sizes:
            raise StoreDamaged(f"the index holds words of {self.sizes} passages, but vectors of {held}; {self.remedy}")
        return found

    @cached_property
    def mentions(self) -> MentionIndex:
        """Where every word stands. Raises StoreDamaged."""
        return MentionIndex(self.path)

    def open(self) -> None:
        """Opens Chroma, if it is not. Raises StoreDamaged."""
        _ = self.collections

    @property
    def opened(self) -> bool:
        """Whether Chroma is open, so that a search of it costs nothing else."""
        return "collections" in self.__dict__

    def search(self, question: Vectors, language: str, limit: int) -> list[tuple[str, float]]:
        """(passage id, cosine similarity) of the `limit` passages nearest to question (dimension,), best first."""
        collection = self.collections.get(language)
        if collection is None:
            return []
        if (collection.metadata or {}).get(EQUAL_KEY, 0) > MOST_EQUAL:
            return self.search_exactly(question, language, limit)
        try:
            found = collection.query(query_embeddings=question[None, :], n_results=limit, include=["distances"])
        except Exception as error:  # as above
            raise StoreDamaged(f"the index cannot be searched ({error}); {self.remedy}") from error
        if len(found["ids"][0]) < min(limit, self.sizes[language]):  # its files are damaged or deleted
            raise StoreDamaged(f"the index finds less than it holds; {self.remedy}")
        return [
            (found_id, 1 - distance) for found_id, distance in zip(found["ids"][0], found["distances"][0], strict=True)
        ]

    def search_exactly(self, question: Vectors, language: str, limit: int) -> list[tuple[str, float]]:
        """As `search`, by comparing every vector of a language; they are read when first needed."""
        if language not in self.in_memory:
            self.in_memory[language] = self.read_vectors(language)
        ids, rows = self.in_memory[language]
        similar = rows @ question / (float(np.linalg.norm(question)) or 1.0)
        return [(ids[row], float(similar[row])) for row in np.argsort(-similar, kind="stable")[:limit]]

    def read_vectors(self, language: str) -> tuple[list[str], Vectors]:
        """Ids and unit vectors (passages, dimension) of a language. Raises StoreDamaged."""
        ids: list[str] = []
        rows: list[Vectors] = []
        try:
            for at in range(0, self.sizes[language], PAGE):
                page = self.collections[language].get(limit=PAGE, offset=at, include=["embeddings"])
                ids += page["ids"]
                rows.append(np.asarray(page["embeddings"], np.float32))
        except Exception as error:  # as above
            raise StoreDamaged(f"the index cannot be read ({error}); {self.remedy}") from error
        if len(ids) < self.sizes[language]:
            raise StoreDamaged(f"the index finds less than it holds; {self.remedy}")
        every = np.concatenate(rows)
        return ids, every / np.maximum(np.linalg.norm(every, axis=1, keepdims=True), 1e-12)

    def lexical(
        self, question: str, language: str, limit: int, among: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """(passage id, bm25) of the `limit` passages of a language that match the question's words best, best first.

        among: the ids that may be found; None: all.
        """
        return self.words[language].search(question, limit, among) if language in self.words else []

    def ids(self) -> dict[str, set[str]]:
        """Ids of the passages of each language, as Chroma holds them. Raises StoreDamaged."""
        try:
            return {language: set(c.get(include=[])["ids"]) for language, c in self.collections.items()}
        except Exception as error:  # as above
            raise StoreDamaged(f"the index cannot be read ({error}); {self.remedy}") from error

    def close(self) -> None:
        self.words = {}
        self.__dict__.pop("mentions", None)  # its files can then be deleted on Windows, too
        if self.chroma is not None:
            self.chroma.close()
        if self.copied:
            shutil.rmtree(self.copied, ignore_errors=True)
