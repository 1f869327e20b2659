"""A catalog on PostgreSQL: what it says in other words than SQLite, its tables, the one writer, errors as sentences.

All tables are in a schema of their own; one database holds one store. Addresses are shown without user and password,
and of what PostgreSQL says only what it does not quote: names of users are among that.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import Diagnostic
from psycopg.pq import TransactionStatus
from psycopg.types.string import StrDumperUnknown

from qa.errors import StoreBusy, StoreDamaged, StoreMismatch, UsageError, VerbatimError
from qa.store.database import Row, Rows

T = TypeVar("T")

SCHEMA_NAME = "verbatim"
LOCK_KEYS = 0x7665, 0x7262  # of the advisory lock that an ingest holds: "verb"
LOCK_SECONDS = 1.0  # to wait at a time for readers: while one waits for a table all that come after wait behind it
GONE_SECONDS = 3.0  # in which the server notices that a process which wrote was killed
OLDEST_VERSION = 14
APPLICATION_NAME = 63  # bytes; PostgreSQL cuts longer ones
NETWORK = {  # each may be set in the address; a server that is gone is noticed within a minute
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
TABLES = ("meta", "likeness", "documents", "passages", "vectors")

# Text is compared and sorted by code points, as SQLite and Python do. No statistics are kept of what documents say:
# PostgreSQL would keep examples of it in pg_statistic.
SCHEMA = """
CREATE TABLE meta (key text COLLATE "C" PRIMARY KEY, value text NOT NULL);
CREATE TABLE documents (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL, live boolean NOT NULL,
    path text COLLATE "C" NOT NULL, member text COLLATE "C" NOT NULL, size bigint NOT NULL, mtime_ns bigint NOT NULL,
    ctime_ns bigint NOT NULL, inode bigint NOT NULL, scanned_ns bigint NOT NULL,
    sha256 text COLLATE "C" NOT NULL, made_by text COLLATE "C" NOT NULL,
    title text COLLATE "C" NOT NULL, date text COLLATE "C", pages text NOT NULL, marks text NOT NULL,
    stale boolean NOT NULL DEFAULT FALSE,
    text text COLLATE "C" NOT NULL,
    UNIQUE (name, live)
);
CREATE TABLE passages (
    rowid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL, document bigint NOT NULL REFERENCES documents (id), key bytea NOT NULL,
    fold bytea NOT NULL, start bigint NOT NULL, "end" bigint NOT NULL, language text COLLATE "C" NOT NULL,
    sentences text NOT NULL, turns text NOT NULL, cells text NOT NULL, context text COLLATE "C" NOT NULL,
    text text COLLATE "C" NOT NULL
);
CREATE INDEX passages_id ON passages (id);
CREATE INDEX passages_document ON passages (document);
CREATE INDEX passages_key ON passages (key);
CREATE INDEX passages_fold ON passages (fold);
CREATE TABLE likeness (
    document bigint PRIMARY KEY REFERENCES documents (id), signature bytea NOT NULL, near text COLLATE "C"
);
CREATE TABLE vectors (key bytea PRIMARY KEY, vector bytea NOT NULL);
"""
SAYING = {  # the columns that say something of what documents say
    "meta": ("value",),
    "documents": ("title", "pages", "marks", "text"),
    "passages": ("sentences", "turns", "cells", "context", "text"),
    "likeness": ("signature",),
    "vectors": ("vector",),
}

# PostgreSQL's text cannot hold U+0000. It stands there as two noncharacters, and so does the first of them.
MARK = "\U0010ffff"
NUL, ITSELF = f"{MARK}\U0010fffe", f"{MARK}\ufdd0"


def written(text: str) -> str:
    """A text as PostgreSQL can hold it."""
    if MARK in text:
        text = text.replace(MARK, ITSELF)
    return text.replace("\0", NUL) if "\0" in text else text


def as_it_was(text: str) -> str:
    """The text of which `written` made this."""
    return text.replace(NUL, "\0").replace(ITSELF, MARK) if MARK in text else text


class TextDumper(StrDumperUnknown):
    def dump(self, obj: str) -> Buffer | None:
        return super().dump(written(obj))


class TextLoader(Loader):
    def load(self, data: Buffer) -> str:
        return as_it_was(bytes(data).decode())


class BinaryTextLoader(TextLoader):
    format = psycopg.pq.Format.BINARY


class PostgreSQL:
    """A catalog on a server. One that only reads connects again by itself when the server was away."""

    UNABLE: tuple[type[Exception], ...] = (StoreBusy,)

    def __init__(self, address: str, reads: bool, busy_seconds: float, name: str = "verbatim") -> None:
        """reads: it cannot write. busy_seconds: how long `wipe` waits for readers. name: what others see of it.

        Raises UsageError for an address that is none, VerbatimError where no server answers there.
        """
        self.parameters = parameters_of(address) | {"application_name": name}
        self.place = place_of(self.parameters)
        self.reads, self.busy_seconds = reads, busy_seconds
        self.connection = self.connected()

    def connected(self) -> psycopg.Connection[Row]:
        with self.errors(connecting=True):
            connection = psycopg.connect(**self.parameters, autocommit=True, client_encoding="UTF8")
            connection.adapters.register_dumper(str, TextDumper)
            connection.adapters.register_loader("text", TextLoader)
            connection.adapters.register_loader("text", BinaryTextLoader)
            version = connection.info.server_version // 10_000
            if version < OLDEST_VERSION:
                connection.close()
                raise StoreMismatch(f"{self.place} is version {version}; {OLDEST_VERSION} or a later one is needed")
            mode = "ON" if self.reads else "OFF"
            connection.execute(f"SET search_path = {SCHEMA_NAME}, pg_temp; SET default_transaction_read_only = {mode}")
            with contextlib.suppress(psycopg.DataError):  # not every system can tell; so a killed writer is soon gone
                connection.execute("SET client_connection_check_interval = '1s'")
            return connection

    @contextlib.contextmanager
    def errors(self, connecting: bool = False) -> Iterator[None]:
        """Raises what `problem` makes of PostgreSQL's errors."""
        try:
            yield
        except psycopg.Error as error:
            lost = connecting or self.connection.broken or self.connection.closed
            raise problem(self.place, error, lost) from error

    def run(self, work: Callable[[psycopg.Connection[Row]], T]) -> T:
        """Does a piece of work; where it finds a reader's connection gone that was in no transaction, once more."""
        with self.errors():
            repeatable = self.reads and (
                self.connection.closed or self.connection.info.transaction_status == TransactionStatus.IDLE
            )
            try:
                return work(self.connection)
            except psycopg.OperationalError:
                if not (repeatable and self.connection.closed):
                    raise
            self.connection = self.connected()
            return work(self.connection)

    # ---- statements ----

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Rows:
        return self.run(lambda connection: connection.cursor(binary=True).execute(translated(query), values or None))

    def script(self, statements: str) -> None:
        """Statements without values and without results, sent together."""
        self.run(lambda connection: connection.execute(statements))

    def executemany(self, query: str, rows: Iterable[Sequence[Any]], /) -> object:
        return self.run(lambda connection: connection.cursor().executemany(translated(query), rows))

    def batches(self, query: str, values: Sequence[Any], size: int) -> Iterator[list[Row]]:
        """From a cursor of the server's, which outlives a transaction: the caller asks other things meanwhile."""

        def declared(connection: psycopg.Connection[Row]) -> psycopg.ServerCursor[Row]:
            return connection.cursor(f"rows_{time.monotonic_ns()}", binary=True, withhold=True).execute(
                translated(query), values or None
            )

        cursor = self.run(declared)
        try:
            while batch := self.fetched(cursor, size):
                yield batch
        finally:
            if not self.connection.closed:
                with self.errors():
                    cursor.close()

    def fetched(self, cursor: psycopg.ServerCursor[Row], size: int) -> list[Row]:
        with self.errors():
            return cursor.fetchmany(size)

    def one_of(self, column: str) -> str:
        return f"{column} = ANY(?)"

    def listed(self, values: Iterable[str] | Iterable[int]) -> list[Any]:
        return list(values)

    def holds(self, column: str) -> str:
        return f"strpos({column}, ?) > 0"

    def length(self, column: str) -> str:
        return f"length(replace({column}, U&'\\+10FFFF', ''))"

    # ---- transactions ----

    def begin_reading(self) -> None:
        """All tables are locked for reading before anything is seen, so that `wipe` knows who still needs what goes."""
        try:
            self.script(
                f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE {', '.join(TABLES)} IN ACCESS SHARE MODE"
            )
        except Exception:
            self.rollback()
            raise

    def begin_writing(self) -> None:
        self.execute("BEGIN")

    def commit(self) -> None:
        with self.errors():
            self.connection.commit()

    def rollback(self) -> None:
        """Where the connection is gone the server has taken back everything."""
        if not self.connection.closed:
            with self.errors():
                self.connection.rollback()

    def close(self) -> None:
        self.connection.close()

    # ---- the tables ----

    def has_tables(self) -> bool:
        query = """SELECT has_schema_privilege(n.oid, 'USAGE') FROM pg_namespace n WHERE nspname = ?
                   AND EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind = 'r')"""
        row = self.execute(query, (SCHEMA_NAME,)).fetchone()
        if row and not row[0]:
            raise not_allowed(self.place, f"no right to the schema {SCHEMA_NAME}")
        return row is not None

    def check_pages(self) -> None:
        """The server has its own checks of its pages."""

    def make_tables(self, version: int) -> None:
        """Makes the tables, all or none of them. The caller holds the lock. Raises StoreMismatch: not in UTF-8."""
        (encoding,) = self.execute("SHOW server_encoding").fetchone()
        if encoding != "UTF8":
            raise StoreMismatch(
                f"the database on {self.place} keeps text as {encoding}; make one for the store with: "
                "createdb --encoding UTF8 --template template0 NAME"
            )
        saying = "".join(
            f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0;"
            for table, columns in SAYING.items()
            for column in columns
        )
        self.script(
            f"BEGIN; CREATE SCHEMA IF NOT EXISTS {SCHEMA_NAME}; {SCHEMA} {saying} "
            f"INSERT INTO meta VALUES ('schema', '{version}'); COMMIT"
        )

    def wipe(self) -> bool:
        """VACUUM alone leaves the bytes of rows where they were; FULL writes the tables anew.

        It keeps rows that a reader may still see. Readers lock all tables before they see anything (`begin_reading`),
        so that this waits for those that began before; readers that come meanwhile wait for it, so it waits a moment at
        a time. Of others, as a replica that holds rows back, PostgreSQL says how many rows it had to keep.
        """
        until = time.monotonic() + self.busy_seconds
        for table in TABLES:
            while (kept := self.rewritten(table)) is None:
                if time.monotonic() > until:
                    return False
            if kept:
                return False
        with contextlib.suppress(VerbatimError):  # only some users may; the log is then cut when the server does it
            self.execute("CHECKPOINT")
        return True

    def rewritten(self, table: str) -> int | None:
        """Writes a table anew; how many deleted rows are still in it, None where somebody reads it."""
        wait = max(1, int(1000 * min(LOCK_SECONDS, self.busy_seconds)))
        kept: list[int] = []

        def hear(notice: Diagnostic) -> None:  # "3 dead row versions cannot be removed yet.", in the server's language
            if number := re.search(r"\d+", notice.message_detail or ""):
                kept.append(int(number.group()))

        self.execute(f"SET lock_timeout = {wait}")
        self.connection.add_notice_handler(hear)
        try:
            self.execute(f"VACUUM (FULL, VERBOSE) {table}")
        except StoreBusy:
            return None
        finally:
            self.connection.remove_notice_handler(hear)
            self.execute("SET lock_timeout = 0")
        return max(kept, default=0)

    # ---- the one writer ----

    def lock(self, store: object) -> None:
        """Makes this connection the one that writes, until it is closed or breaks, when nothing more can be written by
        it. Raises StoreBusy naming the connection that is it."""
        until = time.monotonic() + GONE_SECONDS
        while not self.execute("SELECT pg_try_advisory_lock(?, ?)", LOCK_KEYS).fetchone()[0]:
            if time.monotonic() > until:
                raise StoreBusy(
                    f"{self.writer() or 'another process'} is writing to {store}; wait until it has finished"
                )
            time.sleep(0.1)

    def writer(self) -> str:
        """Who writes to the catalog now; "" where nobody does."""
        query = """SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                   WHERE l.locktype = 'advisory' AND l.classid::bigint = ? AND l.objid::bigint = ? AND l.objsubid = 2
                   AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
        row = self.execute(query, LOCK_KEYS).fetchone()
        return row[0] or "another process" if row else ""

    def facts(self) -> dict[str, Any]:
        """Where it is, the server's version, and the bytes that the tables take."""
        query = """SELECT current_setting('server_version'), (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)
                   FROM pg_class c WHERE c.relnamespace = ?::regnamespace AND c.relkind = 'r')"""
        version, size = self.execute(query, (SCHEMA_NAME,)).fetchone()
        return {"catalog": self.place, "version": version.split()[0], "bytes": int(size)}


