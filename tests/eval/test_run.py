"""A run from questions to a report, with a program that is no program: predictions, scores, comparison, the page."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from eval import beir, compare, convert, run, runs, sets
from eval import score as scoring
from eval.command import BadInput, read_rows
from eval.documents import open_documents
from eval.gold import Gold, digest, load_gold, parse, prove, to_row
from eval.predict import predict
from eval.report import question_items, write_report
from eval.score import (
    NOT_CHOSEN,
    NOT_RETRIEVED,
    RIGHT,
    WRONG_SPAN,
    WRONGLY_ANSWERED,
    WRONGLY_REFUSED,
    score,
    stage_seconds,
)
from qa.answering.qa import QA
from qa.answering.sentence_reader import SentenceReader
from qa.settings import load_settings
from qa.types import Answer, Hit, Passage, Source, Span
from tests.helpers import ROOT, FakeEmbedder, run_python, write

TEXT = "The dike broke in 1953. The mayor is Ruth Visser. It rained."
TEXTS = {"a.txt": TEXT, "b.txt": "Nothing to see here."}
SENTENCES = [(0, 23), (24, 49), (50, 60)]
MAYOR, YEAR = (37, 48), (18, 22)
assert (TEXT[slice(*MAYOR)], TEXT[slice(*YEAR)]) == ("Ruth Visser", "1953")


def question(number: str, *spans: tuple[int, int], **more: Any) -> Gold:
    answers = []
    for start, end in spans:
        low, high = next(s for s in SENTENCES if s[0] <= start < s[1])
        answers.append({"source": "a.txt", "text": TEXT[start:end], "start": start, "end": end,
                        "evidence_start": low, "evidence_end": high})  # fmt: skip
    row = {"id": number, "question": f"Question {number}?", "lang": "en", "kind": "who", "answers": answers}
    return parse({**row, **more}, 1)


def said(
    number: str, *answers: tuple[int, int, float], passages: Sequence[tuple[str, int, int]] = (("a.txt", 0, 60),)
) -> dict[str, Any]:
    """A prediction: (start, end, confidence) of each answer, in its sentence of a.txt."""
    given = []
    for start, end, confidence in answers:
        low, high = next(s for s in SENTENCES if s[0] <= start < s[1])
        given.append({"text": TEXT[start:end], "confidence": confidence, "document": "a.txt", "start": start,
                      "end": end, "sentence": {"text": TEXT[low:high], "start": low, "end": high}, "page": None,
                      "speaker": None, "language": "en", "also": []})  # fmt: skip
    return {
        "id": number,
        "question": f"Question {number}?",
        "answered": bool(given),
        "confidence": given[0]["confidence"] if given else 0.0,
        "answers": given,
        "passages": [{"document": d, "start": s, "end": e, "score": 0.1, "also": []} for d, s, e in passages],
        "seconds": {"retrieve": 0.1, "read": 0.3},
    }


GOLD = [
    question("right", MAYOR),
    question("refused", MAYOR),
    question("chosen", MAYOR),
    question("span", MAYOR),
    question("lost", MAYOR, lang="nl", kind="dutch"),
    question("none", kind="unanswerable"),
    question("none2", kind="unanswerable"),
]
SAID = [
    said("right", (37, 48, 0.9), (18, 22, 0.6)),
    said("refused", (37, 48, 0.3)),
    said("chosen", (0, 23, 0.8), passages=[("a.txt", 0, 23), ("a.txt", 24, 60)]),
    said("span", (50, 60, 0.7)),
    said("lost", (0, 23, 0.2), passages=[("b.txt", 0, 20)]),
    said("none", (37, 48, 0.6)),
    said("none2", (37, 48, 0.4)),
]


def rows(scores: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in scores["questions"]}


@pytest.fixture(scope="module")
def scores() -> dict[str, Any]:
    return score(GOLD, SAID, 0.5, TEXTS.get, 0.25)


# ---- scoring ----


def test_why_each_question_failed(scores: dict[str, Any]) -> None:
    assert {key: row["cause"] for key, row in rows(scores).items()} == {
        "right": RIGHT, "refused": WRONGLY_REFUSED, "chosen": NOT_CHOSEN, "span": WRONG_SPAN, "lost": NOT_RETRIEVED,
        "none": WRONGLY_ANSWERED, "none2": RIGHT,
    }  # fmt: skip
    assert scores["causes"] == {RIGHT: 2, NOT_RETRIEVED: 1, NOT_CHOSEN: 1, WRONG_SPAN: 1, WRONGLY_REFUSED: 1,
                                WRONGLY_ANSWERED: 1}  # fmt: skip


def test_the_figures_by_hand(scores: dict[str, Any]) -> None:
    found = {name: (pytest.approx(f["value"]), f["n"]) for name, f in scores["overall"].items()}
    assert found == {
        "recall@1": (3 / 5, 5), "recall@5": (4 / 5, 5), "recall@10": (4 / 5, 5), "recall@20": (4 / 5, 5),
        "recall@4000c": (4 / 5, 5), "mrr": (3.5 / 5, 5), "ndcg@10": ((3 + 0.6309298) / 5, 5),
        "em": (1 / 5, 5), "f1": (1 / 5, 5), "first": (1 / 5, 5), "any3": (1 / 5, 5),
        "best": (2 / 5, 5), "best3": (2 / 5, 5),  # one of them is held back
        "precision": (1 / 4, 4),  # right, chosen, span, none were answered
        "perhaps": (1 / 2, 2),  # refused and none2 stay below the threshold, lost below the second one too
        "citation_precision": (0.5 / 4, 4), "citation_recall": (1 / 5, 5), "verbatim": (1.0, 7),
        "refused": (1 / 2, 2), "overrefused": (2 / 5, 5),
        "auroc": (6 / 10, 7),  # rights .9 and .3 against .8 .7 .6 .4 .2: all five, and one
        "coverage@80": (1 / 7, 7), "coverage@90": (1 / 7, 7),
        "brier": ((0.01 + 0.49 + 0.64 + 0.49 + 0.04 + 0.36 + 0.16) / 7, 7),
        "ece": ((0.1 + 0.7 + 0.8 + 0.7 + 0.2 + 0.6 + 0.4) / 7, 7),
    }  # fmt: skip
    assert set(found) == {measure["name"] for measure in scores["measures"]}


def test_figures_by_languages_of_question_and_document_and_by_folder() -> None:
    dutch = "De dijk brak in 1953. De burgemeester heet Ruth Visser en woont al jaren in het dorp achter de dijk."
    gold = [replace(one, lang="nl") for one in GOLD[:2]]
    gold = [*gold, replace(GOLD[2], answers=tuple(replace(a, source="b/c.txt") for a in GOLD[2].answers)), GOLD[5]]
    found = score(gold, [*SAID[:3], SAID[5]], 0.5, {"a.txt": dutch, "b/c.txt": dutch}.get)
    assert {pair: figures["first"]["n"] for pair, figures in found["pairs"].items()} == {"en > nl": 1, "nl > nl": 2}
    assert {folder: figures["first"]["n"] for folder, figures in found["folders"].items()} == {"b": 1}


def test_figures_by_kind_and_language(scores: dict[str, Any]) -> None:
    assert list(scores["kinds"]) == ["dutch", "unanswerable", "who"]
    assert scores["languages"]["nl"]["recall@5"] == {"value": 0.0, "low": None, "high": None, "n": 1}
    assert scores["languages"]["en"]["recall@5"]["n"] == 4
    assert scores["kinds"]["unanswerable"]["f1"]["value"] is None


def test_figures_have_intervals_around_them(scores: dict[str, Any]) -> None:
    for name, found in scores["overall"].items():
        assert found["low"] <= found["high"], name
        if name != "ece":  # which is too high in every resample
            assert found["low"] <= found["value"] <= found["high"], name


def test_the_scorer_applies_the_threshold() -> None:
    low, high = score(GOLD, SAID, 0.0, TEXTS.get), score(GOLD, SAID, 0.95, TEXTS.get)
    assert low["overall"]["overrefused"]["value"] == 0.0
    assert low["overall"]["first"]["value"] == pytest.approx(2 / 5)
    assert high["overall"]["refused"]["value"] == high["overall"]["overrefused"]["value"] == 1.0
    assert high["overall"]["precision"] == {"value": None, "low": None, "high": None, "n": 0}
    assert low["overall"]["auroc"] == high["overall"]["auroc"]


def test_the_plainer_rule_of_the_first_scorer() -> None:
    """Figures that scorer gives for these rows: it asks passages for the answer, not for its evidence."""
    gold = [question("1", MAYOR), question("2", YEAR), question("3")]
    predictions = [
        said("1", (24, 49, 0.9), passages=[("a.txt", 24, 30), ("a.txt", 30, 60)]),  # "mayor is ruth visser"
        said("2", (18, 22, 0.9), passages=[("b.txt", 0, 4000), ("a.txt", 0, 20)]),
        said("3"),
    ]
    found = score(gold, predictions, 0.0)
    assert found["plain"] == pytest.approx(
        {"R1": 0.0, "R5": 1.0, "R10": 1.0, "R4000c": 1 / 2, "em": 1 / 2, "f1": (2 * 2 / 6 + 1) / 2}
    )
    assert found["overall"]["recall@1"]["value"] == 1 / 2
    assert (found["overall"]["first"]["value"], found["overall"]["refused"]["value"]) == (1.0, 1.0)


def test_a_dutch_answer_loses_its_articles() -> None:
    gold = [question("1", MAYOR, lang="nl")]
    prediction = said("1", (37, 48, 0.9))
    prediction["answers"][0]["text"] = "de Ruth Visser"
    assert score(gold, [prediction], 0.0)["overall"]["em"]["value"] == 1.0
    gold = [question("1", MAYOR)]
    assert score(gold, [prediction], 0.0)["overall"]["em"]["value"] == 0.0
    prediction["answers"][0]["language"] = "nl"
    assert score(gold, [prediction], 0.0)["overall"]["em"]["value"] == 1.0


def test_a_quote_that_is_not_the_document_s_is_seen() -> None:
    prediction = said("right", (37, 48, 0.9))
    prediction["answers"][0]["text"] = "Ruth Fisher"
    found = score(GOLD[:1], [prediction], 0.5, TEXTS.get)["overall"]["verbatim"]
    assert (found["value"], found["n"]) == (0.5, 1)
    assert score(GOLD[:1], [prediction], 0.5)["overall"]["verbatim"]["n"] == 0, "no texts at hand"


def test_latency_has_quantiles_by_stage(scores: dict[str, Any]) -> None:
    assert scores["latency"]["total"] == {"p50": pytest.approx(0.4), "p95": pytest.approx(0.4),
                                          "mean": pytest.approx(0.4), "n": 7}  # fmt: skip


def test_some_of_the_questions_can_be_scored() -> None:
    found = score(GOLD, SAID[:2], 0.5)
    assert found["gold"] == {"sha256": digest(GOLD), "questions": 7, "predicted": 2}
    assert found["overall"]["recall@1"]["n"] == 2


@pytest.mark.parametrize("other", [[said("strange")], [{**SAID[0], "question": "Another?"}], []])
def test_predictions_of_another_set_are_refused(other: list[dict[str, Any]]) -> None:
    with pytest.raises(BadInput):
        score(GOLD, other, 0.5)


def test_scores_are_a_file_that_can_be_read_again(scores: dict[str, Any], tmp_path: Path) -> None:
    runs.write_scores(tmp_path, scores)
    assert runs.read_scores(tmp_path) == json.loads(json.dumps(runs.rounded(scores)))


def test_scoring_loads_no_model() -> None:
    code = """
