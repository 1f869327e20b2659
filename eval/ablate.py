"""What each part of the program adds: the same gold questions asked with parts left out or exchanged.

python -m eval.ablate --set GOLD DOCUMENTS [--set GOLD DOCUMENTS ...] --out DIR [--limit N]
The questions of all sets count together, each asked over its own documents. Every variant differs from the first one
in one thing, and is compared with it question by question.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args
from unittest import mock

from eval import metrics, plots
from eval.command import OK, BadInput, edge, positive, say, warn, write_whole
from eval.compare import compare
from eval.documents import open_documents
from eval.embedders import Remembering
from eval.gold import Gold, load_gold, prove
from eval.predict import facts_of, predict
from eval.runs import write_figures
from eval.score import MEASURES, Row, score
from qa.answering.qa import QA
from qa.answering.readers import open_reader
from qa.answering.retrieval import PARTS, retrieve
from qa.console import progress_bars
from qa.ingestion.sync import sync
from qa.models.conversion import E5
from qa.models.embedder import MINILM, open_embedder
from qa.settings import Settings, load_settings
from qa.types import Hit, Within

TABLE, PICTURE, FIGURES = "ablation.md", "ablation.svg", "ablation.json"
SHOWN = ("recall@1", "recall@5", "recall@20", "mrr", "ndcg@10", "first", "any3")
DRAWN = ("ndcg@10", "first")
FEW = 20  # questions; a language with fewer gets no table of its own


@dataclass(frozen=True, slots=True)
class Variant:
    """The program with one thing changed."""

    name: str
    parts: Collection[str] = PARTS
    context: bool = True  # whether passages have their context line
    embedder: str = E5
    reader: str = "span"


def variants() -> list[Variant]:
    """The program as it is, and then what is left out or exchanged."""
    shipped, *others = get_args(Settings.model_fields["reader"].annotation)
    return [
        Variant("as shipped", reader=shipped),
        Variant("dense only", parts={"dense"}, reader=shipped),
        Variant("lexical only", parts={"lexical"}, reader=shipped),
        Variant("fused, no language shares", parts=PARTS - {"shares"}, reader=shipped),
        Variant("fused, nothing from the document", parts=PARTS - {"documents"}, reader=shipped),
        Variant("no context line", context=False, reader=shipped),
        Variant(f"embedder {MINILM}", embedder=MINILM, reader=shipped),
        *(Variant(f"reader {name}", reader=name) for name in others),
    ]


class Ablated(QA):
    """The program with some of the retriever's parts."""

    parts: Collection[str] = PARTS

    def retrieve(self, question: str, within: Within | None = None) -> list[Hit]:
        vector = self.embedder.encode_questions([question])[0]
        with self.published() as index:
            return retrieve(self.catalog, index, question, vector, parts=self.parts, within=within)


@dataclass(frozen=True, slots=True)
class Asked:
    """A gold set and the documents it is asked over."""

    name: str
    path: Path
    documents: Path
    gold: list[Gold]


# ---- asking ----


def ablate(
    sets: Sequence[Asked], out: Path, settings: Settings, limit: int | None, open_model: Callable[[str], Any]
) -> list[dict[str, Any]]:
    """Scores of each variant over all sets together, in the order of `variants`; `limit` questions of each set."""
    models: dict[str, Any] = {}
    found = []
    for variant in variants():
        model = models.setdefault(variant.embedder, Remembering(open_model(variant.embedder)))
        warn(f"{variant.name}:")
        rows: list[Row] = []
        for asked in sets:
            store = filled(asked, variant, model, out / "stores")
            rows += ask(asked, variant, model, store, out, settings, limit)
        found.append(pooled(rows))
    return found


def filled(asked: Asked, variant: Variant, model: Any, stores: Path) -> Path:
    """The store with a set's documents as the variant makes their passages; kept for the next run."""
    store = stores / "-".join((asked.name, model.name, "context" if variant.context else "bare"))
    with progress_bars() as progress, contextlib.ExitStack() as changed:
        if not variant.context:  # the program has no such switch: it is turned off where the line is made
            changed.enter_context(mock.patch("qa.passages.context_line", return_value=""))
        sync(store, [asked.documents], lambda _: model, progress=progress)
    return store


def ask(
    asked: Asked, variant: Variant, model: Any, store: Path, out: Path, settings: Settings, limit: int | None
) -> list[Row]:
    """A set's questions, judged at the reader's own threshold; ids begin with the set's name."""
    with contextlib.closing(Ablated(store, model, open_reader(variant.reader, model, settings.threads), 0.0)) as qa:
        qa.parts = variant.parts
        with open_documents(store, None) as documents:
            prove(asked.gold, documents, asked.path)
            about = {**facts_of(qa, settings, qa.reader.threshold), "variant": parted(variant)}
            run = out / "runs" / variant.name.replace(" ", "-").replace(",", "") / asked.name
            predictions = predict(qa, asked.gold, run, limit, about=about)
            rows = score(asked.gold, predictions, qa.reader.threshold, documents.text)["questions"]
    return [{**row, "id": f"{asked.name}/{row['id']}", "set": asked.name} for row in rows]


def parted(variant: Variant) -> dict[str, Any]:
    return {**asdict(variant), "parts": sorted(variant.parts)}


