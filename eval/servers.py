"""What a question costs on servers, beside the same store in its folder: servers.json and servers.md.

python -m eval.servers --texts PATH [PATH ...] --out DIR [--sizes 10000,100000]
Vectors are cheap stand-ins (eval.embedders); texts are distinct. Starts a PostgreSQL and a Chroma server here
and makes each store twice. The questions are put to both in turn by one process: all of `QA.retrieve`, their vectors
known before. Needs the tests' packages.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eval import bench_parts as parts
from eval.bench import add_arguments, passages_each
from eval.bench_texts import Texts, documents, read_texts, write_folder
from eval.command import OK, BadInput, edge, say, table, warn, write_whole
from eval.embedders import StandIn
from eval.runs import write_figures
from eval.timing import ms, timed
from qa.answering.qa import QA
from qa.answering.sentence_reader import SentenceReader
from qa.store.servers import SERVERS_FILE
from tests import chroma, postgres

QUESTIONS = 300
ROUNDS = 3
RESAMPLED = 2000  # times, for the interval
FIGURES, TABLE = "servers.json", "servers.md"
KINDS = ("embedded", "servers")

Facts = dict[str, Any]
Times = dict[str, list[float]]


class Ready(StandIn):
    """Knows the vectors of some questions."""

    def __init__(self, questions: Sequence[str]) -> None:
        super().__init__()
        self.rows = {question: self.encode_passages([question]) for question in questions}

    def encode_questions(self, texts: Sequence[str]) -> Any:
        return self.rows[texts[0]]


def compared(texts: Texts, out: Path, sizes: Sequence[int]) -> list[Facts]:
    """The figures of each size. Stores are made anew and deleted again."""
    each, found = passages_each(texts.paragraphs), []
    for size in sizes:
        warn(f"stores of {size} passages:")
        place = out / str(size)
        shutil.rmtree(place, ignore_errors=True)
        write_folder(place / "documents", documents(texts.paragraphs, round(size / each)))
        with postgres.running() as catalogs, chroma.running() as vectors:
            addresses = {"catalog": catalogs.new_database(), "chroma": vectors.address}
            for folder in ("servers", "second"):
                (place / folder).mkdir()
                (place / folder / SERVERS_FILE).write_text(json.dumps(addresses))
            made = {kind: parts.alone(parts.ingest, place / kind, place / "documents")[0] for kind in KINDS}
            asked = parts.alone(asking, place, texts.questions[:QUESTIONS])[0]
        found.append({"size": size, "ingest": made, **asked})
        shutil.rmtree(place)
    return found


def asking(place: Path, questions: Sequence[str]) -> Facts:
    """Seconds of each question on both stores, in turn, and of the words that a second machine makes."""
    model = Ready(questions)
    reader = SentenceReader(model)  # type: ignore[arg-type]
    with contextlib.ExitStack() as stack:
        opened = {kind: stack.enter_context(QA(place / kind, model, reader)) for kind in KINDS}  # type: ignore[arg-type]
        for qa in opened.values():
            qa.stays = True
        second = stack.enter_context(QA(place / "second", model, reader))  # type: ignore[arg-type]
        made = timed(second.retrieve, questions[0])
        differ = sum(ids(opened["embedded"], one) != ids(opened["servers"], one) for one in questions)
        same = sum(ids(second, one) != ids(opened["servers"], one) for one in questions)
        passages = opened["embedded"].catalog.passage_count
        return {
            "passages": passages, "questions": len(questions), "second_seconds": made,
            "differ": differ, "second_differ": same, "taken": in_turn(opened, questions),
        }  # fmt: skip


def ids(qa: QA, question: str) -> list[str]:
    return [hit.passage.id for hit in qa.retrieve(question)]


def in_turn(opened: dict[str, QA], questions: Sequence[str]) -> Times:
    """Seconds of every question, the least of some rounds; which store comes first changes with each."""
    taken: dict[str, list[list[float]]] = {kind: [] for kind in opened}
    for number in range(ROUNDS):
        rows: Times = {kind: [] for kind in opened}
        for at, question in enumerate(questions):
            order: list[str] = list(opened)[:: 1 if (at + number) % 2 else -1]
            for kind in order:
                rows[kind].append(timed(opened[kind].retrieve, question))
        for kind in opened:
            taken[kind].append(rows[kind])
    return {kind: [float(best) for best in np.min(rows, axis=0)] for kind, rows in taken.items()}


def ratio_with_interval(taken: Times) -> tuple[float, float, float]:
    """Of the medians: servers to embedded, with its 95 % interval over questions (bootstrap, the pairs kept)."""
    both = np.array([taken[kind] for kind in KINDS])
    drawn = np.random.default_rng(0).integers(0, both.shape[1], (RESAMPLED, both.shape[1]))
    middles = np.median(both[:, drawn], axis=2)
    low, high = np.quantile(middles[1] / middles[0], (0.025, 0.975))
    middle = np.median(both, axis=1)
    return float(middle[1] / middle[0]), float(low), float(high)


def markdown(found: Sequence[Facts]) -> str:
    """A column a size."""
    columns: list[tuple[str, Callable[[Facts], str]]] = []
    for kind in KINDS:
        columns.append((f"{kind}: question, median ms", lambda one, k=kind: ms(float(np.median(one["taken"][k])))))
        columns.append(
            (f"{kind}: 95th percentile, ms", lambda one, k=kind: ms(float(np.quantile(one["taken"][k], 0.95))))
        )
    columns.append(
        (
            "servers / embedded (95 % interval)",
            lambda one: "{:.2f} ({:.2f}-{:.2f})".format(*ratio_with_interval(one["taken"])),
        )
    )
    for kind in KINDS:
        columns.append((f"{kind}: ingest, s", lambda one, k=kind: f"{one['ingest'][k]['seconds']:.1f}"))
        columns.append((f"{kind}: indexing of it, s", lambda one, k=kind: f"{one['ingest'][k]['indexing']:.1f}"))
    columns.append(("words made by a second machine, s", lambda one: f"{one['second_seconds']:.1f}"))
    columns.append(("questions with another ranking", lambda one: f"{one['differ']} of {one['questions']}"))
    columns.append(("... on a second machine", lambda one: f"{one['second_differ']} of {one['questions']}"))
    lines = [[name, *(of(one) for one in found)] for name, of in columns]
    return "\n".join([*table(["passages", *(f"{one['passages']:,}" for one in found)], lines), ""])


def run_servers(options: argparse.Namespace) -> int:
    texts = read_texts(options.texts)
    if not texts.questions:
        raise BadInput("the texts bring no questions; name a SQuAD file among them")
    found = compared(texts, options.out, options.sizes)
    write_figures(options.out / FIGURES, found)
    write_whole(options.out / TABLE, markdown(found))
    say(markdown(found))
    return OK


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.servers", description="What a question costs on servers.")
    add_arguments(parser)
    options = parser.parse_args(arguments)
    return edge("eval.servers", lambda: run_servers(options))


if __name__ == "__main__":
    sys.exit(main())
