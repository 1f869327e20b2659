"""The chat page: questions and cited answers on the left, the cited document with the quote marked on the right.

The conversation is our own HTML in a gr.HTML, not a gr.Chatbot: a Chatbot renders Markdown, LaTeX and HTML, and would
fetch the images a document names. A gr.HTML puts its value into the page as it is (only its *template*, which we leave
at the default, is evaluated), so it is enough that every character of a document goes through `render.escaped`.
The policy that `Guard` sends is the second wall: the browser runs no inline handler and fetches from nowhere else.
"""

from __future__ import annotations

import errno
import ipaddress
import itertools
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported

import gradio as gr
import uvicorn
from fastapi import FastAPI
from gradio.events import api
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.answering import MAX_QUESTION, QA, Earlier, clean, encodable
from qa.errors import UsageError, VerbatimError
from qa.render import Citation, answer_html, citations, clipped, escaped, source_html, to_json
from qa.settings import Settings
from qa.types import Source

log = logging.getLogger(__name__)

PORT, PORTS = 7860, 100  # the first port tried, and how many
READERS = 4  # questions of the page that are read at the same time; further ones wait
TICK = 0.25  # seconds between two looks at whether a question is still wanted
LISTED = 200  # documents named on an empty page
SHOWN = 600  # characters of a question repeated in the chat
UNEXPECTED = "Something went wrong inside Verbatim; the window it was started from says what."
LOST = "The page was restarted since this answer was given: ask again to open its documents."

EXAMPLES = (
    ("How many people were moved out of Zoutkade and Lageveen?", ("03-evacuation-night-local.txt",)),
    ("When was the Marre Barrier opened?", ("01-barrier-fault-agency.txt", "02-barrier-fault-courier.txt")),
    ("When will the first night ferry to Harrowness leave?", ("04-night-ferry-postponed.txt",)),
    ("Hoe lang heeft gemaal De Volharding gedraaid?", ("08-gemaal-de-volharding.txt",)),
)
"""Questions about the sample corpus, each with the documents it is about."""

# ---- what the page runs ----

# A click tells the server integers and nothing else. `watch` runs after each new value is in the page.
CHAT_JS = """
const narrow = () => window.matchMedia('(max-width: 899px)').matches;
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button || !element.contains(button)) return;
  const {turn, number, example} = button.dataset;
  if (example !== undefined) return trigger('example', {example: Number(example)});
  for (const open of element.querySelectorAll('[aria-current]')) open.removeAttribute('aria-current');
  button.setAttribute('aria-current', 'true');
  trigger('cite', {turn: Number(turn), number: Number(number)});
});
watch('value', () => {
  const list = element.querySelector('.v-log'), last = list && list.querySelector('.v-turn:last-of-type');
  if (!last) return;
  if (narrow()) last.scrollIntoView({block: 'start'});
  else list.scrollTop = last.offsetTop - 8;
});
"""

SOURCE_JS = """
const narrow = () => window.matchMedia('(max-width: 899px)').matches;
element.addEventListener('click', (event) => {
  const back = event.target.closest('.v-back'), from = document.querySelector('.v-cite[aria-current]');
  if (back && from) { from.scrollIntoView({block: 'center'}); from.focus({preventScroll: true}); }
});
watch('value', () => {
  const pane = element.querySelector('.v-source'), text = element.querySelector('.v-text');
  const here = text && (text.querySelector('mark') || text.querySelector('.v-passage'));
  if (here) text.scrollTop = here.offsetTop - text.clientHeight / 3;
  if (pane && pane.dataset.clicked && narrow()) pane.scrollIntoView({block: 'start'});
});
"""

