"""Pairs for a second round of training, chosen by the model that the first one made.

python -m eval.training.second_round --data DATA --model FOLDER --out PAIRS.jsonl

A hard negative is the passage of the same article that lacks the answer and in which the model gives a span the highest
score. Weak labels are marked anew: where the model is sure of a span that a mark overlaps, its span is taken, else the
question is left out. The small sources are used again, varied anew.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import torch
from tqdm import tqdm
from transformers import AutoModelForQuestionAnswering

from eval.training.reading_data import Example, Span, read_all, tidy, weak_paragraphs
from eval.training.reading_pairs import (
    UNTRUSTED,
    WHOLE,
    Articles,
    Pair,
    context_line,
    cut,
    pairs_of,
    pieces,
    save_pairs,
    usable,
    varied,
)
from eval.training.train_reader import attention, device, half
from eval.training.windows import open_tokenizer
from qa.answering.span_reader import SPAN_TOKENS

READ = 4  # best-matching passages of its article that are read for a negative
WEAK_FROM = 0.4  # confidence of the heuristic that assigned a mark
SURE = 3.0  # score above no answer from which a new mark is trusted
NEW_NEGATIVES, WEAK_NEGATIVES = 0.9, 0.5  # how often a question gets one
BATCH = 128  # passages read at a time


class Mark(NamedTuple):
    """The best span of a text and how far it is above no answer, in logits; an empty one where nothing was found."""

    score: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question with what is to be read: its own text in pieces if its marks are weak, and passages that lack them."""

    example: Example
    own: tuple[Span, ...]  # pieces of the example's context
    others: tuple[tuple[str, str], ...]  # passage and title

    @property
    def texts(self) -> list[str]:
        return [self.example.context[a:b] for a, b in self.own] + [text for text, _ in self.others]


Readings = Sequence[tuple[str, str]]  # question and text


def second_round(folder: Path, read: Callable[[Readings], Sequence[Mark]], seed: int) -> list[Pair]:
    """All pairs, in random order; read: the best span of every text for its question."""
    rng = random.Random(seed)
    pairs, candidates = prepared(folder, seed)
    pairs += chosen(candidates, read, rng)
    rng.shuffle(pairs)
    return pairs


def prepared(folder: Path, seed: int) -> tuple[list[Pair], list[Candidate]]:
    """The pairs of the small sources, which no model chooses, and what is to be read of the others."""
    rng = random.Random(seed)
    examples = read_all(folder, seed)
    articles = Articles(examples, rng)
    small = [e for e in examples if e.source in WHOLE and e.source != "new_wiki"]
    pairs = [pair for e in small for pair in pairs_of(e, articles, rng)]
    clean = [e for e in examples if e.source not in UNTRUSTED | WHOLE or e.source == "new_wiki"]
    candidates = [candidate(e, articles, (), rng.random() < NEW_NEGATIVES) for e in bar(clean, "clean questions")]
    weak = weak_marks(folder)
    articles = Articles(weak, rng)
    for example in bar(weak, "weak questions"):
        own = pieces(example.context, example.lang)
        candidates.append(candidate(example, articles, own, rng.random() < WEAK_NEGATIVES))
    return pairs, candidates


def candidate(example: Example, articles: Articles, own: Sequence[Span], negative: bool) -> Candidate:
    """own: pieces of the context if its marks are weak; negative: whether a passage without the answer is wanted."""
    overlap, titles = articles.of((example.source, example.article))
    # Which of a weak example's marks is the answer is not known yet; `worst` looks.
    lacking = replace(example, spans=()) if own else example
    ranked = (text for text in overlap.ranked(example.question) if usable(text, example.context, lacking))
    return Candidate(
        example, tuple(own), tuple((text, titles[text]) for text in islice(ranked, READ if negative else 0))
    )


def chosen(
    candidates: Sequence[Candidate], read: Callable[[Readings], Sequence[Mark]], rng: random.Random
) -> list[Pair]:
    """The pairs that the model's reading makes of the candidates."""
    marks = iter(read([(c.example.question, text) for c in candidates for text in c.texts]))
    pairs: list[Pair] = []
    for one in candidates:
        read_here = [next(marks) for _ in one.texts]
        own, others = read_here[: len(one.own)], read_here[len(one.own) :]
        pairs += marked_anew(one, own, others, rng) if own else mined(one, others, rng)
    return pairs


def mined(one: Candidate, others: Sequence[Mark], rng: random.Random) -> Iterator[Pair]:
    """The question with its own passage, and with the one that the model is most wrong about."""
    passage, spans = cut(one.example)
    if spans:
        yield Pair(
            varied(one.example.question, rng), context_line(one.example, rng), passage, spans, one.example.source
        )
        yield from worst(one, others, float("inf"), "", rng)


