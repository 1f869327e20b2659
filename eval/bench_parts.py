"""What the speed bench measures, each part in a process of its own so that its memory is measured alone."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from eval.bench_texts import MADE
from eval.command import bar, read_text, write_whole
from eval.embedders import Hybrid, Recording, StandIn
from eval.timing import peak_bytes, rate, ratio, timed
from qa.answering.qa import QA
from qa.answering.readers import Reader, open_reader
from qa.answering.retrieval import retrieve
from qa.answering.span_reader import READ_HITS
from qa.console import progress_bars
from qa.errors import VerbatimError
from qa.ingestion.sync import sync
from qa.models.embedder import default_embedder, open_embedder
from qa.settings import load_settings
from qa.store.catalog import Catalog
from qa.store.index import Index, generation_path
from qa.store.opening import CATALOG_FILE, open_catalog
from qa.types import join_context

STAGES = ("embed", "dense", "lexical", "rest", "read")
"""Of a question: its vector, the two lists, what else `retrieve` does (fusing, fetching), finding the answer."""
FEW = 5  # passages, beside READ_HITS
ROUNDS = 3  # of which the least time counts: the others include other load on the machine

Facts = dict[str, Any]
OpenModel = Callable[[], Any]


def real_model() -> Any:
    """The embedder that the settings name, or the best one installed."""
    settings = load_settings()
    return open_embedder(settings.embedder or default_embedder(), settings.model_dir, settings.threads)


def real_reader(model: Any) -> Reader:
    """The reader that the settings name."""
    settings = load_settings()
    return open_reader(settings.reader, model, settings.threads)


# ---- processes ----


def alone(work: Callable[..., Any], *arguments: Any) -> tuple[Any, int]:
    """What `work` returns in a new process, and the most memory in bytes that this process ever held."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        try:
            return pool.submit(with_peak, work, *arguments).result()  # type: ignore[no-any-return]
        except BrokenProcessPool as error:
            raise VerbatimError(f"the process that measures {work.__name__} was killed; is memory short?") from error


def with_peak(work: Callable[..., Any], *arguments: Any) -> tuple[Any, int]:
    return work(*arguments), peak_bytes()


def importing() -> None:
    """Loads what an ingest needs before it reads anything; for its memory."""
    import chromadb  # noqa: F401


def loading(open_model: OpenModel) -> None:
    """Loads what every question needs, whatever the store; for its memory."""
    open_model().encode_questions(["Who was the first?"])


# ---- stores ----


def ingest(store: Path, documents: Path) -> Facts:
    """Makes a store with stand-in vectors; seconds in all and by stage."""
    model = StandIn()
    last: dict[str, float] = {}
    with progress_bars() as show:
        began = time.perf_counter()

        def progress(stage: str, done: int, total: int) -> None:
            last[stage] = time.perf_counter() - began
            show(stage, done, total)

        sync(store, [documents], lambda _: model, progress=progress)
    ends = {stage: last.get(stage, 0.0) for stage in ("reading", "embedding", "indexing")}
    parts = np.diff([0.0, *ends.values()])
    whole = time.perf_counter() - began
    return {
        "seconds": whole,
        **dict(zip(ends, map(float, parts), strict=True)),
        "publishing": whole - max(ends.values()),
    }


def look(store: Path) -> Facts:
    """What a store holds: passages, those of recombined sentences, distinct ones; bytes on the disk by part."""
    with contextlib.closing(open_catalog(store)) as catalog:
        query = """SELECT count(*), sum(d.name LIKE ?), count(DISTINCT p.fold)
                   FROM passages p JOIN documents d ON d.id = p.document WHERE d.live"""
        passages, made, distinct = catalog.db.execute(query, (MADE + "%",)).fetchone()
        held = catalog.count()
    parts = {"catalog": size_of(store, f"{CATALOG_FILE}*"), "index": size_of(store / "generations", "**/*")}
    return {
        "passages": passages, "made": made, "distinct": distinct, "documents": held["documents"],
        "characters": held["characters"], "bytes": {**parts, "passage": sum(parts.values()) / passages},
    }  # fmt: skip


def size_of(folder: Path, pattern: str) -> int:
    return sum(path.stat().st_size for path in folder.glob(pattern) if path.is_file())


# ---- questions ----