FOCUS_JS = "() => { const box = document.querySelector('#v-question textarea'); if (box) box.focus(); }"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question of a conversation with what was answered."""

    question: str
    html: str
    citations: tuple[Citation, ...] = ()
    failed: bool = False  # then it is no part of what follow-up questions refer to


Conversation = tuple[Exchange, ...]
Update = Any  # a value for a component, or gr.skip()


class Desk:
    """What happens when something is asked or clicked. A visitor's conversation comes in and goes out."""

    def __init__(self, qa: QA, examples: Sequence[str], ready: threading.Event) -> None:
        """ready: set once the models are loaded; until then a question waits, and says so."""
        self.qa = qa
        self.examples = tuple(examples)
        self.ready = ready
        self.readers = ThreadPoolExecutor(READERS, "reader")
        self.count = itertools.count()  # makes every opened source a new value, so that it scrolls again

    def close(self) -> None:
        """Waits for the question being read; those that wait are dropped."""
        self.readers.shutdown(cancel_futures=True)

    def welcome(self) -> tuple[str, str]:
        """The chat and the source pane before the first question."""
        return log_html((), first=self.examples), pane_html(self.guarded(lambda: sources_html(self.qa.sources())))

    def fresh(self) -> tuple[str, str, Conversation, str]:
        return *self.welcome(), (), ""

    def reply(self, asked: str, earlier: Conversation) -> Iterator[tuple[Update, Update, Update, Update]]:
        """Chat, source pane, conversation and question box: first while reading, then with the answer."""
        question = encodable(asked or "")
        if not clean(question):
            yield log_html(earlier, first=self.examples, notice="Type a question first."), *skips(3)
            return
        yield log_html(earlier, pending=(question, self.busy())), gr.skip(), gr.skip(), ""
        work = self.readers.submit(self.exchange, question, earlier)
        # In small steps, since gradio can abandon a question ("New conversation") only between two of them.
        while wait([work], TICK).not_done:
            yield log_html(earlier, pending=(question, self.busy())), *skips(3)
        exchange = work.result()
        earlier = (*earlier, exchange)
        opened = exchange.citations[0] if exchange.citations and exchange.citations[0].answer else None
        pane = self.opened(opened) if opened else pane_html(HINT)
        yield log_html(earlier, current=opened is not None), pane, earlier, gr.skip()

    def example(self, earlier: Conversation, event: gr.EventData) -> Iterator[tuple[Update, Update, Update, Update]]:
        """One of the example questions."""
        number = integer(event, "example")
        if 0 <= number < len(self.examples):
            yield from self.reply(self.examples[number], earlier)
        else:
            yield skips(4)

    def busy(self) -> str:
        return "Reading the documents ..." if self.ready.is_set() else "Loading the language model ..."

    def exchange(self, question: str, earlier: Conversation) -> Exchange:
        """Asks, once the models are loaded."""
        self.ready.wait()
        try:
            answer = self.qa.ask(question, [e.question for e in earlier if not e.failed])
            return Exchange(question, answer_html(answer, len(earlier)), citations(answer))
        except Exception as error:  # the outermost edge: a person sees a sentence
            return Exchange(question, f'<p class="v-warning">{escaped(sentence_of(error))}</p>', failed=True)

    def cite(self, earlier: Conversation, event: gr.EventData) -> str:
        """The source pane for a click on a citation, also of an earlier answer."""
        turn, number = integer(event, "turn"), integer(event, "number")
        if not (0 <= turn < len(earlier) and 0 <= number < len(earlier[turn].citations)):
            return pane_html(f'<p class="v-warning">{LOST}</p>')
        return self.opened(earlier[turn].citations[number], clicked=True)

    def opened(self, citation: Citation, clicked: bool = False) -> str:
        def read() -> str:
            return source_html(citation, self.qa.document(citation.source.name))

        return pane_html(self.guarded(read), next(self.count), clicked)

    def guarded(self, make: Callable[[], str]) -> str:
        """HTML, or the sentence that says why there is none."""
        try:
            return make()
        except Exception as error:  # the outermost edge
            return f'<p class="v-warning">{escaped(sentence_of(error))}</p>'

    def answer(self, asked: Any) -> dict[str, Any]:
        """The endpoint: a question, or {"question": ..., "history": [...]}; returns the public JSON object."""
        try:
            question, history = request_of(asked)
            self.ready.wait()
            return to_json(self.qa.ask(question, history))
        except Exception as error:  # the outermost edge: gradio makes it an HTTP error with the sentence
            raise gr.Error(sentence_of(error), print_exception=False) from error


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
    question, history = given.get("question"), given.get("history", [])
    if not isinstance(question, str):
        raise UsageError('send {"data": ["QUESTION"]} or {"data": [{"question": "...", "history": [...]}]}')
    if not isinstance(history, list):
        raise UsageError("the history is not a list of earlier questions")
    return encodable(question), history


# ---- HTML ----

HINT = '<p class="v-note">Choose a number in the conversation to read the passage in its document.</p>'

INVITATION = """
<h2>Ask your documents</h2>
<p>Type a question in plain language. The answer is a sentence of the documents, word for word, with the place it
stands in. Choose its number to read it there. Where the documents hold no answer, you are told so.</p>
"""


