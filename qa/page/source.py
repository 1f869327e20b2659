"""The source pane: a document's text around a citation, of a large one only the part that is being looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from qa.errors import UsageError
from qa.page.answer import Citation, changed_html, clipped, json_attribute, like_html, shaded, where_html
from qa.page.original import links_html, with_picture
from qa.text import HIDDEN, Range, escaped
from qa.types import Document, Passage

WINDOW = 20_000  # characters of a document sent around a citation
PART = 10_000  # characters sent when somebody reads on
EDGE = 500  # characters by which a window is at most shortened at each end, to begin and end at a line
QUERY = 200  # characters of what is looked for in a document
MOST_FOUND = 10_000  # places counted
LABEL = 100  # characters of a speaker's label at most
REPLACED = "This document has been replaced since the answer was given: ask again to see it as it is now."


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a document is marked; with it, any part of the text can be drawn."""

    quote: Range
    sentence: Range
    passage: Range
    answer: bool  # False: a nearest passage, which is shaded but not marked
    found: tuple[Range, ...] = ()  # what else is marked

    @classmethod
    def of(cls, citation: Citation) -> Shown:
        return cls(citation.quote, citation.sentence, citation.passage, citation.answer, citation.found or ())

    @classmethod
    def read(cls, data: Any) -> Shown:
        """What the page sent back. Raises ValueError for anything else."""
        try:
            quote, sentence, passage = ((int(a), int(b)) for a, b in (data["quote"], data["sentence"], data["passage"]))
            found = tuple((int(a), int(b)) for a, b in data["found"])
            return cls(quote, sentence, passage, bool(data["answer"]), found)
        except (TypeError, KeyError, ValueError) as error:
            raise ValueError("no citation") from error

    def on_page(self) -> list[Range]:
        """What is marked on the picture of a page, the most important first."""
        return list(self.found) or ([self.quote, self.sentence] if self.answer else [self.passage])

    def ranges(self) -> list[tuple[int, int, str]]:
        marked = [(*self.sentence, "v-sentence"), (*self.quote, "v-mark")] if self.answer else []
        return [(*self.passage, "v-passage"), *marked, *((start, end, "v-mark") for start, end in self.found)]


# ---- the pane ----


def source_html(
    citation: Citation,
    document: Document | None,
    passages: Sequence[Passage] = (),
    place: tuple[int, int, int] = (0, 0, 1),
    marks: Sequence[tuple[int, int, str]] = (),
) -> str:
    """The document's text around a citation, the passage shaded and the quote marked; or why it cannot be shown.

    passages: those of the part shown, for their speakers. place: turn, number of the citation and how many there are;
    turn -1: of no answer. marks: further ranges with their classes.
    """
    source = citation.source
    head = (
        f'<h2 class="v-source-title" dir="auto">{clipped(source.title or source.name)}</h2>'
        f'<p class="v-facts">{where_html(citation, titled=False)}</p>'
    )
    problem = outdated(citation, document)
    if document is None or problem:
        return f'{head}{steps_html(*place)}<p class="v-warning">{problem}</p>'
    start, end = window(document.text, *citation.quote)
    looked_for = citation.found is not None
    teach = (
        ""
        if looked_for or place[0] < 0
        else '<button type="button" class="v-act v-teach" disabled>The answer is this</button>'
    )
    first, last = citation.passage if looked_for else citation.quote
    return (
        head
        + (f'<p class="v-warning">{changed_html(citation)}</p>' if citation.changed else "")
        + f'<div class="v-tools">{steps_html(*place)}{FIND}{links_html(citation, document)}</div>'
        + with_picture(text_html(document, Shown.of(citation), (start, end), passages, marks), citation)
        + f'<div class="v-foot">{teach}{like_html(source.name, citation.quote[0])}'
        + f'<p class="v-exactly">Characters {first} to {last}</p>'
        + f'<p class="v-exactly v-hash">SHA-256 {escaped(source.sha256)}</p></div>'
    )


def text_html(
    document: Document,
    shown: Shown,
    part: Range,
    passages: Sequence[Passage],
    marks: Sequence[tuple[int, int, str]] = (),
) -> str:
    """A part of a document's text, with what is marked in it, and the buttons that fetch what stands around it."""
    start, end = part
    return (
        f'<div class="v-text" tabindex="0" role="region" aria-label="Text of the document" dir="auto" '
        f'data-place="{place_data(document, shown)}">'
        + edge_html("before", start > 0)
        + part_html(document, start, end, shown, passages, marks)
        + edge_html("after", end < len(document.text))
        + "</div>"
    )


FIND = (
    '<form class="v-find" role="search"><input type="search" class="v-query" aria-label="Find in this document" '
    'placeholder="Find in document" maxlength="200" autocomplete="off">'
    '<span class="v-found-count" role="status"></span></form>'
)


def steps_html(turn: int, number: int, count: int) -> str:
    """The buttons to the previous and the next citation of the same answer."""
    if count < 2:
        return ""

    def step(label: str, to: int, sign: str) -> str:
        off = "" if 0 <= to < count else " disabled"
        return (
            f'<button type="button" class="v-act v-step" data-turn="{turn}" data-number="{to}" aria-label="{label}" '
            f'title="{label}"{off}>{sign}</button>'
        )

    back, on = step("Previous citation", number - 1, "&lsaquo;"), step("Next citation", number + 1, "&rsaquo;")
    return f'<span class="v-steps">{back}<span>{number + 1} of {count}</span>{on}</span>'


