"""What happens when something is asked or clicked on the page; a visitor's conversation comes in and goes out."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any, TypeVar

import gradio as gr

from qa.answering.followups import Earlier
from qa.answering.qa import QA, changed_documents, clean
from qa.answering.render import to_json
from qa.documents.loaders import TYPES
from qa.errors import UsageError, VerbatimError
from qa.ingestion.library import Library
from qa.page import export, feedback, history, notes
from qa.page.answer import Citation, citations
from qa.page.conversation import HINT, kept_html, log_html, notice_html, pane_html, sources_html
from qa.page.documents import drawer_html, read_within, unlisted_html, within_html, within_text
from qa.page.endpoint import request_in, request_of
from qa.page.finds import FIRST_SEARCH, Finds
from qa.page.history import FORGOTTEN, Conversation, Exchange
from qa.page.keep import ANNOTATIONS, BIBTEX, CSL, FORMS, kept
from qa.page.lists import FIRST_TURN, Lists
from qa.page.original import picture_html
from qa.page.source import (
    MOST_FOUND,
    Shown,
    chosen,
    following,
    occurrences,
    outdated,
    part_html,
    shown_document,
    source_html,
    window,
)
from qa.store.notes import read_notes
from qa.text import Range, encodable, escaped, visible
from qa.types import Document, Passage, Within

log = logging.getLogger(__name__)

QUESTIONS_AT_ONCE = 4  # questions of the page that are read at the same time; further ones wait
TICK = 0.25  # seconds after which a question that is still being read gives gradio the chance to cancel it
UNEXPECTED = "Something went wrong inside Verbatim; the window it was started from says what."

T = TypeVar("T")
Update = Any  # a value for a component, or gr.skip()


class PageEvents:
    """The page's event handlers over one opened store. `close` it when the page is no longer served."""

    def __init__(self, qa: QA, examples: Sequence[str]) -> None:
        """examples: questions offered before the first one."""
        self.qa = qa
        self.examples = tuple(examples)
        self.ready = threading.Event()  # set once the models are loaded; until then a question waits, and says so
        self.readers = ThreadPoolExecutor(QUESTIONS_AT_ONCE, "reader")
        self.library = Library(qa.store, qa.embedder)
        self.lists = Lists(qa, lambda question, within: self.exchange(question, (), True, within))
        self.finds = Finds(qa)
        self.count = itertools.count()  # makes every opened source a new value, so that it scrolls again

    def warm_up(self, say: Callable[[str], None]) -> None:
        """Loads the models by asking something, so that the first visitor does not wait."""
        try:
            self.qa.warm_up()
        except Exception as error:  # the first question meets it again, and shows it
            say(sentence_of(error))
        finally:
            self.ready.set()

    def close(self) -> None:
        """Waits for the questions being read; those that wait are dropped."""
        self.lists.close()
        self.readers.shutdown(cancel_futures=True)

    # ---- the conversation ----

    def welcome(self, token: str = "", last: str = "") -> tuple[str, str, Conversation, str, Within | None]:
        """Chat, source pane and conversation of a visitor who comes, or comes back; which documents are asked."""
        earlier = history.load(self.qa.store, last or token, self.qa)
        within = history.load_within(self.qa.store, last or token)
        if token != last:
            history.save(self.qa.store, token, earlier)
            history.save_within(self.qa.store, token, within)
        return self.chat(earlier), self.start_pane(), earlier, within_html(within), within

    def chat(self, earlier: Conversation, **more: Any) -> str:
        empty = not earlier and not self.holds_any()
        return log_html(earlier, first=self.examples, empty=empty, **more)

    def holds_any(self) -> bool:
        try:
            return bool(self.qa.sources())
        except VerbatimError:  # the first question shows it
            return True

    def start_pane(self) -> str:
        """The source pane before anything is cited: the documents of the store."""
        return pane_html(html_of(lambda: sources_html(self.qa.sources())))

    def fresh(self, token: str = "") -> tuple[str, str, Conversation, str]:
        """Chat, source pane, conversation and question box of a new conversation."""
        history.save(self.qa.store, token, ())
        return self.chat(()), self.start_pane(), (), ""

    def reply(
        self, asked: str, earlier: Conversation, token: str = "", within: Within | None = None
    ) -> Iterator[tuple[Update, ...]]:
        """Chat, source pane, conversation and question box: first while reading, then with the answer."""
        question = encodable(asked or "")
        if not clean(question):
            yield self.chat(earlier, notice="Type a question first."), *skips(3)
            return
        yield self.chat(earlier, pending=(len(earlier), question, self.stage())), gr.skip(), gr.skip(), ""
        yield from self.answered(question, earlier, len(earlier), token, within)

    def again(
        self, earlier: Conversation, token: str, within: Within | None, event: gr.EventData
    ) -> Iterator[tuple[Update, ...]]:
        """The question of a turn asked once more: without the turns before it, or as a follow-up after all."""
        turn, alone = number_sent(event, "turn"), number_sent(event, "alone")
        if not 0 <= turn < len(earlier):
            yield skips(4)
            return
        question = earlier[turn].question
        yield self.chat(earlier, pending=(turn, question, self.stage())), *skips(3)
        yield from self.answered(question, earlier, turn, token, within, alone == 1)

    def example(
        self, earlier: Conversation, token: str, within: Within | None, event: gr.EventData
    ) -> Iterator[tuple[Update, ...]]:
        """One of the example questions."""
        number = number_sent(event, "example")
        if 0 <= number < len(self.examples):
            yield from self.reply(self.examples[number], earlier, token, within)
        else:
            yield skips(4)

    def answered(
        self,
        question: str,
        earlier: Conversation,
        turn: int,
        token: str,
        within: Within | None = None,
        alone: bool = False,
    ) -> Iterator[tuple[Update, ...]]:
        """The answer to a question, which becomes the turn of that number."""
        work = self.readers.submit(self.exchange, question, earlier[:turn], alone, within)
        stage = self.stage()
        # In small steps, since gradio can cancel a question ("New conversation") only between two of them.
        while wait([work], TICK).not_done:
            before, stage = stage, self.stage()
            yield self.chat(earlier, pending=(turn, question, stage)) if stage != before else gr.skip(), *skips(3)
        exchange = work.result()
        earlier = (*earlier[:turn], exchange, *earlier[turn + 1 :])
        history.save(self.qa.store, token, earlier)
        found = exchange.answer is not None and bool(exchange.answer.shown)
        pane = self.source_pane(earlier, turn, 0) if found else pane_html(HINT)
        yield self.chat(earlier, answered=turn == len(earlier) - 1), pane, earlier, gr.skip()

    def stage(self) -> str:
        return "Reading the documents ..." if self.ready.is_set() else "Loading the language model ..."

    def exchange(
        self, question: str, earlier: Conversation, alone: bool = False, within: Within | None = None
    ) -> Exchange:
        """Asks, once the models are loaded."""
        self.ready.wait()
        try:
            before = history.history_of(() if alone else earlier)
            answer = self.qa.ask(question, before, within)
        except Exception as error:  # the outermost edge: a person sees a sentence
            return Exchange(question, problem=sentence_of(error), alone=alone)
        alone = alone or (not answer.lent and history.goes_on(question, before))
        return Exchange(question, answer, alone=alone, part=within_text(within))

    def keep(self, earlier: Conversation, event: gr.EventData) -> tuple[Update, str]:
        """The conversation as a file, and a notice."""
        form = text_sent(event, "form")
        asked = [export.Asked(e.question, e.answer, e.part) for e in earlier if e.answer]
        if not asked or form not in FORMS:
            return gr.skip(), notice_html("There is nothing to keep yet: ask something first.", next(self.count))
        if form in (ANNOTATIONS, CSL, BIBTEX) and not any(one.answer.shown for one in asked):
            return gr.skip(), notice_html("No answer quotes a document yet.", next(self.count))
        name = f"questions-and-answers.{form}"
        return self.file(name, lambda: kept(form, asked, read_notes(self.qa.store), self.qa.document))

    def file(self, name: str, make: Callable[[], str]) -> tuple[Update, str]:
        """A file for the browser to save, or the notice why there is none."""
        try:
            return kept_html(name, make(), next(self.count)), ""
        except Exception as error:  # the outermost edge
            return gr.skip(), notice_html(escaped(sentence_of(error)), next(self.count), wrong=True)

    def asked_at(self, earlier: Conversation, turn: int, token: str) -> tuple[Conversation, int]:
        """The conversation that a turn is of, and its number there; a question of the list is one of its own."""
        if turn < FIRST_TURN:
            return earlier, turn
        listed = self.lists.exchange(token, turn)
        return (listed,) if listed else (), 0

    def judge(self, earlier: Conversation, event: gr.EventData) -> str:
        """A notice after a click on Right or Wrong."""
        turn, number, right = (number_sent(event, name) for name in ("turn", "number", "right"))
        return self.notice(lambda: feedback.judge(self.qa, earlier, turn, number, right == 1))

    def teach(self, earlier: Conversation, event: gr.EventData, token: str = "") -> str:
        """A notice after words in the source pane were named as the answer."""
        asked, at = self.asked_at(earlier, number_sent(event, "turn"), token)
        return self.notice(lambda: feedback.teach(self.qa, asked, at, sent(event)))

    def notice(self, make: Callable[[], str]) -> str:
        """What was done, or why it was not."""
        try:
            return notice_html(make(), next(self.count))
        except Exception as error:  # the outermost edge
            return notice_html(escaped(sentence_of(error)), next(self.count), wrong=True)

    # ---- the source ----

    def cite(self, earlier: Conversation, event: gr.EventData, token: str = "") -> str:
        """The source pane for a click on a citation, also of an earlier answer or one of the list."""
        return self.source_pane(earlier, number_sent(event, "turn"), number_sent(event, "number"), True, token)

    def source_pane(self, earlier: Conversation, turn: int, number: int, clicked: bool = False, token: str = "") -> str:
        all_cited = self.cited_in(earlier, turn, token)
        if not 0 <= number < len(all_cited):
            return pane_html(f'<p class="v-warning">{FORGOTTEN}</p>')
        inside = html_of(lambda: self.source(all_cited, turn, number))
        back = "the passages" if turn >= FIRST_SEARCH else "the answer"
        return pane_html(inside, next(self.count), clicked, turn, number, back)

    def cited_in(self, earlier: Conversation, turn: int, token: str) -> Sequence[Citation]:
        """Everything that can be opened of an answer, or of what a search has shown; nothing if it is forgotten."""
        if turn >= FIRST_SEARCH:
            search = self.finds.of(token, turn)
            return search.shown if search else ()
        asked, at = self.asked_at(earlier, turn, token)
        answer = asked[at].answer if 0 <= at < len(asked) else None
        return citations(answer) if answer else ()

    def source(self, all_cited: Sequence[Citation], turn: int, number: int) -> str:
        return self.opened(all_cited[number], (turn, number, len(all_cited)))

    def opened(self, citation: Citation, place: tuple[int, int, int]) -> str:
        """A citation in its document, with the notes on that; whether its file has changed is looked up anew."""
        citation = replace(citation, changed=bool(changed_documents([citation.source])))
        document = self.qa.document(citation.source.name)
        if document is None or outdated(citation, document):
            return source_html(citation, document, (), place)
        around = self.passages(document, window(document.text, *citation.quote))
        noted = notes.notes_on(self.qa, document)
        shown = source_html(citation, document, around, place, notes.marks(document, noted))
        return shown + notes.pane_notes_html(noted)

    def passages(self, document: Document, part: Range) -> Sequence[Passage]:
        return self.qa.passages_within(document.source.name, *part)

    def read(self, asked: Any) -> dict[str, Any]:
        """More of a document's text, before or after what the page has."""

        def part(document: Document, shown: Shown) -> dict[str, Any]:
            start, end = following(document.text, str(asked["edge"]), int(asked["at"]))
            marks = notes.marks(document, notes.notes_on(self.qa, document))
            made = part_html(document, start, end, shown, self.passages(document, (start, end)), marks)
            return {"html": made if start < end else "", "length": len(document.text)}

        return self.of_document(asked, part)

    def find(self, asked: Any) -> dict[str, Any]:
        """The next or the previous place of some words in a document, with the text around it."""

        def part(document: Document, shown: Shown) -> dict[str, Any]:
            found = occurrences(document.text, str(asked["query"]))
            if not found:
                return {"count": 0}
            number = chosen(found, int(asked["at"]), bool(asked["back"]))
            start, end = window(document.text, *found[number])
            marks = notes.marks(document, notes.notes_on(self.qa, document)) + [
                (a, b, "v-found v-found-now" if n == number else "v-found")
                for n, (a, b) in enumerate(found)
                if a < end and start < b
            ]
            made = part_html(document, start, end, shown, self.passages(document, (start, end)), marks)
            full = len(found) == MOST_FOUND
            return {"html": made, "length": len(document.text), "count": len(found), "number": number + 1, "more": full}

        return self.of_document(asked, part)

    def original(self, asked: Any) -> dict[str, Any]:
        """The picture of the page on which a citation of a PDF stands, with the quote marked on it."""
        return self.of_document(
            asked, lambda document, shown: {"html": picture_html(document, shown.on_page(), shown.answer)}
        )

    def of_document(self, asked: Any, make: Callable[[Document, Shown], dict[str, Any]]) -> dict[str, Any]:
        """What the page asked about a document it shows; a problem where it has been replaced, or asked nonsense."""
        try:
            shown = Shown.read(asked)
            return make(shown_document(self.qa.document, asked), shown)
        except (ValueError, KeyError, TypeError) as error:
            return {"problem": f"not understood: {type(error).__name__}"}
        except Exception as error:  # the outermost edge
            return {"problem": sentence_of(error)}

    # ---- documents ----

    def drawer(self, within: Within | None, problem: str = "") -> str:
        """The drawer with every document that the store knows."""
        types = ",".join(sorted(TYPES))
        noted = html_of(lambda: notes.drawer_notes_html(read_notes(self.qa.store)))
        return told(
            lambda: drawer_html(self.library.documents(), self.library.job, types, problem, within, noted),
            unlisted_html,
        )

    def drawer_again(self, within: Within | None, event: gr.EventData) -> str:
        """The drawer once an ingest has ended; the event may say which files could not be sent."""
        return self.drawer(within, text_sent(event, "said"))

    def read_again(self, within: Within | None, event: gr.EventData) -> str:
        """The drawer after an ingest was started in the background."""
        return self.changed_drawer(self.library.read, within, text_sent(event, "said"))

    def remove(self, within: Within | None, event: gr.EventData) -> str:
        return self.changed_drawer(lambda: self.library.remove(text_sent(event, "document")), within)

    def include(self, within: Within | None, event: gr.EventData) -> str:
        return self.changed_drawer(lambda: self.library.take_back(text_sent(event, "document")), within)

    def changed_drawer(self, change: Callable[[], None], within: Within | None, problem: str = "") -> str:
        try:
            change()
        except Exception as error:  # the outermost edge
            problem = sentence_of(error)
        return self.drawer(within, problem)

    def restrict(self, within: Within | None, token: str, event: gr.EventData) -> tuple[str, str, Within | None]:
        """The drawer, the note beside the question box, and the part of the store that is asked from now on."""
        try:
            known = [one.name for one in self.library.documents() if one.passages and one.state != "excluded"]
            within = read_within(event._data, known)
        except Exception as error:  # the outermost edge
            return self.drawer(within, sentence_of(error)), within_html(within), within
        history.save_within(self.qa.store, token, within)
        return "", within_html(within), within

    # ---- programs ----

    def answer(self, asked: Any) -> dict[str, Any]:
        """What gradio's client calls: a question, or {"question": ..., "history": [...]}; returns the public object."""
        try:
            return self.asked(*request_of(asked))
        except Exception as error:  # the outermost edge: gradio makes it an HTTP error with the sentence
            raise gr.Error(sentence_of(error), print_exception=False) from error

    def over_http(self, body: bytes) -> tuple[int, dict[str, Any]]:
        """Status and answer of the endpoint to what it was sent: the public object, or why there is none."""
        try:
            asked = request_in(body)
        except UsageError as error:
            return 400, {"error": visible(str(error))}

        def made() -> tuple[int, dict[str, Any]]:
            return 200, {"data": [self.asked(*asked)]}

        return told(made, lambda problem: (500, {"error": visible(problem)}))

    def asked(self, question: str, earlier: list[Earlier]) -> dict[str, Any]:
        """The public object, once the models are loaded. Raises what `QA.ask` does."""
        self.ready.wait()
        return to_json(self.qa.ask(question, earlier))


