"""A Chroma generation gives back what was put in, and a damaged or missing one says so: it never finds less."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from qa.errors import StoreDamaged
from qa.store.chroma import Served
from qa.store.index import (
    Index,
    build_generation,
    count_passages,
    generation_path,
    generations,
    has_all_files,
    is_intact,
    next_generation,
    remove_generations,
)
from tests.helpers import Vectors, bytes_within, give_away, make_read_only, remove_open, run_python
from tests.store.helpers import search, unit_vectors

HNSW_FROM = 1000  # vectors of a collection from which on Chroma writes its HNSW files


def batch(language: str, rows: Vectors) -> tuple[str, list[str], list[str], Vectors]:
    """What `build_generation` takes, with ids en-0, en-1, ... and texts "text 0", "text 1", ..."""
    numbers = range(len(rows))
    return language, [f"{language}-{n}" for n in numbers], [f"text {n}" for n in numbers], rows


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 English and 7 Dutch vectors."""
    path = tmp_path_factory.mktemp("small") / "00000001"
    build_generation(path, [batch("en", unit_vectors(40)), batch("nl", unit_vectors(7, seed=1))], 47)
    return path


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough vectors for HNSW files."""
    path = tmp_path_factory.mktemp("large") / "00000001"
    build_generation(path, [batch("en", unit_vectors(2 * HNSW_FROM + 500))], 2 * HNSW_FROM + 500)
    return path


# What is found


def test_finds_the_nearest_by_cosine(small: Path) -> None:
    rows = unit_vectors(40)
    question = unit_vectors(1, seed=7)[0]
    nearest = np.argsort(-(rows @ question))[:10]
    found = search(small, question)
    assert [found_id for found_id, _ in found] == [f"en-{n}" for n in nearest]
    np.testing.assert_allclose([similarity for _, similarity in found], (rows @ question)[nearest], atol=1e-5)


@pytest.mark.parametrize("equal", [300, HNSW_FROM + 500])
def test_many_equal_texts_do_not_hide_others(tmp_path: Path, equal: int, served: Served | None) -> None:
    rows = np.concatenate([np.repeat(unit_vectors(1), equal, axis=0), unit_vectors(20, seed=2)])
    build_generation(tmp_path / "00000001", [batch("en", rows)], len(rows), equal={"en": equal}, served=served)
    for question in (unit_vectors(1)[0], unit_vectors(20, seed=2)[3]):
        found = search(tmp_path / "00000001", question, limit=100, served=served)
        similar = np.sort(rows @ question)[::-1][:100]
        np.testing.assert_allclose([similarity for _, similarity in found], similar, atol=1e-5)
        assert len({found_id for found_id, _ in found}) == 100


def test_a_generation_finds_the_same_wherever_its_vectors_are(tmp_path: Path, served: Served | None) -> None:
    rows = {"en": unit_vectors(2 * HNSW_FROM + 500), "nl": unit_vectors(7, seed=1)}
    parts = [batch(language, those) for language, those in rows.items()]
    build_generation(tmp_path / "1", parts, 2 * HNSW_FROM + 507, served=served)
    for language, those in rows.items():
        question = unit_vectors(1, seed=7)[0]
        nearest = np.argsort(-(those @ question))[:5]
        found = search(tmp_path / "1", question, language, 5, served)
        assert [found_id for found_id, _ in found] == [f"{language}-{n}" for n in nearest]
        np.testing.assert_allclose([similarity for _, similarity in found], (those @ question)[nearest], atol=1e-5)
    assert search(tmp_path / "1", question, "fr", 5, served) == []


def test_each_language_is_searched_alone(small: Path) -> None:
    question = unit_vectors(7, seed=1)[3]
    found = search(small, question, "nl", limit=20)
    assert found[0] == ("nl-3", pytest.approx(1, abs=1e-5))
    assert {found_id for found_id, _ in found} == {f"nl-{n}" for n in range(7)}
    assert search(small, question, "fr") == []


def test_a_large_index_finds_what_comparing_with_all_finds(large: Path) -> None:
    rows = unit_vectors(2 * HNSW_FROM + 500)
    questions = unit_vectors(30, seed=9)
    index = Index(large)
    found = [{found_id for found_id, _ in index.search(question, "en", 10)} for question in questions]
    index.close()
    best = [{f"en-{n}" for n in np.argsort(-(rows @ question))[:10]} for question in questions]
    assert sum(len(a & b) for a, b in zip(found, best, strict=True)) >= 0.98 * 300


def test_batches_of_one_language_go_together(tmp_path: Path, served: Served | None) -> None:
    rows = unit_vectors(9)
    ids = [f"p{n}" for n in range(9)]
    slices = [("en", slice(4)), ("nl", slice(4, 6)), ("en", slice(6, 9))]
    parts = [(language, ids[part], ids[part], rows[part]) for language, part in slices]
    build_generation(tmp_path / "made", parts, 9, served=served)
    assert count_passages(tmp_path / "made", served) == {"en": 7, "nl": 2}
    assert search(tmp_path / "made", rows[8], served=served)[0][0] == "p8"


def test_an_empty_generation_finds_nothing(tmp_path: Path, served: Served | None) -> None:
    build_generation(tmp_path / "made", [], 0, served=served)
    assert served or has_all_files(tmp_path / "made")
    assert count_passages(tmp_path / "made", served) == {}
    assert search(tmp_path / "made", unit_vectors(1)[0], served=served) == []


@pytest.mark.parametrize("expected", [3, 5])
def test_a_generation_of_another_size_than_expected_is_refused(tmp_path: Path, expected: int) -> None:
    with pytest.raises(StoreDamaged):
        build_generation(tmp_path / "made", [batch("en", unit_vectors(4))], expected)


def test_an_extended_generation_is_like_one_made_at_once(tmp_path: Path) -> None:
    rows = unit_vectors(1500)
    ids = [f"p{n}" for n in range(1500)]
    texts = [f"word{n % 7} of number{n}" for n in range(1500)]

    def part(language: str, where: slice) -> tuple[str, list[str], list[str], Vectors]:
        return language, ids[where], texts[where], rows[where]

    base, more, whole = (tmp_path / name for name in ("base", "more", "whole"))
    build_generation(base, [part("en", slice(1200))], 1200)
    before = bytes_within(base)
    build_generation(more, [part("en", slice(1200, 1450)), part("nl", slice(1450, 1500))], 1500, base)
    assert bytes_within(base) == before  # only a copy is ever written to
    build_generation(whole, [part("en", slice(1450)), part("nl", slice(1450, 1500))], 1500)
    assert count_passages(more) == count_passages(whole) == {"en": 1450, "nl": 50}
    assert is_intact(more)
    with closing(Index(more)) as extended, closing(Index(whole)) as made:
        for number in (0, 700, 1210, 1449, 1460):
            language = "en" if number < 1450 else "nl"
            found = [index.search(rows[number], language, 10) for index in (extended, made)]
            assert found[0][0][0] == found[1][0][0] == f"p{number}"
            assert len(dict(found[0]).keys() & dict(found[1]).keys()) >= 9
            lists = [index.lexical(f"number{number} word3", language, 10) for index in (extended, made)]
            assert [found_id for found_id, _ in lists[0]] == [found_id for found_id, _ in lists[1]]
            assert [score for _, score in lists[0]] == pytest.approx([score for _, score in lists[1]], rel=1e-3)


@pytest.mark.parametrize("expected", [1499, 1501])
def test_an_extension_that_falls_short_leaves_nothing(tmp_path: Path, expected: int) -> None:
    rows = unit_vectors(6)
    build_generation(tmp_path / "base", [batch("en", rows[:4])], 4)
    with pytest.raises(StoreDamaged):
        build_generation(tmp_path / "more", [batch("nl", rows[4:])], expected, tmp_path / "base")
    assert not (tmp_path / "more").exists()
    assert is_intact(tmp_path / "base")


# Directories


def test_a_generation_gets_a_number_that_none_has_had(tmp_path: Path) -> None:
    assert next_generation(tmp_path, 0) == 1
    for name in ("00000003", "00000012", "notes", "7.old"):
        (tmp_path / "generations" / name).mkdir(parents=True)
    assert sorted(generations(tmp_path)) == [
        (3, generation_path(tmp_path, 3)),
        (12, generation_path(tmp_path, 12)),
    ]
    assert next_generation(tmp_path, 3) == 13
    assert next_generation(tmp_path, 20) == 21
    remove_generations(tmp_path, keep=3)
    assert {path.name for path in (tmp_path / "generations").iterdir()} == {"00000003", "notes", "7.old"}


@pytest.mark.parametrize("protect", [give_away, make_read_only])
def test_a_reader_without_write_permission_searches_a_copy(tmp_path: Path, protect: Callable[[Path], None]) -> None:
    path, temporary = tmp_path / "generations" / "00000001", tmp_path / "tmp"
    build_generation(path, [batch("en", unit_vectors(40))], 40)
    protect(tmp_path / "generations")
    temporary.mkdir()
    code = """
