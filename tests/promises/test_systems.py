"""Other systems than the one these tests run on: modules that Windows lacks, names by case, path forms, line ends."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from qa.ingestion.library import checked_name
from tests.helpers import differences_of, ingest, run_python, state, write
from tests.promises.helpers import open_qa

# Refuses to the modules of this package, and to them alone, what Windows has not; then reads two files with it.
WITHOUT = """
import builtins, importlib, os, pkgutil, sys
from pathlib import Path
import qa
LACKING = {"fcntl", "resource", "pwd", "grp", "termios", "pty", "posix"}
given = builtins.__import__
def refusing(name, globals=None, *rest, **named):
    if name.split(".")[0] in LACKING and str((globals or {}).get("__name__")).split(".")[0] == "qa":
        raise ModuleNotFoundError(f"No module named {name!r}")
    return given(name, globals, *rest, **named)
builtins.__import__ = refusing
names = [one.name for one in pkgutil.walk_packages(qa.__path__, "qa.")]
for name in names:
    importlib.import_module(name)
from tests.helpers import ingest, state
del os.killpg, os.getuid, os.geteuid
here = Path(sys.argv[1])
report = ingest(here / "store", here / "documents")
assert len(report.added) == 2 and not report.failed, report
print(len(names), *state(here / "store").documents)
"""


def test_everything_can_be_imported_and_files_read_without_what_windows_lacks(tmp_path: Path) -> None:
    write(tmp_path / "documents", "a.txt", "The harbour was dug in 1871.")
    write(tmp_path / "documents", "b.md", "# Bridge\n\nThe bridge was built in 1902.")
    done = run_python(WITHOUT, tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    number, *names = done.stdout.decode().split()
    assert int(number) > 100
    assert names == ["a.txt", "b.md"]


def test_names_that_differ_in_case_only_are_two_documents(tmp_path: Path) -> None:
    folder, store = tmp_path / "documents", tmp_path / "store"
    write(folder, "Report.txt", "The harbour was dug in 1871.")
    if (folder / "report.txt").exists():
        pytest.skip("this file system takes both names for one")
    write(folder, "report.txt", "The bridge was built in 1902.")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("Notes/A.txt", "The crane lifts five tonnes.")
        archive.writestr("notes/a.txt", "The quay is 212 metres long.")
    write(folder, "all.zip", packed.getvalue())
    names = ["Report.txt", "all.zip/Notes/A.txt", "all.zip/notes/a.txt", "report.txt"]
    assert ingest(store, folder).added == names
    held = state(store).documents
    assert "1871" in held["Report.txt"][2]
    assert "1902" in held["report.txt"][2]
    assert "crane" in held["all.zip/Notes/A.txt"][2]
    assert "quay" in held["all.zip/notes/a.txt"][2]
    assert ingest(store, folder).unchanged == names
    (folder / "report.txt").rename(folder / "REPORT.txt")
    report = ingest(store, folder)
    assert (report.added, report.removed) == (["REPORT.txt"], ["report.txt"])
    assert differences_of(store) == []


@pytest.mark.parametrize("form", ["{}/", "{}/.", "{}/sub/..", "{}//"])
def test_a_folder_is_the_same_however_it_is_written(tmp_path: Path, form: str) -> None:
    folder, store = tmp_path / "documents", tmp_path / "store"
    write(folder, "sub/a.txt", "The harbour was dug in 1871.")
    assert ingest(store, folder).added == ["sub/a.txt"]
    assert ingest(store, Path(form.format(folder))).unchanged == ["sub/a.txt"]


@pytest.mark.parametrize(
    "name",
    ["report.txt", r"C:\papers\report.txt", r"\\server\share\report.txt", "C:/papers/report.txt", r"..\report.txt"],
)
def test_an_upload_is_called_by_the_last_part_of_its_path(name: str) -> None:
    assert checked_name(name) == "report.txt"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_offsets_count_in_the_file_whatever_its_line_ends(tmp_path: Path, end: str) -> None:
    lines = ["The harbour", "", "It was dug in 1871.", "The quay is 212 metres long.", "", "Nobody lives there.", ""]
    path = write(tmp_path / "documents", "a.txt", end.join(lines))
    ingest(tmp_path / "store", tmp_path / "documents")
    text = path.read_bytes().decode()
    assert text.count(end) == len(lines) - 1
    with open_qa(tmp_path / "store") as qa:
        answer = qa.ask("How long is the quay?")
        document = qa.document("a.txt")
        assert document is not None
        assert document.text == text
        passages = [hit.passage for hit in answer.hits]
        assert passages
        for p in passages:
            assert text[p.start : p.end] == p.text
            assert all(text[a:b].strip() == text[a:b] for a, b in p.sentences)
        quay = text.index("The quay")
        assert any((quay, quay + 28) in p.sentences for p in passages)
    assert differences_of(tmp_path / "store") == []
