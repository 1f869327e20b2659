"""Documents that are zip archives: opened only where what they say about their size is bearable."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

from qa.errors import UnreadableFile

MAX_PARTS = 20_000
MAX_BYTES = 512 * 2**20  # unpacked, all parts together
MAX_PART = 256 * 2**20
FREE_BYTES = 16 * 2**20  # up to here nobody asks how well it was packed
MAX_RATIO = 200  # text packs 5 to 20 times, a bomb 1,000 times
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the older Office files, and the encrypted newer ones
KINDS = (
    (b"%PDF-", "a PDF"),
    (b"{\\rtf", "an RTF file"),
    (b"PK\x03\x04", "a zip archive"),
    (b"<!DOCTYPE", "an HTML page"),
    (b"<html", "an HTML page"),
)


def open_zip(data: bytes, needed: str, what: str) -> zipfile.ZipFile:
    """The archive in `data`. Raises UnreadableFile unless it has the part `needed` and a bearable size.

    what: the format in a person's words, "a Word document (.docx)".
    """
    if data.startswith(OLE):
        raise UnreadableFile(f"is protected by a password, or no {what[2:]} but one of the older Office formats")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error) as error:
        kind = next((f": it is {kind}" for start, kind in KINDS if data[:1024].lstrip().startswith(start)), "")
        raise UnreadableFile(f"is not {what}, or damaged{kind}") from error
    refuse_bomb(parts, len(data))
    if needed not in {part.filename for part in parts}:
        raise UnreadableFile(f"is not {what}: it is a zip archive that lacks {needed}")
    return archive


def refuse_bomb(parts: list[zipfile.ZipInfo], size: int) -> None:
    """Raises UnreadableFile for an archive that unpacks to more than a document can be."""
    unpacked = sum(part.file_size for part in parts)
    largest = max((part.file_size for part in parts), default=0)
    if len(parts) > MAX_PARTS or unpacked > MAX_BYTES or largest > MAX_PART:
        raise UnreadableFile(f"unpacks to {unpacked / 2**20:,.0f} MiB in {len(parts):,} parts: more than is read")
    if unpacked > FREE_BYTES and unpacked > MAX_RATIO * size:
        raise UnreadableFile(f"unpacks to {unpacked / size:,.0f} times its size: it is made to fill the memory")


def part(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """The bytes of a part, None where there is none of that name. Raises UnreadableFile."""
    try:
        info = archive.getinfo(name)
    except KeyError:
        return None
    if info.flag_bits & 1:
        raise UnreadableFile("is protected by a password")
    try:
        return archive.read(info)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError) as error:
        raise UnreadableFile(f"is damaged: its part {name[:80]} cannot be unpacked") from error


def xml(data: bytes, name: str) -> Any:
    """lxml root of an XML part: no entity is expanded, nothing is fetched. Raises UnreadableFile."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, recover=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableFile(f"is damaged: its part {name[:80]} is no XML") from error
    if root is None:
        raise UnreadableFile(f"is damaged: its part {name[:80]} is no XML")
    return root
