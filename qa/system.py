"""What differs between operating systems; no other module asks which one this is.

Linux is the one that every test runs on. What another system lacks is left out where it only guards (limits of a
process), and refused where leaving it out would open something (a file that only its owner may read).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

WINDOWS = os.name == "nt"
TRIES, PAUSE = 40, 0.05  # how often, and seconds between, a file is tried to be replaced that another process has open

KEEPS_PRIVATE = hasattr(os, "getuid")  # whether a file can be told to be its owner's alone

# Opens a file and nothing that took its place: no link is followed, no pipe waited for, no newline translated.
PLAIN_FILE = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOFOLLOW", "O_BINARY", "O_CLOEXEC"))


# ---- files ----


def put_in_place(new: Path, path: Path) -> None:
    """Puts a file that was written whole in the place of another. Raises OSError.

    Windows refuses while any process has the other one open, which readers of small files have for a moment.
    """
    for last in [False] * TRIES + [True]:
        try:
            os.replace(new, path)
        except PermissionError:
            if last or not WINDOWS:
                raise
            time.sleep(PAUSE)
        else:
            return


def flush(path: Path) -> None:
    """Waits until a file, or a folder's list of names, is on the disk. Raises OSError.

    Windows writes lists of names by itself, and files only for who may write to them.
    """
    if WINDOWS and path.is_dir():
        return
    handle = os.open(path, os.O_RDWR if WINDOWS else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_private(facts: os.stat_result) -> bool:
    """Whether a file is this user's and nobody else can read it; False where the system does not say so."""
    own = getattr(os, "getuid", None)
    return own is not None and facts.st_uid == own() and not facts.st_mode & 0o077


# ---- processes ----


def limit_memory(most: int) -> None:
    """Limits this process's address space to that many bytes, where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_time(seconds: int) -> None:
    """Lets the system end this process after that many more seconds of processor time, where it can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, hard))


def end_with_children(process: subprocess.Popen[bytes]) -> None:
    """Ends a process at once, and with it what it has started where it leads a session (`start_new_session`)."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)  # its group has the same number
        else:
            process.kill()


def ended_by(code: int) -> str:
    """The signal that ended a process with that exit code, as "SIGKILL"; "" where none did."""
    return signal.Signals(-code).name if -code in set(signal.Signals) else ""
