"""The original of a citation: where it is opened, and what of a hostile file reaches the browser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from qa.documents import pictures
from qa.documents.alignment import Box
from qa.documents.pictures import Picture, Pictured
from qa.page import original
from qa.page.answer import citations
from qa.page.original import directive, picture_html, shown
from qa.page.source import source_html
from qa.types import Document
from tests.helpers import write
from tests.page.fake_qa import FakeQA, document_of
from tests.page.seen import Seen

GATE = "Gate three stopped at 22:37, with 1.4 metres still to go - and nobody was there."
NASTY = (
    "<html><head><LINK rel=preconnect href=http://beacon.invalid><script>window.__pwned=1</script></head>"
    f"<body><p>{GATE}</p></body></html>"
)


def opened(name: str, pages: tuple[int, ...] = ()) -> tuple[Document, str]:
    """A document of that name, and the source pane for a quote in it."""
    document = document_of(name, f"The log\n\n{GATE}\n", "", None, pages)
    qa = FakeQA([document], {"When?": [(name, GATE, "22:37")]})
    return document, source_html(citations(qa.ask("When?"))[0], document)


def test_a_pdf_is_opened_at_its_page_and_shown_beside_its_text() -> None:
    _, html = opened("a b.pdf", (0, 9))
    assert 'href="/opened?document=a%20b.pdf#page=2"' in html
    assert 'rel="noopener noreferrer"' in html
    assert "Page 2 of the original" in Seen(html).text
    assert 'class="v-sheet"' in html


def test_a_text_is_opened_at_the_quote_and_others_are_only_saved() -> None:
    _, html = opened("note.html")
    assert "/opened?document=note.html#:~:text=Gate%20three%20stopped%20at%2022%3A37%2C," in html
    for name in ("letter.eml", "report.docx", "page.xhtml", "box.zip"):
        _, html = opened(name)
        assert "/opened" not in html
        assert "v-sheet" not in html


def test_a_text_directive_has_no_sign_that_means_something_and_says_which_of_equal_places() -> None:
    text = f"{GATE}\n\nOnce more: {GATE}"
    second = text.rindex(GATE)
    found = directive(text, second, len(text))
    assert found == "Once%20more%3A-,Gate%20three%20stopped%20at%2022%3A37%2C,%2D%20and%20nobody%20was%20there."
    assert directive("A short-ish one.", 0, 16) == "A%20short%2Dish%20one."


def test_a_web_page_is_shown_without_what_could_run_or_fetch(tmp_path: Path) -> None:
    document, _ = opened("note.html")
    path = write(tmp_path, "note.html", NASTY.encode("utf-16"))
    response = shown(replace(document.source, path=str(path)))
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none';")
    assert "allow" not in policy
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    body = bytes(response.body).decode()
    assert GATE in body
    assert "<link" not in body.lower(), "a browser connects to what it names, whatever the policy"


@pytest.mark.parametrize("name", ["a.docx", "a.xhtml", "a.svg", "a.zip", "gone.html"])
def test_what_could_do_harm_or_is_gone_is_not_shown(tmp_path: Path, name: str) -> None:
    if not name.startswith("gone"):
        write(tmp_path, name, NASTY)
    document, _ = opened("note.html")
    assert shown(replace(document.source, path=str(tmp_path / name))) is None
    text = write(tmp_path, "a.md", NASTY)
    response = shown(replace(document.source, path=str(text)))
    assert response is not None
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert shown(replace(document.source, path=str(text), member="b.html")) is None


def test_a_picture_says_whether_the_quote_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    document, _ = opened('a"><b>.pdf', (0, 9))
    box = Box(0.1, 0.2, 0.5, 0.25)
    for found, marks, warned in (
        (Pictured((Picture(2, b"jpeg", ((box,), (box, box))),), True), 3, ""),
        (Pictured((Picture(2, b"jpeg", ((), ())),)), 0, "cannot be told for sure"),
        (Pictured(problem="The page cannot be shown: <b>."), 0, "The page cannot be shown: <b>."),
    ):
        monkeypatch.setattr(original, "pictured", lambda *_, found=found: found)
        html = picture_html(document, [(9, 12), (9, 40)], True)
        seen = Seen(html)
        assert html.count("v-on-") == marks
        assert warned in seen.text
        assert "b" not in seen.tags
    assert pictures.is_pdf(document.source)
