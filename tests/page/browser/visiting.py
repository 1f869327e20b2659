"""Somebody at the page: asks, and remembers what was requested and what went wrong."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

SHOWS = """(part) => {
    const pane = document.querySelector('.v-text').getBoundingClientRect();
    const it = document.querySelector('.v-text ' + part).getBoundingClientRect();
    return it.top >= Math.max(pane.top, 0) && it.bottom <= Math.min(pane.bottom, innerHeight);
}"""


class Visit:
    """A page opened in a browser, with everything it asked the network for and everything that went wrong in it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.requests: list[str] = []
        self.problems: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("dialog", lambda dialog: (self.problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("console", lambda line: self.problems.append(line.text) if line.type == "error" else None)
        page.goto(address)
        expect(page.locator(".v-source")).to_contain_text("document")  # what the store holds: the page has come to life

    def ask(self, question: str, button: bool = False) -> Locator:
        """Asks and returns the answer's element."""
        turns = self.page.locator(".v-turn").count()
        self.page.get_by_label("Your question").fill(question)
        if button:
            self.page.get_by_role("button", name="Ask", exact=True).click()
        else:
            self.page.keyboard.press("Enter")
        expect(self.page.locator(".v-turn")).to_have_count(turns + 1)  # it is there before its answer is
        expect(self.page.locator(".v-busy")).to_have_count(0)
        expect(self.page.locator(".v-log")).to_have_attribute("aria-busy", "false")
        return self.page.locator(".v-turn").last.locator(".v-answer")

    @property
    def elsewhere(self) -> list[str]:
        """Requests to anything but the page's own origin."""
        return [url for url in self.requests if not url.startswith((self.address + "/", "data:", "blob:"))]

    def shows(self, part: str) -> bool:
        """Whether an element of the source pane stands within the text's visible part, and that within the window."""
        return bool(self.page.evaluate(SHOWS, part))

    def comes_to_show(self, part: str) -> None:
        """Waits until it does: a pane may still be scrolling."""
        self.page.wait_for_function(SHOWS, arg=part)
