"""A catalog to write to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.store.opening import create_catalog
from qa.store.writer import CatalogWriter
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