def log_html(
    earlier: Conversation,
    *,
    pending: tuple[str, str] | None = None,
    first: Sequence[str] = (),
    notice: str = "",
    current: bool = False,
) -> str:
    """The conversation. current: the last answer's first citation stands open; pending: a question being read."""
    turns = [turn_html(e.question, e.html) for e in earlier]
    if current:
        turns[-1] = turns[-1].replace('class="v-cite"', 'class="v-cite" aria-current="true"', 1)
    if pending:
        question, busy = pending
        turns.append(turn_html(question, f'<p class="v-busy">{busy}</p>'))
    inside = "".join(turns) or f'<div class="v-first">{INVITATION}{examples_html(first)}</div>'
    said = f'<p class="v-warning" role="status">{notice}</p>' if notice else ""
    return (
        '<div class="v-log" role="log" aria-live="polite" aria-label="Conversation" tabindex="0" '
        f'aria-busy="{"true" if pending else "false"}">{inside}{said}</div>'
    )


def turn_html(question: str, answer: str) -> str:
    shown = question if len(question) <= SHOWN else question[:SHOWN] + " ..."
    cut = f'<p class="v-note">Only the first {MAX_QUESTION:,} characters of the question were read.</p>'
    note = cut if len(question) > MAX_QUESTION else ""
    return (
        f'<article class="v-turn"><p class="v-asked" dir="auto">{escaped(shown)}</p>'
        f'<div class="v-answer">{note}{answer}</div></article>'
    )


def examples_html(examples: Sequence[str]) -> str:
    buttons = "".join(
        f'<li><button type="button" class="v-example" data-example="{number}">{escaped(question)}</button></li>'
        for number, question in enumerate(examples)
    )
    return f'<p>For example:</p><ul class="v-examples">{buttons}</ul>' if buttons else ""


def sources_html(sources: Sequence[Source]) -> str:
    """What the store holds."""
    if not sources:
        return '<p class="v-note">The store holds no documents yet.</p>'
    items = "".join(
        f'<li><bdi class="v-title">{clipped(s.title or s.name)}</bdi>'
        f'<span class="v-facts"><bdi>{clipped(s.name)}</bdi> &middot; {clipped(s.date or "no date stated")}</span></li>'
        for s in sources[:LISTED]
    )
    more = f'<p class="v-note">... and {len(sources) - LISTED:,} more</p>' if len(sources) > LISTED else ""
    count = "1 document" if len(sources) == 1 else f"{len(sources):,} documents"
    return f'<h2 class="v-source-title">{count}</h2><ul class="v-sources">{items}</ul>{more}'


def pane_html(inside: str, opened: int = -1, clicked: bool = False) -> str:
    """The source pane. opened: differs for each opening; clicked: a person asked for it, so it may move the page."""
    by = ' data-clicked="1"' if clicked else ""
    back = '<button type="button" class="v-back">Back to the answer</button>' if opened >= 0 else ""
    return f'<section class="v-source" aria-label="Source" data-opened="{opened}"{by}>{back}{inside}</section>'


# ---- the page ----


def page(qa: QA, examples: Sequence[str], ready: threading.Event | None = None) -> gr.Blocks:
    """The page over an opened store. examples: questions offered at the start; ready: set once models are loaded."""
    return layout(Desk(qa, examples, ready or is_set()))


def layout(desk: Desk) -> gr.Blocks:
    """The page's parts, and which of them calls what."""
    blocks = gr.Blocks(title="Verbatim", analytics_enabled=False, fill_width=True)
    with blocks:
        earlier = gr.State(())
        with gr.Row(elem_id="v-head"):
            gr.HTML("<h1>Verbatim</h1><p>Answers in the words of your documents</p>", apply_default_css=False)
            anew = gr.Button("New conversation", elem_id="v-new", size="sm", scale=0)
        with gr.Row(elem_id="v-columns"):
            with gr.Column(elem_id="v-left", min_width=300):
                chat = pane("v-chat", log_html((), first=desk.examples), CHAT_JS)
                with gr.Row(elem_id="v-composer"):
                    box = gr.Textbox(
                        label="Your question", placeholder="Ask a question", elem_id="v-question", lines=1, max_lines=6,
                        autofocus=True, show_label=False, container=False, scale=1,
                    )  # fmt: skip
                    button = gr.Button("Ask", variant="primary", elem_id="v-ask", scale=0, min_width=80)
            with gr.Column(elem_id="v-right", min_width=300):
                source = pane("v-pane", pane_html(HINT), SOURCE_JS)
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        outputs = [chat, source, earlier, box]
        asking = [
            gr.on([box.submit, button.click], desk.reply, [box, earlier], outputs, concurrency_limit=READERS, **quiet),
            chat.example(desk.example, [earlier], outputs, concurrency_limit=READERS, **quiet),
        ]
        chat.cite(desk.cite, [earlier], source, trigger_mode="always_last", queue=False, **quiet)
        anew.click(desk.fresh, None, outputs, cancels=asking, queue=False, **quiet)
        anew.click(None, js=FOCUS_JS, api_visibility="private")
        blocks.load(desk.welcome, None, [chat, source], queue=False, **quiet)
        api(desk.answer, api_name="ask", queue=False)
    return blocks


