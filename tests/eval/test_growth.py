"""The figures of growth, at sizes that take seconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eval import bench_parts, growth
from qa.store.expressions import parse
from tests.eval.texts import squad_file


def at_once(work: Callable[..., Any], *arguments: Any) -> tuple[Any, int]:
    return work(*arguments), 1_000_000


def test_every_figure_at_two_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_parts, "alone", at_once)
    texts = squad_file(tmp_path / "squad.json", 100)
    arguments = ["--texts", str(texts), "--out", str(tmp_path / "out"), "--sizes", "20,60"]
    assert growth.main(arguments) == 0
    found = json.loads((tmp_path / "out" / growth.FIGURES).read_text())
    assert [one["passages"] for one in found] == sorted(one["passages"] for one in found)
    for one in found:
        assert set(one["little"]) == set(growth.LITTLE)
        assert set(one["questions"]) == set(growth.ASKED)
        assert min(one["questions"].values()) >= 0
        assert set(one["found"]) == set(growth.FOUND)
    lines = (tmp_path / "out" / growth.TABLE).read_text().splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [growth.FIGURES, growth.TABLE]


def test_what_is_looked_for_stands_in_some_share_of_the_texts() -> None:
    texts = [
        f"the sea is {'wide' if n % 3 else 'deep'} {'and old' * (n % 20 == 0)} word{'abcdefghij'[n % 10] * (n // 10)}"
        for n in range(60)
    ]
    made = growth.searches(texts)
    assert made["frequent word"] == made["the same, exact"] == "deep"
    assert made["rare word"].startswith("word")
    assert made["three common ones near"] == '"is sea the"~3'
    for words in made.values():
        parse(words)


def test_a_share_of_no_time_at_all_is_a_dash() -> None:
    assert growth.share({"little": {"nothing": 0.5}, "ingest": {"seconds": 2.0}}, "nothing") == "0.50 (0.250)"
    assert growth.share({"little": {"nothing": 0.0}, "ingest": {"seconds": 0.0}}, "nothing") == "0.00 (-)"
