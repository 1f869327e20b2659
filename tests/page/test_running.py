"""The command line asks a page of the same store that is running, and nobody else does by its way in."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from qa import cli
from qa.errors import StoreDamaged
from qa.page import running
from qa.page.running import ASK, FILE, announced, ask_running, running_page
from qa.settings import Settings
from tests.helpers import run_python
from tests.page.fake_qa import FakeQA, served
from tests.page.seen import GATE, QUESTION


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "store").mkdir()
    return Settings(store=tmp_path / "store")


@pytest.fixture
def page(qa: FakeQA, settings: Settings) -> Iterator[str]:
    qa.embedder = SimpleNamespace(name="fake")  # type: ignore[assignment]
    with served(qa, settings=settings) as at:
        yield at


def ask(settings: Settings, *more: str) -> int:
    return cli.main(["ask", QUESTION, "--store", str(settings.store), *more])


# ---- asking it ----


def test_a_running_page_is_asked(page: str, qa: FakeQA, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(settings) == 0
    assert f"[1] \u201c{GATE}\u201d" in capsys.readouterr().out
    assert ask(settings, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["answers"][0]["text"] == "22:37"
    assert [question for question, _ in qa.asked] == [QUESTION] * 2
    assert cli.main(["ask", "What else?", "--store", str(settings.store)]) == 5


def test_the_page_is_found_while_it_runs(page: str, settings: Settings) -> None:
    assert running_page(settings.store) == page
    facts = json.loads((settings.store / FILE).read_text())
    running.write_closed(settings.store / FILE, json.dumps(facts | {"secret": "another"}))
    assert running_page(settings.store) is None, "what answers there is not the page that wrote the file"


def test_the_command_needs_nothing_heavy_then(page: str, settings: Settings) -> None:
    code = """
import sys
from qa.cli import main
code = main(sys.argv[1:])
print({"torch", "chromadb", "onnxruntime", "tokenizers", "numpy", "gradio"} & sys.modules.keys() or "none")
sys.exit(code)
"""
    done = run_python(code, "ask", QUESTION, "--store", settings.store)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().split()[-1] == "none"


def test_with_no_server_or_other_settings_it_is_not_asked(page: str, qa: FakeQA, settings: Settings) -> None:
    assert ask(settings, "--no-server") == 2  # there is no real store
    assert ask_running(settings.model_copy(update={"threshold": 0.1}), QUESTION) is None
    assert ask_running(settings.model_copy(update={"reader": "sentence"}), QUESTION) is None
    assert ask_running(settings.model_copy(update={"embedder": "other"}), QUESTION) is None
    assert qa.asked == []
    assert ask_running(settings.model_copy(update={"embedder": "fake"}), QUESTION) is not None


def test_what_it_cannot_answer_is_asked_here(page: str, qa: FakeQA, settings: Settings) -> None:
    qa.error = StoreDamaged("the store is damaged")
    assert ask_running(settings, QUESTION) is None
    assert ask_running(settings, " ") is None


# ---- the file ----


def test_only_its_user_can_read_the_file_and_it_goes_with_the_page(qa: FakeQA, settings: Settings) -> None:
    file = settings.store / FILE
    with served(qa, settings=settings):
        assert file.stat().st_mode & 0o777 == 0o600
        assert json.loads(file.read_text())["host"] == "127.0.0.1"
    assert not file.exists()
    assert ask_running(settings, QUESTION) is None


def test_a_page_started_later_keeps_its_file(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        with announced(settings, sock) as first, announced(settings, sock) as second:
            assert json.loads((settings.store / FILE).read_text())["secret"] == second != first
        with announced(settings, sock) as third:
            with announced(Settings(store=settings.store), sock):
                pass
            assert not (settings.store / FILE).exists(), "the later one has ended and taken it along"
        assert third


def test_a_file_that_others_can_read_or_that_is_a_link_is_not_trusted(page: str, settings: Settings) -> None:
    file = settings.store / FILE
    file.chmod(0o644)
    assert ask_running(settings, QUESTION) is None
    file.chmod(0o600)
    moved = file.rename(settings.store / "moved.json")
    file.symlink_to(moved)
    assert ask_running(settings, QUESTION) is None
    file.unlink()
    moved.rename(file)
    assert ask_running(settings, QUESTION) is not None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"host": 3}', '{"host": "127.0.0.1", "port": "x"}', "\udcff"])
def test_a_damaged_file_is_no_page(settings: Settings, content: str) -> None:
    known = running.facts_of(settings)
    for text in (content, json.dumps({**known, **json.loads(content)}) if content.startswith("{") else content):
        (settings.store / FILE).write_bytes(text.encode("utf-8", "surrogateescape"))
        (settings.store / FILE).chmod(0o600)
        assert ask_running(settings, QUESTION) is None


def test_without_a_file_that_can_be_written_the_page_runs_all_the_same(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock, announced(Settings(store=tmp_path / "gone"), sock) as secret:
        assert secret


# ---- who is on the other side ----


def test_another_program_at_that_address_is_not_told_the_question(settings: Settings) -> None:
    heard: list[bytes] = []

    def answer(sock: socket.socket) -> None:
        connection, _ = sock.accept()
        with connection:
            heard.append(connection.recv(10_000))
            body = b'{"proof": "' + b"0" * 64 + b'"}'
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            heard.append(connection.recv(10_000))

    with socket.create_server(("127.0.0.1", 0)) as sock, announced(settings, sock) as secret:
        thread = threading.Thread(target=answer, args=(sock,))
        thread.start()
        assert ask_running(settings, QUESTION) is None
        thread.join(20)
    assert heard[1] == b""
    assert secret.encode() not in heard[0]
    assert QUESTION.encode() not in heard[0]


def post(address: str, asked: Any) -> int:
    host, port = address.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    connection.request("POST", ASK, json.dumps(asked), {"Content-Type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize("secret", ["", "0" * 64, "\u00e9"])
def test_without_the_secret_nothing_is_answered(page: str, qa: FakeQA, secret: str) -> None:
    assert post(page, {"question": QUESTION, "embedder": "", "secret": secret}) == 403
    assert post(page, {"question": QUESTION}) == 403
    assert post(page, [secret]) == 422
    assert qa.asked == []


def test_a_login_is_not_asked_for_but_the_secret_is(qa: FakeQA, settings: Settings) -> None:
    qa.embedder = SimpleNamespace(name="fake")  # type: ignore[assignment]
    with served(qa, logins={"anna": "long password"}, settings=settings) as address:
        assert post(address, {"question": QUESTION, "embedder": "", "secret": "x"}) == 403
        assert ask_running(settings, QUESTION) is not None


def test_a_page_that_was_not_announced_has_no_such_way_in(qa: FakeQA) -> None:
    with served(qa) as address:
        assert post(address, {"question": QUESTION, "embedder": "", "secret": ""}) in (404, 405)
