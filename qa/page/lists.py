"""Lists of questions of the page's visitors: asked in the background, kept in the store, asked again and compared.

As with conversations the file holds questions and places, no text of any document. So that an answer can be compared
with one whose document has gone since, it also holds a keyed hash of each answer's words.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from qa.answering.questions import Listed, named_within, parse_questions
from qa.answering.render import to_json
from qa.errors import UsageError
from qa.page import history
from qa.page.history import TOKEN, Exchange
from qa.store.conversations import FOLDER
from qa.system import put_in_place
from qa.text import encodable, equality_key
from qa.types import Passage, Source, Within

log = logging.getLogger(__name__)

MOST = 2000  # questions of a list
KEPT = 200  # lists kept: those written last
FIRST_TURN = 1_000_000  # the page counts the questions of a list as turns from here on, those of a conversation from 0
HELD = 50  # lists in memory, beside those being asked
EVERY = 2.0  # seconds between two writings of a list that is being asked

Ask = Callable[[str, Within | None], Exchange]


class Said(NamedTuple):
    """What an earlier run answered."""

    key: str  # equal for equal words
    document: str
    start: int
    end: int
    text: str = ""  # known only while the page that asked it runs


@dataclass
class Row:
    """A question of a list."""

    listed: Listed
    within: Within | None
    exchange: Exchange | None = None  # None: not asked yet
    waits: bool = True  # to be asked, for the first time or again
    now: tuple[Said, ...] = ()  # what the exchange says; it outlasts the text of its documents
    before: tuple[Said, ...] | None = None  # what the run before said; None: there was none
    stamp: int = 0  # the list's version when this row last changed

    @property
    def change(self) -> str:
        """What a further run has brought: "new", "changed" or "gone", or nothing."""
        if self.before is None or self.waits or not self.exchange or not self.exchange.answer:
            return ""
        keys, earlier = ({said.key for said in some} for some in (self.now, self.before))
        if keys == earlier:
            return ""
        return "new" if not earlier else "gone" if not keys else "changed"


@dataclass
class QuestionList:
    """A visitor's list. `lock` is held by who reads or changes more than one field of it."""

    rows: list[Row]
    state: str  # of the documents, when the run began
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    running: bool = False
    version: int = 0
    written: float = 0.0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def touch(self, row: Row) -> None:
        self.version += 1
        row.stamp = self.version


class Store(Protocol):
    """What is needed of `qa.answering.qa.QA`."""

    store: Path

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]: ...
    def sources(self) -> list[Source]: ...
    def languages(self) -> dict[str, int]: ...


class Lists:
    """Every visitor's list. One question of a list is read at a time, those of several lists in turn."""

    def __init__(self, qa: Store, ask: Ask) -> None:
        """ask: answers a question, and never raises."""
        self.qa = qa
        self.ask = ask
        self.held: dict[str, QuestionList] = {}
        self.lock = threading.RLock()
        self.worker = ThreadPoolExecutor(1, "list")

    def close(self) -> None:
        """Waits for the question being read. A list that was not done can be gone on with."""
        for each in list(self.held.values()):
            each.running = False
        self.worker.shutdown(cancel_futures=True)

    # ---- what a visitor does ----

    def of(self, token: str, last: str = "") -> QuestionList | None:
        """The list of a visitor; None where there is none. last: whose copy a new tab goes on with."""
        with self.lock:
            if token not in self.held and TOKEN.fullmatch(token):
                found = load(self.qa, token)
                if found is None and last != token and (found := load(self.qa, last)):
                    save(self.qa.store, token, found)
                if found:
                    self.hold(token, found)
            return self.held.get(token)

    def hold(self, token: str, asked: QuestionList) -> None:
        """Keeps a list at hand, and the HELD last ones beside it; the others come from their files again."""
        self.held[token] = asked
        idle = [one for one, each in self.held.items() if not each.running and one != token]
        for one in idle[: max(0, len(self.held) - HELD)]:
            del self.held[one]

    def start(self, token: str, text: str, name: str = "", within: Within | None = None) -> list[str]:
        """Begins to ask the questions in a text; returns what to know about how it was read. Raises UsageError.

        name: of the file that it was read from. within: what is asked where a row names no part of its own.
        """
        if not TOKEN.fullmatch(token):
            raise UsageError("the page has lost its place: load it again")
        listed, notes = parse_questions(encodable(text), name or "the list")
        if len(listed) > MOST:
            raise UsageError(
                f"the list has {len(listed):,} questions; the page takes {MOST:,}, qa ask --batch any number"
            )
        names, languages = [source.name for source in self.qa.sources()], self.qa.languages()
        rows = []
        for one in listed:
            if one.history:
                raise UsageError(f"question {one.id} goes on from others; qa ask --batch takes such lists")
            try:
                rows.append(Row(one, named_within(one.part, names, languages) or within))
            except UsageError as error:
                raise UsageError(f"question {one.id}: {error}") from error
        with self.lock:
            self.clear(token)
            self.hold(token, QuestionList(rows, documents_now(self.qa)))
        self.go_on(token)
        return notes

    def go_on(self, token: str) -> None:
        """Asks what still waits."""
        asked = self.of(token)
        if asked:
            with asked.lock:
                begins = not asked.running and any(row.waits for row in asked.rows)
                asked.running = asked.running or begins
            if begins:
                self.worker.submit(self.step, token, asked)

    def again(self, token: str) -> None:
        """Asks all questions again; each answer is compared with the one before."""
        asked = self.of(token)
        if not asked or asked.running:
            return
        with asked.lock:
            for row in asked.rows:
                if not row.waits:
                    row.before = row.now
                row.waits = True
                asked.touch(row)
            asked.state = documents_now(self.qa)
        self.go_on(token)

    def stop(self, token: str) -> None:
        asked = self.of(token)
        if asked:
            asked.running = False

    def clear(self, token: str) -> None:
        """Forgets a visitor's list."""
        with self.lock:
            self.stop(token)
            self.held.pop(token, None)
            if TOKEN.fullmatch(token):
                path_of(self.qa.store, token).unlink(missing_ok=True)

    def exchange(self, token: str, turn: int) -> Exchange | None:
        """The question that the page counts as that turn, with its answer."""
        asked, number = self.of(token), turn - FIRST_TURN
        return asked.rows[number].exchange if asked and 0 <= number < len(asked.rows) else None

    def is_outdated(self, asked: QuestionList) -> bool:
        """Whether documents have come, gone or changed since the list was asked."""
        return asked.state != documents_now(self.qa)

    # ---- asking ----

    def step(self, token: str, asked: QuestionList) -> None:
        """Asks one question, and hands the next one to the worker: lists take turns."""
        row = next((row for row in asked.rows if row.waits), None)
        if row and asked.running:
            exchange = self.ask(row.listed.question, row.within)
            with asked.lock:
                row.exchange, row.waits = exchange, False
                if exchange.answer:
                    row.now = tuple(said_by(exchange, asked.salt))
                asked.touch(row)
        with asked.lock:
            asked.running = asked.running and any(row.waits for row in asked.rows)
            asked.version += 1
        with self.lock:  # else a list that is being forgotten could come back as a file
            if self.held.get(token) is asked and (not asked.running or time.monotonic() - asked.written > EVERY):
                save(self.qa.store, token, asked)
        if asked.running:
            try:
                self.worker.submit(self.step, token, asked)
            except RuntimeError:  # the page is being closed
                asked.running = False


