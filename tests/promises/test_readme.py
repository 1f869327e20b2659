"""The README is true: it names every command and setting, and its commands, programs and requests run as written."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from qa.cli import make_parser
from qa.settings import Settings
from tests.helpers import ROOT, run_apart
from tests.promises.served import asked, served

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = [match[1] for match in re.finditer(r"```\w*\n(.*?)```", README, re.DOTALL)]


def block(part: str) -> str:
    """The one code block that holds these words."""
    (found,) = [text for text in BLOCKS if part in text]
    return found


def run(*command: str, store: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "QA_STORE": str(store), **more}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample documents with the default model, made by ingest.py as `make run` does."""
    store = tmp_path_factory.mktemp("readme") / "vectorstore"
    made = run(sys.executable, "ingest.py", store=store)
    assert made.returncode == 0, made.stderr
    return store


def test_every_command_and_setting_is_named() -> None:
    (commands,) = [action.choices for action in make_parser()._actions if isinstance(action.choices, dict)]
    assert commands
    for command in commands:
        assert f"`qa {command}" in README
    for setting in Settings.model_fields:
        assert f"| QA_{setting.upper()} |" in README


def test_every_linked_file_is_there() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / link).exists()


@pytest.mark.slow
def test_the_question_shown_gets_the_answer_shown(store: Path) -> None:
    shown = block("$ .venv/bin/qa ask")
    first, *answer = shown.splitlines()
    question = re.search(r'"(.*)"', first)
    assert question
    asked = run(sys.executable, "-m", "qa.cli", "ask", question[1], store=store)
    assert asked.returncode == 0, asked.stderr
    said = re.sub(r"confidence [0-9.]+", "confidence", asked.stdout)  # another processor may round it differently
    for line in answer:
        assert re.sub(r"confidence [0-9.]+", "confidence", line) in said


@pytest.mark.slow
def test_the_program_shown_runs(store: Path, tmp_path: Path) -> None:
    (tmp_path / "vectorstore").symlink_to(store)
    program = block("qa.ask(")
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "01-barrier-fault-agency.txt" in done.stdout


@pytest.mark.slow
def test_the_configuration_for_an_agent_starts_a_server_that_answers(store: Path) -> None:
    configured = json.loads(block("mcpServers").replace("/path/to/vectorstore", str(store)))["mcpServers"]["verbatim"]
    assert Path(configured["command"]).name == "qa"
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "qa.cli", *configured["args"]], env=dict(os.environ), cwd=ROOT
    )

    async def ask() -> None:
        async with Client(server) as client:
            result = await client.call_tool("ask", {"question": "How many people had to leave their homes?"})
            assert result.structured_content is not None
            assert result.structured_content["answers"][0]["document"] == "01-barrier-fault-agency.txt"

    run_apart(ask)


@pytest.mark.slow
def test_the_retriever_shown_finds_the_passage(store: Path, tmp_path: Path) -> None:
    (tmp_path / "vectorstore").symlink_to(store)
    program = block("VerbatimRetriever")
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "01-barrier-fault-agency.txt" in done.stdout


SERVE = """
import sys
from pathlib import Path
from qa.cli import main

out, *arguments = sys.argv[1:]
main(["serve", *arguments])
heavy = {"torch", "transformers", "sentence_transformers", "onnx"} & sys.modules.keys()
Path(out).write_text(f"{'onnxruntime' in sys.modules} {sorted(heavy)}")
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no POSIX signals")
def test_the_page_answers_without_torch(store: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "QA_STORE": str(store)}
    with served([sys.executable, "-c", SERVE, str(tmp_path / "loaded")], ROOT, environment) as address:
        assert asked(address, "Who was at fault?")["question"] == "Who was at fault?"
    assert (tmp_path / "loaded").read_text() == "True []"


@pytest.fixture(scope="module")
def page(store: Path) -> Iterator[str]:
    """Address of app.py, started as the README says, on a free port."""
    environment = {**os.environ, "QA_STORE": str(store)}
    with served([sys.executable, "app.py"], ROOT, environment) as address:
        yield address


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_line_is_answered(page: str) -> None:
    line = block("curl -s").strip().replace("http://127.0.0.1:7860", page)
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120, check=False)
    assert '"answers"' in done.stdout


@pytest.mark.slow
def test_the_client_lines_are_answered(page: str, tmp_path: Path) -> None:
    program = block("gradio_client").replace("http://127.0.0.1:7860", page)
    program += "\nprint(answer['answers'])"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "document" in done.stdout
