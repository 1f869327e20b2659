"""The truth of a store, in SQLite: documents, passages, vectors, published generation.

New documents are staged beside the live ones (live = 0) and become live in the one transaction that also switches the
generation; a reader sees either all of an ingest or nothing of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from qa.errors import NoStore, StoreDamaged, StoreMismatch, UsageError, VerbatimError
from qa.text import equality_key
from qa.types import Document, Mark, Passage, Source, Turn, Within, join_context

SCHEMA_VERSION = 2
FILE_NAME = "catalog.sqlite"
BUSY_SECONDS = 30.0  # to wait for another process: a question takes less

Vectors = npt.NDArray[np.float32]

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL, live INTEGER NOT NULL,
    path TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL, scanned_ns INTEGER NOT NULL, sha256 TEXT NOT NULL, made_by TEXT NOT NULL,
    title TEXT NOT NULL, date TEXT, pages TEXT NOT NULL, marks TEXT NOT NULL, stale INTEGER NOT NULL DEFAULT 0,
    text TEXT NOT NULL,
    UNIQUE (name, live)
);
CREATE TABLE passages (
    rowid INTEGER PRIMARY KEY,
    id TEXT NOT NULL, document INTEGER NOT NULL REFERENCES documents (id), key BLOB NOT NULL, fold BLOB NOT NULL,
    start INTEGER NOT NULL, end INTEGER NOT NULL, language TEXT NOT NULL, sentences TEXT NOT NULL, turns TEXT NOT NULL,
    context TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX passages_id ON passages (id);
CREATE INDEX passages_document ON passages (document);
CREATE INDEX passages_key ON passages (key);
CREATE INDEX passages_fold ON passages (fold);
CREATE TABLE vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL);
"""

SOURCE_COLUMNS = "d.name, d.path, d.sha256, d.title, d.date, d.pages, d.stale"
PASSAGE_COLUMNS = f"{SOURCE_COLUMNS}, p.id, p.start, p.end, p.text, p.context, p.language, p.sentences, p.turns"


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

    @property
    def stat(self) -> tuple[int, int, int, int]:
        return self.size, self.mtime_ns, self.ctime_ns, self.inode


@dataclass(frozen=True, slots=True)
class Listed:
    """A line in the list of a store's documents."""

    name: str
    path: str  # "" where it has none that can be written down
    state: Literal["read", "stale", "failed", "excluded"]
    reason: str = ""  # why it could not be read (again)
    bytes: int = 0  # of the file
    characters: int = 0
    passages: int = 0
    languages: tuple[str, ...] = ()  # of the passages, the one with most of them first
    title: str = ""
    date: str | None = None
    sha256: str = ""


