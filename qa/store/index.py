"""The index that is searched: per generation a Chroma collection and an index of words for each language.

A generation is written by one process where nobody reads yet, closed, checked, and published by its number in the
catalog. Its indexes of words (`words`, `mentions`) lie in its directory, and so do its vectors (`embedded`), or these
are on a Chroma server (`chroma`).
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
from qa.store.chroma import Served
from qa.store.embedded import DATABASE, Embedded, is_persisted
from qa.store.mentions import FOLDER as MENTIONS
from qa.store.mentions import MentionIndex, Texts, write_mentions
from qa.store.words import WordIndex, WordWriter, languages_of
from qa.system import flush

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
    served: Served | None = None,
) -> None:
    """Makes a generation at `path`, its passages ordered by language, and checks it.

    base: a generation that is copied first; the batches then hold only what is added to it. equal: for each language
    the most passages that share a vector, those of the base included; None: 1. hnsw: Chroma's settings of a new
    collection. texts: the documents of the batches, for `find`. served: where the vectors go instead; without a base.
    Leaves nothing behind where it fails. Raises
    StoreDamaged when the new one does not hold what it was given, or not the `expected` number of passages,
    VerbatimError where it cannot be written.
    """
    with removed_on_failure(path, served):
        if base:
            writable_copy(base, path)
            (path / MANIFEST).unlink(missing_ok=True)
        path.mkdir(parents=True, exist_ok=True)
        wanted = add_passages(path, batches, equal or {}, hnsw, served)
        write_mentions(path, texts)
        held = count_passages(path, served)
        if held != wanted or sum(held.values()) != expected:
            raise StoreDamaged(f"the new index holds {held} of {expected} passages, {wanted} were written; try again")
        write_manifest(path)


def add_passages(
    path: Path, batches: Batches, equal: Mapping[str, int], hnsw: Mapping[str, Any], served: Served | None
) -> dict[str, int]:
    """Adds passages to the generation at `path`; returns how many of each language it must hold then."""
    words, vectors = WordWriter(path), served or Embedded(path)
    with vectors.writing() as chroma:
        limit = chroma.get_max_batch_size()
        wanted = Counter(vectors.held(chroma))
        for language, ids, texts, rows in batches:
            collection = chroma.get_or_create_collection(
                vectors.prefix + language, embedding_function=None, configuration={"hnsw": dict(hnsw)}
            )
            for at in range(0, len(ids), limit):
                collection.add(ids=list(ids[at : at + limit]), embeddings=rows[at : at + limit])
            words.add(language, ids, texts)
            wanted[language] += len(ids)
        for language, most in equal.items():
            chroma.get_collection(vectors.prefix + language, embedding_function=None).modify(metadata={EQUAL_KEY: most})
    words.finish()
    vectors.written()
    return dict(wanted)


def build_words(
    path: Path, batches: Iterable[tuple[str, Sequence[str], Sequence[str]]], texts: Iterable[Texts]
) -> None:
    """Makes the directory of a generation whose vectors are on a server: its indexes of words.

    batches: (language, ids, texts), ordered by language. Leaves nothing behind where it fails. Raises VerbatimError.
    """
    with removed_on_failure(path, None):
        path.mkdir(parents=True)
        words = WordWriter(path)
        for language, ids, said in batches:
            words.add(language, ids, said)
        words.finish()
        write_mentions(path, texts)
        write_manifest(path)


def write_manifest(path: Path) -> None:
    """Writes down the files of a generation, and waits until all are on the disk."""
    (path / MANIFEST).write_text(json.dumps(sizes_and_hashes(path)))
    sync_to_disk(path)


@contextlib.contextmanager
def removed_on_failure(path: Path, served: Served | None) -> Iterator[None]:
    """Deletes a generation that could not be written in full. Raises StoreDamaged, VerbatimError."""
    try:
        yield
    except Exception as error:  # Chroma raises its own, Rust's and pyo3's exceptions
        shutil.rmtree(path, ignore_errors=True)
        if served:
            with contextlib.suppress(VerbatimError):  # the next ingest deletes what is left
                served.delete()
        if isinstance(error, VerbatimError):
            raise
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


def count_passages(path: Path, served: Served | None = None) -> dict[str, int]:
    """Passages of each language in a generation. Raises StoreDamaged when it is missing or its parts differ."""
    with contextlib.closing(Index(path, served)) as index:
        return {language: index.sizes[language] for language in index.collections}


def sync_to_disk(path: Path) -> None:
    """Flushes every file of a generation to the disk: its number is published afterwards."""
    for file in [*path.rglob("*"), path, path.parent]:
        with contextlib.suppress(OSError):  # some systems cannot sync a directory
            flush(file)


def has_all_files(path: Path) -> bool:
    """Whether all of a generation's files stand where they should, none cut short, without loading Chroma."""
    return has_listed_files(path) and is_sqlite(path / DATABASE)


