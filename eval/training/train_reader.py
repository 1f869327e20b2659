"""Trains the reader: a start and an end head over question and passage; no answer is the first token.

python -m eval.training.train_reader --pairs PAIRS.jsonl --out DIR --backbone FOLDER [--rate R] [--epochs N]
python -m eval.training.train_reader --groups GROUPS.jsonl --out DIR --backbone FOLDER [--rate R] [--epochs N]

Pairs are of one question and one passage. In a group one softmax goes over all passages of a question, each score taken
relative to that of its passage's first token: what the program compares when it reads (Clark and Gardner 2018, Simple
and effective multi-paragraph reading comprehension, the shared-normalisation objective). The same command again
continues an interrupted run exactly where its last checkpoint stands. Without an accelerator the processor is used.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import hashlib
import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch.nn.functional import pad
from tqdm import tqdm
from transformers import AutoModelForQuestionAnswering

from eval.timing import rate as per_second
from eval.training.reading_groups import load_groups
from eval.training.reading_pairs import load_pairs
from eval.training.windows import (
    MAX_TOKENS,
    Batch,
    collate,
    group_batches,
    open_tokenizer,
    pair_batches,
    pair_windows,
)

PAD_TO = 32  # tokens: few shapes, little padding
EVERY_CHECKPOINT, EVERY_LOG = 100, 50  # steps
PART = 16  # windows that go through the model together on a processor
COMPILE_FROM = 300  # batches; fewer are trained before compiling has paid for itself


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides what is trained; a checkpoint of another plan is not continued."""

    seed: int = 1
    epochs: int = 1
    batch: int = 32  # windows
    rate: float = 1.4e-4
    dropout: float = 0.1
    decay: float = 0.01
    warm_up: float = 0.07  # of all steps
    clip: float = 1.0
    frozen: int = 0  # lowest layers that stay as they are, and with them all embeddings


# For a model that has been trained on pairs. Drawing the numbers for dropout takes a fifth of a step on processors.
FOR_GROUPS = Plan(rate=1.2e-4, warm_up=0.05, frozen=3, dropout=0.0)


# ---- the loss ----


def group_loss(start: torch.Tensor, end: torch.Tensor, counted: torch.Tensor, golds: torch.Tensor) -> torch.Tensor:
    """Minus the log of the probability that start and end are those of any gold span, halved; mean over the groups.

    The probability is a softmax over the counted tokens of all windows of a group and "no answer", whose score is 0; a
    token's score is its logit less that of its window's first token. Logits and counted are (windows, tokens), golds
    (groups, most golds, 3) as `collate` makes them, windows equally many in each group. Annotators mark different spans
    and the measure takes any of them, so what counts is the sum over the spans.
    """
    number, width = len(golds), len(start) // len(golds)
    first_token = golds[..., 0].clamp(min=0) * start.shape[1]  # of the gold's window, in the row of its group
    total = torch.zeros(number, device=start.device)
    both = torch.zeros(golds.shape[:2], device=start.device)
    for logits, column in ((start.float(), 1), (end.float(), 2)):
        relative = (logits - logits[:, :1]).reshape(number, width * logits.shape[1])
        allowed = relative.masked_fill(~counted.reshape(number, -1), -1e9)
        total = total + torch.logaddexp(allowed.logsumexp(-1), torch.zeros_like(total))
        both = both + relative.gather(1, first_token + golds[..., column].clamp(min=0))
    right = both.masked_fill(golds[..., 0] < 0, -1e9).logsumexp(-1)
    return (total - torch.where(golds[:, 0, 0] < 0, torch.zeros_like(right), right)).mean() / 2


# ---- training ----


