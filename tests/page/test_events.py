"""The page without a browser: what documents become in HTML, which part of a large one is sent, ports, the endpoint."""

from __future__ import annotations

import html.parser
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.errors import StoreDamaged, UsageError
from qa.page import events as web
from qa.page import server as serving
from qa.page.answer import answer_html, citations, shaded
from qa.page.source import WINDOW, source_html, window
from qa.types import Answer
from tests.helpers import ROOT
from tests.page.browser.fake_qa import FakeQA, document_of, served

GATE = "Gate three stopped at 22:37."
NOTE = "A note.\n\nOn the night of the storm " + GATE + " Nobody was hurt.\n"
COPY = "A copy.\n\nThey say it too: " + GATE + "\n"
NASTY = (
    "<script>window.__pwned=1</script> <img src=x onerror=alert(1)> ${7*7} {{7*7}} ![b](http://beacon.example/x.png) "
    "\"'><b>bold</b> \u202eevil\u202c zero\u200bwidth $$\\href{javascript:alert(1)}{x}$$ &amp; `code`"
)


@pytest.fixture
def qa() -> FakeQA:
    documents = [
        document_of("a/note.txt", NOTE, "A note", "2024-03-13"),
        document_of("copy.txt", COPY, "A copy", None, (0, 9)),
    ]
    return FakeQA(documents, {"When did gate three stop?": [("a/note.txt", GATE, "22:37")]})


def asked(qa: FakeQA, question: str = "When did gate three stop?") -> Answer:
    return qa.ask(question)


