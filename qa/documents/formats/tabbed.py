"""Tables that are set with tabs: paragraphs below each other with the same tab stops, one for each column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, takewhile
from typing import Any, NamedTuple

LETTER = 130  # twentieths of a point: a wide letter; a text that may reach beyond a tab stop takes the next one


class Tabbed(NamedTuple):
    """What is known of a paragraph with tabs."""

    stops: tuple[int, ...]  # where its tab stops are, in twentieths of a point, from left to right
    label: str  # the text before its first tab
    tabs: int


def tabbed_rows(first: Any, known: Callable[[Any], Tabbed | None]) -> list[Any]:
    """The paragraphs from `first` on that may be the rows of a table; see `makes_table`.

    Each of them has tabs, no more than there are stops, and a text before the first stop ends there.
    known: what is known of an element; None where it is no paragraph, or one that is no row.
    """
    begin = known(first)
    if begin is None or len(begin.stops) < 2:
        return []

    def is_row(element: Any) -> bool:
        one = known(element)
        if one is None or one.stops != begin.stops:
            return False
        return 1 <= one.tabs <= len(one.stops) and len(one.label.strip()) * LETTER < one.stops[0]

    return list(takewhile(is_row, chain((first,), first.itersiblings())))


def makes_table(rows: Sequence[Any], known: Callable[[Any], Tabbed | None]) -> bool:
    """Whether such paragraphs are a table: there are several, and one has several tabs."""
    return len(rows) > 1 and any(one is not None and one.tabs > 1 for one in map(known, rows))
