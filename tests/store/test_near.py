"""Near-identical documents: what is one and what is not, and groups that depend on nothing but the texts."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import numpy as np
import pytest

from qa.store.near import VALUES, groups, signature
from qa.types import Document, Mark
from tests.store.helpers import document

WORDS = [
    a + b + c for a in ("ba", "ko", "mi", "tu", "re") for b in ("lan", "der", "vis", "mon") for c in ("", "s", "k")
]


def report(seed: int, sentences: int = 30) -> list[str]:
    """Sentences of twelve words with a figure in each."""
    chance = random.Random(seed)
    return [" ".join([*chance.choices(WORDS, k=11), str(chance.randrange(10, 9999))]) + "." for _ in range(sentences)]


def text_of(sentences: list[str]) -> str:
    return " ".join(sentences)


def other_figures(sentences: list[str]) -> list[str]:
    return [sentence.rpartition(" ")[0] + f" {number + 10_000}." for number, sentence in enumerate(sentences)]


CHANGES: dict[str, tuple[Callable[[list[str]], str], bool]] = {
    "one figure": (lambda s: text_of([other_figures(s)[0], *s[1:]]), True),
    "another head and foot": (lambda s: "By our own reporter, 12 May. " + text_of(s) + " More follows.", True),
    "a sentence less": (lambda s: text_of(s[:14] + s[15:]), True),
    "an update put before it": (lambda s: text_of([*report(99, 2), *s]), True),
    "case, breaks and quotes": (lambda s: "\n".join(s).upper().replace(".", '."'), True),
    "a follow-up in the same words with other figures": (lambda s: text_of(other_figures(s)), False),
    "half of it told anew": (lambda s: text_of(s[:15] + report(7, 15)), False),
    "the same sentences between as many others": (lambda s: text_of(s + report(7)), False),
    "another report": (lambda s: text_of(report(8)), False),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_near_identical(what: str) -> None:
    change, near = CHANGES[what]
    sentences = report(1)
    one, two = document("b.txt", text_of(sentences)), document("c.txt", change(sentences))
    found = groups({d.source.name: signature(d) for d in (one, two, document("a.txt", text_of(report(2))))})
    assert found == ({"b.txt": "b.txt", "c.txt": "b.txt"} if near else {})


def test_menus_and_notices_do_not_count() -> None:
    menu = text_of(report(5, 60)) + " "
    pages = [f"{menu}{text_of(report(seed, 6))}" for seed in (1, 2)]
    marked = [Document(document(name, page).source, page, (Mark(0, len(menu), "furniture"),))
              for name, page in zip("ab", pages, strict=True)]  # fmt: skip
    assert groups({d.source.name: signature(d) for d in marked}) == {}
    assert groups({name: signature(document(name, page)) for name, page in zip("ab", pages, strict=True)}) != {}


def test_a_signature_does_not_change_with_the_library() -> None:
    """Those in a store were made by the version of its last ingest: where this fails, LOADER_VERSION goes up."""
    assert signature(document("a.txt", "The red fox sleeps, nobody wakes it."))[:8].hex() == "2a60289bddc804b0"
    assert len(signature(document("a.txt", "***"))) == len(signature(document("a.txt", "fox"))) == VALUES


def test_groups_are_the_same_in_any_order_and_however_they_came() -> None:
    """A chain of versions is one group; without its middle it falls apart."""
    chance = random.Random(3)
    sentences, versions = report(1, 40), {}
    for number in range(12):
        versions[f"{number:02}.txt"] = signature(document("a", text_of(sentences)))
        sentences = [*sentences[2:], *report(100 + number, 2)]
    others = {f"x{seed}.txt": signature(document("a", text_of(report(seed)))) for seed in range(50, 60)}
    whole = groups(versions | others)
    assert whole == dict.fromkeys(versions, "00.txt")
    mixed = list((versions | others).items())
    chance.shuffle(mixed)
    assert groups(dict(mixed)) == whole
    ends = {name: versions[name] for name in ("00.txt", "01.txt", "10.txt", "11.txt")}
    assert groups(ends) == {"00.txt": "00.txt", "01.txt": "00.txt", "10.txt": "10.txt", "11.txt": "10.txt"}


@pytest.mark.parametrize("how", ["all unlike", "all alike", "templates"])
def test_ten_thousand_documents_take_seconds(how: str) -> None:
    chance, share = np.random.default_rng(4), {"all unlike": 0.0, "all alike": 0.95, "templates": 0.7}[how]
    templates = chance.integers(0, 256, (20 if how == "templates" else 1, VALUES), np.uint8)
    rows = chance.integers(0, 256, (10_000, VALUES), np.uint8)
    kept = chance.random(rows.shape) < share**0.5
    rows[kept] = templates[np.arange(len(rows)) % len(templates)][kept]
    signatures = {f"{number:05}": row.tobytes() for number, row in enumerate(rows)}
    began = time.process_time()
    found = groups(signatures)
    assert time.process_time() - began < 20
    assert len(found) == {"all unlike": 0, "all alike": 10_000}.get(how, len(found))
