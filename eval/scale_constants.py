"""Measures, on a small store, what eval.scale reckons with and eval/RESULTS.md does not say: eval/scale.json.

python -m eval.scale_constants --texts PATH [PATH ...] --out DIR [--sizes 10000]
The store's vectors are stand-ins (eval.embedders); the embedder's rate is that of the real one. Both the seconds on the
clock and those of the processor are kept, since only the latter mean the same on a busy machine.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from eval import bench_parts as parts
from eval.bench import add_arguments, machine, passages_each
from eval.bench_texts import Texts, documents, read_texts, write_folder
from eval.command import OK, BadInput, edge, say, warn
from eval.embedders import StandIn
from eval.runs import write_figures
from qa.answering.retrieval import LIST_LENGTH, ranked_lists
from qa.ingestion.publishing import INDEX_BATCH
from qa.ingestion.verify import verify
from qa.models.embedder import default_embedder, open_embedder
from qa.settings import load_settings
from qa.store.catalog import Catalog, batches
from qa.store.index import Index, build_generation, generation_path
from qa.store.mentions import FOLDER as MENTIONS
from qa.store.near import groups
from qa.store.opening import create_catalog, open_catalog
from qa.types import join_context

FIGURES = "scale.json"
SIZE = 10_000  # passages: a store that takes half a minute to make
QUESTIONS, ROUNDS = 300, 3
EMBEDDED = 200  # passages
VECTORS = 64  # committed at once, as an ingest does
COMPARED = 100  # questions put to vectors that are compared one by one

Facts = dict[str, Any]


def constants(texts: Texts, out: Path, size: int) -> Facts:
    """Every figure of one store, which is deleted again."""
    place = out / "store-of-scale"
    shutil.rmtree(place, ignore_errors=True)
    write_folder(place / "documents", documents(texts.paragraphs, round(size / passages_each(texts.paragraphs))))
    parts.alone(parts.ingest, place / "store", place / "documents")
    found = {
        "machine": {**machine(), "amx": has_amx(), "load": os.getloadavg()[0]},
        **parts.look(place / "store"),
        "bytes": bytes_by_part(place / "store"),
        "work": parts.alone(work, place / "store", place)[0],
        "question": parts.alone(asking, place / "store", texts.questions[:QUESTIONS])[0],
        "embedding": parts.alone(embedding, place / "store")[0],
    }
    shutil.rmtree(place)
    return found


def has_amx() -> bool:
    """Whether the processor has tiles for products of 8-bit and 16-bit numbers."""
    with contextlib.suppress(OSError):
        return "amx_int8" in Path("/proc/cpuinfo").read_text()
    return False


def cost(work: Callable[[], Any]) -> dict[str, float]:
    """Seconds on the clock and of the processor, all threads of this process together."""
    began, used = time.perf_counter(), time.process_time()
    work()
    return {"seconds": time.perf_counter() - began, "processor": time.process_time() - used}


def bytes_by_part(store: Path) -> dict[str, int]:
    """Bytes on the disk of the catalog and of each index."""
    found = {"catalog": parts.size_of(store, "catalog.sqlite*"), "nearest": 0, "words": 0, "mentions": 0}
    (generation,) = (store / "generations").iterdir()
    for path in generation.iterdir():
        size = path.stat().st_size if path.is_file() else parts.size_of(path, "**/*")
        part = "words" if path.name.startswith("words-") else "mentions" if path.name == MENTIONS else "nearest"
        found[part] += size
    return found


def work(store: Path, place: Path) -> Facts:
    """What it costs to write the catalog anew, make its indexes, check it, wipe it, and group its documents."""
    with contextlib.closing(open_catalog(store)) as catalog:
        found: Facts = {
            "write": cost(lambda: written(catalog, place / "written")),
            "verify": cost(lambda: verify(catalog, store)),
        }
        query = "SELECT d.name, l.signature FROM likeness l JOIN documents d ON d.id = l.document"
        signatures = dict(catalog.db.execute(query).fetchall())
        found["groups"] = cost(lambda: groups(signatures))
    with contextlib.closing(create_catalog(place / "written")) as writer:
        writer.leave_out([])
        generation = generation_path(place / "written", 1)
        total = writer.count_next()
        found["indexing"] = cost(
            lambda: build_generation(generation, writer.next_passages(INDEX_BATCH), total, texts=writer.next_texts())
        )
        found["vacuum"] = cost(lambda: writer.db.execute("VACUUM"))
    with contextlib.closing(Index(generation)) as index:
        language, passages = max(index.sizes.items(), key=lambda item: item[1])
        question = StandIn().encode_passages(["Which of them was the first?"])[0]
        index.search_exactly(question, language, LIST_LENGTH)  # reads the vectors
        search = partial(index.search_exactly, question, language, LIST_LENGTH)
        compared = cost(lambda: [search() for _ in range(COMPARED)])
    found["compared"] = {**compared, "vectors": COMPARED * passages}
    return found


def written(catalog: Catalog, store: Path) -> None:
    """Stages all documents of a store in a new one and adds their vectors, as an ingest does it."""
    fingerprints, model = catalog.fingerprints(), catalog.model
    with contextlib.closing(create_catalog(store)) as writer:
        for name, fingerprint in fingerprints.items():
            document = catalog.document(name)
            assert document is not None
            writer.stage(document, fingerprint, catalog.passages_of(name), model)
        rows = catalog.db.execute("SELECT key, vector FROM vectors").fetchall()
        for batch in batches(rows, VECTORS):
            keys, blobs = zip(*batch, strict=True)
            writer.add_vectors(keys, np.frombuffer(b"".join(blobs), "<f4").reshape(len(keys), -1))


def asking(store: Path, questions: Sequence[str]) -> Facts:
    """What one part of a divided store does for a question: its lists of nearest passages and of words.

    Milliseconds of every call on the clock, which hold what else the machine did, and of the processor, which do not.
    """
    vectors = StandIn().encode_passages(list(questions))
    taken: list[dict[str, float]] = []
    with (
        contextlib.closing(open_catalog(store)) as catalog,
        contextlib.closing(Index(generation_path(store, catalog.generation))) as index,
    ):
        own = set(index.sizes)
        lists = [ranked_lists(index, q, v, own, LIST_LENGTH)[0] for q, v in zip(questions, vectors, strict=True)]
        for question, vector in list(zip(questions, vectors, strict=True)) * ROUNDS:
            taken.append(cost(partial(ranked_lists, index, question, vector, own, LIST_LENGTH)))
        held = [len({p.source.name for p in catalog.passages(list(ids)).values()}) for ids in lists]
    milliseconds = {kind: sorted(round(1000 * one[kind], 2) for one in taken) for kind in ("seconds", "processor")}
    return {
        "clock_ms": milliseconds["seconds"],
        "processor_ms": milliseconds["processor"],
        "documents_of_100": float(np.mean(held)),
    }


def embedding(store: Path) -> Facts:
    """The real embedder on some of the passages, with one thread."""
    settings = load_settings()
    with contextlib.closing(open_catalog(store)) as catalog:
        rows = catalog.db.execute("SELECT context, text FROM passages ORDER BY id LIMIT ?", (EMBEDDED,)).fetchall()
    texts = [join_context(context, text) for context, text in rows]
    model = open_embedder(settings.embedder or default_embedder(), settings.model_dir, 1)
    model.encode_passages(texts[:8])  # loads it
    tokens = float(np.mean(model.count_tokens(texts)))
    return {"passages": len(texts), "tokens": tokens, **cost(lambda: model.encode_passages(texts))}


def run_constants(options: argparse.Namespace) -> int:
    texts = read_texts(options.texts)
    if not texts.questions:
        raise BadInput("the texts bring no questions; name a SQuAD file among them")
    found = constants(texts, options.out, options.sizes[0])
    write_figures(options.out / FIGURES, found)
    warn(f"load of the machine: {found['machine']['load']:.1f}")
    say(f"figures: {options.out / FIGURES}")
    return OK


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m eval.scale_constants", description="What eval.scale reckons with, measured on a small store."
    )
    add_arguments(parser)
    parser.set_defaults(sizes=(SIZE,))
    options = parser.parse_args(arguments)
    return edge("eval.scale_constants", lambda: run_constants(options))


if __name__ == "__main__":
    sys.exit(main())
