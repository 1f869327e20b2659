"""The command line keeps its contracts: exit codes, JSON, one line for every foreseen error, and a quick start."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from qa.cli import main
from qa.models.embedder import MINILM
from qa.store.index import generation_path
from qa.store.opening import CATALOG_FILE, open_catalog, write_lock
from tests.helpers import DOCUMENTS, ROOT, give_away, ingest, make_read_only, run_python, write

NAMES = sorted(DOCUMENTS)
Output = pytest.CaptureFixture[str]

pytestmark = pytest.mark.usefixtures("plain_settings")


def run(*arguments: object) -> int:
    """Exit code of a command; of wrong arguments too."""
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as error:
        return int(error.code or 0)


def complaint(output: Output) -> str:
    """The one line on stderr; nothing on stdout."""
    captured = output.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return line


def qa(*arguments: object, obeys: bool = False, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own."""
    code = "import sys; from qa.cli import main; sys.exit(main(sys.argv[1:]))"
    return run_python(code, *arguments, obeys=obeys, **variables)


# Quick start


@pytest.mark.parametrize(
    "command", [["--help"], ["ingest", "--help"], ["--version"], ["status"], ["show", "bridge.txt"]]
)
def test_commands_that_start_fast(store: Path, command: list[str]) -> None:
    arguments = [*command, "--store", store] if command[0] in ("status", "show") else command
    code = """
import sys
from qa.cli import main
try:
    main(sys.argv[1:])
finally:
    print(*sorted({"torch", "gradio", "chromadb", "transformers", "sentence_transformers"} & sys.modules.keys()), file=sys.stderr)
"""  # noqa: E501
    done = run_python(code, *arguments)
    assert done.returncode == 0
    assert done.stdout != b""
    assert done.stderr == b"\n"


def test_help_names_every_command(capsys: Output) -> None:
    assert run("--help") == 0
    shown = capsys.readouterr().out
    assert all(command in shown for command in ("ingest", "ask", "show", "status", "verify", "serve"))


@pytest.mark.parametrize("arguments", [[], ["frobnicate"], ["ask", "--frobnicate"], ["show"], ["serve", "--port", "x"]])
def test_wrong_arguments(arguments: list[str]) -> None:
    assert run(*arguments) == 2


# Ingest, as far as it goes without a model


def test_ingest_says_which_path_is_wrong(folder: Path, store: Path, tmp_path: Path, capsys: Output) -> None:
    assert run("ingest", tmp_path / "nowhere", "--store", store) == 2
    assert "nowhere" in complaint(capsys)
    assert run("ingest", folder, folder / "notes", "--store", store) == 2
    assert "inside" in complaint(capsys)
    write(tmp_path, "other/documents/a.txt", "Some text in another folder of the same name.")
    assert run("ingest", folder, tmp_path / "other/documents", "--store", store) == 2
    assert "documents" in complaint(capsys)
    assert run("ingest", folder, "--store", folder / "bridge.txt") == 2
    assert "is a file" in complaint(capsys)
    assert (folder / "bridge.txt").read_text() == DOCUMENTS["bridge.txt"]


def test_ingest_while_another_one_runs(folder: Path, store: Path, capsys: Output) -> None:
    with write_lock(store):
        assert run("ingest", folder, "--store", store) == 4
    assert f"process {os.getpid()}" in complaint(capsys)


def test_ingest_with_another_model(folder: Path, store: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_EMBEDDER", MINILM)
    assert run("ingest", folder, "--store", store) == 2
    assert "made with fake, not" in complaint(capsys)


@pytest.mark.parametrize("variable", ["QA_THRESHOLD", "QA_THREADS", "QA_READER"])
def test_a_wrong_variable_is_named(store: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "much")
    assert run("status", "--store", store) == 2
    assert variable in complaint(capsys)


def test_the_store_can_be_set(store: Path, capsys: Output, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "qa.toml").write_text('store = "nowhere"')
    assert run("status", "--json") == 2
    monkeypatch.setenv("QA_STORE", str(store))
    assert run("status", "--json") == 0
    assert json.loads(capsys.readouterr().out)["store"] == str(store)


# Show


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"One line.\r\nAnother,\rand a third.\n\r\n", None),
        (b"\xef\xbb\xbfA mark that is not of the text.\r\n", b"A mark that is not of the text.\r\n"),
        ("caf\u00e9 \U0001f980\u2028 no newline at the end".encode(), None),
        ("\ufeffutf-16 \u00e9\r\n".encode("utf-16-le"), "utf-16 \u00e9\r\n".encode()),
    ],
)
def test_show_prints_the_text_byte_for_byte(tmp_path: Path, content: bytes, shown: bytes | None) -> None:
    write(tmp_path / "documents", "a.txt", content)
    ingest(tmp_path / "store", tmp_path / "documents")
    done = qa("show", "a.txt", "--store", tmp_path / "store")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == (content if shown is None else shown)


