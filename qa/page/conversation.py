"""The conversation as the chat shows it, and the page before the first question."""

from __future__ import annotations

import html
from collections.abc import Sequence

from qa.answering.qa import MAX_QUESTION
from qa.page.answer import answer_html, citations, clipped, counted
from qa.page.history import Conversation, Exchange
from qa.text import escaped
from qa.types import Source

LISTED = 200  # documents named on an empty page
SHOWN = 600  # characters of a question repeated in the chat

HINT = '<p class="v-note">Choose a number in the conversation to read the passage in its document.</p>'

INVITATION = """
<h2>Ask your documents</h2>
<p>Type a question in plain language. The answer is a sentence of the documents, word for word, with the place it
stands in. Choose its number to read it there. Where the documents hold no answer, you are told so.</p>
"""

EMPTY = """
<h2>There is nothing to ask yet</h2>
<p>The store holds no documents. Add some under <b>Documents</b>, or close this page and run
<code>python ingest.py PATH</code> with a folder of yours.</p>
"""


def log_html(
    earlier: Conversation,
    *,
    pending: tuple[int, str, str] | None = None,
    first: Sequence[str] = (),
    notice: str = "",
    answered: bool = False,
    empty: bool = False,
) -> str:
    """The conversation.

    pending: number of a turn, its question and what is being done about it; first: example questions; answered: the
    last turn is new; empty: the store holds nothing.
    """
    turns = [turn_html(exchange, number) for number, exchange in enumerate(earlier)]
    if pending:
        number, question, busy = pending
        turns[number : number + 1] = [asking_html(question, f'<p class="v-busy">{busy}</p>')]
    start = EMPTY if empty else INVITATION + examples_html(first)
    inside = "".join(turns) or f'<div class="v-first">{start}</div>'
    said = f'<p class="v-warning" role="status">{notice}</p>' if notice else ""
    facts = f' data-last="{len(turns)}"' + (' data-answered="1"' if answered else "")
    return (
        '<div class="v-log" role="region" aria-label="Conversation" tabindex="0" '
        f'aria-busy="{"true" if pending else "false"}"{facts}>{inside}{said}</div>'
    )


def turn_html(exchange: Exchange, number: int) -> str:
    """A question with its answer, or with what went wrong."""
    answer = exchange.answer
    cut = f'<p class="v-note">Only the first {MAX_QUESTION:,} characters of the question were read.</p>'
    note = cut if len(exchange.question) > MAX_QUESTION else ""
    shown = (
        answer_html(answer, number, bool(exchange.part))
        if answer
        else f'<p class="v-warning">{escaped(exchange.problem)}</p>'
    )
    part = f'<p class="v-note">Asked only of {escaped(exchange.part)}.</p>' if exchange.part else ""
    return asking_html(exchange.question, note + part + read_as_html(exchange, number) + shown)


def asking_html(question: str, answer: str) -> str:
    shown = question if len(question) <= SHOWN else question[:SHOWN] + " ..."
    return (
        f'<article class="v-turn"><p class="v-asked" dir="auto">{escaped(shown)}</p>'
        f'<div class="v-answer">{answer}</div></article>'
    )


def read_as_html(exchange: Exchange, number: int) -> str:
    """How a follow-up was understood, and the button that takes it back."""
    if exchange.alone:
        said, button, alone = "read as it stands", "read as a follow-up", 0
    elif exchange.lent:
        said, button, alone = f"read as: {asked_as(exchange)}", "read as it stands", 1
    else:
        return ""
    return (
        f'<p class="v-read-as"><span dir="auto">{said}</span> '
        f'<button type="button" class="v-act" data-alone="{alone}" data-turn="{number}">{button}</button></p>'
    )


def asked_as(exchange: Exchange) -> str:
    question = exchange.question if len(exchange.question) <= SHOWN else exchange.question[:SHOWN] + " ..."
    return f"{escaped(question)} <b>{escaped(', '.join(exchange.lent))}</b>"


def cited(exchange: Exchange) -> int:
    """How many citations of a turn can be opened."""
    return len(citations(exchange.answer)) if exchange.answer else 0


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
        f'<span class="v-facts"><bdi>{clipped(s.name)}</bdi> &middot; '
        f'<span class="v-fact">{clipped(s.date or "no date stated")}</span></span></li>'
        for s in sources[:LISTED]
    )
    more = f'<p class="v-note">... and {len(sources) - LISTED:,} more</p>' if len(sources) > LISTED else ""
    count = counted(len(sources), "document")
    return f'<h2 class="v-source-title">{count}</h2><ul class="v-sources">{items}</ul>{more}'


def pane_html(inside: str, opened: int = -1, clicked: bool = False, turn: int = -1, number: int = -1) -> str:
    """The source pane. opened: differs for each opening; clicked: a person asked for it, so it may move the page."""
    by = ' data-clicked="1"' if clicked else ""
    back = '<button type="button" class="v-back">Back to the answer</button>' if opened >= 0 else ""
    return (
        f'<section class="v-source" aria-label="Source" data-opened="{opened}" data-turn="{turn}" '
        f'data-number="{number}"{by}>{back}{inside}</section>'
    )


def notice_html(said: str, count: int, wrong: bool = False) -> str:
    """A line that appears and goes; count: makes two equal ones two values."""
    kind = "v-notice v-notice-wrong" if wrong else "v-notice"
    return f'<p class="{kind}" role="status" data-count="{count}">{said}</p>' if said else ""


def kept_html(name: str, text: str, count: int) -> str:
    """A file that the page gives the browser to keep; the text is exact."""
    return f'<span hidden data-name="{escaped(name)}" data-text="{exact(text)}" data-count="{count}"></span>'


def exact(text: str) -> str:
    """Every character as an attribute keeps it."""
    return html.escape(text, quote=True).replace("\r", "&#13;").replace("\n", "&#10;")
