"""A visitor's conversation, and the part of the documents it asks, kept in the store so that they survive a reload.

The file holds questions and places, no text of any document, so that erasing a document leaves nothing of it here. What
an earlier answer lent to a follow-up is such text: it is worked out anew when the conversation is loaded.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from qa.answering.conflicts import differing
from qa.answering.followups import Earlier, resolve
from qa.answering.qa import changed_documents, clean, cleaned
from qa.page.answer import NEAREST
from qa.store.conversations import FOLDER
from qa.system import put_in_place
from qa.types import Answer, Hit, Passage, Place, Source, Span, Within

log = logging.getLogger(__name__)

CONVERSATIONS = 200  # files kept: those written last
TURNS = 200  # turns kept of a conversation: the last ones
TOKEN = re.compile(r"[0-9a-f]{32}")
TALK, PART = ".json", ".within"  # how the names of a visitor's files end


class Store(Protocol):
    """What is needed of `qa.answering.qa.QA`."""

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]: ...
    def sources(self) -> list[Source]: ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question of a conversation with what was answered."""

    question: str
    answer: Answer | None = None  # None: an error, or an answer whose documents have changed since
    problem: str = ""  # what to say instead of an answer
    alone: bool = False  # asked without the turns before it
    part: str = ""  # the part of the documents that it was put to, in words; empty: all

    @property
    def earlier(self) -> Earlier:
        """The item that stands for this exchange in a later question's history."""
        spans = self.answer.spans if self.answer else ()
        return {"question": self.question, "answer": spans[0].text if spans else ""}


Conversation = tuple[Exchange, ...]

LOST = "The text that this answer quotes has changed or been removed since: ask again."
FORGOTTEN = "The page was restarted since this answer was given: ask again to open its documents."


def history_of(earlier: Conversation) -> list[Earlier]:
    """What follow-up questions refer to: every question that did not fail."""
    return [exchange.earlier for exchange in earlier if exchange.answer]


def goes_on(question: str, before: Sequence[Earlier]) -> bool:
    """Whether a question refers to earlier ones; an answer that was lent nothing was then found by it alone."""
    return bool(resolve(clean(question), [cleaned(item) for item in before]).lent)


# ---- saving ----


def save(store: Path, token: str, earlier: Conversation) -> None:
    """Writes a conversation under a visitor's token; an empty one deletes the file. Logs an OSError, raises none."""
    put(store, token, TALK, [row_of(e) for e in earlier[-TURNS:] if e.answer] if earlier else None)


def save_within(store: Path, token: str, within: Within | None) -> None:
    """Writes which part of the documents a visitor asks; None deletes the file. Logs an OSError, raises none."""
    put(store, token, PART, within.facts if within else None)


def put(store: Path, token: str, ending: str, facts: Any) -> None:
    if not TOKEN.fullmatch(token):
        return
    path = store / FOLDER / f"{token}{ending}"
    try:
        if facts is None:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(exist_ok=True)
        part = path.with_suffix(f"{ending}-part")
        part.write_text(json.dumps(facts), encoding="utf-8")
        put_in_place(part, path)
        kept = sorted(path.parent.glob(f"*{ending}"), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in kept[CONVERSATIONS:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        log.warning("the conversation is not kept: %s", error)


def row_of(exchange: Exchange) -> dict[str, Any]:
    answer = exchange.answer
    assert answer is not None
    return {
        "question": exchange.question,
        "alone": exchange.alone,
        "part": exchange.part,
        "confidence": answer.confidence,
        "spans": [span_row(span) for span in answer.shown],
        "perhaps": answer.perhaps is not None,
        "read": answer.read,
        "unmentioned": answer.unmentioned,
        "hits": [] if answer.spans else [hit.passage.id for hit in answer.hits[:NEAREST]],
    }


def span_row(span: Span) -> dict[str, Any]:
    return {
        "passage": span.passage.id,
        "at": [span.start, span.end, span.sentence_start, span.sentence_end],
        "confidence": span.confidence,
        "also": [[place.source.name, place.source.sha256, place.start, place.end, place.said] for place in span.also],
    }


# ---- loading ----


def load(store: Path, token: str, qa: Store) -> Conversation:
    """The conversation saved under a token; empty where there is no such file, or an unreadable one."""
    if not TOKEN.fullmatch(token):
        return ()
    try:
        rows = json.loads((store / FOLDER / f"{token}{TALK}").read_text(encoding="utf-8"))
        return restored(rows, qa)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return ()


def load_within(store: Path, token: str) -> Within | None:
    """The part of the documents that was saved under a token; None, for all, where there is no such file."""
    if not TOKEN.fullmatch(token):
        return None
    try:
        return Within.of(json.loads((store / FOLDER / f"{token}{PART}").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def restored(rows: Iterable[Mapping[str, Any]], qa: Store) -> Conversation:
    rows = list(rows)
    ids = {span["passage"] for row in rows for span in row["spans"]} | {i for row in rows for i in row["hits"]}
    known = qa.passages(sorted(ids))
    sources = {(source.name, source.sha256): source for source in qa.sources()} if rows else {}
    earlier: Conversation = ()
    for row in rows:
        before = () if row["alone"] else earlier
        answer = answer_of(row, before, known, sources)
        problem = "" if answer else LOST
        earlier += (Exchange(row["question"], answer, problem, bool(row["alone"]), str(row["part"])),)
    return earlier


def answer_of(
    row: Mapping[str, Any],
    before: Conversation,
    known: Mapping[str, Passage],
    sources: Mapping[tuple[str, str], Source],
) -> Answer | None:
    """The answer as it was given, as far as the page shows it; None where a passage is no longer in the store.

    before: the turns that the question was asked after. known: passages by id. sources: by name and SHA-256.
    """
    question = clean(row["question"])
    resolved = resolve(question, [cleaned(item) for item in history_of(before)])
    try:
        shown = tuple(span_of(span, known, sources) for span in row["spans"])
        hits = tuple(Hit(known[passage_id], 0.0) for passage_id in row["hits"]) or tuple(span.hit for span in shown)
    except KeyError:
        return None
    spans = () if row.get("perhaps") else shown
    return Answer(
        question=row["question"],
        confidence=float(row["confidence"]),
        spans=spans,
        hits=hits,
        changed=changed_documents([place.source for span in shown for place in span.places]),
        lent=resolved.lent,
        understood=resolved.understood,
        disagrees=tuple(differing(question, spans)),
        read=int(row.get("read", 0)),
        perhaps=shown[0] if row.get("perhaps") else None,
        unmentioned=tuple(map(str, row.get("unmentioned", ()))),
    )


def span_of(row: Mapping[str, Any], known: Mapping[str, Passage], sources: Mapping[tuple[str, str], Source]) -> Span:
    start, end, sentence_start, sentence_end = map(int, row["at"])
    also = tuple(
        Place(sources[name, sha256], int(a), int(b), *said)
        for name, sha256, a, b, *said in row["also"]
        if (name, sha256) in sources
    )
    hit = Hit(known[row["passage"]], 0.0)
    return Span(hit, start, end, sentence_start, sentence_end, float(row["confidence"]), also)
