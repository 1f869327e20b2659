"""Every place where something is said: `find` gives counts and all passages, `like` the passages most like one.

Nothing holds more than a batch of passages with their text, however many are found.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from qa.answering.retrieval import collapse
from qa.errors import StoreDamaged, UsageError
from qa.store.catalog import Catalog
from qa.store.expressions import TAIL, Expression, Stretch, holds, occurrences, parse, phrases, stemmed
from qa.store.index import Index
from qa.store.mentions import MentionIndex, Piece, stems, to_check
from qa.store.part import EXACT_UP_TO, open_part
from qa.store.tokens import words_of
from qa.text import equality_key, trimmed
from qa.types import Mention, Source, Within

Sort = Literal["relevance", "document", "date"]
Ranked = tuple[float, Piece]  # bm25, 0 where the order is another
Numbered = dict[int, tuple[str, str | None]]  # name and date of each document by its number

BATCH = 200  # passages whose text is held at a time
BEFORE, AFTER = 64, 800  # characters around a piece that are read with it, for what runs over its borders


@dataclass(frozen=True, slots=True)
class Counts:
    """How many passages were found, and how many where, most first. Where two people speak each has a passage."""

    total: int
    documents: dict[str, int]
    dates: dict[str, int]  # "" for documents without a date
    speakers: dict[str, int]
    languages: dict[str, int]


@dataclass(frozen=True, slots=True)
class Finding:
    """What `find` returns. `batches` is gone through once, while catalog and index are open and as they were."""

    counts: Counts
    batches: Iterator[list[Mention]]


def find(
    catalog: Catalog,
    index: MentionIndex,
    words: str,
    exact: bool = False,
    sort: Sort = "relevance",
    within: Within | None = None,
    speaker: str = "",
    limit: int | None = None,
) -> Finding:
    """Every passage with the words, phrases and near matches that a person typed.

    exact: words as they are typed, whatever the case, else in other forms, too. sort: dates oldest first, undated last.
    within: of which part of the store. speaker: words of the name of who must be speaking. limit: of the passages
    given, not of those counted. Raises UsageError for what cannot be understood, StoreDamaged.
    """
    wanted, within = parse(words), within or Within()
    known = catalog.numbered(within)
    whole = within.documents is None and not within.since and not within.until
    speakers = speakers_named(index, speaker) if speaker else []
    query = index.query(wanted, exact, None if whole else known, within.languages, speakers)
    ranked: Iterable[Ranked]
    if to_check(wanted):
        ranked = list(checked(catalog, index, query, wanted, exact))
        if sort != "relevance":
            ranked.sort(key=lambda item: (place_in_order(known[item[1].document], sort), item[1].start))
        pieces = [piece for _, piece in ranked]
        by = [Counter(getattr(piece, field) for piece in pieces) for field in ("document", "speaker", "language")]
        counts = counts_of(*by, known)
    else:
        numbers = index.count(query, "document")
        counts = counts_of(numbers, index.count(query, "speaker"), index.count(query, "language"), known)
        most = counts.total if limit is None else min(limit, counts.total)
        ranked = index.best(query, most) if sort == "relevance" else by_documents(index, query, numbers, known, sort)
    return Finding(counts, mentions(catalog, islice(ranked, limit), wanted, exact))


def speakers_named(index: MentionIndex, name: str) -> list[str]:
    """The speakers whose label holds all words of a name, whatever the case. Raises UsageError where none does."""
    asked = set(words_of(name).forms)
    speakers = index.values("speaker")
    named = [speaker for speaker in speakers if asked and asked <= set(words_of(speaker).forms)]
    if not named:
        some = ", ".join(speakers[:10]) + (" ..." if len(speakers) > 10 else "")
        raise UsageError(f"nobody called {name!r} speaks in these documents; there are: {some or 'no transcripts'}")
    return named


# ---- counts and order ----


def counts_of(
    documents: dict[int, int], speakers: dict[str, int], languages: dict[str, int], known: Numbered
) -> Counts:
    """The counts, with documents by name and date."""
    names: Counter[str] = Counter()
    dates: Counter[str] = Counter()
    for number, count in documents.items():
        name, date = known[number]
        names[name] += count
        dates[date or ""] += count
    spoken = {speaker: count for speaker, count in speakers.items() if speaker}
    return Counts(sum(documents.values()), *(most_first(by) for by in (names, dates, spoken, languages)))


def most_first(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def place_in_order(document: tuple[str, str | None], sort: Sort) -> tuple[bool, str, str]:
    """By what a document is sorted."""
    name, date = document
    return (not date, date or "", name) if sort == "date" else (False, "", name)


def by_documents(
    index: MentionIndex, query: Any, counts: dict[int, int], known: Numbered, sort: Sort
) -> Iterator[Ranked]:
    """What is found, document after document, each in text order; read as it is needed."""
    ordered = sorted(counts, key=lambda number: place_in_order(known[number], sort))
    at = 0
    while at < len(ordered):
        some, number_of_pieces = [], 0
        while at < len(ordered) and (not some or number_of_pieces < BATCH):
            some.append(ordered[at])
            number_of_pieces += counts[ordered[at]]
            at += 1
        rank = {number: place for place, number in enumerate(some)}
        found = index.of_documents(query, some, number_of_pieces)
        yield from ((0.0, piece) for piece in sorted(found, key=lambda piece: (rank[piece.document], piece.start)))


def checked(catalog: Catalog, index: MentionIndex, query: Any, wanted: Expression, exact: bool) -> Iterator[Ranked]:
    """Those of what tantivy finds in which the expression holds, compared with their texts; best first."""
    numbers = index.count(query, "document")
    for batch in in_batches(index.best(query, sum(numbers.values()))):
        for item, (_, reading) in zip(batch, read(catalog, [piece for _, piece in batch]), strict=True):
            if holds(in_language(wanted, item[1].language, exact), reading.words):
                yield item


# ---- text and marks ----


@dataclass(frozen=True, slots=True)
class Reading:
    """A piece as its document has it."""

    text: str
    words: Stretch
    ranges: list[tuple[int, int]]  # document offsets of its words and of those that follow


def mentions(catalog: Catalog, ranked: Iterator[Ranked], wanted: Expression, exact: bool) -> Iterator[list[Mention]]:
    """The pieces with their text and marks, in their order, in batches."""
    for batch in in_batches(ranked):
        readings = read(catalog, [piece for _, piece in batch])
        yield [
            mention(source, piece, score, reading, in_language(wanted, piece.language, exact))
            for (score, piece), (source, reading) in zip(batch, readings, strict=True)
        ]


def in_batches(ranked: Iterable[Ranked]) -> Iterator[list[Ranked]]:
    left = iter(ranked)
    while batch := list(islice(left, BATCH)):
        yield batch


def read(catalog: Catalog, pieces: Sequence[Piece]) -> list[tuple[Source, Reading]]:
    """The document and text of each piece; of the documents' texts one at a time is held."""
    found: dict[Piece, tuple[Source, Reading]] = {}
    by_document = defaultdict(list)
    for piece in pieces:
        by_document[piece.document].append(piece)
    for number, those in by_document.items():
        source, text = catalog.source_and_text(number)
        found.update({piece: (source, reading_of(text, piece)) for piece in those})
    return [found[piece] for piece in pieces]


