"""The words of a text as `find` compares them, each with its place in the text."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache, lru_cache
from typing import NamedTuple

# Scripts written without spaces between words: each letter is a word, and a run of them is found as a phrase.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
AN_UNSPACED = re.compile(f"[{UNSPACED}]")
UNSPACED_WORD = re.compile(f"[{UNSPACED}]\\W*|[^{UNSPACED}]+")  # in a run, where a sign that is no letter is a mark
RUN = re.compile(r"[^\W_]+")
FIRST_MARK = "\u0300"  # no character before it is a mark, or of those scripts


class Words(NamedTuple):
    """The words of a text in their order."""

    forms: list[str]  # as they are compared: folded case, compatible characters as one
    starts: list[int]  # where each begins in the text, in code points
    ends: list[int]


@cache
def marked_run() -> re.Pattern[str]:
    """A run of letters and digits with the marks on them: accents written apart, vowel signs."""
    marks = "".join(filter(is_mark, map(chr, range(sys.maxunicode + 1))))
    return re.compile(f"[^\\W_]+(?:[{marks}]+[^\\W_]*)*")


@cache
def is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


@lru_cache(maxsize=100_000)
def folded(word: str) -> str:
    """A word in the form in which it is compared: whatever the case, accents as written (composed or not)."""
    form = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", word).casefold())
    return "".join(form.split()) or word  # a few characters stand for several words


def words_of(text: str) -> Words:
    """The words of a text: runs of letters and digits, no underscores, no lone surrogates."""
    rare = [] if text.isascii() else [c for c in set(text) if c >= FIRST_MARK]
    marked = any(map(is_mark, rare))  # few texts have marks, and the pattern for them takes five times as long
    places = [match.span() for match in (marked_run() if marked else RUN).finditer(text)]
    if any(map(AN_UNSPACED.match, rare)):
        places = [match.span() for start, end in places for match in UNSPACED_WORD.finditer(text, start, end)]
    return Words([folded(text[a:b]) for a, b in places], [a for a, _ in places], [b for _, b in places])


def plain_forms(text: str) -> list[str] | None:
    """The words of a text without their places, sooner than `words_of`; None where it has to look more closely."""
    if not text.isascii() and any(is_mark(c) or AN_UNSPACED.match(c) for c in set(text) if c >= FIRST_MARK):
        return None
    return list(map(folded, RUN.findall(text)))


def is_inside_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and all(RUN.match(c) or is_mark(c) for c in text[at - 1 : at + 1])
