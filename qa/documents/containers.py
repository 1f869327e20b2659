"""Files that hold several documents: a zip archive its members, a mailbox its letters.

CONTAINERS holds one function a type: the file's bytes go in, a Container comes out, which lists all that it holds and
reads one document of it at a time. Nothing is unpacked to the disk.
"""

from __future__ import annotations

import contextlib
import re
import stat
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from qa.documents.archives import ENCRYPTED, LOCKED, MAX_PARTS, UNPACKING, listed_zip, refuse_bomb
from qa.documents.decoding import named
from qa.documents.extract import Extract
from qa.documents.files import MAX_BYTES, is_passed_over, suffix_of
from qa.documents.formats.mbox import letters_of, load_letter
from qa.errors import UnreadableFile

Loaders = Mapping[str, Callable[[bytes], Extract]]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a container holds; each of its members is in one of these, except folders, hidden files and system files."""

    members: tuple[str, ...] = ()  # documents, by their names in the container
    failed: tuple[tuple[str, str], ...] = ()  # (name, reason) of documents that cannot be read
    skipped: tuple[str, ...] = ()  # links, and types that no loader reads
    noted: tuple[tuple[str, str], ...] = ()  # (name, note) of members that are read, but not all there is of the name


@dataclass(frozen=True, slots=True)
class Container:
    """A container that has been opened."""

    contents: Contents
    read: Callable[[str, str], Extract]  # a member by its name; encoding, if one is named. Raises what a parser does


# ---- archives ----


@dataclass
class Sorted:
    """The members of an archive, as they are being looked at."""

    members: dict[str, zipfile.ZipInfo] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    twice: set[str] = field(default_factory=set)


def open_archive(data: bytes, loaders: Loaders) -> Container:
    """A zip archive. Raises UnreadableFile where it is none, is damaged, or is above the limits of `archives`."""
    archive = listed_zip(data, "a zip archive")
    parts = archive.infolist()
    if len(parts) > MAX_PARTS:
        raise UnreadableFile(f"has {len(parts):,} members, more than {MAX_PARTS:,} are not read: divide it")
    found = Sorted()
    for part in parts:
        sort_in(found, part, loaders)
    refuse_bomb(list(found.members.values()), len(data))

    def read(name: str, encoding: str) -> Extract:
        if name not in found.members:
            raise UnreadableFile("is no longer in the archive")
        text = unpacked(archive, found.members[name])
        return loaders[suffix_of(PurePosixPath(name))](named(text, encoding) if encoding else text)

    return Container(
        Contents(
            tuple(sorted(found.members)),
            tuple(sorted(found.failed.items())),
            tuple(sorted(found.skipped)),
            tuple((name, TWICE) for name in sorted(found.twice & found.members.keys())),
        ),
        read,
    )


TWICE = "the archive has several members of this name; the last one is read"
OUTSIDE = "has no name in its archive, or one that leads out of it: pack the archive anew"
NESTED = "is an archive or a mailbox in an archive, which is not read: unpack the outer one"


DRIVE = re.compile("[A-Za-z]:")


def sort_in(found: Sorted, part: zipfile.ZipInfo, loaders: Loaders) -> None:
    """Adds a member to what it is. Of several that have one name the last one counts, as when they are unpacked."""
    given = name_of(part)
    steps = [step for step in given.split("/") if step not in ("", ".")]
    name = "/".join(steps)
    if not steps or given.startswith("/") or ".." in steps or DRIVE.fullmatch(steps[0]):
        if not given.endswith("/"):
            found.failed[given] = OUTSIDE
        return
    if given.endswith("/") or any(map(is_passed_over, steps)):
        return
    if name in found.members or name in found.failed:
        found.twice.add(name)
    found.members.pop(name, None)
    found.failed.pop(name, None)
    suffix = suffix_of(PurePosixPath(name))
    if not is_plain(part) or suffix not in loaders.keys() | CONTAINERS.keys():
        found.skipped.add(name)
    elif reason := refusal_of(part, suffix):
        found.failed[name] = reason
    else:
        found.members[name] = part


def refusal_of(part: zipfile.ZipInfo, suffix: str) -> str:
    """Why a member of a type that is read cannot be; empty where it can."""
    if suffix in CONTAINERS:
        return NESTED
    if part.flag_bits & ENCRYPTED:
        return LOCKED
    if part.file_size > MAX_BYTES:
        return f"has {part.file_size / 2**20:,.0f} MiB; more than {MAX_BYTES // 2**20} MiB are not read"
    return ""


def name_of(part: zipfile.ZipInfo) -> str:
    """The name of a member, with "/" between folders.

    Names without the flag for UTF-8 are CP437 by the standard, and UTF-8 all the same where some programs made them.
    """
    name = part.filename
    if not part.flag_bits & 0x800 and not name.isascii():
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def is_plain(part: zipfile.ZipInfo) -> bool:
    """Whether a member is a file, and not a link, pipe or device: what made the archive says so, or says nothing."""
    kind = stat.S_IFMT(part.external_attr >> 16)
    return kind in (0, stat.S_IFREG)


def unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    """The bytes of a member. Raises UnreadableFile."""
    try:
        return archive.read(part)
    except NotImplementedError as error:
        raise UnreadableFile("is packed in a way that is not known here: pack the archive anew") from error
    except UNPACKING as error:
        raise UnreadableFile("is damaged: it cannot be unpacked") from error


# ---- mailboxes ----

DIGITS = 4  # of a letter's number, at least


def open_mailbox(data: bytes, loaders: Loaders) -> Container:
    """A mailbox, whose letters are called by their number from 1. Raises UnreadableFile where it is none."""
    letters = letters_of(data)
    if len(letters) > MAX_PARTS:
        raise UnreadableFile(f"has {len(letters):,} letters, more than {MAX_PARTS:,} are not read: divide it")
    places = {f"{number:0{DIGITS}}": place for number, place in enumerate(letters, start=1)}

    def read(name: str, _: str) -> Extract:
        if name not in places:
            raise UnreadableFile("is no longer in the mailbox")
        start, end = places[name]
        return load_letter(data[start:end], loaders[".eml"])

    return Container(Contents(tuple(places)), read)


# ---- both ----

CONTAINERS: dict[str, Callable[[bytes, Loaders], Container]] = {".zip": open_archive, ".mbox": open_mailbox}


def contents_of(row: Any) -> Contents:
    """What `dataclasses.astuple` made of Contents, once it has been through JSON."""
    members, failed, skipped, noted = row
    return Contents(tuple(members), tuple(map(tuple, failed)), tuple(skipped), tuple(map(tuple, noted)))
