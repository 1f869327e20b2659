"""What people say about answers, as rows of a gold file: `python -m eval.gold add` takes them.

A row quotes its documents, so rows whose quotes are no longer in them are erased with the text: `erase_outdated`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qa.language import language_of
from qa.store import rows
from qa.store.rows import Row

FEEDBACK_FILE = "feedback.jsonl"
RIGHT, WRONG, NONE = "feedback", "wrong", "unanswerable"
"""Kinds of rows: the words that answer, what does not answer (no gold yet), no answer in the documents."""
EVIDENCE = 400  # characters at most on each side of an answer
ENDS = re.compile(r"[.!?\u2026][\"'\u201d\u2019)\]]*(?=\s)|(?:\r\n|\n|\r)\s*[\r\n]")


@dataclass(frozen=True, slots=True)
class MarkedAnswer:
    """Words that a person marked as an answer, with the sentence they stand in, as in a gold row."""

    source: str
    text: str
    start: int
    end: int
    evidence_start: int
    evidence_end: int


def evidence(text: str, start: int, end: int) -> tuple[int, int]:
    """Start and end of the sentence, or line, around a range of a text; at most EVIDENCE characters on each side."""
    low, high = max(0, start - EVIDENCE), min(len(text), end + EVIDENCE)
    before = [match.end() for match in ENDS.finditer(text, low, start)]
    low = before[-1] if before else low
    after = ENDS.search(text, end, high)
    high = after.end() if after else high
    inside = text[low:high]
    return low + min(start - low, len(inside) - len(inside.lstrip())), max(end, low + len(inside.rstrip()))


def row_of(
    question: str, history: Sequence[str], kind: str, answers: Sequence[MarkedAnswer], language: str = "en"
) -> Row:
    """A gold row. The id depends on question and history only, so a later row replaces an earlier one.

    kind: RIGHT, WRONG or NONE. language: of the passages, used where the question is too short to tell.
    """
    asked = json.dumps([question, *history]).encode()
    return {
        "id": f"f-{hashlib.sha256(asked).hexdigest()[:12]}",
        "question": question,
        "lang": language_of(question, language, letters=12),
        "kind": kind,
        **({"history": list(history)} if history else {}),
        "answers": [asdict(answer) for answer in answers],
    }


def append_row(store: Path, row: Row) -> None:
    """Adds a row to the store's feedback, in the place of an earlier one on the same question.

    Raises StoreBusy, VerbatimError where the store cannot be written.
    """
    rewrite(store, lambda held: [*(one for one in held if one["id"] != row["id"]), row])


def erase_outdated(store: Path, text_of: Callable[[str], str | None]) -> int:
    """Erases the rows whose quotes are not in their documents any more; returns how many. Raises as `append_row`.

    text_of: the text of the document of a name, None where there is none.
    """
    texts: dict[str, str | None] = {}

    def holds(row: Row) -> bool:
        for answer in row["answers"]:
            if answer["source"] not in texts:
                texts[answer["source"]] = text_of(answer["source"])
            text = texts[answer["source"]]
            if text is None or str(answer.get("text", "")) not in text:
                return False
        return True

    rows.clear(store / FEEDBACK_FILE)
    before = read_rows(store)
    gone = sum(not holds(row) for row in before)
    if gone:
        rewrite(store, lambda held: [row for row in held if holds(row)])
    return gone


def read_rows(store: Path) -> list[Row]:
    """The rows of the store's feedback; lines that are none are skipped. Raises VerbatimError."""
    return [row for row in rows.read_rows(store / FEEDBACK_FILE) if is_row(row)]


def is_row(row: Any) -> bool:
    answers = row.get("answers") if isinstance(row, Mapping) else None
    return isinstance(answers, list) and "id" in row and all(isinstance(a, Mapping) and "source" in a for a in answers)


def rewrite(store: Path, change: Callable[[list[Row]], list[Row]]) -> None:
    rows.rewrite(store / FEEDBACK_FILE, lambda held: change([row for row in held if is_row(row)]))
