"""The nouns of the program: a Passage holds its Source, a Hit its Passage, a Span its Hit, an Answer its Spans,
so that a citation is never looked up again.

All offsets are code points into `Document.text`; `end` is exclusive.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple


@dataclass(frozen=True, slots=True)
class Source:
    """The file a text was read from: everything a citation has to say about it."""

    name: str  # the `document` of the public contracts: path below its root, with "/"
    path: str  # absolute path it was read from
    sha256: str  # of the bytes of the file at `path`, also where the text is that of a member
    title: str
    date: str | None  # ISO date the document states about itself
    pages: tuple[int, ...] = ()  # where each page starts; empty where the format has no pages
    stale: bool = False  # the last ingest could not read the file again; this is its last good version
    member: str = ""  # what of the file was read, where it is an archive or a mailbox that holds several documents
    times: tuple[str, ...] = ()  # of each page, where it is no page but what is said at a time, as 0:12:31
    group: str | None = None  # first name of the documents that share most of their text with it; None: it has no like

    @property
    def voice(self) -> str:
        """What counts once where documents agree: near-identical ones have one voice."""
        return self.group or self.name

    def page_at(self, offset: int) -> int | None:
        """Page number, from 1, on which the character at `offset` stands; None without pages."""
        return max(1, bisect_right(self.pages, offset)) if self.pages and not self.times else None

    def time_at(self, offset: int) -> str | None:
        """Time at which what stands at `offset` is said; None where the format has no times."""
        return self.times[max(0, bisect_right(self.pages, offset) - 1)] if self.times else None

    def place_at(self, offset: int) -> str:
        """Page or time in words; "" without either."""
        page, time = self.page_at(offset), self.time_at(offset)
        return f"page {page}" if page is not None else f"at {time}" if time is not None else ""


Kind = Literal[
    "heading",
    "furniture",  # cookie notices, menus, rules: never a passage
    "columns",  # the row of a table that names its columns: stands in the context line of the rows below it
    "row",  # any other row of a table: kept whole in one passage
    "unnamed",  # a row from which on it is not known what the columns are called, below rows of which it is
]


@dataclass(frozen=True, slots=True)
class Mark:
    """A range of a document's text with a role of its own."""

    start: int
    end: int
    kind: Kind
    separator: str = ""  # between the cells of a row; a comma, semicolon or tab also keeps quoted cells together


@dataclass(frozen=True, slots=True)
class Turn:
    """From `start` on `speaker` is speaking, until the next turn. None: nobody, the text itself."""

    start: int
    speaker: str | None
    date: str | None = None  # ISO date of what is said, where it is not the document's own; "": not stated


@dataclass(frozen=True, slots=True)
class Document:
    """What a loader makes of a file."""

    source: Source
    text: str
    marks: tuple[Mark, ...] = ()  # sorted by start, not overlapping
    notes: tuple[str, ...] = ()  # what of the file could not be read
    turns: tuple[Turn, ...] = ()  # who speaks where, if the format says so: each begins with a paragraph


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table, without the white space and quotation marks around it."""

    start: int
    end: int
    column: str = ""  # its column's name
    row: str = ""  # the words that its row begins with; "" in the cell that holds them
    hidden: str = ""  # the name of its sheet, where that is a hidden one


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrievable piece of a document: `document.text[start:end] == text`."""

    id: str
    source: Source
    start: int
    end: int
    text: str
    context: str  # title, date, heading, speaker, question answered; indexed with the text, never quoted
    language: str  # ISO 639-1 code, or "und"
    sentences: tuple[tuple[int, int], ...]  # document offsets of the sentences, none longer than a quote may be
    turns: tuple[Turn, ...] = ()  # those that reach into the passage, the first maybe begun before it
    cells: tuple[Cell, ...] = ()  # of the table rows in it, those that hold something

    def turn_at(self, offset: int) -> Turn | None:
        """The turn in which the character at `offset` stands."""
        at = bisect_right([turn.start for turn in self.turns], offset)
        return self.turns[at - 1] if at else None

    def place(self, start: int, end: int) -> Place:
        """A range in it."""
        turn = self.turn_at(start)
        return Place(self.source, start, end, turn.date if turn else None)

    def cell_at(self, offset: int) -> Cell | None:
        """The table cell in which the character at `offset` stands."""
        at = bisect_right([cell.start for cell in self.cells], offset)
        return self.cells[at - 1] if at and offset < self.cells[at - 1].end else None


