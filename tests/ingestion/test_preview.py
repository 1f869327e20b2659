"""A dry run reports what an ingest would do, and writes nothing."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from qa.errors import TooManyRemovals, UsageError
from qa.ingestion.sync import preview
from tests.helpers import FakeEmbedder, change, embedded_only, ingest, state, write
from tests.ingestion.helpers import NAMES, WHALE

pytestmark = pytest.mark.usefixtures("each_catalog")


def files_of(store: Path) -> dict[str, bytes]:
    """Every file of a store, but for the two that SQLite keeps for readers."""
    return {
        str(path.relative_to(store)): path.read_bytes()
        for path in store.rglob("*")
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


def dry(
    store: Path, *roots: Path, model: FakeEmbedder | None = None, allow_removals: bool = False
) -> dict[str, object]:
    used = model or FakeEmbedder()
    return asdict(preview(store, roots, lambda name: used, allow_removals=allow_removals))


def test_a_dry_run_says_what_an_ingest_then_does(folder: Path, store: Path, embedder: FakeEmbedder) -> None:
    change(folder / "bridge.txt", "4.2 million", "4.3 million")
    (folder / "harvest.txt").unlink()
    (folder / "dutch.md").rename(folder / "gemaal.md")
    write(folder, "whale.txt", WHALE)
    write(folder, "bad.txt", b"\0\1\2\3" * 100)
    write(folder, "picture.svg", b"\x89PNG")
    before = files_of(store)
    said = dry(store, model=embedder)
    assert files_of(store) == before
    assert embedder.embedded == []
    done = asdict(ingest(store))
    assert said == done
    assert said["added"] == ["gemaal.md", "whale.txt"]
    assert said["embedded"] == 2


@embedded_only
def test_a_dry_run_for_a_new_store(folder: Path, tmp_path: Path) -> None:
    said = dry(tmp_path / "store", folder)
    assert (said["added"], said["embedded"]) == (NAMES, said["passages"])
    assert not (tmp_path / "store").exists()
    with pytest.raises(UsageError, match="nowhere"):
        dry(tmp_path / "store", tmp_path / "nowhere")


def test_a_dry_run_warns_of_removals(folder: Path, store: Path) -> None:
    for name in NAMES[:4]:
        (folder / name).unlink()
    with pytest.raises(TooManyRemovals):
        dry(store)
    assert dry(store, allow_removals=True)["removed"] == NAMES[:4]
    assert sorted(state(store).documents) == NAMES


def test_a_dry_run_into_a_file_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="is a file"):
        preview(folder / "harvest.txt", [folder], lambda name: FakeEmbedder())
