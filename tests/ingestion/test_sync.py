"""An ingest makes the store hold exactly what lies under its roots and embeds only what is new, whatever happens."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eval.bench_texts import StandIn
from qa.answering.qa import QA
from qa.answering.retrieval import retrieve
from qa.answering.sentence_reader import SentenceReader
from qa.documents import loaders
from qa.errors import NoStore, StoreBusy, StoreDamaged, StoreMismatch, TooManyRemovals, UsageError, VerbatimError
from qa.ingestion import sync as ingestion
from qa.ingestion.sync import EMBED_BATCH, Found, Report, is_untouched, sync
from qa.ingestion.verify import verify
from qa.store import index as vectors
from qa.store.catalog import FILE_NAME, Catalog, Fingerprint, create_catalog, open_catalog
from qa.types import join_context
from tests.helpers import DOCUMENTS, ROOT, FakeEmbedder, Stopped, bag_of_words, bytes_within, ingest, run_python, write

NAMES = sorted(DOCUMENTS)


@dataclass(frozen=True)
class State:
    """What readers see of a store."""

    documents: dict[str, tuple[str, str, str, bool]]  # name -> sha256, title, text, stale
    passages: dict[str, tuple[str, int, int, str, str, str]]  # id -> document, start, end, text, context, language
    keys: frozenset[bytes]  # of the vectors kept
    indexed: dict[str, int]  # language -> passages in the Chroma generation


def state(store: Path) -> State:
    with contextlib.closing(open_catalog(store)) as catalog:
        documents = {s.name: (s.sha256, s.title, text_of(catalog, s.name), s.stale) for s in catalog.sources()}
        passages = {
            p.id: (p.source.name, p.start, p.end, p.text, p.context, p.language) for p in catalog.all_passages()
        }
        keys = frozenset(row[0] for row in catalog.db.execute("SELECT key FROM vectors"))
        return State(documents, passages, keys, vectors.counts(vectors.directory(store, catalog.generation)))


def text_of(catalog: Catalog, name: str) -> str:
    document = catalog.document(name)
    assert document is not None
    return document.text


def documents(store: Path) -> list[str]:
    return list(state(store).documents)


def embeddable(store: Path, name: str) -> set[str]:
    """What is embedded for a document."""
    return {join_context(context, text) for of, _, _, text, context, _ in state(store).passages.values() if of == name}


def found(store: Path, words: str, language: str = "en") -> set[str]:
    """Names of the documents in which words are found, by the full-text index and by vectors alike."""
    with contextlib.closing(open_catalog(store)) as catalog:
        index = vectors.Index(vectors.directory(store, catalog.generation))
        near = [number for number, _ in index.search(bag_of_words(words), language, 1000)]
        lexical = [number for number, _ in index.lexical(words, language, 1000)]
        index.close()
        assert set(lexical) <= set(near) == {p.id for p in catalog.all_passages() if p.language == language}
        return {passage.source.name for passage in catalog.passages(lexical).values()}


def change(path: Path, old: str, new: str) -> None:
    """Replaces words in a file, now."""
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


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
from typing import Any
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
    write(folder, "whale.txt", "A whale swam into the harbour of Westhaven last night and found its way out again.")
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
        assert catalog.get("roots") == [str(tmp_path / "moved")]
        assert verify(catalog, store) == []


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


def test_what_is_untouched(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt", "text")
    facts = path.stat()
    file = Found("a.txt", path, facts)
    stat = (facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino)
    seconds, now = 10**9, time.time_ns()

    def untouched(path: Path = path, stat: tuple[int, int, int, int] = stat, scanned: int = now) -> bool:
        return is_untouched(Fingerprint(str(path), *stat, scanned, "", ""), file)

    assert untouched()
    assert not untouched(path=tmp_path / "b.txt")
    for n in range(4):
        assert not untouched(stat=(*stat[:n], stat[n] + 1, *stat[n + 1 :]))  # type: ignore[arg-type]
    assert untouched(scanned=facts.st_mtime_ns + 2 * seconds + 1)
    assert not untouched(scanned=facts.st_mtime_ns + 2 * seconds)
    assert not untouched(scanned=facts.st_mtime_ns - seconds)  # a file of the future


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
        assert catalog.get("model") == "fake 2"


def test_progress(folder: Path, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    model = FakeEmbedder()
    report = sync(tmp_path / "store", [folder], lambda name: model, progress=lambda *facts: told.append(facts))
    count = report.passages
    assert told[0] == ("reading", 0, 5)
    for stage, total in (("reading", 5), ("embedding", count), ("indexing", count)):
        done = [n for name, n, of in told if name == stage and of == total]
        assert done == sorted(done)
        assert done[-1] == total


# Names and roots


def test_a_single_file_is_called_by_its_name(folder: Path, tmp_path: Path) -> None:
    ingest(tmp_path / "store", folder / "notes" / "briefing.txt")
    assert documents(tmp_path / "store") == ["briefing.txt"]


def test_several_roots_stand_before_the_path(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "archive"
    write(other, "1961/lamp.txt", "The lighthouse lamp went out for good in the autumn of that year.")
    single = write(tmp_path, "single.txt", "A file of its own that lies in no folder of the others.")
    ingest(tmp_path / "store", folder, other / ".." / "archive", single)
    assert documents(tmp_path / "store") == sorted(
        [*(f"documents/{name}" for name in NAMES), "archive/1961/lamp.txt", "single.txt"]
    )


def test_a_text_that_repeats_itself_hides_no_other(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.ingestion.sync.EXTEND_FROM", 1)
    line = "The pump at station four was checked by the night shift and found to be in good order once more. "
    write(folder, "log.txt", "\n\n".join([line * 4] * 300))
    store = tmp_path / "store"
    ingest(store, folder)
    with contextlib.closing(open_catalog(store)) as catalog:
        catalog.plan([])
        assert catalog.most_equal()["en"] > vectors.CLUMP
    for number in range(2):  # made whole, then extended
        assert found_first(store, "onions") == "harvest.txt"
        write(folder, f"more-{number}.txt", "A whale swam into the harbour of Westhaven and found its way out again.")
        ingest(store)


def test_texts_that_differ_are_never_counted_as_equal(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.ingestion.sync.EXTEND_FROM", 1)
    for number in range(3):
        write(
            folder, f"more-{number}.txt", f"A file that comes later, the {number} of them, about nothing of the kind."
        )
        ingest(tmp_path / "store", folder)
        with contextlib.closing(open_catalog(tmp_path / "store")) as catalog:
            catalog.plan([])
            assert set(catalog.most_equal().values()) == {1}


def found_first(store: Path, words: str) -> str:
    """Name of the document of the nearest vector."""
    with contextlib.closing(open_catalog(store)) as catalog:
        index = vectors.Index(vectors.directory(store, catalog.generation))
        near = index.search(bag_of_words(words), "en", 100)
        index.close()
        return catalog.passages([near[0][0]])[near[0][0]].source.name


def test_recorded_roots_are_used_again(folder: Path, store: Path, tmp_path: Path) -> None:
    write(folder, "new.txt", "A new document in the folder that the store was made from.")
    assert ingest(store).added == ["new.txt"]
    with pytest.raises(UsageError, match="name the files or folders"):
        ingest(tmp_path / "new store")


def test_a_root_no_longer_named_goes(folder: Path, store: Path, tmp_path: Path) -> None:
    other = tmp_path / "archive"
    write(other, "lamp.txt", "The lighthouse lamp went out for good in the autumn of that year.")
    report = ingest(store, other)
    assert (report.added, report.removed, documents(store)) == (["lamp.txt"], NAMES, ["lamp.txt"])


def test_a_second_root_beside_the_first(folder: Path, store: Path, tmp_path: Path, embedder: FakeEmbedder) -> None:
    other = tmp_path / "archive"
    write(other, "lamp.txt", "The lighthouse lamp went out for good in the autumn of that year.")
    report = ingest(store, folder, other, embedder=embedder)  # nothing of the first root is lost: it has new names
    assert documents(store) == ["archive/lamp.txt", *(f"documents/{name}" for name in NAMES)]
    assert report.embedded == 1


def test_two_roots_of_one_name(tmp_path: Path) -> None:
    for name in ("a/news", "b/news"):
        write(tmp_path / name, "x.txt", "Some text in a folder called news, as there are many.")
    with pytest.raises(UsageError, match="news"):
        ingest(tmp_path / "store", tmp_path / "a/news", tmp_path / "b/news")
    assert not (tmp_path / "store").exists()


def test_a_root_inside_another(folder: Path, tmp_path: Path) -> None:
    for roots in ((folder, folder / "notes"), (folder / "notes" / "briefing.txt", folder)):
        with pytest.raises(UsageError, match="inside"):
            ingest(tmp_path / "store", *roots)
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("name", ["nowhere", "nowhere.txt"])
def test_a_root_that_is_not_there(folder: Path, store: Path, tmp_path: Path, name: str) -> None:
    before = state(store)
    with pytest.raises(UsageError, match=name):
        ingest(store, folder, tmp_path / name)
    with pytest.raises(UsageError, match=name):
        ingest(tmp_path / "new store", tmp_path / name)
    assert state(store) == before
    assert not (tmp_path / "new store").exists()


def test_spaces_and_accents(tmp_path: Path) -> None:
    folder = tmp_path / "D\u00e9p\u00eaches d'\u00e9t\u00e9 #1 100%"
    name = "\u00fcber uns/l'\u00e9t\u00e9 \u65e5\u672c \U0001f980.txt"
    write(folder, name, "The crab was seen on the beach of the village late in the summer.")
    store = tmp_path / "mon d\u00e9p\u00f4t"
    ingest(store, folder)
    assert documents(store) == [name]
    assert found(store, "crab") == {name}
    assert ingest(store).unchanged == [name]


def test_what_is_passed_over(folder: Path, tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", "secret.txt", "Nothing of this text may get into the store by a link.")
    write(folder, ".hidden.txt", "A hidden file is no document of anybody's.")
    write(folder, ".git/config.txt", "Nor is a file in a hidden folder one.")
    write(folder, "picture.png", b"\x89PNG")
    write(folder, "notes/no suffix", "no suffix")
    (folder / "link.txt").symlink_to(outside)
    (folder / "dangling.txt").symlink_to(tmp_path / "nothing")
    (folder / "linked folder").symlink_to(outside.parent)
    (folder / "notes" / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.txt")
    (folder / "folder.txt").mkdir()
    report = ingest(tmp_path / "store", folder)
    assert (report.added, report.failed) == (NAMES, [])
    assert report.skipped == ["dangling.txt", "link.txt", "notes/no suffix", "picture.png", "pipe.txt"]
    assert b"Nothing of this" not in bytes_within(tmp_path / "store")


def test_a_root_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert ingest(tmp_path / "store", tmp_path / "link").added == NAMES


def test_a_file_that_is_named_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link.txt").symlink_to(folder / "harvest.txt")
    assert ingest(tmp_path / "store", tmp_path / "link.txt").added == ["link.txt"]
    assert ingest(tmp_path / "store").unchanged == ["link.txt"]


def test_a_link_that_takes_a_files_place_meanwhile(folder: Path, tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", "secret.txt", "Nothing of this text may get into the store by a link.")
    store = tmp_path / "store"
    find = ingestion.find_files

    def found_then_swapped(*arguments: Any) -> Any:
        files = find(*arguments)
        for name in ("harvest.txt", "museum.html"):
            (folder / name).unlink()
            (folder / name).symlink_to(outside)
        return files

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingestion, "find_files", found_then_swapped)
        report = ingest(store, folder)
    assert {f["document"]: f["reason"] for f in report.failed} == dict.fromkeys(
        ("harvest.txt", "museum.html"), loaders.LINK
    )
    assert b"Nothing of this" not in bytes_within(store)


def test_stores_under_the_folder_are_no_documents(folder: Path, store: Path) -> None:
    shutil.copytree(store, folder / "copy of the store")
    write(folder / "copy of the store", "notes.txt", "Even a text in a store is no document.")
    inside = folder / "store"
    assert ingest(inside, folder).added == NAMES
    report = ingest(inside, folder)
    assert (report.unchanged, report.skipped) == (NAMES, [])


def test_a_name_that_is_not_unicode(folder: Path, tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt")).write_text("Text in a file with an odd name.")
    except OSError:
        pytest.skip("this file system takes no such name")
    report = ingest(tmp_path / "store", folder)
    assert report.added == NAMES
    assert [failure["document"] for failure in report.failed] == ["caf?.txt"]
    json.dumps(report.failed, ensure_ascii=False).encode()


# What is lost


@pytest.mark.parametrize("lost", [0, 1, 2, 3, 4, 5])
def test_a_root_that_has_lost_more_than_half(folder: Path, store: Path, lost: int) -> None:
    before = state(store)
    for name in NAMES[:lost]:
        (folder / name).unlink()
    if lost < 3:
        assert ingest(store, folder).removed == NAMES[:lost]
        return
    with pytest.raises(TooManyRemovals, match="--allow-removals"):
        ingest(store, folder)
    assert state(store) == before
    assert ingest(store, folder, allow_removals=True).removed == NAMES[:lost]
    assert documents(store) == NAMES[lost:]


def test_a_root_that_is_missing(folder: Path, store: Path, tmp_path: Path) -> None:
    before = state(store)
    folder.rename(tmp_path / "elsewhere")
    for roots in ((), (folder,)):
        with pytest.raises(TooManyRemovals, match=f"{folder} is missing.*--allow-removals"):
            ingest(store, *roots)
    assert state(store) == before
    assert ingest(store, allow_removals=True).removed == NAMES
    assert state(store) == State({}, {}, frozenset(), {})


def test_one_of_two_roots_that_is_missing(folder: Path, tmp_path: Path) -> None:
    store, other = tmp_path / "store", tmp_path / "archive"
    write(other, "lamp.txt", "The lighthouse lamp went out for good in the autumn of that year.")
    ingest(store, folder, other)
    shutil.rmtree(other)
    with pytest.raises(TooManyRemovals, match="archive"):
        ingest(store)
    assert len(documents(store)) == 6


def test_an_emptied_store_can_be_filled_again(folder: Path, store: Path, tmp_path: Path) -> None:
    folder.rename(tmp_path / "elsewhere")
    ingest(store, allow_removals=True)
    (tmp_path / "elsewhere").rename(folder)
    assert ingest(store).added == NAMES


# Files that cannot be read


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02\x03" * 100, b" \n\t\n"])
def test_a_bad_file_does_not_stop_the_rest(folder: Path, tmp_path: Path, content: bytes) -> None:
    write(folder, "bad.txt", content)
    report = ingest(tmp_path / "store", folder)
    assert report.added == NAMES
    assert [failure["document"] for failure in report.failed] == ["bad.txt"]
    assert report.failed[0]["reason"]
    assert documents(tmp_path / "store") == NAMES


def test_a_bad_file_alone(tmp_path: Path) -> None:
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
    write(folder, "whale.txt", "A whale swam into the harbour of Westhaven last night and found its way out again.")

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
    write(folder, "picture.png", b"\x89PNG")
    with pytest.raises(UsageError, match="documents"):
        ingest(store, folder)
    with pytest.raises(NoStore):
        open_catalog(store)
    write(folder, "a.txt", "Now there is a document in this folder, so that a store can be made.")
    assert ingest(store, folder).added == ["a.txt"]


SYNC = """
import sys
from pathlib import Path
from typing import Any
from qa.errors import VerbatimError
from tests.helpers import ingest
try:
    ingest(Path(sys.argv[1]), Path(sys.argv[2]))