def marked_anew(one: Candidate, own: Sequence[Mark], others: Sequence[Mark], rng: random.Random) -> Iterator[Pair]:
    """The question with the model's own span, if it is sure of it and a mark shares most of its words."""
    number = max(range(len(own)), key=lambda n: own[n].score)
    best, shift = own[number], one.own[number][0]
    span = shift + best.start, shift + best.end
    example = one.example
    if best.score < SURE or not any(alike(example.context, span, mark) for mark in example.spans):
        return
    passage, spans = cut(replace(example, spans=(span,)))
    if spans:
        yield Pair(varied(example.question, rng), context_line(example, rng), passage, spans, example.source)
        if rng.random() < WEAK_NEGATIVES:
            yield from worst(
                one, others, best.score, example.context[slice(*span)], rng
            )  # one that reads better may well be right


def worst(one: Candidate, others: Sequence[Mark], below: float, answer: str, rng: random.Random) -> Iterator[Pair]:
    """The passage with the best span, of a score under `below`, among those without the answer ("": all)."""
    found = [
        (mark.score, n)
        for n, mark in enumerate(others)
        if mark.start < mark.end and mark.score < below and not (answer and holds(one.others[n][0], answer))
    ]
    if found:
        passage, title = one.others[max(found)[1]]
        line = context_line(replace(one.example, title=title, date="", speaker="", asked=""), rng)
        yield Pair(varied(one.example.question, rng), line, passage, (), one.example.source)


def holds(text: str, answer: str) -> bool:
    return answer.casefold() in text.casefold()


# ---- weak labels ----


def weak_marks(folder: Path) -> list[Example]:
    """Questions of the back-translated file with every span that is marked in their paragraph, whoever's it is."""
    examples = []
    for article, name, paragraph in weak_paragraphs(folder):
        context = paragraph["context"]
        marks = tidy(context, [run for mark in paragraph["marked_spans"] for run in mark["runs"]])
        for qa in paragraph["qas"]:
            if marks and qa.get("conf", 0) >= WEAK_FROM:
                id_ = f"marked-{name}-{qa['order']}"
                examples.append(Example(id_, qa["question"], "", context, marks, "marked", article))
    return examples


def alike(text: str, one: Span, other: Span) -> bool:
    """Whether two spans overlap and share more than half of their words."""
    if one[0] >= other[1] or other[0] >= one[1]:
        return False
    a, b = (Counter(text[start:end].casefold().split()) for start, end in (one, other))
    return 2 * (a & b).total() > 0.5 * (a.total() + b.total())


# ---- reading ----


def read_marks(folder: Path, readings: Readings) -> list[Mark]:
    """The best span of every text by the model in a folder; of a long text, of its first window."""
    tokenizer = open_tokenizer(folder)
    tokenizer.enable_padding(pad_id=tokenizer.token_to_id("<pad>") or 0, pad_to_multiple_of=32)
    model = AutoModelForQuestionAnswering.from_pretrained(folder, attn_implementation=attention())
    model.to(device()).eval()
    order = sorted(range(len(readings)), key=lambda n: len(readings[n][0]) + len(readings[n][1]))
    marks: list[Mark] = [Mark(0.0, 0, 0)] * len(readings)
    for at in bar(range(0, len(order), BATCH), "reading", "batch"):
        batch = order[at : at + BATCH]
        encodings = tokenizer.encode_batch([readings[n] for n in batch])
        ids, mask, types = (
            torch.tensor([getattr(e, name) for e in encodings], device=device())
            for name in ("ids", "attention_mask", "type_ids")
        )
        with torch.inference_mode(), half(device()):
            out = model(input_ids=ids, attention_mask=mask, token_type_ids=types)
        passage = torch.tensor([[part == 1 for part in e.sequence_ids] for e in encodings], device=device())
        scores, first, last = (x.tolist() for x in best(out.start_logits.float(), out.end_logits.float(), passage))
        for n, encoding, score, a, b in zip(batch, encodings, scores, first, last, strict=True):
            marks[n] = mark_of(readings[n][1], score, encoding.offsets[a][0], encoding.offsets[b][1])
    return marks


def best(start: torch.Tensor, end: torch.Tensor, passage: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """(batch,) each: score above no answer, first and last token of the best span. passage: (batch, tokens) bool."""
    spans = start[:, :, None] + end[:, None, :]
    tokens = start.shape[1]
    short = torch.ones(tokens, tokens, dtype=torch.bool, device=start.device).triu().tril(SPAN_TOKENS - 1)
    allowed = short & passage[:, :, None] & passage[:, None, :]
    score, place = spans.masked_fill(~allowed, -1e9).flatten(1).max(1)
    return score - (start[:, 0] + end[:, 0]), place // tokens, place % tokens


def mark_of(text: str, score: float, start: int, end: int) -> Mark:
    """Without the blank before a word, which some tokenizers count to it."""
    start += len(text[start:end]) - len(text[start:end].lstrip())
    return Mark(score, start, end)


def bar(items: Sequence[Any], what: str, unit: str = "question") -> Any:
    return tqdm(items, desc=what, unit=unit, mininterval=5)


# ---- the command ----


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with the training data")
    parser.add_argument("--model", type=Path, required=True, help="folder of the first round's model")
    parser.add_argument("--out", type=Path, required=True, help="file for the pairs")
    parser.add_argument("--seed", type=int, default=2, help="(default: %(default)s)")
    options = parser.parse_args(arguments)
    save_pairs(
        second_round(options.data, lambda readings: read_marks(options.model, readings), options.seed), options.out
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
