"""The words of a generation's passages: a tantivy index for each language, ranked by BM25.

Made in full with each generation and never changed, as Chroma's collections are. SQLite's own full-text index reads
every passage that has one of the question's words: 60 ms at 100,000 passages, where this one takes 0.2 ms
(eval/RESULTS.md).
"""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from qa.errors import StoreDamaged
from qa.text import encodable

PREFIX = "words-"  # of an index's folder; the language follows
COMMON_SHARE = 0.2  # a word in more than this share of the passages is not searched for
COMMON_FROM = 200  # passages; in a smaller index no word is left out for being common
MEMORY = 200_000_000  # bytes a writer may use before it starts another segment: 100,000 passages make one
LONGEST = 80  # bytes of a word; what is longer is data

STEMMERS = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip


@cache
def analyzer(language: str) -> Any:
    """Splits a text into words: lower case, without accents, stemmed where there is a stemmer for the language."""
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    made = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(LONGEST)).filter(Filter.lowercase())
    made = made.filter(Filter.ascii_fold())
    return (made.filter(Filter.stemmer(STEMMERS[language])) if language in STEMMERS else made).build()


def normalized(text: str) -> str:
    """The text in Unicode's form NFKC: one character for a letter with its accent, usual letters for wide ones."""
    return unicodedata.normalize("NFKC", encodable(text))


def folder_of(path: Path, language: str) -> Path:
    return path / f"{PREFIX}{language}"


def languages_of(path: Path) -> list[str]:
    """The languages that a generation has an index of words for."""
    return sorted(folder.name.removeprefix(PREFIX) for folder in path.glob(f"{PREFIX}*") if folder.is_dir())


class WordWriter:
    """Writes the indexes of a generation."""

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
            self.writer = open_or_create(folder_of(self.path, language), language).writer(MEMORY, num_threads=1)
        for passage_id, text in zip(ids, texts, strict=True):
            self.writer.add_document(Document(id=passage_id, text=normalized(text)))

    def finish(self) -> None:
        if self.writer is not None:
            self.writer.commit()
            self.writer.wait_merging_threads()
            self.writer = None


def open_or_create(path: Path, language: str) -> Any:
    """The index in a folder, or an empty one in a new folder, for writing."""
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


class WordIndex:
    """A language's index, opened for reading."""

    def __init__(self, path: Path, language: str) -> None:
        """Raises StoreDamaged when it is missing or not readable."""
        from tantivy import Index as Tantivy

        self.analyzer = analyzer(language)
        with tantivy_errors(path):
            self.opened = Tantivy.open(str(folder_of(path, language)))
            # By default a thread watches the folder, and writes a lock into it while it is deleted.
            self.opened.config_reader("manual")
            self.searcher = self.opened.searcher()
            self.size = int(self.searcher.num_docs)

    def search(self, question: str, limit: int, among: Collection[str] | None = None) -> list[tuple[str, float]]:
        """(id, bm25) of passages that share words with the question, best first; ties in order of their ids.

        among: the ids that may be found; None: all. Raises StoreDamaged.
        """
        from tantivy import Occur, Query

        words = self.distinctive_words(question)
        with tantivy_errors():
            terms = [Query.term_query(self.opened.schema, "text", word, index_option="freq") for word in words]
            wanted = Query.boolean_query([(Occur.Should, term) for term in terms])
            if among is not None:
                allowed = Query.const_score_query(Query.term_set_query(self.opened.schema, "id", list(among)), 0.0)
                wanted = Query.boolean_query([(Occur.Must, wanted), (Occur.Must, allowed)])
            hits = self.searcher.search(wanted, limit, count=False).hits if terms else []
            return sorted(
                ((self.id_of(address), score) for score, address in hits), key=lambda found: (-found[1], found[0])
            )

    def distinctive_words(self, question: str) -> list[str]:
        """The question's words that stand in some passages, without those in very many unless nothing else is left."""
        known = {word: self.count(word) for word in self.analyzer.analyze(normalized(question))}
        most = self.size if self.size < COMMON_FROM else COMMON_SHARE * self.size
        return [word for word, count in known.items() if 0 < count <= most] or [
            w for w, count in known.items() if count
        ]

    def count(self, word: str) -> int:
        """Passages with a word, given as the analyzer makes it."""
        return int(self.searcher.doc_freq("text", word))

    def ids(self) -> Iterator[str]:
        """Ids of all passages. Raises StoreDamaged."""
        from tantivy import Query

        with tantivy_errors():
            for _, address in self.searcher.search(Query.all_query(), max(1, self.size), count=False).hits:
                yield self.id_of(address)

    def id_of(self, address: Any) -> str:
        return str(self.searcher.doc(address).get_first("id"))


@contextlib.contextmanager
def tantivy_errors(path: Path | None = None) -> Iterator[None]:
    """Raises StoreDamaged for tantivy's errors: missing or damaged files."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise StoreDamaged(f"the index of words {path or ''} cannot be read ({error}); run ingest again") from error
