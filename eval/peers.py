"""Verbatim beside other programs: the same documents, questions, embedder and reader, on the same machine, in one run.

python -m eval.peers --set GOLD DOCUMENTS [--set GOLD DOCUMENTS ...] --reader FOLDER --out DIR [--limit N]
Each program runs in a process of its own (`eval.peer_systems`); they take turns at questions. Stopped, the
same command goes on behind the last ingest; for other documents DIR must be another.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from eval import plots
from eval.ablate import cell, folder_name, line
from eval.bench import machine, mb
from eval.command import OK, BadInput, bar, edge, positive, say, table, warn, write_rows, write_whole
from eval.documents import open_documents
from eval.gold import Gold, load_gold, prove
from eval.metrics import verbatim_share
from eval.peer_systems import TEXTS, Job
from eval.runs import write_figures
from eval.score import MEASURES, TextOf, score
from eval.sets import GoldSet
from eval.timing import rate, shown, spread
from qa.errors import VerbatimError
from qa.language import language_of
from qa.models.conversion import E5
from qa.models.embedder import open_embedder
from qa.sentences import segment
from qa.settings import load_settings
from qa.text import Range

TABLE, PICTURE, FIGURES = "peers.md", "peers.svg", "peers.json"
GIVEN = 1e-9  # confidence from which on an answer of a peer counts as given: those held back have 0
SHOWN = ("recall@5", "recall@10", "recall@4000c", "em", "f1", "first", "best", "refused", "overrefused")
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "ANONYMIZED_TELEMETRY": "False",
}
HAYSTACK = ("haystack-ai", "sentence-transformers-haystack", "transformers-haystack")

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Peer:
    """A program as it is measured. needs: the packages it comes in; ours: over Verbatim's passages."""

    name: str
    program: str
    needs: tuple[str, ...] = ()
    ours: bool = False


PEERS = (
    Peer("Verbatim", "verbatim"),
    Peer("Haystack, in memory", "haystack", HAYSTACK),
    Peer("... our passages", "haystack", HAYSTACK, ours=True),
    Peer("Haystack, Chroma", "haystack-chroma", (*HAYSTACK, "chroma-haystack")),
    Peer("txtai", "txtai", ("txtai",)),
    Peer("... our passages", "txtai", ("txtai",), ours=True),
)


class Process(Protocol):
    """A program that runs, and answers one request after the other."""

    def answer(self, request: Facts) -> Facts:
        """Raises VerbatimError where the program has ended."""
        ...

    def close(self) -> None: ...


Start = Callable[[Job], Process]


class OwnProcess:
    """`eval.peer_systems` in a new process, offline; what it prints is kept in `log`."""

    def __init__(self, job: Job, log: Path) -> None:
        self.log = log
        with open(log, "ab") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "eval.peer_systems", json.dumps(asdict(job))],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stream, text=True, encoding="utf-8",
                env={**os.environ, **OFFLINE},
            )  # fmt: skip
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.requests, self.answers = self.process.stdin, self.process.stdout

    def answer(self, request: Facts) -> Facts:
        with contextlib.suppress(BrokenPipeError):
            self.requests.write(json.dumps(request) + "\n")
            self.requests.flush()
        said = self.answers.readline()
        if not said:
            raise VerbatimError(f"a program that is measured has ended; the end of {self.log} says why")
        return dict(json.loads(said))

    def close(self) -> None:
        """Lets it end; does nothing the second time."""
        with contextlib.suppress(BrokenPipeError):
            self.requests.close()
        self.process.wait()
        self.answers.close()


# ---- what is measured ----


