"""Where every word of a generation's documents stands: one tantivy index of pieces of text, for `find`.

A piece is what one person says in a passage, or text between passages (menus, notices), so that all of a document's
words are in exactly one piece. Behind its own words a piece holds the next ones of its document, marked as such: a
phrase that runs over a passage's border is found, once, where it begins.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from qa.errors import StoreDamaged
from qa.store.expressions import TAIL, All, Either, Expression, Phrase, phrases, stemmed
from qa.store.tokens import Words, words_of
from qa.store.words import MEMORY, STEMMERS, tantivy_errors
from qa.types import Turn

FOLDER = "mentions"  # of a generation
FOLLOWING = "\u00b6"  # before each word that stands behind a piece: no word of ours has this sign
PIECE_CHARS = 600  # of text between passages
RANGE = 40_000  # documents counted at a time: tantivy refuses more than 65,000 counters, of all fields together
FIELDS = ("document", "start", "end", "language", "speaker", "date")
FACETS = ("document", "date", "speaker", "language")  # fields that are counted


class Range(NamedTuple):
    """A passage as the catalog has it."""

    start: int
    end: int
    language: str
    turns: Sequence[Turn]


class Piece(NamedTuple):
    """A piece of a document's text and its place."""

    document: int  # its number in the catalog
    start: int
    end: int
    language: str
    speaker: str  # "" without one
    date: str  # ISO date of what is said there; "" where none is stated
    first: int = 0  # its words' numbers among those of the document
    last: int = 0


class Texts(NamedTuple):
    """A document to index."""

    document: int
    text: str
    date: str | None
    passages: Sequence[Range]  # in text order


# ---- writing ----


def pieces_of(whole: Texts, words: Words) -> Iterator[Piece]:
    """The pieces of a document that hold words, in text order. A word belongs where it begins.

    Text before a passage is taken to be in the language of the passage before it.
    """
    at, end = 0, len(whole.text)
    language = whole.passages[0].language if whole.passages else "und"
    for passage in (*whole.passages, Range(end, end, "", ())):
        for start in range(at, passage.start, PIECE_CHARS):
            until = min(start + PIECE_CHARS, passage.start)
            yield from piece(whole, words, start, until, language, Turn(start, None))
        language = passage.language or language
        turns = [Turn(passage.start, None), *passage.turns]
        starts = [max(passage.start, turn.start) for turn in turns]
        for turn, (start, until) in zip(turns, itertools.pairwise([*starts, passage.end]), strict=True):
            yield from piece(whole, words, start, until, language, turn)
        at = passage.end


def piece(whole: Texts, words: Words, start: int, end: int, language: str, turn: Turn) -> Iterator[Piece]:
    """The piece between two offsets, if a word begins there."""
    first, last = bisect_left(words.starts, start), bisect_left(words.starts, end)
    if first < last:
        date = whole.date if turn.date is None else turn.date
        yield Piece(whole.document, start, end, language, turn.speaker or "", date or "", first, last)


def write_mentions(path: Path, documents: Iterable[Texts]) -> None:
    """Makes a generation's index of every word, or adds documents to the copy of one. Raises tantivy's errors."""
    from tantivy import Document

    folder = path / FOLDER
    opened = open_index(folder) if folder.is_dir() else new_index(folder)
    writer = opened.writer(MEMORY, num_threads=1)
    for whole in documents:
        words = words_of(whole.text)
        for found in pieces_of(whole, words):
            forms = words.forms[found.first : found.last + TAIL]
            own = found.last - found.first
            writer.add_document(
                Document(
                    **dict(zip(FIELDS, found, strict=False)),
                    exact=with_following(forms, own),
                    stems=with_following(stems(found.language, forms), own),
                )
            )
    writer.commit()
    writer.wait_merging_threads()


def with_following(forms: Sequence[str], own: int) -> str:
    return " ".join([*forms[:own], *(FOLLOWING + form for form in forms[own:])])


def stems(language: str, forms: Sequence[str]) -> list[str]:
    """Each word without its ending and accents, as the language has it."""
    return list(map(partial(stem, language), forms))


@lru_cache(maxsize=100_000)
def stem(language: str, form: str) -> str:
    (found,) = stemmer(language).analyze(form)
    return str(found) or form


@cache
def stemmer(language: str) -> Any:
    """From words between spaces to stems, one for each word."""
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    made = TextAnalyzerBuilder(Tokenizer.whitespace()).filter(Filter.ascii_fold())
    return (made.filter(Filter.stemmer(STEMMERS[language])) if language in STEMMERS else made).build()


def new_index(folder: Path) -> Any:
    """An empty index in a new folder."""
    from tantivy import Index as Tantivy
    from tantivy import SchemaBuilder

    schema = SchemaBuilder()
    for name in FIELDS[:3]:
        schema.add_integer_field(name, stored=True, indexed=name == "document", fast=name != "end")
    for name in FIELDS[3:]:
        schema.add_text_field(name, stored=True, fast=True, tokenizer_name="raw", index_option="basic")
    for name in ("exact", "stems"):
        schema.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    folder.mkdir()
    return with_tokenizer(Tantivy(schema.build(), path=str(folder)))


