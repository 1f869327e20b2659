"""Tables of earlier versions: read as today's on a connection that cannot write, and made today's by a writer."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from qa.errors import StoreMismatch
from qa.store.opening import CATALOG_FILE, create_catalog, open_catalog
from qa.store.upgrading import SCHEMA_VERSION, STEPS
from tests.store.helpers import held, publish, stage

# What each version's tables had that the next one's have not, as statements that undo a step.
UNDO = {
    3: "ALTER TABLE documents DROP COLUMN member; DROP TABLE likeness;",
    2: "ALTER TABLE passages DROP COLUMN cells;",
    1: "ALTER TABLE vectors RENAME TO v;"
    "CREATE TABLE vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID;"
    "INSERT INTO vectors SELECT key, vector FROM v; DROP TABLE v;"
    "CREATE VIRTUAL TABLE words USING fts5 (context, text, content = 'passages', content_rowid = 'rowid');",
}


@pytest.fixture(params=sorted(STEPS))
def old(request: pytest.FixtureRequest, place: Path) -> Path:
    """A store with the tables of an earlier version."""
    with contextlib.closing(create_catalog(place)) as catalog:
        stage(catalog, "a.txt", "The red fox sleeps.\nNobody wakes it.")
        publish(catalog)
    with contextlib.closing(sqlite3.connect(place / CATALOG_FILE)) as db, db:
        for version in range(SCHEMA_VERSION - 1, request.param - 1, -1):
            db.executescript(UNDO[version])
        db.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (str(request.param),))
    return place


def test_there_is_a_way_from_every_version_to_today_s() -> None:
    assert sorted(STEPS) == list(range(1, SCHEMA_VERSION))


def test_an_earlier_version_s_tables_are_read_and_then_made_today_s(old: Path) -> None:
    with contextlib.closing(open_catalog(old)) as reader:
        assert reader.schema < SCHEMA_VERSION
        assert held(reader) == {"a.txt": "The red fox sleeps.\nNobody wakes it."}
        assert [p.cells for p in reader.all_passages()] == [(), ()]
        assert [d.near_identical for d in reader.documents()] == [0]
        with contextlib.closing(create_catalog(old)) as writer:
            assert writer.schema == SCHEMA_VERSION
            assert held(reader) == held(writer)  # a reader that was open goes on
            stage(writer, "b.txt", "Bridges cross the river.")
            publish(writer)
            assert writer.count()["vectors"] == 3
    with contextlib.closing(open_catalog(old)) as reader:
        assert sorted(held(reader)) == ["a.txt", "b.txt"]


def test_a_step_that_fails_changes_nothing(place: Path) -> None:
    create_catalog(place).close()
    with contextlib.closing(sqlite3.connect(place / CATALOG_FILE)) as db, db:
        db.execute("UPDATE meta SET value = '2' WHERE key = 'schema'")  # whose passages have no cells: the step fails
        db.execute("DROP TABLE likeness")
    with pytest.raises(StoreMismatch):
        create_catalog(place)
    with contextlib.closing(sqlite3.connect(place / CATALOG_FILE)) as db:
        assert db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone() == ("2",)
        assert db.execute("SELECT 1 FROM sqlite_master WHERE name = 'likeness'").fetchone() is None


@pytest.mark.parametrize(("schema", "said"), [(SCHEMA_VERSION + 1, "later version"), (0, "not the tables")])
def test_tables_that_are_not_known_are_refused_and_left_alone(place: Path, schema: int, said: str) -> None:
    with contextlib.closing(create_catalog(place)) as catalog:
        publish(catalog)
        catalog.put(schema=schema)
    before = (place / CATALOG_FILE).read_bytes()
    for opened in (open_catalog, create_catalog):
        with pytest.raises(StoreMismatch, match=said):
            opened(place)
    assert (place / CATALOG_FILE).read_bytes() == before
