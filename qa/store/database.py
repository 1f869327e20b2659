"""What the catalog asks of the database that it lies in, and where SQL differs: SQLite here, PostgreSQL in `postgres`.

Queries are written once, with ? for a value and what both databases understand. What one of them says in other words is
a method here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from qa.store.busy import BUSY_SECONDS, waiting_said

Row = tuple[Any, ...]


class Rows(Protocol):
    """What a statement gave."""

    def __iter__(self) -> Iterator[Any]: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    @property
    def rowcount(self) -> int: ...  # of an INSERT, UPDATE or DELETE


class Database(Protocol):
    """One connection. Outside a transaction each statement is committed at once."""

    UNABLE: tuple[type[Exception], ...]  # what `wipe` raises where it cannot be done now

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Rows: ...
    def executemany(self, query: str, rows: Iterable[Sequence[Any]], /) -> object: ...
    def batches(self, query: str, values: Sequence[Any], size: int) -> Iterator[list[Row]]:
        """What a query finds, never more of it in memory than a batch of `size`."""

    def one_of(self, column: str) -> str:
        """SQL: a column has one of the values of a list, which `listed` makes the query's value."""

    def listed(self, values: Iterable[str] | Iterable[int]) -> Any: ...
    def holds(self, column: str) -> str:
        """SQL: a column of text has the query's value somewhere in it."""

    def length(self, column: str) -> str:
        """SQL: the characters of a column of text."""

    def begin_reading(self) -> None:
        """Begins a transaction in which all is seen as it is at its beginning."""

    def begin_writing(self) -> None: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def close(self) -> None: ...
    def has_tables(self) -> bool:
        """Whether somebody has made tables; none, where a writer was killed before it had made them."""

    def check_pages(self) -> None:
        """Looks at all of the database, as far as it can be. Raises what a damaged one does."""

    def wipe(self) -> bool:
        """Writes the tables anew without what was deleted from them; False: a reader still needs that."""


class SQLite(sqlite3.Connection):
    """A catalog in a file."""

    UNABLE: tuple[type[Exception], ...] = (sqlite3.OperationalError,)  # VACUUM needs as much room as the catalog takes
    path: Path

    def batches(self, query: str, values: Sequence[Any], size: int) -> Iterator[list[Row]]:
        rows = self.execute(query, values)
        while batch := rows.fetchmany(size):
            yield batch

    def one_of(self, column: str) -> str:
        return f"{column} IN (SELECT value FROM json_each(?))"

    def listed(self, values: Iterable[str] | Iterable[int]) -> str:
        return json.dumps(list(values))

    def holds(self, column: str) -> str:
        return f"instr({column}, ?) > 0"

    def length(self, column: str) -> str:
        return f"length({column})"

    def begin_reading(self) -> None:
        self.execute("BEGIN")

    def begin_writing(self) -> None:
        with waiting_said(self.path):
            self.execute("BEGIN IMMEDIATE")

    def has_tables(self) -> bool:
        return self.execute("SELECT 1 FROM sqlite_master").fetchone() is not None

    def check_pages(self) -> None:
        (found,) = self.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found.replace("\n", " "))

    def wipe(self) -> bool:
        """secure_delete blanks what is deleted, but where SQLite moved rows between pages their old places keep them:
        only VACUUM, which writes the file anew, is sure. The log keeps pages until it is truncated."""
        self.execute("VACUUM")
        (waiting, *_) = self.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not waiting


def connect(path: Path, options: str, busy_seconds: float = BUSY_SECONDS) -> SQLite:
    """Opens a file of SQLite. options: of its address, as mode=ro."""
    uri = f"{path.absolute().as_uri()}?{options}"
    db = sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, timeout=busy_seconds, factory=SQLite
    )
    db.path = path
    return db
