"""The trained reader: one small network reads question and passage together and marks where the answer starts and ends.

A span's score is its start and end logit less those of the first token of its window, which stand for no answer: so
scores of different passages compare. Answering needs onnxruntime, tokenizers and numpy, no torch.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding, Tokenizer

from qa.answering.citing import span_of
from qa.answering.deciding import (
    DENIED,
    FEATURES,
    ScoredSpan,
    are_denied,
    confidences,
    features,
    whole_cells,
    with_named_cells,
)
from qa.answering.denied import denied_clause
from qa.answering.figures_asked import ToldApart, told_apart
from qa.answering.opposites import says_opposite
from qa.answering.own_words import asked_persons, is_of_another
from qa.answering.question import ASKS_CLAUSE
from qa.answering.quoting import QuoteBounds, answerable_ranges, clause, quotable, says_nothing
from qa.answering.stopping import STATE, STEP, Stopping, state
from qa.answering.view import views
from qa.errors import ModelUnavailable
from qa.text import Range
from qa.types import Findings, Hit, Passage

WEIGHTS, TOKENIZER, CALIBRATION = "reader.onnx", "tokenizer.json", "reader.json"
READ_HITS = 20  # passages read
WINDOW, STRIDE = 256, 64  # tokens of question and passage together; tokens that two windows of a passage share
QUESTION_TOKENS = 64  # of a longer question only the beginning is read
SPAN_TOKENS, SPAN_CHARS = 40, 300  # an answer at most, before its words are completed
QUOTED_CHARS = 400  # after that; only a very long "word" exceeds it
SPANS = 5  # of a passage
TRIES = 20  # spans looked at for that: some are mere punctuation

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


class Session(Protocol):
    """What is needed of `onnxruntime.InferenceSession`; threads may share it."""

    def run(self, output_names: Sequence[str], input_feed: dict[str, Ints]) -> Sequence[Any]:
        """Start and end logits, each float32 (1, tokens), of input_ids, attention_mask and token_type_ids."""
        ...


Load = Callable[[], tuple[Tokenizer, Session]]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What makes a confidence of what is known of a span; fitted by eval.calibrate, stored beside the weights."""

    weights: Mapping[str, float] = field(default_factory=lambda: {"score": 1.0})  # of deciding.FEATURES
    intercept: float = 0.0
    threshold: float = 0.5
    perhaps: float = 0.5  # confidence from which on what is no answer may still be right
    languages: tuple[str, ...] = ("en", "nl")  # that the model was trained for; `SpanReader` reads any
    stopping: Stopping | None = None  # None: READ_HITS passages are read


