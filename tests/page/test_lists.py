"""A visitor's list: asked in the background, kept without any text, asked again and compared; nothing hostile runs."""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from openpyxl import load_workbook

from qa.errors import StoreDamaged, UsageError
from qa.page.events import PageEvents
from qa.page.list_events import ListEvents
from qa.page.lists import FIRST_TURN, QuestionList, load, objects_of
from qa.store.conversations import FOLDER
from qa.types import Within
from tests.page.fake_qa import FakeQA, document_of, page_events
from tests.page.seen import GATE, NASTY, NOTE, QUESTION, Seen
from tests.page.test_events import Event

TOKEN, OTHER = "a" * 32, "b" * 32


@pytest.fixture
def events(qa: FakeQA) -> Iterator[PageEvents]:
    made = page_events(qa)
    yield made
    qa.go_on.set()
    made.close()


def until(happened: Callable[[], object]) -> None:
    last = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < last, "it never happened"
        time.sleep(0.005)


def done(events: PageEvents, token: str = TOKEN) -> QuestionList:
    """The list, once it is no longer asked and has been written."""
    asked = events.lists.of(token)
    assert asked is not None
    events.lists.worker.submit(lambda: None).result(60)
    until(lambda: not asked.running)
    events.lists.worker.submit(lambda: None).result(60)
    return asked


def answered(asked: QuestionList) -> list[bool | None]:
    return [row.exchange.answer.answered if row.exchange and row.exchange.answer else None for row in asked.rows]


def changed(qa: FakeQA, name: str, text: str) -> None:
    qa.documents[name] = document_of(name, text)


def test_a_list_is_asked_while_single_questions_are(events: PageEvents, qa: FakeQA) -> None:
    qa.quick.add("Who won?")
    qa.go_on.clear()
    events.lists.start(TOKEN, f"{QUESTION}\nWho lost?\n")
    assert [*events.reply("Who won?", ())][-1][2][0].answer is not None  # answered while the list still waits
    asked = events.lists.of(TOKEN)
    assert asked is not None
    assert answered(asked) == [None, None]
    qa.go_on.set()
    assert answered(done(events)) == [True, False]
    assert ("Who lost?", []) in qa.asked


def test_two_lists_take_turns(events: PageEvents, qa: FakeQA) -> None:
    qa.go_on.clear()
    events.lists.start(TOKEN, "\n".join(f"One {n}?" for n in range(5)))
    events.lists.start(OTHER, "Other?")
    qa.go_on.set()
    done(events), done(events, OTHER)
    assert [question for question, _ in qa.asked].index("Other?") <= 2


def test_a_row_names_its_part_and_else_that_of_the_page_is_asked(events: PageEvents) -> None:
    page = Within(languages=frozenset({"en"}))
    notes = events.lists.start(TOKEN, "question,documents,note\nA?,copy.txt,x\nB?,,\n", "list.csv", page)
    assert notes == ["list.csv: read the column question; not used: note"]
    assert [row.within for row in done(events).rows] == [Within(frozenset({"copy.txt"})), page]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no questions"),
        ("question,documents\nA?,gone.txt\n", "question 1: the store has no document gone.txt"),
        ('{"id": 1, "question": "And?", "history": ["Who?"]}', "goes on from others"),
        ("Who?\n" * 2001, "2,001 questions"),
    ],
)
def test_a_list_that_cannot_be_asked_leaves_the_one_before(events: PageEvents, text: str, said: str) -> None:
    events.lists.start(TOKEN, QUESTION)
    before = done(events)
    with pytest.raises(UsageError, match=said):
        events.lists.start(TOKEN, text)
    assert events.lists.of(TOKEN) is before
    shown = ListEvents(events).begin(TOKEN, None, Event({"text": text, "name": ""}))  # type: ignore[arg-type]
    assert said in Seen(shown).text


