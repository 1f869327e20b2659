"""Opening a store: its catalog to read or to write, its tables, its lock, and errors of SQLite as sentences.

Where a store has servers its catalog is on one of them: `postgres`, which is imported only then.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from qa.errors import NoStore, StoreBusy, StoreDamaged, StoreMismatch, UsageError, VerbatimError
from qa.store.busy import BUSY_SECONDS, holder, is_locked, waiting_said
from qa.store.catalog import ROWS_AT_ONCE, Catalog
from qa.store.database import Database, SQLite, connect
from qa.store.servers import CATALOG_FILE, servers_of, shown
from qa.store.upgrading import OLDEST, OLDEST_ON_SERVERS, SCHEMA_VERSION, check_known, make_todays, read_as_today
from qa.store.writer import CatalogWriter

if TYPE_CHECKING:
    from qa.store.postgres import PostgreSQL

LOCK, HOLDER = "ingest.lock", "ingest.holder"  # the second says who holds the first
LOOK_SECONDS = 0.5  # to wait for another process where one only looks
BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")  # the last: others lock it in turn all the time
FORBIDDEN = ("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")
NOT_OPENED = "SQLITE_CANTOPEN"
DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL, live INTEGER NOT NULL,
    path TEXT NOT NULL, member TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, scanned_ns INTEGER NOT NULL,
    sha256 TEXT NOT NULL, made_by TEXT NOT NULL,
    title TEXT NOT NULL, date TEXT, pages TEXT NOT NULL, marks TEXT NOT NULL, stale INTEGER NOT NULL DEFAULT 0,
    text TEXT NOT NULL,
    UNIQUE (name, live)
);
CREATE TABLE passages (
    rowid INTEGER PRIMARY KEY,
    id TEXT NOT NULL, document INTEGER NOT NULL REFERENCES documents (id), key BLOB NOT NULL, fold BLOB NOT NULL,
    start INTEGER NOT NULL, end INTEGER NOT NULL, language TEXT NOT NULL, sentences TEXT NOT NULL, turns TEXT NOT NULL,
    cells TEXT NOT NULL, context TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX passages_id ON passages (id);
CREATE INDEX passages_document ON passages (document);
CREATE INDEX passages_key ON passages (key);
CREATE INDEX passages_fold ON passages (fold);
CREATE TABLE likeness (document INTEGER PRIMARY KEY REFERENCES documents (id), signature BLOB NOT NULL, near TEXT);
CREATE TABLE vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL);
"""


def open_catalog(store: Path, busy_seconds: float = BUSY_SECONDS, traceless: bool = False) -> Catalog:
    """Opens a store's catalog for reading.

    busy_seconds: how long a statement waits for another process. traceless: no file is made beside it, if nobody else
    has it open. Raises NoStore, StoreMismatch, StoreBusy,
    StoreDamaged, VerbatimError where it cannot be read for another reason.
    """
    path = store / CATALOG_FILE
    if server := open_server(store, reads=True, busy_seconds=busy_seconds):
        return checked(Catalog(server), store, OLDEST_ON_SERVERS)
    if not path.is_file():
        if store.is_file():
            raise NoStore(f"{store} is a file, not a store; name a folder with --store")
        raise NoStore(f"{store} holds no store yet; make one with: qa ingest PATH --store {store}")
    with catalog_errors(store):
        db = connect_to_read(path, busy_seconds, traceless)
        check_whole(db, path)
        catalog = checked(Catalog(db), store)
        read_as_today(db, catalog.schema)
        return catalog


def checked(catalog: Catalog, store: Path, oldest: int = OLDEST) -> Catalog:
    """The catalog, if this program knows its tables and something has been published. Raises StoreMismatch, NoStore."""
    with closed_on_error(catalog):
        there = catalog.db.has_tables()  # not where a writer was killed before it had made them
        if there:
            check_known(catalog.schema, store, oldest)
        if not there or not catalog.generation:
            raise NoStore(f"nothing has been published in {store} yet; run: qa ingest PATH --store {store}")
        return catalog


