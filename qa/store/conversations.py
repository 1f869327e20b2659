"""The files of the page's conversations and lists of questions: where their places are after documents are read anew.

The files hold no text but places: ids of passages, and offsets. A later version of the program may read the same file
otherwise, or another model embed it, and then its passages have other ids. Before such a generation is published
`prepare` writes beside each file what it is to be then, and afterwards `settle` puts it in its place; where a run is
killed in between, the next ingest does. What is no longer said in these words, or is said in several places, keeps its
old place, which the page says to be gone.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qa.store.writer import CatalogWriter
from qa.system import put_in_place
from qa.types import Passage

FOLDER = "conversations"
NEXT = ".next-"  # in the name of what a file is to be; the generation's number follows


class Moves:
    """Where that stands, in the documents that are staged, which stands in live ones of the same files."""

    def __init__(self, catalog: CatalogWriter) -> None:
        self.names = catalog.read_again()
        self.catalog = catalog
        self.old = functools.cache(catalog.text_of)
        self.new = functools.cache(catalog.staged)  # its text and its passages

    def __call__(self, name: str, start: int, end: int) -> int | None:
        """Where the words at a range of a document begin now; None where they are not surely there."""
        words, (text, _) = self.old(name)[start:end], self.new(name)
        if text[start:end] == words:
            return start
        at = text.find(words)
        return at if words and at >= 0 and text.find(words, at + 1) < 0 else None

    def passage(self, name: str, start: int, end: int) -> Passage | None:
        """The passage that a range lies in."""
        return next((p for p in self.new(name)[1] if p.start <= start and end <= p.end), None)


def prepare(store: Path, catalog: CatalogWriter, generation: int) -> None:
    """Writes what the files are to be when what is staged is published as that generation. Raises OSError."""
    moves = Moves(catalog)
    for path in files(store) if moves.names else ():
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            named = {p.id: p for p in catalog.passages(sorted(ids_in(kept))).values() if p.source.name in moves.names}
            moved = carried(kept, named, moves)
        except (OSError, ValueError, TypeError, LookupError, RecursionError):  # the page takes it for an empty one, too
            continue
        if moved != kept:
            path.with_name(f"{path.name}{NEXT}{generation}").write_text(json.dumps(moved), encoding="utf-8")


def settle(store: Path, generation: int) -> None:
    """Puts what was prepared for the published generation in its place; deletes what was prepared for another."""
    for prepared in (store / FOLDER).glob(f"*{NEXT}*"):
        name, _, number = prepared.name.rpartition(NEXT)
        path = prepared.with_name(name)
        with contextlib.suppress(OSError):  # one that cannot be looked at is not there any more, or is the next time
            before = path.stat()
            if number == str(generation) and before.st_mtime_ns <= prepared.stat().st_mtime_ns:
                os.utime(prepared, ns=(before.st_atime_ns, before.st_mtime_ns))  # the oldest are deleted first
                put_in_place(prepared, path)
        with contextlib.suppress(OSError):
            prepared.unlink(missing_ok=True)


def files(store: Path) -> Iterator[Path]:
    """Conversations and lists."""
    for kind in ("*.json", "*.list"):
        yield from (store / FOLDER).glob(kind)


# ---- what a file holds ----


def ids_in(kept: Any) -> set[str]:
    """The ids of passages in a file's content."""
    if isinstance(kept, list):
        return {one for each in kept for one in ids_in(each)}
    if not isinstance(kept, dict):
        return set()
    own = {kept["passage"]} if "passage" in kept else set(kept.get("hits", ()))
    return own | ids_in(list(kept.values()))


def carried(kept: Any, named: dict[str, Passage], moves: Moves) -> Any:
    """A file's content with the places that it has to have. named: the passages that will have another id."""
    if isinstance(kept, list):
        return [carried(one, named, moves) for one in kept]
    if not isinstance(kept, dict):
        return kept
    if "passage" in kept:
        return span_now(kept, named, moves)
    made = {key: carried(value, named, moves) for key, value in kept.items()}
    if "hits" in kept:
        found = [hit_now(one, named, moves) for one in kept["hits"]]
        made["hits"] = list(dict.fromkeys(filter(None, found))) or kept["hits"]
    return made


def hit_now(passage_id: str, named: dict[str, Passage], moves: Moves) -> str:
    """The id of the passage in which the first sentence of an old one stands; "" where it is not surely there."""
    old = named.get(passage_id)
    if old is None:
        return passage_id
    start, end = (old.sentences or ((old.start, old.end),))[0]
    at = moves(old.source.name, start, end)
    now = None if at is None else moves.passage(old.source.name, at, at + end - start)
    return now.id if now else ""


def span_now(row: dict[str, Any], named: dict[str, Passage], moves: Moves) -> dict[str, Any]:
    """An answer with its passage, its offsets, those of its sentences, and the other places that say it."""
    made = row | {"also": list(also_now(row["also"], moves))}
    old = named.get(row["passage"])
    if old is None:
        return made
    start, end, *sentence = row["at"]
    name, whole = old.source.name, moves(old.source.name, *sentence)
    at = moves(name, start, end) if whole is None else whole + start - sentence[0]
    now = None if at is None else moves.passage(name, at, at + end - start)
    if at is None or now is None:
        return made
    end = at + end - start
    around = [(a, b) for a, b in now.sentences if a < end and at < b]
    low, high = min([at, *(a for a, _ in around)]), max([end, *(b for _, b in around)])
    return made | {"passage": now.id, "at": [at, end, low, high]}


def also_now(places: list[list[Any]], moves: Moves) -> Iterator[list[Any]]:
    """The places as [document, SHA-256, start, end, ...]; those whose words are not surely there are left out."""
    for name, sha256, start, end, *rest in places:
        at = moves(name, start, end) if name in moves.names else start
        if at is not None:
            yield [name, sha256, at, at + end - start, *rest]
