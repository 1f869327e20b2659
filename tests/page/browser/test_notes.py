"""Notes in a real browser: written on selected words with the keyboard, marked, listed, opened, removed, kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from qa.answering.qa import QA
from qa.answering.sentence_reader import SentenceReader
from qa.store.notes import read_notes
from tests.helpers import FakeEmbedder, ingest, write
from tests.page.browser.test_tools import WICKED
from tests.page.browser.visiting import Visit
from tests.page.fake_qa import served

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::Warning:gradio.queueing")]

LINES = "\n".join(f"Line {n} of a long log that nobody reads." for n in range(1500))
TEXT = (
    f"The engine report\n\nThe engine cost 310,000 euros, {WICKED} says the province.\n\n{LINES}\nThe very last line.\n"
)

SELECT = """(words) => {
    const walk = document.createTreeWalker(document.querySelector('.v-text'), NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const at = walk.currentNode.data.indexOf(words), range = document.createRange();
        if (at < 0) continue;
        range.setStart(walk.currentNode, at);
        range.setEnd(walk.currentNode, at + words.length);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        return true;
    }
    return false;
}"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    write(tmp_path / "documents", "engine.txt", TEXT)
    write(tmp_path / "documents", "other.txt", "The ferry\n\nThe ferry leaves at nine.\n")
    ingest(tmp_path / "store", tmp_path / "documents")
    return tmp_path / "store"


@pytest.fixture
def address(store: Path) -> Iterator[str]:
    embedder = FakeEmbedder()
    with QA(store, embedder, SentenceReader(embedder), 0.0) as opened, served(opened) as at:
        yield at


def write_note(page: Page, words: str, text: str, tags: str) -> None:
    """Writes a note with the keyboard; words: to select first."""
    if words:
        assert page.evaluate(SELECT, words)
    else:
        page.evaluate("getSelection().removeAllRanges()")
    page.get_by_role("button", name="Write a note").press("Enter")
    expect(page.get_by_label("Note", exact=True)).to_be_focused()
    page.keyboard.type(text)
    page.keyboard.press("Tab")
    page.keyboard.type(tags)
    page.keyboard.press("Enter")
    expect(page.locator(".v-note-form")).to_be_hidden()


def no_faults(page: Page, axe: str) -> None:
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [f"{f['id']}: {f['nodes'][0]['html'][:200]}" for f in found if f["impact"] in ("serious", "critical")] == []


def removed(item: Locator) -> None:
    button = item.get_by_role("button", name="Remove this note")
    button.click()
    expect(button).to_have_text("Really remove?")
    button.click()


def test_a_note_is_written_marked_found_again_and_removed(
    visit: Callable[..., Visit], store: Path, axe: str, tmp_path: Path
) -> None:
    here = visit(color_scheme="dark")
    page = here.page
    here.ask("How much did the engine cost?")
    here.shows(".v-mark")
    write_note(page, "cost 310,000", f"Who says?\n{WICKED}", f"money, {WICKED[:30]}")
    expect(page.locator(".v-noted").first).to_be_visible()
    assert "".join(page.locator(".v-noted").all_text_contents()) == "cost 310,000"
    expect(page.locator("[data-note]")).to_be_focused()
    expect(page.locator("[data-note]")).to_contain_text("<img src=x onerror=window.__pwned=1>")
    write_note(page, "", "The whole report.", "")
    expect(page.locator("[data-note]")).to_have_count(2)
    page.locator(".v-noted").first.click()
    expect(page.locator("[data-note]").last).to_be_focused()
    no_faults(page, axe)
    whole, words = read_notes(store)
    assert (whole.quote, words.quote, words.tags[0]) == ("", "cost 310,000", "money")
    assert TEXT[words.start : words.end] == words.quote

    page.reload()  # marked again with the conversation that comes back, and listed without it
    here.comes_up()
    drawer = here.open_documents()
    drawer.locator(".v-notes-all > summary").press("Enter")
    expect(drawer.locator("[data-note]")).to_have_count(2)
    drawer.get_by_label("Words").fill("WHO says")
    expect(drawer.locator("[data-note]")).to_have_count(1)
    no_faults(page, axe)
    with page.expect_download() as kept:
        drawer.get_by_role("button", name="Keep these notes").click()
    kept.value.save_as(tmp_path / "notes.jsonld")
    (item,) = json.loads((tmp_path / "notes.jsonld").read_text())["first"]["items"]
    assert item["target"]["selector"][0]["exact"] == "cost 310,000"
    drawer.locator(".v-note-open").press("Enter")
    here.drawer_closes()
    expect(page.locator(".v-text .v-mark")).to_have_text("cost 310,000")
    expect(page.get_by_role("button", name="The answer is this")).to_have_count(0)
    page.locator(".v-notes-list > summary").click()
    removed(page.locator("[data-note]").last)
    expect(page.locator(".v-noted")).to_have_count(0)
    expect(page.locator("[data-note]")).to_have_count(1)
    assert [note.text for note in read_notes(store)] == ["The whole report."]
    here.settle()
    assert page.evaluate("window.__pwned") is None
    assert page.locator(":is(.v-source, .v-drawer) :is(img, script)").count() == 0


def test_notes_and_the_forms_to_keep_are_at_hand_on_a_narrow_screen(
    visit: Callable[..., Visit], store: Path, tmp_path: Path
) -> None:
    here = visit(width=390, height=844)
    page = here.page
    here.ask("How much did the engine cost?")
    for form, ending in (("Web Annotations (JSON-LD)", "jsonld"), ("CSL-JSON", "csl.json"), ("BibTeX", "bib")):
        kept = here.keep(form)
        kept.save_as(tmp_path / "kept")
        assert kept.suggested_filename == f"questions-and-answers.{ending}"
        assert "The engine report" in (tmp_path / "kept").read_text("utf-8")
    here.never_scrolls_sideways()
    page.get_by_role("button", name="Write a note").click()
    page.get_by_role("button", name="Keep this note").click()
    expect(page.locator(".v-note-form .v-warning")).to_contain_text("the note is empty")
    page.get_by_label("Note", exact=True).press("Escape")
    expect(page.locator(".v-note-form")).to_be_hidden()
    write_note(page, "the province", "x" * 300, "t" * 50)
    here.never_scrolls_sideways()
    assert [note.quote for note in read_notes(store)] == ["the province"]
