"""Serving the page: who may use it, what the browser may do with it, the files it sends and takes, its address.

Only requests from this machine's own pages are answered; those of other machines only where people log in.
"""

from __future__ import annotations

import errno
import hmac
import ipaddress
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import SplitResult, urlsplit

import anyio.from_thread
import anyio.to_thread
import gradio as gr
import uvicorn
from fastapi import FastAPI, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.answering.qa import QA
from qa.answering.render import to_json, to_text
from qa.documents.files import MAX_BYTES, open_regular
from qa.errors import UnreadableFile, UsageError, VerbatimError
from qa.ingestion.library import Library
from qa.page import running
from qa.page.conversation import examples_for
from qa.page.events import PageEvents
from qa.page.finds import Finds
from qa.page.layout import page_blocks
from qa.page.original import shown
from qa.page.running import PORT, PORTS
from qa.settings import Settings
from qa.text import visible
from qa.types import Within

BLOCK = 1024 * 1024  # bytes sent at a time
ENDPOINT = "/gradio_api/run/ask"  # one that other programs rely on

Logins = Mapping[str, str]  # name -> password; empty: nobody needs to log in

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; script-src-attr 'none'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
    "worker-src 'self' blob:; frame-src 'none'; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'"
)
"""What a browser may do with the page. gradio needs inline scripts and eval; neither may reach another machine."""


