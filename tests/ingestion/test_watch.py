"""What differs between files and store is listed, and an ingest that watches its folders follows their changes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa.cli import main
from qa.errors import NoStore
from qa.ingestion.files import uploads_of
from qa.ingestion.library import exclude
from qa.ingestion.watch import differences
from tests.helpers import ROOT, change, found, ingest, write
from tests.ingestion.helpers import WHALE

Output = pytest.CaptureFixture[str]


def test_what_has_changed(folder: Path, store: Path, capsys: Output) -> None:
    write(folder, "bad.txt", b"\0\1\2\3" * 100)
    ingest(store)
    assert main(["status", "--changed", "--store", str(store)]) == 0
    assert "as they are" in capsys.readouterr().out
    (folder / "dutch.md").touch()
    change(folder / "bridge.txt", "4.2 million", "4.3 million")
    (folder / "harvest.txt").rename(folder / "crops.txt")
    write(folder, "uploads.svg", b"\x89PNG")
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


# A shell that starts something in the background has it ignore Ctrl-C; the process under test has to hear it.
WATCH = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
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
