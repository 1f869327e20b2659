"""The trained reader: which span wins, where none may stand, offsets over windows, scores, places, small weights."""

from __future__ import annotations

import json
import threading
import time
import unicodedata
import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from qa.answering import span_reader
from qa.answering.citing import logistic
from qa.answering.deciding import DENIED, NAMED
from qa.answering.quoting import questions
from qa.answering.span_reader import (
    READ_HITS,
    SPAN_CHARS,
    SPAN_TOKENS,
    SPANS,
    STRIDE,
    WINDOW,
    Calibration,
    SpanReader,
)
from qa.answering.stopping import STATE, Stopping
from qa.errors import ModelUnavailable
from qa.types import Cell, Hit, Passage, Source, Span
from tests.helpers import BRIEFING, LETTERS, SAID, hits_of, passages_of, run_python, tokenizer_of


class FakeSession:
    """Scores tokens by what they are: `starts` and `ends`; the first token gets `none[n]` in the nth window, twice."""

    def __init__(
        self, tokenizer: Tokenizer, starts: Mapping[str, float], ends: Mapping[str, float], none: Sequence[float] = ()
    ) -> None:
        self.tokenizer, self.starts, self.ends, self.none = tokenizer, starts, ends, none
        self.read: list[list[str]] = []  # the tokens of each window

    def run(self, output_names: Sequence[str], input_feed: dict[str, Any]) -> list[Any]:
        assert list(output_names) == ["start_logits", "end_logits"]
        ids, mask, types = (input_feed[name] for name in ("input_ids", "attention_mask", "token_type_ids"))
        assert ids.shape == mask.shape == types.shape == (1, ids.shape[1])
        assert ids.dtype == mask.dtype == types.dtype == np.int64
        assert mask.all()
        tokens = [self.tokenizer.id_to_token(number) for number in ids[0]]
        none = self.none[len(self.read) % len(self.none)] if self.none else 0.0
        self.read.append(tokens)
        start, end = (
            np.array([[table.get(t, -9.0) for t in tokens]], np.float32) for table in (self.starts, self.ends)
        )
        start[0, 0] = end[0, 0] = none
        return [start, end]


def reader_of(
    starts: Mapping[str, float] | Sequence[str],
    ends: Mapping[str, float] | Sequence[str],
    given: Sequence[Hit],
    question: str,
    *,
    none: Sequence[float] = (),
    pieces: Sequence[str] = (),
    calibration: Calibration | None = None,
) -> SpanReader:
    """A reader that wants these tokens; in a list each scores 5."""
    texts = [f"{hit.passage.context} {hit.passage.text}" for hit in given]
    tokenizer = tokenizer_of(question, *texts, pieces=pieces)
    scores = [dict(table) if isinstance(table, Mapping) else dict.fromkeys(table, 5.0) for table in (starts, ends)]
    session = FakeSession(tokenizer, *scores, none)
    return SpanReader(lambda: (tokenizer, session), calibration or Calibration())


def read(
    starts: Mapping[str, float] | Sequence[str],
    ends: Mapping[str, float] | Sequence[str],
    question: str,
    *texts: str,
    title: str = "",
    **more: Any,
) -> list[Span]:
    given = hits_of(*texts, title=title)
    return reader_of(starts, ends, given, question, **more).read(question, given).spans


# ---- which span ----


def test_the_best_pair_of_start_and_end_wins_and_no_span_comes_twice() -> None:
    text = "The sea rose by almost four metres in 1953. Of these, twelve sailors were lost."
    starts, ends = {"almost": 4, "twelve": 5, "four": 3}, {"metres": 6, "sailors": 4}
    found = read(starts, ends, "How far?", text)
    assert [span.text for span in found[:2]] == ["almost four metres", "twelve sailors"]
    assert len({(span.start, span.end) for span in found}) == len(found) <= SPANS


