"""What is asked and clicked, without a browser: replies, citations, errors, feedback, reading on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qa.errors import StoreDamaged
from qa.page.events import UNEXPECTED, PageEvents
from qa.page.history import FOLDER, Conversation
from qa.page.lists import FIRST_TURN
from qa.store.feedback import NONE, RIGHT, WRONG, read_rows
from qa.types import Within
from tests.helpers import ingest, write
from tests.page.fake_qa import FakeQA, document_of, page_events
from tests.page.seen import ATTRIBUTES, GATE, NASTY, NOTE, OURS, QUESTION, Seen


@pytest.fixture
def events(qa: FakeQA) -> PageEvents:
    return page_events(qa, [QUESTION])


def last_reply(events: PageEvents, question: str | None, earlier: Conversation) -> tuple[Any, ...]:
    *_, last = events.reply(question, earlier)
    return last


class Event:
    """What gradio hands over for a click."""

    def __init__(self, data: object) -> None:
        self._data = data


def test_a_question_is_asked_with_the_questions_before_it(events: PageEvents, qa: FakeQA) -> None:
    _, _, earlier, _ = last_reply(events, QUESTION, ())
    _, _, earlier, _ = last_reply(events, "And why?", earlier)
    assert qa.asked[-1] == ("And why?", [QUESTION])
    assert [e.question for e in earlier] == [QUESTION, "And why?"]


def test_citations_of_earlier_turns_can_still_be_opened(events: PageEvents) -> None:
    _, pane, earlier, _ = last_reply(events, QUESTION, ())
    assert Seen(pane).marked == "22:37"
    _, pane, earlier, _ = last_reply(events, "Who won?", earlier)
    assert "mark" not in Seen(pane).tags
    assert Seen(events.cite(earlier, Event({"turn": 0, "number": 0}))).marked == "22:37"
    again = events.cite(earlier, Event({"turn": 0, "number": 0}))
    assert again != events.cite(earlier, Event({"turn": 0, "number": 0}))  # a new value, so that the page scrolls again


@pytest.mark.parametrize(
    "data",
    [
        None,
        7,
        {},
        {"turn": 0},
        {"turn": 1, "number": 0},
        {"turn": -1, "number": -1},
        {"turn": "0", "number": "0"},
        {"turn": 0, "number": 10**30},
        {"turn": False, "number": False},
        {"turn": [0], "number": {}},
    ],
)
def test_a_click_on_no_citation_asks_to_ask_again(events: PageEvents, data: object) -> None:
    _, _, earlier, _ = last_reply(events, QUESTION, ())
    assert "ask again" in events.cite(earlier, Event(data))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (StoreDamaged("the store <b>is damaged</b>"), "the store &lt;b&gt;is damaged"),
        (ZeroDivisionError("x"), UNEXPECTED),
    ],
)
def test_a_question_that_failed_shows_one_sentence_and_is_no_history(
    events: PageEvents, qa: FakeQA, error: Exception, said: str
) -> None:
    qa.error = error
    chat, _, earlier, _ = last_reply(events, QUESTION, ())
    assert said in chat
    assert "Traceback" not in chat
    qa.error = None
    last_reply(events, "And why?", earlier)
    assert qa.asked[-1] == ("And why?", [])


@pytest.mark.parametrize("question", ["", "  \n ", None])
def test_an_empty_question_is_not_asked(events: PageEvents, qa: FakeQA, question: str | None) -> None:
    chat, *_ = last_reply(events, question, ())
    assert "Type a question first." in chat
    assert qa.asked == []


def test_a_question_too_long_to_be_read_says_so(events: PageEvents) -> None:
    chat, *_ = last_reply(events, "word " * 10_000, ())
    assert "Only the first 2,000 characters" in chat
    assert len(chat) < 10_000


def test_a_question_waits_for_the_models_and_says_so(qa: FakeQA) -> None:
    events = PageEvents(qa, [])  # type: ignore[arg-type]
    replies = events.reply(QUESTION, ())
    assert "Loading the language model" in next(replies)[0]
    next(replies)  # gives gradio the chance to cancel it: nothing new to show
    assert qa.asked == []
    events.warm_up(print)
    *_, (chat, *_) = replies
    assert GATE in Seen(chat).text
    assert [question for question, _ in qa.asked][-1] == QUESTION


def test_an_error_while_the_models_load_is_said_and_questions_go_on(qa: FakeQA) -> None:
    events = PageEvents(qa, [])  # type: ignore[arg-type]
    qa.error = StoreDamaged("the store is damaged")
    said: list[str] = []
    events.warm_up(said.append)
    assert said == ["the store is damaged"]
    assert "the store is damaged" in last_reply(events, QUESTION, ())[0]


def test_the_list_of_documents_is_the_present_one(events: PageEvents, qa: FakeQA) -> None:
    qa.documents["new.txt"] = document_of("new.txt", "New.")
    assert "new.txt" in events.welcome()[1]
    qa.documents.clear()
    assert "holds no documents" in events.welcome()[1]


def test_which_documents_are_asked_is_kept_and_goes_on_in_a_new_tab(events: PageEvents, tmp_path: Path) -> None:
    store, here, there = tmp_path / "store", "a" * 32, "b" * 32
    write(tmp_path / "documents", "a.txt", "The ferry leaves at nine.")
    write(tmp_path / "documents", "b.txt", "The museum opens at ten.")
    ingest(store, tmp_path / "documents")
    events.qa.store = events.library.store = store
    chosen = {"documents": ["a.txt"], "since": "2024-01-01"}
    _, note, within = events.restrict(None, here, Event(chosen))  # type: ignore[arg-type]
    assert within == Within(frozenset({"a.txt"}), since="2024-01-01")
    assert events.welcome(here, here)[3:] == (note, within)
    assert events.welcome(there, here)[3:] == (note, within)
    drawer, _, _ = events.restrict(within, here, Event({"since": "2024-02-01", "until": "2023-01-01"}))  # type: ignore[arg-type]
    assert "later than the last one" in drawer
    assert events.welcome(here, here)[4] == within
    events.restrict(within, here, Event({}))  # type: ignore[arg-type]
    assert events.welcome(here, here)[3:] == ("", None)
    assert events.welcome(there, there)[4] == within
    assert events.welcome("../../etc", "")[4] is None
    write(store, f"{FOLDER}/{there}.within", "[7]")
    assert events.welcome(there, there)[4] is None


def test_the_drawer_says_that_the_store_has_gone(events: PageEvents, tmp_path: Path) -> None:
    events.qa.store = events.library.store = tmp_path / "<b>gone"
    drawer = Seen(events.drawer(None))
    assert "put the folder back" in drawer.text
    assert "<b>gone" in drawer.text
    assert ("role", "dialog") in drawer.attributes


def test_a_citation_says_that_its_file_has_changed_since(events: PageEvents, qa: FakeQA, tmp_path: Path) -> None:
    """Also where it had not when the question was asked, and where the list asked it."""
    name, document = "a/note.txt", qa.documents["a/note.txt"]
    path = write(tmp_path, "note.txt", NOTE)
    qa.documents[name] = replace(document, source=replace(document.source, path=str(path)))
    _, pane, earlier, _ = last_reply(events, QUESTION, ())
    events.lists.start("a" * 32, QUESTION)
    events.lists.worker.submit(lambda: None).result(60)
    listed = Event({"turn": FIRST_TURN, "number": 0})
    assert "changed since" not in pane
    assert "changed since" not in events.cite((), listed, "a" * 32)  # type: ignore[arg-type]
    write(tmp_path, "note.txt", NOTE + "One more line.\n")
    for opened in (events.cite(earlier, Event({"turn": 0, "number": 0})), events.cite((), listed, "a" * 32)):  # type: ignore[arg-type]
        assert "has changed since it was read: ingest again" in Seen(opened).text
        assert Seen(opened).marked == "22:37"
    write(tmp_path, "note.txt", NOTE)
    assert "changed since" not in events.cite((), listed, "a" * 32)  # type: ignore[arg-type]


# ---- feedback ----


def rows(qa: FakeQA) -> list[tuple[str, list[str], list[str]]]:
    """Kind, earlier questions and taught words of each row of feedback."""
    return [(row["kind"], row.get("history", []), [a["text"] for a in row["answers"]]) for row in read_rows(qa.store)]


def test_right_notes_every_place_that_says_the_same(events: PageEvents, qa: FakeQA) -> None:
    _, _, earlier, _ = last_reply(events, QUESTION, ())
    assert "Noted as right." in events.judge(earlier, Event({"turn": 0, "number": 0, "right": 1}))
    assert rows(qa) == [(RIGHT, [], ["22:37", "22:37"])]


def test_wrong_and_no_answer_are_noted_without_words(events: PageEvents, qa: FakeQA) -> None:
    _, _, earlier, _ = last_reply(events, QUESTION, ())
    _, _, earlier, _ = last_reply(events, "Who won?", earlier)
    assert "Select the right words" in events.judge(earlier, Event({"turn": 0, "number": 0, "right": 0}))
    assert "hold no answer" in events.judge(earlier, Event({"turn": 1, "number": 0, "right": 1}))
    assert rows(qa) == [(WRONG, [], []), (NONE, [QUESTION], [])]  # so short a question is read as a follow-up


def test_of_what_may_be_an_answer_right_means_what_was_clicked(events: PageEvents, qa: FakeQA) -> None:
    _, _, (asked,), _ = last_reply(events, QUESTION, ())
    assert asked.answer is not None
    unsure = (replace(asked, answer=replace(asked.answer, spans=(), perhaps=asked.answer.spans[0])),)
    assert "Noted as right." in events.judge(unsure, Event({"turn": 0, "number": 0, "right": 1}))
    assert rows(qa) == [(RIGHT, [], ["22:37", "22:37"])]
    assert "hold no answer" in events.judge(unsure, Event({"turn": 0, "number": 2, "right": 1}))  # after quote and copy
    assert rows(qa) == [(NONE, [], [])]


def test_a_part_of_the_documents_proves_no_missing_answer(events: PageEvents, qa: FakeQA) -> None:
    *_, (_, _, earlier, _) = events.reply("Who won?", (), within=Within(languages=frozenset({"en"})))
    assert "Only a part" in events.judge(earlier, Event({"turn": 0, "number": 0, "right": 1}))
    assert rows(qa) == []


@pytest.mark.parametrize("data", [None, {}, {"turn": 1, "number": 0}, {"turn": 0, "number": 1}, {"turn": 0}])
def test_right_about_no_answer_notes_nothing(events: PageEvents, qa: FakeQA, data: dict[str, int] | None) -> None:
    _, _, earlier, _ = last_reply(events, QUESTION, ())
    assert "ask again" in events.judge(earlier, Event(data and {**data, "right": 1}))
    assert rows(qa) == []


def test_selected_words_of_a_follow_up_are_noted_with_the_questions_before_it(events: PageEvents, qa: FakeQA) -> None:
    _, _, earlier, _ = last_reply(events, QUESTION, ())
    _, _, earlier, _ = last_reply(events, "And why?", earlier)
    start = NOTE.index("storm")
    place = {"document": "a/note.txt", "sha256": qa.documents["a/note.txt"].source.sha256}
    selection = {**place, "start": [0, start - 1], "end": [0, start + 6], "turn": 1}
    assert "<q>storm</q>" in events.teach(earlier, Event(selection))
    assert rows(qa) == [(RIGHT, [QUESTION], ["storm"])]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"turn": 7}, "ask again"),
        ({"sha256": "0"}, "has been replaced"),
        ({"start": None}, "Select the words"),
        ({"end": [10**9, 0]}, "Select the words"),
        ({"end": [0, 0]}, "at most 400 characters"),
    ],
)
def test_a_selection_that_is_no_answer_notes_nothing(
    events: PageEvents, qa: FakeQA, change: dict[str, object], said: str
) -> None:
    _, _, earlier, _ = last_reply(events, QUESTION, ())
    place = {"document": "a/note.txt", "sha256": qa.documents["a/note.txt"].source.sha256}
    assert said in events.teach(earlier, Event({**place, "start": [0, 0], "end": [0, 5], "turn": 0, **change}))
    assert rows(qa) == []


# ---- reading on ----


@pytest.mark.parametrize(
    "asked",
    [None, 7, [], {}, {"document": "note.html"}, {"document": 7, "quote": [0, 1], "sentence": "", "passage": []}],
)
def test_what_is_no_request_is_answered_with_a_problem(events: PageEvents, asked: object) -> None:
    assert set(events.read(asked)) == set(events.find(asked)) == {"problem"}


def test_a_replaced_document_is_not_read_on(events: PageEvents) -> None:
    place = {
        "quote": [0, 1],
        "sentence": [0, 1],
        "passage": [0, 1],
        "answer": True,
        "found": [],
        "edge": "after",
        "at": 0,
    }
    assert "replaced" in events.read({"document": "note.html", "sha256": "0" * 64, **place})["problem"]
    assert "replaced" in events.read({"document": "nothing", "sha256": "0" * 64, **place})["problem"]


# ---- hostile documents ----


def test_nothing_in_a_document_is_markup() -> None:
    text = f"{NASTY}\nThe end."
    document = document_of(f"{NASTY}.txt", text, NASTY, NASTY)
    qa = FakeQA([document, document_of("z.txt", NASTY)], {"q": [(document.source.name, NASTY, "bold")]})
    qa.speakers[document.source.name] = NASTY
    qa.changed = frozenset(qa.documents)
    events = page_events(qa, [NASTY])
    *_, (chat, pane, earlier, _) = events.reply("q", ())
    *_, (nothing, _, earlier, _) = events.reply(NASTY, earlier)
    for source in (*events.welcome()[:2], chat, pane, nothing, events.source_pane(earlier, 1, 0)):
        seen = Seen(source)
        assert set(seen.tags) <= OURS | {"article", "ul", "li"}
        assert {name for name, _ in seen.attributes} <= ATTRIBUTES | {
            "data-example",
            "data-last",
            "data-answered",
            "aria-busy",
        }
        assert not {"\u202e", "\u202c", "\u200b"} & set(seen.text)
    assert "<script>window.__pwned=1</script>" in Seen(chat).text  # shown as what it is
