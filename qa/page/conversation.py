"""The conversation as the chat shows it, and the page before the first question."""

from __future__ import annotations

import html
from collections.abc import Sequence

from qa.answering.qa import MAX_QUESTION
from qa.page.answer import answer_html, citations, clipped
from qa.page.history import Conversation, Exchange
from qa.text import escaped, number_of
from qa.types import Source

LISTED = 200  # documents named before the first question
SHOWN = 600  # characters of a question repeated in the chat

EXAMPLES = (
    ("How many people were moved out of Zoutkade and Lageveen?", ("03-evacuation-night-local.txt",)),
    ("When was the Marre Barrier opened?", ("01-barrier-fault-agency.txt", "02-barrier-fault-courier.txt")),
    ("When will the first night ferry to Harrowness leave?", ("04-night-ferry-postponed.txt",)),
    ("Hoe lang heeft gemaal De Volharding gedraaid?", ("08-gemaal-de-volharding.txt",)),
)
"""Questions about the sample corpus, each with the documents it is about."""

HINT = '<p class="v-note">Choose a number in the conversation to read the passage in its document.</p>'

INVITATION = """
<h2>Ask your documents</h2>
<p>Type a question in plain language. The answer is a sentence of the documents, word for word, with its place in
them. Choose its number to read it there. Where the documents hold no answer, the page says so.</p>
"""

EMPTY = """
<h2>There is nothing to ask yet</h2>
<p>The store holds no documents. Add some under <b>Documents</b>, or close this page and run
<code>qa ingest PATH</code> with a folder of yours.</p>
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
    """The conversation as HTML.

    pending: number of a turn, its question and what is being done about it; first: example questions; notice: HTML
    below the last turn; answered: the last turn is new; empty: the store holds nothing.
    """
    turns = [turn_html(exchange, number) for number, exchange in enumerate(earlier)]
    if pending:
        number, question, busy = pending
        turns[number : number + 1] = [asking_html(question, f'<p class="v-busy">{busy}</p>')]
    start = EMPTY if empty else INVITATION + examples_html(first)
    inside = "".join(turns) or f'<div class="v-first">{start}</div>'
    below = f'<p class="v-warning" role="status">{notice}</p>' if notice else ""
    facts = f' data-last="{len(turns)}"' + (' data-answered="1"' if answered else "")
    return (
        '<div class="v-log" role="region" aria-label="Conversation" tabindex="0" '
        f'aria-busy="{"true" if pending else "false"}"{facts}>{inside}{below}</div>'
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
    return (
        f'<article class="v-turn"><p class="v-asked" dir="auto">{question_html(question)}</p>'
        f'<div class="v-answer">{answer}</div></article>'
    )


def question_html(question: str) -> str:
    return escaped(question if len(question) <= SHOWN else question[:SHOWN] + " ...")


def read_as_html(exchange: Exchange, number: int) -> str:
    """How a follow-up was understood, and the button that undoes it."""
    understood = exchange.answer.understood if exchange.answer else None
    if exchange.alone:
        read, button, alone = "read as it stands", "read as a follow-up", 0
    elif understood:
        read = f"understood as: <b>{question_html(understood)}</b>"
        button, alone = "read as it stands", 1
    else:
        return ""
    return (
        f'<p class="v-read-as"><span dir="auto">{read}</span> '
        f'<button type="button" class="v-act" data-alone="{alone}" data-turn="{number}">{button}</button></p>'
    )


def cited(exchange: Exchange) -> int:
    """How many citations of a turn can be opened."""
    return len(citations(exchange.answer)) if exchange.answer else 0


def examples_for(sources: Sequence[Source]) -> list[str]:
    """The example questions, if the store holds all the documents they are about."""
    held = {source.name for source in sources}
    needed = {name for _, names in EXAMPLES for name in names}
    return [question for question, _ in EXAMPLES] if needed <= held else []


def examples_html(examples: Sequence[str]) -> str:
    buttons = "".join(
        f'<li><button type="button" class="v-example" data-example="{number}">{escaped(question)}</button></li>'
        for number, question in enumerate(examples)
    )
    return f'<p>For example:</p><ul class="v-examples">{buttons}</ul>' if buttons else ""


def sources_html(sources: Sequence[Source]) -> str:
    """The documents that the store holds."""
    if not sources:
        return '<p class="v-note">The store holds no documents yet.</p>'
    items = "".join(
        f'<li><bdi class="v-title">{clipped(s.title or s.name)}</bdi>'
        f'<span class="v-facts"><bdi>{clipped(s.name)}</bdi> &middot; '
        f'<span class="v-fact">{clipped(s.date or "no date stated")}</span></span></li>'
        for s in sources[:LISTED]
    )
    more = f'<p class="v-note">... and {len(sources) - LISTED:,} more</p>' if len(sources) > LISTED else ""
    count = number_of(len(sources), "document")
    return f'<h2 class="v-source-title">{count}</h2><ul class="v-sources">{items}</ul>{more}'


def pane_html(
    inside: str, opened: int = -1, clicked: bool = False, turn: int = -1, number: int = -1, back: str = "the answer"
) -> str:
    """The source pane.

    opened: differs for each opening. clicked: a person asked for it, so the page may scroll. back: to what its button
    leads in a narrow window.
    """
    by = ' data-clicked="1"' if clicked else ""
    leave = f'<button type="button" class="v-back">Back to {back}</button>' if opened >= 0 else ""
    return (
        f'<section class="v-source" aria-label="Source" data-opened="{opened}" data-turn="{turn}" '
        f'data-number="{number}"{by}>{leave}{inside}</section>'
    )


def notice_html(inside: str, count: int, wrong: bool = False) -> str:
    """A line that appears for a while. count: another number each time, so that two equal notices are two values."""
    kind = "v-notice v-notice-wrong" if wrong else "v-notice"
    return f'<p class="{kind}" role="status" data-count="{count}">{inside}</p>' if inside else ""


def kept_html(name: str, text: str, count: int) -> str:
    """A file that the browser is to save (keep.js); every character of the text survives in the attribute."""
    exact = html.escape(text, quote=True).replace("\r", "&#13;").replace("\n", "&#10;")
    return f'<span hidden data-name="{escaped(name)}" data-text="{exact}" data-count="{count}"></span>'
