"""An Answer as the public JSON object, and as plain text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from qa.answering.citing import cell_named, near_identical, near_identical_named, place_facts
from qa.text import number_of, visible
from qa.types import Answer, Cell, Hit, Mention, Place, Span

if TYPE_CHECKING:
    from qa.answering.finding import Counts

UNSURE = "Not sure. Perhaps this, but of such answers only about one in three is right:"
CHANGED_TOO = " (this file has changed since it was read, or is gone)"

# ---- JSON ----


def to_json(answer: Answer, question_id: str | int | None = None) -> dict[str, Any]:
    """The public object; `id` only where one is given."""
    return {
        **({} if question_id is None else {"id": question_id}),
        "question": answer.question,
        "answered": answer.answered,
        "confidence": round(answer.confidence, 4),
        "answers": [span_json(span, answer.changed) for span in answer.spans],
        "passages": [hit_json(hit) for hit in answer.hits],
        "seconds": {stage: round(seconds, 4) for stage, seconds in answer.seconds},
        "understood": answer.understood,
        "disagrees": list(answer.disagrees),
        "read": answer.read,
        "perhaps": span_json(answer.perhaps, answer.changed) if answer.perhaps else None,
        "unmentioned": list(answer.unmentioned),
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
        "time": span.time,
        "date": span.date,
        "speaker": span.speaker,
        "language": span.passage.language,
        "sha256": span.source.sha256,
        "stale": span.source.name in changed,
        "also": [{**place_json(place), "stale": place.source.name in changed} for place in span.also],
        "near_identical": near_identical(span),
        "cell": None if span.cell is None else cell_json(span.cell),
    }


def cell_json(cell: Cell) -> dict[str, str]:
    """What row and column of a cell are called; of one on a hidden sheet its name too."""
    return {"row": cell.row, "column": cell.column, **({"hidden_sheet": cell.hidden} if cell.hidden else {})}


def hit_json(hit: Hit) -> dict[str, Any]:
    passage = hit.passage
    also = [{"document": p.source.name, "start": p.start, "end": p.end} for p in hit.also]
    place = {"document": passage.source.name, "start": passage.start, "end": passage.end}
    return {**place, "score": round(hit.score, 6), "also": also}


def counts_json(counts: Counts) -> dict[str, Any]:
    """How many passages were found, and where, as an object."""
    return {
        "found": counts.total,
        "documents": counts.documents,
        "dates": counts.dates,
        "speakers": counts.speakers,
        "languages": counts.languages,
    }


def mention_json(mention: Mention, stale: bool) -> dict[str, Any]:
    """What was found, as an object. stale: its file has changed since it was read, or is gone."""
    return {
        "document": mention.source.name,
        "start": mention.start,
        "end": mention.end,
        "text": mention.text,
        "marks": [{"start": start, "end": end} for start, end in mention.marks],
        "page": mention.page,
        "time": mention.time,
        "date": mention.date,
        "speaker": mention.speaker,
        "language": mention.language,
        "sha256": mention.source.sha256,
        "stale": stale,
        "score": round(mention.score, 4),
    }


def place_json(place: Place) -> dict[str, Any]:
    return {"document": place.source.name, "start": place.start, "end": place.end}


# ---- plain text ----


def to_text(answer: Answer, width: int = 100) -> str:
    """What `qa ask` prints."""
    lines = [wrapped("understood as: ", visible(answer.understood), width), ""] if answer.understood else []
    unmentioned = [textwrap.fill(visible(one), width) for one in unmentioned_named(answer)]
    if answer.perhaps:
        lines += [UNSURE, *unmentioned, ""]
    for number, span in enumerate(answer.shown):
        lines.append(wrapped(f"[{number + 1}] ", f"\u201c{visible(span.sentence)}\u201d", width))
        lines += ["    " + line for line in span_lines(span, answer.changed)]
        lines += ["    " + line for line in contradiction(number, answer.disagrees)]
        lines.append("")
    if not answer.answered:
        read = f" ({number_of(answer.read, 'passage')} read)" if answer.read else ""
        none = "No sure answer in these documents" if answer.perhaps else "No answer in these documents"
        lines += [f"{none}{read}.", *([] if answer.perhaps else unmentioned)]
        lines += ["", "Nearest passages:"] if answer.hits else []
        for number, hit in enumerate(answer.hits[:3], start=1):
            lines += [wrapped(f"[{number}] ", visible(hit.passage.text), width), "    " + passage_place(hit), ""]
    return "\n".join(lines).rstrip()


def unmentioned_named(answer: Answer) -> list[str]:
    """A sentence that says what is asked about and not mentioned where the best words were found; or none."""
    if not answer.unmentioned:
        return []
    return [f"What was found is in a document that does not mention {' or '.join(answer.unmentioned)}."]


def wrapped(start: str, text: str, width: int) -> str:
    return textwrap.fill(text, width, initial_indent=start, subsequent_indent=" " * len(start))


def span_lines(span: Span, changed: frozenset[str]) -> Iterable[str]:
    """Lines that say who said it, where it stands, and what to know about it."""
    if span.speaker:
        yield visible(span.speaker)
    if cell := cell_named(span):
        yield visible(cell)
    yield visible(", ".join(place_facts(span))) + f"  (confidence {span.confidence:.2f})"
    if span.also:
        places = (
            f"{p.source.name}, characters {p.start}-{p.end}" + (CHANGED_TOO if p.source.name in changed else "")
            for p in span.also
        )
        yield "also: " + visible("; ".join(places))
    yield from map(visible, near_identical_named(near_identical(span)))
    if span.source.name in changed:
        yield "the file has changed since it was read, or is gone: ingest again"


def contradiction(number: int, disagrees: Sequence[int]) -> Iterable[str]:
    """A line beside the first answer and each one that says something else, naming the others; numbers count from 0."""
    others = disagrees if number == 0 else [0] if number in disagrees else []
    if others:
        yield f"another document says otherwise: read {', '.join(f'[{other + 1}]' for other in others)} as well"


def passage_place(hit: Hit) -> str:
    p = hit.passage
    return visible(f"{p.source.name}, characters {p.start}-{p.end}")
