"""Who may use the page, which files it sends and takes, its address, its endpoint over HTTP, and how it ends."""

from __future__ import annotations

import http.client
import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qa.errors import StoreDamaged, UsageError
from qa.page.events import UNEXPECTED
from qa.page.server import PORT, application, as_download, is_login, listen, read_logins
from tests.helpers import ROOT, write
from tests.page.fake_qa import FakeQA, document_of, page_events, served
from tests.page.seen import GATE

TEXT = f"A note.\n\n{GATE}\n"
PATIENCE = 300  # seconds; a busy machine is slow


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("documents")


@pytest.fixture(scope="module")
def qa(files: Path) -> FakeQA:
    made = [document_of(name, TEXT) for name in ("note.html", "a b&c.txt", "gone.txt", "link.txt")]
    documents = [replace(d, source=replace(d.source, path=str(files / d.source.name))) for d in made]
    for name in ("note.html", "a b&c.txt", "secret.txt"):
        write(files, name, TEXT)
    os.symlink(files / "secret.txt", files / "link.txt")
    packed = document_of("box.mbox/0001", TEXT)
    source = replace(packed.source, path=str(write(files, "box.mbox", f"From x\n{TEXT}")), member="0001")
    documents.append(replace(packed, source=source))
    return FakeQA(documents, {"When?": [("note.html", GATE, "22:37")]})


@pytest.fixture(scope="module")
def page(qa: FakeQA) -> Iterator[str]:
    with served(qa) as at:
        yield at


@pytest.fixture(scope="module")
def guarded(qa: FakeQA) -> Iterator[str]:
    with served(qa, logins={"anna": "long password", "ben": "other"}) as at:
        yield at


def get(address: str, data: bytes | None = None, opener: Any = None, **headers: str) -> tuple[int, bytes, Any]:
    request = urllib.request.Request(address, data, headers)
    try:
        with (opener or urllib.request.build_opener()).open(request, timeout=PATIENCE) as response:
            return response.status, response.read(), response.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers


# ---- files ----


@pytest.mark.parametrize("name", ["note.html", "a b&c.txt"])
def test_an_original_file_is_sent_as_a_download(page: str, files: Path, name: str) -> None:
    status, body, headers = get(f"{page}/original?document={urllib.parse.quote(name)}")
    assert (status, body) == (200, (files / name).read_bytes())
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]


def test_the_original_of_a_letter_is_its_mailbox(page: str, files: Path) -> None:
    status, body, headers = get(f"{page}/original?document=box.mbox/0001")
    assert (status, body) == (200, (files / "box.mbox").read_bytes())
    assert headers["Content-Disposition"] == 'attachment; filename="box.mbox"'


@pytest.mark.parametrize(
    "name", ["", "secret.txt", "../secret.txt", "gone.txt", "link.txt", "note.html\0", "/etc/passwd"]
)
def test_no_other_file_is_sent(page: str, name: str) -> None:
    assert get(f"{page}/original?document={urllib.parse.quote(name)}")[0] == 404


def test_a_file_s_name_cannot_leave_its_header() -> None:
    value = as_download('a/b"\r\nX: y; \u202etxt.exe')["Content-Disposition"]
    assert value == 'attachment; filename="b___X_ y_ _txt.exe"'


# ---- uploads ----


def upload(address: str, name: str, data: bytes, **headers: str) -> tuple[int, str]:
    status, body, _ = get(f"{address}/upload?name={urllib.parse.quote(name)}", data, **headers)
    return status, body.decode()


