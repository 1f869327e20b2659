"""QA.ask on a real store with a small model: exact quotes, the public object, stale files, new generations, threads."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.answering.followups import Earlier
from qa.answering.qa import MAX_QUESTION, MAX_SPANS, QA, clean, distinct
from qa.answering.render import to_json, to_text
from qa.answering.sentence_reader import SentenceReader
from qa.errors import NoStore, StoreDamaged, StoreMismatch, UsageError
from qa.settings import Settings
from qa.types import Answer, Findings, Hit, Passage, Place, Source, Span, Within
from tests.helpers import FakeEmbedder, Listening, ingest, write


def opened(store: Path, threshold: float | None = 0.0, embedder: FakeEmbedder | None = None) -> QA:
    """threshold 0: the best sentence is always an answer; what the real one is, is the reader's business."""
    embedder = embedder or FakeEmbedder()
    return QA(store, embedder, SentenceReader(embedder), threshold)


@pytest.fixture
def asker(store: Path) -> Iterator[QA]:
    with opened(store) as qa:
        yield qa


def texts_of(qa: QA, answer: Answer) -> Iterator[tuple[str, str]]:
    """(quote, what stands at its place in the document's text) of all that an answer cites."""
    for span in answer.spans:
        document = qa.document(span.source.name)
        assert document is not None
        yield span.text, document.text[span.start : span.end]
        yield span.sentence, document.text[span.sentence_start : span.sentence_end]
        for place in span.also:
            other = qa.document(place.source.name)
            assert other is not None
            yield span.text.casefold(), other.text[place.start : place.end].casefold()
    for hit in answer.hits:
        document = qa.document(hit.passage.source.name)
        assert document is not None
        yield hit.passage.text, document.text[hit.passage.start : hit.passage.end]


# ---- quotes ----


@pytest.mark.parametrize(
    ("question", "document", "part"),
    [
        ("When was the lamp of the lighthouse built?", "museum.html", "built in 1887"),
        ("How much did the new engine of the ferry cost?", "notes/briefing.txt", "310,000 euros"),
        ("How much will the new Kade bridge cost?", "bridge.txt", "4.2 million euros"),
        ("Hoeveel kostte de reparatie van de pomp?", "dutch.md", "85.000 euro"),
    ],
)
def test_an_answer_is_the_sentence_of_its_document(asker: QA, question: str, document: str, part: str) -> None:
    answer = asker.ask(question)
    assert answer.answered
    found = next(span for span in answer.spans if part in span.text)
    assert found.source.name == document
    assert found.text in found.sentence
    assert all(quote == text for quote, text in texts_of(asker, answer))


def test_offsets_of_a_plain_text_file_count_in_the_decoded_file(tmp_path: Path) -> None:
    said = "The caf\u00e9 on the quay was flooded at 22:37."
    raw = f"\ufeffThe mayor\u2019s \U0001f600 plan\r\n\r\n{said}\r\nNobody was hurt.\r\n"
    write(tmp_path / "in", "a.txt", raw)
    ingest(tmp_path / "store", tmp_path / "in")
    with opened(tmp_path / "store") as qa:
        (first, *_) = qa.ask("When was the caf\u00e9 on the quay flooded?").spans
    text = (tmp_path / "in" / "a.txt").read_bytes().decode("utf-8-sig")
    assert first.text == text[first.start : first.end] == said


QUESTIONS = st.one_of(
    st.text(min_size=1, max_size=60).filter(lambda text: bool(clean(text))),
    st.sampled_from(
        [
            *('"', "bridge OR", "NEAR(bridge)", "a*", "'; DROP TABLE documents; --", "x" * 5000, "???", "(("),
            *("\u202ebridge", "\x1b[31mbridge", "bridge\x00", "\ud800 bridge", "\ufdfa" * 400, "e\u0301" * 300),
        ]
    ),
)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QA]:
    """A store of three short documents, for tests that only read."""
    base = tmp_path_factory.mktemp("sample")
    write(base / "in", "a.txt", "The bridge was opened on 3 June 1931. It was closed again in 1944 for three years.")
    write(base / "in", "b.txt", "De brug werd op 3 juni 1931 geopend. In 1944 ging hij voor drie jaar weer dicht.")
    write(
        base / "in", "c.txt", "Why was the bridge closed? Because its \u201cdeck\u201d had rusted, said the engineer."
    )
    ingest(base / "store", base / "in")
    with opened(base / "store") as qa:
        yield qa


