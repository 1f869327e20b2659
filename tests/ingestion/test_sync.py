"""An ingest makes the store hold exactly what lies under its roots and embeds only what is new, whatever happens."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qa.cli import default_roots
from qa.console import print_report
from qa.errors import NoStore, StoreBusy, StoreDamaged, StoreMismatch, UsageError, VerbatimError
from qa.ingestion.planning import TUNED, Tuning
from qa.ingestion.report import Report
from qa.ingestion.sync import sync
from qa.store.generations import open_index
from qa.store.index import MOST_EQUAL, build_generation, generation_path, generations
from qa.store.opening import CATALOG_FILE, create_catalog, open_catalog
from qa.types import join_context
from tests.helpers import (
    ROOT,
    FakeEmbedder,
    State,
    Stopped,
    bag_of_words,
    bytes_within,
    change,
    differences_of,
    embedded_only,
    found,
    ingest,
    run_python,
    state,
    write,
)
from tests.ingestion.helpers import NAMES, SYNC, WHALE, documents

pytestmark = pytest.mark.usefixtures("each_catalog")


def embeddable(store: Path, name: str) -> set[str]:
    """What is embedded for a document."""
    return {join_context(context, text) for of, _, _, text, context, _ in state(store).passages.values() if of == name}


# The way of a document


def test_first_ingest(folder: Path, tmp_path: Path, embedder: FakeEmbedder) -> None:
    report = ingest(tmp_path / "store", folder, embedder=embedder)
    made = state(tmp_path / "store")
    count = len(made.passages)
    assert report == Report(added=NAMES, passages=count, embedded=count)
    assert sorted(made.documents) == NAMES
    assert len(embedder.embedded) == count == sum(made.indexed.values()) == len(made.keys)
    assert made.indexed == {"en": count - 1, "nl": 1}
    for name, start, end, text, _, _ in made.passages.values():
        assert made.documents[name][2][start:end] == text
    assert found(tmp_path / "store", "onions") == {"harvest.txt"}
    assert found(tmp_path / "store", "dijkgraaf", "nl") == {"dutch.md"}


def test_second_ingest_changes_nothing(folder: Path, store: Path, embedder: FakeEmbedder) -> None:
    before = state(store)
    files = {path: path.stat().st_mtime_ns for path in (store / "generations").rglob("*")}
    report = ingest(store, folder, embedder=embedder)
    assert {path: path.stat().st_mtime_ns for path in (store / "generations").rglob("*")} == files
    assert report == Report(unchanged=NAMES, passages=len(before.passages), reused=len(before.passages))
    assert (embedder.embedded, embedder.counted) == ([], 0)
    assert state(store) == before


def test_an_unchanged_file_is_not_even_read(folder: Path, store: Path) -> None:
    (folder / "harvest.txt").touch()
    code = """
import json, os, sys
from pathlib import Path
from tests.helpers import ingest
folder, opened = Path(sys.argv[1]), []
sys.addaudithook(lambda event, facts: opened.append(os.fsdecode(facts[0])) if event == "open" and isinstance(facts[0], (str, bytes)) else None)
report = ingest(Path(sys.argv[2]), folder)
print(json.dumps([sorted(Path(path).name for path in opened if Path(path).is_relative_to(folder)),
                  report.unchanged, sorted({"chromadb", "torch"} & sys.modules.keys())]))
