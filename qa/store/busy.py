"""Waiting while another process holds the catalog, and finding out which one does."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path

log = logging.getLogger(__name__)

BUSY_SECONDS = 30.0  # to wait for another process: a question takes less
UNSAID = 1.0  # seconds of them before it is said what is waited for
SOMEBODY = "another program"


@contextlib.contextmanager
def waiting_said(file: Path) -> Iterator[None]:
    """Logs a warning when what is done inside, which takes no time but for waiting for `file`, takes a moment."""
    timer = threading.Timer(
        UNSAID, lambda: log.warning("waiting for %s, which %s holds ...", file.absolute(), holder(file))
    )
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


# ---- who holds it ----


def holder(file: Path) -> str:
    """The process that holds an SQLite file, as "NAME (pid N)", as far as /proc tells; else SOMEBODY.

    It is the one that has locked it, or a file that belongs to it, for itself alone; where no such lock is listed (on
    a network file system), the only other process that has it open.
    """
    inodes = {}
    for end in ("", "-wal", "-shm", "-journal"):
        with contextlib.suppress(OSError):
            facts = file.with_name(file.name + end).stat()
            inodes[facts.st_ino] = facts.st_dev
    locking = {pid for pid in writers(inodes) if pid == os.getpid() or has_open(pid, inodes) is not False}
    found = locking or {pid for pid in processes() if pid != os.getpid() and has_open(pid, inodes)}
    return named(found.pop()) if len(found) == 1 else SOMEBODY


def writers(inodes: dict[int, int]) -> Iterator[int]:
    """Processes with a lock of their own on one of the files, by /proc/locks."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/locks").read_text().splitlines():
            parts = line.split()  # 1: POSIX ADVISORY WRITE 4242 08:01:131074 128 128
            locked = len(parts) == 8 and parts[1] == "POSIX" and parts[3] == "WRITE"
            if locked and int(parts[5].rpartition(":")[2]) in inodes:
                yield int(parts[4])


def is_locked(file: Path) -> bool | None:
    """Whether a process holds a lock on a whole file (flock), by /proc/locks; None where there is no such list."""
    try:
        lines = Path("/proc/locks").read_text().splitlines()
        inode = file.stat().st_ino
    except FileNotFoundError:
        return None if not Path("/proc/locks").exists() else False
    except OSError:
        return None
    parts = [line.split() for line in lines]  # 2: FLOCK ADVISORY WRITE 4242 08:01:131075 0 EOF
    return any(len(p) == 8 and p[1] == "FLOCK" and int(p[5].rpartition(":")[2]) == inode for p in parts)


def processes() -> Iterator[int]:
    with contextlib.suppress(OSError):
        yield from (int(name) for name in os.listdir("/proc") if name.isdigit())


def has_open(pid: int, inodes: dict[int, int]) -> bool | None:
    """Whether a process has one of the files open; None where this user may not know."""
    folder = f"/proc/{pid}/fd"
    try:
        for name in os.listdir(folder):
            with contextlib.suppress(OSError):
                facts = os.stat(f"{folder}/{name}")
                if inodes.get(facts.st_ino) == facts.st_dev:
                    return True
    except PermissionError:
        return None
    except OSError:  # it has ended
        return False
    return False


def named(pid: int) -> str:
    try:
        return f"{Path(f'/proc/{pid}/comm').read_text().strip()} (pid {pid})"
    except OSError:
        return SOMEBODY