@settings(max_examples=60, deadline=None)
@given(QUESTIONS)
def test_any_question_gets_verbatim_quotes_and_an_object_that_can_be_written(sample: QA, question: str) -> None:
    answer = sample.ask(question)
    assert all(quote == text for quote, text in texts_of(sample, answer))
    assert not any(span.text.endswith("?") for span in answer.spans)
    line = json.dumps(to_json(answer), ensure_ascii=False)
    assert json.loads(line.encode("utf-8")) == to_json(answer)


# ---- the public object ----


def test_the_public_object_has_the_keys_of_the_contract(asker: QA) -> None:
    made = to_json(asker.ask("How much did the new engine of the ferry cost?"), "q1")
    assert list(made) == [
        "id",
        "question",
        "answered",
        "confidence",
        "answers",
        "passages",
        "seconds",
        "understood",
        "disagrees",
        "read",
        "perhaps",
        "unmentioned",
    ]
    assert made["id"] == "q1"
    assert made["question"] == "How much did the new engine of the ferry cost?"
    assert made["answered"] is True
    assert list(made["answers"][0]) == [
        *("text", "confidence", "document", "start", "end", "sentence", "page", "time", "date", "speaker"),
        *("language", "sha256", "stale", "also", "near_identical", "cell"),
    ]
    assert list(made["answers"][0]["sentence"]) == ["text", "start", "end"]
    assert list(made["passages"][0]) == ["document", "start", "end", "score", "also"]
    assert list(made["seconds"]) == ["retrieve", "read"]
    assert json.loads(json.dumps(made)) == made
    assert "id" not in to_json(asker.ask("Anything?"))


def test_an_answer_says_who_when_and_from_which_file(asker: QA, folder: Path) -> None:
    answer = to_json(asker.ask("How much did the new engine of the ferry cost?"))
    found = next(a for a in answer["answers"] if "310,000" in a["text"])
    assert found["speaker"] == "Director Elin Maas"
    assert found["date"] == "2023-05-05"
    assert found["page"] is None
    assert found["language"] == "en"
    assert found["stale"] is False
    assert found["also"] == []
    document = asker.document("notes/briefing.txt")
    assert document is not None
    assert found["sha256"] == document.source.sha256
    assert document.source.path == str(folder / "notes" / "briefing.txt")


def test_a_sentence_outside_turns_has_no_speaker(asker: QA) -> None:
    answer = asker.ask("How much will the new Kade bridge cost?")
    assert next(span for span in answer.spans if "4.2 million" in span.text).speaker is None


def test_the_page_is_the_one_of_the_first_character() -> None:
    source = Source("a.pdf", "/a.pdf", "0" * 64, "A title", None, pages=(0, 10, 20))
    passage = Passage("1", source, 5, 25, "x" * 20, "", "en", ((5, 15), (20, 25)))
    spans = [Span(Hit(passage, 1.0), start, 25, start, 25, 1.0) for start in (5, 9, 10, 19, 20)]
    assert [span.page for span in spans] == [1, 1, 2, 2, 3]


def test_confidence_is_that_of_the_best_answer_and_there_are_at_most_three(asker: QA) -> None:
    answer = asker.ask("What did the council say about the bridge?")
    confidences = [span.confidence for span in answer.spans]
    assert len(confidences) == MAX_SPANS == 3
    assert confidences == sorted(confidences, reverse=True)
    assert answer.confidence == confidences[0]


def test_the_question_comes_back_as_it_was_asked(asker: QA) -> None:
    assert asker.ask("  Who?\n").question == "  Who?\n"


# ---- no answer ----


