"""Asks, scores and reports: DIR gets predictions.jsonl, meta.json, scores.json and report.html.

python -m eval.run --gold FILE --store DIR --out DIR [--limit N]
python -m eval.run --beir DIR --out DIR [--store DIR] [--limit N]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from eval.beir import run_beir
from eval.command import OK, edge, say, warn
from eval.documents import open_documents
from eval.gold import load_gold, prove
from eval.predict import facts_of, predict
from eval.report import question_items, stage_seconds, write_report
from eval.runs import REPORT, read_meta, write_scores
from eval.score import headline, score
from qa.answering import QA
from qa.settings import load_settings


def run_gold(options: argparse.Namespace) -> int:
    """Gold questions over a store. Nothing is asked unless every span stands in the store's documents."""
    gold = load_gold(options.gold)
    settings = load_settings(store=options.store)
    with open_documents(settings.store, None) as documents:
        prove(gold, documents, options.gold)
        with QA.open(settings=settings.model_copy(update={"threshold": 0.0}), progress=warn) as qa:
            threshold = qa.reader.threshold if settings.threshold is None else settings.threshold
            about = facts_of(qa, settings, threshold)
            ready = partial(qa.retrieve, gold[0].question)
            predictions = predict(qa, gold, options.out, options.limit, about=about, ready=ready)
        scores = score(gold, predictions, threshold, documents.text)
        write_scores(options.out, scores)
        items = question_items(gold, predictions, scores, documents.text)
        meta = read_meta(options.out)
        write_report(options.out / REPORT, options.gold.name, scores, items, stage_seconds(predictions), meta)
    say(*headline(scores), f"report: {options.out / REPORT}")
    return OK


def positive(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval.run", description="How well questions are answered.")
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--gold", type=Path, metavar="FILE", help="gold questions on the documents of the store")
    asked.add_argument("--beir", type=Path, metavar="DIR", help="a BEIR folder: its documents are read into a store")
    parser.add_argument("--store", type=Path, metavar="DIR", help=(
        "the store to ask (default: the usual one; with --beir: one in the --out folder)"))  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="where the run goes; resumed if begun")
    parser.add_argument("--limit", type=positive, metavar="N", help="only the first N questions")
    parser.epilog = "Exit: 0 done, 2 wrong use or input (named by line), 1 anything else."
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    options = make_parser().parse_args(arguments)
    return edge("eval.run", lambda: run_gold(options) if options.gold else run_beir(options))


if __name__ == "__main__":
    sys.exit(main())
