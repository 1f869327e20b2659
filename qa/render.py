"""Answer -> the JSON object of the public contracts, plain text for a terminal, escaped HTML for the page."""

from __future__ import annotations

import html
import textwrap
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from qa.types import Answer, Document, Hit, Place, Source, Span


class Hidden(dict[int, int | None]):
    """A table for `str.translate`: what could disguise a text or steer a terminal is dropped or replaced."""

    def __missing__(self, code: int) -> int | None:
        category = unicodedata.category(chr(code))
        shown: int | None = code
        if category == "Cf" and code not in (0x200C, 0x200D):  # direction, zero width, tags; the joiners are spelling
            shown = None
        elif category == "Cc" and chr(code) not in "\t\n\r":
            shown = 0xFFFD
        self[code] = shown
        return shown


HIDDEN = Hidden()
"""For wherever text is shown; never for JSON, which is exact."""


# ---- JSON ----


def to_json(answer: Answer, question_id: str | None = None) -> dict[str, Any]:
    """The public object; `id` only where one is given."""
    return {
        **({} if question_id is None else {"id": question_id}),
        "question": answer.question,
        "answered": answer.answered,
        "confidence": round(answer.confidence, 4),
        "answers": [span_json(span, answer.changed) for span in answer.spans],
        "passages": [hit_json(hit) for hit in answer.hits],
        "seconds": {stage: round(seconds, 4) for stage, seconds in answer.seconds},
    }


def span_json(span: Span, changed: frozenset[str]) -> dict[str, Any]:
    return {
        "text": span.text,
        "confidence": round(span.confidence, 4),
        "document": span.source.name,
        "start": span.start,
        "end": span.end,
        "sentence": {"text": span.sentence, "start": span.sentence_start, "end": span.sentence_end},
        "page": span.page,
        "date": span.source.date,
        "speaker": span.speaker,
        "language": span.passage.language,
        "sha256": span.source.sha256,
        "stale": span.source.name in changed,
        "also": [place_json(place) for place in span.also],
    }


def hit_json(hit: Hit) -> dict[str, Any]:
    passage = hit.passage
    also = [{"document": p.source.name, "start": p.start, "end": p.end} for p in hit.also]
    place = {"document": passage.source.name, "start": passage.start, "end": passage.end}
    return {**place, "score": round(hit.score, 6), "also": also}


def place_json(place: Place) -> dict[str, Any]:
    return {"document": place.source.name, "start": place.start, "end": place.end}


# ---- plain text ----


def to_text(answer: Answer, width: int = 100) -> str:
    """What `qa ask` prints."""
    if not answer.answered:
        lines = ["No answer in these documents.", "", "Nearest passages:"]
        for number, hit in enumerate(answer.hits[:3], start=1):
            lines += [wrapped(f"[{number}] ", visible(hit.passage.text), width), "    " + where_passage(hit), ""]
        return "\n".join(lines if answer.hits else lines[:1]).rstrip()
    lines = []
    for number, span in enumerate(answer.spans, start=1):
        lines.append(wrapped(f"[{number}] ", f"\u201c{visible(span.sentence)}\u201d", width))
        lines += ["    " + line for line in where(span, answer.changed)]
        lines.append("")
    return "\n".join(lines).rstrip()


def wrapped(start: str, text: str, width: int) -> str:
    return textwrap.fill(text, width, initial_indent=start, subsequent_indent=" " * len(start))


def where(span: Span, changed: frozenset[str]) -> Iterable[str]:
    """Lines that say who said it, where it stands, and what to know about it."""
    if span.speaker:
        yield visible(span.speaker)
    yield visible(", ".join(citation(span))) + f"  (confidence {span.confidence:.2f})"
    if span.also:
        yield "also: " + visible("; ".join(f"{p.source.name}, characters {p.start}-{p.end}" for p in span.also))
    if span.source.name in changed:
        yield "the file has changed since it was read, or is gone: ingest again"


def citation(span: Span) -> Iterable[str]:
    yield span.source.name
    if span.page is not None:
        yield f"page {span.page}"
    if span.source.date:
        yield span.source.date
    yield f"characters {span.start}-{span.end}"


