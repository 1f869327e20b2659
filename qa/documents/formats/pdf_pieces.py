"""PDF: what is shown bit by bit put to pieces of text with their places; accents over letters join them."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from qa.documents.formats.pdf_blocks import BEGINS_FIGURE, WHOLE_FIGURE, Line
from qa.documents.formats.pdf_direction import is_rightward
from qa.documents.formats.pdf_fonts import Glyph, Letters
from qa.documents.formats.pdf_hidden import Colour, Ink
from qa.documents.formats.pdf_lines import Piece
from qa.documents.formats.pdf_rules import Box

WORD_GAP = 0.475  # times the width of a space: parts words
WIDE_GAP = 0.4  # times the size of the letters: parts pieces, which may be in two columns
SPACES = 1.2  # times the width of a space, which is wide where all letters are equally wide: parts them as well
BACK = 0.2  # times the size: what begins so far to the left of the end before is a piece of its own
NEW_LINE = 0.8  # times the size: the next baseline is farther away
HALF = 0.5  # times the size: of what goes back to the left the next baseline may be nearer
LEVEL = 0.01  # times the size: a smaller difference is none
CORE = (0.1, 0.5)  # times the size: from where to where above the baseline the middle of the letters is
DOUBLED = 0.1  # times the size: what is shown again so near is drawn twice
INDEX_GAP, SMALLER = 0.2, 0.88  # times the size of the letters before: an index is smaller, and may be so far from them
OFF_CENTRE = 0.25  # times the size: how far an accent may stand from the middle of its letter
MARKS = {
    "`": "\u0300", "\u00b4": "\u0301", "^": "\u0302", "\u02c6": "\u0302", "~": "\u0303", "\u02dc": "\u0303",
    "\u00af": "\u0304", "\u02c9": "\u0304", "\u02d8": "\u0306", "\u02d9": "\u0307", "\u00a8": "\u0308",
    "\u02da": "\u030a", "\u02dd": "\u030b", "\u02c7": "\u030c", "\u00b8": "\u0327", "\u02db": "\u0328",
}  # fmt: skip
SLANT = 0.2  # rise of text to its length, about: text that runs so steeply is not among the lines
DOTLESS = {"\u0131": "i", "\u0237": "j"}


Way = tuple[int, int]  # a direction along or across the page


class Look(NamedTuple):
    """How letters are drawn: what is equal for all letters of a piece."""

    letters: Letters
    size: float  # in the measure of the text
    matrix: tuple[float, float, float, float]  # from that measure to points on the page, without the place
    rise: float
    colour: Colour
    drawn: bool
    clip: Box


@dataclass(slots=True)
class Run:
    """A piece that may still grow. along, end, across: places along the direction of its baseline and across it."""

    look: Look
    glyphs: list[Glyph]
    place: tuple[float, float]  # where it begins on the page
    along: float
    end: float
    across: float
    size: float  # points
    wide: float  # points that a letter of the width 1 takes
    direction: tuple[float, float]
    blank: bool = False  # a space comes before it


class Pieces:
    """Puts shown text to pieces: `found`, and how each is drawn in `inks`, None for the end of a line."""

    def __init__(self) -> None:
        self.found: list[Piece] = []
        self.inks: list[Ink | None] = []
        self.letters: list[list[str]] = []  # of each piece, glyph by glyph
        self.run: Run | None = None
        self.before: Run | None = None  # the last one that ended
        self.line = (0.0, 0.0)  # between which heights the baselines of the line are
        self.last = ""  # the last character
        self.ways: Counter[Way] = Counter()  # letters that run in each direction

    @property
    def main_way(self) -> Way:
        """The direction in which most of the letters run; to the right where there is no such."""
        way, count = max(self.ways.items(), key=lambda entry: entry[1], default=((1, 0), 0))
        return way if 2 * count > self.ways.total() else (1, 0)

    def show(self, glyphs: list[Glyph], look: Look, place: tuple[float, float], length: float) -> None:
        """Takes glyphs that begin at a place on the page. length: how far they reach, in points."""
        a, b, c, d = look.matrix
        scale = math.hypot(a, b)
        right, up = (a / scale, b / scale) if scale else (1.0, 0.0)
        along, across = place[0] * right + place[1] * up, place[1] * right - place[0] * up
        size = abs(look.size) * math.hypot(c, d) * look.letters.scale
        wide = abs(look.size) * scale
        new = Run(look, glyphs, place, along, along + length, across, size, wide, (right, up))
        if self.run is not None and self.goes_on(self.run, new):
            return
        self.end()
        if self.before is not None:
            self.part(self.before, new)
        else:
            self.line = (across, across)
        self.run = new

    def goes_on(self, run: Run, new: Run) -> bool:
        """Joins what goes on with the growing piece to it, and accents to their letters; whether nothing is left."""
        if abs(run.direction[0] - new.direction[0]) + abs(run.direction[1] - new.direction[1]) > LEVEL:
            return False
        level = abs(run.across - new.across)
        gap = new.along - run.end
        if gap < -BACK * new.size and level < DOUBLED * new.size and doubled(run, new):
            return True
        if gap < 0 and level < new.size and accented(run, new):
            if not new.glyphs:
                return True
            if not run.glyphs:
                self.run = None
                return False
            gap = max(new.along - run.end, 0.0)
        if run.look != new.look or level > LEVEL * new.size or gap <= -BACK * new.size:
            return False
        least = word_gap(run, new)
        if gap > max(WIDE_GAP * new.size, SPACES * new.look.letters.space * new.wide):
            return False
        if gap >= least and parts_figures(run, new):
            return False
        if gap >= least and run.glyphs[-1][0][-1:] != " ":
            run.glyphs.append((" ", gap / new.wide))
        run.glyphs += new.glyphs
        run.end = new.end
        return True

    def end(self) -> None:
        """Ends the growing piece."""
        run = self.run
        if run is None:
            return
        self.run, self.before = None, run
        said = [text for text, _ in run.glyphs]
        text = "".join(said)
        if is_rightward(text):
            text = "".join(reversed(said)) + " " * run.blank
        elif run.blank:
            text = f" {text}"
        if not text:
            return
        self.last = text[-1]
        self.letters.append([] if is_rightward(text) else [f" {said[0]}" if run.blank else said[0], *said[1:]])
        (right, up), (c, d) = run.direction, run.look.matrix[2:]
        x, y = run.place
        span = (run.along, run.end) if right <= 0 or abs(up) > abs(right) else (x, x + (run.end - run.along) * right)
        self.ways[round(right), round(up)] += len(said)
        rise, turned, bold = run.look.rise, abs(up) > SLANT, run.look.letters.bold
        risen = rise != 0
        self.found.append((text, Line("", x + rise * c, y + rise * d, run.size, bold, turned, span=span, risen=risen)))
        self.inks.append(ink_of(run))

    def part(self, last: Run, new: Run) -> None:
        """Parts a new piece from the last one by the end of a line or a space, where there is such."""
        right, up = new.direction
        at, after = last.across, last.end
        turns = abs(last.direction[0] - right) + abs(last.direction[1] - up)
        if turns > LEVEL:  # in the new direction
            at = last.place[1] * right - last.place[0] * up
            ends = (last.place, far_end(last))
            after = max(x * right + y * up for x, y in ends)
            self.line = (at, at)
        most = NEW_LINE * min(last.size, new.size)
        back = new.along < after - new.size and new.size >= SMALLER * last.size
        off = abs(new.across - at)
        far = max(self.line[0] - new.across, new.across - self.line[1]) > most
        if turns > SLANT or far or (back and off > HALF * new.size):
            if self.last not in ("", "\n"):
                self.found.append(("\n", self.found[-1][1]))
                self.inks.append(None)
                self.letters.append([])
                self.last = "\n"
            self.line = (new.across, new.across)
            return
        self.line = (min(self.line[0], new.across), max(self.line[1], new.across))
        least = word_gap(last, new)
        if new.size < SMALLER * last.size and off > LEVEL * last.size:
            least = max(least, INDEX_GAP * last.size)
        apart = new.along - after >= least or off > most
        new.blank = apart and self.last not in ("", " ", "\n")


def parts_figures(run: Run, new: Run) -> bool:
    """Whether what begins is another figure than the one before, which is no part of one: they stand in two columns."""
    last, first = run.glyphs[-1][0][-1:], new.glyphs[0][0][:1]
    if not (last.isdigit() or last in ")%") or not (first.isdigit() or first in "(+\u2212-"):
        return False
    text, begun = ("".join(text for text, _ in part.glyphs) for part in (run, new))
    return WHOLE_FIGURE.fullmatch(text) is not None and BEGINS_FIGURE.match(begun) is not None


def word_gap(last: Run, new: Run) -> float:
    """Points that are at least between two words."""
    return WORD_GAP * min(last.look.letters.word * last.wide, new.look.letters.word * new.wide)


def far_end(run: Run) -> tuple[float, float]:
    """Where a piece ends on the page."""
    length = run.end - run.along
    return run.place[0] + length * run.direction[0], run.place[1] + length * run.direction[1]


def ink_of(run: Run) -> Ink:
    """How a piece is drawn; the middle of its letters is most of their width, above their baseline."""
    (c, d), end = run.look.matrix[2:], far_end(run)
    high = math.hypot(c, d) or 1.0
    low, top = (above * run.size / high + run.look.rise for above in CORE)
    (x, y), (to_x, to_y) = run.place, end
    box = (
        min(x, to_x) + min(low * c, top * c),
        min(y, to_y) + min(low * d, top * d),
        max(x, to_x) + max(low * c, top * c),
        max(y, to_y) + max(low * d, top * d),
    )
    middle = (low + top) / 2
    ends = (x + middle * c, y + middle * d, to_x + middle * c, to_y + middle * d)
    return Ink(box, run.look.clip, run.look.colour, run.look.drawn, ends, tuple(width for _, width in run.glyphs))


def doubled(run: Run, new: Run) -> bool:
    """Whether what is shown was shown just before at nearly the same place, to look bold."""
    tail = run.glyphs[-len(new.glyphs) :]
    return new.glyphs == tail and abs(new.end - run.end) < DOUBLED * new.size


# ---- accents ----


def accented(run: Run, new: Run) -> bool:
    """Whether an accent at the end of a piece is drawn over the letter that follows, or the other way round.

    The two are then one letter, and the accent is in neither.
    """
    (last, last_width), (first, first_width) = run.glyphs[-1], new.glyphs[0]
    apart = (new.along + first_width * new.wide / 2) - (run.end - last_width * run.wide / 2)
    if abs(apart) > OFF_CENTRE * max(run.size, new.size):
        return False
    if mark_of(last) and first.isalpha():
        run.glyphs.pop()
        run.end -= last_width * run.wide
        if run.glyphs and run.glyphs[-1][0] == " " and run.glyphs[-1][1]:  # it only lay between the accent and others
            run.end -= run.glyphs.pop()[1] * run.wide
        new.glyphs[0] = with_mark(first, mark_of(last)), first_width
        return True
    if mark_of(first) and last.isalpha():
        run.glyphs[-1] = with_mark(last, mark_of(first)), last_width
        new.glyphs.pop(0)
        new.along += first_width * new.wide
        return True
    return False


def mark_of(text: str) -> str:
    """The combining character for an accent; "" for what is none."""
    return MARKS.get(text) or (text if len(text) == 1 and unicodedata.combining(text) else "")


def with_mark(letter: str, mark: str) -> str:
    """A letter with an accent, as one character where there is such a one."""
    return unicodedata.normalize("NFC", DOTLESS.get(letter, letter) + mark)
