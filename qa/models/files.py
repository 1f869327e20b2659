"""The files of a model: JSON that is read or absent, written whole; hashes that are remembered between runs."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import get_ident
from typing import Any

from qa.errors import ModelUnavailable
from qa.system import put_in_place

Say = Callable[[str], None]


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file; empty where there is none."""
    try:
        read = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1), "utf-8")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_sha256(folder: Path, cache: Path, say: Say) -> dict[str, str]:
    """Hash of every file that can change a model's vectors, by its path in `folder`, in order."""
    suffixes = {".json", ".txt", ".model", ".safetensors", ".bin", ".pt", ".py", ".jinja"}
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.suffix in suffixes}
    used = sorted(name for name in paths if not name.startswith((".", "onnx/", "openvino/")) and paths[name].is_file())
    known = known_sha256([paths[name] for name in used], cache, say)
    return {name: known[paths[name]] for name in used}


def known_sha256(paths: Sequence[Path], cache: Path, say: Say) -> dict[Path, str]:
    """Hash of each file, computed again only where size or modification time have changed since the last time."""
    ledger = cache / "hashes.json"  # {path: [size in bytes, modification time in ns, hash]}
    before = read_json(ledger)
    now: dict[str, list[int | str]] = {}
    try:
        for path in paths:
            state = path.stat()
            stat: list[int | str] = [state.st_size, state.st_mtime_ns]
            kept = before.get(str(path))
            if isinstance(kept, list) and len(kept) == 3 and kept[:2] == stat:
                now[str(path)] = kept
                continue
            if state.st_size > 1 << 30:
                say(f"checking {path.name}, once ...")
            now[str(path)] = [*stat, file_sha256(path)]
    except OSError as error:
        raise ModelUnavailable(f"a model file cannot be read: {error}") from error
    if any(before.get(path) != entry for path, entry in now.items()):
        with suppress(OSError):  # a cache that cannot be written only costs the time to hash again
            cache.mkdir(parents=True, exist_ok=True)
            replace_json(ledger, before | now)
    return {path: str(now[str(path)][2]) for path in paths}


def replace_json(path: Path, value: object) -> None:
    """Write `value` as JSON so that a reader finds the old file or the new one, never a part."""
    new = path.with_name(f"{path.name}.{os.getpid()}.{get_ident()}")
    try:
        write_json(new, value)
        put_in_place(new, path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
