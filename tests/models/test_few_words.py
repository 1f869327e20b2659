"""A question's tokens without the whole tokenizer: the same as the whole one gives."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from qa.errors import ModelUnavailable
from qa.models.embedder import Embedder, open_embedder
from qa.models.few_words import PIECES, TOKENIZER, token_ids, write_pieces

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
TEXTS = [
    "query: How many people had to leave their homes?",
    "query: Wie verving de burgemeester zolang ze in het buitenland zat?",
    "query: <mask> </s> <unk> \u2581\u2581 it",
    "query: \u5317\u4eac \u662f \u4ec0\u4e48 \uff1f",
    "query: \ufb01 \u2460 \u200b a\u0301 \U0001f600\u0378 zzzzqqqq",
    "   ",
    "",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer as XLM-R has it, of pieces over three letters, and its file of pieces."""
    folder = tmp_path_factory.mktemp("pieces")
    rng = np.random.default_rng(1)
    pieces = {"".join(rng.choice(list("abc\u2581"), rng.integers(1, 6))) for _ in range(150)} | {"a", "\u2581"}
    scores = [(piece, float(rng.uniform(-9, -1))) for piece in sorted(pieces)]
    vocabulary = [*((name, 0.0) for name in SPECIAL), *scores, ("<mask>", 0.0)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    ends = [("<s>", 0), ("</s>", 2)]
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    tokenizer.add_special_tokens([*SPECIAL, "<mask>"])
    tokenizer.save(str(folder / TOKENIZER))
    write_pieces(folder)
    return folder


@given(texts=st.lists(st.text("abc d\u2581\u00e1<mask>", max_size=30), max_size=3))
def test_the_tokens_are_those_of_the_whole_tokenizer(folder: Path, texts: list[str]) -> None:
    whole = Tokenizer.from_file(str(folder / TOKENIZER))
    assert token_ids(folder, texts) == [whole.encode(text).ids for text in texts]


@pytest.mark.slow
def test_so_they_are_with_the_real_one(e5: Embedder) -> None:
    whole = Tokenizer.from_file(str(e5.folder / TOKENIZER))
    assert token_ids(e5.folder, TEXTS) == [whole.encode(text).ids for text in TEXTS]


@pytest.mark.slow
def test_a_question_does_not_load_the_whole_tokenizer_and_a_broken_file_is_named(e5: Embedder, tmp_path: Path) -> None:
    folder = shutil.copytree(e5.folder, tmp_path / "e5")
    (folder / TOKENIZER).rename(folder / "elsewhere.json")
    asked = open_embedder(str(folder), tmp_path / "cache", threads=1)
    assert np.allclose(asked.encode_questions(TEXTS[:1]), e5.encode_questions(TEXTS[:1]))
    (folder / PIECES).write_bytes(b"no database")
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        asked.encode_questions(["Who?"])