def measure(
    peers: Sequence[Peer], one: GoldSet, gold: Sequence[Gold], models: Mapping[str, str], out: Path, start: Start
) -> list[Facts]:
    """Times, memory and answers of each peer over a set, in the order of `peers`. Verbatim must be the first."""
    stores = out / "stores" / one.name
    jobs = [job_of(peer, one, models, stores / str(number)) for number, peer in enumerate(peers)]
    found: list[Facts] = [{"name": peer.name, "program": peer.program, "ours": peer.ours} for peer in peers]
    for facts, job in zip(found, jobs, strict=True):
        warn(f"{one.name}: {facts['name']} ({facts['program']}): ingest")
        facts["ingest"] = ingested(job, start)
        if facts["program"] == "verbatim":
            shutil.copy(Path(job.store) / "pieces.jsonl", stores / "pieces.jsonl")
    with contextlib.ExitStack() as running:
        processes = started(found, jobs, gold[-1].question, start, running)
        answers = asked(processes, gold)
        for facts, process, said in zip(found, processes, answers, strict=True):
            facts["answers"] = said
            facts["questions"] = spread([row["seconds"]["ask"] for row in said])
            facts["questions_processor"] = spread([row["seconds"]["processor"] for row in said])
            facts["ask_peak_bytes"] = process.answer({"do": "used"})["peak_bytes"]
    return found


def job_of(peer: Peer, one: GoldSet, models: Mapping[str, str], store: Path) -> Job:
    pieces = str(store.parent / "pieces.jsonl") if peer.ours else ""
    return Job(peer.program, str(one.documents.resolve()), str(store), models["embedder"], models["reader"], pieces)


def ingested(job: Job, start: Start) -> Facts:
    """What a program says of its ingest, with its memory; where an earlier run has made it, what it said then."""
    done = Path(f"{job.store}.json")
    if not done.exists():
        shutil.rmtree(job.store, ignore_errors=True)
        Path(job.store).mkdir(parents=True)
        with contextlib.closing(start(job)) as process:
            said = process.answer({"do": "ingest"})
            write_whole(done, json.dumps({**process.answer({"do": "used"}), **said}))
    return dict(json.loads(done.read_text("utf-8")))


def started(
    found: Sequence[Facts], jobs: Sequence[Job], question: str, start: Start, running: contextlib.ExitStack
) -> list[Process]:
    """Starts each program, one after the other, until it has answered; they go on running."""
    processes = []
    for facts, job in zip(found, jobs, strict=True):
        began = time.perf_counter()
        process = running.enter_context(contextlib.closing(start(job)))
        process.answer({"do": "ask", "question": question})
        seconds = time.perf_counter() - began
        facts["cold"] = {"seconds": seconds, "processor": process.answer({"do": "used"})["processor"]}
        processes.append(process)
    return processes


def asked(processes: Sequence[Process], gold: Sequence[Gold]) -> list[list[Facts]]:
    """Answers of each program; they take turns at each question, and another one begins each time."""
    answers: list[list[Facts]] = [[] for _ in processes]
    for at, one in enumerate(bar(gold, "asking")):
        for number in range(len(processes)):
            which = (at + number) % len(processes)
            said = processes[which].answer({"do": "ask", "question": one.question})
            answers[which].append({**said, "id": one.id, "question": one.question})
    return answers


# ---- figures ----


def judged(found: Sequence[Facts], gold: Sequence[Gold], text_of: TextOf) -> list[Facts]:
    """The facts of each program with the figures of its answers, and how far they lie from the first program's."""
    sentences: dict[str, list[Range]] = {}
    scores = []
    for facts in found:
        rows = [quoted(row, text_of, sentences) for row in facts["answers"]]
        scores.append(score(gold, rows, rows[0].get("threshold", GIVEN)))
    lines = [line(facts["name"], scores[0], one, SHOWN) for facts, one in zip(found, scores, strict=True)]
    exact = [verbatim_share([a for row in facts["answers"] for a in row["answers"]], text_of) for facts in found]
    return [{**facts, **one, "verbatim": share} for facts, one, share in zip(found, lines, exact, strict=True)]


def quoted(row: Facts, text_of: TextOf, sentences: dict[str, list[Range]]) -> Facts:
    """An answer object whose answers have the sentences they stand in, found by our rule where it gives none.

    So that a bare span is not judged more strictly than one with its sentence.
    """
    return {**row, "answers": [in_sentence(answer, text_of, sentences) for answer in row["answers"]]}


