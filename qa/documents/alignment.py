"""Where characters of a document's text stand on its pages: the text aligned with the characters that are drawn.

The text is not the drawn characters in their order: hyphens are gone, columns and footnotes stand elsewhere, running
heads and the marks of notes are left out, notes and form fields are added. So only letters and digits are compared,
in runs that are anchored by letters which occur once in the text and once on the pages. What is not sure is not placed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from qa.text import Range

ANCHORS = (48, 24, 12, 8)  # lengths of what must be unique in both; the longer ones tell repeated text apart
SHORTEST = 12  # letters and digits of a run that is trusted
GAP = 60  # most characters between two runs that are filled in
NEAR, WIDE = (
    0.8,
    1.6,
)  # times the height of letters: on one line their middles are nearer; a gap between columns is wider
HYPHENS = frozenset("-\u2010\u2011\u00ad\x02\ufffe")  # pdfium writes U+0002 or U+FFFE for one at the end of a line
MARGIN = 6  # times the height of letters: the next line of a paragraph begins at most that much further out
APART = re.compile(r"\||\t| {2}")  # what the loader puts between two cells
ADDED = re.compile(r"(?:\A|\n)Note on the page[^\n]*")  # what the loader adds to a page: it is not drawn as text


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of a page as it is shown, measured from its upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

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

    def turned_back(self, quarters: int) -> Box:
        """The rectangle as it lies to somebody for whom text is upright that is turned by so many quarters."""
        left, top, right, bottom = self.left, self.top, self.right, self.bottom
        for _ in range(quarters % 4):
            left, top, right, bottom = top, -right, bottom, -left
        return Box(left, top, right, bottom)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A character that is drawn on a page. One that is not drawn itself, as a space between words, has no box."""

    char: str
    page: int
    box: Box | None  # in any unit that is the same across and down
    quarters: int = 0  # by which its line is turned clockwise
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


# ---- from one letter to the next ----

Places = Sequence[Box]
Step = Literal["near", "wide", "down", "broken", "away"]


def step_between(drawn: Sequence[Drawn], index: int, following: int) -> Step:
    """How a letter is drawn behind another one: beside it, behind a gap, on a line below, that as well behind a hyphen
    which breaks a word, or anywhere else.
    """
    last, one = drawn[index], drawn[following]
    if index == following:
        return "near"
    if last.box is None or one.box is None or (last.page, last.quarters) != (one.page, one.quarters):
        return "away"
    a, b = last.box.turned_back(last.quarters), one.box.turned_back(one.quarters)
    height = max(a.bottom - a.top, b.bottom - b.top)
    below = (b.top + b.bottom - a.top - a.bottom) / 2
    if abs(below) < NEAR * height:
        return "away" if b.right < a.left - 2 * height else "wide" if b.left - a.right > WIDE * height else "near"
    if below < 0:
        return "away"
    return "broken" if any(other.char in HYPHENS for other in drawn[index + 1 : following]) else "down"


def may_follow(between: str, step: Step) -> bool:
    """Whether letters with that between them in the text may be drawn at such a step.

    A text goes on in the next line where it says so, and over a gap only to the next cell: at a wide gap one column
    ends, and what stands behind it is another one's.
    """
    match step:
        case "near":
            return True
        case "wide":
            return APART.search(between) is not None
        case "down":
            return "\n" in between
        case "broken":
            return "\n" in between or between in ("", "-")
    return False


def may_be_filled(between: str, step: Step) -> bool:
    """Whether letters between two that are placed may be drawn at such a step: no line goes on over a wide gap."""
    return step in ("near", "broken") or ("\n" in between) == (step != "wide")


# ---- runs ----