def reading_of(text: str, piece: Piece) -> Reading:
    """A piece's words, and those that follow it, as the index has them."""
    begin = max(0, piece.start - BEFORE)  # a word that began before the piece is not a word of it
    length = piece.end - begin + AFTER
    while True:
        words = words_of(text[begin : begin + length])
        cut = begin + length < len(text)  # then the last word may be longer than what was read of it
        kept = [n for n in range(len(words.starts) - cut) if begin + words.starts[n] >= piece.start]
        own = sum(begin + words.starts[n] < piece.end for n in kept)
        if len(kept) >= own + TAIL or not cut:
            break
        length *= 2
    kept = kept[: own + TAIL]
    forms = [words.forms[n] for n in kept]
    ranges = [(begin + words.starts[n], begin + words.ends[n]) for n in kept]
    return Reading(text[piece.start : piece.end], Stretch(forms, stems(piece.language, forms), own), ranges)


def in_language(wanted: Expression, language: str, exact: bool) -> Expression:
    return wanted if exact else stemmed(wanted, lambda words: stems(language, words))


def mention(source: Source, piece: Piece, score: float, reading: Reading, wanted: Expression) -> Mention:
    """What is shown of a piece."""
    found = []
    for phrase in phrases(wanted):
        for places in occurrences(phrase, reading.words):
            runs = [(place, place) for place in places] if phrase.near else [(places[0], places[-1])]
            found += [(reading.ranges[first][0], reading.ranges[last][1]) for first, last in runs]
    ((start, end),) = trimmed(reading.text, 0, len(reading.text))
    return Mention(
        source=source,
        start=piece.start + start,
        end=piece.start + end,
        text=reading.text[start:end],
        language=piece.language,
        speaker=piece.speaker or None,
        score=score,
        marks=joined(found),
    )


def joined(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The ranges in order, those that overlap as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(set(ranges)):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


# ---- more like this ----


def like(
    catalog: Catalog, index: Index, document: str, start: int, within: Within | None = None, limit: int = 20
) -> list[Mention]:
    """The passages whose vectors are nearest to that of the passage that holds a character, best first.

    Equal passages are given once, those that equal the passage itself not at all. Raises UsageError where no passage
    holds the character, StoreDamaged.
    """
    here = catalog.passages_of(document, start, start + 1)
    if not here:
        raise UsageError(f"no passage of {document} holds character {start}; take the start of one that was found")
    vector = catalog.vector_of(here[0].id)
    if vector is None:
        raise StoreDamaged("the catalog lacks a vector; run ingest again")
    small = not index.opened and sum(index.sizes.values()) <= EXACT_UP_TO
    searched = open_part(catalog, index, within or Within(), vector) if within or small else index
    length = limit + 1
    while True:
        near = [found for language in searched.sizes for found in searched.search(vector, language, length)]
        near = sorted(near, key=lambda item: (-item[1], item[0]))[:length]
        known = catalog.passages([passage_id for passage_id, _ in near])
        hits = collapse((known[passage_id], score) for passage_id, score in near if passage_id in known)
        hits = [hit for hit in hits if equality_key(hit.passage.text) != equality_key(here[0].text)]
        if len(hits) >= limit or length >= sum(searched.sizes.values()):
            break
        length *= 4  # many copies of one text
    return [
        Mention(p.source, p.start, p.end, p.text, p.language, turn.speaker if turn else None, hit.score)
        for hit in hits[:limit]
        for p, turn in [(hit.passage, hit.passage.turn_at(hit.passage.start))]
    ]
