"""The List view in a real browser: with the keyboard, in a narrow window, in the dark, and with hostile documents."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import APIResponse, Route, expect

from qa.answering.qa import clean
from tests.page.browser.visiting import Visit, until
from tests.page.fake_qa import FakeQA, document_of, served
from tests.page.seen import NASTY

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::Warning:gradio.queueing")]

GATE = "Gate three stopped at 22:37 with 1.4 metres still to go."
COST, LATER = "The repair cost 310,000 euros.", "The repair cost 340,000 euros."
WHEN, MUCH, WHO = "When did gate three stop?", "How much did the repair cost?", "Who won the elections in Peru?"
WICKED = f"It is {NASTY} indeed."


@pytest.fixture
def qa() -> FakeQA:
    documents = [
        document_of("night/report-of-the-night.txt", f"Night\n\n{GATE}\n", "Report of the night", "2024-03-13"),
        document_of("cost.txt", f"Cost\n\n{COST}\n", "What it cost", "2024-05-01"),
        document_of(f"{NASTY}.txt", f"{NASTY}\n\n{WICKED}\n", NASTY),
    ]
    answers = {
        WHEN: [("night/report-of-the-night.txt", GATE, "22:37")],
        MUCH: [("cost.txt", COST, "310,000 euros")],
        clean(f"{NASTY}?"): [(f"{NASTY}.txt", WICKED, NASTY)],
    }
    return FakeQA(documents, answers)


@pytest.fixture
def address(qa: FakeQA) -> Iterator[str]:
    with served(qa) as at:
        yield at


def faults(here: Visit, axe: str) -> list[str]:
    here.page.evaluate(axe)
    found = here.page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in ("serious", "critical")
    ]


def test_a_list_is_asked_read_and_asked_again_with_the_keyboard(
    visit: Callable[..., Visit], qa: FakeQA, axe: str, tmp_path: Path
) -> None:
    here = visit(color_scheme="dark")
    keys, said = here.page.keyboard, here.page.locator(".v-list-said")
    here.page.get_by_role("button", name="List", exact=True).press("Enter")
    box = here.page.get_by_label("Questions, one a line")
    expect(box).to_be_visible()
    expect(here.page.get_by_label("Your question")).to_be_hidden()
    assert faults(here, axe) == []
    box.focus()
    keys.press("Tab")
    keys.press("Enter")
    expect(here.page.locator(".v-list .v-warning")).to_contain_text("the list holds no questions")
    expect(box).to_be_focused()
    given = {
        "name": "q.csv",
        "mimeType": "text/csv",
        "buffer": f"question;id\r\n{WHEN};a\r\n{MUCH};b\r\n{WHO};c\r\n".encode(),
    }
    here.page.locator(".v-list input[type=file]").set_input_files([given])  # type: ignore[list-item]
    expect(box).to_have_value(f"question;id\n{WHEN};a\n{MUCH};b\n{WHO};c\n")

    qa.quick |= {"Is anybody there?", MUCH}
    qa.go_on.clear()  # the list waits at its first question, and a single one is answered meanwhile
    box.focus()
    keys.press("Tab")
    keys.press("Enter")
    expect(here.page.locator(".v-list-title")).to_have_text("3 questions")
    expect(here.page.locator(".v-list-title")).to_be_focused()
    expect(said).to_contain_text("3 to go")
    here.page.get_by_role("button", name="Conversation", exact=True).press("Enter")
    expect(here.ask(MUCH)).to_contain_text("310,000 euros")
    here.page.get_by_role("button", name="List", exact=True).press("Enter")
    expect(said).to_contain_text("0 answered, 0 without an answer, 3 to go")
    qa.go_on.set()
    expect(said).to_have_text("2 answered, 1 without an answer.")
    expect(here.page.locator("#v-said")).to_have_text("2 answered, 1 without an answer.")  # for a screen reader
    rows = here.page.locator(".v-table tbody tr")
    expect(rows).to_have_count(3)
    rows.nth(1).get_by_role("button", name="[1]").press("Enter")
    expect(here.page.locator(".v-text .v-mark")).to_have_text("310,000 euros")
    expect(rows.nth(1).get_by_role("button", name="[1]")).to_have_attribute("aria-current", "true")
    assert faults(here, axe) == []

    qa.documents["cost.txt"] = document_of("cost.txt", f"Cost\n\n{LATER}\n", "What it cost", "2024-06-01")
    qa.answers[MUCH] = [("cost.txt", LATER, "340,000 euros")]
    here.page.reload()
    here.comes_up()
    here.page.get_by_role("button", name="List", exact=True).press("Enter")
    expect(here.page.locator(".v-list-head")).to_contain_text("The documents have changed since")
    here.page.get_by_role("button", name="Ask all again").press("Enter")
    expect(said).to_have_text("2 answered, 1 without an answer. Against the run before: 1 changed.")
    here.page.get_by_label("Show").select_option("change")
    expect(rows.filter(visible=True)).to_have_count(1)
    expect(rows.nth(1)).to_contain_text("310,000 euros in cost.txt")
    expect(rows.nth(1).locator("blockquote mark")).to_have_text("340,000 euros")
    assert faults(here, axe) == []
    with here.page.expect_download() as loaded:
        here.page.get_by_role("button", name="XLSX").press("Enter")
    loaded.value.save_as(tmp_path / "answers.xlsx")
    sheet = load_workbook(tmp_path / "answers.xlsx").active
    assert [row[3].value for row in sheet.iter_rows(min_row=2)] == ["22:37", "340,000 euros", None]  # type: ignore[union-attr]

    clear = here.page.locator("[data-act=clear]")
    clear.press("Enter")
    expect(clear).to_have_text("Really forget this list?")
    keys.press("Tab")  # goes elsewhere, which takes it back
    expect(clear).to_have_text("New list")
    for label in ("Really forget this list?", "Ask them"):
        clear.press("Enter")
        expect(here.page.locator(".v-list-acts button").last).to_have_text(label)
    expect(box).to_be_visible()


def test_a_list_that_arrives_late_does_not_undo_what_was_fetched_since(visit: Callable[..., Visit], qa: FakeQA) -> None:
    here = visit()
    page, said = here.page, here.page.locator(".v-list-said")
    page.get_by_role("button", name="List", exact=True).click()
    page.get_by_label("Questions, one a line").fill(f"{WHEN}\n{MUCH}")
    qa.go_on = turns = Turns()
    page.get_by_role("button", name="Ask them").click()
    expect(said).to_have_text("0 answered, 0 without an answer, 2 to go.")
    turns.release()
    expect(said).to_have_text("1 answered, 0 without an answer, 1 to go.")
    held: list[tuple[Route, APIResponse]] = []
    page.route("**/run/predict**", lambda route: held.append((route, route.fetch())))
    page.get_by_role("button", name="List", exact=True).click()
    until(page, lambda: bool(held))
    turns.release()
    expect(said).to_have_text("2 answered, 0 without an answer.")
    page.evaluate(SEEN)
    ((route, response),) = held
    route.fulfill(response=response)
    page.wait_for_function("window.seen.some((said) => said.includes('1 to go'))")  # for a moment it is as it was
    expect(said).to_have_text("2 answered, 0 without an answer.")
    expect(page.locator(".v-table blockquote")).to_have_count(2)


def test_a_program_that_does_not_answer_is_named(visit: Callable[..., Visit], qa: FakeQA) -> None:
    here = visit()
    here.page.get_by_role("button", name="List", exact=True).click()
    here.page.get_by_label("Questions, one a line").fill(f"{WHEN}\n{MUCH}\n")
    qa.go_on.clear()
    here.page.get_by_role("button", name="Ask them").click()
    expect(here.page.locator(".v-list-said")).to_contain_text("2 to go")
    here.page.route("**/component_server**", lambda route: route.abort())
    problem = here.page.locator(".v-list-problem")
    expect(problem).to_have_text("The program does not answer; it is tried again every three seconds.")
    here.page.unroute("**/component_server**")
    qa.go_on.set()
    expect(here.page.locator(".v-list-said")).to_have_text("2 answered, 0 without an answer.")
    expect(problem).to_be_hidden()
    here.problems.clear()  # the browser reports what was cut off


class Turns(threading.Event):
    """Lets one waiting question go on at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.left = threading.Semaphore(0)

    def wait(self, timeout: float | None = None) -> bool:
        return self.left.acquire(timeout=timeout)

    def release(self) -> None:
        self.left.release()


