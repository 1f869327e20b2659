"""What only documents say that lack a name or year of the question is of something else, and no sure answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.answering.names_asked import ELSEWHERE, asked_names, unsaid
from qa.answering.qa import QA
from qa.answering.render import to_json, to_text
from qa.page import list_view
from qa.page.answer import nothing_html
from qa.types import Answer
from tests.answering.test_qa import SureReader
from tests.helpers import FakeEmbedder, ingest, write

QUESTIONS = {
    "How many inhabitants does Reykjavik have?": "Reykjavik",
    "Who did Mrs O'Brien-Vance meet in The Hague in 1998?": "Brien Vance The Hague 1998",
    "Ostrava has how many bridges?": "",  # what a question begins with may be any word
    "What is Halvorsen's view of NATO?": "Halvorsen NATO",
    "What did it cost per 1,998 tonnes on page 20-2019?": "",
    "Wat zei mevrouw Terpstra op 3 maart over het Zeehavenbedrijf?": "Terpstra Zeehavenbedrijf",
    "How much was it in 2019, 2020 and 19 May 2021?": "May 2019 2020 2021",
    "/Who is Councillor Marsh?": "Marsh",  # typed behind the key that leads to the field
    "\u201cWho is Cllr Marsh?\u201d": "Marsh",
}
GERMAN = {
    "Wie lang ist die Br\u00fccke von Lauscha?": "Lauscha",
    "Welche Aufgaben hat der Vorstand der Genossenschaft?": "",
    "Wann starb Frau Lindner in Bad Elster?": "Lindner Bad Elster",
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_names_have_a_capital_within_the_question_and_years_four_digits(question: str) -> None:
    assert " ".join(asked_names(question, "en")) == QUESTIONS[question]


@pytest.mark.parametrize("question", GERMAN)
def test_in_german_a_name_follows_a_preposition_without_an_article(question: str) -> None:
    assert " ".join(asked_names(question, "de")) == GERMAN[question]


SAID = {  # in the text of which the name stands
    "Reykjavik": "In Reykjav\u00edk wonen veel mensen.",
    "Polish": "It was found in Poland.",
    "Poland": "Polish colleagues followed it.",
    "Chilean": "The firm is from Chile.",
    "Dutch": "They came from the Netherlands.",
    "Halvorsens": "Mr Halvorsen agreed.",
    "Janssen": "De heer Jansen zweeg.",
    "Postumma": "Postuma said so.",
    "NATO": "the North Atlantic Treaty Organization met",
    "ACM": "de Autoriteit Consument en Markt",
    "CBHK": "het Centraal Bureau voor Handel en Kunst",
    "CEO": "The chief executive left.",  # short ones stand for too much
    "Westerscheldepapieren": "papieren voor de Westerschelde",
    "2019": "Since 2019 it is closed.",
    "Board": "the board met twice",
    "January": "2025-01: 9.5; 2025-02: 9.0",
    "May": "Minutes of 12/05/2025",
    "June": "de vergadering van 3 juni",
    "August": "am 3.8. in Jena",
}


@pytest.mark.parametrize("name", SAID)
def test_a_name_stands_in_a_text_in_other_forms(name: str) -> None:
    assert unsaid([name], SAID[name], translated=False) == []


NOT_SAID = {
    "Lauscha": "Die Br\u00fccke von Lausanne, und Laub.",
    "Varga": "various people varnished it",
    "NATO": "a nation attacked the town",
    "Halvorsen": "Halverson's half",
    "2019": "12019 and 2,019 and 2018",
    "Polish": "The police and Pole position",
    "Postma": "Post from Posthof",
    "Uruguay": "Paraguay and Urbino",
    "June": "8,214 tonnes in May 2026",
    "March": "2025-01-03 and 13.05.2025",
}


@pytest.mark.parametrize("name", [name for name in NOT_SAID if name not in ("Halvorsen", "Polish")])
def test_words_that_only_begin_alike_are_not_the_name(name: str) -> None:
    assert unsaid([name], NOT_SAID[name], translated=False) == [name]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Frankrijk", "The workers in France were told."),
        ("Kerstmis", "before Christmas"),
        ("Marrekering", "The Marre Barrier was built."),
        ("Kahale", "Dr Kahale remarked"),
    ],
)
def test_a_name_is_found_in_another_language(name: str, text: str) -> None:
    assert unsaid([name], text, translated=True) == []


def test_another_language_is_no_reason_to_take_any_name() -> None:
    assert unsaid(["Reykjavik"], "ruim 150.000 soldaten uit Rusland", translated=True) == ["Reykjavik"]


def asked(tmp_path: Path, question: str, **texts: str) -> list[tuple[str, float]]:
    """(document, confidence) of what is said, with a reader that is sure of every passage."""
    for name, text in texts.items():
        write(tmp_path / "in", f"{name}.txt", text)
    ingest(tmp_path / "store", tmp_path / "in")
    with QA(tmp_path / "store", FakeEmbedder(), SureReader(0.9), threshold=0.0) as qa:
        return [(span.source.name, span.confidence) for span in qa.ask(question).spans]


def test_what_a_document_without_the_name_says_is_no_sure_answer(tmp_path: Path) -> None:
    bridges = {"steinach": "The bridge of Steinach is 84 metres long.", "gate": "The gate of Jena is 3 metres wide."}
    assert {sure for _, sure in asked(tmp_path, "How long is the bridge of Lauscha?", **bridges)} == {ELSEWHERE}


def test_the_document_that_has_the_name_comes_first(tmp_path: Path) -> None:
    said = asked(
        tmp_path,
        "How long is the bridge of Lauscha?",
        steinach="The bridge there is 84 metres long, the one of Steinach.",
        works="Works in Lauscha.\n\nThe bridge there is 31 metres long.",
    )
    assert said[0][0] == "works.txt"
    assert dict(said) == {"works.txt": 0.9, "steinach.txt": ELSEWHERE}


def test_the_answer_says_what_is_not_mentioned(tmp_path: Path) -> None:
    write(tmp_path / "in", "a.txt", "The bridge of Steinach is 84 metres long. It was closed in 2019.")
    ingest(tmp_path / "store", tmp_path / "in")
    with QA(tmp_path / "store", FakeEmbedder(), SureReader(0.9)) as qa:
        answer = qa.ask("How long was the bridge of Lauscha closed in 2020?")
        answered = qa.ask("How long was the bridge of Steinach closed in 2019?")
    assert (answer.answered, answer.unmentioned) == (False, ("Lauscha", "2020"))
    assert to_json(answer)["unmentioned"] == ["Lauscha", "2020"]
    said = "What was found is in a document that does not mention Lauscha or 2020."
    assert said in to_text(answer)
    assert said in nothing_html(answer, 0, partial=False)
    assert (answered.answered, answered.unmentioned) == (True, ())


def test_what_is_not_mentioned_is_shown_as_text(tmp_path: Path) -> None:
    answer = Answer("?", 0.2, (), (), unmentioned=("<b>",))
    assert "mention &lt;b&gt;." in nothing_html(answer, 0, partial=False)


def test_a_name_in_the_name_of_the_file_counts(tmp_path: Path) -> None:
    said = asked(tmp_path, "How long is the bridge of Lauscha?", lauscha="The bridge is 31 metres long.")
    assert said == [("lauscha.txt", 0.9)]


def test_words_that_several_documents_say_keep_their_confidence_where_one_has_the_name(tmp_path: Path) -> None:
    same = "The bridge is 31 metres long."
    said = asked(tmp_path, "How long is the bridge of Lauscha?", a=same, b=f"{same}\n\nIt stands in Lauscha.")
    assert said[0][1] > ELSEWHERE


def test_a_list_says_it_too() -> None:
    assert "does not mention Oviedo." in list_view.nothing_html(
        Answer("?", 0.2, (), (), unmentioned=("Oviedo",)), 0, False
    )
