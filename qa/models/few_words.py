"""The words of a text as a large tokenizer cuts them, without loading it.

A tokenizer of 250,000 pieces takes a second to load, for the dozen that a question needs. Which way a Unigram model
cuts a word depends on those pieces alone that stand in the word: so these are looked up, and make a small tokenizer.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from qa.models.files import read_json

PIECES = "pieces.sqlite"
TOKENIZER = "tokenizer.json"
AT_ONCE = 500  # pieces that one statement asks for


def write_pieces(folder: Path) -> None:
    """Writes PIECES beside TOKENIZER, a file of the `tokenizers` package whose model is Unigram."""
    tokenizer = read_json(folder / TOKENIZER)
    vocabulary = tokenizer["model"].pop("vocab")
    special = {token["content"] for token in tokenizer["added_tokens"]}
    special.add(vocabulary[tokenizer["model"]["unk_id"]][0])
    special.add(min(vocabulary, key=lambda entry: entry[1])[0])  # what is unknown scores a fixed amount less
    rows = ((number, piece, score, piece in special) for number, (piece, score) in enumerate(vocabulary))
    with contextlib.closing(sqlite3.connect(folder / PIECES)) as db, db:
        columns = "number INTEGER, text TEXT PRIMARY KEY, score REAL, always INTEGER"
        db.execute(f"CREATE TABLE piece ({columns}) WITHOUT ROWID")
        db.executemany("INSERT INTO piece VALUES (?, ?, ?, ?)", rows)
        db.execute("CREATE TABLE rest (tokenizer TEXT, longest INTEGER)")
        longest = max(len(piece) for piece, _ in vocabulary)
        db.execute("INSERT INTO rest VALUES (?, ?)", (json.dumps(tokenizer), longest))


def token_ids(folder: Path, texts: Sequence[str]) -> list[list[int]]:
    """What the tokenizer beside PIECES makes of each text, special tokens included, nothing cut off.

    Raises sqlite3.Error where the file cannot be read.
    """
    address = f"{(folder / PIECES).absolute().as_uri()}?mode=ro&immutable=1"
    with contextlib.closing(sqlite3.connect(address, uri=True)) as db:
        stored, longest = db.execute("SELECT tokenizer, longest FROM rest").fetchone()
        always = db.execute("SELECT text, number, score FROM piece WHERE always ORDER BY number").fetchall()
        rest = json.loads(stored)
        empty = made_of(rest, always)
        needed = set(substrings(words_of(empty, texts), longest))
        found = [*always, *looked_up(db, sorted(needed - {piece for piece, _, _ in always}))]
    small, numbers = made_of(rest, found), [number for _, number, _ in found]
    return [[numbers[own] for own in encoding.ids] for encoding in small.encode_batch(list(texts))]


Piece = tuple[str, int, float]  # text, number in the whole vocabulary, score


def made_of(rest: dict[str, Any], pieces: Sequence[Piece]) -> Tokenizer:
    """A tokenizer of these pieces, numbered in this order; the rest is as in the whole one."""
    own = {piece: number for number, (piece, _, _) in enumerate(pieces)}
    whole = {number: own[piece] for piece, number, _ in pieces}
    added = [token | {"id": own[token["content"]]} for token in rest["added_tokens"]]
    post = json.loads(json.dumps(rest["post_processor"]))
    for special in (post or {}).get("special_tokens", {}).values():
        special["ids"] = [whole[number] for number in special["ids"]]
    vocabulary = [[piece, score] for piece, _, score in pieces]
    model = rest["model"] | {"vocab": vocabulary, "unk_id": whole[rest["model"]["unk_id"]]}
    return Tokenizer.from_str(json.dumps(rest | {"added_tokens": added, "post_processor": post, "model": model}))


def words_of(tokenizer: Tokenizer, texts: Sequence[str]) -> set[str]:
    """The words, as they are before they are cut into pieces."""
    normal = (tokenizer.normalizer.normalize_str(text) if tokenizer.normalizer else text for text in texts)
    return {word for text in normal for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text)}


def substrings(words: Iterable[str], longest: int) -> Iterable[str]:
    for word in words:
        for start in range(len(word)):
            for end in range(start + 1, min(start + longest, len(word)) + 1):
                yield word[start:end]


def looked_up(db: sqlite3.Connection, texts: Sequence[str]) -> Iterable[Piece]:
    """Those texts that are pieces."""
    for at in range(0, len(texts), AT_ONCE):
        some = texts[at : at + AT_ONCE]
        marks = ", ".join("?" * len(some))
        yield from db.execute(f"SELECT text, number, score FROM piece WHERE text IN ({marks})", some)
