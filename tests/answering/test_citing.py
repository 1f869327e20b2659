"""The span of an answer with every place that says it too; a citation and a confidence in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from qa.answering.citing import LIKELY, SURE, cited_as, confidence_word, logistic, span_of
from qa.types import Hit, Passage, Source
from tests.helpers import passages_of

SAID = "\u201cIt is over,\u201d she said. The gate was closed by hand. It took an hour and fifty minutes."
COPY = '"It is over" - she said.\r\nThe gate  was closed, by hand! It took an hour and fifty minutes.'


def hit_of(*texts: str) -> Hit:
    """The first text as a passage, and the others as passages that say the same."""
    first, *also = (passages_of(text, f"{name}.txt")[0] for name, text in zip("abcd", texts, strict=False))
    return Hit(first, 1.0, tuple(also))


@pytest.mark.parametrize(
    ("quote", "sentence", "copied"),
    [
        ("closed by hand", "The gate was closed by hand.", "closed, by hand"),
        ("The gate was closed by hand.", "The gate was closed by hand.", "The gate  was closed, by hand!"),
        ("said. The gate", SAID[: SAID.index(" It took")], "said.\r\nThe gate"),
    ],
)
def test_a_span_has_its_whole_sentences_and_its_place_in_every_copy(quote: str, sentence: str, copied: str) -> None:
    start = SAID.index(quote)
    span = span_of(hit_of(SAID, COPY, SAID), start, start + len(quote), 0.5)
    assert (span.text, span.sentence) == (quote, sentence)
    (inexact, exact) = span.also
    assert (inexact.source.name, COPY[inexact.start : inexact.end]) == ("b.txt", copied)
    assert (exact.source.name, exact.start, exact.end) == ("c.txt", span.start, span.end)
    assert span.places[1:] == span.also
    assert (span.places[0].source, span.places[0].start, span.places[0].end) == (span.source, span.start, span.end)


def test_a_citation_names_all_that_the_document_states() -> None:
    source = Source("a.pdf", "/a.pdf", "ab" * 32, "A title", "2024-03-14", (0, 50))
    passage = Passage("1", source, 60, 70, "It closed.", "", "en", ((60, 70),))
    span = span_of(Hit(passage, 1.0), 60, 70, 0.5)
    assert cited_as(span) == f"A title, a.pdf, page 2, 2024-03-14, characters 60-70, SHA-256 {'ab' * 32}"
    plain = replace(passage, source=Source("a.txt", "/a.txt", "ab" * 32, "a.txt", None))
    assert cited_as(span_of(Hit(plain, 1.0), 60, 70, 0.5)) == f"a.txt, characters 60-70, SHA-256 {'ab' * 32}"


def test_confidence_is_bounded_whatever_the_score() -> None:
    assert logistic(1e9) <= 1
    assert logistic(-1e9) >= 0
    assert logistic(0) == 0.5
    assert logistic(2) == pytest.approx(1 / (1 + np.exp(-2)))


def test_confidence_in_words() -> None:
    assert [confidence_word(value) for value in (1, SURE, 0.79, LIKELY, 0.49, 0)] == [
        *("sure", "sure", "likely", "likely", "unsure", "unsure")
    ]
