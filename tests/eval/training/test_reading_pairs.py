"""Pairs: passages are cut around the answer, negatives lack it, the same seed gives the same pairs."""

from __future__ import annotations

import random
from pathlib import Path

from eval.training import reading_data, reading_pairs
from eval.training.reading_data import Example
from eval.training.reading_pairs import make_pairs

LONG = (
    "The mill of Ostrava stands on the river. " * 20 + "Its wheel was built by Ada Brook in 1811. " + "It rains. " * 20
)


def example(context: str, answer: str, article: str = "1", question: str = "Who built the wheel?") -> Example:
    spans = ((context.index(answer), context.index(answer) + len(answer)),) if answer else ()
    return Example(context[:20], question, "Ostrava", context, spans, "squad", article)


def test_a_long_text_is_cut_between_sentences_and_its_span_kept() -> None:
    one = example(LONG, "Ada Brook")
    passage, spans = reading_pairs.cut(one)
    assert len(passage) <= 600
    assert [passage[a:b] for a, b in spans] == ["Ada Brook"]
    assert passage in LONG
    assert passage.endswith(".")


def test_an_answer_of_several_sentences_is_not_cut() -> None:
    sentence = "The wheel turns because the water that falls on it is heavy, and it is slow. "
    text = sentence * 12
    assert reading_pairs.pieces(text, "en", (400, 800))[0][1] > 800
    assert all(b - a <= 600 for a, b in reading_pairs.pieces(text, "en"))


def test_a_negative_is_another_passage_of_the_article_without_the_answer() -> None:
    texts = [
        "The wheel was built by Ada Brook.",
        "ADA BROOK built a wheel.",
        "A wheel is round. Who built it?",
        "Rain.",
    ]
    examples = [example(text, "") for text in texts[1:]] + [example("Far away they built a wheel.", "", article="2")]
    asked = example(texts[0], "Ada Brook")
    articles = reading_pairs.Articles([asked, *examples], random.Random(1))
    drawn = {articles.drawn(asked, texts[0], "1", random.Random(n))[0] for n in range(20)}
    assert drawn == {(texts[2], "Ostrava"), (texts[3], "Ostrava")}


def test_overlap_puts_the_rare_word_first() -> None:
    ranked = reading_pairs.Overlap(["the mill", "the wheel", "the mill and the river"]).ranked("Where is the river?")
    assert ranked[0] == "the mill and the river"


def test_pairs_are_the_same_for_the_same_seed_and_as_many_as_asked_for(training_folder: Path) -> None:
    examples = reading_data.read_all(training_folder, seed=1)
    assert make_pairs(examples, 500, seed=3) == make_pairs(examples, 500, seed=3)
    assert make_pairs(examples, 500, seed=3) != make_pairs(examples, 500, seed=4)
    assert 350 <= len(make_pairs(examples, 500, seed=3)) <= 650
    for pair in make_pairs(examples, 500, seed=3):
        assert all(0 <= a < b <= len(pair.passage) for a, b in pair.spans)
        assert pair.text.endswith(pair.passage)