def open_index(folder: Path) -> Any:
    from tantivy import Index as Tantivy

    return with_tokenizer(Tantivy.open(str(folder)))


def with_tokenizer(opened: Any) -> Any:
    from tantivy import TextAnalyzerBuilder, Tokenizer

    opened.register_tokenizer("whitespace", TextAnalyzerBuilder(Tokenizer.whitespace()).build())
    return opened


# ---- reading ----


class MentionIndex:
    """A generation's index of every word, opened for reading."""

    def __init__(self, path: Path) -> None:
        """Raises StoreDamaged where it is missing (a generation of an earlier version has none) or not readable."""
        if not (path / FOLDER / "meta.json").is_file():
            raise StoreDamaged(
                "the store has no index of every word, as an earlier version made it; run: qa ingest --store "
                f"{path.parent.parent}"
            )
        with tantivy_errors(path / FOLDER):
            self.opened = open_index(path / FOLDER)
            self.opened.config_reader("manual")  # by default a thread watches the folder
            self.searcher = self.opened.searcher()

    def asked(self, wanted: Expression, exact: bool, languages: Collection[str] = ()) -> dict[Expression, list[str]]:
        """An expression as it is looked for in pieces of each language, and the languages that each form is for.

        exact: words as they are, else their stems in the piece's language. languages: the only ones; empty: all.
        """
        forms: dict[Expression, list[str]] = {}
        for language in self.values("language"):
            if not languages or language in languages:
                form = wanted if exact else stemmed(wanted, partial(stems, language))
                forms.setdefault(form, []).append(language)
        return forms

    def query(
        self,
        asked: Mapping[Expression, Collection[str]],
        narrowed: Mapping[str, Collection[Any]],
        sure: bool = False,
    ) -> Any:
        """What tantivy is asked for. narrowed: values of some `FIELDS`, of which a piece has one each.

        Of what `to_check` says it finds all pieces and maybe more; `sure`: none too many, and maybe less, provided that
        it is searched and not counted (see there). Raises StoreDamaged.
        """
        from tantivy import Occur, Query

        with tantivy_errors():
            forms = [self.restricted(self.translated(form, sure), {"language": those}) for form, those in asked.items()]
            if not forms:
                return Query.empty_query()
            return self.restricted(Query.boolean_query([(Occur.Should, form) for form in forms]), narrowed)

    def restricted(self, asked: Any, narrowed: Mapping[str, Collection[Any]]) -> Any:
        """The query among pieces whose fields have one of some values; they count nothing for the ranking."""
        from tantivy import Occur, Query

        schema = self.opened.schema
        sets = [Query.term_set_query(schema, name, list(values)) for name, values in narrowed.items()]
        return Query.boolean_query(
            [(Occur.Must, asked), *((Occur.Must, Query.const_score_query(one, 0.0)) for one in sets)]
        )

    def translated(self, wanted: Expression, sure: bool) -> Any:
        """An expression as tantivy's query; `sure` as for `query`."""
        from tantivy import Occur, Query

        if isinstance(wanted, Phrase):
            return self.phrase_query(wanted, sure)
        occurs = Occur.Should if isinstance(wanted, Either) else Occur.Must
        clauses = [(occurs, self.translated(part, sure)) for part in wanted.parts]
        if isinstance(wanted, All):
            # What needs checking is left in, unless what is found is to be sure: it would leave out too much.
            without = [part for part in wanted.without if sure or not to_check(part)]
            clauses += [(Occur.MustNot, self.translated(part, False)) for part in without]
        return Query.boolean_query(clauses)

    def phrase_query(self, wanted: Phrase, sure: bool) -> Any:
        """A phrase, within the piece or over its end; `sure` as for `query`."""
        from tantivy import Occur, Query

        field = "stems" if wanted.stemmed else "exact"
        schema, words = self.opened.schema, wanted.words
        following = [FOLLOWING + word for word in words]
        if wanted.prefix:
            return Query.regex_query(schema, field, escaped(words[0]) + ".*")
        if len(words) == 1:
            return Query.term_query(schema, field, words[0])
        if to_check(wanted) and not sure:  # each two must be near each other, in the piece or behind it
            numbered = [((number, word), (number, FOLLOWING + word)) for number, word in enumerate(words)]
            pairs = [self.either(itertools.product(*two), wanted.near, field) for two in itertools.pairwise(numbered)]
            apart = [two for two in itertools.combinations(numbered, 2) if two[1][0][0] - two[0][0][0] > 1]
            pairs += [
                Query.const_score_query(self.either(itertools.product(*two), wanted.near, field), 0.0) for two in apart
            ]
            return Query.boolean_query([(Occur.Must, pair) for pair in pairs])
        if to_check(wanted) and not (len(words) == len(set(words)) == 3):
            return Query.empty_query()
        if wanted.near and len(set(words)) == 1:  # two equal ones: tantivy's near matches would take one for both
            distances = itertools.product(range(1, wanted.near + 2), (words[1], following[1]))
            return self.either([[(0, words[0]), second] for second in distances], None, field)
        ways = [list(enumerate([*words[:own], *following[own:]])) for own in range(len(words), 0, -1)]
        if wanted.near and len(words) == 2:
            ways.append([(0, following[0]), (1, words[1])])
        return self.either(ways, wanted.near, field)

    def either(self, ways: Iterable[Sequence[tuple[int, str]]], near: int | None, field: str) -> Any:
        """One of some runs of words with their numbers, or a near match of them."""
        from tantivy import Occur, Query

        asked = [Query.phrase_query(self.opened.schema, field, list(way), slop=near or 0) for way in ways]
        return Query.boolean_query([(Occur.Should, one) for one in asked])

    def count(self, query: Any) -> dict[str, dict[Any, int]]:
        """Pieces found by each of `FACETS`: all at once, as most of the time is for the query."""
        alone = self.highest_document() >= RANGE
        with tantivy_errors():
            asked = {name: terms_of(name) for name in FACETS if not (alone and name == "document")}
            found = {name: counters(counted) for name, counted in self.searcher.aggregate(query, asked).items()}
        return found | ({"document": self.count_by_document(query)} if alone else {})

    def count_by_document(self, query: Any) -> dict[int, int]:
        from tantivy import FieldType, Occur, Query

        found: dict[int, int] = {}
        with tantivy_errors():
            last = self.highest_document()
            for first in range(0, last + 1, RANGE):
                among = query
                if last >= RANGE:
                    part = Query.range_query(
                        self.opened.schema, "document", FieldType.Integer, first, first + RANGE, include_upper=False
                    )
                    among = Query.boolean_query([(Occur.Must, query), (Occur.Must, part)])
                found |= counters(self.searcher.aggregate(among, {"by": terms_of("document")})["by"])
        return found

    def highest_document(self) -> int:
        from tantivy import Order, Query

        hits = self.searcher.search(Query.all_query(), 1, count=False, order_by_field="document", order=Order.Desc).hits
        return int(self.piece(hits[0][1]).document) if hits else -1

    def values(self, field: str) -> list[str]:
        """All languages or speakers."""
        return [value for value, _ in self.searcher.terms_with_prefix(field, "") if value]

    def best(self, query: Any, limit: int) -> Iterator[tuple[float, Piece]]:
        """(bm25, piece) of those found, best first."""
        for score, address in self.hits(query, limit):
            with tantivy_errors():
                yield score, self.piece(address)

    def hits(self, query: Any, limit: int) -> list[tuple[float, Any]]:
        """(bm25, address) of those found, best first."""
        with tantivy_errors():
            return self.searcher.search(query, max(1, limit), count=False).hits if limit else []

    def all_of(self, query: Any, sure: Any) -> tuple[list[tuple[float, Piece]], set[Piece]]:
        """(bm25, piece) of all that a query finds, best first, and those of them that another query does not find."""
        known = {(address.segment_ord, address.doc) for _, address in self.hits(sure, self.searcher.num_docs)}
        found, unsure = [], set()
        for score, address in self.hits(query, self.searcher.num_docs):
            with tantivy_errors():
                found.append((score, piece := self.piece(address)))
            if (address.segment_ord, address.doc) not in known:
                unsure.add(piece)
        return found, unsure

    def among(self, query: Any, field: str, values: Collection[Any], limit: int) -> list[Piece]:
        """The pieces found that have one of some values in a field, in order of document and place."""
        with tantivy_errors():
            hits = self.searcher.search(self.restricted(query, {field: values}), max(1, limit), count=False).hits
            return sorted(self.piece(address) for _, address in hits)

    def piece(self, address: Any) -> Piece:
        stored = self.searcher.doc(address)
        return Piece(*(stored.get_first(name) for name in FIELDS))


def to_check(wanted: Expression) -> bool:
    """Whether what tantivy finds is not sure to be what the expression means, or not all of it.

    Of three words tantivy's near matches (0.27) miss some, as distances are added up along the way from one to the
    next; what they find holds, but only where it is scored: else the way to the last word counts alone. Of four and
    more words they find too many as well, and of equal words they take one for two.
    """
    return any(phrase.near is not None and len(phrase.words) > 2 for phrase in phrases(wanted, negative=True))


def escaped(word: str) -> str:
    """A word as a regular expression of tantivy's."""
    return re.sub(r"([^\w\s])", r"\\\1", word)


def terms_of(field: str) -> dict[str, Any]:
    return {"terms": {"field": field, "size": RANGE}}


def counters(aggregated: dict[str, Any]) -> dict[Any, int]:
    return {bucket["key"]: bucket["doc_count"] for bucket in aggregated["buckets"]}
