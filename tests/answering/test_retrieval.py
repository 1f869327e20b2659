"""Retrieval: fused ranks worked out by hand, shares of languages, what a document adds, equal passages as one hit."""

from __future__ import annotations

import contextlib
import math
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.embedders import StandIn
from qa.answering.qa import QA
from qa.answering.retrieval import (
    HITS,
    OF_DOCUMENT,
    PARTS,
    SHARE,
    collapse,
    fuse,
    ranked,
    relative,
    retrieve,
    share_out,
    spread,
    with_documents,
    with_equals,
)
from qa.answering.sentence_reader import SentenceReader
from qa.ingestion.sync import sync
from qa.store.catalog import Catalog
from qa.store.generations import open_index
from qa.store.opening import open_catalog
from qa.store.part import open_part
from qa.types import Hit, Passage, Source, Within
from tests.helpers import FakeEmbedder, Vectors, ingest, write

# ---- fusion ----


def test_similarities_are_spread_from_last_to_first() -> None:
    assert spread([("a", 0.9), ("b", 0.85), ("c", 0.8)]) == pytest.approx({"a": 1.0, "b": 0.5, "c": 0.0})
    assert spread([("a", 0.9), ("b", 0.8)], 0.9) == pytest.approx({"a": 0.9, "b": 0.0})
    assert spread([("a", 0.7)]) == {"a": 0.0}
    assert spread([]) == relative([]) == {}


def test_bm25_is_taken_relative_to_the_best() -> None:
    assert relative([("a", 8.0), ("b", 2.0)]) == {"a": 1.0, "b": 0.25}


def test_scores_of_all_lists_are_added() -> None:
    fused = fuse([{"a": 1.0, "b": 0.5, "c": 0.0}, {"b": 1.0, "d": 0.25}])
    assert fused == [("b", 1.5), ("a", 1.0), ("d", 0.25), ("c", 0.0)]


def test_equal_scores_stay_in_order_of_appearance() -> None:
    assert [number for number, _ in fuse([{"x": 0.5, "b": 0.1}, {"a": 0.5, "y": 0.1}])] == ["x", "a", "b", "y"]


def test_nothing_fused_is_nothing() -> None:
    assert fuse([]) == fuse([{}]) == []


# ---- shares ----


def passage(number: int, language: str) -> Passage:
    source = Source("a.txt", "/a.txt", "0" * 64, "A title", None)
    return Passage(str(number), source, number, number + 1, "x", "", language, ((number, number + 1),))


EVERY = 4


def shared(languages: str, others: Sequence[str]) -> str:
    """The languages of a ranking, one letter a place, after sharing out."""
    ranked = [Hit(passage(number, language), 1.0 / (number + 1)) for number, language in enumerate(languages)]
    return "".join(hit.passage.language for hit in share_out(ranked, others, EVERY))


def test_every_fourth_place_is_kept_for_other_languages() -> None:
    assert shared("nnnnnnnnee", ["e"]) == "nnnennnenn"


def test_other_languages_take_turns() -> None:
    assert shared("nnnnnnnnnneeff", ["e", "f"]) == "nnnennnfnnnenf"


def test_a_ranking_that_has_them_anyway_stays_as_it_is() -> None:
    assert shared("nnennennnenn", ["e"]) == "nnennennnenn"
    assert shared("eeennn", ["e"]) == "eeennn"


def test_without_other_languages_a_ranking_stays_as_it_is() -> None:
    assert shared("nnenf", []) == "nnenf"


LANGUAGES = st.lists(st.sampled_from("nnnnnnef"), max_size=40).map("".join)
OTHERS = st.sampled_from([["e"], ["f"], ["e", "f"], ["f", "e", "g"]])


@settings(deadline=None)
@given(LANGUAGES, OTHERS)
def test_sharing_out_loses_nothing_and_keeps_the_order_within_a_language(languages: str, others: Sequence[str]) -> None:
    ranked = [Hit(passage(number, language), 1.0) for number, language in enumerate(languages)]
    made = [int(hit.passage.id) for hit in share_out(ranked, others)]
    assert sorted(made) == list(range(len(languages)))
    for language in "nef":
        places = [number for number in made if languages[number] == language]
        assert places == sorted(places)


