"""The tiny model, converted once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.models.conversion import converted
from qa.models.embedder import Embedder, open_embedder
from tests.models.tiny_model import sha256, write_q4


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_q4(tmp_path_factory.mktemp("source") / "tiny.bin")


@pytest.fixture(scope="session")
def tiny_folder(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return converted(source, sha256(source), tmp_path_factory.mktemp("models") / "tiny", print)


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return open_embedder(str(tiny_folder), tmp_path_factory.mktemp("cache"), threads=1)