def test_under_the_threshold_there_is_no_answer_but_the_nearest_passages(store: Path) -> None:
    with opened(store, threshold=1.0) as qa:
        answer = qa.ask("What will the bridge cost?")
        made = to_json(answer)
    assert not answer.answered
    assert made["answered"] is False
    assert made["answers"] == []
    assert 0 < made["confidence"] < 1
    assert len(made["passages"]) > 2


def test_the_threshold_itself_is_enough(store: Path) -> None:
    with opened(store) as qa:
        best = qa.ask("What will the bridge cost?").confidence
    with opened(store, threshold=best) as qa:
        assert qa.ask("What will the bridge cost?").answered


def test_the_threshold_is_the_reader_s_own_unless_another_is_given(store: Path) -> None:
    with opened(store, threshold=None) as qa:
        assert qa.threshold == SentenceReader.threshold


def test_passages_come_in_rank_order_at_least_twenty_where_there_are_so_many(tmp_path: Path) -> None:
    for number in range(30):
        write(tmp_path / "in", f"{number:02}.txt", f"Report {number} on the bridge says that bolt {number} was loose.")
    ingest(tmp_path / "store", tmp_path / "in")
    with opened(tmp_path / "store", threshold=1.0) as qa:
        found = to_json(qa.ask("Which bolt was loose?"))["passages"]
    assert len(found) >= 20
    assert [p["score"] for p in found] == sorted((p["score"] for p in found), reverse=True)
    assert len({(p["document"], p["start"]) for p in found}) == len(found)


def test_copies_of_one_report_leave_room_for_twenty_other_passages(tmp_path: Path) -> None:
    for number in range(80):
        write(tmp_path / "in", f"copy{number:02}.txt", "The agency says that a bolt of the bridge was loose on Monday.")
    for number in range(30):
        write(
            tmp_path / "in", f"{number:02}.txt", f"Report {number} on the harbour says that crane {number} stood still."
        )
    ingest(tmp_path / "store", tmp_path / "in")
    with opened(tmp_path / "store") as qa:
        hits = qa.ask("Which bolt of the bridge was loose?").hits
    assert len(hits) >= 20
    assert [len(hit.also) for hit in hits if hit.passage.source.name.startswith("copy")] == [79]


def test_where_there_is_nothing_to_quote_there_is_no_answer_and_no_confidence(tmp_path: Path) -> None:
    write(tmp_path / "in", "a.txt", "Why was the bridge closed? Who closed the bridge?")
    ingest(tmp_path / "store", tmp_path / "in")
    with opened(tmp_path / "store") as qa:
        answer = qa.ask("Why was the bridge closed?")
    assert (answer.answered, answer.confidence, len(answer.hits)) == (False, 0.0, 1)


def test_a_missing_index_is_said_and_the_next_ingest_mends_it(store: Path, folder: Path) -> None:
    shutil.rmtree(store / "generations")
    with opened(store) as qa:
        with pytest.raises(StoreDamaged, match="run ingest again"):
            qa.ask("When was the lamp of the lighthouse built?")
        ingest(store, folder)
        assert qa.ask("When was the lamp of the lighthouse built?").answered


def test_a_small_store_shows_all_its_passages(sample: QA) -> None:
    assert {hit.passage.source.name for hit in sample.ask("Anything?").hits} == {"a.txt", "b.txt", "c.txt"}


# ---- several places ----

RESCUE = "The rescue boat left the harbour at 05:15 on Wednesday."


def test_equal_sentences_are_one_answer_with_several_places(tmp_path: Path) -> None:
    write(tmp_path / "in", "a.txt", f"{RESCUE} It came back at noon with three people, who had waited on a roof.")
    write(tmp_path / "in", "b.txt", f"The sea was rough in the north. {RESCUE}")
    write(tmp_path / "in", "c.txt", f"A statement of the harbour master.\n\n{RESCUE.upper()}")
    write(tmp_path / "in", "d.txt", RESCUE.replace("05:15", "05:45"))
    ingest(tmp_path / "store", tmp_path / "in")
    with opened(tmp_path / "store") as qa:
        answer = qa.ask("When did the rescue boat leave the harbour?")
        quotes = list(texts_of(qa, answer))
    by_text = {span.text.casefold(): span for span in answer.spans}
    assert len(by_text) == len(answer.spans)
    same = by_text[RESCUE.casefold()]
    assert {same.source.name, *(place.source.name for place in same.also)} == {"a.txt", "b.txt", "c.txt"}
    assert all(quote.casefold() == text.casefold() for quote, text in quotes)
    assert by_text[RESCUE.replace("05:15", "05:45").casefold()].also == ()


