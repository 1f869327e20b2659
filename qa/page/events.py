"""The chat page: questions and cited answers on the left, the cited document with the quote marked on the right.

The conversation is our own HTML in a gr.HTML, not a gr.Chatbot: a Chatbot renders Markdown, LaTeX and HTML, and would
fetch the images a document names. A gr.HTML puts its value into the page as it is (only its *template*, which we leave
at the default, is evaluated), so it is enough that every character of a document goes through `render.escaped`.
The policy that `serving.Guard` sends is the second wall: the browser runs no inline handler and fetches from nowhere
else.
"""

from __future__ import annotations

import itertools
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported

import gradio as gr
from gradio.events import api

from qa.answering.followups import Earlier
from qa.answering.qa import QA, clean
from qa.answering.render import to_json
from qa.documents.loaders import LOADERS
from qa.errors import UsageError, VerbatimError
from qa.ingestion.library import Library
from qa.page import export as keeping
from qa.page import history
from qa.page import source as page_source
from qa.page.answer import Range, citations
from qa.page.conversation import HINT, cited, kept_html, log_html, notice_html, pane_html, sources_html
from qa.page.documents import drawer_html, job_html, part_of, read_within, within_html
from qa.page.history import Conversation, Exchange
from qa.page.source import Shown, source_html
from qa.store import feedback as teaching
from qa.text import encodable, escaped
from qa.types import Document, Source, Within

log = logging.getLogger(__name__)

READERS = 4  # questions of the page that are read at the same time; further ones wait
TICK = 0.25  # seconds between two looks at whether a question is still wanted
TAUGHT = 400  # characters of an answer that a person may select
UNEXPECTED = "Something went wrong inside Verbatim; the window it was started from says what."
LOST = "The page was restarted since this answer was given: ask again to open its documents."
REPLACED = "This document has been replaced since: ask again to see it as it is now."

EXAMPLES = (
    ("How many people were moved out of Zoutkade and Lageveen?", ("03-evacuation-night-local.txt",)),
    ("When was the Marre Barrier opened?", ("01-barrier-fault-agency.txt", "02-barrier-fault-courier.txt")),
    ("When will the first night ferry to Harrowness leave?", ("04-night-ferry-postponed.txt",)),
    ("Hoe lang heeft gemaal De Volharding gedraaid?", ("08-gemaal-de-volharding.txt",)),
)
"""Questions about the sample corpus, each with the documents it is about."""

# ---- what the page runs ----

HERE = Path(__file__).parent / "static"
CHAT_JS, SOURCE_JS, DRAWER_JS = (
    (HERE / name).read_text(encoding="utf-8") for name in ("chat.js", "source.js", "documents.js")
)

# A file that the server made of a conversation; the browser keeps it where it keeps downloads.
KEEP_JS = """
watch('value', () => {
  const made = element.querySelector('[data-text]');
  if (!made) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([made.dataset.text], {type: 'application/octet-stream'}));
  link.download = made.dataset.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  made.remove();
});
"""

NOTE_JS = (
    "element.addEventListener('click', (event) => { if (event.target.closest('.v-all')) trigger('restrict', {}); });"
)

# A tab has a token under which its conversation is kept; a new tab goes on with a copy of the last one.
TOKEN_JS = """() => {
  const known = sessionStorage.getItem('verbatim'), last = known || localStorage.getItem('verbatim') || '';
  const hex = (byte) => byte.toString(16).padStart(2, '0');
  const token = known || [...crypto.getRandomValues(new Uint8Array(16))].map(hex).join('');
  sessionStorage.setItem('verbatim', token);
  localStorage.setItem('verbatim', token);
  return [token, last];
}"""

FOCUS_JS = "() => { const box = document.querySelector('#v-question textarea'); if (box) box.focus(); }"

# The last line is what a screen reader says: the chat is drawn anew with every answer, and would be read in full.
HEAD = """<h1>Verbatim</h1><p>Answers in the words of your documents</p>
<p id="v-said" class="v-unseen" role="status" aria-live="polite"></p>"""

Update = Any  # a value for a component, or gr.skip()


