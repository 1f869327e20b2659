"""Files of the store with a JSON object on each line, which people's own doings add to: feedback, notes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from qa.errors import StoreBusy, VerbatimError
from qa.system import put_in_place

WAIT = 10  # seconds for another process that writes the file

Row = dict[str, Any]


def read_rows(path: Path) -> list[Row]:
    """The objects of a file, none where there is no file; lines that are none, as a killed process leaves, are skipped.

    Raises VerbatimError where it cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise VerbatimError(f"{path} cannot be read ({error.strerror}); check its permissions") from error
    rows = []
    for line in lines:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows


def clear(path: Path) -> None:
    """Deletes what a process that was killed while it wrote a file has left. Raises as `rewrite`."""
    part = part_of(path)
    if part.exists():
        with locked(path):
            part.unlink(missing_ok=True)


def rewrite(path: Path, change: Callable[[list[Row]], list[Row]]) -> None:
    """Replaces a file by one with the changed rows, whole or not at all. Raises StoreBusy, VerbatimError."""
    part = part_of(path)
    with locked(path):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in change(read_rows(path)))
        part.write_bytes(text.encode("utf-8", "replace"))
        put_in_place(part, path)


def part_of(path: Path) -> Path:
    """Where a file is written before it takes its place."""
    return path.with_name(path.name + ".part")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """One writer of a file at a time. Raises StoreBusy, and VerbatimError for what the system refuses inside."""
    try:
        with FileLock(path.with_suffix(".lock"), timeout=WAIT):
            yield
    except Timeout as error:
        raise StoreBusy(f"another process writes {path}; try again") from error
    except OSError as error:
        raise VerbatimError(f"{path} cannot be written ({error.strerror}); check the store's permissions") from error
