"""A conversation kept in the store: found again as it was, without a word of any document in the file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from qa.answering.conflicts import differing
from qa.answering.qa import QA
from qa.answering.sentence_reader import SentenceReader
from qa.page.conversation import log_html
from qa.page.history import LOST, Conversation, Exchange, load, save
from qa.store.conversations import FOLDER
from qa.types import Answer, Span
from tests.helpers import FakeEmbedder, ingest, write

TOKEN = "0123456789abcdef" * 2
LAMP = "When was the lighthouse lamp built?"


def opened(store: Path) -> QA:
    embedder = FakeEmbedder()
    return QA(store, embedder, SentenceReader(embedder), 0.3)  # type: ignore[arg-type]


def talk(qa: QA) -> Conversation:
    """A question with an answer, a follow-up, one asked alone, and one that has perhaps an answer."""
    one = Exchange(LAMP, qa.ask(LAMP))
    two = Exchange("Until when did it shine?", qa.ask("Until when did it shine?", [one.earlier]))
    three = Exchange("And why?", qa.ask("And why?"), alone=True)
    unsure = replace(one.answer, spans=(), perhaps=one.answer.spans[0]) if one.answer else None
    return one, two, three, Exchange(LAMP, unsure, alone=True)


def test_a_conversation_is_found_as_it_was(store: Path) -> None:
    with opened(store) as qa:
        before = talk(qa)
        save(store, TOKEN, (*before, Exchange("x", problem="The store is damaged.")))
        after = load(store, TOKEN, qa)
    assert [e.question for e in after] == [e.question for e in before]
    assert log_html(after) == log_html(before)
    assert before[1].answer is not None
    assert before[1].answer.lent
    assert before[1].answer.understood
    assert [e.answer and (e.answer.lent, e.answer.understood, e.answer.disagrees) for e in after] == [
        e.answer and (e.answer.lent, e.answer.understood, e.answer.disagrees) for e in before
    ]


def test_a_conversation_that_version_0_3_saved_is_loaded(store: Path) -> None:
    with opened(store) as qa:
        answer = qa.ask(LAMP)
        span = answer.spans[0]
        at = [span.start, span.end, span.sentence_start, span.sentence_end]
        saved = {"passage": span.passage.id, "at": at, "confidence": span.confidence, "also": []}
        row = {"question": LAMP, "alone": False, "part": "", "confidence": answer.confidence, "spans": [saved]}
        write(store, f"{FOLDER}/{TOKEN}.json", json.dumps([{**row, "hits": []}]))
        (after,) = load(store, TOKEN, qa)
    assert after.answer is not None
    assert after.answer.spans[0].text == span.text


def test_documents_that_disagreed_still_do_after_loading(tmp_path: Path) -> None:
    write(tmp_path / "documents", "one.txt", "The engine of the ferry cost 310,000 euros.")
    write(tmp_path / "documents", "two.txt", "The engine of the ferry cost 340,000 euros, says the province.")
    ingest(tmp_path / "store", tmp_path / "documents")
    question = "How much did the engine of the ferry cost?"
    with opened(tmp_path / "store") as qa:
        spans = []
        for hit in qa.ask(question).hits:
            start = hit.passage.text.index("3")
            spans.append(Span(hit, start, start + len("310,000 euros"), 0, len(hit.passage.text), 0.9))
        answer = Answer(question, 0.9, tuple(spans), (), disagrees=tuple(differing(question, spans)))
        save(tmp_path / "store", TOKEN, (Exchange(question, answer),))
        (after,) = load(tmp_path / "store", TOKEN, qa)
    assert after.answer is not None
    assert after.answer.disagrees == answer.disagrees == (1,)


def test_the_saved_file_holds_no_text_of_a_document(store: Path) -> None:
    with opened(store) as qa:
        before = talk(qa)
        save(store, TOKEN, before)
    kept = (store / FOLDER / f"{TOKEN}.json").read_text("utf-8")
    assert before[0].answer is not None
    assert before[0].answer.spans[0].text not in kept
    assert "1887" not in kept


@pytest.mark.parametrize("what", ["removed", "changed"])
def test_an_answer_whose_passage_is_gone_says_so(store: Path, folder: Path, what: str) -> None:
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
def test_nothing_is_saved_or_loaded_under_another_token(store: Path, token: str) -> None:
    with opened(store) as qa:
        if token != "0" * 32:
            save(store, token, talk(qa)[:1])
        assert load(store, token, qa) == ()
    assert not (store / FOLDER).exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[7]", '[{"question": 7}]', '{"a": 1}', '[{"question": "x", "spans": [{}]}]']
)
def test_a_file_that_cannot_be_read_is_an_empty_conversation(store: Path, text: str) -> None:
    write(store, f"{FOLDER}/{TOKEN}.json", text)
    with opened(store) as qa:
        assert load(store, TOKEN, qa) == ()


def test_an_ended_conversation_is_deleted(store: Path) -> None:
    with opened(store) as qa:
        save(store, TOKEN, talk(qa)[:1])
        save(store, TOKEN, ())
        assert load(store, TOKEN, qa) == ()
    assert not list((store / FOLDER).iterdir())
