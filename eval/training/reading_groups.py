"""Groups for training: a question with all passages that the program would read for it, those without the answer too.

python -m eval.training.reading_groups --desk DESK STORE [--desk DESK STORE ...] --data DATA --out GROUPS.jsonl

DESK holds batches: folders with `documents/` and the questions on them as `gold.jsonl`. STORE holds all their documents
(python ingest.py DESK --store STORE), so that the passages of a question are those that the program itself retrieves,
and the harder ones, by the reader as it is shipped now, come first: training shows those more often.
DATA, the older question sets (qa/weights/README.md names them), gives smaller groups: a question's
own passage and others of its article.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from tqdm import tqdm

from eval.training.reading_data import Example, Span, read_all, read_lines, write_lines
from eval.training.reading_pairs import UNTRUSTED, WHOLE, Articles, context_line, cut, pieces, usable
from qa.answering.followups import resolve
from qa.answering.qa import QA
from qa.answering.readers import WEIGHTS
from qa.answering.span_reader import READ_HITS, SpanReader
from qa.types import Hit, Passage, join_context

READ_FOR_ORDER = 12  # passages of a question; the later ones are seldom shown
NEGATIVES = 6  # passages without the answer of a question of the other data; a round of training shows fewer
SHARE = {"own": 1.0, "new_wiki": 0.4, "qed": 0.6, "multispan": 0.6, "clapnq": 0.4, "squad": 0.1, "weak_squad": 0.03,
         "amazon": 0.03, "reddit": 0.03, "policyqa": 0.1, "figures": 0.5}  # fmt: skip
"""Of the questions of each source, those that become a group."""


@dataclass(frozen=True, slots=True)
class Read:
    """A passage with its context line; spans are the gold answers in it, as offsets into `passage`."""

    context: str
    passage: str
    spans: tuple[Span, ...] = ()

    @property
    def text(self) -> str:
        """What the reader sees."""
        return join_context(self.context, self.passage)


@dataclass(frozen=True, slots=True)
class Group:
    """A question and passages, those first that are shown most often; without a span in any of them it has no answer.

    answers: texts of the gold answers. Where one stands in a passage without a span it may be right there too, so those
    tokens count neither as right nor as wrong.
    """

    question: str
    source: str
    passages: tuple[Read, ...]
    answers: tuple[str, ...] = ()


# ---- desk: what the program retrieves ----


def desk_groups(folder: Path, store: Path) -> Iterator[Group]:
    """One group for each question of a desk split, in the order of its files."""
    reader = SpanReader.open(WEIGHTS)
    with QA.open(store) as qa:
        for gold in sorted(folder.glob("*/gold.jsonl")):
            rows = list(read_lines(gold))
            for row in tqdm(rows, desc=gold.parent.name, unit="question", mininterval=5):
                yield desk_group(qa, reader, row, gold.parent.relative_to(folder) / "documents")


def desk_group(qa: QA, reader: SpanReader, row: Mapping[str, Any], below: Path) -> Group:
    """The passages retrieved for a gold row, and those with a gold span that were not retrieved.

    below: what comes before the name of a source in the store's document names.
    """
    asked = resolve(row["question"], row.get("history") or ())
    passages = [hit.passage for hit in hardest_first(reader, asked.to_read, qa.retrieve(asked.text)[:READ_HITS])]
    known = {passage.id for passage in passages}
    golds = [((below / a["source"]).as_posix(), a["start"], a["end"]) for a in row["answers"]]
    for name, start, end in golds:
        missed = [p for p in qa.passages_within(name, start, end) if p.id not in known]
        passages += missed
        known |= {p.id for p in missed}
    return Group(
        asked.to_read,
        below.parts[0],
        tuple(Read(p.context, p.text, spans_in(p, golds)) for p in passages),
        tuple(dict.fromkeys(a["text"] for a in row["answers"])),
    )


def hardest_first(reader: SpanReader, question: str, hits: Sequence[Hit]) -> list[Hit]:
    """The first hits by the score of the reader's best span in each; the others after them, as they are ranked.

    What the present reader takes for an answer where there is none teaches the next one most.
    """
    found, _ = reader.find(question, hits[:READ_FOR_ORDER])
    best = dict.fromkeys(range(len(hits)), -math.inf)
    for span in found:
        best[span.number] = max(best[span.number], span.score)
    return [hits[number] for number in sorted(best, key=lambda number: -best[number])]


def spans_in(passage: Passage, golds: Sequence[tuple[str, int, int]]) -> tuple[Span, ...]:
    """The gold spans (document, start, end) that stand whole in a passage, as offsets into its text."""
    return tuple(
        (start - passage.start, end - passage.start)
        for name, start, end in golds
        if name == passage.source.name and passage.start <= start and end <= passage.end
    )


# ---- the other data: a passage and others of its article ----


def article_groups(folder: Path, seed: int) -> list[Group]:
    """Groups of a share of each source of the training folder."""
    rng = random.Random(seed)
    examples = read_all(folder, seed)
    articles = Articles(examples, rng)
    anywhere = [e for e in examples if e.source in WHOLE or e.source == "squad"]
    chosen = [example for example in examples if rng.random() < SHARE[example.source]]
    groups = []
    for example in tqdm(chosen, desc="other data", unit="question", mininterval=5):
        passage, spans = cut(example)
        if example.spans and not spans:
            continue
        others = unlike(example, anywhere, rng) if example.source in UNTRUSTED else alike(example, passage, articles)
        reads = [Read(context_line(example, rng), passage, spans)]
        for text, title in others:
            there = replace(example, title=title, date="", speaker="", asked="")
            reads.append(Read(context_line(there, rng), text))
        groups.append(Group(example.question, example.source, tuple(reads), tuple(example.answers)))
    return groups


def alike(example: Example, passage: str, articles: Articles) -> list[tuple[str, str]]:
    """Passages of the same article, with their titles, that match the question best and lack its answers."""
    overlap, titles = articles.of((example.source, example.article))
    fit = (text for text in overlap.ranked(example.question) if usable(text, passage, example))
    return [(text, titles[text]) for text in islice(fit, NEGATIVES)]


def unlike(example: Example, anywhere: Sequence[Example], rng: random.Random) -> list[tuple[str, str]]:
    """Passages of any other source, with their titles.

    The labels of an untrusted source may be wrong, so that a passage of the same article may well hold the answer.
    """
    found = rng.sample(anywhere, NEGATIVES)
    return [(e.context[slice(*pieces(e.context, e.lang)[0])], e.title) for e in found if e.source != example.source]


# ---- files ----


def save_groups(groups: Sequence[Group], path: Path) -> None:
    """One JSON object a line."""
    write_lines(path, map(asdict, groups))


def load_groups(path: Path) -> list[Group]:
    """What `save_groups` has written."""
    groups = []
    for row in read_lines(path):
        reads = (Read(r["context"], r["passage"], tuple(map(tuple, r["spans"]))) for r in row["passages"])
        groups.append(Group(row["question"], row["source"], tuple(reads), tuple(row["answers"])))
    return groups


# ---- the command ----


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    add = parser.add_argument
    add("--desk", type=Path, nargs=2, action="append", required=True, metavar=("FOLDER", "STORE"), help=(
        "batches of documents with a gold.jsonl, and the store of all documents below that folder"))  # fmt: skip
    add("--data", type=Path, required=True, help="folder with the other training data")
    add("--out", type=Path, required=True, help="file for the groups")
    add("--seed", type=int, default=1, help="(default: %(default)s)")
    options = parser.parse_args(arguments)
    desk = [group for folder, store in options.desk for group in desk_groups(folder, store)]
    groups = [*desk, *article_groups(options.data, options.seed)]
    save_groups(groups, options.out)
    print(f"{len(groups)} groups, {sum(len(group.passages) for group in groups)} passages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