def pooled(rows: Sequence[Row]) -> dict[str, Any]:
    """Questions of several sets as the scores of one, with the measures shown."""
    return {
        "gold": {"sha256": "pooled", "questions": len(rows)},
        "measures": [asdict(measure) for measure in MEASURES if measure.name in SHOWN],
        "overall": {name: metrics.mean_figure(row["values"].get(name) for row in rows) for name in SHOWN},
        "questions": rows,
    }


# ---- the table and the picture ----


def groups(scores: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(what, scores of each variant) over all questions, and over those of each set and each language."""
    rows = scores[0]["questions"]
    yield f"All {len(rows)} questions", [dict(one) for one in scores]
    for key, title in (("lang", "Questions in"), ("set", "Set")):
        values = sorted({row[key] for row in rows})
        for value in values if len(values) > 1 else ():
            some = [[row for row in one["questions"] if row[key] == value] for one in scores]
            if len(some[0]) >= FEW:
                yield f"{title} {value} ({len(some[0])} questions)", [pooled(part) for part in some]


def summary(names: Sequence[str], scores: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each group of questions and each variant the figures shown, and how far they lie from the first variant's."""
    return [
        {"group": title, "variants": [line(name, part[0], one) for name, one in zip(names, part, strict=True)]}
        for title, part in groups(scores)
    ]


def line(
    name: str, first: Mapping[str, Any], one: Mapping[str, Any], measures: Sequence[str] = SHOWN
) -> dict[str, Any]:
    """The figures shown of one run, and how far they lie from those of the first, with what that means."""
    differences = {
        found["name"]: {**found["difference"], "verdict": found["verdict"]}
        for found in compare(first, one)["differences"]
    }
    return {
        "name": name,
        "figures": {key: one["overall"][key] for key in measures},
        "differences": {key: differences[key] for key in measures},
    }


def markdown(found: Sequence[Mapping[str, Any]]) -> str:
    """The tables; bold: differs from the first line by more than chance (`eval.compare`)."""
    labels = {measure.name: measure.label for measure in MEASURES}
    text = []
    for group in found:
        n = group["variants"][0]["figures"][SHOWN[0]]["n"]
        text += [f"### {group['group']}, {n} of them answerable", ""]
        text.append("| variant | " + " | ".join(labels[name] for name in SHOWN) + " |")
        text.append("|---" * (len(SHOWN) + 1) + "|")
        for at, variant in enumerate(group["variants"]):
            cells = [cell(variant["figures"][name], variant["differences"][name], at > 0) for name in SHOWN]
            text.append(f"| {variant['name']} | " + " | ".join(cells) + " |")
        text.append("")
    return "\n".join(text)


def cell(figure: Mapping[str, Any], difference: Mapping[str, Any], compared: bool) -> str:
    if figure["value"] is None:
        return ""
    shown = f"{figure['value']:.3f}"
    if not compared or difference["low"] is None:
        return shown
    by = f"{difference['value']:+.3f} {metrics.interval(difference, signed=True)}"
    return f"**{shown}** {by}" if difference["verdict"] else f"{shown} {by}"


def picture(found: Sequence[Mapping[str, Any]]) -> str:
    """Differences from the first variant over all questions, with intervals."""
    labels = {measure.name: measure.label for measure in MEASURES}
    first, *others = found[0]["variants"]
    drawn = {
        labels[name]: [tuple(v["differences"][name][key] for key in ("value", "low", "high")) for v in others]
        for name in DRAWN
    }
    return plots.on_paper(plots.differences([v["name"] for v in others], drawn, f"difference from '{first['name']}'"))


# ---- the command line ----


def run_ablate(options: argparse.Namespace) -> int:
    sets = [Asked(folder_name(gold), gold, documents, load_gold(gold)) for gold, documents in options.set]
    names = [one.name for one in sets]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadInput(f"two sets are called {twice}; rename one of the files")
    for one in sets:  # before anything is read into a store
        with open_documents(None, one.documents) as documents:
            prove(one.gold, documents, one.path)
    settings = load_settings()
    scores = ablate(
        sets,
        options.out,
        settings,
        options.limit,
        lambda name: open_embedder(name, settings.model_dir, settings.threads, warn),
    )
    found = summary([variant.name for variant in variants()], scores)
    write_figures(options.out / FIGURES, found)
    write_whole(options.out / TABLE, markdown(found))
    write_whole(options.out / PICTURE, picture(found))
    say(markdown(found[:1]), f"all tables: {options.out / TABLE}", f"picture: {options.out / PICTURE}")
    return OK


def folder_name(gold: Path) -> str:
    """What a set is called: its file, or the folder of one that a converter wrote."""
    return gold.resolve().parent.name if gold.stem == "gold" else gold.stem


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m eval.ablate", description="What each part of the program is worth."
    )
    parser.add_argument(
        "--set", type=Path, nargs=2, action="append", required=True, metavar=("GOLD", "DOCUMENTS"),
        help="gold questions and the folder they are asked over; several count together",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder of the figures; resumed if begun"
    )
    parser.add_argument("--limit", type=positive, metavar="N", help="only the first N questions of each set")
    parser.epilog = "Exit: 0 done, 2 wrong use or input (named by line), 1 anything else."
    options = parser.parse_args(arguments)
    return edge("eval.ablate", lambda: run_ablate(options))


if __name__ == "__main__":
    sys.exit(main())
