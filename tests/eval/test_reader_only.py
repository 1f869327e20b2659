"""eval.reader_only: which paragraphs are read, how confidence is fitted, and figures worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from eval import reader_only
from eval.command import BadInput
from eval.reader_only import Read
from qa.answering.citing import span_of
from qa.answering.span_reader import Calibration
from qa.types import Findings, Hit
from tests.helpers import tokenizer_of

MILL = "The mill of Ostrava was built by Ada Brook in 1811. It stands on the river."
WHEEL = "Who built the oak wheel of the mill? ADA BROOK built the wheel."
RAIN = "It rains often in Ostrava, where the mill was built on the river bank."
FAR = "Nothing is said here."


def squad_file(path: Path, articles: int = 2) -> Path:
    def asked(number: int, question: str, *answers: str) -> dict[str, Any]:
        golds = [{"text": answer, "answer_start": MILL.index(answer)} for answer in answers]
        return {"id": f"{number}-{question}", "question": question, "answers": golds}

    def article(number: int) -> dict[str, Any]:
        qas = [
            asked(number, " Who built the mill? ", "Ada Brook", "Ada Brook"),
            asked(number, "When?", "1811", "in 1811"),
        ]
        others = [{"context": text, "qas": []} for text in (FAR, WHEEL, RAIN)]
        return {"title": f"Old_Mill_{number}", "paragraphs": [{"context": MILL, "qas": qas}, *others]}

    path.write_text(json.dumps({"data": [article(number) for number in range(1, articles + 1)]}))
    return path


class FakeFinder:
    """Finds the first of some words that a passage holds, each with its confidence."""

    def __init__(self, **scores: float) -> None:
        self.scores = scores
        self.seen: list[tuple[str, str]] = []  # question and context line

    def read(self, question: str, hits: Sequence[Hit]) -> Findings:
        found = []
        for hit in hits:
            self.seen.append((question, hit.passage.context))
            for word, score in self.scores.items():
                at = hit.passage.text.find(word)
                if at >= 0:
                    start = hit.passage.start + at
                    found.append(span_of(hit, start, start + len(word), score))
        return Findings(sorted(found, key=lambda span: -span.confidence), len(hits))


def count(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


# ---- questions ----


def test_the_other_paragraph_is_the_best_match_that_holds_no_answer(tmp_path: Path) -> None:
    path = squad_file(tmp_path / "squad.json")
    who, when = reader_only.questions(path, (2, 2), None)
    assert (who.text, who.title, who.own, who.golds) == ("Who built the mill?", "Old Mill 2", MILL, ("Ada Brook",))
    assert who.other == RAIN  # WHEEL holds the name in capitals
    assert when.golds == ("1811", "in 1811")
    assert when.other is not None
    assert "1811" not in when.other


def test_a_sample_is_drawn_alike_each_time_and_in_order(tmp_path: Path) -> None:
    path = squad_file(tmp_path / "squad.json", articles=20)
    some = reader_only.questions(path, (1, 20), 7)
    assert some == reader_only.questions(path, (1, 20), 7)
    assert len(some) == 7
    everything = reader_only.questions(path, (1, 20), None)
    places = [everything.index(one) for one in some]
    assert places == sorted(places)
    assert len(reader_only.questions(path, (1, 20), 1000)) == 40


@pytest.mark.parametrize("wrong", ["[]", '{"data": [{}]}', '{"data": [{"paragraphs": []}]}', '{"data": []}'])
def test_another_file_is_refused(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(wrong)
    with pytest.raises(BadInput):
        reader_only.questions(path, (1, 1), None)


# ---- reading ----


def test_both_paragraphs_are_read_with_the_article_s_title(tmp_path: Path) -> None:
    who, when = reader_only.questions(squad_file(tmp_path / "squad.json"), (1, 1), None)
    finder = FakeFinder(**{"by Ada Brook": 0.8, "rains": 0.3, "1811": 0.6})
    one = reader_only.read(finder, who, count)
    assert (one.confidence, one.text, one.other) == (0.8, "by Ada Brook", 0.3)
    assert (one.exact, one.f1) == (0.0, pytest.approx(0.8))
    assert finder.seen[0] == ("Who built the mill?", "Old Mill 1")
    other = reader_only.read(FakeFinder(**{"in 1811": 0.2}), when, count)
    assert (other.exact, other.f1, other.other) == (1.0, 1.0, 0.0)


def reads(*rows: tuple[float, float, float]) -> list[Read]:
    """(confidence, F1, the other paragraph's confidence)."""
    return [Read(confidence, "x", float(f1 == 1), f1, other) for confidence, f1, other in rows]


# ---- figures ----


def test_a_refused_answer_counts_nothing_and_a_refused_other_paragraph_counts() -> None:
    found = reader_only.figures(reads((0.9, 1, 0.3), (0.5, 0.5, 0.8), (0.4, 1, 0.2), (0.1, 0, 0)), 0.5)
    values = {name: figure["value"] for name, figure in found.items()}
    assert values == {
        "exact match": 0.25,
        "F1": 0.375,
        "answered": 0.5,
        "right of those answered": 0.5,
        "other paragraph refused": 0.75,
        "exact match without threshold": 0.5,
        "F1 without threshold": 0.625,
    }
    assert found["F1"]["n"] == 4
    assert found["right of those answered"]["n"] == 2


def test_eight_bits_are_compared_question_by_question() -> None:
    found = reader_only.cost(reads((0.7, 0.5, 0), (0.3, 1, 0)), reads((0.7, 1, 0), (0.7, 1, 0)), 0.5)
    assert found["F1, 8 bits less float"]["value"] == -0.75
    assert found["F1 without threshold, 8 bits less float"]["value"] == -0.25


# ---- the command ----


def run(tmp_path: Path, *arguments: str) -> int:
    folder = tmp_path / "reader"
    folder.mkdir(exist_ok=True)
    tokenizer_of(MILL).save(str(folder / "tokenizer.json"))
    data = squad_file(tmp_path / "squad.json", articles=4)
    options = reader_only.parse(["--reader", str(folder), "--data", str(data), *arguments])

    def open_reader(where: Path, threads: int, calibration: Calibration, weights: str = "reader.onnx") -> FakeFinder:
        assert calibration.weights == {"score": 2}
        if weights != "reader.onnx":
            return FakeFinder(**{"by Ada Brook in 1811": 0.8})
        return FakeFinder(**{"Ada Brook": 0.9, "1811": 0.8, "rains": 0.2, "oak": 0.1, "Nothing": 0.3})

    return reader_only.run_reader_only(options, open_reader)


def test_the_command_reports_at_the_threshold_beside_the_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "reader").mkdir()
    path = tmp_path / "reader" / "reader.json"
    path.write_text(json.dumps({"weights": {"score": 2}, "threshold": 0.5, "note": "x"}))
    float_file = str(tmp_path / "reader" / "float.onnx")
    assert run(tmp_path, "--articles", "3-4", "--float", float_file, "--json") == 0
    out = json.loads(capsys.readouterr().out)
    assert out["figures"]["F1"]["n"] == 4
    assert out["figures"]["answered"]["value"] == 1  # both questions get the best span of the paragraph, at .9
    assert out["figures"]["exact match"]["value"] == 0.5
    assert out["figures"]["other paragraph refused"]["value"] == 1
    assert out["figures"]["F1 without threshold, 8 bits less float"]["n"] == 4
    path.write_text(json.dumps({"weights": {"score": 2}, "threshold": 0.95}))
    assert run(tmp_path, "--articles", "3-4", "--json") == 0
    assert json.loads(capsys.readouterr().out)["figures"]["answered"]["value"] == 0


def test_wrong_use_gives_one_line_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (["--articles", "x"], ["--questions", "0"]):
        with pytest.raises(SystemExit):
            reader_only.parse(["--reader", "x", "--data", "y", *wrong])
    assert reader_only.main(["--reader", str(tmp_path), "--data", "y"]) == 1
    assert "export_reader" in capsys.readouterr().err
