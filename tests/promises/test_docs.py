"""The documentation is true: it builds without a warning, loads nothing from elsewhere, names all there is, and runs.

Of its code blocks `python` and `bash` run, `console` prints what is shown, and one with a title is a file, or the
output of the Python before it; `...` stands for anything. Blocks of other kinds are only looked at.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import mcp  # noqa: F401  # before streams are redirected: it keeps what standard error is when it is imported
import pytest
from lxml import html

from qa import cli
from qa.settings import Settings
from qa.types import Answer
from tests.helpers import ROOT
from tests.promises.served import served

DOCS = ROOT / "docs"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md"))}
FENCE = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE)
ADDRESS = "http://127.0.0.1:7860"
RUN, SILENT, DIFFERENT = {"bash", "console", "python"}, 5, 6
LOADED = "//script/@src | //img/@src | //source/@src | //iframe/@src | //link[not(@rel='canonical')]/@href"


@dataclass(frozen=True, slots=True)
class Block:
    """A code block of a page."""

    kind: str
    title: str
    text: str


def blocks(page: str) -> list[Block]:
    return [Block(*match) for match in FENCE.findall(PAGES[page])]


# ---- the site ----


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Any]:
    """The pages of the built site, each as a tree."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    made = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return {path: html.fromstring(path.read_bytes()) for path in folder.rglob("*.html")}


def test_every_page_is_built(site: dict[Path, Any]) -> None:
    assert {path.name for path in site} == {name.replace(".md", ".html") for name in PAGES} | {"404.html"}


def test_nothing_is_loaded_from_elsewhere(site: dict[Path, Any]) -> None:
    for path, tree in site.items():
        assert [url for url in tree.xpath(LOADED) if urlsplit(url).netloc] == [], path.name
    styles = (next(iter(site)).parent / "assets" / "stylesheets").glob("*.css")
    assert [
        path.name for path in styles if re.search(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", path.read_text())
    ] == []


def test_every_link_and_picture_is_there(site: dict[Path, Any]) -> None:
    for path, tree in site.items():
        if path.name == "404.html":  # its links begin at the root of a server
            continue
        for url in map(urlsplit, {*tree.xpath(LOADED), *tree.xpath("//a/@href")}):
            target = path if not url.path else (path.parent / unquote(url.path)).resolve()
            assert url.netloc or target.is_file(), f"{path.name}: {url.geturl()}"
            if url.fragment and not url.netloc:
                assert site[target].xpath("//*[@id=$id]", id=unquote(url.fragment)), f"{path.name}: {url.geturl()}"


def test_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in (DOCS / "pictures").iterdir()}
    assert sizes
    assert {name: size for name, size in sizes.items() if size > 150_000} == {}


# ---- what it names ----


def parsers() -> dict[str, Any]:
    (found,) = [action.choices for action in cli.make_parser()._actions if isinstance(action.choices, dict)]
    return dict(found)


def cells(site: dict[Path, Any], name: str) -> list[str]:
    """The texts of the table cells of a page."""
    (tree,) = [tree for path, tree in site.items() if path.name == name]
    return [cell.text_content().strip() for cell in tree.xpath("//td")]


def test_every_command_option_and_exit_code_is_named(site: dict[Path, Any]) -> None:
    (tree,) = [tree for path, tree in site.items() if path.name == "commands.html"]
    shown = cells(site, "commands.html")
    for name, parser in parsers().items():
        assert tree.xpath("//h2[@id=$id]", id=f"qa-{name}")
        for action in parser._actions:
            assert any((action.option_strings or [action.metavar])[-1] in cell.split() for cell in shown), action
    for code in (cli.OK, cli.FAILED, cli.WRONG_USE, cli.FILES_FAILED, cli.BUSY, cli.NO_ANSWER, cli.DIFFERS):
        assert str(code) in shown


def test_every_setting_is_named(site: dict[Path, Any]) -> None:
    shown = cells(site, "settings.html")
    for name, field in Settings.model_fields.items():
        assert {name, f"QA_{name.upper()}", field.description} <= set(shown)


def test_no_command_has_an_option_that_is_not_there() -> None:
    known = {name: parser._option_string_actions for name, parser in parsers().items()}
    number = 0
    for page, text in PAGES.items():
        for name, rest in re.findall(r"(?:^|[`/$ ])qa ([a-z]+)((?: [^`\n]*)?)", text, re.MULTILINE):
            if (rest or "`" in text) and name in known:
                number += 1
                assert [word for word in re.findall(r"--[a-z-]+", rest) if word not in known[name]] == [], (page, name)
    assert number > 50


