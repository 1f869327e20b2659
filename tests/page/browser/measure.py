"""How long the page takes, in a real browser: python -m tests.page.browser.measure STORE QUESTIONS.jsonl

From Enter to the answer on the page, beside `QA.ask` inside that very call; and from the click on a citation to its
place in a PDF of 1,000 pages. Medians, with the quickest and the slowest of the tries. STORE is a real store, read with
its own models; of the gold questions the first TRIES without a history are asked, after one that loads the models.
"""

from __future__ import annotations

import io
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from reportlab.pdfgen.canvas import Canvas

from eval.gold import load_gold
from qa.answering.followups import Earlier
from qa.answering.qa import QA
from qa.answering.sentence_reader import SentenceReader
from qa.types import Answer, Hit, Span, Within
from tests.helpers import FakeEmbedder, ingest
from tests.page.browser.conftest import ARGUMENTS, NAMES
from tests.page.fake_qa import served

TRIES = 12
PAGES, LINES = 1000, 42
ON = (3, 500, 997)  # the pages that are cited

TIMING = """() => {
    for (const kind of ['keydown', 'mousedown'])
        document.addEventListener(kind, () => { window.started = performance.now(); }, true);
}"""

# Seconds from the last key or click to the frame that shows what is waited for.
SHOWN = """async (done) => {
    const shows = new Function('return ' + done), until = performance.now() + 60000;
    while (!shows()) {
        if (performance.now() > until) throw new Error('it never came: ' + done);
        await new Promise(requestAnimationFrame);
    }
    await new Promise(requestAnimationFrame);
    return (performance.now() - window.started) / 1000;
}"""


def shown(page: Page, done: str) -> float:
    return float(page.evaluate(SHOWN, done))


# ---- from Enter to the answer ----


class Timed(QA):
    """Remembers how long the last question took."""

    took = 0.0

    def ask(self, question: str, history: Sequence[Earlier] = (), within: Within | None = None) -> Answer:
        started = time.perf_counter()
        try:
            return super().ask(question, history, within)
        finally:
            self.took = time.perf_counter() - started


def asking(page: Page, qa: Timed, questions: Sequence[str]) -> list[tuple[float, float]]:
    """(seconds on the page, seconds of QA.ask) of each question but the first, in one conversation."""
    box, times = page.get_by_label("Your question"), []
    for number, question in enumerate(questions, start=1):
        box.fill(question)
        page.keyboard.press("Enter")
        done = (
            f"document.querySelectorAll('.v-turn').length === {number} && !document.querySelector('.v-busy') "
            "&& document.querySelector('.v-log').getAttribute('aria-busy') === 'false'"
        )
        times.append((shown(page, done), qa.took))
        page.wait_for_timeout(300)
    return times[1:]


# ---- from a citation to its place ----


def sentence(number: int) -> str:
    return f"The keeper of lock {number} wrote this page, and nobody else did."


def large_pdf() -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842))
    for page in range(1, PAGES + 1):
        canvas.setFont("Helvetica", 10)
        for line in range(LINES):  # not at the page's edge, where what returns on every page is left out
            noted = f"On day {page * LINES + line} ships passed, and nobody noted any more than that in this book."
            canvas.drawString(72, 790 - 17 * line, sentence(page) if line == LINES // 2 else noted)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


class Citing(QA):
    """Answers any question with the sentences of three pages."""

    def ask(self, question: str, history: Sequence[Earlier] = (), within: Within | None = None) -> Answer:
        name = self.sources()[0].name
        document = self.document(name)
        assert document is not None
        spans = []
        for number in ON:
            words = sentence(number)
            start = document.text.index(words)
            end = start + len(words)
            assert document.source.page_at(start) == number
            hit = Hit(self.passages_within(name, start, end)[0], 0.03)
            spans.append(Span(hit, start, end, start, end, 0.9))
        return Answer(question, 0.9, tuple(spans), tuple(span.hit for span in spans))


def opening(page: Page) -> list[float]:
    """Seconds from the click on a citation to its words, marked and in sight."""
    box = page.get_by_label("Your question")
    box.fill("Who wrote this?")
    box.press("Enter")
    page.locator(".v-more > summary").click()
    times = []
    for number in range(1, TRIES + 1):
        words = sentence(ON[number % len(ON)])
        page.locator(f".v-cite[data-number='{number % len(ON)}']").click()
        done = f"""(() => {{
            const mark = document.querySelector('.v-text .v-mark'), text = document.querySelector('.v-text');
            if (!mark || mark.textContent !== {words!r}) return false;
            const a = mark.getBoundingClientRect(), b = text.getBoundingClientRect();
            return a.top >= b.top && a.bottom <= b.bottom;
        }})()"""
        times.append(shown(page, done))
        page.wait_for_timeout(300)
    return times


# ---- all of it ----


def told(what: str, seconds: Sequence[float], form: str = "{:.3f}") -> None:
    low, middle, high = (form.format(at(seconds)) for at in (min, statistics.median, max))
    print(f"{what}: median {middle} ({low} to {high}), {len(seconds)} tries")


def main(store: str, gold: str) -> None:
    questions = [one.question for one in load_gold(Path(gold)) if not one.history][: TRIES + 1]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as made:
        path = next(filter(None, map(shutil.which, NAMES)), None)
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)

        def visited(at: str) -> Page:
            page = chromium.new_page(viewport={"width": 1280, "height": 800})
            page.goto(at)
            page.locator(".v-sources").wait_for()
            page.evaluate(TIMING)
            return page

        with Timed.open(store) as qa, served(qa) as at:
            assert isinstance(qa, Timed)
            times = asking(visited(at), qa, questions)
        told("QA.ask, s", [took for _, took in times])
        told("Enter to the answer, s", [seen for seen, _ in times])
        told("more than QA.ask, s", [seen - took for seen, took in times])
        told("ratio", [seen / took for seen, took in times], "{:.2f}")

        folder = Path(made) / "documents"
        folder.mkdir()
        (folder / "large.pdf").write_bytes(large_pdf())
        ingest(Path(made) / "store", folder)
        embedder = FakeEmbedder()
        with Citing(Path(made) / "store", embedder, SentenceReader(embedder), 0.3) as citing, served(citing) as at:
            document = citing.document(citing.sources()[0].name)
            assert document is not None
            print(f"{len(document.source.pages):,} pages, {len(document.text):,} characters")
            told("a click to its place, s", opening(visited(at)))
        chromium.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
