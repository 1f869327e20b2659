"""From a question to ranked passages: dense and lexical lists fused by their scores, a share for each language.

A convex combination of scores, each list's brought to 0..1 first: Bruch, Gai, Ingber, "An Analysis of Fusion Functions
for Hybrid Retrieval", TOIS 2023. It beats reciprocal ranks on every set measured (eval/RESULTS.md).
"""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from qa.language import language_of
from qa.store.catalog import Catalog
from qa.store.index import Index
from qa.text import equality_key
from qa.types import Hit, Passage, Within

LIST_LENGTH = 100  # of each dense and lexical list
HITS = 30
FEW = 3_000  # passages that are compared one by one: 60 ms
DEEPEST = 10_000  # of the best passages that are looked through for those of a large part
MARGIN = 1.5  # times as many as would do where the passages of a part are spread evenly
# An English article shares few words with a Dutch question: in languages other than the question's the dense list
# stands in for the lexical one, and every fourth place is kept for them, every second one where they hold most of the
# store. Figures: ARCHITECTURE.md.
OTHER_LANGUAGE = 0.7  # most that stand-in gives, where the lexical list gives 1
SHARE, LARGE_SHARE = 4, 2
NEGLIGIBLE = 0.01  # of the passages: a language with fewer is most likely a wrong guess at a few names

PARTS = frozenset({"dense", "lexical", "shares"})
"""What a ranking is made of; eval.ablate leaves some out to learn what each is worth."""


def retrieve(
    catalog: Catalog,
    index: Index,
    question: str,
    vector: npt.NDArray[np.float32],
    limit: int = HITS,
    parts: Collection[str] = PARTS,
    within: Within | None = None,
) -> list[Hit]:
    """The passages most likely to hold the answer, best first, equal ones collapsed to one hit.

    vector: (dimension,), the embedded question. parts: of PARTS, those to use. within: nothing else is found, nor
    named as saying the same.
    """
    searched = part_of(catalog, index, within, vector) if within else index
    return ranked(catalog, searched, question, vector, limit, parts, within)


def part_of(catalog: Catalog, index: Index, within: Within, vector: npt.NDArray[np.float32]) -> Few | Many:
    """What is searched in the place of the whole index."""
    sizes = catalog.count_within(within)
    if sum(sizes.values()) <= FEW:
        return Few(catalog, index, within, vector, sizes)
    return Many(catalog, index, within, sizes)


class Few:
    """Some passages of an index, searched exactly: what is near to one question, over the catalog's vectors.

    Chroma with a `where` takes longer the more it must pass over; figures: eval/RESULTS.md.
    """

    def __init__(
        self,
        catalog: Catalog,
        index: Index,
        within: Within,
        vector: npt.NDArray[np.float32],
        sizes: dict[str, int],
    ) -> None:
        self.index, self.sizes = index, sizes
        self.similarities: dict[str, float] = {}
        self.ids: dict[str, list[str]] = defaultdict(list)
        length = float(np.linalg.norm(vector)) or 1.0
        for language, ids, rows in catalog.vectors_within(within, 2000):
            cosines = rows @ vector / (np.linalg.norm(rows, axis=1) * length)
            self.similarities.update(zip(ids, cosines.tolist(), strict=True))
            self.ids[language] += ids

    def search(self, question: npt.NDArray[np.float32], language: str, limit: int) -> list[tuple[str, float]]:
        """As `Index.search`; `question` is the vector that the part was made for."""
        found = ((number, self.similarities[number]) for number in self.ids.get(language, ()))
        return heapq.nsmallest(limit, found, key=lambda item: (-item[1], item[0]))

    def lexical(self, question: str, language: str, limit: int) -> list[tuple[str, float]]:
        return self.index.lexical(question, language, limit, self.ids.get(language, ()))


class Many:
    """So many passages of an index that it is quicker to search all and to leave out what is not of the part."""

    def __init__(self, catalog: Catalog, index: Index, within: Within, sizes: dict[str, int]) -> None:
        self.catalog, self.index, self.within, self.sizes = catalog, index, within, sizes

    def search(self, question: npt.NDArray[np.float32], language: str, limit: int) -> list[tuple[str, float]]:
        """As `Index.search`."""
        near = self.sifted(lambda length: self.index.search(question, language, length), language, limit)
        if len(near) >= min(limit, self.sizes.get(language, 0)):
            return near
        apart = replace(self.within, languages=frozenset({language}))  # all of it is far from the question
        return Few(self.catalog, self.index, apart, question, self.sizes).search(question, language, limit)

    def lexical(self, question: str, language: str, limit: int) -> list[tuple[str, float]]:
        """As `Index.lexical`, but for passages before which DEEPEST others come."""
        return self.sifted(lambda length: self.index.lexical(question, language, length), language, limit)

    def sifted(
        self, ranking: Callable[[int], list[tuple[str, float]]], language: str, limit: int
    ) -> list[tuple[str, float]]:
        """Up to `limit` of the part, the best of it, if they are among the DEEPEST of the whole index.

        ranking: gives so many of the best of the whole index.
        """
        whole, mine = self.index.sizes.get(language, 0), self.sizes.get(language, 0)
        if not mine:
            return []
        most = min(whole, max(DEEPEST, limit))
        length = limit if mine == whole else int(MARGIN * limit * whole / mine)
        while True:
            length = min(length, most)
            found = ranking(length)
            inside = self.catalog.ids_within([number for number, _ in found], self.within)
            kept = [item for item in found if item[0] in inside][:limit]
            if len(kept) >= min(limit, mine) or len(found) < length or length >= most:
                return kept
            length *= 4


