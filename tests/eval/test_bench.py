"""The speed bench: distinct texts, figures by hand, and the whole of it at small sizes with a model that is none."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval import bench, bench_parts, timing
from eval.bench_texts import PER_FILE, Texts, documents, read_questions, read_texts, recombined
from eval.command import BadInput
from eval.embedders import Hybrid, Remembering, StandIn
from eval.runs import rounded
from qa.store.opening import CATALOG_FILE
from qa.text import equality_key
from tests.eval.texts import paragraph, squad_file
from tests.helpers import DOCUMENTS, FakeEmbedder, write

# ---- texts ----


def test_texts_are_read_from_every_form_of_file(tmp_path: Path) -> None:
    squad = squad_file(tmp_path / "squad.json", 3)
    corpus = write(tmp_path, "corpus.jsonl", json.dumps({"_id": "1", "title": "T", "text": paragraph(7)}))
    folder = tmp_path / "documents"
    write(folder, "bridge.txt", f"A heading\n\n{paragraph(8)}\n\n{paragraph(9)}\n")
    write(folder, "again.md", paragraph(0).upper())  # says the same as the first of the SQuAD file
    texts = read_texts([squad, corpus, folder])
    assert sorted(map(equality_key, texts.paragraphs)) == sorted(equality_key(paragraph(n)) for n in (0, 1, 2, 7, 8, 9))
    assert sorted(texts.questions) == [f"What is number {n} in the register?" for n in range(3)]
    assert read_texts([squad, corpus, folder]) == texts, "the same at every run"


def test_files_without_texts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=re.escape(str(tmp_path / "none.json"))):
        read_texts([tmp_path / "none.json"])
    with pytest.raises(BadInput, match="not a SQuAD file"):
        read_texts([write(tmp_path, "list.json", "[1]")])
    with pytest.raises(BadInput, match="another form than SQuAD"):
        read_texts([write(tmp_path, "form.json", '{"data": [1]}')])
    with pytest.raises(BadInput, match=r"corpus\.jsonl, line 2"):
        read_texts([write(tmp_path, "corpus.jsonl", '{"_id": "1", "text": "a"}\n{"_id": "2"}\n')])
    with pytest.raises(BadInput, match="no paragraph"):
        read_texts([write(tmp_path, "documents/short.txt", "Short.").parent])


def test_questions_are_read_from_squad_and_gold_files(tmp_path: Path) -> None:
    gold = write(tmp_path, "gold.jsonl", '{"question": "Who?"}\n{"question": " Who? "}\n{"question": "Where?"}\n')
    assert read_questions(gold) == ["Who?", "Where?"]
    assert len(read_questions(squad_file(tmp_path / "squad.json", 4))) == 4
    with pytest.raises(BadInput, match="line 1"):
        read_questions(write(tmp_path, "bad.jsonl", '{"id": "1"}\n'))


def test_recombined_paragraphs_are_distinct_and_of_real_sentences() -> None:
    real = [paragraph(n) for n in range(20)]
    made = [text for text, _ in zip(recombined(real), range(200), strict=False)]
    assert len({equality_key(text) for text in [*real, *made]}) == 220
    sentences = {s for text in real for s in re.split(r"(?<=\.) ", text)}
    for text in made:
        parts = re.split(r"(?<=\.) ", text)
        assert len(parts) == 4
        assert set(parts) <= sentences
        assert len({next(n for n, t in enumerate(real) if part in t) for part in parts}) == 4, "of different paragraphs"
    with pytest.raises(BadInput, match="too few"):
        list(recombined(real[:2]))


def test_documents_take_the_real_paragraphs_first() -> None:
    real = [paragraph(n) for n in range(2 * PER_FILE + 1)]
    few, many = documents(real, 2), documents(real, 5)
    assert [name[:5] for name in many] == ["real-"] * 3 + ["made-"] * 2
    assert list(many.items())[:2] == list(few.items())
    assert "\n\n".join(many[f"real-{n:06}.txt"].strip() for n in range(3)).split("\n\n") == real


def test_stand_in_vectors_are_near_for_texts_with_common_words() -> None:
    texts = [
        "The harbour master closed the bridge.",
        "The bridge was closed by the harbour master!",
        "Onions grow well.",
        "",
    ]
    vectors = StandIn().encode_passages(texts)
    assert (vectors.shape, vectors.dtype) == ((4, 384), np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    near, far = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert near > 0.8 > 0.3 > far
    hybrid = Hybrid(FakeEmbedder())
    assert np.array_equal(hybrid.encode_questions(texts), vectors), "asked with what the store was made with"


def test_a_vector_is_computed_once() -> None:
    real = FakeEmbedder()
    remembering = Remembering(real)
    first = remembering.encode_passages(["a", "b", "a"])
    again = remembering.encode_passages(["b", "c"])
    assert real.embedded == ["a", "b", "c"]
    assert np.array_equal(first[1], again[0])
    assert remembering.name == real.name


# ---- measuring ----


def here(work: Callable[..., Any], *arguments: Any) -> tuple[Any, int]:
    """In place of a process of its own; the cold start, which needs a real model, takes a second."""
    return ([1.0] if work is bench_parts.first_answer else work(*arguments)), 1_000_000


@pytest.fixture(scope="module")
def bench_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def texts(bench_folder: Path) -> Texts:
    return read_texts([squad_file(bench_folder / "squad.json", 40)])


PLAN = bench.Plan(sizes=(60, 30), questions=4, read=2, files=6, rate_files=2)


@pytest.fixture(scope="module")
def found(texts: Texts, bench_folder: Path) -> dict[str, Any]:
    return rounded(bench.bench(texts, bench_folder / "out", PLAN, FakeEmbedder, here))  # type: ignore[no-any-return]


def test_every_figure_is_there(found: dict[str, Any], bench_folder: Path) -> None:
    small, large = found["sizes"]
    assert 20 <= small["passages"] <= 40 < large["passages"]
    assert small["made"] == 0 < large["made"] < large["passages"]
    assert large["distinct"] == large["passages"]
    for one in found["sizes"]:
        assert {stage: figure["n"] for stage, figure in one["stages"].items()} == {
            "embed": 4, "dense": 4, "lexical": 4, "rest": 4, "read": 2
        }  # fmt: skip
        assert all(0 <= figure["p50"] <= figure["p95"] for figure in one["stages"].values())
        assert one["bytes"]["passage"] * one["passages"] == pytest.approx(
            one["bytes"]["catalog"] + one["bytes"]["index"], 1e-4
        )
        assert one["ask_peak_bytes"] == one["ingest"]["peak_bytes"] == 1_000_000
    assert found["growth"]["dense"]["from"] == small["passages"]
    assert {what: figure["n"] for what, figure in found["reading"].items()} == {"few": 2, "all": 2, "embed": 2}
    assert set(found["ingest_rate"]) == {
        "passages", "model", "seconds", "ingest_rate", "bare_rate", "ratio", "least", "peak_bytes"
    }  # fmt: skip
    assert found["changes"]["documents"] == 6
    assert found["machine"]["versions"]["sqlite"] == sqlite3.sqlite_version
    assert str(bench_folder) not in json.dumps(found), "no places of this machine"


def test_the_made_passages_are_counted(found: dict[str, Any], bench_folder: Path, texts: Texts) -> None:
    large = found["sizes"][1]
    with sqlite3.connect(bench_folder / "out" / "stores" / "60" / "store" / CATALOG_FILE) as db:
        held = [text for (text,) in db.execute("SELECT text FROM passages")]
    whole = "\n".join(texts.paragraphs)
    assert large["passages"] == len(held)
    assert large["made"] == sum(text not in whole for text in held)


def test_a_store_that_is_there_is_used_again(found: dict[str, Any], texts: Texts, bench_folder: Path) -> None:
    place = bench_folder / "out" / "stores" / "30"
    before = (place / "store" / CATALOG_FILE).stat().st_mtime_ns

    def never(*arguments: Any) -> Any:
        raise AssertionError

    files = found["sizes"][0]["documents"]
    again = bench.filled(texts, files, place, never)
    assert again["passages"] == found["sizes"][0]["passages"]
    assert (place / "store" / CATALOG_FILE).stat().st_mtime_ns == before
    (place / "facts.json").unlink()  # as if it had been killed before the end
    assert bench.filled(texts, files, place, here)["passages"] == again["passages"]


def test_the_changed_file_is_as_it_was(found: dict[str, Any], texts: Texts, bench_folder: Path) -> None:
    written = {p.name: p.read_text() for p in (bench_folder / "out" / "stores" / "changes" / "documents").iterdir()}
    assert written == documents(texts.paragraphs, 6)


def test_growth_by_hand() -> None:
    sizes = [
        {"passages": n, "stages": {"dense": timing.spread([s, 3 * s, 2 * s]), "read": timing.spread([])}}
        for n, s in ((1000, 0.001), (10_000, 0.002), (100_000, 0.0045))
    ]
    assert sizes[0]["stages"]["dense"] == {
        "p50": pytest.approx(0.002), "p95": pytest.approx(0.0029), "mean": pytest.approx(0.002), "n": 3
    }  # fmt: skip
    assert bench.growth(sizes, "dense") == {
        "from": 1000, "to": 100_000, "p50": pytest.approx(0.002), "times": pytest.approx(4.5), "most": 5.0
    }  # fmt: skip
    assert bench.growth(sizes, "read")["times"] is None


# ---- table and picture, of figures that no clock has measured ----


def figures(seconds: float) -> dict[str, Any]:
    """All figures of a bench at two sizes; every stage takes so many seconds, ten times that in the larger store."""

    def size(passages: int, each: float) -> dict[str, Any]:
        return {
            "passages": passages, "made": 0, "ask_peak_bytes": 3e8, "bytes": {"passage": 900, "catalog": 1, "index": 2},
            "ingest": {"seconds": 1.0, "peak_bytes": 2e8},
            "stages": {stage: timing.spread([each]) for stage in bench_parts.STAGES},
        }  # fmt: skip

    sizes = [size(1000, seconds), size(10_000, 10 * seconds)]
    return {
        "sizes": sizes,
        "growth": {stage: bench.growth(sizes, stage) for stage in bench_parts.STAGES},
        "reading": {"few": timing.spread([seconds]), "all": timing.spread([3 * seconds]),
                    "embed": timing.spread([6 * seconds])},
        "ingest_rate": {"passages": 300, "ratio": timing.ratio(9 * seconds, 10 * seconds), "least": 0.8,
                        "ingest_rate": timing.rate(300, 10 * seconds), "bare_rate": timing.rate(300, 9 * seconds),
                        "peak_bytes": 5e8},
        "changes": {"documents": 6, "passages": 60, "nothing": seconds, "one": 2 * seconds,
                    "nothing_ratio": timing.ratio(seconds, 4 * seconds),
                    "one_ratio": timing.ratio(2 * seconds, 4 * seconds)},
        "first_answer": {"passages": 300, "seconds": [2.0, 1.5]},
        "bare_peak_bytes": {"ingest": 1e8, "ask": 2e8},
    }  # fmt: skip


def test_the_table_has_times_and_ratios_with_what_they_should_be() -> None:
    table = bench.markdown(figures(0.001))
    assert "| dense, ms, p50 / p95 | 1 / 1 | 10 / 10 | 10.0 | 5 |" in table
    assert "| reading 20 passages over reading 5 | 3.00 (3 of 1 ms) | at most 4.5 |" in table
    assert "| reading 20 passages over embedding them | 0.50 (3 of 6 ms) | at most 1 |" in table
    assert "| ingest over bare embedder | 0.90 (30000.0 of 33333.3 passages/s, 300 passages) | at least 0.8 |" in table
    assert "| one file in 6 changed, s | 0.00 (0.500 of it) |  |" in table


@pytest.mark.parametrize("seconds", [0.0, 1e-9])
def test_ratios_of_no_time_at_all_are_dashes(seconds: float) -> None:
    table = bench.markdown(figures(seconds))
    assert re.search(r"\| dense, ms, p50 / p95 \| (\S+ / \S+ \| ){2}- \| 5 \|", table)
    assert re.search(r"\| reading 20 passages over reading 5 \| - \(", table)
    assert "| ingest over bare embedder | - (- of - passages/s, 300 passages) | at least 0.8 |" in table
    assert "(- of it)" in table


@pytest.mark.parametrize("seconds", [0.001, 0.0])
def test_the_picture_has_a_line_for_every_stage(seconds: float) -> None:
    svg = bench.picture(figures(seconds)["sizes"])
    assert svg.startswith("<?xml")
    assert all(f">{stage}<" in svg for stage in bench_parts.STAGES)


def test_a_ratio_is_of_times_that_a_clock_can_measure() -> None:
    assert timing.ratio(3.0, 1.5) == 2
    assert timing.ratio(0.0, 1.5) == 0
    assert [timing.ratio(1.0, of) for of in (0.0, timing.LEAST / 2, None)] == [None] * 3
    assert timing.ratio(None, 1.0) is None
    assert (timing.rate(10, 2.0), timing.rate(10, 0.0)) == (5, None)


# ---- processes and the command ----


def test_memory_is_measured_in_a_process_of_its_own() -> None:
    size, peak = bench_parts.alone(hold, 300_000_000)
    assert size == 300_000_000
    assert 300_000_000 < peak < 3_000_000_000


def hold(size: int) -> int:
    return len(b"x" * size)


def test_the_command_refuses_wrong_texts_and_sizes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    write(tmp_path, "documents/a.txt", DOCUMENTS["bridge.txt"])
    assert bench.main(["--texts", str(tmp_path / "none"), "--out", str(out)]) == 2
    assert bench.main(["--texts", str(tmp_path / "documents"), "--out", str(out)]) == 2
    none, no_questions = capsys.readouterr().err.splitlines()
    assert str(tmp_path / "none") in none
    assert "--questions" in no_questions
    with pytest.raises(SystemExit) as stopped:
        bench.main(["--texts", str(tmp_path), "--out", str(out), "--sizes", "0,10"])
    assert stopped.value.code == 2
    assert not out.exists()
