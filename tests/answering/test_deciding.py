"""What is known of each candidate, worked out by hand, and what its confidence is made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qa.answering.citing import logistic
from qa.answering.deciding import (
    AGREEING,
    BLANK,
    FARTHEST,
    FEATURES,
    NAMED,
    UNNAMED,
    ScoredSpan,
    confidences,
    features,
    whole_cells,
    with_named_cells,
)
from qa.documents.loaders import load
from qa.passages import split
from qa.types import Hit, Passage, Source
from tests.helpers import write

QUESTION = "When did Ada Brook open the mill of Ostrava?"
TEXT = "Ada Brook opened the mill in 1811. It burned down on Monday."
COPY = "The mill dates from 1811, as the sign on its gate says."
DUTCH = "De molen van Ada Brook werd geopend op de eerste zondag van mei en staat er nog altijd."


def hit(name: str, text: str, score: float, language: str = "en", context: str = "") -> Hit:
    source = Source(name, name, "0" * 64, "", None)
    stops = [n + 1 for n, sign in enumerate(text) if sign == "."]
    begins = [0, *(stop + 1 for stop in stops[:-1])]
    return Hit(
        Passage(name, source, 100, 100 + len(text), text, context, language,
                tuple((100 + a, 100 + b) for a, b in zip(begins, stops, strict=True))),
        score,
    )  # fmt: skip


HITS = [hit("a.txt", TEXT, 1.6), hit("b.txt", COPY, 1.2, context="Ostrava"), hit("c.txt", DUTCH, 0.4, "nl")]


def marked(number: int, words: str, score: float) -> ScoredSpan:
    start = 100 + HITS[number].passage.text.index(words)
    return ScoredSpan(score, number, start, start + len(words))


FOUND = [
    marked(0, "1811", 5.0),
    marked(1, "1811", 4.0),
    marked(0, "Monday", 2.0),
    marked(2, "eerste zondag van mei", -3.0),
]


def known(name: str, question: str = QUESTION) -> list[float]:
    return [float(value) for value in features(question, HITS, FOUND)[:, FEATURES.index(name)]]


def test_a_lead_is_over_the_best_that_says_something_else() -> None:
    assert known("score") == [5.0, 4.0, 2.0, -3.0]
    assert known("lead") == [3.0, 2.0, -3.0, -8.0]
    alone = features(QUESTION, HITS, FOUND[:2])
    assert list(alone[:, FEATURES.index("lead")]) == [5.0, 4.0]  # both say the same: the lead is on "no answer"
    many = features(QUESTION, [*HITS, *HITS], FOUND[:2])
    assert list(many[:, FEATURES.index("lead")]) == [FARTHEST, FARTHEST]


def test_a_share_is_of_all_candidates_and_of_no_answer() -> None:
    together = math.log(sum(math.exp(one.score) for one in FOUND) + 1)
    assert known("share") == pytest.approx([one.score - together for one in FOUND])


def test_rank_and_retrieval_are_the_passage_s() -> None:
    assert known("rank") == pytest.approx([0, -math.log(2), 0, -math.log(3)])
    assert known("retrieval") == [1.6, 1.2, 1.6, 0.4]


def test_documents_that_agree_are_counted_up_to_a_few() -> None:
    assert known("agreeing") == [1, 1, 0, 0]
    many = [replace(HITS[0], passage=replace(HITS[0].passage, source=replace(HITS[0].passage.source, name=f"{n}")))
            for n in range(6)]  # fmt: skip
    rows = features(QUESTION, many, [FOUND[0]._replace(number=n) for n in range(6)])
    assert list(rows[:, FEATURES.index("agreeing")]) == [AGREEING] * 6


def test_near_identical_documents_agree_as_one() -> None:
    sources = [replace(HITS[0].passage.source, name=name, group=group) for name, group in
               (("a", "a"), ("b", "a"), ("c", "a"), ("d", None))]  # fmt: skip
    hits = [replace(HITS[0], passage=replace(HITS[0].passage, source=source)) for source in sources]
    rows = features(QUESTION, hits, [FOUND[0]._replace(number=n) for n in range(4)])
    assert list(rows[:, FEATURES.index("agreeing")]) == [1] * 4


def test_the_kind_asked_for_is_looked_for_in_the_span() -> None:
    assert (known("kind"), known("no_kind")) == ([1, 1, 1, 1], [0, 0, 0, 0])
    assert (known("kind", "How many were hurt?"), known("no_kind", "How many were hurt?")) == (
        [1, 1, 0, 0],
        [0, 0, 1, 1],
    )
    assert known("kind", "Is it a mill?") == known("no_kind", "Is it a mill?") == [0, 0, 0, 0]


def test_words_of_the_question_are_looked_for_in_sentence_and_passage() -> None:
    # when did ada brook open the mill of ostrava: nine words, of which the first sentence has ada brook open the mill
    assert known("words") == pytest.approx([5 / 9, 2 / 9, 0, 2 / 9])
    assert known("around") == pytest.approx([5 / 9, 3 / 9, 5 / 9, 2 / 9])


def test_names_and_figures_that_the_passage_lacks_are_counted() -> None:
    assert known("unsaid") == pytest.approx([1 / 3, 2 / 3, 1 / 3, 1 / 3])  # Ostrava; Ada, Brook; Ostrava twice
    assert known("unsaid", "What was it in 1811?") == [0, 0, 0, 1]


def test_languages_of_question_and_passage() -> None:
    assert known("across") == [0, 0, 0, 1]
    asked = "Wanneer heeft Ada Brook de molen van Ostrava geopend?"
    assert known("across", asked) == [1, 1, 1, 0]


def test_confidence_is_the_logistic_of_the_weighed_features() -> None:
    rows = features(QUESTION, HITS, FOUND)
    found = confidences(rows, {"score": 0.5, "agreeing": 2.0}, -3.0)
    assert found == pytest.approx([logistic(2.5 + 2 - 3), logistic(2 + 2 - 3), logistic(1 - 3), logistic(-1.5 - 3)])
    assert confidences(features(QUESTION, HITS, []), {"score": 1.0}, 0.0) == []
    assert np.isfinite(rows).all()


# ---- cells that a question names ----


def tables(folder: Path, *texts: str) -> list[Hit]:
    found = []
    for number, text in enumerate(texts):
        document = load(write(folder, f"{number}.csv", text), f"{number}.csv")
        found += [Hit(passage, 1.0) for passage in split(document, lambda all: [len(t.split()) for t in all], 512, "t")]
    return found


def raised(hits: Sequence[Hit], *words: str, question: str = "What is the depth of Elm?") -> list[str]:
    """Those of some words of the first hit that become sure where nothing was."""
    passage = hits[0].passage
    starts = [passage.start + passage.text.index(word) for word in words]
    spans = [ScoredSpan(0.0, 0, at, at + len(word)) for at, word in zip(starts, words, strict=True)]
    sure = with_named_cells(question, hits, spans, [0.2] * len(spans))
    assert set(sure) <= {0.2, NAMED}
    return [word for word, one in zip(words, sure, strict=True) if one == NAMED]


def test_the_cell_that_a_question_names_is_sure(tmp_path: Path) -> None:
    hits = tables(tmp_path, "Site,Depth (m),Width (m)\nElm,18-22,4\nFir,6,9\n", "Site,Cost (EUR)\nElm,70\nFir,80\n")
    assert raised(hits, "18-22", "18", "4", "6") == ["18-22"]  # not where a figure of the cell is missing
    assert raised(hits, "18-22", question="What was the depth of Elm in 1990?") == []


def test_tables_that_say_different_things_of_it_make_nothing_sure(tmp_path: Path) -> None:
    other = "Place,Depth (m),Age\nElm,19,4\nFir,6,9\n"
    hits = tables(tmp_path, "Site,Depth (m),Width (m)\nElm,18,4\nFir,6,9\n", other)
    assert raised(hits, "18") == []
    assert raised(tables(tmp_path, "Site,Depth (m),Width (m)\nElm,19,4\nFir,6,9\n", other), "19") == ["19"]


def test_under_a_column_of_which_the_question_says_no_word_nothing_is_likely(tmp_path: Path) -> None:
    hits = tables(tmp_path, "Site,Depth (m),Keeper\nElm,18,Ada Brook\nFir,6,Jo Vos\n")
    at = hits[0].passage.text.index("18")
    for question, confidence in (
        ("How wide is Elm?", UNNAMED),
        ("Which depth was planned for Elm?", 0.8),
        ("What is known of the deepest?", 0.8),  # it names no row
    ):
        assert with_named_cells(question, hits, [ScoredSpan(0.0, 0, at, at + 2)], [0.8]) == [confidence]


def test_what_stands_beside_the_empty_cell_that_is_named_is_not_sure(tmp_path: Path) -> None:
    for blank in ("", "-", "n/a", "\u2013"):
        hits = tables(tmp_path, f"Site,Depth (m),Width (m)\nElm,{blank},47\nFir,68,91\n")

        def sure(question: str, words: str, hits: list[Hit] = hits) -> float:
            at = hits[0].passage.text.index(words)
            return with_named_cells(question, hits, [ScoredSpan(0.0, 0, at, at + 2)], [0.8])[0]

        assert sure("What is the depth of Elm?", "47") == BLANK
        assert sure("What is the depth of Elm?", "68") == BLANK
        assert sure("What is the depth of Fir?", "68") >= 0.8
        assert sure("What is the width of Elm?", "47") >= 0.8


def test_a_confidence_above_is_not_lowered(tmp_path: Path) -> None:
    hits = tables(tmp_path, "Site,Depth (m),Width (m)\nElm,18,4\nFir,6,9\n")
    at = hits[0].passage.text.index("18")
    assert with_named_cells("What is the depth of Elm?", hits, [ScoredSpan(0.0, 0, at, at + 2)], [0.95]) == [0.95]


def test_a_span_is_grown_to_the_short_cell_that_is_named(tmp_path: Path) -> None:
    text = "What;Place;Start\nspring fair;Mill Lane, hall 4;2024-05-02 10:30\n"
    path = write(tmp_path, "a.csv", text)
    (passage,) = split(load(path, "a.csv"), lambda some: [len(one.split()) for one in some], 512, "t")

    def grown(question: str, words: str) -> str:
        start = text.index(words)
        (one,) = whole_cells(question, [Hit(passage, 1.0)], [ScoredSpan(1.0, 0, start, start + len(words))])
        return text[one.start : one.end]

    assert grown("Where is the spring fair?", "Mill Lane, hall") == "Mill Lane, hall 4"
    assert grown("When is the spring fair?", "10:30") == "2024-05-02 10:30"
    assert grown("Where does the fair take place?", "Mill Lane") == "Mill Lane, hall 4"
    assert grown("Which hall is it?", "hall 4") == "hall 4"