def ranked(
    catalog: Catalog,
    index: Index | Few | Many,
    question: str,
    vector: npt.NDArray[np.float32],
    limit: int,
    parts: Collection[str],
    within: Within | None,
) -> list[Hit]:
    """As `retrieve`, over an index that holds nothing but what is `within`."""
    sizes = index.sizes
    asked_in = language_of(question, next(iter(sizes), "und"), letters=12)
    own = {asked_in} if asked_in in sizes and "shares" in parts else set(sizes)
    total = sum(sizes.values())
    others = [language for language, size in sizes.items() if language not in own and size >= NEGLIGIBLE * total]
    every = SHARE if 2 * sum(sizes[language] for language in own) >= total else LARGE_SHARE
    length = LIST_LENGTH
    while True:
        fused = fuse(ranked_lists(index, question, vector, own, length, parts))
        known = catalog.passages([number for number, _ in fused])
        hits = collapse((known[number], score) for number, score in fused if number in known)
        if len(hits) >= limit or length >= total:
            return [with_equals(catalog, hit, within) for hit in share_out(hits, others, every)[:limit]]
        length *= 4  # many copies of one text filled the lists


def ranked_lists(
    index: Index | Few | Many,
    question: str,
    vector: npt.NDArray[np.float32],
    own: set[str],
    length: int,
    parts: Collection[str] = PARTS,
) -> list[dict[str, float]]:
    """The lists to fuse: passage id -> score, 0 to 1. own: languages the question is asked in."""
    nearest = {language: index.search(vector, language, length) for language in index.sizes}
    overall = sorted((found for near in nearest.values() for found in near), key=lambda found: -found[1])
    lists = [spread(overall[:length])] if "dense" in parts else []
    for language, near in nearest.items():
        if language not in own:
            lists.append(spread(near, OTHER_LANGUAGE))
        elif "lexical" in parts:
            lists.append(relative(index.lexical(question, language, length)))
    return lists


def spread(ranked: Sequence[tuple[str, float]], most: float = 1.0) -> dict[str, float]:
    """Similarities as 0 for the last to `most` for the first: a model's cosines lie in a narrow range of its own."""
    best, last = (ranked[0][1], ranked[-1][1]) if ranked else (0.0, 0.0)
    return {number: most * (score - last) / ((best - last) or 1.0) for number, score in ranked}


def relative(ranked: Sequence[tuple[str, float]]) -> dict[str, float]:
    """bm25 scores as shares of the best one: theirs is a true zero, for a passage without any of the words."""
    return {number: score / (ranked[0][1] or 1.0) for number, score in ranked}


def fuse(lists: Iterable[Mapping[str, float]]) -> list[tuple[str, float]]:
    """(id, sum of scores), best first; ties in order of first appearance."""
    scores: dict[str, float] = defaultdict(float)
    for scored in lists:
        for number, score in scored.items():
            scores[number] += score
    return sorted(scores.items(), key=lambda item: -item[1])


def share_out(hits: Sequence[Hit], others: Sequence[str], every: int = SHARE) -> list[Hit]:
    """The ranking with at least one in `every` places for the languages in `others`, which take turns."""
    waiting = {language: deque(hit for hit in hits if hit.passage.language == language) for language in others}
    rest = deque(hits)
    placed: list[Hit] = []
    seen: set[str] = set()
    turns = deque(others)
    while rest:
        recent = placed[-(every - 1) :]
        line = rest
        if len(recent) == every - 1 and not any(hit.passage.language in waiting for hit in recent):
            for _ in others:  # the next language, in turn, of which a hit is left
                turns.rotate(-1)
                queue = waiting[turns[-1]]
                while queue and queue[0].passage.id in seen:
                    queue.popleft()
                if queue:
                    line = queue
                    break
        hit = line.popleft()
        if hit.passage.id not in seen:
            seen.add(hit.passage.id)
            placed.append(hit)
    return placed


def collapse(ranked: Iterable[tuple[Passage, float]]) -> list[Hit]:
    """One hit for passages of equal text, the best ranked one."""
    hits: dict[bytes, Hit] = {}
    for passage, score in ranked:
        hits.setdefault(equality_key(passage.text), Hit(passage, score))
    return list(hits.values())


def with_equals(catalog: Catalog, hit: Hit, within: Within | None = None) -> Hit:
    """The hit with all passages of equal text, ranked or not, as its `also`; of them only those `within`."""
    equal = (other for other in catalog.equal_passages(hit.passage.text) if other.id != hit.passage.id)
    return replace(hit, also=tuple(other for other in equal if within is None or is_within(other, within)))


def is_within(passage: Passage, within: Within) -> bool:
    return within.holds(passage.source.name, passage.language, passage.source.date)
