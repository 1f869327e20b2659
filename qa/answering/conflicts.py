"""Whether two answers contradict each other: documents that give different figures or dates for the same question.

The reader of an answer is told and sees both; neither is judged, and no answer is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.answering.question import COUNTED, NUMBER, TIME, stems, wanted_kind
from qa.types import Span

SHORT = 6  # words; a sentence no longer than that is little more than the figure
SHARED = 0.34  # of the shorter sentence's content words: as many must stand in the other one
NEAR = 3  # words behind a figure that may name what it counts
LIKELY_ENOUGH = 0.4  # confidence from which on an answer is compared with another

FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")
CLOCK = re.compile(r"([01]?\d|2[0-3])[.:]([0-5]\d)")
GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
WORDS = re.compile(r"[^\W\d_]+")
YEAR = re.compile(r"1[0-9]\d\d|20\d\d")
NUMBERS = {
    word: str(number)
    for number, words in enumerate(
        ("none geen", "", "two twee", "three drie", "four vier", "five vijf", "six zes", "seven zeven", "eight acht",
         "nine negen", "ten tien", "eleven elf", "twelve twaalf")
    )
    for word in words.split()
}  # fmt: skip
MONTHS = {
    word: f"month {number}"
    for number, words in enumerate(
        ("january januari", "february februari", "march maart", "april", "may mei", "june juni", "july juli",
         "august augustus", "september", "october oktober", "november", "december"), start=1)
    for word in words.split()
}  # fmt: skip
DATED = re.compile(rf"(?i)\b\d{{1,2}} ({'|'.join(MONTHS)})\b|\b({'|'.join(MONTHS)}) \d{{1,2}}\b")
DAYS = {
    word: f"day {number}"
    for number, words in enumerate(
        ("monday maandag", "tuesday dinsdag", "wednesday woensdag", "thursday donderdag", "friday vrijdag",
         "saturday zaterdag", "sunday zondag"))
    for word in words.split()
}  # fmt: skip


def differing(question: str, spans: Sequence[Span]) -> list[int]:
    """Numbers of the answers that say something else than the first one, from 0; empty where none does."""
    return [number for number, span in enumerate(spans) if number and differ(question, spans[0], span)]


def differ(question: str, one: Span, other: Span) -> bool:
    """Whether two answers to a question for a figure or a time come from two documents and name different ones."""
    wanted = wanted_kind(question)
    if wanted not in (NUMBER, TIME) or one.source.name == other.source.name:
        return False
    if min(one.confidence, other.confidence) < LIKELY_ENOUGH:
        return False
    asked = figures(question, wanted is TIME)
    said, also = figures(one.text, wanted is TIME) - asked, figures(other.text, wanted is TIME) - asked
    if not (said and also) or said <= also or also <= said:
        return False
    if wanted is TIME and not {time_kind(figure) for figure in said} & {time_kind(figure) for figure in also}:
        return False  # a year and a day without one go together
    return same_subject(question, one, other)


def same_subject(question: str, one: Span, other: Span) -> bool:
    """Whether two answers are about the same thing, as far as their words show."""
    pair, alike = (one, other), one.passage.language == other.passage.language
    asked = COUNTED.search(question)
    if asked and alike:
        held = [bool(stems(asked[1], span.passage.language) & counted_stems(span)) for span in pair]
        if any(held):
            return all(held)
    if not alike or all(len(span.sentence.split()) <= SHORT for span in pair):
        units = [set(WORDS.findall(span.text.casefold())) - MONTHS.keys() - DAYS.keys() for span in pair]
        return not all(units) or bool(units[0] & units[1]) or not alike
    first, second = (content_stems(span.sentence, span.passage.language) for span in (one, other))
    shared = first & second
    return bool(shared & content_stems(question, one.passage.language)) and len(shared) >= SHARED * min(
        len(first), len(second)
    )


def counted_stems(span: Span) -> frozenset[str]:
    """Stems of the words behind the first figure of an answer, in its sentence: what the figure counts."""
    words = re.findall(r"\w[\w.,:]*\b", span.sentence[span.start - span.sentence_start :])
    at = next((n for n, word in enumerate(words) if word[0].isdigit() or word.casefold() in NUMBERS), len(words))
    following = words[at + 1 : at + 1 + NEAR]
    return frozenset(stem for word in following for stem in stems(word, span.passage.language))


def time_kind(figure: str) -> str:
    """Whether a time is a month, a weekday, a year, a time of day, or a day of the month."""
    kind = figure.partition(" ")[0] if " " in figure else "clock" if ":" in figure else ""
    return kind or ("year" if YEAR.fullmatch(figure) else "number")


def content_stems(text: str, language: str) -> frozenset[str]:
    """Stems of the words that have some length; short ones are mostly articles and prepositions."""
    return frozenset(stem for word in WORDS.findall(text) if len(word) > 3 for stem in stems(word, language))


def figures(text: str, times: bool) -> frozenset[str]:
    """The figures of a text, however written. times: years, dates, weekdays and times of day only; else all others."""
    found = set()
    for match in FIGURE.finditer(text):
        figure = match.group()
        clock, year = CLOCK.fullmatch(figure), YEAR.fullmatch(figure)
        dated = bool(year or DATED.search(text, max(0, match.start() - 12), match.end() + 12))
        if times and clock:
            found.add(f"{int(clock[1])}:{clock[2]}")
        elif dated == times and not (clock and ":" in figure):
            found.add(re.sub(r"[.,]", "", figure) if GROUPED.fullmatch(figure) else figure.replace(",", "."))
    for word in WORDS.findall(text.casefold()):
        if times and (word in MONTHS or word in DAYS):
            found.add(MONTHS.get(word) or DAYS[word])
        elif not times and word in NUMBERS:
            found.add(NUMBERS[word])
    return frozenset(found)
