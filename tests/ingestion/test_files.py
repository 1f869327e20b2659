"""Which files under the roots are documents, what they are called, and when too many of them are missing."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from qa.documents.files import LINK
from qa.errors import TooManyRemovals, UsageError
from qa.ingestion import planning
from qa.ingestion.files import FoundFile, is_untouched
from qa.store.catalog import Fingerprint
from tests.helpers import FakeEmbedder, State, bytes_within, found, ingest, run_python, state, write
from tests.ingestion.helpers import NAMES, SYNC, documents


def test_a_file_is_untouched_only_if_all_its_facts_are_the_same(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt", "text")
    facts = path.stat()
    file = FoundFile("a.txt", path, facts)
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


# What is no document


def test_hidden_files_links_and_other_types_are_not_read(folder: Path, tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", "secret.txt", "Nothing of this text may get into the store by a link.")
    write(folder, ".hidden.txt", "A hidden file is no document of anybody's.")
    write(folder, ".git/config.txt", "Nor is a file in a hidden folder one.")
    write(folder, "picture.svg", b"\x89PNG")
    write(folder, "notes/no suffix", "no suffix")
    (folder / "link.txt").symlink_to(outside)
    (folder / "dangling.txt").symlink_to(tmp_path / "nothing")
    (folder / "linked folder").symlink_to(outside.parent)
    (folder / "notes" / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.txt")
    (folder / "folder.txt").mkdir()
    report = ingest(tmp_path / "store", folder)
    assert (report.added, report.failed) == (NAMES, [])
    assert report.skipped == ["dangling.txt", "link.txt", "notes/no suffix", "picture.svg", "pipe.txt"]
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
    find = planning.find_files

    def found_then_swapped(*arguments: Any) -> Any:
        files = find(*arguments)
        for name in ("harvest.txt", "museum.html"):
            (folder / name).unlink()
            (folder / name).symlink_to(outside)
        return files

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "find_files", found_then_swapped)
        report = ingest(store, folder)
    assert {f["document"]: f["reason"] for f in report.failed} == dict.fromkeys(("harvest.txt", "museum.html"), LINK)
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


@pytest.mark.parametrize("mode", [0o000, 0o444])
def test_a_folder_that_may_not_be_listed(folder: Path, store: Path, mode: int) -> None:
    before = state(store)
    (folder / "notes").chmod(mode)
    done = run_python(SYNC, store, folder, obeys=True)
    (folder / "notes").chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert str(folder / "notes").encode() in done.stdout  # it is this folder that the message is about, not the store
    assert state(store) == before


def test_what_office_and_the_system_keep_beside_documents_is_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    write(folder, "a.txt", "The lock at Veerhaven was closed on Monday.")
    for name in ("~$report.docx", "~WRL0001.tmp", "desktop.ini", "Thumbs.db", ".DS_Store", "__MACOSX/._a.txt"):
        write(folder, name, b"\x00\x01binary")
    report = ingest(tmp_path / "store", folder)
    assert (report.added, report.skipped, report.failed) == (["a.txt"], [], [])