@settings(deadline=None)
@given(LANGUAGES, OTHERS)
def test_no_four_places_go_by_without_a_language_that_still_has_something(
    languages: str, others: Sequence[str]
) -> None:
    made = shared(languages, others)
    for at in range(len(made) - EVERY + 1):
        here, later = made[at : at + EVERY], made[at + EVERY :]
        assert set(here) & set(others) or not set(later) & set(others)


# ---- documents ----


def scored(ranking: Sequence[tuple[str, float]]) -> list[Hit]:
    """Hits of the documents named, each a passage of its own."""
    hits = []
    for number, (name, score) in enumerate(ranking):
        source = Source(name, f"/{name}", "0" * 64, "A title", None)
        hits.append(
            Hit(Passage(str(number), source, number, number + 1, "x", "", "en", ((number, number + 1),)), score)
        )
    return hits


def test_a_passage_gains_from_the_best_of_its_document() -> None:
    raised = with_documents(scored([("a", 1.0), ("b", 0.5), ("c", 0.5), ("a", 0.4)]))
    assert [(hit.passage.source.name, hit.score) for hit in raised] == [
        ("a", pytest.approx(1.0 + OF_DOCUMENT)),
        ("a", pytest.approx(0.4 + OF_DOCUMENT)),
        ("b", pytest.approx(0.5 + OF_DOCUMENT * 0.5)),
        ("c", pytest.approx(0.5 + OF_DOCUMENT * 0.5)),
    ]
    assert with_documents([]) == []


SCORES = st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 2)), max_size=30)


@settings(deadline=None)
@given(SCORES)
def test_nothing_is_lost_and_the_order_within_a_document_and_of_the_best_stays(scores: list[tuple[str, float]]) -> None:
    before = scored(sorted(scores, key=lambda one: -one[1]))
    after = with_documents(before)
    assert sorted(hit.passage.id for hit in after) == sorted(hit.passage.id for hit in before)
    for name in "abc":
        assert [h.passage.id for h in after if h.passage.source.name == name] == [
            h.passage.id for h in before if h.passage.source.name == name
        ]
    best = {name: next((h.score for h in before if h.passage.source.name == name), None) for name in "abc"}
    firsts = [best[hit.passage.source.name] for hit in after]
    seen = [
        score
        for n, score in enumerate(firsts)
        if after[n].passage.source.name not in {hit.passage.source.name for hit in after[:n]}
    ]
    assert seen == sorted(seen, reverse=True)


# ---- a store ----

FLOOD = """The sea reached 3.72 metres at the outer side of the barrier, and 310 homes were flooded in the old town."""


class Opened:
    """A store with what `retrieve` needs."""

    def __init__(self, store: Path, embedder: FakeEmbedder) -> None:
        self.embedder = embedder
        self.catalog: Catalog = open_catalog(store)
        self.index = open_index(store, self.catalog)

    def ask(self, question: str, limit: int = HITS) -> list[Hit]:
        vector: Vectors = self.embedder.encode_questions([question])[0]
        return retrieve(self.catalog, self.index, question, vector, limit)

    def close(self) -> None:
        self.index.close()
        self.catalog.close()


@contextlib.contextmanager
def store_of(tmp_path: Path, texts: dict[str, str], embedder: FakeEmbedder | None = None) -> Iterator[Opened]:
    embedder = embedder or FakeEmbedder()
    for name, text in texts.items():
        write(tmp_path / "documents", name, text)
    ingest(tmp_path / "store", tmp_path / "documents", embedder=embedder)
    opened = Opened(tmp_path / "store", embedder)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture(scope="module")
def flooded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """Two documents of one passage each."""
    texts = {"a.txt": FLOOD, "b.txt": "The ferry sails again every night from the first of June."}
    with store_of(tmp_path_factory.mktemp("flooded"), texts) as opened:
        yield opened


def documents(hits: Sequence[Hit]) -> list[str]:
    return [hit.passage.source.name for hit in hits]


def test_the_passage_with_the_words_of_the_question_comes_first(store: Path, embedder: FakeEmbedder) -> None:
    with contextlib.closing(Opened(store, embedder)) as opened:
        assert documents(opened.ask("When was the lighthouse lamp built?"))[0] == "museum.html"
        assert documents(opened.ask("How much did the engine of the ferry cost?"))[0] == "notes/briefing.txt"


