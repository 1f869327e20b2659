"""Questions with marked answers: every form of file is read, every span stands in its text."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from eval.training import reading_data, reading_pairs
from eval.training.reading_data import CASES, OWN, Example, read_own, write_lines
from tests.helpers import ROOT


def of(examples: Sequence[Example], source: str) -> list[Example]:
    return [example for example in examples if example.source == source]


def test_every_source_is_read_and_its_spans_stand_in_their_texts(training_folder: Path) -> None:
    examples = reading_data.read_all(training_folder, seed=1)
    assert {example.source for example in examples} == set(reading_data.READERS)
    assert all(answer and answer == answer.strip() for example in examples for answer in example.answers)
    assert of(examples, "squad")[0].answers == ["Ada Brook"]  # trimmed, and once
    assert of(examples, "squad")[0].title == "Mill 1"


def test_the_held_out_articles_of_new_wiki_are_never_read(training_folder: Path) -> None:
    found = of(reading_data.read_all(training_folder, seed=1), "new_wiki")
    assert [example.title for example in found] == [f"Mill {n}" for n in range(1, 21)]


def test_weak_labels_count_only_where_they_are_trusted_and_stay_in_one_sentence(training_folder: Path) -> None:
    found = of(reading_data.read_all(training_folder, seed=1), "weak_squad")
    assert [(example.article, example.answers) for example in found] == [("44", ["nine"]), ("45", ["nine"])]


def test_tokenised_texts_are_put_right_and_their_spans_with_them(training_folder: Path) -> None:
    examples = reading_data.read_all(training_folder, seed=1)
    kettle = of(examples, "qed")[0]
    assert kettle.context == 'The kettle (of tin) was made by Jo Reed, Al Moss and Bo Lane. It "sings".'
    assert kettle.answers == ["Jo Reed", "Jo Reed, Al Moss"]
    assert [example.answers for example in of(examples, "clapnq")] == [["Air is drawn in. It rises."], []]
    assert of(examples, "multispan")[0].context == "Jo's song was sung by Al, Bo and Cy."
    assert of(examples, "multispan")[0].answers == ["Al, Bo and Cy"]


@pytest.mark.parametrize(
    ("text", "parts", "whole"),
    [
        ("tea, milk and rum", ["tea", "rum"], "tea, milk and rum"),
        ("tea. Then rum", ["tea", "rum"], "tea"),  # two sentences
        ("tea " + "x" * 300 + " rum", ["tea", "rum"], "tea"),  # too long to quote
        ("U.S. and E.U. rules", ["U.S.", "E.U."], "U.S. and E.U."),
    ],
)
def test_a_list_is_one_span_where_it_can_be_quoted(text: str, parts: list[str], whole: str) -> None:
    start, end = reading_data.covering(text, [(text.index(part), text.index(part) + len(part)) for part in parts])
    assert text[start:end] == whole


# ---- our own examples ----


def test_our_own_examples_show_every_case_often_enough() -> None:
    own = read_own(OWN)
    assert len(own) >= 140
    cases = Counter(example.case for example in own)
    assert set(cases) == set(CASES)
    assert min(cases.values()) >= 20
    assert sum(example.lang == "nl" for example in own) >= 0.15 * len(own)
    assert len({(example.question, example.context) for example in own}) == len(own)


def test_no_question_of_the_evaluation_is_among_our_own_examples() -> None:
    files = sorted((ROOT / "eval" / "data").glob("*.jsonl"))
    asked = {json.loads(line)["question"] for path in files for line in path.read_text("utf-8").splitlines()}
    assert asked
    assert {q.casefold().strip(" ?") for q in asked}.isdisjoint(
        e.question.casefold().strip(" ?") for e in read_own(OWN)
    )


@pytest.mark.parametrize("answer", ["tea", "rum"])
def test_an_own_answer_that_does_not_stand_once_in_its_text_is_refused(tmp_path: Path, answer: str) -> None:
    path = tmp_path / "own.jsonl"
    row = {"question": "What?", "context": "Tea, tea, tea.", "answer": answer, "lang": "en", "case": "reply",
           "title": "Drinks", "date": None}  # fmt: skip
    write_lines(path, [row])
    with pytest.raises(ValueError, match="line 1"):
        read_own(path)


def test_a_reply_is_also_shown_without_the_question_before_it() -> None:
    context = "Q (Ann Lee): Is the road open?\n\nMinister Poe: Since noon. Drive slowly.\n\nQ: Thank you."
    span = (context.index("Since noon"), context.index("Since noon") + 10)
    example = Example("1", "When was it opened?", "Roads", context, (span,), "own", "en")
    alone = reading_data.reply_alone(example)
    assert alone is not None
    assert (alone.context, alone.answers) == ("Minister Poe: Since noon. Drive slowly.", ["Since noon"])
    assert (alone.speaker, alone.asked) == ("Minister Poe", "Is the road open?")
    assert reading_pairs.context_line(alone, random.Random(1)).endswith("Minister Poe | Roads | Is the road open?")
