"""Which figures of a sentence a question cannot mean: those of another year than the only one that it names.

"Revenue was 5.2 million in 2022 and 6.1 million in 2023": the network finds the sentence and often takes the wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
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


class Clause(NamedTuple):
    """A part of a sentence without a border in it."""

    years: tuple[str, ...]
    figures: tuple[Range, ...]
    bracketed: bool


def of_another_year(question: str, passage: Passage, start: int, end: int) -> bool:
    """Whether all figures of a range of the passage's text are of other years than the one that the question names.

    Only where another figure of the same sentence is of that year; else the sentence may mean something else.
    """
    asked = years(question)
    if len(asked) != 1 or RELATIVE.search(question) or ASKS_CLAUSE.search(question):
        return False
    for a, b in passage.sentences:
        low = a - passage.start
        if low <= start and end <= b - passage.start:
            dated = dated_figures(passage.text[low : b - passage.start])
            said = [year for (first, last), year in dated if first < end - low and start - low < last]
            of_asked = any(year in asked for _, year in dated)
            return of_asked and bool(said) and all(year and year not in asked for year in said)
    return False


@lru_cache(maxsize=256)
def dated_figures(sentence: str) -> tuple[tuple[Range, str], ...]:
    """Each figure of a sentence that is no year or day, with the year that it surely is of; "" where none is sure.

    That is the only year of its clause; else the year that stands alone before it, or in brackets behind it.
    """
    found = list(clauses(sentence))
    named = [year for clause in found for year in clause.years]
    figures = [figure for clause in found for figure in clause.figures]
    if IN_ORDER.search(sentence):
        return tuple(zip(figures, named if len(named) == len(figures) else [""] * len(figures), strict=True))
    of = [clause.years[0] if clause.figures and len(clause.years) == 1 else "" for clause in found]
    for number, clause in enumerate(found):
        beside = (*found[max(0, number - 1) : number], *found[number + 1 : number + 2])
        if len(clause.years) != 1 or clause.figures or not all(other.figures for other in beside):
            continue
        open_before = number > 0 and is_open(found[number - 1], of[number - 1])
        open_behind = number + 1 < len(found) and is_open(found[number + 1], of[number + 1])
        if open_before and (clause.bracketed or not open_behind):
            of[number - 1] = clause.years[0]
        elif open_behind and not open_before and not clause.bracketed:
            of[number + 1] = clause.years[0]
    return tuple((figure, year) for clause, year in zip(found, of, strict=True) for figure in clause.figures)


def is_open(clause: Clause, year: str) -> bool:
    """Whether a clause has figures and no year."""
    return bool(clause.figures) and not clause.years and not year


def clauses(sentence: str) -> Iterator[Clause]:
    """The clauses that hold a figure or a year."""
    at, sign = 0, ""
    borders = [(border.start(), border.end(), border.group()) for border in BORDER.finditer(sentence)]
    for start, end, following in (*borders, (len(sentence), len(sentence), "")):
        named = tuple(match.group(1) for match in YEAR.finditer(sentence, at, start) if not match.group(2))
        spans = [match.span() for match in YEAR.finditer(sentence, at, start)]
        spans += [match.span() for match in DAY.finditer(sentence, at, start)]
        figures = tuple(
            match.span()
            for match in FIGURE.finditer(sentence, at, start)
            if not any(a <= match.start() < b for a, b in spans)
        )
        if named or figures:
            yield Clause(named, figures, (sign, following) in (("(", ")"), ("[", "]")))
        at, sign = end, following
