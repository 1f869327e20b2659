"""From a question to ranked passages: dense and lexical lists fused by reciprocal rank, a share for each language.

Reciprocal rank fusion: Cormack, Clarke, Buettcher, SIGIR 2009, with their k = 60.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from itertools import cycle

import numpy as np
import numpy.typing as npt

from qa.catalog import Catalog, fold
from qa.passages import language_of
from qa.types import Hit, Passage
from qa.vectors import Index

RRF_K = 60
LIST_LENGTH = 60  # of each dense and lexical list
HITS = 30
# An English article shares few words with a Dutch question: in languages other than the question's the dense list
# stands in for the lexical one, and every fourth place is kept for them. Figures: CHANGELOG 0.1.
OTHER_LANGUAGE = 0.9  # weight of that stand-in
SHARE = 4
NEGLIGIBLE = 0.01  # of the passages: a language with fewer is most likely a wrong guess at a few names


def retrieve(
    catalog: Catalog, index: Index, question: str, vector: npt.NDArray[np.float32], limit: int = HITS
) -> list[Hit]:
    """The passages most likely to hold the answer, best first, equal ones collapsed to one hit.

    vector: (dimension,), the embedded question.
    """
    sizes = catalog.languages()
    asked_in = language_of(question, next(iter(sizes), "und"), letters=12)
    own = {asked_in} if asked_in in sizes else set(sizes)
    nearest = {language: index.search(vector, language, LIST_LENGTH) for language in sizes}
    overall = sorted((found for near in nearest.values() for found in near), key=lambda found: -found[1])
    lists = [(1.0, [number for number, _ in overall[:LIST_LENGTH]])]
    for language, near in nearest.items():
        if language in own:
            lists.append((1.0, catalog.lexical(question, language, LIST_LENGTH)))
        else:
            lists.append((OTHER_LANGUAGE, [number for number, _ in near]))
    ranked = fuse(lists)
    known = catalog.passages([number for number, _ in ranked])
    others = [
        language for language, size in sizes.items() if language not in own and size >= NEGLIGIBLE * sum(sizes.values())
    ]
    shared = share_out([(known[number], score) for number, score in ranked if number in known], others)
    return collapse(catalog, shared[: limit * 2])[:limit]  # twice: room for the equal ones


def fuse(lists: Iterable[tuple[float, Sequence[str]]]) -> list[tuple[str, float]]:
    """(id, score) by weighted reciprocal rank, best first; ties in order of first appearance."""
    scores: dict[str, float] = defaultdict(float)
    for weight, ranked in lists:
        for rank, number in enumerate(ranked, start=1):
            scores[number] += weight / (RRF_K + rank)
    return sorted(scores.items(), key=lambda item: -item[1])


def share_out(ranked: list[tuple[Passage, float]], others: Sequence[str]) -> list[tuple[Passage, float]]:
    """The ranking with at least one in SHARE places for the languages in `others`, which take turns."""
    waiting = {language: deque(pair for pair in ranked if pair[0].language == language) for language in others}
    turn = cycle(others)
    result: dict[str, tuple[Passage, float]] = {}
    rest = deque(ranked)
    while rest:
        recent = list(result.values())[-(SHARE - 1) :]
        if others and len(recent) == SHARE - 1 and not any(passage.language in waiting for passage, _ in recent):
            line = waiting[next(turn)]
            pair = line.popleft() if line else rest.popleft()
        else:
            pair = rest.popleft()
        result.setdefault(pair[0].id, pair)
    return list(result.values())


def collapse(catalog: Catalog, ranked: Sequence[tuple[Passage, float]]) -> list[Hit]:
    """One hit for passages of equal text, the best ranked one, with all others as its `also`."""
    hits: dict[bytes, Hit] = {}
    for passage, score in ranked:
        key = fold(passage.text)
        if key not in hits:
            others = tuple(other for other in catalog.equal_passages(passage.text) if other.id != passage.id)
            hits[key] = Hit(passage, score, others)
    return list(hits.values())
