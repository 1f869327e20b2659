"""Sets of gold questions with the documents they are asked over, a store of each, and one table over all of them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval import metrics
from eval.command import BadInput
from eval.score import MEASURES
from qa.console import embedder_opener, progress_bars
from qa.errors import NoStore
from qa.ingestion.sync import sync
from qa.settings import Settings
from qa.store.opening import open_catalog

HERE = Path(__file__).parent
IN_TABLE = ("recall@20", "mrr", "best", "best3", "em", "f1", "first", "any3", "precision", "citation_precision",
            "refused", "overrefused", "auroc", "coverage@80", "coverage@90", "ece", "verbatim")  # fmt: skip


@dataclass(frozen=True, slots=True)
class GoldSet:
    """Gold questions and the folder of documents they are asked over."""

    name: str
    gold: Path
    documents: Path


OWN = (
    GoldSet("corpus_dev", HERE / "data" / "corpus_dev.jsonl", HERE.parent / "corpus"),
    GoldSet("desk_dev", HERE / "data" / "desk_dev" / "gold.jsonl", HERE / "data" / "desk_dev" / "documents"),
)
"""The development sets of the repository; the test half of corpus/ is asked by hand, and seldom."""


def gold_sets(folders: Sequence[Path]) -> list[GoldSet]:
    """The repository's sets and those of folders that hold `gold.jsonl` and `documents/`, as `eval.gold squad` makes.

    Raises BadInput where a folder does not hold both, or two sets have one name.
    """
    found = [*OWN, *(GoldSet(f.resolve().name, f / "gold.jsonl", f / "documents") for f in folders)]
    for one in found:
        if not one.gold.is_file() or not one.documents.is_dir():
            raise BadInput(f"{one.gold.parent} is no set: it needs gold.jsonl and a folder called documents")
    names = [one.name for one in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadInput(f"two sets are called {twice}; rename one of the folders")
    return found


def fill(settings: Settings, documents: Path) -> None:
    """Makes the store hold the documents. Raises BadInput where it holds anything else: that would be removed."""
    with contextlib.suppress(NoStore), contextlib.closing(open_catalog(settings.store)) as catalog:
        roots = [Path(root).resolve() for root in catalog.roots]
        if roots and roots != [documents.resolve()]:
            raise BadInput(f"the store {settings.store} holds other documents; name another folder")
    with progress_bars() as progress:
        sync(settings.store, [documents], embedder_opener(settings), embedder_name=settings.embedder, progress=progress)


def table(scores: Mapping[str, Mapping[str, Any]]) -> str:
    """The figures of several sets, by name, as one Markdown table: a row for each measure, with 95 % intervals."""
    labels = {measure.name: measure.label for measure in MEASURES}
    counts = [f"{of['gold']['predicted']} of {of['gold']['questions']}" for of in scores.values()]
    rows = [["", *scores], ["---"] * (len(scores) + 1), ["questions", *counts]]
    for name in IN_TABLE:
        rows.append([labels[name], *(cell(of["overall"][name]) for of in scores.values())])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def cell(figure: metrics.Figure) -> str:
    return "-" if figure["value"] is None else f"{figure['value']:.3f} {metrics.interval(figure)}"
