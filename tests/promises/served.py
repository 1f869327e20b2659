"""The page in a process of its own, for tests of what an installed program does."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def served(command: Sequence[str], cwd: Path, environment: Mapping[str, str], seconds: float = 180) -> Iterator[str]:
    """Starts `command --port PORT` with a free port; yields the page's address once it listens; ends the process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)], cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=log, text=True
        )
        try:
            until = time.monotonic() + seconds
            while not listens(port):
                if time.monotonic() > until or process.poll() is not None:
                    log.seek(0)
                    raise AssertionError(f"the page did not start: {log.read()}")
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=60)


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def asked(address: str, question: str) -> dict[str, Any]:
    """The answer of a running page, as the HTTP endpoint gives it."""
    body = json.dumps({"data": [question]}).encode()
    request = urllib.request.Request(f"{address}/gradio_api/run/ask", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=180) as response:
        answer: dict[str, Any] = json.load(response)["data"][0]
    return answer