import sys, eval.score, eval.compare, eval.gold
from eval.gold import parse
g = [parse({"id": "1", "question": "?", "lang": "en", "kind": "x", "answers": []})] * 2
p = {"id": "1", "answered": False, "confidence": 0.1, "answers": [], "passages": []}
eval.score.score(g[:1], [p], 0.5)
print(*{"torch", "gradio", "chromadb", "transformers", "sentence_transformers", "onnxruntime"} & set(sys.modules))
"""
    done = run_python(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_a_run_is_scored_again_without_its_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, gold_file = written_run(tmp_path / "run"), tmp_path / "gold.jsonl"
    write_rows_of(GOLD, gold_file)
    corpus = tmp_path / "corpus"
    for name, text in TEXTS.items():
        write(corpus, name, text)
    command = [str(folder), "--gold", str(gold_file), "--corpus", str(corpus)]
    assert scoring.main([*command, "--threshold", "0.95"]) == 0
    assert runs.read_scores(folder)["overall"]["overrefused"]["value"] == 1.0
    assert scoring.main(command) == 0  # at the run's own threshold
    assert runs.read_scores(folder)["overall"]["overrefused"]["value"] == 0.4
    assert re.search(r"Verbatim quotes +1\.000 \[1\.000, 1\.000\] +n = 7", capsys.readouterr().out)
    write_rows_of(GOLD[:3], gold_file)
    assert scoring.main(command) == 2
    assert "another gold set" in capsys.readouterr().err


def write_rows_of(gold: Sequence[Gold], path: Path) -> None:
    path.write_text("".join(json.dumps(to_row(one)) + "\n" for one in gold), encoding="utf-8")


def written_run(folder: Path, predictions: Sequence[dict[str, Any]] = SAID, threshold: float = 0.5) -> Path:
    folder.mkdir()
    meta = {"gold": {"sha256": digest(GOLD), "questions": len(GOLD)}, "threshold": threshold}
    (folder / runs.META).write_text(json.dumps(meta))
    (folder / runs.PREDICTIONS).write_text("".join(json.dumps(row) + "\n" for row in predictions), encoding="utf-8")
    runs.write_scores(folder, score(GOLD, predictions, threshold, TEXTS.get, 0.25))
    return folder


# ---- predicting ----

SOURCE = Source("a.txt", "a.txt", "0" * 64, "A", None)


class FakeQA:
    """Answers everything with the mayor; stops after so many questions, as if it had been killed."""

    def __init__(self, most: int = 1000) -> None:
        self.asked: list[tuple[str, tuple[Any, ...]]] = []
        self.most = most

    def ask(self, question: str, history: Sequence[Any] = ()) -> Answer:
        if len(self.asked) == self.most:
            raise KeyboardInterrupt
        self.asked.append((question, tuple(history)))
        hit = Hit(Passage("p", SOURCE, 0, 60, TEXT, "", "en", tuple(SENTENCES)), 0.1)
        return Answer(question, 0.8, (Span(hit, *MAYOR, 24, 49, 0.8),), (hit,), seconds=(("read", 0.1),))


def test_predictions_are_the_public_objects(tmp_path: Path) -> None:
    gold = [question("1", MAYOR, history=["Earlier?"]), question("2")]
    qa = FakeQA()
    made = predict(qa, gold, tmp_path / "out", progress=False, about={"threshold": 0.4})
    assert qa.asked == [("Question 1?", ("Earlier?",)), ("Question 2?", ())]
    assert [row for _, row in read_rows(tmp_path / "out" / runs.PREDICTIONS)] == made
    keys = {
        "id",
        "question",
        "answered",
        "confidence",
        "answers",
        "passages",
        "seconds",
        "understood",
        "disagrees",
        "read",
        "perhaps",
        "unmentioned",
    }
    assert set(made[0]) == keys
    assert made[0]["answers"][0]["text"] == "Ruth Visser"
    assert runs.read_meta(tmp_path / "out") == {
        "gold": {"sha256": digest(gold), "questions": 2}, "asked_at": 0.0, "threshold": 0.4
    }  # fmt: skip


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        predict(FakeQA(most=3), GOLD, tmp_path, progress=False)
    with open(tmp_path / runs.PREDICTIONS, "a", encoding="utf-8") as stream:
        stream.write('{"id": "span", "ques')  # the line that was being written
    qa = FakeQA()
    made = predict(qa, GOLD, tmp_path, progress=False)
    assert [text for text, _ in qa.asked] == [f"Question {one.id}?" for one in GOLD[3:]]
    assert [row["id"] for row in made] == [one.id for one in GOLD]
    assert runs.read_predictions(tmp_path / runs.PREDICTIONS) == made


def test_a_limited_run_can_be_finished(tmp_path: Path) -> None:
    ready: list[int] = []
    assert len(predict(FakeQA(), GOLD, tmp_path, 2, False, ready=lambda: ready.append(1))) == 2
    qa = FakeQA()
    assert len(predict(qa, GOLD, tmp_path, progress=False, ready=lambda: ready.append(1))) == 7
    assert len(qa.asked) == 5
    assert len(predict(qa, GOLD, tmp_path, progress=False, ready=lambda: ready.append(1))) == 7
    assert (len(qa.asked), len(ready)) == (5, 2), "nothing left, nothing loaded"


def test_another_run_is_not_continued(tmp_path: Path) -> None:
    predict(FakeQA(), GOLD, tmp_path, 2, False, {"store": {"generation": 1}, "reader": "x"})
    before = (tmp_path / runs.PREDICTIONS).read_bytes()
    with pytest.raises(BadInput, match=r"another run \(store\.generation differ\)"):
        predict(FakeQA(), GOLD, tmp_path, 2, False, {"store": {"generation": 2}, "reader": "x"})
    with pytest.raises(BadInput, match=r"gold\.questions, gold\.sha256, reader"):
        predict(FakeQA(), GOLD[:3], tmp_path, 2, False, {"store": {"generation": 1}})
    assert (tmp_path / runs.PREDICTIONS).read_bytes() == before
    (tmp_path / runs.META).unlink()
    with pytest.raises(BadInput, match=r"no meta\.json"):
        predict(FakeQA(), GOLD, tmp_path, 2, False)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 2: is not JSON"),
        ('{"id": "x"}', 'line 2: is not an answer with "id" and "passages"'),
        ('{"id": "x", "passages": [], "answers": 1}', 'line 2: has "answers"'),
        (json.dumps(SAID[0]), "line 2: answers right for the second time"),
    ],
)
def test_bad_predictions_are_named_by_line(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / runs.PREDICTIONS
    path.write_text(json.dumps(SAID[0]) + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(BadInput, match=re.escape(says)):
        runs.read_predictions(path)


# ---- comparing ----


def worse(predictions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "passages": [{**row["passages"][0], "document": "b.txt"}]} for row in predictions]


def compared(a: Path, b: Path, *options: str) -> int:
    return compare.main([str(a), str(b), *options])


def test_a_run_does_not_lose_to_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = written_run(tmp_path / "one")
    assert compared(one, one, "--fail-on-loss", "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["won"], result["lost"], result["losses"]) == ([], [], [])
    assert {found["difference"]["value"] for found in result["differences"]} == {0.0}


def test_a_significant_loss_fails_only_where_it_is_asked_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = written_run(tmp_path / "one"), written_run(tmp_path / "other", worse(SAID))
    assert compared(one, other) == 0
    assert compared(one, other, "--fail-on-loss") == 1
    assert "significantly worse" in capsys.readouterr().err
    assert compared(other, one, "--fail-on-loss") == 0, "a gain is no loss"


def test_a_difference_that_may_be_chance_does_not_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = written_run(tmp_path / "one")
    changed = [said("right", (0, 23, 0.9)), said("refused", (37, 48, 0.9)), *SAID[2:]]
    other = written_run(tmp_path / "other", changed)
    assert compared(one, other, "--fail-on-loss", "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert result["won"] == [
        {"id": "refused", "question": "Question refused?", "before": WRONGLY_REFUSED, "after": RIGHT}
    ]
    assert [change["id"] for change in result["lost"]] == ["right"]
    first = next(found for found in result["differences"] if found["name"] == "first")
    assert (first["a"], first["b"], first["difference"]["value"], first["verdict"]) == (0.2, 0.2, 0.0, "")
    assert first["difference"]["low"] < 0 < first["difference"]["high"]


def repeated(threshold: float, times: int = 4) -> dict[str, Any]:
    """The scores of all questions asked so many times."""
    gold = [replace(one, id=f"{one.id} {n}", question=f"{one.question} {n}") for one in GOLD for n in range(times)]
    answers = [{**row, "id": f"{row['id']} {n}", "question": f"{row['question']} {n}"}
               for row in SAID for n in range(times)]  # fmt: skip
    return score(gold, answers, threshold, TEXTS.get)


def test_less_refusing_is_a_gain_where_there_is_an_answer() -> None:
    result = compare.compare(repeated(threshold=0.95), repeated(threshold=0.0)) | {"differs": ["threshold"]}
    verdicts = {found["name"]: found["verdict"] for found in result["differences"]}
    assert (verdicts["overrefused"], verdicts["refused"]) == ("better", "worse"), "it answers what nothing answers"
    assert result["losses"] == ["refused"]
    lines = compare.table(result)
    assert any(
        re.match(r"Refused though answerable \* +1\.000 0\.000 \+1\.000 .* n = 20 +better", row) for row in lines
    )
    assert "  right 0: Question right? 0 (wrongly refused -> right)" in lines
    assert lines[-1] == "worse, by more than chance, in: Refused where nothing answers"


@pytest.mark.parametrize(
    ("lost", "won", "loss"), [(4, 0, False), (5, 0, False), (6, 0, True), (9, 2, False), (12, 2, True)]
)
def test_yes_or_no_is_judged_by_the_sign_test(lost: int, won: int, loss: bool) -> None:
    """Two-sided p by hand: 4 of 4 .125, 5 of 5 .0625, 6 of 6 .031; 9 of 11 .065; 12 of 14 .013."""
    scores = repeated(threshold=0.0, times=20)
    rows = [row for row in scores["questions"] if row["answerable"]]
    before = [{**row, "values": {**row["values"], "recall@5": float(n >= won)}} for n, row in enumerate(rows)]
    after = [
        {**row, "values": {**row["values"], "recall@5": float(n < len(rows) - lost)}} for n, row in enumerate(rows)
    ]
    result = compare.compare({**scores, "questions": before}, {**scores, "questions": after})
    assert ("recall@5" in result["losses"]) == loss


def test_one_quote_that_is_not_verbatim_is_a_loss() -> None:
    scores = repeated(threshold=0.0, times=20)
    first, *rest = scores["questions"]
    wrong = {**scores, "questions": [{**first, "values": {**first["values"], "verbatim": 0.5}}, *rest]}
    assert compare.compare(scores, wrong)["losses"] == ["verbatim"]


@pytest.mark.parametrize("name", ["verbatim", "mrr", "refused"])
def test_a_run_that_lacks_figures_is_not_compared(scores: dict[str, Any], name: str) -> None:
    rows = [{**row, "values": {k: v for k, v in row["values"].items() if k != name}} for row in scores["questions"]]
    with pytest.raises(BadInput, match="lacks figures"):
        compare.compare(scores, {**scores, "questions": rows})


def test_runs_on_different_questions_are_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, part = written_run(tmp_path / "one"), written_run(tmp_path / "part", SAID[:3])
    other = written_run(tmp_path / "other")
    found = runs.read_scores(other)
    runs.write_scores(other, {**found, "gold": {**found["gold"], "sha256": "else"}})
    assert compared(one, other) == compared(one, part) == compared(one, tmp_path / "none") == 2
    (other / runs.SCORES).write_text("{")
    assert compared(one, other) == 2
    (other / runs.SCORES).write_text('{"schema": 0}')
    assert compared(one, other) == 2
    assert len(capsys.readouterr().err.splitlines()) == 5


# ---- the report ----

HOSTILE = "<script>alert(1)</script>\" onload=x '{{ 7 * 7 }} \u202egnp.exe \x1b[31m </textarea><img src=//x>"


def page_of(gold: list[Gold], predictions: list[dict[str, Any]], texts: dict[str, str], path: Path) -> str:
    found = score(gold, predictions, 0.5, texts.get)
    items = question_items(gold, predictions, found, texts.get)
    write_report(path, f"<b>{gold[0].id}", found, items, stage_seconds(predictions), {"x": {"y": HOSTILE}, "z": None})
    return path.read_text(encoding="utf-8")


def test_the_report_shows_every_question(tmp_path: Path) -> None:
    page = page_of(GOLD, SAID, TEXTS, tmp_path / "report.html")
    assert page.count("<svg ") == 4
    assert len(re.findall(r'<li data-id="', page)) == 7
    for cause in (RIGHT, NOT_RETRIEVED, NOT_CHOSEN, WRONG_SPAN, WRONGLY_REFUSED, WRONGLY_ANSWERED):
        assert f'data-cause="{cause}"' in page
    assert "The mayor is <mark>Ruth Visser</mark>." in page
    assert "a.txt, characters 24-49; confidence 0.30; held back" in page
    assert "By language" in page
    assert "By kind" in page


def test_the_report_needs_nothing_else(tmp_path: Path) -> None:
    page = page_of(GOLD, SAID, TEXTS, tmp_path / "report.html")
    addresses = set(re.findall(r"https?://[^\s\"'<]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}, "names, not addresses"
    assert not re.search(r"<(link|img|iframe|script src)", page)
    assert len(re.findall(r'id="([^"]+)"', page)) > 20
    for target in re.findall(r'(?:url\(#|href="#)([^")]+)', page):
        assert f'id="{target}"' in page


def test_markup_in_documents_is_escaped(tmp_path: Path) -> None:
    text = HOSTILE * 3
    row = {"id": HOSTILE, "question": HOSTILE, "lang": HOSTILE, "kind": HOSTILE, "history": [HOSTILE], "answers": [
        {"source": "a.txt", "text": text[:9], "start": 0, "end": 9, "evidence_start": 0, "evidence_end": len(text)}
    ]}  # fmt: skip
    prediction = said("x", (0, 23, 0.9), passages=[("a.txt", 0, 60), (HOSTILE, 0, 60)])
    prediction |= {"id": HOSTILE, "question": HOSTILE}
    prediction["answers"][0]["speaker"] = HOSTILE
    page = page_of([parse(row)], [prediction], {"a.txt": text, HOSTILE: text}, tmp_path / "report.html")
    assert page.count("<script>") == 1
    assert "alert(1)</script>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<img" not in page
    assert 'onload=x "' not in page.replace("&#34;", "")
    assert "{{ 7 * 7 }}" in page, "not a template of ours"
    assert "\u202e" not in page
    assert "\x1b" not in page


def test_a_report_of_nearly_nothing(tmp_path: Path) -> None:
    prediction = {**said("none"), "passages": [], "seconds": {}}
    page = page_of([GOLD[5]], [prediction], {}, tmp_path / "report.html")
    assert "The documents hold no answer." in page


# ---- whole documents ----


def test_documents_are_scored_by_their_best_passage() -> None:
    made = convert.Beir({}, {"1": "One?", "2": "Two?"}, {"1": {"x.txt": 1, "y.txt": 1}, "2": {"z.txt": 1}})
    passages = [("w.txt", 0, 9), ("x.txt", 0, 9), ("w.txt", 9, 20), ("y.txt", 0, 9)]
    predictions = [{**said("1", passages=passages), "question": "One?"}, {**said("2"), "question": "Two?"}]
    found = beir.score_documents(made, predictions)
    one = rows(found)["1"]
    assert beir.ranked_documents(predictions[0]["passages"]) == ["w.txt", "x.txt", "y.txt"]
    assert (one["rank"], one["cause"], one["values"]["recall@5"], one["values"]["mrr"]) == (2, RIGHT, 1.0, 0.5)
    assert one["values"]["ndcg@10"] == pytest.approx((0.6309298 + 0.5) / (1 + 0.6309298))
    assert (rows(found)["2"]["rank"], rows(found)["2"]["cause"]) == (None, NOT_RETRIEVED)
    assert found["overall"]["recall@5"]["value"] == 0.5


def test_another_store_is_not_emptied_for_a_benchmark(store: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds other documents"):
        sets.fill(load_settings(store=store), tmp_path)


def test_the_passages_of_a_question_are_kept(store: Path, embedder: FakeEmbedder) -> None:
    with QA(store, embedder, SentenceReader(embedder)) as program:
        row = beir.retrieved(program, "q1", "How much did the engine cost?")
    assert (row["id"], row["question"]) == ("q1", "How much did the engine cost?")
    assert "notes/briefing.txt" in beir.ranked_documents(row["passages"])


# ---- the command ----


def test_from_questions_to_a_report(
    folder: Path, store: Path, embedder: FakeEmbedder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything but opening the real models."""
    text = (folder / "bridge.txt").read_text()
    start = text.index("4.2 million euros")
    low, high = text.index("It will cost"), text.index("2019.") + 5
    cost = {"source": "bridge.txt", "text": "4.2 million euros", "start": start, "end": start + 17,
            "evidence_start": low, "evidence_end": high}  # fmt: skip
    gold = [
        parse(
            {
                "id": "1",
                "question": "What will the new Kade bridge cost?",
                "lang": "en",
                "kind": "what",
                "answers": [cost],
            }
        ),
        parse({"id": "2", "question": "Who sings?", "lang": "en", "kind": "who", "answers": []}),
    ]
    settings, out = load_settings(store=store, threshold=0.0), tmp_path / "out"
    with QA(store, embedder, SentenceReader(embedder), 0.0) as program:
        found = run.measured(program, settings, gold, "mine.jsonl", out, None)
    assert {path.name for path in out.iterdir()} == {runs.META, runs.PREDICTIONS, runs.SCORES, runs.REPORT}
    assert found["overall"]["recall@20"]["value"] == found["overall"]["verbatim"]["value"] == 1.0
    meta = runs.read_meta(out)
    assert (meta["reader"], meta["embedder"], meta["store"]["documents"]) == ("SentenceReader", "fake", 5)
    assert str(tmp_path) not in (out / runs.META).read_text(), "no places of this machine"
    assert "4.2 million euros</mark>" in (out / runs.REPORT).read_text()
    assert "Verbatim quotes" in capsys.readouterr().out


