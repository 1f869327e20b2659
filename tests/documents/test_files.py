"""Reading a file: what is refused, and what happens when it changes meanwhile."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from qa.documents.files import MAX_BYTES, RETRIES, read_stable
from qa.documents.loaders import load
from qa.errors import UnreadableFile
from tests.documents.making import PROSE
from tests.helpers import run_python, write


def make_folder(path: Path) -> None:
    path.mkdir()


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def make_loop(path: Path) -> None:
    path.symlink_to(path)


def make_huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "does not exist"),
        (make_folder, "is a folder"),
        (make_pipe, "is a pipe"),
        (make_socket, "is a pipe, socket or device"),
        (make_loop, "is a link, which is not followed"),
        (make_huge, "has 64 MiB; more than 64 MiB are not read: split"),
        (lambda path: path.touch(), "holds no text"),
        (lambda path: path.write_bytes(b" \t\r\n\xc2\xa0\n"), "holds no text"),
        (lambda path: path.write_bytes(b"\xef\xbb\xbf"), "holds no text"),
        (lambda path: path.write_bytes(b"NEXT NEWS\n\nRead also:\n\n- |\n\n* * *\n"), "holds no text"),
        (lambda path: path.write_bytes(b"-" * 5000), "holds no text"),
        (lambda path: path.write_bytes(b"a\0b"), "is not text"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(
    tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    path = tmp_path / "x.txt"
    make(path)
    with pytest.raises(UnreadableFile, match=message):
        load(path, "x.txt")


def test_forbidden_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "x.txt", PROSE)
    path.chmod(0)
    code = (
        "import sys; from pathlib import Path; from qa.documents.loaders import load; load(Path(sys.argv[1]), 'x.txt')"
    )
    done = run_python(code, path, obeys=True)
    assert b"UnreadableFile: may not be read: permission denied" in done.stderr


def test_device_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="device"):
        read_stable(Path("/dev/zero"))


class Changing:
    """Stands for os.stat after a reading: somebody adds to the file before it, as often as told."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.calls = 0

    def __call__(self, path: Path) -> os.stat_result:
        self.calls += 1
        if self.calls <= self.times:
            with path.open("ab") as file:
                file.write(b" more")
        return os.stat(path)


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, "x.txt", b"text")
    look = Changing(RETRIES)
    assert read_stable(path, look) == b"text" + b" more" * RETRIES
    assert look.calls == RETRIES + 1


def test_a_file_that_keeps_changing_is_refused(tmp_path: Path) -> None:
    look = Changing(99)
    with pytest.raises(UnreadableFile, match="changes while it is being read"):
        read_stable(write(tmp_path, "x.txt", b"text"), look)
    assert look.calls == RETRIES + 1


def test_a_file_replaced_by_one_of_equal_size_and_time_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path, "x.txt", b"old")
    before = path.stat()

    def look(path: Path) -> os.stat_result:
        new = write(tmp_path, "new.txt", b"new")
        os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
        if path.read_bytes() == b"old":
            new.replace(path)
        return os.stat(path)

    assert read_stable(path, look) == b"new"