def where_passage(hit: Hit) -> str:
    p = hit.passage
    return visible(f"{p.source.name}, characters {p.start}-{p.end}")


def visible(text: str) -> str:
    """A text on one line without characters that could disguise it or steer a terminal."""
    return " ".join(text.translate(HIDDEN).split())


# ---- HTML ----


def escaped(text: str) -> str:
    """Document text for HTML: nothing in it is markup, disguises itself, or reverses its neighbours."""
    return html.escape(text.translate(HIDDEN), quote=True)


NEAREST = 3  # passages shown where there is no answer
ALSO = 10  # further places shown beside a quote
WINDOW = 20_000  # characters of a document sent around a citation
EDGE = 500  # characters a window gives up at most to begin and end at a line
CLIP = 200  # characters of a name, title or speaker

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


def answer_html(answer: Answer, turn: int) -> str:
    """An answer for the chat. `turn` and the place in `citations` are what a click on a citation tells."""
    if answer.answered:
        first, quotes = 0, []
        for number, span in enumerate(answer.spans):
            cited = span_citations(answer, number)
            quotes.append(quote_html(span, cited, turn, first))
            first += len(cited)
        return "".join(quotes)
    nearest = "".join(nearest_html(hit, turn, number) for number, hit in enumerate(answer.hits[:NEAREST]))
    return (
        '<p class="v-none">The documents hold no answer to this question.</p>'
        f'<p class="v-facts">Confidence of the best passage found: {answer.confidence:.2f}</p>'
        + (f'<h3 class="v-nearest-title">Nearest passages (not answers)</h3>{nearest}' if nearest else "")
    )


def quote_html(span: Span, cited: Sequence[Citation], turn: int, first: int) -> str:
    """A quoted sentence with everything needed to put a finger on it; `first` counts its own citation."""
    own, also = cited[0], cited[1:]
    whole = (span.start, span.end) == (span.sentence_start, span.sentence_end)
    sentence = shaded(span.sentence, span.sentence_start, [] if whole else [(span.start, span.end, "v-span")])
    return (
        f'<figure class="v-quote"><blockquote dir="auto">{sentence}</blockquote><figcaption>'
        f"{cite_html(own, turn, first)} {where_html(own)} &middot; confidence {span.confidence:.2f}</figcaption>"
        + also_html(own, also, turn, first + 1)
        + ("".join(f'<p class="v-warning">{changed_html(c)}</p>' for c in cited[: ALSO + 1] if c.changed))
        + "</figure>"
    )


def also_html(own: Citation, also: Sequence[Citation], turn: int, first: int) -> str:
    """The other places, the same document's told apart by where in it they stand."""
    if not also:
        return ""
    often = Counter(c.source.name for c in (own, *also))
    places = []
    for number, citation in enumerate(also[:ALSO], start=first):
        page = citation.source.page_at(citation.quote[0])
        at = f"page {page}" if page is not None else f"character {citation.quote[0]:,}"
        where = f" {at}" if page is not None or often[citation.source.name] > 1 else ""
        places.append(f"{cite_html(citation, turn, number)}{where} {date_html(citation.source)}")
    more = f" and {len(also) - ALSO} more places" if len(also) > ALSO else ""
    return f'<p class="v-also">Also in {", ".join(places)}{more}</p>'


def nearest_html(hit: Hit, turn: int, number: int) -> str:
    citation = hit_citation(hit, number + 1)
    return (
        f'<figure class="v-nearest"><blockquote dir="auto">{escaped(hit.passage.text)}</blockquote>'
        f"<figcaption>{cite_html(citation, turn, number)} {where_html(citation)}</figcaption></figure>"
    )


def cite_html(citation: Citation, turn: int, number: int) -> str:
    """The button that opens a citation; all it tells the page are two integers."""
    label = clipped(citation.source.name) if citation.number is None else f"[{citation.number}]"
    kind = "v-cite v-cite-also" if citation.number is None else "v-cite"
    return (
        f'<button type="button" class="{kind}" data-turn="{turn}" data-number="{number}" '
        f'title="Show it in the document"><bdi>{label}</bdi></button>'
    )


