"""A part of a store, searched as `Index` is: exactly where it is small, else by leaving out what is not in it."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from qa.store.catalog import Catalog, Vectors
from qa.store.index import Index
from qa.types import Within

EXACT_UP_TO = 3_000  # passages that are compared one by one: 60 ms
DEEPEST = 10_000  # of the best passages of the whole index that are looked through for those of a large part
MARGIN = 1.5  # times as many as would do where the passages of a part are spread evenly

Ranking = list[tuple[str, float]]  # (passage id, score), best first


def open_part(
    catalog: Catalog,
    index: Index,
    within: Within,
    vector: Vectors,
    exact_up_to: int = EXACT_UP_TO,
    deepest: int = DEEPEST,
) -> ExactPart | FilteredPart:
    """What is searched for one question in the place of the whole index.

    vector: (dimension,), the embedded question. exact_up_to: passages of the largest part that is searched exactly.
    deepest: of the best passages of the whole index, how many are looked through for those of a larger part.
    """
    sizes = catalog.count_within(within)
    if sum(sizes.values()) <= exact_up_to:
        return ExactPart(catalog, index, within, vector, sizes)
    return FilteredPart(catalog, index, within, sizes, deepest)


class ExactPart:
    """A small part: every vector in it, read from the catalog, is compared with one question's.

    Chroma with a `where` takes longer the more it must pass over; figures: eval/RESULTS.md.
    """

    def __init__(self, catalog: Catalog, index: Index, within: Within, vector: Vectors, sizes: dict[str, int]) -> None:
        """vector: (dimension,), the embedded question. sizes: passages of the part by language."""
        self.index, self.sizes = index, sizes
        self.similarities: dict[str, float] = {}
        self.ids: dict[str, list[str]] = defaultdict(list)
        length = float(np.linalg.norm(vector)) or 1.0
        for language, ids, rows in catalog.vectors_within(within, 2000):
            # Not rows @ vector: there the last bit of a row's product depends on its place among the others, and
            # equal passages would change places.
            cosines = (rows * vector).sum(axis=1) / (np.linalg.norm(rows, axis=1) * length)
            self.similarities.update(zip(ids, cosines.tolist(), strict=True))
            self.ids[language] += ids

    def search(self, question: Vectors, language: str, limit: int) -> Ranking:
        """As `Index.search`; `question` is the vector that the part was made for."""
        found = ((passage_id, self.similarities[passage_id]) for passage_id in self.ids.get(language, ()))
        return heapq.nsmallest(limit, found, key=lambda item: (-item[1], item[0]))

    def lexical(self, question: str, language: str, limit: int) -> Ranking:
        """As `Index.lexical`."""
        return self.index.lexical(question, language, limit, self.ids.get(language, ()))


class FilteredPart:
    """A large part: it is quicker to search the whole index and to leave out what is not in the part."""

    def __init__(
        self, catalog: Catalog, index: Index, within: Within, sizes: dict[str, int], deepest: int = DEEPEST
    ) -> None:
        """sizes: passages of the part by language. deepest: of the best of the whole index that are looked through."""
        self.catalog, self.index, self.within, self.sizes, self.deepest = catalog, index, within, sizes, deepest

    def search(self, question: Vectors, language: str, limit: int) -> Ranking:
        """As `Index.search`."""
        near = self.filtered(lambda length: self.index.search(question, language, length), language, limit)
        if len(near) >= min(limit, self.sizes.get(language, 0)):
            return near
        alone = replace(self.within, languages=frozenset({language}))  # all of it is far from the question
        return ExactPart(self.catalog, self.index, alone, question, self.sizes).search(question, language, limit)

    def lexical(self, question: str, language: str, limit: int) -> Ranking:
        """As `Index.lexical`, but without passages that come after the `deepest` best of the whole index."""
        return self.filtered(lambda length: self.index.lexical(question, language, length), language, limit)

    def filtered(self, ranking: Callable[[int], Ranking], language: str, limit: int) -> Ranking:
        """Up to `limit` of the part, its best, if they are among the `deepest` best of the whole index.

        ranking: gives so many of the best of the whole index.
        """
        whole, mine = self.index.sizes.get(language, 0), self.sizes.get(language, 0)
        if not mine:
            return []
        most = min(whole, max(self.deepest, limit))
        length = limit if mine == whole else int(MARGIN * limit * whole / mine)
        while True:
            length = min(length, most)
            found = ranking(length)
            inside = self.catalog.ids_within([passage_id for passage_id, _ in found], self.within)
            kept = [item for item in found if item[0] in inside][:limit]
            if len(kept) >= min(limit, mine) or len(found) < length or length >= most:
                return kept
            length *= 4
