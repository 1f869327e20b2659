"""What a store costs as it grows: growth.json and growth.md, in processes of their own so that memory is their own too.

python -m eval.growth --texts PATH [PATH ...] --out DIR [--sizes 1000,10000,100000]
Vectors are cheap stand-ins (eval.embedders); texts are distinct. For each size: seconds of a whole ingest by stage
and the most memory it held; of ingests that have nothing to do, one file to add, change, rename or remove; of a
question put to the whole store, of one made of the most common words, of one put to three documents and to half of the
store, beside Chroma with a `where` for the three and the half; and of `find`, with counts and the first passages, as a
multiple of the question's.
"""

from __future__ import annotations

import argparse
import contextlib
import heapq
import itertools
import re
import shutil
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eval import bench_parts as parts
from eval.bench import add_arguments, mb, passages_each
from eval.bench_texts import Texts, documents, read_texts, write_folder
from eval.command import OK, BadInput, edge, read_text, say, table, warn, write_whole
from eval.embedders import StandIn
from eval.runs import write_figures
from eval.timing import ratio, shown, timed
from qa.answering.finding import find
from qa.answering.retrieval import retrieve
from qa.ingestion.sync import sync
from qa.store.catalog import Catalog
from qa.store.embedded import chroma_client
from qa.store.index import HNSW, Index, generation_path
from qa.store.opening import open_catalog
from qa.types import Within

FEW = 3  # documents
COMMON = 8  # words of a question that stand in the most paragraphs
LITTLE = ("nothing", "added", "changed", "renamed", "removed")
ASKED = ("whole", "common", "few", "half", "where_few", "where_half")
FOUND = (
    "rare word", "frequent word", "the same, exact", "phrase", "and", "or", "not", "beginning", "two near",
    "three near", "three common ones near",
)  # fmt: skip
LISTED = 20  # passages of what is found
SAMPLE = 5000  # paragraphs whose words are counted
QUESTIONS = 20
ROUNDS = 5  # of a question that is the only one of its kind
FIGURES, TABLE = "growth.json", "growth.md"
NEW = "The night watchman of the lighthouse counted eleven herons on the pier before the fog came in.\n"

Facts = dict[str, Any]


def growth(texts: Texts, out: Path, sizes: Sequence[int]) -> list[Facts]:
    """The figures of each size. Stores are made anew and deleted again."""
    each, common, found = passages_each(texts.paragraphs), common_question(texts.paragraphs), []
    for size in sizes:
        warn(f"store of {size} passages:")
        place = out / str(size)
        shutil.rmtree(place, ignore_errors=True)
        write_folder(place / "documents", documents(texts.paragraphs, round(size / each)))
        whole, peak = parts.alone(parts.ingest, place / "store", place / "documents")
        small, small_peak = parts.alone(little, place / "store", place / "documents")
        asked, _ = parts.alone(asking, place / "store", texts.questions[:QUESTIONS], common)
        searched, _ = parts.alone(finding, place / "store", searches(texts.paragraphs))
        held = parts.look(place / "store")
        found.append(
            {
                **{name: held[name] for name in ("passages", "documents")},
                **{"ingest": whole, "peak_bytes": peak, "little": small, "little_peak_bytes": small_peak},
                **{"questions": asked, "found": searched},
            }
        )
        shutil.rmtree(place)
    return found


def common_question(paragraphs: Sequence[str]) -> str:
    """A question of the words that stand in the most paragraphs."""
    counts = Counter(word for text in paragraphs for word in set(re.findall(r"\w{2,}", text.lower())))
    return " ".join(word for word, _ in counts.most_common(COMMON)) + "?"


def little(store: Path, folder: Path) -> Facts:
    """Seconds of ingests with little to do; the store is as before at the end."""
    model = StandIn()

    def once() -> float:
        return timed(sync, store, [folder], lambda _: model)

    facts = {"nothing": once()}
    new, old = folder / "new.txt", sorted(folder.iterdir())[0]
    write_whole(new, NEW)
    facts["added"] = once()
    text = read_text(old)
    write_whole(old, text + NEW)
    facts["changed"] = once()
    write_whole(old, text)
    once()
    new.replace(folder / "renamed.txt")
    facts["renamed"] = once()
    (folder / "renamed.txt").unlink()
    facts["removed"] = once()
    return facts


