"""Whether the page runs, or could be started."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

from qa.checks.finding import Finding, fault, note, ok
from qa.page.running import PORT, PORTS, running_page
from qa.system import WINDOWS

HOST = "127.0.0.1"


def page(store: Path) -> Finding:
    """A port counts as free where a socket can be bound to it; that is closed at once, and never listens."""
    if running := running_page(store):
        return ok("page", f"runs at {running}")
    for port in range(PORT, PORT + PORTS):
        if is_free(port):
            if port == PORT:
                return ok("page", f"does not run; it would start at http://{HOST}:{port}")
            return note("page", f"port {PORT} is taken by another program: the page would start at http://{HOST}:{port}",
                        "to have another port, name it: qa serve --port PORT")  # fmt: skip
    return fault(
        "page", f"the ports {PORT} to {PORT + PORTS - 1} are all taken", "name another one: qa serve --port PORT"
    )


def is_free(port: int) -> bool:
    """Raises OSError where no socket can be made at all."""
    with socket.socket() as tried:
        if not WINDOWS:  # as the page's own; elsewhere it would let one take a port from another program
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True
