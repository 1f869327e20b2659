"""The pairs of the second round of training: chosen by a reader, here one that finds what a test tells it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import torch

from eval.training import second_round
from eval.training.reading_data import WEAK_SKIP, Example
from eval.training.reading_pairs import Articles, Pair, load_pairs, save_pairs
from eval.training.second_round import SURE, Mark, Readings, alike, best, candidate, chosen, mark_of, weak_marks

BELL = "The bell of Ostrava was cast by Ada Brook in 1811."
FIRE = "A fire took the tower of Ostrava in 1902, but the bell was saved."
FAIR = "Ostrava has a fair in May. The bell opens it."


class Sure:
    """Finds certain words, and nothing in other texts, with a score."""

    def __init__(self, **scores: float) -> None:
        self.scores = {words.replace("_", " "): score for words, score in scores.items()}
        self.read: list[str] = []

    def __call__(self, readings: Readings) -> list[Mark]:
        self.read = [text for _, text in readings]
        return [self.mark(text) for text in self.read]

    def mark(self, text: str) -> Mark:
        for words, score in self.scores.items():
            if (at := text.find(words)) >= 0:
                return Mark(score, at, at + len(words))
        return Mark(-9.0, 0, 0)


def example(
    context: str, answer: str, question: str = "Who cast the bell of Ostrava?", source: str = "squad"
) -> Example:
    at = context.index(answer)
    return Example("q1", question, "Ostrava", context, ((at, at + len(answer)),), source, "Ostrava")


def articles(source: str = "squad") -> Articles:
    rest = [example(text, text.split()[0], source=source) for text in (FIRE, FAIR)]
    return Articles([example(BELL, "Ada Brook", source=source), *rest], random.Random(1))


def pairs_of(reader: Sure) -> list[Pair]:
    return chosen([candidate(example(BELL, "Ada Brook"), articles(), (), True)], reader, random.Random(1))


def weak_pairs(mark: str, reader: Sure) -> list[Pair]:
    weak = example(BELL, mark, source="marked")
    return chosen([candidate(weak, articles("marked"), [(0, len(BELL))], True)], reader, random.Random(1))


def test_the_negative_is_the_passage_that_the_reader_is_most_wrong_about() -> None:
    reader = Sure(fair_in_May=2.0, tower=1.0)
    own, negative = pairs_of(reader)
    assert [own.passage[a:b] for a, b in own.spans] == ["Ada Brook"]
    assert (negative.passage, negative.spans) == (FAIR, ())
    assert sorted(reader.read) == sorted([FIRE, FAIR]), "its own passage, which has the answer, is not read"


def test_without_a_span_in_the_others_there_is_no_negative() -> None:
    assert len(pairs_of(Sure(no_such_words=9.0))) == 1


@pytest.mark.parametrize(
    ("found", "score", "kept"),
    [
        ("cast_by_Ada_Brook", SURE + 1, ["cast by Ada Brook"]),  # the reader's own span stands for the mark
        ("Ada_Brook", SURE - 1, []),  # not sure
        ("1811", SURE + 1, []),  # sure of something else
    ],
)
def test_a_weak_mark_is_taken_as_the_reader_has_it_or_left_out(found: str, score: float, kept: list[str]) -> None:
    pairs = weak_pairs("by Ada Brook", Sure(**{found: score}))
    assert [pair.passage[a:b] for pair in pairs for a, b in pair.spans] == kept


def test_the_negative_of_a_weak_mark_reads_worse_and_lacks_what_was_found() -> None:
    assert [pair.passage for pair in weak_pairs("Ada Brook", Sure(Ada_Brook=5.0, fair=4.0, tower=6.0))] == [BELL, FAIR]
    assert [pair.passage for pair in weak_pairs("bell", Sure(bell=5.0))] == [BELL]


def test_the_best_span_lies_in_the_passage_and_is_short() -> None:
    tokens = second_round.SPAN_TOKENS + 10
    start, end, passage = torch.zeros(1, tokens), torch.zeros(1, tokens), torch.ones(1, tokens, dtype=torch.bool)
    passage[0, :3] = False
    start[0, 0], end[0, 0] = 1.0, 0.5  # no answer
    start[0, 1] = end[0, 1] = 99.0  # in the question
    start[0, 4], start[0, 8], end[0, -1], end[0, 9] = 5.0, 4.0, 7.0, 6.0
    score, first, last = best(start, end, passage)
    assert (float(score), int(first), int(last)) == (5.0 + 6.0 - 1.5, 4, 9)


def test_a_mark_begins_with_its_word() -> None:
    assert mark_of("by Ada Brook", 1.0, 2, 12) == Mark(1.0, 3, 12)


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
    save_pairs(pairs, tmp_path / "pairs.jsonl")
    assert load_pairs(tmp_path / "pairs.jsonl") == pairs