def test_offsets_count_in_what_show_prints(store: Path) -> None:
    text = qa("show", "notes/briefing.txt", "--store", store).stdout.decode()
    with contextlib.closing(open_catalog(store)) as catalog:
        pieces = [p for p in catalog.all_passages() if p.source.name == "notes/briefing.txt"]
    assert len(pieces) > 1
    assert all(text[p.start : p.end] == p.text for p in pieces)


def test_show_of_an_unknown_document(store: Path, capsys: Output) -> None:
    assert run("show", "nothing.txt", "--store", store) == 2
    line = complaint(capsys)
    assert all(name in line for name in ["nothing.txt", *NAMES])


def test_a_closed_pipe_ends_the_output_without_an_error(tmp_path: Path) -> None:
    write(tmp_path / "documents", "a.txt", "A line of some length, many times.\n" * 20_000)
    ingest(tmp_path / "store", tmp_path / "documents")
    command = [sys.executable, "-m", "qa.cli", "show", "a.txt", "--store", str(tmp_path / "store")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(10) == b"A line of "
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


# Status and verify


def test_status(store: Path, folder: Path, capsys: Output) -> None:
    assert run("status", "--json", "--store", store) == 0
    captured = capsys.readouterr()
    (line,) = captured.out.splitlines()
    facts = json.loads(line)
    with contextlib.closing(open_catalog(store)) as catalog:
        counts = catalog.count()
        facts_of = [{"document": row.pop("name"), **row} for row in map(asdict, catalog.documents())]
        assert facts["list"] == json.loads(json.dumps(facts_of))
    assert counts["documents"] == len(NAMES)
    expected = {"store": str(store), "roots": [str(folder)], "embedder": "fake", "model": "fake 1", "generation": 1}
    expected |= {
        "stale": [],
        "failed": [],
        "excluded": [],
        "languages": {"en": counts["passages"] - 1, "nl": 1},
        **counts,
    }
    assert {name: facts[name] for name in expected} == expected
    assert facts["bytes"] == sum(path.stat().st_size for path in store.rglob("*") if path.is_file())
    assert captured.err == ""


def test_status_in_words(store: Path, folder: Path, capsys: Output) -> None:
    (folder / "harvest.txt").write_bytes(b"\0" * 100)
    ingest(store, folder)
    assert run("status", "--store", store) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ")] == NAMES
    assert [line.split()[0] for line in lines if "stale" in line] == ["harvest.txt"]
    assert any("2023-03-14" in line and "Council approves the new Kade bridge" in line for line in lines)


def test_status_while_generations_come_and_go(store: Path, capsys: Output) -> None:
    stop = threading.Event()

    def come_and_go() -> None:
        while not stop.is_set():
            shutil.copytree(generation_path(store, 1), generation_path(store, 2))
            shutil.rmtree(generation_path(store, 2))

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        assert {run("status", "--store", store) for _ in range(60)} == {0}
    finally:
        stop.set()
        other.join()
    assert capsys.readouterr().err == ""


def test_a_document_cannot_steer_the_terminal(tmp_path: Path, capsys: Output) -> None:
    name = "a\x1b[31m\n\u202e.md"
    write(tmp_path / "documents", name, "# A title\u202e \u200f\x9b2J of the report\n\nSome text of the report.\n")
    ingest(tmp_path / "store", tmp_path / "documents")
    assert run("status", "--store", tmp_path / "store") == 0
    assert len(shown := capsys.readouterr().out.splitlines()) == 6
    (tmp_path / "documents" / name).write_text("# Another title\n\nAnd another text.")
    assert run("verify", "--store", tmp_path / "store") == 6
    assert len(differences := capsys.readouterr().out.splitlines()) == 1
    assert "title" in shown[-1]
    assert not {"\x1b", "\u202e", "\u200f", "\x9b"} & set("".join([*shown, *differences]))


def test_verify(store: Path, folder: Path, capsys: Output) -> None:
    assert run("verify", "--store", store) == 0
    assert capsys.readouterr().out.startswith("5 documents")
    (folder / "harvest.txt").write_text("Other text than was ingested.")
    (folder / "dutch.md").unlink()
    assert run("verify", "--store", store) == 6
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["dutch.md", "harvest.txt"]


@pytest.mark.parametrize("command", [["status"], ["verify"], ["show", "a.txt"], ["ask", "Who?"]])
def test_commands_without_a_store_say_how_to_make_one(tmp_path: Path, capsys: Output, command: list[str]) -> None:
    assert run(*command, "--store", tmp_path / "nowhere") == 2
    assert "qa ingest PATH" in complaint(capsys)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("command", [["status"], ["verify"], ["show", "bridge.txt"], ["ask", "Who?"], ["ingest"]])
@pytest.mark.parametrize("kept", [0, 100, 5000, 30_000])
def test_a_damaged_catalog_is_one_line_and_no_traceback(
    store: Path, capsys: Output, command: list[str], kept: int
) -> None:
    content = (store / CATALOG_FILE).read_bytes()
    assert len(content) > 40_000
    for path in store.glob(f"{CATALOG_FILE}-*"):
        path.unlink()
    (store / CATALOG_FILE).write_bytes(content[:kept] + b"\xff" * (len(content) - kept))
    code = run(*command, "--store", store)
    captured = capsys.readouterr()
    if code == 0:  # what it needs stood in the part that is kept
        assert (command[0], captured.out) == ("show", DOCUMENTS["bridge.txt"])
    else:
        assert code in (1, 6)
        assert len((captured.out + captured.err).splitlines()) == 1


# Ask, as far as it goes without a model


@pytest.mark.parametrize("question", ["", "   ", "\n\t", "\u200b\x07"])
def test_an_empty_question(store: Path, capsys: Output, question: str) -> None:
    assert run("ask", question, "--store", store) == 2
    assert "question is empty" in complaint(capsys)


@pytest.mark.parametrize(
    "extra", [[], ["Who?", "--batch", "q"], ["Who?", "--out", "a"], ["--batch", "q"], ["--out", "a"]]
)
def test_ask_needs_one_question_or_two_files(store: Path, capsys: Output, extra: list[str]) -> None:
    assert run("ask", *extra, "--store", store) == 2
    assert "--batch" in complaint(capsys)


GOOD = '{"id": "q1", "question": "Who?"}'
BAD_LINES = [
    "no json",
    "[1, 2]",
    '"text"',
    "{}",
    '{"id": "q2"}',
    '{"question": "Who?"}',
    '{"id": "q2", "question": ""}',
    '{"id": "q2", "question": " \\t"}',
    '{"id": "q2", "question": 7}',
    '{"id": null, "question": "Who?"}',
    '{"id": "q2", "question": "Who?", "history": "text"}',
    '{"id": "q2", "question": "Who?", "history": [7]}',
    '{"id": "q2", "question": "Who?", "history": [{"answer": "x"}]}',
    '{"id": "q2", "question": "Who?", "history": null}',
    "[" * 100_000,
    '{"id": "q2", "question": "Who?"',
]


@pytest.mark.parametrize("line", BAD_LINES)
def test_a_bad_line_of_a_batch_is_named_and_nothing_is_written(
    store: Path, tmp_path: Path, capsys: Output, line: str
) -> None:
    (tmp_path / "q.jsonl").write_text(f"{GOOD}\n\n{line}\n{GOOD}\n")
    assert run("ask", "--batch", tmp_path / "q.jsonl", "--out", tmp_path / "a.jsonl", "--store", store) == 2
    assert "q.jsonl, line 3:" in complaint(capsys)
    assert list(tmp_path.glob("a.jsonl*")) == []


def test_a_batch_replaces_no_link_and_not_its_own_questions(tmp_path: Path, capsys: Output) -> None:
    questions = write(tmp_path, "in.jsonl", '{"id": 1, "question": "Who?"}\n')
    kept = write(tmp_path, "kept.txt", "kept")
    (tmp_path / "link.jsonl").symlink_to(kept)
    for name, said in (("link.jsonl", "not a link or device"), ("in.jsonl", "holds the questions")):
        command = ["ask", "--batch", str(questions), "--out", str(tmp_path / name), "--store", str(tmp_path / "store")]
        assert main(command) == 2
        assert said in complaint(capsys)
    assert (kept.read_text(), (tmp_path / "link.jsonl").is_symlink()) == ("kept", True)
    assert questions.read_text().startswith('{"id": 1')


@pytest.mark.parametrize("content", [None, b"", b"\n \n", b"\xff\xfe\x00", f"{GOOD}\n\xe9".encode("latin-1")])
def test_a_batch_file_that_cannot_be_read_or_holds_no_question(
    store: Path, tmp_path: Path, capsys: Output, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "q.jsonl").write_bytes(content)
    assert run("ask", "--batch", tmp_path / "q.jsonl", "--out", tmp_path / "a.jsonl", "--store", store) == 2
    assert "q.jsonl" in complaint(capsys)
    assert list(tmp_path.glob("a.jsonl*")) == []


# A store that this user may not write


@pytest.mark.parametrize("protect", [give_away, make_read_only])
def test_a_store_that_may_not_be_written(folder: Path, store: Path, protect: Callable[[Path], None]) -> None:
    for path in store.glob(f"{CATALOG_FILE}-*"):  # as after a copy, or a reader that was the last one
        path.unlink()
    protect(store)
    asked = {name: qa(*name.split(), "--store", store, obeys=True) for name in ("status", "verify", "show bridge.txt")}
    assert [(done.returncode, done.stderr) for done in asked.values()] == [(0, b"")] * 3
    assert asked["show bridge.txt"].stdout.decode() == DOCUMENTS["bridge.txt"]
    write(folder, "new.txt", "A document that cannot be ingested, since the store may not be written.")
    done = qa("ingest", folder, "--store", store, obeys=True)
    assert (done.returncode, done.stdout) == (1, b"")
    (line,) = done.stderr.decode().splitlines()
    assert str(store) in line
    assert "permission" in line
    assert qa("status", "--store", store, obeys=True).stdout == asked["status"].stdout


def test_a_killed_ingest_s_store_that_may_not_be_written(folder: Path, store: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from tests.helpers import FakeEmbedder, ingest
class Killed(FakeEmbedder):
    def encode_passages(self, texts):
        os.kill(os.getpid(), signal.SIGKILL)
ingest(Path(sys.argv[1]), Path(sys.argv[2]), embedder=Killed())
"""
    write(folder, "whale.txt", "A whale swam into the harbour of Westhaven last night and found its way out again.")
    assert run_python(code, store, folder).returncode == -9
    assert (store / f"{CATALOG_FILE}-wal").stat().st_size > 0
    give_away(store)
    done = qa("show", "bridge.txt", "--store", store, obeys=True)
    assert (done.returncode, done.stdout.decode()) == (0, DOCUMENTS["bridge.txt"]), done.stderr


def test_a_new_store_where_nothing_may_be_written(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    make_read_only(tmp_path / "mine")
    done = qa("ingest", folder, "--store", tmp_path / "mine" / "store", obeys=True)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, b"", 1)
    assert b"permission" in done.stderr.lower()


# With a real model


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, Any]]:
    """A folder with a file that is not read and one that fails, its store made with MiniLM, what ingest said of it."""
    place = tmp_path_factory.mktemp("real")
    for name, text in DOCUMENTS.items():
        write(place / "documents", name, text)
    write(place / "documents", "bad.txt", b"\0\1\2" * 100)
    write(place / "documents", "picture.svg", b"\x89PNG")
    done = qa("ingest", place / "documents", "--store", place / "store", "--json", QA_EMBEDDER=MINILM)
    assert done.returncode == 3, done.stderr
    return place / "documents", place / "store", json.loads(done.stdout)


@pytest.mark.slow
def test_ingest_json(real: tuple[Path, Path, dict[str, Any]]) -> None:
    _, store, said = real
    with contextlib.closing(open_catalog(store)) as catalog:
        count = catalog.count()["passages"]
    assert said.pop("failed")[0].keys() == {"document", "reason"}
    lists = {"added": NAMES, "updated": [], "removed": [], "unchanged": [], "skipped": ["picture.svg"], "noted": []}
    nothing = {"documents": 0, "passages": 0, "vectors": 0, "complete": True}
    notes = {"moved": 0, "lost": 0, "erased": 0}
    counts = {"passages": count, "embedded": count, "reused": 0}
    assert said == {**lists, **counts, "erased": nothing, "notes": notes, "rebuilt": False}


@pytest.mark.slow
def test_an_unchanged_ingest_loads_no_model(real: tuple[Path, Path, dict[str, Any]]) -> None:
    folder, store, _ = real
    code = """
import sys
from qa.cli import main
code = main(sys.argv[1:])
print(*sorted({"torch", "chromadb", "sentence_transformers"} & sys.modules.keys()), file=sys.stderr)
sys.exit(code)
"""
    done = run_python(code, "ingest", folder, "--store", store, "--json")
    assert done.returncode == 3
    assert done.stderr == b"\n"
    said = json.loads(done.stdout)
    assert (said["unchanged"], said["embedded"], said["added"]) == (NAMES, 0, [])


@pytest.mark.slow
def test_ingest_in_words(real: tuple[Path, Path, dict[str, Any]], tmp_path: Path, capsys: Output) -> None:
    folder = shutil.copytree(real[0], tmp_path / "documents")
    store = shutil.copytree(real[1], tmp_path / "store")
    (folder / "harvest.txt").unlink()
    (folder / "bad.txt").unlink()
    write(folder, "whale.txt", "A whale swam into the harbour of Westhaven last night and found its way out again.")
    assert run("ingest", folder, "--store", store) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in shown[:2]] == [["added", "whale.txt"], ["removed", "harvest.txt"]]
    assert "picture.svg" in shown[2]
    assert "1 embedded" in shown[-1]
    shutil.rmtree(folder)
    assert run("ingest", "--store", store) == 2
    assert "--allow-removals" in complaint(capsys)
    assert run("ingest", "--store", store, "--allow-removals") == 0


@pytest.mark.slow
def test_ask(real: tuple[Path, Path, dict[str, Any]], capsys: Output) -> None:
    folder, store, _ = real
    question = "How much did the new engine of the night ferry cost?"
    assert run("ask", question, "--store", store, "--json") == 0
    (line,) = capsys.readouterr().out.splitlines()
    answer = json.loads(line)
    assert answer["question"] == question
    assert answer["answered"] is True
    first = answer["answers"][0]
    text = DOCUMENTS["notes/briefing.txt"]
    assert first["document"] == "notes/briefing.txt"
    assert text[first["start"] : first["end"]] == first["text"]
    sentence = first["sentence"]
    assert text[sentence["start"] : sentence["end"]] == sentence["text"]
    assert "310,000 euros" in sentence["text"]
    assert (first["speaker"], first["date"], first["page"]) == ("Director Elin Maas", "2023-05-05", None)
    assert first["sha256"] == hashlib.sha256((folder / "notes/briefing.txt").read_bytes()).hexdigest()
    assert (first["language"], first["stale"], first["also"]) == ("en", False, [])
    assert 0 <= first["confidence"] <= 1
    assert len(answer["passages"]) == real[2]["passages"]  # fewer than twenty, so all of them
    assert set(answer["passages"][0]) == {"document", "start", "end", "score", "also"}
    assert set(answer["seconds"]) >= {"retrieve", "read"}
    assert run("ask", question, "--store", store) == 0
    shown = capsys.readouterr().out
    assert sentence["text"] in " ".join(shown.split())
    assert "notes/briefing.txt" in shown


@pytest.mark.slow
@pytest.mark.parametrize(
    "question",
    [
        "Which seventeen moons of Neptune did the emperor of Brazil sell to a zebra?",
        '"NEAR(x y)" AND OR * ^ -: text:(bridge',
        "word " * 10_000,
        "\u200b?",
        "\udcff\udc00 what",  # as Python hands on an argument that is not UTF-8
    ],
)
def test_odd_questions(
    real: tuple[Path, Path, dict[str, Any]], capsys: Output, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    monkeypatch.setenv("QA_THRESHOLD", "1")
    assert run("ask", question, "--store", real[1], "--json") == 5
    answer = json.loads(capsys.readouterr().out.encode("utf-8"))
    assert (answer["answered"], answer["answers"]) == (False, [])
    assert len(answer["passages"]) == real[2]["passages"]
    assert run("ask", question, "--store", real[1]) == 5
    assert capsys.readouterr().out.encode("utf-8")


@pytest.mark.slow
def test_batch(real: tuple[Path, Path, dict[str, Any]], tmp_path: Path, capsys: Output) -> None:
    rows = [
        {"id": "q1", "question": "How much did the new engine of the night ferry cost?"},
        {"id": 2, "question": "Hoeveel kostte de reparatie van de pomp?"},
        {"id": "q3", "question": "And who paid half of it?", "history": ["How much did the new engine cost?"]},
        {"id": "q4", "question": "And?", "history": [{"question": "What did it cost?", "answer": "310,000 euros"}]},
    ]
    lines = "\r\n".join(json.dumps(row) for row in rows)
    (tmp_path / "q.jsonl").write_bytes(b"\xef\xbb\xbf" + lines.encode())
    assert run("ask", "--batch", tmp_path / "q.jsonl", "--out", tmp_path / "a.jsonl", "--store", real[1]) == 0
    answers = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()]
    assert [answer["id"] for answer in answers] == [row["id"] for row in rows]
    assert all(answer["passages"] for answer in answers)
    assert answers[0]["answers"][0]["document"] == "notes/briefing.txt"
    assert answers[1]["passages"][0]["document"] == "dutch.md"
    assert capsys.readouterr().out == ""
    assert sorted(path.name for path in tmp_path.glob("a.jsonl*")) == ["a.jsonl"]


@pytest.mark.slow
def test_a_batch_with_half_a_character(real: tuple[Path, Path, dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text('{"id": "q\\ud800", "question": "Who paid for the \\ud800 engine?"}')
    assert run("ask", "--batch", tmp_path / "q.jsonl", "--out", tmp_path / "a.jsonl", "--store", real[1]) == 0
    (line,) = (tmp_path / "a.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["question"].startswith("Who paid for the ")
    assert sorted(path.name for path in tmp_path.glob("a.jsonl*")) == ["a.jsonl"]


@pytest.mark.slow
def test_a_batch_that_cannot_be_written(
    real: tuple[Path, Path, dict[str, Any]], tmp_path: Path, capsys: Output
) -> None:
    (tmp_path / "q.jsonl").write_text(GOOD)
    assert run("ask", "--batch", tmp_path / "q.jsonl", "--out", tmp_path / "no" / "a.jsonl", "--store", real[1]) == 2
    assert "a.jsonl" in complaint(capsys)


@pytest.mark.slow
def test_ask_of_a_store_that_may_not_be_written(real: tuple[Path, Path, dict[str, Any]], tmp_path: Path) -> None:
    store = shutil.copytree(real[1], tmp_path / "store")
    for path in store.glob(f"{CATALOG_FILE}-*"):
        path.unlink()
    give_away(store)
    done = qa("ask", "How much did the new engine of the night ferry cost?", "--store", store, "--json", obeys=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["answers"][0]["document"] == "notes/briefing.txt"


@pytest.mark.slow
def test_a_store_from_scripts(real: tuple[Path, Path, dict[str, Any]], tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "ingest.py"), "--store", str(real[1]), "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout)["unchanged"] == NAMES


@pytest.mark.slow
def test_asking_loads_neither_torch_nor_chroma(real: tuple[Path, Path, dict[str, Any]]) -> None:
    code = """
import sys
from qa.cli import main
code = main(sys.argv[1:])
print(*sorted({"torch", "transformers", "sentence_transformers", "chromadb", "gradio", "onnx"} & sys.modules.keys()),
      file=sys.stderr)
sys.exit(code)
"""
    done = run_python(code, "ask", "How much did the new engine of the ferry cost?", "--store", real[1])
    assert done.returncode in (0, 5)
    assert done.stderr == b"\n"
