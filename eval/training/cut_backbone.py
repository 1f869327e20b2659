"""Cuts multilingual-e5-small down to the vocabulary of English and Dutch, for the reader to be trained on.

python -m eval.training.cut_backbone --data DATA --out FOLDER

Five sixths of its weights are rows of the embedding table for pieces of words of a hundred languages. Kept are the
pieces that the words of both languages are made of (wordfreq's lists), those of the training texts, and every single
letter, figure and sign of alphabets. What is left out is read as the shorter pieces that remain.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from eval.training.reading_data import read_all
from qa.models.embedder import open_embedder

LANGUAGES = ("en", "nl")
WORDS = 150_000  # of a language, the most frequent ones
RARE = 1e-7  # a piece of rarer words, summed over its words, is left out
CAPITALISED = 0.2  # of a word's frequency, as a guess
SEEN = 3  # times in the training texts
TABLE = "embeddings.word_embeddings.weight"
BATCH = 5_000


def kept_pieces(tokenizer: Tokenizer, texts: Iterable[str]) -> list[int]:
    """The ids to keep, in order: special ones, those of common words, of the texts, and single signs."""
    vocabulary = tokenizer.get_vocab()
    special = {vocabulary[token.content] for token in tokenizer.get_added_tokens_decoder().values()}
    common = {n for lang in LANGUAGES for n, frequency in word_pieces(tokenizer, lang).items() if frequency >= RARE}
    seen = count_pieces(tokenizer, texts)
    signs = {n for piece, n in vocabulary.items() if len(piece.lstrip("\u2581")) <= 1 and alphabetic(piece)}
    return sorted(special | common | signs | {n for n, times in seen.items() if times >= SEEN})


def word_pieces(tokenizer: Tokenizer, lang: str) -> dict[int, float]:
    """Each piece with the summed frequency (0 to 1) of the words of a language that it stands in."""
    from wordfreq import iter_wordlist, word_frequency

    found: defaultdict[int, float] = defaultdict(float)
    for words in batches(islice(iter_wordlist(lang, "large"), WORDS)):
        for weight, form in ((1.0, str.lower), (CAPITALISED, str.capitalize)):
            encodings = tokenizer.encode_batch([form(word) for word in words], add_special_tokens=False)
            for word, encoding in zip(words, encodings, strict=True):
                for piece in encoding.ids:
                    found[piece] += weight * word_frequency(word, lang, "large")
    return found


def count_pieces(tokenizer: Tokenizer, texts: Iterable[str]) -> Counter[int]:
    found: Counter[int] = Counter()
    for batch in batches(texts):
        for encoding in tokenizer.encode_batch(batch, add_special_tokens=False):
            found.update(encoding.ids)
    return found


def batches(texts: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(texts)
    while batch := list(islice(rest, BATCH)):
        yield batch


def alphabetic(piece: str) -> bool:
    """Whether none of its signs is an ideograph or a syllable of Hangul: these alone are ten thousand."""
    names = (unicodedata.name(char, "") for char in piece)
    return not any(name.startswith(("CJK", "HANGUL", "YI ", "HIRAGANA", "KATAKANA")) for name in names)


def cut(source: Path, kept: Sequence[int], out: Path) -> None:
    """Writes a model folder with these pieces alone; special ones must come first and keep their ids."""
    out.mkdir(parents=True, exist_ok=True)
    facts = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    pieces = facts["model"]["vocab"]
    facts["model"]["vocab"] = [pieces[n] for n in kept]
    moved = [token["content"] for token in facts["added_tokens"] if kept[token["id"]] != token["id"]]
    if moved:
        raise ValueError(f"{moved} would get another id")
    (out / "tokenizer.json").write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
    tensors = load_file(source / "model.safetensors")
    tensors[TABLE] = tensors[TABLE][list(kept)]
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})
    shutil.copymode(out / "tokenizer.json", out / "model.safetensors")
    config: dict[str, Any] = json.loads((source / "config.json").read_text(encoding="utf-8"))
    (out / "config.json").write_text(json.dumps(config | {"vocab_size": len(kept)}, indent=1), encoding="utf-8")


def training_texts(data: Path) -> Iterator[str]:
    return iter(dict.fromkeys(example.context for example in read_all(data, seed=1)))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with the training data")
    parser.add_argument("--out", type=Path, required=True, help="folder for the smaller model")
    options = parser.parse_args(arguments)
    source = open_embedder("multilingual-e5-small", progress=print).folder
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    kept = kept_pieces(tokenizer, training_texts(options.data))
    cut(source, kept, options.out)
    print(f"{len(kept)} of {tokenizer.get_vocab_size()} pieces kept in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
