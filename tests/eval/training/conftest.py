"""A training folder with small files of every form, and a tokenizer of letters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from eval.training.windows import open_tokenizer


def write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


def squad_file(articles: int, answer: str = "Ada Brook") -> dict[str, Any]:
    def article(number: int) -> dict[str, Any]:
        context = f"Mill number {number} belongs to nobody.  {answer}, a smith, built it in 18{number:02}.\n"
        spans = [{"text": f"{answer}, ", "answer_start": context.index(answer)}] * 2
        qas = [{"id": f"q{number}", "question": f"Who built mill {number}? ", "answers": spans}]
        return {"title": f"Mill_{number}", "paragraphs": [{"context": context, "qas": qas}]}

    return {"data": [article(number) for number in range(1, articles + 1)]}


def weak_file() -> dict[str, Any]:
    context = "The bell rang at nine. A fox ran off."
    rows = [("When did the bell ring?", "nine", 0.9), ("Who ran?", "fox", 0.4), ("What rang?", "nine. A", 0.95)]
    qas = [
        {"question": q, "order": n, "answer": a, "answer_start": context.index(a), "conf": c}
        for n, (q, a, c) in enumerate(rows)
    ]
    return {"data": [{"doc": n, "paragraphs": [{"context": context, "qas": [*qas, {"question": "?", "order": 9}]}]}
                     for n in range(46)]}  # fmt: skip


QED = {
    "example_id": 7,
    "title_text": "Kettle",
    "question_text": "who made the kettle",
    "paragraph_text": "The kettle ( of tin ) was made by Jo Reed , Al Moss and Bo Lane . It `` sings '' .",
    "original_nq_answers": [
        [{"start": 34, "end": 41}, {"start": 44, "end": 51}],
        [{"start": 34, "end": 41}],
    ],
}
CLAP = {
    "id": "c1",
    "input": "how does a kiln work",
    "passages": [{"title": "Kiln", "text": "A kiln is hot . Air is drawn in . It rises . Then it cools ."}],
    "output": [{"selected_sentences": ["Air is drawn in .", "It rises ."]}],
}
MULTI = {
    "id": "m1",
    "question": ["who", "sang", "it"],
    "context": ["Jo", "'s", "song", "was", "sung", "by", "Al", ",", "Bo", "and", "Cy", "."],
    "label": ["O", "O", "O", "O", "O", "O", "B", "O", "B", "O", "B", "O"],
}


@pytest.fixture
def training_folder(tmp_path: Path) -> Path:
    """A training folder with small files of every form."""
    write(tmp_path / "squad-train-v1.1-44-articles.json", squad_file(3))
    write(tmp_path / "new_wiki_v1.0.json", squad_file(24))
    for name in ("amazon_reviews_v1.0", "reddit_v1.0", "policyqa-dev", "policyqa-test"):
        write(tmp_path / f"{name}.json", squad_file(4, answer=name))
    write(tmp_path / "squad2-backtranslated.json", weak_file())
    (tmp_path / "qed-dev.jsonlines").write_text(json.dumps(QED) + "\n")
    (tmp_path / "clapnq_dev_answerable.jsonl").write_text(json.dumps(CLAP) + "\n")
    (tmp_path / "clapnq_dev_unanswerable.jsonl").write_text(json.dumps(CLAP | {"id": "c2", "output": []}) + "\n")
    write(tmp_path / "multispanqa-valid.json", {"data": [MULTI]})
    return tmp_path


@pytest.fixture
def tokenizer(tmp_path: Path) -> Tokenizer:
    words = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", *"abcdefghijklmnopqrstuvwxyz0123456789.,|-?", "ada", "brook", "wheel"]
    words += [f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz0123456789"]
    made = Tokenizer(models.WordPiece({word: n for n, word in enumerate(words)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    made.save(str(tmp_path / "tokenizer.json"))
    return open_tokenizer(tmp_path)
