"""What a store holds, read from its database: documents with their text, passages, vectors, the published generation.

Only documents that are live (live = 1) are seen here; what an ingest stages beside them is `writer`'s.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal, TypedDict, TypeVar

import numpy as np
import numpy.typing as npt

from qa.store.database import Database
from qa.store.mentions import Range, Texts
from qa.text import equality_key
from qa.types import Cell, Document, Mark, Passage, Source, Turn, Within

Vectors = npt.NDArray[np.float32]
FileFacts = tuple[int, int, int, int]  # size, modification and change time in nanoseconds, inode
T = TypeVar("T")

SOURCE_COLUMNS = (
    "d.name, d.path, d.sha256, d.title, d.date, d.pages, d.stale, d.member, "
    "(SELECT near FROM likeness WHERE document = d.id)"
)
PASSAGE_COLUMNS = (
    f'{SOURCE_COLUMNS}, p.id, p.start, p."end", p.text, p.context, p.language, p.sentences, p.turns, p.cells'
)
LIVE = "FROM passages p JOIN documents d ON d.id = p.document WHERE d.live"
IDS_AT_ONCE = 500  # values of one query
ROWS_AT_ONCE = 1000  # read from a query that finds all of a store


class Facts(TypedDict, total=False):
    """The rows of the table meta: key, and value as JSON. Nothing else is stored there."""

    schema: int
    generation: int  # the published one
    published: float  # when, in seconds since 1970
    passages: int  # in the published generation
    roots: list[str]  # absolute paths that the store is made from
    excluded: dict[str, str]  # place -> name of the documents that a person leaves out
    encodings: dict[str, str]  # pattern -> encoding of the text files whose encoding a person has named
    failed: dict[str, list[str | int]]  # name -> place, FileFacts, reason; read as `FailedFile`
    containers: dict[str, list[Any]]  # path -> what is known of a file that holds several documents; `ingestion`'s own
    embedder: str  # name of the model
    model: str  # its identity: name, version, hash of its weights
    dimension: int  # of its vectors
    home: list[str]  # of a store on servers: number and name of the folder that it is ingested from; `home`'s own
    erase: bool  # something deleted has not yet been wiped from the file
    store_id: str  # tells the store's collections on a Chroma server from those of others


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells whether a file must be read again."""

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    scanned_ns: int  # when it was looked at
    sha256: str
    made_by: str  # versions and settings of loader, splitter and model
    member: str = ""  # what of the file was read

    @property
    def facts(self) -> FileFacts:
        return self.size, self.mtime_ns, self.ctime_ns, self.inode


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file, or a member of one, that the last ingest could not read."""

    place: str  # "" where it has none that can be written down
    facts: FileFacts  # as they were then; zeros where unknown
    reason: str

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> FailedFile:
        """From a value of `Facts.failed`; older stores have place and reason only."""
        place, *facts, reason = row
        size, mtime_ns, ctime_ns, inode = facts or (0, 0, 0, 0)
        return cls(place, (size, mtime_ns, ctime_ns, inode), reason)

    def row(self) -> list[str | int]:
        """As a value of `Facts.failed`."""
        return [self.place, *self.facts, self.reason]


@dataclass(frozen=True, slots=True)
class DocumentStatus:
    """A line in the list of a store's documents."""

    name: str
    path: str  # "" where it has none that can be written down; of a member its place, as `place_of` says it
    state: Literal["read", "stale", "failed", "excluded"]
    reason: str = ""  # why it could not be read (again)
    bytes: int = 0  # of the file; 0 for a member of one
    characters: int = 0
    passages: int = 0
    languages: tuple[str, ...] = ()  # of the passages, the one with most of them first
    title: str = ""
    date: str | None = None
    sha256: str = ""
    container: str = ""  # of a member that is held: what names of all members of its file begin with, before a slash
    near_identical_to: str = ""  # another document that shares most of its text
    near_identical: int = 0  # how many others do