import sys
from pathlib import Path
from tests.store.helpers import search, unit_vectors
print(search(Path(sys.argv[1]), unit_vectors(40)[5])[0][0])
"""
    done = run_python(code, path, obeys=True, TMPDIR=str(temporary), HOME=str(temporary))
    assert (done.returncode, done.stdout.decode().strip()) == (0, "en-5"), done.stderr
    assert count_passages(path) == {"en": 40}
    assert list(temporary.glob("verbatim-*")) == []


# Damage


def test_a_missing_generation_says_what_to_do(tmp_path: Path) -> None:
    assert not has_all_files(tmp_path / "nothing")
    with pytest.raises(StoreDamaged, match="run ingest again"):
        Index(tmp_path / "nothing")
    with pytest.raises(StoreDamaged):
        count_passages(tmp_path / "nothing")


@pytest.mark.parametrize("size", ["small", "large"])
def test_a_generation_deleted_while_open_never_finds_less(
    size: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    original: Path = request.getfixturevalue(size)
    question = unit_vectors(1)[0]
    whole = search(original, question)
    for number in range(12):  # what Chroma does then differs from time to time
        path = shutil.copytree(original, tmp_path / str(number))
        index = Index(path)
        remove_open(path)
        with contextlib.suppress(StoreDamaged):
            assert index.search(question, "en", 10) == whole
        index.close()


@pytest.mark.parametrize("content", [b"\xff" * 5000, b"SQLite format 3\0" + b"\0" * 4000])
def test_a_garbage_chroma_database_is_damage(small: Path, tmp_path: Path, content: bytes) -> None:
    path = shutil.copytree(small, tmp_path / "copy")
    (path / "chroma.sqlite3").write_bytes(content)
    with pytest.raises(StoreDamaged):
        Index(path).open()
    with pytest.raises(StoreDamaged):
        count_passages(path)


@pytest.mark.parametrize("file", ["header.bin", "data_level0.bin", "index_metadata.pickle"])
def test_missing_hnsw_files_do_not_find_less(large: Path, tmp_path: Path, file: str) -> None:
    path = shutil.copytree(large, tmp_path / "copy")
    (victim,) = path.glob(f"*/{file}")
    victim.unlink()
    with pytest.raises(StoreDamaged):
        search(path, unit_vectors(1)[0])


@pytest.mark.parametrize("file", ["header.bin", "data_level0.bin"])
def test_missing_hnsw_files_are_noticed_when_counting(large: Path, tmp_path: Path, file: str) -> None:
    path = shutil.copytree(large, tmp_path / "copy")
    (victim,) = path.glob(f"*/{file}")
    victim.unlink()
    with pytest.raises(StoreDamaged):
        count_passages(path)