def test_an_end_before_its_start_is_no_span() -> None:
    found = read(["sailors"], ["sea"], "Who?", "The sea took twelve sailors.")
    assert {"sea took twelve sailors", "sailors took the sea"}.isdisjoint(span.text for span in found)
    assert all(span.confidence < 0.5 for span in found)  # each has only one good border


def test_a_figure_of_another_year_gives_way_to_that_of_the_year_asked_for() -> None:
    text = "Sales were 512 in 2022 and 618 in 2023."
    scores = {"512": 3.0, "618": 6.0}
    (best, *_) = read(scores, scores, "What were sales in 2022?", text)
    assert best.text == "512"
    wide = read({"512": 6.0, "sales": 5.0}, {"618": 6.0, "2022": 5.0}, "What were sales in 2022?", text)
    assert {"512", "618"} & set(wide[0].text.split()) == {"512"}  # one that holds both gives way, too
    assert read(scores, scores, "What were sales?", text)[0].text == "618"


SURE = Calibration({"score": 1.0}, 0.0, 0.5, 0.5, ("en", "nl"))


def test_what_a_clause_denies_is_not_surely_the_answer() -> None:
    scores = {"1933": 6.0}
    (best, *_) = read(scores, scores, "When did the quay close?", "The quay did not close in 1933.", calibration=SURE)
    assert (best.text, best.confidence) == ("1933", DENIED)
    (best, *_) = read(scores, scores, "When did the quay close?", "The quay did close in 1933.", calibration=SURE)
    assert best.confidence > 0.9


def test_another_clause_of_a_sentence_may_say_what_is_so() -> None:
    text = "The quay did not close in 1933, it closed in 1935."
    scores = {"1933": 6.0, "1935": 3.0}
    found = read(scores, scores, "When did the quay close?", text, calibration=SURE)
    assert [span.text for span in found[:2]] == ["1935", "1933"]


def test_what_is_said_of_something_else_is_not_surely_what_the_document_denies() -> None:
    scores = {"vera": 6.0}
    for boat, sure in (("cart", False), ("boat", True)):
        text = f"I did not sell the boat. My sister Vera sold the {boat}."
        (best, *_) = read(scores, scores, "Who sold the boat?", text, calibration=SURE)
        assert (best.text, best.confidence > DENIED) == ("Vera", sure)


def test_the_cell_that_is_named_is_the_answer_however_its_neighbours_score() -> None:
    text = "Site,Depth (m),Width (m)\nElm,18,4\nFir,6,9"
    ends = [(a, b) for a, b in ((0, 4), (5, 14), (15, 24), (25, 28), (29, 31), (32, 33), (34, 37), (38, 39), (40, 41))]
    names = [("", ""), ("", ""), ("", ""), ("Site", ""), ("Depth (m)", "Elm"), ("Width (m)", "Elm")]
    names += [("Site", ""), ("Depth (m)", "Fir"), ("Width (m)", "Fir")]
    (hit,) = hits_of(text)
    cells = tuple(Cell(*where, *named) for where, named in zip(ends, names, strict=True))
    hits = [replace(hit, passage=replace(hit.passage, cells=cells))]
    scores = {"18": -4.0, "4": 6.0, "elm": 5.0}
    for question, answer, sure in (("How deep is Elm?", "18", True), ("How old is Elm?", "4", False)):
        (best, *_) = reader_of(scores, scores, hits, question).read(question, hits).spans
        assert (best.text, best.confidence == NAMED) == (answer, sure)


def test_a_span_has_its_offsets_and_its_sentences() -> None:
    text = "It rained. The sea rose by four metres. That was in March. Nobody knew."
    (best, *_) = read(["four"], ["metres"], "How far?", text)
    assert text[best.start : best.end] == best.text == "four metres"
    assert best.sentence == "The sea rose by four metres."
    (over, *_) = read(["four"], ["march"], "How far?", text)
    assert over.text == "four metres. That was in March"
    assert over.sentence == "The sea rose by four metres. That was in March."


