"""Writes a trained reader as the program loads it: reader.onnx with weights of 8 bits, and tokenizer.json.

python -m eval.training.export_reader MODEL_FOLDER OUT_FOLDER [--float] [--checkpoint FILE]

Prints how far the probabilities of the 8-bit file lie from those of the float one on our own examples.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic  # type: ignore[import-untyped]
from tokenizers import Encoding, Tokenizer
from transformers import AutoModelForQuestionAnswering

from eval.training.reading_data import OWN, read_own
from qa.answering.span_reader import TOKENIZER, WEIGHTS, WINDOW, Session, load

FLOAT = "reader-float.onnx"
INPUTS, OUTPUTS = ("input_ids", "attention_mask", "token_type_ids"), ("start_logits", "end_logits")
OPSET = 17  # the first with LayerNormalization

Floats = npt.NDArray[np.float64]


def open_model(folder: Path) -> Any:
    """A trained model, or with a new head a backbone, ready to be exported."""
    return AutoModelForQuestionAnswering.from_pretrained(folder, attn_implementation="eager").eval()


def from_checkpoint(checkpoint: Path, backbone: Path) -> Any:
    """The model of an unfinished run as train_reader.py last saved it; backbone: the folder that the run began with."""
    model = open_model(backbone)
    model.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["model"])
    return model


class Heads(torch.nn.Module):
    """The model with its inputs in the order of INPUTS and the two tensors of logits as output."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        out = self.model(input_ids=ids, attention_mask=mask, token_type_ids=types)
        return out.start_logits, out.end_logits


def export(model: torch.nn.Module, path: Path) -> None:
    """Writes the float model; batch and length stay free: int64 (batch, tokens) in, float32 (batch, tokens) out."""
    ids = torch.arange(2 * 12).reshape(2, 12) % 7
    mask = torch.ones_like(ids)
    mask[1, 9:] = 0  # else a shortcut for full rows may be what is traced
    axes = {name: {0: "batch", 1: "tokens"} for name in INPUTS + OUTPUTS}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that tracing fixes what depends on the data, and that dynamo is newer
        torch.onnx.export(
            Heads(model).eval(), (ids, mask, torch.zeros_like(ids)), str(path), input_names=INPUTS,
            output_names=OUTPUTS, dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )  # fmt: skip


def quantise(source: Path, target: Path, exact: Sequence[str] = ()) -> None:
    """Writes the model with weights of 8 bits, embeddings too; activations are rounded as they come.

    A scale for each channel, and 7 bits of the range: on processors without VNNI the sums of 8-bit products overflow.
    exact: products of matrices that stay as they are.
    """
    quantize_dynamic(
        source, target, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8, nodes_to_exclude=list(exact)
    )


def narrowing(source: Path) -> list[str]:
    """The products by weights that make a vector shorter: what comes out of a layer's long one has outliers."""
    graph = onnx.load(source).graph
    shapes = {weight.name: tuple(weight.dims) for weight in graph.initializer}
    products = [(node.name, shapes.get(node.input[1], (0, 0))) for node in graph.node if node.op_type == "MatMul"]
    return [name for name, shape in products if len(shape) == 2 and shape[0] > shape[1]]


def quantise_but_one(folder: Path, encodings: Sequence[Encoding]) -> str:
    """Writes WEIGHTS from FLOAT with the product exact that costs most when it is rounded; its name.

    All narrowing ones are tried on `encodings`. Outliers stretch the range and leave few steps for the rest (Bondarenko
    et al. 2021, Understanding and overcoming the challenges of efficient transformer quantization); exact, a product
    takes four times the room.
    """
    source, part = folder / FLOAT, folder / f"{WEIGHTS}.part"
    _, exact = load(folder, FLOAT)
    errors = {}
    for name in narrowing(source):
        quantise(source, part, [name])
        errors[name] = float(differences(exact, load(folder, part.name)[1], encodings)[:, 0].mean())
    worst = min(errors, key=errors.__getitem__)
    quantise(source, part, [worst])
    part.replace(folder / WEIGHTS)
    return worst


def save_tokenizer(folder: Path, target: Path) -> None:
    """The tokenizer of a model folder without the truncation and padding that it may be set to."""
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(target / TOKENIZER), pretty=False)


# ---- what rounding costs ----


def differences(one: Session, other: Session, encodings: Sequence[Encoding]) -> Floats:
    """(encodings, 2): largest and mean difference of the probabilities of start and end over all tokens."""
    pairs = [(probabilities(one, encoding), probabilities(other, encoding)) for encoding in encodings]
    return np.array([(abs(a - b).max(), abs(a - b).mean()) for a, b in pairs])


def probabilities(session: Session, encoding: Encoding) -> Floats:
    """(2, tokens): of start and end, each a softmax over the tokens."""
    ids = np.array([encoding.ids], np.int64)
    fed = (ids, np.ones_like(ids), np.array([encoding.type_ids], np.int64))
    logits = np.concatenate(session.run(OUTPUTS, dict(zip(INPUTS, fed, strict=True)))).astype(np.float64)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def examples(tokenizer: Tokenizer, count: int) -> list[Encoding]:
    """Questions with their passages from our own examples that fit into a window, evenly spread."""
    own = tokenizer.encode_batch([(e.question, e.context) for e in read_own(OWN)])
    fit = [one for one in own if len(one.ids) <= WINDOW]
    return [fit[at * len(fit) // count] for at in range(count)] if len(fit) > count else fit


# ---- the command ----


def write(model: Any, tokenizer_folder: Path, out: Path, keep_float: bool, count: int = 100) -> None:
    """All files of the reader but its calibration, and what rounding costs on `count` examples."""
    out.mkdir(parents=True, exist_ok=True)
    save_tokenizer(tokenizer_folder, out)
    export(model, out / FLOAT)
    tokenizer, exact = load(out, FLOAT)
    encodings = examples(tokenizer, count)
    kept = quantise_but_one(out, encodings[::2])
    _, rounded = load(out, WEIGHTS)
    found = differences(exact, rounded, encodings[1::2])
    if not keep_float:
        (out / FLOAT).unlink()
    print(f"{out / WEIGHTS}: {(out / WEIGHTS).stat().st_size / 1e6:.1f} MB, {kept} in floats")
    print(f"probabilities of float and 8 bits differ by {found[:, 0].max():.3f} at most, by {found[:, 0].mean():.3f}")
    print(f"at an example's worst token and by {found[:, 1].mean():.5f} on average ({len(found)} examples)")


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("model", type=Path, help="folder of the trained model; with --checkpoint that of its backbone")
    parser.add_argument("out", type=Path, help="folder for reader.onnx and tokenizer.json")
    parser.add_argument("--float", action="store_true", help=f"keep the float model too, as {FLOAT}")
    parser.add_argument("--checkpoint", type=Path, help="take the weights from this checkpoint of an unfinished run")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    model = from_checkpoint(options.checkpoint, options.model) if options.checkpoint else open_model(options.model)
    write(model, options.model, options.out, options.float)
    return 0


if __name__ == "__main__":
    sys.exit(main())
