"""The source pane: which part of a document is sent, what in it is marked, finding, and reading on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.page.answer import citations
from qa.page.source import PART, WINDOW, following, occurrences, offset_of, source_html, window
from tests.page.fake_qa import FakeQA, document_of
from tests.page.seen import GATE, NOTE, QUESTION, Seen


def test_the_quote_is_marked_where_it_stands(qa: FakeQA) -> None:
    citation = citations(qa.ask(QUESTION))[0]
    seen = Seen(source_html(citation, qa.document("a/note.txt")))
    assert seen.marked == "22:37"
    assert NOTE in seen.text
    start = NOTE.index("22:37")
    assert f"Characters {start} to {start + 5}" in seen.text
    assert citation.source.sha256 in seen.text


def test_of_a_document_in_an_archive_the_link_says_what_it_opens(qa: FakeQA) -> None:
    citation = citations(qa.ask(QUESTION))[0]
    document = qa.documents["a/note.txt"]
    assert "Open the original at the quote" in Seen(source_html(citation, document)).text
    source = replace(citation.source, path="/docs/a<b>.zip", member="note.txt")
    assert "Open a<b>.zip, which it is in" in Seen(source_html(replace(citation, source=source), document)).text


@pytest.mark.parametrize("what", ["gone", "replaced", "read anew", "shorter"])
def test_wrong_characters_are_never_marked(qa: FakeQA, what: str) -> None:
    citation = citations(qa.ask(QUESTION))[0]
    document = qa.documents["a/note.txt"]
    now = {
        "gone": None,
        "replaced": document_of("a/note.txt", "x" + NOTE),
        "read anew": replace(document, text="x" + NOTE),  # the same file, read by another version of the loader
        "shorter": replace(document, text=NOTE[:9]),
    }[what]
    seen = Seen(source_html(citation, now))
    assert "mark" not in seen.tags
    assert ("no longer in the store" if what == "gone" else "has been replaced") in seen.text
    assert GATE not in seen.text


@given(st.integers(0, 60_000), st.integers(0, 400), st.text(alphabet="a\n", max_size=30))
def test_a_window_holds_the_quote_and_no_more_than_it_may(start: int, length: int, around: str) -> None:
    text = "x" * start + around + "q" * length + around + "y" * 20_000
    start += len(around)
    first, last = window(text, start, start + length)
    assert 0 <= first <= start
    assert start + length <= last <= len(text)
    assert last - first <= WINDOW
    assert last - first >= min(len(text), WINDOW - 1000)


def test_a_large_document_is_sent_in_part() -> None:
    text = "The first line.\n" + "word " * 200_000 + GATE + " word" * 200_000 + "\nThe last line."
    qa = FakeQA([document_of("big.txt", text)], {"When?": [("big.txt", GATE, GATE)]})
    source = source_html(citations(qa.ask("When?"))[0], qa.document("big.txt"))
    seen = Seen(source)
    assert seen.marked == GATE
    assert len(source) < WINDOW + 4_000
    assert [value for name, value in seen.attributes if name == "data-edge"] == ["before", "after"]
    assert ("hidden", None) not in seen.attributes


# ---- reading on and finding ----


@pytest.mark.parametrize(("edge", "at"), [("before", 30_000), ("after", 30_000), ("before", 5), ("after", 59_999)])
def test_a_following_part_joins_the_one_before(edge: str, at: int) -> None:
    text = "word " * 12_000
    start, end = following(text, edge, at)
    assert (end if edge == "before" else start) == at
    assert 0 <= start < end <= len(text)
    assert end - start <= PART


@pytest.mark.parametrize("at", [-(10**30), 10**30])
def test_a_place_outside_the_text_is_its_end(at: int) -> None:
    for edge in ("before", "after"):
        start, end = following("some text", edge, at)
        assert 0 <= start <= end <= 9


def test_words_are_found_in_any_case_and_over_line_ends() -> None:
    text = "The Marre\r\nBarrier, the marre barrier. (a+)+$"
    assert occurrences(text, " marre   BARRIER ") == [(4, 18), (24, 37)]
    assert occurrences(text, "(a+)+$") == [(39, 45)]
    assert occurrences(text, " ") == []


def test_a_selection_is_found_behind_what_is_not_shown() -> None:
    text = "a\u200bb\r\nc\u202ed"
    shown = [text[offset_of(text, 0, n)] for n in range(5)]
    assert "".join(shown) == "ab\ncd"