def device() -> torch.device:
    """An accelerator where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def has_tiles() -> bool:
    """Whether the processor multiplies matrices of bf16 in tiles (AMX): ten times faster."""
    return bool(torch.cpu.get_capabilities().get("amx_bf16"))


@functools.cache
def has_bf16() -> bool:
    """Whether matrices are multiplied faster in bf16: with tiles yes; without it is measured, as processors differ."""
    return has_tiles() or seconds_of(torch.bfloat16) < seconds_of(torch.float32)


def seconds_of(kind: torch.dtype) -> float:
    """How long a product takes as large as those of a layer, at best."""
    a, b = torch.ones(2048, 384, dtype=kind), torch.ones(384, 1536, dtype=kind)
    times = []
    for _ in range(10):
        begin = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - begin)
    return min(times)


def half(where: torch.device) -> contextlib.AbstractContextManager[Any]:
    """Products of matrices in bf16, where that is fast."""
    return torch.autocast(where.type, torch.bfloat16, enabled=where.type == "cuda" or has_bf16())


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
    batches: Sequence[Batch],
    out: Path,
    plan: Plan,
    padding: int = 0,
    every: int = EVERY_CHECKPOINT,
    stop: int | None = None,
) -> None:
    """Trains in place, from the checkpoint in `out` on if there is one; a new one every so many steps.

    batches: of all epochs, in order. `stop`: break off before this step, as a killed run does. Raises ValueError for
    another plan's checkpoint.
    """
    model.to(device()).train()
    optimizer = make_optimizer(model, plan)
    torch.manual_seed(plan.seed)
    mark = fingerprint(batches, plan)
    begin = restore(out / "checkpoint.pt", model, optimizer, mark)
    log = Log(out / "log.jsonl", begin)
    bar = tqdm(total=len(batches), initial=begin, unit="batch", desc="training", mininterval=5)
    for step in range(begin, len(batches) if stop is None else stop):
        arrays = collate(batches[step], padding, PAD_TO)
        rate = learning_rate(step, len(batches), plan)
        tensors = {name: torch.from_numpy(array).to(device()) for name, array in arrays.items()}
        loss = learn(model, optimizer, tensors, rate, plan.clip)
        bar.update()
        if line := log.add(step + 1, loss, rate, sum(map(len, batches[step])), step + 1 == len(batches)):
            bar.set_postfix(line)
        if (step + 1) % every == 0 or step + 1 == len(batches):
            save(out / "checkpoint.pt", model, optimizer, step + 1, mark)
    bar.close()


def logits(model: Any, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Start and end logits, each (windows, tokens).

    On a processor the windows go through the model in parts of like length, each padded to its own longest one: the
    passages of a question differ in length, and what attention costs grows with its square.
    """
    lengths, width = batch["attention_mask"].sum(1), batch["input_ids"].shape[1]
    order = lengths.argsort()
    found = []
    for rows in order.split(len(order) if order.is_cuda else PART):
        longest = min(width, -(-int(lengths[rows[-1]]) // PAD_TO) * PAD_TO)
        out = model(**{name: values[rows, :longest] for name, values in batch.items()})
        found.append([pad(one.float(), (0, width - longest)) for one in (out.start_logits, out.end_logits)])
    start, end = (torch.cat(parts)[order.argsort()] for parts in zip(*found, strict=True))
    return start, end


def learn(
    model: Any, optimizer: torch.optim.Optimizer, batch: dict[str, torch.Tensor], rate: float, clip: float
) -> torch.Tensor:
    """One step; returns the loss."""
    golds, counted = batch.pop("golds"), batch.pop("counted")
    with half(golds.device):
        start, end = logits(model, batch)
    loss = group_loss(start, end, counted, golds)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    for parameters in optimizer.param_groups:
        parameters["lr"] = rate
    optimizer.step()
    return loss.detach()


class Log:
    """A line of JSON every EVERY_LOG steps: loss over them, learning rate, windows a second."""

    def __init__(self, path: Path, begin: int) -> None:
        self.path = path
        kept = [line for line in path.read_text().splitlines() if json.loads(line)["step"] <= begin] if begin else []
        path.write_text("".join(line + "\n" for line in kept))
        self.losses: list[torch.Tensor] = []
        self.windows, self.since = 0, time.monotonic()

    def add(self, step: int, loss: torch.Tensor, rate: float, windows: int, last: bool) -> dict[str, Any]:
        """Counts a step; the line that it wrote, or an empty one."""
        self.losses.append(loss)
        self.windows += windows
        if step % EVERY_LOG and not last:
            return {}
        speed = per_second(self.windows, time.monotonic() - self.since)
        told = {
            "loss": round(float(torch.stack(self.losses).mean()), 4),
            "windows_per_s": None if speed is None else round(speed, 2),
        }
        with self.path.open("a") as file:
            file.write(json.dumps({"step": step, "lr": rate, **told}) + "\n")
        self.losses, self.windows, self.since = [], 0, time.monotonic()
        return told


# ---- checkpoints ----


def fingerprint(batches: Sequence[Batch], plan: Plan) -> str:
    """Tells whether a checkpoint was made from the same batches by the same plan."""
    digest = hashlib.sha256(json.dumps(asdict(plan), sort_keys=True).encode())
    for one in (window for batch in batches for group in batch for window in group):
        digest.update(one.ids.tobytes() + one.counted.tobytes() + repr(one.golds).encode())
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
    data = parser.add_mutually_exclusive_group(required=True)
    data.add_argument("--pairs", type=Path, help="file of reading_pairs.py or second_round.py")
    data.add_argument("--groups", type=Path, help="file of reading_groups.py")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint, log and model")
    parser.add_argument("--backbone", type=Path, required=True, help="folder of the model to begin with")
    parser.add_argument("--epochs", type=int, default=2, help="times over all examples (default: %(default)s)")
    parser.add_argument("--rate", type=float, help=(
        f"highest learning rate (default: {Plan().rate} for pairs, {FOR_GROUPS.rate} for groups)"))  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
    parser.add_argument("--limit", type=int, help="stop reading after so many examples, for a try")
    return parser.parse_args(arguments)


def plan_of(options: argparse.Namespace) -> Plan:
    usual = FOR_GROUPS if options.groups else Plan()
    return replace(usual, seed=options.seed, epochs=options.epochs, rate=options.rate or usual.rate)


def read_batches(options: argparse.Namespace, plan: Plan, tokenizer: Tokenizer) -> tuple[list[Batch], Counter[str]]:
    """The batches of all epochs, and how many examples each source gives."""
    if options.groups:
        groups = load_groups(options.groups)[: options.limit]
        seeds = [1000 * plan.seed + epoch for epoch in range(plan.epochs)]
        return group_batches(tokenizer, groups, plan.batch, seeds), Counter(group.source for group in groups)
    pairs = load_pairs(options.pairs)[: options.limit]
    seeds = [plan.seed + epoch for epoch in range(plan.epochs)]
    sources = Counter(pair.source + ("" if pair.spans else ", no answer") for pair in pairs)
    return pair_batches(list(pair_windows(tokenizer, pairs)), plan.batch, seeds), sources


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
    if plan.frozen:  # a step is shorter and less of what was learnt before is lost
        for part in (model.base_model.embeddings, *model.base_model.encoder.layer[: plan.frozen]):
            part.requires_grad_(False)
    return model


def compiled(model: Any, batches: int) -> None:
    """Half as fast again on processors with a compiler, after a minute for each of the few lengths; in place."""
    if batches >= COMPILE_FROM and has_tiles() and shutil.which("g++"):
        torch._dynamo.config.recompile_limit = 4 * MAX_TOKENS // PAD_TO
        model.compile(dynamic=False)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    plan, tokenizer = plan_of(options), open_tokenizer(options.backbone)
    batches, sources = read_batches(options, plan, tokenizer)
    for source, count in sorted(sources.items()):
        print(f"{source:24} {count:6}")
    told = {"examples": sources.total(), "batches": len(batches)}
    print(f"{told['examples']} examples, {told['batches']} batches of {plan.batch} windows", flush=True)
    torch.manual_seed(plan.seed)  # a new head starts at random
    model = open_backbone(options.backbone, plan)
    (options.out / "plan.json").write_text(json.dumps(asdict(plan) | told))
    if options.pairs:  # the parts of groups have so many shapes that compiling costs more than it saves
        compiled(model, len(batches))
    train(model, batches, options.out, plan, padding=model.config.pad_token_id)
    finish(model, tokenizer, options.out / "model")
    print(f"model in {options.out / 'model'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
