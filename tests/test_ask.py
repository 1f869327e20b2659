"""Lists of questions on the command line: the table that comes out, its parts of the store, going on after a stop."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from qa.answering.qa import QA
from qa.cli import main
from qa.models.embedder import MINILM
from tests.helpers import DOCUMENTS, ROOT, ingest, run_python, write

ENGINE = "How much did the new engine of the night ferry cost?"
LAMP = "When was the lamp built?"
Output = pytest.CaptureFixture[str]

pytestmark = pytest.mark.usefixtures("plain_settings")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store made with MiniLM."""
    place = tmp_path_factory.mktemp("real")
    for name, text in DOCUMENTS.items():
        write(place / "documents", name, text)
    code = "import sys; from qa.cli import main; sys.exit(main(sys.argv[1:]))"
    done = run_python(code, "ingest", place / "documents", "--store", place / "store", QA_EMBEDDER=MINILM)
    assert done.returncode == 0, done.stderr
    return place / "store"


def ask(*arguments: object) -> int:
    return main(["ask", *map(str, arguments)])


def rows_in(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize(
    ("list_text", "out", "more", "said"),
    [
        ("Who?\n", "a.ods", [], "answers are written as .csv, .xlsx, .jsonl"),
        ("question,documents\nWho?,gone.txt\n", "a.csv", [], "q.csv, question 1: the store has no document gone.txt"),
        ("Who?\n", "a.csv", ["--language", "fr"], "no passages in fr"),
        ("Who?\n", "a.csv", ["--from", "soon"], "soon is no date"),
    ],
)
def test_what_cannot_be_asked_is_said_before_anything_is(
    store: Path, tmp_path: Path, capsys: Output, list_text: str, out: str, more: list[str], said: str
) -> None:
    questions = write(tmp_path, "q.csv", list_text)
    assert ask("--batch", questions, "--out", tmp_path / out, "--store", store, *more) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.glob(".a*")) == list(tmp_path.glob("a*")) == []


def test_a_single_question_names_no_part_that_is_not_there(store: Path, capsys: Output) -> None:
    assert ask("Who?", "--document", "gone.txt", "--store", store) == 2
    assert "the store has no document gone.txt" in capsys.readouterr().err


