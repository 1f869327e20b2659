"""A visitor's conversation, kept in the store so that it survives a reload.

Kept are questions and places, no text of documents: what an erased document said goes with it by itself.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from qa.answering.followups import Earlier, Meant, resolve
from qa.answering.qa import changed, cleaned
from qa.types import Answer, Hit, Passage, Place, Source, Span

log = logging.getLogger(__name__)

FOLDER = "conversations"
CONVERSATIONS = 200  # kept, the last ones
TURNS = 200  # kept of a conversation, the last ones
HITS = 3  # kept of a question without an answer: those that are shown
TOKEN = re.compile(r"[0-9a-f]{32}")


class Store(Protocol):
    """What is needed of `qa.answering.QA`."""

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]: ...
    def sources(self) -> list[Source]: ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question of a conversation with what was answered."""

    question: str
    answer: Answer | None = None  # None: an error, or an answer whose documents have changed since
    problem: str = ""  # what to say instead of an answer
    alone: bool = False  # asked as it stands, whatever came before
    lent: tuple[str, ...] = ()  # what earlier turns lent it
    part: str = ""  # the part of the documents that it was put to, in words; empty: all

    @property
    def earlier(self) -> Earlier:
        """As a later question's history has it."""
        spans = self.answer.spans if self.answer else ()
        return {"question": self.question, "answer": spans[0].text if spans else ""}


Conversation = tuple[Exchange, ...]

LOST = "What this answer stood on has changed or been removed since: ask again."


def history_of(earlier: Conversation) -> list[Earlier]:
    """What follow-up questions refer to: every question that did not fail."""
    return [exchange.earlier for exchange in earlier if exchange.answer]


def understood(question: str, earlier: Conversation) -> Meant:
    """A question as it will be read after those before it."""
    return resolve(question, [cleaned(item) for item in history_of(earlier)])


# ---- keeping ----


def save(store: Path, token: str, earlier: Conversation) -> None:
    """Keeps a conversation under a visitor's token, drops an empty one. A store that cannot be written keeps none."""
    if not TOKEN.fullmatch(token):
        return
    path = store / FOLDER / f"{token}.json"
    try:
        if not earlier:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps([row_of(e) for e in earlier[-TURNS:] if e.answer]), encoding="utf-8")
        os.replace(part, path)
        drop_old(path.parent)
    except OSError as error:
        log.warning("the conversation is not kept: %s", error)


def drop_old(folder: Path) -> None:
    kept = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[CONVERSATIONS:]:
        path.unlink(missing_ok=True)


def row_of(exchange: Exchange) -> dict[str, Any]:
    answer = exchange.answer
    assert answer is not None
    return {
        "question": exchange.question,
        "alone": exchange.alone,
        "part": exchange.part,
        "confidence": answer.confidence,
        "spans": [span_row(span) for span in answer.spans],
        "hits": [] if answer.spans else [hit.passage.id for hit in answer.hits[:HITS]],
    }


def span_row(span: Span) -> dict[str, Any]:
    return {
        "passage": span.passage.id,
        "at": [span.start, span.end, span.sentence_start, span.sentence_end],
        "confidence": span.confidence,
        "also": [[place.source.name, place.source.sha256, place.start, place.end] for place in span.also],
    }


# ---- finding it again ----


def load(store: Path, token: str, qa: Store) -> Conversation:
    """The conversation kept under a token; empty where there is none, or none that can be read."""
    if not TOKEN.fullmatch(token):
        return ()
    try:
        rows = json.loads((store / FOLDER / f"{token}.json").read_text(encoding="utf-8"))
        return restored(rows, qa)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return ()


def restored(rows: Iterable[Mapping[str, Any]], qa: Store) -> Conversation:
    rows = list(rows)
    ids = {span["passage"] for row in rows for span in row["spans"]} | {i for row in rows for i in row["hits"]}
    known = qa.passages(sorted(ids))
    sources = {(source.name, source.sha256): source for source in qa.sources()} if rows else {}
    earlier: Conversation = ()
    for row in rows:
        exchange = Exchange(row["question"], alone=bool(row["alone"]), part=str(row["part"]))
        lent = () if exchange.alone else understood(exchange.question, earlier).lent
        answer = answer_of(row, known, sources)
        earlier += (replace(exchange, answer=answer, problem="" if answer else LOST, lent=lent),)
    return earlier


def answer_of(
    row: Mapping[str, Any], known: Mapping[str, Passage], sources: Mapping[tuple[str, str], Source]
) -> Answer | None:
    """The answer as it was given; None where a passage is no longer there."""
    with contextlib.suppress(KeyError):
        spans = tuple(span_of(span, known, sources) for span in row["spans"])
        hits = tuple(Hit(known[number], 0.0) for number in row["hits"]) or tuple(span.hit for span in spans)
        cited = [place for span in spans for place in (span.source, *(also.source for also in span.also))]
        return Answer(row["question"], float(row["confidence"]), spans, hits, changed(cited))
    return None


def span_of(row: Mapping[str, Any], known: Mapping[str, Passage], sources: Mapping[tuple[str, str], Source]) -> Span:
    start, end, sentence_start, sentence_end = map(int, row["at"])
    also = tuple(
        Place(sources[name, sha256], int(a), int(b)) for name, sha256, a, b in row["also"] if (name, sha256) in sources
    )
    hit = Hit(known[row["passage"]], 0.0)
    return Span(hit, start, end, sentence_start, sentence_end, float(row["confidence"]), also)
