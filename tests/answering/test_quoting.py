"""Quotes: whole words whatever the script, no stray punctuation, brackets and quotation marks in pairs."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.answering.quoting import GREETING, QuoteBounds, clause, quotable, says_nothing


def quote(text: str, rough: str, low: int = 0, high: int | None = None) -> str | None:
    """What becomes of the first place where `rough` stands."""
    start = text.index(rough)
    sentences = [(match.start(), match.end()) for match in re.finditer(r"\S.*?(?:[.!]\S?(?= [A-Z\u201c\"]|$)|$)", text)]
    found = quotable(QuoteBounds(text, low, len(text) if high is None else high, sentences), start, start + len(rough))
    return None if found is None else text[slice(*found)]


@pytest.mark.parametrize(
    ("text", "rough", "expected"),
    [
        ("the lighthouse lamp", "house", "lighthouse"),
        ("the lighthouse lamp", "ghthouse la", "lighthouse lamp"),
        ("the sea rose 3.72 metres", "3", "3.72"),
        ("the sea rose 3.72 metres", "72 met", "3.72 metres"),
        ("it took 1,240 people", "240", "1,240"),
        ("at 22:37 it fell", "22", "22:37"),
        ("they don't know", "don", "don't"),
        ("they don\u2019t know", "t", "they"),
        ("said O'Brien today", "Brien", "O'Brien"),
        ("in Obama's second term", "Obama", "Obama"),
        ("in Obama\u2019s second term", "Obama", "Obama"),
        ("the mid-1990s boom", "1990", "1990s"),
        ("foto's van de zee", "foto", "foto"),
        ("caf\u00e9s aan zee", "caf", "caf\u00e9s"),
        ("cafe\u0301s aan zee", "cafe", "cafe\u0301s"),
        ("one \u2764\ufe0f heart", "one \u2764", "one \u2764\ufe0f"),
        ("\u95f8\u95e8\u5728\u4e0b\u964d", "\u5728", "\u5728"),  # no spaces: the model's borders stay
    ],
)
def test_words_and_figures_stay_whole(text: str, rough: str, expected: str) -> None:
    assert quote(text, rough) == expected


@pytest.mark.parametrize(
    ("text", "rough", "expected"),
    [
        ("It cost, he said, ten euros, at least.", ", he said, ten euros,", "he said, ten euros"),
        ("It cost ten euros.", "ten euros.", "ten euros"),
        ("It cost ten euros.", "It cost ten euros.", "It cost ten euros."),  # a sentence quoted whole
        ("It cost ten euros! So much.", "ten euros!", "ten euros"),
        ("It fell at 4 p.m. on Friday.", "4 p.m.", "4 p.m."),
        ("He came from the U.S.", "the U.S.", "the U.S."),
        ("Said John Smith Jr. on Friday.", "John Smith Jr.", "John Smith Jr."),
        ("It rose 5% there.", "5%", "5%"),
        ("It cost $5 million.", "$5 million", "$5 million"),
        ("It was -5 degrees.", "-5 degrees", "-5 degrees"),
        ("- five degrees", "- five degrees", "five degrees"),
        ("# Title of it", "# Title", "Title"),
        ("**Twelve** sailors", "**Twelve**", "Twelve"),
        ("Eva Lind: hello", "Eva Lind:", "Eva Lind"),
        ("  \r\n ten euros \r\n", "\n ten euros \r\n", "ten euros"),
        ("well ... , yes", "... ,", None),
        ("\U0001f600 over now", "\U0001f600 over", "\U0001f600 over"),
        ("\U0001f600 over now", "\U0001f600", None),
    ],
)
def test_stray_punctuation_goes_and_what_belongs_to_the_answer_stays(text: str, rough: str, expected: str) -> None:
    assert quote(text, rough) == expected


@pytest.mark.parametrize(
    ("text", "rough", "expected"),
    [
        ("Eva Lind (Harbour Times) asked", "Eva Lind (Harbour Times", "Eva Lind (Harbour Times)"),
        ("Eva Lind (Harbour Times) asked", "(Harbour Times", "Harbour Times"),
        ("Eva Lind (Harbour Times) asked", "Harbour Times)", "Harbour Times"),
        ("Eva Lind (Harbour Times) asked", "(Harbour Times)", "(Harbour Times)"),
        ('He said "it is over" there', 'said "it is over', 'said "it is over"'),
        ('He said "it is over" there', 'it is over"', "it is over"),
        ('He said "it is over," then', '"it is over,', "it is over"),
        ("He said \u201cit is over\u201d there", "it is over\u201d there", "\u201cit is over\u201d there"),
        ("the boys\u2019 school", "the boys\u2019", "the boys"),
    ],
)
def test_brackets_and_quotation_marks_come_in_pairs(text: str, rough: str, expected: str) -> None:
    assert quote(text, rough) == expected


def test_a_quote_never_leaves_its_range() -> None:
    assert quote("the lighthouse lamp", "house", low=9) == "house"
    assert quote("the lighthouse lamp", "light", high=9) == "light"
    assert quote("asked (Harbour) it", "asked (Harbour", high=14) == "asked (Harbour"


WORDS = st.lists(
    st.sampled_from(
        [
            *(
                "light",
                "house",
                " ",
                " ",
                "3",
                ".",
                ",",
                "'",
                "\u2019",
                "s",
                "(",
                ")",
                '"',
                "\u201c",
                "\u201d",
                "-",
                "\r\n",
            ),
            *("e\u0301", "\U0001f600", "\u200d", "\ufe0f", "\u00eb", "_", "*", "%", "!", "\u4e0b", "A", ":"),
        ]
    ),
    min_size=1,
    max_size=20,
).map("".join)


@settings(max_examples=300, deadline=None)
@given(WORDS, st.data())
def test_a_quote_cuts_no_word_and_has_a_letter_or_figure(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    found = quotable(QuoteBounds(text, 0, len(text), [(0, len(text))]), start, end)
    if found is None:
        return
    low, high = found
    assert 0 <= low < high <= len(text)
    assert any(map(str.isalnum, text[low:high]))
    assert text[low:high] == text[low:high].strip()
    for at in (low, high):
        if 0 < at < len(text):
            latin = text[at - 1].isalnum() and text[at].isalnum() and "\u4e0b" not in text[at - 1 : at + 1]
            assert not latin
            assert not (unicodedata.category(text[at]).startswith("M") and text[at - 1].isalnum())


# ---- clauses ----


@pytest.mark.parametrize(
    ("text", "found", "grown"),
    [
        ("It was moved because its shed was being painted, he said.", "its shed", "because its shed was being painted"),
        ("It jammed owing to rust in the valves.", "rust", "owing to rust in the valves"),
        ("It was opened by two men with a key (and a torch).", "two men", "by two men with a key"),
        ("The river, they say, washes away the bed; nobody knows.", "washes", "washes away the bed"),
        ("Omdat het water zocht, brak de dijk.", "het water", "Omdat het water zocht"),
        ("One stayed because of it. Rust grew. It fell.", "Rust grew. It", "Rust grew. It"),  # sentences stay
    ],
)
def test_a_clause_is_quoted_to_its_end_and_from_the_word_that_gives_the_reason(
    text: str, found: str, grown: str
) -> None:
    start = text.index(found)
    sentences = [(m.start(), m.end()) for m in re.finditer(r"\S.*?[.](?= |$)", text)]
    range_ = clause(QuoteBounds(text, 0, len(text), sentences), start, start + len(found))
    assert text[slice(*range_)] == grown


def test_a_clause_stays_in_its_range() -> None:
    text = "It fell because rust had eaten it away."
    start = text.index("rust")
    bounds = QuoteBounds(text, start, start + len("rust had"), [(0, len(text))])
    assert text[slice(*clause(bounds, start, start + 4))] == "rust had"


# ---- figures, and what says nothing ----


@pytest.mark.parametrize(
    ("text", "rough", "expected"),
    [
        ("There are well over 150,000 troops", "150,000", "well over 150,000"),
        ("It cost at least $5 million", "$5 million", "at least $5 million"),
        ("It took more than two years", "two years", "more than two years"),
        ("Er zijn meer dan 120 schepen", "120", "meer dan 120"),
        ("It is about trains", "trains", "trains"),  # no figure
        ("It went over the dike 3 times", "3 times", "3 times"),  # not before the figure
    ],
)
def test_a_figure_takes_the_words_with_it_that_make_it_another_one(text: str, rough: str, expected: str) -> None:
    assert quote(text, rough) == expected


def test_a_figure_takes_nothing_from_outside_its_range() -> None:
    text = "There are over 150 ships"
    assert quote(text, "150", low=text.index("150")) == "150"


@pytest.mark.parametrize("text", ["the", "In the", "of", "a", "well over", "van de"])
def test_articles_and_prepositions_say_nothing(text: str) -> None:
    assert says_nothing(text)


@pytest.mark.parametrize("text", ["no", "the sea", "theft", "1953", "on Monday", "not"])
def test_a_noun_a_figure_or_a_denial_says_something(text: str) -> None:
    assert not says_nothing(text)


@pytest.mark.parametrize("cell", ["(1,234.50)", "5.5-", "-8.2", "\u221214"])
def test_the_sign_of_a_figure_in_a_cell_belongs_to_it(cell: str) -> None:
    text = f"Boat | {cell} | 3"
    low, high = text.index(cell), text.index(cell) + len(cell)
    digits = [n for n in range(low, high) if text[n].isdigit()]
    assert quotable(QuoteBounds(text, low, high, [(0, len(text))]), digits[0], digits[-1] + 1) == (low, high)


@pytest.mark.parametrize(
    ("text", "rough", "expected"),
    [
        ("It is in the boathouse, room 2.", "boathouse, room", "boathouse, room 2"),
        ("Wij zitten in zaal B van het huis.", "zaal", "zaal B"),
        ("The train leaves from platform 11a.", "platform", "platform 11a"),
        ("Der Zug steht auf Gleis 7.", "Gleis", "Gleis 7"),
        ("There was room 2 years ago.", "There was", "There was"),
        ("The hall costs 5 euros.", "hall", "hall"),
        ("Each class 5 percent cheaper.", "class", "class"),
        ("Ruth Vega 14", "Ruth Vega", "Ruth Vega"),  # another column's figure
    ],
)
def test_a_room_keeps_its_number(text: str, rough: str, expected: str) -> None:
    assert quote(text, rough) == expected


def test_a_greeting_is_no_answer() -> None:
    texts = ["Hi Tom,", "Dear Ms Okafor,", "Beste Roos,", "Sehr geehrte Frau Holm,", "Hi there is a boat.", "Dear me"]
    assert [bool(GREETING.fullmatch(text)) for text in texts] == [True, True, True, True, False, False]