class Catalog:
    """One connection to a store's catalog. Open it with `open_catalog` or `create_catalog`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.db = connection

    def close(self) -> None:
        self.db.close()

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read inside belongs to one published state."""
        self.db.execute("BEGIN")
        try:
            yield
        finally:
            self.db.rollback()

    # ---- small facts ----

    def get(self, key: str, default: Any = None) -> Any:
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else default

    def put(self, **values: Any) -> None:
        """Writes facts; commits unless inside a transaction of the caller's."""
        rows = [(key, json.dumps(value)) for key, value in values.items()]
        self.db.executemany(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value "
            "WHERE value != excluded.value",
            rows,
        )  # an ingest with nothing to do writes nothing

    @property
    def generation(self) -> int:
        """Number of the published generation; 0 before the first."""
        return int(self.get("generation", 0))

    def count(self) -> dict[str, int]:
        """Live documents, passages, distinct vectors, characters."""
        query = """SELECT (SELECT count(*) FROM documents WHERE live), (SELECT count(*) FROM passages p
                   JOIN documents d ON d.id = p.document WHERE d.live), (SELECT count(*) FROM vectors),
                   (SELECT coalesce(sum(length(text)), 0) FROM documents WHERE live)"""
        names = ("documents", "passages", "vectors", "characters")
        return dict(zip(names, self.db.execute(query).fetchone(), strict=True))

    def languages(self) -> dict[str, int]:
        """Live passages by language, most first."""
        query = """SELECT p.language, count(*) FROM passages p JOIN documents d ON d.id = p.document WHERE d.live
                   GROUP BY 1 ORDER BY 2 DESC, 1"""
        return dict(self.db.execute(query).fetchall())

    # ---- documents ----

    def fingerprints(self) -> dict[str, Fingerprint]:
        """Of each live document by name."""
        query = """SELECT name, path, size, mtime_ns, ctime_ns, inode, scanned_ns, sha256, made_by
                   FROM documents WHERE live ORDER BY name"""
        return {name: Fingerprint(*rest) for name, *rest in self.db.execute(query)}

    def sources(self) -> list[Source]:
        """The live documents in order of their names, without text."""
        rows = self.db.execute(f"SELECT {SOURCE_COLUMNS} FROM documents d WHERE live ORDER BY name")
        return [source_of(row) for row in rows]

    def documents(self) -> list[Listed]:
        """What the store knows of, in order of names: documents it holds, files it could not read, files left out."""
        failed: dict[str, list[str]] = dict(self.get("failed", {}))
        spoken: dict[int, list[tuple[str, int]]] = {}
        for document, *counted in self.db.execute(
            "SELECT document, language, count(*) FROM passages GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2"
        ):
            spoken.setdefault(document, []).append((counted[0], counted[1]))
        query = """SELECT id, name, path, stale, size, length(text), title, date, sha256
                   FROM documents WHERE live ORDER BY name"""
        listed = []
        for number, name, path, stale, *facts in self.db.execute(query):
            languages = spoken.get(number, [])
            size, characters, title, date, sha256 = facts
            listed.append(
                Listed(
                    name=name,
                    path=path,
                    state="stale" if stale else "read",
                    reason=failed.pop(name, ("",))[-1],
                    bytes=size,
                    characters=characters,
                    passages=sum(count for _, count in languages),
                    languages=tuple(language for language, _ in languages),
                    title=title,
                    date=date,
                    sha256=sha256,
                )
            )
        listed += [Listed(name, path, "failed", reason) for name, (path, *_, reason) in failed.items()]
        held = {document.path for document in listed}
        listed += [
            Listed(name, path, "excluded") for path, name in self.get("excluded", {}).items() if path not in held
        ]
        return sorted(listed, key=lambda document: document.name)

    def excluded(self) -> frozenset[str]:
        """Paths of the files that a person leaves out."""
        return frozenset(self.get("excluded", {}))

    def document(self, name: str) -> Document | None:
        """The live document of that name, with its text."""
        query = f"SELECT {SOURCE_COLUMNS}, d.marks, d.text FROM documents d WHERE live AND name = ?"
        row = self.db.execute(query, (name,)).fetchone()
        if row is None:
            return None
        return Document(source_of(row), row[8], tuple(Mark(*mark) for mark in json.loads(row[7])))

    def stage(self, document: Document, fingerprint: Fingerprint, passages: Iterable[Passage], model: str) -> int:
        """Puts a document beside the live ones; readers do not see it before `switch`. Returns its passages' number."""
        f, s = fingerprint, document.source
        with self.transaction():
            self.unstage([s.name])
            cursor = self.db.execute(
                """INSERT INTO documents (name, live, path, size, mtime_ns, ctime_ns, inode, scanned_ns, sha256,
                   made_by, title, date, pages, marks, text) VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                (s.name, f.path, *f.stat, f.scanned_ns, f.sha256, f.made_by, s.title, s.date, json.dumps(s.pages),
                 json.dumps([(m.start, m.end, m.kind) for m in document.marks]), document.text),
            )  # fmt: skip
            rows = [passage_row(passage, cursor.lastrowid, model) for passage in passages]
            self.insert_passages(rows)
        return len(rows)

    def restage(self, name: str, model: str, made_by: str) -> None:
        """Stages a live document once more for another model: its file cannot be read, its text is still here."""
        with self.transaction():
            self.unstage([name])
            columns = (
                "path, size, mtime_ns, ctime_ns, inode, scanned_ns, sha256, title, date, pages, marks, stale, text"
            )
            cursor = self.db.execute(
                f"INSERT INTO documents (name, live, made_by, {columns}) "
                f"SELECT name, 0, ?, {columns} FROM documents WHERE live AND name = ?",
                (made_by, name),
            )
            staged = cursor.lastrowid
            rows = self.db.execute(
                """SELECT p.id, p.fold, p.start, p.end, p.language, p.sentences, p.turns, p.context, p.text
                   FROM passages p JOIN documents d ON d.id = p.document WHERE d.live AND d.name = ?""",
                (name,),
            ).fetchall()
            self.insert_passages((r[0], staged, vector_key(model, join_context(r[7], r[8])), *r[1:]) for r in rows)

    def stage_copy(
        self, twin: str, name: str, fingerprint: Fingerprint, number: Callable[[int, str, str], str]
    ) -> None:
        """Stages a file that has the bytes of the live document `twin` under a name of its own.

        number: makes the id of a passage from its start, text and context line.
        """
        f = fingerprint
        with self.transaction():
            self.unstage([name])
            columns = "title, date, pages, marks, text"
            cursor = self.db.execute(
                f"INSERT INTO documents (name, live, path, size, mtime_ns, ctime_ns, inode, scanned_ns, sha256, "
                f"made_by, {columns}) SELECT ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, {columns} FROM documents "
                "WHERE live AND name = ?",
                (name, f.path, *f.stat, f.scanned_ns, f.sha256, f.made_by, twin),
            )
            rows = self.db.execute(
                """SELECT p.key, p.fold, p.start, p.end, p.language, p.sentences, p.turns, p.context, p.text
                   FROM passages p JOIN documents d ON d.id = p.document WHERE d.live AND d.name = ?""",
                (twin,),
            ).fetchall()
            self.insert_passages((number(r[2], r[8], r[7]), cursor.lastrowid, *r) for r in rows)

    def insert_passages(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self.db.executemany(
            """INSERT INTO passages (id, document, key, fold, start, end, language, sentences, turns, context, text)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            rows,
        )

    def unstage(self, names: Sequence[str] | None = None) -> None:
        """Drops staged documents: those named, or all that a killed run left behind."""
        ids = [row[0] for row in self.db.execute("SELECT id FROM documents WHERE NOT live AND (? OR name IN "
               "(SELECT value FROM json_each(?)))", (names is None, json.dumps(names or [])))]  # fmt: skip
        for number in ids:
            self.db.execute("DELETE FROM passages WHERE document = ?", (number,))
            self.db.execute("DELETE FROM documents WHERE id = ?", (number,))
        if ids:
            self.put(erase=True)

    def has_staged(self) -> bool:
        return bool(self.db.execute("SELECT 1 FROM documents WHERE NOT live LIMIT 1").fetchone())

    # ---- vectors ----

    def plan(self, gone: Iterable[str]) -> None:
        """Names the live documents that the next generation leaves out, besides those staged anew."""
        self.db.execute("CREATE TEMP TABLE IF NOT EXISTS gone (name TEXT PRIMARY KEY) WITHOUT ROWID")
        self.db.execute("DELETE FROM gone")
        self.db.executemany("INSERT INTO gone VALUES (?)", [(name,) for name in gone])

    def missing_vectors(self, size: int) -> Iterator[list[tuple[bytes, str]]]:
        """Batches of (key, text to embed) for the next generation's passages without a vector, long ones first."""
        query = f"SELECT key FROM ({MISSING}) GROUP BY key ORDER BY max(length(text)) DESC, key"
        keys = [row[0] for row in self.db.execute(query)]
        for batch in batches(keys, size):
            marks = ",".join("?" * len(batch))
            query = f"SELECT key, context, text FROM passages WHERE key IN ({marks}) GROUP BY key"
            yield [
                (key, join_context(context, text)) for key, context, text in self.db.execute(query, batch).fetchall()
            ]

    def count_missing(self) -> int:
        """How many vectors the next generation still needs."""
        return int(self.db.execute(f"SELECT count(DISTINCT key) FROM ({MISSING})").fetchone()[0])

    def count_next(self) -> int:
        """Passages of the next generation."""
        return int(self.db.execute(f"SELECT count(*) FROM ({NEXT})").fetchone()[0])

    def most_equal(self) -> dict[str, int]:
        """For each language the most passages of the next generation that share a vector."""
        counted = f"SELECT language, count(*) number FROM ({NEXT}) GROUP BY language, key"
        query = f"SELECT language, max(number) FROM ({counted}) GROUP BY language"
        return dict(self.db.execute(query).fetchall())

    def add_vectors(self, keys: Sequence[bytes], vectors: Vectors) -> None:
        """Keeps vectors, committed at once: a killed ingest does not compute them again."""
        with self.transaction():
            rows = zip(keys, (row.astype("<f4").tobytes() for row in vectors), strict=True)
            self.db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    def next_passages(self, size: int, added: bool = False) -> Iterator[tuple[str, list[str], list[str], Vectors]]:
        """(language, passage ids, texts, float32 (n, dimension)) of the next generation in batches of one language.

        texts: as they are embedded, with the context line. added: only those of staged documents.
        """
        query = f"SELECT language, rowid FROM ({STAGED if added else NEXT}) ORDER BY language, id"
        rows = self.db.execute(query).fetchall()  # numbers alone: to sort the rows themselves takes their room again
        for language, numbers in groupby(rows, key=itemgetter(0)):
            for batch in batches([number for _, number in numbers], size):
                yield language, *self.batch_of(batch)

    def batch_of(self, numbers: Sequence[int]) -> tuple[list[str], list[str], Vectors]:
        """Ids, texts and vectors of passages by row number, in order of their ids."""
        query = """SELECT p.id, p.context, p.text, v.vector FROM passages p JOIN vectors v ON v.key = p.key
                   WHERE p.rowid IN (SELECT value FROM json_each(?)) ORDER BY p.id"""
        found = self.db.execute(query, (json.dumps(numbers),)).fetchall()
        ids, contexts, texts, blobs = zip(*found, strict=True) if found else ((), (), (), ())
        vectors = np.frombuffer(b"".join(blobs), "<f4").reshape(len(ids), -1)
        return list(ids), list(map(join_context, contexts, texts)), vectors

    def replaces(self) -> bool:
        """Whether a staged document takes the place of a live one."""
        query = """SELECT 1 FROM documents n WHERE NOT n.live AND EXISTS
                   (SELECT 1 FROM documents d WHERE d.live AND d.name = n.name) LIMIT 1"""
        return bool(self.db.execute(query).fetchone())

    # ---- publishing ----

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.rollback()
            raise
        self.db.commit()

    def switch(self, **facts: Any) -> tuple[int, int]:
        """In one transaction: staged documents become live, replaced and planned ones go, facts (generation) change.

        Returns how many documents and passages went whose text no other document has.
        """
        query = """SELECT id, sha256 FROM documents d WHERE live AND (name IN (SELECT name FROM temp.gone)
                   OR EXISTS (SELECT 1 FROM documents n WHERE NOT n.live AND n.name = d.name))"""
        old = "document IN (SELECT value FROM json_each(?))"
        with self.transaction():
            going = self.db.execute(query).fetchall()
            ids = json.dumps([number for number, _ in going])
            keys = [row[0] for row in self.db.execute(f"SELECT key FROM passages WHERE {old}", (ids,))]
            self.db.execute(f"DELETE FROM passages WHERE {old}", (ids,))
            self.db.execute("DELETE FROM documents WHERE id IN (SELECT value FROM json_each(?))", (ids,))
            self.db.execute("UPDATE documents SET live = 1 WHERE NOT live")
            self.put(**facts, erase=bool(self.get("erase") or going))
            texts = {row[0] for row in self.db.execute("SELECT sha256 FROM documents")}
            used = "SELECT 1 FROM passages WHERE key = ?"
            return (
                sum(sha256 not in texts for _, sha256 in going),
                sum(self.db.execute(used, (key,)).fetchone() is None for key in keys),
            )

    def touch(self, seen: dict[str, Fingerprint], stale: Sequence[str]) -> None:
        """Records what files look like now where only that changed, and which could not be read again."""
        with self.transaction():
            for name, f in seen.items():
                self.db.execute(
                    """UPDATE documents SET path = ?, size = ?, mtime_ns = ?, ctime_ns = ?, inode = ?, scanned_ns = ?,
                       stale = 0 WHERE live AND name = ?""", (f.path, *f.stat, f.scanned_ns, name))  # fmt: skip
            self.db.execute(
                "UPDATE documents SET stale = 1 WHERE name IN (SELECT value FROM json_each(?))",  # a restaged one too
                (json.dumps(list(stale)),),
            )

    def purge(self) -> tuple[int, bool]:
        """Removes vectors that no document uses and wipes what was deleted from the file.

        Returns the vectors' number, and whether nothing is left: a reader may hold the log open, or the disk be full.
        Then the next call goes on. secure_delete blanks what is deleted, but where SQLite moved rows between pages
        their old places keep them: only VACUUM, which writes the file anew, is sure. The log keeps pages until it is
        truncated.
        """
        if not self.get("erase"):
            return 0, True
        purged = self.drop_unused_vectors()
        try:
            self.db.execute("VACUUM")
            (waiting, *_) = self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self.put(erase=bool(waiting))
        except sqlite3.OperationalError:  # it needs as much room again as the catalog takes
            waiting = True
        return purged, not waiting

    def drop_unused_vectors(self) -> int:
        """Deletes the vectors that no document uses; returns their number."""
        orphans = "DELETE FROM vectors WHERE NOT EXISTS (SELECT 1 FROM passages p WHERE p.key = vectors.key)"
        with self.transaction():
            return self.db.execute(orphans).rowcount

    # ---- what a question needs ----

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The live passages with these ids, by id."""
        found = {}
        for batch in batches(list(ids), 500):
            rows = self.db.execute(f"SELECT {PASSAGE_COLUMNS} {LIVE} AND p.id IN ({','.join('?' * len(batch))})", batch)
            found.update({row[7]: passage_of(row) for row in rows})
        return found

    def equal_passages(self, text: str) -> list[Passage]:
        """The live passages whose text is the same after folding, in order of document and place."""
        rows = self.db.execute(
            f"SELECT {PASSAGE_COLUMNS} {LIVE} AND p.fold = ? ORDER BY d.name, p.start", (equality_key(text),)
        )
        return [passage_of(row) for row in rows]

    def passages_within(self, name: str, start: int, end: int) -> list[Passage]:
        """A live document's passages that reach into characters start to end, in text order."""
        query = f"SELECT {PASSAGE_COLUMNS} {LIVE} AND d.name = ? AND p.start < ? AND p.end > ? ORDER BY p.start"
        return [passage_of(row) for row in self.db.execute(query, (name, end, start))]

    def all_passages(self) -> Iterator[Passage]:
        """Every live passage in order of document and place."""
        for row in self.db.execute(f"SELECT {PASSAGE_COLUMNS} {LIVE} ORDER BY d.name, p.start"):
            yield passage_of(row)

    def count_within(self, within: Within) -> dict[str, int]:
        """Live passages of a part of the store by language, most first."""
        where, values = part_of(within)
        query = f"SELECT p.language, count(*) {LIVE} AND {where} GROUP BY 1 ORDER BY 2 DESC, 1"
        return dict(self.db.execute(query, values).fetchall())

    def vectors_within(self, within: Within, size: int) -> Iterator[tuple[str, list[str], Vectors]]:
        """(language, ids, float32 (n, dimension)) of the live passages of a part of the store, in batches."""
        where, values = part_of(within)
        rows = self.db.execute(
            f"SELECT p.language, p.id, v.vector FROM documents d JOIN passages p ON p.document = d.id "
            f"JOIN vectors v ON v.key = p.key WHERE d.live AND {where}",
            values,
        )
        while batch := rows.fetchmany(size):
            batch.sort(key=itemgetter(0))
            for language, part in groupby(batch, key=itemgetter(0)):
                _, ids, blobs = zip(*part, strict=True)
                yield language, list(ids), np.frombuffer(b"".join(blobs), "<f4").reshape(len(ids), -1)

    def ids_within(self, ids: Sequence[str], within: Within) -> set[str]:
        """Those of the ids that are of live passages of a part of the store."""
        found = set()
        for batch in batches(list(ids), 500):
            marks = ",".join("?" * len(batch))
            rows = self.db.execute(f"SELECT p.id, d.name, p.language, d.date {LIVE} AND p.id IN ({marks})", batch)
            found |= {row[0] for row in rows if within.holds(*row[1:])}
        return found

    def count_without_vector(self) -> int:
        """Live passages whose vector is missing."""
        query = f"SELECT count(*) {LIVE} AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.key = p.key)"
        return int(self.db.execute(query).fetchone()[0])


