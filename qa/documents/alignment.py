"""Where characters of a document's text stand on its pages: the text aligned with the characters that are drawn.

The text is not the drawn characters in their order: hyphens are gone, columns and footnotes stand elsewhere, running
heads and the marks of notes are left out, notes and form fields are added. So only letters and digits are compared,
in runs that are anchored by letters which occur once in the text and once on the pages. What is not sure is not placed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise

from qa.text import Range

ANCHORS = (48, 24, 12, 8)  # lengths of what must be unique in both; the longer ones tell repeated text apart
SHORTEST = 12  # letters and digits of a run that is trusted
GAP = 60  # most characters between two runs that are filled in
EDGE = 0.003  # share of a page by which a letter may reach over its edge
HYPHENS = frozenset("-\u2010\u2011\u00ad\x02\ufffe")  # pdfium writes U+0002 or U+FFFE for one at the end of a line
ADDED = re.compile(r"(?:\A|\n)Note on the page[^\n]*")  # what the loader adds to a page: it is not drawn as text


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of a page's picture, in shares of its width and height from the upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def is_shown(self) -> bool:
        """Whether it lies in the picture: of a cropped page some text may not."""
        return -EDGE < self.left <= self.right < 1 + EDGE and -EDGE < self.top <= self.bottom < 1 + EDGE

    def around(self, other: Box) -> Box:
        """The smallest rectangle that holds both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def holds_middle(self, other: Box) -> bool:
        """Whether the middle of the other one lies in it."""
        x, y = (other.left + other.right) / 2, (other.top + other.bottom) / 2
        return self.left <= x <= self.right and self.top <= y <= self.bottom


@dataclass(frozen=True, slots=True)
class Drawn:
    """A character that is drawn on a page. One that is not drawn itself, as a space between words, has no box."""

    char: str
    page: int
    box: Box | None
    upright: bool = True  # False: its line runs up or down the picture
    raised: bool = False  # smaller and higher than the one before it, as the mark of a note


# ---- letters ----


def letters(text: Sequence[str]) -> tuple[str, list[int]]:
    """The letters and digits of a text in their plainest form, and the place in the text that each comes from."""
    found: list[str] = []
    places: list[int] = []
    for at, char in enumerate(text):
        for plain in plainest(char):
            found.append(plain)
            places.append(at)
    return "".join(found), places


@lru_cache(maxsize=20_000)
def plainest(char: str) -> str:
    """Letters and digits of a character without case and accents; a ligature gives several, a sign none."""
    apart = unicodedata.normalize("NFKD", char.casefold()).casefold()
    return "".join(c for c in apart if c.isalnum() and unicodedata.category(c) != "Lm")  # Lm: an accent by itself


# ---- runs ----


def aligned(text: str, drawn: str) -> list[int]:
    """For each character of `text` its index in `drawn`, -1 where that is not sure. Both as `letters` gives them."""
    to = [-1] * len(text)
    taken = bytearray(len(drawn))
    for length in (*ANCHORS, min(len(text), ANCHORS[-1] - 1)):
        for at, there in common_anchors(text, drawn, length):
            if to[at] < 0 and not taken[there]:
                run_from(text, drawn, to, taken, (at, there))
    fill_gaps(text, drawn, to)
    return to


def common_anchors(text: str, drawn: str, length: int) -> Iterator[Range]:
    """Where runs of that many characters stand that occur once in each of both. A short run is a whole text only."""
    if length < 1 or (length < ANCHORS[-1] and length != len(text)):
        return
    unique = once(drawn, length)
    for run, at in once(text, length).items():
        if at >= 0 and unique.get(run, -1) >= 0:
            yield at, unique[run]


def once(text: str, length: int) -> dict[str, int]:
    """Where each run of that many characters stands; -1 for those that occur more than once."""
    found: dict[str, int] = {}
    for at in range(len(text) - length + 1):
        run = text[at : at + length]
        found[run] = -1 if run in found else at
    return found


def run_from(text: str, drawn: str, to: list[int], taken: bytearray, seed: Range) -> None:
    """Places the longest run of equal characters around a seed, if it is long enough to be trusted, or all there is."""
    first, there = seed
    while first and there and to[first - 1] < 0 and not taken[there - 1] and text[first - 1] == drawn[there - 1]:
        first, there = first - 1, there - 1
    last, until = first, there
    while last < len(text) and until < len(drawn) and to[last] < 0 and not taken[until] and text[last] == drawn[until]:
        last, until = last + 1, until + 1
    if last - first < min(SHORTEST, len(text)):
        return
    to[first:last] = range(there, until)
    taken[there:until] = b"\1" * (until - there)


def fill_gaps(text: str, drawn: str, to: list[int]) -> None:
    """Places short pieces between two that follow each other, where all of such a piece is found between them."""
    known = [at for at, there in enumerate(to) if there >= 0]
    for a, b in pairwise(known):
        if 1 < b - a <= GAP and 1 < to[b] - to[a] <= 2 * GAP:
            piece = text[a + 1 : b]
            matcher = SequenceMatcher(None, piece, drawn[to[a] + 1 : to[b]], autojunk=False)
            blocks = [block for block in matcher.get_matching_blocks() if block.size]
            if sum(block.size for block in blocks) == len(piece):
                for block in blocks:
                    first = to[a] + 1 + block.b
                    to[a + 1 + block.a : a + 1 + block.a + block.size] = range(first, first + block.size)


# ---- marks ----


