"""From gold and predictions to scores.json: figures with intervals, curves, and what became of every question.

python -m eval.score RUN --gold GOLD.jsonl [--threshold T] [--store DIR | --corpus DIR]
Loads no model. Applies the threshold itself: the predictions were asked at threshold 0.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from eval import metrics
from eval.command import OK, BadInput, edge, say, warn
from eval.documents import open_documents
from eval.gold import Gold, digest, load_gold
from eval.runs import PREDICTIONS, SCHEMA, read_meta, read_predictions, write_scores
from eval.timing import spread
from qa.language import language_of

Row = dict[str, Any]
TextOf = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure: what it says, over which questions, and whether more is better. main: compared and guarded."""

    name: str
    label: str
    over: str
    what: str
    main: bool = False
    higher: bool = True


ANSWERABLE, UNANSWERABLE, ANSWERED, UNSURE, ALL = "answerable", "unanswerable", "answered", "unsure", "all"

MEASURES = (
    Measure("recall@1", "Recall@1", ANSWERABLE, "the first passage touches gold evidence"),
    Measure("recall@5", "Recall@5", ANSWERABLE, "one of the first 5 passages touches gold evidence", main=True),
    Measure("recall@10", "Recall@10", ANSWERABLE, "one of the first 10 passages touches gold evidence"),
    Measure("recall@20", "Recall@20", ANSWERABLE, "one of the first 20 passages touches gold evidence", main=True),
    Measure("recall@4000c", "Recall in 4,000 characters", ANSWERABLE,
            "a passage that touches gold evidence ends within the first 4,000 characters of the ranking"),
    Measure("mrr", "MRR", ANSWERABLE, "1 / rank of the first passage that touches gold evidence", main=True),
    Measure("ndcg@10", "nDCG@10", ANSWERABLE,
            "gain of each passage with evidence that none before it had, discounted by rank, over the best possible",
            main=True),
    Measure("em", "Exact match", ANSWERABLE, "the first answer is a gold answer, by SQuAD's rule; a refusal is wrong"),
    Measure("f1", "F1", ANSWERABLE,
            "words shared by the first answer and the nearest gold answer, by SQuAD's rule; a refusal counts 0",
            main=True),
    Measure("best", "Best quote, threshold aside", ANSWERABLE,
            "the first quoted sentence, or a place cited with it, touches a gold span, given or held back", main=True),
    Measure("best3", "Best three, threshold aside", ANSWERABLE,
            "one of up to three quoted sentences touches a gold span, given or held back"),
    Measure("first", "First quote holds the answer", ANSWERABLE,
            "the first quoted sentence (600 characters at most), or a place cited with it, touches a gold span",
            main=True),
    Measure("any3", "One of three quotes holds it", ANSWERABLE,
            "one of up to three quoted sentences touches a gold span", main=True),
    Measure("precision", "Answers that are right", ANSWERED,
            "the first quote holds a gold span and its answer shares a word with gold", main=True),
    Measure("perhaps", "Perhaps, and right", UNSURE,
            "as for answers that are right, of what was shown as perhaps an answer where none was given"),
    Measure("citation_precision", "Citation precision", ANSWERED, "share of the cited places that touch gold evidence"),
    Measure("citation_recall", "Citation recall", ANSWERABLE, "share of the gold evidence that a citation touches"),
    Measure("verbatim", "Verbatim quotes", ANSWERED,
            "share of the quotes that are their document's own characters; must be 1", main=True),
    Measure("refused", "Refused where nothing answers", UNANSWERABLE, "no answer was given, rightly", main=True),
    Measure("overrefused", "Refused though answerable", ANSWERABLE,
            "no answer was given although there is one, whether the best one held back was right or not", main=True,
            higher=False),
    Measure("auroc", "AUROC of confidence", ALL,
            "chance that a right best answer has more confidence than a wrong one", main=True),
    Measure("coverage@80", "Coverage at 80 % precision", ALL,
            "most questions that can be answered with 80 % of those answers right"),
    Measure("coverage@90", "Coverage at 90 % precision", ALL,
            "most questions that can be answered with 90 % of those answers right"),
    Measure("brier", "Brier score", ALL, "squared distance of confidence and right (1) or wrong (0)", higher=False),
    Measure("ece", "Calibration error", ALL,
            "mean gap of confidence and share right over 15 bins of equal size; too high where questions are few, its "
            "interval even more so", higher=False),
)  # fmt: skip

