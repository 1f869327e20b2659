"""From pairs and groups to windows of tokens: which tokens count, which are gold, what a round shows of a group."""

from __future__ import annotations

import random

import numpy as np
from tokenizers import Tokenizer

from eval.training import windows
from eval.training.reading_groups import Group, Read
from eval.training.reading_pairs import Pair
from eval.training.windows import (
    NARROW,
    WIDE,
    Window,
    collate,
    drawn,
    group_batches,
    order,
    pair_batches,
    pair_windows,
    passage_window,
    typed,
)

PADDING, MULTIPLE = 0, 8


def span(passage: str, answer: str) -> tuple[tuple[int, int], ...]:
    return ((passage.index(answer), passage.index(answer) + len(answer)),) if answer else ()


def pair(passage: str, answer: str, context: str = "") -> Pair:
    return Pair("Who?", context, passage, span(passage, answer), "squad")


def read(passage: str, answer: str = "", context: str = "") -> Read:
    return Read(context, passage, span(passage, answer))


def words(tokenizer: Tokenizer, one: Window, which: slice) -> str:
    return str(tokenizer.decode(one.ids[which].tolist()))


def gold_words(tokenizer: Tokenizer, one: Window) -> list[str]:
    return [words(tokenizer, one, slice(first, last + 1)) for first, last in one.golds]


# ---- pairs ----


def test_gold_tokens_are_those_of_the_answer_and_never_of_the_context_line(tokenizer: Tokenizer) -> None:
    found = [pair("Here is Ada Brook.", "Ada Brook", "2020-01-01 | Ada Brook"), pair("Rain.", "")]
    one, none = pair_windows(tokenizer, found)
    assert gold_words(tokenizer, one) == ["ada brook"]
    assert one.golds[0][0] > list(one.ids).index(tokenizer.token_to_id("brook"))
    assert none.golds == ()


def test_all_tokens_of_a_pair_but_the_first_compete(tokenizer: Tokenizer) -> None:
    (one,) = pair_windows(tokenizer, [pair("Rain.", "")])
    assert one.counted.tolist() == [False] + [True] * (len(one.ids) - 1)


def test_of_a_long_passage_the_windows_with_the_answer_count(tokenizer: Tokenizer) -> None:
    found = list(pair_windows(tokenizer, [pair("x " * 500 + "wheel", "wheel"), pair("x " * 500, "")]))
    assert [gold_words(tokenizer, one) for one in found] == [["wheel"], []]
    assert max(len(one.ids) for one in found) <= windows.MAX_TOKENS


def test_every_window_is_shown_once_for_each_seed(tokenizer: Tokenizer) -> None:
    found = list(pair_windows(tokenizer, [pair("a " * n, "") for n in range(1, 8)]))
    batches = pair_batches(found, 2, [1, 2])
    assert [len(batch) for batch in batches].count(2) == 6
    shown = [len(group[0].ids) for batch in batches for group in batch]
    assert sorted(shown) == sorted(2 * [len(one.ids) for one in found])
    assert all(len(group) == 1 for batch in batches for group in batch)


def test_every_window_is_in_one_batch_with_others_of_like_length() -> None:
    lengths = [n % 97 for n in range(1000)]
    batches = order(lengths, 16, random.Random(1))
    assert sorted(n for batch in batches for n in batch) == list(range(1000))
    spreads = [max(lengths[n] for n in batch) - min(lengths[n] for n in batch) for batch in batches]
    assert sum(spreads) / len(spreads) < 10
    assert batches == order(lengths, 16, random.Random(1)) != order(lengths, 16, random.Random(2))


# ---- groups ----


def group(golds: int, others: int) -> Group:
    reads = [read(f"Ada built wheel {n}.", "Ada") for n in range(golds)]
    return Group("Who built it?", "desk", (*reads, *(read(f"Rain {n}.") for n in range(others))), ("Ada",))


