"""Which figures of a sentence a question cannot mean: those of another year than the only one that it names.

"Revenue was 5.2 million in 2022 and 6.1 million in 2023": the network finds the sentence and often takes the wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from qa.answering.cells_asked import YEAR, years
from qa.answering.conflicts import MONTHS, NUMBERS
from qa.answering.question import ASKS_CLAUSE
from qa.text import Range
from qa.types import Passage

WORDS = "|".join(word for word in NUMBERS if word not in ("none", "geen", "een", "one"))
FIGURE = re.compile(rf"(?i)(?<![\w.,])\d+(?:[.,:/\u00a0]\d+)*|\b(?:{WORDS}|dozens?|hundreds?|thousands?|millions)\b")
DAY = re.compile(
    rf"(?i)\d+(?:st|nd|rd|th|e)?\s+(?:{'|'.join(MONTHS)})\b|\b(?:{'|'.join(MONTHS)})\s+\d{{1,2}}\b(?!\s*%)"
)
BORDER = re.compile(
    r"(?i)[,;](?=\s)|[()\[\]]|\s[-\u2013\u2014]\s|\b(?:and|but|while|whereas|or|against|versus|vs|compared|than|to|from|"
    r"en|maar|terwijl|tegen|tegenover|vergeleken|dan|naar|tot)\b"
)
IN_ORDER = re.compile(r"(?i)\b(?:respectively|respectievelijk)\b")
# A year behind these is not that of the figure which is asked for: "how many after 2022?".
RELATIVE = re.compile(
    r"(?i)\b(?:after|before|since|until|till|by|from|to|than|following|compared|na|sinds|vanaf|v\u00f3\u00f3r|tot|dan|naar|"
    r"tegenover|vergeleken)\b(?:\W+\w+){0,2}?\W+(?:1[5-9]|20)\d\d\b"
)


ASKS_PERSON = re.compile(
    r"(?i)^\W*(?:(?:by|from|door|van|von) )?"
    r"(?:who|whom|whose|wie|wiens|wer|wen|wem|(?:which|welke|welche[rnms]?) [^\W\d]+)\b"
)
NAMED = re.compile(
    rf"(?!(?i:{'|'.join(MONTHS)}|in|on|from|by|the|it|op|van|de|het|im|der|die|das)\b)\b[^\W\d_a-z][\w'\u2019-]*"
    r"(?:\s+(?:(?:van|de|der|den|ter|von|of|du|le|la|di)\s+)*[^\W\d_a-z][\w'\u2019-]*)*"
)
COMPARED = re.compile(r"(?i),\s*(?:against|tegen)$|\b(?:compared|versus|vs|vergeleken|tegenover|(?:up|down) from)$")
OUTSET = re.compile(r"(?i)\b(?:from|van|vanaf)\b")
OTHER = "-"  # before a year: any but that one


class Clause(NamedTuple):
    """A part of a sentence without a border in it."""

    years: tuple[str, ...]
    figures: tuple[Range, ...]
    text: str
    before: str  # what stands between it and the one before
    after: str  # the border that ends it

    @property
    def undated(self) -> bool:
        return bool(self.figures) and not self.years

    @property
    def year(self) -> str:
        """The year of a clause that holds one, and no figure."""
        return self.years[0] if len(self.years) == 1 and not self.figures else ""


class ToldApart(NamedTuple):
    """A sentence with figures of several years, as ranges of the passage's text."""

    sentence: Range
    asked: tuple[Range, ...]  # figures that may be of the year that is asked for
    others: tuple[Range, ...]  # those that are not


def told_apart(question: str, passage: Passage, start: int, end: int) -> ToldApart | None:
    """The sentence of a range that holds a figure of another year than the only one that the question names.

    start, end: in the passage's text. None where there is no such figure, or no other one of the sentence is of that
    year or compared with one.
    """
    asked = years(question)
    if len(asked) == 1 and ASKS_PERSON.search(question):
        return names_apart(question, passage, start, end, asked)
    if len(asked) != 1 or RELATIVE.search(question) or ASKS_CLAUSE.search(question):
        return None
    for a, b in passage.sentences:
        low, high = a - passage.start, b - passage.start
        if low <= start and end <= high:
            dated = [((low + x, low + y), year) for (x, y), year in dated_figures(passage.text[low:high])]
            others = tuple(where for where, year in dated if is_other(year, asked))
            sure = any(year in asked or year.startswith(OTHER) for _, year in dated)
            if sure and any(x < end and start < y for x, y in others):
                own = tuple(where for where, year in dated if year and not is_other(year, asked))
                return ToldApart((low, high), own, others)
    return None


def names_apart(question: str, passage: Passage, start: int, end: int, asked: frozenset[str]) -> ToldApart | None:
    """The same of names: those of a list that has another year beside each of them."""
    for a, b in passage.sentences:
        low, high = a - passage.start, b - passage.start
        if low <= start and end <= high:
            sentence = passage.text[low:high]
            relative = RELATIVE.search(question)
            if relative and relative.group().casefold() not in sentence.casefold():
                return None
            dated = [((low + x, low + y), year) for (x, y), year in dated_names(sentence)]
            others = tuple(where for where, year in dated if is_other(year, asked))
            may_be = any(year in asked and passage.text[x:y] not in question for (x, y), year in dated)
            if may_be and any(x < end and start < y for x, y in others):
                return ToldApart((0, 0), (), others)
    return None


