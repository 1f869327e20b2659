"""From questions and passages to what the model is trained on: windows of token ids, in batches of like length.

The unit is a group: the windows of one question whose scores are compared. A pair gives a group of one window for each
window that holds its answer; a group of passages gives one window for each passage shown in a round.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding, Tokenizer
from tqdm import tqdm

from eval.training.reading_data import Span
from eval.training.reading_groups import Group, Read
from eval.training.reading_pairs import Pair, varied

MAX_TOKENS, STRIDE = 256, 64  # of question and passage together; tokens that two windows of a passage share
BUCKET = 50  # batches that are sorted by length together
GOLDS = 8  # spans of a passage at most
WIDE, NARROW = 6, 4  # passages shown of a group; the second where it has fewer than the first
UNANSWERED = 0.2  # of the groups of a round, those shown without the passages that hold the answer
SWAPPED = 0.1  # of the questions of a round, those with two letters swapped


@dataclass(frozen=True, slots=True)
class Window:
    """Token ids of question and passage, and the gold spans as (first, last) token; none: no answer here.

    counted: which tokens compete for being the start or the end of the answer, each (tokens,).
    """

    ids: npt.NDArray[np.int32]
    types: npt.NDArray[np.int8]
    counted: npt.NDArray[np.bool_]
    golds: tuple[Span, ...]


Batch = list[list[Window]]  # groups of equally many windows


def open_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a model folder, set to cut passages, never questions, into windows of MAX_TOKENS."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS, stride=STRIDE, strategy="only_second")
    return tokenizer


def passage_tokens(encoding: Encoding) -> npt.NDArray[np.bool_]:
    """(tokens,): whether each is one of the passage or its context line."""
    return np.array([part == 1 for part in encoding.sequence_ids])


def gold_tokens(encoding: Encoding, read: Read | Pair) -> tuple[Span, ...]:
    """First and last token of every gold span that stands whole in this window, in text order."""
    if not read.spans:
        return ()
    shift, offsets, passage = len(read.text) - len(read.passage), np.array(encoding.offsets), passage_tokens(encoding)
    golds = []
    for start, end in ((a + shift, b + shift) for a, b in read.spans[:GOLDS]):
        inside = np.flatnonzero(passage & (offsets[:, 0] < end) & (offsets[:, 1] > start))
        if len(inside) and offsets[inside[0], 0] <= start and offsets[inside[-1], 1] >= end:
            golds.append((int(inside[0]), int(inside[-1])))
    return tuple(dict.fromkeys(golds))


def made(encoding: Encoding, counted: npt.NDArray[np.bool_], golds: tuple[Span, ...]) -> Window:
    return Window(np.array(encoding.ids, np.int32), np.array(encoding.type_ids, np.int8), counted, golds)


# ---- pairs ----


def pair_windows(tokenizer: Tokenizer, pairs: Sequence[Pair], size: int = 1000) -> Iterator[Window]:
    """The windows of each pair that hold a gold span whole, or its first one where there is none.

    All tokens but the first, which stands for no answer, are counted.
    """
    for at in range(0, len(pairs), size):
        batch = pairs[at : at + size]
        for pair, encoding in zip(batch, tokenizer.encode_batch([(p.question, p.text) for p in batch]), strict=True):
            found = [(one, gold_tokens(one, pair)) for one in (encoding, *encoding.overflowing)]
            for one, golds in [(one, golds) for one, golds in found if golds] or ([] if pair.spans else found[:1]):
                yield made(one, np.arange(len(one.ids)) > 0, golds)


def pair_batches(windows: Sequence[Window], size: int, seeds: Sequence[int]) -> list[Batch]:
    """Every window once for each seed, alone in its group; `size` windows in a batch."""
    lengths = [len(one.ids) for one in windows]
    return [[[windows[n]] for n in batch] for seed in seeds for batch in order(lengths, size, random.Random(seed))]


# ---- groups ----


def drawn(group: Group, width: int, rng: random.Random) -> list[Read]:
    """`width` passages of a group: up to two with an answer, the rest without, better-ranked ones more often.

    Now and then none with an answer, if there are enough others.
    """
    golds = [read for read in group.passages if read.spans]
    others = [read for read in group.passages if not read.spans]
    if rng.random() < UNANSWERED and len(others) >= width:
        golds = []
    kept = rng.sample(golds, min(2, len(golds)))
    # Sampling without replacement by keys (Efraimidis and Spirakis 2006), with weights of 1 / (rank from 1 + 2).
    keys = [(rng.random() ** (n + 3), n) for n in range(len(others))]
    chosen = sorted(keys, reverse=True)[: width - len(kept)]
    return [*kept, *(others[n] for _, n in chosen)]


def typed(question: str, rng: random.Random) -> str:
    """The question as people type it: `varied`, and some with two letters swapped."""
    question = varied(question, rng)
    at = rng.randrange(1, max(2, len(question) - 2))
    if rng.random() < SWAPPED and question[at : at + 2].isalpha():
        question = question[:at] + question[at : at + 2][::-1] + question[at + 2 :]
    return question


def passage_window(encoding: Encoding, read: Read, answers: Sequence[str]) -> Window | None:
    """The tokens of the passage are counted, without those of the answers' words in a passage that has no gold span.

    None where the passage has gold spans, but none of them stands whole in the window.
    """
    counted, golds = passage_tokens(encoding), gold_tokens(encoding, read)
    if read.spans and not golds:
        return None
    if not read.spans:
        shift, offsets = len(read.text) - len(read.passage), np.array(encoding.offsets)
        for start, end in occurrences(read.passage, answers):
            counted &= ~((offsets[:, 0] < end + shift) & (offsets[:, 1] > start + shift))
    return made(encoding, counted, golds)


def occurrences(text: str, answers: Sequence[str]) -> Iterator[Span]:
    """Where the answers' words stand, whatever the case."""
    folded = text.lower()
    if len(folded) != len(text):  # a letter that becomes two: offsets would be wrong
        return
    for answer in map(str.lower, answers):
        at = folded.find(answer)
        while answer and at >= 0:
            yield at, at + len(answer)
            at = folded.find(answer, at + 1)


