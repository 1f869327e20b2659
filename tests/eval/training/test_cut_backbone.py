"""The backbone's smaller vocabulary: what is kept reads as before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from eval.training.cut_backbone import TABLE, alphabetic, cut, kept_pieces, word_pieces
from qa.models.embedder import open_embedder

TEXT = "Zijn de vergaderingen in Gent uitgesteld? The minister's answer: he said tonnes were lost, well over half."


@pytest.fixture(scope="module")
def source() -> Path:
    return open_embedder("multilingual-e5-small").folder


@pytest.fixture(scope="module")
def tokenizer(source: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def test_texts_of_both_languages_keep_their_pieces_and_their_embeddings(
    source: Path, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    kept = kept_pieces(tokenizer, [])
    cut(source, kept, tmp_path)
    smaller = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    before, after = tokenizer.encode(TEXT), smaller.encode(TEXT)
    assert after.tokens == before.tokens
    assert after.offsets == before.offsets
    whole, left = (load_file(folder / "model.safetensors")[TABLE] for folder in (source, tmp_path))
    assert len(left) == len(kept) == smaller.get_vocab_size() < 0.2 * len(whole)
    assert np.array_equal(left[after.ids], whole[before.ids])


def test_pieces_of_common_words_outweigh_those_of_rare_ones(tokenizer: Tokenizer) -> None:
    found = word_pieces(tokenizer, "nl")
    (common,), (rare,) = (tokenizer.encode(word, add_special_tokens=False).ids for word in ("de", "museum"))
    assert found[common] > 100 * found[rare] > 0


def test_letters_of_any_alphabet_are_kept_and_ideographs_are_not() -> None:
    assert [alphabetic(sign) for sign in ("\u00e9", "\u0416", "\u20ac", "\u5b57", "\uac00", "\u3042")] == [True] * 3 + [
        False
    ] * 3


def test_special_pieces_must_keep_their_ids(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="another id"):
        cut(source, [0, 2, 1, 3, 4], tmp_path)