def test_scores_go_down_within_a_language_and_the_limit_holds(store: Path, embedder: FakeEmbedder) -> None:
    with contextlib.closing(Opened(store, embedder)) as opened:
        hits = opened.ask("What will the new bridge cost?")
        assert len({hit.passage.id for hit in hits}) == len(hits) > 2
        assert opened.ask("What will the new bridge cost?", limit=2) == hits[:2]
        for language in ("en", "nl"):  # places kept for a language may break the order, within one it holds
            scores = [hit.score for hit in hits if hit.passage.language == language]
            assert scores == sorted(scores, reverse=True) != []


def test_equal_passages_are_one_hit_with_several_places(tmp_path: Path) -> None:
    texts = {
        "a.txt": FLOOD,
        "b.txt": FLOOD,
        "c.txt": FLOOD.upper().replace(",", " -").replace(" ", "\r\n"),  # case, space and punctuation differ
        "d.txt": FLOOD.replace("310", "340"),
        "e.txt": FLOOD.replace("3.72", "3.2"),
    }
    with store_of(tmp_path, texts) as opened:
        hits = opened.ask("How many homes were flooded?")
    together = {hit.passage.source.name: {other.source.name for other in hit.also} for hit in hits}
    first = next(name for name in together if name in "a.txt b.txt c.txt")
    assert together == {first: {"a.txt", "b.txt", "c.txt"} - {first}, "d.txt": set(), "e.txt": set()}


def test_a_figure_that_differs_only_in_its_point_is_not_equal(tmp_path: Path) -> None:
    texts = {"a.txt": FLOOD, "b.txt": FLOOD.replace("3.72", "37.2"), "c.txt": FLOOD.replace("3.72", "372")}
    with store_of(tmp_path, texts) as opened:
        hits = opened.ask("How high was the sea?")
    assert sorted(documents(hits)) == ["a.txt", "b.txt", "c.txt"]


def test_a_sign_before_a_figure_makes_a_difference(tmp_path: Path) -> None:
    text = "The thermometer at the lock stood at {} degrees at noon, the water board said in its report on the frost."
    with store_of(tmp_path, {"a.txt": text.format("-5"), "b.txt": text.format("5")}) as opened:
        hits = opened.ask("What did the thermometer say?")
    assert sorted(documents(hits)) == ["a.txt", "b.txt"]


def test_an_equal_passage_in_the_same_document_is_a_place_too(tmp_path: Path) -> None:
    other = "The ferry sails again on the first of June, and a ticket costs seven euros. " * 20
    with store_of(tmp_path, {"a.txt": f"{FLOOD}\n\n{other}\n\n{FLOOD}"}) as opened:
        ranked = [(found, 1.0) for found in opened.catalog.all_passages()]
        hits = with_equals(opened.catalog, list(collapse(ranked)))
    folded = [re.sub(r"\W", "", hit.passage.text).casefold() for hit in hits]
    assert len(set(folded)) == len(folded)
    assert sum(1 + len(hit.also) for hit in hits) == len(ranked)


@pytest.mark.parametrize(
    "question",
    [
        'barrier AND NOT "homes',
        "NEAR(barrier homes, 5) OR text:sea",
        '""" \'\'\' "',
        "context : barrier* ^sea {a b} (c",
        "AND OR NOT NEAR",
        "-- ; DROP TABLE passages",
        "???",
        "\u200b",
        "*",
        "a" * 5000,
        " ".join(f"word{number}" for number in range(3000)),
        "\x00 barrier \ud800",
        "\u201cbarrier\u201d \u202e homes",
    ],
)
def test_a_question_of_operators_and_quotes_is_only_words(flooded: Opened, question: str) -> None:
    assert len(flooded.ask(question)) == 2


def test_operators_find_what_the_other_words_find(flooded: Opened) -> None:
    found = flooded.index.lexical("barrier AND NOT ferry", "en", 9)
    assert {n for n, _ in found} == {n for n, _ in flooded.index.lexical("ferry barrier", "en", 9)}
    assert len(found) == 2


