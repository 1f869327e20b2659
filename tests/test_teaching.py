"""Feedback: rows that `eval.gold add` takes, one for each question, erased with their documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval import gold
from qa.teaching import FILE_NAME, NONE, RIGHT, WRONG, Taught, append, evidence, forget, read, row_of
from tests.conftest import DOCUMENTS, bytes_within, ingest

TEXT = DOCUMENTS["bridge.txt"]


def taught(words: str, name: str = "bridge.txt") -> Taught:
    start = TEXT.index(words)
    return Taught(name, words, start, start + len(words), *evidence(TEXT, start, start + len(words)))


def test_a_row_of_feedback_is_added_to_a_gold_file(store: Path, tmp_path: Path) -> None:
    append(store, row_of("What will the bridge cost?", [], RIGHT, [taught("4.2 million euros")]))
    append(store, row_of("When does work begin?", ["What will the bridge cost?"], RIGHT, [taught("September")]))
    append(store, row_of("Who won the elections in Peru?", [], NONE, []))
    to = tmp_path / "gold.jsonl"
    assert gold.main(["add", str(store / FILE_NAME), "--to", str(to), "--store", str(store)]) == 0
    rows = gold.load_gold(to)
    assert [len(row.answers) for row in rows] == [1, 1, 0]
    assert rows[1].history == ("What will the bridge cost?",)
    answer = rows[0].answers[0]
    assert TEXT[answer.evidence_start : answer.evidence_end].startswith("It will cost 4.2 million euros")
    assert TEXT[answer.evidence_start : answer.evidence_end].endswith("in 2019.")


def test_what_is_only_wrong_is_no_gold(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(store, row_of("What will the bridge cost?", [], WRONG, []))
    append(store, row_of("When does work begin?", [], RIGHT, [taught("September")]))
    to = tmp_path / "gold.jsonl"
    assert gold.main(["add", str(store / FILE_NAME), "--to", str(to), "--store", str(store)]) == 0
    assert [row.question for row in gold.load_gold(to)] == ["When does work begin?"]
    assert "1 question only says what is wrong" in "".join(capsys.readouterr())


def test_the_last_word_on_a_question_counts(store: Path) -> None:
    append(store, row_of("What will it cost?", [], WRONG, []))
    append(store, row_of("What will it cost?", ["Which bridge?"], NONE, []))
    append(store, row_of("What will it cost?", [], RIGHT, [taught("4.2 million euros")]))
    assert [(row["kind"], len(row["answers"])) for row in read(store)] == [(NONE, 0), (RIGHT, 1)]


def test_an_erased_document_is_erased_from_the_feedback(store: Path) -> None:
    append(store, row_of("What will it cost?", [], RIGHT, [taught("4.2 million euros")]))
    append(store, row_of("Who wrote it?", [], RIGHT, [taught("Ruth Visser"), taught("September", "copy.txt")]))
    append(store, row_of("When?", [], RIGHT, [taught("September", "copy.txt")]))
    assert forget(store, ["copy.txt"]) == 2
    assert forget(store, ["copy.txt"]) == 0
    assert [row["question"] for row in read(store)] == ["What will it cost?"]
    assert b"Visser" not in (store / FILE_NAME).read_bytes()
    assert forget(store, ["bridge.txt"]) == 1


def test_a_torn_line_is_passed_over(store: Path) -> None:
    append(store, row_of("When?", [], NONE, []))
    with (store / FILE_NAME).open("a") as stream:
        stream.write('{"id": "f-1", "answ\n[]\n7\n')
    append(store, row_of("Who?", [], NONE, []))
    assert [row["question"] for row in read(store)] == ["When?", "Who?"]
    assert all(json.loads(line) for line in (store / FILE_NAME).read_text().splitlines())


def test_a_language_is_told(store: Path) -> None:
    assert row_of("Hoeveel kostte de reparatie van het gemaal in Marreland?", [], NONE, [])["lang"] == "nl"
    assert row_of("x", [], NONE, [], "nl")["lang"] == "nl"


@pytest.mark.parametrize("words", ["Council", "Kade bridge on Tuesday", "ring road."])
def test_evidence_is_the_sentence_around_an_answer(words: str) -> None:
    one = taught(words)
    assert one.evidence_start <= one.start < one.end <= one.evidence_end
    assert TEXT[one.evidence_start : one.evidence_end].strip() == TEXT[one.evidence_start : one.evidence_end]
    assert len(TEXT[one.evidence_start : one.evidence_end]) < 200


def test_an_ingest_that_removes_a_document_erases_what_was_said_of_it(store: Path, folder: Path) -> None:
    append(store, row_of("What will it cost?", [], RIGHT, [taught("4.2 million euros")]))
    append(store, row_of("Who won?", [], NONE, []))
    (folder / "bridge.txt").unlink()
    ingest(store, folder)
    assert [row["question"] for row in read(store)] == ["Who won?"]
    assert b"4.2 million euros" not in bytes_within(store)
