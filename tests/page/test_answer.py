"""An answer as HTML: a quotation with all that a citation needs, and nothing of a document as markup."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from qa.page.answer import answer_html, citations, shaded
from qa.page.source import source_html
from qa.types import Answer, Cell
from tests.page.fake_qa import FakeQA, document_of
from tests.page.seen import COPY, GATE, QUESTION, Seen


def test_an_answer_is_a_quotation_with_all_that_a_citation_needs(qa: FakeQA) -> None:
    qa.speakers["a/note.txt"] = "The harbour master"
    answer = qa.ask(QUESTION)
    seen = Seen(answer_html(answer, 4))
    assert GATE in seen.text
    assert seen.marked == "22:37"  # the span is set off, since it is shorter than its sentence
    for fact in ("[1]", "The harbour master", "2024-03-13", "A note", "a/note.txt", "confidence 0.93"):
        assert fact in seen.text
    assert "Said in 1 more place" in seen.text
    assert "copy.txt page 2 no date stated" in seen.text
    assert {value for name, value in seen.attributes if name == "data-turn"} == {"4"}
    assert [value for name, value in seen.attributes if name == "data-number"] == ["0", "1", "0", "0"]
    assert "has changed" not in seen.text
    assert not seen.open


def test_a_quote_in_a_table_names_its_row_and_column(qa: FakeQA) -> None:
    answer = qa.ask(QUESTION)
    (first, *rest) = answer.spans
    cell = Cell(first.start, first.end, "Opened <b>at</b>", "The gate")
    hit = replace(first.hit, passage=replace(first.passage, cells=(cell,)))
    seen = Seen(answer_html(replace(answer, spans=(replace(first, hit=hit), *rest)), 0))
    assert "row The gate, column Opened <b>at</b>" in seen.text


def test_citations_count_as_the_answer_does(qa: FakeQA) -> None:
    qa.answers["both"] = [("a/note.txt", GATE, "22:37"), ("a/note.txt", "Nobody was hurt.", "Nobody was hurt.")]
    cited = citations(qa.ask("both"))
    assert [(c.number, c.source.name) for c in cited] == [(1, "a/note.txt"), (None, "copy.txt"), (2, "a/note.txt")]
    for citation in cited:
        text = qa.documents[citation.source.name].text[slice(*citation.quote)]
        assert text in ("22:37", "Nobody was hurt.")
        assert citation.text in (None, text)


def test_a_page_number_is_that_of_the_quote(qa: FakeQA) -> None:
    copy = citations(qa.ask(QUESTION))[1]
    assert "page 2" in Seen(source_html(copy, qa.document("copy.txt"))).text


def test_many_copies_are_counted_not_listed(qa: FakeQA) -> None:
    for number in range(30):
        qa.documents[f"{number}.txt"] = document_of(f"{number}.txt", COPY)
    answer = qa.ask(QUESTION)
    seen = Seen(answer_html(answer, 0))
    assert seen.attributes.count(("class", "v-cite v-cite-also")) == 10
    assert "Said in 31 more places" in seen.text
    assert "and 21 more places" in seen.text
    assert len(citations(answer)) == 32


def test_a_changed_file_is_said(qa: FakeQA) -> None:
    qa.changed = frozenset({"a/note.txt"})
    answer = qa.ask(QUESTION)
    assert "has changed since it was read" in Seen(answer_html(answer, 0)).text
    assert "has changed since it was read" in Seen(source_html(citations(answer)[0], qa.document("a/note.txt"))).text


def test_a_changed_file_that_says_the_same_is_said_where_it_is_listed_or_counted(qa: FakeQA) -> None:
    for number in range(30):
        qa.documents[f"{number:02}.txt"] = document_of(f"{number:02}.txt", COPY)
    qa.changed = frozenset({"copy.txt", "28.txt", "29.txt"})
    seen = Seen(answer_html(qa.ask(QUESTION), 0))
    assert "copy.txt page 2 no date stated changed since it was read" in seen.text
    assert "The file copy.txt has changed" in seen.text
    assert "and 21 more places, of them 2 changed since it was read" in seen.text


def test_near_identical_documents_are_counted(qa: FakeQA) -> None:
    answer = qa.ask(QUESTION)
    (first, *rest) = answer.spans
    assert "near-identical" not in answer_html(answer, 0)
    own = replace(first.hit.passage, source=replace(first.source, group="a/note.txt"))
    also = tuple(replace(place, source=replace(place.source, group="a/note.txt")) for place in first.also)
    first = replace(first, hit=replace(first.hit, passage=own), also=also)
    seen = Seen(answer_html(replace(answer, spans=(first, *rest)), 0))
    assert "2 near-identical documents say the same and count as one" in seen.text


def test_no_answer_says_so_and_shows_what_is_near_as_such(qa: FakeQA) -> None:
    answer = qa.ask("Who won?")
    seen = Seen(answer_html(answer, 0))
    assert "The documents hold no answer" in seen.text
    assert "Nearest passages (not answers)" in seen.text
    assert [c.answer for c in citations(answer)] == [False, False]
    source = Seen(source_html(citations(answer)[0], qa.document("a/note.txt")))
    assert "mark" not in source.tags
    assert ("class", "v-heading v-passage") in source.attributes


def test_what_may_be_an_answer_is_shown_as_such_before_what_is_near(qa: FakeQA) -> None:
    sure = qa.ask(QUESTION)
    answer = replace(sure, spans=(), perhaps=sure.spans[0])
    seen = Seen(answer_html(answer, 0))
    assert seen.text.index("Not sure") < seen.text.index(GATE) < seen.text.index("hold no sure answer")
    assert seen.text.index("hold no sure answer") < seen.text.index("Nearest passages (not answers)")
    opened = [(c.answer, c.number) for c in citations(answer)]
    assert opened[:3] == [(True, 1), (True, None), (False, 2)]  # the quote, its copy, then what is near
    numbers = [int(value or 0) for name, value in seen.attributes if name == "data-number"]
    assert set(numbers) <= set(range(len(opened)))


def test_no_answer_from_an_empty_store() -> None:
    answer = Answer("anything", 0.0, (), ())
    assert "Nearest" not in answer_html(answer, 0)
    assert "Right, there is none" in Seen(answer_html(answer, 0)).text
    of_a_part = Seen(answer_html(answer, 0, partial=True)).text
    assert "The documents asked hold no answer" in of_a_part
    assert "Right" not in of_a_part  # of the others nobody knows
    assert citations(answer) == ()


def test_long_names_are_clipped() -> None:
    document = document_of("n" * 5000, "text", "t" * 100_000)
    qa = FakeQA([document], {"q": [("n" * 5000, "text", "text")]})
    # What is copied is whole, and by what others are found.
    html = re.sub(r'data-(copy|like)="[^"]*"', "", answer_html(qa.ask("q"), 0))
    assert len(html) < 3_000


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=5))
def test_shading_loses_no_character(text: str, ranges: list[tuple[int, int]]) -> None:
    source = shaded(text, 5, [(start, end, "v-passage") for start, end in ranges])
    plain = shaded(text, 5, [])
    assert source.replace('<span class="v-passage">', "").replace("</span>", "") == plain