def has_listed_files(path: Path) -> bool:
    """As `has_all_files`, of a generation whose vectors may be elsewhere."""
    return path.is_dir() and all(
        (path / name).is_file() and (path / name).stat().st_size >= size for name, (size, _) in read_manifest(path)
    )


def is_complete(path: Path) -> bool:
    """Whether a generation is there with its manifest, the last file that is written of it."""
    return has_words(path) and has_all_files(path)


def has_words(path: Path) -> bool:
    """As `is_complete`, of a generation whose vectors may be elsewhere."""
    files = {name for name, _ in read_manifest(path)}
    return f"{MENTIONS}/meta.json" in files and has_listed_files(path)  # earlier versions made no index of every word


def is_sqlite(file: Path) -> bool:
    """Whether a file begins as SQLite's do."""
    try:
        with file.open("rb") as stream:
            return stream.read(16) == b"SQLite format 3\0"
    except OSError:
        return False


def is_intact(path: Path) -> bool:
    """Whether the files are those that were made: Chroma may crash, or find too little, on others."""
    return is_complete(path) and has_same_files(path)


def has_same_files(path: Path) -> bool:
    """Whether those files of a generation that nobody changes are as they were made."""
    return all(not known or final_hash(path / name) == known for name, (_, known) in read_manifest(path))


def read_manifest(path: Path) -> list[tuple[str, tuple[int, str]]]:
    """(file, (size, hash)) of a generation as it was made; empty where the manifest is missing or damaged."""
    try:
        return list(json.loads((path / MANIFEST).read_text()).items())
    except (OSError, ValueError):
        return []


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

    def __init__(self, path: Path, served: Served | None = None) -> None:
        """served: where its vectors are, if not at the path. Raises StoreDamaged when it is missing or not readable."""
        self.copied: Path | None = None
        self.words: dict[str, WordIndex] = {}
        self.in_memory: dict[str, tuple[list[str], Vectors]] = {}  # ids and vectors of languages compared one by one
        remedy = f"delete the folder {path} and run ingest again: it is rebuilt from the catalog"
        self.has_files = has_listed_files if served else has_all_files
        if not self.has_files(path):
            raise StoreDamaged(
                f"the index {path} is missing or incomplete; run ingest again, it is rebuilt from the catalog"
            )
        # Chroma writes even to read, and so does tantivy.
        if not all(os.access(file, os.W_OK) for file in ([path] if served else [path, path / DATABASE])):
            self.copied = Path(tempfile.mkdtemp(prefix="verbatim-"))
            path = writable_copy(path, self.copied / path.name)
        self.path = path
        self.vectors: Served | Embedded = served or Embedded(path, remedy)
        try:
            words = {language: WordIndex(path, language) for language in languages_of(path)}
        except Exception as error:  # tantivy's own
            self.close()
            raise StoreDamaged(f"the index {path} cannot be read; {remedy}") from error
        # The largest language first.
        self.words = dict(sorted(words.items(), key=lambda item: (-item[1].size, item[0])))
        self.sizes = {language: found.size for language, found in self.words.items()}

    @cached_property
    def collections(self) -> dict[str, Any]:
        """Chroma's collection of each language. Raises StoreDamaged, StoreBusy, VerbatimError."""
        if not self.has_files(self.path):  # deleted meanwhile: Chroma would make an empty one there
            raise self.damaged(f"{self.path} is gone")
        found: dict[str, Any] = dict(self.vectors.open(self.sizes))
        held = self.vectors.count(found)
        if held != self.sizes:
            raise self.damaged(f"holds words of {self.sizes} passages, but vectors of {held}")
        return found

    def damaged(self, what: str) -> StoreDamaged:
        """The error that says so, and what to do."""
        return StoreDamaged(f"the index {what}; {self.vectors.remedy}")

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
        with self.vectors.errors("cannot be searched"):
            found = collection.query(query_embeddings=question[None, :], n_results=limit, include=["distances"])
        if len(found["ids"][0]) < min(limit, self.sizes[language]):  # its files are damaged or deleted
            raise self.damaged("finds less than it holds")
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
        collection = self.collections[language]
        with self.vectors.errors("cannot be read"):
            for at in range(0, self.sizes[language], PAGE):
                page = collection.get(limit=PAGE, offset=at, include=["embeddings"])
                ids += page["ids"]
                rows.append(np.asarray(page["embeddings"], np.float32))
        if len(ids) < self.sizes[language]:
            raise self.damaged("finds less than it holds")
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
        collections = self.collections
        with self.vectors.errors("cannot be read"):
            return {language: set(c.get(include=[])["ids"]) for language, c in collections.items()}

    def close(self) -> None:
        self.words = {}
        self.__dict__.pop("mentions", None)  # its files can then be deleted on Windows, too
        self.vectors.close()
        if self.copied:
            shutil.rmtree(self.copied, ignore_errors=True)
