"""Who may ask the page, which files it hands out and takes, what of a text it reads on."""

from __future__ import annotations

import http.cookiejar
import os
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qa.errors import UsageError
from qa.ingestion.library import Library, checked_name, told
from qa.page import events as web
from qa.page import server as serving
from qa.page import source as page_source
from tests.helpers import FakeEmbedder, write
from tests.page.browser.fake_qa import FakeQA, document_of, served

GATE = "Gate three stopped at 22:37."


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("documents")


@pytest.fixture(scope="module")
def qa(files: Path) -> FakeQA:
    text = f"A note.\n\n{GATE}\n"
    made = [document_of(name, text) for name in ("note.html", "a b&c.txt", "gone.txt", "link.txt")]
    documents = [replace(d, source=replace(d.source, path=str(files / d.source.name))) for d in made]
    for name in ("note.html", "a b&c.txt", "secret.txt"):
        write(files, name, text)
    os.symlink(files / "secret.txt", files / "link.txt")
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
        with (opener or urllib.request.build_opener()).open(request, timeout=60) as response:
            return response.status, response.read(), response.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers


# ---- files ----


@pytest.mark.parametrize("name", ["note.html", "a b&c.txt"])
def test_an_original_file_is_kept_and_never_run(page: str, files: Path, name: str) -> None:
    status, body, headers = get(f"{page}/original?document={urllib.parse.quote(name)}")
    assert (status, body) == (200, (files / name).read_bytes())
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "name", ["", "secret.txt", "../secret.txt", "gone.txt", "link.txt", "note.html\0", "/etc/passwd"]
)
def test_no_other_file_is_handed_out(page: str, name: str) -> None:
    assert get(f"{page}/original?document={urllib.parse.quote(name)}")[0] == 404


def test_a_file_s_name_cannot_leave_its_header() -> None:
    value = serving.as_download('a/b"\r\nX: y; \u202etxt.exe')["Content-Disposition"]
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
def test_what_is_not_read_is_not_taken(page: str, qa: FakeQA, name: str, data: bytes, said: str) -> None:
    status, body = upload(page, name, data)
    assert status == 415
    assert said in body
    assert "\u202e" not in body
    assert not (qa.store / "uploads" / "x.html").exists()


