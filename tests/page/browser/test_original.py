"""The original page in a real browser: drawn beside the text with the quote marked, opened in a tab of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from qa.documents.loaders import LOADERS
from qa.types import Document, Source
from tests.documents.making import pdf, report
from tests.helpers import write
from tests.page.browser.visiting import Visit
from tests.page.fake_qa import FakeQA, document_of, served

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::Warning:gradio.queueing")]

QUESTION, QUOTE = "What had been put off?", "the maintenance\n\nhad been put off twice"
NASTY = (
    "<link rel=stylesheet href=http://beacon.invalid/a.css><script>window.__pwned=1</script>"
    "<meta http-equiv=refresh content='0;url=http://beacon.invalid/b'><img src=http://beacon.invalid/c.png>"
    + "<p>Nothing here.</p>" * 300
    + "<p>The ferry sails on Monday.</p>"
    + "<p>Nothing here.</p>" * 300
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, data = tmp_path_factory.mktemp("documents"), pdf(report)
    path, found = write(folder, "report.pdf", data), LOADERS[".pdf"](data)
    source = Source("report.pdf", str(path), hashlib.sha256(data).hexdigest(), "The lock", None, found.pages)
    page = document_of("page.html", "The ferry sails on Monday.")
    page = replace(page, source=replace(page.source, path=str(write(folder, "page.html", NASTY))))
    answers = {
        QUESTION: [("report.pdf", QUOTE, QUOTE)],
        "When?": [("page.html", "The ferry sails on Monday.", "Monday")],
    }
    with served(FakeQA([Document(source, found.text, found.marks), page], answers)) as at:
        yield at


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_page_is_drawn_with_the_quote_marked_on_it(
    visit: Callable[..., Visit], address: str, width: int, scheme: str
) -> None:
    here = visit(address, width=width, color_scheme=scheme)
    here.ask(QUESTION)
    sheet = here.page.get_by_role("region", name="Picture of page 1")
    pictures = sheet.get_by_role("img")
    expect(pictures).to_have_count(2)  # the quote goes over the page's end
    expect(pictures.first).to_have_attribute("alt", "Page 1 of report.pdf")
    assert pictures.first.evaluate("it => it.complete && it.naturalWidth") > 1000
    marks = sheet.locator(".v-on-quote")
    expect(marks).to_have_count(2)
    within = """it => { const a = it.getBoundingClientRect(), b = it.closest('.v-sheet').getBoundingClientRect();
        return a.height > 5 && a.top >= b.top && a.bottom <= b.bottom && a.left >= b.left && a.right <= b.right; }"""
    here.page.wait_for_function(f"() => ({within})(document.querySelector('.v-on-quote'))")
    expect(here.page.locator(".v-text .v-mark")).to_have_count(2)  # the text stands beside it
    here.never_scrolls_sideways()
    fold = here.page.locator(".v-original > summary")
    fold.press("Enter")
    expect(sheet).to_be_hidden()
    fold.press("Enter")
    expect(sheet).to_be_visible()
    sheet.focus()
    expect(sheet).to_be_focused()


def test_a_hostile_web_page_is_opened_at_the_quote_and_can_do_nothing(
    visit: Callable[..., Visit], address: str
) -> None:
    here = visit(address)
    here.ask("When?")
    asked: list[tuple[str, str | None]] = []
    here.page.context.on("request", lambda request: asked.append((request.url, None)))
    here.page.context.on("requestfailed", lambda request: asked.append((request.url, request.failure)))
    with here.page.context.expect_page() as opened:
        here.page.get_by_role("link", name="Open the original at the quote").click()
    page = opened.value
    page.wait_for_function("() => scrollY > 500")
    assert page.evaluate("[window.__pwned ?? null, window.origin, window.opener]") == [None, "null", None]
    beacons = [(url, why) for url, why in asked if "beacon" in url]
    assert {url for url, _ in beacons} <= {"http://beacon.invalid/c.png"}, "only the picture is looked at"
    assert {why for _, why in beacons} <= {None, "csp"}, "and the policy refuses it before it is sent"
    assert sum(why is None for _, why in beacons) == sum(why == "csp" for _, why in beacons)
    page.close()