def group_batches(tokenizer: Tokenizer, groups: Sequence[Group], size: int, seeds: Sequence[int]) -> list[Batch]:
    """Every group once for each seed, its passages drawn and its question varied anew; `size` windows in a batch.

    A group is left out of a round where it has too few passages, or an answer does not stand whole in its window.
    """
    batches: list[Batch] = []
    for number, seed in enumerate(seeds, start=1):
        rng = random.Random(seed)
        shown: dict[int, Batch] = {WIDE: [], NARROW: []}
        for group in tqdm(groups, desc=f"tokens of round {number}", unit="group", mininterval=5):
            width = WIDE if len(group.passages) >= WIDE else NARROW
            reads, question = drawn(group, width, rng), typed(group.question, rng)
            encodings = tokenizer.encode_batch([(question, read.text) for read in reads])
            found = (passage_window(e, read, group.answers) for e, read in zip(encodings, reads, strict=True))
            whole = [one for one in found if one is not None]
            if len(whole) == width:
                shown[width].append(whole)
        of_round = []
        for width, found_groups in shown.items():
            longest = [max(len(one.ids) for one in group) for group in found_groups]
            of_round += [[found_groups[n] for n in batch] for batch in order(longest, size // width, rng)]
        rng.shuffle(of_round)
        batches += of_round
    return batches


# ---- batches ----


def order(lengths: Sequence[int], batch: int, rng: random.Random) -> list[list[int]]:
    """Batches of indices, each of items of like length, in random order."""
    indices = list(range(len(lengths)))
    rng.shuffle(indices)
    batches = []
    for at in range(0, len(indices), batch * BUCKET):
        bucket = sorted(indices[at : at + batch * BUCKET], key=lambda n: lengths[n])
        batches += [bucket[i : i + batch] for i in range(0, len(bucket), batch)]
    rng.shuffle(batches)
    return batches


def collate(batch: Sequence[Sequence[Window]], padding: int, multiple: int) -> dict[str, npt.NDArray[Any]]:
    """input_ids, attention_mask, token_type_ids, counted (windows, tokens), tokens padded to a multiple of `multiple`.

    golds is (groups, most golds, 3): number of the window in its group, first and last token; -1 where there is none.
    """
    flat = [one for group in batch for one in group]
    shape = len(flat), -(-max(len(one.ids) for one in flat) // multiple) * multiple
    ids, mask, types = np.full(shape, padding), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    counted = np.zeros(shape, bool)
    for row, one in enumerate(flat):
        ids[row, : len(one.ids)], mask[row, : len(one.ids)] = one.ids, 1
        types[row, : len(one.ids)], counted[row, : len(one.ids)] = one.types, one.counted
    found = [[(n, a, b) for n, one in enumerate(group) for a, b in one.golds] for group in batch]
    golds = np.full((len(batch), max(1, *map(len, found)), 3), -1)
    for row, spans in enumerate(found):
        golds[row, : len(spans)] = spans or np.empty((0, 3))
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types, "counted": counted, "golds": golds}
