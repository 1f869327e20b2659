"""A store on servers: which folder ingests, what a lost server or connection costs, what is said of it."""

from __future__ import annotations

import contextlib
import json
import signal
from pathlib import Path

import psycopg
import pytest

from qa.cli import main
from qa.errors import StoreMismatch, UsageError, VerbatimError
from qa.ingestion.files import uploads_of
from qa.ingestion.library import Library, exclude
from qa.ingestion.sync import preview
from qa.settings import load_settings
from qa.store.opening import open_catalog
from qa.store.servers import FOLDER_FILE, SERVERS_FILE, servers_of, use_servers
from tests.helpers import FakeEmbedder, Vectors, change, differences_of, found, ingest, run_python, servers_only, state
from tests.helpers import write as write_file
from tests.ingestion.helpers import NAMES, WHALE
from tests.postgres import Server
from tests.promises.helpers import open_qa

pytestmark = [pytest.mark.usefixtures("each_catalog"), servers_only]


@pytest.fixture
def other(store: Path, tmp_path: Path) -> Path:
    """The folder of the store on another machine."""
    made = tmp_path / "other machine" / "store"
    made.mkdir(parents=True)
    (made / SERVERS_FILE).write_bytes((store / SERVERS_FILE).read_bytes())
    return made


def address_of(store: Path) -> str:
    servers = servers_of(store)
    assert servers is not None
    return servers.catalog


def test_a_folder_whose_list_of_servers_is_gone_makes_no_store_of_its_own(folder: Path, store: Path) -> None:
    ingest(store, folder)
    named = (store / SERVERS_FILE).read_bytes()
    (store / SERVERS_FILE).unlink()
    with pytest.raises(StoreMismatch, match=r"was on servers.*QA_CATALOG"):
        ingest(store, folder)
    with pytest.raises(StoreMismatch, match=r"was on servers.*QA_CATALOG"):
        open_catalog(store)
    use_servers(load_settings(store=store, **json.loads(named)))
    assert ingest(store).unchanged == NAMES


def test_user_and_password_may_change_but_not_the_servers(store: Path) -> None:
    held = servers_of(store)
    assert held is not None
    renamed = held.catalog.replace("verbatim@", "reader:other@")
    use_servers(load_settings(store=store, catalog=renamed, chroma=held.chroma))
    assert address_of(store) == renamed
    with pytest.raises(StoreMismatch, match=r"delete .* if the servers have moved") as refused:
        use_servers(load_settings(store=store, catalog="postgresql://a:secret@example.org/x", chroma=held.chroma))
    assert "secret" not in str(refused.value)


# One folder ingests


def test_documents_are_ingested_from_one_folder(folder: Path, store: Path, other: Path) -> None:
    write_file(uploads_of(store), "whale.txt", WHALE)
    ingest(store)
    before = state(store)
    refused = pytest.raises(UsageError, match=rf"ingested from {store} on .*--allow-removals")
    with refused:
        ingest(other, folder)
    with refused:
        ingest(other)
    with refused:
        preview(other, (), lambda name: FakeEmbedder())
    with refused:
        exclude(other, ["harvest.txt"])
    with refused:
        Library(other, FakeEmbedder()).receive("new.txt", [b"A text that somebody gives to the page."])  # type: ignore[arg-type]
    assert not uploads_of(other).exists()
    assert not (other / FOLDER_FILE).exists()
    assert state(store) == state(other) == before


def test_another_folder_takes_over(folder: Path, store: Path, other: Path) -> None:
    report = ingest(other, folder, allow_removals=True)
    assert (report.changed, report.embedded) == (False, 0)
    write_file(folder, "whale.txt", WHALE)
    assert ingest(other).added == ["whale.txt"]
    with pytest.raises(UsageError, match="ingested from"):
        ingest(store)
    assert found(store, "whale") == {"whale.txt"}
    ingest(store, folder, allow_removals=True)
    assert differences_of(store) == []


def test_a_folder_that_was_moved_or_whose_machine_has_another_name_still_ingests(
    folder: Path, store: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    store.rename(moved)
    write_file(folder, "whale.txt", WHALE)
    assert ingest(moved).added == ["whale.txt"]


# What goes wrong meanwhile


class CutOff(FakeEmbedder):
    """In its second batch the server ends all connections that write."""

    def __init__(self, postgres: Server) -> None:
        super().__init__()
        self.postgres, self.batches = postgres, 0

    def encode_passages(self, texts):  # type: ignore[no-untyped-def]
        self.batches += 1
        if self.batches == 2:
            self.postgres.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'process %'"
            )
        vectors: Vectors = super().encode_passages(texts)
        return vectors


def test_an_ingest_that_is_cut_off_publishes_nothing_and_the_next_one_goes_on(
    folder: Path, store: Path, postgres: Server
) -> None:
    for n in range(150):
        write_file(folder, f"n{n}.txt", f"Report number{n} says that ship{n} came in at dawn on that day of the year.")
    before = state(store)
    with pytest.raises(VerbatimError, match="does not answer"):
        ingest(store, embedder=CutOff(postgres))
    now = state(store)
    assert (now.documents, now.passages, now.indexed) == (before.documents, before.passages, before.indexed)
    assert len(now.keys - before.keys) == 64  # the first batch was committed
    report = ingest(store)
    assert report.embedded == 150 - 64
    assert len(report.added) == 150
    assert found(store, "ship77") == {"n77.txt"}