def test_spans_are_short() -> None:
    words = [f"w{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(60)]
    text = " ".join(words) + "."
    near, far = words[SPAN_TOKENS], words[SPAN_TOKENS + 1]
    assert read([words[1]], [near], "What?", text)[0].text == " ".join(words[1 : SPAN_TOKENS + 1])
    assert all(len(span.text.split()) <= SPAN_TOKENS for span in read([words[1]], [far], "What?", text))
    long = [f"{letter * 30}x" for letter in "abcdefghijkl"]
    first = read(["a" * 30 + "x"], ["l" * 30 + "x"], "What?", " ".join(long) + ".")[0]
    assert len(first.text) <= SPAN_CHARS
    assert len(" ".join(long)) > SPAN_CHARS


# ---- where none may stand ----


def test_neither_question_nor_context_line_is_ever_an_answer() -> None:
    text = "It was built by hand. The ferry came later."
    found = read({"harbour": 9, "ferry": 2}, {"harbour": 9, "ferry": 2}, "Which harbour?", text, title="Harbour news")
    assert found[0].passage.context == "Harbour news"
    assert found[0].text == "ferry"
    with_it = "It was built by hand in the harbour."
    (best, *_) = read(["harbour"], ["harbour"], "Which harbour?", with_it, title="Harbour news")
    assert (best.start, best.end) == (28, 35)
    assert with_it[best.start : best.end] == best.text == "harbour"


def test_no_answer_begins_in_the_context_line_and_ends_in_the_text() -> None:
    found = read(["news"], ["ferry"], "What?", "The ferry came later.", title="Harbour news")
    assert all(span.start >= 0 and "news" not in span.text for span in found)


ASKED = "Rain fell on Monday. Did the gate stop on Tuesday? A sensor failed on Friday."


def test_no_answer_stands_in_a_question_or_goes_over_it() -> None:
    question = "When did the gate stop?"
    inside = read({"tuesday": 9, "friday": 1}, {"tuesday": 9, "friday": 1}, question, ASKED)
    assert inside[0].text == "Friday"
    over = read({"monday": 9, "sensor": 1}, {"friday": 9}, question, ASKED)
    assert over[0].text == "sensor failed on Friday"
    assert not [span for span in inside + over if "Tuesday" in span.text]


def test_a_speaker_s_label_is_an_answer_only_to_who() -> None:
    wanted = (["eva"], ["lind", "times"])
    who = read({"eva": 9}, {"lind": 9, "times": 3}, "Who asked about the cyclists?", BRIEFING)[0]
    assert who.text == "Eva Lind"
    assert who.sentence == "Eva Lind (Harbour Times):"
    assert who.speaker == "Eva Lind (Harbour Times)"
    assert read({"eva": 9}, {"times": 9}, "Wie vroeg het?", BRIEFING)[0].text == "Eva Lind (Harbour Times)"
    when = read(*wanted, "When will the bridge be open?", BRIEFING)
    assert not [span.text for span in when if "Lind" in span.text]


def test_no_answer_goes_over_a_label_even_for_who() -> None:
    found = read({"euros": 9}, {"thank": 9}, "Who said thank you?", BRIEFING)
    assert all("Lind" not in span.text or "hank" not in span.text for span in found)
    assert all("euros" not in span.text or "hank" not in span.text for span in found)


def test_no_answer_goes_over_the_gap_between_two_columns() -> None:
    text = "Harbour dues in June   four       twelve\tsailors in all"
    found = [span.text for span in read({"four": 9, "twelve": 3}, {"sailors": 9, "twelve": 3}, "How much?", text)]
    assert found
    assert {"four", "twelve"} & set(found)
    assert not any("   " in words or "\t" in words for words in found)


def test_a_passage_that_only_asks_has_no_span() -> None:
    assert read(["gate"], ["gate"], "What?", "Why did the gate stop? Who knows that?") == []


# ---- words ----


@pytest.mark.parametrize("piece", ["light", "##house"])
def test_no_word_is_cut(piece: str) -> None:
    text = "They lit the lighthouse again."
    found = read([piece], [piece], "What?", text, pieces=("light", "##house"))
    assert found[0].text == "lighthouse"
    assert [span.text for span in found].count("lighthouse") == 1


@pytest.mark.parametrize(
    ("text", "start", "end", "expected"),
    [
        (
            "\U0001f600 De schuif bleef drie\u00ebnhalf uur hangen.",
            "drieenhalf",
            "uur",
            "drie\u00ebnhalf uur",
        ),
        ("Het cafe\u0301 \U0001f468\u200d\U0001f469\u200d\U0001f467 is dicht.", "cafe", "cafe", "cafe\u0301"),
        ("One.\r\n\r\nIt rose to\r\nfour metres there.\r\n", "four", "metres", "four metres"),
        ("It rose\r\nto four\r\nmetres.", "four", "metres", "four\r\nmetres"),
        ("\U00010400\U00010401 x \u4e0b\u964d It is over now.", "over", "now", "over now"),
    ],
)
def test_offsets_count_characters_whatever_stands_before(text: str, start: str, end: str, expected: str) -> None:
    given = hits_of(text)
    texts = [unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()]
    tokenizer = tokenizer_of(*texts)
    session = FakeSession(tokenizer, {start: 5.0}, {end: 5.0})
    best = SpanReader(lambda: (tokenizer, session), Calibration()).read("What?", given).spans[0]
    assert best.text == expected
    assert text[best.start : best.end] == expected


# ---- windows ----


def long_passage(words: Sequence[str], context: str = "") -> Passage:
    """One sentence of many short words, more than a window holds."""
    text = " ".join(words)
    source = Source("long.txt", "/long.txt", "0" * 64, "", None)
    return Passage("p", source, 100, 100 + len(text), text, context, "en", ((100, 100 + len(text)),))


WORDS = [f"{a}{b}" for a in "abcdefghijklmnopqrst" for b in LETTERS][:600]


@pytest.mark.parametrize("at", [0, 120, 239, 240, 251, 252, 300, 430, 598])
def test_a_long_passage_is_read_in_windows_and_offsets_stay_right(at: int) -> None:
    given = [Hit(long_passage(WORDS, "Harbour news"), 1.0)]
    reader = reader_of([WORDS[at]], [WORDS[at + 1]], given, "Which words?")
    best = reader.read("Which words?", given).spans[0]
    assert best.text == f"{WORDS[at]} {WORDS[at + 1]}"
    _, session = reader._model()
    assert isinstance(session, FakeSession)
    assert len(session.read) == 3
    assert all(len(window) <= WINDOW and window[1:4] == ["which", "words", "?"] for window in session.read)


def test_windows_are_those_that_the_tokenizer_itself_would_cut() -> None:
    passage = long_passage(WORDS, "Harbour news")
    tokenizer = tokenizer_of("Which words? Harbour news", passage.text)
    own = [window for of in span_reader.windows(tokenizer, "Which words?", [passage]) for window in of]
    tokenizer.enable_truncation(WINDOW, stride=STRIDE, strategy="only_second")
    cut = tokenizer.encode("Which words?", f"Harbour news\n{passage.text}")
    parts = [cut, *cut.overflowing]
    assert [window.ids.tolist() for window in own] == [part.ids for part in parts]
    assert [window.types.tolist() for window in own] == [part.type_ids for part in parts]
    for window, part in zip(own, parts, strict=True):
        for token, (a, b) in zip(part.tokens, window.offsets, strict=True):
            assert a == -1 or passage.text[a:b] == token


def test_a_span_in_two_windows_counts_once_with_its_better_score() -> None:
    at = 205  # words that the first and the second window share
    given = [Hit(long_passage(WORDS), 1.0)]
    for none in ([0, -3, 0], [-3, 0, 0]):
        reader = reader_of([WORDS[at]], [WORDS[at]], given, "Which?", none=none)
        found, _ = reader.find("Which?", given)
        assert found[0].score == pytest.approx(10 + 6)
        assert [one for one in found if (one.start, one.end) == (found[0].start, found[0].end)] == found[:1]


def test_a_question_is_read_up_to_64_tokens() -> None:
    question = " ".join(["who"] * 63 + ["gate", "sea", "sea"] + ["sea"] * 400)
    given = hits_of("The gate was closed by hand.")
    reader = reader_of(["hand"], ["hand"], given, question)
    assert reader.read(question, given).spans[0].text == "hand"
    _, session = reader._model()
    assert isinstance(session, FakeSession)
    assert session.read[0][64:66] == ["gate", "[SEP]"]


# ---- scores ----


def test_a_score_is_measured_against_the_no_answer_of_its_own_passage() -> None:
    texts = ("The gate was closed by hand.", "It was shut with a lever.")
    given = hits_of(*texts)
    for none, best in (([0, -2], "lever"), ([-2, 0], "hand")):
        reader = reader_of(["hand", "lever"], ["hand", "lever"], given, "How?", none=none)
        found, _ = reader.find("How?", given)
        assert found[0].score == pytest.approx(10 + 4)
        assert reader.read("How?", given).spans[0].text == best


def test_equal_scores_come_in_the_order_of_the_hits() -> None:
    given = hits_of("Shut by hand.", "Closed by hand.", "Locked by hand.")
    found, read = reader_of(["hand"], ["hand"], given, "How?").find("How?", given)
    assert read == len(given)
    assert [one.number for one in found if one.score == found[0].score] == [0, 1, 2]


def test_the_rank_weighs_as_much_as_its_weight_says() -> None:
    given = hits_of("Shut by hand.", "Closed by lever.")
    wanted = {"hand": 5.0, "lever": 5.2}
    for weight, best in ((0.0, "lever"), (0.5, "lever"), (0.7, "hand")):
        calibration = Calibration({"score": 1.0, "rank": weight}, intercept=-9.0)
        reader = reader_of(wanted, wanted, given, "How?", calibration=calibration)
        first, *_ = reader.read("How?", given).spans
        assert first.text == best
        expected = 10 - 9 if best == "hand" else 10.4 - weight * np.log(2) - 9
        assert first.confidence == pytest.approx(logistic(expected), abs=1e-5)


def test_confidence_is_the_calibrated_score_and_falls_with_it_over_all_passages() -> None:
    given = hits_of("Shut by hand on Monday, it was.", "Closed by lever on Friday, it was.", "Nothing is here.")
    wanted = {"hand": 3.0, "lever": 2.0, "monday": -1.0, "friday": 0.5}
    calibration = Calibration({"score": 0.4}, intercept=-1.5, threshold=0.61)
    reader = reader_of(wanted, wanted, given, "How?", calibration=calibration)
    (found, _), spans = reader.find("How?", given), reader.read("How?", given).spans
    assert reader.threshold == 0.61
    assert [span.text for span in spans[:2]] == ["hand", "lever"]
    assert [span.confidence for span in spans] == [logistic(0.4 * one.score - 1.5) for one in found]
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert {one.number for one in found} == {0, 1, 2}


def test_where_no_answer_is_likelier_confidence_is_low_and_spans_are_still_there() -> None:
    sure = read(["hand"], ["hand"], "How?", "Shut by hand.", none=[-4])
    unsure = read(["hand"], ["hand"], "How?", "Shut by hand.", none=[9])
    assert sure[0].text == unsure[0].text == "hand"
    assert sure[0].confidence > 0.99
    assert unsure[0].confidence < 0.01


def test_only_the_first_hits_are_read_and_nothing_is_loaded_for_none() -> None:
    given = hits_of(*[f"Shut by hand number {number}." for number in range(READ_HITS + 5)])
    found, read = reader_of(["hand"], ["hand"], given, "How?").find("How?", given)
    assert read == READ_HITS
    assert {one.number for one in found} == set(range(READ_HITS))

    def never() -> Any:
        raise AssertionError("loaded")

    assert SpanReader(never, Calibration()).read("How?", []).spans == []


def test_a_passage_gives_its_best_spans_one_a_sentence() -> None:
    names = [f"name{letter}" for letter in "abcdefgh"]
    text = " ".join(f"First came {name}, then other{name}." for name in names)
    wanted = {name: 5.0 - n / 10 for n, name in enumerate(names)}
    found = read({**wanted, "othernamea": 4.95}, wanted, "Who?", text)
    assert [span.text for span in found] == names[:SPANS]


def test_articles_and_prepositions_alone_are_no_answer() -> None:
    found = read(
        {"in": 9, "of": 8, "1953": 3}, {"in": 9, "the": 8, "1953": 3}, "When?", "In the end of the year 1953 it fell."
    )
    assert found[0].text == "1953"
    assert not {"In", "In the", "of the"} & {span.text for span in found}


def test_what_qualifies_a_figure_belongs_to_it() -> None:
    found = read(["150"], ["150"], "How many?", "There are well over 150 ships there.")
    assert found[0].text == "well over 150"


# ---- several places ----


def test_equal_passages_have_the_same_span_at_the_same_place_of_their_sentence() -> None:
    first, second = passages_of(SAID, "a.txt")[0], passages_of(f"\n\n  {SAID}", "b.txt")[0]
    given = [Hit(first, 1.0, (second,))]
    best = reader_of({"gate": 5}, {"hand": 5}, given, "How?").read("How?", given).spans[0]
    assert best.text == "gate was closed by hand"
    (place,) = best.also
    assert (place.source.name, place.start, place.end) == ("b.txt", best.start + 4, best.end + 4)


def test_passages_equal_but_for_space_and_punctuation_have_the_span_too() -> None:
    text = "\u201cIt is over,\u201d she said. The gate was closed by hand at 22:37. It took 1.5 hours."
    other = '"It is over" - she said.\r\nThe  gate  was closed, by  hand at 22:37!  It took 1.5 hours.'
    first, second = passages_of(text, "a.txt")[0], passages_of(other, "b.txt")[0]
    given = [Hit(first, 1.0, (second,))]
    best = reader_of({"closed": 5}, {"hand": 5}, given, "How?").read("How?", given).spans[0]
    assert best.text == "closed by hand"
    assert [other[place.start : place.end] for place in best.also] == ["closed, by  hand"]


def test_a_passage_that_does_not_hold_the_sentence_is_no_place() -> None:
    texts = "The gate was closed by hand at last.", "The door was closed by hand at last."
    first, second = passages_of(texts[0], "a.txt")[0], passages_of(texts[1], "b.txt")[0]
    given = [Hit(first, 1.0, (second,))]
    for start in ("gate", "closed"):
        assert reader_of({start: 5}, {"hand": 5}, given, "How?").read("How?", given).spans[0].also == ()


# ---- how many passages are read ----

BY_SCORE = Stopping(dict.fromkeys(STATE, 0.0) | {"score": -1.0}, intercept=5.0, below=0.5)  # enough: a score above 5


@pytest.mark.parametrize(("at", "read"), [(0, 4), (3, 4), (4, 8), (9, 10), (None, 10)])
def test_reading_ends_after_the_step_in_which_enough_is_known(at: int | None, read: int) -> None:
    given = hits_of(*("Shut by hand." if number == at else f"Shut by lever {number}." for number in range(10)))
    reader = reader_of(["hand"], ["hand"], given, "How?", calibration=Calibration(stopping=BY_SCORE))
    findings = reader.read("How?", given)
    assert findings.read == read
    assert {span.hit for span in findings.spans} == set(given[:read])


def test_steps_change_neither_spans_nor_their_order() -> None:
    given = hits_of(*(f"Shut by {how} in room {number}." for number, how in enumerate(["hand", "lever", "rope"] * 4)))
    never = Stopping(dict.fromkeys(STATE, 0.0), 0.0, 0.0)
    whole, steps = (
        reader_of({"hand": 5.0, "rope": 4.0}, ["hand", "rope"], given, "How?", calibration=Calibration(stopping=rule))
        for rule in (None, never)
    )
    assert steps.read("How?", given) == whole.read("How?", given)


# ---- loading ----


def test_the_network_is_loaded_once_however_many_threads_ask_and_all_get_the_same() -> None:
    given = hits_of("The gate was closed by hand.", "Shut by a lever.", "Nothing.")
    tokenizer = tokenizer_of("How?", *(hit.passage.text for hit in given))
    loads: list[int] = []
    barrier = threading.Barrier(8)

    def load() -> tuple[Tokenizer, FakeSession]:
        time.sleep(0.05)  # long enough for the others to come
        loads.append(1)
        return tokenizer, FakeSession(tokenizer, {"hand": 5.0, "lever": 4.0}, {"hand": 5.0, "lever": 4.0})

    reader = SpanReader(load, Calibration(), threads=3)

    def ask(_: int) -> list[Span]:
        barrier.wait()
        return reader.read("How?", given).spans

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert len(loads) == 1
    assert all(answer == answers[0] for answer in answers)
    assert [span.text for span in answers[0][:2]] == ["hand", "lever"]


def test_a_calibration_may_stand_among_other_facts(tmp_path: Path) -> None:
    path = tmp_path / "reader.json"
    weights = {"score": 0.5, "rank": 1}
    facts = {"weights": weights, "intercept": -1, "threshold": 0.4, "perhaps": 0.2, "languages": ["en", "nl"], "x": [1]}
    path.write_text(json.dumps(facts))
    assert span_reader.read_calibration(path) == Calibration(weights, -1, 0.4, 0.2, ("en", "nl"))
    path.write_text(json.dumps(facts | {"stopping": asdict(BY_SCORE)}))
    assert span_reader.read_calibration(path).stopping == BY_SCORE
    path.write_text("{}")
    assert span_reader.read_calibration(path) == Calibration()


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "[]",
        '{"weights": {',
        '{"weights": {"score": "x"}}',
        '{"weights": {"luck": 1}}',
        '{"weights": [1]}',
        '{"threshold": [1]}',
        '{"languages": 3}',
        '{"stopping": {"weights": {"score": 1}, "intercept": 0, "below": 0}}',
        '{"stopping": [1]}',
    ],
)
def test_a_broken_calibration_is_named(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "reader.json"
    path.write_text(broken)
    with pytest.raises(ModelUnavailable, match="calibration"):
        span_reader.read_calibration(path)


def test_missing_and_broken_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"no reader\.onnx"):
        SpanReader.open(tmp_path)
    tokenizer_of("x").save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "reader.onnx").write_bytes(b"no weights")
    reader = SpanReader.open(tmp_path, calibration=Calibration())
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        reader.read("How?", hits_of("The gate was closed by hand."))


