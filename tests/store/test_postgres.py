"""A catalog on PostgreSQL: what only it can do wrong. All else it shares with SQLite, and so do the tests."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from qa.errors import NoStore, StoreBusy, StoreMismatch, VerbatimError
from qa.store.opening import SCHEMA, copy_catalog, create_catalog, has_catalog, last_writer, open_catalog, server_facts
from qa.store.postgres import SCHEMA as SERVERS_SCHEMA
from qa.store.postgres import as_it_was, written
from qa.store.servers import SERVERS_FILE
from qa.store.writer import CatalogWriter
from qa.types import Passage, Within
from tests.helpers import run_python
from tests.postgres import USER, Server, database_files, put_on_servers
from tests.store.helpers import MODEL, document, embed, fingerprint, held, passages, publish, stage


@pytest.fixture
def address(place: Path, postgres: Server) -> str:
    return put_on_servers(place, postgres)


@pytest.fixture
def catalog(address: str, place: Path) -> Iterator[CatalogWriter]:
    """On a server, open for writing, with two documents published."""
    with contextlib.closing(create_catalog(place)) as opened:
        stage(opened, "a.txt", "The red fox sleeps.\nNobody wakes it.")
        stage(opened, "b.txt", "Bridges cross the river.")
        publish(opened)
        yield opened


def elsewhere(store: Path, folder: Path) -> Path:
    """The folder of the same store on another machine."""
    folder.mkdir()
    (folder / SERVERS_FILE).write_bytes((store / SERVERS_FILE).read_bytes())
    return folder


def named(folder: Path, address: str) -> Path:
    """A store's folder that names a catalog's address."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SERVERS_FILE).write_text(json.dumps({"catalog": address, "chroma": "http://127.0.0.1:9"}))
    return folder


# Every character comes back

STRANGE = [
    "\0",
    "\0\0 at both ends \0",
    "\U0010ffff",
    "\U0010ffff0 \U0010ffff1 \0001",
    "\U0010ffff\0\U0010ffff",
    "\ufdd0 \U0010fffe\U0010ffff\ufdd0",
    "a\\b \\x41 %s ? %% $1 '' \"",
    "\ufeff\ufffe\uffff \u2028\x1f\x7f\x80",
    "e\u0301 \u00e9 \U0001f980",
    "\r\n\r \t\v\f",
]


@pytest.mark.parametrize("text", STRANGE)
def test_every_character_comes_back(catalog: CatalogWriter, text: str) -> None:
    assert as_it_was(written(text)) == text
    whole = document("strange.txt", f"before {text} after", member=f"m {text}")
    whole = replace(whole, source=replace(whole.source, title=text))
    piece = Passage("p1", whole.source, 7, 7 + len(text), text, f"context {text}", "en", ((7, 7 + len(text)),))
    catalog.stage(whole, replace(fingerprint(whole), member=f"m {text}"), [piece], MODEL)
    publish(catalog)
    found = catalog.document("strange.txt")
    assert found == whole
    assert found.text[7 : 7 + len(text)] == text
    assert catalog.passages(["p1"]) == {"p1": piece}
    assert catalog.documents_holding(text) == ["strange.txt"]
    (listed,) = (one for one in catalog.documents() if one.name == "strange.txt")
    assert listed.characters == len(whole.text)


def test_no_mark_of_ours_is_found_as_text(catalog: CatalogWriter) -> None:
    stage(catalog, "strange.txt", "one \0 two \U0010ffff three")
    publish(catalog)
    assert catalog.documents_holding("0") == []
    assert catalog.documents_holding("1") == []
    assert catalog.documents_holding("\0 two \U0010ffff") == ["strange.txt"]


def test_a_lone_surrogate_is_refused_as_sqlite_does(catalog: CatalogWriter, tmp_path: Path) -> None:
    with contextlib.closing(create_catalog(tmp_path / "embedded")) as other:
        for one in (catalog, other):
            with pytest.raises(UnicodeEncodeError):
                one.db.execute("INSERT INTO meta VALUES (?, ?)", ("k", "\ud800"))


NAMES = ["b", "B", "a", "Z", "\u00e9", "e\u0301", "_", "-", "a b", "a-b", "ab", "\U0001f980", "\uffee", "10", "9", ""]


def test_names_are_sorted_by_code_points(catalog: CatalogWriter) -> None:
    for name in NAMES:
        stage(catalog, f"{name}.txt", f"Text of {name}.")
    publish(catalog)
    names = [source.name for source in catalog.sources()]
    assert names == sorted(names)
    assert [document.name for document in catalog.documents()] == names
    places = [(p.source.name, p.start) for p in catalog.all_passages()]
    assert places == sorted(places)