# Records how far the list has been said to be.
SEEN = """() => {
    const head = document.querySelector('.v-list-head'), note = () => window.seen.push(head.textContent);
    window.seen = [];
    new MutationObserver(note).observe(head, {subtree: true, childList: true, characterData: true});
}"""


def test_a_list_in_a_narrow_window_with_hostile_text(visit: Callable[..., Visit]) -> None:
    here = visit(width=390, height=844)
    here.page.get_by_role("button", name="List", exact=True).click()
    here.page.get_by_label("Questions, one a line").fill(
        f"{NASTY}?\n{WHEN}\n{'<img src=x onerror=window.__pwned=1>' * 9}"
    )
    here.never_scrolls_sideways()
    here.page.get_by_role("button", name="Ask them").click()
    expect(here.page.locator(".v-list-said")).to_have_text("2 answered, 1 without an answer.")
    here.never_scrolls_sideways()
    second = here.page.locator(".v-table tbody tr").nth(1)
    second.get_by_role("button", name="[1]").click()
    here.shows(".v-mark")
    here.page.get_by_role("button", name="Back to the answer").click()
    expect(second.get_by_role("button", name="[1]")).to_be_focused()
    expect(second).to_be_in_viewport()
    here.page.locator(".v-table tbody tr").first.get_by_role("button", name="[1]").click()
    expect(here.page.locator(".v-text")).to_contain_text("<script>window.__pwned=1</script>")
    here.page.get_by_text("Nearest passages").click()
    here.never_scrolls_sideways()
    here.settle()
    assert here.page.evaluate("window.__pwned") is None
    assert here.page.locator(":is(.v-list, .v-source) :is(img, script)").count() == 0