@contextlib.contextmanager
def closed_on_error(catalog: Catalog) -> Iterator[None]:
    try:
        yield
    except BaseException:
        catalog.close()
        raise


@contextlib.contextmanager
def reading(store: Path) -> Iterator[Catalog]:
    """A store's catalog, open for reading, with all errors of SQLite as sentences. Raises what `open_catalog` does."""
    with contextlib.closing(open_catalog(store)) as catalog, catalog_errors(store):
        yield catalog


@contextlib.contextmanager
def looking(store: Path) -> Iterator[Catalog]:
    """As `reading`, of a catalog whose pages have all been looked at; waits for nobody, and makes no file beside it."""
    with contextlib.closing(open_catalog(store, LOOK_SECONDS, traceless=True)) as catalog, catalog_errors(store):
        catalog.db.check_pages()
        yield catalog


def create_catalog(store: Path, busy_seconds: float = BUSY_SECONDS) -> CatalogWriter:
    """Opens a store's catalog for writing, making the store if need be. The caller holds the store's lock.

    busy_seconds: how long a statement waits for another process. Raises UsageError where the store is a file,
    StoreMismatch, StoreBusy, StoreDamaged, VerbatimError where it cannot be written.
    """
    path = store / CATALOG_FILE
    if server := open_server(store, reads=False, busy_seconds=busy_seconds):
        return created_on_server(server, store)
    try:
        store.mkdir(parents=True, exist_ok=True)
        db = connect(path, "mode=rwc", busy_seconds)
    except FileExistsError as error:
        raise UsageError(f"the store {store} is a file; name a folder with --store") from error
    except (OSError, sqlite3.OperationalError) as error:
        raise VerbatimError(f"the store {store} cannot be written ({error}); check its permissions") from error
    with catalog_errors(store), waiting_said(path):
        check_whole(db, path)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA secure_delete = ON")
        if not db.has_tables():
            db.executescript(
                f"BEGIN IMMEDIATE; {SCHEMA} INSERT INTO meta VALUES ('schema', '{SCHEMA_VERSION}'); COMMIT;"
            )
        catalog = CatalogWriter(db)
        with closed_on_error(catalog):
            check_known(catalog.schema, store)
            make_todays(db, catalog.schema)
        return catalog


def open_server(store: Path, reads: bool, busy_seconds: float) -> PostgreSQL | None:
    """A connection to the server that holds a store's catalog; None where it lies in the store's folder.

    Raises UsageError where what is needed for it is not installed, VerbatimError where no server answers.
    """
    servers = servers_of(store)
    if servers is None:
        return None
    try:
        from qa.store import postgres
    except ImportError as error:
        raise UsageError(
            f"the store {store} is on servers, for which psycopg is needed ({error}); install it with: "
            "pip install 'verbatim-qa[server]'"
        ) from error
    name = "verbatim" if reads else postgres.writer_name()
    return postgres.PostgreSQL(servers.catalog, reads, busy_seconds, name)


def created_on_server(server: PostgreSQL, store: Path) -> CatalogWriter:
    """The catalog on a server, its tables made if need be, for this process alone to write to as long as it is open.

    Raises StoreBusy, StoreMismatch.
    """
    catalog = CatalogWriter(server)
    with closed_on_error(catalog):
        server.lock(store)
        if not server.has_tables():
            server.make_tables(SCHEMA_VERSION)
        check_known(catalog.schema, store, OLDEST_ON_SERVERS)
        return catalog


def has_catalog(store: Path) -> bool:
    """Whether an ingest has begun to make a store. Raises VerbatimError where its server does not answer."""
    server = open_server(store, reads=True, busy_seconds=LOOK_SECONDS)
    if server is None:
        return (store / CATALOG_FILE).exists()
    with contextlib.closing(server):
        return server.has_tables()


