"""Vectors on a Chroma server: published by number as directories are, shared by machines, and its absence is told."""

from __future__ import annotations

import contextlib
import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from qa.answering.qa import QA
from qa.answering.sentence_reader import SentenceReader
from qa.errors import StoreDamaged, VerbatimError
from qa.store.chroma import ChromaServer, Served
from qa.store.generations import ServedGenerations, generations_of, open_index
from qa.store.index import PAGE, Index, build_generation
from qa.store.opening import open_catalog
from qa.store.servers import SERVERS_FILE
from tests import chroma as chroma_server
from tests.chroma import ChromaProcess, free_port
from tests.helpers import FakeEmbedder, bag_of_words, change, differences_of, found, ingest, state, write
from tests.postgres import Server, put_on_servers
from tests.store.helpers import unit_vectors
from tests.store.test_index import batch


@pytest.fixture
def on_servers(folder: Path, tmp_path: Path, postgres: Server, chroma: ChromaProcess) -> Path:
    """A store of `folder` on servers."""
    store = tmp_path / "store"
    put_on_servers(store, postgres, chroma.address)
    ingest(store, folder)
    return store


@pytest.fixture
def own_chroma() -> Iterator[ChromaProcess]:
    """A server that a test may stop."""
    with chroma_server.running() as server:
        yield server


def machine(store: Path, place: Path) -> Path:
    """The folder of another machine that asks the same store."""
    place.mkdir()
    (place / SERVERS_FILE).write_text((store / SERVERS_FILE).read_text())
    return place


def prefix_of(store: Path) -> str:
    with closing(open_catalog(store)) as catalog, closing(generations_of(store, catalog)) as generations:
        assert isinstance(generations, ServedGenerations)
        return generations.prefix


@contextlib.contextmanager
def asked(store: Path, said: list[str] | None = None) -> Iterator[QA]:
    embedder = FakeEmbedder()
    progress = (lambda _: None) if said is None else said.append
    with QA(store, embedder, SentenceReader(embedder), progress=progress) as qa:  # type: ignore[arg-type]
        qa.stays = True
        yield qa


# ---- collections ----


def test_more_vectors_than_the_server_takes_at_once_and_than_a_page_holds(
    tmp_path: Path, chroma: ChromaProcess
) -> None:
    rows = np.concatenate([np.repeat(unit_vectors(1), 6000, axis=0), unit_vectors(20, seed=2)])
    with closing(Served(chroma.address, "many-00000001-")) as vectors:
        assert len(rows) > max(vectors.server.get_max_batch_size(), PAGE)
        build_generation(tmp_path / "1", [batch("en", rows)], len(rows), equal={"en": 6000}, served=vectors)
        with closing(Index(tmp_path / "1", vectors)) as index:
            for question in (unit_vectors(1)[0], unit_vectors(20, seed=2)[3]):
                similar = [similarity for _, similarity in index.search(question, "en", 100)]
                np.testing.assert_allclose(similar, np.sort(rows @ question)[::-1][:100], atol=1e-5)
        vectors.delete()
    assert chroma.names("many-") == []


def test_a_generation_that_falls_short_leaves_no_collection(tmp_path: Path, chroma: ChromaProcess) -> None:
    with closing(Served(chroma.address, "short-00000001-")) as vectors, pytest.raises(StoreDamaged):
        build_generation(tmp_path / "1", [batch("en", unit_vectors(4))], 5, served=vectors)
    assert chroma.names("short-") == []