def test_dates_are_compared_as_texts(catalog: CatalogWriter) -> None:
    for date in ("2022", "2022-02", "2022-02-22", None):
        whole = document(f"{date}.txt", f"Said in {date}.")
        whole = replace(whole, source=replace(whole.source, date=date))
        catalog.stage(whole, fingerprint(whole), passages(whole), MODEL)
    publish(catalog)
    assert catalog.count_within(Within(since="2022-02")) == {"en": 2}
    assert catalog.count_within(Within(until="2022")) == {"en": 1}
    names = frozenset({"2022.txt", "a.txt", "no such document"})
    assert catalog.count_within(Within(documents=names, languages=frozenset({"en"}))) == {"en": 3}


def test_both_databases_have_the_same_tables(catalog: CatalogWriter) -> None:
    query = "SELECT column_name FROM information_schema.columns WHERE table_schema = 'verbatim' AND table_name = ? "
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA)
        for table in ("meta", "documents", "passages", "likeness", "vectors"):
            here = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            assert [row[0] for row in catalog.db.execute(f"{query} ORDER BY ordinal_position", (table,))] == here
    assert SERVERS_SCHEMA.count("CREATE INDEX") == SCHEMA.count("CREATE INDEX")


def test_a_query_of_all_passages_takes_others_between(catalog: CatalogWriter) -> None:
    for n in range(30):
        stage(catalog, f"{n}.txt", "\n".join(f"Line {n} {m}" for m in range(50)))
    publish(catalog)
    with catalog.snapshot():
        seen = [catalog.document(p.source.name) is not None for p in catalog.all_passages()]
    assert seen == [True] * 1503
    unfinished = catalog.all_passages()
    next(unfinished)
    unfinished.close()
    assert catalog.count()["passages"] == 1503


# One writer, also from two machines


def test_a_second_machine_is_told_who_writes(catalog: CatalogWriter, place: Path, tmp_path: Path) -> None:
    other = elsewhere(place, tmp_path / "other")
    with pytest.raises(StoreBusy, match=r"process \d+ since 20\d\d-.* on .* is writing to"):
        create_catalog(other)
    who, writes = last_writer(other)
    assert writes
    assert who.startswith("process ")
    catalog.close()
    create_catalog(other).close()
    assert last_writer(other) == ("", False)


def test_a_writer_whose_connection_is_lost_publishes_nothing(
    catalog: CatalogWriter, place: Path, tmp_path: Path, postgres: Server
) -> None:
    stage(catalog, "c.txt", "Staged before it was lost.")
    catalog.leave_out([])
    embed(catalog)
    postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'process %'")
    with contextlib.closing(create_catalog(elsewhere(place, tmp_path / "other"))) as second:  # it is free at once
        with pytest.raises(VerbatimError, match="does not answer"):
            catalog.switch(generation=7)
        with pytest.raises(VerbatimError, match="does not answer"):
            catalog.put(generation=8)
        assert second.generation == 1
        assert set(held(second)) == {"a.txt", "b.txt"}
        assert second.has_staged()