def constants() -> list[str]:
    """The texts in the program's sources; of one that is put together, what is always there."""
    found = []
    for path in (ROOT / "qa").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                found.append("\0".join(str(part.value) for part in node.values if isinstance(part, ast.Constant)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return found


def test_every_message_is_one_of_the_program() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", PAGES["troubleshooting.md"], re.MULTILINE)
    said = constants()
    assert len(rows) > 60
    for message in rows:
        parts = ".*".join(re.escape(part) for part in message.split("..."))
        # an ending in the sources may be one of a sentence that goes on elsewhere
        assert any(re.search(parts, text, re.DOTALL) for text in said), message


def test_every_field_of_an_answer_is_named(store: Path) -> None:
    out, code = printed(lambda: cli.main(["ask", "How wide is each gate?", "--json", "--store", str(store)]))
    assert code == 0
    answer = json.loads(out)
    within = answer["answers"][0]
    named = {field.name for field in fields(Answer)} - {"question", "lent"}  # lent: for the page
    for field in {*answer, *within, *within["sentence"], *named}:
        assert f"`{field}`" in PAGES["programs.md"]


# ---- what runs ----


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample documents with the default model, made as the first page says."""
    store = tmp_path_factory.mktemp("docs") / "vectorstore"
    out, code = printed(lambda: cli.main(["ingest", "--store", str(store)]))
    assert code == 0, out
    return store


@pytest.fixture
def folder(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a reader of a page is: in a folder with a store of the sample documents, `qa` being a command."""
    shutil.copytree(store, tmp_path / "vectorstore")
    for name in [name for name in os.environ if name.startswith("QA_") and name != "QA_MODEL_DIR"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("QA_STORE", "vectorstore")  # as where the program was installed without the clone
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None or shutil.which("curl") is None, reason="bash or curl is missing")
@pytest.mark.parametrize("page", [name for name in PAGES if RUN & {block.kind for block in blocks(name)}])
def test_what_a_page_shows_is_what_happens(page: str, folder: Path) -> None:
    given = blocks(page)
    with contextlib.ExitStack() as stack:
        address = ADDRESS
        if any(ADDRESS in block.text for block in given if block.kind in RUN):
            command = [sys.executable, "-m", "qa.cli", "serve"]
            address = stack.enter_context(served(command, folder, os.environ | {"PYTHONPATH": str(ROOT)}))
        # in a thread: in this one the browser tests' event loop may be running, and asyncio takes no second one
        apart = stack.enter_context(ThreadPoolExecutor(1))
        said, names = "", {"__name__": "example"}
        for block in given:
            text = block.text.replace(ADDRESS, address)
            if block.title == "output":
                assert_shown(text, said)
            elif block.title:
                (folder / block.title).parent.mkdir(parents=True, exist_ok=True)
                (folder / block.title).write_text(text, encoding="utf-8")
            elif block.kind == "python":
                code = compile(text, page, "exec")
                said, _ = printed(lambda code=code: apart.submit(exec, code, names).result())
            elif block.kind == "bash":
                for line in text.replace("\\\n", " ").splitlines():
                    said, code = run(line)
                    assert code == 0, said
            elif block.kind == "console":
                for line, expected in sessions(text):
                    said, code = run(line)
                    assert code in (0, SILENT, DIFFERENT), said
                    assert_shown(expected, said)


def sessions(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with what it prints."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, expected = part.partition("\n")
        yield line, expected


def run(line: str) -> tuple[str, int]:
    """What a command prints, and its exit code. Python commands run in this process, where models load faster."""
    words = shlex.split(line)
    with pytest.MonkeyPatch.context() as patch:
        while "=" in words[0]:
            patch.setenv(*words.pop(0).split("=", 1))
        if words[0] == "qa":
            return printed(lambda: cli.main(words[1:]))
        if words[:2] == ["python", "-m"]:
            return printed(lambda: importlib.import_module(words[2]).main(words[3:]))
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120, check=False)
    return done.stdout + done.stderr, done.returncode


def printed(work: Callable[[], Any]) -> tuple[str, int]:
    """What is printed on both streams, and the exit code."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as out:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            try:
                code = work()
            except SystemExit as error:
                code = error.code
        out.seek(0)
        return out.read(), int(code or 0)


def assert_shown(expected: str, said: str) -> None:
    """What a page shows is what was said, but for what another processor computes otherwise."""
    expected, said = map(settled, (expected, said))
    lines = [
        r"(?:[^\n]*\n)*?" if line.strip() == "..." else ".*".join(map(re.escape, line.split("..."))) + r"\n"
        for line in expected.splitlines()
    ]
    assert re.fullmatch("".join(lines), said.rstrip() + "\n"), f"shown:\n{expected}\nsaid:\n{said}"


def settled(text: str) -> str:
    return re.sub(r" *(?:\(confidence [0-9.]+\)|\(\d+ passages read\))", "", text)