def in_sentence(answer: Facts, text_of: TextOf, sentences: dict[str, list[Range]]) -> Facts:
    name, text = answer["document"], text_of(answer["document"])
    if "sentence" in answer or text is None:
        return answer
    if name not in sentences:
        sentences[name] = segment(text, (0, len(text)), language_of(text, "und"))
    around = [s for s in sentences[name] if s[0] < answer["end"] and answer["start"] < s[1]]
    if not around:
        return answer
    start, end = min(around[0][0], answer["start"]), max(around[-1][1], answer["end"])
    return {**answer, "sentence": {"start": start, "end": end, "text": text[start:end]}}


def markdown(sets: Mapping[str, Facts], of: Facts) -> str:
    """Two tables for each set: time and memory, and what was found."""
    labels = {measure.name: measure.label for measure in MEASURES}
    versions = ", ".join(f"{name} {number}" for name, number in of["peers"].items())
    text = [f"{of['processors']} processor cores; {versions}", ""]
    for name, one in sets.items():
        text += [f"### {name}: {one['documents']} documents, {one['characters']:,} characters, "
                 f"{one['questions']} of {one['of']} questions", ""]  # fmt: skip
        head = ["", "passages", "ingest, s", "processor s", "passages/s", "kB of text/s", "most memory, MB",
                "cold start, s", "processor s", "question p50, s", "p95, s", "processor s p50",
                "most memory, MB"]  # fmt: skip
        text += [*table(head, [cost(peer, one["characters"]) for peer in one["programs"]]), ""]
        lines = [
            [
                peer["name"],
                *(cell(peer["figures"][key], peer["differences"][key], number > 0) for key in SHOWN),
                shown(peer["verbatim"], ".3f"),
            ]
            for number, peer in enumerate(one["programs"])
        ]
        text += [*table(["", *(labels[key] for key in SHOWN), "Verbatim quotes"], lines), ""]
    return "\n".join(text)


def cost(peer: Facts, characters: int) -> list[str]:
    """A line of the table of time and memory."""
    ingest, cold, questions = peer["ingest"], peer["cold"], peer["questions"]
    seconds = ingest["seconds"]
    return [
        peer["name"], f"{ingest['passages']:,}", f"{seconds:.1f}", f"{ingest['processor']:.1f}",
        shown(rate(ingest["passages"], seconds), ".1f"), shown(rate(characters, 1000 * seconds), ".1f"),
        mb(ingest["peak_bytes"]), f"{cold['seconds']:.1f}", f"{cold['processor']:.1f}", shown(questions["p50"], ".2f"),
        shown(questions["p95"], ".2f"), shown(peer["questions_processor"]["p50"], ".2f"), mb(peer["ask_peak_bytes"]),
    ]  # fmt: skip


def picture(sets: Mapping[str, Facts]) -> str:
    """What is to be low and what is to be high, a bar for each program and set."""
    names = [f"{peer['program']}{', our passages' if peer['ours'] else ''}" for peer in first(sets)["programs"]]
    figures: dict[str, Callable[[Facts], float | None]] = {
        "cold start, processor s": lambda peer: peer["cold"]["processor"],
        "question, median, processor s": lambda peer: peer["questions_processor"]["p50"],
        "Recall@5": lambda peer: peer["figures"]["recall@5"]["value"],
        "F1": lambda peer: peer["figures"]["f1"]["value"],
    }
    drawn = {
        what: {name: [value(peer) for peer in one["programs"]] for name, one in sets.items()}
        for what, value in figures.items()
    }
    return plots.on_paper(plots.bars(names, drawn))


def first(sets: Mapping[str, Facts]) -> Facts:
    return next(iter(sets.values()))


# ---- the command line ----


def installed(peers: Sequence[Peer]) -> tuple[list[Peer], dict[str, str]]:
    """The peers whose packages are there, and the versions of these; says which are left out."""
    versions: dict[str, str] = {}
    there = []
    for peer in peers:
        missing = []
        for package in peer.needs:
            try:
                versions[package] = version(package)
            except PackageNotFoundError:
                missing.append(package)
        if not missing:
            there.append(peer)
        elif not peer.ours:
            warn(f"{peer.name} is left out: not installed: {', '.join(missing)} (pip install -e '.[eval,peers]')")
    return there, versions