def server_facts(store: Path) -> dict[str, Any] | None:
    """Of a store on servers where these are, without users and passwords, and version and bytes of the catalog's; None
    where it has none. Raises VerbatimError where the catalog's does not answer."""
    servers, server = servers_of(store), open_server(store, reads=True, busy_seconds=LOOK_SECONDS)
    if servers is None or server is None:
        return None
    with contextlib.closing(server):
        return {**server.facts(), "chroma": shown(servers.chroma)}


def copy_catalog(store: Path, to: Path) -> None:
    """Copies a store's catalog, as it is at one moment, into another folder; nothing where there is none."""
    if server := open_server(store, reads=True, busy_seconds=BUSY_SECONDS):
        with contextlib.closing(server), contextlib.closing(create_catalog(to)) as made:
            if server.has_tables():
                check_known(Catalog(server).schema, store, OLDEST_ON_SERVERS)
                copy_rows(server, made.db)
        return
    path = store / CATALOG_FILE
    if not path.is_file():
        return
    with (
        catalog_errors(store),
        contextlib.closing(connect_to_read(path)) as db,
        contextlib.closing(sqlite3.connect(to / CATALOG_FILE)) as copy,
    ):
        db.backup(copy)


def copy_rows(server: Database, made: Database) -> None:
    """Copies all tables of a catalog, as they are at one moment, into new ones; of the vectors the keys only."""
    made.execute("DELETE FROM meta")
    server.begin_reading()
    made.begin_writing()
    for table in ("meta", "documents", "passages", "likeness", "vectors"):
        columns = [row[1] for row in made.execute(f"PRAGMA table_info({table})")]
        names = ", ".join(f'"{column}"' for column in columns)
        wanted = names.replace('"vector"', "key") if table == "vectors" else names
        marks = ", ".join("?" * len(columns))
        for rows in server.batches(f"SELECT {wanted} FROM {table}", (), ROWS_AT_ONCE):
            made.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
    made.commit()
    server.rollback()


def bytes_within(store: Path) -> int:
    """Size of all files of a store; files that an ingest deletes meanwhile count 0."""
    total = 0
    for folder, _, files in os.walk(store):
        for file in files:
            with contextlib.suppress(FileNotFoundError):
                total += os.path.getsize(os.path.join(folder, file))
    return total


# ---- connections ----


def connect_to_read(path: Path, busy_seconds: float = BUSY_SECONDS, traceless: bool = False) -> SQLite:
    """A connection that cannot write, also where the folder may not be written to.

    traceless: SQLite, which makes a log and its index to read as well, makes none where nobody else has the file open.
    """
    log = path.with_name(path.name + "-wal")
    logged = log.exists() and log.stat().st_size > 0
    if traceless and not logged and not path.with_name(path.name + "-shm").exists():
        return connect(path, "mode=ro&immutable=1", busy_seconds)
    try:
        with waiting_said(path):
            db = connect(path, "mode=ro", busy_seconds)
            db.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        # In a folder this user may not write SQLite cannot make the log's index; without a log the file is complete.
        if not error_name(error).startswith((*FORBIDDEN, NOT_OPENED)) or logged:
            raise
        db = connect(path, "mode=ro&immutable=1", busy_seconds)
    return db


def check_free(file: Path, busy_seconds: float = BUSY_SECONDS) -> None:
    """Waits while another process holds an SQLite file that a library is to open. Raises StoreBusy."""
    try:
        with waiting_said(file), contextlib.closing(connect(file, "mode=ro", busy_seconds)) as db:
            db.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:  # of any other one the library will tell
        if error_name(error).startswith(BUSY):
            raise StoreBusy(f"busy: {holder(file)} holds {file}, try again when it has finished") from error


def check_whole(db: sqlite3.Connection, path: Path) -> None:
    """Raises DatabaseError where the last page is cut short: SQLite itself takes the rest of it for zeros."""
    (size,) = db.execute("PRAGMA page_size").fetchone()
    if path.stat().st_size % size:
        db.close()
        raise sqlite3.DatabaseError("it is cut short")


# ---- errors ----


@contextlib.contextmanager
def catalog_errors(store: Path) -> Iterator[None]:
    """Raises what `problem` makes of SQLite's errors."""
    try:
        yield
    except sqlite3.ProgrammingError:  # a fault of this program
        raise
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # the latter for what SQLite quotes of damaged pages
        raise problem(store, error) from error


