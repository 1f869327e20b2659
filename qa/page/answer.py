"""An answer as the chat shows it: quotations with all that a citation needs, escaped; and what a click on one opens."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qa.answering.conflicts import differing
from qa.text import escaped, visible
from qa.types import Answer, Hit, Place, Source, Span

NEAREST = 3  # passages shown where there is no answer
ALSO = 10  # further places listed beside a quote
CLIP = 200  # characters of a name, title or speaker
SURE, LIKELY = 0.8, 0.5  # confidence from which on an answer is called so

Range = tuple[int, int]  # start, end in the document


@dataclass(frozen=True, slots=True)
class Citation:
    """What a citation of the page opens: a range of a document, and where around it it was read."""

    number: int | None  # within its answer; None: another place that says the same, called by its document
    source: Source
    quote: Range
    sentence: Range
    passage: Range
    speaker: str | None = None
    text: str | None = None  # what stood at `quote` when the answer was given; None: not known
    answer: bool = True  # False: a nearest passage, which is shaded but not marked
    changed: bool = False  # the file differs from what was read


def citations(answer: Answer) -> tuple[Citation, ...]:
    """Everything in an answer that can be opened, in the order in which `answer_html` counts it."""
    if answer.answered:
        return tuple(c for number, _ in enumerate(answer.spans) for c in span_citations(answer, number))
    return tuple(hit_citation(hit, number) for number, hit in enumerate(answer.hits[:NEAREST], start=1))


def span_citations(answer: Answer, number: int) -> tuple[Citation, ...]:
    """The span's own place, then every other place that says the same."""
    span = answer.spans[number]
    own = Citation(
        number=number + 1,
        source=span.source,
        quote=(span.start, span.end),
        sentence=(span.sentence_start, span.sentence_end),
        passage=(span.passage.start, span.passage.end),
        speaker=span.speaker,
        text=span.text,
        changed=span.source.name in answer.changed,
    )
    return own, *(place_citation(place, place.source.name in answer.changed) for place in span.also)


def place_citation(place: Place, changed: bool) -> Citation:
    at = (place.start, place.end)
    return Citation(None, place.source, at, at, at, changed=changed)


def hit_citation(hit: Hit, number: int) -> Citation:
    passage = hit.passage
    at = (passage.start, passage.end)
    turn = passage.turn_at(passage.start)
    speaker = turn.speaker if turn else None
    return Citation(number, passage.source, at, at, at, speaker=speaker, text=passage.text, answer=False)


# ---- the answer ----


def answer_html(answer: Answer, turn: int, partial: bool = False) -> str:
    """An answer for the chat. `turn` and the place in `citations` are what a click on a citation tells.

    partial: only a part of the documents was asked.

    The first answer stands open, together with those that contradict it; the others are folded below.
    """
    if not answer.answered:
        return nothing_html(answer, turn, partial)
    quotes, first = [], 0
    for number, span in enumerate(answer.spans):
        cited = span_citations(answer, number)
        quotes.append(quote_html(span, cited, turn, first))
        first += len(cited)
    against = differing(answer.question, answer.spans)
    shown, rest = [0, *against], [n for n in range(len(quotes)) if n and n not in against]
    head = "".join(quotes[n] for n in shown)
    if against:
        head = (
            '<div class="v-differ" role="group" aria-label="The documents differ">'
            f'<p class="v-differ-title">The documents differ: read both.</p><div class="v-sides">{head}</div></div>'
        )
    more = folded(counted(len(rest), "further answer"), "".join(quotes[n] for n in rest), f"{turn}-more")
    return head + (more if rest else "")


def nothing_html(answer: Answer, turn: int, partial: bool) -> str:
    """No answer, said plainly; what lies near is shown as what it is. Of a part nobody can say that there is none."""
    acts = "" if partial else f'<div class="v-acts">{judge_html(turn, 0, "Right, there is none")}</div>'
    nearest = "".join(nearest_html(hit, turn, number) for number, hit in enumerate(answer.hits[:NEAREST]))
    return (
        f'<p class="v-none">The documents {"asked " if partial else ""}hold no answer to this question.</p>'
        + (f'<h3 class="v-nearest-title">Nearest passages (not answers)</h3>{nearest}' if nearest else "")
        + acts
    )


def quote_html(span: Span, cited: Sequence[Citation], turn: int, first: int) -> str:
    """A quoted sentence with everything needed to put a finger on it; `first` counts its own citation."""
    own, also = cited[0], cited[1:]
    whole = (span.start, span.end) == (span.sentence_start, span.sentence_end)
    sentence = shaded(span.sentence, span.sentence_start, [] if whole else [(span.start, span.end, "v-span")])
    return (
        f'<figure class="v-quote"><blockquote dir="auto">{sentence}</blockquote><figcaption>'
        f"{cite_html(own, turn, first)} {where_html(own)} &middot; {confidence_html(span.confidence)}</figcaption>"
        + ("".join(f'<p class="v-warning">{changed_html(c)}</p>' for c in cited[: ALSO + 1] if c.changed))
        + also_html(own, also, turn, first + 1)
        + f'<div class="v-acts">{copy_html(span)}{judge_html(turn, first)}</div></figure>'
    )


