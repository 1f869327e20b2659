"""An answer as the chat shows it: quotations with all that a citation needs, escaped; and what a click on one opens."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from qa.answering.citing import cell_named, cited_as, confidence_word, near_identical, quoted
from qa.answering.render import UNSURE, unmentioned_named
from qa.text import Range, escaped, number_of, visible
from qa.types import Answer, Hit, Place, Source, Span

NEAREST = 3  # passages shown where there is no answer
ALSO = 10  # further places listed beside a quote
CHANGED = "changed since it was read"
CLIP = 200  # characters of a name, title or speaker


@dataclass(frozen=True, slots=True)
class Citation:
    """What a citation of the page opens: a range of a document, with the sentence and the passage around it."""

    number: int | None  # of its span or passage, from 1; None: another place that says the same, labelled by document
    source: Source
    quote: Range
    sentence: Range
    passage: Range
    date: str | None  # of what is said there
    speaker: str | None = None
    text: str | None = None  # what stood at `quote` when the answer was given; None: not known
    answer: bool = True  # False: a nearest passage, which is shaded but not marked
    changed: bool = False  # the file differs from what was read
    found: tuple[Range, ...] | None = None  # of a passage that somebody looked for: all that was found in it


def citations(answer: Answer) -> tuple[Citation, ...]:
    """Everything in an answer that can be opened, in the order in which `answer_html` counts it."""
    quoted = tuple(c for number, _ in enumerate(answer.shown) for c in span_citations(answer, number))
    if answer.answered:
        return quoted
    first = len(answer.shown) + 1
    return quoted + tuple(hit_citation(hit, number) for number, hit in enumerate(answer.hits[:NEAREST], start=first))


def span_citations(answer: Answer, number: int) -> tuple[Citation, ...]:
    """The span's own place, then every other place that says the same."""
    span = answer.shown[number]
    own = Citation(
        number=number + 1,
        source=span.source,
        quote=(span.start, span.end),
        sentence=(span.sentence_start, span.sentence_end),
        passage=(span.passage.start, span.passage.end),
        date=span.date,
        speaker=span.speaker,
        text=span.text,
        changed=span.source.name in answer.changed,
    )
    return own, *(place_citation(place, place.source.name in answer.changed) for place in span.also)


def place_citation(place: Place, changed: bool) -> Citation:
    at = (place.start, place.end)
    return Citation(None, place.source, at, at, at, place.date, changed=changed)


def hit_citation(hit: Hit, number: int) -> Citation:
    passage = hit.passage
    at = (passage.start, passage.end)
    turn = passage.turn_at(passage.start)
    speaker = turn.speaker if turn else None
    date = passage.place(*at).date
    return Citation(number, passage.source, at, at, at, date, speaker=speaker, text=passage.text, answer=False)


# ---- the answer ----


def answer_html(answer: Answer, turn: int, partial: bool = False) -> str:
    """An answer for the chat. A click on a citation sends `turn` and its number in `citations`.

    partial: only a part of the documents was asked.

    The first answer is open, together with those that contradict it; the others are folded below.
    """
    if not answer.answered:
        return nothing_html(answer, turn, partial)
    quotes, first = [], 0
    for number, span in enumerate(answer.spans):
        cited = span_citations(answer, number)
        quotes.append(quote_html(span, cited, turn, first))
        first += len(cited)
    against = answer.disagrees
    shown, rest = [0, *against], [n for n in range(len(quotes)) if n and n not in against]
    head = "".join(quotes[n] for n in shown)
    if against:
        head = (
            '<div class="v-differ" role="group" aria-label="The documents differ">'
            f'<p class="v-differ-title">The documents differ: read both.</p><div class="v-sides">{head}</div></div>'
        )
    more = details_html(number_of(len(rest), "further answer"), "".join(quotes[n] for n in rest), f"{turn}-more")
    return head + (more if rest else "")


def nothing_html(answer: Answer, turn: int, partial: bool) -> str:
    """No answer, what may be one, and the nearest passages.

    "Right, there is none" is offered only where all documents were asked.
    """
    cited = span_citations(answer, 0) if answer.perhaps else ()
    acts = "" if partial else f'<div class="v-acts">{judge_html(turn, len(cited), "Right, there is none")}</div>'
    nearest = all_nearest_html(answer, turn)
    read = f" {number_of(answer.read, 'passage')} read." if answer.read else ""
    unmentioned = unmentioned_html(answer)
    which = "asked " if partial else ""
    if answer.perhaps:
        said = (
            f'<div class="v-perhaps" role="group" aria-label="Not sure"><p class="v-perhaps-title">{UNSURE}</p>'
            f"{unmentioned}{quote_html(answer.perhaps, cited, turn, 0)}</div>"
            f'<p class="v-none">The documents {which}hold no sure answer to this question.{read}</p>'
        )
    else:
        said = f'<p class="v-none">The documents {which}hold no answer to this question.{read}</p>{unmentioned}'
    return (
        said + (f'<h3 class="v-nearest-title">Nearest passages (not answers)</h3>{nearest}' if nearest else "") + acts
    )