def test_all_collections_are_seen_however_many_there_are(
    chroma: ChromaProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.store.chroma.LISTED", 3)
    with closing(ChromaServer(chroma.address)) as server:
        names = [f"listed-{n}" for n in range(10)]
        for name in names:
            server.get_or_create_collection(name)
        assert sorted(server.names("listed-")) == names
        for name in names:
            server.delete_collection(name)
        server.delete_collection(names[0])
        assert server.names("listed-") == []


# ---- generations ----


def test_only_the_published_generation_stays_and_other_stores_are_left_alone(
    on_servers: Path, folder: Path, tmp_path: Path, postgres: Server, chroma: ChromaProcess
) -> None:
    other = tmp_path / "other"
    put_on_servers(other, postgres, chroma.address)
    ingest(other, folder)
    before = chroma.names(prefix_of(other))
    killed = f"{prefix_of(on_servers)}00000099-en"
    with closing(ChromaServer(chroma.address)) as server:
        server.get_or_create_collection(killed).add(["x"], unit_vectors(1))
    change(folder / "harvest.txt", "onions", "shallots")
    ingest(on_servers)
    left = chroma.names(prefix_of(on_servers))
    assert left
    assert killed not in left
    assert {name.removeprefix(prefix_of(on_servers))[:8] for name in left} == {"00000002"}
    assert chroma.names(prefix_of(other)) == before
    assert found(on_servers, "shallots") == {"harvest.txt"}
    assert found(other, "onions") == {"harvest.txt"}


def test_a_deleted_collection_is_told_and_made_again(on_servers: Path, chroma: ChromaProcess) -> None:
    before = state(on_servers)
    with asked(on_servers) as qa:
        qa.retrieve("onions")
        with closing(ChromaServer(chroma.address)) as server:
            server.delete_collection(f"{prefix_of(on_servers)}00000001-en")
        with pytest.raises(StoreDamaged, match="run ingest again"):
            qa.retrieve("onions")
        report = ingest(on_servers)
        assert (report.rebuilt, report.embedded) == (True, 0)
        assert qa.retrieve("onions")
    assert state(on_servers) == before
    assert differences_of(on_servers) == []


def test_a_page_goes_on_when_its_generation_is_replaced(on_servers: Path, folder: Path) -> None:
    with asked(on_servers) as qa:
        for word in ("onions", "shallots", "leeks"):
            hits = qa.retrieve(f"How many {word} were there?")
            assert any(word in hit.passage.text for hit in hits)
            change(folder / "harvest.txt", word, {"onions": "shallots", "shallots": "leeks", "leeks": "peas"}[word])
            ingest(on_servers)


# ---- another machine ----


def test_another_machine_makes_its_words_once_and_ranks_alike(on_servers: Path, folder: Path, tmp_path: Path) -> None:
    second, said = machine(on_servers, tmp_path / "second"), list[str]()
    with asked(on_servers) as here, asked(second, said) as there, asked(second, said) as beside:
        for question in ("Which onions were harvested?", "Wat kost de veerboot?", "bridge museum ferry"):
            ranked = [(hit.passage.id, hit.score) for hit in here.retrieve(question)]
            for other in (there, beside):
                assert [(hit.passage.id, hit.score) for hit in other.retrieve(question)] == ranked
        assert len(said) == 1
        change(folder / "harvest.txt", "onions", "shallots")
        ingest(on_servers)
        assert there.find("shallots").counts.total == 1
    assert sorted(path.name for path in (second / "generations").iterdir()) == ["00000002"]
    assert len(said) == 2


@pytest.mark.parametrize("how", ["killed while it was made", "of another catalog", "cut"])
def test_words_that_are_not_whole_or_not_of_this_catalog_are_made_anew(
    on_servers: Path, tmp_path: Path, how: str
) -> None:
    second = machine(on_servers, tmp_path / "second")
    with closing(open_catalog(second)) as catalog, closing(open_index(second, catalog)) as index:
        before = index.lexical("onions", "en", 9)
    path = second / "generations" / "00000001"
    if how == "killed while it was made":
        path.rename(path.with_name("00000001.part"))
        next(path.with_name("00000001.part").glob("words-en/*.store")).unlink()
    elif how == "cut":
        next(path.glob("words-en/*.store")).write_bytes(b"")
    else:
        (path / "published").write_text("another 1.5")
    said: list[str] = []
    with closing(open_catalog(second)) as catalog, closing(open_index(second, catalog, said.append)) as index:
        assert index.lexical("onions", "en", 9) == before != []
    assert len(said) == 1
    assert [p.name for p in (second / "generations").iterdir()] == ["00000001"]


# ---- a server that is away, or is another one ----


def test_a_server_that_is_away_is_told_and_nothing_is_lost(
    folder: Path, tmp_path: Path, postgres: Server, own_chroma: ChromaProcess
) -> None:
    store = tmp_path / "store"
    put_on_servers(store, postgres, own_chroma.address)
    ingest(store, folder)
    before = state(store)
    away = (
        rf"the Chroma server at {own_chroma.address} does not answer \(.+\): start it, then try again; nothing is lost"
    )
    with asked(store) as qa:
        ranked = qa.retrieve("onions")
        own_chroma.stop()
        with pytest.raises(VerbatimError, match=away):
            qa.retrieve("onions")
        write(folder, "whale.txt", "A whale swam into the harbour of Westhaven last night.")
        with pytest.raises(VerbatimError, match=away):
            ingest(store)
        with pytest.raises(VerbatimError, match=away), asked(store) as another:
            another.retrieve("onions")
        own_chroma.start()
        assert qa.retrieve("onions") == ranked
        assert state(store) == before
        ingest(store)
        assert "whale.txt" in {hit.passage.source.name for hit in qa.retrieve("Which whale swam?")}


def test_a_server_that_stops_while_the_next_generation_is_written(
    folder: Path, tmp_path: Path, postgres: Server, own_chroma: ChromaProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    put_on_servers(store, postgres, own_chroma.address)
    ingest(store, folder)
    before = state(store)
    change(folder / "harvest.txt", "onions", "shallots")
    with monkeypatch.context() as patch:
        patch.setattr("qa.store.index.write_mentions", lambda *_: own_chroma.stop())
        with pytest.raises(VerbatimError, match="does not answer"):
            ingest(store)
    own_chroma.start()
    assert {name.removeprefix(prefix_of(store))[:8] for name in own_chroma.names()} == {"00000001", "00000002"}
    after = state(store)
    assert (after.documents, after.passages, after.indexed) == (before.documents, before.passages, before.indexed)
    assert after.keys > before.keys, "what was embedded is kept"
    assert found(store, "onions") == {"harvest.txt"}
    ingest(store)
    assert found(store, "shallots") == {"harvest.txt"}
    assert len({name.removeprefix(prefix_of(store))[:8] for name in own_chroma.names()}) == 1


class Stranger(http.server.BaseHTTPRequestHandler):
    """A server that is not Chroma's."""

    answer = 404, b"<html>not here</html>"

    def do_GET(self) -> None:
        self.send_response(self.answer[0])
        self.end_headers()
        self.wfile.write(self.answer[1])

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((404, b"<html>not here</html>"), "is no Chroma server that this program knows"),
        ((200, b"<html>welcome</html>"), "is no Chroma server that this program knows"),
        ((410, b'{"error":"Unimplemented"}'), "is no Chroma server that this program knows"),
        ((503, b"no backend"), "cannot do what is asked .503 no backend."),
    ],
)
def test_what_is_no_chroma_server(answer: tuple[int, bytes], said: str) -> None:
    class Answering(Stranger):
        pass

    Answering.answer = answer
    with http.server.HTTPServer(("127.0.0.1", 0), Answering) as stranger:
        threading.Thread(target=stranger.serve_forever, daemon=True).start()
        server = ChromaServer(f"http://127.0.0.1:{stranger.server_port}")
        with closing(server), pytest.raises(VerbatimError, match=said):
            server.check()
        stranger.shutdown()


def test_a_server_that_hangs_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.store.chroma.ANSWER_SECONDS", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        server = ChromaServer(f"http://127.0.0.1:{silent.getsockname()[1]}")
        with closing(server), pytest.raises(VerbatimError, match=r"does not answer .*timed out"):
            server.check()


def test_the_address_is_told_without_its_password() -> None:
    server = ChromaServer(f"http://me:secret@127.0.0.1:{free_port()}")
    with closing(server), pytest.raises(VerbatimError, match="does not answer") as told:
        server.check()
    assert "secret" not in str(told.value)


def test_no_proxy_is_asked_for_this_machine(chroma: ChromaProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with closing(ChromaServer(chroma.address)) as server:
        server.check()


def test_vectors_of_several_languages(on_servers: Path) -> None:
    with closing(open_catalog(on_servers)) as catalog, closing(open_index(on_servers, catalog)) as index:
        assert index.ids() == {
            language: {p.id for p in catalog.all_passages() if p.language == language} for language in ("en", "nl")
        }
        best, _ = index.search(bag_of_words("de haven"), "nl", 1)[0]
        assert catalog.passages([best])[best].language == "nl"