def test_lexical_finds_words_without_their_accents_and_endings(tmp_path: Path) -> None:
    texts = {
        "a.txt": "Three caf\u00e9s on the quay of the old town were flooded by the sea last night.",
        "b.txt": FLOOD,
    }
    with store_of(tmp_path, texts) as opened:
        ((found, _),) = opened.index.lexical("cafe", "en", 9)
        assert opened.catalog.passages([found])[found].source.name == "a.txt"
        assert opened.index.lexical("", "en", 9) == []
        assert opened.index.lexical("zzz", "en", 9) == []


# ---- languages ----

MEANING = {"wanneer": "when", "is": "was", "de": "the", "vuurtoren": "lighthouse", "gebouwd": "built", "lamp": "lamp"}


class Bilingual(FakeEmbedder):
    """Knows a few Dutch words to mean what English ones do."""

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        return super().encode_questions([" ".join(map(self.meaning, re.findall(r"\w+", text))) for text in texts])

    def meaning(self, word: str) -> str:
        return MEANING.get(word.casefold(), word)


def dutch(number: int) -> str:
    return (
        f"De gemeenteraad van dorp {number} heeft de begroting van het komende jaar na een lange avond goedgekeurd, en "
        f"de wethouder van dorp {number} was daar blij mee."
    )


def test_a_document_in_another_language_is_found_among_many_in_that_of_the_question(tmp_path: Path) -> None:
    texts = {f"{number:02}.txt": dutch(number) for number in range(40)}
    texts["english.txt"] = "When was the lamp of the lighthouse built? The lamp of the lighthouse was built in 1887."
    with store_of(tmp_path, texts, Bilingual()) as opened:
        assert set(opened.catalog.languages()) == {"nl", "en"}
        hits = opened.ask("Wanneer is de lamp van de vuurtoren gebouwd?")
    assert "english.txt" in documents(hits[:SHARE])
    assert len(hits) == HITS


def test_a_question_in_a_language_the_store_does_not_hold_is_answered_all_the_same(tmp_path: Path) -> None:
    with store_of(tmp_path, {"a.txt": FLOOD, "b.txt": dutch(1)}) as opened:
        assert len(opened.ask("Combien de maisons ont \u00e9t\u00e9 inond\u00e9es dans la vieille ville ?")) == 2


# ---- a part of the store ----


def test_a_small_store_is_ranked_alike_with_chroma_open_and_without(store: Path, embedder: FakeEmbedder) -> None:
    questions = ("How many homes were flooded?", "Wie kritiseerde de dijkgraaf?", "What does the ferry cost?")
    with contextlib.closing(Opened(store, embedder)) as opened:
        assert not opened.index.opened
        without = [opened.ask(question) for question in questions]
        assert not opened.index.opened, "it was not needed"
        opened.index.open()
        for question, before in zip(questions, without, strict=True):
            after = opened.ask(question)
            assert [hit.passage.id for hit in after] == [hit.passage.id for hit in before]
            assert [hit.score for hit in after] == pytest.approx([hit.score for hit in before], abs=1e-5)


def within(
    store: Path, question: str, embedder: FakeEmbedder, part: Within | None, limits: tuple[int, int] | None = None
) -> list[Hit]:
    """The hits in a part. limits: how large a part is searched exactly, and how deep the whole index is for others."""
    with (
        contextlib.closing(open_catalog(store)) as catalog,
        contextlib.closing(open_index(store, catalog)) as index,
    ):
        vector = embedder.encode_questions([question])[0]
        if part is None or limits is None:
            return retrieve(catalog, index, question, vector, within=part)
        return ranked(catalog, open_part(catalog, index, part, vector, *limits), question, vector, HITS, PARTS, part)