@pytest.mark.slow
def test_a_list_becomes_a_table(real: Path, tmp_path: Path, capsys: Output) -> None:
    table = f"question;documents;until;note\n{ENGINE};;;mine\n{ENGINE};bridge.txt; dutch.md;;\n{LAMP};;2023-01;\n"
    questions = write(tmp_path, "q.csv", table.replace("bridge.txt; dutch.md", '"bridge.txt; dutch.md"'))
    for name in ("a.csv", "a.xlsx"):
        assert ask("--batch", questions, "--out", tmp_path / name, "--store", real) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "not used: note" in said.err
    rows = rows_in(tmp_path / "a.csv")
    first = rows[0]
    assert (first["answered"], first["document"], first["quote"]) == ("true", "notes/briefing.txt", "310,000 euros")
    text = DOCUMENTS["notes/briefing.txt"]
    assert text[int(first["start"]) : int(first["end"])] == first["quote"]
    assert {row["document"] for row in rows if row["id"] == "2"} <= {"", "bridge.txt", "dutch.md"}
    assert {row["within"] for row in rows if row["id"] == "2"} == {"documents: bridge.txt, dutch.md"}
    assert {row["document"] for row in rows if row["id"] == "3"} == {"museum.html"}
    sheet = load_workbook(tmp_path / "a.xlsx").active
    assert [[str(c.value or "") for c in row[:1]] for row in sheet.iter_rows(min_row=2)] == [  # type: ignore[union-attr]
        [row["question"]] for row in rows
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.xlsx", "q.csv"]


@pytest.mark.slow
def test_a_part_for_one_question_and_for_all(real: Path, tmp_path: Path, capsys: Output) -> None:
    assert ask(LAMP, "--json", "--store", real) == 0
    assert json.loads(capsys.readouterr().out)["answers"][0]["document"] == "museum.html"
    part = ["--document", "bridge.txt", "--language", "EN", "--from", "2023", "--to", "2023-12-31", "--store", real]
    ask(LAMP, "--json", *part)
    assert {one["document"] for one in json.loads(capsys.readouterr().out)["passages"]} == {"bridge.txt"}
    row = json.dumps({"id": 1, "question": LAMP, "within": {"documents": ["harvest.txt"], "since": "2020"}})
    questions = write(tmp_path, "q.jsonl", f'{row}\n{{"id": 2, "question": "{LAMP}"}}\n')
    assert ask("--batch", questions, "--out", tmp_path / "a.jsonl", *part) == 0
    answers = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [{one["document"] for one in answer["passages"]} for answer in answers] == [{"harvest.txt"}, {"bridge.txt"}]
    assert answers[0]["within"]["since"] == "2020-01-01"


@pytest.mark.slow
def test_a_killed_list_goes_on_where_it_was(real: Path, tmp_path: Path, capsys: Output) -> None:
    count = 60
    questions = write(tmp_path, "q.txt", "".join(f"{LAMP[:-1]} of number {n}?\n" for n in range(count)))
    out, kept = tmp_path / "a.csv", tmp_path / ".a.csv.part"
    command: list[Any] = ["ask", "--batch", questions, "--out", out, "--store", real]
    code = "import sys; from qa.cli import main; sys.exit(main(sys.argv[1:]))"
    with subprocess.Popen([sys.executable, "-c", code, *map(str, command)], cwd=ROOT, stderr=subprocess.DEVNULL) as it:
        while it.poll() is None and (not kept.exists() or kept.read_bytes().count(b"\n") < 4):
            time.sleep(0.01)
        assert main([str(one) for one in command]) == 4  # two do not write one file
        assert "another process writes" in capsys.readouterr().err
        it.send_signal(signal.SIGKILL)
    done = kept.read_bytes().count(b"\n") - 1
    assert 3 <= done < count
    assert not out.exists()
    first = kept.read_bytes().split(b"\n")[1]
    kept.write_bytes(kept.read_bytes() + b'{"id": 7, "quest')  # as if it had been killed while writing
    assert main([str(one) for one in command]) == 0
    assert f"going on: {done} questions of this list" in capsys.readouterr().err
    assert list(dict.fromkeys(row["id"] for row in rows_in(out))) == [str(n) for n in range(1, count + 1)]
    assert rows_in(out)[0]["confidence"] == str(json.loads(first)["answers"][0]["confidence"])

    kept.write_bytes(first + b"\n")  # of another list
    write(tmp_path, "q.txt", f"{LAMP}\n")
    assert main([str(one) for one in command]) == 0
    said = capsys.readouterr().err
    assert "all are asked again" in said
    assert f"{out} holds answers; they are replaced when all questions are asked" in said
    assert {row["id"] for row in rows_in(out)} == {"1"}
    assert list(tmp_path.glob(".a*")) == []


def test_another_s_link_is_not_written_through(store: Path, tmp_path: Path, capsys: Output) -> None:
    questions, theirs = write(tmp_path, "q.txt", "Who?\n"), write(tmp_path, "theirs.txt", "theirs")
    (tmp_path / ".a.csv.part").symlink_to(theirs)
    assert ask("--batch", questions, "--out", tmp_path / "a.csv", "--store", store) == 2
    assert "is a link" in capsys.readouterr().err
    assert theirs.read_text() == "theirs"


def test_documents_that_a_date_leaves_out_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "in", "a.txt", "Date: 13 March 2024\n\nThe lamp was lit in 1887.")
    write(tmp_path / "in", "b.txt", "The lamp of another harbour was lit in 1901.")
    ingest(tmp_path / "store", tmp_path / "in")
    assert main(["find", "lamp", "--from", "2024", "--store", str(tmp_path / "store")]) == 0
    assert "left out, as they state no date: 1 document" in capsys.readouterr().err


@pytest.mark.slow
def test_a_list_that_is_stopped_says_that_it_goes_on(
    real: Path, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(QA, "ask", stopped)
    questions = write(tmp_path, "q.txt", f"{LAMP}\n")
    assert ask("--batch", questions, "--out", tmp_path / "a.csv", "--store", real) == 130
    assert "the same command goes on with the rest" in capsys.readouterr().err
    assert not (tmp_path / "a.csv").exists()