def test_a_killed_writer_is_no_writer(address: str, place: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from qa.store.opening import create_catalog
opened = create_catalog(Path(sys.argv[1]))
opened.db.begin_writing()
opened.put(roots=["/not committed"])
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert run_python(code, place).returncode == -signal.SIGKILL
    with contextlib.closing(create_catalog(place)) as opened:
        assert opened.roots == []


# The server is away, and comes back


def test_a_reader_connects_again_by_itself(catalog: CatalogWriter, place: Path, postgres: Server) -> None:
    catalog.close()
    with contextlib.closing(open_catalog(place)) as reader:
        postgres.stop(signal.SIGINT)
        try:
            for _ in range(2):
                with pytest.raises(VerbatimError, match=r"PostgreSQL at .* does not answer \(.+\): start it"):
                    reader.sources()
            with pytest.raises(VerbatimError, match="does not answer"), reader.snapshot():
                pass
            with pytest.raises(VerbatimError, match="does not answer"):
                open_catalog(place)
        finally:
            postgres.start()
        with reader.snapshot():
            assert held(reader) == {
                "a.txt": "The red fox sleeps.\nNobody wakes it.",
                "b.txt": "Bridges cross the river.",
            }


def test_a_reader_that_was_cut_off_in_a_snapshot_goes_on_with_the_next(
    catalog: CatalogWriter, place: Path, postgres: Server
) -> None:
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'verbatim'"
    with contextlib.closing(open_catalog(place)) as reader:
        with reader.snapshot():
            assert len(reader.sources()) == 2
            postgres.sql(cut)
            with pytest.raises(VerbatimError, match="does not answer"):  # another connection has another snapshot
                reader.sources()
        with reader.snapshot():
            assert len(reader.sources()) == 2
        postgres.sql(cut)
        assert len(list(reader.all_passages())) == 3
        postgres.sql(cut)
        with reader.snapshot():
            assert len(reader.sources()) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a: a.replace(f"{USER}@", f"{USER}:sEcret@").replace("?host=", "?port=1&host="), "does not answer"),
        (lambda a: f"postgresql://{USER}:sEcret@127.0.0.1:9/x", r"127.0.0.1:9 does not answer \(.*refused"),
        (lambda a: f"postgresql://{USER}:sEcret@localhost:9/x", r"localhost:9 does not answer \(.*refused"),
        (lambda a: a.replace(f"{USER}@", "someone:sEcret@"), "refuses the connection"),
        (lambda a: a.replace("/test", "/nodatabase"), "refuses the connection"),
        (lambda a: "postgresql://verbatim:sEcret%ZZ@h/x", "no address of PostgreSQL"),
        (lambda a: "postgresql://verbatim:sEcret@h/x?colour=sEcret", "no address of PostgreSQL"),
    ],
)
def test_what_is_said_holds_no_user_and_no_password(tmp_path: Path, address: str, change: object, said: str) -> None:
    changed = change(address)  # type: ignore[operator]
    store = named(tmp_path / "wrong", changed)
    for act in (open_catalog, create_catalog, has_catalog):
        with pytest.raises(VerbatimError, match=said) as error:
            act(store)
        assert "sEcret" not in str(error.value)
        assert "someone" not in str(error.value)
        assert f"{USER}@" not in str(error.value)


def test_a_wrong_password(tmp_path: Path, postgres: Server, address: str) -> None:
    postgres.sql("DROP ROLE IF EXISTS clerk")
    postgres.sql("CREATE ROLE clerk LOGIN PASSWORD 'right'")
    rules = postgres.data / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text(f"local all clerk scram-sha-256\n{before}")
    postgres.sql("SELECT pg_reload_conf()")
    time.sleep(0.2)
    try:
        with pytest.raises(VerbatimError, match=r"refuses the connection .* check user, password") as error:
            open_catalog(named(tmp_path / "wrong", address.replace(f"{USER}@", "clerk:wr%20ong@")))
        assert "clerk" not in str(error.value)
        assert "ong" not in str(error.value).replace("wrong", "")
    finally:
        rules.write_text(before)
        postgres.sql("SELECT pg_reload_conf()")


# A database that is not ours


def test_an_empty_database(address: str, place: Path, tmp_path: Path) -> None:
    assert not has_catalog(place)
    with pytest.raises(NoStore, match="nothing has been published"):
        open_catalog(place)
    copy_catalog(place, tmp_path)
    create_catalog(place).close()
    assert has_catalog(place)
    with pytest.raises(NoStore, match="nothing has been published"):
        open_catalog(place)


def test_another_program_s_tables(address: str, place: Path) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE songs (title text); CREATE SCHEMA verbatim")
        create_catalog(place).close()  # its own schema is still empty
        connection.execute("DROP SCHEMA verbatim CASCADE; CREATE SCHEMA verbatim; CREATE TABLE verbatim.songs (a int)")
        for act in (open_catalog, create_catalog):
            with pytest.raises(StoreMismatch, match="has not the tables of this program"):
                act(place)
        assert connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'verbatim'").fetchall() == [
            ("songs",)
        ]


@pytest.mark.parametrize(("schema", "said"), [(99, "later version"), (3, "has not the tables")])
def test_tables_of_another_version(catalog: CatalogWriter, place: Path, schema: int, said: str) -> None:
    catalog.put(schema=schema)
    catalog.close()
    for act in (open_catalog, create_catalog, lambda store: copy_catalog(store, store)):
        with pytest.raises(StoreMismatch, match=said):
            act(place)


