"""The sentence reader: whole sentences, word for word, never a question, in the order of their scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.answering.deciding import DENIED, NAMED, UNNAMED
from qa.answering.sentence_reader import (
    CONFIDENCE,
    FEATURES,
    READ_HITS,
    WEIGHTS,
    SentenceReader,
    candidates,
    features,
    names_no_doer,
    share,
    word_weights,
)
from qa.documents.loaders import load
from qa.passages import QUOTE_CHARS, split
from qa.types import Hit, Span
from tests.helpers import BRIEFING, FakeEmbedder, hits_of, passages_of, write

CORPUS = Path(__file__).resolve().parents[2] / "corpus"


def read(question: str, *texts: str) -> list[Span]:
    return SentenceReader(FakeEmbedder()).read(question, hits_of(*texts)).spans


# ---- which sentence ----


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("When was the lighthouse lamp built?", "The lighthouse lamp was built in 1887."),
        ("How many sailors were hired for the ferry?", "Twelve sailors were hired for the ferry."),
        ("Who chairs the fishing cooperative?", "The fishing cooperative is chaired by Femke Buiskool."),
        ("Why was the auction closed?", "The auction was closed because the power had failed."),
        ("Wanneer begint het werk aan de brug?", "Het werk aan de brug begint in september."),
    ],
)
def test_the_sentence_that_says_it_comes_first(question: str, best: str) -> None:
    texts = (
        "Visitors will see a copy made by students. The lighthouse lamp was built in 1887. It shone over the estuary.",
        "The crossing takes nine hours. Twelve sailors were hired for the ferry. The ships are sisters.",
        "The members met in a hall. The fishing cooperative is chaired by Femke Buiskool. They will wait.",
        "It opened again in March. The auction was closed because the power had failed. Boats went elsewhere.",
        "De raad was het eens. Het werk aan de brug begint in september. Vrachtwagens moeten zo lang over de ringweg.",
    )
    assert read(question, *texts)[0].text == best


def test_a_sentence_that_denies_what_is_asked_is_not_surely_the_answer() -> None:
    question, said = "When was the quay of Elm sold?", "The quay of Elm was {} in 1933."
    for words, sure in (("not sold", False), ("sold", True)):
        text = f"Visitors will see a copy made by students. {said.format(words)} It shone over the estuary."
        (best, *_) = read(question, text)
        assert (best.text, best.confidence > DENIED) == (said.format(words), sure)


@pytest.mark.parametrize(
    ("question", "sentence", "left_out"),
    [
        ("Wer baute die Orgel?", "Die Orgel wurde im Jahr 1902 gebaut.", True),
        ("Wer hat das Denkmal besch\u00e4digt?", "Das Denkmal ist in der Nacht besch\u00e4digt worden.", True),
        ("Wer er\u00f6ffnet das Bad?", "Das Bad wird am 3. Mai er\u00f6ffnet, die Sauna bleibt zu.", True),
        ("Wer schrieb den Bericht?", "Der Bericht wurde im Juni geschrieben.", True),
        ("Wer baute die Orgel?", "Die Orgel wurde 1902 von Franz Huber gebaut.", False),
        ("Wer baute die Orgel?", "Franz Huber baute die Orgel, die Kirche wurde 1850 geweiht.", False),
        ("Wer ist B\u00fcrgermeister?", "Karl Stein wurde zum B\u00fcrgermeister gew\u00e4hlt.", False),
        ("Wer wurde gew\u00e4hlt?", "Karl Stein wurde im Juni gew\u00e4hlt.", False),
        ("Wann wurde die Orgel gebaut?", "Die Orgel wurde im Jahr 1902 gebaut.", False),
    ],
)
def test_that_it_was_done_does_not_say_who_did_it(question: str, sentence: str, left_out: bool) -> None:
    assert names_no_doer(question, sentence, "de") is left_out


def test_every_sentence_but_labels_and_questions_is_a_span_once() -> None:
    text = "The gate was closed by hand. Why was it stuck? Nobody knows that yet. Yes. The sensor was taken out."
    found = read("What happened to the gate?", text)
    assert sorted(span.text for span in found) == [
        "Nobody knows that yet.",
        "The gate was closed by hand.",
        "The sensor was taken out.",
    ]


def test_only_the_first_passages_are_read() -> None:
    texts = [f"Sentence number {number} is about the gate of the barrier." for number in range(READ_HITS + 5)]
    assert len(read("What is about the gate?", *texts)) == READ_HITS


def test_nothing_to_read_is_no_span() -> None:
    assert read("What happened?") == read("What happened?", "Why? Yes. No?") == []


def test_the_same_question_gets_the_same_spans_each_time() -> None:
    texts = ("The gate was closed by hand. It took two hours.", "The sensor of the gate was taken out of it.")
    assert read("Who closed the gate?", *texts) == read("Who closed the gate?", *texts)


def test_a_speaker_s_bare_label_is_an_answer_only_to_who() -> None:
    label = "Eva Lind (Harbour Times):"
    assert label in [span.text for span in read("Who asked about the cyclists?", BRIEFING)]
    assert label in [span.text for span in read("Wie vroeg naar de fietsers?", BRIEFING)]
    assert label not in [span.text for span in read("When will the bridge be open?", BRIEFING)]
    assert "310,000 euros" in " ".join(span.text for span in read("When will the bridge be open?", BRIEFING))


# ---- questions are never quoted ----


@pytest.mark.parametrize(
    "question",
    [
        "Why did gate three of the barrier stop on its way down?",
        "\u201cWhy did gate three of the barrier stop on its way down?\u201d",
        "(Why did gate three of the barrier stop on its way down?)",
        "**Why did gate three of the barrier stop on its way down?**",
        "Waarom bleef schuif drie van de kering onderweg hangen? ",
        "\u00abWhy did gate three of the barrier stop on its way down ?\u00bb",
        "Why did gate three of the barrier stop on its way down?!",
        "Why did gate three of the barrier stop on its way down??",
        "\u95f8\u95e8\u4e3a\u4ec0\u4e48\u5728\u4e0b\u964d\u9014\u4e2d\u505c\u4f4f\u4e86\uff1f",
        "\u0644\u0645\u0627\u0630\u0627 \u062a\u0648\u0642\u0641\u062a\u061f",
    ],
)
def test_a_question_in_the_document_is_no_answer(question: str) -> None:
    found = read(
        "Why did gate three of the barrier stop on its way down?", f"{question}\n\nA sensor failed that night."
    )
    assert [span.text for span in found] == ["A sensor failed that night."]


def test_no_part_of_a_question_too_long_to_quote_is_an_answer() -> None:
    question = (
        "Could you tell us why gate three of the barrier stopped on its way down that night, "
        + ", ".join(f"although the {number} inspection had been passed without a remark" for number in ORDINALS)
        + ", and who will be held responsible for it?"
    )
    assert len(question) > QUOTE_CHARS
    found = read("Why did gate three stop on its way down?", f"{question}\n\nA sensor failed that night.")
    assert [span.text for span in found] == ["A sensor failed that night."]


ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")


def test_no_question_of_the_sample_documents_is_ever_quoted() -> None:
    names = ("07-press-briefing-14-march.txt", "09-barrier-fact-sheet.md", "11-interview-night-foreman.txt")
    documents = [load(CORPUS / name, name) for name in names]
    found = [p for document in documents for p in split(document, FakeEmbedder().count_tokens, 512, "fake 1")]
    asker = SentenceReader(FakeEmbedder())
    for at in range(0, len(found), READ_HITS):
        spans = asker.read("What made the gate stop?", [Hit(p, 1.0) for p in found[at : at + READ_HITS]]).spans
        assert spans
        assert not [span.text for span in spans if "?" in span.text[-3:]]


# ---- word for word ----

SENTENCES = st.lists(
    st.sampled_from(
        [
            *("The gate stopped at 22:37. ", "Why did it stop? ", "Nine people were hurt, said Anna de Wit. "),
            *(
                "\n\n",
                "\r\n",
                "De schuif bleef hangen. ",
                "\U0001f600 It is over now. ",
                "e\u0301te\u0301 at the sea. ",
            ),
            *("word " * 120, "x" * 700, "1,240 people had to leave. ", "Director: ", "Jan Bos (NRC): ", "; ", "?"),
        ]
    ),
    max_size=30,
).map("".join)


@settings(max_examples=80, deadline=None)
@given(SENTENCES, st.sampled_from(["How many people had to leave?", "x", "Waarom?", "!!", "gate " * 300]))
def test_spans_are_whole_sentences_word_for_word(text: str, question: str) -> None:
    given_hits = hits_of(text)
    found = SentenceReader(FakeEmbedder()).read(question, given_hits).spans
    for span in found:
        assert span.text == span.sentence == text[span.start : span.end]
        assert (span.start, span.end) in span.passage.sentences
        assert span.hit in given_hits
        assert 0 <= span.confidence <= 1
    assert len({(span.start, span.end) for span in found}) == len(found)


# ---- confidence ----


def test_confidence_follows_the_score() -> None:
    question = "How many people had to leave their homes?"
    texts = (
        "A total of 1,240 people had to leave their homes. The buses came late. Nobody was killed that night.",
        "At least 310 homes were flooded in the old town. The sea reached 3.72 metres. It was a bad night.",
    )
    given_hits = hits_of(*texts)
    found = SentenceReader(FakeEmbedder()).read(question, given_hits).spans
    found_sentences = candidates(question, given_hits)
    scores = features(question, given_hits, found_sentences, FakeEmbedder()) @ np.array(WEIGHTS)
    order = [found_sentences[at][1:3] for at in np.argsort(-scores)]
    assert [(span.start, span.end) for span in found] == order
    confidences = [span.confidence for span in found]
    assert confidences == sorted(confidences, reverse=True)
    assert len(set(confidences)) == len(set(scores))
    assert CONFIDENCE[0] > 0


def test_the_features_are_one_row_a_sentence_in_the_order_of_their_names() -> None:
    question = "When was the gate closed?"
    given_hits = hits_of("The gate stopped at 22:37. Nobody was hurt by it.", "The gate was closed by hand at 04:20.")
    table = features(question, given_hits, candidates(question, given_hits), FakeEmbedder())
    assert table.shape == (3, len(FEATURES)) == (3, len(WEIGHTS))
    assert list(table[:, FEATURES.index("rank")]) == [1, 1, 0.5]
    words = table[:, FEATURES.index("words")]
    assert words[2] > words[0] > words[1]


def test_weighted_words_by_hand() -> None:
    sentences = [frozenset({"gate", "stop"}), frozenset({"gate"}), frozenset({"sea"})]
    weights = word_weights(frozenset({"gate", "close"}), sentences)
    assert weights == pytest.approx({"gate": np.log(4 / 2.5), "close": np.log(4 / 0.5)})
    assert share(frozenset({"gate"}), weights) == pytest.approx(np.log(4 / 2.5) / (np.log(4 / 2.5) + np.log(4 / 0.5)))
    assert share(frozenset({"gate"}), {}) == 0


# ---- several places ----


def test_a_sentence_of_equal_passages_has_all_their_places() -> None:
    text = "The gate was closed by hand. It took an hour and fifty minutes."
    first, second = passages_of(text, "a.txt")[0], passages_of(f"\n\n  {text}", "b.txt")[0]
    (best, *_) = SentenceReader(FakeEmbedder()).read("How was the gate closed?", [Hit(first, 1.0, (second,))]).spans
    assert best.text == "The gate was closed by hand."
    assert [(place.source.name, place.start, place.end) for place in best.also] == [("b.txt", 4, 32)]


def test_a_sentence_of_passages_equal_but_for_space_and_punctuation_has_all_their_places() -> None:
    text = "\u201cIt is over,\u201d she said. The gate was closed by hand. It took an hour and fifty minutes."
    other = '"It is over" - she said.\r\nThe gate  was closed by hand! It took an hour and fifty minutes.'
    first, second = passages_of(text, "a.txt")[0], passages_of(other, "b.txt")[0]
    spans = SentenceReader(FakeEmbedder()).read("How was the gate closed?", [Hit(first, 1.0, (second,))]).spans
    best = next(span for span in spans if span.text == "The gate was closed by hand.")
    assert [other[place.start : place.end] for place in best.also] == ["The gate  was closed by hand!"]


# ---- tables ----


def test_of_a_table_cells_are_quoted_and_only_one_that_is_named_is_sure(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "Artikel;Menge;Preis\nSchraube;1.200;0,15\nMutter;3.000;0,08\n")
    (passage,) = split(load(path, "a.csv"), lambda some: [len(one.split()) for one in some], 512, "t")

    def spans(question: str) -> list[Span]:
        return SentenceReader(FakeEmbedder()).read(question, [Hit(passage, 1.0)]).spans

    best = spans("Welchen Preis hat die Schraube?")[0]
    assert (best.text, best.confidence) == ("0,15", NAMED)
    others = spans("Wie viel zahlt man bei der Schraube?")
    assert others
    assert all(span.confidence <= UNNAMED and ";" not in span.text and span.text != "Schraube" for span in others)
