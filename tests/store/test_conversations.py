"""Conversations follow the documents that a later version reads again, and no other ones."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from qa.store.catalog import Fingerprint
from qa.store.conversations import FOLDER, NEXT, prepare, settle
from qa.store.writer import CatalogWriter
from qa.types import Passage
from tests.helpers import write
from tests.store.helpers import MODEL, document, fingerprint, passages

FOX, WAKE = "The red fox sleeps.", "Nobody wakes it."
NAME = f"{FOLDER}/{'0' * 32}.json"


def read_again(catalog: CatalogWriter, text: str, changed: bool = False) -> list[Passage]:
    """Stages a.txt once more, with another text from the same bytes, as a later loader reads it, or from others."""
    whole = document("a.txt", text)
    held = catalog.fingerprints()["a.txt"]
    made: Fingerprint = fingerprint(whole, "a later version")
    if not changed:
        whole = replace(whole, source=replace(whole.source, sha256=held.sha256))
        made = replace(made, sha256=held.sha256)
    found = [replace(p, id=f"new {p.start}") for p in passages(whole)]
    catalog.stage(whole, made, found, MODEL)
    return found


def row(at: list[int], passage: str = f"a.txt-0-{FOX}-") -> dict[str, object]:
    return {"passage": passage, "at": at, "confidence": 0.9, "also": [["a.txt", "0" * 64, *at[:2]]]}


def kept(place: Path, *spans: dict[str, object], hits: tuple[str, ...] = ()) -> Path:
    return write(place, NAME, json.dumps([{"question": "Who sleeps?", "spans": list(spans), "hits": list(hits)}]))


def now(path: Path) -> tuple[list[tuple[str, list[int], int]], list[str]]:
    """Passage, offsets and number of other places of each answer; passages without an answer."""
    (turn,) = json.loads(path.read_text())
    return [(span["passage"], span["at"], len(span["also"])) for span in turn["spans"]], turn["hits"]


def carry(catalog: CatalogWriter, place: Path) -> None:
    prepare(place, catalog, 2)
    settle(place, 2)


def test_places_move_with_their_words(catalog: CatalogWriter, place: Path) -> None:
    path = kept(place, row([8, 11, 0, 19]), hits=(f"a.txt-20-{WAKE}-", "b.txt-0-Bridges cross the river.-"))
    read_again(catalog, f"A new first line.\n{FOX}\n{WAKE}")
    carry(catalog, place)
    assert now(path) == ([("new 18", [26, 29, 18, 37], 1)], ["new 38", "b.txt-0-Bridges cross the river.-"])
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("text", "changed"), [("Something else.", False), (f"x\n{FOX}\n{FOX}", False), (f"x\n{FOX}\n{WAKE}", True)]
)
def test_what_is_not_surely_the_same_keeps_its_place(
    catalog: CatalogWriter, place: Path, text: str, changed: bool
) -> None:
    path = kept(place, row([8, 11, 0, 19]), hits=(f"a.txt-0-{FOX}-",))
    read_again(catalog, text, changed)
    carry(catalog, place)
    spans, hits = now(path)
    assert [span[:2] for span in spans] == [(f"a.txt-0-{FOX}-", [8, 11, 0, 19])]
    assert hits == [f"a.txt-0-{FOX}-"]


def test_what_was_prepared_counts_for_its_generation_only(catalog: CatalogWriter, place: Path) -> None:
    path = kept(place, row([8, 11, 0, 19]))
    before = path.read_text()
    read_again(catalog, f"x\n{FOX}\n{WAKE}")
    prepare(place, catalog, 2)
    settle(place, 1)  # killed before generation 2 was published
    assert path.read_text() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_conversation_that_went_on_meanwhile_is_not_overwritten(catalog: CatalogWriter, place: Path) -> None:
    path = kept(place, row([8, 11, 0, 19]))
    read_again(catalog, f"x\n{FOX}\n{WAKE}")
    prepare(place, catalog, 2)
    path.write_text("[]")
    os.utime(path.with_name(f"{path.name}{NEXT}2"), (0, 0))
    settle(place, 2)
    assert path.read_text() == "[]"


@pytest.mark.parametrize("text", ["", "{", "7", '[{"spans": 7, "hits": [[]]}]', '[{"passage": []}]', "[" * 100_000])
def test_a_file_that_cannot_be_read_is_left_alone(catalog: CatalogWriter, place: Path, text: str) -> None:
    path = write(place, NAME, text)
    other = kept(place / "x", row([8, 11, 0, 19])).rename(path.with_name("1" * 32 + ".list"))
    read_again(catalog, f"x\n{FOX}\n{WAKE}")
    carry(catalog, place)
    assert path.read_text() == text
    assert now(other)[0][0][0] == "new 2"
