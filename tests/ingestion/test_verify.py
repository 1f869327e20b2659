"""`verify` finds nothing in a good store, and names whatever has been changed in a file, the catalog or an index."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.ingestion.verify import store_differences, verify
from qa.store.catalog import Vectors
from qa.store.index import build_generation, generation_path
from qa.store.opening import create_catalog, open_catalog
from qa.store.writer import CatalogWriter
from tests.helpers import DOCUMENTS, FakeEmbedder, ingest, run_python
from tests.store.helpers import publish, stage

STORE = "(store)"


@pytest.fixture
def catalog(store: Path) -> Iterator[CatalogWriter]:
    """Of `store`, open for writing, so that a test can do damage."""
    with contextlib.closing(create_catalog(store)) as opened:
        yield opened


def one(differences: list[tuple[str, str]]) -> tuple[str, str]:
    """The only difference."""
    assert len(differences) == 1, differences
    return differences[0]


def test_a_good_store_has_no_differences(catalog: CatalogWriter, store: Path) -> None:
    told: list[tuple[int, int]] = []
    assert verify(catalog, store, lambda *facts: told.append(facts)) == []
    assert told == [(n, len(DOCUMENTS)) for n in range(len(DOCUMENTS) + 1)]


def test_a_file_that_was_only_touched(catalog: CatalogWriter, folder: Path, store: Path) -> None:
    (folder / "bridge.txt").touch()
    assert verify(catalog, store) == []


# Files


def test_a_changed_file(catalog: CatalogWriter, folder: Path, store: Path) -> None:
    (folder / "harvest.txt").write_text(DOCUMENTS["harvest.txt"] + "One sentence more.\n")
    name, what = one(verify(catalog, store))
    assert name == "harvest.txt"
    assert "has changed" in what


def test_a_file_that_differs_in_white_space_only(catalog: CatalogWriter, folder: Path, store: Path) -> None:
    (folder / "harvest.txt").write_bytes(DOCUMENTS["harvest.txt"].replace("\n", "\r\n").encode())
    assert one(verify(catalog, store))[0] == "harvest.txt"


def test_a_missing_file(catalog: CatalogWriter, folder: Path, store: Path) -> None:
    (folder / "notes/briefing.txt").unlink()
    name, what = one(verify(catalog, store))
    assert name == "notes/briefing.txt"
    assert "does not exist" in what


def test_a_file_that_became_unreadable(catalog: CatalogWriter, folder: Path, store: Path) -> None:
    (folder / "dutch.md").write_bytes(b"\x00" * 100)
    assert one(verify(catalog, store))[0] == "dutch.md"


def test_all_that_differs_is_named(catalog: CatalogWriter, folder: Path, store: Path) -> None:
    shutil.rmtree(folder)
    shutil.rmtree(store / "generations")
    assert [name for name, _ in verify(catalog, store)] == [*sorted(DOCUMENTS), STORE]


# The catalog


def test_another_text_in_the_catalog(catalog: CatalogWriter, store: Path) -> None:
    text = DOCUMENTS["harvest.txt"].replace("38 per cent", "83 per cent")
    catalog.db.execute("UPDATE documents SET text = ? WHERE name = 'harvest.txt'", (text,))
    differences = verify(catalog, store)
    assert {name for name, _ in differences} == {"harvest.txt"}
    assert any("read differently" in what for _, what in differences)
    assert any("passage 0-" in what for _, what in differences)


@pytest.mark.parametrize("shift", ["start = start + 1", "end = end - 1", "text = 'x' || substr(text, 2)"])
def test_a_passage_that_is_not_the_text(catalog: CatalogWriter, store: Path, shift: str) -> None:
    query = "SELECT p.rowid FROM passages p JOIN documents d ON d.id = document WHERE name = 'dutch.md'"
    (number,) = catalog.db.execute(query).fetchone()
    catalog.db.execute(f"UPDATE passages SET {shift} WHERE rowid = ?", (number,))
    differences = verify(catalog, store)
    assert {name for name, _ in differences} == {"dutch.md"}
    assert any("is not the document's text" in what for _, what in differences)


@pytest.mark.parametrize("sentence", [(-1, 5), (5, 5), (9, 5), (0, 10**6)])
def test_a_sentence_outside_its_passage(catalog: CatalogWriter, store: Path, sentence: tuple[int, int]) -> None:
    catalog.db.execute(
        "UPDATE passages SET sentences = ? WHERE document = (SELECT id FROM documents WHERE name = 'dutch.md')",
        (json.dumps([sentence]),),
    )
    name, what = one(verify(catalog, store))
    assert name == "dutch.md"
    assert f"sentence {sentence[0]}-{sentence[1]}" in what


def test_a_missing_vector(catalog: CatalogWriter, store: Path) -> None:
    catalog.db.execute("DELETE FROM vectors WHERE key = (SELECT min(key) FROM vectors)")
    assert one(verify(catalog, store)) == (STORE, "1 passages have no vector")


# The indexes


@pytest.mark.parametrize("left", [0, 1])  # share of its size that is left, filled with garbage
def test_a_damaged_index_of_words(catalog: CatalogWriter, store: Path, left: int) -> None:
    for victim in generation_path(store, 1).glob("words-en/*.idx"):
        victim.write_bytes(b"\xff" * (left * victim.stat().st_size))
    name, what = one(verify(catalog, store))
    assert name == STORE
    assert "run qa ingest --store" in what


def test_a_missing_index(catalog: CatalogWriter, store: Path) -> None:
    shutil.rmtree(store / "generations")
    name, what = one(verify(catalog, store))
    assert name == STORE
    assert "run qa ingest --store" in what


@pytest.mark.parametrize("content", [b"", b"\xff" * 100_000])
def test_a_damaged_index(catalog: CatalogWriter, store: Path, content: bytes) -> None:
    (generation_path(store, 1) / "chroma.sqlite3").write_bytes(content)
    assert one(verify(catalog, store))[0] == STORE


def test_an_index_of_other_passages(catalog: CatalogWriter, store: Path, folder: Path) -> None:
    shutil.rmtree(generation_path(store, 1))
    batches = [
        (language, [f"other {n}" for n in ids], texts, rows) for language, ids, texts, rows in next_passages(catalog)
    ]
    build_generation(generation_path(store, 1), batches, catalog.count()["passages"])
    assert one(verify(catalog, store))[0] == STORE


def test_an_index_that_lacks_a_passage(catalog: CatalogWriter, store: Path) -> None:
    shutil.rmtree(generation_path(store, 1))
    batches = next_passages(catalog)[:1]
    build_generation(generation_path(store, 1), batches, len(batches[0][1]))
    assert one(verify(catalog, store))[0] == STORE


def next_passages(catalog: CatalogWriter) -> list[tuple[str, list[str], list[str], Vectors]]:
    catalog.leave_out([])
    return list(catalog.next_passages(100))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without files, of so many passages that Chroma writes HNSW files for them."""
    place = tmp_path_factory.mktemp("large") / "store"
    with contextlib.closing(create_catalog(place)) as opened:
        stage(opened, "a.txt", "\n".join(f"Report {n} says that ship{n} came in at dawn." for n in range(1100)))
        publish(opened)
        build_generation(generation_path(place, 1), next_passages(opened), 1100)
    return place


