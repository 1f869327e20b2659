"""The export: the float file answers as the model does, the 8-bit file loads and stays near, files are whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertForQuestionAnswering

from eval.training import export_reader, train_reader
from eval.training.train_reader import Plan, train
from eval.training.windows import MAX_TOKENS, STRIDE, Window
from qa.answering import span_reader
from qa.answering.span_reader import Calibration, SpanReader, load
from tests.helpers import SAID, hits_of, tokenizer_of

WORDS = "the gate was closed by hand at last it took an hour who when how"


@pytest.fixture(scope="module")
def model() -> BertForQuestionAnswering:
    return tiny_model(1)


def tiny_model(seed: int) -> BertForQuestionAnswering:
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=tokenizer_of(WORDS).get_vocab_size(), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=256, initializer_range=0.5,
    )  # fmt: skip
    return BertForQuestionAnswering(config).eval()


@pytest.fixture(scope="module")
def folder(model: BertForQuestionAnswering, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained model's folder as train_reader leaves it."""
    made = tmp_path_factory.mktemp("model")
    train_reader.finish(model, tokenizer_of(WORDS), made)
    return made


def fed(batch: int, tokens: int) -> dict[str, torch.Tensor]:
    """Random input with a masked end in the last row and two types."""
    generator = torch.Generator().manual_seed(tokens)
    ids = torch.randint(4, 40, (batch, tokens), generator=generator)
    mask, types = torch.ones_like(ids), torch.zeros_like(ids)
    mask[-1, tokens // 2 :] = 0
    types[:, tokens // 3 :] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}


def test_the_float_file_says_what_the_model_says_at_any_batch_and_length(
    model: BertForQuestionAnswering, tmp_path: Path
) -> None:
    export_reader.export(model, tmp_path / "reader.onnx")
    tokenizer_of(WORDS).save(str(tmp_path / "tokenizer.json"))
    _, session = load(tmp_path, "reader.onnx")
    assert not model.training
    for batch, tokens in ((1, 5), (3, 17), (2, 256)):
        given = fed(batch, tokens)
        with torch.no_grad():
            wanted = model(**given)
        found = session.run(export_reader.OUTPUTS, {name: tensor.numpy() for name, tensor in given.items()})
        assert [one.dtype for one in found] == [np.float32, np.float32]
        np.testing.assert_allclose(found[0], wanted.start_logits.numpy(), atol=1e-4)
        np.testing.assert_allclose(found[1], wanted.end_logits.numpy(), atol=1e-4)
        assert np.ptp(found[0]) > 0.1  # it does say something


def test_mask_and_types_reach_the_network(model: BertForQuestionAnswering, tmp_path: Path) -> None:
    export_reader.export(model, tmp_path / "reader.onnx")
    tokenizer_of(WORDS).save(str(tmp_path / "tokenizer.json"))
    _, session = load(tmp_path, "reader.onnx")
    given = {name: tensor.numpy() for name, tensor in fed(1, 20).items()}
    first = session.run(export_reader.OUTPUTS, given)[0]
    for name in ("attention_mask", "token_type_ids"):
        changed = session.run(export_reader.OUTPUTS, {**given, name: 1 - given[name]})[0]
        assert abs(changed - first).max() > 0.01


def test_the_command_writes_what_the_reader_loads(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export_reader.main([str(folder), str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reader.onnx", "tokenizer.json"]
    assert "differ by" in capsys.readouterr().out
    spans = SpanReader.open(tmp_path, 1, Calibration()).read("How was it closed?", hits_of(SAID)).spans
    assert spans
    assert all(span.text in SAID for span in spans)


def test_eight_bits_are_near_and_smaller_and_the_float_file_is_kept_if_wanted(folder: Path, tmp_path: Path) -> None:
    assert export_reader.main([str(folder), str(tmp_path), "--float"]) == 0
    assert (tmp_path / "reader.onnx").stat().st_size < 0.8 * (tmp_path / export_reader.FLOAT).stat().st_size
    tokenizer, rounded = load(tmp_path, "reader.onnx")
    _, exact = load(tmp_path, export_reader.FLOAT)
    found = export_reader.differences(exact, rounded, tokenizer.encode_batch([("how", "the gate was closed by hand")]))
    assert found.shape == (1, 2)
    assert 0 < found[0, 1] <= found[0, 0] < 0.2
    assert not export_reader.differences(exact, exact, [tokenizer.encode("how", "by hand")]).any()


def test_one_product_stays_exact(folder: Path, tmp_path: Path) -> None:
    assert export_reader.main([str(folder), str(tmp_path), "--float"]) == 0
    long = export_reader.narrowing(tmp_path / export_reader.FLOAT)
    assert len(long) == 2 + 1  # of two layers, and the head
    products = {n.name for n in onnx.load(tmp_path / "reader.onnx").graph.node if n.op_type == "MatMul"}
    assert len(products & set(long)) == 1


def test_an_unfinished_run_can_be_exported(folder: Path, tmp_path: Path) -> None:
    trained = tiny_model(2)
    ids, types = np.arange(4, 16, dtype=np.int32), np.zeros(12, np.int8)
    train(trained, [[[Window(ids, types, ids > 4, ((3, 4),))]] * 2] * 2, tmp_path, Plan())
    found = export_reader.from_checkpoint(tmp_path / "checkpoint.pt", folder)
    state = found.state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in trained.state_dict().items())
    assert not found.training
    out = tmp_path / "out"
    arguments = [str(folder), str(out), "--checkpoint", str(tmp_path / "checkpoint.pt")]
    assert export_reader.main(arguments) == 0
    assert (out / "reader.onnx").is_file()


def test_the_saved_tokenizer_neither_cuts_nor_pads(tmp_path: Path) -> None:
    tokenizer = tokenizer_of(WORDS)
    tokenizer.enable_truncation(8, stride=2)
    tokenizer.enable_padding(length=16)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "out").mkdir()
    export_reader.save_tokenizer(tmp_path, tmp_path / "out")
    saved = Tokenizer.from_file(str(tmp_path / "out" / "tokenizer.json"))
    assert (saved.truncation, saved.padding) == (None, None)


def test_the_program_reads_in_the_windows_that_the_model_was_trained_on() -> None:
    assert (span_reader.WINDOW, span_reader.STRIDE) == (MAX_TOKENS, STRIDE)