def test_equal_passages_are_one_answer_with_several_places(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        write(tmp_path / "in", name, f"{RESCUE} It came back at noon with three people, who had waited on a roof.")
    ingest(tmp_path / "store", tmp_path / "in")
    with opened(tmp_path / "store") as qa:
        made = to_json(qa.ask("When did the rescue boat leave the harbour?"))
    first = made["answers"][0]
    assert first["text"] == RESCUE
    assert {first["document"], *(place["document"] for place in first["also"])} == {"a.txt", "b.txt", "c.txt"}
    assert all((place["start"], place["end"]) == (0, len(RESCUE)) for place in first["also"])
    assert len(made["passages"]) == 1
    assert len(made["passages"][0]["also"]) == 2


def span(name: str, start: int, text: str, confidence: float = 0.5) -> Span:
    source = Source(name, f"/{name}", "0" * 64, "A title", None)
    passage = Passage(f"{name}{start}", source, start, start + len(text), text, "", "en", ((start, start + len(text)),))
    return Span(Hit(passage, 1.0), start, start + len(text), start, start + len(text), confidence)


def test_distinct_merges_equal_words_and_keeps_other_figures_apart() -> None:
    spans = [
        span("a.txt", 0, "It cost 3.5 million."),
        span("b.txt", 7, "it cost 3.5 million"),
        span("b.txt", 50, "It cost 35 million."),
    ]
    made = distinct(spans)
    assert [(s.source.name, s.start) for s in made] == [("a.txt", 0), ("b.txt", 50)]
    assert made[0].also == (Place(spans[1].source, 7, 26),)


def test_what_is_denied_becomes_no_surer_by_others_that_deny_it_or_say_the_same() -> None:
    said, *denied = [span(name, 0, "1933", 0.4) for name in ("a.txt", "b.txt", "c.txt")]
    denied = [replace(one, denied=True) for one in denied]
    assert distinct(denied)[0].confidence == 0.4
    (best,) = distinct([*denied, replace(said, confidence=0.3)])
    assert (best.source.name, best.confidence, len(best.places)) == ("a.txt", 0.3, 3)


def test_near_identical_documents_have_one_voice() -> None:
    spans = [span(name, 0, "nine", 0.6) for name in ("a.txt", "b.txt", "c.txt")]
    alike = []
    for one in spans[:2]:
        passage = replace(one.passage, source=replace(one.source, group="a.txt"))
        alike.append(replace(one, hit=replace(one.hit, passage=passage)))
    assert distinct(alike)[0].confidence == 0.6
    assert distinct([*alike, spans[2]])[0].confidence == distinct([spans[0], spans[2]])[0].confidence > 0.6
    assert len(distinct(alike)[0].places) == 2


def test_distinct_drops_what_overlaps_a_better_span_of_the_same_document() -> None:
    spans = [
        span("a.txt", 0, "The gate was closed."),
        span("a.txt", 9, "was closed. Later."),
        span("b.txt", 9, "It sank."),
    ]
    assert distinct(spans) == [spans[0], spans[2]]


class SureReader:
    """Finds each passage whole, with the same confidence."""

    threshold, perhaps = 0.5, 0.3

    def __init__(self, confidence: float = 0.9) -> None:
        self.confidence = confidence

    def read(self, question: str, hits: Sequence[Hit]) -> Findings:
        spans = [Span(h, h.passage.start, h.passage.end, h.passage.start, h.passage.end, self.confidence) for h in hits]
        return Findings(spans, len(hits))


def test_documents_that_give_different_figures_are_said_to_disagree(tmp_path: Path) -> None:
    write(tmp_path / "in", "a.txt", "A total of 1,240 people had to leave their homes.")
    write(tmp_path / "in", "b.txt", "A total of 1,420 people had to leave their homes.")
    ingest(tmp_path / "store", tmp_path / "in")
    with QA(tmp_path / "store", FakeEmbedder(), SureReader()) as qa:
        answer = qa.ask("How many people had to leave their homes?")
        assert [span.source.name for span in answer.spans] == ["a.txt", "b.txt"]
        assert answer.disagrees == (1,)
        assert qa.ask("Who had to leave their homes?").disagrees == ()


@pytest.mark.parametrize(("confidence", "shown"), [(0.6, "answer"), (0.4, "perhaps"), (0.2, "nothing")])
def test_between_an_answer_and_silence_there_is_perhaps(tmp_path: Path, confidence: float, shown: str) -> None:
    write(tmp_path / "in", "a.txt", "The lamp was lit in 1887.")
    write(tmp_path / "in", "b.txt", "The gate was closed in 1990.")
    ingest(tmp_path / "store", tmp_path / "in")
    with QA(tmp_path / "store", FakeEmbedder(), SureReader(confidence)) as qa:
        answer = qa.ask("When was the lamp lit?")
    said = to_json(answer)
    assert answer.answered is said["answered"] is (shown == "answer")
    assert [bool(said["answers"]), bool(said["perhaps"])] == [shown == "answer", shown == "perhaps"]
    if shown == "perhaps":  # one, and what it is is said
        assert answer.shown == (answer.perhaps,)
        assert "Not sure" in to_text(answer)


def test_the_date_of_this_document_is_not_sure_where_it_may_be_any_of_several(tmp_path: Path) -> None:
    write(tmp_path / "in", "a.txt", "The gazetteer was published in 1911.")
    write(tmp_path / "in", "b.txt", "The tide tables were published in 1934.")
    ingest(tmp_path / "store", tmp_path / "in")
    with QA(tmp_path / "store", FakeEmbedder(), SureReader()) as qa:
        asked = qa.ask("When was this published?")
        assert not asked.answered
        assert asked.confidence < 0.5
        assert qa.ask("When was this published?", within=Within(documents=frozenset({"a.txt"}))).answered
        assert qa.ask("When was the gazetteer published?").answered


# ---- files that change ----


def test_an_answer_from_a_file_that_changed_says_so(asker: QA, folder: Path) -> None:
    question = "When was the lamp of the lighthouse built?"
    assert to_json(asker.ask(question))["answers"][0]["stale"] is False
    path = folder / "museum.html"
    path.write_text(path.read_text().replace("1887", "1889"))
    answer = asker.ask(question)
    first = to_json(answer)["answers"][0]
    assert (first["document"], first["stale"]) == ("museum.html", True)
    assert "1887" in first["text"]  # still what was read
    assert all(a["stale"] is (a["document"] == "museum.html") for a in to_json(answer)["answers"])


def test_an_answer_from_a_file_that_is_gone_says_so(asker: QA, folder: Path) -> None:
    (folder / "museum.html").unlink()
    assert to_json(asker.ask("When was the lamp of the lighthouse built?"))["answers"][0]["stale"] is True


def test_a_file_that_was_only_touched_is_not_stale(asker: QA, folder: Path) -> None:
    os.utime(folder / "museum.html")
    assert to_json(asker.ask("When was the lamp of the lighthouse built?"))["answers"][0]["stale"] is False


def test_a_file_that_the_last_ingest_could_not_read_is_stale(store: Path, folder: Path) -> None:
    whole = (folder / "museum.html").read_bytes()
    (folder / "museum.html").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00")
    assert [f["document"] for f in ingest(store, folder).failed] == ["museum.html"]
    (folder / "museum.html").write_bytes(whole)
    with opened(store) as qa:
        assert to_json(qa.ask("When was the lamp of the lighthouse built?"))["answers"][0]["stale"] is True
    ingest(store, folder)
    with opened(store) as qa:
        assert to_json(qa.ask("When was the lamp of the lighthouse built?"))["answers"][0]["stale"] is False


# ---- new generations ----


def test_the_next_question_sees_what_another_ingest_has_published(asker: QA, store: Path, folder: Path) -> None:
    def found() -> list[str]:
        hits = asker.ask("When was the windmill in Oudewiel built?").hits
        return [hit.passage.text for hit in hits if hit.passage.source.name == "windmill.txt"]

    assert found() == []
    for text in (
        "The windmill in Oudewiel was built in 1742.",
        "The windmill in Oudewiel was built in 1743, after all.",
    ):
        write(folder, "windmill.txt", text)
        ingest(store, folder)
        assert found() == [text]
        document = asker.document("windmill.txt")
        assert document is not None
        assert document.text == text
    (folder / "windmill.txt").unlink()
    ingest(store, folder)
    assert found() == []
    assert asker.document("windmill.txt") is None
    assert "windmill.txt" not in {source.name for source in asker.sources()}


def test_a_store_made_anew_with_another_model_is_not_mixed_with_the_one_in_use(asker: QA, store: Path) -> None:
    with sqlite3.connect(store / "catalog.sqlite") as db:
        db.execute("UPDATE meta SET value = ? WHERE key = 'model'", (json.dumps("another model"),))
    db.close()
    with pytest.raises(StoreMismatch, match="another model"):
        asker.ask("When was the lamp built?")


def test_a_store_of_another_embedder_is_refused(store: Path) -> None:
    with pytest.raises(StoreMismatch, match="was made with the embedder fake, not all-MiniLM-L6-v2"):
        QA.open(store, Settings(embedder="all-MiniLM-L6-v2"))


def test_no_store_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NoStore, match=r"holds no store yet; make one with: qa ingest PATH"):
        QA.open(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(NoStore, match="is a file, not a store"):
        QA.open(tmp_path / "file")


# ---- follow-up questions ----


@pytest.mark.parametrize(
    "earlier",
    [
        "When was the lighthouse lamp built?",
        {"question": "When was the lighthouse lamp built?"},
        {"question": "When was the lighthouse lamp built?", "answer": "in 1887"},
        {"question": " When was the\x00 lighthouse lamp\n built?", "answer": None, "more": 1},
    ],
)
def test_a_follow_up_is_read_with_what_the_question_before_it_lends(
    store: Path, earlier: str | Mapping[str, object]
) -> None:
    listening = Listening()
    with QA(store, FakeEmbedder(), listening, 0.0) as qa:
        answer = qa.ask("Until when did it shine?", ["What does the bridge cost?", earlier])
    assert listening.asked == ["Until when did it shine? (lighthouse lamp built)"]
    assert answer.question == "Until when did it shine?"
    assert answer.understood == listening.asked[0]
    assert answer.lent == ("When was the lighthouse lamp built?",)
    assert answer.spans[0].source.name == "museum.html"


def test_a_question_that_stands_alone_is_read_as_it_was_asked(asker: QA) -> None:
    answer = asker.ask("How much will the new Kade bridge cost?", ["When was the lighthouse lamp built?"])
    assert (answer.understood, answer.lent) == (None, ())


@pytest.mark.parametrize("earlier", [None, 7, ["a question"], {}, {"question": None}, {"answer": "in 1887"}])
def test_a_history_of_another_form_is_refused(asker: QA, earlier: object) -> None:
    with pytest.raises(UsageError, match="history"):
        asker.ask("When?", [earlier])  # type: ignore[list-item]


# ---- odd questions ----


@pytest.mark.parametrize("question", ["", " \n\t", "\x00\x07", "\u200b\u2028", "\u00a0"])
def test_an_empty_question_is_refused(asker: QA, question: str) -> None:
    with pytest.raises(UsageError, match="empty"):
        asker.ask(question)


def test_a_question_of_ten_thousand_words_is_read_as_far_as_its_limit(store: Path) -> None:
    listening = Listening()
    with QA(store, FakeEmbedder(), listening, 0.0) as qa:
        answer = qa.ask("When was the lighthouse lamp built? " + "really " * 10_000)
    assert len(listening.asked[0]) <= MAX_QUESTION
    assert answer.spans[0].text.startswith("The lamp was built in 1887")


def test_control_characters_and_lone_surrogates_are_read_as_spaces(store: Path) -> None:
    listening = Listening()
    with QA(store, FakeEmbedder(), listening, 0.0) as qa:
        assert qa.ask("When\x00 was\u202e the\x1b lamp\r\nbuilt?\ud83d").answered
    assert listening.asked[0] == "When was the lamp built??"


def test_a_question_with_a_lone_surrogate_can_be_written_out(asker: QA) -> None:
    made = to_json(asker.ask("When was the lamp\ud83d built?"))
    assert json.dumps(made, ensure_ascii=False).encode("utf-8")


# ---- several threads ----


def test_threads_share_one_qa_and_get_the_answers_they_would_get_alone(asker: QA, store: Path, folder: Path) -> None:
    questions = [
        "When was the lamp of the lighthouse built?",
        "How much did the new engine of the ferry cost?",
        "How much will the new Kade bridge cost?",
        "Hoeveel kostte de reparatie van de pomp?",
    ] * 6
    alone = {question: plain(asker.ask(question)) for question in questions}
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(asker.ask, questions))
    assert [plain(answer) for answer in together] == [alone[question] for question in questions]


