"""`qa find` on the command line: exit codes, JSON lines, and a table that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from qa.answering.qa import QA
from qa.answering.sentence_reader import SentenceReader
from qa.cli import main
from qa.errors import StoreBusy
from qa.ingestion.planning import TUNED
from tests.helpers import FakeEmbedder, ingest, write

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
    assert main(["find", "ferry", "--like", "a.txt:0", "--store", str(store)]) == 2
    assert "words and --like do not go together" in capsys.readouterr().err
    assert main(["find", "--like", "nowhere.txt:0", "--store", str(store)]) == 2
    assert "the store has no document nowhere.txt" in capsys.readouterr().err


def test_the_table_has_all_passages_and_no_formula(tmp_path: Path) -> None:
    """Of the documents and of the places where a spreadsheet that splits at semicolons would begin a cell."""
    text = '=HYPERLINK("http://x.example") is what the ferry said that day;\t=1+1, and more of the ferry\x1b[31m.\n'
    write(tmp_path / "documents", "=a.txt", text)
    ingest(tmp_path / "store", tmp_path / "documents")
    assert main(["find", "ferry", "--csv", str(tmp_path / "o.csv"), "--store", str(tmp_path / "store")]) == 0
    with (tmp_path / "o.csv").open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["document"] == "'=a.txt"
    assert row["text"].startswith("'=HYPERLINK")
    assert ";\t'=1+1" in row["text"]
    assert "\x1b" not in row["text"]
    assert row["found"] == "ferry ... ferry"
    assert row["stale"] == "false"


def test_no_document_steers_the_terminal(tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that holds the signs by which marks are made; what is marked is marked all the same."""
    text = (
        "The ferry\x1b[2J \x9b31m sails \u202eagain \ue000 and again \ue001 with the new engine"
        + " at noon" * 40
        + ".\n"
    )
    write(tmp_path / "documents", "a.txt", text)
    ingest(tmp_path / "store", tmp_path / "documents")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["find", "ferry", "--store", str(tmp_path / "store")]) == 0
    shown = capsys.readouterr().out
    assert "\x1b[1mferry\x1b[0m" in shown
    assert shown.count("\x1b") == 2
    assert not {"\x9b", "\u202e", "\ue000", "\ue001"} & set(shown)
    assert main(["find", "ferry", "--json", "--store", str(tmp_path / "store")]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed.splitlines()[1])["text"] == text.strip()
    assert not {"\x1b", "\x9b", "\u202e"} & set(printed)


def test_a_file_that_changed_since_is_named(store: Path, folder: Path, capsys: Output) -> None:
    write(folder, "harvest.txt", "Something else.\n")
    assert main(["find", "potatoes", "--store", str(store)]) == 0
    assert "the file has changed since it was read" in capsys.readouterr().out


def test_a_store_of_an_earlier_version_is_made_anew_by_the_next_ingest(
    store: Path, folder: Path, embedder: FakeEmbedder, capsys: Output
) -> None:
    (generation,) = (store / "generations").iterdir()
    shutil.rmtree(generation / "mentions")
    manifest = json.loads((generation / "manifest.json").read_text())
    kept = {name: facts for name, facts in manifest.items() if not name.startswith("mentions/")}
    (generation / "manifest.json").write_text(json.dumps(kept))
    assert main(["find", "ferry", "--store", str(store)]) == 1
    assert "run: qa ingest --store" in capsys.readouterr().err
    assert ingest(store, folder, embedder=embedder).rebuilt
    assert not embedder.embedded
    assert main(["find", "ferry", "--store", str(store)]) == 0


def test_passages_added_to_a_large_store_are_found(store: Path, folder: Path) -> None:
    """Then the index of the published generation is copied and extended."""
    write(folder, "new.txt", "A zeppelin was seen above the harbour on Sunday.\n")
    ingest(store, folder, tuning=replace(TUNED, extend_from=1))
    assert main(["find", "zeppelin", "--store", str(store)]) == 0
    assert main(["find", "ferry", "--store", str(store)]) == 0


def test_a_program_is_told_when_the_documents_change_while_it_reads(store: Path, folder: Path) -> None:
    embedder = FakeEmbedder()
    with QA(store, embedder, SentenceReader(embedder)) as qa:
        found = qa.find("the")
        assert found.counts.total == sum(map(len, qa.find("the").batches))
        write(folder, "new.txt", "A zeppelin was seen above the harbour on Sunday.\n")
        ingest(store, folder)
        with pytest.raises(StoreBusy, match="find again"):
            next(found.batches)
        assert qa.find("zeppelin").counts.documents == {"new.txt": 1}
        assert qa.like("new.txt", 3, limit=2)


@pytest.mark.parametrize(
    "command", [["find", "ferry", "--csv"], ["notes", "--export"], ["ask", "--batch", "Q", "--out"]]
)
@pytest.mark.parametrize(
    ("target", "why"), [("in/a.csv", "document of the store"), ("store/x.csv", "lies in the store")]
)
def test_no_output_replaces_a_document_or_goes_into_the_store(
    command: list[str], target: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = write(tmp_path / "in", "a.csv", "Ship,Port\nThe ferry,Skerry\n").read_bytes()
    ingest(tmp_path / "store", tmp_path / "in")
    questions = write(tmp_path, "q.txt", "Which ship?\n")
    arguments = [str(questions) if one == "Q" else one for one in command]
    code = main([*arguments, str(tmp_path / target), "--store", str(tmp_path / "store")])
    assert (code, why in capsys.readouterr().err) == (2, True)
    assert (tmp_path / "in" / "a.csv").read_bytes() == written
    assert not (tmp_path / "store" / "x.csv").exists()
