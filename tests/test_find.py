"""`qa find` on the command line: exit codes, JSON lines, and a table that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from qa.cli import main
from tests.helpers import ingest, write

Output = pytest.CaptureFixture[str]


def test_json_is_the_counts_and_a_passage_a_line(store: Path, capsys: Output) -> None:
    assert main(["find", "ferry", "--json", "--store", str(store)]) == 0
    counts, *found = map(json.loads, capsys.readouterr().out.splitlines())
    assert counts["found"] == len(found) == counts["documents"]["notes/briefing.txt"]
    for one in found:
        texts = [one["text"][m["start"] - one["start"] : m["end"] - one["start"]] for m in one["marks"]]
        assert {text.lower() for text in texts} == {"ferry"}


def test_nothing_found_is_told_by_the_exit_code(store: Path, capsys: Output) -> None:
    assert main(["find", "zeppelin", "--store", str(store)]) == 5
    assert "0 passages" in capsys.readouterr().out


def test_a_wrong_query_is_one_line(store: Path, capsys: Output) -> None:
    assert main(["find", "(ferry", "--store", str(store)]) == 2
    assert "at character 1" in capsys.readouterr().err


def test_text_that_begins_like_a_formula_is_harmless_in_the_table(tmp_path: Path) -> None:
    write(tmp_path / "documents", "=a.txt", '=HYPERLINK("http://x.example") is what the ferry said that day.\n')
    ingest(tmp_path / "store", tmp_path / "documents")
    assert main(["find", "ferry", "--csv", str(tmp_path / "o.csv"), "--store", str(tmp_path / "store")]) == 0
    with (tmp_path / "o.csv").open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["document"] == "'=a.txt"
    assert row["text"].startswith("'=HYPERLINK")
    assert row["found"] == "ferry"