def test_an_open_page_goes_on_when_the_server_is_back(folder: Path, store: Path, postgres: Server) -> None:
    with open_qa(store) as qa:
        before = qa.ask("Who grew onions and potatoes in the polder?")
        postgres.stop(signal.SIGINT)
        try:
            for _ in range(2):
                with pytest.raises(
                    VerbatimError, match=r"does not answer .* start it, then try again; nothing is lost"
                ):
                    qa.ask("Who grew onions and potatoes in the polder?")
            with pytest.raises(VerbatimError, match="does not answer"):
                ingest(store)
        finally:
            postgres.start()
        after = qa.ask("Who grew onions and potatoes in the polder?")
        assert [hit.passage for hit in after.hits] == [hit.passage for hit in before.hits]
        change(folder / "harvest.txt", "onions", "shallots")
        ingest(store)
        assert any("shallots" in hit.passage.text for hit in qa.ask("Who grew shallots?").hits)


def test_a_dry_run_writes_nothing_to_the_server(folder: Path, store: Path) -> None:
    query = """SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables
               WHERE schemaname = 'verbatim' ORDER BY relname"""

    def written() -> list[tuple[object, ...]]:
        with psycopg.connect(address_of(store), autocommit=True) as connection:
            connection.execute("SELECT pg_stat_force_next_flush()")
            return connection.execute(query).fetchall()

    before = written()
    change(folder / "harvest.txt", "onions", "shallots")
    (folder / "museum.html").unlink()
    for model in (FakeEmbedder(), FakeEmbedder("fake 2")):  # the second would embed everything anew
        preview(store, (), lambda name, model=model: model)
    assert written() == before
    assert {"museum.html", *NAMES} == set(state(store).documents)


# What is said


def test_status_and_doctor_say_where_the_servers_are_and_no_password(
    store: Path, other: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = address_of(store).replace("@", ":sEcret@")
    (other / SERVERS_FILE).unlink()
    monkeypatch.setenv("QA_CATALOG", address)
    monkeypatch.setenv("QA_CHROMA", servers_of(store).chroma)  # type: ignore[union-attr]
    assert main(["status", "--json", "--store", str(other)]) == 0
    out = capsys.readouterr().out
    facts = json.loads(out)
    assert facts["documents"] == len(NAMES)
    assert facts["servers"]["catalog"].startswith("PostgreSQL at ")
    assert facts["servers"]["chroma"].startswith("http://127.0.0.1:")
    assert facts["home"].startswith(f"{store} on ")
    assert (other / SERVERS_FILE).stat().st_mode & 0o777 == 0o600
    main(["status", "--store", str(other)])
    main(["doctor", "--store", str(other)])
    out += (said := capsys.readouterr().out)
    assert f"are ingested from {store} on " in said
    assert "servers   catalog: PostgreSQL at " in said
    assert "sEcret" not in out


def test_a_store_in_a_folder_is_not_taken_for_one_on_servers(
    tmp_path: Path, folder: Path, store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ingest(tmp_path / "embedded", folder)
    monkeypatch.setenv("QA_CATALOG", address_of(store).replace("@", ":sEcret@"))
    monkeypatch.setenv("QA_CHROMA", "http://127.0.0.1:9")
    assert main(["status", "--store", str(tmp_path / "embedded")]) == 2
    assert main(["status", "--store", str(store)]) == 2  # it is on another Chroma server
    captured = capsys.readouterr()
    assert "has its catalog in its own folder" in captured.err
    assert "sEcret" not in captured.err + captured.out


def test_a_store_in_a_folder_loads_nothing_of_servers(tmp_path: Path, folder: Path) -> None:
    ingest(tmp_path / "embedded", folder)
    done = run_python(ASKED, tmp_path / "embedded")
    assert done.stdout.decode().splitlines() == ["[]"], done.stderr


ASKED = """
import sys
from pathlib import Path
import numpy as np
from qa import QA
from qa.answering.sentence_reader import SentenceReader

class Model:
    identity = "fake 1"
    def encode_questions(self, texts):
        return np.ones((len(texts), 16), np.float32)
    encode_passages = encode_questions

with QA(Path(sys.argv[1]), Model(), SentenceReader(Model())) as page:
    page.stays = True
    assert page.ask("Who grew onions?").hits
names = "psycopg", "qa.store.postgres", "chromadb.api.fastapi", "chromadb.api.async_fastapi"
print([name for name in names if name in sys.modules])
"""


def test_what_a_reader_sees_while_another_machine_ingests(folder: Path, store: Path, other: Path) -> None:
    with contextlib.closing(open_catalog(other)) as reader, reader.snapshot():
        before = [source.name for source in reader.sources()]
        write_file(folder, "whale.txt", WHALE)
        ingest(store)
        assert [source.name for source in reader.sources()] == before
    with open_qa(other) as qa:
        assert "whale.txt" in {source.name for source in qa.sources()}
        assert "whale.txt" in {hit.passage.source.name for hit in qa.ask("Where did the whale swim?").hits}