def problem(store: Path, error: Exception) -> VerbatimError:
    """One of SQLite's errors as a sentence that says what to do; only a damaged file is to be moved away."""
    name, catalog = error_name(error), f"the catalog in {store}"
    if name.startswith(BUSY):
        return StoreBusy(f"busy: {holder(store / CATALOG_FILE)} holds {catalog}, try again when it has finished")
    if name == "SQLITE_FULL" or (name.startswith("SQLITE_IOERR") and "READ" not in name):
        return VerbatimError(
            f"{catalog} cannot be written ({error}); is the disk full? The store answers as before: "
            "make room and run ingest again"
        )
    if name.startswith("SQLITE_IOERR"):
        return VerbatimError(f"{catalog} cannot be read from its disk ({error}); check the disk, then try again")
    if name == "SQLITE_READONLY_DBMOVED":
        return VerbatimError(f"{catalog} was moved or replaced while it was open; try again")
    if name.startswith(FORBIDDEN):
        return VerbatimError(f"the store {store} cannot be written ({error}); check its permissions")
    if name.startswith(NOT_OPENED):
        return VerbatimError(
            f"{catalog} cannot be opened ({error}); check its permissions and those of its folder, and that the disk "
            "is not full"
        )
    if name == "SQLITE_ERROR":  # as for a table that is not there
        return StoreMismatch(
            f"{store / CATALOG_FILE} has not the tables of this program ({error}); name another folder with --store"
        )
    if name and not name.startswith(DAMAGED):
        return VerbatimError(f"{catalog} cannot be used ({error}); try again")
    return StoreDamaged(
        f"{catalog} is damaged ({error}); move {CATALOG_FILE} and generations out of it and ingest again, naming all "
        "its documents: uploads, conversations, feedback and notes in it stay, what was left out on purpose does not"
    )


def error_name(error: Exception) -> str:
    """SQLite's name of an error; "" where the error is not SQLite's own, as that of a text that is not UTF-8."""
    return getattr(error, "sqlite_errorname", None) or ""


# ---- the lock ----


@contextlib.contextmanager
def write_lock(store: Path) -> Iterator[None]:
    """One writer at a time. Raises StoreBusy naming the holder, UsageError where the store is a file."""
    check_folder(store)
    holder = store / HOLDER
    try:
        store.mkdir(parents=True, exist_ok=True)
        lock = FileLock(store / LOCK, timeout=0)
        lock.acquire()
        holder.write_text(f"process {os.getpid()} on {socket.gethostname()} since {time.strftime('%Y-%m-%d %H:%M:%S')}")
    except Timeout as error:
        raise StoreBusy(f"{holder_name(holder)} is writing to {store}; wait until it has finished") from error
    except OSError as error:
        raise VerbatimError(f"the store {store} cannot be written: {error.strerror}; check its permissions") from error
    try:
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def last_writer(store: Path) -> tuple[str, bool]:
    """Who writes to a store, or was killed over it, and whether the lock is held; ("", False): nobody.

    The lock is not touched for it: where the system lists no locks (no /proc), it counts as held as long as the holder
    has not taken its name away. Of a store on servers it may be on another machine.
    """
    if server := open_server(store, reads=True, busy_seconds=LOOK_SECONDS):
        with contextlib.closing(server):
            if who := server.writer():
                return who, True
    named = (store / HOLDER).exists()
    held = is_locked(store / LOCK)
    return (holder_name(store / HOLDER) if named or held else ""), named if held is None else held


def check_folder(store: Path) -> None:
    """Raises UsageError where the store's path is a file's."""
    if store.exists() and not store.is_dir():
        raise UsageError(f"the store {store} is a file; name a folder with --store")


def holder_name(holder: Path) -> str:
    """Who wrote the file beside the lock; it may be gone by now."""
    try:
        return holder.read_text() or "another process"
    except OSError:
        return "another process"