class SpanReader:
    """Marks answers in the best passages. Cheap to make; loads its network when first asked. Threads may share one."""

    def __init__(self, load: Load, calibration: Calibration, threads: int = 1) -> None:
        """load: gives tokenizer (without truncation and padding) and network; threads: windows read at a time."""
        self.calibration = calibration
        self.threshold, self.perhaps = calibration.threshold, calibration.perhaps
        self._load = load
        self._lock = threading.Lock()
        self._loaded: tuple[Tokenizer, Session] | None = None
        self._pool = ThreadPoolExecutor(threads, "reader") if threads > 1 else None

    @classmethod
    def open(
        cls, folder: Path, threads: int = 0, calibration: Calibration | None = None, weights: str = WEIGHTS
    ) -> SpanReader:
        """The reader in a folder; threads: 0 is as many as there are; calibration: default that in the folder.

        Raises ModelUnavailable.
        """
        missing = [name for name in (weights, TOKENIZER) if not (folder / name).is_file()]
        if missing:
            raise ModelUnavailable(f"the reader in {folder} has no {missing[0]}; install the package again")
        calibrated = calibration or read_calibration(folder / CALIBRATION)
        return cls(lambda: load(folder, weights), calibrated, threads or os.cpu_count() or 1)

    def read(self, question: str, hits: Sequence[Hit]) -> Findings:
        """Spans of the passages read, most confident first, at most SPANS of a passage, one a sentence."""
        c = self.calibration
        marked, read = self.find(question, hits)
        found = whole_cells(question, hits, marked)
        sure = confidences(features(question, hits, found), c.weights, c.intercept)
        sure = with_named_cells(question, hits, found, sure)
        spans = [
            span_of(hits[f.number], f.start, f.end, min(one, DENIED) if denied else one, denied)
            for f, one, denied in zip(found, sure, are_denied(question, hits, found), strict=True)
        ]
        return Findings(sorted(spans, key=lambda span: -span.confidence), read)

    def find(self, question: str, hits: Sequence[Hit]) -> tuple[list[ScoredSpan], int]:
        """The same spans by the network's scores alone; equal ones in order of the hits and in text order.

        And how many hits were read: the best READ_HITS, or fewer where the calibration says when it is enough.
        """
        persons = asked_persons(question, hits)
        hits, stopping = hits[:READ_HITS], self.calibration.stopping
        step = STEP if stopping else READ_HITS
        found: list[ScoredSpan] = []
        for read in range(0, len(hits), step):
            if stopping and read and stopping.enough(state(hits, [one for one in found if not one.denied], read)):
                return in_order(found), read
            of_step = self._mark(question, [hit.passage for hit in hits[read : read + step]])
            of_step = [one._replace(number=read + one.number) for one in of_step]
            found += [
                one
                for one in of_step
                if not is_of_another(question, persons, hits[one.number].passage, one.start, one.end)
                and not says_opposite(question, hits[one.number].passage, one.start, one.end)
            ]
        return in_order(found), len(hits)

    def _mark(self, question: str, passages: Sequence[Passage]) -> list[ScoredSpan]:
        """The spans of some passages, by passage; numbers count these passages."""
        tokenizer, session = self._model()
        cut = windows(tokenizer, question, passages)
        flat = [window for of_passage in cut for window in of_passage]
        # One window at a time, unpadded: as fast as a batch on a processor, and as int8 scales go by batch, a
        # passage's score would else depend on what is read beside it.
        outputs: Iterable[Logits] = (self._pool.map if self._pool else map)(lambda one: logits(session, one), flat)
        scored = iter(zip(flat, outputs, strict=True))
        found: list[ScoredSpan] = []
        for number, (passage, own_windows) in enumerate(zip(passages, cut, strict=True)):
            ranges = answerable_ranges(question, passage)
            best = best_spans(question, passage, ranges, [next(scored) for _ in own_windows])
            found += [ScoredSpan(score, number, passage.start + a, passage.start + b, no) for score, a, b, no in best]
        return found

    def _model(self) -> tuple[Tokenizer, Session]:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded


def in_order(found: Sequence[ScoredSpan]) -> list[ScoredSpan]:
    return sorted(found, key=lambda one: (-one.score, one.number, one.start))


