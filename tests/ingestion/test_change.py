"""Files are renamed, moved, copied, replaced: only what changed is read. And --dry-run, --changed, --watch."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from qa.cli import default_roots, main, print_report
from qa.documents import loaders
from qa.errors import NoStore, TooManyRemovals, UsageError
from qa.ingestion.sync import differences, exclude, preview, uploads_of
from qa.ingestion.verify import verify
from qa.store.catalog import open_catalog
from tests.helpers import DOCUMENTS, ROOT, FakeEmbedder, ingest, write
from tests.ingestion.test_sync import State, change, found, state

NAMES = sorted(DOCUMENTS)
RUN = "import sys; from qa.cli import main; sys.exit(main())"
WHALE = "A whale swam into the harbour of Westhaven last night and found its way out again."
Output = pytest.CaptureFixture[str]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that a loader reads from now on."""
    names: list[str] = []
    load = loaders.load
    monkeypatch.setattr(loaders, "load", lambda path, name: names.append(name) or load(path, name))
    return names


def fresh(folder: Path, tmp_path: Path) -> State:
    """What a store made anew of a folder holds."""
    ingest(tmp_path / "fresh", folder)
    return state(tmp_path / "fresh")


# Renamed, moved, copied


@pytest.mark.parametrize("new", ["crops.txt", "notes/harvest.txt", "bridge.txt"])
def test_a_renamed_file_is_not_read_again(
    folder: Path, store: Path, tmp_path: Path, read: list[str], embedder: FakeEmbedder, new: str
) -> None:
    (folder / "harvest.txt").replace(folder / new)
    report = ingest(store, folder, embedder=embedder)
    assert (report.removed, report.embedded, read, embedder.counted) == (["harvest.txt"], 0, [], 0)
    assert report.added + report.updated == [new]
    with contextlib.closing(open_catalog(store)) as catalog:
        assert verify(catalog, store) == []
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


def test_names_that_go_round(folder: Path, store: Path, tmp_path: Path, read: list[str]) -> None:
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


# What would happen


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
    write(folder, "picture.png", b"\x89PNG")
    before = files_of(store)
    said = dry(store, model=embedder)
    assert files_of(store) == before
    assert embedder.embedded == []
    done = asdict(ingest(store))
    assert said == done
    assert said["added"] == ["gemaal.md", "whale.txt"]
    assert said["embedded"] == 2


def test_a_dry_run_for_a_new_store(folder: Path, tmp_path: Path, capsys: Output) -> None:
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


def test_an_old_format_is_skipped_with_advice(folder: Path, store: Path, capsys: Output) -> None:
    write(folder, "letter.DOC", b"\xd0\xcf\x11\xe0" * 100)
    write(folder, "picture.png", b"\x89PNG")
    report = ingest(store)
    assert report.skipped == ["letter.DOC", "picture.png"]
    print_report(report, store)
    assert capsys.readouterr().out.splitlines()[:2] == [
        "skipped  letter.DOC: is of a type that is not read (.DOC); save it as .docx",
        "skipped  1 (links, and types that are not read): picture.png",
    ]


# What differs


def test_what_has_changed(folder: Path, store: Path, capsys: Output) -> None:
    write(folder, "bad.txt", b"\0\1\2\3" * 100)
    ingest(store)
    assert main(["status", "--changed", "--store", str(store)]) == 0
    assert "as they are" in capsys.readouterr().out
    (folder / "dutch.md").touch()
    change(folder / "bridge.txt", "4.2 million", "4.3 million")
    (folder / "harvest.txt").rename(folder / "crops.txt")
    write(folder, "uploads.png", b"\x89PNG")
    write(uploads_of(store), "whale.txt", WHALE)
    expected = {"added": ["crops.txt", "uploads/whale.txt"], "changed": ["bridge.txt"], "removed": ["harvest.txt"]}
    assert differences(store) == expected
    assert main(["status", "--changed", "--json", "--store", str(store)]) == 6
    assert json.loads(capsys.readouterr().out) == expected
    assert main(["status", "--changed", "--store", str(store)]) == 6
    assert capsys.readouterr().out.splitlines() == [
        "added    crops.txt", "added    uploads/whale.txt", "changed  bridge.txt", "removed  harvest.txt"
    ]  # fmt: skip
    write(folder, "bad.txt", "Now it can be read.", age=0)
    assert "bad.txt" in differences(store)["added"]
    ingest(store)
    exclude(store, ["crops.txt"])
    assert differences(store) == {"added": [], "changed": [], "removed": ["crops.txt"]}


def test_what_has_changed_in_no_store(tmp_path: Path) -> None:
    with pytest.raises(NoStore):
        differences(tmp_path)


# Watching

WATCH = """
import sys
from tests.helpers import FakeEmbedder
from qa import cli
model = FakeEmbedder()
cli.embedder_opener = lambda settings: lambda name: model
sys.exit(cli.main(sys.argv[1:]))
"""