OF_SETS: dict[str, Callable[..., Any]] = {  # of all questions together, not a mean over them
    "auroc": metrics.auroc,
    "coverage@80": partial(metrics.coverage_at, precision=0.8),
    "coverage@90": partial(metrics.coverage_at, precision=0.9),
    "ece": metrics.calibration_error,
}

CAUSES = RIGHT, NOT_RETRIEVED, NOT_CHOSEN, WRONG_SPAN, WRONGLY_REFUSED, WRONGLY_ANSWERED = (
    "right", "not retrieved", "retrieved but not chosen", "wrong span", "wrongly refused", "wrongly answered"
)  # fmt: skip


def score(
    gold: Sequence[Gold],
    predictions: Iterable[Mapping[str, Any]],
    threshold: float,
    text_of: TextOf | None = None,
    perhaps: float = math.inf,
) -> dict[str, Any]:
    """Everything that scores.json holds.

    threshold: of confidence, from which on an answer counts as given. text_of: a document's text by name, to prove
    quotes with; without it that figure is left empty. perhaps: of confidence, from which on what is no answer is shown
    as one that may be right. Raises BadInput for predictions of other questions.
    """
    given = matching(gold, predictions)
    asked = [one for one in gold if one.id in given]
    rows = [judge(one, given[one.id], threshold, text_of, perhaps) for one in asked]
    found = retrieval(asked, given)
    for row in rows:
        row["values"] = {**found.get(row["id"], {}), **row["values"]}
    return {
        "schema": SCHEMA,
        "gold": {"sha256": digest(gold), "questions": len(gold), "predicted": len(rows)},
        "threshold": threshold,
        "perhaps": None if perhaps == math.inf else perhaps,
        "measures": [asdict(measure) for measure in MEASURES],
        "overall": figures(rows),
        "languages": {key: figures(part) for key, part in grouped(rows, "lang").items()},
        "kinds": {key: figures(part) for key, part in grouped(rows, "kind").items()},
        "pairs": {key: figures(part) for key, part in grouped(rows, "pair").items()},
        "folders": {key: figures(part) for key, part in grouped(rows, "folder").items()},
        "causes": {name: sum(row["cause"] == name for row in rows) for name in CAUSES},
        "curves": curves(rows),
        "latency": latency(given.values()),
        "plain": plain(asked, given, threshold),
        "questions": rows,
    }


