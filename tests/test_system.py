"""What differs between operating systems, as far as it can be looked at on this one."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from qa import system
from tests.helpers import run_python


@pytest.mark.parametrize("windows", [False, True])
def test_a_file_that_somebody_has_open_is_replaced_when_it_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, windows: bool
) -> None:
    tried = []

    def refused_twice(new: Path, path: Path) -> None:
        tried.append(path)
        if len(tried) < 3:
            raise PermissionError(errno.EACCES, "in use")
        new.rename(path)

    monkeypatch.setattr(system, "WINDOWS", windows)
    monkeypatch.setattr(os, "replace", refused_twice)
    new, path = tmp_path / "new", tmp_path / "old"
    new.write_text("new")
    path.write_text("old")
    if windows:
        system.put_in_place(new, path)
        assert path.read_text() == "new"
    else:
        with pytest.raises(PermissionError):
            system.put_in_place(new, path)
        assert (len(tried), path.read_text()) == (1, "old")


@pytest.mark.parametrize("windows", [False, True])
def test_files_and_folders_are_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, windows: bool) -> None:
    monkeypatch.setattr(system, "WINDOWS", windows)
    (tmp_path / "a").write_text("a")
    system.flush(tmp_path / "a")
    system.flush(tmp_path)
    with pytest.raises(FileNotFoundError):
        system.flush(tmp_path / "b")


def test_what_only_its_owner_can_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.touch(0o600)
    assert system.is_private(path.stat())
    path.chmod(0o640)
    assert not system.is_private(path.stat())
    path.chmod(0o600)
    monkeypatch.delattr(os, "getuid")
    assert not system.is_private(path.stat())  # where nobody can tell


@pytest.mark.parametrize("groups", [True, False])
def test_a_process_is_ended(monkeypatch: pytest.MonkeyPatch, groups: bool) -> None:
    if not groups:
        monkeypatch.delattr(os, "killpg")
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True) as process:
        system.end_with_children(process)
    assert system.ended_by(process.returncode) == "SIGKILL"
    system.end_with_children(process)  # once more: there is none


@pytest.mark.parametrize(("code", "name"), [(-signal.SIGSEGV, "SIGSEGV"), (0, ""), (3, ""), (-9999, "")])
def test_what_ended_a_process(code: int, name: str) -> None:
    assert system.ended_by(code) == name


def test_a_process_goes_on_without_limits_where_there_are_none() -> None:
    code = """
import sys
sys.modules["resource"] = None
from qa.system import limit_memory, limit_time
limit_memory(1)
limit_time(0)
print(len(bytes(10_000_000)))
"""
    assert run_python(code).stdout.strip() == b"10000000"
