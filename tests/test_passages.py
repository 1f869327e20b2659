"""Passages: exact offsets whatever the text, whole sentences, a context line that fits the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.passages import CONTEXT_TOKENS, PASSAGE_CHARS, QUOTE_CHARS, split
from qa.types import Document, Mark, Passage, join_context
from tests.splitting import (
    BRIEFING,
    CORPUS,
    DUTCH,
    ENGLISH,
    SPECIAL,
    Count,
    characters,
    document,
    heading,
    heavy,
    holding,
    mark,
    passages,
    sample,
    sentences,
    words,
)

# ---- any text ----


PIECES = [
    *("A short sentence. ", "He left at 5.30 p.m. and came back. ", "Is it so? ", "Dhr. De Vries kwam om 5 uur. "),
    "The water rose to 3.72 metres on the outer side of the barrier at five minutes to three. ",
    "De schuif bleef hangen omdat een sensor een verkeerde waarde gaf, zei de directeur gisteren. ",
    *("\n\n", "\r\n\r\n", "\r\r", "\n", "\r\n", "\r", "\t", " ", "\n\n\n\n"),
    *("\u00a0", "\u2028", "\x0b", "\x0c", "\x85"),
    *("\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467 ", "e\u0301\u0301 a\u0308", "\u0301", "\ufeff", "\x00"),
    *("\u05e9\u05dc\u05d5\u05dd \u202eabc\u202c. ", "\u0645\u0631\u062d\u0628\u0627. ", "\u4f60\u597d\u3002" * 40),
    *("...!!!???", "---", "; ", ", ", "1. ", "(F) ", "\u201cYes. ", "\u201d ", "\ue000", "\ue001"),
    *("x" * 1500, "word, " * 130, "woord " * 130, "and it went on "),
    *("Director Anna de Wit: ", "Director: ", "Jan Bos (NRC): ", "Q: ", "A: ", "Note: ", "We did. ", "Why was it so? "),
]
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=30)), max_size=60).map("".join)
REPEATED = st.tuples(TEXTS, st.integers(1, 6)).map(lambda made: made[0] * made[1])
RANGES = st.lists(
    st.tuples(st.integers(0, 3000), st.integers(1, 90), st.sampled_from(["heading", "furniture"])), max_size=4
)


def marks_in(text: str, ranges: Sequence[tuple[int, int, str]]) -> list[Mark]:
    """Sorted marks that do not overlap, from any ranges."""
    made: list[Mark] = []
    for start, length, kind in sorted(ranges):
        begin, end = max(start, made[-1].end if made else 0), min(len(text), start + length)
        if begin < end:
            made.append(Mark(begin, end, "heading" if kind == "heading" else "furniture"))
    return made


@settings(max_examples=300, deadline=None)
@given(REPEATED, RANGES, st.sampled_from([words, characters, heavy]), st.integers(64, 600))
def test_passages_of_any_text_are_exact(
    text: str, ranges: Sequence[tuple[int, int, str]], count: Count, window: int
) -> None:
    marks = marks_in(text, ranges)
    made = passages(text, *marks, count=count, window=window)
    covered = [0] * len(text)
    for passage in made:
        assert passage.text == text[passage.start : passage.end] == passage.text.strip() != ""
        assert len(passage.text) <= PASSAGE_CHARS
        quotable = set()
        at = passage.start
        for start, end in passage.sentences:
            assert at <= start < end <= passage.end
            assert end - start <= QUOTE_CHARS
            assert text[start:end] == text[start:end].strip()
            quotable.update(range(start, end))
            at = end
        for offset in range(passage.start, passage.end):
            covered[offset] += 1
            assert offset in quotable or text[offset].isspace()
    furniture = {at for m in marks if m.kind == "furniture" for at in range(m.start, m.end)}
    # The foot and head of pages may stand within a sentence, which a page break in the text cuts.
    furniture -= {at for one in made if "\x0c" in one.text for at in range(one.start, one.end)}
    for offset, character in enumerate(text):
        if not character.isspace():
            assert covered[offset] == (offset not in furniture)


@settings(max_examples=150, deadline=None)
@given(REPEATED, RANGES, st.text(max_size=200), st.sampled_from([words, characters, heavy]), st.integers(64, 600))
def test_context_and_text_fit_the_window(
    text: str, ranges: Sequence[tuple[int, int, str]], title: str, count: Count, window: int
) -> None:
    for passage in passages(text, *marks_in(text, ranges), title=title, date="2024-03-14", count=count, window=window):
        assert count([passage.context])[0] - SPECIAL <= CONTEXT_TOKENS
        if len(passage.text) > 1:  # nothing smaller can be made of a single character
            assert count([join_context(passage.context, passage.text)])[0] <= window


@settings(max_examples=100, deadline=None)
@given(REPEATED)
def test_the_same_document_has_the_same_passages_each_time_each_with_its_own_id(text: str) -> None:
    made = passages(text)
    assert made == passages(text)
    assert len({passage.id for passage in made}) == len(made)


def test_the_id_depends_on_name_place_text_context_and_model() -> None:
    text = "The bridge was opened on Tuesday."
    elsewhere = Document(replace(document(text).source, name="b.txt"), text)
    same = next(split(document(text), words, 512, "model 1"))
    others = [
        *split(document(text), words, 512, "model 2"),
        *split(document(text, title="Another"), words, 512, "model 1"),
        *split(document(" " + text), words, 512, "model 1"),
        *split(elsewhere, words, 512, "model 1"),
    ]
    assert len({same.id, *(other.id for other in others)}) == 5


def test_a_blank_text_has_no_passages() -> None:
    assert passages("") == passages(" \r\n\t\u00a0\n") == []


def test_a_huge_line_is_cut_into_passages_of_limited_length() -> None:
    text = "word " * 60_000
    made = passages(text)
    assert "".join(passage.text for passage in made).replace(" ", "") == text.replace(" ", "")
    assert max(len(passage.text) for passage in made) <= PASSAGE_CHARS


# ---- sentences and paragraphs ----


def test_a_long_sentence_is_cut_at_its_clause_marks() -> None:
    clauses = [f"the {number} gate was closed by the crew at half past {number}" for number in NUMBERS]
    text = "First " + "; ".join(clauses) + "."
    found = sentences(passages(text))
    assert len(text) > QUOTE_CHARS
    assert " ".join(found) == text
    assert all(s.endswith((";", ".")) for s in found)


NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def test_a_sentence_broken_by_a_page_is_one_sentence_of_one_passage() -> None:
    text = (
        "The gates were lowered one after the other that night.\n\n"
        "Everything we have, every log and every recording, will\n\n\x0c\n"
        "be handed over to the investigators tomorrow. They asked for it."
    )
    made = passages(text)
    whole = text[text.index("Everything") : text.index(" They asked")]
    assert whole in sentences(made)
    assert whole in holding(made, "Everything").text


def test_a_paragraph_that_ends_its_sentence_is_not_joined_with_the_next() -> None:
    text = "The gates were lowered that night.\n\niPhones rang all over the town then."
    assert sentences(passages(text)) == ["The gates were lowered that night.", "iPhones rang all over the town then."]


def test_paragraphs_are_kept_whole_where_they_fit() -> None:
    filler = "It has one more sentence. " * (PASSAGE_CHARS // 26 // 2 - 2)  # a little under half a passage
    made = passages("\n\n".join(f"Paragraph {number}. {filler}" for number in range(6)))
    assert [passage.text.count("Paragraph") for passage in made] == [2, 2, 2]
    assert all(passage.text.startswith("Paragraph") for passage in made)


# ---- furniture and language ----


def test_furniture_is_in_no_passage_and_separates_the_text_around_it() -> None:
    text = "The ferry sails again. We use cookies to count readers. Tickets cost seven euros.\n\nNEXT NEWS"
    made = passages(text, mark(text, "We use cookies to count readers.", "furniture"), mark(text, "NEXT NEWS", "f"))
    assert [passage.text for passage in made] == ["The ferry sails again.", "Tickets cost seven euros."]


def test_passages_of_a_mixed_document_have_their_own_languages() -> None:
    text = "\n\n".join([ENGLISH, ENGLISH.replace("bridge", "road"), DUTCH, DUTCH.replace("brug", "weg")])
    assert [(p.language, "gemeenteraad" in p.text) for p in passages(text)] == [("en", False), ("nl", True)]


def test_a_short_line_between_two_blocks_of_one_language_has_that_language() -> None:
    text = f"{DUTCH}\n\nWater Management Company Europe, North Sea Region Office\n\n{DUTCH}"
    assert {passage.language for passage in passages(text)} == {"nl"}


def test_a_broken_title_has_the_language_of_its_longer_part() -> None:
    text = f"{ENGLISH}\n\nPersbriefing\n\n{DUTCH[0].lower()}{DUTCH[1:]}\n\n{DUTCH.replace('brug', 'weg')}"
    assert holding(passages(text), "Persbriefing").language == "nl"


def test_too_few_letters_have_no_language() -> None:
    assert [passage.language for passage in passages("12 : 30")] == ["und"]


# ---- context line ----


def test_the_context_line_holds_date_title_and_heading() -> None:
    text = f"Two ships, every night\n\n{ENGLISH}"
    made = passages(text, heading(text, "Two ships, every night"), title="Night ferry postponed", date="2024-03-28")
    assert [passage.context for passage in made] == ["2024-03-28 | Night ferry postponed | Two ships, every night"]


def test_a_heading_that_is_the_title_is_not_repeated_in_the_context_line() -> None:
    text = f"Night ferry postponed\n\n{ENGLISH}"
    made = passages(text, heading(text, "Night ferry postponed"), title="Night ferry postponed")
    assert [passage.context for passage in made] == ["Night ferry postponed"]


def test_a_speaker_is_in_the_context_only_of_passages_without_another_speaker() -> None:
    speech = "Port Director Anna Meijer: " + "We have placed two pumps on the bridge, one on each bank. " * 30
    made = passages(BRIEFING + "\n" + speech)
    inside = [passage for passage in made if {turn.speaker for turn in passage.turns} == {"Port Director Anna Meijer"}]
    assert inside
    assert all("Port Director Anna Meijer" in passage.context for passage in inside)
    assert all("Tom Bos" not in passage.context for passage in made)


def test_the_context_line_is_cut_between_words() -> None:
    title = " ".join(f"word{number}" for number in range(100))
    (passage,) = passages(ENGLISH, title=title, date="2024-03-28")
    date, _, kept = passage.context.partition(" | ")
    assert date == "2024-03-28"
    assert title.startswith(kept + " ")
    assert words([passage.context])[0] - SPECIAL <= CONTEXT_TOKENS


def test_the_separators_count_as_tokens_of_the_context_line() -> None:
    text = f"Two of its ships\n\n{ENGLISH}"
    made = passages(
        text, heading(text, "Two of its ships"), title="a b c d e f g h", date="2024-03-28", count=characters
    )
    assert made
    assert all(characters([passage.context])[0] - SPECIAL <= CONTEXT_TOKENS for passage in made)


def test_a_document_without_title_and_date_has_no_context() -> None:
    (passage,) = passages(ENGLISH, title="")
    assert passage.context == ""
    assert join_context(passage.context, passage.text) == ENGLISH


def test_the_context_line_is_indexed_but_is_not_the_text() -> None:
    (passage,) = passages(ENGLISH, title="Bridge approved")
    assert join_context(passage.context, passage.text) == f"Bridge approved\n{ENGLISH}"
    assert passage.text == ENGLISH


# ---- the sample documents ----


@pytest.mark.parametrize("name", sorted(path.name for path in CORPUS.iterdir()))
def test_sample_documents_are_quoted_exactly_and_without_furniture(name: str) -> None:
    read, made = sample(name)
    ruled = [set(read.text[m.start : m.end]) <= set("|-: ") for m in read.marks]  # below the head of a Markdown table
    furniture = [m for m, rule in zip(read.marks, ruled, strict=True) if m.kind == "furniture" and not rule]
    assert made
    for passage in made:
        assert read.text[passage.start : passage.end] == passage.text
        assert not any(m.start < passage.end and passage.start < m.end for m in furniture)


FEET = "Okoro & Lund           Standards          [Page 1]\n\x0cRFC 9           Harbour Signals          March 2024"


def paged(before: str, after: str, feet: str = FEET) -> tuple[str, list[Passage]]:
    text = f"{before}\n\n\n{feet}\n\n\n{after}\n"
    return text, passages(text, *(mark(text, line, "furniture") for line in feet.split("\n") if line.strip("\x0c")))


@pytest.mark.parametrize(
    ("before", "after", "broken"),
    [
        ("A ship waits. If nobody answers the ship", "MUST raise the yellow flag. Then it waits.", True),
        ("A ship waits. If nobody answers the ship", "anchors outside. Then it waits.", True),
        ("Het schip wacht. Het anker wordt door de heer", "Bakels opgehaald. Daarna vaart het.", True),
        ("A ship waits. Nobody answers.", "Then it waits. It has a flag.", False),
        ("A ship waits. It sees", "2. Answers", False),
        ("Jane Doe\nDirector", "The harbour answers. It is quick.", False),  # no prose
    ],
)
def test_a_sentence_over_a_page_foot_is_one_where_both_parts_are_prose(before: str, after: str, broken: bool) -> None:
    text, made = paged(before, after)
    first, last = before.rsplit(". ", 1)[-1].split()[0], after.split(". ")[0]
    joined = [one for one in sentences(made) if first in one and last in one]
    assert bool(joined) == broken
    assert any("[Page 1]" in passage.text for passage in made) == broken
    assert all(one in text for one in sentences(made))


def test_a_sentence_that_would_be_too_long_to_quote_ends_at_the_page() -> None:
    _, made = paged(
        "A ship waits. If nobody answers the ship", "MUST raise the flag.", FEET.replace(" ", "   ") + "\n" * 250
    )
    assert not any("[Page" in passage.text for passage in made)
