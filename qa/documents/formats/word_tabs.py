"""Tables that are set with tabs in Word: paragraphs below each other with the same tab stops, one for each column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, takewhile
from typing import Any

from qa.documents.formats.numbering import Numbering, W
from qa.documents.formats.word_text import UNREAD

LETTER = 130  # twentieths of a point: a wide letter; a text that may reach beyond a tab stop takes the next one
PLACED = ("left", "start", "center", "right", "end", "decimal", "num")  # kinds of tab stops at which text stands


def tabbed_rows(first: Any, numbering: Numbering) -> list[Any]:
    """The paragraphs from `first` on that may be the rows of a table; see `makes_table`.

    Each of them has tabs, no more than there are stops, and a text before the first stop ends there.
    """
    stops = stops_of(first, numbering)
    if len(stops) < 2:
        return []

    def is_row(paragraph: Any) -> bool:
        if paragraph.tag != W + "p" or stops_of(paragraph, numbering) != stops:
            return False
        if numbering.place_of(paragraph)[0] not in ("", "0"):
            return False
        label, tabs = said_before_tabs(paragraph)
        return 1 <= tabs <= len(stops) and len(label) * LETTER < stops[0]

    return list(takewhile(is_row, chain((first,), first.itersiblings())))


def makes_table(rows: Sequence[Any]) -> bool:
    """Whether such paragraphs are a table: there are several, and one has several tabs."""
    return len(rows) > 1 and any(said_before_tabs(row)[1] > 1 for row in rows)


def stops_of(paragraph: Any, numbering: Numbering) -> tuple[int, ...]:
    """The places of a paragraph's tab stops, its own or those of its style, from left to right."""
    found: dict[int, str] = {}
    for properties in numbering.properties_of(paragraph):
        for stop in properties.findall(f"{W}tabs/{W}tab"):
            place = stop.get(W + "pos", "")
            if re.fullmatch(r"\d{1,6}", place):
                found.setdefault(int(place), stop.get(W + "val", "left"))
    return tuple(sorted(place for place, kind in found.items() if kind in PLACED))


def said_before_tabs(paragraph: Any) -> tuple[str, int]:
    """(the text before a paragraph's first tab, the number of its tabs)."""
    label, tabs = "", 0
    for element in read_in(paragraph):
        if element.tag == W + "tab":
            tabs += 1
        elif not tabs:
            label += element.text or ""
    return label, tabs


def read_in(paragraph: Any) -> Iterator[Any]:
    """The texts and tabs of a paragraph that a reader sees."""
    for element in paragraph.iter(W + "t", W + "tab"):
        if element.getparent().tag == W + "r" and not any(
            up.tag in UNREAD for up in takewhile(lambda up: up is not paragraph, element.iterancestors())
        ):
            yield element