def test_a_file_that_is_too_large_is_not_taken(page: str, qa: FakeQA, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.ingestion.library.LARGEST", 1024 * 1024)
    status, body = upload(page, "large.txt", b"words " * 200_000)
    assert status == 415
    assert "larger than 1 MB" in body
    assert not [path for path in (qa.store / "uploads").iterdir() if path.name != "new.txt"]


def test_another_site_cannot_upload(page: str) -> None:
    assert upload(page, "a.txt", b"text", Origin="http://evil.example")[0] == 403


@pytest.mark.parametrize(
    ("given", "taken"),
    [("a.txt", "a.txt"), ("../../a.TXT", "a.TXT"), (".hidden.txt", "hidden.txt"), ("a\nb\x00.txt", "a_b_.txt"),
     ("x" * 500 + ".txt", "x" * 116 + ".txt")],
)  # fmt: skip
def test_the_name_of_an_upload_is_one_in_its_folder(given: str, taken: str) -> None:
    assert checked_name(given) == taken


def test_a_document_is_removed_with_what_was_said_of_it(store: Path) -> None:
    library = Library(store, FakeEmbedder())
    library.remove("bridge.txt")
    until = threading.Event()
    while library.job.running:
        until.wait(0.05)
    assert library.job.said == "1 removed."
    assert {one.name: one.state for one in library.documents()}["bridge.txt"] == "excluded"
    library.take_back("bridge.txt")
    while library.job.running:
        until.wait(0.05)
    assert library.job.said == "1 added."
    with pytest.raises(UsageError):
        library.remove("no such document")


def test_an_ingest_is_told_in_a_sentence() -> None:
    assert told(["a"], [], ["b", "c"], 1) == "1 added, 2 removed, 1 could not be read."
    assert told([], [], [], 0) == "Nothing has changed."


# ---- logins ----


def test_without_a_login_nothing_is_answered(guarded: str) -> None:
    body = b'{"data": ["When?"]}'
    assert get(f"{guarded}/gradio_api/run/ask", body, **{"Content-Type": "application/json"})[0] == 401
    assert get(f"{guarded}/original?document=note.html")[0] == 401
    assert upload(guarded, "a.txt", b"text")[0] == 401


def test_a_login_opens_all_of_it(guarded: str) -> None:
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
    assert serving.read_logins(None) == {}
    assert serving.read_logins("anna:a:b") == {"anna": "a:b"}
    path = write(tmp_path, "logins", "anna:one\n\nben:two\n")
    assert serving.read_logins(str(path)) == {"anna": "one", "ben": "two"}


@pytest.mark.parametrize("given", ["", "anna", ":x", "anna:", "no-such-file"])
def test_a_login_that_is_none(given: str) -> None:
    with pytest.raises(UsageError, match="NAME:PASSWORD"):
        serving.read_logins(given)


@pytest.mark.parametrize(
    ("name", "password"), [("anna", ""), ("", ""), ("nobody", ""), ("anna", "ONE"), ("a\u00e9", "x")]
)
def test_a_wrong_password_is_none(name: str, password: str) -> None:
    assert not serving.is_login({"anna": "one"}, name, password)


def test_a_host_that_others_reach_is_listened_to_with_a_login() -> None:
    with serving.listen("0.0.0.0", None, login=True) as sock:
        assert sock.getsockname()[0] == "0.0.0.0"


# ---- reading on ----


@pytest.fixture
def desk(qa: FakeQA) -> web.Desk:
    return web.Desk(qa, [], web.is_set())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "asked",
    [None, 7, [], {}, {"document": "note.html"}, {"document": 7, "quote": [0, 1], "sentence": "", "passage": []}],
)
def test_nonsense_is_answered_with_a_problem(desk: web.Desk, asked: object) -> None:
    assert set(desk.read(asked)) == set(desk.find(asked)) == {"problem"}


def test_a_replaced_document_is_not_read_on(desk: web.Desk) -> None:
    place = {"quote": [0, 1], "sentence": [0, 1], "passage": [0, 1], "answer": True, "edge": "after", "at": 0}
    assert "replaced" in desk.read({"document": "note.html", "sha256": "0" * 64, **place})["problem"]
    assert "replaced" in desk.read({"document": "nothing", "sha256": "0" * 64, **place})["problem"]


@pytest.mark.parametrize(("edge", "at"), [("before", 30_000), ("after", 30_000), ("before", 5), ("after", 59_999)])
def test_a_following_part_joins_the_one_before(edge: str, at: int) -> None:
    text = "word " * 12_000
    start, end = page_source.following(text, edge, at)
    assert (end if edge == "before" else start) == at
    assert 0 <= start < end <= len(text)
    assert end - start <= page_source.PART


@pytest.mark.parametrize("at", [-(10**30), 10**30])
def test_a_place_outside_the_text_is_its_end(at: int) -> None:
    for edge in ("before", "after"):
        start, end = page_source.following("some text", edge, at)
        assert 0 <= start <= end <= 9


def test_words_are_found_in_any_case_and_over_line_ends() -> None:
    text = "The Marre\r\nBarrier, the marre barrier. (a+)+$"
    assert page_source.occurrences(text, " marre   BARRIER ") == [(4, 18), (24, 37)]
    assert page_source.occurrences(text, "(a+)+$") == [(39, 45)]
    assert page_source.occurrences(text, " ") == []


def test_a_selection_is_found_behind_what_is_not_shown() -> None:
    text = "a\u200bb\r\nc\u202ed"
    shown = [text[page_source.offset_of(text, 0, n)] for n in range(5)]
    assert "".join(shown) == "ab\ncd"
