"""BEIR folders: their documents read into a store, their test questions retrieved, whole documents scored.

A document ranks where its best passage does.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from eval import metrics
from eval.command import OK, say, warn
from eval.convert import Beir, beir, document_id, write_beir
from eval.documents import open_documents
from eval.predict import answer_all, facts_of
from eval.report import quote, write_report
from eval.runs import REPORT, SCHEMA, read_meta, write_scores
from eval.score import NOT_RETRIEVED, RIGHT, Measure, TextOf, headline, latency, stage_seconds
from eval.sets import fill
from qa.answering.qa import QA
from qa.answering.render import hit_json
from qa.answering.retrieval import retrieve
from qa.settings import load_settings

DEPTH = 100  # passages, so that there are enough documents among them

MEASURES = (
    *(
        Measure(
            f"recall@{k}", f"Recall@{k}", "all", f"share of the relevant documents among the first {k}", k in (5, 20)
        )
        for k in (*metrics.CUTS, 100)
    ),
    Measure("mrr", "MRR", "all", "1 / rank of the first relevant document", main=True),
    Measure("ndcg@10", "nDCG@10", "all", "graded gain of the first 10 documents over the best possible", main=True),
)


def run_beir(options: argparse.Namespace) -> int:
    """Converts, ingests what is new, retrieves, scores and reports."""
    made = beir(options.beir)
    write_beir(options.out / "beir", made)
    settings = load_settings(store=options.store or options.out / "store")
    fill(settings, options.out / "beir" / "documents")
    meta: dict[str, Any] = {"gold": {"sha256": digest(made), "questions": len(made.queries)}, "depth": DEPTH}
    with QA.open(settings=settings, progress=warn) as qa:
        meta |= facts_of(qa, settings, 0.0)
        asks = {key: (lambda key=key: retrieved(qa, key, made.queries[key])) for key in made.queries}
        predictions = answer_all(asks, options.out, meta, options.limit, True, partial(qa.retrieve, "warm up"))
    scores = score_documents(made, predictions)
    write_scores(options.out, scores)
    with open_documents(settings.store, None) as documents:
        items = [
            item(made, said, row, documents.text) for said, row in zip(predictions, scores["questions"], strict=True)
        ]
        write_report(
            options.out / REPORT, options.beir.resolve().name, scores, items, stage_seconds(predictions),
            read_meta(options.out),
        )  # fmt: skip
    say(*headline(scores), f"report: {options.out / REPORT}")
    return OK


def digest(made: Beir) -> str:
    """SHA-256 of questions and judgements."""
    return hashlib.sha256(json.dumps([made.queries, made.relevant], sort_keys=True).encode()).hexdigest()


def retrieved(qa: QA, key: str, question: str) -> dict[str, Any]:
    """A question's passages as a prediction, deeper than an answer lists them."""
    started = time.perf_counter()
    vector = qa.embedder.encode_questions([question])[0]
    with qa.published() as index:
        hits = retrieve(qa.catalog, index, question, vector, DEPTH)
    seconds = {"retrieve": round(time.perf_counter() - started, 4)}
    return {"id": key, "question": question, "passages": [hit_json(hit) for hit in hits], "seconds": seconds}


# ---- scoring ----


def ranked_documents(passages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Documents in order of their best passage."""
    return list(dict.fromkeys(place[0] for passage in passages for place in metrics.passage_places(passage)))


def score_documents(made: Beir, predictions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """scores.json of whole documents; of the same form as `score`, without what concerns answers."""
    ranked = {said["id"]: ranked_documents(said["passages"]) for said in predictions}
    relevant = {key: made.relevant[key] for key in ranked}
    values = metrics.retrieval_values(relevant, ranked, metrics.DOCUMENT_RETRIEVAL)
    rows = [row_of(key, made.queries[key], values[key], ranked[key], relevant[key]) for key in ranked]
    means = {name: metrics.mean_figure(found[name] for found in values.values()) for name in metrics.DOCUMENT_RETRIEVAL}
    points = [means[f"recall@{k}"] for k in range(1, 21)]
    return {
        "schema": SCHEMA,
        "gold": {"sha256": digest(made), "questions": len(made.queries), "predicted": len(rows)},
        "threshold": None,
        "measures": [asdict(measure) for measure in MEASURES],
        "overall": {measure.name: means[measure.name] for measure in MEASURES},
        "languages": {},
        "kinds": {},
        "pairs": {},
        "folders": {},
        "causes": {name: sum(row["cause"] == name for row in rows) for name in (RIGHT, NOT_RETRIEVED)},
        "curves": {"recall": [[k, f["value"], f["low"], f["high"]] for k, f in enumerate(points, start=1)]},
        "latency": latency(predictions),
        "questions": rows,
    }  # fmt: skip


def row_of(
    key: str, question: str, values: Mapping[str, float], ranked: Sequence[str], relevant: Mapping[str, int]
) -> dict[str, Any]:
    """What became of a question: right means a relevant document among the first ten."""
    rank = next((at for at, name in enumerate(ranked, start=1) if name in relevant), None)
    cause = RIGHT if rank and rank <= 10 else NOT_RETRIEVED
    kept = {measure.name: values[measure.name] for measure in MEASURES}
    row = {"id": key, "question": question, "kind": "beir", "lang": ""}
    return {**row, "rank": rank, "cause": cause, "values": kept}


def item(made: Beir, said: Mapping[str, Any], row: Mapping[str, Any], text_of: TextOf) -> dict[str, Any]:
    """What the page shows of a question."""
    relevant = made.relevant[said["id"]]
    return {
        **{key: row[key] for key in ("id", "kind", "lang", "cause", "rank")},
        "question": said["question"],
        "history": [],
        "answered": False,
        "match": row["values"]["ndcg@10"],
        "confidence": None,
        "seconds": said["seconds"]["retrieve"],
        "gold": [whole(name, text_of, f"grade {grade}") for name, grade in relevant.items()],
        "given": [],
        "passages": list(passages(said, relevant, text_of)),
    }


def whole(name: str, text_of: TextOf, more: str) -> dict[str, Any]:
    """The beginning of a document: its title."""
    title = (text_of(name) or "").split("\n", 1)[0]
    return {**quote(text_of, name, (0, len(title)), (0, 0), more), "where": f"{document_id(name)}; {more}"}


def passages(said: Mapping[str, Any], relevant: Mapping[str, int], text_of: TextOf) -> Iterator[dict[str, Any]]:
    """The best passages of the first documents."""
    for rank, name in enumerate(ranked_documents(said["passages"])[:5], start=1):
        best = next(p for p in said["passages"] if name in [place[0] for place in metrics.passage_places(p)])
        shown = quote(text_of, best["document"], (best["start"], best["end"]), (best["end"], best["end"]))
        yield {**shown, "where": f"{rank}. {document_id(name)}", "holds": name in relevant}