def is_other(year: str, asked: Container[str]) -> bool:
    """Whether a figure of `dated_figures` is surely of another year."""
    return year[1:] in asked if year.startswith(OTHER) else bool(year) and year not in asked


@lru_cache(maxsize=256)
def dated_figures(sentence: str) -> tuple[tuple[Range, str], ...]:
    """Each figure of a sentence that is no year or day, with the year that it surely is of.

    That is the only year of its clause; else the year that stands alone before it, or in brackets behind it. OTHER
    before a year where the figure is compared with one of that year; "" where nothing is sure.
    """
    found = list(clauses(sentence))
    if IN_ORDER.search(sentence):
        named = [year for clause in found for year in clause.years]
        figures = [figure for clause in found for figure in clause.figures]
        return tuple(zip(figures, named if len(named) == len(figures) else [""] * len(figures), strict=True))
    of = [clause.years[0] if clause.figures and len(clause.years) == 1 else "" for clause in found]
    for number, (one, other) in enumerate(pairwise(found)):
        if one.undated and not of[number] and (year := compared_year(found, number + 1)):
            of[number] = OTHER + year
        elif one.undated and not of[number] and other.year and is_behind(found, number + 1):
            of[number] = other.year
        elif other.undated and one.year and is_before(found, number, of):
            of[number + 1] = one.year
        elif other.undated and of[number].isdigit() and is_outset(one, other):
            of[number + 1] = OTHER + of[number]
    return tuple((figure, year) for clause, year in zip(found, of, strict=True) for figure in clause.figures)


@lru_cache(maxsize=256)
def dated_names(sentence: str) -> tuple[tuple[Range, str], ...]:
    """Each name of a list with its year: the only one of its clause, or where each has one behind it, that.

    "" where nothing is sure.
    """
    found = list(clauses(sentence, NAMED))
    pairs = list(zip(found[::2], found[1::2], strict=False))
    if len(found) % 2 == 0 and len(pairs) > 1 and all(one.undated and other.year for one, other in pairs):
        of = [other.year for _, other in pairs for _ in range(2)]
    else:
        of = [clause.years[0] if clause.figures and len(clause.years) == 1 else "" for clause in found]
    return tuple((figure, year) for clause, year in zip(found, of, strict=True) for figure in clause.figures)


def compared_year(found: Sequence[Clause], number: int) -> str:
    """The year of the figure with which that of the clause before is compared; "" where it is not."""
    clause = found[number]
    if len(clause.years) != 1:
        return ""
    falls = clause.before.casefold() == "from" and found[number - 1].before.casefold().endswith("to")
    than = not clause.figures and clause.before.casefold().endswith(("than", "dan"))
    headed = bool(clause.figures) and clause.before == "(" and re.match(rf"\s*{clause.years[0]}\s*:", clause.text)
    return clause.years[0] if falls or than or headed or COMPARED.search(clause.before) else ""


def is_behind(found: Sequence[Clause], number: int) -> bool:
    """Whether a year that stands alone is that of the figure before it: in brackets, or with no figure behind."""
    clause, behind = found[number], found[number + 1 : number + 2]
    in_brackets = clause.before.endswith(("(", "[")) and clause.after in (")", "]")
    return in_brackets or not any(other.undated or other.year for other in behind)


def is_before(found: Sequence[Clause], number: int, of: Sequence[str]) -> bool:
    """Whether a year that stands alone is that of the figure behind it: what stands before it has no need of one."""
    above = found[number - 1] if number else None
    free = above is not None and (bool(above.year) or (above.undated and not of[number - 1]))
    return not free and found[number].after not in (")", "]")


def is_outset(one: Clause, other: Clause) -> bool:
    """Whether a figure rose or fell to another one: from 5 in 2022 to 6."""
    return other.before.casefold() in ("to", "naar", "tot") and bool(OUTSET.search(f"{one.before} {one.text}"))


def clauses(sentence: str, figure: re.Pattern[str] = FIGURE) -> Iterator[Clause]:
    """The clauses that hold a figure, or what else is looked for, or a year."""
    at = last = 0
    borders = [(border.start(), border.end(), border.group()) for border in BORDER.finditer(sentence)]
    for start, end, following in (*borders, (len(sentence), len(sentence), "")):
        found = list(YEAR.finditer(sentence, at, start))
        spans = [match.span() for match in (*found, *DAY.finditer(sentence, at, start))]
        figures = tuple(
            match.span()
            for match in figure.finditer(sentence, at, start)
            if not any(a <= match.start() < b for a, b in spans)
        )
        if found or figures:
            named = tuple(match.group(1) for match in found if not match.group(2))
            yield Clause(named, figures, sentence[at:start], sentence[last:at].strip(), following)
            last = start
        at = end
