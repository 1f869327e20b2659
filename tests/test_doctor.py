"""`qa doctor` names each fault that is planted and what mends it, finds none where all is well, and changes nothing."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from qa.checks import installation
from qa.checks import page as page_check
from qa.cli import main
from qa.documents import ocr
from qa.models.conversion import CONVERTER, MANIFEST, MINILM, MINILM_SHA256
from qa.models.embedder import open_embedder
from qa.store.index import generation_path
from qa.store.opening import CATALOG_FILE, HOLDER
from tests.helpers import ROOT, FakeEmbedder, change, give_away, ingest, make_read_only, run_python, write

Output = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch
SOUND = {"python", "packages", "weights", "tesseract", "settings", "store", "index", "files", "lock", "disk",
         "embedder", "page"}  # fmt: skip


class Place(NamedTuple):
    """A sound store with all that belongs to it."""

    store: Path
    documents: Path
    model: Path
    working: Path
    weights: Path


@pytest.fixture
def place(folder: Path, tmp_path: Path, monkeypatch: Patch) -> Iterator[Place]:
    """A store made with a model of a folder, small files for the weights, a free port, no settings of a person."""
    for name in [name for name in os.environ if name.startswith("QA_")]:
        monkeypatch.delenv(name)
    made = Place(tmp_path / "store", folder, tmp_path / "model", tmp_path / "working", tmp_path / "weights")
    write(made.model, "config.json", '{"max_position_embeddings": 512}')
    write(made.model, "model.safetensors", b"numbers")
    identity = open_embedder(str(made.model), tmp_path / "hashes").identity
    ingest(made.store, folder, embedder=FakeEmbedder(identity, str(made.model)))
    sums = ""
    for name in ("reader.onnx", "reader.json"):
        sums += f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n"
        write(made.weights, name, name)
    write(made.weights, installation.SUMS, sums)
    monkeypatch.setattr(installation, "WEIGHTS", made.weights)
    monkeypatch.setenv("QA_MODEL_DIR", str(tmp_path / "models"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        monkeypatch.setattr(page_check, "PORT", free.getsockname()[1])
    made.working.mkdir()
    monkeypatch.chdir(made.working)
    yield made
    ocr.languages.cache_clear()


def examined(place: Place, output: Output) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON object of the command."""
    output.readouterr()
    code = main(["doctor", "--json", "--store", str(place.store)])
    captured = output.readouterr()
    assert captured.err == ""
    return code, json.loads(captured.out)


def of_state(state: str, said: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["about"], one["what"], one["mend"]) for one in said["checks"] if one["state"] == state]