class Catalog:
    """One connection to a store's catalog. Open it with `opening.open_catalog`."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def close(self) -> None:
        self.db.close()

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read inside belongs to one published state."""
        self.db.begin_reading()
        try:
            yield
        finally:
            self.db.rollback()

    # ---- facts about the store ----

    def fact(self, key: str, default: Any) -> Any:
        """One of `Facts`; `default` where it is not stored."""
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else default

    @property
    def schema(self) -> int:
        """Version of the tables; 0 where another program made them."""
        return int(self.fact("schema", 0))

    @property
    def generation(self) -> int:
        """Number of the published generation; 0 before the first."""
        return int(self.fact("generation", 0))

    @property
    def published(self) -> float:
        """When it was published, in seconds since 1970."""
        return float(self.fact("published", 0.0))

    @property
    def passage_count(self) -> int:
        """Passages in the published generation; 0 where that was not stored."""
        return int(self.fact("passages", 0))

    @property
    def roots(self) -> list[str]:
        """Absolute paths of the files and folders that the store is made from."""
        return list(self.fact("roots", []))

    @property
    def home(self) -> list[str]:
        """Number and name of the folder that a store on servers is ingested from; empty where there is none."""
        return list(self.fact("home", []))

    @property
    def excluded(self) -> dict[str, str]:
        """Place and name of the documents that a person leaves out."""
        return dict(self.fact("excluded", {}))

    @property
    def encodings(self) -> dict[str, str]:
        """The encodings that a person has named, by patterns of documents' names."""
        return dict(self.fact("encodings", {}))

    @property
    def failed(self) -> dict[str, FailedFile]:
        """By name the files that the last ingest could not read."""
        return {name: FailedFile.from_row(row) for name, row in self.fact("failed", {}).items()}

    @property
    def embedder(self) -> str:
        """Name of the model that the vectors were made with; "" before there are any."""
        return str(self.fact("embedder", ""))

    @property
    def model(self) -> str:
        """Identity of that model, which changes with the model's files; "" before there are vectors."""
        return str(self.fact("model", ""))

    @property
    def erase_pending(self) -> bool:
        """Whether something deleted has not yet been wiped from the file."""
        return bool(self.fact("erase", False))

    @property
    def store_id(self) -> str:
        """What tells the store's collections on a Chroma server from those of others; "" where it has none."""
        return str(self.fact("store_id", ""))

    # ---- counts ----

    def count(self) -> dict[str, int]:
        """Live documents, passages, distinct vectors, characters."""
        query = f"""SELECT (SELECT count(*) FROM documents WHERE live), (SELECT count(*) FROM passages p
                    JOIN documents d ON d.id = p.document WHERE d.live), (SELECT count(*) FROM vectors),
                    (SELECT coalesce(sum({self.db.length("text")}), 0) FROM documents WHERE live)"""
        names = ("documents", "passages", "vectors", "characters")
        return dict(zip(names, map(int, self.db.execute(query).fetchone()), strict=True))

    def languages(self) -> dict[str, int]:
        """Live passages by language, most first."""
        return self.count_within(Within())

    def count_without_vector(self) -> int:
        """Live passages whose vector is missing."""
        query = f"SELECT count(*) {LIVE} AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.key = p.key)"
        return int(self.db.execute(query).fetchone()[0])

    # ---- documents ----

    def fingerprints(self) -> dict[str, Fingerprint]:
        """Of each live document by name."""
        query = """SELECT name, path, size, mtime_ns, ctime_ns, inode, scanned_ns, sha256, made_by, member
                   FROM documents WHERE live ORDER BY name"""
        return {name: Fingerprint(*rest) for name, *rest in self.db.execute(query)}

    def sources(self) -> list[Source]:
        """The live documents in order of their names, without text."""
        rows = self.db.execute(f"SELECT {SOURCE_COLUMNS} FROM documents d WHERE live ORDER BY name")
        return [source_of(row) for row in rows]

    def document(self, name: str) -> Document | None:
        """The live document of that name, with its text."""
        query = f"SELECT {SOURCE_COLUMNS}, d.marks, d.text FROM documents d WHERE live AND name = ?"
        row = self.db.execute(query, (name,)).fetchone()
        if row is None:
            return None
        return Document(source_of(row), row[10], tuple(Mark(*mark) for mark in json.loads(row[9])))

    def documents_holding(self, words: str) -> list[str]:
        """Names of the live documents whose text has exactly these characters somewhere, in order of names."""
        query = f"SELECT name FROM documents WHERE live AND {self.db.holds('text')} ORDER BY name"
        return [name for (name,) in self.db.execute(query, (words,))]

    def numbered(self) -> dict[int, str]:
        """Names of the live documents by their number."""
        return dict(self.db.execute("SELECT id, name FROM documents WHERE live"))

    def source_and_text(self, number: int) -> tuple[Source, str]:
        """The live document of that number, one of `numbered`."""
        query = f"SELECT {SOURCE_COLUMNS}, d.text FROM documents d WHERE live AND id = ?"
        (row,) = self.db.execute(query, (number,)).fetchall()
        return source_of(row), row[-1]

    def vector_of(self, passage_id: str) -> Vectors | None:
        """(dimension,) float32, the vector of a live passage; None where it is missing."""
        row = self.db.execute(
            "SELECT v.vector FROM passages p JOIN vectors v ON v.key = p.key WHERE p.id = ?", (passage_id,)
        ).fetchone()
        return np.frombuffer(row[0], "<f4") if row else None

    def documents(self) -> list[DocumentStatus]:
        """What the store knows of, in order of names: documents it holds, files it could not read, files left out."""
        failed = self.failed
        languages: dict[int, list[tuple[str, int]]] = {}
        for document, language, count in self.db.execute(
            "SELECT document, language, count(*) FROM passages GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2"
        ):
            languages.setdefault(document, []).append((language, count))
        groups = self.groups()
        query = f"""SELECT id, name, path, member, stale, size, {self.db.length("text")}, title, date, sha256
                    FROM documents WHERE live ORDER BY name"""
        listed = []
        for row, name, path, member, stale, size, characters, title, date, sha256 in self.db.execute(query):
            counted = languages.get(row, [])
            problem = failed.pop(name, None)
            alike = groups.get(name, [name])
            listed.append(
                DocumentStatus(
                    name=name,
                    path=place_of(path, member),
                    state="stale" if stale else "read",
                    reason=problem.reason if problem else "",
                    bytes=0 if member else size,
                    characters=characters,
                    passages=sum(count for _, count in counted),
                    languages=tuple(language for language, _ in counted),
                    title=title,
                    date=date,
                    sha256=sha256,
                    container=name.removesuffix(f"/{member}") if member else "",
                    near_identical_to=next((other for other in alike if other != name), ""),
                    near_identical=len(alike) - 1,
                )
            )
        listed += [DocumentStatus(name, file.place, "failed", file.reason) for name, file in failed.items()]
        held = {document.path for document in listed}
        left_out = self.excluded.items()
        listed += [DocumentStatus(name, place, "excluded") for place, name in left_out if place not in held]
        return sorted(listed, key=lambda document: document.name)

    def groups(self) -> dict[str, list[str]]:
        """For each live document that is near-identical to another one the sorted names of its group."""
        found: dict[str, list[str]] = {}
        query = """SELECT near, name FROM likeness l JOIN documents d ON d.id = l.document
                   WHERE d.live AND near IS NOT NULL ORDER BY name"""
        for first, name in self.db.execute(query):
            found.setdefault(first, []).append(name)
        return {name: names for names in found.values() for name in names}

    # ---- passages ----

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The live passages with these ids, by id."""
        found = {}
        for batch in batches(ids, IDS_AT_ONCE):
            rows = self.db.execute(f"SELECT {PASSAGE_COLUMNS} {LIVE} AND p.id IN ({','.join('?' * len(batch))})", batch)
            found.update({row[9]: passage_of(row) for row in rows})
        return found

    def all_passages(self) -> Iterator[Passage]:
        """Every live passage in order of document and place."""
        query = f"SELECT {PASSAGE_COLUMNS} {LIVE} ORDER BY d.name, p.start"
        for batch in self.db.batches(query, (), ROWS_AT_ONCE):
            yield from map(passage_of, batch)

    def ids(self) -> list[tuple[str, str]]:
        """(language, id) of every live passage, in this order."""
        return list(self.db.execute(f"SELECT p.language, p.id {LIVE} ORDER BY p.language, p.id").fetchall())

    def texts(self, numbers: Iterable[int]) -> Iterator[Texts]:
        """Documents by their numbers, live or not, with their text and the places of their passages, one at a time."""
        for document in numbers:
            text, date = self.db.execute("SELECT text, date FROM documents WHERE id = ?", (document,)).fetchone()
            rows = self.db.execute(
                'SELECT start, "end", language, turns FROM passages WHERE document = ? ORDER BY start', (document,)
            )
            passages = [
                Range(start, end, language, [Turn(*turn) for turn in json.loads(turns)])
                for start, end, language, turns in rows
            ]
            yield Texts(document, text, date, passages)

    def passages_of(self, name: str, start: int = 0, end: int = sys.maxsize) -> list[Passage]:
        """A live document's passages in text order: those that reach into characters start to end."""
        query = f"""SELECT {PASSAGE_COLUMNS} {LIVE} AND d.name = ? AND p.start < ? AND p."end" > ? ORDER BY p.start"""
        return [passage_of(row) for row in self.db.execute(query, (name, end, start))]

    def equal_passages(self, *texts: str) -> list[Passage]:
        """The live passages whose text is the same as one of these after folding, in order of document and place."""
        keys = list(dict.fromkeys(map(equality_key, texts)))
        marks = ",".join("?" * len(keys))
        rows = self.db.execute(
            f"SELECT {PASSAGE_COLUMNS} {LIVE} AND p.fold IN ({marks}) ORDER BY d.name, p.start", keys
        )
        return [passage_of(row) for row in rows]

    # ---- a part of the store ----

    def count_within(self, within: Within) -> dict[str, int]:
        """Live passages of a part of the store by language, most first."""
        where, values = condition(within, self.db)
        query = f"SELECT p.language, count(*) {LIVE} AND {where} GROUP BY 1 ORDER BY 2 DESC, 1"
        return dict(self.db.execute(query, values).fetchall())

    def vectors_within(self, within: Within, size: int) -> Iterator[tuple[str, list[str], Vectors]]:
        """(language, ids, float32 (n, dimension)) of the live passages of a part of the store, in batches."""
        where, values = condition(within, self.db)
        query = f"""SELECT p.language, p.id, v.vector FROM documents d JOIN passages p ON p.document = d.id
                    JOIN vectors v ON v.key = p.key WHERE d.live AND {where}"""
        for batch in self.db.batches(query, values, size):
            batch.sort(key=itemgetter(0))
            for language, part in groupby(batch, key=itemgetter(0)):
                _, ids, blobs = zip(*part, strict=True)
                yield language, list(ids), np.frombuffer(b"".join(blobs), "<f4").reshape(len(ids), -1)

    def ids_within(self, ids: Sequence[str], within: Within) -> set[str]:
        """Those of the ids that belong to live passages of a part of the store."""
        found = set()
        for batch in batches(ids, IDS_AT_ONCE):
            marks = ",".join("?" * len(batch))
            rows = self.db.execute(f"SELECT p.id, d.name, p.language, d.date {LIVE} AND p.id IN ({marks})", batch)
            found |= {row[0] for row in rows if within.holds(*row[1:])}
        return found


