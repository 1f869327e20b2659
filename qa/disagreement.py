"""Whether two answers contradict each other: documents that give different figures or dates for the same question.

Only said to a reader, who sees both side by side; nothing is judged, and no answer is left out for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.reader import NUMBER, TIME, stems, wanted_kind
from qa.types import Span

SHORT = 6  # words; so short an answer is the figure itself
SHARED = 0.34  # of the shorter sentence's telling words, which the other one has too
TRUSTED = 0.4  # confidence of an answer that is worth setting against another

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
    if min(one.confidence, other.confidence) < TRUSTED:
        return False
    asked = figures(question, wanted is TIME)
    said, also = figures(one.text, wanted is TIME) - asked, figures(other.text, wanted is TIME) - asked
    return bool(said and also) and not (said <= also or also <= said) and same_subject(question, one, other)


def same_subject(question: str, one: Span, other: Span) -> bool:
    """Whether two answers are about the same thing, as far as their words show."""
    if all(len(span.text.split()) <= SHORT for span in (one, other)):
        units = [set(WORDS.findall(span.text.casefold())) - MONTHS.keys() - DAYS.keys() for span in (one, other)]
        return not all(units) or bool(units[0] & units[1]) or one.passage.language != other.passage.language
    first, second = (telling(span.sentence, span.passage.language) for span in (one, other))
    shared = first & second
    return bool(shared & telling(question, one.passage.language)) and len(shared) >= SHARED * min(
        len(first), len(second)
    )


def telling(text: str, language: str) -> frozenset[str]:
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