def matching(gold: Sequence[Gold], predictions: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Predictions by id. Raises BadInput where they are of another gold set, or there are none."""
    asked = {one.id: one for one in gold}
    given: dict[str, Mapping[str, Any]] = {}
    for row in predictions:
        one = asked.get(row["id"])
        if one is None or row.get("question", one.question) != one.question:
            why = "is not in the gold set" if one is None else "is another question there"
            raise BadInput(f"the predictions are of another gold set: {row['id']} {why}")
        given[one.id] = row
    if not given:
        raise BadInput("there are no predictions to score")
    return given


# ---- one question ----


def judge(
    one: Gold, said: Mapping[str, Any], threshold: float, text_of: TextOf | None, perhaps: float = math.inf
) -> Row:
    """What became of a question, and each of its values; a value that does not apply is not there."""
    best = said.get("answers", [])[:3] if said.get("answered") else []
    given = [answer for answer in best if answer["confidence"] >= threshold]
    values = answer_values(one, best, given)
    right = bool(best) and is_right(one, best[0])
    values["brier"] = (said.get("confidence", 0.0) - right) ** 2
    if given:
        values["precision"] = float(right)
        values["citation_precision"] = metrics.citation_precision(given, one.evidence) or 0.0
    elif best and best[0]["confidence"] >= perhaps:
        values["perhaps"] = float(right)
    if best and text_of is not None:
        values["verbatim"] = metrics.verbatim_share(best, text_of) or 0.0
    first = metrics.first_rank(said["passages"], one.evidence)
    return {
        "id": one.id,
        "question": one.question,
        "kind": one.kind,
        "lang": one.lang,
        **where(one, text_of),
        "answerable": bool(one.answers),
        "answered": bool(given),
        "right": right,  # the best answer, given or not
        "confidence": said.get("confidence", 0.0),
        "rank": first[0] if first else None,
        "cause": cause(one, said, best, given, right),
        "values": values,
    }


def where(one: Gold, text_of: TextOf | None) -> dict[str, str | None]:
    """Languages of question and answering document ("nl > en"), and that document's folder; None where unknown."""
    source = one.answers[0].source if one.answers else ""
    text = text_of(source) if text_of is not None and source else None
    return {
        "pair": None if text is None else f"{one.lang} > {language_of(text, one.lang)}",
        "folder": source.rpartition("/")[0] or None,
    }


def answer_values(one: Gold, best: Sequence[Mapping[str, Any]], given: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Values of the best answers and of those that were given, for a question with or without gold answers."""
    if not one.answers:
        return {"refused": float(not given)}
    exact, f1 = words_match(one, given[0]) if given else (0.0, 0.0)
    return {
        "em": exact,
        "f1": f1,
        "best": float(bool(best) and metrics.holds(best[0], one.spans)),
        "best3": float(any(metrics.holds(answer, one.spans) for answer in best)),
        "first": float(bool(given) and metrics.holds(given[0], one.spans)),
        "any3": float(any(metrics.holds(answer, one.spans) for answer in given)),
        "citation_recall": metrics.citation_recall(given, one.evidence) or 0.0,
        "overrefused": float(not given),
    }


def words_match(one: Gold, answer: Mapping[str, Any]) -> tuple[float, float]:
    """(exact match, F1) by SQuAD's rule; Dutch articles go where question or answer is Dutch."""
    languages = (one.lang, str(answer.get("language", "")))
    tokens = partial(metrics.squad_tokens, languages=languages)
    return metrics.best_match(answer["text"], [wanted.text for wanted in one.answers], tokens)


def is_right(one: Gold, answer: Mapping[str, Any]) -> bool:
    """Whether the quoted sentence holds a gold span and the answer in it shares a word with gold."""
    return metrics.holds(answer, one.spans) and words_match(one, answer)[1] > 0


def cause(
    one: Gold,
    said: Mapping[str, Any],
    best: Sequence[Mapping[str, Any]],
    given: Sequence[Mapping[str, Any]],
    right: bool,
) -> str:
    """RIGHT, or the first thing on the way that went wrong: retrieving, choosing the passage, the span, answering.

    A refusal is to blame only where the answer held back was right.
    """
    if not one.answers:
        return WRONGLY_ANSWERED if given else RIGHT
    if right:
        return RIGHT if given else WRONGLY_REFUSED
    holding = [p for p in said["passages"] if metrics.touches(metrics.passage_places(p), one.evidence)]
    if not holding:
        return NOT_RETRIEVED
    chosen = best and any(
        metrics.touches(metrics.cited_places(best[0]), metrics.passage_places(passage)) for passage in holding
    )
    return WRONG_SPAN if chosen else NOT_CHOSEN


def retrieval(gold: Sequence[Gold], given: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """The measures of retrieval for each question that has answers."""
    passages = {one.id: given[one.id]["passages"] for one in gold if one.answers}
    evidence = {one.id: one.evidence for one in gold if one.answers}
    values = metrics.retrieval_values(
        {key: metrics.judgements(passages[key], evidence[key]) for key in passages},
        {key: [str(rank) for rank in range(1, len(ranked) + 1)] for key, ranked in passages.items()},
        metrics.RETRIEVAL,
    )
    for key, found in values.items():
        first = metrics.first_rank(passages[key], evidence[key])
        found["recall@4000c"] = float(first is not None and first[1] <= metrics.READ_LIMIT)
    return values


# ---- all questions ----


def grouped(rows: Sequence[Row], key: str) -> dict[str, list[Row]]:
    """Rows by kind or the like, in order of name, without those that have none."""
    names = sorted({row[key] for row in rows if row[key] is not None})
    return {name: [row for row in rows if row[key] == name] for name in names}


def figures(rows: Sequence[Row]) -> dict[str, metrics.Figure]:
    """Every measure over some questions, with interval and number of questions."""
    found = {}
    for measure in MEASURES:
        if measure.name in OF_SETS:
            found[measure.name] = set_figure(measure.name, rows)
        else:
            found[measure.name] = metrics.mean_figure(row["values"].get(measure.name) for row in rows)
    return found


def set_figure(name: str, rows: Sequence[Row]) -> metrics.Figure:
    """A measure of all questions together: of their best answers' being right and confidence."""
    right, confidence = columns(rows)
    return metrics.figure(OF_SETS[name], right, confidence)


def columns(rows: Sequence[Row]) -> tuple[list[float], list[float]]:
    return [float(row["right"]) for row in rows], [row["confidence"] for row in rows]


def curves(rows: Sequence[Row]) -> dict[str, Any]:
    """Points of the pictures: recall by k, risk by coverage, share right by confidence."""
    ranks = [row["rank"] for row in rows if row["answerable"]]
    recall = {k: metrics.mean_figure(float(rank is not None and rank <= k) for rank in ranks) for k in range(1, 21)}
    right, confidence = columns(rows)
    return {
        "recall": [[k, f["value"], f["low"], f["high"]] for k, f in recall.items()],
        "risk_coverage": [list(point) for point in metrics.risk_coverage(right, confidence)],
        "calibration": [list(point) for point in metrics.calibration(right, confidence)],
    }


def stage_seconds(predictions: Iterable[Mapping[str, Any]]) -> dict[str, list[float]]:
    """Seconds of every question by stage."""
    stages: dict[str, list[float]] = {}
    for said in predictions:
        for stage, taken in said.get("seconds", {}).items():
            stages.setdefault(stage, []).append(taken)
    return stages


def latency(said: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, float | None]]:
    """Seconds a question by stage and in all: p50, p95, mean, n."""
    rows = list(said)
    total = [sum(row.get("seconds", {}).values()) for row in rows]
    return {stage: spread(seconds) for stage, seconds in {**stage_seconds(rows), "total": total}.items()}


def plain(gold: Sequence[Gold], given: Mapping[str, Mapping[str, Any]], threshold: float) -> dict[str, float]:
    """The few figures by the plainer rule that the project's first scorer had, to compare with figures of its time.

    A passage counts if it touches a gold answer (not its evidence); words by `metrics.plain_tokens`.
    """
    sums: dict[str, list[float]] = {}
    for one in (one for one in gold if one.answers):
        said = given[one.id]
        top = [a for a in said.get("answers", ())[:1] if said.get("answered") and a["confidence"] >= threshold]
        golds = [answer.text for answer in one.answers]
        exact, f1 = metrics.best_match(top[0]["text"], golds, metrics.plain_tokens) if top else (0.0, 0.0)
        rank, read = metrics.first_rank(said["passages"], one.spans) or (10**9, 10**9)
        found = {"R1": rank <= 1, "R5": rank <= 5, "R10": rank <= 10, "R4000c": read <= metrics.READ_LIMIT}
        for name, value in {**found, "em": exact, "f1": f1}.items():
            sums.setdefault(name, []).append(float(value))
    return {name: sum(values) / len(values) for name, values in sums.items()}


# ---- the command line ----


def rescore(options: argparse.Namespace) -> int:
    """Scores a run's predictions once more, maybe at another threshold."""
    gold = load_gold(options.gold)
    meta = read_meta(options.run)
    if meta["gold"].get("sha256") != digest(gold):
        raise BadInput(f"{options.run} was made with another gold set than {options.gold}")
    threshold = meta.get("threshold", 0.0) if options.threshold is None else options.threshold
    with open_documents(options.store, options.corpus) as documents:
        text_of = documents.text if options.store or options.corpus else None
        perhaps = meta.get("perhaps", math.inf)
        scores = score(gold, read_predictions(options.run / PREDICTIONS), threshold, text_of, perhaps)
    write_scores(options.run, scores)
    say(*headline(scores))
    if threshold != meta.get("threshold"):
        warn(f"scores.json now goes by threshold {threshold}; report.html still shows that of the run")
    return OK


def headline(scores: Mapping[str, Any]) -> list[str]:
    """The figures of all questions as aligned lines: label, value, interval, number of questions."""
    lines = [
        f"{scores['gold']['predicted']} of {scores['gold']['questions']} questions, threshold {scores['threshold']}"
    ]
    for measure in scores["measures"]:
        found = scores["overall"][measure["name"]]
        lines.append(f"{measure['label']:30} {shown(found)}   n = {found['n']}")
    return lines


def shown(found: Mapping[str, Any]) -> str:
    """A figure as "0.735 [0.651, 0.812]"; a dash for what cannot be said."""
    if found["value"] is None:
        return "    -                 "
    return f"{found['value']:6.3f} {metrics.interval(found):15}"


def share(text: str) -> float:
    if not 0 <= float(text) <= 1:
        raise ValueError(text)
    return float(text)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.score", description="Scores the predictions of a run again.")
    parser.add_argument("run", type=Path, help="folder of a run of eval.run")
    parser.add_argument("--gold", type=Path, required=True, metavar="FILE", help="the gold set that was asked")
    parser.add_argument(
        "--threshold", type=share, metavar="T", help="confidence that an answer needs (default: as run)"
    )
    texts = parser.add_mutually_exclusive_group()
    texts.add_argument("--store", type=Path, metavar="DIR", help="prove the quotes against this store")
    texts.add_argument("--corpus", type=Path, metavar="DIR", help="prove the quotes against the files of this folder")
    options = parser.parse_args(arguments)
    return edge("eval.score", lambda: rescore(options))


if __name__ == "__main__":
    sys.exit(main())