class Reader(html.parser.HTMLParser):
    """What a browser would see: the elements and the text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.marked = ""
        self.open: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "input":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        self.marked += data if "mark" in self.open else ""


OURS = {
    "p", "h2", "h3", "div", "span", "mark", "bdi", "time", "figure", "figcaption", "blockquote", "button", "section",
    "details", "summary", "ul", "li", "form", "input", "a", "b",
}  # fmt: skip
ATTRIBUTES = {
    "class", "dir", "type", "title", "tabindex", "role", "aria-label", "hidden", "disabled", "href", "download",
    "data-turn", "data-number", "data-opened", "data-clicked", "data-key", "data-copy", "data-judge", "data-o",
    "data-start", "data-end", "data-place", "data-edge", "data-page", "data-alone", "placeholder", "maxlength",
    "autocomplete",
}  # fmt: skip


# ---- answers ----


def test_an_answer_is_a_quotation_with_all_that_a_citation_needs(qa: FakeQA) -> None:
    qa.speakers["a/note.txt"] = "The harbour master"
    answer = asked(qa)
    seen = Reader(answer_html(answer, 4))
    assert GATE in seen.text
    assert seen.marked == "22:37"  # the span is set off, since it is shorter than its sentence
    for fact in ("[1]", "The harbour master", "2024-03-13", "A note", "a/note.txt", "confidence 0.93"):
        assert fact in seen.text
    assert "Said in 1 more place" in seen.text
    assert "copy.txt page 2 no date stated" in seen.text
    assert {value for name, value in seen.attributes if name == "data-turn"} == {"4"}
    assert [value for name, value in seen.attributes if name == "data-number"] == ["0", "1", "0", "0"]
    assert "has changed" not in seen.text
    assert not seen.open


def test_citations_count_as_the_answer_does(qa: FakeQA) -> None:
    qa.answers["both"] = [("a/note.txt", GATE, "22:37"), ("a/note.txt", "Nobody was hurt.", "Nobody was hurt.")]
    cited = citations(asked(qa, "both"))
    assert [(c.number, c.source.name) for c in cited] == [(1, "a/note.txt"), (None, "copy.txt"), (2, "a/note.txt")]
    for citation in cited:
        text = qa.documents[citation.source.name].text[slice(*citation.quote)]
        assert text in ("22:37", "Nobody was hurt.")
        assert citation.text in (None, text)


def test_a_page_number_is_that_of_the_quote(qa: FakeQA) -> None:
    copy = citations(asked(qa))[1]
    assert "page 2" in Reader(source_html(copy, qa.document("copy.txt"))).text


def test_many_copies_are_counted_not_listed(qa: FakeQA) -> None:
    for number in range(30):
        qa.documents[f"{number}.txt"] = document_of(f"{number}.txt", COPY)
    answer = asked(qa)
    seen = Reader(answer_html(answer, 0))
    assert seen.attributes.count(("class", "v-cite v-cite-also")) == 10
    assert "Said in 31 more places" in seen.text
    assert "and 21 more places" in seen.text
    assert len(citations(answer)) == 32


def test_a_changed_file_is_said(qa: FakeQA) -> None:
    qa.changed = frozenset({"a/note.txt"})
    answer = asked(qa)
    assert "has changed since it was read" in Reader(answer_html(answer, 0)).text
    assert "has changed since it was read" in Reader(source_html(citations(answer)[0], qa.document("a/note.txt"))).text


def test_no_answer_says_so_and_shows_what_is_near_as_such(qa: FakeQA) -> None:
    answer = asked(qa, "Who won?")
    seen = Reader(answer_html(answer, 0))
    assert "The documents hold no answer" in seen.text
    assert "Nearest passages (not answers)" in seen.text
    assert [c.answer for c in citations(answer)] == [False, False]
    source = Reader(source_html(citations(answer)[0], qa.document("a/note.txt")))
    assert "mark" not in source.tags
    assert ("class", "v-heading v-passage") in source.attributes


def test_no_answer_from_an_empty_store() -> None:
    answer = Answer("anything", 0.0, (), ())
    assert "Nearest" not in answer_html(answer, 0)
    assert "Right, there is none" in Reader(answer_html(answer, 0)).text
    of_a_part = Reader(answer_html(answer, 0, partial=True)).text
    assert "The documents asked hold no answer" in of_a_part
    assert "Right" not in of_a_part  # of the others nobody knows
    assert citations(answer) == ()


# ---- the source pane ----


def test_the_quote_is_marked_where_it_stands(qa: FakeQA) -> None:
    citation = citations(asked(qa))[0]
    seen = Reader(source_html(citation, qa.document("a/note.txt")))
    assert seen.marked == "22:37"
    assert NOTE in seen.text
    start = NOTE.index("22:37")
    assert f"Characters {start} to {start + 5}" in seen.text
    assert citation.source.sha256 in seen.text


@pytest.mark.parametrize("what", ["gone", "replaced", "read anew", "shorter"])
def test_wrong_characters_are_never_marked(qa: FakeQA, what: str) -> None:
    citation = citations(asked(qa))[0]
    document = qa.documents["a/note.txt"]
    now = {
        "gone": None,
        "replaced": document_of("a/note.txt", "x" + NOTE),
        "read anew": replace(document, text="x" + NOTE),  # the same file, read by another version of the loader
        "shorter": replace(document, text=NOTE[:9]),
    }[what]
    seen = Reader(source_html(citation, now))
    assert "mark" not in seen.tags
    assert ("no longer in the store" if what == "gone" else "has been replaced") in seen.text
    assert GATE not in seen.text


@given(st.integers(0, 60_000), st.integers(0, 400), st.text(alphabet="a\n", max_size=30))
def test_a_window_holds_the_quote_and_no_more_than_it_may(start: int, length: int, around: str) -> None:
    text = "x" * start + around + "q" * length + around + "y" * 20_000
    start += len(around)
    first, last = window(text, start, start + length)
    assert 0 <= first <= start
    assert start + length <= last <= len(text)
    assert last - first <= WINDOW
    assert last - first >= min(len(text), WINDOW - 1000)


def test_a_large_document_is_sent_in_part() -> None:
    text = "The first line.\n" + "word " * 200_000 + GATE + " word" * 200_000 + "\nThe last line."
    qa = FakeQA([document_of("big.txt", text)], {"When?": [("big.txt", GATE, GATE)]})
    source = source_html(citations(asked(qa, "When?"))[0], qa.document("big.txt"))
    seen = Reader(source)
    assert seen.marked == GATE
    assert len(source) < WINDOW + 4_000
    assert [value for name, value in seen.attributes if name == "data-edge"] == ["before", "after"]
    assert ("hidden", None) not in seen.attributes


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=5))
def test_shading_loses_no_character(text: str, ranges: list[tuple[int, int]]) -> None:
    source = shaded(text, 5, [(start, end, "v-passage") for start, end in ranges])
    plain = shaded(text, 5, [])
    assert source.replace('<span class="v-passage">', "").replace("</span>", "") == plain


# ---- hostile documents ----


def test_nothing_in_a_document_is_markup() -> None:
    text = f"{NASTY}\nThe end."
    document = document_of(f"{NASTY}.txt", text, NASTY, NASTY)
    qa = FakeQA([document, document_of("z.txt", NASTY)], {"q": [(document.source.name, NASTY, "bold")]})
    qa.speakers[document.source.name] = NASTY
    qa.changed = frozenset(qa.documents)
    desk = web.Desk(qa, [NASTY], web.is_set())
    *_, (chat, pane, earlier, _) = desk.reply("q", ())
    *_, (nothing, _, earlier, _) = desk.reply(NASTY, earlier)
    for source in (*desk.welcome()[:2], chat, pane, nothing, desk.opened(earlier, 1, 0)):
        seen = Reader(source)
        assert set(seen.tags) <= OURS | {"article", "ul", "li"}
        assert {name for name, _ in seen.attributes} <= ATTRIBUTES | {
            "data-example",
            "data-last",
            "data-answered",
            "aria-busy",
        }
        assert not {"\u202e", "\u202c", "\u200b"} & set(seen.text)
    assert "<script>window.__pwned=1</script>" in Reader(chat).text  # shown as what it is


def test_long_names_are_clipped() -> None:
    document = document_of("n" * 5000, "text", "t" * 100_000)
    qa = FakeQA([document], {"q": [("n" * 5000, "text", "text")]})
    html = re.sub(r'data-copy="[^"]*"', "", answer_html(asked(qa, "q"), 0))  # what is copied is whole
    assert len(html) < 3_000


@pytest.mark.parametrize("text", ["${", "{{"])
def test_documents_never_reach_a_template(text: str) -> None:
    blocks = web.page(FakeQA([document_of("a.txt", text)], {}), [text])
    components = [block for block in blocks.blocks.values() if type(block).__name__ == "HTML"]
    assert components
    for component in components:
        assert component.html_template == "${value}"
        assert component.css_template == ""


# ---- conversation ----


def ask_desk(desk: web.Desk, question: str, earlier: web.Conversation) -> tuple[Any, ...]:
    *_, last = desk.reply(question, earlier)
    return last


class Event:
    """What gradio hands over for a click."""

    def __init__(self, data: object) -> None:
        self._data = data


@pytest.fixture
def desk(qa: FakeQA) -> web.Desk:
    return web.Desk(qa, ["When did gate three stop?"], web.is_set())


def test_earlier_questions_are_the_history(desk: web.Desk, qa: FakeQA) -> None:
    _, _, earlier, _ = ask_desk(desk, "When did gate three stop?", ())
    _, _, earlier, _ = ask_desk(desk, "And why?", earlier)
    assert qa.asked[-1] == ("And why?", ["When did gate three stop?"])
    assert [e.question for e in earlier] == ["When did gate three stop?", "And why?"]


def test_citations_of_earlier_turns_stay_open_to_a_click(desk: web.Desk) -> None:
    _, pane, earlier, _ = ask_desk(desk, "When did gate three stop?", ())
    assert Reader(pane).marked == "22:37"
    _, pane, earlier, _ = ask_desk(desk, "Who won?", earlier)
    assert "mark" not in Reader(pane).tags
    assert Reader(desk.cite(earlier, Event({"turn": 0, "number": 0}))).marked == "22:37"
    again = desk.cite(earlier, Event({"turn": 0, "number": 0}))
    assert again != desk.cite(earlier, Event({"turn": 0, "number": 0}))  # a new value, so that the page scrolls again


@pytest.mark.parametrize(
    "data",
    [
        None,
        7,
        {},
        {"turn": 0},
        {"turn": 1, "number": 0},
        {"turn": -1, "number": -1},
        {"turn": "0", "number": "0"},
        {"turn": 0, "number": 10**30},
        {"turn": False, "number": False},
        {"turn": [0], "number": {}},
    ],
)
def test_a_click_that_means_nothing_says_so(desk: web.Desk, data: object) -> None:
    _, _, earlier, _ = ask_desk(desk, "When did gate three stop?", ())
    assert "ask again" in desk.cite(earlier, Event(data))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (StoreDamaged("the store <b>is damaged</b>"), "the store &lt;b&gt;is damaged"),
        (ZeroDivisionError("x"), web.UNEXPECTED),
    ],
)
def test_errors_are_one_sentence_and_no_history(desk: web.Desk, qa: FakeQA, error: Exception, said: str) -> None:
    qa.error = error
    chat, _, earlier, _ = ask_desk(desk, "When did gate three stop?", ())
    assert said in chat
    assert "Traceback" not in chat
    qa.error = None
    ask_desk(desk, "And why?", earlier)
    assert qa.asked[-1] == ("And why?", [])


@pytest.mark.parametrize("question", ["", "  \n ", None])
def test_an_empty_question_asks_for_one(desk: web.Desk, qa: FakeQA, question: str | None) -> None:
    chat, *_ = ask_desk(desk, question, ())
    assert "Type a question first." in chat
    assert qa.asked == []


def test_a_question_too_long_to_be_read_says_so(desk: web.Desk) -> None:
    chat, *_ = ask_desk(desk, "word " * 10_000, ())
    assert "Only the first 2,000 characters" in chat
    assert len(chat) < 10_000


def test_a_question_waits_for_the_models_and_says_so(qa: FakeQA) -> None:
    ready = threading.Event()
    replies = web.Desk(qa, [], ready).reply("When did gate three stop?", ())
    assert "Loading the language model" in next(replies)[0]
    next(replies)  # a look whether it is still wanted: nothing new to show
    assert qa.asked == []
    ready.set()
    *_, (chat, *_) = replies
    assert GATE in Reader(chat).text


def test_the_list_of_documents_is_read_anew(desk: web.Desk, qa: FakeQA) -> None:
    qa.documents["new.txt"] = document_of("new.txt", "New.")
    assert "new.txt" in desk.welcome()[1]
    qa.documents.clear()
    assert "holds no documents" in desk.welcome()[1]


def test_examples_are_those_of_the_sample_corpus() -> None:
    corpus = ROOT / "corpus"
    sources = [document_of(path.name, "").source for path in sorted(corpus.iterdir())]
    assert web.examples_for(sources) == [question for question, _ in web.EXAMPLES]
    assert web.examples_for(sources[1:]) == []


# ---- addresses ----


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.org", "", "[::1]"])
def test_other_machines_need_a_login(host: str) -> None:
    with pytest.raises(UsageError, match="only together with --auth"):
        serving.listen(host, None)


@pytest.mark.parametrize("port", [0, -1, 65536, 10**9])
def test_a_port_that_is_none(port: int) -> None:
    with pytest.raises(UsageError, match="1 to 65535"):
        serving.listen("127.0.0.1", port)


def test_a_port_in_use_is_said_and_the_default_goes_on_to_the_next() -> None:
    with serving.listen("127.0.0.1", None) as first, serving.listen("localhost", None) as second:
        taken, following = first.getsockname()[1], second.getsockname()[1]
        assert serving.PORT <= taken < following
        with pytest.raises(UsageError, match=f"port {taken} is in use"):
            serving.listen("127.0.0.1", taken)


# ---- over HTTP ----


@pytest.fixture(scope="module")
def page() -> Iterator[str]:
    qa = FakeQA([document_of("note.txt", NOTE, "A note")], {"When did gate three stop?": [("note.txt", GATE, "22:37")]})
    with served(qa) as address:
        yield address


def post(address: str, body: object, **headers: str) -> tuple[int, Any]:
    data = json.dumps(body).encode()
    request = urllib.request.Request(
        f"{address}/gradio_api/run/ask", data, {"Content-Type": "application/json", **headers}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.parametrize(
    "asked", ["When did gate three stop?", {"question": "When did gate three stop?", "history": ["a"]}]
)
def test_the_endpoint_answers_with_the_public_object(page: str, asked: object) -> None:
    status, body = post(page, {"data": [asked]})
    assert status == 200
    (answer,) = body["data"]
    assert answer["answered"] is True
    found = answer["answers"][0]
    assert NOTE[found["start"] : found["end"]] == found["text"] == "22:37"


def test_a_lone_surrogate_is_no_error(page: str) -> None:
    assert post(page, {"data": ["\ud800 ?"]})[0] == 200


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([""], "the question is empty"),
        ([7], "send {"),
        ([None], "send {"),
        ([["a"]], "send {"),
        ([{"question": 7}], "send {"),
        ([{"question": "a", "history": "b"}], "history is not a list"),
        ([{"question": "a", "history": None}], "history is not a list"),
        ([{"question": "a", "history": [7]}], "an item of the history"),
        ([], "enough input"),
    ],
)
def test_bad_input_is_an_http_error_with_a_sentence(page: str, data: object, said: str) -> None:
    status, body = post(page, {"data": data})
    assert 400 <= status <= 599
    assert said in body
    assert "Traceback" not in body


@pytest.mark.filterwarnings("ignore::Warning:gradio.queueing")
def test_the_client_of_gradio_can_ask(page: str) -> None:
    from gradio_client import Client

    client = Client(page, verbose=False, analytics_enabled=False, download_files=False)
    answer = client.predict({"question": "When did gate three stop?"}, api_name="/ask")
    assert answer["answers"][0]["text"] == "22:37"
    assert list(client.view_api(return_format="dict", print_info=False)["named_endpoints"]) == ["/ask"]


def test_other_sites_and_other_names_are_refused(page: str) -> None:
    assert post(page, {"data": ["a"]}, Origin=page)[0] == 200
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}, {"Host": "["}):
        assert post(page, {"data": ["a"]}, **headers)[0] == 403


def test_the_page_names_no_other_machine(page: str) -> None:
    with urllib.request.urlopen(page, timeout=30) as response:
        policy = response.headers["Content-Security-Policy"]
        assert "connect-src 'self'" in policy
        assert "script-src-attr 'none'" in policy
    with urllib.request.urlopen(f"{page}/theme.css", timeout=30) as response:
        theme = response.read().decode()
        assert re.findall(r"@import|url\((?!['\"]?data:)[^)]*", theme) == []
    for path in ("/docs", "/redoc"):  # FastAPI's would load from a content network
        connection = http.client.HTTPConnection(page.removeprefix("http://"), timeout=30)
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
from tests.page.browser.fake_qa import FakeQA, document_of
from qa.page import server as serving
from qa.page import events as web

with serving.listen("127.0.0.1", None) as sock:
    serving.present(FakeQA([document_of("a.txt", "Text.")], {}), sock, lambda line: print(line, flush=True))
print("the end", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="no POSIX signals")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_it_in_order(how: signal.Signals) -> None:
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
            out, errors = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, out, errors) == (0, "the end\n", "")