def read_calibration(path: Path) -> Calibration:
    """The calibration in a file, which may hold further facts. Raises ModelUnavailable."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        usual = Calibration()
        weights = {name: float(value) for name, value in facts.get("weights", usual.weights).items()}
        if strange := weights.keys() - set(FEATURES):
            raise ValueError(f"it weighs {min(strange)}, which this version does not know")
        intercept, threshold = (float(facts.get(name, getattr(usual, name))) for name in ("intercept", "threshold"))
        perhaps = float(facts.get("perhaps", threshold))
        languages = tuple(map(str, facts.get("languages", usual.languages)))
        return Calibration(weights, intercept, threshold, perhaps, languages, read_stopping(facts.get("stopping")))
    except (OSError, LookupError, ValueError, TypeError, AttributeError) as error:
        raise ModelUnavailable(
            f"the reader's calibration cannot be read ({error}); install the package again"
        ) from error


def read_stopping(facts: Mapping[str, Any] | None) -> Stopping | None:
    """What the calibration says of when enough is read. Raises what `read_calibration` catches."""
    if facts is None:
        return None
    weights = {name: float(facts["weights"][name]) for name in STATE}
    return Stopping(weights, float(facts["intercept"]), float(facts["below"]))


def load(folder: Path, weights: str) -> tuple[Tokenizer, Session]:
    """Tokenizer and network. One thread a window: beside other work, two that wait for each other are slower."""
    import onnxruntime  # type: ignore[import-untyped]

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        session = onnxruntime.InferenceSession(str(folder / weights), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # neither library has a class of its own for a file that it cannot read
        raise ModelUnavailable(
            f"the reader in {folder} cannot be loaded ({error}); install the package again"
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer, session


# ---- tokens ----


class Window(NamedTuple):
    """A piece of question and passage as the network reads it, at most WINDOW tokens."""

    ids: Ints  # (tokens,)
    types: Ints  # (tokens,)
    offsets: Ints  # (tokens, 2): start and end in the passage's text; -1 for what is no part of it


Logits = tuple[Floats, Floats]  # of start and end, each (tokens,)


def windows(tokenizer: Tokenizer, question: str, passages: Sequence[Passage]) -> list[list[Window]]:
    """For each passage the windows in which it is read, its context line before it in the first one."""
    asked = tokenizer.encode(question.encode("utf-8", "replace").decode("utf-8"), add_special_tokens=False)
    asked.truncate(QUESTION_TOKENS)
    room = WINDOW - len(asked.ids) - tokenizer.num_special_tokens_to_add(True)
    seen = [views(passage) for passage in passages]
    flat = [view for of_passage in seen for view in of_passage]
    encodings = iter(tokenizer.encode_batch([view.text for view in flat], add_special_tokens=False))
    cut: list[list[Window]] = []
    for of_passage in seen:
        cut.append([])
        for view in of_passage:
            encoding = next(encodings)
            encoding.truncate(room, stride=STRIDE)
            blank = np.array([*map(str.isspace, view.text), False])
            parts = [encoding, *encoding.overflowing]
            cut[-1] += [window_of(tokenizer.post_process(asked, part), view.origin, blank) for part in parts]
    return cut


def window_of(encoding: Encoding, origin: Ints, blank: npt.NDArray[np.bool_]) -> Window:
    """origin, blank: of each character of the text read its place in the passage's text, and whether it is a space."""
    offsets = np.array(encoding.offsets, np.int64).reshape(-1, 2)
    offsets[[part != 1 for part in encoding.sequence_ids]] = 0
    offsets[:, 0] += blank[offsets[:, 0]]  # some tokenizers count the space before a word as its beginning
    filled = offsets[:, 0] < offsets[:, 1]
    first, last = (origin[np.where(filled, at, 0)] for at in (offsets[:, 0], offsets[:, 1] - 1))
    own = filled & (first >= 0) & (last >= first)
    offsets = np.where(own[:, None], np.stack([first, last + 1], axis=1), -1)
    return Window(np.array(encoding.ids, np.int64), np.array(encoding.type_ids, np.int64), offsets)


def logits(session: Session, window: Window) -> Logits:
    """Start and end logits of one window, each (tokens,)."""
    feed = {"input_ids": window.ids, "attention_mask": np.ones_like(window.ids), "token_type_ids": window.types}
    start, end = session.run(["start_logits", "end_logits"], {name: array[None] for name, array in feed.items()})
    return start[0], end[0]


# ---- spans ----


