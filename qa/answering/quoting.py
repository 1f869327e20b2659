"""Quotes: which parts of a passage may be quoted, and the whole words or clause around a rough range of characters.

Neither questions nor speakers' labels are quoted, and no stray punctuation stands at the ends.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from qa.answering.cells_asked import other_cells
from qa.answering.question import ASKS_WHO
from qa.passages import QUOTE_CHARS
from qa.sentences import SENTENCE_END
from qa.text import Range
from qa.types import Passage

APOSTROPHES = "'\u2019"
JOINER = "\u200d"  # between the parts of one emoji
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")  # Thai, Han
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2212"
BEFORE = ",;:!?)]}%\u201d\u2019\u00bb\u2026*_|\u2022"  # never the first character of a quote
AFTER = ",;:([{\u201c\u2018\u00ab*_|\u2022#" + DASHES  # never the last one
STOPS = ".!?\u2026"  # the last one only where they belong to it
PAIRS = tuple(map(tuple, ("()", "[]", "{}", "\u201c\u201d", "\u2018\u2019", "\u00ab\u00bb", '""')))


class QuoteBounds(NamedTuple):
    """A text, the range of it that a quote may not leave, and its sentences; all in the text's own offsets."""

    text: str
    low: int
    high: int
    sentences: Sequence[Range]


def quotable(bounds: QuoteBounds, start: int, end: int) -> Range | None:
    """The range grown to whole words and to what qualifies a figure, freed of stray punctuation at its ends.

    None where no letter or figure is left.
    """
    found = without_stray_ends(bounds, *balanced(bounds, *without_stray_ends(bounds, *whole_words(bounds, start, end))))
    found = with_sign(bounds, *with_number(bounds, *found))
    return qualified(bounds, *found) if any(map(str.isalnum, bounds.text[found[0] : found[1]])) else None


# Words that name a place or a thing only together with a number or a letter.
NUMBERED = re.compile(
    r"(?i)\b(rooms?|hall|gate|platform|terminal|track|pier|berth|quay|dock|jetty|floor|unit|building|block|suite|flat|wing|"
    r"desk|entrance|exit|bus|line|route|class|phase|stage|grade|chapter|section|article|clause|page|table|figure|no\.|"
    r"kamer|zaal|perron|spoor|lokaal|gebouw|blok|verdieping|ingang|uitgang|lijn|klas|groep|fase|hoofdstuk|artikel|"
    r"bladzijde|tabel|nr\.|raum|zimmer|saal|gleis|linie)$"
)
ITS_NUMBER = re.compile(
    r"\s(?:\d+(?:[.-]\d+)*[A-Za-z]?|[A-Z])(?![\w%\u20ac])(?!\s?(?:euros?|pounds|percent|procent)\b)"
)


def with_number(bounds: QuoteBounds, start: int, end: int) -> Range:
    """The range with the number behind its last word, where that word says nothing without one: room 2, gate B."""
    number = ITS_NUMBER.match(bounds.text, end, bounds.high)
    return (start, number.end()) if number and NUMBERED.search(bounds.text, start, end) else (start, end)


NEGATIVE = re.compile(r"\([\d.,\s$\u20ac\u00a3%]*\d[\d.,\s%]*\)|\d[\d.,]*[-\u2212](?!\w)|[-\u2212\u2013]\s?\d[\d.,]*%?")


def with_sign(bounds: QuoteBounds, start: int, end: int) -> Range:
    """The range with the brackets or the minus that make its figure a negative one, where nothing else is in the range.

    As accountants write it, in a cell of its own: (1,234.50), 5.5-, -3.
    """
    low, high = bounds.low, bounds.high
    while low < start and bounds.text[low].isspace():
        low += 1
    while end < high and bounds.text[high - 1].isspace():
        high -= 1
    return (low, high) if low <= start and end <= high and NEGATIVE.fullmatch(bounds.text, low, high) else (start, end)


# ---- what says something ----

EMPTY = re.compile(
    r"(?i)\W*((an?|the|th(is|at|ese|ose)|of|in|on|at|to|by|for|from|with|as|and|or|but|so|than|then|after|before|over|under|"
    r"about|well|is|are|was|were|its?|de|het|een|dit|dat|deze|die|van|op|aan|te|door|voor|naar|met|als|en|of|dan|na)"
    r"(\W+|$))*|\W*(no value|null)\W*"  # how loaders say what a sheet or record does not hold
)
FIGURE = re.compile(
    r"(?i)[$\u20ac\u00a3]?\d|(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|half|a (dozen|"
    r"hundred|thousand|million)|dozens|hundreds|thousands|twee|drie|vier|vijf|zes|zeven|acht|negen|tien)\b"
)
QUALIFIER = re.compile(
    r"(?i)\b((well|just|slightly|a little|a bit) (over|under|above|below)|over|under|at (least|most)|"
    r"(no )?(more|less|fewer) than|up to|almost|nearly|close to|about|around|approximately|roughly|some|an estimated|"
    r"(niet )?(meer|minder) dan|ruim|bijna|ongeveer|circa|zo'n|(ten )?minste|minstens|hoogstens)\s+$"
)


