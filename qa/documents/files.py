"""Files as they are read: only regular ones, up to a size, and the same from the first byte to the last."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import stat
import time
from collections.abc import Callable
from pathlib import Path, PurePath

from qa.errors import UnreadableFile
from qa.system import PLAIN_FILE

MAX_BYTES = 64 * 2**20  # of a file that is read, or taken as an upload
LINK = "is a link, which is not followed: put the file itself in its place"
SYSTEM = re.compile(  # files and folders that a system or program keeps beside documents, and no person means
    r"\..*|__MACOSX|~\$.*|~WR[A-Z]\d+\.tmp|desktop\.ini|(?:eh)?thumbs\.db|Icon\r", re.IGNORECASE | re.DOTALL
)
RETRIES = 3  # times that a file is read again which was changed meanwhile


def is_passed_over(name: str) -> bool:
    """Whether a file or folder of that name is hidden, an Office program's lock file, or the system's own."""
    return SYSTEM.fullmatch(name) is not None


def suffix_of(path: PurePath) -> str:
    """What says of which type a file is: its suffix in lower case; of Outlook's winmail.dat ".tnef"."""
    return ".tnef" if path.name.lower() == "winmail.dat" else path.suffix.lower()


def read_stable(path: Path, look: Callable[[Path], os.stat_result] = os.lstat) -> bytes:
    """The bytes of a regular file that stayed the same while it was read.

    look: returns the file's status; it is called after each reading. Raises UnreadableFile where the file cannot be
    read, is larger than MAX_BYTES, or is changed during each of 1 + RETRIES readings.
    """
    try:
        for attempt in range(1 + RETRIES):
            time.sleep(0.05 * attempt)
            data, before = read_once(path)
            after = look(path)
            if len(data) == before.st_size and signature(before) == signature(after):
                return data
    except OSError as error:
        raise UnreadableFile(reason(error)) from error
    raise UnreadableFile("changes while it is being read")


def read_once(path: Path) -> tuple[bytes, os.stat_result]:
    """All bytes of the file, and its status just before they were read. Raises OSError, UnreadableFile."""
    with open_regular(path) as file:
        before = os.fstat(file.fileno())
        if before.st_size > MAX_BYTES:
            size, most = before.st_size / 2**20, MAX_BYTES // 2**20
            raise UnreadableFile(f"has {size:.0f} MiB; more than {most} MiB are not read: split it into smaller files")
        return file.read(MAX_BYTES + 1), before


def open_regular(path: Path) -> io.BufferedReader:
    """A regular file opened for reading: never a link, nor a pipe or device, which could block or do something.

    Raises OSError, and UnreadableFile for anything but a regular file.
    """
    refuse_special(os.lstat(path))  # before it is opened: opening a device may already do something
    descriptor = os.open(path, PLAIN_FILE)
    try:
        refuse_special(os.fstat(descriptor))  # another file may have taken its place in between
    except UnreadableFile:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def file_sha256(path: Path) -> str:
    """SHA-256 of a regular file's bytes, in hexadecimal. Raises OSError, UnreadableFile."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def refuse_special(info: os.stat_result) -> None:
    """Raises UnreadableFile unless the status is that of a regular file."""
    if stat.S_ISDIR(info.st_mode):
        raise UnreadableFile("is a folder, not a file")
    if stat.S_ISLNK(info.st_mode):
        raise UnreadableFile(LINK)
    if not stat.S_ISREG(info.st_mode):
        raise UnreadableFile("is a pipe, socket or device, not a file")


def signature(info: os.stat_result) -> tuple[int, int, int]:
    """(size, time of modification in nanoseconds, inode): what differs after a change."""
    return info.st_size, info.st_mtime_ns, info.st_ino


def reason(error: OSError) -> str:
    """What a system error says to the user about a file."""
    if isinstance(error, FileNotFoundError):
        return "does not exist (any more)"
    if error.errno == errno.ELOOP:
        return LINK
    if isinstance(error, PermissionError):
        return "may not be read: permission denied"
    return f"cannot be read: {error.strerror or error}"
