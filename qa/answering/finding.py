"""Every place where something is said: `find` gives counts and all passages, `like` the passages most like one.

Nothing holds more than a batch of passages with their text, however many are found.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import attrgetter
from typing import Any, Literal

from qa.answering.retrieval import collapse
from qa.errors import StoreDamaged, UnknownSpeaker, UsageError
from qa.store.catalog import Catalog
from qa.store.expressions import Expression, Stretch, holds, occurrences, parse, phrases, reach, stemmed
from qa.store.index import Index
from qa.store.mentions import FACETS, MentionIndex, Piece, stems, to_check
from qa.store.part import EXACT_UP_TO, open_part
from qa.store.tokens import Words, is_inside_word, plain_forms, words_of
from qa.text import equality_key, trimmed, visible
from qa.types import Hit, Mention, Source, Within

Sort = Literal["relevance", "document", "date"]
Ranked = tuple[float, Piece]  # bm25, 0 where the order is another

BATCH = 200  # passages whose text is held at a time
BEFORE = 64  # characters before a piece that are read with it: a word may begin there and end in it
PER_WORD = 12  # characters behind a piece that are read for each word needed of them, at first


@dataclass(frozen=True, slots=True)
class Counts:
    """How many passages were found, and how many where, most first. Where two people speak each has a passage."""

    total: int
    documents: dict[str, int]
    dates: dict[str, int]  # "" for what has no date
    speakers: dict[str, int]  # without what nobody says
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
    *,
    label: str | None = None,
    dated: str | None = None,
    skip: int = 0,
) -> Finding:
    """Every passage with the words, phrases and near matches that a person typed.

    exact: words as they are typed, whatever the case, else in other forms, too. sort: dates oldest first, undated last.
    within: of which part of the store, by the dates of what is said. speaker: words of the name of who must be
    speaking. label and dated: the speaker exactly, and how the date begins ("" where there is none), as counts give
    them. limit: of the passages given, not of those counted; skip: passages left out before them. Raises UsageError
    for what cannot be understood, UnknownSpeaker, StoreDamaged.
    """
    wanted, within = parse(words), within or Within()
    names = catalog.numbered()
    asked = index.asked(wanted, exact, within.languages)
    part = narrowed(index, names, within, speaker, label, dated)
    query = index.query(asked, part)
    ranked: Iterable[Ranked]
    if any(map(to_check, asked)):
        pieces, unsure = index.all_of(query, index.query(asked, part, sure=True))
        wrong = refuted(catalog, unsure, wanted, exact)
        pieces = [item for item in pieces if item[1] not in wrong]
        by = {name: Counter(getattr(piece, name) for _, piece in pieces) for name in FACETS}
        ranked = pieces if sort == "relevance" else sorted(pieces, key=lambda item: order(item[1], names, sort))
    else:
        by = {name: Counter(counts) for name, counts in index.count(query).items()}
        most = by["document"].total() if limit is None else skip + limit
        ranked = index.best(query, most) if sort == "relevance" else in_order(index, query, by, names, sort)
    found = mentions(catalog, islice(ranked, skip, None if limit is None else skip + limit), wanted, exact)
    return Finding(counts_of(by, names), found)


def narrowed(
    index: MentionIndex, names: dict[int, str], within: Within, speaker: str, label: str | None, dated: str | None
) -> dict[str, Collection[int] | Collection[str]]:
    """The values that a piece must have to be of a part of the store, by field. Raises UsageError."""
    found: dict[str, Collection[int] | Collection[str]] = {}
    if within.documents is not None:
        found["document"] = [number for number, name in names.items() if name in within.documents]
    if within.since or within.until or dated is not None:
        days = Within(since=within.since, until=within.until)
        among = [date for date in ("", *index.values("date")) if days.holds("", "", date)]
        found["date"] = [date for date in among if dated is None or (date.startswith(dated) if dated else not date)]
    if speaker:
        found["speaker"] = speakers_named(index, speaker)
    if label is not None:
        found["speaker"] = [one for one in found.get("speaker", [label]) if one == label]
    return found


def speakers_named(index: MentionIndex, name: str) -> list[str]:
    """The speakers whose label holds all words of a name, whatever the case. Raises UnknownSpeaker."""
    asked = set(words_of(name).forms)
    speakers = index.values("speaker")
    named = [speaker for speaker in speakers if asked and asked <= set(words_of(speaker).forms)]
    if not named:
        some = ", ".join(speakers[:10]) + (" ..." if len(speakers) > 10 else "")
        raise UnknownSpeaker(f"nobody called {name!r} speaks in these documents; there are: {some or 'no transcripts'}")
    return named


# ---- counts and order ----

Facets = dict[str, Counter[Any]]


def counts_of(by: Facets, names: dict[int, str]) -> Counts:
    documents = {names[number]: count for number, count in by["document"].items()}
    spoken = {speaker: count for speaker, count in by["speaker"].items() if speaker}
    found = (documents, by["date"], spoken, by["language"])
    return Counts(by["document"].total(), *map(most_first, found))


def most_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def order(piece: Piece, names: dict[int, str], sort: Sort) -> tuple[bool, str, str, int]:
    """By what pieces are sorted."""
    day = (not piece.date, piece.date) if sort == "date" else (False, "")
    return *day, names[piece.document], piece.start


def in_order(index: MentionIndex, query: Any, by: Facets, names: dict[int, str], sort: Sort) -> Iterator[Ranked]:
    """What is found, document after document or day after day, each in text order; read as it is needed."""
    field = "date" if sort == "date" else "document"
    key = (lambda day: (not day, day)) if sort == "date" else names.__getitem__
    some: list[Any] = []
    size = 0
    for value in [*sorted(by[field], key=key), None]:
        if some and (value is None or size + by[field][value] > BATCH):
            found = index.among(query, field, some, size)
            yield from ((0.0, piece) for piece in sorted(found, key=lambda piece: order(piece, names, sort)))
            some, size = [], 0
        if value is not None:
            some.append(value)
            size += by[field][value]


def refuted(catalog: Catalog, unsure: Collection[Piece], wanted: Expression, exact: bool) -> set[Piece]:
    """Those of some pieces in which the expression does not hold, by their texts."""
    asked = {language: in_language(wanted, language, exact) for language in {piece.language for piece in unsure}}
    found, tail = set(), reach(wanted)
    for number, those in groupby(sorted(unsure), key=attrgetter("document")):
        _, text = catalog.source_and_text(number)
        for piece in those:
            if not holds(asked[piece.language], stretch_at(text, piece, tail)):
                found.add(piece)
    return found


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
        readings = read(catalog, [piece for _, piece in batch], reach(wanted))
        yield [
            mention(source, piece, score, reading, in_language(wanted, piece.language, exact))
            for (score, piece), (source, reading) in zip(batch, readings, strict=True)
        ]


def in_batches(ranked: Iterable[Ranked]) -> Iterator[list[Ranked]]:
    left = iter(ranked)
    while batch := list(islice(left, BATCH)):
        yield batch


def read(catalog: Catalog, pieces: Sequence[Piece], tail: int) -> list[tuple[Source, Reading]]:
    """The document and text of each piece, with `tail` words that follow; of the documents' texts one is held."""
    found: dict[Piece, tuple[Source, Reading]] = {}
    by_document = defaultdict(list)
    for piece in pieces:
        by_document[piece.document].append(piece)
    for number, those in by_document.items():
        source, text = catalog.source_and_text(number)
        found.update({piece: (source, reading_of(text, piece, tail)) for piece in those})
    return [found[piece] for piece in pieces]