def asking(store: Path, questions: Sequence[str], common: str) -> Facts:
    """Median seconds of `retrieve` for the whole store and parts of it, and of Chroma's own filter."""
    model = StandIn()
    rows = model.encode_passages(list(questions))
    with contextlib.closing(open_catalog(store)) as catalog:
        names = [source.name for source in catalog.sources()]
        chosen = {"few": names[:: max(1, len(names) // FEW)][:FEW], "half": names[::2]}
        with contextlib.closing(Index(generation_path(store, catalog.generation))) as index:
            places: dict[str, Within | None] = {"whole": None}
            places |= {kind: Within(documents=frozenset(these)) for kind, these in chosen.items()}
            found = {
                kind: middle(
                    [
                        lambda q=question, r=row, w=within: retrieve(catalog, index, q, r, within=w)
                        for question, row in zip(questions, rows, strict=True)
                    ]
                )
                for kind, within in places.items()
            }
            vector = model.encode_passages([common])[0]
            found["common"] = middle([lambda: retrieve(catalog, index, common, vector)] * ROUNDS)
        return found | with_where(catalog, chosen, rows)


def searches(paragraphs: Sequence[str]) -> dict[str, str]:
    """What is looked for, of words and pairs of words that stand in some share of the paragraphs."""
    sample = [re.findall(r"[a-z]+", text.lower()) for text in paragraphs[:SAMPLE]]
    words = Counter(word for text in sample for word in set(text) if len(word) > 1)
    pairs = Counter(pair for text in sample for pair in set(itertools.pairwise(text)))

    def of(counts: Counter[Any], share: float, number: int) -> list[Any]:
        return heapq.nsmallest(number, counts, key=lambda one: (abs(counts[one] - share * len(sample)), one))

    (rare,), (frequent,), ((first, second),) = of(words, 0, 1), of(words, 1 / 3, 1), of(pairs, 0.01, 1)
    some, common = of(words, 0.05, 3), " ".join(of(words, 1, 3))
    made = (
        rare, frequent, frequent, f'"{first} {second}"', f"{some[0]} AND {frequent}", f"{some[0]} OR {some[1]}",
        f"{frequent} NOT {some[0]}", f"{frequent[:3]}*", f'"{some[0]} {some[1]}"~10', f'"{" ".join(some)}"~10',
        f'"{common}"~3',
    )  # fmt: skip
    return dict(zip(FOUND, made, strict=True))


def finding(store: Path, wanted: dict[str, str]) -> dict[str, float]:
    """Median seconds until what is looked for has been counted and its first passages are there."""
    with (
        contextlib.closing(open_catalog(store)) as catalog,
        contextlib.closing(Index(generation_path(store, catalog.generation))) as index,
    ):
        return {
            kind: middle([lambda w=words, k=kind: first_found(catalog, index, w, "exact" in k)] * ROUNDS)
            for kind, words in wanted.items()
        }


def first_found(catalog: Catalog, index: Index, words: str, exact: bool) -> None:
    for _ in find(catalog, index.mentions, words, exact, limit=LISTED).batches:
        pass


def with_where(catalog: Catalog, chosen: dict[str, list[str]], rows: Any) -> dict[str, float]:
    """Seconds of the nearest 100 by Chroma alone, told by `where` which documents count."""
    with tempfile.TemporaryDirectory() as place, chroma_client(Path(place)) as chroma:
        collection = chroma.create_collection("all", embedding_function=None, configuration={"hnsw": HNSW})
        query = """SELECT p.id, d.name, v.vector FROM passages p JOIN documents d ON d.id = p.document
                   JOIN vectors v ON v.key = p.key WHERE d.live"""
        cursor = catalog.db.execute(query)
        while batch := cursor.fetchmany(2000):
            ids, names, blobs = zip(*batch, strict=True)
            found = np.frombuffer(b"".join(blobs), "<f4").reshape(len(ids), -1)
            collection.add(ids=list(ids), embeddings=found, metadatas=[{"document": name} for name in names])
        return {
            f"where_{kind}": middle(
                [
                    lambda r=row, n=names: collection.query(
                        query_embeddings=r[None, :],
                        n_results=100,
                        where={"document": {"$in": n}},
                        include=["distances"],
                    )
                    for row in rows
                ]
            )
            for kind, names in chosen.items()
        }


def middle(work: Sequence[Callable[[], Any]]) -> float:
    """Median seconds of some work, each done once before it counts."""
    taken = []
    for one in work:
        one()
        taken.append(timed(one))
    return statistics.median(taken)


def markdown(found: Sequence[Facts]) -> str:
    """A column a size."""
    lines = [["documents", *(f"{one['documents']:,}" for one in found)]]
    for stage in ("reading", "embedding", "indexing", "publishing", "seconds"):
        lines.append([f"ingest: {stage}, s", *(f"{one['ingest'][stage]:.1f}" for one in found)])
    lines.append(["ingest: memory, MB", *(mb(one["peak_bytes"]) for one in found)])
    for what in LITTLE:
        lines.append([f"then {what}, s (of the whole)", *(share(one, what) for one in found)])
    lines.append(["... memory, MB", *(mb(one["little_peak_bytes"]) for one in found)])
    for kind in ASKED:
        lines.append([f"question: {kind}, ms", *(f"{1000 * one['questions'][kind]:.1f}" for one in found)])
    for kind in FOUND:
        lines.append([f"find: {kind}, ms (of a question)", *(found_share(one, kind) for one in found)])
    return "\n".join([*table(["passages", *(f"{one['passages']:,}" for one in found)], lines), ""])


def share(one: Facts, what: str) -> str:
    seconds = one["little"][what]
    return f"{seconds:.2f} ({shown(ratio(seconds, one['ingest']['seconds']), '.3f')})"


def found_share(one: Facts, kind: str) -> str:
    seconds = one["found"][kind]
    return f"{1000 * seconds:.1f} ({shown(ratio(seconds, one['questions']['whole']), '.1f')})"


def run_growth(options: argparse.Namespace) -> int:
    texts = read_texts(options.texts)
    if not texts.questions:
        raise BadInput("the texts bring no questions; name a SQuAD file among them")
    found = growth(texts, options.out, options.sizes)
    write_figures(options.out / FIGURES, found)
    write_whole(options.out / TABLE, markdown(found))
    say(markdown(found))
    return OK


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.growth", description="What a store costs as it grows.")
    add_arguments(parser)
    options = parser.parse_args(arguments)
    return edge("eval.growth", lambda: run_growth(options))


if __name__ == "__main__":
    sys.exit(main())