class Watcher:
    """A process that watches, and the lines it prints."""

    def __init__(self, *arguments: object) -> None:
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", WATCH, "ingest", "--watch", *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        self.lines: list[str] = []
        self.came = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self.came:
                self.lines.append(line.rstrip("\n"))
                self.came.notify_all()

    def line(self, number: int) -> str:
        """The line of that number, as soon as it is there."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.lines) > number, timeout=240), self.lines
            return self.lines[number]

    def end(self, how: signal.Signals) -> tuple[int, str]:
        """Exit code and what was said on stderr."""
        assert self.process.stderr is not None
        self.process.send_signal(how)
        said = self.process.stderr.read()
        return self.process.wait(), said


@pytest.fixture
def watching() -> Iterator[list[Watcher]]:
    started: list[Watcher] = []
    yield started
    for watcher in started:
        watcher.process.kill()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_watching(folder: Path, tmp_path: Path, watching: list[Watcher], how: signal.Signals) -> None:
    store = folder / "store"  # its own files must not set it off
    single = write(tmp_path, "single.txt", "A single file that is watched for itself, with the ferry in it.")
    watcher = Watcher(folder, single, "--store", store)
    watching.append(watcher)
    assert "5 added" not in watcher.line(0)
    assert "6 added, 0 updated, 0 removed" in watcher.line(0)
    write(folder, "whale.txt", WHALE, age=0)
    assert "1 added, 0 updated, 0 removed" in watcher.line(1)
    (folder / "harvest.txt").unlink()
    write(uploads_of(store), "lamp.txt", "The lighthouse lamp went out for good in the autumn of that year.")
    assert "1 added, 0 updated, 1 removed" in watcher.line(2)
    assert "erased 1 documents" in watcher.line(2)
    write(tmp_path, "new", "A single file that is watched for itself, with the canal in it.").replace(single)
    assert "0 added, 1 updated, 0 removed" in watcher.line(3)
    code, said = watcher.end(how)
    assert code == 0
    assert said.splitlines()[-1] == "stopped watching"
    assert "Traceback" not in said
    assert len(watcher.lines) == 4
    assert found(store, "whale") == {"documents/whale.txt"}


def test_a_burst_of_changes_is_published_once(folder: Path, tmp_path: Path, watching: list[Watcher]) -> None:
    watcher = Watcher(folder, "--json", "--store", tmp_path / "store")
    watching.append(watcher)
    assert len(json.loads(watcher.line(0))["added"]) == 5
    for number in range(8):
        write(folder, "whale.txt", f"{WHALE} It was seen {number} times.", age=0)
        time.sleep(0.3)
    assert json.loads(watcher.line(1))["added"] == ["whale.txt"]
    assert watcher.end(signal.SIGTERM)[0] == 0
    assert len(watcher.lines) == 2
    assert found(tmp_path / "store", "7") == {"whale.txt"}


def test_a_watched_folder_that_comes_back_is_watched_again(
    folder: Path, tmp_path: Path, watching: list[Watcher]
) -> None:
    watcher = Watcher(folder, "--store", tmp_path / "store")
    watching.append(watcher)
    assert "5 added" in watcher.line(0)
    away = folder.rename(tmp_path / "away")
    time.sleep(3)  # longer than the quiet second: the loss is noticed
    away.rename(folder)
    time.sleep(3)
    write(folder, "whale.txt", WHALE)
    assert "1 added, 0 updated, 0 removed" in watcher.line(1)
    assert "is missing" in watcher.end(signal.SIGTERM)[1]


def test_watching_what_is_not_there(tmp_path: Path, watching: list[Watcher]) -> None:
    assert main(["ingest", "--watch", str(tmp_path / "nowhere"), "--store", str(tmp_path / "store")]) == 2
    assert main(["ingest", "--watch", "--dry-run", str(tmp_path), "--store", str(tmp_path / "store")]) == 2
    assert not (tmp_path / "store").exists()


# What a person may take for granted


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


def test_a_store_that_holds_nothing_yet_is_not_filled_with_the_sample(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").touch()
    with pytest.raises(UsageError, match="no roots yet; name"):
        ingest(tmp_path)


def test_of_a_file_that_was_emptied_one_learns_that_its_text_is_kept(folder: Path, store: Path) -> None:
    (folder / "harvest.txt").write_text("")
    write(folder, "new.txt", "")
    reasons = {one["document"]: one["reason"] for one in ingest(store).failed}
    assert "is kept: delete the file" in reasons["harvest.txt"]
    assert "kept" not in reasons["new.txt"]
    (folder / "harvest.txt").unlink()
    assert ingest(store).erased.documents == 1


def test_a_path_that_is_no_text_is_refused(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xffad"))
    for roots, store in (([odd], tmp_path / "store"), ([tmp_path], odd)):
        with pytest.raises(UsageError, match="not UTF-8"):
            ingest(store, *roots)
    assert not (tmp_path / "store").exists()


def test_a_dry_run_into_a_file_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="is a file"):
        preview(folder / "harvest.txt", [folder], lambda name: FakeEmbedder())


def test_letters_that_the_terminal_lacks_are_numbers(folder: Path, store: Path) -> None:
    write(folder, "caf\u00e9.txt", WHALE)
    run = subprocess.run(
        [sys.executable, "-c", RUN, "status", "--changed", "--store", store],
        env={**os.environ, "PYTHONIOENCODING": "ascii"}, cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    assert run.returncode == 6
    assert b"caf\\xe9" in run.stdout
