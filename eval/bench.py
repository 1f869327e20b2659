"""Speed and cost: bench.json, bench.md and bench.svg, with ratios where figures depend on the machine.

python -m eval.bench --texts PATH [PATH ...] --out DIR [--sizes 1000,10000,100000] [--questions FILE]
Stores of these numbers of passages are made with cheap vectors (embedding 100,000 passages takes hours) and kept in
DIR/stores; the rate of an ingest, the question's vector and the reader are measured with the real embedder. QA_THREADS
says how many threads the models have.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib

from eval import bench_parts as parts
from eval import plots
from eval.bench_texts import PER_FILE, Texts, documents, read_questions, read_texts, write_folder
from eval.command import OK, BadInput, edge, positive, read_json, say, table, warn, write_whole
from eval.embedders import StandIn
from eval.predict import code_digest, versions
from eval.runs import write_figures
from eval.timing import LEAST, ms, ratio, shown, spread
from qa import passages
from qa.answering.span_reader import READ_HITS
from qa.errors import VerbatimError
from qa.ingestion.planning import made_by_of
from qa.settings import load_settings
from qa.store.index import HNSW, generation_path, has_all_files
from qa.store.opening import SCHEMA_VERSION, open_catalog
from qa.types import Document, Source

TABLE, PICTURE, FIGURES = "bench.md", "bench.svg", "bench.json"
MOST_GROWTH = {"dense": 5.0, "lexical": 5.0}  # times, from the smallest store to the largest
MOST_READ = {"few": 4.5, "embed": 1.0}  # times, reading all passages over reading a few, and over embedding all
LEAST_RATE = 0.8  # of the embedder's bare rate
SAMPLE = 100  # documents that tell how many passages a document makes

Facts = dict[str, Any]
Alone = Callable[..., tuple[Any, int]]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    sizes: tuple[int, ...] = (1_000, 10_000, 100_000)  # passages
    questions: int = 100
    read: int = 20  # of the questions; reading takes long
    files: int = 1_000  # of the folder in which one changes
    rate_files: int = 30  # read with the real embedder: about 300 passages


# ---- measuring ----


def bench(texts: Texts, out: Path, plan: Plan, open_model: Callable[[], Any], alone: Alone = parts.alone) -> Facts:
    """Every figure. alone: runs a part in a process of its own and returns its result and its memory in bytes."""
    questions = texts.questions[: plan.questions]
    return {
        "schema": 1,
        "machine": machine(),
        "asked": {"questions": len(questions), "read": min(plan.read, len(questions)), "rounds": parts.ROUNDS},
        **of_sizes(texts, questions, out / "stores", plan, open_model, alone),
        **of_ingests(texts, questions[0], out / "stores", plan, open_model, alone),
        "bare_peak_bytes": {"ingest": alone(parts.importing)[1], "ask": alone(parts.loading, open_model)[1]},
    }


def of_sizes(
    texts: Texts, questions: Sequence[str], stores: Path, plan: Plan, open_model: Callable[[], Any], alone: Alone
) -> Facts:
    """What is measured at every size, and how each stage of a question grows from the smallest to the largest."""
    each = passages_each(texts.paragraphs)
    places = [stores / str(size) for size in sorted(plan.sizes)]
    sizes = [filled(texts, round(int(place.name) / each), place, alone) for place in places]
    warn("asking:")
    made = [place / "store" for place in places]
    taken, _ = alone(parts.asking, made, questions, plan.read, open_model)
    for facts, store, seconds in zip(sizes, made, taken, strict=True):
        facts["stages"] = {stage: spread(values) for stage, values in seconds.items()}
        facts["ask_peak_bytes"] = alone(parts.answering, store, questions[:5], open_model)[1]
    read, _ = alone(parts.reading, made[0], questions[: plan.read], open_model)
    return {
        "sizes": sizes,
        "growth": {stage: growth(sizes, stage) for stage in parts.STAGES},
        "reading": {what: spread(seconds) for what, seconds in read.items()},
    }


def of_ingests(
    texts: Texts, question: str, stores: Path, plan: Plan, open_model: Callable[[], Any], alone: Alone
) -> Facts:
    """Rate against the bare embedder, ingests that have little to do, and an answer from a store with real vectors."""
    warn("rate of an ingest:")
    few, many = stores / "rate", stores / "changes"
    write_folder(few / "documents", documents(texts.paragraphs, plan.rate_files))
    rate, peak = alone(parts.ingest_rate, few / "documents", few / "store", open_model)
    seconds, _ = alone(parts.first_answer, few / "store", question)
    warn("ingests with little to do:")
    write_folder(many / "documents", documents(texts.paragraphs, plan.files))
    changes, _ = alone(parts.changes, many / "documents", many / "store")
    return {
        "ingest_rate": {**rate, "least": LEAST_RATE, "peak_bytes": peak},
        "first_answer": {"passages": rate["passages"], "seconds": seconds},
        "changes": changes,
    }


def passages_each(paragraphs: Sequence[str]) -> float:
    """Passages that a document makes, from the first real ones; how many a store has is counted afterwards."""
    real = min(SAMPLE, -(-len(paragraphs) // PER_FILE))
    model, found = StandIn(), 0
    for name, text in documents(paragraphs, real).items():
        source = Source(name, name, "", "", None)
        found += len(list(passages.split(Document(source, text), model.count_tokens, model.window, model.identity)))
    return found / real


def filled(texts: Texts, files: int, place: Path, alone: Alone) -> Facts:
    """Facts of the store of so many documents; it is made unless one of the same texts and settings is there."""
    warn(f"store of {place.name} passages:")
    store, known = place / "store", place / "facts.json"
    made_of = write_folder(place / "documents", documents(texts.paragraphs, files))
    made_by = [SCHEMA_VERSION, HNSW, made_by_of(StandIn())]
    if known.is_file():
        facts: Facts = read_json(known)
        if (facts.get("made_of"), facts.get("made_by")) == (made_of, made_by) and has_index(store):
            return facts
    shutil.rmtree(store, ignore_errors=True)
    ingest, peak = alone(parts.ingest, store, place / "documents")
    facts = {
        "asked": int(place.name),
        **parts.look(store),
        "ingest": {**ingest, "peak_bytes": peak},
        "made_of": made_of,
        "made_by": made_by,
    }
    write_figures(known, facts)
    return facts


def has_index(store: Path) -> bool:
    """Whether a store has a published index."""
    with contextlib.suppress(VerbatimError), contextlib.closing(open_catalog(store)) as catalog:
        return has_all_files(generation_path(store, catalog.generation))
    return False


def growth(sizes: Sequence[Facts], stage: str) -> Facts:
    """The median in the largest store, as a multiple of the one in the smallest."""
    first, last = sizes[0], sizes[-1]
    before, after = (one["stages"][stage]["p50"] for one in (first, last))
    return {"from": first["passages"], "to": last["passages"], "p50": before, "times": ratio(after, before),
            "most": MOST_GROWTH.get(stage)}  # fmt: skip


def machine() -> Facts:
    """What the figures depend on, without paths of this machine."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "threads": load_settings().threads or os.cpu_count(),
        "code": code_digest(),
        "versions": versions(),
    }


