"""eval.calibrate: what counts as right, how rank, confidence and threshold are fitted, and what is written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval import calibrate
from eval.calibrate import Reading
from eval.command import BadInput
from eval.gold import Gold, GoldAnswer
from qa.answering.citing import logistic
from qa.answering.deciding import FEATURES, ScoredSpan
from qa.answering.span_reader import Calibration
from qa.types import Hit, Passage, Source

TEXT = "Ada Brook built the mill in 1811. It was painted in 1950."


def hit(name: str, text: str = TEXT, also: tuple[Passage, ...] = ()) -> Hit:
    source = Source(name, name, "0" * 64, "", None)
    stop = text.index(".") + 1
    sentences = ((0, stop), (stop + 1, len(text)))
    return Hit(Passage(name, source, 0, len(text), text, "", "en", sentences), 1.0, also)


def gold(source: str, text: str) -> Gold:
    start = TEXT.index(text)
    answer = GoldAnswer(source, text, start, start + len(text), start, start + len(text))
    return Gold("q1", "When was the mill built?", "en", "when", (answer,))


class FakeReader:
    """Finds every year, the later the better."""

    def find(self, question: str, hits: Sequence[Hit]) -> tuple[list[ScoredSpan], int]:
        found = []
        for number, one in enumerate(hits):
            for score, year in enumerate(("1811", "1950")):
                at = one.passage.text.find(year)
                found += [ScoredSpan(float(score), number, at, at + 4)] if at >= 0 else []
        return sorted(found, reverse=True), len(hits)


def one(*found: tuple[float, bool]) -> Reading:
    """(score, right) of each span; all else that is known of them is alike."""
    known = np.zeros((len(found), len(FEATURES)))
    known[:, 0] = [score for score, _ in found]
    return Reading(known, np.array([right for _, right in found], bool))


def by_score(weight: float, intercept: float = 0.0) -> Calibration:
    return Calibration({"score": weight}, intercept)


# ---- reading ----


def both(hits: Sequence[Hit], asked: Gold) -> calibrate.Asked:
    return calibrate.both(hits, FakeReader(), asked.question, asked)  # type: ignore[arg-type]


def test_each_question_is_read_with_and_without_the_passages_that_hold_its_answer() -> None:
    copy = hit("copy.txt").passage
    hits = [hit("a.txt", also=(copy,)), hit("b.txt")]
    asked, bare = both(hits, gold("copy.txt", "1811"))
    assert asked is not None
    assert len(asked.right) == 4
    assert len(bare.right) == 2  # the first hit stands in copy.txt as well
    assert not bare.right.any()
    asked, bare = both(hits, gold("b.txt", "1811"))
    assert asked is not None
    (right,) = asked.known[asked.right]
    assert (right[FEATURES.index("score")], right[FEATURES.index("rank")]) == (0.0, -np.log(2))
    assert list(asked.known[:, 0]) == [1.0, 1.0, 0.0, 0.0]  # best first


def test_a_neighbour_in_the_right_sentence_that_shares_no_word_with_the_answer_is_wrong() -> None:
    asked, _ = both([hit("a.txt")], gold("a.txt", "Ada Brook"))
    assert asked is not None
    assert not asked.right.any()


def test_a_question_without_an_answer_is_read_as_it_is_and_nothing_is_right() -> None:
    none = Gold("q2", "When was it sold?", "en", "unanswerable")
    asked, bare = both([hit("a.txt"), hit("b.txt")], none)
    assert asked is None
    assert len(bare.right) == 4
    assert not bare.right.any()


# ---- fitting ----


def test_the_threshold_is_the_smallest_with_one_wrong_answer_in_five() -> None:
    # best first: four right, one wrong (1 of 5), one wrong (2 of 6), four right (2 of 10: one in five again)
    right = np.array([1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0], float)
    confidence = np.linspace(0.9, 0.1, 11)
    assert calibrate.threshold(confidence, right, np.ones(11)) == pytest.approx(confidence[9], abs=1e-6)
    assert calibrate.threshold(confidence[:9], right[:9], np.ones(9)) == pytest.approx(confidence[4], abs=1e-6)


def test_the_second_threshold_keeps_one_in_three_right() -> None:
    confidence = np.array([0.9, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2])
    right = np.array([1.0, 1, 0, 1, 0, 0, 0])
    weights = np.ones(7)
    assert calibrate.second_threshold(confidence, right, weights, 0.8) == pytest.approx(0.4, abs=1e-6)
    assert calibrate.second_threshold(confidence, right, weights, 0.45) == 0.45  # all below are wrong
    assert calibrate.second_threshold(confidence, right, weights, 0.1) == 0.1  # nothing is below


def test_an_answer_where_there_is_none_weighs_as_one_question_in_five() -> None:
    confidence, right = np.array([0.9, 0.9, 0.8, 0.8, 0.7]), np.array([1.0, 0.0, 1.0, 0.0, 0.0])
    weights = np.array([0.8, 0.2, 0.8, 0.2, 0.2])
    assert calibrate.threshold(confidence, right, weights) == 0.8  # .4 of 2.0 wrong; with the last one .6 of 2.2
    assert calibrate.threshold(confidence, right, np.ones(5)) == 1  # half of them wrong, wherever one draws the line


def drawn(number: int, seed: int = 1) -> list[calibrate.Asked]:
    """Questions whose best span is right with the chance that its score says, with and without their answer."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 3, number)
    found = [(float(score), bool(rng.random() < logistic(float(score)))) for score in scores]
    return [(one((score, right), (score - 6, False)), one((score - 9, False))) for score, right in found]