except VerbatimError as error:
    print(error)
"""


def test_a_file_that_may_not_be_read(folder: Path, store: Path) -> None:
    (folder / "harvest.txt").chmod(0)
    done = run_python(
        SYNC.replace("    ingest", "    report = ingest") + "print(report.failed)", store, folder, obeys=True
    )
    assert b"'harvest.txt'" in done.stdout, done
    assert b"permission denied" in done.stdout.lower()
    assert found(store, "onions") == {"harvest.txt"}


@pytest.mark.parametrize("mode", [0o000, 0o444])
def test_a_folder_that_may_not_be_listed(folder: Path, store: Path, mode: int) -> None:
    before = state(store)
    (folder / "notes").chmod(mode)
    done = run_python(SYNC, store, folder, obeys=True)
    (folder / "notes").chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert str(folder / "notes").encode() in done.stdout  # it is this folder that the message is about, not the store
    assert state(store) == before


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


def test_a_store_whose_catalog_is_garbage(folder: Path, store: Path) -> None:
    for path in store.glob(f"{FILE_NAME}-*"):
        path.unlink()
    (store / FILE_NAME).write_bytes(b"garbage " * 1000)
    with pytest.raises(StoreDamaged, match="ingest again"):
        ingest(store, folder)


def test_two_writers(folder: Path, store: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from typing import Any
from qa.ingestion.sync import write_lock
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
        write(folder, "whale.txt", "A whale swam into the harbour of Westhaven last night and found its way out again.")
        with pytest.raises(StoreBusy, match=rf"\b{number}\b"):
            ingest(store, folder)
        assert found(store, "onions") == {"harvest.txt"}
        os.kill(number, signal.SIGKILL)
    assert ingest(store, folder).added == ["whale.txt"]  # a killed holder holds nothing


# Killed in the middle


def many(folder: Path, count: int = 3 * EMBED_BATCH) -> None:
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
    assert len(killed.embedded) == 2 * EMBED_BATCH
    assert len(second.embedded) == report.embedded == EMBED_BATCH
    assert not set(killed.embedded) & set(second.embedded)
    assert (len(report.added), report.reused) == (3 * EMBED_BATCH, 2 * EMBED_BATCH)


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
    assert len(again.embedded) == 2 * EMBED_BATCH + 1
    assert found(store, "number7 shallots") == {"007.txt", "harvest.txt"}


def test_what_a_killed_run_left_is_cleared_away(folder: Path, store: Path) -> None:
    before = state(store)
    many(folder, EMBED_BATCH + 1)
    with pytest.raises(Stopped):
        ingest(store, folder, embedder=FakeEmbedder(fail_after=1))
    for path in folder.glob("0*.txt"):
        path.unlink()
    orphan = vectors.directory(store, 99)
    orphan.mkdir()
    (orphan / "chroma.sqlite3").write_bytes(b"half written")
    report = ingest(store, folder)
    assert (report.unchanged, report.embedded) == (NAMES, 0)
    assert state(store) == before
    assert [number for number, _ in vectors.generations(store)] == [1]
    assert b"ship7" not in bytes_within(store)
    with contextlib.closing(create_catalog(store)) as catalog:
        assert not catalog.has_staged()


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
    (vectors.directory(store, 1) / "chroma.sqlite3").write_bytes(content)
    ingest(store, folder)
    assert state(store) == before
    assert found(store, "onions") == {"harvest.txt"}


def test_vectors_lost_from_the_catalog_are_made_again(folder: Path, store: Path, embedder: FakeEmbedder) -> None:
    with contextlib.closing(create_catalog(store)) as catalog:
        catalog.db.execute("DELETE FROM vectors")
    write(folder, "whale.txt", "A whale swam into the harbour of Westhaven last night and found its way out again.")
    report = ingest(store, folder, embedder=embedder)
    assert report.embedded == report.passages == len(embedder.embedded)
    assert found(store, "onions") == {"harvest.txt"}


# A large store that only grows


def test_a_large_index_is_extended_by_what_is_added(folder: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingestion, "EXTEND_FROM", 5)
    built: list[tuple[int, bool]] = []
    build = vectors.build

    def noted(path: Path, batches: Any, expected: int, base: Path | None, equal: dict[str, int]) -> None:
        batches = list(batches)
        built.append((sum(len(ids) for _, ids, _, _ in batches), base is not None))
        build(path, batches, expected, base, equal)

    monkeypatch.setattr(vectors, "build", noted)
    write(folder, "whale.txt", "A whale swam into the harbour of Westhaven last night and found its way out again.")
    write(folder, "wal.md", "De walvis zwom vannacht de haven van Westhaven in en vond zelf de weg weer naar buiten.")
    ingest(store)
    whole = len(state(store).passages)
    change(folder / "harvest.txt", "onions", "shallots")
    ingest(store)
    write(folder, "lamp.txt", "The lighthouse lamp went out for good in the autumn of that year.")
    (folder / "whale.txt").unlink()
    ingest(store)
    assert built == [(2, True), (whole, False), (whole, False)]
    assert found(store, "shallots lamp") == {"harvest.txt", "lamp.txt", "museum.html"}
    with contextlib.closing(open_catalog(store)) as catalog:
        assert verify(catalog, store) == []


def test_a_damaged_index_is_not_extended(folder: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingestion, "EXTEND_FROM", 5)
    words = next(vectors.directory(store, 1).glob("words-en/*.store"))
    words.write_bytes(b"\xff" * words.stat().st_size)
    write(folder, "whale.txt", "A whale swam into the harbour of Westhaven last night and found its way out again.")
    ingest(store)
    assert found(store, "onions") == {"harvest.txt"}


# Any history


TEXTS = st.lists(
    st.sampled_from(
        [
            "The mayor opened the bridge.\n\n",
            "Nobody knows who paid for it, says the clerk.\n",
            "De burgemeester opende de brug vorige week dinsdag om tien uur.\n\n",
            "Moderator: What did it cost?\n\nClerk: Nine million, and a lot of patience.\n\n",
            "1,200 tonnes\r\n",
            "\ufeffA mark in the middle. ",
            "# A heading\n\n",
            "The same sentence again and again. " * 30,
        ]
    ),
    min_size=1,
    max_size=6,
).map(lambda parts: "Report. " + "".join(parts))
STAGES = {"building": (vectors, "build"), "switching": (Catalog, "switch"), "purging": (Catalog, "purge")}
PLACES = st.sampled_from(["a.txt", "b.txt", "c.md", "d/a.txt", "d/e.txt"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), PLACES, TEXTS),
        st.tuples(st.just("remove"), PLACES, st.just("")),
        st.tuples(st.just("rename"), PLACES, PLACES),
        st.tuples(st.just("touch"), PLACES, st.just("")),
        st.tuples(st.just("ingest"), st.just(""), st.just("")),
        st.tuples(st.just("killed"), st.sampled_from(["0", "1", "3", *STAGES]), st.just("")),
    ),
    max_size=8,
)


def carry_out(step: tuple[str, str, str], folder: Path, store: Path) -> None:
    kind, name, other = step
    path = folder / name
    if kind == "write":
        write(folder, name, other, age=0)
    elif kind == "ingest":
        ingest(store, folder, allow_removals=True)
    elif kind == "killed":
        stopped_ingest(store, folder, name)
    elif path.exists() and kind == "remove":
        path.unlink()
    elif path.exists() and kind == "touch":
        path.touch()
    elif path.exists():
        (folder / other).parent.mkdir(exist_ok=True)
        path.replace(folder / other)


def stopped_ingest(store: Path, folder: Path, stage: str) -> None:
    """An ingest that ends before that stage, "building": when the new index has been written; or after so many batches
    of vectors were committed."""

    def stop(*arguments: Any, **named: Any) -> None:
        if stage == "building":
            build(*arguments, **named)
        raise Stopped

    build = vectors.build
    with contextlib.suppress(Stopped), pytest.MonkeyPatch.context() as patch:
        if stage in STAGES:
            patch.setattr(*STAGES[stage], stop)
        model = FakeEmbedder(fail_after=None if stage in STAGES else int(stage))
        ingest(store, folder, embedder=model, allow_removals=True)


QUESTIONS = ("Who opened the bridge?", "Wat opende de burgemeester?", "How many tonnes?", "What did it cost?")


def answers(store: Path) -> list[list[tuple[str, int, int, float]]]:
    """The best ten passages for each question, with their scores."""
    embedder = FakeEmbedder()
    with QA(store, embedder, SentenceReader(embedder)) as qa:  # type: ignore[arg-type]
        hits = [qa.ask(question).hits[:10] for question in QUESTIONS]
    return [[(h.passage.source.name, h.passage.start, h.passage.end, round(h.score, 5)) for h in of] for of in hits]


def same_answers(one: list[list[tuple[str, int, int, float]]], other: list[list[tuple[str, int, int, float]]]) -> bool:
    """Whether scores are equal in order, and passages where no two scores are."""
    for first, second in zip(one, other, strict=True):
        scores = [hit[3] for hit in first]
        if scores != [hit[3] for hit in second]:
            return False
        for hit, like in zip(first, second, strict=True):
            if scores.count(hit[3]) == 1 and hit[3] != scores[-1] and hit != like:
                return False
    return True


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(first=st.dictionaries(PLACES, TEXTS), steps=STEPS, extend_from=st.sampled_from([1, 10_000]))
def test_any_history_ends_like_a_fresh_ingest(
    first: dict[str, str], steps: list[tuple[str, str, str]], extend_from: int
) -> None:
    with tempfile.TemporaryDirectory() as temporary, pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingestion, "EMBED_BATCH", 2)
        patch.setattr(ingestion, "EXTEND_FROM", extend_from)
        folder, store = Path(temporary) / "documents", Path(temporary) / "store"
        write(folder, "always.txt", "There is always one document, since an empty store is not made.")
        for name, text in first.items():
            write(folder, name, text)
        ingest(store, folder)
        for step in steps:
            carry_out(step, folder, store)
        last = FakeEmbedder()
        held = state(store).keys
        ingest(store, folder, embedder=last, allow_removals=True)
        ingest(Path(temporary) / "fresh", folder)
        fresh = state(Path(temporary) / "fresh")
        assert state(store) == fresh
        assert same_answers(answers(store), answers(Path(temporary) / "fresh"))
        assert len(set(last.embedded)) == len(last.embedded) == len(fresh.keys - held)
        with contextlib.closing(open_catalog(store)) as catalog:
            assert verify(catalog, store) == []


def test_a_large_store_with_a_history_answers_like_a_fresh_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large: nearest vectors are approximate. Its index has been extended, made anew, and extended again."""
    monkeypatch.setattr(ingestion, "EXTEND_FROM", 500)
    monkeypatch.setattr(vectors, "HNSW", vectors.HNSW | {"sync_threshold": 200, "batch_size": 50})
    chance, folder, store = random.Random(5), tmp_path / "documents", tmp_path / "store"

    def add(numbers: range) -> None:
        for number in numbers:
            write(folder, f"{number}.txt", "\n\n".join(paragraph(chance) for _ in range(10)))

    def ingested(place: Path) -> Report:
        return sync(place, [folder], lambda _: StandIn(), allow_removals=True)

    add(range(60))
    ingested(store)
    add(range(60, 100))
    ingested(store)
    for number in range(0, 100, 4):
        (folder / f"{number}.txt").unlink()
    ingested(store)
    for numbers in (range(100, 150), range(150, 180)):
        add(numbers)
        report = ingested(store)
    assert report.passages >= 1500
    ingested(tmp_path / "fresh")
    alike = 0
    questions = [paragraph(chance)[:100] for _ in range(100)]
    both = [best(place, questions) for place in (store, tmp_path / "fresh")]
    for one, other in zip(*both, strict=True):
        alike += len(one & other)
    assert alike >= 0.98 * 10 * len(questions)


def paragraph(chance: random.Random) -> str:
    """English enough, long enough for a passage of its own, and about something of its own."""

    def thing() -> str:
        return f"{chance.choice(FIRST)}{chance.choice(LAST)}"

    return " ".join(f"The {thing()} was near the {thing()}, and the {thing()} came later." for _ in range(8))


FIRST = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
LAST = [a + b for a in FIRST[::3] for b in ("", "nd", "rk", "st", "ll")]


def best(store: Path, questions: Sequence[str]) -> list[set[str]]:
    """Ids of the best ten passages for each question."""
    model = StandIn()
    with contextlib.ExitStack() as stack:
        catalog = stack.enter_context(contextlib.closing(open_catalog(store)))
        path = vectors.directory(store, catalog.generation)
        index = stack.enter_context(contextlib.closing(vectors.Index(path)))
        rows = model.encode_passages(questions)
        found = [retrieve(catalog, index, q, row)[:10] for q, row in zip(questions, rows, strict=True)]
    return [{hit.passage.id for hit in hits} for hits in found]