def readable(reader: Path, out: Path) -> Path:
    """A copy of a reader's folder that transformers can open by itself: training leaves the tokenizer's settings out.

    Raises BadInput where it is no such folder.
    """
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        if not (reader / name).is_file():
            raise BadInput(f"{reader} holds no {name}; --reader names a trained reader as transformers saves it")
    copy = out / "reader"
    shutil.copytree(reader, copy, dirs_exist_ok=True)
    if not (copy / "tokenizer_config.json").exists():
        marks = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>",
                 "pad_token": "<pad>", "unk_token": "<unk>"}  # fmt: skip
        settings = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 512, **marks}
        write_whole(copy / "tokenizer_config.json", json.dumps(settings))
    return copy


def spread_evenly(gold: Sequence[Gold], limit: int | None) -> list[Gold]:
    """All questions, or so many of them."""
    count = min(limit or len(gold), len(gold))
    return [gold[at * len(gold) // count] for at in range(count)]


def run_peers(options: argparse.Namespace) -> int:
    sets = [GoldSet(folder_name(gold), gold, documents) for gold, documents in options.set]
    if len({one.name for one in sets}) < len(sets):
        raise BadInput("two sets have one name; rename a file or a folder")
    peers, versions = installed(PEERS)
    settings = load_settings()
    options.out.mkdir(parents=True, exist_ok=True)
    models = {
        "embedder": str(open_embedder(E5, settings.model_dir, settings.threads, warn).folder),
        "reader": str(readable(options.reader, options.out)),
    }
    of = {**machine(), "peers": versions}
    found: dict[str, Facts] = {}
    for one in sets:
        found[one.name] = figures_of(one, peers, models, options)
        # After each set, so that a fault in a later one costs that set only.
        write_figures(options.out / FIGURES, {"machine": of, "sets": found})
        write_whole(options.out / TABLE, markdown(found, of))
        write_whole(options.out / PICTURE, picture(found))
    say(markdown(found, of), f"all figures: {options.out / FIGURES}", f"picture: {options.out / PICTURE}")
    return OK


def figures_of(one: GoldSet, peers: Sequence[Peer], models: Mapping[str, str], options: argparse.Namespace) -> Facts:
    """A set measured and judged; what each program answered is written. Raises BadInput for gold or files of no use."""
    whole_set = load_gold(one.gold)
    alone = [row for row in whole_set if not row.history]  # no peer takes a question's history
    gold = spread_evenly(alone, options.limit)
    with open_documents(None, one.documents) as documents:
        prove(whole_set, documents, one.gold)
        other = next((name for name in documents.names if not name.endswith(TEXTS)), None)
        if other is not None:
            raise BadInput(f"{one.documents / other} is no text file; every program would make another text of it")
        programs = measure(peers, one, gold, models, options.out, lambda job: OwnProcess(job, log_of(options.out)))
        for peer, facts in zip(peers, programs, strict=True):
            name = f"{peer.program}{'-ours' if peer.ours else ''}.jsonl"
            write_rows(options.out / "answers" / one.name / name, facts["answers"])
        programs = judged(programs, gold, documents.text)
        texts = [documents.text(name) or "" for name in documents.names]
    return {
        "documents": len(texts), "characters": sum(map(len, texts)), "questions": len(gold), "of": len(alone),
        "programs": [{key: facts[key] for key in facts if key != "answers"} for facts in programs],
    }  # fmt: skip


def log_of(out: Path) -> Path:
    return out / "programs.log"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.peers", description="Verbatim beside other programs.")
    parser.add_argument(
        "--set", type=Path, nargs=2, action="append", required=True, metavar=("GOLD", "DOCUMENTS"),
        help="gold questions and the folder of text files they are asked over",
    )  # fmt: skip
    parser.add_argument(
        "--reader", type=Path, required=True, metavar="FOLDER", help="the trained reader's floats, for the peers"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for figures and stores")
    parser.add_argument(
        "--limit", type=positive, metavar="N", help="so many questions of each set, spread evenly; default all"
    )
    parser.epilog = "Exit: 0 done, 2 wrong use or input (named by line), 1 anything else."
    options = parser.parse_args(arguments)
    return edge("eval.peers", lambda: run_peers(options))


if __name__ == "__main__":
    sys.exit(main())