@dataclass(frozen=True, slots=True)
class SpanScores:
    """All spans of a window: row = first token, column = how many more. Scores are -inf where none may stand."""

    scores: Floats  # (tokens, SPAN_TOKENS)
    starts: Ints  # (tokens, 1), in the passage's text
    ends: Ints  # (tokens, SPAN_TOKENS)

    def best(self) -> tuple[float, int, int]:
        """(score, start, end) of the best span."""
        row, column = np.unravel_index(int(self.scores.argmax()), self.scores.shape)
        return float(self.scores[row, column]), int(self.starts[row, 0]), int(self.ends[row, column])

    def strike(self, start: int, end: int) -> None:
        """Takes out every span that overlaps a range."""
        self.scores[(self.starts < end) & (self.ends > start)] = -np.inf

    def confine(self, apart: ToldApart) -> None:
        """Leaves of a sentence the spans that hold a figure of the year asked for, and none of another year."""
        (low, high), held = apart.sentence, np.zeros_like(self.scores, bool)
        for start, end in apart.asked:
            held |= (self.starts <= start) & (self.ends >= end)
        self.scores[(self.starts < high) & (self.ends > low) & ~held] = -np.inf
        for start, end in apart.others:
            self.strike(start, end)


def span_scores(window: Window, start: Floats, end: Floats, ranges: Sequence[Range]) -> SpanScores:
    """The spans that lie in one range and are short enough, scored above the no-answer of the first token."""
    tokens = len(window.ids)
    last = np.arange(tokens)[:, None] + np.arange(min(SPAN_TOKENS, tokens))
    last = np.minimum(last, tokens - 1)
    starts, ends = window.offsets[:, :1], window.offsets[:, 1][last]
    own = range_of_token(window.offsets, ranges)
    allowed = (own[:, None] >= 0) & (own[:, None] == own[last]) & (ends - starts <= SPAN_CHARS)
    scores = start[:, None] + end[last] - (start[0] + end[0])
    return SpanScores(np.where(allowed, scores, -np.inf).astype(np.float32), starts, ends)


def range_of_token(offsets: Ints, ranges: Sequence[Range]) -> Ints:
    """(tokens,): the number of the range that a token lies in whole, -1 for none."""
    if not ranges:
        return np.full(len(offsets), -1, np.int64)
    begins, finishes = np.array(ranges, np.int64).T
    number = np.searchsorted(begins, offsets[:, 0], "right") - 1
    return np.where((number >= 0) & (offsets[:, 1] <= finishes[number]), number, -1)


def best_spans(
    question: str, passage: Passage, ranges: Sequence[Range], scored: Sequence[tuple[Window, Logits]]
) -> Iterator[tuple[float, int, int, bool]]:
    """At most SPANS (score, start, end, denied) in the passage's text, best first, none in a better one's sentence.

    Where one clause of a sentence denies what is asked, another may answer. Two windows may both hold a span:
    its better score counts. To why and how a whole clause is the answer.
    """
    whole_clauses = bool(ASKS_CLAUSE.search(question))
    all_scores = [span_scores(window, *scores, ranges) for window, scores in scored]
    sentences = [(a - passage.start, b - passage.start) for a, b in passage.sentences]
    given: list[Range] = []
    for _ in range(TRIES):
        score, start, end = max((one.best() for one in all_scores), key=lambda best: best[0])
        if score == -np.inf or len(given) == SPANS:
            return
        low, high = next((a, b) for a, b in ranges if a <= start < b)
        bounds = QuoteBounds(passage.text, low, high, sentences)
        quote = quotable(bounds, start, end)
        if quote and whole_clauses:
            quote = clause(bounds, *quote)
        if quote and (apart := told_apart(question, passage, *quote)):
            for one in all_scores:
                one.confine(apart)
            continue
        if quote and says_nothing(passage.text[slice(*quote)]):
            quote = None
        if quote and quote[1] - quote[0] <= QUOTED_CHARS and not any(a < quote[1] and quote[0] < b for a, b in given):
            given.append(quote)
            denied = denied_clause(question, passage, passage.start + quote[0], passage.start + quote[1])
            yield score, *quote, denied is not None
            own = [(denied[0] - passage.start, denied[1] - passage.start)] if denied else sentences
            within = [(a, b) for a, b in own if a < quote[1] and quote[0] < b]
            start, end = min(start, quote[0], *(a for a, _ in within)), max(end, quote[1], *(b for _, b in within))
        for one in all_scores:
            one.strike(start, end)
