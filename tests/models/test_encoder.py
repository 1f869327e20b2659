"""The packaged models without torch: the network written for onnxruntime computes what sentence-transformers does."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from qa.errors import ModelUnavailable
from qa.models.conversion import E5, MINILM
from qa.models.embedder import Embedder, open_embedder
from qa.models.encoder import ENCODER, WEIGHTS, Encoder, write_exact
from tests.helpers import run_python
from tests.models.tiny_model import HIDDEN, POSITIONS, cut

TEXTS = [
    "A total of 1,240 people had to leave their homes.",
    "De 183 leerlingen van basisschool De Scholekster kregen les in het dorpshuis.",
    "hello",
    "x" * 40,
    "Hello \u00e9\u0301 \ufb01 \u4eba 3,5 m\u00b2",
    "The barrier failed at noon. " * 10,
]


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Cosine of the two rows that differ most."""
    products = (one * other).sum(axis=1)
    return float((products / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)).min())


def exact(embedder: Embedder, folder: Path) -> Encoder:
    """The embedder's network with weights as floats, in a folder of its own."""
    for name in (WEIGHTS, "config.json"):
        shutil.copy(embedder.folder / name, folder / name)
    write_exact(folder)
    return Encoder(folder, embedder.window, threads=1)


def ids(embedder: Embedder, texts: list[str]) -> list[list[int]]:
    return [encoding.ids for encoding in embedder._tokenizer.encode_batch(texts)]


def test_as_floats_the_vectors_are_those_of_sentence_transformers(tiny: Embedder, tmp_path: Path) -> None:
    texts = ["hello", "hello ab c", "x" * 30, "hello " * 500]
    ours = exact(tiny, tmp_path).encode(ids(tiny, ["passage: " + text for text in texts]))
    theirs = tiny._model.encode(texts, prompt="passage: ")
    assert ours.shape == (4, HIDDEN)
    assert likeness(ours, theirs) > 0.9999
    assert likeness(tiny.encode_passages(texts), theirs) > 0.99  # in 8 bits


@pytest.mark.slow
@pytest.mark.parametrize(("name", "prompt"), [(E5, "passage: "), (MINILM, "")])
def test_so_are_those_of_the_real_models(name: str, prompt: str, e5: Embedder, tmp_path: Path) -> None:
    model = e5 if name == E5 else open_embedder(name, threads=1)
    theirs = model._model.encode(TEXTS, prompt=prompt)
    assert likeness(exact(model, tmp_path).encode(ids(model, [prompt + text for text in TEXTS])), theirs) > 0.9999
    assert likeness(model.encode_passages(TEXTS), theirs) > (0.99 if name == E5 else 0.9999)  # E5 has 8 bits


def test_writing_it_gives_no_advice(tiny: Embedder, tmp_path: Path) -> None:
    for name in (WEIGHTS, "config.json"):
        shutil.copy(tiny.folder / name, tmp_path)
    code = """
import sys
from pathlib import Path
from qa.models.encoder import write_encoder
write_encoder(Path(sys.argv[1]))
"""
    done = run_python(code, tmp_path)
    assert (done.stdout, done.stderr) == (b"", b"")
    assert (tmp_path / ENCODER).is_file()


def test_a_vector_does_not_depend_on_the_other_texts(tiny: Embedder) -> None:
    texts = ["hello", "a b c hello", "z", "hello " * 20]
    together = tiny.encode_passages(texts)
    assert np.array_equal(together, np.concatenate([tiny.encode_passages([text]) for text in texts]))


def test_threads_change_nothing(tiny: Embedder) -> None:
    several = Encoder(tiny.folder, tiny.window, threads=3)
    alone = Encoder(tiny.folder, tiny.window, threads=1)
    texts = ids(tiny, [letter * 5 for letter in "abcdefghij"])
    assert np.array_equal(several.encode(texts), alone.encode(texts))


def test_a_long_text_is_read_to_the_window_and_ends_as_texts_end(tiny: Embedder) -> None:
    encoder = Encoder(tiny.folder, tiny.window, threads=1)
    long, fits, short = (
        encoder.encode(ids(tiny, ["hello " * number])) for number in (200, POSITIONS - 2, POSITIONS - 3)
    )
    assert np.array_equal(long, fits)
    assert not np.array_equal(long, short)


def test_embedding_needs_no_torch(tiny: Embedder) -> None:
    code = """
import sys
from pathlib import Path
from qa.models.embedder import open_embedder
print(open_embedder(sys.argv[1], Path(sys.argv[2])).encode_passages(["hello"]).shape)
print({"torch", "transformers", "sentence_transformers", "onnx", "chromadb"} & sys.modules.keys() or "none")
"""
    done = run_python(code, tiny.folder, tiny.folder.parent)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().split("\n")[:2] == [f"(1, {HIDDEN})", "none"]


def test_a_network_that_cannot_be_read_is_said(tiny: Embedder, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny.folder, tmp_path / "tiny")
    cut(folder / ENCODER)
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        open_embedder(str(folder), tmp_path).encode_passages(["hello"])