def reading_of(text: str, piece: Piece, tail: int) -> Reading:
    """A piece's words, and `tail` words that follow it, as the index has them."""
    begin, words, own = words_at(text, piece, tail)
    ranges = [(begin + start, begin + end) for start, end in zip(words.starts, words.ends, strict=True)]
    return Reading(text[piece.start : piece.end], stretch_of(piece, words.forms, own), ranges)


def stretch_at(text: str, piece: Piece, tail: int) -> Stretch:
    """The words of `reading_of` without their places, for which most texts need a third of the time."""
    until = piece.end + PER_WORD * tail
    if not (is_inside_word(text, piece.start) or is_inside_word(text, piece.end)):
        own, following = plain_forms(text[piece.start : piece.end]), plain_forms(text[piece.end : until])
        # Of the last word, some may not have been read.
        if own is not None and following is not None and (until >= len(text) or len(following) > tail):
            return stretch_of(piece, [*own, *following[:tail]], len(own))
    _, words, count = words_at(text, piece, tail)
    return stretch_of(piece, words.forms, count)


def stretch_of(piece: Piece, forms: Sequence[str], own: int) -> Stretch:
    return Stretch(forms, stems(piece.language, forms), own)


def words_at(text: str, piece: Piece, tail: int) -> tuple[int, Words, int]:
    """A piece's words and `tail` words that follow it: where their offsets count from, they, and how many are its."""
    begin = max(0, piece.start - BEFORE)  # a word that began before the piece is not a word of it
    until = piece.end + BEFORE + PER_WORD * tail
    while True:
        words = words_of(text[begin:until])
        cut = until < len(text)  # then the last word may be longer than what was read of it
        known = len(words.starts) - cut
        first, last = (bisect_left(words.starts, at - begin) for at in (piece.start, piece.end))
        if not cut or known >= last + tail:
            break
        until += until - begin
    kept = slice(first, min(known, last + tail))
    return begin, Words(words.forms[kept], words.starts[kept], words.ends[kept]), min(known, last) - first


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
        date=piece.date or None,
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
        if catalog.document(document) is None:
            raise UsageError(f"the store has no document {visible(document)}; qa status lists them")
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
    return [likeness(hit) for hit in hits[:limit]]


def likeness(hit: Hit) -> Mention:
    """A passage that is like another one, with who begins it."""
    p = hit.passage
    turn, date = p.turn_at(p.start), p.place(p.start, p.end).date
    return Mention(p.source, p.start, p.end, p.text, p.language, turn.speaker if turn else None, date, hit.score)
