"""Everything that knows tantivy: the words of a generation's passages, an index a language, ranked by BM25.

Made in full with each generation and never changed, as Chroma's collections are. SQLite's own full-text index reads
every passage that has one of the question's words: 60 ms at 100,000 passages, where this one takes 0.2 ms
(ARCHITECTURE.md).
"""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from qa.errors import StoreDamaged

COMMON_SHARE = 0.2  # a word in more than this share of the passages tells nothing apart
COMMON_FROM = 200  # passages; in a smaller index no word is left out for being common
MEMORY = 200_000_000  # bytes a writer may fill before it starts another segment: 100,000 passages make one
LONGEST = 80  # bytes of a word; what is longer is data

STEMMERS = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip


@cache
def analyzer(language: str) -> Any:
    """What makes words of a text: small letters, no accents, no endings; a stemmer only where there is one."""
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    made = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(LONGEST)).filter(Filter.lowercase())
    made = made.filter(Filter.ascii_fold())
    return (made.filter(Filter.stemmer(STEMMERS[language])) if language in STEMMERS else made).build()


def plain(text: str) -> str:
    """The text with letters and their accents in one character each, and wide or joined ones as the usual ones."""
    return unicodedata.normalize("NFKC", text.encode("utf-8", "replace").decode("utf-8"))


def folder_of(path: Path, language: str) -> Path:
    return path / f"words-{language}"


class Writer:
    """The indexes of a generation in the making."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.language = ""
        self.writer: Any = None

    def add(self, language: str, ids: Sequence[str], texts: Sequence[str]) -> None:
        """Passages of one language: their ids, and what of each is searched.

        All of a language before the next one: a writer takes much memory, so there is one at a time.
        """
        from tantivy import Document

        if language != self.language:
            self.finish()
            self.language = language
            self.writer = index_to_write(folder_of(self.path, language), language).writer(MEMORY, num_threads=1)
        for number, text in zip(ids, texts, strict=True):
            self.writer.add_document(Document(id=number, text=plain(text)))

    def finish(self) -> None:
        if self.writer is not None:
            self.writer.commit()
            self.writer.wait_merging_threads()
            self.writer = None


def index_to_write(path: Path, language: str) -> Any:
    """The index in a folder, or an empty one in a new folder."""
    from tantivy import Index as Tantivy
    from tantivy import SchemaBuilder

    if path.is_dir():
        opened = Tantivy.open(str(path))
        opened.register_tokenizer("words", analyzer(language))
        return opened
    path.mkdir()
    schema = SchemaBuilder()
    schema.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    schema.add_text_field("text", tokenizer_name="words", index_option="freq")
    made = Tantivy(schema.build(), path=str(path))
    made.register_tokenizer("words", analyzer(language))
    return made


class Index:
    """A language's index, opened for reading."""

    def __init__(self, path: Path, language: str) -> None:
        """Raises StoreDamaged when it is missing or not readable."""
        from tantivy import Index as Tantivy

        self.analyzer = analyzer(language)
        with damage(path):
            self.opened = Tantivy.open(str(folder_of(path, language)))
            self.opened.config_reader(
                "manual"
            )  # else a thread watches the folder, and writes a lock while it is deleted
            self.searcher = self.opened.searcher()
            self.size = int(self.searcher.num_docs)

    def search(self, question: str, limit: int, among: Collection[str] | None = None) -> list[tuple[str, float]]:
        """(id, bm25) of passages that share words with the question, best first; equal ones in order of their ids.

        among: the ids that may be found; None: all.
        """
        from tantivy import Occur, Query

        words = self.telling_words(question)
        with damage():
            terms = [Query.term_query(self.opened.schema, "text", word, index_option="freq") for word in words]
            wanted = Query.boolean_query([(Occur.Should, term) for term in terms])
            if among is not None:
                these = Query.const_score_query(Query.term_set_query(self.opened.schema, "id", list(among)), 0.0)
                wanted = Query.boolean_query([(Occur.Must, wanted), (Occur.Must, these)])
            hits = self.searcher.search(wanted, limit, count=False).hits if terms else []
            return sorted(
                ((self.id_of(place), score) for score, place in hits), key=lambda found: (-found[1], found[0])
            )

    def telling_words(self, question: str) -> list[str]:
        """The question's words that stand in some passages, without those in very many unless nothing else is left."""
        known = {word: self.count(word) for word in self.analyzer.analyze(plain(question))}
        most = self.size if self.size < COMMON_FROM else COMMON_SHARE * self.size
        return [word for word, count in known.items() if 0 < count <= most] or [
            w for w, count in known.items() if count
        ]

    def count(self, word: str) -> int:
        """Passages with a word, given as the analyzer makes it."""
        return int(self.searcher.doc_freq("text", word))

    def ids(self) -> Iterator[str]:
        """Of all passages."""
        from tantivy import Query

        with damage():
            for _, place in self.searcher.search(Query.all_query(), max(1, self.size), count=False).hits:
                yield self.id_of(place)

    def id_of(self, place: Any) -> str:
        return str(self.searcher.doc(place).get_first("id"))


@contextlib.contextmanager
def damage(path: Path | None = None) -> Iterator[None]:
    """Turns what tantivy says of missing or broken files into a sentence."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise StoreDamaged(f"the index of words {path or ''} cannot be read ({error}); run ingest again") from error
