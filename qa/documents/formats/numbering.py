"""The numbers that Word puts before paragraphs by itself, as it shows them: 3.2, (a), iv."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
LEVELS = 9
BULLET = "-"
ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
         (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


class Level(NamedTuple):
    """How a level of a list is numbered."""

    form: str  # as the file names it: decimal, lowerLetter ...
    pattern: str  # with %1 for the number of the first level
    start: int
    legal: bool = False  # all numbers are shown in figures
    restart: int | None = None  # begins anew behind a paragraph of this level, from 1, or of one above; 0: never


class Numbering:
    """The lists of a document; counts while its paragraphs are read in their order."""

    def __init__(self, lists: Any, styles: Any) -> None:
        """lists: the root of numbering.xml, styles: that of styles.xml; None where there is none."""
        self.levels: dict[str, dict[int, Level]] = {}  # of each list
        self.kind: dict[str, str] = {}  # what lists count together
        self.counts: dict[str, list[int]] = {}
        self.styles = {s.get(W + "styleId"): s for s in styles.iter(W + "style")} if styles is not None else {}
        if lists is not None:
            abstract = {a.get(W + "abstractNumId"): a for a in lists.iter(W + "abstractNum")}
            named = {style: a for a in abstract.values() if (style := value_of(a, "styleLink"))}
            for one in lists.iter(W + "num"):
                self.add_list(one, abstract, named)

    def add_list(self, one: Any, abstract: dict[str, Any], named: dict[str, Any]) -> None:
        """Takes note of a list. abstract: what lists are based on, by its number; named: by the style of lists."""
        number, based = one.get(W + "numId"), value_of(one, "abstractNumId")
        base = abstract.get(based)
        if base is not None:
            base = named.get(value_of(base, "numStyleLink"), base)  # which only refers to that style
            based = base.get(W + "abstractNumId")
        levels = dict(levels_of(base)) if base is not None else {}
        restarts = False
        for override in one.iter(W + "lvlOverride"):
            levels |= dict(levels_of(override))
            at, start = level_of(override), value_of(override, "startOverride")
            if start.isdigit() and at in levels:
                levels[at], restarts = levels[at]._replace(start=int(start)), True
        self.levels[number] = levels
        self.kind[number] = number if restarts else f"abstract {based}"

    def label(self, paragraph: Any) -> str:
        """What stands before a paragraph; "" where it is in no list. Counts it."""
        number, at = self.place_of(paragraph)
        level = self.levels.get(number, {}).get(at)
        if level is None:
            return BULLET if number not in ("", "0") else ""
        counts = self.counts.setdefault(self.kind[number], [0] * LEVELS)
        known = self.levels[number]
        counts[at] = counts[at] + 1 if counts[at] else level.start
        for below in range(at + 1, LEVELS):
            restart = known[below].restart if below in known else None
            counts[below] = counts[below] if restart is not None and at >= restart else 0
        if level.form == "bullet":
            return BULLET
        if level.form == "none":
            return ""

        def shown(match: re.Match[str]) -> str:
            n = int(match[1]) - 1
            one = known.get(n, level)
            return written(counts[n] or one.start, "decimal" if level.legal else one.form)

        return re.sub(r"%([1-9])", shown, level.pattern).strip()

    def place_of(self, paragraph: Any) -> tuple[str, int]:
        """Number of the list and level, from 0, of a paragraph or of its style; ("", 0) where it is in none."""
        number, level = "", ""
        for properties in self.properties_of(paragraph):
            listed = properties.find(W + "numPr")
            if listed is not None:
                number, level = number or value_of(listed, "numId"), level or value_of(listed, "ilvl")
        return number, min(int(level), LEVELS - 1) if level.isdigit() else 0

    def properties_of(self, paragraph: Any) -> Iterator[Any]:
        """The paragraph's own properties, those of its style and of the styles that this one is based on."""
        own = paragraph.find(W + "pPr")
        name = ""
        if own is not None:
            yield own
            name = value_of(own, "pStyle")
        for _ in range(len(self.styles)):
            style = self.styles.get(name)
            if style is None:
                return
            if (its := style.find(W + "pPr")) is not None:
                yield its
            name = value_of(style, "basedOn")


def value_of(element: Any, name: str) -> str:
    found = element.find(W + name)
    return "" if found is None else str(found.get(W + "val") or "")


def is_on(switch: Any) -> bool:
    """Whether a switch among properties is set."""
    return switch is not None and switch.get(W + "val", "true") not in ("0", "false", "off", "none")


def level_of(element: Any) -> int:
    """The number of a level, from 0; the first where the file states no number."""
    stated = element.get(W + "ilvl", "0")
    return min(int(stated), LEVELS - 1) if stated.isdigit() else 0


def levels_of(root: Any) -> Iterator[tuple[int, Level]]:
    for level in root.iter(W + "lvl"):
        start = value_of(level, "start")
        first = int(start) if start.isdigit() else 1
        again = value_of(level, "lvlRestart")
        restart = int(again) if again.isdigit() else None
        form, legal = value_of(level, "numFmt") or "decimal", is_on(level.find(W + "isLgl"))
        yield level_of(level), Level(form, value_of(level, "lvlText"), first, legal, restart)


def written(number: int, form: str) -> str:
    """A number in the form that the file names; in figures where the form is none of the usual ones."""
    if form in ("lowerLetter", "upperLetter") and number > 0:
        letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letters.upper() if form == "upperLetter" else letters
    if form in ("lowerRoman", "upperRoman") and 0 < number < 4000:
        text = ""
        for value, sign in ROMAN:
            text += sign * (number // value)
            number %= value
        return text.upper() if form == "upperRoman" else text
    return f"{number:02}" if form == "decimalZero" else str(number)
