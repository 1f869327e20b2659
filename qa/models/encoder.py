"""A packaged embedding model as onnxruntime runs it: from tokens to vectors without torch.

The network's file is written once, from the weights of a BERT with the same layers (`write_encoder`). The word
embeddings, four fifths of multilingual-e5-small, are no part of it: only the rows of the words that are asked for are
read from the file of weights.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from qa.models.files import read_json

ENCODER, WEIGHTS = "encoder.onnx", "model.safetensors"
WORDS, POSITIONS, TYPES = (f"embeddings.{kind}_embeddings.weight" for kind in ("word", "position", "token_type"))
OPSET = 20  # the first with Gelu
# What these products make has outliers that stretch the range and leave few steps for the rest. Exact, vectors agree
# with the float ones to .9989 instead of .9964, and nDCG@10 is .001 lower than with floats instead of .006.
EXACT = "encoder.layer.{}.output.dense.product"

Floats = NDArray[np.float32]


class Encoder:
    """The network of a folder that `write_encoder` has filled. Threads may share one."""

    def __init__(self, folder: Path, window: int, threads: int = 0) -> None:
        """window: tokens of a text that are read. threads: 0: as many as there are."""
        import onnxruntime  # type: ignore[import-untyped]

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(folder / ENCODER), options, ["CPUExecutionProvider"])
        self._window = window
        weights: Any = safe_open(folder / WEIGHTS, "numpy")
        self._words = weights.get_slice(WORDS)
        self._places: Floats = weights.get_tensor(POSITIONS) + weights.get_tensor(TYPES)[:1]
        count = threads or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(count, "encoder") if count > 1 else None

    def encode(self, texts: Sequence[Sequence[int]]) -> Floats:
        """Tokens of each text -> (texts, dimension): the mean over them, not normalised.

        One text at a time, unpadded: as fast as a batch on a processor, and a vector does not depend, by rounding, on
        the other texts.
        """
        return np.concatenate(list((self._pool.map if self._pool else map)(self._vector, texts)))

    def _vector(self, ids: Sequence[int]) -> Floats:
        if len(ids) > self._window:
            ids = [*ids[: self._window - 1], ids[-1]]  # the mark of the end stays
        words = np.concatenate([self._words[number : number + 1] for number in ids])
        (vector,) = self._session.run(["vector"], {"embedded": (words + self._places[: len(ids)])[None]})
        return np.asarray(vector, np.float32)


# ---- writing the network ----


def write_encoder(folder: Path) -> None:
    """Writes ENCODER, weights in 8 bits, into a folder that holds those of a BERT as floats and its config.json."""
    from onnxruntime.quantization import QuantType, quantize_dynamic  # type: ignore[import-untyped]

    write_exact(folder)
    exact = (folder / ENCODER).rename(folder / f"{ENCODER}.float")
    layers = range(read_json(folder / "config.json")["num_hidden_layers"])
    # A scale for each channel, and 7 bits of the range: on processors without VNNI the sums of 8-bit products overflow.
    logging.root.addFilter(is_no_advice)
    try:
        quantize_dynamic(
            exact, folder / ENCODER, op_types_to_quantize=["MatMul"], per_channel=True, reduce_range=True,
            weight_type=QuantType.QInt8, nodes_to_exclude=[EXACT.format(layer) for layer in layers],
        )  # fmt: skip
    finally:
        logging.root.removeFilter(is_no_advice)
    exact.unlink()


def is_no_advice(record: logging.LogRecord) -> bool:
    """Whether a message is for more than the developer who chose the steps: it advises one that merges operators."""
    return "pre-processing before quantization" not in record.getMessage()


def write_exact(folder: Path) -> None:
    """Writes ENCODER with weights as floats; folder: as for `write_encoder`."""
    import onnx

    config = read_json(folder / "config.json")
    with safe_open(folder / WEIGHTS, "numpy") as weights:
        network = Network(weights)
        at = network.norm("embedded", "embeddings.LayerNorm", config["layer_norm_eps"])
        for number in range(config["num_hidden_layers"]):
            at = network.layer(at, f"encoder.layer.{number}", config)
        network.add("ReduceMean", [at, network.whole([1])], "vector", keepdims=0)
    width = config["hidden_size"]
    real = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        network.nodes,
        "encoder",
        [onnx.helper.make_tensor_value_info("embedded", real, [1, "tokens", width])],
        [onnx.helper.make_tensor_value_info("vector", real, [1, width])],
        network.constants,
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=9)
    onnx.save(model, folder / ENCODER)


class Network:
    """The nodes and constants of a graph while it is put together; a value is known by its name."""

    def __init__(self, weights: Any) -> None:
        """weights: an open safetensors file."""
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def layer(self, at: str, name: str, config: dict[str, Any]) -> str:
        """One layer of a BERT: attention and feed-forward net, each added to what went in and normalised."""
        heads, epsilon = config["num_attention_heads"], config["layer_norm_eps"]
        size = config["hidden_size"] // heads
        own = f"{name}.attention.self"
        query, key, value = (self.heads(at, f"{own}.{part}", heads) for part in ("query", "key", "value"))
        turned = self.add("Transpose", [key], f"{own}.turned", perm=[0, 1, 3, 2])
        scores = self.add("MatMul", [query, turned], f"{own}.scores")
        scaled = self.add("Mul", [scores, self.real(size**-0.5)], f"{own}.scaled")
        shares = self.add("Softmax", [scaled], f"{own}.shares", axis=-1)
        mixed = self.add("MatMul", [shares, value], f"{own}.mixed")
        beside = self.add("Transpose", [mixed], f"{own}.beside", perm=[0, 2, 1, 3])
        joined = self.add("Reshape", [beside, self.whole([0, 0, heads * size])], f"{own}.joined")
        attended = self.dense(joined, f"{name}.attention.output.dense")
        at = self.norm(self.sum(attended, at), f"{name}.attention.output.LayerNorm", epsilon)
        wide = self.add("Gelu", [self.dense(at, f"{name}.intermediate.dense")], f"{name}.gelu")
        return self.norm(self.sum(self.dense(wide, f"{name}.output.dense"), at), f"{name}.output.LayerNorm", epsilon)

    def heads(self, at: str, name: str, heads: int) -> str:
        """A projection, split into heads: (1, heads, tokens, size)."""
        split = self.add("Reshape", [self.dense(at, name), self.whole([0, 0, heads, -1])], f"{name}.split")
        return self.add("Transpose", [split], f"{name}.heads", perm=[0, 2, 1, 3])

    def dense(self, at: str, name: str) -> str:
        weight, bias = self.weights.get_tensor(f"{name}.weight"), self.weights.get_tensor(f"{name}.bias")
        product = self.add("MatMul", [at, self.constant(f"{name}.weight", weight.T)], f"{name}.product")
        return self.add("Add", [product, self.constant(f"{name}.bias", bias)], f"{name}.out")

    def norm(self, at: str, name: str, epsilon: float) -> str:
        parts = [self.constant(f"{name}.{part}", self.weights.get_tensor(f"{name}.{part}")) for part in
                 ("weight", "bias")]  # fmt: skip
        return self.add("LayerNormalization", [at, *parts], f"{name}.out", axis=-1, epsilon=epsilon)

    def sum(self, one: str, other: str) -> str:
        return self.add("Add", [one, other], f"{one}.sum")

    def add(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        import onnx

        self.nodes.append(onnx.helper.make_node(kind, list(inputs), [output], name=output, **attributes))
        return output

    def whole(self, numbers: Sequence[int]) -> str:
        return self.constant("whole." + ".".join(map(str, numbers)), np.array(numbers, np.int64))

    def real(self, number: float) -> str:
        return self.constant(f"real.{number}", np.array(number, np.float32))

    def constant(self, name: str, value: NDArray[Any]) -> str:
        import onnx

        if name not in {known.name for known in self.constants}:
            self.constants.append(onnx.numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name