class Desk:
    """What happens when something is asked or clicked. A visitor's conversation comes in and goes out."""

    def __init__(self, qa: QA, examples: Sequence[str], ready: threading.Event) -> None:
        """ready: set once the models are loaded; until then a question waits, and says so."""
        self.qa = qa
        self.examples = tuple(examples)
        self.ready = ready
        self.readers = ThreadPoolExecutor(READERS, "reader")
        self.library = Library(qa.store, qa.embedder)
        self.count = itertools.count()  # makes every opened source a new value, so that it scrolls again

    def close(self) -> None:
        """Waits for the question being read; those that wait are dropped."""
        self.readers.shutdown(cancel_futures=True)

    # ---- the conversation ----

    def welcome(self, token: str = "", last: str = "") -> tuple[str, str, Conversation]:
        """Chat, source pane and conversation of a visitor who comes, or comes back."""
        earlier = history.load(self.qa.store, last or token, self.qa)
        if token != last:
            history.save(self.qa.store, token, earlier)
        return self.chat(earlier), self.documents(), earlier

    def chat(self, earlier: Conversation, **more: Any) -> str:
        empty = not earlier and not self.holds_any()
        return log_html(earlier, first=self.examples, empty=empty, **more)

    def holds_any(self) -> bool:
        try:
            return bool(self.qa.sources())
        except VerbatimError:  # asking says it
            return True

    def documents(self) -> str:
        return pane_html(self.guarded(lambda: sources_html(self.qa.sources())))

    def fresh(self, token: str = "") -> tuple[str, str, Conversation, str]:
        """Chat, source pane, conversation and question box of a new conversation."""
        history.save(self.qa.store, token, ())
        return self.chat(()), self.documents(), (), ""

    def reply(
        self, asked: str, earlier: Conversation, token: str = "", within: Within | None = None
    ) -> Iterator[tuple[Update, ...]]:
        """Chat, source pane, conversation and question box: first while reading, then with the answer."""
        question = encodable(asked or "")
        if not clean(question):
            yield self.chat(earlier, notice="Type a question first."), *skips(3)
            return
        yield self.chat(earlier, pending=(len(earlier), question, self.busy())), gr.skip(), gr.skip(), ""
        yield from self.asked(question, earlier, len(earlier), token, within)

    def again(
        self, earlier: Conversation, token: str, within: Within | None, event: gr.EventData
    ) -> Iterator[tuple[Update, ...]]:
        """A turn asked as it stands, or as a follow-up after all."""
        turn, alone = integer(event, "turn"), integer(event, "alone")
        if not 0 <= turn < len(earlier):
            yield skips(4)
            return
        question = earlier[turn].question
        yield self.chat(earlier, pending=(turn, question, self.busy())), *skips(3)
        yield from self.asked(question, earlier, turn, token, within, alone == 1)

    def asked(
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
        busy = self.busy()
        # In small steps, since gradio can abandon a question ("New conversation") only between two of them.
        while wait([work], TICK).not_done:
            told, busy = busy, self.busy()
            yield self.chat(earlier, pending=(turn, question, busy)) if busy != told else gr.skip(), *skips(3)
        exchange = work.result()
        earlier = (*earlier[:turn], exchange, *earlier[turn + 1 :])
        history.save(self.qa.store, token, earlier)
        found = exchange.answer is not None and exchange.answer.answered
        pane = self.opened(earlier, turn, 0) if found else pane_html(HINT)
        yield self.chat(earlier, answered=turn == len(earlier) - 1), pane, earlier, gr.skip()

    def example(
        self, earlier: Conversation, token: str, within: Within | None, event: gr.EventData
    ) -> Iterator[tuple[Update, ...]]:
        """One of the example questions."""
        number = integer(event, "example")
        if 0 <= number < len(self.examples):
            yield from self.reply(self.examples[number], earlier, token, within)
        else:
            yield skips(4)

    def busy(self) -> str:
        return "Reading the documents ..." if self.ready.is_set() else "Loading the language model ..."

    def exchange(
        self, question: str, earlier: Conversation, alone: bool = False, within: Within | None = None
    ) -> Exchange:
        """Asks, once the models are loaded."""
        self.ready.wait()
        before = () if alone else earlier
        of = part_of(within)
        try:
            lent = history.understood(clean(question), before).lent
            part: dict[str, Any] = {"within": within} if within else {}
            answer = self.qa.ask(question, history.history_of(before), **part)
            return Exchange(question, answer, alone=alone, lent=lent, part=of)
        except Exception as error:  # the outermost edge: a person sees a sentence
            return Exchange(question, problem=sentence_of(error), alone=alone)

    # ---- the source ----

    def cite(self, earlier: Conversation, event: gr.EventData) -> str:
        """The source pane for a click on a citation, also of an earlier answer."""
        return self.opened(earlier, integer(event, "turn"), integer(event, "number"), clicked=True)

    def opened(self, earlier: Conversation, turn: int, number: int, clicked: bool = False) -> str:
        if not (0 <= turn < len(earlier) and 0 <= number < cited(earlier[turn])):
            return pane_html(f'<p class="v-warning">{LOST}</p>')
        inside = self.guarded(lambda: self.source(earlier[turn], turn, number))
        return pane_html(inside, next(self.count), clicked, turn, number)

    def source(self, exchange: Exchange, turn: int, number: int) -> str:
        assert exchange.answer is not None
        all_cited = citations(exchange.answer)
        citation = all_cited[number]
        document = self.qa.document(citation.source.name)
        around = self.passages(document, page_source.window(document.text, *citation.quote)) if document else ()
        return source_html(citation, document, around, (turn, number, len(all_cited)))

    def passages(self, document: Document, part: Range) -> Sequence[Any]:
        return self.qa.passages_within(document.source.name, *part)

    def read(self, asked: Any) -> dict[str, Any]:
        """More of a document's text, before or after what the page has."""

        def part(document: Document, shown: Shown) -> dict[str, Any]:
            start, end = page_source.following(document.text, str(asked["edge"]), int(asked["at"]))
            made = page_source.part_html(document, start, end, shown, self.passages(document, (start, end)))
            return {"html": made if start < end else "", "length": len(document.text)}

        return self.of_document(asked, part)

    def find(self, asked: Any) -> dict[str, Any]:
        """The next or the previous place of some words in a document, with the text around it."""

        def part(document: Document, shown: Shown) -> dict[str, Any]:
            found = page_source.occurrences(document.text, str(asked["query"]))
            if not found:
                return {"count": 0}
            number = page_source.chosen(found, int(asked["at"]), bool(asked["back"]))
            start, end = page_source.window(document.text, *found[number])
            marks = [
                (a, b, "v-found v-found-now" if n == number else "v-found")
                for n, (a, b) in enumerate(found)
                if a < end and start < b
            ]
            made = page_source.part_html(document, start, end, shown, self.passages(document, (start, end)), marks)
            full = len(found) == page_source.MOST_FOUND
            return {"html": made, "length": len(document.text), "count": len(found), "number": number + 1, "more": full}

        return self.of_document(asked, part)

    def of_document(self, asked: Any, make: Callable[[Document, Shown], dict[str, Any]]) -> dict[str, Any]:
        """What the page asked about a document it shows; a problem where it has been replaced, or asked nonsense."""
        try:
            shown = Shown.read(asked)
            document = self.qa.document(str(asked["document"]))
            if document is None or document.source.sha256 != asked["sha256"]:
                return {"problem": REPLACED}
            return make(document, shown)
        except (ValueError, KeyError, TypeError) as error:
            return {"problem": f"not understood: {type(error).__name__}"}
        except Exception as error:  # the outermost edge
            return {"problem": sentence_of(error)}

    def guarded(self, make: Callable[[], str]) -> str:
        """HTML, or the sentence that says why there is none."""
        try:
            return make()
        except Exception as error:  # the outermost edge
            return f'<p class="v-warning">{escaped(sentence_of(error))}</p>'

    # ---- keeping and teaching ----

    def keep(self, earlier: Conversation, form: str) -> tuple[Update, str]:
        """The conversation as a file, and what there is to say about it."""
        asked = [keeping.Asked(e.question, e.lent, e.answer, e.part) for e in earlier if e.answer]
        if not asked:
            return gr.skip(), notice_html("There is nothing to keep yet: ask something first.", next(self.count))
        facts = keeping.export_facts(asked)
        made = keeping.to_html(facts) if form == keeping.HTML else keeping.to_markdown(facts)
        return kept_html(f"questions-and-answers.{form}", made, next(self.count)), ""

    def judge(self, earlier: Conversation, event: gr.EventData) -> str:
        """Right or wrong, said of a citation: a row of the feedback file."""
        turn, number, right = (integer(event, name) for name in ("turn", "number", "right"))
        if not 0 <= turn < len(earlier) or earlier[turn].answer is None:
            return notice_html(LOST, next(self.count), wrong=True)
        return self.noted(lambda: self.judged(earlier, turn, number, right == 1))

    def judged(self, earlier: Conversation, turn: int, number: int, right: bool) -> str:
        answer = earlier[turn].answer
        assert answer is not None
        if not right:
            self.append(earlier, turn, teaching.WRONG, [])
            return "Noted as wrong. Select the right words in the source, then choose &ldquo;The answer is this&rdquo;."
        if not answer.answered:
            if earlier[turn].part:
                raise UsageError(
                    "Only a part of the documents was asked: ask them all before you say that none answers."
                )
            self.append(earlier, turn, teaching.NONE, [])
            return "Noted: the documents hold no answer."
        own = citations(answer)[number]
        span = next(s for s in answer.spans if (s.source.name, (s.start, s.end)) == (own.source.name, own.quote))
        places = [(span.source.name, span.start, span.end), *((p.source.name, p.start, p.end) for p in span.also)]
        taught = [one for place in places if (one := self.taught(*place))]
        self.append(earlier, turn, teaching.RIGHT, taught)
        return "Noted as right."

    def teach(self, earlier: Conversation, event: gr.EventData) -> str:
        """Words selected in the source pane are the answer to the question it was opened for."""
        data = event._data if isinstance(event._data, dict) else {}

        def make() -> str:
            turn = integer(event, "turn")
            if not 0 <= turn < len(earlier):
                raise UsageError(LOST)
            name, start, end = self.selected(data)
            one = self.taught(name, start, end)
            if one is None:
                raise UsageError(f"Select the words of the answer, at most {TAUGHT} characters.")
            self.append(earlier, turn, teaching.RIGHT, [one])
            return f"Noted as the answer: <q>{escaped(one.text)}</q>"

        return self.noted(make)

    def selected(self, data: Mapping[str, Any]) -> tuple[str, int, int]:
        """Document and characters of what was selected in the page. Raises UsageError."""
        try:
            document = self.qa.document(str(data["document"]))
            (a, before), (b, inside) = ((int(x), int(y)) for x, y in (data["start"], data["end"]))
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError("Select the words of the answer first.") from error
        if document is None or document.source.sha256 != data.get("sha256"):
            raise UsageError(REPLACED)
        if not (0 <= a <= len(document.text) and 0 <= b <= len(document.text)):
            raise UsageError("Select the words of the answer first.")
        start = page_source.offset_of(document.text, a, before)
        end = page_source.offset_of(document.text, b, inside - 1) + 1 if inside > 0 else b
        return document.source.name, start, min(end, len(document.text))

    def taught(self, name: str, start: int, end: int) -> teaching.Taught | None:
        """A place of a document without white space at its ends; None where nothing, or too much, is left."""
        document = self.qa.document(name)
        text = document.text if document else ""
        while start < end and text[start : start + 1].isspace():
            start += 1
        while start < end and text[end - 1 : end].isspace():
            end -= 1
        if not 0 < end - start <= TAUGHT or end > len(text):
            return None
        return teaching.Taught(name, text[start:end], start, end, *teaching.evidence(text, start, end))

    def append(self, earlier: Conversation, turn: int, kind: str, taught: Sequence[teaching.Taught]) -> None:
        exchange = earlier[turn]
        before = [] if exchange.alone or not exchange.lent else [clean(e.question) for e in earlier[:turn] if e.answer]
        hits = exchange.answer.hits if exchange.answer else ()
        language = hits[0].passage.language if hits else "en"
        teaching.append(self.qa.store, teaching.row_of(clean(exchange.question), before, kind, taught, language))

    def noted(self, make: Callable[[], str]) -> str:
        """A notice: what was done, or why it was not."""
        try:
            return notice_html(make(), next(self.count))
        except Exception as error:  # the outermost edge
            return notice_html(escaped(sentence_of(error)), next(self.count), wrong=True)

    # ---- documents ----

    def listing(self, within: Within | None, said: str = "") -> str:
        """The drawer with all that the store knows of. said: what went wrong."""
        types = ",".join(sorted(LOADERS))
        return self.guarded(lambda: drawer_html(self.library.documents(), self.library.job, types, said, within))

    def shut(self) -> str:
        return ""

    def read_again(self, within: Within | None, event: gr.EventData) -> str:
        """An ingest in the background."""
        return self.done(self.library.read, within, said_in(event))

    def listed(self, within: Within | None, event: gr.EventData) -> str:
        """The drawer anew, after an ingest."""
        return self.listing(within, said_in(event))

    def remove(self, within: Within | None, event: gr.EventData) -> str:
        return self.done(lambda: self.library.remove(named(event)), within)

    def include(self, within: Within | None, event: gr.EventData) -> str:
        return self.done(lambda: self.library.take_back(named(event)), within)

    def done(self, change: Callable[[], None], within: Within | None, said: str = "") -> str:
        try:
            change()
        except Exception as error:  # the outermost edge
            said = sentence_of(error)
        return self.listing(within, said)

    def restrict(self, within: Within | None, event: gr.EventData) -> tuple[str, str, Within | None]:
        """The drawer, what stands beside the question box, and the part of the store that is asked from now on."""
        try:
            known = [one.name for one in self.library.documents() if one.passages and one.state != "excluded"]
            within = read_within(event._data, known)
        except Exception as error:  # the outermost edge
            return self.listing(within, sentence_of(error)), within_html(within), within
        return "", within_html(within), within

    # ---- programs ----

    def answer(self, asked: Any) -> dict[str, Any]:
        """The endpoint: a question, or {"question": ..., "history": [...]}; returns the public JSON object."""
        try:
            question, earlier = request_of(asked)
            self.ready.wait()
            return to_json(self.qa.ask(question, earlier))
        except Exception as error:  # the outermost edge: gradio makes it an HTTP error with the sentence
            raise gr.Error(sentence_of(error), print_exception=False) from error


def named(event: gr.EventData) -> str:
    """The document that a click is about; a name that no document has where it says none."""
    data = event._data
    return str(data.get("document", "")) if isinstance(data, dict) else ""


def skips(count: int) -> tuple[Update, ...]:
    return tuple(gr.skip() for _ in range(count))


def integer(event: gr.EventData, name: str) -> int:
    """A number the page sent with an event; -1 where it sent something else."""
    data = event._data
    value = data.get(name) if isinstance(data, dict) else None
    return value if type(value) is int else -1


def sentence_of(error: Exception) -> str:
    """An error for a person. What nobody foresaw goes to the log in full."""
    if isinstance(error, VerbatimError):
        return str(error)
    log.error("unexpected error", exc_info=error)
    return UNEXPECTED


def request_of(asked: Any) -> tuple[str, list[Earlier]]:
    """Question and history of a call to the endpoint. Raises UsageError."""
    given = asked if isinstance(asked, dict) else {"question": asked}
    question, earlier = given.get("question"), given.get("history", [])
    if not isinstance(question, str):
        raise UsageError('send {"data": ["QUESTION"]} or {"data": [{"question": "...", "history": [...]}]}')
    if not isinstance(earlier, list):
        raise UsageError("the history is not a list of earlier questions")
    return encodable(question), earlier


# ---- the page ----


def page(qa: QA, examples: Sequence[str], ready: threading.Event | None = None) -> gr.Blocks:
    """The page over an opened store. examples: questions offered at the start; ready: set once models are loaded."""
    return layout(Desk(qa, examples, ready or is_set()))


def layout(desk: Desk) -> gr.Blocks:
    """The page's parts, and which of them calls what."""
    blocks = gr.Blocks(title="Verbatim", analytics_enabled=False, fill_width=True)
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    with blocks:
        earlier, within, token = gr.State(()), gr.State(None), gr.Textbox(visible=False)
        last = gr.Textbox(visible=False)
        with gr.Row(elem_id="v-head"):
            gr.HTML(HEAD, apply_default_css=False)
            documents = small("Documents", "v-documents")
            as_html = small("Keep as HTML")
            as_markdown = small("Keep as Markdown")
            anew = small("New conversation", "v-new")
        with gr.Row(elem_id="v-columns"):
            with gr.Column(elem_id="v-left", min_width=300):
                chat = pane("v-chat", log_html((), first=desk.examples), CHAT_JS)
                note = pane("v-within", "", NOTE_JS)
                box, button = composer()
            with gr.Column(elem_id="v-right", min_width=300):
                source = pane("v-pane", pane_html(HINT), SOURCE_JS, reading(desk))
        drawer = pane("v-drawers", "", DRAWER_JS, following(desk))
        notice, kept = pane("v-notices", "", ""), pane("v-kept", "", KEEP_JS)
        outputs = [chat, source, earlier, box]
        waits: dict[str, Any] = {"concurrency_limit": READERS, **quiet}
        asking = [
            gr.on([box.submit, button.click], desk.reply, [box, earlier, token, within], outputs, **waits),
            chat.example(desk.example, [earlier, token, within], outputs, **waits),
            chat.alone(desk.again, [earlier, token, within], outputs, **waits),
        ]
        for opening in (chat.cite, source.step):
            opening(desk.cite, [earlier], source, trigger_mode="always_last", queue=False, **quiet)
        chat.judge(desk.judge, [earlier], notice, queue=False, **quiet)
        source.teach(desk.teach, [earlier], notice, queue=False, **quiet)
        for made, form in ((as_html, keeping.HTML), (as_markdown, keeping.MARKDOWN)):
            made.click(desk.keep, [earlier, gr.State(form)], [kept, notice], queue=False, **quiet)
        documents.click(desk.listing, [within], drawer, queue=False, **quiet)
        drawer.shut(desk.shut, None, drawer, queue=False, **quiet)
        for happens, does in (
            (drawer.list, desk.listed), (drawer.again, desk.read_again), (drawer.remove, desk.remove),
            (drawer.include, desk.include),
        ):  # fmt: skip
            happens(does, [within], drawer, queue=False, **quiet)
        for happens in (drawer.restrict, note.restrict):
            happens(desk.restrict, [within], [drawer, note, within], queue=False, **quiet)
        anew.click(desk.fresh, [token], outputs, cancels=asking, queue=False, **quiet)
        anew.click(None, js=FOCUS_JS, api_visibility="private")
        blocks.load(None, None, [token, last], js=TOKEN_JS, **quiet).then(
            desk.welcome, [token, last], [chat, source, earlier], queue=False, **quiet
        )
        api(desk.answer, api_name="ask", queue=False)
    return blocks


def said_in(event: gr.EventData) -> str:
    """What the page has to say about files that it could not send."""
    return str(event._data.get("said", "")) if isinstance(event._data, dict) else ""


def pane(name: str, value: str, script: str, functions: Sequence[Callable[..., Any]] = ()) -> gr.HTML:
    """HTML of ours; functions: of the server, that the script calls."""
    return gr.HTML(
        value, elem_id=name, js_on_load=script, apply_default_css=False, server_functions=list(functions) or None
    )


def reading(desk: Desk) -> list[Callable[..., Any]]:
    """What the source pane asks the server without drawing itself anew; gradio wants plain functions."""

    def read(asked: Any) -> dict[str, Any]:
        return desk.read(asked)

    def find(asked: Any) -> dict[str, Any]:
        return desk.find(asked)

    return [read, find]


def following(desk: Desk) -> list[Callable[..., Any]]:
    """How far the ingest in the background is, for the drawer."""

    def job(asked: Any) -> dict[str, Any]:
        now = desk.library.job
        return {"running": now.running, "html": job_html(now)}

    return [job]


def small(label: str, name: str | None = None) -> gr.Button:
    return gr.Button(label, elem_id=name, elem_classes="v-small", size="sm", scale=0)


def composer() -> tuple[gr.Textbox, gr.Button]:
    """Where a question is typed, and the button that asks it."""
    with gr.Row(elem_id="v-composer"):
        box = gr.Textbox(
            label="Your question", placeholder="Ask a question", elem_id="v-question", lines=1, max_lines=6,
            autofocus=True, show_label=False, container=False, scale=1,
        )  # fmt: skip
        return box, gr.Button("Ask", variant="primary", elem_id="v-ask", scale=0, min_width=80)


def is_set() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


def warm_up(qa: QA, ready: threading.Event, say: Callable[[str], None]) -> None:
    """Loads the models by asking something, so that the first visitor does not wait."""
    try:
        qa.ask("Is anybody there?")
    except Exception as error:  # the first question meets it again, and shows it
        say(sentence_of(error))
    finally:
        ready.set()


def examples_for(sources: Sequence[Source]) -> list[str]:
    """The example questions, if the store holds all the documents they are about."""
    held = {source.name for source in sources}
    needed = {name for _, names in EXAMPLES for name in names}
    return [question for question, _ in EXAMPLES] if needed <= held else []
