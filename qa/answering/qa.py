"""Answering a question: resolve a follow-up, retrieve, read, decide; `QA.ask` does them in this order."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from qa.answering.clauses_asked import SEVERAL, numbered, of_clauses
from qa.answering.conflicts import differing
from qa.answering.finding import Finding, Sort, find, like
from qa.answering.followups import Earlier, ResolvedQuestion, parts_of, resolve, words_of
from qa.answering.letters_asked import TITLED, may_mean_any, of_letters
from qa.answering.names_asked import of_named
from qa.answering.readers import Reader, open_reader
from qa.answering.retrieval import retrieve
from qa.documents.files import file_sha256
from qa.errors import StoreBusy, StoreDamaged, StoreMismatch, UnreadableFile, UsageError
from qa.models.embedder import Embedder, open_held
from qa.settings import Settings, load_settings
from qa.store.catalog import Catalog
from qa.store.generations import no_progress, open_index
from qa.store.index import Index
from qa.store.opening import catalog_errors, open_catalog, reading
from qa.store.servers import use_servers
from qa.text import encodable, equality_key
from qa.types import Answer, Document, Findings, Hit, Mention, Passage, Source, Span, Within

T = TypeVar("T")

MAX_QUESTION = 2000  # characters; the rest of a longer question is not read
MAX_SPANS = 3
MOST = 0.999  # confidence of one document, where those of several are added: its odds stay finite


class QA:
    """A store opened for questions. Threads may share one; `close` it, or use it in a `with`."""

    def __init__(
        self,
        store: Path,
        embedder: Embedder,
        reader: Reader,
        threshold: float | None = None,
        progress: Callable[[str], None] = no_progress,
    ) -> None:
        """With parts that the caller made; `QA.open` makes them. threshold: of confidence, default the reader's own.

        progress: gets one-line messages where something takes long.
        """
        self.store = store
        self.embedder = embedder
        self.reader = reader
        self.threshold = reader.threshold if threshold is None else threshold
        self.lock = threading.RLock()
        self.catalog: Catalog = open_catalog(store)
        self.schema = self.catalog.schema
        self.index: Index | None = None
        self.generation = 0
        self.stays = False  # asked many questions: it pays to open the index in full
        self.progress = progress

    @classmethod
    def open(
        cls,
        store: Path | str | None = None,
        settings: Settings | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> QA:
        """Opens a store (default: the settings') with the model it was made with, which loads at the first question.

        progress gets one-line messages where something takes long. Raises NoStore, StoreMismatch, StoreDamaged,
        ModelUnavailable.
        """
        settings = settings or load_settings()
        if store is not None:
            settings = settings.model_copy(update={"store": Path(store)})
        use_servers(settings)
        folder = settings.store
        with reading(folder) as catalog:
            held, identity = catalog.embedder, catalog.model
        if settings.embedder and settings.embedder != held:
            raise StoreMismatch(
                f"the store {folder} was made with the embedder {held}, not {settings.embedder}; "
                "unset QA_EMBEDDER, or name another --store"
            )
        embedder = open_held(held, identity, settings.model_dir, settings.threads, progress)
        if embedder.identity != identity:
            raise StoreMismatch(
                f"the store {folder} was made with another version of {held}; run: qa ingest --store {folder}, which "
                "reads and embeds its documents again; conversations, feedback and notes stay"
            )
        reader = open_reader(settings.reader, embedder, settings.threads)
        return cls(folder, embedder, reader, settings.threshold, progress or no_progress)

    def __enter__(self) -> QA:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self.lock:
            if self.index:
                self.index.close()
                self.index = None
            self.catalog.close()

    def warm_up(self) -> None:
        """Loads models and index, so that the first question is answered as quickly as later ones."""
        self.stays = True
        self.ask("Is anybody there?")

    def ask(self, question: str, history: Sequence[Earlier] = (), within: Within | None = None) -> Answer:
        """The answer in the documents' own words, or none with the nearest passages.

        history: earlier questions, oldest first, each a text or {"question": ..., "answer": ...}. within: the part of
        the store that is asked.
        Raises UsageError for an empty question or a history of another form, StoreDamaged.
        """
        asked = clean(question)
        if not asked:
            raise UsageError("the question is empty; type one")
        started_at = time.perf_counter()
        earlier = [cleaned(one) for one in history]
        resolved = resolve(asked, earlier)
        if not (resolved.lent and resolved.complete):
            return self.answer(question, asked, resolved, within, started_at)
        # It only has few words: it may be a question of its own, and what earlier ones lend finds their answer again.
        alone = self.answer(question, asked, resolve(asked), within, started_at)
        if alone.answered:
            return alone
        answer = self.answer(question, asked, resolved, within, started_at)
        return alone if answer.answered and repeats(answer, earlier) else answer

    def answer(
        self, question: str, asked: str, resolved: ResolvedQuestion, within: Within | None, started_at: float
    ) -> Answer:
        """Retrieves, reads and decides. question: as it came; asked: cleaned; started_at: by `perf_counter`."""
        hits = self.retrieve(resolved.text, within)
        retrieved_at = time.perf_counter()
        found = self.read(asked, resolved.to_read, hits)
        spans, unmentioned = of_named(asked, distinct(found.spans), self.document)
        if may_mean_any(asked, hits):
            spans = [replace(span, confidence=min(span.confidence, TITLED)) for span in spans]
        confidence = spans[0].confidence if spans else 0.0
        given = tuple(span for span in spans if span.confidence >= self.threshold)[:MAX_SPANS]
        perhaps = spans[0] if not given and spans and confidence >= self.reader.perhaps else None
        shown = (perhaps,) if perhaps else given
        read_at = time.perf_counter()
        return Answer(
            question=encodable(question),
            confidence=confidence,
            spans=given,
            hits=tuple(hits),
            changed=changed_documents([place.source for span in shown for place in span.places]),
            seconds=(("retrieve", retrieved_at - started_at), ("read", read_at - retrieved_at)),
            lent=resolved.lent,
            understood=resolved.understood,
            disagrees=tuple(differing(asked, given)),
            read=found.read,
            perhaps=perhaps,
            unmentioned=() if given else unmentioned,
        )

    def read(self, asked: str, to_read: str, hits: Sequence[Hit]) -> Findings:
        """The spans in the passages found; where the question names a clause by its number, in that clause.

        To who wrote a letter and when, what stands above it.

        asked: the question as it was typed. to_read: as the reader gets it.
        """
        read = of_clauses(asked, to_read, hits, self.document, self.passages_within)
        above = [] if read.said else of_letters(asked, hits, self.document, self.passages_within)
        if above and above[0].confidence > SEVERAL:
            read = read._replace(said=above)
        found = self.reader.read(read.question, read.hits)
        spans = read.weighed(found.spans, self.reader.perhaps)
        if above and not read.said:
            spans = sorted([*spans, *above], key=lambda span: -span.confidence)
        return Findings(numbered(asked, spans, self.document, self.passages_within), found.read)

    def retrieve(self, question: str, within: Within | None = None) -> list[Hit]:
        """The ranked passages for a question, from the newest published generation."""
        vector = self.embedder.encode_questions([question])[0]
        return self.on_published(lambda index: retrieve(self.catalog, index, question, vector, within=within))

    def find(
        self,
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
        """Every passage with what was typed, as `finding.find`; no model is loaded for it.

        Its batches raise StoreBusy when the documents have changed before all were fetched: find again then.
        """

        def work(index: Index) -> tuple[Finding, int]:
            given = find(
                self.catalog, index.mentions, words, exact, sort, within, speaker, limit,
                label=label, dated=dated, skip=skip,
            )  # fmt: skip
            return given, self.generation

        found, generation = self.on_published(work)
        return replace(found, batches=self.of_one_state(found.batches, generation))

    def of_one_state(self, batches: Iterator[list[Mention]], generation: int) -> Iterator[list[Mention]]:
        """The batches, each read while the store is as it was; in between others may ask."""
        while True:
            with self.published():
                if self.generation != generation:
                    raise StoreBusy("the documents have changed meanwhile; find again")
                batch = next(batches, None)
            if batch is None:
                return
            yield batch

    def like(self, document: str, start: int, within: Within | None = None, limit: int = 20) -> list[Mention]:
        """The passages most like the one that holds a character of a document, as `finding.like`."""
        return self.on_published(lambda index: like(self.catalog, index, document, start, within, limit))

    def on_published(self, work: Callable[[Index], T]) -> T:
        """What `work` makes of the published generation's index.

        Once more with the new one where the generation was replaced and deleted in between.
        """
        try:
            with self.published() as index:
                return work(index)
        except StoreDamaged:
            with self.lock:
                self.generation = 0
            with self.published() as index:
                return work(index)

    def document(self, name: str) -> Document | None:
        """A document of the store with its text."""
        with self.lock, catalog_errors(self.store):
            return self.catalog.document(name)

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The passages of the store with these ids, by id."""
        with self.lock, catalog_errors(self.store):
            return self.catalog.passages(ids)

    def passages_within(self, name: str, start: int, end: int) -> list[Passage]:
        """The passages that reach into characters start to end of a document."""
        with self.lock, catalog_errors(self.store):
            return self.catalog.passages_of(name, start, end)

    def sources(self) -> list[Source]:
        """The documents of the store, without text."""
        with self.lock, catalog_errors(self.store):
            return self.catalog.sources()

    def languages(self) -> dict[str, int]:
        """The passages of the store by language, most first."""
        with self.lock, catalog_errors(self.store):
            return self.catalog.languages()

    def documents_holding(self, words: str) -> list[str]:
        """Names of the documents whose text has exactly these characters somewhere."""
        with self.lock, catalog_errors(self.store):
            return self.catalog.documents_holding(words)

    def current(self) -> Catalog:
        """The catalog; opened again where an ingest has made an earlier version's tables today's."""
        if self.catalog.schema != self.schema:
            self.catalog.close()
            self.catalog = open_catalog(self.store)
            self.schema = self.catalog.schema
        return self.catalog

    @contextlib.contextmanager
    def published(self) -> Iterator[Index]:
        """The index of the published generation, reopened when that has changed, and the catalog at the same state."""
        with self.lock, catalog_errors(self.store), self.current().snapshot():
            number = self.catalog.generation
            if self.catalog.model != self.embedder.identity:
                raise StoreMismatch(f"the store {self.store} has been made anew with another model; start again")
            if self.index is None or number != self.generation:
                if self.index:
                    self.index.close()
                    self.index = None
                self.index = open_index(self.store, self.catalog, self.progress)
                self.generation = number
            if self.stays:
                self.index.open()
            yield self.index


def question_of(earlier: Earlier) -> str:
    """The question of a history item. Raises UsageError where it has none."""
    return parts_of(earlier)[0]


def cleaned(earlier: Earlier) -> Earlier:
    question, answer = map(clean, parts_of(earlier))
    return {"question": question, "answer": answer}


def repeats(answer: Answer, earlier: Sequence[Earlier]) -> bool:
    """Whether an answer gives back words of the last earlier one."""
    given, said = (" ".join(words_of(text)) for text in (answer.spans[0].text, parts_of(earlier[-1])[1]))
    return f" {given} " in f" {said} "


def clean(question: str) -> str:
    """The question on one line, without lone surrogates and control characters, at most MAX_QUESTION long."""
    return " ".join("".join(c if c.isprintable() else " " for c in encodable(question)).split())[:MAX_QUESTION]


def distinct(spans: Sequence[Span]) -> list[Span]:
    """Spans that say different things, best first; equal ones become one with several places, and more confidence.

    A span that overlaps a better one of the same document is left out.
    """
    kept: dict[bytes, list[Span]] = {}
    for span in spans:
        key = equality_key(span.text)
        if key in kept:
            kept[key].append(span)
        elif not any(overlap(span, other) for equal in kept.values() for other in equal):
            kept[key] = [span]
    return sorted((merged(equal) for equal in kept.values()), key=lambda span: -span.confidence)


def merged(equal: Sequence[Span]) -> Span:
    """One span for several that say the same, best first, with the places of all; that of one that is not denied."""
    first = next((one for one in equal if not one.denied), equal[0])
    known = dict.fromkeys(place for span in equal for place in span.places)
    also = tuple(place for place in known if place != first.places[0])
    return replace(first, also=also, confidence=joint_confidence(equal))


def joint_confidence(equal: Sequence[Span]) -> float:
    """Confidence of what several documents say: the sum of their odds, each document's best span counted once.

    Near-identical documents count as one; identical passages are one hit and count once. Of documents that deny what is
    asked only the best span counts, and none where others say so.
    """
    best: dict[str, float] = {}
    counted = [one for one in equal if not one.denied] or equal[:1]
    for span in counted:
        voice = span.source.voice
        best[voice] = max(best.get(voice, 0.0), min(span.confidence, MOST))
    odds = sum(confidence / (1 - confidence) for confidence in best.values())
    return odds / (1 + odds) if len(best) > 1 else counted[0].confidence


def overlap(a: Span, b: Span) -> bool:
    return a.source.name == b.source.name and a.start < b.end and b.start < a.end


def changed_documents(sources: Sequence[Source]) -> frozenset[str]:
    """Names of the documents whose file no longer has the bytes that were read, or is gone."""
    now = {path: sha256_now(path) for path in {source.path for source in sources}}
    return frozenset(source.name for source in sources if source.stale or now[source.path] != source.sha256)


def change_teller() -> Callable[[Source], bool]:
    """A function that tells whether a document's file has changed since it was read, or is gone; each is read once."""
    now = functools.cache(sha256_now)
    return lambda source: source.stale or now(source.path) != source.sha256


def sha256_now(path: str) -> str | None:
    """SHA-256 of a file's bytes; None where it cannot be read."""
    try:
        return file_sha256(Path(path))
    except (OSError, UnreadableFile):
        return None
