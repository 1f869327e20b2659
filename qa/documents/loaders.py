"""From a file to a Document: text that offsets count in, title, date, and what of it is heading or page furniture.

One function a format, all in LOADERS. Bytes go in, an Extract comes out; `load` adds what concerns the file itself.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath, PurePosixPath

from qa.documents import isolation
from qa.documents.extract import Extract
from qa.documents.formats.epub import load_epub
from qa.documents.formats.html import load_html
from qa.documents.formats.mail import load_mail
from qa.documents.formats.markdown import load_markdown
from qa.documents.formats.office import load_docx, load_odt, load_pptx, load_rtf
from qa.documents.formats.pdf import load_pdf
from qa.documents.formats.plain import load_text
from qa.documents.formats.tables import load_csv, load_xlsx
from qa.errors import UnreadableFile
from qa.text import WORD
from qa.types import Document, Mark, Source

LOADER_VERSION = 2  # part of every fingerprint: a change makes every document be read anew
MAX_BYTES = 64 * 2**20
LINK = "is a link, which is not followed: put the file itself in its place"
RETRIES = 3  # times a file is read again that was changed meanwhile


# ---- the file ----


def load(path: Path, name: str) -> Document:
    """The document in the file at `path`; `name` is what citations call it.

    Raises UnreadableFile with the reason: missing, forbidden, no regular file, too large, changing, of a type that is
    not read, damaged, protected, made to do harm, or without text.
    """
    suffix = path.suffix.lower()
    if suffix not in LOADERS:
        raise UnreadableFile(not_read(path))
    path = Path(os.path.abspath(path))
    sha256, extract = parse(path) if suffix in TRUSTED else isolation.read(path)
    source = Source(
        name=name,
        path=str(path),
        sha256=sha256,
        title=extract.title or PurePosixPath(name).stem,
        date=extract.date,
        pages=extract.pages,
    )
    return Document(source, extract.text, extract.marks, extract.notes)


def not_read(path: PurePath) -> str:
    """Why a file of another type is not read, and what to do about it."""
    advice = ADVICE.get(path.suffix.lower())
    return f"is of a type that is not read ({path.suffix or 'no suffix'})" + (f"; {advice}" if advice else "")


def parse(path: Path) -> tuple[str, Extract]:
    """(SHA-256 of the file's bytes, what they hold). Raises UnreadableFile, and whatever a parser may raise."""
    data = read_stable(path)
    extract = LOADERS[path.suffix.lower()](data)
    if not has_words(extract.text, extract.marks):
        raise UnreadableFile("holds no text")
    return hashlib.sha256(data).hexdigest(), extract


def read_stable(path: Path, look: Callable[[Path], os.stat_result] = os.lstat) -> bytes:
    """The bytes of a regular file that stayed the same while it was read. `look` is asked after each reading.

    Raises UnreadableFile where it cannot be read, or is changed at each of 1 + RETRIES readings.
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
    """All bytes of the file and what the system said about it just before."""
    with open_regular(path) as file:
        before = os.fstat(file.fileno())
        if before.st_size > MAX_BYTES:
            size, most = before.st_size / 2**20, MAX_BYTES // 2**20
            raise UnreadableFile(f"has {size:.0f} MiB; more than {most} MiB are not read: split it into smaller files")
        return file.read(MAX_BYTES + 1), before


def open_regular(path: Path) -> io.BufferedReader:
    """A regular file, opened to be read: never a pipe or device, which may wait or act, nor what a link leads to.

    Raises OSError, and UnreadableFile for anything else.
    """
    refuse_special(os.lstat(path))  # opening alone may do something to a device
    flags = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOFOLLOW", "O_BINARY", "O_CLOEXEC"))
    descriptor = os.open(path, flags)
    try:
        refuse_special(os.fstat(descriptor))  # another one by now
    except UnreadableFile:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def file_sha256(path: Path) -> str:
    """Hash of a regular file's bytes. Raises OSError, UnreadableFile."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def refuse_special(info: os.stat_result) -> None:
    if stat.S_ISDIR(info.st_mode):
        raise UnreadableFile("is a folder, not a file")
    if stat.S_ISLNK(info.st_mode):
        raise UnreadableFile(LINK)
    if not stat.S_ISREG(info.st_mode):
        raise UnreadableFile("is a pipe, socket or device, not a file")


def signature(info: os.stat_result) -> tuple[int, int, int]:
    return info.st_size, info.st_mtime_ns, info.st_ino


def reason(error: OSError) -> str:
    """A system error in a person's words."""
    if isinstance(error, FileNotFoundError):
        return "does not exist (any more)"
    if error.errno == errno.ELOOP:
        return LINK
    if isinstance(error, PermissionError):
        return "may not be read: permission denied"
    return f"cannot be read: {error.strerror or error}"


def has_words(text: str, marks: Sequence[Mark]) -> bool:
    """Whether a letter or digit stands outside the furniture."""
    at = 0
    for mark in marks:
        if mark.kind == "furniture":
            if WORD.search(text, at, mark.start):
                return True
            at = mark.end
    return WORD.search(text, at) is not None


# ---- formats ----

LOADERS: dict[str, Callable[[bytes], Extract]] = {
    ".txt": load_text,
    ".md": load_markdown,
    ".markdown": load_markdown,
    ".html": load_html,
    ".htm": load_html,
    ".xhtml": load_html,
    ".pdf": load_pdf,
    ".docx": load_docx,
    ".pptx": load_pptx,
    ".odt": load_odt,
    ".rtf": load_rtf,
    ".eml": lambda data: load_mail(data, LOADERS),
    ".epub": load_epub,
    ".csv": load_csv,
    ".tsv": load_csv,
    ".xlsx": load_xlsx,
}
TRUSTED = frozenset({".txt"})  # read in this process: nothing is parsed
ADVICE = {
    ".doc": "save it as .docx",
    ".dot": "save it as .docx",
    ".xls": "save it as .xlsx",
    ".ppt": "save it as .pptx",
    ".pages": "export it as .docx or .pdf",
    ".numbers": "export it as .xlsx or .csv",
    ".key": "export it as .pptx or .pdf",
    ".ods": "save it as .xlsx or .csv",
    ".odp": "save it as .pptx or .pdf",
    ".msg": "save it as .eml",
    ".zip": "unpack it",
}
