"""Trains the reader: a start and an end head over question and passage; no answer is the first token.

python -m eval.training.train_reader --pairs PAIRS.jsonl --out DIR --backbone FOLDER [--rate R] [--epochs N]

The same command again continues an interrupted run exactly where its last checkpoint stands. Without an accelerator
it trains on the processor.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Encoding, Tokenizer
from tqdm import tqdm
from transformers import AutoModelForQuestionAnswering

from eval.training.reading_pairs import Pair, load_pairs

MAX_TOKENS, STRIDE = 256, 64  # of question and passage together; tokens that two windows of a passage share
PAD_TO = 32  # tokens: few shapes, little padding
BUCKET = 50  # batches that are sorted by length together
GOLDS = 8  # spans of a pair at most
EVERY_CHECKPOINT, EVERY_LOG = 200, 50  # steps


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides what is trained; a checkpoint of another plan is not continued."""

    seed: int = 1
    epochs: int = 1
    batch: int = 32
    rate: float = 1.4e-4
    dropout: float = 0.1
    decay: float = 0.01
    warm_up: float = 0.07  # of all steps
    clip: float = 1.0


@dataclass(frozen=True, slots=True)
class Window:
    """Token ids of question and passage, and the gold spans as (first, last) token; (0, 0) where there is none."""

    ids: np.ndarray[Any, np.dtype[np.int32]]
    types: np.ndarray[Any, np.dtype[np.int8]]
    golds: tuple[tuple[int, int], ...]


# ---- tokens ----


def open_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a model folder, set to cut passages, never questions, into windows of MAX_TOKENS."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS, stride=STRIDE, strategy="only_second")
    return tokenizer


def windows(tokenizer: Tokenizer, pairs: Sequence[Pair], size: int = 1000) -> Iterator[Window]:
    """The windows of each pair that hold a gold span whole, or its first one where there is none."""
    for at in range(0, len(pairs), size):
        batch = pairs[at : at + size]
        for pair, encoding in zip(batch, tokenizer.encode_batch([(p.question, p.text) for p in batch]), strict=True):
            found = [(one, gold_tokens(one, pair)) for one in (encoding, *encoding.overflowing)]
            for one, golds in [(one, golds) for one, golds in found if golds] or ([] if pair.spans else found[:1]):
                ids, types = np.array(one.ids, np.int32), np.array(one.type_ids, np.int8)
                yield Window(ids, types, golds or ((0, 0),))


def gold_tokens(encoding: Encoding, pair: Pair) -> tuple[tuple[int, int], ...]:
    """First and last token of every span that stands whole in this window, in text order."""
    if not pair.spans:
        return ()
    shift, offsets = len(pair.text) - len(pair.passage), encoding.offsets  # made anew whenever asked for
    tokens = [n for n, part in enumerate(encoding.sequence_ids) if part == 1]
    golds = []
    for start, end in pair.spans[:GOLDS]:
        inside = [n for n in tokens if offsets[n][0] < end + shift and offsets[n][1] > start + shift]
        if inside and offsets[inside[0]][0] <= start + shift and offsets[inside[-1]][1] >= end + shift:
            golds.append((inside[0], inside[-1]))
    return tuple(dict.fromkeys(golds))


# ---- batches ----

Batch = dict[str, torch.Tensor]


def order(lengths: Sequence[int], batch: int, seed: int) -> list[list[int]]:
    """Batches of indices, each of windows of like length, in random order; the same for the same seed."""
    rng = random.Random(seed)
    indices = list(range(len(lengths)))
    rng.shuffle(indices)
    batches = []
    for at in range(0, len(indices), batch * BUCKET):
        bucket = sorted(indices[at : at + batch * BUCKET], key=lambda n: lengths[n])
        batches += [bucket[i : i + batch] for i in range(0, len(bucket), batch)]
    rng.shuffle(batches)
    return batches