def documents_now(qa: Store) -> str:
    """Differs whenever the store holds other documents."""
    held = sorted((source.name, source.sha256) for source in qa.sources())
    return hashlib.sha256(json.dumps(held).encode()).hexdigest()


def said_by(exchange: Exchange, salt: bytes) -> Iterator[Said]:
    assert exchange.answer is not None
    for span in exchange.answer.spans:
        key = hmac.digest(salt, equality_key(span.text), "sha256").hex()
        yield Said(key, span.source.name, span.start, span.end, span.text)


def objects_of(asked: QuestionList) -> Iterator[dict[str, Any]]:
    """The public object of each question, as `tables` writes it; one that has no answer says why."""
    with asked.lock:
        rows = list(asked.rows)
    for row in rows:
        exchange = row.exchange
        made: dict[str, Any] = (
            to_json(exchange.answer, row.listed.id)
            if exchange and exchange.answer
            else {
                "id": row.listed.id,
                "question": row.listed.question,
                "answered": None,
                "confidence": None,
                "answers": [],
                "problem": exchange.problem if exchange else "not asked yet",
            }
        )
        made |= {"within": row.within.facts} if row.within else {}
        yield made | ({"change": row.change} if row.before is not None else {})


# ---- keeping ----


def path_of(store: Path, token: str) -> Path:
    return store / FOLDER / f"{token}.list"


def save(store: Path, token: str, asked: QuestionList) -> None:
    """Writes a list under a visitor's token. Logs an OSError, raises none."""
    path = path_of(store, token)
    with asked.lock:
        facts = {
            "state": asked.state,
            "salt": asked.salt.hex(),
            "rows": [facts_of(row) for row in asked.rows],
        }
        asked.written = time.monotonic()
    try:
        path.parent.mkdir(exist_ok=True)
        part = path.with_suffix(".list-part")
        part.write_text(json.dumps(facts), encoding="utf-8")
        put_in_place(part, path)
        lists = sorted(path.parent.glob("*.list"), key=lambda one: one.stat().st_mtime, reverse=True)
        for old in lists[KEPT:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        log.warning("the list of questions is not kept: %s", error)


def facts_of(row: Row) -> dict[str, Any]:
    exchange = row.exchange
    return {
        "id": row.listed.id,
        "question": row.listed.question,
        "within": row.within.facts if row.within else None,
        "waits": row.waits,
        "problem": exchange.problem if exchange else None,
        "answer": history.row_of(exchange) if exchange and exchange.answer else None,
        "now": [said[:4] for said in row.now],  # no text
        "before": None if row.before is None else [said[:4] for said in row.before],
    }


def load(qa: Store, token: str) -> QuestionList | None:
    """The list saved under a token; None where there is no such file, or an unreadable one."""
    if not TOKEN.fullmatch(token):
        return None
    try:
        facts = json.loads(path_of(qa.store, token).read_text(encoding="utf-8"))
        answers = [row["answer"] for row in facts["rows"] if row["answer"]]
        exchanges = iter(history.restored(answers, qa))
        rows = [row_of(row, next(exchanges) if row["answer"] else None) for row in facts["rows"]]
        return QuestionList(rows, str(facts["state"]), bytes.fromhex(facts["salt"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def row_of(facts: Mapping[str, Any], exchange: Exchange | None) -> Row:
    if exchange is None and facts["problem"] is not None:
        exchange = Exchange(facts["question"], problem=str(facts["problem"]), alone=True)
    now, before = (
        None if some is None else tuple(Said(*one) for one in some) for some in (facts["now"], facts["before"])
    )
    return Row(
        Listed(facts["id"], facts["question"]),
        Within.of(facts["within"]) if facts["within"] else None,
        exchange,
        bool(facts["waits"]),
        now or (),
        before,
    )