def pane(name: str, value: str, script: str) -> gr.HTML:
    return gr.HTML(value, elem_id=name, js_on_load=script, apply_default_css=False)


def is_set() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


# ---- serving ----

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; script-src-attr 'none'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
    "worker-src 'self' blob:; frame-src 'none'; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'"
)
"""What a browser may do with the page. gradio needs inline scripts and eval; neither may reach another machine."""


class Guard:
    """Answers only this machine's own pages, and forbids the browser to fetch from anywhere else.

    Without the first, any web site open in the same browser could ask questions (a name that resolves to 127.0.0.1
    makes it the same origin).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        foreign = origin is not None and split(origin).netloc != host
        if foreign or not is_loopback(split(f"//{host}").hostname or ""):
            refusal = PlainTextResponse("this page answers only to the machine it runs on", status_code=403)
            await refusal(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                sent["Content-Security-Policy"] = POLICY
                sent["Referrer-Policy"] = "no-referrer"
                sent["X-Content-Type-Options"] = "nosniff"
            await send(message)

        await self.app(scope, receive, guarded)


def split(url: str) -> SplitResult:
    """The parts of an address; empty ones where it is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def is_loopback(host: str) -> bool:
    """True for an address or name that only this machine can reach."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def application(blocks: gr.Blocks) -> FastAPI:
    """The page and its endpoint as a web application that loads nothing from elsewhere."""
    # System fonts: the themes of gradio ask Google for theirs.
    theme = gr.themes.Base(
        primary_hue="teal",
        neutral_hue="stone",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard)
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        theme=theme,
        css=(Path(__file__).parent / "page.css").read_text(encoding="utf-8"),
        footer_links=[],
        run_history=False,  # gradio would keep every question in the browser's storage
        show_error=True,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        enable_monitoring=False,
    )
    return app


def listen(host: str, port: int | None) -> socket.socket:
    """A listening socket: at the given port, or at the first free one from 7860 on. Raises UsageError."""
    if not is_loopback(host):
        raise UsageError(
            f"--host {host}: an address that other machines can reach only together with --auth, which comes later"
        )
    if port is not None and not 1 <= port <= 65535:
        raise UsageError(f"--port {port}: a port is a number from 1 to 65535")
    for tried in range(PORT, PORT + PORTS) if port is None else [port]:
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            return socket.create_server((host, tried), family=family)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and port is None:
                continue
            if error.errno == errno.EADDRINUSE:
                raise UsageError(f"port {tried} is in use; name another one with --port, or none") from error
            raise UsageError(f"cannot listen on {host}, port {tried}: {error.strerror}") from error
    raise UsageError(f"the ports {PORT} to {PORT + PORTS - 1} are all in use; name another one with --port")


class Server(uvicorn.Server):
    """Says when it listens, and nothing when it ends."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self.tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.tell()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Every open page holds a stream, and uvicorn logs a traceback for each that it cuts off.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets=sockets)


def run(app: FastAPI, sock: socket.socket, started: Callable[[], None]) -> None:
    """Serves until Ctrl-C or SIGTERM, then returns."""
    # The stream of an open page never ends by itself: it gets a second.
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
    # uvicorn raises the signal again when it has shut down; that must not kill us.
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        Server(config, started).run(sockets=[sock])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def serve(settings: Settings, host: str, port: int | None, say: Callable[[str], None]) -> None:
    """Opens the store and serves its page until Ctrl-C or SIGTERM. `say` gets the address once it listens.

    Raises UsageError for a host that is not this machine's own or a port that cannot be had, and what QA.open raises.
    """
    with listen(host, port) as sock, QA.open(settings=settings, progress=say) as qa:
        present(qa, sock, say)


def present(qa: QA, sock: socket.socket, say: Callable[[str], None]) -> None:
    """Serves the page of an opened store on a listening socket; models load meanwhile."""
    ready = threading.Event()
    warming = threading.Thread(target=warm_up, args=(qa, ready, say), daemon=True)
    warming.start()
    desk = Desk(qa, examples_for(qa.sources()), ready)
    run(application(layout(desk)), sock, lambda: say(f"Verbatim is at {address(sock)}  (Ctrl-C ends it)"))
    # A thread inside a model when the process ends would bring it down.
    warming.join(timeout=30)
    desk.close()


def address(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


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