# ---- what the page sent ----


def sent(event: gr.EventData) -> dict[str, Any]:
    """What the page sent with an event; empty where that is no object."""
    return event._data if isinstance(event._data, dict) else {}


def number_sent(event: gr.EventData, name: str) -> int:
    """A number the page sent with an event; -1 where it sent something else."""
    value = sent(event).get(name)
    return value if type(value) is int else -1


def text_sent(event: gr.EventData, name: str) -> str:
    """A text the page sent with an event; empty where it sent none."""
    return str(sent(event).get(name, ""))


# ---- what the page is given ----


def skips(count: int) -> tuple[Update, ...]:
    return tuple(gr.skip() for _ in range(count))


def html_of(make: Callable[[], str]) -> str:
    """HTML, or the sentence that says why there is none."""
    return told(make, lambda problem: f'<p class="v-warning">{escaped(problem)}</p>')


def told(make: Callable[[], T], otherwise: Callable[[str], T]) -> T:
    """What `make` makes, else what `otherwise` makes of the sentence that says what is wrong."""
    try:
        return make()
    except Exception as error:  # the outermost edge
        return otherwise(sentence_of(error))


def sentence_of(error: Exception) -> str:
    """An error for a person. One that is not of this program goes to the log in full."""
    if isinstance(error, VerbatimError):
        return str(error)
    log.error("unexpected error", exc_info=error)
    return UNEXPECTED
