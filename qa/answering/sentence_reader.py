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

from qa.passages import QUOTE_CHARS, SENTENCE_END
from qa.text import equality_key
from qa.types import Hit, Passage, Place, Span

READ_HITS = 10  # passages read
MIN_LETTERS = 8  # a shorter sentence says nothing

# Logistic weights of FEATURES, fitted by eval/training/sentence_reader.py on new_wiki articles 1-20; confidence is
# fitted on articles 41-44. The figures are in CHANGELOG.
FEATURES = ("similarity", "words", "around", "rank", "kind")
WEIGHTS = (1.39, 3.32, 2.90, 1.64, 1.18)
CONFIDENCE = (0.896, -7.226)  # slope and intercept over the best sentence's score
THRESHOLD = 0.32


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
        labels = label_starts(hit.passage)
        asked = questions(hit.passage)
        for sentence in hit.passage.sentences:
            enough = sum(map(str.isalnum, sentence_text(hit.passage, *sentence))) >= MIN_LETTERS
            if enough and sentence not in asked and (names or sentence[0] not in labels):
                found.append((number, *sentence))
    return found


QUESTION_END = re.compile(r"[?\uff1f\u061f][\s!?.\u2026\"'\u201d\u2019\u00bb)\]*_]*$")


def questions(passage: Passage) -> set[tuple[int, int]]:
    """The sentences of a passage that ask; of a question too long to quote, which comes in pieces, every piece."""
    asking: set[tuple[int, int]] = set()
    following: tuple[int, int] | None = None
    for sentence in reversed(passage.sentences):
        text = sentence_text(passage, *sentence)
        piece = following is not None and following in asking and following[1] - sentence[0] > QUOTE_CHARS
        if QUESTION_END.search(text) or (piece and not SENTENCE_END.search(text)):
            asking.add(sentence)
        following = sentence
    return asking


def label_starts(passage: Passage) -> set[int]:
    """Where the sentences start that are nothing but a speaker's label."""
    turns = {turn.start for turn in passage.turns if turn.speaker}
    return {
        start for start, end in passage.sentences if start in turns and passage.text[end - passage.start - 1] == ":"
    }


def sentence_text(passage: Passage, start: int, end: int) -> str:
    return passage.text[start - passage.start : end - passage.start]