def condition(within: Within, db: Database) -> tuple[str, list[Any]]:
    """`Within.holds` as an SQL condition on documents d and passages p, and its values.

    The rule is stated twice so that a small part of a large store is found by its documents' names, without reading
    every passage; tests/store/test_part.py compares the two.
    """
    conditions, values = ["TRUE"], []
    for column, wanted in (("d.name", within.documents), ("p.language", within.languages or None)):
        if wanted is not None:
            conditions.append(db.one_of(column))
            values.append(db.listed(sorted(wanted)))
    for bound, side in ((within.since, ">="), (within.until, "<=")):
        if bound:
            conditions.append(f"d.date {side} ?")
            values.append(bound)
    return " AND ".join(conditions), values


def place_of(path: str, member: str) -> str:
    """Where a document lies, in one text: its file's path, and behind that of a container the member's name."""
    return f"{path}/{member}" if member else path


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in pieces of at most `size`."""
    for at in range(0, len(items), size):
        yield items[at : at + size]


def source_of(row: Sequence[Any]) -> Source:
    """A row of SOURCE_COLUMNS."""
    name, path, sha256, title, date, pages, stale, member, group = row[:9]
    starts = json.loads(pages)
    times: tuple[str, ...] = ()
    if starts and isinstance(starts[0], list):  # each with the time at which it is said
        starts, times = zip(*starts, strict=True)
    return Source(name, path, sha256, title, date, tuple(starts), bool(stale), member, tuple(times), group)


def passage_of(row: Sequence[Any]) -> Passage:
    """A row of PASSAGE_COLUMNS."""
    passage_id, start, end, text, context, language, sentences, turns, cells = row[9:18]
    return Passage(
        id=passage_id,
        source=source_of(row),
        start=start,
        end=end,
        text=text,
        context=context,
        language=language,
        sentences=tuple((a, b) for a, b in json.loads(sentences)),
        turns=tuple(Turn(*turn) for turn in json.loads(turns)),
        cells=tuple(Cell(*cell) for cell in json.loads(cells)),
    )