def says_nothing(text: str) -> bool:
    """Whether a text is made of articles and prepositions alone, which a network may mark beside a better answer."""
    return EMPTY.fullmatch(text) is not None


def qualified(bounds: QuoteBounds, start: int, end: int) -> Range:
    """The range with the words before it that make a figure another one: over, at least, nearly."""
    before = QUALIFIER.search(bounds.text, max(bounds.low, start - 30), start)
    return (before.start(), end) if before and FIGURE.match(bounds.text, start, end) else (start, end)


# ---- whole clauses ----

COLUMN_GAP = re.compile(r"(?<=\S)(?:[^\S\n]{3,}|\t)(?=\S)")  # of a table that is set with spaces or tabs
BREAK = re.compile(r"[,;:](?=\s)|\s[-\u2013\u2014]\s|[()]")
GIVES_REASON = re.compile(
    r"(?i)\b(because|so that|in order to|due to|owing to|thanks to|by|omdat|doordat|want|zodat|dankzij|door|om)\b"
)


def clause(bounds: QuoteBounds, start: int, end: int) -> Range:
    """The range grown to the end of its clause, and back to the word that gives the reason, if one leads to it.

    The beginning of a main clause stays out: it repeats the question.
    """
    low, high = next(((max(a, bounds.low), min(b, bounds.high)) for a, b in bounds.sentences if a <= start < b), (0, 0))
    if not low <= start < end <= high:
        return start, end  # several sentences already
    broken = [low, *(match.end() for match in BREAK.finditer(bounds.text, low, start))]
    led = [match.start() for match in GIVES_REASON.finditer(bounds.text, broken[-1], start)]
    follows = BREAK.search(bounds.text, end, high)
    return without_stray_ends(bounds, led[-1] if led else start, follows.start() if follows else high)


# ---- whole words ----


def whole_words(bounds: QuoteBounds, start: int, end: int) -> Range:
    """The range with the rest of the words that it cuts; a possessive 's may stay outside."""
    while bounds.low < start and inside_word(bounds.text, start):
        start -= 1
    while end < bounds.high and inside_word(bounds.text, end) and not possessive(bounds.text, end):
        end += 1
    return start, end


def inside_word(text: str, at: int) -> bool:
    """Whether the characters before and after a place inside the text belong to one word or one figure."""
    left, right = text[at - 1], text[at]
    if extends(right) or left == JOINER:
        return not left.isspace()
    if in_word(left) and in_word(right):
        return not (UNSPACED.match(left) or UNSPACED.match(right))  # words of these scripts cannot be told apart
    return links(left, right, text[at + 1 : at + 2]) or (at > 1 and links(text[at - 2], left, right))


def extends(char: str) -> bool:
    """Whether a character is part of the one before it: an accent, a variation, an emoji's joiner."""
    return char == JOINER or unicodedata.category(char).startswith("M")


def in_word(char: str) -> bool:
    return char.isalnum() or extends(char)


def links(left: str, middle: str, right: str) -> bool:
    """Whether a character between two others makes one word (don't) or one figure (3.72, 22:37) of them."""
    if middle in APOSTROPHES:
        return left.isalpha() and right.isalpha()
    return middle in ".,:/" and left.isdigit() and right.isdigit()


def possessive(text: str, at: int) -> bool:
    """Whether a word ends at `at` that is followed by 's."""
    return text[at] in APOSTROPHES and text[at + 1 : at + 2] in ("s", "S") and not in_word((text + " ")[at + 2])


# ---- ends ----


def without_stray_ends(bounds: QuoteBounds, start: int, end: int) -> Range:
    """The range without white space and stray punctuation at its ends; maybe empty."""
    text = bounds.text
    while start < end and stray_before(text, start, end):
        start += 1
    while start < end and stray_after(bounds, start, end):
        end -= 1
    return start, end


def stray_before(text: str, start: int, end: int) -> bool:
    """Whether the first character is no part of a quote: -5 and .5 keep theirs, a list's dash goes."""
    first, following = text[start], text[start + 1 : end][:1]
    if first in DASHES or first in ".#":
        return not following.isalnum() or (first in DASHES and not following.isdigit())
    return first.isspace() or first in BEFORE or extends(first)


def stray_after(bounds: QuoteBounds, start: int, end: int) -> bool:
    """Whether the last character is no part of a quote. A sentence keeps its stop if it is quoted whole."""
    last = bounds.text[end - 1]
    if last not in STOPS:
        return last.isspace() or last in AFTER
    if any(a == start for a, _ in bounds.sentences):
        return False
    return last != "." or not abbreviated(bounds, start, end)


