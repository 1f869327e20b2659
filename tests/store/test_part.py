"""A part of a store: which passages are in it, and that a search of it finds the best of those and no other."""

from __future__ import annotations

import contextlib
import itertools
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from qa.store.catalog import Catalog
from qa.store.chroma import Served
from qa.store.index import Index, build_generation
from qa.store.part import ExactPart, FilteredPart, open_part
from qa.store.writer import CatalogWriter
from qa.types import Within
from tests.helpers import bag_of_words
from tests.store.helpers import MODEL, document, embed, fingerprint, passages

NAMES = ("a.txt", "b.txt", "c.txt", "\u00e9 '\".txt")
DATES = (None, "2022-12-31", "2023-01-01", "2023-06-15")
WITHINS = [
    Within(documents, languages, since, until)
    for documents in (None, frozenset(), frozenset({"a.txt"}), frozenset({*NAMES[1:], "no such document"}))
    for languages in (frozenset[str](), frozenset({"en"}), frozenset({"nl", "und"}))
    for since in (None, "", "2023-01-01", "2024-01-01")
    for until in (None, "", "2022-12-31", "2023-06-15")
]


@pytest.fixture
def dated(catalog: CatalogWriter) -> CatalogWriter:
    """Passages of three languages in documents of each name and date."""
    for name, date in itertools.product(NAMES, DATES):
        whole = document(name if date is None else f"{date}/{name}", "One.\nTwee.\nIII.")
        whole = replace(whole, source=replace(whole.source, date=date))
        pieces = [
            replace(piece, language=language)
            for piece, language in zip(passages(whole), ("en", "nl", "und"), strict=True)
        ]
        catalog.stage(whole, fingerprint(whole), pieces, MODEL)
    catalog.leave_out(["b.txt"])
    embed(catalog)
    catalog.switch(generation=2)
    return catalog


@pytest.mark.parametrize("within", WITHINS, ids=map(str, range(len(WITHINS))))
def test_the_rule_is_the_same_in_sql_and_in_python(dated: CatalogWriter, within: Within) -> None:
    every = list(dated.all_passages())
    inside = [p for p in every if within.holds(p.source.name, p.language, p.source.date)]
    assert dated.count_within(within) == Counter(p.language for p in inside)
    found = {passage_id for _, ids, _ in dated.vectors_within(within, 2) for passage_id in ids}
    assert found == dated.ids_within([p.id for p in every], within) == {p.id for p in inside}


def test_the_combinations_differ(dated: CatalogWriter) -> None:
    counts = {sum(dated.count_within(within).values()) for within in WITHINS}
    assert {0, 1, 3} < counts
    assert len(counts) > 8


WORDS = [f"{a}{b}" for a in ("har", "mill", "brid", "lamp", "can") for b in ("bour", "ge", "al", "er", "ing", "s")]


@pytest.fixture
def opened(catalog: CatalogWriter, place: Path, served: Served | None) -> Iterator[tuple[Catalog, Index]]:
    """120 documents of one English passage, every tenth Dutch, and the two that were there, with their index."""
    chance = random.Random(3)
    for number in range(120):
        said = " ".join(f"The {chance.choice(WORDS)} saw the {chance.choice(WORDS)} {number}." for _ in range(8))
        whole = document(f"{number:03}.txt", said)
        language = "en" if number % 10 else "nl"
        catalog.stage(whole, fingerprint(whole), passages(whole, language), MODEL)
    catalog.leave_out([])
    embed(catalog)
    build_generation(place / "index", catalog.next_passages(1000), catalog.count_next(), served=served)
    catalog.switch(generation=2)
    with contextlib.closing(Index(place / "index", served)) as index:
        yield catalog, index


@pytest.mark.parametrize("numbers", [range(0, 120, 2), range(100), range(0, 120, 10), range(0)])
@pytest.mark.parametrize(("exact_up_to", "deepest"), [(3_000, 10_000), (0, 10_000)])
def test_the_best_of_a_part_are_found_in_their_order(
    opened: tuple[Catalog, Index], numbers: range, exact_up_to: int, deepest: int
) -> None:
    catalog, index = opened
    within, question = Within(frozenset(f"{n:03}.txt" for n in numbers)), "Which harbour saw the milling lamps?"
    vector = bag_of_words(question)
    part = open_part(catalog, index, within, vector, exact_up_to, deepest)
    assert isinstance(part, ExactPart if exact_up_to or not numbers else FilteredPart)
    for language in ("en", "nl", "fr"):
        for limit in (1, 7, 100):
            for got, whole in (
                (part.search(vector, language, limit), index.search(vector, language, 1000)),
                (part.lexical(question, language, limit), index.lexical(question, language, 1000)),
            ):
                inside = catalog.ids_within([passage_id for passage_id, _ in whole], within)
                expected = [(passage_id, score) for passage_id, score in whole if passage_id in inside][:limit]
                assert [score for _, score in got] == pytest.approx([score for _, score in expected], abs=1e-4)
                assert {passage_id for passage_id, _ in got} <= inside


def test_a_part_far_from_the_question_is_compared_exactly(opened: tuple[Catalog, Index]) -> None:
    catalog, index = opened
    within, vector = Within(frozenset({"a.txt", "b.txt"})), bag_of_words("Which harbour saw the milling lamps?")
    far = open_part(catalog, index, within, vector, exact_up_to=0, deepest=1)
    near = open_part(catalog, index, within, vector)
    assert isinstance(far, FilteredPart)
    assert far.search(vector, "en", 9) == near.search(vector, "en", 9) != []
    assert far.lexical("walrus", "en", 9) == []
