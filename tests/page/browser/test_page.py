"""The page in a real browser: asking, citations, no answer, follow-ups, hostile documents, a narrow window."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from qa.page.source import WINDOW
from tests.page.browser.fake_qa import FakeQA, document_of, served
from tests.page.browser.visiting import Visit

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::Warning:gradio.queueing")]

FILLER = "\n\n".join(f"Paragraph {n} says nothing that anybody would ask for." for n in range(300))
GATE = "Gate three stopped at 22:37 with 1.4 metres still to go."
NOTE = f"A night of storm\n\n{FILLER}\n\nHere it is. {GATE} Nobody was hurt.\n\n{FILLER}\n"
FERRY = "The ferry sails on Monday 3 June."
QUESTIONS = {
    "When did gate three stop?": [("note.txt", GATE, "22:37"), ("note.txt", "Nobody was hurt.", "Nobody was hurt.")],
    "When does the ferry sail?": [("ferry.txt", FERRY, "Monday 3 June")],
}

BEACON = "beacon.invalid"
NASTY = (
    f"<script src=http://{BEACON}/a.js></script><script>window.__pwned=1</script>"
    f"<img src=http://{BEACON}/b.png onerror=window.__pwned=2> <svg/onload=window.__pwned=3> "
    f"<iframe src='javascript:parent.__pwned=4'></iframe> <style>@import 'http://{BEACON}/c.css'</style> "
    f"![image](http://{BEACON}/d.png) [link](javascript:window.__pwned=5) "
    "${window.__pwned=6} ${7*191} {{7*191}} {{#with this}}{{constructor}}{{/with}} {{{value}}} \\`${alert(1)}\\` "
    f"$$\\href{{http://{BEACON}/e}}{{x}}$$ \\(7*191\\) </div></textarea></title><b>bold</b> &lt;img&gt; "
    '"\' onfocus=window.__pwned=7 autofocus x=" \u202egnp.exe\u202c zero\u200bwidth \u2066iso\u2069 '
    f"<meta http-equiv=refresh content='0;url=http://{BEACON}/f'> <link rel=preload href=http://{BEACON}/g as=image>"
)


@pytest.fixture(scope="module")
def qa() -> FakeQA:
    documents = [
        document_of("note.txt", NOTE, "A night of storm", "2024-03-13"),
        document_of("ferry.txt", f"Ferry\n\n{FERRY}\n", "The ferry", None, (0, 7)),
    ]
    return FakeQA(documents, QUESTIONS)


@pytest.fixture(scope="module")
def address(qa: FakeQA) -> Iterator[str]:
    with served(qa, ["When does the ferry sail?"]) as at:
        yield at


def test_a_question_is_answered_with_a_quotation_and_its_source(visit: Callable[..., Visit]) -> None:
    here = visit()
    expect(here.page.locator(".v-first")).to_contain_text("Ask your documents")
    answer = here.ask("When did gate three stop?")
    expect(answer.locator("blockquote").first).to_have_text(GATE)
    expect(answer.locator("blockquote mark")).to_have_text("22:37")
    for fact in ("[1]", "[2]", "2024-03-13", "note.txt", "confidence 0.93"):
        expect(answer).to_contain_text(fact)
    expect(here.page.locator(".v-text mark")).to_have_text("22:37")
    assert here.shows("mark")
    expect(here.page.locator("#v-said")).to_have_text(f"2 found. {GATE}")  # what a screen reader says
    assert here.page.get_by_label("Your question").input_value() == ""
    expect(here.page.get_by_label("Your question")).to_be_focused()


def test_a_citation_opens_its_place_also_of_an_earlier_turn(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask("When did gate three stop?", button=True)
    here.ask("When does the ferry sail?")
    expect(here.page.locator(".v-source-title")).to_have_text("The ferry")
    expect(here.page.locator(".v-source")).to_contain_text("page 2")
    here.page.locator(".v-turn").first.get_by_text("1 further answer").click()
    second = here.page.locator(".v-turn").first.get_by_role("button", name="[2]")
    second.click()
    expect(here.page.locator(".v-text mark")).to_have_text("Nobody was hurt.")
    expect(second).to_have_attribute("aria-current", "true")
    here.comes_to_show("mark")
    assert here.page.locator(".v-text").evaluate("it => it.scrollTop") > 1000
    # Scrolled away and chosen again, it comes back.
    here.page.locator(".v-text").evaluate("it => { it.scrollTop = 0; }")
    assert not here.shows("mark")
    second.press("Enter")
    here.comes_to_show("mark")


def test_every_citation_of_every_turn_opens_its_own_place(visit: Callable[..., Visit]) -> None:
    here = visit()
    for question in ("When did gate three stop?", "Who won the elections in Peru?", "When does the ferry sail?"):
        here.ask(question)
    for more in here.page.locator(".v-more > summary").all():
        more.click()
    figures = here.page.locator(".v-log figure").all()
    assert len(figures) == 5  # two answers, two nearest passages, one answer
    for figure in figures:
        near = "v-nearest" in (figure.get_attribute("class") or "")
        exact = figure.locator("mark" if figure.locator("mark").count() else "blockquote").inner_text()
        cite = figure.locator(".v-cite").first
        cite.click()
        expect(cite).to_have_attribute("aria-current", "true")
        expect(here.page.locator(".v-cite[aria-current]")).to_have_count(1)
        if near:
            expect(here.page.locator(".v-text mark")).to_have_count(0)
            expect(here.page.locator(".v-text .v-passage").first).to_be_in_viewport()
        else:
            expect(here.page.locator(".v-text mark")).to_have_text(exact)
            assert here.shows("mark")


def test_no_answer_shows_what_is_near(visit: Callable[..., Visit]) -> None:
    here = visit()
    answer = here.ask("Who won the elections in Peru?")
    expect(answer).to_contain_text("The documents hold no answer")
    expect(answer).to_contain_text("Nearest passages (not answers)")
    assert here.page.locator(".v-text").count() == 0
    answer.get_by_role("button", name="[2]").click()
    expect(here.page.locator(".v-text .v-passage").last).to_contain_text(FERRY)
    assert here.page.locator(".v-text mark").count() == 0


def test_a_follow_up_passes_on_the_questions_before_it_until_a_new_conversation(
    visit: Callable[..., Visit], qa: FakeQA
) -> None:
    here = visit()
    here.ask("When did gate three stop?")
    here.ask("And why?")
    here.ask("Since when?")
    assert qa.asked[-1] == ("Since when?", ["When did gate three stop?", "And why?"])
    here.page.get_by_role("button", name="New conversation").click()
    expect(here.page.locator(".v-turn")).to_have_count(0)
    expect(here.page.locator(".v-first")).to_be_visible()
    here.page.get_by_role("button", name="When does the ferry sail?").click()
    expect(here.page.locator(".v-answer blockquote")).to_have_text(FERRY)
    assert qa.asked[-1] == ("When does the ferry sail?", [])


def test_it_says_that_it_is_reading_and_can_be_left(visit: Callable[..., Visit], qa: FakeQA) -> None:
    here = visit()
    qa.go_on.clear()
    try:
        here.page.get_by_label("Your question").fill("When did gate three stop?")
        here.page.keyboard.press("Enter")
        expect(here.page.locator(".v-busy")).to_have_text("Reading the documents ...")
        expect(here.page.locator(".v-log")).to_have_attribute("aria-busy", "true")
        with here.page.expect_request("**/reset"):  # gradio has let go of the question, though it is still being read
            here.page.get_by_role("button", name="New conversation").click()
        expect(here.page.locator(".v-first")).to_be_visible()
        threading.Timer(0.5, qa.go_on.set).start()
        expect(here.ask("When does the ferry sail?")).to_contain_text(FERRY)
    finally:
        qa.go_on.set()
    expect(here.page.locator(".v-turn")).to_have_count(1)


def test_an_error_is_a_sentence(visit: Callable[..., Visit], qa: FakeQA) -> None:
    here = visit()
    qa.error = RuntimeError("secret detail")
    try:
        answer = here.ask("When did gate three stop?")
    finally:
        qa.error = None
    expect(answer).to_contain_text("Something went wrong")
    expect(answer).not_to_contain_text("secret detail")
    expect(here.page.get_by_text("Traceback")).to_have_count(0)


def test_a_replaced_document_is_not_marked(visit: Callable[..., Visit], qa: FakeQA) -> None:
    here = visit()
    answer = here.ask("When does the ferry sail?")
    before = qa.documents["ferry.txt"]
    try:
        qa.documents["ferry.txt"] = document_of("ferry.txt", "Something else entirely, and longer than it was before.")
        answer.get_by_role("button", name="[1]").click()
        expect(here.page.locator(".v-source")).to_contain_text("has been replaced")
        assert here.page.locator(".v-text").count() == 0
    finally:
        qa.documents["ferry.txt"] = before


def test_a_narrow_window_stacks_and_never_scrolls_sideways(visit: Callable[..., Visit]) -> None:
    here = visit(width=390, height=844)

    def sideways() -> int:
        return int(here.page.evaluate("document.documentElement.scrollWidth - innerWidth"))

    assert sideways() <= 0
    answer = here.ask("When did gate three stop?")
    answer.get_by_text("1 further answer").click()
    answer.get_by_role("button", name="[2]").click()
    expect(here.page.locator(".v-text mark")).to_have_text("Nobody was hurt.")
    here.page.wait_for_function("document.querySelector('.v-source').getBoundingClientRect().top < 100")
    assert here.shows("mark")
    assert sideways() <= 0
    here.page.get_by_role("button", name="Back to the answer").click()
    expect(here.page.locator(".v-turn").get_by_role("button", name="[2]")).to_be_focused()
    left, right = here.page.locator("#v-left").bounding_box(), here.page.locator("#v-right").bounding_box()
    assert left is not None
    assert right is not None
    assert right["y"] >= left["y"] + left["height"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(visit: Callable[..., Visit], scheme: str) -> None:
    here = visit(color_scheme=scheme)
    here.ask("When did gate three stop?")
    contrasts = here.page.evaluate(CONTRAST)
    assert len(contrasts) > 10
    assert {what: ratio for what, ratio in contrasts.items() if ratio < 4.5} == {}
    dark = here.page.evaluate("getComputedStyle(document.querySelector('.v-text')).backgroundColor")
    assert (sum(map(int, dark[4:-1].split(","))) < 300) == (scheme == "dark")


# Contrast ratio of the text of every element of ours to what stands behind it, by the formula of WCAG 2.
CONTRAST = """() => {
    const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const light = (colour) => numbers(colour).slice(0, 3).map((v) => v / 255)
        .map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, at) => sum + v * [.2126, .7152, .0722][at], 0);
    const behind = (it) => {
        for (; it; it = it.parentElement) {
            const paper = getComputedStyle(it).backgroundColor, parts = numbers(paper);
            if (parts.length < 4 || parts[3] === 1) return paper;
        }
        return 'rgb(255, 255, 255)';
    };
    const found = {};
    const all = '#v-head *, .v-log *, .v-source *, #v-question textarea, #v-ask';
    for (const it of document.querySelectorAll(all)) {
        const text = [...it.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || it.tagName === 'TEXTAREA';
        if (!text) continue;
        const [a, b] = [light(getComputedStyle(it).color), light(behind(it))].sort();
        found[`${it.tagName}.${it.className}`] = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    }
    return found;
}"""


# ---- hostile documents ----


@pytest.fixture(scope="module")
def hostile() -> Iterator[tuple[FakeQA, str]]:
    long_line = NASTY + "x" * 500_000 + " " + GATE + " " + "<b>" * 200_000
    documents = [
        document_of(f"{NASTY}.txt", f"{NASTY}\n{GATE} {NASTY}\n", NASTY, NASTY),
        document_of("line.txt", long_line, "\u202e\u200b\u2066"),
    ]
    answers = {
        "nasty": [(documents[0].source.name, NASTY, "bold")],
        "line": [("line.txt", GATE, GATE)],
    }
    qa = FakeQA(documents, answers)
    qa.speakers = {document.source.name: NASTY for document in documents}
    qa.changed = frozenset(qa.documents)
    with served(qa, [NASTY]) as at:
        yield qa, at


def test_hostile_documents_stay_text(visit: Callable[..., Visit], hostile: tuple[FakeQA, str]) -> None:
    _, at = hostile
    here = visit(at)
    expect(here.page.locator(".v-example")).to_contain_text("<script>window.__pwned=1</script>")
    answer = here.ask("nasty")
    quote = answer.locator("blockquote").first
    for literal in (
        "${window.__pwned=6}",
        "${7*191}",
        "{{7*191}}",
        "{{{value}}}",
        "![image](http",
        "<svg/onload",
        "</div>",
    ):
        expect(quote).to_contain_text(literal)
        expect(here.page.locator(".v-text")).to_contain_text(literal)
    nearest = here.ask(NASTY)  # the question is as hostile, and has no answer
    expect(nearest).to_contain_text("hold no answer")
    for number in ("[1]", "[2]"):
        nearest.get_by_role("button", name=number).click()
        expect(here.page.locator(".v-text .v-passage").first).to_be_visible()
    here.page.locator(".v-turn").first.get_by_role("button", name="[1]").click()
    expect(here.page.locator(".v-text mark")).to_have_text("bold")
    here.page.wait_for_timeout(500)  # for anything that might still be fetched or run

    assert here.page.evaluate("window.__pwned") is None
    shown = here.page.evaluate("document.body.innerText")
    assert "1337" not in shown  # 7 * 191, had a template or formula been evaluated
    assert not set("\u202e\u202c\u200b\u2066\u2069") & set(shown)
    ours = ":not(.v-open, .v-read-as b)"
    strange = (
        f"script, img, svg, iframe, style, meta, link, b{ours}, a{ours}, textarea, math, [onerror], [onload], [onfocus]"
    )
    assert here.page.locator(f":is(.v-log, .v-source) :is({strange})").count() == 0
    assert here.page.url.rstrip("/") == at
    assert here.page.title() == "Verbatim"
    assert [url for url in here.requests if BEACON in url] == []


def test_a_megabyte_on_one_line_is_a_window(visit: Callable[..., Visit], hostile: tuple[FakeQA, str]) -> None:
    here = visit(hostile[1])
    here.ask("line")
    expect(here.page.locator(".v-text mark")).to_have_text(GATE)
    assert here.shows("mark")
    assert here.page.locator(".v-part").evaluate("it => it.textContent.length") <= WINDOW
    assert here.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_the_browser_would_refuse_what_slipped_through(browser: Browser, address: str) -> None:
    """The second wall, without the first: markup put into the page by hand runs nothing and fetches nothing."""
    page = browser.new_page()
    outside: dict[str, str | None] = {}
    refused = threading.Event()
    page.on("requestfailed", lambda request: outside.update({request.url: request.failure}))
    page.on("requestfinished", lambda request: outside.update({request.url: "done"} if BEACON in request.url else {}))
    page.on("console", lambda line: refused.set() if "Content Security Policy" in line.text else None)
    page.goto(address)
    expect(page.locator(".v-log")).to_be_visible()
    page.evaluate("(nasty) => { document.querySelector('.v-log').innerHTML = nasty; }", NASTY.replace("<meta", "<x-"))
    failed = page.evaluate(f"fetch('http://{BEACON}/h').then(() => false, () => true)")
    page.wait_for_timeout(500)
    assert failed
    assert page.evaluate("window.__pwned") is None
    assert refused.is_set()
    assert set(outside.values()) == {"csp"}  # stopped before the network
    page.close()
