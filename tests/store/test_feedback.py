"""Feedback: rows that `eval.gold add` takes, one for each question, erased with their documents."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from eval import gold
from qa.store.feedback import FEEDBACK_FILE, NONE, RIGHT, WRONG, MarkedAnswer, append_row, evidence, read_rows, row_of
from tests.helpers import DOCUMENTS, Stopped, bytes_within, change, ingest

TEXT = DOCUMENTS["bridge.txt"]


def marked(words: str, name: str = "bridge.txt") -> MarkedAnswer:
    start = TEXT.index(words)
    return MarkedAnswer(name, words, start, start + len(words), *evidence(TEXT, start, start + len(words)))


def test_a_row_of_feedback_is_added_to_a_gold_file(store: Path, tmp_path: Path) -> None:
    append_row(store, row_of("What will the bridge cost?", [], RIGHT, [marked("4.2 million euros")]))
    append_row(store, row_of("When does work begin?", ["What will the bridge cost?"], RIGHT, [marked("September")]))
    append_row(store, row_of("Who won the elections in Peru?", [], NONE, []))
    to = tmp_path / "gold.jsonl"
    assert gold.main(["add", str(store / FEEDBACK_FILE), "--to", str(to), "--store", str(store)]) == 0
    rows = gold.load_gold(to)
    assert [len(row.answers) for row in rows] == [1, 1, 0]
    assert rows[1].history == ("What will the bridge cost?",)
    answer = rows[0].answers[0]
    assert TEXT[answer.evidence_start : answer.evidence_end].startswith("It will cost 4.2 million euros")
    assert TEXT[answer.evidence_start : answer.evidence_end].endswith("in 2019.")


def test_what_is_only_wrong_is_no_gold(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append_row(store, row_of("What will the bridge cost?", [], WRONG, []))
    append_row(store, row_of("When does work begin?", [], RIGHT, [marked("September")]))
    to = tmp_path / "gold.jsonl"
    assert gold.main(["add", str(store / FEEDBACK_FILE), "--to", str(to), "--store", str(store)]) == 0
    assert [row.question for row in gold.load_gold(to)] == ["When does work begin?"]
    assert "1 question only says what is wrong" in "".join(capsys.readouterr())


def test_a_later_row_on_a_question_replaces_the_earlier_one(store: Path) -> None:
    append_row(store, row_of("What will it cost?", [], WRONG, []))
    append_row(store, row_of("What will it cost?", ["Which bridge?"], NONE, []))
    append_row(store, row_of("What will it cost?", [], RIGHT, [marked("4.2 million euros")]))
    assert [(row["kind"], len(row["answers"])) for row in read_rows(store)] == [(NONE, 0), (RIGHT, 1)]


def test_an_erased_document_is_erased_from_the_feedback(store: Path, folder: Path) -> None:
    shutil.copy(folder / "bridge.txt", folder / "copy.txt")
    ingest(store)
    append_row(store, row_of("What will it cost?", [], RIGHT, [marked("4.2 million euros")]))
    append_row(store, row_of("Who wrote it?", [], RIGHT, [marked("Ruth Visser"), marked("September", "copy.txt")]))
    append_row(store, row_of("When?", [], WRONG, [marked("September", "copy.txt")]))
    append_row(store, row_of("Who won the elections in Peru?", [], NONE, []))
    ingest(store)
    assert len(read_rows(store)) == 4
    (folder / "copy.txt").unlink()
    ingest(store)
    assert [row["question"] for row in read_rows(store)] == ["What will it cost?", "Who won the elections in Peru?"]
    assert b"Visser" not in (store / FEEDBACK_FILE).read_bytes()


def test_what_a_changed_document_no_longer_says_is_erased_from_the_feedback(store: Path, folder: Path) -> None:
    append_row(store, row_of("What will it cost?", [], RIGHT, [marked("4.2 million euros")]))
    append_row(store, row_of("When does work begin?", [], RIGHT, [marked("September")]))
    change(folder / "bridge.txt", "4.2 million", "5.1 million")
    ingest(store)
    assert [row["question"] for row in read_rows(store)] == ["When does work begin?"]
    assert b"4.2 million" not in bytes_within(store)


@pytest.mark.parametrize(
    "step",
    ["qa.ingestion.publishing.erase_outdated", "qa.store.writer.CatalogWriter.purge"],
    ids=["feedback", "catalog"],
)
def test_what_a_killed_ingest_did_not_erase_the_next_one_erases(
    store: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    append_row(store, row_of("What will it cost?", [], RIGHT, [marked("4.2 million euros")]))
    (folder / "bridge.txt").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(step, stop)
        with pytest.raises(Stopped):
            ingest(store)
    ingest(store)
    assert read_rows(store) == []
    assert b"4.2 million" not in bytes_within(store)


def stop(*_: object) -> None:
    raise Stopped


def test_a_line_that_is_no_row_is_skipped(store: Path) -> None:
    append_row(store, row_of("When?", [], NONE, []))
    with (store / FEEDBACK_FILE).open("a") as stream:
        stream.write('{"id": "f-1", "answ\n[]\n7\n')
    append_row(store, row_of("Who?", [], NONE, []))
    assert [row["question"] for row in read_rows(store)] == ["When?", "Who?"]
    assert all(json.loads(line) for line in (store / FEEDBACK_FILE).read_text().splitlines())


def test_a_short_question_gets_the_language_of_the_passages(store: Path) -> None:
    assert row_of("Hoeveel kostte de reparatie van het gemaal in Marreland?", [], NONE, [])["lang"] == "nl"
    assert row_of("x", [], NONE, [], "nl")["lang"] == "nl"


@pytest.mark.parametrize("words", ["Council", "Kade bridge on Tuesday", "ring road."])
def test_evidence_is_the_sentence_around_an_answer(words: str) -> None:
    one = marked(words)
    assert one.evidence_start <= one.start < one.end <= one.evidence_end
    assert TEXT[one.evidence_start : one.evidence_end].strip() == TEXT[one.evidence_start : one.evidence_end]
    assert len(TEXT[one.evidence_start : one.evidence_end]) < 200
