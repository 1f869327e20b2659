"""The reader's training: the loss worked out by hand, a run that goes on where it stopped, the command."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertForQuestionAnswering

from eval.training import train_reader
from eval.training.reading_groups import Group, Read, save_groups
from eval.training.reading_pairs import Pair, save_pairs
from eval.training.train_reader import FOR_GROUPS, Plan, group_loss, logits, train
from eval.training.windows import Batch, Window, pair_batches

# ---- the loss ----


def logs(*probabilities: float) -> list[float]:
    return torch.log(torch.tensor(probabilities)).tolist()


def test_the_loss_of_one_passage_is_that_of_a_softmax_over_its_tokens() -> None:
    start, end = torch.tensor([logs(0.1, 0.6, 0.3)]), torch.tensor([logs(0.2, 0.3, 0.5)])
    counted = torch.tensor([[False, True, True]])
    golds = torch.tensor([[[0, 1, 2], [0, 2, 2], [-1, -1, -1]]])
    expected = -torch.log(torch.tensor(0.6 * 0.5 + 0.3 * 0.5)) / 2
    torch.testing.assert_close(group_loss(start, end, counted, golds), expected)
    none = torch.full((1, 3, 3), -1)
    torch.testing.assert_close(group_loss(start, end, counted, none), -torch.log(torch.tensor(0.1 * 0.2)) / 2)


def test_the_passages_of_a_group_share_one_softmax_of_scores_above_their_first_tokens() -> None:
    start = torch.tensor([logs(1, 2, 3), logs(2, 8, 99), logs(1, 1, 1), logs(1, 1, 1)])
    end = torch.tensor([logs(1, 1, 4), logs(4, 2, 99), logs(1, 1, 1), logs(1, 1, 1)])
    counted = torch.tensor([[False, True, True], [False, True, False], [False, True, True], [False, True, True]])
    golds = torch.tensor([[[0, 1, 2], [1, 1, 1]], [[-1] * 3] * 2])
    # First group: starts 2, 3 and 8 / 2 beside 1 for no answer, ends 1, 4 and 2 / 4. The second: 1 of 5 equal ones.
    right = (2 / 10) * (4 / 6.5) + (4 / 10) * (0.5 / 6.5)
    expected = (-np.log(right) / 2 + -np.log((1 / 5) ** 2) / 2) / 2
    assert float(group_loss(start, end, counted, golds)) == pytest.approx(expected, rel=1e-5)


# ---- training ----


def test_windows_in_parts_give_the_logits_of_the_whole_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    model, lengths = tiny_model(2).eval(), torch.tensor([40, 7, 90, 33, 64])
    mask = (torch.arange(96) < lengths[:, None]).long()
    ids = torch.randint(1, 150, mask.shape, generator=torch.Generator().manual_seed(3)) * mask
    batch = {"input_ids": ids, "attention_mask": mask, "token_type_ids": torch.zeros_like(ids)}
    monkeypatch.setattr(train_reader, "PART", 2)
    whole = model(**batch)
    for parts, expected in zip(logits(model, batch), (whole.start_logits, whole.end_logits), strict=True):
        torch.testing.assert_close(parts[mask == 1], expected[mask == 1], rtol=1e-4, atol=1e-5)


def tiny_model(layers: int = 1) -> Any:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=150, hidden_size=16, num_hidden_layers=layers, num_attention_heads=2, intermediate_size=16
    )
    return BertForQuestionAnswering(config)


def tiny_windows(count: int = 70) -> list[Window]:
    rng, make = random.Random(5), np.random.default_rng(0)
    lengths = [rng.randrange(5, 60) for _ in range(count)]
    return [
        Window(
            make.integers(1, 50, n).astype(np.int32),
            np.zeros(n, np.int8),
            np.arange(n) > 0,
            ((1, 2),) if at % 3 else (),
        )
        for at, n in enumerate(lengths)
    ]


def pairs_of(plan: Plan) -> list[Batch]:
    return pair_batches(tiny_windows(), plan.batch, range(plan.seed, plan.seed + plan.epochs))


def groups_of(plan: Plan) -> list[Batch]:
    """Groups of four, two in a batch."""
    found = tiny_windows(72)
    return [[found[at : at + 4], found[at + 4 : at + 8]] for at in range(0, len(found), 8)] * plan.epochs


@pytest.mark.parametrize("batches_of", [pairs_of, groups_of])
def test_a_run_that_was_broken_off_ends_with_the_same_weights(tmp_path: Path, batches_of: Any) -> None:
    plan = Plan(batch=8, epochs=2)
    batches = batches_of(plan)
    whole, broken, continued = tiny_model(), tiny_model(), tiny_model()
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()
    train(whole, batches, tmp_path / "whole", plan, every=5)
    train(broken, batches, tmp_path / "broken", plan, every=5, stop=8)  # after the checkpoint of step 5
    train(continued, batches_of(plan), tmp_path / "broken", plan, every=5)
    left, right = whole.state_dict(), continued.state_dict()
    assert all(torch.equal(left[name], right[name]) for name in left)
    assert not torch.equal(left["qa_outputs.weight"], broken.state_dict()["qa_outputs.weight"])
    steps = [json.loads(line)["step"] for line in (tmp_path / "broken" / "log.jsonl").read_text().splitlines()]
    assert steps == [18]
    assert not (tmp_path / "whole" / "checkpoint.pt.part").exists()
    assert not (tmp_path / "whole" / "checkpoint.part").exists()


def unchanged(plan: Plan, folder: Path, layers: int) -> set[str]:
    """The weights that training leaves as they are."""
    tiny_model(layers).save_pretrained(folder)
    model = train_reader.open_backbone(folder, plan)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    train(model, pairs_of(plan), folder, plan)
    return {name for name, tensor in model.state_dict().items() if torch.equal(tensor, before[name])}


def test_word_embeddings_stay_as_they_are(tmp_path: Path) -> None:
    assert unchanged(Plan(batch=8), tmp_path, 1) == {"bert.embeddings.word_embeddings.weight"}


def test_frozen_layers_and_all_embeddings_stay_as_they_are(tmp_path: Path) -> None:
    kept = unchanged(Plan(batch=8, frozen=1), tmp_path, 2)
    assert {name.rsplit(".", 1)[0] for name in kept} > {"bert.embeddings.LayerNorm"}
    assert {name.split(".")[1] for name in kept} == {"embeddings", "encoder"}
    assert {name.split(".")[3] for name in kept if ".encoder." in name} == {"0"}


def test_a_checkpoint_of_another_plan_or_of_other_data_is_refused(tmp_path: Path) -> None:
    plan = Plan(batch=8)
    train(tiny_model(), pairs_of(plan), tmp_path, plan)
    with pytest.raises(ValueError, match="another plan"):
        train(tiny_model(), pairs_of(plan), tmp_path, Plan(batch=8, rate=1e-5))
    with pytest.raises(ValueError, match="other data"):
        train(tiny_model(), pairs_of(plan)[1:], tmp_path, plan)


def test_a_log_of_no_time_at_all_has_no_speed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_reader.time, "monotonic", lambda: 7.0)
    log = train_reader.Log(tmp_path / "log.jsonl", 0)
    assert log.add(1, torch.tensor(0.5), 1e-4, 32, last=True) == {"loss": 0.5, "windows_per_s": None}


def test_the_learning_rate_rises_and_falls() -> None:
    plan = Plan(rate=1.0, warm_up=0.1)
    rates = [train_reader.learning_rate(step, 100, plan) for step in range(100)]
    assert rates[:3] == pytest.approx([0.1, 0.2, 0.3])
    assert max(rates) == rates[9] == rates[10] == 1.0
    assert rates[55] == pytest.approx(0.5)
    assert 0 < rates[99] < 0.02


# ---- the command ----


def test_the_command_trains_on_pairs_and_then_on_groups(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """tokenizer: saved in tmp_path, which so is the folder of a backbone."""
    tiny_model(4).save_pretrained(tmp_path)
    save_pairs([Pair("Who?", "", "Ada.", ((0, 3),), "squad"), Pair("Who?", "", "Rain.", (), "squad")], tmp_path / "p")
    reads = [Read("2020", "Ada.", ((0, 3),)), *(Read("", f"Rain {n}.") for n in range(5))]
    save_groups([Group("Who is it?", "desk", tuple(reads), ("Ada",))] * 9, tmp_path / "g")
    plans = []
    for kind, backbone in (("pairs", tmp_path), ("groups", tmp_path / "pairs" / "model")):
        out = tmp_path / kind
        arguments = [f"--{kind}", str(tmp_path / kind[0]), "--backbone", str(backbone), "--out", str(out)]
        assert train_reader.main(arguments) == 0
        assert (out / "model" / "tokenizer.json").is_file()
        plans.append(json.loads((out / "plan.json").read_text()))
    assert [(plan["rate"], plan["frozen"]) for plan in plans] == [(Plan().rate, 0), (FOR_GROUPS.rate, 3)]
    assert [(plan["examples"], plan["batches"]) for plan in plans] == [(2, 2), (9, 4)]
