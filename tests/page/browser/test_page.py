"""The page in a real browser: asking, citations, no answer, follow-ups, hostile documents, a narrow window."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Request, Route, expect

from qa.page.source import WINDOW
from tests.page.browser.visiting import PATIENCE, SETTLED, Visit, until
from tests.page.fake_qa import FakeQA, document_of, served

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
    here.shows("mark")
    expect(here.page.locator("#v-said")).to_have_text(f"2 found. {GATE}")  # what a screen reader says
    expect(here.page.get_by_label("Your question")).to_have_value("")
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
    here.shows("mark")
    assert here.page.locator(".v-text").evaluate("it => it.scrollTop") > 1000
    # Scrolled away and chosen again, it comes back.
    here.page.locator(".v-text").evaluate("it => { it.scrollTop = 0; }")
    here.shows("mark", shown=False)
    second.press("Enter")
    here.shows("mark")


def test_every_citation_of_every_turn_opens_its_own_place(visit: Callable[..., Visit]) -> None:
    here = visit()
    for question in ("When did gate three stop?", "Who won the elections in Peru?", "When does the ferry sail?"):
        here.ask(question)
    figures = here.page.locator(".v-log figure")
    expect(figures).to_have_count(5)  # two answers, two nearest passages, one answer
    for more in here.page.locator(".v-more > summary").all():
        more.click()
    for figure in figures.all():
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
            here.shows("mark")


def test_of_two_quick_clicks_the_last_one_wins(visit: Callable[..., Visit]) -> None:
    here = visit()
    answer = here.ask("When did gate three stop?")
    answer.get_by_text("1 further answer").click()
    here.page.evaluate("document.querySelectorAll('.v-turn .v-cite')[1].click()")
    expect(here.page.locator(".v-text mark")).to_have_text("Nobody was hurt.")
    held: list[Route] = []
    here.page.route("**/run/predict**", lambda route: held.append(route) if len(held) < 2 else route.continue_())
    here.page.evaluate("for (const n of [1, 0]) document.querySelectorAll('.v-turn .v-cite')[n].click()")
    until(here.page, lambda: len(held) == 2)
    done: list[Request] = []
    here.page.on("requestfinished", lambda request: done.append(request) if "/run/predict" in request.url else None)
    held.sort(key=lambda route: '"number":1' in (route.request.post_data or ""))
    held[0].continue_()
    expect(here.page.locator(".v-text mark")).to_have_text("22:37")
    held[1].continue_()  # the reply to the first click comes last, and the page asks again
    until(here.page, lambda: len(done) == 3)
    expect(here.page.locator(".v-text mark")).to_have_text("22:37")


def test_no_answer_shows_what_is_near(visit: Callable[..., Visit]) -> None:
    here = visit()
    answer = here.ask("Who won the elections in Peru?")
    expect(answer).to_contain_text("The documents hold no answer")
    expect(answer).to_contain_text("Nearest passages (not answers)")
    expect(here.page.locator(".v-text")).to_have_count(0)
    answer.get_by_role("button", name="[2]").click()
    expect(here.page.locator(".v-text .v-passage").last).to_contain_text(FERRY)
    expect(here.page.locator(".v-text mark")).to_have_count(0)


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


def test_a_question_being_read_says_so_and_can_be_abandoned(visit: Callable[..., Visit], qa: FakeQA) -> None:
    here = visit()
    qa.quick.add("When does the ferry sail?")
    qa.go_on.clear()
    try:
        here.page.get_by_label("Your question").fill("When did gate three stop?")
        here.page.get_by_label("Your question").press("Enter")
        expect(here.page.locator(".v-busy")).to_have_text("Reading the documents ...")
        expect(here.page.locator(".v-log")).to_have_attribute("aria-busy", "true")
        with here.page.expect_request("**/reset"):  # gradio has let go of the question, though it is still being read
            here.page.get_by_role("button", name="New conversation").click()
        expect(here.page.locator(".v-first")).to_be_visible()
        expect(here.ask("When does the ferry sail?")).to_contain_text(FERRY)
        qa.asked.clear()
    finally:
        qa.go_on.set()
        qa.quick.clear()
    until(here.page, lambda: bool(qa.asked))  # the abandoned question has been read; its answer is not shown
    here.ask("Who won the elections in Peru?")
    expect(here.page.locator(".v-turn")).to_have_count(2)


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
        expect(here.page.locator(".v-text")).to_have_count(0)
    finally:
        qa.documents["ferry.txt"] = before


def test_in_a_narrow_window_the_source_is_below_the_chat_and_nothing_scrolls_sideways(
    visit: Callable[..., Visit],
) -> None:
    here = visit(width=390, height=844)
    here.never_scrolls_sideways()
    answer = here.ask("When did gate three stop?")
    answer.get_by_text("1 further answer").click()
    answer.get_by_role("button", name="[2]").click()
    expect(here.page.locator(".v-text mark")).to_have_text("Nobody was hurt.")
    here.page.wait_for_function("document.querySelector('.v-source').getBoundingClientRect().top < 100")
    here.shows("mark")
    here.never_scrolls_sideways()
    here.page.get_by_role("button", name="Back to the answer").click()
    expect(here.page.locator(".v-turn").get_by_role("button", name="[2]")).to_be_focused()
    here.page.wait_for_function("""() => {
        const [left, right] = ['#v-left', '#v-right'].map((id) => document.querySelector(id).getBoundingClientRect());
        return right.top >= left.bottom;
    }""")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(visit: Callable[..., Visit], scheme: str) -> None:
    here = visit(color_scheme=scheme)
    here.ask("When did gate three stop?")
    here.page.locator(".v-text").wait_for()
    here.page.wait_for_function(
        """(dark) => {
            const paper = getComputedStyle(document.querySelector('.v-text')).backgroundColor.match(/\\d+/g);
            return dark === (paper.slice(0, 3).reduce((sum, part) => sum + Number(part), 0) < 300);
        }""",
        arg=scheme == "dark",
    )
    contrasts = here.page.evaluate(CONTRAST)
    assert len(contrasts) > 10
    assert {what: ratio for what, ratio in contrasts.items() if ratio < 4.5} == {}


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
    here.settle()
    assert here.page.evaluate("window.__pwned") is None
    shown = here.page.evaluate("document.body.innerText")
    assert "1337" not in shown  # 7 * 191, had a template or formula been evaluated
    assert not set("\u202e\u202c\u200b\u2066\u2069") & set(shown)
    ours = ":not(.v-open, .v-state, .v-read-as b)"
    strange = (
        f"script, img, svg, iframe, style, meta, link, b{ours}, a{ours}, math, [onerror], [onload], [onfocus], "
        "textarea:not(.v-note-form textarea)"
    )
    assert here.page.locator(f":is(.v-log, .v-source) :is({strange})").count() == 0
    assert here.page.url.rstrip("/") == at
    assert here.page.title() == "Verbatim"
    assert [url for url in here.requests if BEACON in url] == []


def test_of_a_megabyte_on_one_line_a_part_is_sent(visit: Callable[..., Visit], hostile: tuple[FakeQA, str]) -> None:
    here = visit(hostile[1])
    here.ask("line")
    expect(here.page.locator(".v-text mark")).to_have_text(GATE)
    here.shows("mark")
    assert here.page.locator(".v-part").evaluate("it => it.textContent.length") <= WINDOW
    here.never_scrolls_sideways()


def test_the_browser_refuses_markup_that_was_not_escaped(browser: Browser, address: str) -> None:
    """The policy alone: markup put into the page by hand runs nothing and fetches nothing."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    outside: dict[str, str | None] = {}
    refused: list[str] = []
    page.on("requestfailed", lambda request: outside.update({request.url: request.failure}))
    page.on("requestfinished", lambda request: outside.update({request.url: "done"} if BEACON in request.url else {}))
    page.on("console", lambda line: refused.append(line.text) if "Content Security Policy" in line.text else None)
    page.goto(address)
    expect(page.locator(".v-sources")).to_be_visible()
    page.evaluate("(nasty) => { document.querySelector('.v-log').innerHTML = nasty; }", NASTY.replace("<meta", "<x-"))
    failed = page.evaluate(f"fetch('http://{BEACON}/h').then(() => false, () => true)")
    stopped = {f"http://{BEACON}/{name}" for name in ("b.png", "c.css", "g")}  # a fetch by a script does not get so far
    until(page, lambda: bool(refused) and stopped <= outside.keys())
    page.evaluate(SETTLED)
    assert failed
    assert page.evaluate("window.__pwned") is None
    assert {url: why for url, why in outside.items() if BEACON in url and why != "csp"} == {}  # before the network
    page.close()
