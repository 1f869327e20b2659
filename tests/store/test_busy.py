"""A catalog that another process holds: waited for, then named with who holds it; never called damaged."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.cli import BUSY, main
from qa.errors import StoreBusy, StoreDamaged, VerbatimError
from qa.store import opening
from qa.store.index import Index, generation_path
from qa.store.opening import CATALOG_FILE, catalog_errors, create_catalog, open_catalog
from qa.store.writer import CatalogWriter
from tests.store.helpers import held

HOLDER = """
import fcntl, sqlite3, sys, time
file, how, seconds = sys.argv[1:]
if how == "a backup":
    stream = open(file, "r+b")
    fcntl.lockf(stream, fcntl.LOCK_EX)
else:
    db = sqlite3.connect(file, isolation_level=None)
    if how == "all of it":
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("BEGIN EXCLUSIVE")
    if how == "all of it":
        db.execute("CREATE TABLE held (held)")
print("held", flush=True)
time.sleep(float(seconds))
"""


@contextlib.contextmanager
def holding(file: Path, how: str, seconds: float = 300.0) -> Iterator[int]:
    """Another process that has locked an SQLite file for so many seconds; its number."""
    command = [sys.executable, "-c", HOLDER, str(file), how, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"held\n"
        try:
            yield process.pid
        finally:
            process.kill()


@pytest.fixture
def closed(catalog: CatalogWriter, place: Path) -> Path:
    """A store that nobody has open."""
    catalog.close()
    return place


@pytest.mark.parametrize("how", ["a backup", "all of it"])
def test_a_catalog_that_is_held_is_busy_and_names_the_holder(
    closed: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    with holding(closed / CATALOG_FILE, how) as pid:
        for opened in (open_catalog, create_catalog):
            with pytest.raises(StoreBusy, match=rf"^busy: \S+ \(pid {pid}\) holds .*, try again") as raised:
                opened(closed, 1.5)
            assert "move the folder" not in str(raised.value)
        assert f"(pid {pid}) holds" in caplog.text
    with contextlib.closing(open_catalog(closed)) as reader:
        assert len(held(reader)) == 2


def test_a_catalog_that_is_freed_in_time_is_opened(closed: Path, caplog: pytest.LogCaptureFixture) -> None:
    with holding(closed / CATALOG_FILE, "all of it", 2.5), contextlib.closing(open_catalog(closed)) as reader:
        assert len(held(reader)) == 2
    (said,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "waiting for" in said.getMessage()


def test_a_writer_keeps_out_writers_only(closed: Path) -> None:
    with holding(closed / CATALOG_FILE, "its writer's place") as pid:
        with contextlib.closing(open_catalog(closed, 0.2)) as reader:
            assert len(held(reader)) == 2
        busy = pytest.raises(StoreBusy, match=rf"\(pid {pid}\)")
        with contextlib.closing(create_catalog(closed, 0.2)) as writer, busy, catalog_errors(closed):
            writer.db.execute("BEGIN IMMEDIATE")


def test_commands_end_as_for_another_ingest(
    closed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connect = opening.connect
    monkeypatch.setattr(opening, "connect", lambda file, options, seconds=0.0: connect(file, options, 0.1))
    with holding(closed / CATALOG_FILE, "a backup"):
        for command in (["status"], ["show", "a.txt"], ["ask", "Who sleeps?"], ["ingest"], ["verify"]):
            assert main([*command, "--store", str(closed)]) == BUSY, command
            assert "try again" in capsys.readouterr().err


def test_an_index_that_is_held_is_busy(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = opening.connect
    monkeypatch.setattr(opening, "connect", lambda file, options, seconds=0.0: connect(file, options, 0.1))
    path = generation_path(store, 1)
    busy = pytest.raises(StoreBusy, match="try again")
    with holding(path / "chroma.sqlite3", "a backup"), contextlib.closing(Index(path)) as index, busy:
        index.open()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("SQLITE_BUSY", "busy: another program holds"),
        ("SQLITE_BUSY_SNAPSHOT", "try again"),
        ("SQLITE_LOCKED", "try again"),
        ("SQLITE_PROTOCOL", "try again"),
        ("SQLITE_READONLY", "cannot be written .* permissions"),
        ("SQLITE_READONLY_DBMOVED", "moved or replaced"),
        ("SQLITE_IOERR_READ", "cannot be read from its disk"),
        ("SQLITE_IOERR_WRITE", "make room"),
        ("SQLITE_FULL", "make room"),
        ("SQLITE_CANTOPEN", "cannot be opened"),
        ("SQLITE_SCHEMA", "cannot be used"),
        ("SQLITE_CORRUPT", "damaged .* move catalog.sqlite and generations out of it"),
        ("SQLITE_CORRUPT_INDEX", "move catalog.sqlite"),
        ("SQLITE_NOTADB", "move catalog.sqlite"),
    ],
)
def test_each_error_has_its_sentence_and_only_damage_is_called_so(tmp_path: Path, name: str, said: str) -> None:
    error = sqlite3.OperationalError("as SQLite says it")
    error.sqlite_errorname = name
    with pytest.raises(VerbatimError, match=said) as raised, catalog_errors(tmp_path):
        raise error
    assert ("move catalog.sqlite" in str(raised.value)) == isinstance(raised.value, StoreDamaged)
    assert isinstance(raised.value, StoreDamaged) == ("move catalog.sqlite" in said)
    assert isinstance(raised.value, StoreBusy) == ("try again" in said or "busy" in said)
