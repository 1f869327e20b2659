"""A store of a few texts that answers the questions it was told the answers of, and its page served from a thread."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import uvicorn

from qa.answering.conflicts import differing
from qa.answering.followups import Earlier, parts_of, resolve
from qa.answering.qa import QA, clean
from qa.errors import UsageError
from qa.page.events import PageEvents
from qa.page.running import announced
from qa.page.server import Server, address, application, listen
from qa.settings import Settings
from qa.types import Answer, Document, Hit, Mark, Passage, Place, Source, Span, Turn, Within

Quote = tuple[str, str, str]  # document, sentence, span within the sentence
PATIENCE = 300  # seconds after which a question that a test has forgotten is answered after all


def source_of(name: str, text: str, title: str = "", date: str | None = None, pages: tuple[int, ...] = ()) -> Source:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Source(name, f"/nowhere/{name}", digest, title or name, date, pages)


def document_of(
    name: str, text: str, title: str = "", date: str | None = None, pages: tuple[int, ...] = ()
) -> Document:
    heading = (Mark(0, text.find("\n"), "heading"),) if "\n" in text else ()
    return Document(source_of(name, text, title, date, pages), text, heading)


class FakeQA:
    """What the page needs of qa.QA. `asked` records every question with the earlier ones of its history."""

    def __init__(self, documents: Sequence[Document], answers: Mapping[str, Sequence[Quote]]) -> None:
        self.documents = {document.source.name: document for document in documents}
        self.answers = dict(answers)
        self.changed: frozenset[str] = frozenset()
        self.speakers: dict[str, str] = {}  # document -> who speaks in all of it
        self.asked: list[tuple[str, list[str]]] = []
        self.go_on = threading.Event()  # cleared: ask waits, as a slow reader would
        self.go_on.set()
        self.quick: set[str] = set()  # questions that never wait
        self.error: Exception | None = None
        self.embedder = None  # nothing is read into it
        self.made: dict[str, Passage] = {}  # every passage of an answer, by id
        self.store = Path(tempfile.mkdtemp())
        atexit.register(shutil.rmtree, self.store, ignore_errors=True)

    def warm_up(self) -> None:
        self.ask("Is anybody there?")

    def ask(self, question: str, history: Sequence[Earlier] = (), within: Within | None = None) -> Answer:
        asked = clean(question)
        if not asked:
            raise UsageError("the question is empty; type one")
        earlier = [parts_of(item)[0] for item in history]
        if asked not in self.quick:
            self.go_on.wait(PATIENCE)
        self.asked.append((asked, earlier))
        if self.error:
            raise self.error
        hits = tuple(Hit(self.passage(name, 0, 900), 1 / (60 + n)) for n, name in enumerate(self.documents))
        quotes = self.answers.get(asked, ())
        spans = tuple(self.span(quote, 0.93 - n / 10) for n, quote in enumerate(quotes))
        return Answer(
            question=question,
            confidence=0.93 if spans else 0.12,
            spans=spans,
            hits=hits,
            changed=self.changed,
            lent=resolve(asked, history).lent,
            understood=resolve(asked, history).understood,
            disagrees=tuple(differing(asked, spans)),
        )

    def passage(self, name: str, start: int, end: int) -> Passage:
        document = self.documents[name]
        text = document.text[start:end]
        speaker = self.speakers.get(name)
        turns = (Turn(0, speaker),) if speaker else ()
        passage_id = hashlib.sha256(f"{name} {start} {text}".encode()).hexdigest()
        made = Passage(passage_id, document.source, start, start + len(text), text, "", "en", (), turns)
        self.made[made.id] = made
        return made

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Those whose document is still what it was."""
        found = [self.made[one] for one in ids if one in self.made]
        return {p.id: p for p in found if (d := self.document(p.source.name)) and d.source == p.source}

    def passages_within(self, name: str, start: int, end: int) -> list[Passage]:
        return [p for p in self.made.values() if p.source.name == name and p.start < end and start < p.end]

    def span(self, quote: Quote, confidence: float) -> Span:
        name, sentence, words = quote
        start = self.documents[name].text.index(sentence)
        at = start + sentence.index(words)
        passage = self.passage(name, max(0, start - 200), start + len(sentence) + 200)
        also = tuple(
            Place(other.source, found, found + len(words))
            for other in self.documents.values()
            if other.source.name != name and (found := other.text.find(words)) >= 0
        )
        return Span(Hit(passage, 0.03), at, at + len(words), start, start + len(sentence), confidence, also)

    def document(self, name: str) -> Document | None:
        return self.documents.get(name)

    def languages(self) -> dict[str, int]:
        return {"en": len(self.documents)}

    def sources(self) -> list[Source]:
        return [document.source for document in self.documents.values()]


def page_events(qa: FakeQA | QA, examples: Sequence[str] = ()) -> PageEvents:
    """The page's events over a store whose models need no loading."""
    events = PageEvents(qa, examples)  # type: ignore[arg-type]
    events.ready.set()
    return events


@contextlib.contextmanager
def served(
    qa: FakeQA | QA,
    examples: Sequence[str] = (),
    logins: Mapping[str, str] | None = None,
    settings: Settings | None = None,
) -> Iterator[str]:
    """The address of the page of a store, served until the end of the block; announced in that of the settings."""
    up = threading.Event()
    with (
        listen("127.0.0.1", None) as sock,
        announced(settings, sock) if settings else contextlib.nullcontext("") as secret,
    ):
        app = application(page_events(qa, examples), logins, secret)
        server = Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1), up.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        assert up.wait(PATIENCE), "the page does not start"
        try:
            yield address(sock)
        finally:
            if isinstance(qa, FakeQA):
                qa.go_on.set()
            server.should_exit = True
            thread.join(timeout=20)
