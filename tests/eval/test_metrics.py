"""The measures against examples worked out by hand, and against the libraries they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from eval import metrics
from eval.metrics import Place

DUTCH = ("nl",)


def answer(
    document: str, start: int, end: int, *also: Place, sentence: tuple[int, int] | None = None
) -> dict[str, Any]:
    around = sentence or (start, end)
    return {
        "document": document,
        "start": start,
        "end": end,
        "sentence": {"start": around[0], "end": around[1]},
        "also": [{"document": name, "start": a, "end": b} for name, a, b in also],
    }


def passage(document: str, start: int, end: int, *also: Place) -> dict[str, Any]:
    return {key: value for key, value in answer(document, start, end, *also).items() if key != "sentence"}


# ---- words ----


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The Eiffel Tower", ["eiffel", "tower"]),
        ("  a  cat; AN owl, the end! ", ["cat", "owl", "end"]),
        ("U.S.", ["us"]),  # punctuation is deleted ...
        ("the 15-year plan", ["15year", "plan"]),  # ... and does not separate words
        ("theatre", ["theatre"]),  # articles are whole words
        ("\u201cthe\u201d", ["\u201c", "\u201d"]),  # typographic marks are no punctuation to the official script
        ("de dijk", ["de", "dijk"]),  # a Dutch article in an English answer stays
        ("?!", []),
    ],
)
def test_words_by_the_rule_of_squad(text: str, words: list[str]) -> None:
    assert metrics.squad_tokens(text) == words


def test_dutch_articles_go_where_the_language_is_dutch() -> None:
    assert metrics.squad_tokens("De dijk en het gemaal, een pomp", DUTCH) == ["dijk", "en", "gemaal", "pomp"]
    assert metrics.squad_tokens("the dike of een stad", DUTCH) == ["dike", "of", "stad"]


def test_words_by_the_plainer_rule() -> None:
    assert metrics.plain_tokens("The 15-year \u201cplan\u201d, het U.S.") == ["15", "year", "plan", "u", "s"]


@pytest.mark.parametrize(
    ("given", "gold", "f1"),
    [
        ("a b", "a b", 1.0),
        ("b c", "b d", 0.5),  # 1 shared: precision 1/2, recall 1/2
        ("b b b", "b", 0.5),  # counted: precision 1/3, recall 1
        ("b c d e", "b c", 2 / 3),  # precision 1/2, recall 1
        ("b", "c", 0.0),
        ("", "b", 0.0),
        ("", "", 1.0),
    ],
)
def test_f1_of_words(given: str, gold: str, f1: float) -> None:
    assert metrics.token_f1(given.split(), gold.split()) == pytest.approx(f1)


def test_the_gold_answer_that_suits_best_counts() -> None:
    exact, f1 = metrics.best_match("the old dike", ["sea wall", "old dike", "dike"], metrics.squad_tokens)
    assert (exact, f1) == (1.0, 1.0)
    exact, f1 = metrics.best_match("big old dike", ["sea wall", "old dike", "dike"], metrics.squad_tokens)
    assert (exact, f1) == (0.0, pytest.approx(0.8))
    assert metrics.best_match("anything", [], metrics.squad_tokens) == (0.0, 0.0)


# ---- places ----


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a.txt", "a.txt", True),
        ("corpus/a.txt", "a.txt", True),
        ("a.txt", "x/y/a.txt", True),
        ("x/a.txt", "y/a.txt", False),
        ("ba.txt", "a.txt", False),
    ],
)
def test_names_of_one_document(one: str, other: str, same: bool) -> None:
    assert metrics.same_document(one, other) is same


def test_places_touch_where_they_share_a_character() -> None:
    assert metrics.overlap(("a", 0, 5), ("a", 4, 9))
    assert not metrics.overlap(("a", 0, 5), ("a", 5, 9))
    assert not metrics.overlap(("a", 0, 5), ("b", 0, 5))


def test_places_that_overlap_become_one() -> None:
    assert metrics.merged([("a", 5, 9), ("b", 0, 3), ("a", 0, 6), ("a", 9, 12)]) == [
        ("a", 0, 9), ("a", 9, 12), ("b", 0, 3)
    ]  # fmt: skip


def test_a_quote_holds_the_answer_in_its_sentence_or_in_a_place_cited_with_it() -> None:
    gold = [("a", 50, 55)]
    assert metrics.holds(answer("a", 10, 20, sentence=(10, 60)), gold)
    assert not metrics.holds(answer("a", 10, 20, sentence=(10, 50)), gold)
    assert metrics.holds(answer("b", 10, 20, ("a", 54, 60)), gold)
    assert not metrics.holds({"document": "b", "start": 10, "end": 20}, gold)
    assert metrics.holds({"document": "a", "start": 50, "end": 52}, gold)


def test_a_quote_over_600_characters_holds_nothing() -> None:
    gold = [("a", 50, 55)]
    assert metrics.holds(answer("a", 0, 600), gold)
    assert not metrics.holds(answer("a", 0, 601), gold)
    assert not metrics.holds(answer("b", 0, 601, ("a", 50, 55)), gold)
    assert not metrics.holds(answer("b", 0, 10, ("a", 0, 601)), gold)


def test_citation_precision_and_recall() -> None:
    evidence = [("a", 0, 50), ("b", 0, 50), ("b", 10, 60)]  # the last two are one place
    given = [answer("a", 10, 20, ("c", 0, 9)), answer("b", 70, 80)]
    assert metrics.citation_precision(given, evidence) == pytest.approx(1 / 3)
    assert metrics.citation_recall(given, evidence) == pytest.approx(1 / 2)
    assert metrics.citation_precision([], evidence) is None
    assert metrics.citation_recall([], evidence) == 0.0
    assert metrics.citation_recall(given, []) is None
    assert metrics.citation_precision(given, []) == 0.0


def test_quotes_are_verbatim_or_not() -> None:
    said = {"document": "a", "text": "dike", "start": 4, "end": 8,
            "sentence": {"text": "the dike", "start": 0, "end": 8}}  # fmt: skip
    assert metrics.verbatim_share([said], {"a": "the dike."}.get) == 1.0
    assert metrics.verbatim_share([said], {"a": "The dike."}.get) == 0.5
    assert metrics.verbatim_share([said], {}.get) == 0.0
    assert metrics.verbatim_share([], {}.get) is None


# ---- retrieval ----

EVIDENCE = [("a", 100, 120), ("a", 130, 140), ("z", 0, 10)]
RANKED = [
    passage("b", 0, 500),
    passage("a", 90, 125),  # the first evidence
    passage("a", 110, 145),  # it again, and the second
    passage("a", 135, 200),  # nothing new
]


def test_the_first_passage_with_evidence_and_what_is_read_until_its_end() -> None:
    assert metrics.first_rank(RANKED, EVIDENCE) == (2, 535)
    assert metrics.first_rank(RANKED, [("c", 0, 9)]) is None
    assert metrics.first_rank([passage("b", 0, 5, ("c", 3, 8))], [("c", 0, 9)]) == (1, 5)


def test_a_passage_counts_once_for_its_evidence() -> None:
    assert metrics.judgements(RANKED, EVIDENCE) == {"2": 1, "3": 1, "missed 0": 1}
    assert metrics.judgements([], EVIDENCE[:1]) == {"missed 0": 1}


def retrieval(passages: list[Any], evidence: list[Place]) -> dict[str, float]:
    items = {"q": [str(rank) for rank in range(1, len(passages) + 1)]}
    return metrics.retrieval_values({"q": metrics.judgements(passages, evidence)}, items, metrics.RETRIEVAL)["q"]


def test_retrieval_by_hand() -> None:
    found = retrieval(RANKED, EVIDENCE)
    discounts = [1 / np.log2(rank + 1) for rank in (1, 2, 3)]
    assert found == pytest.approx(
        {"recall@1": 0, "recall@5": 1, "recall@10": 1, "recall@20": 1, "mrr": 1 / 2,
         "ndcg@10": (discounts[1] + discounts[2]) / sum(discounts)}
    )  # fmt: skip


def test_nothing_retrieved_counts_0() -> None:
    assert set(retrieval([], EVIDENCE).values()) == {0.0}


def test_more_passages_with_the_same_evidence_change_nothing() -> None:
    once = retrieval([passage("a", 0, 200)], EVIDENCE[:2])
    assert once["ndcg@10"] == 1.0
    assert retrieval([passage("a", 0, 200), passage("b", 0, 9), passage("a", 50, 150)], EVIDENCE[:2]) == once


def test_equal_scores_do_not_let_names_decide_the_rank() -> None:
    items = [str(rank) for rank in range(1, 13)]  # "10" sorts before "2"
    found = metrics.retrieval_values({"q": {"2": 1}}, {"q": items}, metrics.RETRIEVAL)["q"]
    assert found["mrr"] == 0.5


def test_whole_documents_as_beir_scores_them() -> None:
    relevant = {"q": {"x": 2, "y": 1}, "r": {"x": 1}}
    found = metrics.retrieval_values(relevant, {"q": ["w", "y", "x"], "r": []}, metrics.DOCUMENT_RETRIEVAL)
    gain = [1 / np.log2(rank + 1) for rank in (1, 2, 3)]
    assert found["q"]["recall@1"] == 0.0
    assert found["q"]["recall@2"] == 0.5
    assert found["q"]["recall@5"] == 1.0
    assert found["q"]["mrr"] == 0.5
    assert found["q"]["ndcg@10"] == pytest.approx((gain[1] + 2 * gain[2]) / (2 * gain[0] + gain[1]))
    assert set(found["r"].values()) == {0.0}


# ---- confidence ----

RIGHTS = [1, 0, 1, 1, 0]
SURE = [0.9, 0.8, 0.8, 0.4, 0.1]


def test_auroc_by_hand() -> None:
    # of 6 pairs of a right and a wrong answer: .9 > both, .8 ties one and > the other, .4 > one
    assert float(metrics.auroc(RIGHTS, SURE)) == pytest.approx((2 + 1.5 + 1) / 6)
    assert np.isnan(metrics.auroc([1, 1], [0.2, 0.3]))


def test_auroc_is_that_of_scikit_learn_also_for_many_samples_at_once() -> None:
    random = np.random.default_rng(1)
    sure = random.random((20, 30)).round(1)
    right = random.random((20, 30)) < sure
    assert metrics.auroc(right, sure) == pytest.approx([roc_auc_score(r, s) for r, s in zip(right, sure, strict=True)])


def test_risk_by_coverage() -> None:
    assert [tuple(map(float, point)) for point in metrics.risk_coverage(RIGHTS, SURE)] == [
        (0.2, 0.0, 0.9),
        (0.6, pytest.approx(1 / 3), 0.8),  # two of equal confidence go together
        (0.8, 0.25, 0.4),
        (1.0, pytest.approx(0.4), 0.1),
    ]
    assert metrics.risk_coverage([], []) == []


@pytest.mark.parametrize(("precision", "coverage"), [(0.6, 1.0), (0.75, 0.8), (0.8, 0.2), (1.0, 0.2)])
def test_coverage_at_a_precision(precision: float, coverage: float) -> None:
    assert float(metrics.coverage_at(RIGHTS, SURE, precision)) == pytest.approx(coverage)


def test_coverage_is_0_where_no_threshold_reaches_the_precision() -> None:
    assert float(metrics.coverage_at([0, 1], [0.9, 0.2], 0.8)) == 0.0


def test_coverage_is_read_off_the_curve_of_risk() -> None:
    random = np.random.default_rng(2)
    for _ in range(20):
        sure = random.random(25).round(1)
        right = random.random(25) < sure
        reached = [coverage for coverage, risk, _ in metrics.risk_coverage(right, sure) if risk <= 0.2 + 1e-12]
        assert float(metrics.coverage_at(right, sure, 0.8)) == pytest.approx(max(reached, default=0.0))


def test_calibration_by_hand() -> None:
    assert float(metrics.calibration_error([1, 0], [0.75, 0.25])) == pytest.approx(0.25)  # two bins of one question
    sure, right = np.repeat([0.2, 0.8], 30), np.tile([1, 0], 30)  # half right at both, 15 bins of 4
    # 14 bins are off by .3; the one in the middle has two of each and is right by chance
    assert float(metrics.calibration_error(right, sure)) == pytest.approx(0.3 * 14 / 15)
    assert [n for _, _, n in metrics.calibration(right, sure)] == [4] * 15
    assert float(metrics.calibration_error([1] * 40, [1.0] * 40)) == 0.0


# ---- intervals ----


def test_a_mean_with_its_interval() -> None:
    found = metrics.mean_figure([0.0, 1.0, None] * 200)
    assert found["n"] == 400
    assert found["value"] == 0.5
    assert found["low"] == pytest.approx(0.5 - 1.96 * 0.025, abs=0.005)  # the normal approximation
    assert found["high"] == pytest.approx(0.5 + 1.96 * 0.025, abs=0.005)
    assert found == metrics.mean_figure([0.0, 1.0, None] * 200), "seeded"


def test_few_questions_have_no_interval() -> None:
    assert metrics.mean_figure([]) == {"value": None, "low": None, "high": None, "n": 0}
    assert metrics.mean_figure([0.5, None]) == {"value": 0.5, "low": None, "high": None, "n": 1}
    assert metrics.mean_figure([1.0, 1.0]) == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 2}


def test_what_is_not_defined_has_no_figure() -> None:
    assert metrics.figure(metrics.auroc, [1.0, 1.0], [0.2, 0.3])["value"] is None
    assert metrics.figure(metrics.auroc, [1.0, 0.0], [0.3, 0.2])["value"] == 1.0  # and no warning


def test_differences_are_of_the_same_questions() -> None:
    random = np.random.default_rng(3)
    first = random.random(50)
    found = metrics.difference_figure(zip(first, first + 0.01, strict=True))
    assert found == {"value": pytest.approx(0.01), "low": pytest.approx(0.01), "high": pytest.approx(0.01), "n": 50}


def test_a_difference_is_that_of_the_two_means() -> None:
    found = metrics.difference_figure([(1.0, 1.0), (0.0, None), (None, None)])
    assert (found["value"], found["n"]) == (0.5, 2)