def test_a_file_is_taken_into_the_uploads(page: str, qa: FakeQA) -> None:
    assert upload(page, "C:\\docs\\..\\new.txt", b"A new document.") == (200, "new.txt")
    assert (qa.store / "uploads" / "new.txt").read_bytes() == b"A new document."
    assert upload(page, "new.txt", b"Another one.")[0] == 200
    assert [path.name for path in (qa.store / "uploads").iterdir()] == ["new.txt"]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("x.exe", b"MZ", "of no type that is read"),
        ("", b"text", "of no type that is read"),
        ("..", b"text", "of no type that is read"),
        ("\u202ex.html", b"\x00\x01" * 500, "x.html"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(page: str, qa: FakeQA, name: str, data: bytes, said: str) -> None:
    status, body = upload(page, name, data)
    assert status == 415
    assert said in body
    assert "\u202e" not in body
    assert not (qa.store / "uploads" / "x.html").exists()


def test_a_file_that_is_too_large_is_refused(page: str, qa: FakeQA, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.ingestion.library.MAX_BYTES", 1024 * 1024)
    status, body = upload(page, "large.txt", b"words " * 200_000)
    assert status == 415
    assert "larger than 1 MB" in body
    assert not [path for path in (qa.store / "uploads").iterdir() if path.name != "new.txt"]


def test_another_site_cannot_upload(page: str) -> None:
    assert upload(page, "a.txt", b"text", Origin="http://evil.example")[0] == 403


# ---- logins ----


def test_without_a_login_nothing_is_answered(guarded: str) -> None:
    body = b'{"data": ["When?"]}'
    assert get(f"{guarded}/gradio_api/run/ask", body, **{"Content-Type": "application/json"})[0] == 401
    assert get(f"{guarded}/original?document=note.html")[0] == 401
    assert upload(guarded, "a.txt", b"text")[0] == 401


def test_a_login_gives_access_to_everything(guarded: str) -> None:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    wrong = urllib.parse.urlencode({"username": "anna", "password": "other"}).encode()
    assert get(f"{guarded}/login", wrong, opener)[0] == 400
    right = urllib.parse.urlencode({"username": "anna", "password": "long password"}).encode()
    assert get(f"{guarded}/login", right, opener)[0] == 200
    body = b'{"data": ["When?"]}'
    status, answer, _ = get(f"{guarded}/gradio_api/run/ask", body, opener, **{"Content-Type": "application/json"})
    assert status == 200
    assert b"22:37" in answer
    assert get(f"{guarded}/original?document=note.html", None, opener)[0] == 200
    assert get(guarded, None, opener, Host="archive.example:7860")[0] == 200  # any name of the machine
    assert get(guarded, None, opener, Origin="http://evil.example")[0] == 403


def test_logins_are_read_from_a_word_or_a_file(tmp_path: Path) -> None:
    assert read_logins(None) == {}
    assert read_logins("anna:a:b") == {"anna": "a:b"}
    path = write(tmp_path, "logins", "anna:one\n\nben:two\n")
    assert read_logins(str(path)) == {"anna": "one", "ben": "two"}


@pytest.mark.parametrize("given", ["", "anna", ":x", "anna:", "no-such-file"])
def test_a_login_without_name_or_password_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="NAME:PASSWORD"):
        read_logins(given)


@pytest.mark.parametrize(
    ("name", "password"), [("anna", ""), ("", ""), ("nobody", ""), ("anna", "ONE"), ("a\u00e9", "x")]
)
def test_a_wrong_password_is_no_login(name: str, password: str) -> None:
    assert not is_login({"anna": "one"}, name, password)


def test_with_a_login_other_machines_are_listened_to() -> None:
    with listen("0.0.0.0", None, login=True) as sock:
        assert sock.getsockname()[0] == "0.0.0.0"


# ---- addresses ----


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.org", "", "[::1]"])
def test_other_machines_need_a_login(host: str) -> None:
    with pytest.raises(UsageError, match="only together with --auth"):
        listen(host, None)


@pytest.mark.parametrize("port", [0, -1, 65536, 10**9])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(UsageError, match="1 to 65535"):
        listen("127.0.0.1", port)


def test_a_port_in_use_is_an_error_and_the_default_is_the_next_free_one() -> None:
    with listen("127.0.0.1", None) as first, listen("localhost", None) as second:
        taken, following = first.getsockname()[1], second.getsockname()[1]
        assert PORT <= taken < following
        with pytest.raises(UsageError, match=f"port {taken} is in use"):
            listen("127.0.0.1", taken)


# ---- over HTTP ----


def post(address: str, body: object, **headers: str) -> tuple[int, Any]:
    """Status and answer of the endpoint; the answer is a text where the status is none of success."""
    data = json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **headers}
    status, answer, _ = get(f"{address}/gradio_api/run/ask", data, **sent)
    return status, json.loads(answer) if status == 200 else answer.decode()


@pytest.mark.parametrize("asked", ["When?", {"question": "When?", "history": ["a"]}])
def test_the_endpoint_answers_with_the_public_object(page: str, asked: object) -> None:
    status, body = post(page, {"data": [asked]})
    assert status == 200
    (answer,) = body["data"]
    assert answer["answered"] is True
    found = answer["answers"][0]
    assert TEXT[found["start"] : found["end"]] == found["text"] == "22:37"


