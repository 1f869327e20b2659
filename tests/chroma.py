"""A real Chroma server for tests: one for a process of tests, on loopback, in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from qa.errors import VerbatimError
from qa.store.chroma import ChromaServer

SECONDS = 60.0  # to start


class ChromaProcess:
    """A server that ends with the process that started it."""

    def __init__(self, place: Path) -> None:
        self.place, self.port = place, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        chroma = Path(sys.executable).with_name("chroma")
        command = [str(chroma), "run", "--path", str(self.place), "--host", "127.0.0.1", "--port", str(self.port)]
        if shutil.which("setpriv"):
            command = ["setpriv", "--pdeathsig=KILL", *command]
        with (self.place / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"NO_COLOR": "1"})
        until = time.monotonic() + SECONDS
        while not self.answers():
            assert time.monotonic() < until, (self.place / "log").read_text()
            assert self.process.poll() is None, (self.place / "log").read_text()
            time.sleep(0.05)

    def answers(self) -> bool:
        with contextlib.closing(ChromaServer(self.address)) as server, contextlib.suppress(VerbatimError):
            server.check()
            return True
        return False

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        """By default at once, as a crash is."""
        self.process.send_signal(how)
        self.process.wait()

    def names(self, beginning: str = "") -> list[str]:
        """Its collections."""
        with contextlib.closing(ChromaServer(self.address)) as server:
            return server.names(beginning)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def running() -> Iterator[ChromaProcess]:
    """A server, which is stopped and deleted at the end."""
    place = Path(tempfile.mkdtemp(prefix="verbatim-chroma-"))
    server = ChromaProcess(place)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)