# ---- table and picture ----


def markdown(found: Facts) -> str:
    """Two tables: by number of passages, and what does not depend on it."""
    sizes = found["sizes"]
    head = ["", *(f"{one['passages']:,}" for one in sizes), "growth", "at most"]
    lines = [["of recombined sentences", *(f"{one['made']:,}" for one in sizes), "", ""]]
    for stage in parts.STAGES:
        grown = found["growth"][stage]
        cells = [f"{ms(one['stages'][stage]['p50'])} / {ms(one['stages'][stage]['p95'])}" for one in sizes]
        limit = "" if grown["most"] is None else f"{grown['most']:g}"
        lines.append([f"{stage}, ms, p50 / p95", *cells, shown(grown["times"], ".1f"), limit])
    lines += [
        [label, *(show(one) for one in sizes), "", ""]
        for label, show in (
            ("ingest with stand-in vectors, s", lambda one: f"{one['ingest']['seconds']:.0f}"),
            ("memory of that ingest, MB", lambda one: mb(one["ingest"]["peak_bytes"])),
            ("memory of asking, MB", lambda one: mb(one["ask_peak_bytes"])),
            ("bytes a passage", lambda one: f"{one['bytes']['passage']:,.0f}"),
            ("... of the catalog", lambda one: f"{one['bytes']['catalog'] / one['passages']:,.0f}"),
            ("... of the index", lambda one: f"{one['bytes']['index'] / one['passages']:,.0f}"),
        )
    ]
    return "\n".join([*table(head, lines), "", *table(["", "", "wanted"], others(found)), ""])


