"""What a visitor finds: the words as they were asked, the passages shown so far, and the reading that gives more.

Of what was found places are held, no text but that of the passages that were read along and are not shown yet.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from qa.answering.finding import Counts, Finding, Sort
from qa.answering.mention_table import csv_lines
from qa.answering.qa import change_teller, changed_documents
from qa.errors import StoreBusy
from qa.page.answer import Citation
from qa.types import Mention, Within

FIRST_SEARCH = 1_000_000_000  # the page counts searches as turns from here on; below are lists and conversations
PAGE = 25  # passages shown at a time
MOST_LIKE = 100  # passages like one that are given
HELD = 100  # searches in memory: those of the visitors who looked last

Facet = Literal["document", "speaker", "dated", "language"]
FACETS: tuple[Facet, ...] = ("document", "speaker", "dated", "language")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be found: words, or what is like a passage."""

    words: str = ""
    exact: bool = False
    sort: Sort = "relevance"
    within: Within | None = None  # the part of the documents that the page asks
    narrowed: tuple[tuple[Facet, str], ...] = ()  # one value of a facet each, as the counts give it
    like: tuple[str, int] | None = None  # document and character

    @property
    def only(self) -> dict[Facet, str]:
        return dict(self.narrowed)


class Store(Protocol):
    """What is needed of `qa.answering.qa.QA`."""

    def find(
        self, words: str, exact: bool = ..., sort: Sort = ..., within: Within | None = ..., speaker: str = ...,
        limit: int | None = ..., *, label: str | None = ..., dated: str | None = ..., skip: int = ...,
    ) -> Finding: ...  # fmt: skip

    def like(self, document: str, start: int, within: Within | None = ..., limit: int = ...) -> list[Mention]: ...


@dataclass
class Search:
    """A search of a visitor. `lock` is held by who reads on."""

    asked: Asked
    turn: int
    counts: Counts | None  # None: what is like a passage has none
    batches: Iterator[list[Mention]]
    total: int
    waiting: list[Mention] = field(default_factory=list)  # read along, not shown yet
    shown: list[Citation] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def more(self) -> list[tuple[Mention, Citation]]:
        """The next passages, and what a click on each opens. Raises StoreBusy where the documents have changed."""
        with self.lock:
            while len(self.waiting) < PAGE and (batch := next(self.batches, None)):
                self.waiting += batch
            now, self.waiting = self.waiting[:PAGE], self.waiting[PAGE:]
            changed = changed_documents([one.source for one in now])
            cited = [
                citation(one, number, one.source.name in changed)
                for number, one in enumerate(now, start=len(self.shown) + 1)
            ]
            self.shown += cited
            return list(zip(now, cited, strict=True))


def citation(one: Mention, number: int, changed: bool) -> Citation:
    """A passage that was found, as the source pane shows it: what was found in it is marked."""
    passage = (one.start, one.end)
    quote = one.marks[0] if one.marks else passage
    return Citation(
        number, one.source, quote, quote, passage, one.date, one.speaker,
        answer=bool(one.marks), changed=changed, found=one.marks,
    )  # fmt: skip


class Finds:
    """The last search of each visitor."""

    def __init__(self, qa: Store) -> None:
        self.qa = qa
        self.held: dict[str, Search] = {}
        self.turns = itertools.count(FIRST_SEARCH)
        self.lock = threading.Lock()

    def start(self, token: str, asked: Asked) -> Search:
        """Searches, and holds it for the visitor. Raises UsageError, StoreDamaged, StoreBusy."""
        if asked.like:
            near = self.qa.like(*asked.like, within_of(asked), MOST_LIKE)
            made = Search(asked, next(self.turns), None, iter([near]), len(near))
        else:
            found = self.found(asked)
            made = Search(asked, next(self.turns), found.counts, found.batches, found.counts.total)
        with self.lock:
            self.held.pop(token, None)
            self.held[token] = made
            for old in list(self.held)[:-HELD]:
                del self.held[old]
        return made

    def found(self, asked: Asked) -> Finding:
        only = asked.only
        return self.qa.find(
            asked.words, asked.exact, asked.sort, within_of(asked), label=only.get("speaker"), dated=only.get("dated")
        )

    def of(self, token: str, turn: int) -> Search | None:
        """The search of that number, if it is the visitor's last one."""
        held = self.held.get(token)
        return held if held and held.turn == turn else None

    def table(self, search: Search) -> Iterator[bytes]:
        """Everything that the search finds as a CSV table, line by line. Raises what `start` raises."""
        mentions = self.all_of(search)
        first = next(mentions, None)  # what can go wrong does so before the first line is sent
        found = itertools.chain([first] if first else [], mentions)
        return csv_lines(found, change_teller())

    def all_of(self, search: Search) -> Iterator[Mention]:
        asked = search.asked
        if asked.like:
            yield from self.qa.like(*asked.like, within_of(asked), MOST_LIKE)
            return
        found = self.found(asked)
        if found.counts != search.counts:
            raise StoreBusy("the documents have changed meanwhile; find again")
        for batch in found.batches:
            yield from batch


def within_of(asked: Asked) -> Within | None:
    """The part of the store that is searched: that of the page, narrowed."""
    within, only = asked.within or Within(), asked.only
    if (name := only.get("document")) is not None:
        named = frozenset({name})
        within = replace(within, documents=named if within.documents is None else within.documents & named)
    if (language := only.get("language")) is not None:
        other = within.languages and language not in within.languages
        within = replace(within, documents=frozenset()) if other else replace(within, languages=frozenset({language}))
    return None if within == Within() else within


# ---- counts ----


def periods(dates: dict[str, int], most: int) -> dict[str, int]:
    """The dates with their counts in time order, undated last; by month or by year where there are more than `most`."""
    for length in (10, 7, 4):
        by: dict[str, int] = {}
        for date, count in sorted(dates.items(), key=lambda item: (not item[0], item[0])):
            by[date[:length]] = by.get(date[:length], 0) + count
        if len(by) <= most:
            break
    return by


def facets(counts: Counts, most: int) -> dict[Facet, dict[str, int]]:
    """By what can be narrowed, with how many passages each value has."""
    return {
        "document": counts.documents,
        "speaker": counts.speakers,
        "dated": periods(counts.dates, most),
        "language": counts.languages,
    }