def test_a_drawn_group_has_the_width_and_up_to_two_golds() -> None:
    for golds, others, kept in ((1, 20, {0, 1}), (3, 20, {0, 2}), (1, WIDE - 1, {1}), (0, WIDE + 1, {0})):
        found = [drawn(group(golds, others), WIDE, random.Random(seed)) for seed in range(200)]
        assert {len(reads) for reads in found} == {WIDE}
        assert {sum(bool(one.spans) for one in reads) for reads in found} == kept
        assert all(len(set(reads)) == WIDE for reads in found), "no passage twice"


def test_better_ranked_passages_are_drawn_more_often() -> None:
    whole = group(1, 20)
    found = [one for seed in range(300) for one in drawn(whole, WIDE, random.Random(seed))]
    first, last = found.count(whole.passages[1]), found.count(whole.passages[-1])
    assert first > 1.5 * last > 0


def test_the_answer_s_words_in_a_passage_without_a_gold_span_do_not_compete(tokenizer: Tokenizer) -> None:
    other = read("It rained. ADA BROOK saw a wheel.", context="Ada Brook | 2020")
    one = passage_window(tokenizer.encode("Who?", other.text), other, ("Ada Brook", "Zoe"))
    assert one is not None
    assert one.golds == ()
    passage = one.types == 1
    left_out = np.flatnonzero(passage & ~one.counted)[:-1]  # the last one is the token that ends the text
    assert words(tokenizer, one, slice(left_out[0], left_out[-1] + 1)) == "ada brook"
    assert not one.counted[one.types == 0].any(), "no token of the question"
    counted = [n for n, there in enumerate(one.counted) if there]
    assert "ada brook" in tokenizer.decode(one.ids[counted].tolist()), "that of the context line"


def test_in_a_passage_with_a_gold_span_all_tokens_compete(tokenizer: Tokenizer) -> None:
    gold = read("Ada Brook and Ada Brook.", "Ada Brook")
    encoding = tokenizer.encode("Who?", gold.text)
    one = passage_window(encoding, gold, ("Ada Brook",))
    assert one is not None
    assert gold_words(tokenizer, one) == ["ada brook"]
    assert one.counted.tolist() == [part == 1 for part in encoding.sequence_ids]


def test_a_passage_whose_answer_lies_beyond_the_window_is_not_used(tokenizer: Tokenizer) -> None:
    gold = read("x " * 500 + "wheel", "wheel")
    assert passage_window(tokenizer.encode("Who?", gold.text), gold, ("wheel",)) is None


def test_groups_of_a_batch_are_equally_wide_and_those_too_small_are_left_out(tokenizer: Tokenizer) -> None:
    wide, narrow, small = group(2, 9), group(1, 4), group(1, 1)
    batches = group_batches(tokenizer, [wide] * 8 + [narrow] * 8 + [small] * 8, 32, [1])
    widths = [{len(one) for one in batch} for batch in batches]
    assert sorted(widths, key=min) == [{NARROW}, {WIDE}, {WIDE}]
    assert all(sum(map(len, batch)) <= 32 for batch in batches)
    assert sum(map(len, batches)) == 16


def test_two_letters_of_a_word_are_swapped_now_and_then() -> None:
    question = "who built the wheel"
    found = {typed(question, random.Random(seed)) for seed in range(300)}
    assert question in found
    assert all(sorted(one) == sorted(question) for one in found)
    assert 5 < len(found) < 30


# ---- batches ----


def test_a_batch_is_padded_and_its_golds_name_their_window() -> None:
    def window(length: int, *golds: tuple[int, int]) -> Window:
        ids = np.arange(1, length + 1, dtype=np.int32)
        return Window(ids, np.zeros(length, np.int8), np.arange(length) > 1, golds)

    found = collate([[window(3), window(9, (2, 4), (5, 5))], [window(2), window(4)]], PADDING, MULTIPLE)
    assert found["input_ids"].shape == (4, 16)
    assert found["input_ids"][0].tolist() == [1, 2, 3] + [PADDING] * 13
    assert found["attention_mask"].sum(1).tolist() == [3, 9, 2, 4]
    assert found["counted"].sum(1).tolist() == [1, 7, 0, 2]
    assert found["golds"].tolist() == [[[1, 2, 4], [1, 5, 5]], [[-1] * 3] * 2]