def test_a_stopped_list_goes_on_also_after_the_page_was_started_again(events: PageEvents, qa: FakeQA) -> None:
    events.lists.start(TOKEN, f"{QUESTION}\nA?\nB?\n")
    asked = done(events)
    for row in asked.rows[1:]:
        row.waits, row.exchange = True, None
    events.lists.go_on(TOKEN)
    events.lists.stop(TOKEN)
    done(events)
    again = page_events(qa)
    assert again.lists.of(TOKEN) is not None
    again.lists.go_on(TOKEN)
    assert answered(done(again)) == [True, False, False]
    assert answered(load(qa, TOKEN) or asked) == [True, False, False]
    assert again.lists.of(OTHER, TOKEN) is not None  # a new tab goes on with a copy
    again.lists.clear(TOKEN)
    assert [path.name for path in (qa.store / FOLDER).glob("*.list")] == [f"{OTHER}.list"]
    again.close()


@pytest.mark.parametrize("restarted", [False, True])
def test_a_further_run_says_what_is_new_changed_and_gone(events: PageEvents, qa: FakeQA, restarted: bool) -> None:
    cost = ("cost.txt", "It cost 310,000 euros.", "310,000 euros")
    changed(qa, "cost.txt", cost[1])
    qa.answers |= {"Cost?": [cost], "Who?": [("a/note.txt", "Nobody was hurt.", "Nobody")]}
    events.lists.start(TOKEN, f"{QUESTION}\nCost?\nWho?\nWhere?\nWhen?\n")
    first = done(events)
    assert [row.change for row in first.rows] == [""] * 5
    assert not events.lists.is_outdated(first)

    changed(qa, "cost.txt", "It cost 340,000 euros.")
    qa.answers |= {
        "Cost?": [("cost.txt", "It cost 340,000 euros.", "340,000 euros")],
        "Who?": [],
        "Where?": [("a/note.txt", "On the night of the storm " + GATE, "storm")],
    }
    if restarted:
        events.close()
        events = page_events(qa)
    asked = events.lists.of(TOKEN)
    assert asked is not None
    assert events.lists.is_outdated(asked)
    assert "documents have changed" in ListEvents(events).view(TOKEN)
    events.lists.again(TOKEN)
    assert [row.change for row in done(events).rows] == ["", "changed", "gone", "new", ""]
    text = Seen(ListEvents(events).view(TOKEN)).text
    assert "Against the run before: 1 new, 1 changed, 1 gone." in text
    assert "in cost.txt, characters 8-21" in text
    assert ("310,000 euros" in text) is not restarted  # its document no longer says it: only memory knew
    rows = list(objects_of(done(events)))
    assert [row["change"] for row in rows] == ["", "changed", "gone", "new", ""]
    events.close()


def test_the_kept_list_holds_no_text_of_a_document(events: PageEvents, qa: FakeQA) -> None:
    events.lists.start(TOKEN, f"{QUESTION}\nWho won?\n")
    done(events)
    events.lists.again(TOKEN)
    done(events)
    kept = (qa.store / FOLDER / f"{TOKEN}.list").read_text()
    assert QUESTION in kept
    assert [word for word in ("22:37", GATE, "Nobody", "They say") if word in kept] == []


def test_a_question_that_failed_says_why_and_the_list_goes_on(events: PageEvents, qa: FakeQA) -> None:
    qa.error = StoreDamaged("the store <b>is damaged</b>")
    events.lists.start(TOKEN, "A?\nB?\n")
    asked = done(events)
    assert "the store <b>is damaged</b>" in Seen(ListEvents(events).view(TOKEN)).text
    assert [row["problem"] for row in objects_of(asked)] == ["the store <b>is damaged</b>"] * 2
    qa.error = None
    events.lists.again(TOKEN)
    assert answered(done(events)) == [False, False]


def test_answers_open_their_source_and_words_can_be_taught(events: PageEvents) -> None:
    events.lists.start(TOKEN, f"Who won?\n{QUESTION}\n")
    done(events)
    click = Event({"turn": FIRST_TURN + 1, "number": 0})
    assert Seen(events.cite((), click, TOKEN)).marked == "22:37"  # type: ignore[arg-type]
    for turn, token in ((FIRST_TURN + 1, OTHER), (FIRST_TURN + 2, TOKEN), (FIRST_TURN - 1, TOKEN), (10**30, TOKEN)):
        nowhere = Event({"turn": turn, "number": 0})
        assert "ask again" in events.cite((), nowhere, token)  # type: ignore[arg-type]
    at = NOTE.index("22:37")
    document = events.qa.document("a/note.txt")
    assert document is not None
    place = {"document": "a/note.txt", "sha256": document.source.sha256, "start": [at, 0], "end": [at, 5]}
    assert "22:37" in events.teach((), Event({**place, "turn": FIRST_TURN}), TOKEN)  # type: ignore[arg-type]


