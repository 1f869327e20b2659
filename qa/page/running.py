"""A page that runs on this machine answers the command line's questions: its models are loaded already.

It is found through a file in the store that only the page's own user can read. The file holds a secret by which the
page shows that it is the one that wrote it, before it is told a question, and by which it knows who asks.
"""

from __future__ import annotations

import contextlib
import hmac
import http.client
import json
import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qa import __version__
from qa.settings import Settings
from qa.system import KEEPS_PRIVATE, PLAIN_FILE, is_private, put_in_place
from qa.types import Within

FILE = "page.json"
PORT, PORTS = 7860, 100  # the first port that a page tries, and how many
HELLO, ASK = "/local/hello", "/local/ask"
CONNECT_SECONDS, ANSWER_SECONDS = 1.0, 120.0  # a page that is slower is not waited for

Facts = dict[str, Any]


def facts_of(settings: Settings) -> Facts:
    """What an answer depends on beside the store: a page with other settings is not asked."""
    return {"version": __version__, "reader": settings.reader, "threshold": settings.threshold}


def proof(secret: str, challenge: str) -> str:
    """What only somebody who knows the secret can say to a challenge."""
    return hmac.digest(secret.encode(), challenge.encode(), "sha256").hex()


# ---- the page ----


@contextlib.contextmanager
def announced(settings: Settings, sock: socket.socket) -> Iterator[str]:
    """The secret of a page that listens on the socket, in the store's file while it runs; no file where none may be."""
    secret = secrets.token_hex(32)
    path = settings.store / FILE
    host, port = sock.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    if KEEPS_PRIVATE:
        with contextlib.suppress(OSError):  # a store that may only be read
            write_closed(path, json.dumps({"host": host, "port": port, "secret": secret, **facts_of(settings)}))
    try:
        yield secret
    finally:
        with contextlib.suppress(OSError):
            if (read_closed(path) or {}).get("secret") == secret:  # not that of a page that was started later
                path.unlink()


def write_closed(path: Path, text: str) -> None:
    """Writes a file whole that nobody else can read."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    put_in_place(part, path)


def read_closed(path: Path) -> Facts | None:
    """The object in a file of this user that nobody else can read; None where it is anything else."""
    try:
        with os.fdopen(os.open(path, PLAIN_FILE), encoding="utf-8") as file:
            if not is_private(os.fstat(file.fileno())):
                return None
            read = json.load(file)
    except (OSError, ValueError):
        return None
    return read if isinstance(read, dict) else None


# ---- who asks ----


def ask_running(settings: Settings, question: str, within: Within | None = None) -> tuple[Facts, str] | None:
    """The answer of a page of the settings' store that runs on this machine, as JSON and as text; None without one."""
    page = read_closed(settings.store / FILE)
    if page is None or any(page.get(name) != value for name, value in facts_of(settings).items()):
        return None
    try:
        return ask_page(page, settings.embedder, question, within)
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None  # it has ended, or is none of ours: the question is answered here


def running_page(store: Path) -> str | None:
    """The address of the page of a store that runs on this machine; None without one."""
    page = read_closed(store / FILE)
    try:
        if page is None:
            return None
        with contextlib.closing(connected(page)) as connection:
            host = f"[{page['host']}]" if ":" in page["host"] else page["host"]
            return f"http://{host}:{page['port']}" if is_itself(connection, page) else None
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None


def connected(page: Facts) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(page["host"], page["port"], timeout=CONNECT_SECONDS)


def is_itself(connection: http.client.HTTPConnection, page: Facts) -> bool:
    """Whether who answers knows the secret of the page's file."""
    challenge = secrets.token_hex(16)
    connection.request("GET", f"{HELLO}?challenge={challenge}")
    said = json.loads(connection.getresponse().read())
    return hmac.compare_digest(said["proof"], proof(page["secret"], challenge))


def ask_page(page: Facts, embedder: str, question: str, within: Within | None) -> tuple[Facts, str] | None:
    with contextlib.closing(connected(page)) as connection:
        if not is_itself(connection, page):
            return None
        if connection.sock:
            connection.sock.settimeout(ANSWER_SECONDS)
        asked = {"question": question, "embedder": embedder, "secret": page["secret"]}
        connection.request(
            "POST",
            ASK,
            json.dumps(asked | ({"within": within.facts} if within else {})),
            {"Content-Type": "application/json"},
        )
        response = connection.getresponse()
        answered = json.loads(response.read())
        return (answered["answer"], answered["text"]) if response.status == http.client.OK else None
