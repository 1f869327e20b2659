"""The sentence reader: quotes sentences and table cells of the best passages, scored without a network of its own.

The score comes from the similarity of question and sentence, the words they have in common, and the passage's rank.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from qa.answering.cells_asked import cell_text, other_cells
from qa.answering.citing import logistic, span_of
from qa.answering.deciding import DENIED, UNNAMED, ScoredSpan, are_denied, with_named_cells
from qa.answering.denied import denied_clause
from qa.answering.own_deeds import forms_of
from qa.answering.own_words import asked_persons, is_of_another
from qa.answering.question import GERMAN, holds_kind, stem, stems, wanted_kind
from qa.answering.quoting import answerable_sentences, sentence_text
from qa.answering.view import rows
from qa.types import Findings, Hit, Passage

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
        sure = [logistic(slope * float(score) + intercept) for score in scores]
        # What is fitted on sentences may be too sure of cells: only one that the question names has more than UNNAMED.
        cells = [bool(hits[number].passage.cell_at(start)) for number, start, _, _ in found]
        sure = [min(one, UNNAMED) if of_cell else one for one, of_cell in zip(sure, cells, strict=True)]
        marked = [
            ScoredSpan(
                float(score), number, start, end, denied_clause(question, hits[number].passage, start, end) is not None
            )
            for score, (number, start, end, _) in zip(scores, found, strict=True)
        ]
        sure = with_named_cells(question, hits, marked, sure)
        denied = are_denied(question, hits, marked)
        sure = [min(one, DENIED) if no else one for one, no in zip(sure, denied, strict=True)]
        order = sorted(range(len(found)), key=lambda i: (-sure[i], -scores[i]))
        spans = [span_of(hits[found[i][0]], *found[i][1:3], sure[i], denied[i]) for i in order]
        return Findings(spans, min(len(hits), READ_HITS))


Candidate = tuple[int, int, int, str]  # (number of the hit, start, end in the document, what is compared)


def candidates(question: str, hits: Sequence[Hit]) -> list[Candidate]:
    """The sentences of the best passages that may be quoted and are not too short, and the cells of tables."""
    found: list[Candidate] = []
    persons = asked_persons(question, hits)
    for number, hit in enumerate(hits[:READ_HITS]):
        passage = hit.passage
        if any(cell.column for cell in passage.cells):
            found += ((number, *cell) for cell in cells_of(question, passage))
            continue
        for sentence in answerable_sentences(question, passage):
            text = sentence_text(passage, *sentence)
            if names_no_doer(question, text, passage.language) or is_of_another(question, persons, passage, *sentence):
                continue
            if sum(map(str.isalnum, text)) >= MIN_LETTERS:
                found.append((number, *sentence, text))
    return found


PASSIVE = re.compile(r"\b(?:wurden?|wird|werden|worden)\b")
BY = re.compile(r"\b(?:von|vom|durch|seitens)\b")


def names_no_doer(question: str, sentence: str, language: str) -> bool:
    """Whether a German question asks who did something, and a sentence only says that it was done, not by whom.

    "Wer er\u00f6ffnete die Schule?" - "Sie wurde im August er\u00f6ffnet."
    """
    if language != "de" or not re.match(r"\W*[Ww]er\b", question) or PASSIVE.search(question) or BY.search(sentence):
        return False
    asked = verbs_of(question)
    clauses = re.split(r"[,;:]\s|\b(?:und|aber)\b", sentence)
    return any(PASSIVE.search(clause) and verbs_of(clause) & asked for clause in clauses)


def verbs_of(text: str) -> frozenset[str]:
    """Stems of the German words that may be verbs, a participle's without its ge-: baute, gebaut."""
    words = re.findall(r"\b[a-z\u00e4\u00f6\u00fc]\w+", GERMAN.sub(" ", text))
    known = (form for word in words for form in forms_of(word))
    return frozenset(stem(word, "de").removeprefix("ge").removesuffix("t") for word in known)


def cells_of(question: str, passage: Passage) -> Iterator[tuple[int, int, str]]:
    """The cells of a table that may be meant, each with what it is called and says: "Schraube, Preis: 0,15".

    What a row is called by stands with all of the row. What the question says itself is no answer.
    """
    said, out = stems(question, passage.language), other_cells(question, passage)
    for row in rows(passage):
        for cell in row:
            text = cell_text(passage, cell)
            if not cell.column or cell in out or stems(text, passage.language) <= said:
                continue
            if cell.row:
                yield cell.start, cell.end, f"{cell.row}, {cell.column}: {text}"
            else:
                yield cell.start, cell.end, ", ".join(f"{one.column}: {cell_text(passage, one)}" for one in row)


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
    passages = [hits[number].passage for number, *_ in found]
    texts = [text for *_, text in found]
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
            [1 / (1 + number) for number, *_ in found],
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
