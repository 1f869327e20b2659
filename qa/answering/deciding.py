"""From marked spans to confidences: what is known of each candidate, weighed by a small logistic model.

Features of question, passage and span tell right answers from wrong ones better than the reader's score alone (Kamath,
Jia, Liang 2020, Selective question answering under domain shift). Which ones are weighed, and how, is fitted by
eval.calibrate and stored beside the reader's weights.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from qa.answering.cells_asked import cell_text, is_under_no_name, named_cells, stands_for_blank
from qa.answering.citing import logistic
from qa.answering.conflicts import FIGURE
from qa.answering.denied import is_denied, says_less
from qa.answering.placed_cells import with_placed_cells
from qa.answering.question import ASKS_WHERE, NAME, holds_kind, stems, wanted_kind
from qa.language import language_of
from qa.text import equality_key
from qa.types import Cell, Hit, Passage, join_context

FEATURES = (
    "score",  # of start and end above no answer
    "lead",  # on the best candidate that says something else; negative behind it
    "share",  # log of its part of all that the candidates and "no answer" weigh together
    "rank",  # of its passage: minus the log of the number from 1
    "retrieval",  # score of its passage
    "agreeing",  # other documents with a candidate of the same words, near-identical ones counted once, 3 at most
    "kind",  # 1 where the span holds what is asked for (a number, time, name or reason) and the question does not
    "no_kind",  # 1 where that is asked for and the span does not hold it
    "words",  # share of the question's words that stand in its sentences
    "around",  # share of them that stand in its passage, title or heading
    "unsaid",  # share of the question's figures and names that stand in none of these
    "length",  # log of its number of words
    "across",  # 1 where the passage is in another language than the question
)
FARTHEST = 8.0  # a lead counts up to this
FEW = 4  # passages; where there are fewer, "no answer", whose score is 0, is what a candidate leads on as well
AGREEING = 3  # and so many documents that agree
NAMED = 0.9  # confidence, at least, of what stands in the one cell that a question names by row and column

DENIED = 0.4  # at most, of what stands in a clause that denies what is asked

CELL_CHARS = 80  # of a cell that is quoted whole where a part of it would lack a figure
BLANK = 0.3  # at most, of what stands beside the empty cell that a question names: below the threshold of an answer
UNNAMED = 0.49  # at most, of what stands in a row that a question names under a column of which it says no word

DIGIT = re.compile(r"\d")

Floats = npt.NDArray[np.float64]


class ScoredSpan(NamedTuple):
    """A span that the reader marked in the passage of hit `number`, as document offsets."""

    score: float  # logits of its start and end above those of "no answer"
    number: int
    start: int
    end: int
    denied: bool = False  # by the clause that it stands in


def confidences(known: Floats, weights: Mapping[str, float], intercept: float) -> list[float]:
    """The chance of each candidate to be right, from its features."""
    weighed = known @ np.array([weights.get(name, 0.0) for name in FEATURES])
    return [logistic(float(one) + intercept) for one in weighed]


def with_named_cells(
    question: str, hits: Sequence[Hit], found: Sequence[ScoredSpan], sure: Sequence[float]
) -> list[float]:
    """The confidences, raised to NAMED for what stands in the cell that the question names by its row and column.

    None is raised where cells that are named say different things: the question does not tell them apart. A span that
    lacks a figure of its cell is not what the cell says. A cell under a column of which the question says no word may
    be of something else; its confidence is UNNAMED at most. One beside the empty cell that it names is: BLANK.
    """
    hits = [replace(hit, passage=with_placed_cells(hit.passage)) for hit in hits]
    named = {number: named_cells(question, hit.passage) for number, hit in enumerate(hits) if hit.passage.cells}
    texts = {equality_key(cell_text(hits[number].passage, cell)) for number, some in named.items() for cell in some}
    weighed = []
    for one, confidence in zip(found, sure, strict=True):
        passage = hits[one.number].passage
        cell = passage.cell_at(one.start) if passage.cells else None
        if cell and len(texts) == 1 and cell in named[one.number] and says_all(text_of(hits, one), passage, cell):
            confidence = max(confidence, NAMED)
        elif cell and stands_for_blank(question, passage, cell):
            confidence = min(confidence, BLANK)
        elif cell and is_under_no_name(question, passage, cell):
            confidence = min(confidence, UNNAMED)
        weighed.append(confidence)
    return weighed


def are_denied(question: str, hits: Sequence[Hit], found: Sequence[ScoredSpan]) -> list[bool]:
    """Whether each candidate stands in a clause that denies what is asked, so that its confidence is DENIED at most.

    Or, where another sentence of its document denies just that, in one that says less of the question.
    """
    denying = {hit.passage.source.name for hit in hits if is_denied(question, hit.passage)}
    passages = [hits[one.number].passage for one in found]
    return [
        one.denied or (passage.source.name in denying and says_less(question, passage, one.start, one.end))
        for one, passage in zip(found, passages, strict=True)
    ]


def whole_cells(question: str, hits: Sequence[Hit], found: Sequence[ScoredSpan]) -> list[ScoredSpan]:
    """The spans; one is grown to its short cell where it lacks a figure of it that is named, or the rest of a place."""
    grown = []
    for one in found:
        passage = hits[one.number].passage
        cell = passage.cell_at(one.start) if passage.cells else None
        if cell and one.end <= cell.end <= cell.start + CELL_CHARS:
            lacking = not says_all(text_of(hits, one), passage, cell) and cell in named_cells(question, passage)
            goes_on = one.start == cell.start and passage.text.startswith(",", one.end - passage.start)
            if lacking or (goes_on and ASKS_WHERE.search(question)):
                one = one._replace(start=cell.start, end=cell.end)
        grown.append(one)
    return grown


def says_all(span: str, passage: Passage, cell: Cell) -> bool:
    """Whether a span in a cell holds all figures of it."""
    return DIGIT.findall(span) == DIGIT.findall(cell_text(passage, cell))


def features(question: str, hits: Sequence[Hit], found: Sequence[ScoredSpan]) -> Floats:
    """(candidates, features): what is known of each candidate, in the order of FEATURES."""
    if not found:
        return np.zeros((0, len(FEATURES)))
    scores = np.array([one.score for one in found])
    said = [equality_key(text_of(hits, one)) for one in found]
    usual = Counter(hit.passage.language for hit in hits).most_common(1)[0][0]
    asked_in = language_of(question, usual, letters=12)
    wanted = wanted_kind(question)
    together = np.logaddexp(0.0, np.logaddexp.reduce(scores))
    rows = []
    for one, key in zip(found, said, strict=True):
        hit = hits[one.number]
        same = np.array([other == key for other in said])
        lead = one.score - scores[~same].max(initial=0.0 if len(hits) < FEW else -np.inf)
        agreeing = {hits[found[int(n)].number].passage.source.voice for n in np.flatnonzero(same)}
        rows.append([
            one.score, float(np.clip(lead, -FARTHEST, FARTHEST)), one.score - together, -math.log1p(one.number),
            hit.score, min(len(agreeing) - 1, AGREEING), *of_words(question, wanted, asked_in, hit.passage, one),
        ])  # fmt: skip
    return np.array(rows)


def text_of(hits: Sequence[Hit], one: ScoredSpan) -> str:
    passage = hits[one.number].passage
    return passage.text[one.start - passage.start : one.end - passage.start]


def of_words(
    question: str, wanted: re.Pattern[str] | None, asked_in: str, passage: Passage, one: ScoredSpan
) -> list[float]:
    """The features from "kind" on: what the words of question, span, sentences and passage say."""
    language = passage.language
    span = passage.text[one.start - passage.start : one.end - passage.start]
    around = [(a, b) for a, b in passage.sentences if a < one.end and one.start < b]
    low, high = min([one.start, *(a for a, _ in around)]), max([one.end, *(b for _, b in around)])
    holds = holds_kind(wanted, span, question, language)
    asked = stems(question, language)
    sentences = stems(passage.text[low - passage.start : high - passage.start], language)
    whole = stems(join_context(passage.context, passage.text), language)
    named = stems(" ".join([*NAME.findall(question), *FIGURE.findall(question)]), language)
    return [
        float(holds),
        float(wanted is not None and not holds),
        len(asked & sentences) / max(1, len(asked)),
        len(asked & whole) / max(1, len(asked)),
        len(named - whole) / max(1, len(named)),
        math.log1p(len(span.split())),
        float(asked_in != language),
    ]