def also_html(own: Citation, also: Sequence[Citation], turn: int, first: int) -> str:
    """The other places, folded; the same document's told apart by where in it they stand."""
    if not also:
        return ""
    often = Counter(c.source.name for c in (own, *also))
    places = []
    for number, citation in enumerate(also[:ALSO], start=first):
        page = citation.source.page_at(citation.quote[0])
        at = f"page {page}" if page is not None else f"character {citation.quote[0]:,}"
        where = f" {at}" if page is not None or often[citation.source.name] > 1 else ""
        places.append(f"<li>{cite_html(citation, turn, number)}{where} {date_html(citation.source)}</li>")
    more = f"<li>and {counted(len(also) - ALSO, 'more place')}</li>" if len(also) > ALSO else ""
    said = f"Said in {counted(len(also), 'more place')}"
    return folded(said, f'<ul class="v-also">{"".join(places)}{more}</ul>', f"{turn}-{first}")


def nearest_html(hit: Hit, turn: int, number: int) -> str:
    citation = hit_citation(hit, number + 1)
    return (
        f'<figure class="v-nearest"><blockquote dir="auto">{escaped(hit.passage.text)}</blockquote>'
        f"<figcaption>{cite_html(citation, turn, number)} {where_html(citation)}</figcaption></figure>"
    )


# ---- parts ----


def folded(summary: str, inside: str, key: str) -> str:
    """What opens when it is wanted; key: by which the page knows it again when the chat is drawn anew."""
    return f'<details class="v-more" data-key="{key}"><summary>{summary}</summary>{inside}</details>'


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def confidence_word(confidence: float) -> str:
    return "sure" if confidence >= SURE else "likely" if confidence >= LIKELY else "unsure"


def confidence_html(confidence: float) -> str:
    """In words; the figure for who points at it, and for who has it read out."""
    word = confidence_word(confidence)
    return (
        f'<span class="v-confidence v-{word}" title="confidence {confidence:.2f}">{word}'
        f'<span class="v-unseen">, confidence {confidence:.2f}</span></span>'
    )


def cite_html(citation: Citation, turn: int, number: int) -> str:
    """The button that opens a citation; all it tells the page are two integers."""
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


def quoted(span: Span) -> str:
    return f"\u201c{span.sentence}\u201d"


def cited_as(span: Span) -> str:
    """A citation as one line of plain text."""
    source = span.source
    facts = [
        visible(span.speaker) if span.speaker else "",
        visible(source.title) if source.title not in ("", source.name) else "",
        visible(source.name),
        f"page {span.page}" if span.page is not None else "",
        visible(source.date) if source.date else "",
        f"characters {span.start}-{span.end}",
        f"SHA-256 {source.sha256}",
    ]
    return ", ".join(fact for fact in facts if fact)


def judge_html(turn: int, number: int, right: str = "Right") -> str:
    """The buttons that teach: the words of a click go into the feedback file."""
    where = f'data-turn="{turn}" data-number="{number}"'
    return (
        f'<button type="button" class="v-act" data-judge="right" {where}>{right}</button>'
        f'<button type="button" class="v-act" data-judge="wrong" {where}>Wrong</button>'
    )


def where_html(citation: Citation, titled: bool = True) -> str:
    """Speaker, title, file, page and date."""
    source = citation.source
    page = source.page_at(citation.quote[0])
    titled = titled and source.title not in ("", source.name)
    facts = [
        f'<bdi class="v-speaker">{clipped(citation.speaker)}</bdi>' if citation.speaker else "",
        f'<bdi class="v-title">{clipped(source.title)}</bdi>' if titled else "",
        f'<bdi class="v-file">{clipped(source.name)}</bdi>',
        f"page {page}" if page is not None else "",
        date_html(source),
    ]
    return " &middot; ".join(fact for fact in facts if fact)


def date_html(source: Source) -> str:
    """The date the document states about itself: "last week" means nothing without it."""
    if source.date is None:
        return '<span class="v-date">no date stated</span>'
    return f'<time class="v-date">{clipped(source.date)}</time>'


def changed_html(citation: Citation) -> str:
    name = clipped(citation.source.name)
    return f"The file <bdi>{name}</bdi> has changed since it was read: ingest again before you rely on this quote."


def clipped(text: str) -> str:
    """A name, title or the like on one line, no longer than a page can bear."""
    line = visible(text)
    return escaped(line if len(line) <= CLIP else line[: CLIP - 3] + "...")


def shaded(text: str, offset: int, ranges: Iterable[tuple[int, int, str]], counted_from: bool = False) -> str:
    """Text that begins at `offset` of its document, each piece in the classes of the ranges it lies in.

    counted_from: every piece says where in the document it begins, so that a selection can be found again.
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
"""Ranges that are marked; others are shaded."""