def test_a_good_large_index(large: Path) -> None:
    with contextlib.closing(open_catalog(large)) as opened:
        assert list(store_differences(opened, large)) == []


DAMAGE = [("data_level0.bin", 0), ("data_level0.bin", 1), ("header.bin", 1), ("index_metadata.pickle", 1)]


@pytest.mark.parametrize(("file", "share"), DAMAGE)  # share of its size that is left, filled with garbage
def test_a_damaged_large_index(large: Path, tmp_path: Path, file: str, share: int) -> None:
    place = shutil.copytree(large, tmp_path / "store")
    (victim,) = generation_path(place, 1).glob(f"*/{file}")
    victim.write_bytes(b"\xff" * (share * victim.stat().st_size))
    code = """
import sys
from pathlib import Path
from qa.store.opening import open_catalog
from qa.ingestion.verify import store_differences
place = Path(sys.argv[1])
print(len(list(store_differences(open_catalog(place), place))))
"""
    done = run_python(code, place)  # in a process of its own: Chroma 1.5.9 crashes on some of these files
    assert (done.returncode, done.stdout) == (0, b"1\n"), done.stderr


def test_the_next_ingest_repairs_what_differs(
    catalog: CatalogWriter, folder: Path, store: Path, embedder: FakeEmbedder
) -> None:
    (folder / "harvest.txt").write_text(DOCUMENTS["harvest.txt"] + "One sentence more.\n")
    (folder / "dutch.md").unlink()
    assert len(verify(catalog, store)) == 2
    ingest(store, folder, embedder=embedder)
    assert verify(catalog, store) == []
