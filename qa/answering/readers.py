"""What a reader is, and which one reads what: the trained one where it knows the language, else the sentence reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from qa.answering.sentence_reader import QuestionEmbedder, SentenceReader
from qa.answering.span_reader import SpanReader
from qa.language import language_of
from qa.types import Findings, Hit

WEIGHTS = Path(__file__).parents[1] / "weights"  # of the trained reader; its model card lies there too
UNKNOWN = "und"  # names, figures, tables: any reader may try


class Reader(Protocol):
    """Finds answers in retrieved passages."""

    threshold: float  # confidence from which on an answer is given
    perhaps: float  # confidence from which on what is no answer is shown as one that may be right

    def read(self, question: str, hits: Sequence[Hit]) -> Findings:
        """Spans, best first, at most one for each sentence; with confidence, whatever the threshold."""
        ...


def open_reader(name: str, embedder: QuestionEmbedder, threads: int = 0) -> Reader:
    """The reader of that name in the settings: "span", the trained one, or "sentence". Raises ModelUnavailable."""
    sentences = SentenceReader(embedder)
    make: dict[str, Callable[[], Reader]] = {
        "span": lambda: ByLanguage(SpanReader.open(WEIGHTS, threads), sentences),
        "sentence": lambda: sentences,
    }
    return make[name]()


class ByLanguage:
    """The trained reader for questions and passages in its languages, another one for the rest.

    Where a span of the trained reader reaches the threshold, only its spans are used: the other one, which compares
    meanings, is overconfident across languages. Else the spans of both are ranked together by their confidence, which
    is calibrated for each reader.
    """

    def __init__(self, trained: SpanReader, other: Reader) -> None:
        self.trained, self.other = trained, other
        self.threshold, self.perhaps = trained.threshold, trained.perhaps

    def read(self, question: str, hits: Sequence[Hit]) -> Findings:
        """Spans of both, or of the trained reader alone, best first."""
        known = {*self.trained.calibration.languages, UNKNOWN}
        if asked_in(question, hits) not in known:
            return self.other.read(question, hits)
        readable = [hit for hit in hits if hit.passage.language in known]
        rest = [hit for hit in hits if hit.passage.language not in known]
        found = self.trained.read(question, readable)
        if not rest or any(span.confidence >= self.threshold for span in found.spans):
            return found
        more = self.other.read(question, rest)
        return Findings(sorted([*found.spans, *more.spans], key=lambda span: -span.confidence), found.read + more.read)


def asked_in(question: str, hits: Sequence[Hit]) -> str:
    """The question's language; where it is too short to tell, that of most of the passages found."""
    usual = Counter(hit.passage.language for hit in hits).most_common(1)
    return language_of(question, usual[0][0] if usual else UNKNOWN, letters=12)
