"""Opening a store: no store, another schema, damage, permissions; the lock of the one writer."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from qa.errors import NoStore, StoreBusy, StoreDamaged, StoreMismatch, UsageError, VerbatimError
from qa.store.opening import CATALOG_FILE, create_catalog, open_catalog, write_lock
from qa.store.writer import CatalogWriter
from tests.helpers import embedded_only, run_python
from tests.store.helpers import held, publish, stage

pytestmark = pytest.mark.usefixtures("each_catalog")


@embedded_only
def test_no_store(tmp_path: Path, place: Path) -> None:
    with pytest.raises(NoStore, match="qa ingest PATH"):
        open_catalog(place)
    assert not place.exists()
    (tmp_path / "file").write_text("text")
    with pytest.raises(NoStore, match="is a file"):
        open_catalog(tmp_path / "file")
    with pytest.raises(UsageError, match="is a file"):
        create_catalog(tmp_path / "file")


def test_nothing_published_yet(place: Path) -> None:
    with contextlib.closing(create_catalog(place)) as opened:
        stage(opened, "a.txt", "text")
        with pytest.raises(NoStore, match="nothing has been published"):
            open_catalog(place)


@embedded_only
@pytest.mark.parametrize("begun", [False, True])
def test_a_catalog_whose_writer_was_killed_before_its_tables_is_no_store_yet(place: Path, begun: bool) -> None:
    place.mkdir()
    (place / CATALOG_FILE).touch()
    if begun:
        with contextlib.closing(sqlite3.connect(place / CATALOG_FILE)) as db:
            db.execute("PRAGMA journal_mode = WAL")
    with pytest.raises(NoStore):
        open_catalog(place)
    create_catalog(place).close()


@embedded_only
@pytest.mark.parametrize("content", [b"garbage " * 1000, b"SQLite format 3\0" + b"\xff" * 9000])
def test_a_catalog_of_garbage(place: Path, content: bytes) -> None:
    place.mkdir()
    (place / CATALOG_FILE).write_bytes(content)
    for opened in (open_catalog, create_catalog):
        with pytest.raises(StoreDamaged, match="ingest again"):
            opened(place)
    assert (place / CATALOG_FILE).read_bytes() == content


@embedded_only
def test_another_program_s_database(place: Path) -> None:
    place.mkdir()
    with contextlib.closing(sqlite3.connect(place / CATALOG_FILE)) as db:
        db.execute("CREATE TABLE songs (title TEXT)")
    for opened in (open_catalog, create_catalog):
        with pytest.raises((StoreDamaged, StoreMismatch)):
            opened(place)


@embedded_only
def test_a_folder_name_of_any_characters(tmp_path: Path) -> None:
    place = tmp_path / "st\u00f6re #1? 100%20 'x'"
    with contextlib.closing(create_catalog(place)) as opened:
        stage(opened, "a.txt", "text")
        publish(opened)
    with contextlib.closing(open_catalog(place)) as reader:
        assert held(reader) == {"a.txt": "text"}
    assert [path.name for path in tmp_path.iterdir()] == [place.name]


def test_a_reader_cannot_write(catalog: CatalogWriter, place: Path) -> None:
    assert catalog.generation == 1
    refused = pytest.raises((sqlite3.OperationalError, VerbatimError), match=r"readonly|read-only")
    with contextlib.closing(open_catalog(place)) as reader, refused:
        reader.db.execute("DELETE FROM meta")


def test_a_killed_writer_s_log_is_read(place: Path, each_catalog: str) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from qa.store.opening import create_catalog
from tests.store.helpers import publish, stage
opened = create_catalog(Path(sys.argv[1]))
stage(opened, "a.txt", "published text")
publish(opened)
stage(opened, "a.txt", "staged text")
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert run_python(code, place).returncode == -9
    if each_catalog == "embedded":
        assert (place / f"{CATALOG_FILE}-wal").stat().st_size > 0
    with contextlib.closing(open_catalog(place)) as reader:
        assert held(reader) == {"a.txt": "published text"}


def test_the_lock_names_its_holder(tmp_path: Path) -> None:
    busy = pytest.raises(StoreBusy, match=rf"process {os.getpid()} .*is writing")
    with write_lock(tmp_path), busy, write_lock(tmp_path):
        pass
    assert not (tmp_path / "ingest.holder").exists()
    with write_lock(tmp_path):
        pass