def where_html(citation: Citation, titled: bool = True) -> str:
    """Speaker, date, title, file and page."""
    source = citation.source
    page = source.page_at(citation.quote[0])
    titled = titled and source.title not in ("", source.name)
    facts = [
        f'<bdi class="v-speaker">{clipped(citation.speaker)}</bdi>' if citation.speaker else "",
        date_html(source),
        f'<bdi class="v-title">{clipped(source.title)}</bdi>' if titled else "",
        f'<bdi class="v-file">{clipped(source.name)}</bdi>',
        f"page {page}" if page is not None else "",
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


def source_html(citation: Citation, document: Document | None) -> str:
    """The document's text around a citation, the passage shaded and the quote marked; or why it cannot be shown."""
    source = citation.source
    head = (
        f'<h2 class="v-source-title" dir="auto">{clipped(source.title or source.name)}</h2>'
        f'<p class="v-facts">{where_html(citation, titled=False)}</p>'
    )
    problem = outdated(citation, document)
    if document is None or problem:
        return f'{head}<p class="v-warning">{problem}</p>'
    start, end = window(document.text, *citation.quote)
    part = (
        f'<p class="v-note">Characters {start:,} to {end:,} of {len(document.text):,} are shown.</p>'
        if (start, end) != (0, len(document.text))
        else ""
    )
    exactly = f"Characters {citation.quote[0]} to {citation.quote[1]}, SHA-256 {escaped(source.sha256)}"
    return (
        f"{head}{part}"
        + (f'<p class="v-warning">{changed_html(citation)}</p>' if citation.changed else "")
        + '<div class="v-text" tabindex="0" role="region" aria-label="Text of the document" dir="auto">'
        + shaded(document.text[start:end], start, source_ranges(citation, document, start, end))
        + f'</div><p class="v-exactly">{exactly}</p>'
    )


def outdated(citation: Citation, document: Document | None) -> str:
    """Why the offsets of a citation no longer fit; empty where they do."""
    if document is None:
        return "This document is no longer in the store."
    start, end = citation.quote
    same = document.source.sha256 == citation.source.sha256 and end <= len(document.text)
    if not same or citation.text not in (None, document.text[start:end]):
        return "This document has been replaced since the answer was given: ask again to see it as it is now."
    return ""


def source_ranges(citation: Citation, document: Document, start: int, end: int) -> list[tuple[int, int, str]]:
    ranges = [(m.start, m.end, f"v-{m.kind}") for m in document.marks if m.start < end and start < m.end]
    ranges.append((*citation.passage, "v-passage"))
    if citation.answer:
        ranges += [(*citation.sentence, "v-sentence"), (*citation.quote, "v-mark")]
    return ranges


def window(text: str, start: int, end: int) -> Range:
    """At most WINDOW characters of a text around a quote, which is far shorter; whole lines if they are near."""
    first = max(0, min((start + end - WINDOW) // 2, len(text) - WINDOW))
    last = min(len(text), first + WINDOW)
    if first > 0:
        first = text.find("\n", first, min(first + EDGE, start)) + 1 or first
    if last < len(text):
        last = text.rfind("\n", max(last - EDGE, end), last) + 1 or last
    return first, last


def shaded(text: str, offset: int, ranges: Sequence[tuple[int, int, str]]) -> str:
    """Text that begins at `offset` of its document, each piece in the classes of the ranges it lies in."""
    end = offset + len(text)
    cuts = sorted({offset, end, *(min(max(at, offset), end) for start, stop, _ in ranges for at in (start, stop))})
    pieces = []
    for a, b in pairwise(cuts):
        names = dict.fromkeys(name for start, stop, name in ranges if start <= a and b <= stop)
        tag = "mark" if names.keys() & {"v-mark", "v-span"} else "span"
        piece = escaped(text[a - offset : b - offset])
        pieces.append(f'<{tag} class="{" ".join(names)}">{piece}</{tag}>' if names else piece)
    return "".join(pieces)


def clipped(text: str) -> str:
    """A name, title or the like on one line, no longer than a page can bear."""
    line = visible(text)
    return escaped(line if len(line) <= CLIP else line[: CLIP - 3] + "...")
