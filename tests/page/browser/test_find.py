"""The Find view in a real browser: with the keyboard, in a narrow window, in the dark, and with hostile documents."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.helpers import ingest, write
from tests.page.browser.test_list import faults
from tests.page.browser.visiting import Visit
from tests.page.fake_qa import served
from tests.page.seen import NASTY
from tests.promises.helpers import open_qa

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::Warning:gradio.queueing")]

LONG = "".join(f"Ship number {n} came in. {'It carried grain and oil from far away. ' * 14}\n\n" for n in range(60))
LETTER = "A letter\nPublished on {}\n\nThe old ship was late again, and nobody on the quay knew why it was.\n"
WICKED = f"{NASTY}\n\nThe wicked {NASTY} sails, {'<img src=x onerror=window.__pwned=1>' * 9} and is gone.\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("find")
    letters = {f"letter-{n}.txt": LETTER.format(day) for n, day in enumerate(["1 May 2021", "9 June 2022"])}
    for name, text in {"long.txt": LONG, "wicked <b>.txt": WICKED, **letters}.items():
        write(folder / "documents", name, text)
    ingest(folder / "store", folder / "documents")
    return folder / "store"


@pytest.fixture
def address(store: Path) -> Iterator[str]:
    with open_qa(store) as qa, served(qa) as at:
        yield at


def test_words_are_found_narrowed_read_and_downloaded_with_the_keyboard(
    visit: Callable[..., Visit], axe: str, tmp_path: Path
) -> None:
    here = visit(color_scheme="dark")
    keys, title, rows = here.page.keyboard, here.page.locator(".v-finds-title"), here.page.locator(".v-mentions li")
    here.page.get_by_role("button", name="Find", exact=True).press("Enter")
    box = here.page.get_by_label("Words to find")
    expect(here.page.get_by_label("Your question")).to_be_hidden()
    assert faults(here, axe) == []
    box.focus()
    keys.type('"old ship')
    keys.press("Enter")
    expect(here.page.locator(".v-finds .v-warning")).to_contain_text("is not closed")
    expect(box).to_be_focused()
    box.fill("ship")
    keys.press("Enter")
    expect(title).to_have_text("62 passages in 3 documents")
    expect(here.page.locator("#v-said")).to_have_text("62 passages in 3 documents")  # for a screen reader
    expect(rows).to_have_count(25)
    assert faults(here, axe) == []
    here.page.get_by_role("button", name="Show more").press("Enter")
    expect(rows).to_have_count(50)
    expect(rows.nth(25).locator(".v-cite")).to_be_focused()
    keys.press("Enter")
    expect(here.page.locator(".v-source .v-mark")).to_have_text("Ship")
    expect(rows.nth(25).locator(".v-cite")).to_have_attribute("aria-current", "true")
    here.shows(".v-mark")
    here.page.get_by_role("button", name="Show more").press("Enter")
    expect(rows).to_have_count(62)
    expect(here.page.get_by_role("button", name="Show more")).to_have_count(0)

    here.page.get_by_label("Sort by").select_option("date")
    expect(rows.first).to_contain_text("letter-0.txt")
    here.page.get_by_role("button", name="2022-06-09 1").press("Enter")
    expect(title).to_have_text("1 passage in 1 document")
    expect(title).to_be_focused()
    expect(rows).to_contain_text("letter-1.txt")
    assert faults(here, axe) == []
    with here.page.expect_download() as loaded:
        here.page.get_by_role("button", name="Download all as CSV").press("Enter")
    loaded.value.save_as(tmp_path / "found.csv")
    with (tmp_path / "found.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert [(row["document"], row["found"]) for row in csv.DictReader(stream)] == [("letter-1.txt", "ship")]

    rows.get_by_role("button", name="Find more like this").press("Enter")
    expect(title).to_contain_text("like this one")
    expect(here.page.locator(".v-like q")).to_contain_text("The old ship was late again")
    here.page.get_by_role("button", name="Back to what was found").press("Enter")
    here.page.get_by_role("button", name="Date: 2022-06-09").press("Enter")
    expect(title).to_have_text("62 passages in 3 documents")
    expect(here.page.get_by_label("Sort by")).to_have_value("date")


def test_hostile_passages_in_a_narrow_window_stay_text(visit: Callable[..., Visit]) -> None:
    here = visit(width=390, height=844)
    here.page.get_by_role("button", name="Find", exact=True).click()
    here.never_scrolls_sideways()
    here.page.get_by_label("Words to find").fill("wicked sails OR evil OR script*")
    here.page.get_by_label("Words to find").press("Enter")
    first = here.page.locator(".v-mentions li").first
    expect(first).to_contain_text("<script>window.__pwned=1</script>")
    here.never_scrolls_sideways()
    first.locator(".v-cite").click()
    here.shows(".v-mark")
    here.never_scrolls_sideways()
    here.page.get_by_role("button", name="Back to the passages").click()
    expect(first.locator(".v-cite")).to_be_focused()
    expect(first.locator(".v-cite")).to_be_in_viewport()
    first.get_by_role("button", name="Find more like this").click()
    expect(here.page.locator(".v-finds-title")).to_contain_text("like this one")
    here.never_scrolls_sideways()
    here.settle()
    assert here.page.evaluate("window.__pwned") is None
    assert here.page.locator(":is(.v-finds, .v-source) :is(img, script)").count() == 0


def test_an_answers_quote_leads_to_passages_like_it(visit: Callable[..., Visit], store: Path) -> None:
    with open_qa(store) as qa:
        qa.threshold = 0.0
        with served(qa) as at:
            here = visit(at)
            answer = here.ask("Who was late?")
            answer.get_by_role("button", name="Find more like this").first.click()
            expect(here.page.locator(".v-finds-title")).to_contain_text("like this one")
            expect(here.page.get_by_role("button", name="Find", exact=True).first).to_have_attribute(
                "aria-pressed", "true"
            )
            here.page.get_by_role("button", name="Conversation", exact=True).click()
            expect(answer).to_be_visible()
