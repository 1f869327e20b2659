"""The page's tools in a real browser: reading on, finding, undoing, keeping, teaching, documents, keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from eval import gold
from qa.answering.qa import QA
from qa.answering.sentence_reader import SentenceReader
from qa.cli import main
from qa.page.export import Asked, export_facts, to_html
from qa.store.feedback import FEEDBACK_FILE
from qa.types import Answer
from tests.helpers import DOCUMENTS, FakeEmbedder, ingest, write
from tests.page.browser.visiting import Visit
from tests.page.fake_qa import FakeQA, document_of, served

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::Warning:gradio.queueing")]

GATE = "Gate three stopped at 22:37 with 1.4 metres still to go."
LINES = "\n".join(f"Line {n} of a long, long log that nobody reads from beginning to end." for n in range(3000))
LONG = f"{LINES}\n{GATE}\n{LINES}\nThe very last line.\n"
PAGES = tuple(range(0, len(LONG), 2500))
ONE, TWO = "It cost 310,000 euros.", "It cost 340,000 euros, says the province."


@pytest.fixture(scope="module")
def qa() -> FakeQA:
    documents = [
        document_of("long.txt", LONG, "A long log", None, PAGES),
        document_of("one.txt", f"Engine\n\n{ONE}\n", "The engine", "2024-03-13"),
        document_of("two.txt", f"Engine\r\n\r\nHid\u200bden: {TWO}\r\n", "The engine again", "2024-03-14"),
    ]
    answers = {
        "When did gate three stop?": [("long.txt", GATE, "22:37")],
        "How much did the engine cost?": [("one.txt", ONE, "310,000 euros"), ("two.txt", TWO, "340,000 euros")],
    }
    return FakeQA(documents, answers)


@pytest.fixture(scope="module")
def address(qa: FakeQA) -> Iterator[str]:
    with served(qa) as at:
        yield at


# ---- the source ----


def test_a_large_document_is_read_on_by_parts(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask("When did gate three stop?")
    text = here.page.locator(".v-text")
    parts = text.locator(".v-part")
    here.shows(".v-mark")
    assert text.evaluate("it => it.textContent.length") < 25_000
    for count in (2, 3):
        text.evaluate("it => { it.scrollTop = it.scrollHeight; }")
        expect(parts).to_have_count(count)
    text.evaluate("it => { it.scrollTop = 0; }")
    expect(parts).to_have_count(4)
    parted = parts.evaluate_all(
        "all => all.map((it) => [Number(it.dataset.start), Number(it.dataset.end), it.textContent])"
    )
    assert [a[1] for a in parted[:-1]] == [b[0] for b in parted[1:]]
    assert [part for _, _, part in parted] == [LONG[a:b] for a, b, _ in parted]
    assert text.locator(".v-page").count() >= 10
    assert text.locator(".v-page").first.get_attribute("aria-label") is not None


def test_words_are_found_in_a_large_document(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask("When did gate three stop?")
    query, count = here.page.get_by_label("Find in this document"), here.page.locator(".v-found-count")
    here.shows(".v-mark")
    query.fill("line 17 OF")
    query.press("Enter")
    expect(count).to_have_text("2 of 2")  # the first one after what stands on the screen
    expect(here.page.locator(".v-found-now")).to_have_text("Line 17 of")
    here.shows(".v-found-now")
    query.press("Enter")
    expect(count).to_have_text("1 of 2")
    here.shows(".v-found-now")
    query.press("Shift+Enter")
    expect(count).to_have_text("2 of 2")
    query.fill("<img src=x> ${7*191}")
    query.press("Enter")
    expect(count).to_have_text("not found")


def test_documents_that_differ_stand_side_by_side_and_are_stepped_through(visit: Callable[..., Visit]) -> None:
    here = visit()
    answer = here.ask("How much did the engine cost?")
    expect(answer.locator(".v-differ")).to_contain_text("The documents differ")
    expect(answer.locator(".v-differ figure")).to_have_count(2)
    here.page.wait_for_function("""() => {
        const figures = [...document.querySelectorAll('.v-differ figure')];
        const [left, right] = figures.map((it) => it.getBoundingClientRect());
        return left && right && left.top === right.top && right.left >= left.right;
    }""")
    here.page.get_by_role("button", name="Next citation").click()
    expect(here.page.locator(".v-text .v-mark")).to_have_text("340,000 euros")
    expect(answer.get_by_role("button", name="[2]")).to_have_attribute("aria-current", "true")
    here.page.get_by_role("button", name="Previous citation").click()
    expect(here.page.locator(".v-text .v-mark")).to_have_text("310,000 euros")


# ---- the conversation ----


def test_a_follow_up_says_how_it_was_read_and_can_be_undone(visit: Callable[..., Visit], qa: FakeQA) -> None:
    here = visit()
    here.ask("When did gate three stop?")
    answer = here.ask("And why?")
    expect(answer.locator(".v-read-as")).to_contain_text("understood as: And why? (gate three stop)")
    answer.get_by_role("button", name="read as it stands").click()
    undone = here.page.get_by_role("button", name="read as a follow-up")
    expect(undone).to_be_visible()
    assert qa.asked[-1] == ("And why?", [])
    here.idle()
    undone.click()
    expect(here.page.get_by_role("button", name="read as it stands")).to_be_visible()
    assert qa.asked[-1] == ("And why?", ["When did gate three stop?"])
    expect(here.page.locator(".v-turn")).to_have_count(2)


def test_a_conversation_survives_a_reload_and_ends_with_a_new_one(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask("When did gate three stop?")
    here.ask("Who won?")
    here.page.reload()
    expect(here.page.locator(".v-turn")).to_have_count(2)
    expect(here.page.locator(".v-turn").first.locator("blockquote mark")).to_have_text("22:37")
    here.page.locator(".v-turn").first.get_by_role("button", name="[1]").click()
    expect(here.page.locator(".v-text .v-mark")).to_have_text("22:37")
    here.page.get_by_role("button", name="New conversation").click()
    expect(here.page.locator(".v-turn")).to_have_count(0)
    here.page.reload()
    here.comes_up()
    expect(here.page.locator(".v-turn")).to_have_count(0)


def test_a_duplicated_tab_goes_on_with_a_conversation_of_its_own(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask("How many people had to leave their homes?")
    with here.page.expect_popup() as opened:
        here.page.evaluate("window.open(location.href)")  # with a copy of this tab's session storage
    there = Visit(opened.value, here.page.url)
    expect(there.page.locator(".v-turn")).to_have_count(1)
    tokens = {tab.evaluate("sessionStorage.getItem('verbatim')") for tab in (here.page, there.page)}
    assert len(tokens) == 2
    there.ask("How high is the tower?")
    here.ask("When was the lamp of the lighthouse built?")
    for tab, said in ((here.page, "lighthouse"), (there.page, "tower")):
        before = tab.evaluate("sessionStorage.getItem('verbatim')")
        tab.reload()
        expect(tab.locator(".v-turn")).to_have_count(2)
        expect(tab.locator(".v-asked").last).to_contain_text(said)
        assert tab.evaluate("sessionStorage.getItem('verbatim')") == before


def test_two_people_have_two_conversations(visit: Callable[..., Visit], qa: FakeQA) -> None:
    one, other = visit(), visit()
    one.ask("When did gate three stop?")
    other.ask("And why?")
    assert qa.asked[-1] == ("And why?", [])
    one.ask("And why?")
    assert qa.asked[-1] == ("And why?", ["When did gate three stop?"])
    expect(other.page.locator(".v-turn")).to_have_count(1)


def test_a_slow_question_does_not_block_another_one(visit: Callable[..., Visit], qa: FakeQA) -> None:
    one, other = visit(), visit()
    qa.go_on.clear()
    try:
        qa.quick.add("Who won?")
        one.page.get_by_label("Your question").fill("When did gate three stop?")
        one.page.get_by_label("Your question").press("Enter")
        expect(one.page.locator(".v-busy")).to_be_visible()
        expect(other.ask("Who won?")).to_contain_text("hold no answer")
        expect(one.page.locator(".v-busy")).to_be_visible()
    finally:
        qa.go_on.set()
        qa.quick.clear()
    expect(one.page.locator(".v-busy")).to_have_count(0)


def test_everything_can_be_done_with_the_keyboard(visit: Callable[..., Visit]) -> None:
    here = visit()
    keys = here.page.keyboard
    here.page.locator(".v-log").focus()
    keys.press("/")
    expect(here.page.get_by_label("Your question")).to_be_focused()
    keys.type("How much did the engine cost?")
    keys.press("Enter")
    second = here.page.locator(".v-turn").get_by_role("button", name="[2]")
    expect(second).to_be_visible()
    here.idle()
    for _ in range(30):
        keys.press("Shift+Tab")
        if second.evaluate("it => it === document.activeElement"):
            break
    expect(second).to_be_focused()
    expect(second).to_have_css("outline-style", "solid")
    keys.press("Enter")
    expect(here.page.locator(".v-text .v-mark")).to_have_text("340,000 euros")
    keys.press("Escape")
    expect(here.page.get_by_label("Your question")).to_be_focused()


# ---- keeping and teaching ----


# The button says so for a moment only.
COPIED = """() => new MutationObserver(() => {
    const labels = [...document.querySelectorAll('[data-copy]')].map((it) => it.textContent);
    if (labels.includes('Copied')) window.copied = true;
}).observe(document.body, {subtree: true, childList: true, characterData: true})"""


def test_an_answer_is_copied_with_its_citation(visit: Callable[..., Visit]) -> None:
    here = visit(permissions=["clipboard-read", "clipboard-write"])
    answer = here.ask("When did gate three stop?")
    here.page.evaluate(COPIED)
    answer.get_by_role("button", name="Copy").click()
    here.page.wait_for_function("window.copied")
    copied = here.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"\u201c{GATE}\u201d\nA long log, long.txt, page ")
    assert "SHA-256" in copied


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, Path]]:
    """The page over a real store, with a small model: its address, the store, the folder of its documents."""
    base = tmp_path_factory.mktemp("real")
    folder, store = base / "documents", base / "store"
    for name, text in DOCUMENTS.items():
        write(folder, name, text)
    ingest(store, folder)
    embedder = FakeEmbedder()
    with QA(store, embedder, SentenceReader(embedder), 0.3) as opened, served(opened) as at:
        yield at, store, folder


LAMP = "When was the lighthouse lamp built?"


@pytest.mark.parametrize("form", ["HTML", "Markdown"])
def test_a_kept_conversation_is_verified_and_a_changed_one_is_not(
    visit: Callable[..., Visit], real: tuple[str, Path, Path], form: str, tmp_path: Path
) -> None:
    at, store, _ = real
    here = visit(at)
    here.ask(LAMP)
    kept = here.keep(form)
    path = tmp_path / kept.suggested_filename
    kept.save_as(path)
    assert main(["verify", "--export", str(path), "--store", str(store)]) == 0
    path.write_text(path.read_text("utf-8").replace("1887", "1987"), "utf-8")
    assert main(["verify", "--export", str(path), "--store", str(store)]) == 6


def test_an_exported_page_fetches_and_runs_nothing(browser: Browser, tmp_path: Path) -> None:
    nasty = "<script>window.__x=1</script><img src=http://beacon.invalid/a.png onerror=window.__x=2>"
    answer = Answer(nasty, 0.1, (), (), lent=(nasty,))
    path = write(tmp_path, "kept.html", to_html(export_facts([Asked(nasty, answer)])))
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    assert page.evaluate("window.__x") is None
    assert asked == [path.as_uri()]
    page.close()


def test_the_original_file_is_a_download(
    visit: Callable[..., Visit], real: tuple[str, Path, Path], tmp_path: Path
) -> None:
    at, _, folder = real
    here = visit(at)
    here.ask(LAMP)
    with here.page.expect_download() as opened:
        here.page.get_by_role("link", name="Save it").click()
    opened.value.save_as(tmp_path / "it")
    assert opened.value.suggested_filename == "museum.html"
    assert (tmp_path / "it").read_bytes() == (folder / "museum.html").read_bytes()


def test_feedback_becomes_gold(visit: Callable[..., Visit], real: tuple[str, Path, Path], tmp_path: Path) -> None:
    at, store, _ = real
    here = visit(at)
    here.ask(LAMP).get_by_role("button", name="Right").first.click()
    expect(here.page.locator(".v-notice")).to_have_text("Noted as right.")
    answer = here.ask("Who will lend the lamp to a gallery?")
    answer.get_by_role("button", name="Wrong").first.click()
    expect(here.page.locator(".v-notice")).to_contain_text("Select the right words")
    teach = here.page.get_by_role("button", name="The answer is this")
    expect(teach).to_be_disabled()
    expect(here.page.locator(".v-text")).to_contain_text("harbour museum")
    here.page.evaluate(SELECT, "harbour museum")
    expect(teach).to_be_enabled()
    teach.click()
    expect(here.page.locator(".v-notice")).to_contain_text("harbour museum")
    to = tmp_path / "gold.jsonl"
    assert gold.main(["add", str(store / FEEDBACK_FILE), "--to", str(to), "--store", str(store)]) == 0
    rows = gold.load_gold(to)
    assert [row.question for row in rows] == [LAMP, "Who will lend the lamp to a gallery?"]
    assert [answer.text for answer in rows[1].answers] == ["harbour museum"]


SELECT = """(words) => {
    const walk = document.createTreeWalker(document.querySelector('.v-text'), NodeFilter.SHOW_TEXT);
    for (let node; (node = walk.nextNode());) {
        const at = node.data.indexOf(words);
        if (at >= 0) return getSelection().setBaseAndExtent(node, at, node, at + words.length);
    }
    throw new Error('not there');
}"""


def test_words_behind_hidden_characters_are_taught_as_they_stand(visit: Callable[..., Visit], qa: FakeQA) -> None:
    here = visit()
    here.ask("How much did the engine cost?").get_by_role("button", name="[2]").click()
    expect(here.page.locator(".v-text .v-mark")).to_have_text("340,000 euros")
    here.page.evaluate(SELECT, "Hidden")
    here.page.get_by_role("button", name="The answer is this").click()
    expect(here.page.locator(".v-notice")).to_contain_text("Noted")
    row = json.loads((qa.store / FEEDBACK_FILE).read_text("utf-8").splitlines()[-1])
    text = qa.documents["two.txt"].text
    assert row["answers"][0]["text"] == text[row["answers"][0]["start"] : row["answers"][0]["end"]] == "Hid\u200bden"


# ---- documents ----

WHALE = b"The whale\n\nA whale was seen off Kade pier by fishermen."


def test_a_file_is_added_asked_about_and_removed(visit: Callable[..., Visit], real: tuple[str, Path, Path]) -> None:
    at, store, folder = real
    here = visit(at)
    drawer = here.open_documents()
    expect(drawer.get_by_role("listitem")).to_have_count(5)
    drawer.locator("input[type=file]").set_input_files(
        [
            {"name": "whale.txt", "mimeType": "text/plain", "buffer": WHALE},
            {"name": "bad.exe", "mimeType": "text/plain", "buffer": b"MZ"},
        ]
    )  # fmt: skip
    expect(drawer).to_contain_text("bad.exe is of no type that is read")
    expect(drawer.get_by_role("listitem")).to_have_count(6)
    expect(drawer.locator(".v-job-place")).to_contain_text("1 added")
    expect(drawer).to_contain_text("bad.exe is of no type that is read")  # still
    here.page.keyboard.press("Escape")
    here.drawer_closes()
    expect(here.ask("Where was the whale seen?")).to_contain_text("A whale was seen off Kade pier")
    here.open_documents()
    button = drawer.get_by_role("button", name="Remove uploads/whale.txt")
    button.click()
    expect(button).to_have_text("Really remove?")
    button.click()
    expect(drawer.get_by_role("listitem")).to_have_count(5)
    expect(drawer.locator(".v-job-place")).to_contain_text("1 removed")
    drawer.get_by_role("button", name="Close").click()
    here.drawer_closes()
    expect(here.ask("Where was the whale seen by fishermen?")).not_to_contain_text("off Kade pier")
    assert not list((store / "uploads").iterdir())
    assert [problem for problem in here.problems if "415" not in problem] == []  # Chromium notes the refusal
    here.problems.clear()
    assert (folder / "bridge.txt").exists()


def test_a_question_is_put_to_chosen_documents(visit: Callable[..., Visit], real: tuple[str, Path, Path]) -> None:
    here = visit(real[0])
    expect(here.ask(LAMP)).to_contain_text("museum.html")
    here.open_documents().get_by_role("checkbox", name="Ask museum.html").uncheck()
    here.page.get_by_role("button", name="Ask these").click()
    here.drawer_closes()
    expect(here.page.locator(".v-within-note")).to_contain_text("Asking only 4 documents")
    restricted = here.ask(LAMP)
    expect(restricted).not_to_contain_text("museum.html")
    expect(restricted).to_contain_text("Asked only of 4 documents.")
    expect(restricted.get_by_role("button", name="Right, there is none")).to_have_count(0)
    here.page.reload()  # which documents are asked is remembered
    here.comes_up()
    expect(here.page.locator(".v-within-note")).to_contain_text("Asking only 4 documents")
    expect(here.ask(LAMP)).to_contain_text("Asked only of 4 documents.")
    here.page.locator(".v-within-note").get_by_role("button", name="Ask all").click()
    expect(here.page.locator(".v-within-note")).to_have_count(0)
    expect(here.ask(LAMP)).to_contain_text("museum.html")


def test_a_question_is_put_to_a_language_and_to_dates_by_keyboard(
    visit: Callable[..., Visit], real: tuple[str, Path, Path]
) -> None:
    here = visit(real[0])
    keys, note = here.page.keyboard, here.page.locator(".v-within-note")
    drawer = here.page.get_by_role("dialog", name="Documents")

    def opened() -> None:
        here.page.locator("#v-documents").press("Enter")
        expect(drawer.get_by_role("heading", name="documents")).to_be_focused()

    def named() -> set[str]:
        """The documents that the last answer names, or comes near in."""
        return set(here.page.locator(".v-turn").last.locator(".v-file").all_text_contents())

    opened()
    drawer.get_by_label("Language").press("n")  # a list's choice that begins so
    expect(drawer.get_by_label("Language")).to_have_value("nl")
    drawer.get_by_role("button", name="Ask these").press("Enter")
    here.drawer_closes()
    expect(note).to_contain_text("Asking only nl")
    here.page.get_by_label("Your question").focus()
    here.ask(LAMP)
    assert named() == {"dutch.md"}

    opened()
    expect(drawer.get_by_label("Language")).to_have_value("nl")  # it remembers
    drawer.get_by_label("Language").select_option("")
    drawer.get_by_label("from").fill("2023-06-01")
    drawer.get_by_label("to", exact=True).fill("2023-01-01")
    drawer.get_by_role("button", name="Ask these").press("Enter")
    expect(drawer).to_contain_text("the first date is later than the last one")
    expect(note).to_contain_text("Asking only nl")  # nothing has changed
    drawer.get_by_label("Language").select_option("")
    drawer.get_by_label("from").fill("2023-01-01")
    drawer.get_by_label("to", exact=True).fill("2023-03-31")
    drawer.get_by_role("checkbox", name="Ask bridge.txt").press("Space")
    drawer.get_by_role("button", name="Ask these").press("Enter")
    here.drawer_closes()
    expect(note).to_contain_text("Asking only 4 documents, from 2023-01-01, to 2023-03-31")
    here.page.get_by_label("Your question").focus()
    expect(here.ask(LAMP)).to_contain_text("built in 1887")
    assert named() == {"museum.html"}
    here.page.get_by_label("Your question").focus()
    here.ask("What will the bridge cost?")
    assert named() <= {"museum.html"}

    note.get_by_role("button", name="Ask all").press("Enter")
    expect(note).to_have_count(0)
    here.page.get_by_label("Your question").focus()
    expect(here.ask("What will the bridge cost in all?")).to_contain_text("bridge.txt")
    keys.press("Escape")
    expect(here.page.get_by_label("Your question")).to_be_focused()


def test_an_empty_store_says_what_to_do_and_takes_the_first_document(
    visit: Callable[..., Visit], tmp_path: Path
) -> None:
    only = write(tmp_path / "documents", "only.txt", "This is all there is.")
    ingest(tmp_path / "store", only.parent)
    only.unlink()
    ingest(tmp_path / "store", only.parent, allow_removals=True)
    embedder = FakeEmbedder()
    with QA(tmp_path / "store", embedder, SentenceReader(embedder), 0.3) as opened, served(opened) as at:
        here = visit(at)
        expect(here.page.locator(".v-first")).to_contain_text("The store holds no documents")
        expect(here.ask("Where was the whale seen?")).to_contain_text("hold no answer")
        drawer = here.open_documents()
        given = {"name": "whale.txt", "mimeType": "text/plain", "buffer": WHALE}
        drawer.locator("input[type=file]").set_input_files([given])
        expect(drawer.get_by_role("listitem")).to_have_count(1)
        expect(drawer.locator(".v-job-place")).to_contain_text("1 added")
        here.page.keyboard.press("Escape")
        here.drawer_closes()
        expect(here.ask("Where was the whale seen by fishermen?")).to_contain_text("off Kade pier")
        here.page.context.close()


def test_a_store_that_has_gone_is_said_in_the_drawer(visit: Callable[..., Visit], tmp_path: Path) -> None:
    write(tmp_path / "documents", "whale.txt", WHALE)
    ingest(tmp_path / "store", tmp_path / "documents")
    embedder = FakeEmbedder()
    with QA(tmp_path / "store", embedder, SentenceReader(embedder), 0.3) as opened, served(opened) as at:
        here = visit(at)
        (tmp_path / "store").rename(tmp_path / "moved")
        here.page.get_by_role("button", name="Documents").press("Enter")
        drawer = here.page.get_by_role("dialog", name="Documents")
        expect(drawer.get_by_role("status")).to_contain_text("put the folder back")
        expect(drawer.get_by_role("heading")).to_be_focused()
        here.page.keyboard.press("Escape")
        here.drawer_closes()
        (tmp_path / "moved").rename(tmp_path / "store")
        expect(here.open_documents().get_by_role("listitem")).to_have_count(1)
        here.page.context.close()


BEACON = "beacon.invalid"
WICKED = f"<img src=x onerror=window.__pwned=1> ${{7*191}} {{{{7*191}}}} \u202egnp \" ' ![i](d.png) {BEACON}"


def test_a_hostile_corpus_stays_text_in_every_part_of_the_page(visit: Callable[..., Visit], tmp_path: Path) -> None:
    """A real store whose file's name, title, speaker and text are all made to do harm."""
    name = f"{WICKED}.txt"
    image = f"<img src=http://{BEACON}/a.png onerror=window.__pwned=2><script>window.__pwned=3</script>"
    write(tmp_path / "documents", name, f"{WICKED} {image}\n\nThe engine cost 310,000 euros, {image} says {WICKED}.\n")
    ingest(tmp_path / "store", tmp_path / "documents")
    embedder = FakeEmbedder()
    with QA(tmp_path / "store", embedder, SentenceReader(embedder), 0.1) as opened, served(opened) as at:
        here = visit(at)
        answer = here.ask(f"How much did the engine cost? {image}")
        expect(answer).to_contain_text("310,000 euros")
        expect(answer).to_contain_text("<script>window.")
        answer.get_by_role("button", name="[1]").first.click()
        answer.get_by_role("button", name="Right").first.click()
        expect(here.page.locator(".v-notice")).to_have_text("Noted as right.")
        drawer = here.open_documents()
        expect(drawer.locator(".v-title")).to_contain_text("<img src=x onerror")
        drawer.locator("input[type=file]").set_input_files(
            [{"name": "<img src=x onerror=window.__pwned=4>.exe", "mimeType": "text/plain", "buffer": b"MZ"}]
        )
        expect(drawer.locator(".v-warning")).to_contain_text("<img src=x onerror=window.__pwned=4>.exe is of no type")
        drawer.get_by_role("checkbox").press("Escape")
        here.drawer_closes()
        here.keep("HTML").save_as(tmp_path / "kept.html")
        with here.page.expect_download() as original:
            here.page.get_by_role("link", name="Save it").click()
        original.value.save_as(tmp_path / "original")
        assert (tmp_path / "original").read_bytes() == (tmp_path / "documents" / name).read_bytes()
        here.page.reload()  # the conversation comes from the store again
        expect(here.page.locator(".v-turn")).to_have_count(1)
        here.settle()
        assert here.page.evaluate("window.__pwned") is None
        assert here.page.locator(":is(.v-log, .v-source, .v-drawer) :is(img, script)").count() == 0
        shown = here.page.evaluate("document.body.innerText")
        assert "1337" not in shown
        assert "\u202e" not in shown
        assert [problem for problem in here.problems if "415" not in problem] == []  # Chromium notes the refusal
        here.problems.clear()

        offline = here.page.context.new_page()  # the kept file, opened by itself
        asked: list[str] = []
        offline.on("request", lambda request: asked.append(request.url))
        offline.goto((tmp_path / "kept.html").as_uri())
        expect(offline.locator("body")).to_contain_text("310,000 euros")
        assert offline.evaluate("window.__pwned") is None
        assert asked == [(tmp_path / "kept.html").as_uri()]
        here.page.context.close()


# ---- accessibility ----


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(
    visit: Callable[..., Visit], real: tuple[str, Path, Path], axe: str, scheme: str
) -> None:
    here = visit(real[0], color_scheme=scheme)

    def faults() -> list[str]:
        here.page.evaluate(axe)
        found = here.page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        return [
            f"{fault['id']}: {fault['nodes'][0]['html'][:200]}"
            for fault in found
            if fault["impact"] in ("serious", "critical")
        ]

    assert faults() == []
    here.ask(LAMP)
    here.ask("And who won in Peru?")
    assert faults() == []
    here.open_documents()
    assert faults() == []