"""  # noqa: E501
    done = run_python(code, folder, store)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [["harvest.txt"], NAMES, []]


def test_one_changed_file_of_five(folder: Path, store: Path, embedder: FakeEmbedder) -> None:
    before = embeddable(store, "notes/briefing.txt")
    change(folder / "notes/briefing.txt", "stays at seven euros", "rises to eight euros")
    report = ingest(store, folder, embedder=embedder)
    after = embeddable(store, "notes/briefing.txt")
    assert set(embedder.embedded) == after - before
    assert len(embedder.embedded) == report.embedded == 1 < len(after)
    assert report.updated == ["notes/briefing.txt"]
    assert report.unchanged == [name for name in NAMES if name != "notes/briefing.txt"]
    assert report.reused == report.passages - 1
    assert found(store, "eight") == {"notes/briefing.txt"}
    assert found(store, "fifty") == {"notes/briefing.txt"}
    assert "stays at seven" not in bytes_within(store).decode("utf-8", "replace")


def test_a_new_file(folder: Path, store: Path, embedder: FakeEmbedder) -> None:
    before = state(store)
    write(folder, "whale.txt", WHALE)
    report = ingest(store, folder, embedder=embedder)
    assert (report.added, report.unchanged, report.embedded) == (["whale.txt"], NAMES, 1)
    assert set(embedder.embedded) == embeddable(store, "whale.txt")
    assert state(store).passages.items() > before.passages.items()
    assert found(store, "whale") == {"whale.txt"}


def test_a_removed_file(folder: Path, store: Path, embedder: FakeEmbedder) -> None:
    old = {name: state(store).documents[name][2] for name in NAMES}
    (folder / "harvest.txt").unlink()
    report = ingest(store, folder, embedder=embedder)
    assert (report.removed, report.added, embedder.embedded) == (["harvest.txt"], [], [])
    assert documents(store) == [name for name in NAMES if name != "harvest.txt"]
    assert found(store, "onions potatoes canal") == set()
    content = bytes_within(store)
    assert b"onions" not in content.lower()
    assert b"bakker" not in content.lower()
    assert old["bridge.txt"].encode() in content


@pytest.mark.parametrize("name", ["harvest.txt", "museum.html", "dutch.md"])
def test_a_renamed_file_is_not_embedded_again(folder: Path, store: Path, embedder: FakeEmbedder, name: str) -> None:
    new = f"elsewhere/renamed{Path(name).suffix}"
    (folder / "elsewhere").mkdir()
    (folder / name).rename(folder / new)
    report = ingest(store, folder, embedder=embedder)
    assert (report.removed, report.added, report.embedded) == ([name], [new], 0)
    assert embedder.embedded == []
    assert new in documents(store)
    assert name not in documents(store)


def test_a_renamed_file_without_a_title_is_not_embedded_again(folder: Path, store: Path) -> None:
    write(folder, "memo.txt", "the ferry was late again, as it has been on most days since the new timetable began.\n")
    ingest(store, folder)
    (folder / "memo.txt").rename(folder / "memorandum.txt")
    report = ingest(store, folder)
    assert (report.removed, report.added, report.embedded) == (["memo.txt"], ["memorandum.txt"], 0)


def test_a_folder_that_moved_as_a_whole(folder: Path, store: Path, embedder: FakeEmbedder, tmp_path: Path) -> None:
    before = state(store)
    folder.rename(tmp_path / "moved")
    report = ingest(store, tmp_path / "moved", embedder=embedder)
    assert (report.unchanged, report.removed, embedder.embedded) == (NAMES, [], [])
    assert state(store) == before
    with contextlib.closing(open_catalog(store)) as catalog:
        assert catalog.roots == [str(tmp_path / "moved")]
    assert differences_of(store) == []


def test_a_touched_file_is_unchanged(folder: Path, store: Path, embedder: FakeEmbedder) -> None:
    before = state(store)
    os.utime(folder / "bridge.txt", ns=(10**18, 10**18))
    with contextlib.closing(open_catalog(store)) as catalog:
        old = catalog.fingerprints()["bridge.txt"]
    report = ingest(store, folder, embedder=embedder)
    assert (report.unchanged, report.updated, embedder.embedded) == (NAMES, [], [])
    assert state(store) == before
    with contextlib.closing(open_catalog(store)) as catalog:
        new = catalog.fingerprints()["bridge.txt"]
    assert (new.mtime_ns, new.sha256) == (10**18, old.sha256)


def test_other_bytes_of_the_same_size_and_time(folder: Path, store: Path, embedder: FakeEmbedder) -> None:
    path = folder / "harvest.txt"
    times = path.stat()
    change(path, "38 per cent", "83 per cent")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    report = ingest(store, folder, embedder=embedder)
    assert (report.updated, len(embedder.embedded)) == (["harvest.txt"], 1)
    assert found(store, "83") == {"harvest.txt"}
    assert found(store, "38") == set()


def test_a_file_written_again_just_after_it_was_looked_at(folder: Path, store: Path) -> None:
    for number in range(5):  # the writes may fall into one clock tick of the file system
        path = write(folder, "news.txt", f"The ferry has {number} new sailors on board since this morning.", age=0)
        ingest(store, folder)
        os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
        assert str(number) in state(store).documents["news.txt"][2]


def test_equal_texts_share_a_vector(folder: Path, store: Path, embedder: FakeEmbedder) -> None:
    shutil.copy2(folder / "harvest.txt", folder / "copy.txt")
    report = ingest(store, folder, embedder=embedder)
    assert (report.added, report.embedded, embedder.embedded) == (["copy.txt"], 0, [])
    assert found(store, "onions") == {"copy.txt", "harvest.txt"}
    (folder / "harvest.txt").unlink()
    assert ingest(store, folder, embedder=embedder).embedded == 0
    assert found(store, "onions") == {"copy.txt"}


def test_another_version_of_the_model_embeds_everything_anew(folder: Path, store: Path) -> None:
    before = state(store)
    newer = FakeEmbedder(identity="fake 2")
    report = ingest(store, folder, embedder=newer)
    assert (report.updated, report.embedded) == (NAMES, len(before.passages))
    assert not state(store).keys & before.keys
    with contextlib.closing(open_catalog(store)) as catalog:
        assert catalog.model == "fake 2"


def test_progress_reaches_its_total_in_each_stage(folder: Path, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    model = FakeEmbedder()
    report = sync(tmp_path / "store", [folder], lambda name: model, progress=lambda *facts: told.append(facts))
    count = report.passages
    assert told[0] == ("reading", 0, 5)
    for stage, total in (("reading", 5), ("embedding", count), ("indexing", count)):
        done = [n for name, n, of in told if name == stage and of == total]
        assert done == sorted(done)
        assert done[-1] == total


# Equal texts

EXTENDING = Tuning(extend_from=1)


def test_many_equal_texts_do_not_hide_others(folder: Path, tmp_path: Path) -> None:
    line = "The pump at station four was checked by the night shift and found to be in good order once more. "
    write(folder, "log.txt", "\n\n".join([line * 4] * 300))
    store = tmp_path / "store"
    ingest(store, folder, tuning=EXTENDING)
    with contextlib.closing(create_catalog(store)) as catalog:
        catalog.leave_out([])
        assert catalog.most_equal()["en"] > MOST_EQUAL
    for number in range(2):  # made whole, then extended
        assert found_first(store, "onions") == "harvest.txt"
        write(folder, f"more-{number}.txt", "A whale swam into the harbour of Westhaven and found its way out again.")
        ingest(store, tuning=EXTENDING)


def test_texts_that_differ_are_never_counted_as_equal(folder: Path, tmp_path: Path) -> None:
    for number in range(3):
        write(
            folder, f"more-{number}.txt", f"A file that comes later, the {number} of them, about nothing of the kind."
        )
        ingest(tmp_path / "store", folder, tuning=EXTENDING)
        with contextlib.closing(create_catalog(tmp_path / "store")) as catalog:
            catalog.leave_out([])
            assert set(catalog.most_equal().values()) == {1}


def found_first(store: Path, words: str) -> str:
    """Name of the document of the nearest vector."""
    with contextlib.closing(open_catalog(store)) as catalog:
        index = open_index(store, catalog)
        near = index.search(bag_of_words(words), "en", 100)
        index.close()
        return catalog.passages([near[0][0]])[near[0][0]].source.name


# Files that cannot be read


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02\x03" * 100, b" \n\t\n"])
def test_a_bad_file_does_not_stop_the_rest(folder: Path, tmp_path: Path, content: bytes) -> None:
    write(folder, "bad.txt", content)
    report = ingest(tmp_path / "store", folder)
    assert report.added == NAMES
    assert [failure["document"] for failure in report.failed] == ["bad.txt"]
    assert report.failed[0]["reason"]
    assert documents(tmp_path / "store") == NAMES


def test_a_folder_with_only_a_bad_file_gives_an_empty_store(tmp_path: Path) -> None:
    write(tmp_path / "documents", "bad.txt", b"\0\1\2\3" * 100)
    for _ in range(2):
        report = ingest(tmp_path / "store", tmp_path / "documents")
        assert [failure["document"] for failure in report.failed] == ["bad.txt"]
        assert state(tmp_path / "store") == State({}, {}, frozenset(), {})


def test_the_last_good_version_stays_and_is_marked(folder: Path, store: Path, embedder: FakeEmbedder) -> None:
    good, before = (folder / "harvest.txt").read_bytes(), state(store)
    (folder / "harvest.txt").write_bytes(b"\x00" * 1000)
    for _ in range(2):
        report = ingest(store, folder, embedder=embedder)
        assert [failure["document"] for failure in report.failed] == ["harvest.txt"]
        assert (len(report.unchanged), report.removed, report.passages) == (4, [], len(before.passages))
        assert found(store, "onions") == {"harvest.txt"}
        assert [name for name, facts in state(store).documents.items() if facts[3]] == ["harvest.txt"]
    (folder / "harvest.txt").write_bytes(good)
    assert ingest(store, folder, embedder=embedder).unchanged == NAMES
    assert state(store) == before
    assert embedder.embedded == []


def test_a_stale_document_stays_stale_with_another_version_of_the_model(folder: Path, store: Path) -> None:
    (folder / "harvest.txt").write_bytes(b"\x00" * 1000)
    report = ingest(store, folder, embedder=FakeEmbedder(identity="fake 2"))
    assert [failure["document"] for failure in report.failed] == ["harvest.txt"]
    assert found(store, "onions") == {"harvest.txt"}
    assert [name for name, facts in state(store).documents.items() if facts[3]] == ["harvest.txt"]


def test_a_file_that_vanishes_meanwhile(folder: Path, store: Path) -> None:
    change(folder / "harvest.txt", "onions", "shallots")
    write(folder, "whale.txt", WHALE)

    def vanish(stage: str, done: int, total: int) -> None:
        for name in ("harvest.txt", "whale.txt"):
            (folder / name).unlink(missing_ok=True)

    report = sync(store, [folder], lambda name: FakeEmbedder(), progress=vanish)
    assert [failure["document"] for failure in report.failed] == ["harvest.txt", "whale.txt"]
    assert found(store, "onions") == {"harvest.txt"}
    assert ingest(store).removed == ["harvest.txt"]


def test_a_store_without_any_document(tmp_path: Path) -> None:
    store, folder = tmp_path / "store", tmp_path / "documents"
    folder.mkdir()
    with pytest.raises(UsageError, match="documents"):
        ingest(store, folder)
    write(folder, "picture.svg", b"\x89PNG")
    with pytest.raises(UsageError, match="documents"):
        ingest(store, folder)
    with pytest.raises(NoStore):
        open_catalog(store)
    write(folder, "a.txt", "Now there is a document in this folder, so that a store can be made.")
    assert ingest(store, folder).added == ["a.txt"]


def test_a_file_that_may_not_be_read(folder: Path, store: Path) -> None:
    (folder / "harvest.txt").chmod(0)
    done = run_python(
        SYNC.replace("    ingest", "    report = ingest") + "print(report.failed)", store, folder, obeys=True
    )
    assert b"'harvest.txt'" in done.stdout, done
    assert b"permission denied" in done.stdout.lower()
    assert found(store, "onions") == {"harvest.txt"}


# Stores of all kinds


def test_a_store_made_with_another_model(folder: Path, store: Path) -> None:
    before = state(store)
    with pytest.raises(StoreMismatch, match=r"fake.*other.*--store"):
        ingest(store, folder, embedder=FakeEmbedder(name="other"))
    assert state(store) == before


def test_a_store_of_another_schema(folder: Path, store: Path) -> None:
    with contextlib.closing(create_catalog(store)) as catalog:
        catalog.put(schema=99)
    with pytest.raises(StoreMismatch, match="99"):
        ingest(store, folder)


def test_a_store_that_is_a_file(folder: Path, tmp_path: Path) -> None:
    path = write(tmp_path, "file", "text")
    with pytest.raises(UsageError, match="is a file"):
        ingest(path, folder)
    with pytest.raises((VerbatimError, NotADirectoryError)):
        ingest(path / "below", folder)
    assert path.read_text() == "text"


@embedded_only
def test_a_store_whose_catalog_is_garbage(folder: Path, store: Path) -> None:
    for path in store.glob(f"{CATALOG_FILE}-*"):
        path.unlink()
    (store / CATALOG_FILE).write_bytes(b"garbage " * 1000)
    with pytest.raises(StoreDamaged, match="ingest again"):
        ingest(store, folder)


def test_two_writers(folder: Path, store: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from qa.store.opening import write_lock
with write_lock(Path(sys.argv[1])):
    print(os.getpid(), flush=True)
    sys.stdin.read()
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    with holder:
        assert holder.stdout is not None
        number = int(holder.stdout.readline())
        write(folder, "whale.txt", WHALE)
        with pytest.raises(StoreBusy, match=rf"\b{number}\b"):
            ingest(store, folder)
        assert found(store, "onions") == {"harvest.txt"}
        os.kill(number, signal.SIGKILL)
    assert ingest(store, folder).added == ["whale.txt"]  # a killed holder holds nothing


# Killed in the middle


def many(folder: Path, count: int = 3 * TUNED.embed_batch) -> None:
    """`count` documents of one passage each."""
    for n in range(count):
        write(folder, f"{n:03}.txt", f"Report number{n} of the harbour office says that ship{n} came in at dawn.\n")


def test_vectors_of_a_killed_run_are_used(tmp_path: Path) -> None:
    store, folder = tmp_path / "store", tmp_path / "documents"
    many(folder)
    killed, second = FakeEmbedder(fail_after=2), FakeEmbedder()
    with pytest.raises(Stopped):
        ingest(store, folder, embedder=killed)
    with pytest.raises(NoStore):
        open_catalog(store)
    report = ingest(store, folder, embedder=second)
    assert len(killed.embedded) == 2 * TUNED.embed_batch
    assert len(second.embedded) == report.embedded == TUNED.embed_batch
    assert not set(killed.embedded) & set(second.embedded)
    assert (len(report.added), report.reused) == (3 * TUNED.embed_batch, 2 * TUNED.embed_batch)


def test_a_killed_run_leaves_the_store_as_it_was(folder: Path, store: Path) -> None:
    before = state(store)
    many(folder)
    change(folder / "harvest.txt", "onions", "shallots")
    (folder / "museum.html").unlink()
    with pytest.raises(Stopped):
        ingest(store, folder, embedder=FakeEmbedder(fail_after=1))
    after = state(store)
    assert (after.documents, after.passages, after.indexed) == (before.documents, before.passages, before.indexed)
    assert found(store, "onions") == {"harvest.txt"}
    assert found(store, "number7 shallots") == set()
    again = FakeEmbedder()
    ingest(store, folder, embedder=again)
    assert len(again.embedded) == 2 * TUNED.embed_batch + 1
    assert found(store, "number7 shallots") == {"007.txt", "harvest.txt"}


def test_what_a_killed_run_left_is_cleared_away(folder: Path, store: Path) -> None:
    before = state(store)
    many(folder, TUNED.embed_batch + 1)
    with pytest.raises(Stopped):
        ingest(store, folder, embedder=FakeEmbedder(fail_after=1))
    for path in folder.glob("0*.txt"):
        path.unlink()
    orphan = generation_path(store, 99)
    orphan.mkdir()
    (orphan / "chroma.sqlite3").write_bytes(b"half written")
    report = ingest(store, folder)
    assert (report.unchanged, report.embedded) == (NAMES, 0)
    assert state(store) == before
    assert [number for number, _ in generations(store)] == [1]
    assert b"ship7" not in bytes_within(store)
    with contextlib.closing(create_catalog(store)) as catalog:
        assert not catalog.has_staged()


@embedded_only
@pytest.mark.parametrize("lost", ["generations", "generations/00000001", "generations/00000001/chroma.sqlite3"])
def test_a_missing_index_is_made_again(folder: Path, store: Path, embedder: FakeEmbedder, lost: str) -> None:
    before = state(store)
    if (store / lost).is_dir():
        shutil.rmtree(store / lost)
    else:
        (store / lost).unlink()
    with pytest.raises(StoreDamaged, match="run ingest again"):
        found(store, "onions")
    report = ingest(store, folder, embedder=embedder)
    assert (report.unchanged, report.embedded, embedder.embedded) == (NAMES, 0, [])
    assert state(store) == before
    assert found(store, "onions") == {"harvest.txt"}


@pytest.mark.parametrize("content", [b"", b"\xff" * 100_000])
def test_a_damaged_index_is_made_again(folder: Path, store: Path, content: bytes) -> None:
    before = state(store)
    (generation_path(store, 1) / "chroma.sqlite3").write_bytes(content)
    ingest(store, folder)
    assert state(store) == before
    assert found(store, "onions") == {"harvest.txt"}


def test_vectors_lost_from_the_catalog_are_made_again(folder: Path, store: Path, embedder: FakeEmbedder) -> None:
    with contextlib.closing(create_catalog(store)) as catalog:
        catalog.db.execute("DELETE FROM vectors")
    write(folder, "whale.txt", WHALE)
    report = ingest(store, folder, embedder=embedder)
    assert report.embedded == report.passages == len(embedder.embedded)
    assert found(store, "onions") == {"harvest.txt"}


# A large store that only grows


@embedded_only
def test_a_large_index_is_extended_by_what_is_added(folder: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[tuple[int, bool]] = []
    tuning = Tuning(extend_from=5)

    def noted(path: Path, batches: Any, expected: int, base: Path | None, *rest: Any) -> None:
        batches = list(batches)
        built.append((sum(len(ids) for _, ids, _, _ in batches), base is not None))
        build_generation(path, batches, expected, base, *rest)

    monkeypatch.setattr("qa.store.generations.build_generation", noted)
    write(folder, "whale.txt", WHALE)
    write(folder, "wal.md", "De walvis zwom vannacht de haven van Westhaven in en vond zelf de weg weer naar buiten.")
    ingest(store, tuning=tuning)
    whole = len(state(store).passages)
    change(folder / "harvest.txt", "onions", "shallots")
    ingest(store, tuning=tuning)
    write(folder, "lamp.txt", "The lighthouse lamp went out for good in the autumn of that year.")
    (folder / "whale.txt").unlink()
    ingest(store, tuning=tuning)
    assert built == [(2, True), (whole, False), (whole, False)]
    assert found(store, "shallots lamp") == {"harvest.txt", "lamp.txt", "museum.html"}
    assert differences_of(store) == []


def test_a_damaged_index_is_not_extended(folder: Path, store: Path) -> None:
    words = next(generation_path(store, 1).glob("words-en/*.store"))
    words.write_bytes(b"\xff" * words.stat().st_size)
    write(folder, "whale.txt", WHALE)
    ingest(store, tuning=Tuning(extend_from=5))
    assert found(store, "onions") == {"harvest.txt"}


# At the command line

RUN = "import sys; from qa.cli import main; sys.exit(main())"
Output = pytest.CaptureFixture[str]


def test_an_old_format_is_skipped_with_advice(folder: Path, store: Path, capsys: Output) -> None:
    write(folder, "letter.DOC", b"\xd0\xcf\x11\xe0" * 100)
    write(folder, "picture.svg", b"\x89PNG")
    report = ingest(store)
    assert report.skipped == ["letter.DOC", "picture.svg"]
    print_report(report, store)
    assert capsys.readouterr().out.splitlines()[:2] == [
        "skipped  letter.DOC: is of a type that is not read (.DOC); save it as .docx",
        "skipped  1 (links, and types that are not read): picture.svg",
    ]


def test_a_first_ingest_that_was_stopped_goes_on_without_its_path(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    with monkeypatch.context() as patch:
        patch.setattr("qa.ingestion.sync.publish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            ingest(store, folder)
    assert default_roots(store) == []
    assert ingest(store).added == NAMES


def test_an_empty_store_is_not_filled_with_the_sample_corpus(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").touch()
    with pytest.raises(UsageError, match="no roots yet; name"):
        ingest(tmp_path)


def test_the_report_says_that_the_text_of_an_emptied_file_is_kept(folder: Path, store: Path) -> None:
    (folder / "harvest.txt").write_text("")
    write(folder, "new.txt", "")
    reasons = {one["document"]: one["reason"] for one in ingest(store).failed}
    assert "is kept: delete the file" in reasons["harvest.txt"]
    assert "kept" not in reasons["new.txt"]
    (folder / "harvest.txt").unlink()
    assert ingest(store).erased.documents == 1


@embedded_only
def test_a_path_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xffad"))
    for roots, store in (([odd], tmp_path / "store"), ([tmp_path], odd)):
        with pytest.raises(UsageError, match="not UTF-8"):
            ingest(store, *roots)
    assert not (tmp_path / "store").exists()


def test_characters_that_the_terminal_cannot_show_are_escaped(folder: Path, store: Path) -> None:
    write(folder, "caf\u00e9.txt", WHALE)
    run = subprocess.run(
        [sys.executable, "-c", RUN, "status", "--changed", "--store", store],
        env={**os.environ, "PYTHONIOENCODING": "ascii"}, cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    assert run.returncode == 6
    assert b"caf\\xe9" in run.stdout


def test_naming_an_encoding_has_the_file_read_again_and_verified_in_it(tmp_path: Path) -> None:
    store, folder = tmp_path / "store", tmp_path / "documents"
    words = "Kainos \u0161iemet i\u0161augo."
    write(folder, "short.txt", words.encode("cp1257"))
    write(folder, "plain.txt", "The lock at Veerhaven was closed on Monday.")
    report = ingest(store, folder)
    assert [failed["document"] for failed in report.failed] == ["short.txt"]
    named = {"sh*.txt": "cp1257"}
    report = ingest(store, folder, encodings=named)
    assert (report.added, report.unchanged, report.failed) == (["short.txt"], ["plain.txt"], [])
    assert state(store).documents["short.txt"][2] == words
    assert differences_of(store) == []
    assert ingest(store, folder).unchanged == ["plain.txt", "short.txt"]  # as the page does: with those of the store
    report = ingest(store, folder, encodings={**named, "plain.txt": "cp1250"})
    assert (report.updated, report.unchanged) == (["plain.txt"], ["short.txt"])
    assert [failed["document"] for failed in ingest(store, folder, encodings={}).failed] == ["short.txt"]