def plain(answer: Answer) -> object:
    made = to_json(answer)
    made.pop("seconds")
    return made


def test_threads_go_on_asking_while_generations_change(asker: QA, store: Path, folder: Path) -> None:
    def ask(number: int) -> bool:
        return asker.ask("When was the lamp of the lighthouse built?").spans[0].source.name == "museum.html"

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, number) for number in range(40)]
        for number in range(3):
            write(folder, f"new{number}.txt", f"The windmill number {number} was painted last year.")
            ingest(store, folder)
        assert all(future.result() for future in asked)
    assert "new2.txt" in {source.name for source in asker.sources()}


class Selective(SureReader):
    """Reads some questions only, and finds nothing for others."""

    def __init__(self, answered: Callable[[str], bool]) -> None:
        super().__init__()
        self.answered = answered

    def read(self, question: str, hits: Sequence[Hit]) -> Findings:
        return super().read(question, hits) if self.answered(question) else Findings([], 0)


def test_a_short_question_after_others_is_first_asked_as_one_of_its_own(tmp_path: Path) -> None:
    write(tmp_path / "in", "a.txt", "The train passed the signal at great speed.")
    write(tmp_path / "in", "b.txt", "The mayor is Helena Brandt.")
    ingest(tmp_path / "store", tmp_path / "in")
    earlier = ["How fast did the train pass the signal?"]

    def ask(question: str, answered: Callable[[str], bool], history: Sequence[Earlier] = earlier) -> Answer:
        with QA(tmp_path / "store", FakeEmbedder(), Selective(answered)) as qa:
            return qa.ask(question, history)

    alone = ask("Who is the mayor?", lambda _: True)
    assert (alone.answered, alone.lent, alone.understood) == (True, (), None)
    lent = ask("Who is the mayor?", lambda question: "signal" in question)
    assert lent.answered
    assert lent.lent
    assert not ask("And who?", lambda question: question == "And who?").answered  # it says that it goes on


def test_what_earlier_questions_lend_does_not_bring_their_answer_again(tmp_path: Path) -> None:
    said = "The train passed the signal at great speed."
    write(tmp_path / "in", "a.txt", said)
    ingest(tmp_path / "store", tmp_path / "in")
    earlier = "How fast did the train pass the signal?"
    with QA(tmp_path / "store", FakeEmbedder(), Selective(lambda question: "signal" in question)) as qa:
        assert qa.ask("Who is the mayor?", [earlier]).answered
        again = qa.ask("Who is the mayor?", [{"question": earlier, "answer": said}])
        assert (again.answered, again.lent) == (False, ())
