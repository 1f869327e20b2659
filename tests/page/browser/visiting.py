"""Somebody at the page: asks, waits for what is to be seen, and remembers what was requested and what went wrong."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import Download, Locator, Page, Request, expect

PATIENCE = 120  # seconds; a busy machine is slow, and nothing here is about time

# Whether an element of the source pane is within the visible part of the text, and that within the window.
IN_SIGHT = """([part, wanted]) => {
    const pane = document.querySelector('.v-text'), it = document.querySelector('.v-text ' + part);
    if (!pane || !it) return false;
    const a = pane.getBoundingClientRect(), b = it.getBoundingClientRect();
    return wanted === (b.top >= Math.max(a.top, 0) && b.bottom <= Math.min(a.bottom, innerHeight));
}"""

# An image and two frames later: what was put into the page before this has been requested, refused or run.
SETTLED = """async () => {
    const image = new Image();
    const loaded = new Promise((done) => { image.onload = image.onerror = done; });
    image.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==';
    await loaded;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


def until(page: Page, happened: Callable[[], bool]) -> None:
    """Waits for something that is not to be seen in the page."""
    last = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < last, "it never happened"
        page.wait_for_timeout(20)  # events of the browser arrive meanwhile


class Visit:
    """A page opened in a browser, with everything it asked the network for and everything that went wrong in it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.requests: list[str] = []
        self.problems: list[str] = []
        self.streams: set[Request] = set()  # those by which gradio sends what a question yields; it ends with the last
        page.on("request", self.requested)
        page.on("requestfinished", lambda request: self.streams.discard(request))
        page.on("requestfailed", lambda request: self.streams.discard(request))
        page.on("dialog", lambda dialog: (self.problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("console", lambda line: self.problems.append(line.text) if line.type == "error" else None)
        page.goto(address)
        self.comes_up()

    def requested(self, request: Request) -> None:
        self.requests.append(request.url)
        if "/queue/data" in request.url:
            self.streams.add(request)

    def comes_up(self) -> None:
        """Waits for the list of the store's documents: before it has come, the server has not sent the conversation."""
        expect(self.page.locator(".v-source")).to_contain_text(re.compile(r"\d documents?|holds no documents yet"))

    def idle(self) -> None:
        """Waits until gradio has ended every question: while one is under way it drops a further click of that kind."""
        until(self.page, lambda: not self.streams)

    def ask(self, question: str, button: bool = False) -> Locator:
        """Asks and returns the answer's element."""
        self.idle()
        turns = self.page.locator(".v-turn").count()
        box = self.page.get_by_label("Your question")
        box.fill(question)
        if button:
            self.page.get_by_role("button", name="Ask", exact=True).click()
        else:
            box.press("Enter")
        expect(self.page.locator(".v-turn")).to_have_count(turns + 1)  # it is there before its answer is
        expect(self.page.locator(".v-busy")).to_have_count(0)
        expect(self.page.locator(".v-log")).to_have_attribute("aria-busy", "false")
        self.idle()
        return self.page.locator(".v-turn").last.locator(".v-answer")

    def open_documents(self) -> Locator:
        """Opens the drawer and returns it."""
        self.page.get_by_role("button", name="Documents").click()
        drawer = self.page.get_by_role("dialog", name="Documents")
        expect(drawer.get_by_role("heading", name=re.compile("document"))).to_be_focused()
        return drawer

    def drawer_closes(self) -> None:
        """Waits until the drawer is gone; the keyboard is then back at the button that opens it."""
        expect(self.page.get_by_role("dialog", name="Documents")).to_have_count(0)
        expect(self.page.locator("#v-documents")).to_be_focused()

    def keep(self, form: str) -> Download:
        """Keeps the conversation; the menu of forms is opened and used with the keyboard."""
        self.page.locator("#v-keep summary").press("Enter")
        button = self.page.get_by_role("button", name=f"Keep as {form}")
        box = button.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= self.page.evaluate("innerWidth")
        with self.page.expect_download() as kept:
            button.press("Space")
        expect(self.page.locator(".v-keep")).not_to_have_attribute("open", "")
        expect(self.page.locator("#v-keep summary")).to_be_focused()
        return kept.value

    @property
    def elsewhere(self) -> list[str]:
        """Requests to anything but the page's own origin."""
        return [url for url in self.requests if not url.startswith((self.address + "/", "data:", "blob:"))]

    def shows(self, part: str, shown: bool = True) -> None:
        """Waits until an element of the source pane is in sight, or no longer is: a pane may still be scrolling."""
        self.page.wait_for_function(IN_SIGHT, arg=[part, shown])

    def never_scrolls_sideways(self) -> None:
        """Waits until the page is no wider than its window."""
        self.page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")

    def settle(self) -> None:
        """Waits until what was put into the page before has been fetched, refused or run."""
        self.page.evaluate(SETTLED)
