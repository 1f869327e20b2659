"""Writing a store's catalog: an ingest stages documents, adds vectors, switches to the next generation and purges.

New documents are staged beside the live ones (live = 0) and become live in the one transaction that also switches the
generation; a reader sees either all of an ingest or nothing of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple
from itertools import groupby
from operator import itemgetter
from typing import Any, Unpack

import numpy as np

from qa.store.catalog import IDS_AT_ONCE, PASSAGE_COLUMNS, Catalog, Facts, Fingerprint, Vectors, batches, passage_of
from qa.store.mentions import Texts
from qa.store.near import groups, signature
from qa.text import equality_key
from qa.types import Document, Passage, join_context

# The next generation: staged documents, and live ones that are neither staged anew nor left out.
STAGED_DOCUMENT = "NOT d.live"
NEXT_DOCUMENT = """NOT d.live OR (d.name NOT IN (SELECT name FROM gone) AND
NOT EXISTS (SELECT 1 FROM documents n WHERE NOT n.live AND n.name = d.name))"""
NEXT = f"SELECT p.* FROM passages p JOIN documents d ON d.id = p.document WHERE {NEXT_DOCUMENT}"
STAGED = f"SELECT p.* FROM passages p JOIN documents d ON d.id = p.document WHERE {STAGED_DOCUMENT}"
MISSING = f"SELECT p.* FROM ({NEXT}) p WHERE NOT EXISTS (SELECT 1 FROM vectors v WHERE v.key = p.key)"


class CatalogWriter(Catalog):
    """The catalog of a store whose lock the caller holds. Open it with `opening.create_catalog`."""

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commits what is written inside, or nothing of it where an exception leaves the block."""
        self.db.begin_writing()
        try:
            yield
        except BaseException:
            self.db.rollback()
            raise
        self.db.commit()

    def put(self, **facts: Unpack[Facts]) -> None:
        """Stores facts; commits unless inside a transaction of the caller's."""
        rows = [(key, json.dumps(value)) for key, value in facts.items()]
        self.db.executemany(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value "
            "WHERE meta.value != excluded.value",
            rows,
        )  # an ingest with nothing to do writes nothing

    # ---- documents ----

    def stage(self, document: Document, fingerprint: Fingerprint, passages: Iterable[Passage], model: str) -> None:
        """Puts a document beside the live ones, in the place of one of its name that was staged before.

        model: identity of the model that embeds the passages. Readers see the document after `switch`.
        """
        f, s, likeness = fingerprint, document.source, signature(document)
        with self.transaction():
            self.unstage([s.name])
            (staged,) = self.db.execute(
                """INSERT INTO documents (name, live, path, member, size, mtime_ns, ctime_ns, inode, scanned_ns, sha256,
                   made_by, title, date, pages, marks, stale, text)
                   VALUES (?, FALSE, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id""",
                (s.name, f.path, f.member, *f.facts, f.scanned_ns, f.sha256, f.made_by, s.title, s.date,
                 json.dumps(list(zip(s.pages, s.times, strict=True)) if s.times else s.pages),
                 json.dumps([astuple(m) for m in document.marks]), s.stale, document.text),
            ).fetchone()  # fmt: skip
            self.db.execute("INSERT INTO likeness (document, signature) VALUES (?, ?)", (staged, likeness))
            self.db.executemany(
                """INSERT INTO passages (document, id, key, fold, start, "end", language, sentences, turns, cells,
                   context, text)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                ((staged, *passage_row(passage, model)) for passage in passages),
            )

    def unstage(self, names: Sequence[str] | None = None) -> None:
        """Drops staged documents: those named, or all that a killed run left behind."""
        query = f"SELECT id FROM documents WHERE NOT live AND (? OR {self.db.one_of('name')})"
        ids = [row[0] for row in self.db.execute(query, (names is None, self.db.listed(names or [])))]
        if ids:
            self.drop(ids)
            self.put(erase=True)

    def drop(self, ids: Sequence[int]) -> None:
        """Deletes documents by their numbers, with their passages."""
        for table, column in (("passages", "document"), ("likeness", "document"), ("documents", "id")):
            self.db.execute(f"DELETE FROM {table} WHERE {self.db.one_of(column)}", (self.db.listed(ids),))

    def has_staged(self) -> bool:
        return bool(self.db.execute("SELECT 1 FROM documents WHERE NOT live LIMIT 1").fetchone())

    def replaces(self) -> bool:
        """Whether a staged document takes the place of a live one."""
        query = """SELECT 1 FROM documents n WHERE NOT n.live AND EXISTS
                   (SELECT 1 FROM documents d WHERE d.live AND d.name = n.name) LIMIT 1"""
        return bool(self.db.execute(query).fetchone())

    def read_again(self) -> set[str]:
        """Names of the live documents that are staged once more from the same file: read by another version."""
        query = """SELECT n.name FROM documents n JOIN documents d ON d.name = n.name AND d.sha256 = n.sha256
                   AND d.member = n.member WHERE d.live AND NOT n.live"""
        return {name for (name,) in self.db.execute(query)}

    def text_of(self, name: str) -> str:
        """The text of a live document."""
        return str(self.db.execute("SELECT text FROM documents WHERE live AND name = ?", (name,)).fetchone()[0])

    def staged(self, name: str) -> tuple[str, list[Passage]]:
        """The text and the passages, in their order, of a document that is staged."""
        (text,) = self.db.execute("SELECT text FROM documents WHERE NOT live AND name = ?", (name,)).fetchone()
        query = f"""SELECT {PASSAGE_COLUMNS} FROM passages p JOIN documents d ON d.id = p.document
                    WHERE {STAGED_DOCUMENT} AND d.name = ? ORDER BY p.start"""
        return str(text), [passage_of(row) for row in self.db.execute(query, (name,))]

    def leave_out(self, names: Iterable[str]) -> None:
        """Names the live documents that the next generation leaves out, besides those staged anew."""
        self.db.execute("CREATE TEMP TABLE IF NOT EXISTS gone AS SELECT name FROM documents WHERE FALSE")
        self.db.execute("DELETE FROM gone")
        self.db.executemany("INSERT INTO gone VALUES (?)", [(name,) for name in names])

    def touch(self, seen: dict[str, Fingerprint], stale: Sequence[str]) -> None:
        """Records what files look like now where only that changed, and which could not be read again."""
        with self.transaction():
            self.db.executemany(
                """UPDATE documents SET path = ?, size = ?, mtime_ns = ?, ctime_ns = ?, inode = ?, scanned_ns = ?,
                   stale = FALSE WHERE live AND name = ?""",
                [(f.path, *f.facts, f.scanned_ns, name) for name, f in seen.items()],
            )
            query = f"UPDATE documents SET stale = TRUE WHERE {self.db.one_of('name')}"  # a staged one too
            self.db.execute(query, (self.db.listed(stale),))

    # ---- the next generation ----

    def missing_vectors(self, size: int) -> Iterator[list[tuple[bytes, str]]]:
        """Batches of (key, text to embed) for the next generation's passages without a vector, long ones first."""
        query = f"SELECT key FROM ({MISSING}) AS missing GROUP BY key ORDER BY max(length(text)) DESC, key"
        keys = [row[0] for row in self.db.execute(query)]
        for batch in batches(keys, size):
            marks = ",".join("?" * len(batch))
            query = f"""SELECT key, context, text FROM passages WHERE rowid IN
                        (SELECT min(rowid) FROM passages WHERE key IN ({marks}) GROUP BY key) ORDER BY key"""
            yield [
                (key, join_context(context, text)) for key, context, text in self.db.execute(query, batch).fetchall()
            ]

    def count_missing(self) -> int:
        """How many vectors the next generation still needs."""
        return int(self.db.execute(f"SELECT count(DISTINCT key) FROM ({MISSING}) AS missing").fetchone()[0])

    def add_vectors(self, keys: Sequence[bytes], vectors: Vectors) -> None:
        """Stores vectors, committed at once: a killed ingest does not compute them again."""
        with self.transaction():
            rows = zip(keys, (row.astype("<f4").tobytes() for row in vectors), strict=True)
            self.db.executemany(
                "INSERT INTO vectors VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET vector = excluded.vector", rows
            )

    def count_next(self) -> int:
        """Passages of the next generation."""
        return int(self.db.execute(f"SELECT count(*) FROM ({NEXT}) AS following").fetchone()[0])

    def most_equal(self) -> dict[str, int]:
        """For each language the most passages of the next generation that share a vector."""
        counts = f"SELECT language, count(*) AS number FROM ({NEXT}) AS following GROUP BY language, key"
        query = f"SELECT language, max(number) FROM ({counts}) AS counts GROUP BY language"
        return dict(self.db.execute(query).fetchall())

    def next_passages(self, size: int, added: bool = False) -> Iterator[tuple[str, list[str], list[str], Vectors]]:
        """(language, passage ids, texts, float32 (n, dimension)) of the next generation in batches of one language.

        texts: as they are embedded, with the context line. added: only those of staged documents.
        """
        query = f"SELECT language, rowid FROM ({STAGED if added else NEXT}) AS following ORDER BY language, id"
        found = self.db.execute(query).fetchall()  # row numbers only: sorting the rows would double memory
        for language, rows in groupby(found, key=itemgetter(0)):
            for batch in batches([row for _, row in rows], size):
                yield language, *self.passages_in(batch)

    def passages_in(self, rows: Sequence[int]) -> tuple[list[str], list[str], Vectors]:
        """Ids, texts and vectors of passages by row number, in order of their ids."""
        query = f"""SELECT p.id, p.context, p.text, v.vector FROM passages p JOIN vectors v ON v.key = p.key
                    WHERE {self.db.one_of("p.rowid")} ORDER BY p.id"""
        found = self.db.execute(query, (self.db.listed(rows),)).fetchall()
        ids, contexts, texts, blobs = zip(*found, strict=True) if found else ((), (), (), ())
        vectors = np.frombuffer(b"".join(blobs), "<f4").reshape(len(ids), -1)
        return list(ids), list(map(join_context, contexts, texts)), vectors

    def next_texts(self, added: bool = False) -> Iterator[Texts]:
        """The documents of the next generation with their text, one at a time. added: only the staged ones."""
        query = f"SELECT id FROM documents d WHERE {STAGED_DOCUMENT if added else NEXT_DOCUMENT} ORDER BY id"
        return self.texts([document for (document,) in self.db.execute(query).fetchall()])

    # ---- publishing ----

    def switch(self, **facts: Unpack[Facts]) -> tuple[int, int]:
        """In one transaction: staged documents become live, replaced and left out ones go, facts (generation) change.

        Returns how many documents and passages went whose text no other document has.
        """
        query = """SELECT id, sha256, member FROM documents d WHERE live AND (name IN (SELECT name FROM gone)
                   OR EXISTS (SELECT 1 FROM documents n WHERE NOT n.live AND n.name = d.name))"""
        with self.transaction():
            going = self.db.execute(query).fetchall()
            ids = [document for document, *_ in going]
            query = f"SELECT key FROM passages WHERE {self.db.one_of('document')}"
            keys = [row[0] for row in self.db.execute(query, (self.db.listed(ids),))]
            self.drop(ids)
            self.db.execute("UPDATE documents SET live = TRUE WHERE NOT live")
            self.group()
            self.put(**facts)
            self.put(erase=self.erase_pending or bool(going))
            texts = set(self.db.execute("SELECT sha256, member FROM documents"))
            used = self.used(keys)
            return (
                sum((sha256, member) not in texts for _, sha256, member in going),
                sum(key not in used for key in keys),
            )

    def used(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of the vectors' keys that a passage has."""
        found = set()
        for batch in batches(keys, IDS_AT_ONCE):
            query = f"SELECT DISTINCT key FROM passages WHERE key IN ({','.join('?' * len(batch))})"
            found |= {key for (key,) in self.db.execute(query, batch)}
        return found

    def group(self) -> None:
        """Notes which of the documents, all of them live, are near-identical."""
        query = "SELECT name, id, signature, near FROM likeness l JOIN documents d ON d.id = l.document"
        held = {name: row for name, *row in self.db.execute(query)}
        found = groups({name: likeness for name, (_, likeness, _) in held.items()})
        changed = [(found.get(name), row) for name, (row, _, near) in held.items() if near != found.get(name)]
        self.db.executemany("UPDATE likeness SET near = ? WHERE document = ?", changed)

    def purge(self) -> tuple[int, bool]:
        """Removes vectors that no document uses and wipes what was deleted.

        Returns how many vectors, and whether nothing is left: a reader may hold it, or the disk be full. Then the next
        call goes on.
        """
        if not self.erase_pending:
            return 0, True
        purged = self.drop_unused_vectors()
        try:
            wiped = self.db.wipe()
            self.put(erase=not wiped)
        except self.db.UNABLE:
            wiped = False
        return purged, wiped

    def drop_unused_vectors(self) -> int:
        """Deletes the vectors that no document uses; returns how many."""
        orphans = "DELETE FROM vectors WHERE NOT EXISTS (SELECT 1 FROM passages p WHERE p.key = vectors.key)"
        with self.transaction():
            return self.db.execute(orphans).rowcount


def vector_key(model: str, text: str) -> bytes:
    """Key of a vector: SHA-256 of what was embedded and of the model's identity."""
    return hashlib.sha256(f"{model}\0{text}".encode("utf-8", "surrogatepass")).digest()


def passage_row(p: Passage, model: str) -> tuple[Any, ...]:
    """Values of the table passages but for the document's number."""
    key = vector_key(model, join_context(p.context, p.text))
    turns = json.dumps([astuple(turn) for turn in p.turns])
    sentences, cells = json.dumps(p.sentences), json.dumps([astuple(cell) for cell in p.cells])
    return p.id, key, equality_key(p.text), p.start, p.end, p.language, sentences, turns, cells, p.context, p.text
