"""Parts of the program left out or exchanged, each over real stores made with a model that is no model."""

from __future__ import annotations

import contextlib
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from eval import ablate
from eval.gold import load_gold
from qa.settings import load_settings
from qa.store.opening import open_catalog
from tests.helpers import FakeEmbedder, write

LETTER = """The harbour of Oldmere

Date: 3 May 2021

The new lock of Oldmere opened in 1953 after six years of building.

The harbour master is Ruth Visser, who has held the post since 2011.
"""
REPORT = """Rainfall in the valley

It rained for forty days in the valley.

The valley council bought eleven pumps from a farm in the north.
"""


def gold_row(text: str, source: str, number: str, question: str, answer: str, **more: Any) -> dict[str, Any]:
    start = text.index(answer)
    place = {"source": source, "text": answer, "start": start, "end": start + len(answer)}
    low = text.rindex("\n", 0, start) + 1
    evidence = {"evidence_start": low, "evidence_end": text.index("\n", start)}
    return {"id": number, "question": question, "lang": "en", "kind": "who", "answers": [place | evidence], **more}


@pytest.fixture
def sets(tmp_path: Path) -> list[ablate.Asked]:
    """Two gold sets, each over a folder of its own; the second is what a converter wrote."""
    write(tmp_path / "one", "letter.txt", LETTER)
    write(tmp_path / "two/documents", "rain.txt", REPORT)
    first = [
        gold_row(LETTER, "letter.txt", "q1", "Who is the harbour master?", "Ruth Visser"),
        gold_row(LETTER, "letter.txt", "q2", "In which year did the lock open?", "1953"),
    ]
    second = [
        gold_row(REPORT, "rain.txt", "q1", "How many pumps did the council buy?", "eleven"),
        {"id": "q2", "question": "Who sings?", "lang": "en", "kind": "unanswerable", "answers": []},
    ]
    paths = [write(tmp_path, "letters.jsonl", lines(first)), write(tmp_path / "two", "gold.jsonl", lines(second))]
    folders = [tmp_path / "one", tmp_path / "two/documents"]
    return [
        ablate.Asked(ablate.folder_name(path), path, folder, load_gold(path))
        for path, folder in zip(paths, folders, strict=True)
    ]


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def run(sets: list[ablate.Asked], out: Path, limit: int | None = None) -> list[dict[str, Any]]:
    return ablate.ablate(sets, out, load_settings(), limit, lambda name: FakeEmbedder(identity=name, name=name))


def test_every_variant_answers_the_questions_of_all_sets(sets: list[ablate.Asked], tmp_path: Path) -> None:
    scores = run(sets, tmp_path / "out")
    assert len(scores) == len(ablate.variants())
    for one in scores:
        assert [row["id"] for row in one["questions"]] == ["letters/q1", "letters/q2", "two/q1", "two/q2"]
        assert one["overall"]["recall@20"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 3}


def test_a_variant_differs_in_the_one_thing_it_names(sets: list[ablate.Asked], tmp_path: Path) -> None:
    run(sets, tmp_path / "out")
    contexts = {}
    for store in (tmp_path / "out/stores").iterdir():
        with contextlib.closing(open_catalog(store)) as catalog:
            contexts[store.name] = {passage.context for passage in catalog.all_passages()}
    assert contexts["letters-multilingual-e5-small-bare"] == {""}
    assert all("2021-05-03" in context for context in contexts["letters-multilingual-e5-small-context"])
    assert "two-all-MiniLM-L6-v2-context" in contexts
    meta = json.loads((tmp_path / "out/runs/lexical-only/letters/meta.json").read_text())
    assert meta["variant"]["parts"] == ["lexical"]
    assert meta["variant"]["context"]


def test_a_second_run_asks_nothing_again(sets: list[ablate.Asked], tmp_path: Path) -> None:
    before = run(sets, tmp_path / "out", limit=1)
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "out/runs").rglob("predictions.jsonl")}
    assert run(sets, tmp_path / "out", limit=1) == before
    assert {path: path.stat().st_mtime_ns for path in files} == files


def test_equal_sentences_are_embedded_once() -> None:
    model = FakeEmbedder()
    remembering = ablate.Remembering(model)  # type: ignore[arg-type]
    first = remembering.encode_passages(["a b", "c", "a b"])
    again = remembering.encode_passages(["c", "d"])
    assert model.embedded == ["a b", "c", "d"]
    assert (first[1] == again[0]).all()
    assert (first[0] == first[2]).all()
    assert remembering.dimension == model.dimension


def row(number: str, lang: str, **values: float) -> dict[str, Any]:
    return {"id": number, "question": "?", "lang": lang, "set": "s", "cause": "right", "values": values}


def test_the_table_by_hand() -> None:
    """Of 40 questions the second variant loses 20 in the first place and none in the second."""
    full = [row(str(n), "en" if n < 30 else "nl", **dict.fromkeys(ablate.SHOWN, 1.0)) for n in range(40)]
    half = [{**one, "values": {**one["values"], "mrr": float(n % 2)}} for n, one in enumerate(full)]
    found = ablate.summary(["whole", "part"], [ablate.pooled(full), ablate.pooled(half)])
    assert [group["group"] for group in found] == ["All 40 questions", "Questions in en (30 questions)"]
    part = found[0]["variants"][1]
    assert part["figures"]["mrr"]["value"] == 0.5
    assert part["differences"]["mrr"]["value"] == -0.5
    assert -0.7 < part["differences"]["mrr"]["low"] < -0.5 < part["differences"]["mrr"]["high"] < -0.3
    assert part["differences"]["recall@1"] == {"value": 0.0, "low": 0.0, "high": 0.0, "n": 40, "verdict": ""}
    table = ablate.markdown(found).splitlines()
    assert table[4] == "| whole | " + " | ".join(["1.000"] * len(ablate.SHOWN)) + " |"
    assert "| **0.500** -0.500 [" in table[5]
    assert "| 1.000 +0.000 [+0.000, +0.000] |" in table[5]
    drawn = ElementTree.fromstring(ablate.picture(found).encode())
    assert "part" in "".join(drawn.itertext())
    assert "var(" not in ablate.picture(found)


@pytest.mark.parametrize(
    ("sets_given", "says"),
    [
        (["a/gold.jsonl", "docs", "b/a.jsonl", "docs"], "two sets are called a"),
        (["none.jsonl", "docs"], "none.jsonl cannot be read"),
        (["b/empty.jsonl", "docs"], "holds no questions"),
    ],
)
def test_wrong_use_is_named(
    sets_given: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = lines([{"id": "q", "question": "Who?", "lang": "en", "kind": "unanswerable", "answers": []}])
    write(tmp_path, "a/gold.jsonl", good)
    write(tmp_path, "b/a.jsonl", good)
    write(tmp_path, "b/empty.jsonl", "")
    pairs = [str(tmp_path / path) for path in sets_given]
    given = [part for at in range(0, len(pairs), 2) for part in ("--set", *pairs[at : at + 2])]
    assert ablate.main([*given, "--out", str(tmp_path / "out")]) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