def every_file(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Modification time and bytes of all below a folder, of folders too."""
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"") for path in folder.rglob("*")
    }


def test_where_all_is_well_it_says_so_and_changes_nothing(place: Place, tmp_path: Path, capsys: Output) -> None:
    before = every_file(tmp_path)
    code, said = examined(place, capsys)
    assert (code, said["well"], of_state("fault", said)) == (0, True, [])
    assert {one["about"] for one in said["checks"]} == SOUND
    assert every_file(tmp_path) == before
    assert main(["doctor", "--store", str(place.store)]) == 0
    assert capsys.readouterr().out.endswith("all is well\n")


def test_it_says_where_each_setting_comes_from(place: Place, capsys: Output, monkeypatch: Patch) -> None:
    file = write(place.working, "qa.toml", 'threads = 2\nthreshold = 0.4\nembedder = "x"\n')
    monkeypatch.setenv("QA_EMBEDDER", str(place.model))
    code, said = examined(place, capsys)
    assert code == 0
    found = {name: (one["value"], one["from"]) for name, one in said["settings"].items()}
    assert found["store"] == (str(place.store), "argument")
    assert found["embedder"] == (str(place.model), "QA_EMBEDDER")
    assert (found["threads"], found["threshold"]) == ((2, str(file)), (0.4, str(file)))
    assert found["reader"] == ("span", "default")


def test_it_loads_nothing_heavy(place: Place) -> None:
    code = """
import sys
from qa.cli import main
main(sys.argv[1:])
heavy = {"torch", "gradio", "chromadb", "tantivy", "onnxruntime", "onnx", "transformers", "sentence_transformers"}
print(*sorted(heavy & sys.modules.keys()), file=sys.stderr)
"""
    assert run_python(code, "doctor", "--store", place.store).stderr == b"\n"


# ---- faults that are planted ----


def version_of(monkeypatch: Patch, name: str, version: str | None) -> None:
    """Makes a package have another version, or be missing."""
    true = metadata.version

    def other(asked: str) -> str:
        if asked != name:
            return true(asked)
        if version is None:
            raise metadata.PackageNotFoundError(name)
        return version

    monkeypatch.setattr(metadata, "version", other)


def in_catalog(place: Place, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(place.store / CATALOG_FILE)) as db, db:
        db.execute(statement)


def garble(path: Path, at: int) -> None:
    """Other bytes, of the same size and time."""
    facts = path.stat()
    content = bytearray(path.read_bytes())
    content[at : at + 2000] = bytes(byte ^ 0xFF for byte in content[at : at + 2000])
    path.write_bytes(content)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def start_of(place: Place, table: str) -> int:
    """Where the first page of a table or an index of the catalog stands in its file."""
    with contextlib.closing(sqlite3.connect(place.store / CATALOG_FILE)) as db:
        ((page,),) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,))
        ((size,),) = db.execute("PRAGMA page_size")
    return int((page - 1) * size)


def word_file(place: Place) -> Path:
    return max(generation_path(place.store, 1).glob("words-*/*.store"))


def full(monkeypatch: Patch) -> None:
    real = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real._replace(free=50_000_000))


Plant = Callable[[Place, Patch], object]
FAULTS: dict[str, tuple[Plant, str, str, str]] = {  # name: (plant, about, what is said, the mend)
    "python too old": (
        lambda place, patch: patch.setattr(installation.platform, "python_version", lambda: "3.10.4"),
        "python", "3.10.4 is too old: >=3.11 is needed", "install a newer Python"),
    "package missing": (
        lambda place, patch: version_of(patch, "lxml", None), "packages", "lxml is not installed",
        r"pip install 'lxml>=5.3'"),
    "package too old": (
        lambda place, patch: version_of(patch, "numpy", "1.26.4"), "packages",
        "numpy 1.26.4 is installed, >=2 is needed", r"pip install 'numpy>=2'"),
    "weights missing": (
        lambda place, patch: (place.weights / "reader.onnx").unlink(), "weights", r"reader\.onnx is missing",
        "install verbatim-qa again"),
    "weights damaged": (
        lambda place, patch: write(place.weights, "reader.onnx", "reader.onnY"), "weights",
        r"reader\.onnx is damaged: it has another SHA-256", "install verbatim-qa again"),
    "hashes damaged": (
        lambda place, patch: write(place.weights, installation.SUMS, b"\xff\x00"), "weights",
        "not as it was written", "install verbatim-qa again"),
    "catalog without a fact": (
        lambda place, patch: in_catalog(place, "UPDATE meta SET value = '{' WHERE key = 'roots'"), "store",
        "not as it was written", "."),
    "settings file": (
        lambda place, patch: write(place.working, "qa.toml", "threads = = 1"), "settings",
        r"qa\.toml cannot be read: .*line 1", "correct it there"),
    "unknown setting": (
        lambda place, patch: write(place.working, "qa.toml", 'stor = "x"'), "settings",
        r"there is no setting stor \(.*qa\.toml\)", "there are: store, embedder"),
    "variable": (
        lambda place, patch: patch.setenv("QA_THRESHOLD", "much"), "settings", r"threshold \(QA_THRESHOLD\)",
        "correct it there"),
    "another schema": (
        lambda place, patch: in_catalog(place, "UPDATE meta SET value = '99' WHERE key = 'schema'"), "store",
        "schema 99", "."),
    "catalog cut short": (
        lambda place, patch: os.truncate(place.store / CATALOG_FILE, 30_001), "store", "is damaged",
        "move catalog.sqlite and generations out of it and ingest again"),
    "catalog garbled": (
        lambda place, patch: garble(place.store / CATALOG_FILE, start_of(place, "passages_id")), "store", "is damaged",
        "move catalog.sqlite and generations out of it and ingest again"),
    "index gone": (
        lambda place, patch: shutil.rmtree(generation_path(place.store, 1)), "index", "00000001.* is gone",
        "run: qa ingest --store"),
    "index incomplete": (
        lambda place, patch: word_file(place).unlink(), "index", "is incomplete", "run: qa ingest --store"),
    "index altered": (
        lambda place, patch: garble(word_file(place), 0), "index", "have changed since",
        "delete the folder .*00000001, then run: qa ingest"),
    "disk full": (
        lambda place, patch: full(patch), "disk", "has 50 MB free; an ingest may need", "make room there"),
    "file changed": (
        lambda place, patch: change(place.documents / "bridge.txt", "4.2", "5.3"), "files",
        r"differ from the store: 1 changed \(bridge.txt\)", "run: qa ingest --store"),
    "folder gone": (
        lambda place, patch: place.documents.rename(place.documents.with_name("elsewhere")), "files",
        "documents, which the store was made from, is gone", "bring it back"),
    "embedder gone": (
        lambda place, patch: shutil.rmtree(place.model), "embedder", "there is no model",
        "put its files back, or name another embedder"),
    "embedder altered": (
        lambda place, patch: write(place.model, "model.safetensors", b"other numbers"), "embedder",
        "made with another version of", "run: qa ingest --store"),
    "another embedder": (
        lambda place, patch: patch.setenv("QA_EMBEDDER", MINILM), "embedder", f"the settings ask for {MINILM}",
        "QA_EMBEDDER"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_named_with_its_mend(
    place: Place, tmp_path: Path, capsys: Output, monkeypatch: Patch, name: str
) -> None:
    plant, about, what, mend = FAULTS[name]
    plant(place, monkeypatch)
    before = every_file(tmp_path)
    code, said = examined(place, capsys)
    ((where, found, told),) = of_state("fault", said)
    assert (code, said["well"], said["faults"], where) == (1, False, 1, about)
    assert re.search(what, found), found
    assert re.search(mend, told), told
    assert every_file(tmp_path) == before
    assert main(["doctor", "--store", str(place.store)]) == 1
    printed = capsys.readouterr().out
    assert re.search(rf"^fault  {about} .*\n {{17}}-> .*", printed, re.MULTILINE)
    assert printed.endswith("1 fault\n")


HOLD = """
import sys
from pathlib import Path
from qa.store.opening import write_lock
with write_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_process_that_holds_the_lock_is_named(place: Place, capsys: Output) -> None:
    command = [sys.executable, "-c", HOLD, str(place.store)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as holding:
        assert holding.stdout is not None
        assert holding.stdout.readline() == b"held\n"
        code, said = examined(place, capsys)
        ((about, what, mend),) = of_state("fault", said)
        assert (code, about) == (1, "lock")
        assert f"process {holding.pid} on " in what
        assert "wait until it has finished" in mend
        holding.kill()
    code, said = examined(place, capsys)  # the system has released the lock
    assert code == 0
    assert any(about == "lock" and "was killed" in what and "qa ingest" in mend
               for about, what, mend in of_state("note", said))  # fmt: skip
    assert (place.store / HOLDER).exists()


def test_before_the_first_ingest_all_is_well(place: Place, capsys: Output) -> None:
    shutil.rmtree(place.store)
    code, said = examined(place, capsys)
    assert code == 0
    assert ("store", f"{place.store} holds no store yet", f"make one with: qa ingest PATH --store {place.store}") in (
        of_state("note", said)
    )


def test_a_package_is_asked_for_where_there_is_no_pip(place: Place, capsys: Output, monkeypatch: Patch) -> None:
    version_of(monkeypatch, "mcp", None)
    assert any(f"{sys.executable} -m pip install mcp" in mend.replace("'", "") for _, _, mend in
               of_state("note", examined(place, capsys)[1]))  # fmt: skip
    true = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "pip" else true(name, *rest))
    mends = [mend for about, _, mend in of_state("note", examined(place, capsys)[1]) if about == "packages"]
    assert [mend.replace("'", "") for mend in mends if "mcp" in mend] == [
        f"run: uv pip install --python {sys.executable} mcp<3,>=2.3"
    ]


def test_taken_ports_are_named(place: Place, capsys: Output, monkeypatch: Patch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(page_check, "PORT", port)
        code, said = examined(place, capsys)
        assert code == 0
        assert [about for about, what, _ in of_state("note", said) if f"port {port} is taken" in what] == ["page"]
        monkeypatch.setattr(page_check, "PORTS", 1)
        code, said = examined(place, capsys)
        ((about, what, mend),) = of_state("fault", said)
    assert (code, about, mend) == (1, "page", "name another one: qa serve --port PORT")
    assert "all taken" in what


@pytest.mark.parametrize("protect", [give_away, make_read_only])
def test_a_store_that_may_not_be_written_is_named(place: Place, protect: Callable[[Path], None]) -> None:
    protect(place.store)
    code = "import sys; from qa.cli import main; sys.exit(main(sys.argv[1:]))"
    done = run_python(code, "doctor", "--json", "--store", place.store, obeys=True)
    place.store.chmod(0o755)
    assert done.returncode == 1, done.stderr
    ((about, what, mend),) = of_state("fault", json.loads(done.stdout))
    assert (about, f"this user may not write {place.store}" in what) == ("store", True)
    assert f"chmod -R u+w {place.store}" in mend


def test_a_converted_model_that_is_damaged_is_named(place: Place, capsys: Output, monkeypatch: Patch) -> None:
    shutil.rmtree(place.store)
    monkeypatch.setenv("QA_EMBEDDER", MINILM)
    made = Path(os.environ["QA_MODEL_DIR"]) / f"{MINILM}-{CONVERTER}"
    file = write(made, "encoder.onnx", b"numbers of a network" * 200)
    facts = [file.stat().st_size, file.stat().st_mtime_ns, hashlib.sha256(file.read_bytes()).hexdigest()]
    manifest = {"converter": CONVERTER, "source": MINILM_SHA256, "files": {"encoder.onnx": facts}}
    write(made, MANIFEST, json.dumps(manifest))
    assert of_state("fault", examined(place, capsys)[1]) == []
    garble(file, 0)
    before = every_file(made)
    faults = of_state("fault", examined(place, capsys)[1])
    ((what, mend),) = [(what, mend) for about, what, mend in faults if about == "embedder"]
    assert what == f"{made} is damaged: encoder.onnx has other content"
    assert mend.startswith("delete that folder")
    assert every_file(made) == before


def test_what_is_no_fault_is_noted(place: Place, capsys: Output, monkeypatch: Patch) -> None:
    version_of(monkeypatch, "mcp", None)
    monkeypatch.setenv("QA_TRESHOLD", "0.5")
    monkeypatch.setenv("PATH", "")
    ocr.languages.cache_clear()
    code, said = examined(place, capsys)
    assert (code, of_state("fault", said)) == (0, [])
    noted = {about: (what, mend) for about, what, mend in of_state("note", said)}
    assert noted["tesseract"] == (
        "tesseract is not installed",
        "install it to have scans and pictures read (Debian: apt-get install tesseract-ocr)",
    )
    assert noted["packages"][0] == "mcp is not installed, which qa mcp needs"
    assert noted["settings"][0] == "QA_TRESHOLD is no setting: nothing reads it"


def test_a_package_that_cannot_be_imported_costs_its_checks_only(place: Place) -> None:
    """As in an environment that was half removed: what needs no package is still looked at."""
    code = """
import sys
sys.modules["pydantic_settings"] = None
sys.modules["numpy"] = None
from qa.cli import main
sys.exit(main(sys.argv[1:]))
"""
    done = run_python(code, "doctor", "--json", "--store", place.store)
    assert done.returncode == 1, done.stderr
    said = json.loads(done.stdout)
    ((about, what, mend),) = of_state("fault", said)
    assert (about, "pydantic_settings" in what, "packages" in mend) == ("settings", True, True)
    assert {"python", "packages", "weights", "tesseract"} <= {one for one, _, _ in of_state("ok", said)} | {
        one for one, _, _ in of_state("note", said)
    }


def test_wrong_use(capsys: Output) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--frobnicate"])
    assert ended.value.code == 2