def unmentioned_html(answer: Answer) -> str:
    """What is asked about and not mentioned in the document of what was found."""
    return "".join(f'<p class="v-warning">{escaped(one)}</p>' for one in unmentioned_named(answer))


def quote_html(span: Span, cited: Sequence[Citation], turn: int, first: int, acts: bool = True) -> str:
    """A quoted sentence with its citations. first: number of its own citation in `citations`; acts: with buttons."""
    own, also = cited[0], cited[1:]
    whole = (span.start, span.end) == (span.sentence_start, span.sentence_end)
    sentence = shaded(span.sentence, span.sentence_start, [] if whole else [(span.start, span.end, "v-span")])
    buttons = f"{copy_html(span)}{judge_html(turn, first)}{like_html(span.source.name, span.start)}"
    return (
        f'<figure class="v-quote"><blockquote dir="auto">{sentence}</blockquote><figcaption>'
        f"{cite_html(own, turn, first)} {where_html(own)}{cell_html(span)} &middot; "
        f"{confidence_html(span.confidence)}</figcaption>"
        + ("".join(f'<p class="v-warning">{changed_html(c)}</p>' for c in cited[: ALSO + 1] if c.changed))
        + near_identical_html(span)
        + also_html(own, also, turn, first + 1)
        + (f'<div class="v-acts">{buttons}</div></figure>' if acts else "</figure>")
    )


def also_html(own: Citation, also: Sequence[Citation], turn: int, first: int) -> str:
    """The other places, folded; several of one document are told apart by page or offset."""
    if not also:
        return ""
    often = Counter(c.source.name for c in (own, *also))
    places = []
    for number, citation in enumerate(also[:ALSO], start=first):
        place = citation.source.place_at(citation.quote[0])
        at = place or f"character {citation.quote[0]:,}"
        where = f" {escaped(at)}" if place or often[citation.source.name] > 1 else ""
        changed = f' <b class="v-state">{CHANGED}</b>' if citation.changed else ""
        places.append(f"<li>{cite_html(citation, turn, number)}{where} {date_html(citation.date)}{changed}</li>")
    unlisted = sum(citation.changed for citation in also[ALSO:])
    more = f"<li>and {number_of(len(also) - ALSO, 'more place')}" if len(also) > ALSO else ""
    more += (f', of them {unlisted:,} <b class="v-state">{CHANGED}</b>' if unlisted else "") + ("</li>" if more else "")
    said = f"Said in {number_of(len(also), 'more place')}"
    return details_html(said, f'<ul class="v-also">{"".join(places)}{more}</ul>', f"{turn}-{first}")


def near_identical_html(span: Span) -> str:
    """How many of the documents that say the same are near-identical; their names stand in the folded list."""
    return "".join(
        f'<p class="v-note">{len(names):,} near-identical documents say the same and count as one</p>'
        for names in near_identical(span)
    )


def all_nearest_html(answer: Answer, turn: int) -> str:
    """The nearest passages, counted on from what is shown before them."""
    before = len(span_citations(answer, 0)) if answer.perhaps else 0
    return "".join(
        nearest_html(hit, turn, before + number, len(answer.shown) + number + 1)
        for number, hit in enumerate(answer.hits[:NEAREST])
    )


def nearest_html(hit: Hit, turn: int, number: int, label: int) -> str:
    """A passage with its citation. number: of that in `citations`; label: as it is shown, from 1."""
    citation = hit_citation(hit, label)
    return (
        f'<figure class="v-nearest"><blockquote dir="auto">{escaped(hit.passage.text)}</blockquote>'
        f"<figcaption>{cite_html(citation, turn, number)} {where_html(citation)}</figcaption></figure>"
    )


# ---- parts ----


def details_html(summary: str, inside: str, key: str) -> str:
    """Folded HTML. key: by which chat.js keeps it open when the chat is drawn anew."""
    return f'<details class="v-more" data-key="{key}"><summary>{summary}</summary>{inside}</details>'