def writer_name() -> str:
    """What others see of a connection that writes."""
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    whole = f"process {os.getpid()} since {since} on {socket.gethostname()}"
    return whole.encode("ascii", "replace")[:APPLICATION_NAME].decode()


@functools.lru_cache(maxsize=512)
def translated(query: str) -> str:
    """A query with psycopg's signs for values. No query of ours has a question mark for anything else."""
    return query.replace("%", "%%").replace("?", "%s") if "?" in query else query


# ---- addresses and errors ----


def parameters_of(address: str) -> dict[str, Any]:
    """An address as parameters of a connection. Raises UsageError, which does not show it."""
    try:
        return {**NETWORK, **conninfo_to_dict(address)}
    except psycopg.ProgrammingError as error:
        raise UsageError(
            "catalog is no address of PostgreSQL; write it as postgresql://user@host:port/database, with signs other "
            "than letters and figures in a password as %XX"
        ) from error


def place_of(parameters: dict[str, Any]) -> str:
    host, port = parameters.get("host") or "localhost", parameters.get("port") or 5432
    return f"PostgreSQL at {host}:{port}"


def problem(place: str, error: psycopg.Error, lost: bool) -> Exception:
    """One of PostgreSQL's errors as a sentence that says what to do; a fault of this program as it is."""
    state, said = error.sqlstate or "", reason(error)
    if lost or state.startswith(("08", "57P0")):
        if "FATAL" in str(error) and not state and not re.search("starting up|shutting down|recovery", str(error)):
            return VerbatimError(
                f"{place} refuses the connection ({said}); check user, password and database in QA_CATALOG"
            )
        return VerbatimError(f"{place} does not answer ({said}): start it, then try again; nothing is lost")
    if state in ("55P03", "40001", "40P01"):  # lock not available, serialization failure, deadlock
        return StoreBusy(f"busy: another process holds the catalog on {place}, try again when it has finished")
    if state.startswith("53"):
        return VerbatimError(
            f"the catalog on {place} cannot be written ({said}); is its disk full? The store answers as before: make "
            "room and run ingest again"
        )
    if state in ("42P01", "42703", "3F000"):  # no such table, column, schema
        return StoreMismatch(
            f"the database on {place} has not the tables of this program ({said}); name another one with QA_CATALOG"
        )
    if state in ("42501", "25006"):
        return not_allowed(place, said)
    if state.startswith("XX"):
        return StoreDamaged(
            f"the catalog on {place} is damaged ({said}); restore the database from a backup, or make an empty one and "
            "ingest again"
        )
    if isinstance(error, psycopg.ProgrammingError | psycopg.DataError | psycopg.InterfaceError):
        return error
    return VerbatimError(f"the catalog on {place} cannot be used ({said}); try again")


def not_allowed(place: str, said: str) -> VerbatimError:
    return VerbatimError(f"the catalog on {place} cannot be used ({said}); check the user's rights there")


def reason(error: psycopg.Error) -> str:
    """What PostgreSQL says, on one line, without what it quotes: names of users are among it."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    said = next((line for line in reversed(lines) if " failed: " in line), lines[0])
    said = said.rpartition(" failed: ")[2]  # before it: where to, which we say in our own words
    return " ".join(re.sub("[\"'\u00bb\u00ab\u201e\u201c].*?[\"'\u00ab\u00bb\u201c\u201d]", "", said).split())