@pytest.mark.parametrize("limits", [(3_000, 10_000), (0, 10_000), (0, 1)], ids=["exact", "filtered", "far"])
def test_a_question_put_to_a_part_of_the_store(store: Path, embedder: FakeEmbedder, limits: tuple[int, int]) -> None:
    cases = {
        Within(documents=frozenset({"bridge.txt", "dutch.md"})): {"bridge.txt", "dutch.md"},
        Within(languages=frozenset({"nl"})): {"dutch.md"},
        Within(since="2023-01-01"): {"bridge.txt", "museum.html", "notes/briefing.txt"},
        Within(since="2023-01-20", until="2023-03-14"): {"bridge.txt", "museum.html"},
        Within(documents=frozenset({"harvest.txt", "bridge.txt"}), until="2022-12-31"): {"harvest.txt"},
        Within(documents=frozenset({"bridge.txt"}), languages=frozenset({"nl"})): set(),
        Within(documents=frozenset()): set(),
        Within(): {"bridge.txt", "dutch.md", "harvest.txt", "museum.html", "notes/briefing.txt"},
    }
    for part, names in cases.items():
        hits = within(store, "How much did the new engine of the ferry cost?", embedder, part, limits)
        assert {hit.passage.source.name for hit in hits} == names, part
        if not part.languages and part.documents is None and not (part.since or part.until):
            every = within(store, "How much did the new engine of the ferry cost?", embedder, None)
            assert [hit.passage.id for hit in hits] == [hit.passage.id for hit in every]
            assert [hit.score for hit in hits] == pytest.approx([hit.score for hit in every], abs=1e-4)


def test_a_part_searched_exactly_and_one_filtered_give_the_same_hits(tmp_path: Path) -> None:
    chance, model = random.Random(3), StandIn()
    words = [f"{a}{b}" for a in ("har", "mill", "brid", "lamp", "can") for b in ("bour", "ge", "al", "er", "ing", "s")]
    for number in range(120):
        said = " ".join(f"The {chance.choice(words)} saw the {chance.choice(words)} {number}." for _ in range(8))
        write(tmp_path / "documents", f"{number:03}.txt", f"{said}\n")
    sync(tmp_path / "store", [tmp_path / "documents"], lambda _: model)
    with (
        contextlib.closing(open_catalog(tmp_path / "store")) as catalog,
        contextlib.closing(open_index(tmp_path / "store", catalog)) as index,
    ):
        for numbers in (range(0, 120, 2), range(100), range(0, 120, 10)):
            part, question = Within(frozenset(f"{n:03}.txt" for n in numbers)), "Which harbour saw the milling lamps?"
            found, vector = [], model.encode_passages([question])[0]
            for exact_up_to in (3_000, 0):
                searched = open_part(catalog, index, part, vector, exact_up_to)
                hits = ranked(catalog, searched, question, vector, HITS, PARTS, part)
                found.append([(hit.passage.id, round(hit.score, 4)) for hit in hits])
            assert found[0] == found[1]


def test_the_same_said_elsewhere_is_not_named(tmp_path: Path, embedder: FakeEmbedder) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        write(tmp_path / "documents", name, "The ferry was late again, as it has been on most days since May.")
    ingest(tmp_path / "store", tmp_path / "documents")
    (hit,) = within(
        tmp_path / "store", "Was the ferry late?", embedder, Within(documents=frozenset({"b.txt", "c.txt"}))
    )
    assert {hit.passage.source.name, *(other.source.name for other in hit.also)} == {"b.txt", "c.txt"}
    with QA(tmp_path / "store", embedder, SentenceReader(embedder)) as qa:  # type: ignore[arg-type]
        answer = qa.ask("Was the ferry late?", within=Within(documents=frozenset({"a.txt"})))
        assert [(hit.passage.source.name, hit.also) for hit in answer.hits] == [("a.txt", ())]
        assert qa.ask("Was the ferry late?", within=Within(documents=frozenset({"d.txt"}))).hits == ()


def test_a_short_list_is_the_beginning_of_a_long_one() -> None:
    """In a store of a few passages the last one is no worse than one of its rank among many."""
    assert spread([("a", 0.7)], whole=100) == {"a": 1.0}
    two = spread([("a", 0.9), ("b", 0.8)], whole=100)
    assert two["a"] == 1.0
    assert 0.8 < two["b"] < 0.9
    many = [(str(rank), 0.9 - 0.02 * math.log(rank)) for rank in range(1, 101)]
    whole, few = spread(many, whole=100), spread(many[:7], whole=100)
    assert few == pytest.approx({name: whole[name] for name in few})
    assert whole == spread(many)