class Timed:
    """Wraps another object and adds up the seconds that each of some of its methods takes."""

    def __init__(self, inner: Any, *methods: str) -> None:
        self.inner, self.seconds = inner, dict.fromkeys(methods, 0.0)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        return partial(self.run, name, found) if name in self.seconds else found

    def run(self, name: str, method: Callable[..., Any], *arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return method(*arguments)
        finally:
            self.seconds[name] += time.perf_counter() - began


@dataclass
class Opened:
    """A store to ask."""

    catalog: Catalog
    index: Index


def asking(
    stores: Sequence[Path], questions: Sequence[str], read: int, open_model: OpenModel
) -> list[dict[str, list[float]]]:
    """Seconds of each question by stage, for each store; an answer is looked for in `read` of the questions.

    The stores take turns at each question, so that other load on the machine affects all of them alike.
    """
    real = open_model()
    hybrid, reader = Hybrid(real), real_reader(real)
    best: dict[tuple[int, str, int], float] = {}
    with contextlib.ExitStack() as stack:
        opened = [open_store(store, stack) for store in stores]
        for turn in bar(range((1 + ROUNDS) * len(questions)), "asking"):
            number = turn % len(questions)
            warm = turn >= len(questions)  # the first round is not counted, and reads but once
            reads = number < (read if warm else min(read, 1))
            for at, store in enumerate(opened):
                taken = ask(store, questions[number], hybrid, reader if reads else None)
                for stage, seconds in taken.items() if warm else ():
                    key = at, stage, number
                    best[key] = min(seconds, best.get(key, seconds))
    return [
        {stage: [s for (a, name, _), s in best.items() if (a, name) == (at, stage)] for stage in STAGES}
        for at in range(len(stores))
    ]


def open_store(store: Path, stack: contextlib.ExitStack) -> Opened:
    catalog = stack.enter_context(contextlib.closing(open_catalog(store)))
    return Opened(catalog, stack.enter_context(contextlib.closing(Index(generation_path(store, catalog.generation)))))


def ask(store: Opened, question: str, embedder: Hybrid, reader: Reader | None) -> dict[str, float]:
    """Seconds by stage, measured inside the real `retrieve`."""
    index = Timed(store.index, "search", "lexical")
    began = time.perf_counter()
    embedder.real.encode_questions([question])
    embedded = time.perf_counter()
    vector = StandIn.encode_passages(embedder, [question])[0]
    asked = time.perf_counter()
    with store.catalog.snapshot():
        hits = retrieve(store.catalog, index, question, vector)  # type: ignore[arg-type]
    retrieved = time.perf_counter()
    taken = {"embed": embedded - began, "dense": index.seconds["search"], "lexical": index.seconds["lexical"]}
    taken["rest"] = retrieved - asked - sum(index.seconds.values())
    if reader:
        reader.read(question, hits)
        taken["read"] = time.perf_counter() - retrieved
    return taken


def reading(store: Path, questions: Sequence[str], open_model: OpenModel) -> dict[str, list[float]]:
    """Seconds of each question for reading its FEW best passages, all READ_HITS, and embedding the latter."""
    real = open_model()
    hybrid, reader = Hybrid(real), real_reader(real)
    taken: dict[str, list[float]] = {"few": [], "all": [], "embed": []}
    with contextlib.ExitStack() as stack:
        opened = open_store(store, stack)
        for question in bar(questions, "reading"):
            vector = hybrid.encode_questions([question])[0]
            with opened.catalog.snapshot():
                hits = retrieve(opened.catalog, opened.index, question, vector)[:READ_HITS]
            texts = [join_context(hit.passage.context, hit.passage.text) for hit in hits]
            work: dict[str, Callable[[], Any]] = {
                "few": partial(reader.read, question, hits[:FEW]),
                "all": partial(reader.read, question, hits),
                "embed": partial(real.encode_passages, texts),
            }
            for what, least in {what: min(timed(one) for _ in range(ROUNDS)) for what, one in work.items()}.items():
                taken[what].append(least)
    return taken


def answering(store: Path, questions: Sequence[str], open_model: OpenModel) -> None:
    """The whole program on a few questions; for its memory."""
    real = open_model()
    with QA(store, Hybrid(real), real_reader(real)) as qa:
        for question in questions:
            qa.ask(question)


def first_answer(store: Path, question: str) -> list[float]:
    """Seconds from the command to the answer, each time in a new process; files may be in the system's cache."""
    command = [sys.executable, "-m", "qa.cli", "ask", question, "--store", str(store), "--json"]
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True)
        seconds.append(time.perf_counter() - began)
        if done.returncode not in (0, 5):
            raise VerbatimError(f"qa ask failed: {done.stderr.strip()}")
    return seconds


# ---- ingests ----


def ingest_rate(documents: Path, store: Path, open_model: OpenModel) -> Facts:
    """Passages a second of whole ingests into new stores, and of the embedder alone on the same texts in one call.

    The last of the stores made stays, at `store`.
    """
    model = Recording(open_model())
    model.inner.encode_passages(["A first text, for which the model is loaded."])
    seconds: dict[str, list[float]] = {"ingest": [], "bare": []}
    for number in range(2):
        shutil.rmtree(store, ignore_errors=True)
        made = store.with_name(f"{store.name}-{number}")  # Chroma remembers paths within a process
        shutil.rmtree(made, ignore_errors=True)
        model.texts.clear()
        with progress_bars() as progress:
            seconds["ingest"].append(timed(sync, made, [documents], lambda _: model, progress=progress))
        seconds["bare"].append(timed(model.inner.encode_passages, list(model.texts)))
        made.rename(store)
    least = {name: min(taken) for name, taken in seconds.items()}
    rates = {f"{name}_rate": rate(len(model.texts), taken) for name, taken in least.items()}
    return {"passages": len(model.texts), "model": model.name, "seconds": seconds, **rates,
            "ratio": ratio(least["bare"], least["ingest"])}  # fmt: skip


def changes(documents: Path, store: Path) -> Facts:
    """Seconds of a whole ingest with stand-in vectors, of one with nothing to do, and of one after one file changed."""
    model = StandIn()
    shutil.rmtree(store, ignore_errors=True)

    def once() -> float:
        return timed(sync, store, [documents], lambda _: model)

    full = once()
    nothing = min(once() for _ in range(ROUNDS))
    changed = sorted(documents.iterdir())[0]
    text = read_text(changed)
    one = []
    for version in (f"{text}\nThis line was not there before, and has not been read yet.\n", text):  # and back again
        write_whole(changed, version)
        one.append(once())
    held = look(store)
    return {
        **{key: held[key] for key in ("passages", "documents")},
        **{"full": full, "nothing": nothing, "one": min(one)},
        **{"nothing_ratio": ratio(nothing, full), "one_ratio": ratio(min(one), full)},
    }
