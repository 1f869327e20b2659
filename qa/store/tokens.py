"""The words of a text as `find` compares them, each with its place in the text."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

# Scripts written without spaces between words: each letter is a word, and a run of them is found as a phrase.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"


class Words(NamedTuple):
    """The words of a text in their order."""

    forms: list[str]  # as they are compared: folded case, compatible characters as one
    starts: list[int]  # where each begins in the text, in code points
    ends: list[int]


@cache
def pattern() -> re.Pattern[str]:
    """A run of letters and digits with the marks on them (accents written apart, vowel signs), without underscores."""
    marks = "".join(
        chr(code) for code in range(0x300, sys.maxunicode + 1) if unicodedata.category(chr(code)).startswith("M")
    )
    return re.compile(f"[{UNSPACED}][{marks}]*|(?:(?![{UNSPACED}])[^\\W_][{marks}]*)+")


@lru_cache(maxsize=100_000)
def folded(word: str) -> str:
    """A word in the form in which it is compared: whatever the case, accents as written (composed or not)."""
    form = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", word).casefold())
    return "".join(form.split()) or word  # a few characters stand for several words


def ranges(text: str) -> Iterator[tuple[int, int]]:
    """Where each word of a text begins and ends."""
    for match in pattern().finditer(text):
        yield match.span()


def words_of(text: str) -> Words:
    """The words of a text. Lone surrogates are no words."""
    found = Words([], [], [])
    for start, end in ranges(text):
        found.forms.append(folded(text[start:end]))
        found.starts.append(start)
        found.ends.append(end)
    return found
