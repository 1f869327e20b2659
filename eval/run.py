"""Asks, scores and reports: DIR gets predictions.jsonl, meta.json, scores.json and report.html.

python -m eval.run --gold FILE --store DIR --out DIR [--limit N]
python -m eval.run --beir DIR --out DIR [--store DIR] [--limit N]
python -m eval.run --all [FOLDER ...] --out DIR [--limit N]

With --all each set has a folder of its own below DIR, with its store, and table.md says the figures of all of them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from eval.beir import run_beir
from eval.command import OK, edge, positive, say, warn, write_whole
from eval.documents import open_documents
from eval.gold import Gold, load_gold, prove
from eval.predict import facts_of, predict
from eval.report import question_items, write_report
from eval.runs import REPORT, read_meta, write_scores
from eval.score import headline, score, stage_seconds
from eval.sets import fill, gold_sets, table
from qa.answering.qa import QA
from qa.settings import Settings, load_settings

TABLE = "table.md"


def run_gold(path: Path, settings: Settings, out: Path, limit: int | None) -> dict[str, Any]:
    """Gold questions over a store; its scores. Nothing is asked unless every span stands in the store's documents."""
    gold = load_gold(path)
    with open_documents(settings.store, None) as documents:
        prove(gold, documents, path)
    with QA.open(settings=settings.model_copy(update={"threshold": 0.0}), progress=warn) as qa:
        return measured(qa, settings, gold, path.name, out, limit)


def run_all(options: argparse.Namespace) -> int:
    """Every set of the repository and those of the folders named, one after the other, and a table of them all."""
    scores: dict[str, dict[str, Any]] = {}
    for one in gold_sets(options.all):
        say(f"{one.name}:")
        settings = load_settings(store=options.out / one.name / "store")
        fill(settings, one.documents)
        scores[one.name] = run_gold(one.gold, settings, options.out / one.name, options.limit)
    write_whole(options.out / TABLE, table(scores))
    say(table(scores), f"all sets: {options.out / TABLE}")
    return OK


def run(options: argparse.Namespace) -> int:
    if options.all is not None:
        return run_all(options)
    if options.beir:
        return run_beir(options)
    run_gold(options.gold, load_settings(store=options.store), options.out, options.limit)
    return OK


def measured(
    qa: QA, settings: Settings, gold: Sequence[Gold], title: str, out: Path, limit: int | None
) -> dict[str, Any]:
    """Predicts with a program whose threshold is 0, scores at the settings' or the reader's, and reports."""
    threshold = qa.reader.threshold if settings.threshold is None else settings.threshold
    about = facts_of(qa, settings, threshold)
    predictions = predict(qa, gold, out, limit, about=about, ready=partial(qa.retrieve, gold[0].question))
    with open_documents(qa.store, None) as documents:
        scores = score(gold, predictions, threshold, documents.text, qa.reader.perhaps)
        items = question_items(gold, predictions, scores, documents.text)
    write_scores(out, scores)
    write_report(out / REPORT, title, scores, items, stage_seconds(predictions), read_meta(out))
    say(*headline(scores), f"report: {out / REPORT}")
    return scores


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval.run", description="How well questions are answered.")
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--gold", type=Path, metavar="FILE", help="gold questions on the documents of the store")
    asked.add_argument("--beir", type=Path, metavar="DIR", help="a BEIR folder: its documents are read into a store")
    asked.add_argument("--all", type=Path, nargs="*", metavar="FOLDER", help=(
        "the development sets of the repository, and of folders that hold gold.jsonl and documents/"))  # fmt: skip
    parser.add_argument("--store", type=Path, metavar="DIR", help=(
        "the store to ask (default: the usual one; with --beir: one in the --out folder)"))  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="where the run goes; resumed if begun")
    parser.add_argument("--limit", type=positive, metavar="N", help="only the first N questions")
    parser.epilog = "Exit: 0 done, 2 wrong use or input (named by line), 1 anything else."
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    options = make_parser().parse_args(arguments)
    return edge("eval.run", lambda: run(options))


if __name__ == "__main__":
    sys.exit(main())