def test_only_what_has_changed_is_sent(events: PageEvents) -> None:
    events.lists.start(TOKEN, f"{QUESTION}\nWho won?\n")
    asked = done(events)
    listed = ListEvents(events)
    whole = listed.rows({"token": TOKEN, "id": asked.id, "since": -1})
    assert [number for number, _ in whole["rows"]] == [0, 1]
    assert not whole["running"]
    assert listed.rows({"token": TOKEN, "id": asked.id, "since": asked.rows[0].stamp})["rows"] == whole["rows"][1:]
    assert listed.rows({"token": TOKEN, "id": asked.id, "since": whole["version"]})["rows"] == []
    for wrong in ({"token": OTHER, "id": asked.id}, {"token": TOKEN, "id": "x"}, {}, {"token": "../x", "id": 7}):
        assert listed.rows(wrong) == {"other": True}


def test_a_file_of_questions_is_read_and_the_table_downloaded(events: PageEvents) -> None:
    listed = ListEvents(events)
    data = base64.b64encode("question;note\r\nWat kost het caf\u00e9 in de stad?;x\r\n".encode("cp1252")).decode()
    assert "caf\u00e9" in listed.read({"name": "q.csv", "data": data})["text"]
    assert "is not text" in listed.read({"name": "q.xlsx", "data": base64.b64encode(b"PK\x03\x04").decode()})["problem"]
    assert listed.file({"token": TOKEN, "form": "csv"}) == {"problem": "there is no list"}
    events.lists.start(TOKEN, f"{QUESTION}\n=1+1\n")
    done(events)
    made = {
        form: base64.b64decode(listed.file({"token": TOKEN, "form": form})["data"]) for form in ("csv", "xlsx", "jsonl")
    }
    assert "22:37" in made["csv"].decode("utf-8-sig")
    assert "'=1+1" in made["csv"].decode("utf-8-sig")
    assert load_workbook(io.BytesIO(made["xlsx"])).active["D2"].value == "22:37"  # type: ignore[union-attr]
    assert [json.loads(line)["answered"] for line in made["jsonl"].splitlines()] == [True, False]
    assert "problem" in listed.file({"token": TOKEN, "form": "../../x"})


def test_hostile_text_stays_text_in_every_part_of_the_view(qa: FakeQA) -> None:
    text = f"{NASTY} head\n\nIt is {NASTY} here.\n"
    documents = [replace(d, source=replace(d.source, title=NASTY)) for d in [document_of(f"{NASTY}.txt", text)]]
    wicked = FakeQA(documents, {f"{NASTY} Who?": [(f"{NASTY}.txt", f"It is {NASTY} here.", NASTY)]})
    wicked.speakers[f"{NASTY}.txt"] = NASTY
    events = page_events(wicked)
    problem = ListEvents(events).begin(TOKEN, None, Event({"text": f"question,documents\n{NASTY},x", "name": NASTY}))  # type: ignore[arg-type]
    events.lists.start(TOKEN, f"{NASTY} Who?\n{NASTY}?\n", NASTY)
    done(events)
    wicked.answers = {}
    events.lists.again(TOKEN)
    done(events)
    for shown in (problem, ListEvents(events).view(TOKEN)):
        assert {"script", "img"} & set(Seen(shown.replace("<progress", "<p").replace("<br>", "")).tags) == set()
        assert "\u202e" not in shown
    events.close()


def test_a_damaged_file_is_no_list(qa: FakeQA, events: PageEvents) -> None:
    (qa.store / FOLDER).mkdir(exist_ok=True)
    contents: list[Any] = ["{", "[]", "{}", '{"rows": [7], "state": "", "salt": "00"}', '{"rows": [{}], "salt": "zz"}']
    for content in contents:
        (qa.store / FOLDER / f"{TOKEN}.list").write_text(content)
        assert load(qa, TOKEN) is None
    assert load(qa, "../" + "a" * 29) is None