def test_a_database_of_another_encoding(tmp_path: Path, postgres: Server) -> None:
    postgres.sql("DROP DATABASE IF EXISTS latin")
    postgres.sql("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    with pytest.raises(StoreMismatch, match="keeps text as LATIN1; make one"):
        create_catalog(named(tmp_path / "store", f"postgresql://{USER}@/latin?host={quote(str(postgres.sockets))}"))


def test_a_user_without_rights(catalog: CatalogWriter, place: Path, postgres: Server, address: str) -> None:
    postgres.sql("DROP ROLE IF EXISTS guest")
    postgres.sql("CREATE ROLE guest LOGIN")
    store = named(place.with_name("guest"), address.replace(f"{USER}@", "guest@"))
    with pytest.raises(VerbatimError, match=r"check the user's rights"):
        open_catalog(store)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("GRANT USAGE ON SCHEMA verbatim TO guest")
        with pytest.raises(VerbatimError, match=r"check the user's rights"):
            open_catalog(store)
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA verbatim TO guest")
    with contextlib.closing(open_catalog(store)) as reader, reader.snapshot():
        assert held(reader) == held(catalog)
    catalog.close()
    with (
        contextlib.closing(create_catalog(store)) as writer,
        pytest.raises(VerbatimError, match="check the user's rig"),
    ):
        writer.put(generation=9)


def test_without_the_driver(address: str, place: Path) -> None:
    code = """
import sys
from pathlib import Path
sys.modules["psycopg"] = None
from qa.errors import UsageError
from qa.store.opening import open_catalog
try:
    open_catalog(Path(sys.argv[1]))
except UsageError as error:
    print(error)
"""
    assert b"pip install 'verbatim-qa[server]'" in run_python(code, place).stdout


# Erasing


def test_statistics_keep_no_text(catalog: CatalogWriter, address: str) -> None:
    for n in range(100):
        stage(catalog, f"{n}.txt", f"Unrepeatable{n % 3} words stand here.\nSecret{n} ones.")
    publish(catalog)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("ANALYZE")
    publish(catalog, gone=[f"{n}.txt" for n in range(100)])
    content = b"".join(path.read_bytes() for path in database_files(address)).lower()
    assert [word for word in (b"unrepeatable", b"secret") if word in content] == []


def test_a_reader_only_waits_while_the_tables_are_written_anew(catalog: CatalogWriter, place: Path) -> None:
    with contextlib.closing(open_catalog(place)) as reader:
        for n in range(5):
            stage(catalog, "a.txt", f"The fox number {n} sleeps.")
            catalog.leave_out([])
            embed(catalog)
            catalog.switch(generation=n + 2)
            assert catalog.purge() == (1 if n else 2, True)
            with reader.snapshot():
                assert held(reader)["a.txt"] == f"The fox number {n} sleeps."


def test_a_reader_that_has_seen_only_a_little_is_waited_for(catalog: CatalogWriter, place: Path) -> None:
    catalog.db.busy_seconds = 0.2  # type: ignore[attr-defined]
    with contextlib.closing(open_catalog(place)) as reader:
        with reader.snapshot():
            assert reader.generation == 1  # of the other tables it has seen nothing yet
            catalog.leave_out(["a.txt"])
            catalog.switch(generation=2)
            assert catalog.purge() == (2, False)
            assert len(reader.sources()) == 2
        assert catalog.purge() == (0, True)


def test_rows_that_somebody_else_holds_back_are_not_called_erased(catalog: CatalogWriter, address: str) -> None:
    """As a replica does: it holds no lock, but an old view of the database."""
    with psycopg.connect(address) as other:
        other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        other.execute("SELECT 1")
        catalog.leave_out(["a.txt"])
        catalog.switch(generation=2)
        assert catalog.purge()[1] is False
    assert catalog.purge() == (0, True)


# A preview


def test_a_copy_has_all_but_the_vectors(catalog: CatalogWriter, place: Path, tmp_path: Path) -> None:
    stage(catalog, "c.txt", "Staged \0 text.")
    (tmp_path / "copy").mkdir()
    copy_catalog(place, tmp_path / "copy")
    with contextlib.closing(create_catalog(tmp_path / "copy")) as copy:
        assert held(copy) == held(catalog)
        assert (copy.generation, copy.model, copy.schema) == (catalog.generation, catalog.model, catalog.schema)
        assert list(copy.all_passages()) == list(catalog.all_passages())
        assert copy.fingerprints() == catalog.fingerprints()
        copy.leave_out([])
        catalog.leave_out([])
        assert (copy.count_missing(), copy.count_next()) == (catalog.count_missing(), catalog.count_next()) == (1, 4)


def test_what_is_said_of_the_servers(catalog: CatalogWriter, place: Path) -> None:
    facts = server_facts(place)
    assert facts is not None
    assert facts["catalog"].startswith("PostgreSQL at ")
    assert facts["bytes"] > 50_000
    assert facts["chroma"] == "http://127.0.0.1:9"
    assert int(facts["version"].split(".")[0]) >= 14