def span_of(hits: Sequence[Hit], candidate: Candidate, confidence: float) -> Span:
    """The whole sentence as answer, with the places of equal passages that say it too."""
    number, start, end = candidate
    hit = hits[number]
    said = equality_key(sentence_text(hit.passage, start, end))
    also = tuple(
        Place(other.source, a, b)
        for other in hit.also
        for a, b in other.sentences
        if equality_key(sentence_text(other, a, b)) == said
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
    cosines differ in range compare; words, around: the weighted share of the question's words in the sentence, and in
    its passage with the context line; rank: 1 / rank of the passage; kind: whether it holds something of the kind that
    is asked for and that the question does not name itself.
    """
    passages = [hits[number].passage for number, _, _ in found]
    texts = [sentence_text(passage, start, end) for passage, (_, start, end) in zip(passages, found, strict=True)]
    similarity = embedder.encode_passages(texts) @ embedder.encode_questions([question])[0]
    stemmed = [stems(text, passage.language) for text, passage in zip(texts, passages, strict=True)]
    around = [stems(f"{passage.context} {passage.text}", passage.language) for passage in passages]
    shares = Shares(question, [passage.language for passage in passages], stemmed)
    wanted = wanted_kind(question)
    return np.column_stack(
        [
            (similarity - similarity.mean()) / (similarity.std() or 1.0),
            shares.of(stemmed),
            shares.of(around),
            [1 / (1 + number) for number, _, _ in found],
            [
                float(holds_kind(wanted, text, question, passage.language))
                for text, passage in zip(texts, passages, strict=True)
            ],
        ]
    )


class Shares:
    """How much of a question's weight stands in a text, with the question stemmed as the text is.

    A word weighs its inverse frequency among the sentences read in the same language.
    """

    def __init__(self, question: str, languages: Sequence[str], sentences: Sequence[frozenset[str]]) -> None:
        self.languages = languages
        self.weights = {
            language: word_weights(
                stems(question, language),
                [words for words, own in zip(sentences, languages, strict=True) if own == language],
            )
            for language in set(languages)
        }

    def of(self, texts: Sequence[frozenset[str]]) -> list[float]:
        """For each text, in the order of the languages given, the share 0 to 1."""
        return [share(words, self.weights[language]) for words, language in zip(texts, self.languages, strict=True)]


@lru_cache(maxsize=4096)
def stems(text: str, language: str) -> frozenset[str]:
    """The stemmed words of a text, numbers kept whole."""
    return frozenset(stem(word, language) for word in re.findall(r"\d[\d.,]*\d|\w+", text.lower()))


STEMMERS = {"da": "danish", "de": "german", "es": "spanish", "fr": "french", "it": "italian", "nl": "dutch"}


@lru_cache(maxsize=65536)
def stem(word: str, language: str) -> str:
    """The word without its ending, by the rules of the language; English ones where there are none."""
    import snowballstemmer

    return str(snowballstemmer.stemmer(STEMMERS.get(language, "english")).stemWord(word))


def word_weights(asked: frozenset[str], sentences: Sequence[frozenset[str]]) -> dict[str, float]:
    """Inverse sentence frequency of the question's words among the sentences."""
    counts = Counter(word for sentence in sentences for word in sentence & asked)
    return {word: math.log((len(sentences) + 1) / (counts[word] + 0.5)) for word in asked}


def share(words: frozenset[str], weights: dict[str, float]) -> float:
    """The part of the question's weight that stands in `words`."""
    total = sum(weights.values())
    return sum(weight for word, weight in weights.items() if word in words) / total if total else 0.0


NUMBER = re.compile(
    r"(?i)\d|\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|millions?|half|"
    r"twee|drie|vier|vijf|zes|zeven|acht|negen|tien|elf|twaalf|tientallen|honderden|duizenden|miljoen|helft)\b"
)
TIME = re.compile(
    r"(?i)\b(1\d|20)\d\d\b|\d{1,2}[:.]\d\d|\b(mon|tues|wednes|thurs|fri|satur|sun)day|\b(january|february|march|april|may|"
    r"june|july|august|september|october|november|december)\b|\b(ago|last|next|yesterday|today|tomorrow|tonight|weeks?|"
    r"months?|years?|days?|hours?|century|centuries)\b|\b(maan|dins|woens|donder|vrij|zater|zon)dag|\b(januari|februari|"
    r"maart|mei|juni|juli|augustus|oktober)\b|\b(geleden|vorige|volgende|gisteren|vandaag|morgen|weken|week|maand|"
    r"maanden|jaar|dagen|uur|eeuw)\b"
)
NAME = re.compile(r"(?<!^)(?<![.!?\u201c\"] )\b[^\W\d_a-z][\w'\u2019-]+")
REASON = re.compile(
    r"(?i)\b(because|since|due|so that|therefore|as a result|reason|caused?|omdat|doordat|want|zodat|reden)\b"
)
KINDS = (
    (r"how (many|much|long|old|far|high|large|often|big)|hoeveel|hoe (lang|oud|ver|hoog|groot|vaak)", NUMBER),
    (r"when|what (year|day|date|time|month)|which (year|day|date|month)|wanneer|welk jaar|hoe laat", TIME),
    (r"who|whom|whose|where|wie|wiens|waar", NAME),
    (r"why|waarom", REASON),
)


def wanted_kind(question: str) -> re.Pattern[str] | None:
    """What an answer's sentence should hold: a number, a time, a name, a reason; None where any will do."""
    return next((kind for words, kind in KINDS if re.search(rf"(?i)\b({words})\b", question)), None)


def holds_kind(wanted: re.Pattern[str] | None, text: str, question: str, language: str) -> bool:
    """Whether a text holds something of the wanted kind that does not stand in the question."""
    asked = stems(question, language)
    return wanted is not None and any(not stems(m.group(), language) & asked for m in wanted.finditer(text))
