"""What is removed is gone: no text and no vector of it in any file under the store."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from qa.cli import main
from qa.ingestion.files import uploads_of
from qa.ingestion.library import exclude
from qa.ingestion.planning import Tuning
from qa.ingestion.report import Erased
from qa.store.embedded import zero_unused_hnsw
from qa.store.index import Index, generations
from qa.store.opening import open_catalog
from qa.types import join_context
from tests.helpers import FakeEmbedder, Stopped, Vectors, bytes_within, change, embedded_only, files_of, ingest, write

pytestmark = pytest.mark.usefixtures("each_catalog")

ALIKE = 0.9999  # cosine of a vector with itself, after Chroma has renormalised it

FILLER = "The harbour office wrote all of it down in the book that lies on the desk by the window. " * 3


def report_of(number: int, passages: int = 12) -> str:
    """A document in which every passage and the title (the context line) have words that stand nowhere else."""
    parts = [
        f"On day {n} ship{number}x{n} brought cargo{number}x{n} and left mail{number}x{n} with the clerk. {FILLER}"
        f"Nobody asked captain{number}x{n} what else there was on board, and he did not say it of his own accord."
        for n in range(passages)
    ]
    return f"Port report harbour{number}title\n14 March 2023\n\n" + "\n\n".join(parts) + "\n"


def held(store: Path) -> dict[str, tuple[set[str], Vectors]]:
    """Of each document what is embedded of it, and the vectors."""
    found: dict[str, tuple[set[str], Vectors]] = {}
    with contextlib.closing(open_catalog(store)) as catalog:
        for source in catalog.sources():
            query = """SELECT p.context, p.text, v.vector FROM passages p JOIN documents d ON d.id = p.document
                       JOIN vectors v ON v.key = p.key WHERE d.live AND d.name = ?"""
            rows = catalog.db.execute(query, (source.name,)).fetchall()
            texts = {join_context(context, text) for context, text, _ in rows}
            found[source.name] = texts, np.frombuffer(b"".join(row[2] for row in rows), "<f4").reshape(len(rows), -1)
    return found


def words(texts: Iterable[str]) -> set[str]:
    return {word.lower() for text in texts for word in re.findall(r"\w+", text)}


def texts_left(store: Path, gone: set[str]) -> set[str]:
    """Words that stand in some file, as UTF-8 or UTF-16."""
    content = bytes_within(store).lower()
    return {w for w in gone if w.encode() in content or w.encode("utf-16-le") in content}


def windows(content: bytes, dimension: int) -> Iterator[Vectors]:
    """Every row of that many float32 in some bytes, wherever it begins, made of length 1."""
    for shift in range(4):
        numbers = np.frombuffer(content, "<f4", count=(len(content) - shift) // 4, offset=shift)
        with np.errstate(all="ignore"):
            numbers = np.where(np.isfinite(numbers) & (np.abs(numbers) < 1e3), numbers, 0)
        for at in range(0, len(numbers) - dimension + 1, 500_000):
            part = np.lib.stride_tricks.sliding_window_view(numbers[at : at + 500_000 + dimension - 1], dimension)
            lengths = np.linalg.norm(part, axis=1)
            rows = part[lengths > 1e-3]
            yield rows / lengths[lengths > 1e-3, None]


def vectors_left(store: Path, gone: Vectors) -> int:
    """How many of the vectors stand in some file."""
    seen = np.zeros(len(gone), bool)
    for path in files_of(store):
        if path.stat().st_size > 4 * gone.shape[1] + 3:
            for rows in windows(path.read_bytes(), gone.shape[1]):
                seen |= (rows @ gone.T > ALIKE).any(axis=0) if len(rows) else False
    return int(seen.sum())


def telling(before: dict[str, tuple[set[str], Vectors]], gone: Iterable[str]) -> tuple[set[str], Vectors]:
    """Words and vectors of the documents that go which no other document has."""
    gone = set(gone)
    kept = [facts for name, facts in before.items() if name not in gone]
    lost = words(text for name in gone for text in before[name][0]) - words(text for facts in kept for text in facts[0])
    rows, others = np.concatenate([before[name][1] for name in gone]), np.concatenate([facts[1] for facts in kept])
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return {word for word in lost if len(word) > 5}, rows[(rows @ others.T < 0.999).all(axis=1)]


@pytest.fixture(params=[20, 110], ids=["small", "with HNSW files"])
def made(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A store of reports; the larger one has more than the 1000 passages from which on Chroma writes HNSW files."""
    for number in range(request.param):
        write(tmp_path / "documents", f"{number:03}.txt", report_of(number))
    ingest(tmp_path / "store", tmp_path / "documents")
    return tmp_path / "store"


def test_what_is_removed_is_in_no_file(made: Path, tmp_path: Path) -> None:
    gone = ["003.txt", "011.txt", "012.txt"]
    before = held(made)
    lost, rows = telling(before, gone)
    assert len(lost) > 100
    assert len(rows) > 20
    assert texts_left(made, lost) == lost  # that is how they look while they are there
    assert vectors_left(made, rows) == len(rows)
    for name in gone:
        (tmp_path / "documents" / name).unlink()
    report = ingest(made)
    passages = sum(len(before[name][0]) for name in gone)
    assert report.erased == Erased(3, passages, passages, True)
    assert texts_left(made, lost) == set()
    assert vectors_left(made, rows) == 0
    assert not (made / "catalog.sqlite-wal").exists() or (made / "catalog.sqlite-wal").stat().st_size < 10_000


