"""From a question to ranked passages: dense and lexical lists fused by their scores, a share for each language.

What a question names (a meeting, a company, a year) is often said elsewhere in the document than its answer is: a
passage gains from the best one of its document.

A convex combination of scores, each list's brought to 0..1 first: Bruch, Gai, Ingber, "An Analysis of Fusion Functions
for Hybrid Retrieval", TOIS 2023. It beats reciprocal ranks on every set measured (eval/RESULTS.md).
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from qa.language import language_of
from qa.store.catalog import Catalog
from qa.store.index import Index
from qa.store.part import EXACT_UP_TO, ExactPart, FilteredPart, open_part
from qa.text import equality_key
from qa.types import Hit, Passage, Within

LIST_LENGTH = 100  # of each dense and lexical list
HITS = 30
# An English article shares few words with a Dutch question: in languages other than the question's the dense list
# stands in for the lexical one, and every eighth place is kept for them, every fourth one where they hold most of the
# store. Figures: eval/RESULTS.md.
OTHER_LANGUAGE = 0.7  # most that stand-in gives, where the lexical list gives 1
SHARE, LARGE_SHARE = 8, 4
OF_DOCUMENT = 0.4  # of the best score in a passage's document is added to its own
NEGLIGIBLE = 0.01  # of the passages: a language with fewer is most likely a wrong guess at a few names

PARTS = frozenset({"dense", "lexical", "shares", "documents"})
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
    # A small store is compared one by one where Chroma would have to be opened for it: the same passages, sooner.
    small = not index.opened and sum(index.sizes.values()) <= EXACT_UP_TO
    searched = open_part(catalog, index, within or Within(), vector) if within or small else index
    return ranked(catalog, searched, question, vector, limit, parts, within)


def ranked(
    catalog: Catalog,
    index: Index | ExactPart | FilteredPart,
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
        known = catalog.passages([passage_id for passage_id, _ in fused])
        hits = collapse((known[passage_id], score) for passage_id, score in fused if passage_id in known)
        if len(hits) >= limit or length >= total:
            best = with_documents(hits) if "documents" in parts else hits
            return with_equals(catalog, share_out(best, others, every)[:limit], within)
        length *= 4  # many copies of one text filled the lists


def ranked_lists(
    index: Index | ExactPart | FilteredPart,
    question: str,
    vector: npt.NDArray[np.float32],
    own: set[str],
    length: int,
    parts: Collection[str] = PARTS,
) -> list[dict[str, float]]:
    """The lists to fuse: passage id -> score, 0 to 1. own: languages the question is asked in."""
    nearest = {language: index.search(vector, language, length) for language in index.sizes}
    overall = sorted((found for near in nearest.values() for found in near), key=lambda found: -found[1])
    lists = [spread(overall[:length], whole=LIST_LENGTH)] if "dense" in parts else []
    for language, near in nearest.items():
        if language not in own:
            lists.append(spread(near, OTHER_LANGUAGE))
        elif "lexical" in parts:
            lists.append(relative(index.lexical(question, language, length)))
    return lists


def spread(ranked: Sequence[tuple[str, float]], most: float = 1.0, whole: int = 1) -> dict[str, float]:
    """Similarities as 0 for the last to `most` for the first: a model's cosines lie in a narrow range of its own.

    A list shorter than `whole` is taken for the beginning of one of that length, in which similarities fall with the
    logarithm of the rank: in a store of three passages the last one is no worse than the third of many.
    """
    best, last = (ranked[0][1], ranked[-1][1]) if ranked else (0.0, 0.0)
    longer = max(1.0, math.log(whole) / math.log(len(ranked))) if len(ranked) > 1 else 1.0
    if best == last:
        return {passage_id: most if whole > 1 else 0.0 for passage_id, _ in ranked}
    return {passage_id: most * (1 - (best - score) / (longer * (best - last))) for passage_id, score in ranked}


def relative(ranked: Sequence[tuple[str, float]]) -> dict[str, float]:
    """bm25 scores as shares of the best one: theirs is a true zero, for a passage without any of the words."""
    return {passage_id: score / (ranked[0][1] or 1.0) for passage_id, score in ranked}


def fuse(lists: Iterable[Mapping[str, float]]) -> list[tuple[str, float]]:
    """(id, sum of scores), best first; ties in order of first appearance."""
    scores: dict[str, float] = defaultdict(float)
    for scored in lists:
        for passage_id, score in scored.items():
            scores[passage_id] += score
    return sorted(scores.items(), key=lambda item: -item[1])


def with_documents(hits: Sequence[Hit]) -> list[Hit]:
    """The ranking after OF_DOCUMENT of the best score of each passage's document is added to the passage's own."""
    best: dict[str, float] = {}
    for hit in hits:
        name = hit.passage.source.name
        best[name] = max(hit.score, best.get(name, 0.0))
    summed = [replace(hit, score=hit.score + OF_DOCUMENT * best[hit.passage.source.name]) for hit in hits]
    return sorted(summed, key=lambda hit: -hit.score)


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


def with_equals(catalog: Catalog, hits: Sequence[Hit], within: Within | None = None) -> list[Hit]:
    """The hits, each with all passages of equal text, ranked or not, as its `also`; of them only those `within`."""
    equal: dict[bytes, list[Passage]] = defaultdict(list)
    for other in catalog.equal_passages(*(hit.passage.text for hit in hits)):
        if within is None or within.holds(other.source.name, other.language, other.source.date):
            equal[equality_key(other.text)].append(other)
    return [
        replace(hit, also=tuple(p for p in equal[equality_key(hit.passage.text)] if p.id != hit.passage.id))
        for hit in hits
    ]
