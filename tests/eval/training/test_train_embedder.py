"""What is added to the embedder: which batches it is trained on, its loss, and that nothing else changes."""

from __future__ import annotations

import math
import random

import pytest
import torch

from eval.training.reading_groups import Group, Read
from eval.training.train_embedder import QUESTIONS, Example, LowRank, batch_loss, batches, examples_of, texts_of


def example(number: int, source: str) -> Example:
    return Example(f"q{number}", (f"passage {number} of {source}",), (f"a{number}",), source)


def test_questions_without_an_answer_teach_nothing() -> None:
    right, wrong = Read("A note", "It sank in May.", ((0, 2),)), Read("A note", "It rained.")
    groups = [Group("What sank?", "a", (wrong, right), ("It",)), Group("Who?", "a", (wrong,), ())]
    assert examples_of(groups) == [Example("What sank?", ("A note\nIt sank in May.",), ("It",), "a")]


def test_every_question_is_in_a_batch_and_most_of_a_batch_are_of_two_folders() -> None:
    examples = [example(n, source) for source in "abcdef" for n in range(60)]
    made = list(batches(examples, random.Random(1)))
    assert {one for batch in made for one in batch} == set(examples)
    for batch in made:
        assert len(batch) <= QUESTIONS
        of_two = sorted((sum(one.source == source for one in batch) for source in "abcdef"), reverse=True)[:2]
        assert sum(of_two) >= len(batch) / 2


def test_a_passage_counts_once_and_one_that_says_the_answer_elsewhere_not_at_all() -> None:
    batch = [
        Example("When?", ("It sank in May.",), ("May",), "a"),
        Example("What?", ("It sank in May.",), ("It",), "a"),
        Example("Who?", ("Nobody came in May.",), ("Nobody",), "a"),
    ]
    passages, right, unknown = texts_of(batch, random.Random(1))
    assert passages == ["It sank in May.", "Nobody came in May."]
    assert right.tolist() == [[True, False], [True, False], [False, True]]
    assert unknown.tolist() == [[False, True], [False, False], [False, False]]


def test_the_loss_by_hand() -> None:
    questions, passages = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.99, 0.0], [1.0, 0.0]])
    right, unknown = torch.tensor([[True, False, False]]), torch.tensor([[False, False, True]])
    loss = batch_loss(questions, passages, right, unknown)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-0.01 / 0.02)), abs=1e-5)


def test_at_first_a_layer_is_what_it_was_and_only_the_two_factors_learn() -> None:
    linear = torch.nn.Linear(6, 4)
    linear.requires_grad_(False)
    layer, x = LowRank(linear, 2), torch.randn(3, 6)
    assert torch.equal(layer(x), linear(x))
    layer(x).sum().backward()
    assert {name for name, p in layer.named_parameters() if p.grad is not None} == {"a", "b"}
