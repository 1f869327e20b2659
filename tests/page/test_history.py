"""A conversation kept in the store: found again as it was, without a word of any document in the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.answering.qa import QA
from qa.answering.sentence_reader import SentenceReader
from qa.page import history
from qa.page.conversation import log_html
from qa.page.history import FOLDER, LOST, Exchange, load, save
from tests.helpers import FakeEmbedder, ingest, write

TOKEN = "0123456789abcdef" * 2
LAMP = "When was the lighthouse lamp built?"


def opened(store: Path) -> QA:
    embedder = FakeEmbedder()
    return QA(store, embedder, SentenceReader(embedder), 0.3)  # type: ignore[arg-type]


def talk(qa: QA) -> history.Conversation:
    """A question with an answer, a follow-up, the same undone, one without any answer."""
    one = Exchange(LAMP, qa.ask(LAMP))
    lent = history.understood("Until when did it shine?", (one,)).lent
    two = Exchange("Until when did it shine?", qa.ask("Until when did it shine?", [one.earlier]), lent=lent)
    three = Exchange("And why?", qa.ask("And why?"), alone=True)
    return one, two, three


def test_a_conversation_is_found_as_it_was(store: Path) -> None:
    with opened(store) as qa:
        before = talk(qa)
        save(store, TOKEN, (*before, Exchange("x", problem="The store is damaged.")))
        after = load(store, TOKEN, qa)
    assert [e.question for e in after] == [e.question for e in before]
    assert log_html(after) == log_html(before)


def test_no_text_of_a_document_is_kept(store: Path) -> None:
    with opened(store) as qa:
        before = talk(qa)
        save(store, TOKEN, before)
    kept = (store / FOLDER / f"{TOKEN}.json").read_text("utf-8")
    assert before[0].answer is not None
    assert before[0].answer.spans[0].text not in kept
    assert "1887" not in kept


@pytest.mark.parametrize("what", ["removed", "changed"])
def test_what_an_answer_stood_on_may_be_gone(store: Path, folder: Path, what: str) -> None:
    with opened(store) as qa:
        save(store, TOKEN, talk(qa)[:1])
        if what == "removed":
            (folder / "museum.html").unlink()
        else:
            write(folder, "museum.html", "<html><body><p>The lamp was sold long ago, in 1990.</p></body></html>", age=9)
        ingest(store, folder)
        (after,) = load(store, TOKEN, qa)
    assert (after.answer, after.problem) == (None, LOST)


def test_a_file_that_has_changed_since_is_said(store: Path, folder: Path) -> None:
    with opened(store) as qa:
        save(store, TOKEN, talk(qa)[:1])
        write(folder, "museum.html", "other")
        (after,) = load(store, TOKEN, qa)
    assert after.answer is not None
    assert after.answer.changed == {"museum.html"}


@pytest.mark.parametrize("token", ["", "x", "../" + "a" * 29, TOKEN.upper(), "0" * 32])
def test_nothing_is_kept_or_found_under_another_token(store: Path, token: str) -> None:
    with opened(store) as qa:
        if token != "0" * 32:
            save(store, token, talk(qa)[:1])
        assert load(store, token, qa) == ()
    assert not (store / FOLDER).exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[7]", '[{"question": 7}]', '{"a": 1}', '[{"question": "x", "spans": [{}]}]']
)
def test_what_cannot_be_read_is_an_empty_conversation(store: Path, text: str) -> None:
    write(store, f"{FOLDER}/{TOKEN}.json", text)
    with opened(store) as qa:
        assert load(store, TOKEN, qa) == ()


def test_an_ended_conversation_is_dropped(store: Path) -> None:
    with opened(store) as qa:
        save(store, TOKEN, talk(qa)[:1])
        save(store, TOKEN, ())
        assert load(store, TOKEN, qa) == ()
    assert not list((store / FOLDER).iterdir())
