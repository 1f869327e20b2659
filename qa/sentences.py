"""The sentences of a text, as ranges, found by sentencex and corrected for English and Dutch."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import accumulate, pairwise

from qa.text import Range, trimmed

SENTENCE_END = re.compile(r"[.!?:\u2026][\"'\u201d\u2019\u00bb)\]]*$")
BEGINNING = r"(?:^|[\s(\"'\u2018\u201c])"
ABBREVIATION = re.compile(  # never ends a sentence
    BEGINNING
    + r"(?:o\.a|m\.a\.w|z\.g|z\.o\.z|t\.w|t\.a\.v|t\.o\.v|i\.p\.v|d\.w\.z|d\.m\.v|i\.v\.m|n\.a\.v|m\.n|m\.b\.t|"
    r"bijv|dhr|mevr|mw|mr|drs|dr|ir|ing|ds|prof|resp|vgl|zgn|incl|excl|evt|"
    r"mrs|ms|gen|col|maj|capt|lt|sgt|adm|sen|rep|gov|rev|hon|vs|approx)\.$",
    re.IGNORECASE,
)
NUMBERED = re.compile(  # does not end a sentence if a figure follows
    BEGINNING + r"(?:no|nos|nr|nrs|fig|blz|ca|st|min|max|mln|mld|jl|e\.d|"
    r"jan|feb|mrt|apr|jun|jul|aug|sep|sept|okt|oct|nov|dec)\.$",
    re.IGNORECASE,
)
AM_PM = re.compile(r"\b[ap]\.m\.$")
DAY_NAME = re.compile(r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b")
GERMAN_DAY = re.compile(r"(?<!\d)\d{1,2}\.$")  # "am 4. M\u00e4rz"
GERMAN_MONTH = re.compile(
    r"(?:Januar|Februar|M\u00e4rz|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)\b"
)
INITIAL = re.compile(r"[\"'\u2018\u201c(]?[A-Z]\.")
ITEM = re.compile(r"[\r\n][ \t]*(?=(?:[-*+\u2022|]|\d{1,3}[.)])[ \t])")  # before an item of a list, a row of a table
NO_ABBREVIATION = {  # sentencex takes these words for abbreviations
    "en": re.compile(r"\bno\.\s+(?=[A-Z])"),
    "nl": re.compile(r"\b(?:dat|u|hand|al|pas|top|app)\.\s+(?=[A-Z])"),
}
BRACKETED = re.compile(r"\((\w{1,4})\)")  # sentencex does not split after these


def segment(text: str, where: Range, language: str) -> list[Range]:
    """The sentences of a range, without white space at their ends.

    A line break counts as a space, except before an item of a list. language: ISO 639-1 code, or "und".
    """
    import sentencex

    cuts = {match.end() for match in ITEM.finditer(text, *where)}
    if language in NO_ABBREVIATION:
        cuts.update(match.end() for match in NO_ABBREVIATION[language].finditer(text, *where))
    merged: list[Range] = []
    for start, end in pairwise([where[0], *sorted(cuts), where[1]]):
        shadow = BRACKETED.sub(r"-\1-", re.sub(r"\s", " ", text[start:end]))
        for a, b in consecutive_ranges(text, start, map(len, sentencex.segment(language, shadow))):
            of_date = language == "de" and merged and german_date_goes_on(text, merged[-1], a)
            if merged and a > start and (of_date or sentence_goes_on(text, merged[-1], a)):
                merged[-1] = (merged[-1][0], b)
            else:
                merged.append((a, b))
    return merged


def sentence_goes_on(text: str, before: Range, start: int) -> bool:
    """Whether the sentence `before` goes on at `start`: it ends in a list number, initial, abbreviation or name."""
    whole = text[before[0] : before[1]]
    end = whole[-12:]
    if not re.search(r"[^\W\d_]", whole) or INITIAL.fullmatch(whole):
        return True
    if start > before[1] and (ABBREVIATION.search(end) or (AM_PM.search(end) and DAY_NAME.match(text, start))):
        return True
    if start == before[1] and text[start] == "_":  # within a name: foo._bar
        return True
    return (text[start].isdigit() and bool(NUMBERED.search(end))) or (text[start].islower() and whole[-1] == ".")


def german_date_goes_on(text: str, before: Range, start: int) -> bool:
    """Whether a month stands at `start`, behind the number of its day."""
    return bool(GERMAN_DAY.search(text[slice(*before)]) and GERMAN_MONTH.match(text, start))


def consecutive_ranges(text: str, start: int, lengths: Iterable[int]) -> list[Range]:
    """Ranges of those lengths, one after the other from `start` on, then without white space at their ends."""
    bounds = pairwise(accumulate(lengths, initial=start))
    return [kept for first, last in bounds for kept in trimmed(text, first, last)]