# ---- small real weights ----


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader of random weights as the export writes it."""
    import torch
    from transformers import BertConfig, BertForQuestionAnswering

    from eval.training.export_reader import write

    torch.manual_seed(0)
    made = tmp_path_factory.mktemp("reader")
    tokenizer = tokenizer_of(BRIEFING)
    tokenizer.save(str(made / "tokenizer.json"))
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=WINDOW,
    )  # fmt: skip
    write(BertForQuestionAnswering(config).eval(), made, made, keep_float=False, count=5)
    (made / "reader.json").write_text(json.dumps({"threshold": 0.3}))
    return made


def test_real_weights_answer_alike_on_one_thread_and_on_two_and_whatever_is_read_beside(folder: Path) -> None:
    given = hits_of(BRIEFING, SAID, ASKED)
    question = "When will the bridge be open?"
    one, two = SpanReader.open(folder, 1), SpanReader.open(folder, 2)
    assert one.threshold == 0.3
    found, _ = one.find(question, given)
    assert len({found.number for found in found}) == len(given) >= 3
    assert (found, len(given)) == two.find(question, given)
    last = len(given) - 1
    alone, _ = one.find(question, given[last:])
    assert [(f.score, f.start, f.end) for f in found if f.number == last] == [(f.score, f.start, f.end) for f in alone]


def test_answering_needs_no_torch(folder: Path) -> None:
    code = """
