"""Documents that are zip archives: archives above the limits on declared size are refused before they are unpacked."""

from __future__ import annotations

import io
import lzma
import re
import struct
import zipfile
import zlib
from typing import Any

from qa.errors import UnreadableFile

MAX_PARTS = 20_000
MAX_UNPACKED = 512 * 2**20  # bytes, all parts together
MAX_PART = 256 * 2**20  # bytes of one part, unpacked
FREE_BYTES = 16 * 2**20  # an archive that unpacks to fewer may have any ratio
MAX_RATIO = 200  # unpacked to packed; text has 5 to 20, a zip bomb 1,000
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the older Office files, and the encrypted newer ones
ENCRYPTED = 1  # flag of a part
LOCKED = "is protected by a password"
UNPACKING = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, EOFError, OSError, ValueError)
"""What unpacking a damaged part may raise."""
KINDS = (
    (b"%PDF-", "a PDF"),
    (b"{\\rtf", "an RTF file"),
    (b"PK\x03\x04", "a zip archive"),
    (b"<!DOCTYPE", "an HTML page"),
    (b"<html", "an HTML page"),
)


def open_zip(data: bytes, needed: str, what: str) -> zipfile.ZipFile:
    """The archive in `data`. Raises UnreadableFile unless it has the part `needed` and a declared size within limits.

    what: the format as messages name it, such as "a Word document (.docx)".
    """
    if data.startswith(OLE):
        raise UnreadableFile(f"is protected by a password, or no {what[2:]} but one of the older Office formats")
    archive = listed_zip(data, what)
    parts = archive.infolist()
    refuse_bomb(parts, len(data))
    if needed not in {part.filename for part in parts}:
        raise UnreadableFile(f"is not {what}: it is a zip archive that lacks {needed}")
    return archive


def listed_zip(data: bytes, what: str) -> zipfile.ZipFile:
    """The archive in `data`, of which only the list of its parts was read. Raises UnreadableFile where it is none."""
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except UnicodeDecodeError as error:
        raise UnreadableFile("holds a name that is not the UTF-8 it claims to be: pack it anew") from error
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error) as error:
        kind = next((f": it is {kind}" for start, kind in KINDS if data[:1024].lstrip().startswith(start)), "")
        raise UnreadableFile(f"is not {what}, or damaged{kind}") from error


STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/")


def transitional(data: bytes) -> bytes:
    """An Office file in the usual form: "Strict Open XML" names the same elements in other name spaces."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if not STRICT.search(read_part(archive, "_rels/.rels") or b""):
            return data
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as copy:
            for part in archive.infolist():
                content = read_part(archive, part.filename) or b""
                if part.filename.endswith((".xml", ".rels")):
                    content = STRICT.sub(rb"http://schemas.openxmlformats.org/\1/2006/", content)
                copy.writestr(part.filename, content)
    return made.getvalue()


def refuse_bomb(parts: list[zipfile.ZipInfo], size: int) -> None:
    """Raises UnreadableFile for an archive above the limits. `size`: bytes of the archive itself."""
    unpacked = sum(part.file_size for part in parts)
    largest = max((part.file_size for part in parts), default=0)
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED or largest > MAX_PART:
        raise UnreadableFile(f"unpacks to {unpacked / 2**20:,.0f} MiB in {len(parts):,} parts: more than is read")
    if unpacked > FREE_BYTES and unpacked > MAX_RATIO * size:
        raise UnreadableFile(f"unpacks to {unpacked / size:,.0f} times its size: it is made to fill the memory")


def read_part(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """The bytes of a part, None where there is none of that name. Raises UnreadableFile."""
    try:
        info = archive.getinfo(name)
    except KeyError:
        return None
    if info.flag_bits & ENCRYPTED:
        raise UnreadableFile(LOCKED)
    try:
        return archive.read(info)
    except UNPACKING as error:
        raise UnreadableFile(f"is damaged: its part {name[:80]} cannot be unpacked") from error


def parse_xml(data: bytes, name: str) -> Any:
    """The lxml root of an XML part; no entity is expanded and nothing is fetched. Raises UnreadableFile."""
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
