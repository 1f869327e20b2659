"""Files of Outlook made by the tests: the compound file of a .msg, and TNEF, as far as letters need them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

FREE, END = 0xFFFFFFFF, 0xFFFFFFFE
SECTOR, SMALL, CUTOFF = 512, 64, 4096
TEXT, TEXT8, BINARY, NUMBER, TIME, OBJECT = 0x001F, 0x001E, 0x0102, 0x0003, 0x0040, 0x000D

Tree = Mapping[str, Any]  # name: bytes of a stream, or the tree of a storage


# ---- compound files ----


def compound(tree: Tree) -> bytes:
    """A compound file ([MS-CFB], version 3) with that tree."""
    entries: list[list[Any]] = [["Root Entry", 5, b"", FREE, FREE]]  # name, type, bytes, child, next sibling
    add_entries(entries, 0, tree)
    small, small_fat = b"", list[int]()
    starts = {}
    for number, (_, kind, data, *_) in enumerate(entries):
        if kind == 2 and 0 < len(data) < CUTOFF:
            starts[number] = len(small) // SMALL
            small_fat += chain(len(small_fat), -(-len(data) // SMALL))
            small += data.ljust(-(-len(data) // SMALL) * SMALL, b"\0")
    body, fat = b"", list[int]()

    def put(data: bytes) -> int:
        nonlocal body, fat
        if not data:
            return END
        at, sectors = len(fat), -(-len(data) // SECTOR)
        fat += chain(at, sectors)
        body += data.ljust(sectors * SECTOR, b"\0")
        return at

    for number, (_, kind, data, *_) in enumerate(entries):
        if kind == 2 and len(data) >= CUTOFF:
            starts[number] = put(data)
    starts[0] = put(small)
    small_table = struct.pack(f"<{len(small_fat)}I", *small_fat)
    small_at = put(small_table.ljust(-(-len(small_table) // SECTOR) * SECTOR, b"\xff"))
    listed = b"".join(
        entry(one, starts.get(n, 0), len(small) if n == 0 else len(one[2])) for n, one in enumerate(entries)
    )
    directory = put(listed)
    tables = next(n for n in count(1) if n * SECTOR // 4 >= len(fat) + n)
    fat_at = len(fat)
    fat += [0xFFFFFFFD] * tables
    body += struct.pack(f"<{len(fat)}I", *fat).ljust(tables * SECTOR, b"\xff")
    head = struct.pack("<8s16x5H6x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<9I", 0, tables, directory, 0, CUTOFF, small_at, -(-len(small_table) // SECTOR), END, 0)
    head += struct.pack("<109I", *range(fat_at, fat_at + tables), *[FREE] * (109 - tables))
    return head + body


def add_entries(entries: list[list[Any]], parent: int, tree: Tree) -> None:
    before = None
    for name, value in tree.items():
        number = len(entries)
        entries.append(
            [name, 2 if isinstance(value, bytes) else 1, value if isinstance(value, bytes) else b"", FREE, FREE]
        )
        entries[parent if before is None else before][3 if before is None else 4] = number
        before = number
        if not isinstance(value, bytes):
            add_entries(entries, number, value)


def chain(at: int, length: int) -> list[int]:
    return [*range(at + 1, at + length), END] if length else []


def entry(one: Sequence[Any], start: int, size: int) -> bytes:
    name, kind, _, child, following = one
    written = (name + "\0").encode("utf-16-le")
    return (
        struct.pack("<64sHBB3I", written, len(written), kind, 1, FREE, following, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )


# ---- letters ----


def storage(properties: Mapping[int, Any], head: bytes, **more: Any) -> dict[str, Any]:
    """The storage of a letter or attachment. properties: text, bytes, number or date, by number."""
    made: dict[str, Any] = dict(more)
    table = head
    for number, value in properties.items():
        kind, fixed = typed(value)
        if isinstance(value, (str, bytes)):
            data = value.encode("utf-16-le") if isinstance(value, str) else value
            made[f"__substg1.0_{number:04X}{kind:04X}"] = data
            fixed = struct.pack("<Q", len(data))
        table += struct.pack("<HHI", kind, number, 6) + fixed
    made["__properties_version1.0"] = table
    return made


def typed(value: Any) -> tuple[int, bytes]:
    if isinstance(value, datetime):
        ticks = int((value - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10**7
        return TIME, struct.pack("<Q", ticks)
    if isinstance(value, int):
        return NUMBER, struct.pack("<Q", value)
    return (TEXT if isinstance(value, str) else BINARY), b""


def letter_storage(properties: Mapping[int, Any], attached: Sequence[Tree] = (), inner: bool = False) -> dict[str, Any]:
    head = struct.pack("<8x4I", 0, len(attached), 0, len(attached)) + (b"" if inner else bytes(8))
    named = {f"__attach_version1.0_#{n:08X}": one for n, one in enumerate(attached)}
    return storage(properties, head) | named


def attached_file(name: str, data: bytes, **more: Any) -> dict[str, Any]:
    return storage({0x3707: name, 0x3701: data, 0x3705: 1}, bytes(8), **more)


def attached_letter(name: str, properties: Mapping[int, Any]) -> dict[str, Any]:
    made = storage({0x3707: name, 0x3705: 5}, bytes(8))
    return made | {"__substg1.0_3701000D": letter_storage(properties, inner=True)}


def msg(properties: Mapping[int, Any], attached: Sequence[Tree] = ()) -> bytes:
    """A .msg with those properties, by their numbers."""
    return compound(letter_storage(properties, attached))


# ---- TNEF ----


def tnef(properties: Mapping[int, Any], files: Mapping[str, bytes], subject: str = "") -> bytes:
    """A winmail.dat with MAPI properties (texts and bytes, by number) and attached files."""
    made = struct.pack("<IH", 0x223E9F78, 1)
    made += attribute(1, 0x9006, 8, struct.pack("<I", 0x10000)) + attribute(1, 0x9007, 6, struct.pack("<II", 1252, 0))
    if subject:
        made += attribute(1, 0x8004, 1, subject.encode("cp1252") + b"\0")
    made += attribute(1, 0x9003, 6, mapi(properties))
    for name, data in files.items():
        made += attribute(2, 0x9002, 6, bytes(14)) + attribute(2, 0x800F, 6, data)
        made += attribute(2, 0x8010, 1, name.encode("cp1252") + b"\0") + attribute(2, 0x9005, 6, mapi({0x3707: name}))
    return made


def attribute(level: int, number: int, kind: int, data: bytes) -> bytes:
    return struct.pack("<BHHI", level, number, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def mapi(properties: Mapping[int, Any]) -> bytes:
    made = struct.pack("<I", len(properties))
    for number, value in properties.items():
        data = value.encode("cp1252") + b"\0" if isinstance(value, str) else value
        made += struct.pack("<HHII", TEXT8 if isinstance(value, str) else BINARY, number, 1, len(data))
        made += data.ljust(-(-len(data) // 4) * 4, b"\0")
    return made
