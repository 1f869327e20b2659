"""The pairs of the second round of training: chosen by a reader, here one that finds what a test tells it."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from qa.span_reader import Found
from qa.training.reading_data import WEAK_SKIP, Example
from qa.training.reading_pairs import Articles, Pair
from qa.training.second_round import SURE, alike, load, marked_anew, mined, save, weak_marks
from qa.types import Hit

BELL = "The bell of Ostrava was cast by Ada Brook in 1811."
FIRE = "A fire took the tower of Ostrava in 1902, but the bell was saved."
FAIR = "Ostrava has a fair in May. The bell opens it."


class Sure:
    """Finds the first passage that has the words, at the place of the words, with a score."""

    def __init__(self, words: str, score: float) -> None:
        self.words, self.score = words, score
        self.read: list[str] = []

    def find(self, question: str, hits: Sequence[Hit]) -> list[Found]:
        self.read = [hit.passage.text for hit in hits]
        for number, text in enumerate(self.read):
            if (at := text.find(self.words)) >= 0:
                return [Found(self.score, number, at, at + len(self.words))]
        return []


def example(
    context: str, answer: str, question: str = "Who cast the bell of Ostrava?", source: str = "squad"
) -> Example:
    at = context.index(answer)
    return Example("q1", question, "Ostrava", context, ((at, at + len(answer)),), source, "Ostrava")


def articles() -> Articles:
    rest = [example(text, text.split()[0]) for text in (FIRE, FAIR)]
    return Articles([example(BELL, "Ada Brook"), *rest], random.Random(1))


def pairs_of(reader: Sure, seed: int = 1) -> list[Pair]:
    return list(mined(example(BELL, "Ada Brook"), articles(), reader, random.Random(seed)))  # type: ignore[arg-type]


def test_the_negative_is_the_passage_that_the_reader_is_most_wrong_about() -> None:
    reader = Sure("fair in May", 2.0)
    own, negative = pairs_of(reader)
    assert [own.passage[a:b] for a, b in own.spans] == ["Ada Brook"]
    assert (negative.passage, negative.spans) == (FAIR, ())
    assert sorted(reader.read) == sorted([FIRE, FAIR]), "its own passage, which has the answer, is not read"


def test_without_a_span_in_the_others_there_is_no_negative() -> None:
    assert len(pairs_of(Sure("no such words", 9.0))) == 1


@pytest.mark.parametrize(
    ("found", "score", "kept"),
    [
        ("cast by Ada Brook", SURE + 1, ["cast by Ada Brook"]),  # the reader's own span stands for the mark
        ("Ada Brook", SURE - 1, []),  # not sure
        ("1811", SURE + 1, []),  # sure of something else
    ],
)
def test_a_weak_mark_is_taken_as_the_reader_has_it_or_left_out(found: str, score: float, kept: list[str]) -> None:
    weak = example(BELL, "by Ada Brook", source="weak_squad")
    pairs = marked_anew(weak, articles(), Sure(found, score), random.Random(1))  # type: ignore[arg-type]
    assert [pair.passage[a:b] for pair in pairs for a, b in pair.spans] == kept


def test_spans_are_alike_that_share_more_than_half_of_their_words() -> None:
    text = "one two three four five"
    assert alike(text, (0, 13), (4, 18))  # two of three words
    assert not alike(text, (0, 7), (4, 23))  # one of two and four
    assert not alike(text, (0, 3), (4, 7))


def test_every_marked_span_of_a_paragraph_counts_and_trusted_articles_are_left_alone(tmp_path: Path) -> None:
    def run(words: str) -> dict[str, object]:
        at = BELL.index(words)
        return {"runs": [[at, at + len(words)]]}

    qas = [{"question": "Who?", "order": 0, "conf": 0.9}, {"question": "When?", "order": 1, "conf": 0.1}]
    paragraph = {"context": BELL, "marked_spans": [run("Ada Brook"), run("1811")], "qas": qas}
    data = {"data": [{"paragraphs": [paragraph]}] * (WEAK_SKIP + 1)}
    (tmp_path / "squad2-backtranslated.json").write_text(json.dumps(data), encoding="utf-8")
    (found,) = weak_marks(tmp_path)
    assert (found.question, found.answers, found.article) == ("Who?", ["Ada Brook", "1811"], str(WEAK_SKIP))


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    pairs = [Pair("Who?", "Ostrava", BELL, ((32, 41), (45, 49)), "squad"), Pair("Why?", "", FAIR, (), "squad")]
    save(pairs, tmp_path / "pairs.jsonl")
    assert load(tmp_path / "pairs.jsonl") == pairs
