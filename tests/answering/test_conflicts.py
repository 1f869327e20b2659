"""Documents that give different figures or dates for one question, and those that only seem to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qa.answering.conflicts import differing, figures
from qa.types import Hit, Passage, Source, Span


def span(name: str, sentence: str, words: str = "", confidence: float = 0.8, language: str = "en") -> Span:
    words = words or sentence
    start = sentence.index(words)
    source = Source(name, name, "0" * 64, name, None)
    passage = Passage(name, source, 0, len(sentence), sentence, "", language, ((0, len(sentence)),))
    return Span(Hit(passage, 1.0), start, start + len(words), 0, len(sentence), confidence)


HOW_MANY, WHEN = "How many people had to leave their homes?", "When did gate three stop?"


def test_near_identical_documents_disagree_like_others() -> None:
    spans = [span(name, f"{figure} people had to leave their homes.", figure) for name, figure in
             (("a", "1,240"), ("b", "1,420"))]  # fmt: skip
    grouped = []
    for one in spans:
        passage = replace(one.passage, source=replace(one.source, group="a"))
        grouped.append(replace(one, hit=replace(one.hit, passage=passage)))
    assert differing(HOW_MANY, grouped) == differing(HOW_MANY, spans) == [1]


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (
            HOW_MANY,
            ("1,240 people had to leave home.", "1,240 people"),
            ("Some 1,420 people left.", "Some 1,420 people"),
        ),
        (HOW_MANY, ("A total of 1,240 people had to leave their homes.", ""), ("Some 1,420 people had to leave.", "")),
        (
            HOW_MANY,
            ("A total of 1,240 people had to leave their homes.", "1,240"),
            ("Some 1,420 people were moved out of two villages that night.", "Some 1,420"),
        ),
        (
            "When will the first night ferry leave?",
            ("The first night ferry will leave on Monday 3 June.", "Monday 3 June"),
            ("The night ferry should make its first trip on 15 April.", "15 April"),
        ),
        (HOW_MANY, ("In all, twelve left.", "twelve"), ("Thirteen, no, 13 left.", "13")),
        (WHEN, ("Gate three stopped at 22:37.", "22:37"), ("Gate three stopped at 22.39 hours.", "22.39")),
        (WHEN, ("Gate three stopped on 13 March 2024.", ""), ("Gate three stopped on 14 March 2024.", "")),
    ],
)
def test_different_figures_disagree(question: str, one: tuple[str, str], other: tuple[str, str]) -> None:
    assert differing(question, [span("a", *one), span("b", *other)]) == [1]
    assert differing(question, [span("a", *one), span("a", *other)]) == []  # one document counts two things
    assert differing(question, [span("a", *one), span("b", *other, confidence=0.2)]) == []
    assert differing("Who had to leave?", [span("a", *one), span("b", *other)]) == []


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        (HOW_MANY, ("1,240 people", ""), ("1.240 mensen", "")),
        (HOW_MANY, ("1,240 people", ""), ("well over a thousand people", "")),
        (HOW_MANY, ("1,240 people", ""), ("at least 1240 people in 2 villages", "at least 1240 people")),
        (HOW_MANY, ("1,240 people", ""), ("96 boilers", "")),
        (
            HOW_MANY,
            ("Some 1,420 people had to leave their homes.", "Some 1,420"),
            ("At least 310 homes and 46 firms were flooded, and people had to leave.", "46"),
        ),
        (
            "When was the Marre Barrier opened?",
            ("The Marre Barrier was opened in 1997.", "1997"),
            ("It gave up its opening date of 15 April because of the damage at the Marre Barrier.", "15 April"),
        ),
        (HOW_MANY, ("1,240 people had to leave on 13 March.", ""), ("1,240 people had to leave at 22:37.", "")),
        (WHEN, ("Gate three stopped at 22:37.", ""), ("Gate three stopped 2.5 kilometres west of the harbour.", "")),
        (WHEN, ("Gate three stopped at 22:37.", ""), ("The ferry sails at 20:45 every day.", "")),
        (WHEN, ("22:37", ""), ("22.37", "")),
    ],
)
def test_equal_and_unrelated_figures_do_not_disagree(
    question: str, one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert differing(question, [span("a", *one), span("b", *other)]) == []


def test_figures_are_read_however_they_are_written() -> None:
    assert figures("1,240 and 1.240 and 1240", False) == {"1240"}
    assert figures("3,5 or 3.5", False) == {"3.5"}
    assert figures("zeven, seven, 7", False) == {"7"}
    assert figures("op 13 maart 2024 om 22.37 uur", True) == figures("March 13, 2024 at 22:37", True)
