"""The page's gradio components, the scripts in them, and which of them calls what.

Everything shown is our own HTML in `gr.HTML`, not a `gr.Chatbot`: a Chatbot renders Markdown, LaTeX and HTML, and would
fetch the images a document names. A `gr.HTML` puts its value into the page as it is (only its template, which is left
at the default, is evaluated), so it is enough that every character of a document goes through `text.escaped`. Should
one not, the policy that `server.Guard` sends makes the browser run no inline handler and fetch from nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.events import api

from qa.page.conversation import HINT, log_html, pane_html
from qa.page.documents import job_html
from qa.page.events import QUESTIONS_AT_ONCE, PageEvents
from qa.page.find_events import FindEvents
from qa.page.find_view import finds_html
from qa.page.keep import keep_html
from qa.page.list_events import ListEvents
from qa.page.list_view import list_html
from qa.page.note_events import NoteEvents

STATIC = Path(__file__).parent / "static"
CHAT_JS, SOURCE_JS, DRAWER_JS, KEEP_JS, MENU_JS, TOKEN_JS, VIEWS_JS, LIST_JS, FIND_JS = (
    "".join((STATIC / name).read_text(encoding="utf-8") for name in names)
    for names in (
        ["chat.js"],
        ["sure.js", "source.js", "original.js", "notes.js"],
        ["sure.js", "documents.js", "all_notes.js"],
        ["keep.js"],
        ["menu.js"],
        ["token.js"],
        ["views.js"],
        ["sure.js", "list.js"],
        ["find.js"],
    )
)

VIEWS = (
    '<div class="v-views" role="group" aria-label="View">'
    '<button type="button" class="v-act" data-view="chat" aria-pressed="true">Conversation</button>'
    '<button type="button" class="v-act" data-view="list" aria-pressed="false">List</button>'
    '<button type="button" class="v-act" data-view="find" aria-pressed="false">Find</button></div>'
)

NOTE_JS = (
    "element.addEventListener('click', (event) => { if (event.target.closest('.v-all')) trigger('restrict', {}); });"
)
FOCUS_JS = "() => { const box = document.querySelector('#v-question textarea'); if (box) box.focus(); }"

# The last line is what a screen reader says: the chat is drawn anew with every answer, and would be read in full.
HEAD = """<h1>Verbatim</h1><p>Answers in the words of your documents</p>
<p id="v-said" class="v-unseen" role="status" aria-live="polite"></p>"""


def page_blocks(events: PageEvents) -> gr.Blocks:
    """The page over an opened store."""
    listed, found = ListEvents(events), FindEvents(events)
    noting = NoteEvents(events)
    blocks = gr.Blocks(title="Verbatim", analytics_enabled=False, fill_width=True)
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    with blocks:
        earlier, within, token = gr.State(()), gr.State(None), gr.Textbox(visible=False)
        last = gr.Textbox(visible=False)
        with gr.Row(elem_id="v-head"):
            gr.HTML(HEAD, apply_default_css=False)
            documents = small("Documents", "v-documents")
            keep = pane("v-keep", keep_html(), MENU_JS)
            anew = small("New conversation", "v-new")
        with gr.Row(elem_id="v-columns"):
            with gr.Column(elem_id="v-left", min_width=300):
                pane("v-views", VIEWS, VIEWS_JS)
                listing = pane("v-list", list_html(None), LIST_JS, list_functions(listed))
                finding = pane("v-finds", finds_html(None), FIND_JS, find_functions(found))
                chat = pane("v-chat", log_html((), first=events.examples), CHAT_JS)
                note = pane("v-within", "", NOTE_JS)
                box, button = composer()
            with gr.Column(elem_id="v-right", min_width=300):
                source = pane("v-pane", pane_html(HINT), SOURCE_JS, source_functions(events, noting))
        drawer = pane("v-drawers", "", DRAWER_JS, drawer_functions(events, noting))
        notice, kept = pane("v-notices", "", ""), pane("v-kept", "", KEEP_JS)
        outputs = [chat, source, earlier, box]
        waits: dict[str, Any] = {"concurrency_limit": QUESTIONS_AT_ONCE, **quiet}
        asking = [
            gr.on([box.submit, button.click], events.reply, [box, earlier, token, within], outputs, **waits),
            chat.example(events.example, [earlier, token, within], outputs, **waits),
            chat.alone(events.again, [earlier, token, within], outputs, **waits),
        ]
        for opening in (chat.cite, listing.cite, finding.cite, source.step):
            # "always_last" runs the first of two quick clicks again (Gradio 6.31); source.js lets the last one win.
            opening(events.cite, [earlier, token], source, trigger_mode="multiple", queue=False, **quiet)
        wire_views(listing, listed, finding, found, [token, within], quiet)
        chat.judge(events.judge, [earlier], notice, queue=False, **quiet)
        source.teach(events.teach, [earlier, token], notice, queue=False, **quiet)
        keep.keep(events.keep, [earlier], [kept, notice], queue=False, **quiet)
        drawer.keep(noting.keep, None, [kept, notice], queue=False, **quiet)
        for opening in (drawer.note, source.note):
            opening(noting.open, None, [source, drawer], trigger_mode="multiple", queue=False, **quiet)
        documents.click(events.drawer, [within], drawer, queue=False, **quiet)
        drawer.shut(lambda: "", None, drawer, queue=False, **quiet)
        for happens, does in (
            (drawer.list, events.drawer_again), (drawer.again, events.read_again), (drawer.remove, events.remove),
            (drawer.include, events.include),
        ):  # fmt: skip
            happens(does, [within], drawer, queue=False, **quiet)
        for happens in (drawer.restrict, note.restrict):
            happens(events.restrict, [within, token], [drawer, note, within], queue=False, **quiet)
        anew.click(events.fresh, [token], outputs, cancels=asking, queue=False, **quiet)
        anew.click(None, js=FOCUS_JS, api_visibility="private")
        blocks.load(None, None, [token, last], js=TOKEN_JS, **quiet).then(
            events.welcome, [token, last], [chat, source, earlier, note, within], queue=False, **quiet
        ).then(listed.view, [token, last], listing, queue=False, **quiet)
        api(events.answer, api_name="ask", queue=False)
    return blocks


def wire_views(
    listing: gr.HTML, listed: ListEvents, finding: gr.HTML, found: FindEvents, visitor: list[Any], quiet: dict[str, Any]
) -> None:
    """What the List and the Find view call. visitor: who it is, and the part of the documents that is asked."""
    listing.begin(listed.begin, visitor, listing, queue=False, **quiet)
    listing.act(listed.act, visitor[:1], listing, queue=False, **quiet)
    listing.show(listed.show, visitor[:1], listing, queue=False, **quiet)
    for happens, does in ((finding.find, found.find), (finding.like, found.like)):
        happens(does, visitor, finding, trigger_mode="multiple", queue=False, **quiet)


def pane(name: str, value: str, script: str, functions: Sequence[Callable[..., Any]] = ()) -> gr.HTML:
    """HTML of ours with its script. functions: of the server, that the script calls by name."""
    return gr.HTML(
        value, elem_id=name, js_on_load=script, apply_default_css=False, server_functions=list(functions) or None
    )


def source_functions(events: PageEvents, noting: NoteEvents) -> list[Callable[..., Any]]:
    """What the source pane asks the server without being drawn anew; gradio wants plain functions."""

    def read(asked: Any) -> dict[str, Any]:
        return events.read(asked)

    def find(asked: Any) -> dict[str, Any]:
        return events.find(asked)

    def original(asked: Any) -> dict[str, Any]:
        return events.original(asked)

    def changed(asked: Any) -> dict[str, Any]:
        return noting.change(asked)

    return [read, find, original, changed]


def drawer_functions(events: PageEvents, noting: NoteEvents) -> list[Callable[..., Any]]:
    """What the drawer asks the server: how far the ingest in the background is, and which notes there are."""

    def job(asked: Any) -> dict[str, Any]:
        now = events.library.job
        return {"running": now.running, "html": job_html(now)}

    def notes(asked: Any) -> dict[str, Any]:
        return noting.listed(asked)

    return [job, notes]


def list_functions(listed: ListEvents) -> list[Callable[..., Any]]:
    """What the List view asks the server: answers that have come, a file's text, the table as a file."""

    def rows(asked: Any) -> dict[str, Any]:
        return listed.rows(asked)

    def read(asked: Any) -> dict[str, str]:
        return listed.read(asked)

    def file(asked: Any) -> dict[str, str]:
        return listed.file(asked)

    return [rows, read, file]


def find_functions(found: FindEvents) -> list[Callable[..., Any]]:
    """What the Find view asks the server: more of what was found."""

    def more(asked: Any) -> dict[str, Any]:
        return found.more(asked)

    return [more]


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