def test_questions_without_an_answer_share_their_weight() -> None:
    asked = drawn(300)
    fitted = calibrate.fit(asked)
    doubled = calibrate.fit([*asked, *((None, bare) for _, bare in asked)])
    assert fitted.weights["score"] > 0
    assert doubled.weights == pytest.approx(fitted.weights, abs=0.03)
    assert doubled.threshold == pytest.approx(fitted.threshold, abs=0.03)


def test_confidence_is_the_share_that_is_right() -> None:
    rng = np.random.default_rng(0)
    known = rng.normal(0, 3, (4000, 2))
    right = rng.random(4000) < 1 / (1 + np.exp(-(0.7 * known[:, 0] - 0.2 * known[:, 1] - 1.2)))
    weights, intercept = calibrate.logistic_regression(known, right, np.ones(4000))
    assert weights == pytest.approx([0.7, -0.2], abs=0.06)
    assert intercept == pytest.approx(-1.2, abs=0.1)


def test_the_most_confident_span_wins() -> None:
    found = one((2.0, False), (5.0, True), (4.0, False))
    assert found.best(by_score(1.0, -4.0)) == (logistic(1.0), True)
    assert found.best(by_score(-1.0)) == (logistic(-2.0), False)
    assert one().best(by_score(1.0)) == (0.0, False)


@pytest.mark.parametrize("right", [[False] * 4, [True, True, False, False]])
def test_a_reader_whose_scores_say_nothing_is_not_calibrated(right: list[bool]) -> None:
    scores = (0.0, 3.0, 0.0, 3.0)
    with pytest.raises(BadInput, match="right"):
        calibrate.fit([(one((score, r)), one()) for score, r in zip(scores, right, strict=True)])


# ---- when to stop ----


def stepped(scores: Sequence[float], best: int) -> Reading:
    """A question of five steps: the best score after each; what the best span says from step `best` on is the last."""
    found = [one((score, True)) for score in scores]
    readings = [replace(r, said=(b"early" if n < best else b"late",), read=4 * n + 4) for n, r in enumerate(found)]
    known = [np.array([score, score**2, 0, 0, 0, 0, 4 * n + 4]) for n, score in enumerate(scores)]
    *sooner, whole = readings
    return replace(whole, sooner=tuple(zip(known, sooner, strict=False)))


def test_reading_ends_where_what_follows_seldom_changes_the_answer() -> None:
    rng = np.random.default_rng(1)
    asked = []
    for _ in range(400):  # a first score above 2 is never overtaken, one below is in half of the questions
        first = float(rng.normal(2, 2))
        late = first < 2 and rng.random() < 0.5
        asked.append(stepped([first, first, first + late, first + late, first + late], 2 if late else 0))
    c = Calibration({"score": 1.0}, threshold=0.0)
    bare = stepped([-9.0] * 5, 0)
    stopping = calibrate.fit_stopping([(one, bare) for one in asked], c)
    stopped = [one.stopped(stopping) for one in asked]
    changed = [one.outcome(c) != whole.outcome(c) for one, whole in zip(stopped, asked, strict=True)]
    assert np.mean(changed) * (1 - calibrate.ABSENT) <= calibrate.CHANGED + 0.01
    assert np.mean([one.read for one in stopped]) < 16
    assert stepped([9.0] * 5, 0).stopped(stopping).read == 4


def test_where_nothing_that_follows_changes_an_answer_no_rule_is_made_up() -> None:
    asked = [(stepped([float(n)] * 5, 0), stepped([-9.0] * 5, 0)) for n in range(9)]
    stopping = calibrate.fit_stopping(asked, Calibration({"score": 1.0}, threshold=0.0))
    assert asked[0][0].stopped(stopping).read == 20


# ---- what is written ----


def test_what_was_fitted_is_written_and_the_rest_of_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "reader.json"
    path.write_text(json.dumps({"languages": ["en"], "threshold": 1, "note": "stays"}))
    calibrate.save(tmp_path, Calibration({"score": 0.5, "rank": 0.25}, -1.25, 0.4, 0.2), "4 questions")
    assert json.loads(path.read_text()) == {
        "languages": ["en"], "note": "stays", "weights": {"score": 0.5, "rank": 0.25}, "intercept": -1.25,
        "threshold": 0.4, "perhaps": 0.2, "stopping": None, "fitted": "4 questions",
    }  # fmt: skip


def test_wrong_use_gives_one_line_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        calibrate.parse(["--set", "x", "y"])
    (tmp_path / "gold.jsonl").write_text("[]\n")
    asked = ["--set", str(tmp_path / "gold.jsonl"), str(tmp_path)]
    assert calibrate.main([*asked, "--reader", str(tmp_path)]) == 2
    assert "line 1" in capsys.readouterr().err
