"""The sentence reader: quotes whole sentences of the best passages, scored without a network of its own.

The score comes from the similarity of question and sentence, the words they have in common, and the passage's rank.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from qa.answering.citing import logistic, span_of
from qa.answering.question import holds_kind, stems, wanted_kind
from qa.answering.quoting import answerable_sentences, sentence_text
from qa.types import Findings, Hit

READ_HITS = 10  # passages read
MIN_LETTERS = 8  # and digits of a sentence; a shorter one is not quoted

# Logistic weights of FEATURES, fitted by eval/training/sentence_reader.py on new_wiki articles 1-20; confidence is
# fitted on articles 41-44. The figures are in CHANGELOG.
FEATURES = ("similarity", "words", "around", "rank", "kind")
WEIGHTS = (1.39, 3.32, 2.90, 1.64, 1.18)
CONFIDENCE = (0.896, -7.226)  # slope and intercept over the best sentence's score
THRESHOLD = 0.32


class QuestionEmbedder(Protocol):
    """What the sentence reader needs of `qa.models.embedder.Embedder`."""

    def encode_questions(self, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...
    def encode_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...


class SentenceReader:
    """Scores every sentence of the best passages; reads any language that the embedder knows."""

    threshold = perhaps = THRESHOLD

    def __init__(self, embedder: QuestionEmbedder) -> None:
        self.embedder = embedder

    def read(self, question: str, hits: Sequence[Hit]) -> Findings:
        """One span a sentence, the sentence itself; best first."""
        found = candidates(question, hits)
        if not found:
            return Findings([], min(len(hits), READ_HITS))
        scores = features(question, hits, found, self.embedder) @ np.array(WEIGHTS)
        slope, intercept = CONFIDENCE
        order = sorted(range(len(found)), key=lambda i: -scores[i])
        spans = []
        for i in order:
            number, start, end = found[i]
            spans.append(span_of(hits[number], start, end, logistic(slope * float(scores[i]) + intercept)))
        return Findings(spans, min(len(hits), READ_HITS))


Candidate = tuple[int, int, int]  # (number of the hit, start, end in the document)


def candidates(question: str, hits: Sequence[Hit]) -> list[Candidate]:
    """The sentences of the best passages that may be quoted and are not too short."""
    return [
        (number, *sentence)
        for number, hit in enumerate(hits[:READ_HITS])
        for sentence in answerable_sentences(question, hit.passage)
        if sum(map(str.isalnum, sentence_text(hit.passage, *sentence))) >= MIN_LETTERS
    ]


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


def word_weights(asked: frozenset[str], sentences: Sequence[frozenset[str]]) -> dict[str, float]:
    """Inverse sentence frequency of the question's words among the sentences."""
    counts = Counter(word for sentence in sentences for word in sentence & asked)
    return {word: math.log((len(sentences) + 1) / (counts[word] + 0.5)) for word in asked}


def share(words: frozenset[str], weights: dict[str, float]) -> float:
    """The part of the question's weight that stands in `words`."""
    total = sum(weights.values())
    return sum(weight for word, weight in weights.items() if word in words) / total if total else 0.0
