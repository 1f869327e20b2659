"""How much faster two nodes of a Ray cluster ingest than one: python -m eval.ray_speed [--runs 5]

The model sleeps, so that the processors of this machine do not count; each node is a set of processes with one
processor. Embedding is timed from its first to its last batch, the whole ingest from its start to its publication.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.command import OK, BadInput, edge, say, table
from eval.embedders import StandIn
from qa.ingestion.planning import Tuning
from qa.ingestion.ray_cluster import RayCluster
from qa.ingestion.sync import sync

SECONDS = 0.5  # that a batch takes
FILES, BATCHES = 40, 40
SMALL = Tuning(embed_batch=8)
MEMORY = 10**8  # bytes for objects of a node: Ray takes a third of the machine's else
PARAGRAPH = "and nothing else was written down on that day by the clerk of the harbour office. " * 6


class Sleeping(StandIn):
    """A stand-in that takes its time."""

    def encode_passages(self, texts: Sequence[str]) -> Any:
        time.sleep(SECONDS)
        return super().encode_passages(texts)


def open_sleeping(name: str, model_dir: Path | None) -> Sleeping:
    return Sleeping()


def write_files(folder: Path) -> Path:
    """Files whose passages make `BATCHES` batches."""
    folder.mkdir()
    each = BATCHES * SMALL.embed_batch // FILES
    for number in range(FILES):
        text = "\n\n".join(f"Ship {number}-{part} came in, {PARAGRAPH}" for part in range(each))
        (folder / f"{number}.txt").write_text(text)
    return folder


def ingested(address: str, folder: Path, store: Path) -> tuple[float, float]:
    """Seconds of embedding and of the whole of an ingest into a new store."""
    times: dict[int, float] = {}

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "embedding":
            times[done] = time.perf_counter()

    model, began = StandIn(), time.perf_counter()
    with contextlib.closing(RayCluster(address, say, opener=open_sleeping)) as cluster:
        sync(store, [folder], lambda name: model, progress=progress, tuning=SMALL, open_workers=cluster.workers)
    return times[max(times)] - times[0], time.perf_counter() - began


def measured(runs: int, place: Path) -> dict[int, list[tuple[float, float]]]:
    """The times with one and with two nodes, in turn."""
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": MEMORY}
    head = {"num_cpus": 0, "object_store_memory": MEMORY, "include_dashboard": False}
    folder, found = write_files(place / "documents"), dict[int, list[tuple[float, float]]]({1: [], 2: []})
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        cluster.add_node(**node)
        for run in range(runs):
            for nodes in (1, 2):
                second = cluster.add_node(**node) if nodes == 2 else None
                cluster.wait_for_nodes()
                found[nodes].append(ingested(cluster.address, folder, place / f"store-{run}-{nodes}"))
                if second:
                    cluster.remove_node(second)
    finally:
        cluster.shutdown()
    return found


def run_speed(options: argparse.Namespace) -> int:
    if options.runs < 1:
        raise BadInput("--runs: at least one")
    with tempfile.TemporaryDirectory(prefix="verbatim-") as place:
        found = measured(options.runs, Path(place))
    lines = []
    for number, what in enumerate(("embedding", "whole ingest")):
        one, two = ([times[number] for times in found[nodes]] for nodes in (1, 2))
        ratios = [first / second for first, second in zip(one, two, strict=True)]
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        lines.append([what, f"{statistics.median(one):.1f}", f"{statistics.median(two):.1f}", spread])
    say(f"{options.runs} runs of {BATCHES} batches of {SECONDS} s, {FILES} files")
    say(*table(["", "one node, s", "two nodes, s", "ratio: median (least to most)"], lines))
    return OK


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.ray_speed", description="Two nodes of a cluster beside one.")
    parser.add_argument("--runs", type=int, default=5, help="pairs of ingests (default: %(default)s)")
    options = parser.parse_args(arguments)
    return edge("eval.ray_speed", lambda: run_speed(options))


if __name__ == "__main__":
    sys.exit(main())
