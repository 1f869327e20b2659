"""A full disk, a truncated catalog, a damaged index, a second writer, a reader meanwhile: nothing lost, clear words."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from qa.answering.qa import QA
from qa.errors import StoreDamaged, VerbatimError
from qa.store.index import MANIFEST, generation_path, generations
from qa.store.opening import CATALOG_FILE
from tests.helpers import (
    DOCUMENTS,
    ROOT,
    FakeEmbedder,
    change,
    differences_of,
    embedded_only,
    found,
    give_away,
    ingest,
    make_read_only,
    run_python,
    state,
    write,
)
from tests.promises.helpers import names_of_best, open_qa

pytestmark = pytest.mark.usefixtures("each_catalog")

NAMES = sorted(DOCUMENTS)
WHALE = "A whale swam into the harbour of Westhaven last night and found its way out again."


# The disk is full

FULL = """
import resource, signal, sys
from pathlib import Path
import chromadb
from tests.helpers import FakeEmbedder, ingest
from qa.errors import VerbatimError
embedder = FakeEmbedder()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    report = ingest(Path(sys.argv[1]), Path(sys.argv[2]), embedder=embedder)
    print("done", report.erased.complete)
except VerbatimError as error:
    print(type(error).__name__, error)
"""


@embedded_only
@pytest.mark.parametrize("size", [2_000, 30_000, 110_000, 150_000, 250_000, 600_000])
def test_a_full_disk_loses_nothing(folder: Path, store: Path, size: int) -> None:
    """No file can grow over so many bytes, as if the disk were full at another step each time."""
    before = state(store)
    change(folder / "harvest.txt", "onions", "shallots")
    (folder / "museum.html").unlink()
    for number in range(150):
        write(folder, f"n{number}.txt", f"Report number{number} says that ship{number} came in at dawn on that day.")
    done = run_python(FULL, store, folder, size)
    said = done.stdout.decode()
    assert done.returncode == 0, done.stderr
    if said.startswith("done"):
        assert size >= 250_000
    else:
        (line,) = said.splitlines()
        assert "make room" in line or "cannot be written" in line, line
        assert (state(store).documents, state(store).passages) == (before.documents, before.passages)
        assert names_of_best(store, "onions potatoes") >= {"harvest.txt"}
        assert len(generations(store)) == 1
    again, kept = FakeEmbedder(), state(store).keys
    report = ingest(store, embedder=again)
    assert report.erased.complete
    assert len(again.embedded) == len(state(store).keys - kept)
    assert differences_of(store) == []


# The store may not be written


@embedded_only
@pytest.mark.parametrize("protect", [give_away, make_read_only])
def test_a_store_that_may_not_be_written_answers(store: Path, tmp_path: Path, protect: object) -> None:
    for path in store.glob(f"{CATALOG_FILE}-*"):
        path.unlink()
    protect(store)  # type: ignore[operator]
    code = """
