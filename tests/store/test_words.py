"""The words of passages: what is found, in which order, and that nothing in a question is an operator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa.errors import StoreDamaged
from qa.store.words import WordIndex, WordWriter

FOXES = ("The red fox sleeps.", "Nobody wakes it.", "Bridges cross the river.")


class Index(WordIndex):
    """Gives only the ids."""

    def find(self, question: str, limit: int = 9) -> list[str]:
        return [found_id for found_id, _ in self.search(question, limit)]


def made(path: Path, texts: Sequence[str], language: str = "en") -> Index:
    """An index of texts whose ids are the texts themselves."""
    path.mkdir()
    writer = WordWriter(path)
    writer.add(language, texts, texts)
    writer.finish()
    return Index(path, language)


@pytest.fixture(scope="module")
def foxes(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return made(tmp_path_factory.mktemp("words") / "index", FOXES)


QUERIES = [
    '"',
    '""',
    '"fox',
    "fox AND",
    "AND OR NOT NEAR",
    "NEAR(fox red, 2)",
    "text:fox",
    "fox*",
    "-fox",
    "^fox",
    "(fox",
    "+fox^2 ~ [a TO z]",
    "id:fox",
    "fox' OR '1'='1",
    "_",
    "\u0663 \u00bd \u2168 _ fox",
    "fox\0red",
    "\ud800",
    "fox " * 10_000,
    "a" * 100_000,
]


@pytest.mark.parametrize("query", QUERIES)
def test_operators_and_quotes_are_words(foxes: Index, query: str) -> None:
    assert foxes.find(query) == (["The red fox sleeps."] if "fox" in query else [])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_any_text_is_a_query(foxes: Index, query: str) -> None:
    assert "The red fox sleeps." in foxes.find(query + " fox")
    foxes.find(query)


def test_words_are_found_in_other_forms(tmp_path: Path) -> None:
    cafe, mayor, wide = "Cafe\u0301s opened in M\u00dcNCHEN.", "The mayor said AND nothing else.", "\uff26\uff4f\uff58"
    index = made(tmp_path / "index", [*FOXES, cafe, mayor, wide])
    assert index.find("bridge") == index.find("BRIDGES?") == ["Bridges cross the river."]
    assert index.find("caf\u00e9 munchen") == index.find("CAFES") == [cafe]
    assert index.find("and") == [mayor]
    assert set(index.find("fox")) == {wide, "The red fox sleeps."}


def test_endings_are_those_of_the_language(tmp_path: Path) -> None:
    text = "De verwoestingen aan de bruggen waren groot."
    assert made(tmp_path / "dutch", [text], "nl").find("brug verwoesting") == [text]
    assert made(tmp_path / "other", [text], "xx").find("verwoesting") == []
    assert made(tmp_path / "again", [text], "und").find("verwoestingen") == [text]


def test_the_passage_with_more_of_the_words_comes_first(tmp_path: Path) -> None:
    texts = ["A blue boat sinks.", "A blue wolf sinks.", "A grey boat sinks.", "A green boat floats."]
    index = made(tmp_path / "index", [*FOXES, *texts])
    ranked = index.find("blue wolf sinks")
    assert ranked == ["A blue wolf sinks.", "A blue boat sinks.", "A grey boat sinks."]
    assert index.find("blue wolf sinks", 2) == ranked[:2]


def test_a_rare_word_counts_more(tmp_path: Path) -> None:
    index = made(tmp_path / "index", [*(f"The ferry came at {n}." for n in range(9)), "The zeppelin came at dawn."])
    assert index.find("ferry zeppelin", 1) == ["The zeppelin came at dawn."]


def test_scores_fall_and_are_those_of_bm25(tmp_path: Path) -> None:
    """k1 = 1.2, b = 0.75; one text of two words among three, all of one length but one."""
    index = made(tmp_path / "index", ["fox den", "fox hill", "bird hill"])
    idf = {"fox": math.log(1 + (3 - 2 + 0.5) / (2 + 0.5)), "den": math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))}
    found = index.search("fox den", 9)
    assert found == [("fox den", pytest.approx(idf["fox"] + idf["den"])), ("fox hill", pytest.approx(idf["fox"]))]


def test_equal_scores_come_in_order_of_their_ids(tmp_path: Path) -> None:
    texts = [f"fox {letter}" for letter in "dbca"]
    assert made(tmp_path / "index", texts).find("fox") == sorted(texts)


def test_very_common_words_are_not_searched_for(tmp_path: Path) -> None:
    index = made(tmp_path / "index", [f"The ship number{n}" + (" sails" if n % 4 == 0 else "") for n in range(300)])
    assert index.distinctive_words("The ship number7 sails the seas") == ["number7"]
    assert index.distinctive_words("The ship") == ["the", "ship"]
    assert index.find("The ship number7") == ["The ship number7"]


def test_in_a_small_index_every_word_is_searched_for(foxes: Index) -> None:
    assert foxes.distinctive_words("The the river?") == ["the", "river"]


def test_all_that_was_put_in_is_there(foxes: Index) -> None:
    assert (foxes.size, set(foxes.ids())) == (3, set(FOXES))


def test_each_language_has_its_own(tmp_path: Path) -> None:
    writer = WordWriter(tmp_path)
    for language, texts in (("en", ["one fox"]), ("nl", ["een vos"]), ("en", ["two foxes"])):
        writer.add(language, texts, texts)
    writer.finish()
    assert set(WordIndex(tmp_path, "en").ids()) == {"one fox", "two foxes"}
    assert Index(tmp_path, "nl").find("vos fox") == ["een vos"]


def test_a_missing_index_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreDamaged, match="run ingest again"):
        WordIndex(tmp_path, "en")


def test_a_damaged_index_says_so(tmp_path: Path) -> None:
    made(tmp_path / "index", FOXES)
    (tmp_path / "index/words-en/meta.json").write_text("{")
    with pytest.raises(StoreDamaged, match="run ingest again"):
        WordIndex(tmp_path / "index", "en")