def others(found: Facts) -> list[list[str]]:
    """Rows of label, figure and its limit."""
    rate, changes, bare = found["ingest_rate"], found["changes"], found["bare_peak_bytes"]
    files, first = changes["documents"], found["first_answer"]
    read = {what: one["p50"] for what, one in found["reading"].items()}
    times = {what: shown(ratio(read["all"], read[what]), ".2f") for what in MOST_READ}
    return [
        [f"reading {READ_HITS} passages over reading {parts.FEW}", f"{times['few']} ({ms(read['all'])} of "
         f"{ms(read['few'])} ms)", f"at most {MOST_READ['few']:g}"],
        [f"reading {READ_HITS} passages over embedding them", f"{times['embed']} ({ms(read['all'])} of "
         f"{ms(read['embed'])} ms)", f"at most {MOST_READ['embed']:g}"],
        ["ingest over bare embedder", f"{shown(rate['ratio'], '.2f')} ({shown(rate['ingest_rate'], '.1f')} of "
         f"{shown(rate['bare_rate'], '.1f')} passages/s, {rate['passages']} passages)", f"at least {rate['least']:g}"],
        ["nothing changed, s", f"{changes['nothing']:.2f} ({shown(changes['nothing_ratio'], '.3f')} of the whole "
         f"ingest of {files:,} files, {changes['passages']:,} passages)", ""],
        [f"one file in {files:,} changed, s", f"{changes['one']:.2f} ({shown(changes['one_ratio'], '.3f')} of it)", ""],
        ["first answer of a cold process, s", f"{min(first['seconds']):.1f} ({first['passages']} passages)", ""],
        ["memory with nothing read, MB", f"{mb(bare['ingest'])} ingest, {mb(bare['ask'])} asking (the model)", ""],
        ["memory of an ingest with the real embedder, MB", mb(rate["peak_bytes"]), ""],
    ]  # fmt: skip


def mb(size: float) -> str:
    return f"{size / 1e6:,.0f}"


def picture(sizes: Sequence[Facts]) -> str:
    """Median seconds by number of passages, one line per stage."""
    with matplotlib.rc_context(plots.STYLE):
        chart, axes = plots.blank("passages", "seconds a question, median")
        looks = zip((plots.ONE, plots.TWO, plots.INK, plots.ONE, plots.TWO), ("-", "-", ":", "--", "--"), strict=True)
        for stage, (colour, line) in zip(parts.STAGES, looks, strict=True):
            points = [(one["passages"], one["stages"][stage]["p50"]) for one in sizes]
            known = [(x, max(y, LEAST)) for x, y in points if y is not None]  # zero is not on a logarithmic axis
            x, y = [point[0] for point in known], [point[1] for point in known]
            axes.plot(x, y, color=colour, linestyle=line, marker="o", markersize=3, label=stage)
        axes.set(xscale="log", yscale="log")
        chart.legend(loc="outside upper center", ncols=len(parts.STAGES), handlelength=1.6, columnspacing=1.0)
        return plots.on_paper(plots.drawn(chart, "growth", "Seconds of each stage of a question by number of passages"))


# ---- the command line ----


def run_bench(options: argparse.Namespace) -> int:
    texts = read_texts(options.texts)
    if options.questions:
        texts.questions = read_questions(options.questions)
    if not texts.questions:
        raise BadInput("the texts bring no questions; name a file of them with --questions")
    found = bench(texts, options.out, Plan(sizes=options.sizes), parts.real_model)
    write_figures(options.out / FIGURES, found)
    write_whole(options.out / TABLE, markdown(found))
    write_whole(options.out / PICTURE, picture(found["sizes"]))
    say(markdown(found), f"all figures: {options.out / FIGURES}", f"picture: {options.out / PICTURE}")
    return OK


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of a command that makes stores of several sizes from texts."""
    add = parser.add_argument
    add("--texts", type=Path, nargs="+", required=True, metavar="PATH", help=(
        "folders of documents, SQuAD files, BEIR corpus.jsonl files"))  # fmt: skip
    add("--out", type=Path, required=True, metavar="DIR", help="folder for the figures and the stores")
    add("--sizes", type=numbers, default=Plan().sizes, metavar="N,N,...", help=(
        "passages of the stores (default: 1000,10000,100000)"))  # fmt: skip


def numbers(text: str) -> tuple[int, ...]:
    """ "1000,10000" as numbers, each from 1, none twice, rising."""
    return tuple(sorted({positive(part) for part in text.split(",")}))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.bench", description="Speed and cost of the program.")
    add_arguments(parser)
    parser.add_argument("--questions", type=Path, metavar="FILE", help=(
        "a SQuAD or gold file (default: the questions of the SQuAD files among the texts)"))  # fmt: skip
    parser.epilog = "Exit: 0 done, 2 wrong use or input (named by line), 1 anything else."
    options = parser.parse_args(arguments)
    return edge("eval.bench", lambda: run_bench(options))


if __name__ == "__main__":
    sys.exit(main())
