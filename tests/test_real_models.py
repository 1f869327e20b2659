"""The default embedder over the sample documents: the right passages are found, in both languages and across them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import mean

import pytest

from qa.answering.qa import QA
from qa.answering.sentence_reader import SentenceReader
from qa.ingestion.sync import sync
from qa.models.embedder import Embedder
from qa.passages import CONTEXT_TOKENS
from qa.types import Answer, Hit, join_context

pytestmark = pytest.mark.slow

CORPUS = Path(__file__).resolve().parents[1] / "corpus"


@pytest.fixture(scope="module")
def qa(e5: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[QA]:
    """The sample documents in a store of their own; threshold 0, so that the best sentence is always given."""
    store = tmp_path_factory.mktemp("real") / "store"
    report = sync(store, [CORPUS], lambda name: e5)
    assert report.failed == []
    assert report.embedded > 50
    with QA(store, e5, SentenceReader(e5), threshold=0.0) as opened:
        yield opened


def rank(hits: list[Hit], part: str) -> int:
    """Place, from 1, of the first passage that holds the words; 1000 if none does."""
    places = (n for n, hit in enumerate(hits, 1) if any(part in p.text for p in (hit.passage, *hit.also)))
    return next(places, 1000)


# ---- retrieval ----


@pytest.mark.parametrize(
    ("question", "part", "within"),
    [
        ("How many people had to leave their homes?", "1,240 people had to leave", 5),
        ("When will the first night ferry leave Halvermond?", "Monday 3 June", 5),
        ("Who is in charge of the fishermen's cooperative?", "Femke Buiskool", 5),
        ("What went wrong with the sealing rings?", "rings meant for fresh water", 5),
        ("How many vessels are queueing outside the harbour?", "At noon today 23 ships were waiting", 10),
        ("Hoe lang heeft gemaal De Volharding gedraaid?", "draaide 62 uur", 5),
        ("Hoeveel leerlingen heeft basisschool De Scholekster?", "De 183 leerlingen", 5),
        ("Hoeveel schepen liggen er te wachten?", "lagen er 23 schepen te wachten", 5),
    ],
)
def test_the_right_passage_is_among_the_first(qa: QA, question: str, part: str, within: int) -> None:
    assert rank(qa.retrieve(question), part) <= within


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("Hoeveel leden heeft de havenco\u00f6peratie?", "The cooperative has 214 members"),
        ("Wat kost een enkele reis met de nachtboot voor een voetpassagier?", "costs from 59 euros"),
    ],
)
def test_a_dutch_question_finds_what_only_an_english_article_says(qa: QA, question: str, part: str) -> None:
    assert rank(qa.retrieve(question), part) <= 10


# ---- answers ----

ANSWERABLE = (
    "How many ships were waiting at noon?",
    "What did the cold store lose?",
    "Wat vraagt dijkgraaf Poelstra aan het algemeen bestuur?",
)
FAR = ("What is the boiling point of nitrogen?", "Who painted the Mona Lisa?", "Hoe hoog is de Eiffeltoren?")


@pytest.fixture(scope="module")
def answers(qa: QA) -> dict[str, Answer]:
    return {question: qa.ask(question) for question in (*ANSWERABLE, *FAR)}


def test_every_quote_is_the_document_s_own_characters(qa: QA, answers: dict[str, Answer]) -> None:
    for answer in answers.values():
        assert answer.spans
        for span in answer.spans:
            document = qa.document(span.source.name)
            assert document is not None
            assert document.text[span.start : span.end] == span.text
            assert document.text[span.sentence_start : span.sentence_end] == span.sentence
            assert span.source.sha256 == document.source.sha256
        assert answer.changed == frozenset()


def test_a_quote_of_the_briefing_comes_with_date_and_speaker(answers: dict[str, Answer]) -> None:
    span = next(s for s in answers[ANSWERABLE[0]].spans if "23 ships were waiting" in s.text)
    assert span.source.date == "2024-03-14"
    assert span.speaker == "Chief Engineer Ruurd Oosterwal"
    assert span.source.name == "07-press-briefing-14-march.txt"


@pytest.mark.parametrize(
    ("question", "part"), [(ANSWERABLE[1], "85 tonnes of fish"), (ANSWERABLE[2], "1,7 miljoen euro")]
)
def test_the_answer_is_among_the_sentences_given(answers: dict[str, Answer], question: str, part: str) -> None:
    assert any(part in span.text for span in answers[question].spans)


def test_confidence_is_lower_where_the_documents_say_nothing(answers: dict[str, Answer]) -> None:
    near = mean(answers[question].confidence for question in ANSWERABLE)
    far = mean(answers[question].confidence for question in FAR)
    assert far < near


# ---- the model's own tokens ----


def test_no_passage_is_longer_than_the_model_reads(qa: QA, e5: Embedder) -> None:
    found = list(qa.catalog.all_passages())
    assert max(e5.count_tokens([join_context(passage.context, passage.text) for passage in found])) <= e5.window
    empty = e5.count_tokens([""])[0]
    assert max(e5.count_tokens([passage.context for passage in found])) - empty <= CONTEXT_TOKENS
