"""The numbered clauses of a document: where each begins and ends, and under which numbers it stands.

Contracts, statutes, rules and reports number what they say: Article 4, 3.2, 17., (b). The number of a clause is the way
to it: ("3", "2", "b") is (b) below 3.2, ("4", "1") the first paragraph of Article 4.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from qa.text import Range, block_ranges, line_ranges

KINDS = {  # what a clause is called, in the languages that a word of it is known in
    "article": "article articles artikel artikelen art",
    "section": "section sections sec \u00a7 \u00a7\u00a7 paragraph paragraphs para paragraaf paragrafen abschnitt",
    "rule": "rule rules regel regels regulation regulations",
    "clause": "clause clauses clausule clausules klausel bepaling provision point points punt ziffer",
    "schedule": "schedule schedules",
    "annex": "annex annexes annexe bijlage bijlagen anlage anlagen anhang",
    "appendix": "appendix appendices",
    "exhibit": "exhibit exhibits",
}
OUTER = ("schedule", "annex", "appendix", "exhibit")  # behind the text itself, with numbers of their own
BELOW = {"article": ("section", "rule", "clause"), "section": ("rule", "clause")}  # what may stand below what
KIND_OF = {word: kind for kind, words in KINDS.items() for word in words.split()}
NAMES = "|".join(sorted(map(re.escape, KIND_OF), key=len, reverse=True))
FEWEST = 3  # numbers that make a text one whose clauses are numbered
OF_BLOCKS = 0.5  # and the part of the paragraphs that must begin with one, where all are such as lists have

MONTHS = r"(?:jan|feb|mar|maart|apr|ma[yi]|jun|jul|aug|sep|o[ck]t|nov|de[cz]|m\u00e4r)"
BEGINS = r"[>#*_|\t -]{0,12}"  # Markdown's signs before the number
WORDED = re.compile(
    rf"(?i:{BEGINS}(?P<word>{NAMES})\.?)\s?(?P<number>\d{{1,4}}(?:\.\d{{1,2}})*[A-Za-z]?|[IVXLC]+|[A-Z])"
    r"(?=[*_]*(?:$|[.:)\u2013\u2014-]|\s+(?!(?i:abs|lid|para|of|van)\b)(?:[A-Z\u00c0-\u00de\"(\[\u201c\u2018|\u2013\u2014-]|$)))"
)
QUANTITY = r"(?:%|euros?|dollars?|pounds?|per\s?cent|procent|prozent|[mb]illion|miljoen|miljard|[kcm]?m|kg|h|uur|uhr)"
DOTTED = re.compile(
    rf"{BEGINS}(?P<number>[1-9]\d{{0,2}}(?:\.[1-9]\d?){{1,5}}[A-Za-f]?)[.)]?[*_]*\s+[|*_\s]*"
    rf"(?!(?i:{QUANTITY})(?!\w))(?=[^\W\d_]|[\"(\[\u201c\u2018])"
)
WHOLE = re.compile(
    rf"{BEGINS}(?P<number>[1-9]\d{{0,2}}[A-Za-f]?)(?:[.)][*_]*\s+(?=\S)|\s+(?!(?i:{MONTHS}))(?=[A-Z\u00c0-\u00de]))"
)
PART = re.compile(rf"{BEGINS}(?:\((?P<number>[a-z]{{1,4}}|\d{{1,2}}[a-z]?|[A-Z])\)|(?P<letter>[a-z])[.)])\s+(?=\S)")
BEHIND = re.compile(r"[\s.:)*_\u2013\u2014-]*")  # between a number and what follows
CONTENTS = re.compile(r"(?:\.\s?){4,}\s*\d+$|\s{3,}\d+$|\t\d+$")  # of a line in a table of contents
ENDED = re.compile(r"(?:[.:;!?\u2026][\"'\u201d\u2019)]*|\b(?:and|or|en|of|und|oder)),?$")
CLOSES = re.compile(  # where the clauses end: what is signed, and a schedule without a number
    rf"(?i:{BEGINS}(?:(?:schedule|annexe?|appendix|exhibit|bijlage|anlage|anhang)s?[*_]*\s*(?:$|[:\u2013\u2014-]|(?:to|bij|zu[mr]?)\s)|"
    r"(?:signed|ondertekend|getekend|unterzeichnet)[*_]*\s*(?:$|[:.,]|(?:at|on|by|in|for|this|and|te|op|door|namens|am|von)\s)|"
    r"(?:in witness whereof|aldus (?:overeengekomen|opgemaakt|ondertekend|getekend))\b))"
)
LETTERED = re.compile(r"(\d+)([a-z]?)")
ROMAN = re.compile(r"(?=[ivxlc])c{0,3}(?:x[cl]|l?x{0,3})(?:i[xv]|v?i{0,3})")
ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}

Way = tuple[str, ...]
Inner = Sequence[tuple[int, str]]  # (which number of a way, what it is called)


@dataclass(frozen=True, slots=True)
class Clause:
    """What stands from one number to the next one."""

    way: Way  # the numbers that lead to it; letters are small
    styles: (
        Way  # of each number: of KINDS where its document calls it so, else "dotted", "whole", "letter" and the like
    )
    start: int  # of its number
    body: int  # where its words begin
    end: int

    @property
    def kind(self) -> str:
        """Of KINDS: what its document calls it, or what it is a part of; "" where it is called nothing."""
        return next((style for style in reversed(self.styles) if style in KINDS), "")


class Number(NamedTuple):
    """A number at the beginning of a line."""

    style: str  # "word", "dotted", "whole", "digit", "upper", "letter", "roman"
    parts: Way
    kind: str
    start: int
    body: int


def is_below(way: Way, above: Way) -> bool:
    """Whether a clause is the one at `above` or a part of it."""
    return way[: len(above)] == above


def clauses_of(text: str) -> tuple[Clause, ...]:
    """The clauses of a text in text order; none where they are not numbered."""
    found = without_lists(list(numbers_of(text)))
    kinds = tuple(dict.fromkeys(number.kind for number in found if number.kind))
    placed: list[tuple[Number, Sequence[tuple[str, str]]]] = []
    levels: list[tuple[str, str]] = []  # (style, number), from the outermost on; the style of a word is its kind
    for at, number in enumerate(found):
        below = [other for other in found[at + 1 : at + 40] if other.style == number.style]
        now = next_levels(levels, number, below[0].parts if below else (), kinds)
        if now is None:
            continue
        levels = now
        placed.append((number, levels))
    if not is_numbered(text, [number for number, _ in placed]):
        return ()
    starts = [number.start for number, _ in placed]
    stops = sorted([*starts, *(start for start, end in line_ranges(text) if CLOSES.match(text, start, end)), len(text)])
    ends = [stops[bisect_right(stops, start)] for start in starts]
    return tuple(
        Clause(tuple(value for _, value in own), tuple(style for style, _ in own), number.start, number.body, end)
        for (number, own), end in zip(placed, ends, strict=True)
    )


def without_lists(found: Sequence[Number]) -> list[Number]:
    """Without those of a schedule that begins once more later on: a list at the beginning names it."""
    last = {(number.kind, number.parts): number for number in found}
    return [number for number in found if number.kind not in OUTER or last[number.kind, number.parts] is number]


def numbers_of(text: str) -> Iterator[Number]:
    """What may be the number of a clause: at the beginning of a paragraph, or of a line where the one before ended."""
    blocks = {start for start, _ in block_ranges(text)}
    before = ""
    titled = False  # the line before is a short one behind a number: a title
    for start, end in line_ranges(text):
        number = None
        if start in blocks or titled or ENDED.search(before):
            number = None if CONTENTS.search(text, start, end) else number_at(text, start, end)
        inner = number
        while inner:  # 5. (1) (a) on one line
            yield inner
            inner = part_at(text, inner.body, end)
        titled = number is not None and end - start < 80
        before = text[max(start, end - 20) : end]


def number_at(text: str, start: int, end: int) -> Number | None:
    """The number with which a line begins."""
    if match := WORDED.match(text, start, end):
        kind = KIND_OF[match["word"].casefold()]
        parts = parts_of(match["number"], kind)
        body = BEHIND.match(text, match.end(), end)
        if kind in OUTER or parts[0][0].isdigit():
            return Number("word", parts, kind, start, body.end() if body else end)
    if match := DOTTED.match(text, start, end):
        return Number("dotted", parts_of(match["number"]), "", start, match.end())
    if match := WHOLE.match(text, start, end):
        return Number("whole", parts_of(match["number"]), "", start, match.end())
    return part_at(text, start, end)


def part_at(text: str, start: int, end: int) -> Number | None:
    """The number of a part, (a), (ii), (1) or b., that stands at a place of a line."""
    match = PART.match(text, start, end)
    sign = (match["number"] or match["letter"]) if match else ""
    if not match or not (len(set(sign)) == 1 or sign[0].isdigit() or ROMAN.fullmatch(sign)):
        return None
    style = (
        "digit" if sign[0].isdigit() else "upper" if sign.isupper() else "letter" if len(set(sign)) == 1 else "roman"
    )
    return Number(style, (sign.casefold(),), "", start, match.end())


def parts_of(number: str, kind: str = "") -> Way:
    """The parts of a number: 4 and 2a of 4.2A. Schedules have letters, so that C is one of these."""
    if kind in OUTER and number in ("C", "L"):
        return (number.casefold(),)
    return tuple(plain_number(part) for part in number.split("."))


def plain_number(sign: str) -> str:
    """A number in small letters; a Roman one, in capitals, as figures."""
    if not sign.isupper() or not ROMAN.fullmatch(sign.casefold()):
        return sign.casefold()
    values = [ROMAN_VALUES[char] for char in sign.casefold()]
    return str(sum(-a if a < b else a for a, b in pairwise([*values, 0])))


def next_levels(
    levels: Sequence[tuple[str, str]], number: Number, following: Way, kinds: Sequence[str]
) -> list[tuple[str, str]] | None:
    """Where a number stands, after what stands at `levels`; None where it is no number of a clause.

    following: the next number of its style. kinds: those of the document, in the order in which they first appear.
    """
    if levels and levels[0][0] in OUTER and number.kind not in OUTER and number.style in ("word", "dotted", "whole"):
        inner = next_levels(levels[1:], number, following, kinds)
        return None if inner is None else [levels[0], *inner]
    if number.style == "word":
        return word_levels(levels, number, kinds)
    if number.style == "dotted":
        return dotted_levels(levels, number.parts, following)
    if number.style == "whole":
        return whole_levels(levels, number.parts[0], following)
    if not levels:
        return None
    sign = number.parts[0]
    style = letter_style(levels, sign) if number.style == "letter" else number.style
    above = next((at for at, (own, _) in enumerate(levels) if own == style), len(levels))
    return [*levels[:above], (style, sign)]


def word_levels(levels: Sequence[tuple[str, str]], number: Number, kinds: Sequence[str]) -> list[tuple[str, str]]:
    """Section 2 stands below Article I, right behind it or behind Section 1; other numbers with a word begin anew.

    Where sections come before the articles, the articles are parts of them, with numbers that go through all.
    """
    own = [(number.kind, part) for part in number.parts]
    above = [level for level in levels if level[0] in KINDS and level[0] != number.kind]
    within = number.kind in [style for style, _ in levels] or len(levels) == len(above)
    nests = [
        number.kind in BELOW.get(style, ()) and kinds.index(style) < kinds.index(number.kind) for style, _ in above
    ]
    if not above or not within or not all(nests):
        # Section 2 below clause 1 of Section 1 is the next section.
        at = next((at for at, (style, _) in enumerate(levels) if style == number.kind), 0)
        kept = list(levels[:at]) if all(style in KINDS for style, _ in levels[:at]) else []
        return [*kept, *own]
    repeated = len(own) > 1 and own[0][1] == above[-1][1]  # Section 5.1 below Article V
    return [*above, *own[repeated:]]


def dotted_levels(levels: Sequence[tuple[str, str]], parts: Way, following: Way) -> list[tuple[str, str]] | None:
    """3.2 follows 3.1 or what is below it, and 3.1 or 3.1.1 stands below 3; else it is a figure, a time or a date."""
    way = tuple(value for _, value in levels)
    *above, last = parts
    first = last == "1" and (way[: len(above)] == tuple(above) or not way or above[-1:] == ["1"] or after(way, above))
    follows = way[: len(above)] == tuple(above) and len(way) >= len(parts) and is_after(last, way[len(above)])
    extract = not way and following == (*above, str(place_of(last)[0] + 1))  # it begins with number 3.2
    if first or extract or follows:
        return [("dotted", part) for part in parts]
    return None


def place_of(sign: str) -> tuple[int, str]:
    """The place of a number among others: 2a behind 2; (0, "") of what is none."""
    match = LETTERED.fullmatch(sign)
    return (int(match[1]), match[2]) if match else (0, "")


def is_after(sign: str, before: str) -> bool:
    """Whether a number comes after another one; some between them may be left out, as in an extract."""
    return (0, "") < place_of(before) < place_of(sign)


def after(way: Way, above: Sequence[str]) -> bool:
    """Whether a number is the next one: 4 after 3, 3.2 after 3.1; the heading that bears it may be lost."""
    at = len(above) - 1
    return way[:at] == tuple(above[:at]) and len(way) > at and way[at].isdigit() and int(way[at]) + 1 == int(above[at])


def whole_levels(levels: Sequence[tuple[str, str]], sign: str, following: Way) -> list[tuple[str, str]] | None:
    """A whole number goes on with a list, is the next of the outermost numbers, or begins a list below."""
    value, letter = place_of(sign)
    for at in range(len(levels) - 1, -1, -1):
        style, last = levels[at]
        before, own = place_of(last)
        follows = before == value and own < letter if letter else 0 < before == value - 1
        if follows and (style == "whole" or (at == 0 and style == "dotted")):
            return [*levels[:at], ("whole", sign)]
    if letter:
        return None
    if value == 1:
        # Below Article 4, which has a word, each paragraph has a number of its own; 1. in a text without words begins
        # a list below, or the text's numbers once more in a second part.
        kept = [level for level in levels if level[0] in KINDS or level[0] == "dotted"]
        return [*(kept or levels[:1] if levels and levels[0][0] != "whole" else levels), ("whole", sign)]
    if not levels and following == (str(value + 1),):  # an extract: it begins with number 17
        return [("whole", sign)]
    return None


def letter_style(levels: Sequence[tuple[str, str]], sign: str) -> str:
    """Whether a letter is one or a Roman number: (i) after (h) is a letter."""
    letter = next((value for style, value in levels if style == "letter"), "")
    follows = bool(letter) and ord(letter[0]) + 1 == ord(sign[0])
    return "roman" if ROMAN.fullmatch(sign) and not follows and sign != "c" else "letter"


def is_numbered(text: str, numbers: Sequence[Number]) -> bool:
    """Whether these number the clauses of a text, and are not those of a list in it."""
    of_clauses = sum(number.style in ("word", "dotted") for number in numbers)
    if of_clauses >= FEWEST:
        return True
    whole = sum(number.style == "whole" for number in numbers)
    starts = {number.start for number in numbers}
    others = sum(start not in starts for start, _ in block_ranges(text))
    return whole >= FEWEST and whole >= OF_BLOCKS * (whole + others)


def ranges_of(found: Sequence[Clause], way: Way, kind: str, inner: Inner = ()) -> list[Range]:
    """Where a clause stands, from its number to the end of its last part; several where the numbers begin anew.

    kind: what it is called in the question; where clauses of another kind are called by words, they are not meant.
    inner: what the numbers below its first one are called. Section 2 without its article is that of any.
    """
    for above in range(max((len(clause.way) for clause in found), default=0)):
        ranges: list[Range] = []
        for clause in found:
            if not (is_below(clause.way[above:], way) and may_be_called(clause.styles[above:], len(way), kind, inner)):
                continue
            if above and clause.styles[above] != kind:
                continue
            if ranges and ranges[-1][1] == clause.start and len(clause.way) > above + len(way):
                ranges[-1] = (ranges[-1][0], clause.end)
            else:
                ranges.append((clause.start, clause.end))
        if ranges:
            return ranges
    return []


def may_be_called(styles: Way, length: int, kind: str, inner: Inner) -> bool:
    """Whether a clause may be called so in a question; "clause" may mean any but a schedule.

    styles: those of its numbers, of which the first ones, `length`, are named.
    """
    if any(styles[at] in KINDS and styles[at] != asked for at, asked in inner):
        return False
    words = [style for style in styles[:length] if style in KINDS]
    return kind in words or (kind not in OUTER and not words) or (kind in ("", "clause") and styles[0] not in OUTER)