def abbreviated(bounds: QuoteBounds, start: int, end: int) -> bool:
    """Whether a full stop at the end belongs to the word (p.m., U.S., Jr.) and not to the sentence alone."""
    if re.search(r"(?<!\w)(?:[^\W\d_]\.){2,}$", bounds.text[max(start, end - 12) : end]):
        return True
    rest = next((bounds.text[end:b] for a, b in bounds.sentences if a < end <= b), "")
    return any(map(str.isalnum, rest))


def balanced(bounds: QuoteBounds, start: int, end: int) -> Range:
    """The range without a bracket or quotation mark at its end that has no partner, or with the one that follows."""
    for opening, closing in PAIRS:
        inside = bounds.text[start:end]
        lacking = inside.count(opening) - inside.count(closing) or (opening == closing and inside.count(opening) % 2)
        if lacking > 0 and inside[0] == opening and closing not in inside[1:]:
            start += 1
        elif lacking and inside[-1] == closing and opening not in inside[:-1]:
            end -= 1
        elif lacking > 0 and end < bounds.high and bounds.text[end] == closing:
            end += 1
        elif lacking and start > bounds.low and bounds.text[start - 1] == opening:
            start -= 1
    return start, end


# ---- sentences of a passage ----

QUESTION_END = re.compile(r"[?\uff1f\u061f][\s!?.\u2026\"'\u201d\u2019\u00bb)\]*_]*$")


GREETING = re.compile(  # whom a letter is written to is no answer
    r"(?i:hi|hello|hey|dear|hoi|hallo|dag|beste|geachte|lieve|liebe[rs]?|sehr geehrte[rs]?|guten tag)"
    r"(?:\s+[\w.'-]+){0,4}\s*[,!]"
)


def questions(passage: Passage) -> set[Range]:
    """The sentences of a passage that ask; of a question too long to quote, which comes in pieces, every piece."""
    asking: set[Range] = set()
    following: Range | None = None
    for sentence in reversed(passage.sentences):
        text = sentence_text(passage, *sentence)
        piece = following is not None and following in asking and following[1] - sentence[0] > QUOTE_CHARS
        if QUESTION_END.search(text) or (piece and not SENTENCE_END.search(text)):
            asking.add(sentence)
        following = sentence
    return asking


def label_starts(passage: Passage) -> set[int]:
    """Where the sentences start that are nothing but a speaker's label: a letter's turns have none."""
    turns = {turn.start: turn.speaker for turn in passage.turns if turn.speaker}
    return {
        start
        for start, end in passage.sentences
        if start in turns
        and passage.text[end - passage.start - 1] == ":"
        and turns[start].startswith(sentence_text(passage, start, end - 1).rstrip())
    }


def sentence_text(passage: Passage, start: int, end: int) -> str:
    return passage.text[start - passage.start : end - passage.start]


def answerable_sentences(question: str, passage: Passage) -> list[Range]:
    """The sentences that may be quoted: no questions, no greetings, a speaker's bare label only where one asks who."""
    names, labels, asked = bool(ASKS_WHO.search(question)), label_starts(passage), questions(passage)
    kept = [one for one in passage.sentences if one not in asked and (names or one[0] not in labels)]
    return [one for one in kept if not GREETING.fullmatch(sentence_text(passage, *one))]


def answerable_ranges(question: str, passage: Passage) -> list[Range]:
    """Where in the passage's text an answer may stand: outside of questions and, unless one asks who, of labels.

    No answer goes over the border of a range; a label that may be quoted is a range of its own, so is a table's cell.
    Cells that the question cannot mean are no range.
    """
    answerable, labels = set(answerable_sentences(question, passage)), label_starts(passage)
    ranges: list[Range] = []
    at = 0
    for sentence in passage.sentences:
        start, end = sentence[0] - passage.start, sentence[1] - passage.start
        if sentence not in answerable or sentence[0] in labels:
            ranges += [(at, start), (start, end)] if sentence in answerable else [(at, start)]
            at = end
    others = [(cell.start - passage.start, cell.end - passage.start) for cell in other_cells(question, passage)]
    cut = cut_at_borders((*ranges, (at, len(passage.text))), passage)
    return [(a, b) for a, b in cut if a < b and not any(start <= a and b <= end for start, end in others)]


def cut_at_borders(ranges: Iterable[Range], passage: Passage) -> Iterator[Range]:
    """The ranges, cut at the borders of table cells, at the gaps of columns, and where somebody begins to speak."""
    cells = {at - passage.start for cell in passage.cells for at in (cell.start, cell.end)}
    gaps = {at for gap in COLUMN_GAP.finditer(passage.text) for at in gap.span()}
    borders = sorted(cells | gaps | {turn.start - passage.start for turn in passage.turns})
    for start, end in ranges:
        inside = borders[bisect_right(borders, start) : bisect_left(borders, end)]
        yield from pairwise([start, *inside, end])