import sys
from pathlib import Path
from tests.promises.helpers import names_of_best
print(sorted(names_of_best(Path(sys.argv[1]), "onions potatoes")))
"""
    (tmp_path / "tmp").mkdir()
    done = run_python(code, store, obeys=True, TMPDIR=str(tmp_path / "tmp"))
    assert b"harvest.txt" in done.stdout, done.stderr
    assert list((tmp_path / "tmp").iterdir()) == []


# A catalog that is cut short


@embedded_only
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_catalog_is_refused(folder: Path, store: Path, share: float) -> None:
    for path in store.glob(f"{CATALOG_FILE}-*"):
        path.unlink()
    path = store / CATALOG_FILE
    os.truncate(path, int(path.stat().st_size * share))
    with pytest.raises(VerbatimError, match="ingest"):
        names_of_best(store, "onions")
    if share:
        with pytest.raises(StoreDamaged, match="out of it and ingest again"):
            ingest(store, folder)
    else:  # an empty file is one that an ingest was killed over
        assert ingest(store, folder).added == NAMES
        assert names_of_best(store, "onions potatoes") >= {"harvest.txt"}


# An index that is missing or damaged


def garble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[100:] = b"\xff" * (len(content) - 100)
    path.write_bytes(content)


@embedded_only
@pytest.mark.parametrize("how", ["missing", "no manifest", "cut", "empty"])
def test_a_damaged_index_is_rebuilt(folder: Path, store: Path, embedder: FakeEmbedder, how: str) -> None:
    before, path = state(store), generation_path(store, 1)
    if how == "missing":
        shutil.rmtree(path)
    elif how == "no manifest":
        (path / MANIFEST).unlink()
    else:
        file = path / "chroma.sqlite3"
        os.truncate(file, file.stat().st_size // 2 if how == "cut" else 0)
    if how != "no manifest":  # a reader does without
        with pytest.raises(StoreDamaged, match="run ingest again"):
            names_of_best(store, "onions")
    report = ingest(store, embedder=embedder)
    assert report.rebuilt
    assert (report.unchanged, embedder.embedded) == (NAMES, [])
    assert state(store) == before
    assert names_of_best(store, "onions potatoes") >= {"harvest.txt"}
    assert not ingest(store).rebuilt


@embedded_only
def test_damage_that_file_sizes_do_not_show_says_what_to_do(folder: Path, store: Path) -> None:
    """The message says what to do, and doing it helps."""
    path = generation_path(store, 1)
    garble(path / "chroma.sqlite3")
    assert names_of_best(store, "onions potatoes") >= {"harvest.txt"}, "a small store is asked without it"
    with open_qa(store) as qa, pytest.raises(StoreDamaged, match=f"delete the folder {path} and run ingest again"):
        qa.warm_up()
    shutil.rmtree(path)
    assert ingest(store).rebuilt
    assert names_of_best(store, "onions potatoes") >= {"harvest.txt"}


# Two writers, and readers meanwhile

WRITER = """
import sys, time
from pathlib import Path
from tests.helpers import FakeEmbedder, ingest, write
from qa.errors import StoreBusy
store, folder, me = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
done = busy = 0
while done < 4:
    write(folder, f"{me}{done}.txt", f"Writer {me} says that ship{me}{done} came in at dawn on that day of the year.")
    try:
        ingest(store, folder, allow_removals=True)
        done += 1
    except StoreBusy:
        busy += 1
        time.sleep(0.01)
print(done, busy)
"""


def test_two_writers_and_a_reader(folder: Path, store: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", WRITER, str(store), str(folder)]
    writers = [subprocess.Popen([*command, me], stdout=subprocess.PIPE, env=environment) for me in ("one", "two")]
    looks = 0
    with open_qa(store) as qa:
        while any(writer.poll() is None for writer in writers):
            answer = qa.ask("Who grew onions and potatoes in the polder?")
            assert "harvest.txt" in {hit.passage.source.name for hit in answer.hits}
            assert {source.name for source in qa.sources()} >= set(NAMES)
            looks += 1
    assert [writer.wait() for writer in writers] == [0, 0]
    assert looks > 0
    ingest(store)
    assert set(state(store).documents) == {*NAMES, *(f"{me}{n}.txt" for me in ("one", "two") for n in range(4))}
    assert found(store, "shipone3") == {"one3.txt"}
    assert differences_of(store) == []


def test_an_ingest_while_questions_are_asked(folder: Path, store: Path) -> None:
    """Threads of one page ask all the time; each answer is of one state, and nobody sees an error."""
    wrong: list[str] = []
    stop = threading.Event()

    def ask(qa: QA) -> None:
        while not stop.is_set():
            try:
                texts = [hit.passage.text for hit in qa.ask("How many potatoes were harvested?").hits]
            except VerbatimError as error:
                wrong.append(str(error))
                return
            versions = {text.partition(" per cent")[0].rpartition(" ")[2] for text in texts if "fewer potatoes" in text}
            if len(versions) != 1:
                wrong.append(f"{versions} at once")

    with open_qa(store) as qa:
        threads = [threading.Thread(target=ask, args=(qa,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for number in range(39, 44):
            change(folder / "harvest.txt", f"{number - 1} per cent", f"{number} per cent")
            ingest(store)
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == []
