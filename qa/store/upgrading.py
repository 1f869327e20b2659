"""Stores of earlier versions: their tables are read as they are, and made today's where an ingest writes.

Each version of the tables only adds to the one before it, so that nothing must be read again for them. Whether a
document must be is for its fingerprint to say; until then the store gives what it gave before.
"""

from __future__ import annotations

import sqlite3

from qa.errors import StoreMismatch

SCHEMA_VERSION = 4
OLDEST = 1
OLDEST_ON_SERVERS = 4  # stores of earlier versions lie in their folders

# What leads from a version of the tables to the next one.
STEPS = {
    1: """
        DROP TABLE words;
        ALTER TABLE vectors RENAME TO old_vectors;
        CREATE TABLE vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL);
        INSERT INTO vectors SELECT key, vector FROM old_vectors;
        DROP TABLE old_vectors;
        INSERT INTO meta VALUES ('erase', 'true') ON CONFLICT DO UPDATE SET value = excluded.value;
    """,
    2: "ALTER TABLE passages ADD COLUMN cells TEXT NOT NULL DEFAULT '[]';",
    3: """
        ALTER TABLE documents ADD COLUMN member TEXT NOT NULL DEFAULT '';
        CREATE TABLE likeness (
            document INTEGER PRIMARY KEY REFERENCES documents (id), signature BLOB NOT NULL, near TEXT
        );
    """,
}

# What stands, on a connection that cannot write, for that which the tables of a version lack: a view of the same name
# comes before the table.
LACKING = {
    2: "CREATE TEMP VIEW passages AS SELECT *, '[]' AS cells FROM main.passages;",
    3: """
        CREATE TEMP VIEW documents AS SELECT *, '' AS member FROM main.documents;
        CREATE TEMP VIEW likeness AS SELECT 0 AS document, x'' AS signature, NULL AS near WHERE 0;
    """,
}


def check_known(schema: int, store: object, oldest: int = OLDEST) -> None:
    """Raises StoreMismatch where this program does not know the tables of that version."""
    if schema > SCHEMA_VERSION:
        raise StoreMismatch(
            f"the store {store} was made by a later version of this program (schema {schema}, this one knows "
            f"{SCHEMA_VERSION}); nothing in it has been touched: install that version, or name another folder with "
            "--store"
        )
    if schema < oldest:
        raise StoreMismatch(
            f"the catalog in {store} has not the tables of this program, which has not touched it; name another folder "
            "with --store"
        )


def read_as_today(db: sqlite3.Connection, schema: int) -> None:
    """Makes the tables of a known version look like today's on this connection. Nothing is written to the file."""
    db.execute("PRAGMA temp_store = MEMORY")  # there may be no room for a file
    for version in range(schema, SCHEMA_VERSION):
        db.executescript(LACKING.get(version, ""))


def make_todays(db: sqlite3.Connection, schema: int) -> None:
    """Makes the tables of a known version today's, all of it or, if it is stopped, nothing."""
    steps = "".join(STEPS[version] for version in range(schema, SCHEMA_VERSION))
    if steps:
        try:
            db.executescript(
                f"BEGIN IMMEDIATE; {steps} UPDATE meta SET value = '{SCHEMA_VERSION}' WHERE key = 'schema'; COMMIT;"
            )
        except sqlite3.Error:
            db.close()  # which takes back what was done
            raise