def confidence_html(confidence: float) -> str:
    """In a word; the figure is shown in the tooltip and to screen readers."""
    word = confidence_word(confidence)
    return (
        f'<span class="v-confidence v-{word}" title="confidence {confidence:.2f}">{word}'
        f'<span class="v-unseen">, confidence {confidence:.2f}</span></span>'
    )


def cell_html(span: Span) -> str:
    """Row and column of a quote in a table."""
    named = cell_named(span)
    return f' &middot; <span class="v-cell"><bdi>{escaped(named)}</bdi></span>' if named else ""


def cite_html(citation: Citation, turn: int, number: int) -> str:
    """The button that opens a citation; a click on it sends two integers."""
    label = clipped(citation.source.name) if citation.number is None else f"[{citation.number}]"
    kind = "v-cite v-cite-also" if citation.number is None else "v-cite"
    return (
        f'<button type="button" class="{kind}" data-turn="{turn}" data-number="{number}" '
        f'title="Show it in the document"><bdi>{label}</bdi></button>'
    )


def copy_html(span: Span) -> str:
    """The button that copies the quotation, in the document's own characters, and its citation."""
    copied = html.escape(f"{quoted(span)}\n{cited_as(span)}", quote=True)
    return f'<button type="button" class="v-act" data-copy="{copied}">Copy</button>'


def like_html(document: str, at: int) -> str:
    """The button that finds passages like the one which holds a character."""
    place = json_attribute({"document": document, "start": at})
    return f'<button type="button" class="v-act" data-like="{place}">Find more like this</button>'


def judge_html(turn: int, number: int, right: str = "Right") -> str:
    """The buttons Right and Wrong, which add a row to the feedback file."""
    where = f'data-turn="{turn}" data-number="{number}"'
    return (
        f'<button type="button" class="v-act" data-judge="right" {where}>{right}</button>'
        f'<button type="button" class="v-act" data-judge="wrong" {where}>Wrong</button>'
    )


def where_html(citation: Citation, titled: bool = True) -> str:
    """Speaker, title, file, page or time, and date."""
    source = citation.source
    titled = titled and source.title not in ("", source.name)
    facts = [
        f'<bdi class="v-speaker">{clipped(citation.speaker)}</bdi>' if citation.speaker else "",
        f'<bdi class="v-title">{clipped(source.title)}</bdi>' if titled else "",
        f'<bdi class="v-file">{clipped(source.name)}</bdi>',
        escaped(source.place_at(citation.quote[0])),
        date_html(citation.date),
    ]
    return " &middot; ".join(fact for fact in facts if fact)


def date_html(date: str | None) -> str:
    """The date of what is said, as the document states it: "last week" means nothing without it."""
    if date is None:
        return '<span class="v-date">no date stated</span>'
    return f'<time class="v-date">{clipped(date)}</time>'


def changed_html(citation: Citation) -> str:
    name = clipped(citation.source.name)
    return f"The file <bdi>{name}</bdi> has changed since it was read: ingest again before you rely on this quote."


def clipped(text: str) -> str:
    """A name, title or the like on one line, at most CLIP characters of it, escaped."""
    line = visible(text)
    return escaped(line if len(line) <= CLIP else line[: CLIP - 3] + "...")


def json_attribute(value: Any) -> str:
    """A value as ASCII JSON for an attribute, so that a name comes back from the page as it is."""
    return html.escape(json.dumps(value), quote=True)


def shaded(text: str, offset: int, ranges: Iterable[tuple[int, int, str]], counted_from: bool = False) -> str:
    """Text that begins at `offset` of its document as HTML, each piece in the classes of the ranges it lies in.

    ranges: start, end (offsets in the document) and class. counted_from: every piece carries the offset at which it
    begins, by which a selection is found again.
    """
    ranges = list(ranges)
    end = offset + len(text)
    cuts = sorted({offset, end, *(min(max(at, offset), end) for start, stop, _ in ranges for at in (start, stop))})
    pieces = []
    for a, b in pairwise(cuts):
        names = dict.fromkeys(name for start, stop, name in ranges if start <= a and b <= stop)
        tag = "mark" if names.keys() & MARKED else "span"
        piece = escaped(text[a - offset : b - offset])
        kind = f' class="{" ".join(names)}"' if names else ""
        at = f' data-o="{a}"' if counted_from else ""
        pieces.append(f"<{tag}{kind}{at}>{piece}</{tag}>" if kind or at else piece)
    return "".join(pieces)


MARKED = {"v-mark", "v-span", "v-found"}
"""Classes of ranges that become `mark` elements; those of other ranges become spans."""