@dataclass(frozen=True, slots=True)
class Within:
    """The part of a store that a question is put to; what is not given restricts nothing."""

    documents: frozenset[str] | None = None  # names
    languages: frozenset[str] = frozenset()
    since: str | None = None  # ISO dates, both included; given one, documents without a date are left out
    until: str | None = None

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Within:
        """The part that `facts` gave."""
        documents = facts.get("documents")
        named = None if documents is None else frozenset(documents)
        return cls(named, frozenset(facts.get("languages", ())), facts.get("since"), facts.get("until"))

    @property
    def facts(self) -> dict[str, Any]:
        """What restricts, for JSON."""
        documents = {} if self.documents is None else {"documents": sorted(self.documents)}
        others = {"languages": sorted(self.languages), "since": self.since, "until": self.until}
        return documents | {name: value for name, value in others.items() if value}

    def holds(self, document: str, language: str, date: str | None) -> bool:
        """Whether a passage in that language, of a document of that name and date, is of the part."""
        return (
            (self.documents is None or document in self.documents)
            and (not self.languages or language in self.languages)
            and (not self.since or bool(date and date >= self.since))
            and (not self.until or bool(date and date <= self.until))
        )


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage with every other passage that says the same."""

    passage: Passage
    score: float  # of the fused ranking: higher is better, comparable within one question only
    also: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A range in a document."""

    source: Source
    start: int
    end: int
    said: str | None = None  # ISO date of what is said there, as in a Turn

    @property
    def date(self) -> str | None:
        """ISO date of what is said there: that of a quoted letter, else the document's."""
        return self.source.date if self.said is None else self.said or None


@dataclass(frozen=True, slots=True)
class Mention:
    """What one person says in a passage, in which something was found: `document.text[start:end] == text`."""

    source: Source
    start: int
    end: int
    text: str
    language: str
    speaker: str | None
    date: str | None  # ISO date of what is said there: that of a quoted letter, else the document's
    score: float  # comparable within one search only
    marks: tuple[tuple[int, int], ...] = ()  # document offsets of the words and phrases found; the last may end later

    @property
    def page(self) -> int | None:
        return self.source.page_at(self.at)

    @property
    def time(self) -> str | None:
        return self.source.time_at(self.at)

    @property
    def at(self) -> int:
        """Where what was found begins."""
        return self.marks[0][0] if self.marks else self.start


@dataclass(frozen=True, slots=True)
class Span:
    """An answer in the document's own words: `document.text[start:end] == text`."""

    hit: Hit
    start: int
    end: int
    sentence_start: int  # the shortest run of whole sentences around the span
    sentence_end: int
    confidence: float  # calibrated probability that the span answers the question
    also: tuple[Place, ...] = ()  # other places that say the same
    denied: bool = False  # the document denies what is asked: that others say the same makes it no surer

    @property
    def passage(self) -> Passage:
        return self.hit.passage

    @property
    def source(self) -> Source:
        return self.hit.passage.source

    @property
    def text(self) -> str:
        return self.passage.text[self.start - self.passage.start : self.end - self.passage.start]

    @property
    def sentence(self) -> str:
        return self.passage.text[self.sentence_start - self.passage.start : self.sentence_end - self.passage.start]

    @property
    def places(self) -> tuple[Place, ...]:
        """Everywhere the span's words stand, its own place first."""
        return self.passage.place(self.start, self.end), *self.also

    @property
    def page(self) -> int | None:
        return self.source.page_at(self.start)

    @property
    def time(self) -> str | None:
        return self.source.time_at(self.start)

    @property
    def cell(self) -> Cell | None:
        """The table cell that it stands in."""
        return self.passage.cell_at(self.start)

    @property
    def speaker(self) -> str | None:
        turn = self.passage.turn_at(self.start)
        return turn.speaker if turn else None

    @property
    def date(self) -> str | None:
        return self.places[0].date


class Findings(NamedTuple):
    """What a reader returns."""

    spans: list[Span]  # most confident first, whatever the threshold
    read: int  # passages that were read for them


@dataclass(frozen=True, slots=True)
class Answer:
    """What `QA.ask` returns: up to three spans, best first, none where the documents hold no answer.

    `perhaps` is no answer: the best span where none is sure enough but this one may be right.
    """

    question: str
    confidence: float  # of the best span found, also when it stays under the threshold
    spans: tuple[Span, ...]  # empty unless answered
    hits: tuple[Hit, ...]  # the retrieved passages in rank order
    changed: frozenset[str] = frozenset()  # names of cited documents whose file differs from what was read
    seconds: tuple[tuple[str, float], ...] = ()  # time by stage
    lent: tuple[str, ...] = ()  # earlier questions and names that a follow-up refers to; empty where it stands alone
    understood: str | None = None  # a follow-up as it was read; None where the question stands alone
    disagrees: tuple[int, ...] = ()  # numbers, from 0, of the spans that say something else than the first one
    read: int = 0  # passages that were read
    perhaps: Span | None = None  # always None where answered
    unmentioned: tuple[str, ...] = ()  # names and years asked about that the best span's documents lack, if unanswered

    @property
    def answered(self) -> bool:
        return bool(self.spans)

    @property
    def shown(self) -> tuple[Span, ...]:
        """The spans that are shown: the answers, or the one that may be right."""
        return (self.perhaps,) if self.perhaps else self.spans


def join_context(context: str, text: str) -> str:
    """What is embedded for a passage."""
    return f"{context}\n{text}" if context else text