class Guard:
    """Refuses requests that other web sites make, and forbids the browser to fetch from anywhere else.

    Without the first, any web site open in the same browser could ask questions (a name that resolves to 127.0.0.1
    makes it the same origin). Where people log in, the login prevents that, and every name of the machine is accepted.
    """

    def __init__(self, app: ASGIApp, anywhere: bool = False) -> None:
        """anywhere: also answer under names that other machines use."""
        self.app = app
        self.anywhere = anywhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        foreign = origin is not None and split(origin).netloc != host
        if foreign or not (self.anywhere or is_loopback(split(f"//{host}").hostname or "")):
            refusal = PlainTextResponse("this page answers only to the machine it runs on", status_code=403)
            await refusal(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                sent.setdefault("Content-Security-Policy", POLICY)
                sent["Referrer-Policy"] = "no-referrer"
                sent["X-Content-Type-Options"] = "nosniff"
            await send(message)

        await self.app(scope, receive, guarded)


def split(url: str) -> SplitResult:
    """The parts of an address; empty ones where it is not an address."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def is_loopback(host: str) -> bool:
    """True for an address or name that only this machine can reach."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def application(events: PageEvents, logins: Logins | None = None, secret: str = "") -> FastAPI:
    """The page and its endpoints as a web application that loads nothing from elsewhere.

    logins: who may see it; empty: everybody. secret: by which the command line may ask it; "": it may not.
    """
    forbid_telemetry()
    # System fonts: the themes of gradio ask Google for theirs.
    theme = gr.themes.Base(
        primary_hue="teal",
        neutral_hue="stone",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, anywhere=bool(logins))
    add_original(app, events.qa)
    add_table(app, events.finds)
    add_upload(app, events.library)
    add_endpoint(app, events)
    if secret:
        add_local(app, events.qa, secret)
    gr.mount_gradio_app(
        app,
        page_blocks(events),
        path="/",
        theme=theme,
        css=(Path(__file__).parent / "static" / "page.css").read_text(encoding="utf-8"),
        footer_links=[],
        run_history=False,  # gradio would keep every question in the browser's storage
        show_error=True,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        enable_monitoring=False,
        max_file_size=MAX_BYTES,
        auth=(lambda name, password: is_login(logins, name, password)) if logins else None,
    )
    return app


def forbid_telemetry() -> None:
    """gradio reads this variable each time it would send something about its use."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"


# ---- logins ----


def read_logins(given: str | None) -> dict[str, str]:
    """The logins of --auth: NAME:PASSWORD, or a file with such a line for each. Raises UsageError."""
    if given is None:
        return {}
    path = Path(given)
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else [given]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--auth: {given} cannot be read: {error}") from error
    pairs = [line.partition(":") for line in lines if line.strip()]
    if not pairs or not all(name.strip() and password for name, _, password in pairs):
        raise UsageError("--auth takes NAME:PASSWORD, or a file that has such a line for each person")
    return {name.strip(): password for name, _, password in pairs}


def is_login(logins: Logins, name: str, password: str) -> bool:
    known = logins.get(name, "")
    return hmac.compare_digest(known.encode(), password.encode()) and bool(known)


def logged_in(app: FastAPI, request: Request) -> bool:
    """Whether a request carries the session of a login, where one is needed. gradio holds the sessions."""
    mounted: list[Any] = [getattr(route, "app", None) for route in app.routes]
    inner = next(found for found in mounted if isinstance(found, gr.routes.App))
    if inner.auth is None:
        return True
    names = (f"access-token-{inner.cookie_id}", f"access-token-unsecure-{inner.cookie_id}")
    return any(request.cookies.get(name) in inner.tokens for name in names if request.cookies.get(name))


# ---- the files that the documents were read from ----


def add_original(app: FastAPI, qa: QA) -> None:
    """GET /original?document=NAME: the file as a download; nothing in it can run in the page.

    Of a document in an archive or mailbox it is that file, under its own name. GET /opened?document=NAME: the file as
    the browser shows it, where that does no harm; else a download.
    """

    @app.get("/original")
    def original(request: Request, document: str = "") -> Response:
        if not logged_in(app, request):
            return PlainTextResponse("log in first", status_code=401)
        held = next((source for source in qa.sources() if source.name == document), None)
        file = opened_file(held.path) if held else None
        if held is None or file is None:
            return PlainTextResponse("the file is no longer there", status_code=404)
        name = Path(held.path).name if held.member else held.name
        return StreamingResponse(blocks_of(file), media_type="application/octet-stream", headers=as_download(name))

    @app.get("/opened")
    def opened(request: Request, document: str = "") -> Response:
        held = next((source for source in qa.sources() if source.name == document), None)
        made = shown(held) if held and logged_in(app, request) else None
        return made or original(request, document)


def opened_file(path: str) -> BinaryIO | None:
    """The file opened for reading; None where there is no regular file, or a symbolic link instead."""
    try:
        return open_regular(Path(path))
    except (OSError, UnreadableFile):
        return None


def blocks_of(file: BinaryIO) -> Iterator[bytes]:
    with file as stream:
        while block := stream.read(BLOCK):
            yield block


def as_download(name: str) -> dict[str, str]:
    """Headers by which a browser saves a file and runs nothing of it."""
    last = name.rsplit("/", 1)[-1]
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in last)[-100:] or "document"
    return {
        "Content-Disposition": f'attachment; filename="{plain}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "no-store",
    }


def add_table(app: FastAPI, finds: Finds) -> None:
    """GET /found?token=TOKEN&turn=NUMBER: everything that a visitor's search finds, as a CSV file."""

    @app.get("/found")
    def found(request: Request, token: str = "", turn: int = -1) -> Response:
        if not logged_in(app, request):
            return PlainTextResponse("log in first", status_code=401)
        search = finds.of(token, turn)
        try:
            lines = finds.table(search) if search else None
        except VerbatimError as error:
            return PlainTextResponse(visible(str(error)), status_code=409)
        if lines is None:
            return PlainTextResponse("find it again: the page was restarted since", status_code=404)
        return StreamingResponse(lines, media_type="application/octet-stream", headers=as_download("found.csv"))


def add_upload(app: FastAPI, library: Library) -> None:
    """POST /upload?name=NAME with a file's bytes: adds it to the store's uploads, if its type is one that is read."""

    @app.post("/upload")
    async def upload(request: Request, name: str = "") -> Response:
        if not logged_in(app, request):
            return PlainTextResponse("log in first", status_code=401)
        stream = aiter(request.stream())

        async def next_block() -> bytes | None:
            return await anext(stream, None)

        def arriving() -> Iterator[bytes]:
            while (block := anyio.from_thread.run(next_block)) is not None:
                yield block

        try:
            taken = await anyio.to_thread.run_sync(lambda: library.receive(name, arriving()))
        except (VerbatimError, OSError) as error:
            return PlainTextResponse(visible(str(error)) + ".", status_code=415)
        return PlainTextResponse(visible(taken))


# ---- other programs ----


def add_endpoint(app: FastAPI, events: PageEvents) -> None:
    """POST /gradio_api/run/ask: {"data": [QUESTION]} is answered with {"data": [ANSWER]}, else with {"error": why}.

    It stands before gradio's own of that name, which calls what was wrongly asked an error of the server.
    """

    @app.post(ENDPOINT)
    @app.post(f"{ENDPOINT}/")
    async def ask(request: Request) -> Response:
        if not logged_in(app, request):
            return JSONResponse({"error": "log in first"}, status_code=401)
        status, answer = await anyio.to_thread.run_sync(events.over_http, await request.body())
        return JSONResponse(answer, status_code=status)


# ---- the command line of the same user ----


def add_local(app: FastAPI, qa: QA, secret: str) -> None:
    """Answers the questions of `running.ask_running`, which knows the secret; a login is not asked for."""

    @app.get(running.HELLO)
    def hello(challenge: str = "") -> Response:
        return JSONResponse({"proof": running.proof(secret, challenge)})

    @app.post(running.ASK)
    def ask(asked: dict[str, Any]) -> Response:
        if not hmac.compare_digest(str(asked.get("secret", "")).encode(), secret.encode()):
            return PlainTextResponse("not for you", status_code=403)
        if asked.get("embedder") not in ("", qa.embedder.name):
            return PlainTextResponse("another embedder", status_code=409)
        try:
            within = Within.of(asked["within"]) if "within" in asked else None
            answer = qa.ask(asked["question"], (), within)
        except (VerbatimError, OSError, KeyError) as error:
            return PlainTextResponse(visible(str(error)), status_code=500)
        return JSONResponse({"answer": to_json(answer), "text": to_text(answer)})


# ---- address, start and end ----


def listen(host: str, port: int | None, login: bool = False) -> socket.socket:
    """A listening socket: at the given port, or at the first free one from 7860 on. Raises UsageError.

    login: people log in, so that hosts that other machines can reach are accepted.
    """
    if not (login or is_loopback(host)):
        raise UsageError(
            f"--host {host}: other machines can reach that address; name it only together with --auth NAME:PASSWORD"
        )
    if port is not None and not 1 <= port <= 65535:
        raise UsageError(f"--port {port}: a port is a number from 1 to 65535")
    for tried in range(PORT, PORT + PORTS) if port is None else [port]:
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            return socket.create_server((host, tried), family=family)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and port is None:
                continue
            if error.errno == errno.EADDRINUSE:
                raise UsageError(f"port {tried} is in use; name another one with --port, or none") from error
            raise UsageError(f"cannot listen on {host}, port {tried}: {error.strerror}") from error
    raise UsageError(f"the ports {PORT} to {PORT + PORTS - 1} are all in use; name another one with --port")


class Server(uvicorn.Server):
    """Calls `started` when it listens, and logs nothing when it ends."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self.tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.tell()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Every open page holds a stream, and uvicorn logs a traceback for each that it cuts off.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets=sockets)


def run(app: FastAPI, sock: socket.socket, started: Callable[[], None]) -> None:
    """Serves until Ctrl-C or SIGTERM, then returns."""
    # The stream of an open page never ends by itself: it is cut off after a second.
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
    # uvicorn raises the signal again when it has shut down; that must not kill us.
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        Server(config, started).run(sockets=[sock])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def serve(settings: Settings, host: str, port: int | None, say: Callable[[str], None], auth: str | None = None) -> None:
    """Opens the store and serves its page until Ctrl-C or SIGTERM. `say` gets the address once it listens.

    auth: as `read_logins` takes it. Raises UsageError for a host that other machines can reach without a login and
    for a port that is not free, and what QA.open raises.
    """
    logins = read_logins(auth)
    with (
        listen(host, port, bool(logins)) as sock,
        QA.open(settings=settings, progress=say) as qa,
        running.announced(settings, sock) as secret,
    ):
        present(qa, sock, say, logins, secret)


def present(
    qa: QA, sock: socket.socket, say: Callable[[str], None], logins: Logins | None = None, secret: str = ""
) -> None:
    """Serves the page of an opened store on a listening socket; models load meanwhile."""
    events = PageEvents(qa, examples_for(qa.sources()))
    warming = threading.Thread(target=events.warm_up, args=(say,), daemon=True)
    warming.start()
    run(application(events, logins, secret), sock, lambda: say(f"Verbatim is at {address(sock)}  (Ctrl-C ends it)"))
    # A thread that is still inside a model when the interpreter ends would crash the process.
    warming.join(timeout=30)
    events.close()


def address(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
