"""From a question and its passages to answer spans.

`SentenceReader` quotes the best sentence of the best passages, scored from what is there: similarity of question and
sentence, words in common, the passage's rank, and whether the sentence holds the kind of thing that is asked for.
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
FEATURES = ("similarity", "words", "around", "rank", "kind", "short")
WEIGHTS = (1.0, 2.0, 1.0, 1.0, 1.0, -0.5)
CONFIDENCE = (1.0, 0.0)  # slope and intercept over the best sentence's score
THRESHOLD = 0.5


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
        found = candidates(hits)
        if not found:
            return []
        scores = features(question, hits, found, self.embedder) @ np.array(WEIGHTS)
        slope, intercept = CONFIDENCE
        order = sorted(range(len(found)), key=lambda i: -scores[i])
        return [span_of(hits, found[i], logistic(slope * float(scores[i]) + intercept)) for i in order]


Candidate = tuple[int, int, int]  # (number of the hit, start, end in the document)


def candidates(hits: Sequence[Hit]) -> list[Candidate]:
    """The sentences that may be quoted: not questions, not mere labels of a few letters."""
    return [
        (number, start, end)
        for number, hit in enumerate(hits[:READ_HITS])
        for start, end in hit.passage.sentences
        if is_answer(sentence_text(hit.passage, start, end))
    ]


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
    """(candidates, FEATURES): what speaks for each sentence, all about 0 to 1."""
    texts = [sentence_text(hits[number].passage, start, end) for number, start, end in found]
    vectors = embedder.encode_passages(texts)
    similarity = vectors @ embedder.encode_questions([question])[0]
    asked = stems(question)
    stemmed = [stems(text) for text in texts]
    weights = word_weights(asked, stemmed)
    whole = [stems(f"{hit.passage.context} {hit.passage.text}") for hit in hits[:READ_HITS]]
    wanted = wanted_kind(question)
    words = np.array([share(asked, text, weights) for text in stemmed])
    around = np.array([share(asked, whole[number], weights) for number, _, _ in found])
    spread = float(similarity.std()) or 1.0
    return np.column_stack(
        [
            (similarity - similarity.mean()) / spread,
            words,
            around,
            [1 / (1 + number) for number, _, _ in found],
            [float(bool(wanted and wanted.search(text))) for text in texts],
            [float(len(text) < 40) for text in texts],
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


NUMBER = re.compile(
    r"(?i)\d|\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|millions?|half|"
    r"twee|drie|vier|vijf|zes|zeven|acht|negen|tien|elf|twaalf|tientallen|honderden|duizenden|miljoen|helft)\b"
)
TIME = re.compile(
    r"(?i)\b(1\d|20)\d\d\b|\d{1,2}[:.]\d\d|\b(mon|tues|wednes|thurs|fri|satur|sun)day|\b(january|february|march|april|may|"
    r"june|july|august|september|october|november|december)\b|\b(ago|last|next|yesterday|today|tomorrow|tonight|weeks?|"
    r"months?|years?|days?|hours?|century|centuries)\b|\b(maan|dins|woens|donder|vrij|zater|zon)dag|\b(januari|februari|"
    r"maart|mei|juni|juli|augustus|oktober)\b|\b(geleden|vorige|volgende|gisteren|vandaag|morgen|weken|week|maand|maanden|"
    r"jaar|dagen|uur|eeuw)\b"
)
NAME = re.compile(r"(?<!^)(?<![.!?\u201c\"] )\b[^\W\d_a-z][\w'\u2019-]+")
REASON = re.compile(
    r"(?i)\b(because|since|due|so that|therefore|as a result|reason|caused?|omdat|doordat|want|zodat|reden)\b"
)
KINDS = (
    (
        re.compile(
            r"(?i)\b(how (many|much|long|old|far|high|large|often|big)|hoeveel|hoe (lang|oud|ver|hoog|groot|vaak))\b"
        ),
        NUMBER,
    ),
    (
        re.compile(
            r"(?i)\b(when|what (year|day|date|time|month)|which (year|day|date|month)|wanneer|welk jaar|hoe laat)\b"
        ),
        TIME,
    ),
    (re.compile(r"(?i)\b(who|whom|whose|where|wie|wiens|waar)\b"), NAME),
    (re.compile(r"(?i)\b(why|waarom)\b"), REASON),
)


def wanted_kind(question: str) -> re.Pattern[str] | None:
    """What an answer's sentence should hold: a number, a time, a name, a reason; None where any will do."""
    return next((kind for ask, kind in KINDS if ask.search(question)), None)
