"""What is kept back is found in the training data, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eval.gold import load_gold
from eval.sets import OWN
from eval.training import leaks
from tests.helpers import ROOT

OTHER = "Nothing of this is said in any paper that questions are kept back on, and so it may well be trained on."


def row(question: str = "Who says so?", passage: str = OTHER) -> dict[str, Any]:
    return {"question": question, "passages": [{"context": "", "passage": OTHER}, {"context": "", "passage": passage}]}


def looked(tmp_path: Path, *rows: dict[str, Any]) -> int:
    path = tmp_path / "groups.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return leaks.main([str(path)])


def test_what_is_kept_back_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = next(path for path in sorted((ROOT / "eval/data/desk_dev/documents").rglob("*")) if path.is_file())
    copied = " ".join(document.read_text(encoding="utf-8").split()[100:120]).upper()
    (asked, *_) = (one.question for one in load_gold(OWN[1].gold) if len(one.question.split()) > leaks.LONG)
    (tested, *_) = (
        one.question
        for one in load_gold(ROOT / "eval/data/corpus_test.jsonl")
        if len(one.question.split()) > leaks.LONG
    )
    assert looked(tmp_path, row()) == 0
    assert looked(tmp_path, row(passage=f"{OTHER} {copied} {OTHER}"), row(asked), row(tested.lower())) == 1
    said = capsys.readouterr().out
    assert f"stands in desk_dev/{document.parent.name}/{document.name}" in said
    assert "is one of desk_dev" in said
    assert "is one of corpus_test" in said
    assert "3 leaks of" in said


def test_pairs_are_looked_at_too(tmp_path: Path) -> None:
    corpus = next(iter(sorted((ROOT / "corpus").glob("*.txt")))).read_text(encoding="utf-8")
    pair = {"question": "Who?", "context": "", "passage": corpus[:400], "spans": []}
    assert looked(tmp_path, pair) == 1
    assert looked(tmp_path, pair | {"passage": OTHER}) == 0