def collate(found: Sequence[Window], padding: int) -> Batch:
    """int64 tensors (batch, tokens), padded to a multiple of PAD_TO; golds (batch, most golds, 2), -1 where none."""
    longest = max(len(one.ids) for one in found)
    shape = len(found), -(-longest // PAD_TO) * PAD_TO
    ids, mask, types = np.full(shape, padding), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    golds = np.full((len(found), max(len(one.golds) for one in found), 2), -1)
    for row, one in enumerate(found):
        ids[row, : len(one.ids)] = one.ids
        mask[row, : len(one.ids)] = 1
        types[row, : len(one.ids)] = one.types
        golds[row, : len(one.golds)] = one.golds
    names = ("input_ids", "attention_mask", "token_type_ids", "golds")
    return {name: torch.from_numpy(array) for name, array in zip(names, (ids, mask, types, golds), strict=True)}


def span_loss(start: torch.Tensor, end: torch.Tensor, mask: torch.Tensor, golds: torch.Tensor) -> torch.Tensor:
    """Minus the log of the probability that start and end are those of any gold span, halved; mean over the batch.

    Logits are (batch, tokens). Annotators mark different spans and the measure takes any of them, so the model may
    choose the one that it can learn: the sum over the spans, not one of them at random, is what it is asked for.
    """
    blocked = mask == 0
    first = start.float().masked_fill(blocked, -1e9).log_softmax(-1)
    last = end.float().masked_fill(blocked, -1e9).log_softmax(-1)
    there = golds.clamp(min=0)
    both = first.gather(1, there[..., 0]) + last.gather(1, there[..., 1])
    return -both.masked_fill(golds[..., 0] < 0, -1e9).logsumexp(-1).mean() / 2


# ---- training ----


def device() -> torch.device:
    """An accelerator where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def has_tiles() -> bool:
    """Whether the processor multiplies matrices of bf16 in hardware (AMX): ten times faster here, without it slower."""
    return bool(torch.cpu.get_capabilities().get("amx_bf16"))


def half(where: torch.device) -> contextlib.AbstractContextManager[Any]:
    """Products of matrices in bf16, where that is fast."""
    return torch.autocast(where.type, torch.bfloat16, enabled=where.type == "cuda" or has_tiles())


def attention() -> str:
    """How attention is computed; written out it is twice as fast on processors."""
    return "sdpa" if device().type == "cuda" else "eager"


def learning_rate(step: int, steps: int, plan: Plan) -> float:
    """Rises linearly during the warm-up, then falls linearly to 0."""
    warm = max(1, round(steps * plan.warm_up))
    return plan.rate * min((step + 1) / warm, max(0.0, (steps - step) / max(1, steps - warm)))


def make_optimizer(model: torch.nn.Module, plan: Plan) -> torch.optim.AdamW:
    """AdamW without weight decay on biases and layer norms."""
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    plain = [p for name, p in named if p.ndim < 2]
    decayed = [p for name, p in named if p.ndim >= 2]
    groups = [{"params": decayed, "weight_decay": plan.decay}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=plan.rate, fused=True)


def train(
    model: Any,
    data: Sequence[Window],
    out: Path,
    plan: Plan,
    padding: int = 0,
    every: int = EVERY_CHECKPOINT,
    stop: int | None = None,
) -> None:
    """Trains in place, from the checkpoint in `out` on if there is one; a new one every so many steps.

    `stop`: break off before this step, as a killed run does. Raises ValueError for another plan's checkpoint.
    """
    model.to(device()).train()
    optimizer = make_optimizer(model, plan)
    lengths = [len(one.ids) for one in data]
    batches = [b for epoch in range(plan.epochs) for b in order(lengths, plan.batch, plan.seed + epoch)]
    torch.manual_seed(plan.seed)
    mark = fingerprint(data, plan)
    begin = restore(out / "checkpoint.pt", model, optimizer, mark)
    log = Log(out / "log.jsonl", begin)
    bar = tqdm(total=len(batches), initial=begin, unit="batch", desc="training", mininterval=5)
    for step in range(begin, len(batches) if stop is None else stop):
        batch = collate([data[n] for n in batches[step]], padding)
        rate = learning_rate(step, len(batches), plan)
        loss = learn(model, optimizer, {name: tensor.to(device()) for name, tensor in batch.items()}, rate, plan.clip)
        bar.update()
        if line := log.add(step + 1, loss, rate, len(batches[step]), step + 1 == len(batches)):
            bar.set_postfix(line)
        if (step + 1) % every == 0 or step + 1 == len(batches):
            save(out / "checkpoint.pt", model, optimizer, step + 1, mark)
    bar.close()


def learn(model: Any, optimizer: torch.optim.Optimizer, batch: Batch, rate: float, clip: float) -> torch.Tensor:
    """One step; returns the loss."""
    golds = batch.pop("golds")
    with half(golds.device):
        out = model(**batch)
    loss = span_loss(out.start_logits, out.end_logits, batch["attention_mask"], golds)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    return loss.detach()


class Log:
    """A line of JSON every EVERY_LOG steps: loss over them, learning rate, examples a second."""

    def __init__(self, path: Path, begin: int) -> None:
        self.path = path
        kept = [line for line in path.read_text().splitlines() if json.loads(line)["step"] <= begin] if begin else []
        path.write_text("".join(line + "\n" for line in kept))
        self.losses: list[torch.Tensor] = []
        self.examples, self.since = 0, time.monotonic()

    def add(self, step: int, loss: torch.Tensor, rate: float, examples: int, last: bool) -> dict[str, float]:
        """Counts a step; the line that it wrote, or an empty one."""
        self.losses.append(loss)
        self.examples += examples
        if step % EVERY_LOG and not last:
            return {}
        mean = float(torch.stack(self.losses).mean())
        a_second = self.examples / (time.monotonic() - self.since)
        line = {"step": step, "loss": round(mean, 4), "lr": rate, "examples_per_s": round(a_second, 2)}
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        self.losses, self.examples, self.since = [], 0, time.monotonic()
        return {"loss": line["loss"], "examples_per_s": line["examples_per_s"]}


# ---- checkpoints ----


def fingerprint(data: Sequence[Window], plan: Plan) -> str:
    """Tells whether a checkpoint was made from the same data by the same plan."""
    digest = hashlib.sha256(json.dumps(asdict(plan), sort_keys=True).encode())
    for one in data:
        digest.update(one.ids.tobytes() + repr(one.golds).encode())
    return digest.hexdigest()


def save(path: Path, model: Any, optimizer: torch.optim.Optimizer, step: int, mark: str) -> None:
    """Writes the checkpoint whole or not at all."""
    generators = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        generators["cuda"] = torch.cuda.get_rng_state()
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "mark": mark}
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        torch.save(state | {"generators": generators}, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def restore(path: Path, model: Any, optimizer: torch.optim.Optimizer, mark: str) -> int:
    """Continues from the checkpoint; the step to go on with, 0 without one. Raises ValueError for another plan's."""
    if not path.exists():
        return 0
    state = torch.load(path, map_location="cpu", weights_only=True)
    if state["mark"] != mark:
        raise ValueError(f"{path} belongs to other data or another plan; name a new folder or remove it")
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["generators"]["cpu"])
    if torch.cuda.is_available() and "cuda" in state["generators"]:
        torch.cuda.set_rng_state(state["generators"]["cuda"])
    return int(state["step"])


