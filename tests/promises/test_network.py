"""After installation nothing reaches beyond loopback: real processes under a guard that records every attempt.

The guard is a sitecustomize module with an audit hook. Every Python process started below loads it, no library can
remove it, and it records an attempt before it refuses it, so that a library which ignores the refusal is found too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.helpers import ROOT, write
from tests.promises.served import asked, served

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
    """Runs Python under the guard, without the variables that switch telemetry and downloads of libraries off."""

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

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of Python with these arguments."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.base, env=self.environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    def attempts(self) -> list[str]:
        """The recorded attempts; fails where the guard was not loaded."""
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
def test_the_guard_records_an_attempt_whose_refusal_is_ignored(guarded: Guarded, attempt: str) -> None:
    code = f"import contextlib, socket\nwith contextlib.suppress(Exception):\n    {attempt}"
    assert guarded.run("-c", code)[0] == 0
    assert len(guarded.attempts()) == 1


def test_the_guard_allows_loopback(guarded: Guarded) -> None:
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
    with served([sys.executable, "-m", "qa.cli", "serve"], guarded.base, guarded.environment) as address:
        assert b"<html" in urllib.request.urlopen(address, timeout=60).read()
        assert asked(address, "When was the Kade bridge opened?")["answers"][0]["document"] == "bridge.txt"
    assert guarded.attempts() == []


LAMP = """<html><head><title>The lamp</title><link rel="stylesheet" href="https://cdn.example.org/a.css">
<script src="https://cdn.example.org/a.js"></script></head><body><article><h1>The lamp</h1>
<p>The lamp of the lighthouse was built in 1887. <img src="https://cdn.example.org/a.png"></p></article></body></html>"""
