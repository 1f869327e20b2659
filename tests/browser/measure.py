"""How long the page takes, in a real browser: python tests/browser/measure.py

From Enter to the answer on the page beside `QA.ask` itself (here a fixed 0.2 s), and from the click on a citation to
its place in a document of 1,000 pages. Medians, with the quickest and the slowest of the tries.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from browser.conftest import ARGUMENTS
from browser.fake_qa import FakeQA, document_of, served
from qa.answering import Earlier
from qa.types import Answer, Within

TRIES = 9
ASKING = 0.2  # seconds
PAGE = "\n".join(f"This is line {n} of a page that is about nothing in particular, and long." for n in range(42))
TEXT = "\n".join(f"Page {n} begins here. {PAGE}" for n in range(1000))

STARTED = """() => {
    for (const kind of ['keydown', 'mousedown'])
        document.addEventListener(kind, () => { window.__started = performance.now(); }, true);
    new MutationObserver(() => {
        const log = document.querySelector('.v-log'), turns = document.querySelectorAll('.v-turn').length;
        const done = log && log.getAttribute('aria-busy') === 'false' ? turns : 0;
        if (done !== window.__turns) [window.__turns, window.__answered] = [done, performance.now()];
    }).observe(document.body, {subtree: true, childList: true, attributes: true});
}"""

# Seconds from the last key or click to the moment at which what is waited for has been drawn.
TIMED = """async (done) => {
    const frame = () => new Promise(requestAnimationFrame);
    while (!eval(done)) await frame();
    await frame();
    return (performance.now() - window.__started) / 1000;
}"""


class Slow(FakeQA):
    """A store that takes its time."""

    def ask(self, question: str, history: Sequence[Earlier] = (), within: Within | None = None) -> Answer:
        time.sleep(ASKING)
        return super().ask(question, history, within)


def asked(page: Page, number: int) -> float:
    """Seconds from Enter to the answer, less the asking itself."""
    page.wait_for_timeout(500)  # the page takes no second question before the first one is put away
    page.get_by_label("Your question").fill("Where is it?")
    page.keyboard.press("Enter")
    page.wait_for_timeout(1500)
    assert page.evaluate("window.__turns") == number
    return float(page.evaluate("(window.__answered - window.__started) / 1000")) - ASKING


def opened(page: Page, number: int, words: str) -> float:
    """Seconds from the click on a citation of the last answer to its words, marked and in sight."""
    button = page.locator(".v-turn").last.locator(f".v-cite[data-number='{number}']")
    done = f"""(() => {{
        const mark = document.querySelector('.v-text .v-mark'), box = document.querySelector('.v-text');
        if (!mark || mark.textContent !== {words!r}) return false;
        const a = mark.getBoundingClientRect(), b = box.getBoundingClientRect();
        return a.top >= b.top && a.bottom <= b.bottom;
    }})()"""
    button.click()
    return float(page.evaluate(TIMED, done))


def told(what: str, seconds: Sequence[float]) -> str:
    return (
        f"{what}: {statistics.median(seconds):.3f} s ({min(seconds):.3f} to {max(seconds):.3f}, {len(seconds)} tries)"
    )


def main() -> None:
    where = [f"Page {n} begins here." for n in (3, 500, 997)]
    document = document_of("large.txt", TEXT, "A large document", None, tuple(range(0, len(TEXT), len(TEXT) // 1000)))
    qa = Slow([document], {"Where is it?": [("large.txt", words, words) for words in where]})
    with served(qa) as at, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        page.goto(at)
        page.locator(".v-sources").wait_for()
        page.evaluate(STARTED)
        enter = [asked(page, number + 1) for number in range(TRIES)]
        page.locator(".v-turn").last.locator(".v-more > summary").click()
        clicks = [opened(page, number % 3, where[number % 3]) for number in range(1, TRIES + 1)]
        chromium.close()
    print(f"{len(TEXT):,} characters, 1,000 pages")
    print(told("Enter to answer, beside QA.ask", enter))
    print(told("click on a citation to its place", clicks))


if __name__ == "__main__":
    main()
