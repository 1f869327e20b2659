"""The List view: a form for the questions, and the table of their answers, as HTML in which every text is escaped."""

from __future__ import annotations

from collections import Counter

from qa.answering.render import UNSURE
from qa.page.answer import (
    all_nearest_html,
    clipped,
    details_html,
    quote_html,
    span_citations,
    unmentioned_html,
)
from qa.page.conversation import question_html
from qa.page.history import Exchange
from qa.page.lists import FIRST_TURN, QuestionList, Row
from qa.text import escaped, number_of
from qa.types import Answer

ACCEPTED = ".csv,.tsv,.txt,.jsonl,.ndjson,.json"
CHANGES = {"new": "new answer", "changed": "changed", "gone": "no answer any more"}
SHOWN = (
    ("all", "all questions"), ("answered", "answered"), ("none", "without an answer"),
    ("change", "new, changed or gone"),
)  # fmt: skip


def list_html(asked: QuestionList | None, outdated: bool = False, problem: str = "", text: str = "") -> str:
    """The view. outdated: documents have changed since; problem: what is to be said first; text: typed already."""
    said = f'<p class="v-warning" role="status">{escaped(problem)}</p>' if problem else ""
    if asked is None:
        return f'<section class="v-list" aria-label="List of questions">{FORM_HEAD}{said}{form_html(text)}</section>'
    with asked.lock:
        rows = "".join(row_html(row, number) for number, row in enumerate(asked.rows))
        choices = "".join(f'<option value="{value}">{label}</option>' for value, label in SHOWN)
        return (
            f'<section class="v-list" aria-label="List of questions" data-id="{asked.id}" '
            f'data-version="{asked.version}" data-running="{int(asked.running)}" data-show="all">{said}'
            f'<div class="v-list-head">{head_html(asked, outdated)}</div>'
            f'<div class="v-list-tools"><label>Show <select class="v-show">{choices}</select></label>'
            f'<span role="group" aria-label="Download">Download {DOWNLOADS}</span></div>'
            '<table class="v-table" role="table"><thead role="rowgroup"><tr role="row"><th role="columnheader" '
            'scope="col">Question</th><th role="columnheader" scope="col">Answer, word for word</th></tr></thead>'
            f'<tbody role="rowgroup">{rows}</tbody></table></section>'
        )


FORM_HEAD = (
    '<h2 class="v-list-title" tabindex="-1">Ask a list of questions</h2><p class="v-note">One question a line; or a '
    "table with a column <b>question</b>, and <b>documents</b>, <b>languages</b>, <b>since</b> or <b>until</b> where a "
    "question is for a part of the documents only. They are asked in the background, and you can go on asking "
    "meanwhile.</p>"
)
DOWNLOADS = "".join(
    f'<button type="button" class="v-act" data-form="{form}">{form.upper()}</button>'
    for form in ("csv", "xlsx", "jsonl")
)


def form_html(text: str) -> str:
    """Where the questions are pasted, or read from a file."""
    return (
        '<form class="v-list-form"><textarea class="v-list-text" rows="12" aria-label="Questions, one a line" '
        f'placeholder="Who chaired the inquiry?&#10;When was the report published?">{escaped(text)}</textarea>'
        '<div class="v-list-acts"><button type="submit" class="v-list-ask">Ask them</button>'
        f'<label class="v-upload v-list-file"><input type="file" accept="{ACCEPTED}"><span>Read from a file</span>'
        "</label></div></form>"
    )


def head_html(asked: QuestionList, outdated: bool = False) -> str:
    """How far the list is, what a further run has brought, and what can be done."""
    total, waiting = len(asked.rows), sum(row.waits for row in asked.rows)
    done = [row.exchange for row in asked.rows if row.exchange and not row.waits]
    answered = sum(bool(e.answer and e.answer.answered) for e in done)
    failed = sum(e.answer is None for e in done)
    counts = [
        f"{answered:,} answered",
        f"{len(done) - answered - failed:,} without an answer",
        f"{failed:,} failed" if failed else "",
        f"{waiting:,} to go" if waiting else "",
    ]
    told = compared_html(asked)
    bar = (
        f'<progress max="{total}" value="{total - waiting}" aria-label="Questions asked"></progress>' if waiting else ""
    )
    note = (
        '<p class="v-warning">The documents have changed since: ask again to see what is new.</p>' if outdated else ""
    )
    if asked.running:
        acts = act_html("stop", "Stop")
    else:
        acts = (act_html("goon", "Go on") if waiting else act_html("again", "Ask all again")) + act_html(
            "clear", "New list"
        )
    return (
        f'<h2 class="v-list-title" tabindex="-1">{number_of(total, "question")}</h2>{bar}'
        f'<p class="v-list-said">{", ".join(count for count in counts if count)}.{told}</p>{note}'
        f'<div class="v-list-acts">{acts}</div>'
    )


