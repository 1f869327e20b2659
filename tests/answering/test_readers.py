"""Which reader reads what: by the language of the question and of the passages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from qa.answering import readers
from qa.answering.readers import ByLanguage, open_reader
from qa.answering.sentence_reader import SentenceReader
from qa.answering.span_reader import Calibration
from qa.errors import ModelUnavailable
from qa.types import Findings, Hit, Passage, Source, Span
from tests.helpers import FakeEmbedder

ENGLISH = "How much did the new engine of the ferry cost?"
DUTCH = "Hoeveel kostte de nieuwe motor van de veerboot?"


class Noting:
    """A reader that notes what it is given and finds each passage whole."""

    def __init__(self, confidence: float, languages: tuple[str, ...] = ()) -> None:
        self.confidence = confidence
        self.calibration = Calibration(threshold=0.6, perhaps=0.4, languages=languages)
        self.threshold = 0.6 if languages else 0.3
        self.perhaps = self.threshold
        self.given: list[str] = []

    def read(self, question: str, hits: Sequence[Hit]) -> Findings:
        self.given = [hit.passage.source.name for hit in hits]
        return Findings([Span(hit, 0, 4, 0, 4, self.confidence - n / 100) for n, hit in enumerate(hits)], len(hits))


def hit(name: str, language: str) -> Hit:
    return Hit(Passage(name, Source(name, name, "0" * 64, "", None), 0, 4, "text", "", language, ((0, 4),)), 1.0)


HITS = [hit("a", "en"), hit("b", "nl"), hit("c", "und"), hit("d", "en")]


def ask(question: str, hits: Sequence[Hit] = HITS, sure: float = 0.5) -> tuple[Noting, Noting, list[Span]]:
    trained, other = Noting(sure, ("en",)), Noting(sure - 0.005)
    found = ByLanguage(trained, other).read(question, hits)  # type: ignore[arg-type]
    assert found.read == len(trained.given) + len(other.given)
    return trained, other, found.spans


def test_the_trained_reader_gets_its_languages_and_the_other_one_the_rest() -> None:
    trained, other, spans = ask(ENGLISH)
    assert (trained.given, other.given) == (["a", "c", "d"], ["b"])
    assert [span.source.name for span in spans] == ["a", "b", "c", "d"]  # by confidence: .5, .495, .49, .48


def test_only_the_trained_reader_s_spans_are_used_where_one_reaches_the_threshold() -> None:
    trained, other, spans = ask(ENGLISH, sure=0.605)  # only its first span reaches the threshold
    assert (trained.given, other.given) == (["a", "c", "d"], [])
    assert [span.source.name for span in spans] == ["a", "c", "d"]


def test_a_question_in_another_language_is_read_by_the_other_reader_alone() -> None:
    trained, other, _ = ask(DUTCH)
    assert (trained.given, other.given) == ([], ["a", "b", "c", "d"])


def test_a_question_too_short_to_tell_is_taken_for_the_language_of_the_passages() -> None:
    assert ask("1953?")[0].given == ["a", "c", "d"]
    assert ask("1953?", [hit("b", "nl"), hit("e", "nl"), hit("a", "en")])[0].given == []
    assert ask("1953?", [])[2] == []


def test_the_threshold_is_the_trained_reader_s() -> None:
    assert ByLanguage(Noting(0.7, ("en",)), Noting(0.1)).threshold == 0.6  # type: ignore[arg-type]


def test_a_reader_is_opened_by_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert isinstance(open_reader("span", FakeEmbedder()), ByLanguage)  # the weights come with the package
    assert isinstance(open_reader("sentence", FakeEmbedder()), SentenceReader)
    monkeypatch.setattr(readers, "WEIGHTS", tmp_path)
    with pytest.raises(ModelUnavailable, match="install the package again"):
        open_reader("span", FakeEmbedder())