def test_a_question_with_a_lone_surrogate_is_answered(page: str) -> None:
    assert post(page, {"data": ["\ud800 ?"]})[0] == 200


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([""], "the question is empty"),
        ([" \u200b\n"], "the question is empty"),
        ([7], "send {"),
        ([None], "send {"),
        ([["a"]], "send {"),
        ([{"question": 7}], "send {"),
        ([{"question": "a", "history": "b"}], "history is not a list"),
        ([{"question": "a", "history": None}], "history is not a list"),
        ([{"question": "a", "history": [7]}], "an item of the history"),
        ([], "a list of one question; send {"),
        (["a", "b"], "a list of one question; send {"),
        ("When?", "a list of one question; send {"),
        (None, "a list of one question; send {"),
    ],
)
def test_bad_input_is_an_error_of_who_asks_with_a_sentence(page: str, data: object, said: str) -> None:
    for at in (f"{page}/gradio_api/run/ask", f"{page}/gradio_api/run/ask/"):
        status, body, _ = get(at, json.dumps({"data": data}).encode(), **{"Content-Type": "application/json"})
        assert status == 400
        (error,) = json.loads(body).values()
        assert said in error


@pytest.mark.parametrize("body", [b"", b"When?", b"[1]", b"7", b'{"question": "When?"}', b"\xff", b"[" * 100_000])
def test_what_is_no_request_at_all_says_what_to_send(page: str, body: bytes) -> None:
    status, answer, _ = get(f"{page}/gradio_api/run/ask", body)
    assert status == 400
    assert 'send {"data": ["QUESTION"]}' in json.loads(answer)["error"]


@pytest.mark.parametrize(
    ("error", "said"), [(StoreDamaged("the store is damaged"), "the store is damaged"), (KeyError("x"), UNEXPECTED)]
)
def test_what_goes_wrong_here_is_an_error_of_the_server(page: str, qa: FakeQA, error: Exception, said: str) -> None:
    qa.error = error
    try:
        status, body = post(page, {"data": ["When?"]})
    finally:
        qa.error = None
    assert (status, json.loads(body)) == (500, {"error": said})


@pytest.mark.filterwarnings("ignore::Warning:gradio.queueing")
def test_the_client_of_gradio_can_ask(page: str) -> None:
    from gradio_client import Client

    client = Client(page, verbose=False, analytics_enabled=False, download_files=False)
    answer = client.predict({"question": "When?"}, api_name="/ask")
    assert answer["answers"][0]["text"] == "22:37"
    assert list(client.view_api(return_format="dict", print_info=False)["named_endpoints"]) == ["/ask"]


def test_other_sites_and_other_names_are_refused(page: str) -> None:
    assert post(page, {"data": ["a"]}, Origin=page)[0] == 200
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}, {"Host": "["}):
        assert post(page, {"data": ["a"]}, **headers)[0] == 403


def test_the_page_names_no_other_machine(page: str) -> None:
    with urllib.request.urlopen(page, timeout=PATIENCE) as response:
        policy = response.headers["Content-Security-Policy"]
        assert "connect-src 'self'" in policy
        assert "script-src-attr 'none'" in policy
    with urllib.request.urlopen(f"{page}/theme.css", timeout=PATIENCE) as response:
        theme = response.read().decode()
        assert re.findall(r"@import|url\((?!['\"]?data:)[^)]*", theme) == []
    for path in ("/docs", "/redoc"):  # FastAPI's would load from a content network
        connection = http.client.HTTPConnection(page.removeprefix("http://"), timeout=PATIENCE)
        connection.request("GET", path)
        assert connection.getresponse().status == 404
        connection.close()


# ---- a process ----

PROGRAM = """
import socket, sys

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        target = arguments[1] if event == "socket.connect" else arguments
        if isinstance(target, tuple) and target[0] not in ("127.0.0.1", "::1", "localhost", None):
            print("REACHED", target, flush=True)

sys.addaudithook(watch)
from qa.page.server import listen, present
from tests.page.fake_qa import FakeQA, document_of

with listen("127.0.0.1", None) as sock:
    present(FakeQA([document_of("a.txt", "Text.")], {}), sock, lambda line: print(line, flush=True))
print("the end", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="no POSIX signals")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_the_server_without_a_traceback(how: signal.Signals) -> None:
    folders = str(ROOT)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": folders},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Verbatim is at http://127.0.0.1:")
        address = line.split()[3]
        assert post(address, {"data": ["anything"]})[0] == 200
        with socket.create_connection(("127.0.0.1", int(address.rsplit(":", 1)[1]))) as idle:  # an open page
            idle.sendall(b"GET /gradio_api/heartbeat/a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert b"200" in idle.recv(100)
            process.send_signal(how)
            out, errors = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, out, errors) == (0, "the end\n", "")


def test_gradio_reports_nothing_and_importing_the_page_changes_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    program = (
        "import os; before = dict(os.environ); import qa.page.answer, qa.page.events; print(before == dict(os.environ))"
    )
    made = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert made.stdout == "True\n"
    monkeypatch.delenv("GRADIO_ANALYTICS_ENABLED", raising=False)
    application(page_events(FakeQA([], {})))
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
