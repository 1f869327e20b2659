"""Embedders that replace or wrap the real one: cheap vectors, vectors kept, texts recorded."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qa.models.embedder import Embedder


class StandIn:
    """Replaces the embedder where embedding would take hours: texts with words in common have near vectors.

    A word is 384 signs taken from its hash; a text is the normalised sum of its words of four letters and more.
    """

    identity = "stand-in 1"
    name = "stand-in"
    dimension = 384
    window = 512

    def __init__(self) -> None:
        self.known: dict[str, npt.NDArray[np.float32]] = {}

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Words, and two special tokens."""
        return [len(text.split()) + 2 for text in texts]

    def encode_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(n, 384) float32, each row of length 1."""
        rows = np.array([self.sum_of_words(text) for text in texts], np.float32).reshape(-1, self.dimension)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    encode_questions = encode_passages

    def sum_of_words(self, text: str) -> npt.NDArray[np.float32]:
        words = re.findall(r"\w{4,}", text.lower()) or [text]
        return np.sum([self.signs(word) for word in words], axis=0) + np.float32(1e-3)  # never of length 0

    def signs(self, word: str) -> npt.NDArray[np.float32]:
        if word not in self.known:
            bits = hashlib.shake_128(word.encode("utf-8", "replace")).digest(self.dimension // 8)
            self.known[word] = 2 * np.unpackbits(np.frombuffer(bits, np.uint8)).astype(np.float32) - 1
        return self.known[word]


class Hybrid(StandIn):
    """Takes the time of the real embedder for a question but returns the stand-in's vector, for stores made with it."""

    def __init__(self, real: Any) -> None:
        super().__init__()
        self.real = real

    def encode_questions(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.real.encode_questions(texts)
        return super().encode_passages(texts)


class Recording:
    """An embedder that keeps the texts it is given."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.texts: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def encode_passages(self, texts: Sequence[str]) -> Any:
        self.texts += texts
        return self.inner.encode_passages(texts)


class Remembering:
    """An embedder that computes the vector of a passage once, however often it is asked for."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self.known: dict[str, npt.NDArray[np.float32]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.embedder, name)

    def encode_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        if new:
            self.known.update(zip(new, self.embedder.encode_passages(new), strict=True))
        return np.stack([self.known[text] for text in texts])