class Runs:
    """Letters of a text and letters that are drawn, and which of them belong together.

    to: for each letter of the text the number of the drawn one; -1 where that is not sure.
    """

    def __init__(
        self, text: str, between: Sequence[str], drawn: str, steps: Sequence[Step], places: Places, notes: Set[int]
    ) -> None:
        """between: what stands in the text behind each letter. steps: from each drawn letter to the next.

        places: of the drawn letters, each as it lies on its own line. notes: numbers of those that are marks of notes.
        """
        self.places = places
        self.text, self.between, self.drawn, self.steps = text, between, drawn, steps
        self.lines: list[int] = [0]  # of each letter, the first one of its line
        for at, gap in enumerate(between, start=1):
            self.lines.append(at if "\n" in gap else self.lines[-1])
        self.to = [-1] * len(text)
        self.unsure: set[int] = set()
        for length in (*ANCHORS, min(len(text), ANCHORS[-1] - 1)):
            for at, there in self.anchors(length):
                if self.to[at] != there:
                    self.run_from(at, there, length)
        self.drop_unsure()
        self.fill_gaps(notes)

    def anchors(self, length: int) -> Iterator[Range]:
        """Where runs of that many letters stand that occur once in each of both. A short run is a whole text only."""
        if length < 1 or (length < ANCHORS[-1] and length != len(self.text)):
            return
        unique = once(self.drawn, length)
        for run, at in once(self.text, length).items():
            if at >= 0 and unique.get(run, -1) >= 0:
                yield at, unique[run]

    def belong(self, at: int, there: int) -> bool:
        """Whether there are two such letters, and they are equal."""
        inside = 0 <= at < len(self.text) and 0 <= there < len(self.drawn)
        return inside and self.text[at] == self.drawn[there]

    def goes_on(self, at: int, there: int) -> bool:
        """Whether the letters behind two that belong together do so as well.

        Into the next line they do where all of the line before belongs together: else the line may be the last cell of
        a row, and what is drawn below it another row's.
        """
        if not (self.belong(at + 1, there + 1) and may_follow(self.between[at], self.steps[there])):
            return False
        return self.steps[there] in ("near", "wide") or self.is_whole_line(at, there)

    def is_whole_line(self, at: int, there: int) -> bool:
        """Whether a line of the text, up to a letter, is drawn as one line, and the next letter below that line."""
        first = self.lines[at]
        if not all(
            self.belong(one, one + there - at)
            and self.steps[one + there - at] in ("near", "wide")
            and may_follow(self.between[one], self.steps[one + there - at])
            for one in range(first, at)
        ):
            return False
        begin, end, below = (self.places[n] for n in (first + there - at, there, there + 1))
        return begin.left - MARGIN * (end.bottom - end.top) < below.left < end.right

    def run_from(self, at: int, there: int, length: int) -> None:
        """Places the longest run around an anchor, if it holds the anchor and is long enough to be trusted."""
        last = at
        while self.goes_on(last, there + last - at):
            last += 1
        if last - at + 1 < length:
            return
        first, shift = at, there - at
        while self.belong(first - 1, first - 1 + shift) and self.goes_on(first - 1, first - 1 + shift):
            first -= 1
        if last - first + 1 < min(SHORTEST, len(self.text)):
            return
        for one in range(first, last + 1):
            if self.to[one] not in (-1, one + shift):
                self.unsure.add(one)
            self.to[one] = one + shift

    def drop_unsure(self) -> None:
        """Takes back letters that stand in two runs, and those for which one drawn letter would do twice."""
        users: dict[int, int] = {}
        for at, there in enumerate(self.to):
            if there >= 0 and users.setdefault(there, at) != at:
                self.unsure |= {at, users[there]}
        for at in self.unsure:
            self.to[at] = -1

    def fill_gaps(self, notes: Set[int]) -> None:
        """Places short pieces between two letters where nothing else is drawn between those, beside marks of notes.

        An equal line may stand in each of two columns.
        """
        known = [at for at, there in enumerate(self.to) if there >= 0]
        for a, b in pairwise(known):
            if 1 < b - a <= GAP and 1 < self.to[b] - self.to[a] <= 2 * GAP:
                inside = [there for there in range(self.to[a] + 1, self.to[b]) if there not in notes]
                if self.text[a + 1 : b] != "".join(self.drawn[there] for there in inside):
                    continue
                path = pairwise([self.to[a], *inside, self.to[b]])
                steps = [(at, one) for at, (one, after) in enumerate(path, start=a) if after == one + 1]
                if all(may_be_filled(self.between[at], self.steps[one]) for at, one in steps):
                    self.to[a + 1 : b] = inside


def once(text: str, length: int) -> dict[str, int]:
    """Where each run of that many characters stands; -1 for those that occur more than once."""
    found: dict[str, int] = {}
    for at in range(len(text) - length + 1):
        run = text[at : at + length]
        found[run] = -1 if run in found else at
    return found


# ---- marks ----


class Aligned:
    """A part of a document's text aligned with all characters of the pages that it may stand on."""

    def __init__(self, text: str, drawn: Sequence[Drawn]) -> None:
        """text: from the beginning of the first page. drawn: in the order in which they were drawn."""
        self.text, self.drawn = text, drawn
        hidden = ADDED.sub(lambda match: " " * len(match.group()), text)
        plain, self.places = letters(hidden)
        shown, self.indices = letters([one.char if one.box else "" for one in drawn])
        between = [text[a + 1 : b] for a, b in pairwise(self.places)]
        steps = [step_between(drawn, a, b) for a, b in pairwise(self.indices)]
        lying = [box.turned_back(one.quarters) for one in (drawn[index] for index in self.indices) if (box := one.box)]
        notes = {n for n, index in enumerate(self.indices) if drawn[index].raised}
        self.to = Runs(plain, between, shown, steps, lying, notes).to

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
    if last.box is None or one.box is None or (last.page, last.quarters) != (one.page, one.quarters):
        return False
    a, b = last.box.turned_back(last.quarters), one.box.turned_back(one.quarters)
    height = max(a.bottom - a.top, b.bottom - b.top)
    shared = min(a.bottom, b.bottom) - max(a.top, b.top)
    beside = max(b.left - a.right, a.left - b.right)
    least = 0.25 if plainest(last.char) and plainest(one.char) else -0.2  # a comma stands lower than a quotation mark
    return shared > least * height and beside < 4 * height