def edge_html(edge: str, there: bool) -> str:
    label = "Earlier text" if edge == "before" else "Later text"
    return f'<button type="button" class="v-edge" data-edge="{edge}"{"" if there else " hidden"}>{label}</button>'


def place_data(document: Document, shown: Shown) -> str:
    """What the page sends back to read on: the document, and what of it is marked."""
    facts = {
        "document": document.source.name,
        "sha256": document.source.sha256,
        "quote": shown.quote,
        "sentence": shown.sentence,
        "passage": shown.passage,
        "answer": shown.answer,
        "found": shown.found,
    }
    return json_attribute(facts)


def outdated(citation: Citation, document: Document | None) -> str:
    """Why the offsets of a citation no longer fit; empty where they do."""
    if document is None:
        return "This document is no longer in the store."
    start, end = citation.quote
    same = document.source.sha256 == citation.source.sha256 and end <= len(document.text)
    if not same or citation.text not in (None, document.text[start:end]):
        return REPLACED
    return ""


def shown_document(document_of: Callable[[str], Document | None], asked: Mapping[str, Any]) -> Document:
    """The document that the page shows, by the name and SHA-256 it sent back.

    document_of: the store's document of a name, None where it has none. Raises UsageError where it has been replaced.
    """
    document = document_of(str(asked["document"]))
    if document is None or document.source.sha256 != asked["sha256"]:
        raise UsageError(REPLACED)
    return document


# ---- parts of a text ----


def part_html(
    document: Document,
    start: int,
    end: int,
    shown: Shown,
    passages: Iterable[Passage] = (),
    found: Sequence[tuple[int, int, str]] = (),
) -> str:
    """Characters start to end, with headings, speakers' labels, page breaks and what is marked."""
    ranges = [(m.start, m.end, f"v-{m.kind}") for m in document.marks if m.start < end and start < m.end]
    ranges += [*labels(document.text, passages), *shown.ranges(), *found]
    starts = () if document.source.times else document.source.pages
    pages = {at: number for number, at in enumerate(starts, start=1) if start <= at < end}
    pieces = []
    for a, b in pairwise(sorted({start, end, *pages})):
        if a in pages:
            pieces.append(page_html(pages[a]))
        pieces.append(shaded(document.text[a:b], a, ranges, counted_from=True))
    return f'<span class="v-part" data-start="{start}" data-end="{end}">{"".join(pieces)}</span>'


def page_html(number: int) -> str:
    return f'<span class="v-page" role="separator" aria-label="Page {number}" data-page="Page {number}"></span>'


def labels(text: str, passages: Iterable[Passage]) -> set[tuple[int, int, str]]:
    """The speakers' labels that turns begin with, where the text has some: a letter has none."""
    found = set()
    for turn in {turn for passage in passages for turn in passage.turns if turn.speaker}:
        colon = text.find(":", turn.start, turn.start + LABEL)
        if colon > 0 and turn.speaker and turn.speaker.startswith(text[turn.start : colon].rstrip()):
            found.add((turn.start, colon + 1, "v-says"))
    return found


def window(text: str, start: int, end: int) -> Range:
    """At most WINDOW characters around the quote from start to end, cut at line ends where there are any near."""
    first = max(0, min((start + end - WINDOW) // 2, len(text) - WINDOW))
    last = min(len(text), first + WINDOW)
    if first > 0:
        first = text.find("\n", first, min(first + EDGE, start)) + 1 or first
    if last < len(text):
        last = text.rfind("\n", max(last - EDGE, end), last) + 1 or last
    return first, last


def following(text: str, edge: str, at: int) -> Range:
    """At most PART characters before or after an offset, cut at a line end where there is one near."""
    at = max(0, min(at, len(text)))
    if edge == "before":
        first = max(0, at - PART)
        return (text.find("\n", first, min(first + EDGE, at)) + 1 or first if first else 0), at
    last = min(len(text), at + PART)
    return at, (text.rfind("\n", max(last - EDGE, at), last) + 1 or last if last < len(text) else last)


# ---- finding ----


def occurrences(text: str, query: str) -> list[Range]:
    """Where the words of a query follow each other, in any case, with any white space between; at most MOST_FOUND."""
    words = query[:QUERY].split()
    if not words:
        return []
    pattern = re.compile(r"\s+".join(map(re.escape, words)), re.IGNORECASE)
    found = []
    for match in pattern.finditer(text):
        found.append(match.span())
        if len(found) == MOST_FOUND:
            break
    return found


def chosen(found: Sequence[Range], at: int, back: bool) -> int:
    """Number of the first occurrence from an offset on, or of the last one before it; past the end it starts again."""
    if back:
        return next((n for n in reversed(range(len(found))) if found[n][0] < at), len(found) - 1)
    return next((n for n, (start, _) in enumerate(found) if start >= at), 0)


def offset_of(text: str, piece: int, shown: int) -> int:
    r"""Offset of the character that is number `shown`, from 0, of the visible ones from offset `piece` on.

    The page leaves out characters that would disguise a text, and shows \r\n as one line end.
    """
    at = piece
    while at < len(text) and (shown > 0 or not is_shown(text, at)):
        shown -= is_shown(text, at)
        at += 1
    return at


def is_shown(text: str, at: int) -> bool:
    return HIDDEN[ord(text[at])] is not None and not (text[at] == "\r" and text[at + 1 : at + 2] == "\n")
