"""The numbers that OpenDocument texts show before paragraphs and headings by themselves, 3.2, (a), iv; tab stops."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from qa.documents.formats.numbering import BULLET, written

TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
XML = "{http://www.w3.org/XML/1998/namespace}"
PATTERN = "{urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0}num-list-format"
FORMS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
LEVELS = 10
LENGTH = re.compile(r"(\d{1,5}(?:\.\d{1,9})?)(cm|mm|in|pt)")
TWENTIETHS = {"cm": 567, "mm": 56.7, "in": 1440, "pt": 20}  # of a point


class Level(NamedTuple):
    """How a level of a list is numbered."""

    form: str  # as `written` knows it; BULLET; "" where nothing is shown
    pattern: str  # with %1 for the number of the first level
    start: int


class Place(NamedTuple):
    """Where a paragraph stands in a list."""

    styled: str  # name of the list's style
    counted: str  # what counts together
    level: int  # from 0


class Lists:
    """The list styles of a document; counts while its paragraphs are read in their order."""

    def __init__(self, roots: Iterable[Any]) -> None:
        """roots: of content.xml and styles.xml."""
        self.styles: dict[str, dict[int, Level]] = {}
        self.counts: dict[str, list[int]] = {}
        self.last: dict[str, str] = {}  # style: the list that was counted last
        self.known: dict[str, str] = {}  # a list's id: what it counts as
        self.number = 0
        for root in roots:
            for style in root.iter(TEXT + "list-style"):
                self.styles[style.get(STYLE + "name")] = dict(map(level_of, style))
            for style in root.iter(TEXT + "outline-style"):
                self.styles[""] = dict(map(level_of, style))

    def begun(self, element: Any, above: Place | None) -> Place:
        """The place of the items of a list (text:list) that begins."""
        styled = element.get(TEXT + "style-name") or (above.styled if above else "-")
        if above is not None:
            return Place(styled, above.counted, min(above.level + 1, LEVELS - 1))
        following = element.get(TEXT + "continue-list")
        goes_on = element.get(TEXT + "continue-numbering") == "true"
        self.number += 1
        counted = self.known.get(following) or (self.last.get(styled) if goes_on else None) or f"list {self.number}"
        self.last[styled] = self.known[element.get(XML + "id") or counted] = counted
        return Place(styled, counted, 0)

    def label(self, place: Place, start: str | None = None) -> str:
        """What stands before a paragraph at that place, which is counted. start: the number that it states itself."""
        levels = self.styles.get(place.styled)
        if levels is None:
            return BULLET if place.styled else ""
        level = levels.get(place.level, Level("", "", 1))
        counts = self.counts.setdefault(place.counted, [0] * LEVELS)
        counts[place.level] = counts[place.level] + 1 if counts[place.level] else level.start
        if start and start.isdigit():
            counts[place.level] = int(start)
        counts[place.level + 1 :] = [0] * (LEVELS - place.level - 1)
        if level.form in ("", BULLET):
            return level.form

        def shown(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            one = levels.get(at, level)
            return written(counts[at] or one.start, one.form) if one.form not in ("", BULLET) else ""

        return re.sub(r"%(\d{1,2})%?", shown, level.pattern).strip()


def level_of(element: Any) -> tuple[int, Level]:
    """A level of a list style: its number from 0, and how it is numbered."""
    stated = element.get(TEXT + "level", "1")
    at = min(max(int(stated), 1), LEVELS) - 1 if stated.isdigit() else 0
    if not str(element.tag).endswith(("-style-number", "outline-level-style")):
        return at, Level(BULLET if str(element.tag).endswith("bullet") else "", "", 1)
    form = FORMS.get(element.get(STYLE + "num-format") or "", "decimal" if element.get(STYLE + "num-format") else "")
    levels = element.get(TEXT + "display-levels", "1")
    first = at + 2 - (int(levels) if levels.isdigit() else 1)
    pattern = ".".join(f"%{n}" for n in range(max(1, first), at + 2))
    whole = f"{element.get(STYLE + 'num-prefix') or ''}{pattern}{element.get(STYLE + 'num-suffix') or ''}"
    start = element.get(TEXT + "start-value", "1")
    return at, Level(form, element.get(PATTERN) or whole, int(start) if start.isdigit() else 1)


def tab_stops(style: Any) -> tuple[int, ...] | None:
    """The places of the tab stops that a style states, from left to right, in twentieths of a point; None for none."""
    stops = style.find(f"{STYLE}paragraph-properties/{STYLE}tab-stops")
    found = (LENGTH.fullmatch(stop.get(STYLE + "position") or "") for stop in (stops if stops is not None else ()))
    return (
        tuple(sorted(round(float(one[1]) * TWENTIETHS[one[2]]) for one in found if one)) if stops is not None else None
    )