def test_a_run_that_cannot_begin_leaves_nothing(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gold, out = tmp_path / "gold.jsonl", tmp_path / "out"
    command = ["--gold", str(gold), "--store", str(store), "--out", str(out)]
    write_rows_of(GOLD, gold)  # of documents that this store does not hold
    assert run.main(command) == 2
    assert f"{gold}, line 1: right: missing" in capsys.readouterr().err
    gold.write_text("")
    assert run.main(command) == 2
    assert run.main(["--gold", str(tmp_path / "none"), "--store", str(store), "--out", str(out)]) == 2
    assert run.main(["--gold", str(gold), "--store", str(tmp_path / "none"), "--out", str(out)]) == 2
    assert run.main(["--beir", str(tmp_path / "none"), "--out", str(out)]) == 2
    assert all(line.startswith("eval.run: ") for line in capsys.readouterr().err.splitlines())
    assert not out.exists()


@pytest.mark.parametrize("wrong", [[], ["--gold", "x"], ["--gold", "x", "--beir", "y", "--out", "z"],
                                   ["--gold", "x", "--out", "y", "--limit", "0"]])  # fmt: skip
def test_wrong_use_of_the_command(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run.main(wrong)
    assert stopped.value.code == 2


@pytest.mark.parametrize(("run_of", "file"), [("corpus_dev", "corpus_dev.jsonl"), ("desk_gate", "desk_dev/gate.jsonl")])
def test_the_baseline_is_of_the_questions_that_the_gate_asks(run_of: str, file: str) -> None:
    baseline = runs.read_scores(ROOT / "eval/baseline" / run_of)
    gold = load_gold(ROOT / "eval/data" / file)
    assert baseline["gold"] == {"sha256": digest(gold), "questions": len(gold), "predicted": len(gold)}
    assert baseline["overall"]["verbatim"]["value"] == 1
    assert compare.compare(baseline, baseline)["losses"] == []


# ---- all sets ----


def test_every_set_of_the_repository_is_proved_by_its_documents() -> None:
    for one in sets.gold_sets([]):
        with open_documents(None, one.documents) as documents:
            prove(load_gold(one.gold), documents, one.gold)


def test_the_gate_asks_some_of_the_desk_questions() -> None:
    asked, every = (load_gold(ROOT / "eval/data/desk_dev" / name) for name in ("gate.jsonl", "gold.jsonl"))
    assert {one.id for one in asked} < {one.id for one in every}
    assert [to_row(one) for one in every if one.id in {two.id for two in asked}] == [to_row(one) for one in asked]


def test_a_folder_that_is_no_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"it needs gold\.jsonl and a folder called documents"):
        sets.gold_sets([tmp_path])
    mine = tmp_path / "desk_dev"
    (mine / "documents").mkdir(parents=True)
    write_rows_of(GOLD, mine / "gold.jsonl")
    with pytest.raises(BadInput, match="two sets are called desk_dev"):
        sets.gold_sets([mine])


def test_all_sets_are_asked_in_stores_of_their_own_and_stand_in_one_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], scores: dict[str, Any]
) -> None:
    filled: list[tuple[str, str]] = []
    monkeypatch.setattr(
        run, "fill", lambda settings, documents: filled.append((settings.store.parent.name, documents.name))
    )
    monkeypatch.setattr(run, "run_gold", lambda gold, settings, out, limit: scores)
    mine = tmp_path / "mine"
    (mine / "documents").mkdir(parents=True)
    write_rows_of(GOLD, mine / "gold.jsonl")
    assert run.main(["--all", str(mine), "--out", str(tmp_path / "out")]) == 0
    assert filled == [("corpus_dev", "corpus"), ("desk_dev", "documents"), ("mine", "documents")]
    lines = (tmp_path / "out" / run.TABLE).read_text().splitlines()
    assert lines[0] == "|  | corpus_dev | desk_dev | mine |"
    assert lines[2] == "| questions | 7 of 7 | 7 of 7 | 7 of 7 |"
    assert any(re.match(r"\| Refused where nothing answers \| 0\.500 \[0\.000, 1\.000\] \|", line) for line in lines)
    assert lines[3] in capsys.readouterr().out