class Aligned:
    """A part of a document's text aligned with all characters of the pages that it may stand on."""

    def __init__(self, text: str, drawn: Sequence[Drawn]) -> None:
        """text: from the beginning of the first page. drawn: in the order in which they were drawn."""
        self.text, self.drawn = text, drawn
        hidden = ADDED.sub(lambda match: " " * len(match.group()), text)
        plain, self.places = letters(hidden)
        shown, self.indices = letters([one.char if one.box else "" for one in drawn])
        self.to = aligned(plain, shown)

    def boxes(self, start: int, end: int) -> list[tuple[int, Box]]:
        """(page, rectangle) of each line that text[start:end] is drawn in; none where that is not sure."""
        wanted = sum(len(plainest(char)) for char in self.text[start:end])
        held = [(at, there) for at, there in zip(self.places, self.to, strict=True) if start <= at < end]
        if not held or len(held) != wanted or any(there < 0 for _, there in held):
            return []
        steps = [(at, self.indices[there]) for at, there in held]
        if not all(self.follows(a, b) for a, b in pairwise(steps)):
            return []
        lines = list(lines_of(self.drawn, self.with_signs(steps, start, end)))
        return lines if self.reads_back(lines, {index for _, index in steps}) else []

    def follows(self, a: Range, b: Range) -> bool:
        """Whether a character may be drawn at another place than behind the one before: where a word or line ends."""
        (at, index), (next_at, next_index) = a, b
        if next_index - index in (0, 1):
            return True
        between = self.drawn[index + 1 : next_index]
        if next_index > index and not any(plainest(one.char) for one in between if not one.raised):
            return True
        if not self.begins(next_index):
            return False
        whole = self.text[at + 1 : next_at]
        return self.breaks(index) if not whole else self.ends(index)

    def begins(self, index: int) -> bool:
        """Whether a drawn character is the first of a word."""
        return index == 0 or not plainest(self.drawn[index - 1].char) or self.drawn[index - 1].raised

    def ends(self, index: int) -> bool:
        """Whether a drawn character is the last of a word."""
        behind = self.drawn[index + 1 : index + 2]
        return not behind or not plainest(behind[0].char) or behind[0].raised

    def breaks(self, index: int) -> bool:
        """Whether a hyphen is drawn behind a character."""
        behind = self.drawn[index + 1 : index + 2]
        return bool(behind) and behind[0].char in HYPHENS

    def with_signs(self, steps: Sequence[Range], start: int, end: int) -> list[int]:
        """The drawn characters of the steps, with the signs before and behind that belong to the text as well."""
        indices = [index for _, index in steps]
        first, before = steps[0]
        for char in reversed(self.text[start:first]):
            if before == 0 or self.drawn[before - 1].char != char or not self.drawn[before - 1].box:
                break
            before -= 1
            indices.insert(0, before)
        last, behind = steps[-1]
        for char in self.text[last + 1 : end]:
            if behind + 1 == len(self.drawn) or self.drawn[behind + 1].char != char or not self.drawn[behind + 1].box:
                break
            behind += 1
            indices.append(behind)
        return indices

    def reads_back(self, lines: Sequence[tuple[int, Box]], meant: set[int]) -> bool:
        """Whether the letters and digits under the rectangles are those that are meant, beside marks of notes."""
        if not all(box.is_shown for _, box in lines):
            return False
        drawn = [(index, one) for index, one in enumerate(self.drawn) if one.box and plainest(one.char)]
        under = {
            index
            for page, box in lines
            for index, one in drawn
            if one.page == page and one.box and box.holds_middle(one.box)
        }
        return meant <= under and all(self.is_aside(index, meant) for index in under - meant)

    def is_aside(self, index: int, meant: set[int]) -> bool:
        """Whether a character that nobody asked for may lie under a mark: the mark of a note, or one drawn twice."""
        one = self.drawn[index]
        return one.raised or any(
            self.drawn[other].char == one.char and same_place(self.drawn[other], one)
            for other in meant
            if abs(other - index) < GAP
        )


def same_place(a: Drawn, b: Drawn) -> bool:
    return a.page == b.page and bool(a.box and b.box and a.box.holds_middle(b.box) and b.box.holds_middle(a.box))


def lines_of(drawn: Sequence[Drawn], indices: Sequence[int]) -> Iterator[tuple[int, Box]]:
    """(page, rectangle) of each run of characters on a line."""
    last: Drawn | None = None
    around: Box | None = None
    for index in indices:
        one = drawn[index]
        if one.box is None:
            continue
        if last is not None and around is not None and last.box is not None and goes_on(last, one):
            around = around.around(one.box)
        else:
            if last is not None and around is not None:
                yield last.page, around
            around = one.box
        last = one
    if last is not None and around is not None:
        yield last.page, around


def goes_on(last: Drawn, one: Drawn) -> bool:
    """Whether a character stands on the line of the one before it, and not far from it."""
    a, b = last.box, one.box
    if a is None or b is None or last.page != one.page or last.upright != one.upright:
        return False
    if not one.upright:  # looked at from the side
        a, b = Box(a.top, a.left, a.bottom, a.right), Box(b.top, b.left, b.bottom, b.right)
    height = max(a.bottom - a.top, b.bottom - b.top)
    shared = min(a.bottom, b.bottom) - max(a.top, b.top)
    beside = max(b.left - a.right, a.left - b.right)
    least = 0.25 if plainest(last.char) and plainest(one.char) else -0.2  # a comma stands lower than a quotation mark
    return shared > least * height and beside < 4 * height