# ---- the command ----


def finish(model: Any, tokenizer: Tokenizer, folder: Path) -> None:
    """The trained model as a transformers folder, with the tokenizer as the `tokenizers` package reads it."""
    model.to("cpu").eval().save_pretrained(folder)
    tokenizer.no_truncation()
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pairs", type=Path, required=True, help="file of reading_pairs.py or second_round.py")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint, log and model")
    parser.add_argument("--backbone", type=Path, required=True, help="folder of the model to begin with")
    parser.add_argument("--epochs", type=int, default=2, help="times over all pairs (default: %(default)s)")
    parser.add_argument("--rate", type=float, default=1.4e-4, help="highest learning rate (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
    parser.add_argument("--limit", type=int, help="stop reading after so many pairs, for a try")
    return parser.parse_args(arguments)


def open_backbone(folder: Path, plan: Plan) -> Any:
    """The model to train. Its word embeddings stay as they are, so that languages without examples keep their place.

    Attention has no dropout: on processors a step takes a third less time without.
    """
    model = AutoModelForQuestionAnswering.from_pretrained(
        folder,
        hidden_dropout_prob=plan.dropout,
        attention_probs_dropout_prob=0.0,
        attn_implementation=attention(),
    )
    model.get_input_embeddings().weight.requires_grad_(False)
    return model


def compiled(model: Any) -> None:
    """Half as fast again on processors with a compiler, after a minute for each of the few lengths; in place."""
    if has_tiles() and shutil.which("g++"):
        torch._dynamo.config.recompile_limit = 4 * MAX_TOKENS // PAD_TO
        model.compile(dynamic=False)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    pairs = load_pairs(options.pairs)[: options.limit]
    positive, negative = (Counter(p.source for p in pairs if bool(p.spans) == kind) for kind in (True, False))
    for source in positive | negative:
        print(f"{source:12} {positive[source]:6} with an answer {negative[source]:6} without")
    tokenizer = open_tokenizer(options.backbone)
    data = list(windows(tokenizer, pairs))
    print(f"{len(pairs)} pairs, {len(data)} windows, {np.mean([len(one.ids) for one in data]):.0f} tokens on average")
    plan = Plan(seed=options.seed, epochs=options.epochs, rate=options.rate)
    torch.manual_seed(options.seed)  # the head is new and starts at random
    model = open_backbone(options.backbone, plan)
    (options.out / "plan.json").write_text(json.dumps(asdict(plan) | {"examples": len(pairs), "windows": len(data)}))
    compiled(model)
    train(model, data, options.out, plan, padding=model.config.pad_token_id)
    finish(model, tokenizer, options.out / "model")
    print(f"model in {options.out / 'model'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