# The next generation: staged documents, and live ones that are neither staged anew nor planned to go.
NEXT = """SELECT p.* FROM passages p JOIN documents d ON d.id = p.document WHERE NOT d.live OR
(d.name NOT IN (SELECT name FROM temp.gone) AND
 NOT EXISTS (SELECT 1 FROM documents n WHERE NOT n.live AND n.name = d.name))"""
STAGED = "SELECT p.* FROM passages p JOIN documents d ON d.id = p.document WHERE NOT d.live"
MISSING = f"SELECT p.* FROM ({NEXT}) p WHERE NOT EXISTS (SELECT 1 FROM vectors v WHERE v.key = p.key)"
LIVE = "FROM passages p JOIN documents d ON d.id = p.document WHERE d.live"


def part_of(within: Within) -> tuple[str, list[str]]:
    """Condition on documents d and passages p for a part of the store, and its values."""
    conditions, values = ["1"], []
    if within.documents is not None:
        conditions.append("d.name IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(sorted(within.documents)))
    if within.languages:
        conditions.append("p.language IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(sorted(within.languages)))
    for bound, side in ((within.since, ">="), (within.until, "<=")):
        if bound:
            conditions.append(f"d.date {side} ?")
            values.append(bound)
    return " AND ".join(conditions), values


def vector_key(model: str, text: str) -> bytes:
    """Key of a vector: what was embedded, by which model."""
    return hashlib.sha256(f"{model}\0{text}".encode("utf-8", "surrogatepass")).digest()


def batches(items: list[Any], size: int) -> Iterator[list[Any]]:
    for at in range(0, len(items), size):
        yield items[at : at + size]


def passage_row(p: Passage, document: int | None, model: str) -> tuple[Any, ...]:
    key = vector_key(model, join_context(p.context, p.text))
    turns = json.dumps([(turn.start, turn.speaker) for turn in p.turns])
    sentences = json.dumps(p.sentences)
    return p.id, document, key, equality_key(p.text), p.start, p.end, p.language, sentences, turns, p.context, p.text


def source_of(row: Sequence[Any]) -> Source:
    name, path, sha256, title, date, pages, stale = row[:7]
    return Source(name, path, sha256, title, date, tuple(json.loads(pages)), bool(stale))


def passage_of(row: Sequence[Any]) -> Passage:
    number, start, end, text, context, language, sentences, turns = row[7:15]
    return Passage(
        id=number,
        source=source_of(row),
        start=start,
        end=end,
        text=text,
        context=context,
        language=language,
        sentences=tuple((a, b) for a, b in json.loads(sentences)),
        turns=tuple(Turn(*turn) for turn in json.loads(turns)),
    )


# ---- opening ----


def create_catalog(store: Path) -> Catalog:
    """Opens a store's catalog for writing, making the store if need be. The caller holds the store's lock."""
    try:
        store.mkdir(parents=True, exist_ok=True)
        db = connect(f"{(store / FILE_NAME).absolute().as_uri()}?mode=rwc")
    except FileExistsError as error:
        raise UsageError(f"the store {store} is a file; name a folder with --store") from error
    except (OSError, sqlite3.OperationalError) as error:
        raise VerbatimError(f"the store {store} cannot be written ({error}); check its permissions") from error
    with damage(store):
        check_whole(db, store / FILE_NAME)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA secure_delete = ON")
        if not db.execute("SELECT 1 FROM sqlite_master").fetchone():
            db.executescript(
                f"BEGIN IMMEDIATE; {SCHEMA} INSERT INTO meta VALUES ('schema', '{SCHEMA_VERSION}'); COMMIT;"
            )
        return checked(Catalog(db), store)


def open_catalog(store: Path) -> Catalog:
    """Opens a store's catalog for reading. Raises NoStore, StoreMismatch, StoreDamaged."""
    path = store / FILE_NAME
    if not path.is_file():
        if store.is_file():
            raise NoStore(f"{store} is a file, not a store; name a folder with --store")
        raise NoStore(f"{store} holds no store yet; make one with: python ingest.py PATH --store {store}")
    with damage(store):
        db = connect_to_read(path)
        check_whole(db, path)
        tables = db.execute("SELECT 1 FROM sqlite_master").fetchone()  # none: killed before it had made them
        catalog = checked(Catalog(db), store) if tables else Catalog(db)
        if not tables or not catalog.generation:
            catalog.close()
            raise NoStore(f"nothing has been published in {store} yet; run: python ingest.py PATH --store {store}")
        return catalog


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, also where the folder may not be written to."""
    uri = path.absolute().as_uri()
    try:
        db = connect(f"{uri}?mode=ro")
        db.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        # A folder this user may not write has no room for the WAL's index; without a log the file is complete.
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            raise
        db = connect(f"{uri}?mode=ro&immutable=1")
    return db


def check_whole(db: sqlite3.Connection, path: Path) -> None:
    """Raises DatabaseError where the last page is cut short: SQLite itself takes the rest of it for zeros."""
    (size,) = db.execute("PRAGMA page_size").fetchone()
    if path.stat().st_size % size:
        db.close()
        raise sqlite3.DatabaseError("it is cut short")


def copy_catalog(store: Path, to: Path) -> None:
    """Copies a store's catalog, as it is at one moment, into another folder; nothing where there is none."""
    path = store / FILE_NAME
    if not path.is_file():
        return
    with (
        damage(store),
        contextlib.closing(connect_to_read(path)) as db,
        contextlib.closing(sqlite3.connect(to / FILE_NAME)) as copy,
    ):
        db.backup(copy)


def connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS)


FORBIDDEN = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")


@contextlib.contextmanager
def damage(store: Path) -> Iterator[None]:
    """Turns what SQLite says of a broken file, a full disk or a lack of rights into a sentence."""
    try:
        yield
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # the latter for what SQLite quotes of damaged pages
        name = getattr(error, "sqlite_errorname", None) or ""
        if name == "SQLITE_FULL" or (name.startswith("SQLITE_IOERR") and "READ" not in name):
            raise VerbatimError(
                f"the catalog in {store} cannot be written ({error}); is the disk full? The store answers as before: "
                "make room and run ingest again"
            ) from error
        if name.startswith(FORBIDDEN):
            raise VerbatimError(f"the store {store} cannot be written ({error}); check its permissions") from error
        raise StoreDamaged(
            f"the catalog in {store} cannot be read ({error}); move the folder away and ingest again"
        ) from error


def checked(catalog: Catalog, store: Path) -> Catalog:
    """The catalog, if this program made it."""
    version = catalog.get("schema")
    if version != SCHEMA_VERSION:
        catalog.close()
        raise StoreMismatch(
            f"the store {store} has schema {version}, this program writes {SCHEMA_VERSION}; "
            "ingest into a new folder (--store), or delete this one and ingest again"
        )
    return catalog
