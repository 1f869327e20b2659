"""A catalog to write to."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.store.chroma import Served
from qa.store.opening import create_catalog
from qa.store.writer import CatalogWriter
from tests.chroma import ChromaProcess
from tests.store.helpers import publish, stage


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def catalog(place: Path) -> Iterator[CatalogWriter]:
    """Open for writing, with two documents published."""
    with contextlib.closing(create_catalog(place)) as opened:
        stage(opened, "a.txt", "The red fox sleeps.\nNobody wakes it.")
        stage(opened, "b.txt", "Bridges cross the river.")
        publish(opened)
        yield opened


@pytest.fixture(params=["embedded", "served"])
def served(request: pytest.FixtureRequest) -> Iterator[Served | None]:
    """Where the vectors of a generation go: beside its words (None), or to a Chroma server."""
    if request.param == "embedded":
        yield None
        return
    server: ChromaProcess = request.getfixturevalue("chroma")
    with contextlib.closing(Served(server.address, f"test-{uuid.uuid4().hex}-00000001-")) as vectors:
        yield vectors
        vectors.delete()
