"""eval.calibrate: what counts as right, how rank, confidence and threshold are fitted, and what is written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from eval import calibrate
from eval.calibrate import Reading
from eval.command import BadInput
from eval.gold import Gold, GoldAnswer
from qa.answering.span_reader import Calibration, ScoredSpan
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

    def find(self, question: str, hits: Sequence[Hit]) -> list[ScoredSpan]:
        found = []
        for number, one in enumerate(hits):
            for score, year in enumerate(("1811", "1950")):
                at = one.passage.text.find(year)
                found += [ScoredSpan(float(score), number, at, at + 4)] if at >= 0 else []
        return sorted(found, reverse=True)


def one(*found: tuple[float, int, bool]) -> Reading:
    """(score, rank, right)."""
    scores, ranks, right = zip(*found, strict=True) if found else ((), (), ())
    return Reading(np.array(scores, float), np.array(ranks, np.int64), np.array(right, bool))


# ---- reading ----


def both(hits: Sequence[Hit], asked: Gold) -> calibrate.Asked:
    return calibrate.both(hits, FakeReader(), asked.question, asked)  # type: ignore[arg-type]


def test_each_question_is_read_with_and_without_the_passages_that_hold_its_answer() -> None:
    copy = hit("copy.txt").passage
    hits = [hit("a.txt", also=(copy,)), hit("b.txt")]
    asked, bare = both(hits, gold("copy.txt", "1811"))
    assert asked is not None
    assert len(asked.scores) == 4
    assert len(bare.scores) == 2  # the first hit stands in copy.txt as well
    assert not bare.right.any()
    asked, bare = both(hits, gold("b.txt", "1811"))
    assert asked is not None
    assert [
        (float(s), int(r)) for s, r, right in zip(asked.scores, asked.ranks, asked.right, strict=True) if right
    ] == [(0.0, 1)]


def test_a_neighbour_in_the_right_sentence_that_shares_no_word_with_the_answer_is_wrong() -> None:
    asked, _ = both([hit("a.txt")], gold("a.txt", "Ada Brook"))
    assert asked is not None
    assert not asked.right.any()


def test_a_question_without_an_answer_is_read_as_it_is_and_nothing_is_right() -> None:
    none = Gold("q2", "When was it sold?", "en", "unanswerable")
    asked, bare = both([hit("a.txt"), hit("b.txt")], none)
    assert asked is None
    assert len(bare.scores) == 4
    assert not bare.right.any()


# ---- fitting ----


def test_the_threshold_is_the_smallest_with_one_wrong_answer_in_five() -> None:
    # by score: 9 8 7 6 right, 5 wrong (1 of 5), 4 wrong (2 of 6), 3 2 right (2 of 8), 1 right (2 of 9), 0 right (2 of
    # 10: one in five again), those without their answer below
    own = [
        (9, True),
        (8, True),
        (7, True),
        (6, True),
        (5, False),
        (4, False),
        (3, True),
        (2, True),
        (1, True),
        (0, True),
    ]

    def taken(rows: Sequence[tuple[float, bool]]) -> list[bool]:
        fitted = calibrate.fit([(one((score, 0, right)), one((-5.0 - score, 0, False))) for score, right in rows])
        assert fitted.slope > 0
        return [bool(expit(fitted.slope * s + fitted.intercept) >= fitted.threshold) for s, _ in [*own, (-5.0, False)]]

    assert taken(own) == [True] * 10 + [False]
    assert taken(own[:-1]) == [True] * 5 + [False] * 6


def test_an_answer_where_there_is_none_weighs_as_one_question_in_five() -> None:
    confidence, right = np.array([0.9, 0.9, 0.8, 0.8, 0.7]), np.array([1.0, 0.0, 1.0, 0.0, 0.0])
    weights = np.array([0.8, 0.2, 0.8, 0.2, 0.2])
    assert calibrate.threshold(confidence, right, weights) == 0.8  # .4 of 2.0 wrong; with the last one .6 of 2.2
    assert calibrate.threshold(confidence, right, np.ones(5)) == 1  # half of them wrong, wherever one draws the line


def test_questions_without_an_answer_share_that_weight() -> None:
    rng = np.random.default_rng(1)
    answered = [
        (one((float(s), 0, bool(rng.random() < expit(s)))), one((float(s) - 4, 0, False)))
        for s in rng.normal(0, 2, 300)
    ]
    fitted = calibrate.fit(answered)
    doubled = calibrate.fit([*answered, *((None, bare) for _, bare in answered)])
    assert (doubled.slope, doubled.intercept) == pytest.approx((fitted.slope, fitted.intercept), abs=1e-3)


def test_confidence_is_the_share_that_is_right() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 3, 4000)
    right = rng.random(4000) < 1 / (1 + np.exp(-(0.7 * scores - 1.2)))
    slope, intercept = calibrate.logistic_regression(scores, right.astype(float), np.ones(4000))
    assert slope == pytest.approx(0.7, abs=0.05)
    assert intercept == pytest.approx(-1.2, abs=0.1)


def test_the_rank_counts_as_much_as_makes_most_first_answers_right_and_no_more() -> None:
    # The first passage's span is right and 0.5 behind the second one's: log 2 * 0.75 is enough.
    behind = one((2.0, 0, True), (2.5, 1, False))
    fitted = calibrate.fit([(behind, one((0.0, 0, False)))] * 4)
    assert fitted.rank_weight == 0.75
    assert behind.best(0.75) == (2.0, True)
    assert calibrate.fit([(one((2.0, 0, True)), one((0.0, 0, False)))] * 4).rank_weight == 0
    assert one().best(1.0) == (-np.inf, False)


@pytest.mark.parametrize(("gained", "weight"), [(3, 0.0), (10, 0.75)])  # of 100; a standard error is .04 and .03
def test_a_weight_of_the_rank_that_gains_less_than_a_standard_error_is_not_taken(gained: int, weight: float) -> None:
    behind, plain, never = one((2.0, 0, True), (2.5, 1, False)), one((2.0, 0, True)), one((2.0, 0, False))
    assert calibrate.chosen_weight([behind] * gained + [plain] * 80 + [never] * (20 - gained)) == weight


def test_a_reader_whose_scores_say_nothing_is_not_calibrated() -> None:
    with pytest.raises(BadInput, match="higher score"):
        calibrate.fit([(one((s, 0, s < 2)), one((s + 5, 0, False))) for s in (0.0, 1.0, 2.0, 3.0)])


# ---- what is written ----


def test_what_was_fitted_is_written_and_the_rest_of_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "reader.json"
    path.write_text(json.dumps({"languages": ["en"], "threshold": 1, "note": "stays"}))
    calibrate.save(tmp_path, Calibration(0.5, -1.25, 0.4, 0.25), "4 questions")
    assert json.loads(path.read_text()) == {
        "languages": ["en"], "threshold": 0.4, "note": "stays", "slope": 0.5, "intercept": -1.25, "rank_weight": 0.25,
        "fitted": "4 questions",
    }  # fmt: skip


def test_wrong_use_gives_one_line_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        calibrate.parse(["--set", "x", "y"])
    (tmp_path / "gold.jsonl").write_text("[]\n")
    asked = ["--set", str(tmp_path / "gold.jsonl"), str(tmp_path)]
    assert calibrate.main([*asked, "--reader", str(tmp_path)]) == 2
    assert "line 1" in capsys.readouterr().err
