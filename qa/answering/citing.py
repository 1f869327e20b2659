"""A citation: the span of an answer with every place that says the same, in words; and a confidence in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from qa.answering.quoting import sentence_text
from qa.text import Range, equality_key, visible
from qa.types import Hit, Passage, Span

SURE, LIKELY = 0.8, 0.5  # confidence from which on an answer is called so

# ---- confidence ----


def logistic(x: float) -> float:
    """1 / (1 + exp(-x)), for any x."""
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, x))))


def confidence_word(confidence: float) -> str:
    return "sure" if confidence >= SURE else "likely" if confidence >= LIKELY else "unsure"


# ---- the span of an answer ----


def span_of(hit: Hit, start: int, end: int, confidence: float, denied: bool = False) -> Span:
    """The answer at a range of a document, with its sentences and the places of equal passages that say it too."""
    passage = hit.passage
    around = [(a, b) for a, b in passage.sentences if a < end and start < b]
    low, high = min([start, *(a for a, _ in around)]), max([end, *(b for _, b in around)])
    said = sentence_text(passage, low, high)
    also = tuple(
        other.place(*found)
        for other in hit.also
        for found in equal_ranges(other, len(around), said, (start - low, end - low))
    )
    return Span(hit, start, end, low, high, confidence, also, denied)


def equal_ranges(passage: Passage, count: int, said: str, span: Range) -> Iterator[Range]:
    """Document offsets of a span of `said` in each run of `count` sentences that equals `said` but for case, space and
    punctuation; where the span is all of `said`, the whole run.
    """
    key, quote = equality_key(said), equality_key(said[slice(*span)])
    for first, last in zip(passage.sentences, passage.sentences[max(0, count - 1) :], strict=False):
        text = sentence_text(passage, first[0], last[1])
        if text == said:
            start, end = span
        elif span == (0, len(said)):
            start, end = 0, len(text)
        else:
            start, end = matching_range(said, text, span)
        if start < end and equality_key(text) == key and equality_key(text[start:end]) == quote:
            yield first[0] + start, first[0] + end


def matching_range(said: str, text: str, span: Range) -> Range:
    """The range of `text` from the letter or digit that is, counted, the first of a span of `said` to its last one."""
    before, inside = (sum(map(str.isalnum, part)) for part in (said[: span[0]], said[slice(*span)]))
    signs = [n for n, char in enumerate(text) if char.isalnum()]
    return (signs[before], signs[before + inside - 1] + 1) if 0 < inside <= len(signs) - before else (0, 0)


def near_identical(span: Span) -> list[list[str]]:
    """Names of the documents that say an answer and are near-identical to each other, group by group."""
    groups: dict[str, dict[str, None]] = {}
    for place in span.places:
        groups.setdefault(place.source.voice, {})[place.source.name] = None
    return [list(names) for names in groups.values() if len(names) > 1]


# ---- in words ----


def quoted(span: Span) -> str:
    return f"\u201c{span.sentence}\u201d"


def place_facts(span: Span) -> Iterator[str]:
    """File, page or time, date and characters, as far as the document states them."""
    yield span.source.name
    if place := span.source.place_at(span.start):
        yield place
    if span.date:
        yield span.date
    yield f"characters {span.start}-{span.end}"


def cell_named(span: Span) -> str:
    """Row and column of a span in a table, as far as they have names; and its sheet, if that is a hidden one."""
    cell = span.cell
    named = (("row", cell.row), ("column", cell.column), ("on the hidden sheet", cell.hidden)) if cell else ()
    return ", ".join(f"{what} {name}" for what, name in named if name)


def near_identical_named(groups: Sequence[Sequence[str]]) -> list[str]:
    """What `near_identical` found as sentences."""
    return [
        f"{len(names)} near-identical documents say the same and count as one: {', '.join(names)}" for names in groups
    ]


def cited_as(span: Span) -> str:
    """A citation as one line of plain text."""
    source = span.source
    title = source.title if source.title != source.name else ""
    facts = [span.speaker or "", title, *place_facts(span), f"SHA-256 {source.sha256}"]
    return ", ".join(filter(None, map(visible, facts)))