import sys
from pathlib import Path
from qa.passages import split
from qa.answering.span_reader import SpanReader
from qa.types import Document, Hit, Source
text = "The bridge was damaged by a barge on Monday night."
found = split(Document(Source("a", "a", "0", "", None), text), lambda t: [len(x.split()) for x in t], 512, "m")
print(SpanReader.open(Path(sys.argv[1])).read("When?", [Hit(p, 1.0) for p in found]).spans[0].text in text)
print(sorted({"torch", "transformers", "onnx"} & set(sys.modules)))
"""
    done = run_python(code, folder)
    assert done.stdout.split() == [b"True", b"[]"], done.stderr.decode()


# ---- any text ----


class RandomSession:
    """Logits drawn from what it is given, so that the same is always scored alike."""

    def run(self, output_names: Sequence[str], input_feed: dict[str, Any]) -> list[Any]:
        ids = input_feed["input_ids"]
        rng = np.random.default_rng(zlib.crc32(ids.tobytes()))
        return [rng.normal(0, 3, ids.shape).astype(np.float32) for _ in output_names]


SENTENCES = st.lists(
    st.sampled_from(
        [
            *("The gate stopped at 22:37. ", "Why did it stop? ", "Nine people were hurt, said Anna de Wit. "),
            *("\n\n", "\r\n", "De schuif bleef hangen. ", "\U0001f600 It is over now. "),
            *("word " * 120, "x" * 700, "1,240 people had to leave. ", "Director: ", "Jan Bos (NRC): ", "; ", "?"),
            *("\u201cIt's over,\u201d he said (twice). ", "In the U.S. it rose 5%! ", "- a list\n- of\n"),
            *("e\u0301te\u0301 at the sea. "),
        ]
    ),
    max_size=30,
).map("".join)  # fmt: skip
TOKENIZER = tokenizer_of("the gate stopped at nine people were hurt said it is over word director had to leave")
ASKING = ["How many people had to leave?", "Who said it?", "Waarom?", "!!", "gate " * 300, "\ud83d"]


@settings(max_examples=120, deadline=None)
@given(SENTENCES, st.sampled_from(ASKING))
def test_spans_are_whole_words_of_their_passage_outside_of_questions(text: str, question: str) -> None:
    given = hits_of(text)
    found = SpanReader(lambda: (TOKENIZER, RandomSession()), Calibration()).read(question, given).spans
    for span in found:
        passage = span.passage
        assert text[span.start : span.end] == span.text == span.text.strip()
        assert passage.start <= span.sentence_start <= span.start < span.end <= span.sentence_end <= passage.end
        assert any(map(str.isalnum, span.text))
        assert not any(a < span.end and span.start < b for a, b in questions(passage))
        edges = {passage.start, passage.end, *(at for sentence in passage.sentences for at in sentence)}
        for at in {span.start, span.end} - edges:
            assert not (text[at - 1].isalnum() and text[at].isalnum())
            assert not unicodedata.category(text[at]).startswith("M")
        bounds = {a for a, _ in passage.sentences} | {span.sentence_start}, {b for _, b in passage.sentences}
        assert span.sentence_start in bounds[0]
        assert span.sentence_end in bounds[1]
    confidences = [span.confidence for span in found]
    assert confidences == sorted(confidences, reverse=True)
    for hit in given[:READ_HITS]:
        own = sorted((span.start, span.end) for span in found if span.hit is hit)
        assert len(own) <= SPANS
        assert all(a[1] <= b[0] for a, b in pairwise(own))