def compared_html(asked: QuestionList) -> str:
    """What this run has brought against the one before."""
    if not any(row.before is not None for row in asked.rows):
        return ""
    changes = Counter(row.change for row in asked.rows)
    found = ", ".join(f"{changes[kind]:,} {kind}" for kind in CHANGES if changes[kind])
    return f" Against the run before: {found or 'nothing new, changed or gone'}."


def act_html(act: str, label: str) -> str:
    return f'<button type="button" class="v-act" data-act="{act}">{label}</button>'


# ---- rows ----


def row_html(row: Row, number: int) -> str:
    """A question with its answers."""
    exchange = row.exchange
    answer = exchange.answer if exchange else None
    kind = "waits" if exchange is None else "failed" if answer is None else "answered" if answer.answered else "none"
    part = f'<span class="v-facts">asked only of {escaped(exchange.part)}</span>' if exchange and exchange.part else ""
    waits = '<p class="v-note">Waits to be asked again.</p>' if exchange and row.waits else ""
    return (
        f'<tr role="row" data-row="{number}" data-kind="{kind}" data-change="{row.change}">'
        f'<th role="rowheader" scope="row"><span class="v-number">{number + 1}</span> '
        f'<span dir="auto">{question_html(row.listed.question)}</span>{part}</th>'
        f'<td role="cell">{change_html(row)}{waits}{cell(exchange, FIRST_TURN + number)}</td></tr>'
    )


def cell(exchange: Exchange | None, turn: int) -> str:
    """The answers to a question, the first one open, with those that contradict it."""
    if exchange is None:
        return '<span class="v-waits">waits</span>'
    if exchange.answer is None:
        return f'<p class="v-warning">{escaped(exchange.problem)}</p>'
    answer = exchange.answer
    if not answer.answered:
        return nothing_html(answer, turn, bool(exchange.part))
    quotes, first = [], 0
    for number, span in enumerate(answer.spans):
        cited = span_citations(answer, number)
        quotes.append(quote_html(span, cited, turn, first, acts=False))
        first += len(cited)
    shown = [0, *answer.disagrees]
    rest = "".join(quote for number, quote in enumerate(quotes) if number not in shown)
    differ = '<p class="v-differ-title">The documents differ: read both.</p>' if answer.disagrees else ""
    count = len(quotes) - len(shown)
    more = details_html(number_of(count, "further answer"), rest, f"{turn}-more") if count else ""
    return differ + "".join(quotes[number] for number in shown) + more


def nothing_html(answer: Answer, turn: int, partial: bool) -> str:
    """No answer, what may be one, and the nearest passages folded."""
    unsure, unmentioned = "", unmentioned_html(answer)
    if answer.perhaps:
        quote = quote_html(answer.perhaps, span_citations(answer, 0), turn, 0, acts=False)
        unsure = f'<div class="v-perhaps"><p class="v-perhaps-title">{UNSURE}</p>{unmentioned}{quote}</div>'
    near = all_nearest_html(answer, turn)
    folded = details_html("Nearest passages (not answers)", near, f"{turn}-near") if near else ""
    which, sure = ("asked " if partial else ""), ("sure " if unsure else "")
    none = f'<p class="v-none">The documents {which}hold no {sure}answer.</p>{"" if unsure else unmentioned}'
    return f"{unsure}{none}{folded}"


def change_html(row: Row) -> str:
    """What has changed since the run before, and the answers that are no longer given."""
    if not row.change:
        return ""
    keys = {said.key for said in row.now}
    lost = "".join(
        f"<li>{f'<q dir=auto>{clipped(said.text)}</q> ' if said.text else ''}in <bdi>{clipped(said.document)}</bdi>, "
        f"characters {said.start}-{said.end}</li>"
        for said in row.before or ()
        if said.key not in keys
    )
    before = f'<p class="v-note">Before:</p><ul class="v-before">{lost}</ul>' if lost else ""
    return f'<p class="v-change"><b>{CHANGES[row.change]}</b></p>{before}'
