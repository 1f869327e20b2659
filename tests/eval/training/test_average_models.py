"""The mean of two readers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertForQuestionAnswering

from eval.training.average_models import average


def made(folder: Path, seed: int, width: int = 8) -> Path:
    torch.manual_seed(seed)
    shape = BertConfig(
        vocab_size=11, hidden_size=width, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    BertForQuestionAnswering(shape).save_pretrained(folder)
    (folder / "tokenizer.json").write_text("{}")
    return folder


def test_every_weight_is_the_mean_of_both(tmp_path: Path) -> None:
    first, second = made(tmp_path / "a", 1), made(tmp_path / "b", 2)
    average(first, second, tmp_path / "mean")
    one, other, mean = (
        BertForQuestionAnswering.from_pretrained(folder).state_dict() for folder in (first, second, tmp_path / "mean")
    )
    assert all(torch.allclose(mean[name], (one[name] + other[name]) / 2) for name in one)
    assert not torch.allclose(one["qa_outputs.weight"], mean["qa_outputs.weight"])
    assert (tmp_path / "mean" / "tokenizer.json").read_text() == "{}"


def test_models_of_different_shape_have_no_mean(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not of one shape"):
        average(made(tmp_path / "a", 1), made(tmp_path / "b", 2, width=4), tmp_path / "mean")
