"""From a question to ranked passages: dense and lexical lists of each language, fused by reciprocal rank.

Reciprocal rank fusion: Cormack, Clarke, Buettcher, SIGIR 2009, with their k = 60.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from qa.catalog import Catalog, fold
from qa.passages import language_of
from qa.types import Hit, Passage
from qa.vectors import Index

RRF_K = 60
LIST_LENGTH = 60  # of each dense and lexical list
HITS = 30
OTHER_LANGUAGE = 0.5  # weight of the lists of a language the question is not asked in


def retrieve(
    catalog: Catalog, index: Index, question: str, vector: npt.NDArray[np.float32], limit: int = HITS
) -> list[Hit]:
    """The passages most likely to hold the answer, best first, equal ones collapsed to one hit.

    vector: (dimension,), the embedded question.
    """
    languages = list(catalog.languages())
    asked_in = language_of(question, languages[0] if languages else "und", letters=12)
    lists: list[tuple[float, list[str]]] = []
    for language in languages:
        weight = 1.0 if language == asked_in or asked_in not in languages else OTHER_LANGUAGE
        lists.append((weight, [number for number, _ in index.search(vector, language, LIST_LENGTH)]))
        lists.append((weight, catalog.lexical(question, language, LIST_LENGTH)))
    ranked = fuse(lists)[: limit * 2]  # room for the equal ones
    known = catalog.passages([number for number, _ in ranked])
    return collapse(catalog, [(known[number], score) for number, score in ranked if number in known])[:limit]


def fuse(lists: Iterable[tuple[float, Sequence[str]]]) -> list[tuple[str, float]]:
    """(id, score) by weighted reciprocal rank, best first; ties in order of first appearance."""
    scores: dict[str, float] = defaultdict(float)
    for weight, ranked in lists:
        for rank, number in enumerate(ranked, start=1):
            scores[number] += weight / (RRF_K + rank)
    return sorted(scores.items(), key=lambda item: -item[1])


def collapse(catalog: Catalog, ranked: Sequence[tuple[Passage, float]]) -> list[Hit]:
    """One hit for passages of equal text, the best ranked one, with all others as its `also`."""
    hits: dict[bytes, Hit] = {}
    for passage, score in ranked:
        key = fold(passage.text)
        if key not in hits:
            others = tuple(other for other in catalog.equal_passages(passage.text) if other.id != passage.id)
            hits[key] = Hit(passage, score, others)
    return list(hits.values())