# ---- what does not go ----


def test_two_runs_do_not_write_into_one_folder(tmp_path: Path) -> None:
    class Second:
        def ask(self, question: str, history: Sequence[Any] = ()) -> Answer:
            raise AssertionError("nothing is asked")

    with FileLock(tmp_path / "run.lock"), pytest.raises(BadInput, match="another run"):
        predict(Second(), GOLD, tmp_path, progress=False)
    assert not (tmp_path / runs.PREDICTIONS).exists()


@pytest.mark.parametrize("line", ["[" * 100_000, '{"id": ' + "1" * 5000 + "}"])
def test_json_that_python_cannot_read_is_named_by_line(tmp_path: Path, line: str) -> None:
    path = write(tmp_path, "gold.jsonl", "{}\n" + line + "\n")
    with pytest.raises(BadInput, match=r"gold\.jsonl, line 2"):
        read_rows(path)


@pytest.mark.parametrize("spoiled", [{"overall": {}}, {"questions": None}, {"measures": []}])
def test_scores_of_another_form_are_refused(tmp_path: Path, spoiled: dict[str, Any], scores: dict[str, Any]) -> None:
    write(tmp_path, runs.SCORES, json.dumps({**scores, **spoiled}))
    with pytest.raises(BadInput, match="score the run again"):
        runs.read_scores(tmp_path)


@pytest.mark.parametrize("threshold", ["nan", "2", "-1", "high"])
def test_a_threshold_lies_between_0_and_1(threshold: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        scoring.main([str(tmp_path), "--gold", "g.jsonl", "--threshold", threshold])
    assert stopped.value.code == 2
