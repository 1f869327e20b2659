"""From a question and its passages to answer spans.

`SentenceReader` quotes the best sentence of the best passages, scored from what is there: similarity of question and
sentence, words in common, the passage's rank.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from qa.types import Hit, Passage, Place, Span

READ_HITS = 10  # passages read
MIN_LETTERS = 8  # a shorter sentence says nothing

# Logistic weights of FEATURES, fitted by qa/training/sentence_reader.py on new_wiki articles 1-20; confidence is
# fitted on articles 41-44. The figures are in CHANGELOG.
FEATURES = ("similarity", "words", "before", "rank")
WEIGHTS = (1.34, 2.47, 3.47, 1.76)
CONFIDENCE = (0.990, -7.313)  # slope and intercept over the best sentence's score
THRESHOLD = 0.42


class QuestionEmbedder(Protocol):
    """What the sentence reader needs of `qa.embedder.Embedder`."""

    def encode_questions(self, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...
    def encode_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...


class Reader(Protocol):
    """Finds answers in retrieved passages."""

    threshold: float  # confidence from which on an answer is given

    def read(self, question: str, hits: Sequence[Hit]) -> list[Span]:
        """Spans, best first, at most one for each sentence; with confidence, whatever the threshold."""
        ...


class SentenceReader:
    """Scores every sentence of the best passages; needs nothing but the embedder."""

    threshold = THRESHOLD

    def __init__(self, embedder: QuestionEmbedder) -> None:
        self.embedder = embedder

    def read(self, question: str, hits: Sequence[Hit]) -> list[Span]:
        """One span a sentence, the sentence itself; best first."""
        found = candidates(question, hits)
        if not found:
            return []
        scores = features(question, hits, found, self.embedder) @ np.array(WEIGHTS)
        slope, intercept = CONFIDENCE
        order = sorted(range(len(found)), key=lambda i: -scores[i])
        return [span_of(hits, found[i], logistic(slope * float(scores[i]) + intercept)) for i in order]


Candidate = tuple[int, int, int]  # (number of the hit, start, end in the document)


ASKS_WHO = re.compile(r"(?i)\b(who|whom|whose|wie|wiens|names?|naam|namen)\b")


def candidates(question: str, hits: Sequence[Hit]) -> list[Candidate]:
    """The sentences that may be quoted: no questions, and a speaker's bare label only where a name is asked for."""
    names = bool(ASKS_WHO.search(question))
    found = []
    for number, hit in enumerate(hits[:READ_HITS]):
        labels = {turn.start for turn in hit.passage.turns}
        for start, end in hit.passage.sentences:
            text = sentence_text(hit.passage, start, end)
            if is_answer(text) and (names or start not in labels or not text.endswith(":")):
                found.append((number, start, end))
    return found


def sentence_text(passage: Passage, start: int, end: int) -> str:
    return passage.text[start - passage.start : end - passage.start]


QUESTION_END = re.compile(r"\?[\s\"'\u201d\u2019\u00bb)\]*_]*$")


def is_answer(sentence: str) -> bool:
    """False for a question, and for what is too short to say anything."""
    return not QUESTION_END.search(sentence) and sum(map(str.isalnum, sentence)) >= MIN_LETTERS


def span_of(hits: Sequence[Hit], candidate: Candidate, confidence: float) -> Span:
    """The whole sentence as answer, with the places of equal passages that say it too."""
    number, start, end = candidate
    hit = hits[number]
    begin, length = start - hit.passage.start, end - start
    text = sentence_text(hit.passage, start, end)
    also = tuple(
        Place(other.source, other.start + begin, other.start + begin + length)
        for other in hit.also
        if other.text[begin : begin + length] == text
    )
    return Span(hit, start, end, start, end, confidence, also)


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, x))))


# ---- features ----


def features(
    question: str, hits: Sequence[Hit], found: Sequence[Candidate], embedder: QuestionEmbedder
) -> npt.NDArray[np.float64]:
    """(candidates, FEATURES): what speaks for each sentence.

    similarity: to the question, in standard deviations above the mean of the sentences read, so that models whose
    cosines differ in range compare; words, before: the weighted share of the question's words in the sentence, and in
    it with the one before it; rank: 1 / rank of the passage.
    """
    texts = [sentence_text(hits[number].passage, start, end) for number, start, end in found]
    similarity = embedder.encode_passages(texts) @ embedder.encode_questions([question])[0]
    asked = stems(question)
    stemmed = [stems(text) for text in texts]
    before = [
        words | stemmed[i - 1] if i and found[i - 1][0] == found[i][0] else words for i, words in enumerate(stemmed)
    ]
    weights = word_weights(asked, stemmed)
    return np.column_stack(
        [
            (similarity - similarity.mean()) / (similarity.std() or 1.0),
            [share(asked, words, weights) for words in stemmed],
            [share(asked, words, weights) for words in before],
            [1 / (1 + number) for number, _, _ in found],
        ]
    )


@lru_cache(maxsize=4096)
def stems(text: str) -> frozenset[str]:
    """The stemmed words of a text, numbers kept whole."""
    return frozenset(stem(word) for word in re.findall(r"\d[\d.,]*\d|\w+", text.lower()))


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The word without its English, then Dutch ending; the same for both, since names and questions cross over."""
    import snowballstemmer

    return str(snowballstemmer.stemmer("english").stemWord(word))


def word_weights(asked: frozenset[str], sentences: Sequence[frozenset[str]]) -> dict[str, float]:
    """Inverse sentence frequency of the question's words among the sentences read."""
    counts = Counter(word for sentence in sentences for word in sentence & asked)
    return {word: math.log((len(sentences) + 1) / (counts[word] + 0.5)) for word in asked}


def share(asked: frozenset[str], words: frozenset[str], weights: dict[str, float]) -> float:
    """The part of the question's weight that stands in `words`."""
    total = sum(weights.values())
    return sum(weights[word] for word in asked & words) / total if total else 0.0
