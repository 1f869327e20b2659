"""A file that was renamed, moved or copied is staged from what the store knows of its bytes, not read again."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from qa.documents import loaders
from qa.errors import TooManyRemovals
from tests.helpers import FakeEmbedder, State, differences_of, found, ingest, state, write
from tests.ingestion.helpers import NAMES, WHALE

pytestmark = pytest.mark.usefixtures("each_catalog")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that a loader reads from now on."""
    names: list[str] = []
    load = loaders.load
    monkeypatch.setattr(loaders, "load", lambda *asked: names.append(asked[1]) or load(*asked))
    return names


def fresh(folder: Path, tmp_path: Path) -> State:
    """What a store made anew of a folder holds."""
    ingest(tmp_path / "fresh", folder)
    return state(tmp_path / "fresh")


@pytest.mark.parametrize("new", ["crops.txt", "notes/harvest.txt", "bridge.txt"])
def test_a_renamed_file_is_not_read_again(
    folder: Path, store: Path, tmp_path: Path, read: list[str], embedder: FakeEmbedder, new: str
) -> None:
    (folder / "harvest.txt").replace(folder / new)
    report = ingest(store, folder, embedder=embedder)
    assert (report.removed, report.embedded, read, embedder.counted) == (["harvest.txt"], 0, [], 0)
    assert report.added + report.updated == [new]
    assert differences_of(store) == []
    assert state(store) == fresh(folder, tmp_path)
    assert found(store, "onions") == {new}


def test_a_rename_erases_nothing(folder: Path, store: Path) -> None:
    (folder / "harvest.txt").rename(folder / "crops.txt")
    assert asdict(ingest(store).erased) == {"documents": 0, "passages": 0, "vectors": 0, "complete": True}


def test_a_copy_is_not_read(folder: Path, store: Path, tmp_path: Path, read: list[str]) -> None:
    shutil.copy(folder / "harvest.txt", folder / "copy.TXT")
    assert ingest(store).added == ["copy.TXT"]
    assert read == []
    assert state(store) == fresh(folder, tmp_path)


def test_a_file_whose_title_is_its_name_is_read_again(tmp_path: Path, read: list[str]) -> None:
    store, folder = tmp_path / "store", tmp_path / "documents"
    write(folder, "memo.txt", "the ferry was late again, as it has been on most days since the new timetable began.\n")
    write(folder, "page.html", "<title>crops</title><p>The ferry was late again, as it has been on most days.</p>")
    ingest(store, folder)
    read.clear()
    (folder / "memo.txt").rename(folder / "memorandum.txt")
    (folder / "page.html").rename(folder / "crops.html")
    assert ingest(store).embedded <= 1  # of the page, whose title now passes for its name
    assert sorted(read) == ["crops.html", "memorandum.txt"]
    assert state(store) == fresh(folder, tmp_path)


def test_the_same_bytes_as_another_type_are_read(folder: Path, store: Path, tmp_path: Path, read: list[str]) -> None:
    (folder / "dutch.md").rename(folder / "dutch.txt")
    report = ingest(store)
    assert (report.added, report.removed, read) == (["dutch.txt"], ["dutch.md"], ["dutch.txt"])
    assert state(store) == fresh(folder, tmp_path)


def test_a_folder_that_is_renamed_is_not_lost(
    folder: Path, store: Path, tmp_path: Path, embedder: FakeEmbedder
) -> None:
    (folder / "2023").mkdir()
    for name in [name for name in NAMES if "/" not in name]:
        (folder / name).rename(folder / "2023" / name)
    report = ingest(store, embedder=embedder)
    assert (len(report.added), len(report.removed), report.embedded) == (4, 4, 0)
    (folder / "2023").rename(tmp_path / "elsewhere")
    with pytest.raises(TooManyRemovals):
        ingest(store)


def test_files_that_swap_names(folder: Path, store: Path, tmp_path: Path, read: list[str]) -> None:
    (folder / "harvest.txt").rename(folder / "x")
    (folder / "bridge.txt").rename(folder / "harvest.txt")
    (folder / "x").rename(folder / "bridge.txt")
    report = ingest(store)
    assert (report.updated, report.embedded, read) == (["bridge.txt", "harvest.txt"], 0, [])
    assert state(store) == fresh(folder, tmp_path)


def test_with_another_version_of_the_model_a_renamed_file_is_read(folder: Path, store: Path, read: list[str]) -> None:
    (folder / "harvest.txt").rename(folder / "crops.txt")
    ingest(store, embedder=FakeEmbedder(identity="fake 2"))
    assert "crops.txt" in read


def test_a_file_in_whose_place_there_is_a_folder(folder: Path, store: Path, tmp_path: Path) -> None:
    (folder / "harvest.txt").unlink()
    write(folder, "harvest.txt/whale.txt", WHALE)
    report = ingest(store)
    assert (report.added, report.removed) == (["harvest.txt/whale.txt"], ["harvest.txt"])
    shutil.rmtree(folder / "harvest.txt")
    (folder / "harvest.txt").symlink_to(folder / "bridge.txt")
    report = ingest(store)
    assert (report.removed, report.skipped) == (["harvest.txt/whale.txt"], ["harvest.txt"])
