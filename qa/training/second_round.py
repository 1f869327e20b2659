"""Pairs for a second round of training, chosen by the reader that the first one made.

python -m qa.training.second_round --data ../shared/data/train --reader FOLDER --out PAIRS.jsonl

A hard negative is the passage of the same article that the reader believes in most although it lacks the answer. Weak
labels are marked anew: where the reader is sure of a span that a mark overlaps, its span is taken, else the question
is left out. The small sources are told once more, varied anew.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import Any

from tqdm import tqdm

from qa.span_reader import Calibration, SpanReader
from qa.training.reading_data import WEAK_SKIP, Example, Span, read_all, read_json, sample, tidy
from qa.training.reading_pairs import (
    UNTRUSTED,
    WHOLE,
    Articles,
    Pair,
    context_line,
    cut,
    pairs_of,
    pieces,
    sentences,
    usable,
    varied,
)
from qa.types import Hit, Passage, Source

CLEAN, WEAK = 7_000, 4_000  # questions at most
READ = 6  # best-matching passages of its article that are read for a negative
WEAK_FROM = 0.4  # confidence of the heuristic that assigned a mark
SURE = 3.0  # score above no answer from which a new mark is trusted
NEW_NEGATIVES = 0.9  # how often a question gets one

NOWHERE = Source("", "", "0" * 64, "", None)


def second_round(folder: Path, reader: SpanReader, seed: int) -> list[Pair]:
    """All pairs, in random order."""
    rng = random.Random(seed)
    examples = read_all(folder, seed)
    articles = Articles(examples, rng)
    small = [e for e in examples if e.source in WHOLE and e.source != "new_wiki"]
    clean = [e for e in examples if e.source not in UNTRUSTED | WHOLE or e.source == "new_wiki"]
    pairs = [pair for e in small for pair in pairs_of(e, articles, rng)]
    for example in bar(sample(clean, CLEAN, rng), "negatives"):
        pairs += mined(example, articles, reader, rng)
    for example in bar(sample(weak_marks(folder), WEAK, rng), "marks"):
        pairs += marked_anew(example, articles, reader, rng)
    rng.shuffle(pairs)
    return pairs


def bar(examples: Sequence[Example], what: str) -> Any:
    return tqdm(examples, desc=what, unit="question", mininterval=5)


def mined(example: Example, articles: Articles, reader: SpanReader, rng: random.Random) -> Iterator[Pair]:
    """The question with its own passage, and with the one that the reader is most wrong about."""
    passage, spans = cut(example, articles)
    if not spans:
        return
    yield Pair(varied(example.question, rng), context_line(example, rng), passage, spans, example.source)
    if rng.random() >= NEW_NEGATIVES:
        return
    overlap, titles = articles.of((example.source, example.article))
    ranked = (text for text in overlap.ranked(example.question) if usable(text, passage, example))
    others = list(islice(ranked, READ))
    found = reader.find(example.question, [hit_of(text, example.lang) for text in others])
    if found:
        worst = others[found[0].number]
        line = context_line(replace(example, title=titles[worst], date="", speaker="", asked=""), rng)
        yield Pair(varied(example.question, rng), line, worst, (), example.source)


def hit_of(text: str, lang: str) -> Hit:
    """A passage that is nothing but its text."""
    return Hit(Passage("", NOWHERE, 0, len(text), text, "", lang, sentences(text, lang)), 1.0)


# ---- weak labels ----


def weak_marks(folder: Path) -> list[Example]:
    """Questions of the back-translated file with every span that is marked in their paragraph, whoever's it is."""
    examples = []
    for number, article in enumerate(read_json(folder / "squad2-backtranslated.json")["data"]):
        for place, paragraph in enumerate(article["paragraphs"] if number >= WEAK_SKIP else ()):
            context = paragraph["context"]
            marks = tidy(context, [run for mark in paragraph["marked_spans"] for run in mark["runs"]])
            for qa in paragraph["qas"]:
                if marks and qa.get("conf", 0) >= WEAK_FROM:
                    name = f"weak-{number}-{place}-{qa['order']}"
                    examples.append(Example(name, qa["question"], "", context, marks, "weak_squad", str(number)))
    return examples


def marked_anew(example: Example, articles: Articles, reader: SpanReader, rng: random.Random) -> Iterator[Pair]:
    """The question with the reader's own span, if it is sure of it and a mark shares most of its words."""
    where = pieces(example.context, example.lang)
    found = reader.find(example.question, [hit_of(example.context[a:b], example.lang) for a, b in where])
    if not found or found[0].score < SURE:
        return
    shift = where[found[0].number][0]
    span = shift + found[0].start, shift + found[0].end
    if any(alike(example.context, span, mark) for mark in example.spans):
        passage, spans = cut(replace(example, spans=(span,)), articles)
        if spans:
            yield Pair(varied(example.question, rng), "", passage, spans, example.source)


def alike(text: str, one: Span, other: Span) -> bool:
    """Whether two spans overlap and share more than half of their words."""
    if one[0] >= other[1] or other[0] >= one[1]:
        return False
    a, b = (Counter(text[start:end].casefold().split()) for start, end in (one, other))
    return 2 * (a & b).total() > 0.5 * (a.total() + b.total())


# ---- the command ----


def save(pairs: Sequence[Pair], path: Path) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text("".join(json.dumps(asdict(pair)) + "\n" for pair in pairs), encoding="utf-8")
    part.replace(path)


def load(path: Path) -> list[Pair]:
    """What `save` has written."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [Pair(**{**row, "spans": tuple(map(tuple, row["spans"]))}) for row in rows]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with the training data")
    parser.add_argument("--reader", type=Path, required=True, help="folder with the first round's exported reader")
    parser.add_argument("--out", type=Path, required=True, help="file for the pairs")
    parser.add_argument("--seed", type=int, default=2, help="(default: %(default)s)")
    options = parser.parse_args(arguments)
    reader = SpanReader.open(options.reader, calibration=Calibration())
    save(second_round(options.data, reader, options.seed), options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
