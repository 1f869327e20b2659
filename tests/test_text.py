"""Text: lines and paragraphs as ranges, forms for comparison, and what is shown of it."""

from __future__ import annotations

import html
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.text import block_ranges, encodable, equality_key, escaped, fold, line_ends, line_ranges, trimmed, visible

# ---- lines and paragraphs ----

PIECES = st.sampled_from(
    ["a", "two words", " ", "\t", "\u00a0", "\n", "\r\n", "\r", "\n\n", "\u2028", "\x0c", "\U0001f6a2"]
)
TEXTS = st.lists(PIECES, max_size=20).map("".join)


def test_a_range_is_trimmed_at_both_ends() -> None:
    assert trimmed("x  a b \n", 1, 8) == [(3, 6)]
    assert trimmed("x  \u00a0\n", 1, 5) == trimmed("x", 0, 0) == []


def test_lines_without_blank_ones_and_without_white_space_at_their_ends() -> None:
    text = "one\n\n  two \r\n\t\rthree"
    assert [text[a:b] for a, b in line_ranges(text)] == ["one", "two", "three"]
    assert [text[a:b] for a, b in line_ranges(text, 1, 9)] == ["ne", "tw"]


def test_paragraphs_end_at_blank_lines() -> None:
    text = "\n a\r\nb \r\n \r\nc\n\t\nd\ne\n"
    assert [text[a:b] for a, b in block_ranges(text)] == ["a\r\nb", "c", "d\ne"]
    assert list(block_ranges(" \n\n")) == []


@given(TEXTS)
def test_lines_and_paragraphs_hold_all_words_in_order(text: str) -> None:
    for ranges in (list(line_ranges(text)), list(block_ranges(text))):
        at = 0
        for start, end in ranges:
            assert not text[at:start].strip()
            assert start < end
            assert text[start:end] == text[start:end].strip()
            at = end
        assert not text[at:].strip()


@pytest.mark.parametrize(("text", "ends"), [("", 0), ("a", 0), ("a\nb", 1), ("\r\n", 1), ("\n\r", 2), ("\r\r\n\n", 3)])
def test_line_ends_are_counted_once_each(text: str, ends: int) -> None:
    assert line_ends(text, 0, len(text)) == ends


# ---- comparison ----


def test_folded_texts_differ_neither_in_case_nor_in_quotes_nor_in_space() -> None:
    assert fold(" \u201cThe\r\n Gate\u2019s\u201d\u00a0 Open ") == '"the gate\'s" open'


@pytest.mark.parametrize(
    "other",
    [
        "the red fox sleeps",
        "The  RED fox\u00a0\u2013 sleeps!",
        "\u201cThe red, fox\u201d\nsleeps.",
    ],
)
def test_equal_keys_whatever_the_case_space_and_punctuation(other: str) -> None:
    assert equality_key("The red fox sleeps.") == equality_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sold 1,200 tonnes", "sold 1,300 tonnes"),
        ("sold 1.2 tonnes", "sold 12 tonnes"),
        ("at 5:30", "at 53:0"),
        ("it was -3 degrees", "it was 3 degrees"),
        ("12 3", "1 23"),
        ("the red fox", "the red dog"),
    ],
)
def test_another_key_for_other_words_or_figures(one: str, other: str) -> None:
    assert equality_key(one) != equality_key(other)


def test_lone_surrogates_have_a_key_and_can_be_encoded() -> None:
    assert len(equality_key("a\ud800")) == 32
    assert encodable("a\ud800b") == "a?b"


# ---- showing ----


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("caf\u00e9 \u2013 \u4f60\u597d \U0001f600", "caf\u00e9 \u2013 \u4f60\u597d \U0001f600"),
        ("a\u202eb\u202cc", "abc"),
        ("\u2066a\u2069\u200e\u200f\u061c", "a"),
        ("z\u200be\u2060r\ufeffo\u00ad", "zero"),
        ("red\x1b[31m", "red\ufffd[31m"),
        ("c1\x9b2J", "c1\ufffd2J"),
        ("tab\tand\r\nline\x0bend", "tab and line\ufffdend"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),  # joined on purpose: a family, Persian, Hindi
        ("in\u2063visible", "invisible"),
        ("tag\U000e0041\U000e0042", "tag"),
        ("\u2028line\u2029paragraph", "line paragraph"),
    ],
)
def test_a_text_is_shown_on_one_line_without_hidden_characters(text: str, shown: str) -> None:
    assert visible(text) == shown


HIDING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u200b\u2060\ufeff\u00ad"


@given(st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(HIDING + "\x1b\x07\x9b<>&\"'"))))
def test_no_shown_text_has_invisible_reordering_or_control_characters(text: str) -> None:
    for shown in (visible(text), escaped(text)):
        assert not set(shown) & set(HIDING)
        assert not [c for c in shown if unicodedata.category(c) == "Cc" and c not in "\t\n\r"]
    assert "\n" not in visible(text)
    assert visible(visible(text)) == visible(text)


@given(st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("<>&\"'"))))
def test_escaped_text_has_no_markup_and_the_same_characters(text: str) -> None:
    made = escaped(text)
    assert not set(made) & set("<>\"'")
    plain = [c for c in text if c not in HIDING]
    assert len(html.unescape(made)) == len(plain)
    assert all(a == b or b == "\ufffd" for a, b in zip(plain, html.unescape(made), strict=True))


def test_lines_of_a_document_stay_lines_in_html() -> None:
    assert escaped("a\r\n\tb") == "a\r\n\tb"
