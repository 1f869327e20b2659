"""After installation nothing reaches beyond loopback: real processes under a guard that records every attempt.

The guard is a sitecustomize module with an audit hook: it is in every Python process that is started below, no library
can take it out again, and what it refuses it has written down, also where a library swallows the refusal.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.helpers import write

ROOT = Path(__file__).resolve().parents[2]
GUARD = '''
import ipaddress, os, socket, sys

def outside(host):
    """Whether a host of a socket call is another machine. No host: this one."""
    host = host.decode() if isinstance(host, bytes) else host
    if host in (None, "", "localhost"):
        return False
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return True
    return not (address.is_loopback or address.is_unspecified)

def hook(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        target = arguments[1]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"):
        target = arguments[0]
    else:
        return
    host = target[0] if isinstance(target, tuple) else target
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg") and not isinstance(target, tuple):
        return  # a Unix socket, or one that is connected already
    if outside(host):
        note(f"{event} {target!r}")
        raise OSError(f"refused: {event} {target!r}")

def note(line):
    log = os.open(os.environ["GUARD_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(log, f"{line}\\n".encode())
    os.close(log)

note("guarded")
sys.addaudithook(hook)
'''
SILENCERS = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "ANONYMIZED_TELEMETRY", "GRADIO_ANALYTICS_ENABLED")


class Guarded:
    """Runs Python under the guard, without variables that would keep libraries quiet for us."""

    def __init__(self, base: Path) -> None:
        (base / "guard").mkdir()
        (base / "guard" / "sitecustomize.py").write_text(GUARD)
        self.log = base / "attempts.txt"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("QA_")}
        self.environment = {name: value for name, value in kept.items() if name not in SILENCERS} | {
            "PYTHONPATH": os.pathsep.join((str(base / "guard"), str(ROOT))),
            "GUARD_LOG": str(self.log),
            "QA_STORE": str(base / "store"),
            "QA_EMBEDDER": "all-MiniLM-L6-v2",
            "QA_MODEL_DIR": str(base / "models"),
            "QA_THRESHOLD": "0",
        }
        self.base = base

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.base, env=self.environment, stdout=pipe, stderr=pipe, text=True)

    def run(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=300)
        return process.returncode, out, err

    def attempts(self) -> list[str]:
        """What was tried; fails where the guard was not there."""
        lines = self.log.read_text().splitlines()
        assert "guarded" in lines
        return [line for line in lines if line != "guarded"]


@pytest.fixture
def guarded(tmp_path: Path) -> Guarded:
    return Guarded(tmp_path)


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('192.0.2.1', 9), 1)",
        "socket.getaddrinfo('example.org', 443)",
        "socket.gethostbyname('example.org')",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 53))",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 53))",
        "socket.socket(socket.AF_INET6).connect(('2001:db8::1', 443))",
        "__import__('urllib.request').request.urlopen('http://example.org', timeout=1)",
        "__import__('httpx').get('https://example.org', timeout=1)",
    ],
)
def test_the_guard_records_what_goes_out_even_if_it_is_swallowed(guarded: Guarded, attempt: str) -> None:
    code = f"import contextlib, socket\nwith contextlib.suppress(Exception):\n    {attempt}"
    assert guarded.run("-c", code)[0] == 0
    assert len(guarded.attempts()) == 1


def test_the_guard_lets_loopback_through(guarded: Guarded) -> None:
    code = "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())"
    assert guarded.run("-c", code) == (0, "", "")
    assert guarded.attempts() == []


@pytest.mark.slow
def test_ingest_ask_and_page_reach_no_other_machine(guarded: Guarded, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder, "bridge.txt", "The Kade bridge was opened on 3 June 1931. It cost 310,000 guilders at that time.")
    write(folder, "lamp.html", LAMP)
    write(folder, "ferry.md", "# The ferry\n\n![](https://images.example.org/x.png) The ferry sails on 1 June.\n")
    code, out, err = guarded.run("-m", "qa.cli", "ingest", str(folder), "--json")
    assert (code, json.loads(out)["added"]) == (0, ["bridge.txt", "ferry.md", "lamp.html"]), err
    code, out, err = guarded.run("-m", "qa.cli", "ask", "When was the Kade bridge opened?", "--json")
    assert (code, json.loads(out)["answers"][0]["text"]) == (0, "3 June 1931"), err
    with served(guarded) as address:
        assert b"<html" in urllib.request.urlopen(address, timeout=60).read()
        answered = post(f"{address}/gradio_api/run/ask", {"data": ["When was the Kade bridge opened?"]})
        assert answered["data"][0]["answers"][0]["document"] == "bridge.txt"
    assert guarded.attempts() == []


LAMP = """<html><head><title>The lamp</title><link rel="stylesheet" href="https://cdn.example.org/a.css">
<script src="https://cdn.example.org/a.js"></script></head><body><article><h1>The lamp</h1>
<p>The lamp of the lighthouse was built in 1887. <img src="https://cdn.example.org/a.png"></p></article></body></html>"""


@contextlib.contextmanager
def served(guarded: Guarded) -> Iterator[str]:
    """The page in a process of its own; yields its address, ends the process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = guarded.start("-m", "qa.cli", "serve", "--port", str(port))
    try:
        wait_for(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=60)


def wait_for(process: subprocess.Popen[str], port: int, seconds: float = 180) -> None:
    """Until something listens at the port."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    process.kill()
    raise AssertionError(f"the page did not start: {process.communicate()[1]}")


def post(address: str, body: dict[str, Sequence[str]]) -> dict[str, list[dict[str, list[dict[str, str]]]]]:
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=180) as response:
        return dict(json.load(response))
