"""Groups for training: what the program retrieves for a question, and passages of the same article."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from eval.training import reading_groups
from eval.training.reading_groups import Group, Read, article_groups, desk_group, load_groups, save_groups
from qa.answering.deciding import ScoredSpan
from qa.answering.qa import QA
from qa.answering.sentence_reader import SentenceReader
from qa.answering.span_reader import Calibration, SpanReader
from qa.types import Hit
from tests.helpers import FakeEmbedder, ingest, write

TEXT = "The wheel was built by Ada Brook in 1811. " * 2 + "It rains on the mill. " * 60 + "The wheel broke in 1902."


@pytest.fixture
def desk(tmp_path: Path, embedder: FakeEmbedder) -> Path:
    """A desk split of one batch, and its store beside it."""
    split = tmp_path / "desk"
    write(split, "en-mill/documents/mill.txt", TEXT)
    write(split, "en-mill/documents/rain.txt", "It rained in May. " * 5)
    start = TEXT.rindex("1902")
    row = {"question": "When did the wheel break?", "answers": [
        {"source": "mill.txt", "text": "1902", "start": start, "end": start + 4}]}  # fmt: skip
    write(split, "en-mill/gold.jsonl", json.dumps(row) + "\n" + json.dumps({"question": "Why?", "answers": []}))
    ingest(tmp_path / "store", split, embedder=embedder)
    return split


class LikesRain(SpanReader):
    """Marks the first word of every passage; of those about rain most surely."""

    def __init__(self) -> None:
        super().__init__(lambda: pytest.fail("the network was loaded"), Calibration())

    def find(self, question: str, hits: Sequence[Hit]) -> tuple[list[ScoredSpan], int]:
        passages = [hit.passage for hit in hits]
        found = [ScoredSpan(float(p.text.count("rain")), n, p.start, p.start + 3) for n, p in enumerate(passages)]
        return found, len(hits)


def test_a_desk_group_holds_what_is_retrieved_and_the_gold_spans(desk: Path, embedder: FakeEmbedder) -> None:
    row = json.loads((desk / "en-mill" / "gold.jsonl").read_text().splitlines()[0])
    with QA(desk.parent / "store", embedder, SentenceReader(embedder)) as qa:
        found = desk_group(qa, LikesRain(), row, Path("en-mill/documents"))
        retrieved = [hit.passage for hit in qa.retrieve(row["question"])]
    assert (found.question, found.source, found.answers) == (row["question"], "en-mill", ("1902",))
    assert sorted(read.passage for read in found.passages) == sorted(passage.text for passage in retrieved)
    rainy = [read.passage.count("rain") for read in found.passages]
    assert rainy == sorted(rainy, reverse=True)
    assert rainy[0] > rainy[-1]
    assert [read.passage[a:b] for read in found.passages for a, b in read.spans] == ["1902"]


def test_a_passage_with_the_answer_is_added_where_it_was_not_retrieved(
    desk: Path, embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = json.loads((desk / "en-mill" / "gold.jsonl").read_text().splitlines()[0])
    with QA(desk.parent / "store", embedder, SentenceReader(embedder)) as qa:
        monkeypatch.setattr(qa, "retrieve", lambda question: [])
        found = desk_group(qa, LikesRain(), row, Path("en-mill/documents"))
    assert [read.passage[a:b] for read in found.passages for a, b in read.spans] == ["1902"]


def test_groups_of_an_article_begin_with_the_question_s_own_passage(
    training_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_groups, "SHARE", dict.fromkeys(reading_groups.SHARE, 1.0))
    found = article_groups(training_folder, seed=1)
    assert {group.source for group in found} == set(reading_groups.SHARE)
    for group in found:
        own, *others = group.passages
        assert all(own.passage[a:b] in group.answers for a, b in own.spans)
        assert all(not read.spans for read in others)
        assert len(others) <= reading_groups.NEGATIVES
    own = [group for group in found if group.source == "squad"]
    assert all(answer not in read.passage for group in own for read in group.passages[1:] for answer in group.answers)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    groups = [Group("Who?", "desk", (Read("2020", "Ada.", ((0, 3),)), Read("", "Rain.")), ("Ada",))]
    save_groups(groups, tmp_path / "groups.jsonl")
    assert load_groups(tmp_path / "groups.jsonl") == groups
    assert [read.text for read in groups[0].passages] == ["2020\nAda.", "Rain."]