@embedded_only
def test_small_indexes_hold_nothing_of_the_memory_of_the_process(tmp_path: Path) -> None:
    store, junk = tmp_path / "store", np.full(60, 0.625, np.float32)
    write(tmp_path / "documents", "a.txt", report_of(1))
    for _ in range(20):  # Chroma takes the memory as it finds it: often clean, so once proves little
        del (taken := [junk.copy() for _ in range(20_000)])[::2]
        ingest(store, tmp_path / "documents")
        index = Index(next((store / "generations").iterdir()))
        files = [*store.rglob("data_level0.bin"), *store.rglob("length.bin")]
        assert len(files) == 2
        assert not any(any(file.read_bytes()) for file in files)
        index.search(np.eye(16, dtype=np.float32)[0], "en", 5)
        index.close()
        assert not any(any(file.read_bytes()) for file in files)
        write(tmp_path / "documents", "a.txt", report_of(len(taken) % 7))


@embedded_only
def test_what_chroma_left_in_a_small_index_goes_when_it_is_opened(tmp_path: Path) -> None:
    write(tmp_path / "documents", "a.txt", report_of(1))
    ingest(tmp_path / "store", tmp_path / "documents")
    data = next(tmp_path.rglob("data_level0.bin"))
    data.write_bytes(b"cargo1x1" * (data.stat().st_size // 8))
    zero_unused_hnsw(data.parents[1])
    assert not any(data.read_bytes())


def test_an_older_version_is_in_no_file(tmp_path: Path) -> None:
    store, folder = tmp_path / "store", tmp_path / "documents"
    for number in range(3):
        write(folder, f"{number}.txt", report_of(number))
    ingest(store, folder)
    path = folder / "1.txt"
    path.write_text(path.read_text().replace("cargo1x", "freight1x").replace("harbour1title", "quay1title"))
    report = ingest(store)
    assert texts_left(store, {"cargo1x3", "harbour1title"}) == set()
    assert texts_left(store, {"freight1x3", "quay1title"}) == {"freight1x3", "quay1title"}
    assert report.erased.documents == 1
    assert report.erased.vectors == report.erased.passages > 3


def test_a_text_that_another_document_repeats_is_not_erased(tmp_path: Path) -> None:
    store, folder = tmp_path / "store", tmp_path / "documents"
    for name in ("a.txt", "b.txt", "c.txt"):
        write(folder, name, report_of(int(name < "c")))
    ingest(store, folder)
    (folder / "a.txt").unlink()
    assert ingest(store).erased == Erased(0, 0, 0, True)


def test_removed_documents_leave_nothing_after_many_ingests(tmp_path: Path) -> None:
    store, folder = tmp_path / "store", tmp_path / "documents"
    chance, there, gone = np.random.default_rng(7), list(range(12)), []
    for number in there:
        write(folder, f"{number}.txt", report_of(number, int(chance.integers(1, 12))))
    ingest(store, folder)
    for number in range(12, 24):
        for _ in range(int(chance.integers(1, 3))):
            lost = there.pop(int(chance.integers(len(there))))
            (folder / f"{lost}.txt").unlink()
            gone.append(lost)
        for new in (number, number + 100):
            write(folder, f"{new}.txt", report_of(new, int(chance.integers(1, 12))))
            there.append(new)
        ingest(store, allow_removals=True)
        assert texts_left(store, {f"harbour{lost}title" for lost in gone}) == set()


def test_what_a_killed_run_had_read_is_erased(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, folder = tmp_path / "store", tmp_path / "documents"
    write(folder, "1.txt", report_of(1))
    ingest(store, folder)
    write(folder, "2.txt", report_of(2))
    with monkeypatch.context() as patch:
        patch.setattr("qa.store.writer.CatalogWriter.switch", lambda *_, **__: (_ for _ in ()).throw(Stopped()))
        with pytest.raises(Stopped):
            ingest(store)
    assert texts_left(store, {"cargo2x3", "harbour2title"}) == {"cargo2x3", "harbour2title"}
    assert len(generations(store)) == 2
    (folder / "2.txt").unlink()
    report = ingest(store)
    assert report.erased.vectors > 0
    assert texts_left(store, {"cargo2x3", "harbour2title"}) == set()
    assert len(generations(store)) == 1


def test_an_excluded_upload_is_in_no_file(tmp_path: Path) -> None:
    store = tmp_path / "store"
    for number in range(2):
        write(uploads_of(store), f"{number}.txt", report_of(number))
    ingest(store)
    exclude(store, ["uploads/1.txt"])
    ingest(store)
    assert texts_left(store, {"cargo1x3", "harbour1title"}) == set()


def test_what_a_reader_still_has_open_is_erased_by_the_next_ingest(tmp_path: Path) -> None:
    store, folder = tmp_path / "store", tmp_path / "documents"
    for number in range(3):
        write(folder, f"{number}.txt", report_of(number))
    ingest(store, folder)
    (folder / "1.txt").unlink()
    with contextlib.closing(open_catalog(store)) as reader, reader.snapshot():
        reader.sources()
        report = ingest(store, tuning=Tuning(busy_seconds=0.1))
        assert not report.erased.complete
        assert report.erased.documents == 1
        assert len(reader.sources()) == 3  # it sees one state to its end
    assert ingest(store).erased == Erased(0, 0, 0, True)
    assert texts_left(store, {"cargo1x3", "harbour1title"}) == set()


def test_the_report_says_what_was_erased(
    folder: Path, store: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ingest(store)
    assert ingest(store).erased == Erased()
    change(folder / "harvest.txt", "onions", "shallots")
    (folder / "museum.html").unlink()
    report = ingest(store, embedder=FakeEmbedder())
    from qa.console import print_report

    print_report(report, store)
    erased = report.erased
    line = f"erased   {erased.documents} documents, {erased.passages} passages, {erased.vectors} vectors"
    assert (erased.documents, erased.complete) == (2, True)
    assert line in capsys.readouterr().out.splitlines()
    assert main(["status", "--store", str(store)]) == 0
