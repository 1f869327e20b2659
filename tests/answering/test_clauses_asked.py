"""A clause that a question names by its number: which one, what is read for it, and the clause itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa.answering.citing import span_of
from qa.answering.clauses_asked import NAMED, SEVERAL, Read, named_clauses, numbered, of_clauses, without_clauses
from qa.documents.loaders import load
from qa.passages import split
from qa.types import Document, Hit, Passage
from tests.helpers import write

HIRE = """Hire of the hall

1. The hall

1.1 The owner lets the hall to the club.

1.2 The cellar is not let.

2. Ending

2.1 The club may end the hire within a month.

2.2 The owner may end the hire only where:

(a) the rent is late; or

(b) fireworks are kept in the hall.

3. Costs

3.1 Notwithstanding clause 2.2, the club pays for broken chairs.

3.2 For keeping fireworks under clause 2.2(b) the penalty is 700 euros.
"""
LEASE = """Huur van de schuur

Artikel 1 - Prijs
1. De huur is 80 euro.
2. De huur stijgt elk jaar.

Artikel 2 - Einde
1. De huurder zegt op met een termijn van een maand.
2. De verhuurder zegt op met een termijn van een jaar.
"""
NEWS = """Harbour news

The council met on Monday. Clause 2.2 of the hire was debated for an hour.

Python 2.2 was shown to the pupils, and 2.2 million fish were counted.
"""


class Store:
    """Documents and their passages, each passage a hit."""

    def __init__(self, folder: Path, **texts: str) -> None:
        self.documents: dict[str, Document] = {}
        self.split: dict[str, list[Passage]] = {}
        for name, text in texts.items():
            document = load(write(folder, f"{name}.txt", text), f"{name}.txt")
            self.documents[f"{name}.txt"] = document
            self.split[f"{name}.txt"] = list(split(document, lambda some: [len(t.split()) for t in some], 512, "t"))

    def passages(self, name: str, start: int, end: int) -> list[Passage]:
        return [one for one in self.split[name] if one.start < end and one.end > start]

    def read(self, question: str) -> Read:
        hits = [Hit(passage, 2.0 - number / 9) for some in self.split.values() for number, passage in enumerate(some)]
        found = of_clauses(question, question, hits, self.documents.get, self.passages)
        for hit in found.hits:
            passage = hit.passage
            assert self.documents[passage.source.name].text[passage.start : passage.end] == passage.text
            assert all(passage.start <= a < b <= passage.end for a, b in passage.sentences)
        for span in found.said:
            assert self.documents[span.source.name].text[span.start : span.end] == span.text
        return found


@pytest.mark.parametrize(
    ("question", "ways"),
    [
        ("What does clause 3.2 say?", ["3.2"]),
        ("Wat staat in artikel 4 lid 1?", ["4.1"]),
        ("Wat staat in het tweede lid van artikel 4?", ["4.2"]),
        ("Wat bepaalt artikel 10, lid 2 onder b?", ["10.2.b"]),
        ("Is a net allowed under section 12(b)?", ["12.b"]),
        ("What is the fine under paragraph (b) of section 12?", ["12.b"]),
        ("Under 4.1, who pays?", ["4.1"]),
        ("Was regelt \u00a7 5 Abs. 2?", ["5.2"]),
        ("What does Article IV say?", ["4"]),
        ("What do rules 5 and 6 say?", ["5", "6"]),
        ("Who won in 4.2 seconds?", []),
        ("Which section has 3.2 million visitors?", []),
        ("What is new in Python 3.2?", []),
        ("What happened on 12.5.2024?", []),
        ("Was section 3.2 percent larger?", []),
        ("How much is 3.2 per cent of 500?", []),
    ],
)
def test_the_numbers_of_clauses_in_questions(question: str, ways: list[str]) -> None:
    assert [".".join(one.way) for one in named_clauses(question)] == ways


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("How high is the fee under rule 2?", "How high is the fee?"),
        ("Under 4.1, who pays?", "who pays?"),
        ("Wat is volgens artikel 4 lid 2 de termijn?", "Wat is de termijn?"),
        ("What if clause 4 is breached?", "What if clause 4 is breached?"),
    ],
)
def test_a_reader_need_not_look_for_the_number(question: str, left: str) -> None:
    assert without_clauses(question) == left


def test_a_clause_that_is_asked_for_is_the_answer_with_all_its_parts(tmp_path: Path) -> None:
    store = Store(tmp_path, hire=HIRE)
    (span,) = store.read("What does clause 2.2 say?").said
    assert span.text.startswith("The owner may end the hire only where:")
    assert span.text.endswith("in the hall.")
    assert span.confidence == NAMED
    (part,) = store.read("What does clause 2.2(b) of the hire of the hall say?").said
    assert part.text == "fireworks are kept in the hall."
    (lid,) = Store(tmp_path, huur=LEASE).read("Wat staat in artikel 2 lid 1?").said
    assert lid.text == "De huurder zegt op met een termijn van een maand."


def test_what_is_asked_in_a_clause_is_read_there_alone(tmp_path: Path) -> None:
    found = Store(tmp_path, hire=HIRE).read("Who may end the hire under clause 2.1?")
    assert [hit.passage.text for hit in found.hits] == ["2.1 The club may end the hire within a month."]
    assert found.question == "Who may end the hire?"


def test_a_sentence_that_names_the_clause_and_holds_all_that_is_asked_is_read_too(tmp_path: Path) -> None:
    found = Store(tmp_path, hire=HIRE).read("What is the penalty for keeping fireworks under clause 2.2(b)?")
    texts = [hit.passage.text for hit in found.hits]
    assert texts[0] == "(b) fireworks are kept in the hall."
    assert any("700 euros" in text for text in texts[1:])
    assert not any("broken chairs" in text for text in texts)


@pytest.mark.parametrize("question", ["What does clause 7.4 say?", "Who pays under clause 2.3?"])
def test_a_clause_that_no_document_has_is_not_answered_from_another_one(question: str, tmp_path: Path) -> None:
    found = Store(tmp_path, hire=HIRE).read(question)
    assert not found.said
    assert all("1." not in hit.passage.text for hit in found.hits)


def test_documents_whose_clauses_are_not_numbered_are_read_as_before(tmp_path: Path) -> None:
    store = Store(tmp_path, news=NEWS)
    for question in ("How long was clause 2.2 debated?", "How many fish were counted?", "When was Python 2.2 shown?"):
        assert [hit.passage for hit in store.read(question).hits] == store.split["news.txt"]


def test_what_is_asked_of_a_clause_may_stand_elsewhere(tmp_path: Path) -> None:
    found = Store(tmp_path, hire=HIRE, news=NEWS).read("How long was clause 2.2 debated?")
    assert any(hit.passage.source.name == "news.txt" for hit in found.hits)


def test_of_two_documents_with_the_number_the_question_may_name_one(tmp_path: Path) -> None:
    store = Store(tmp_path, hire=HIRE, huur=LEASE)
    both = store.read("What does clause 1.2 say?").said
    assert {span.source.name for span in both} == {"hire.txt"}  # the other one calls its clauses articles
    (named,) = store.read("What does article 1.2 of the schuur say?").said
    assert named.text == "De huur stijgt elk jaar."
    same = Store(tmp_path, one=HIRE, two=HIRE.replace("cellar", "attic"))
    assert [span.confidence for span in same.read("What does clause 1.2 say?").said] == [SEVERAL, SEVERAL]


GUILD = """# Rules of the rowers

## Article I
### Section 1
The club has two boats.
### Section 2
The cox steers.

## Article II
### Section 1
Rowers pay 8 pounds.
### Section 3
Guests pay 3 pounds.
"""
GESETZ = """Gesetz der Fischer

\u00a7 4 Fang
(1) Hechte werden geschont.
(2) Aale werden gefangen.
(3) Barsche werden gewogen.

\u00a7 5 Netze
(1) Netze sind erlaubt.

\u00a7 6 Strafe
(1) Eine Strafe wird verlangt.
"""


@pytest.mark.parametrize(
    ("question", "ways"),
    [
        ("What does Article I, section 3 say?", ["1.3"]),
        ("What does section 3 of Article II say?", ["2.3"]),
        ("What does clause 2 of Schedule B say?", ["b.2"]),
        ("What does Annex C say?", ["c"]),
        ("What does clause 4.2A say?", ["4.2a"]),
        ("Wat staat in artikel 2a lid 3a?", ["2a.3a"]),
        ("Was regelt \u00a7 5 Abs. 2a?", ["5.2a"]),
        ("Wat staat in artikel 3 of artikel 4?", ["3", "4"]),
        ("Does section B say so?", []),
        ("Where is the annex I rented?", ["1"]),
    ],
)
def test_parts_schedules_and_letters_in_questions(question: str, ways: list[str]) -> None:
    assert [".".join(one.way) for one in named_clauses(question)] == ways


def test_a_section_of_another_article_is_no_answer(tmp_path: Path) -> None:
    store = Store(tmp_path, rowers=GUILD)
    assert not store.read("What does Article I, section 3 say?").said
    (span,) = store.read("What does Article II, section 3 say?").said
    assert (span.text, span.confidence) == ("Guests pay 3 pounds.", NAMED)
    (whole,) = store.read("What does Article II say?").said
    assert "8 pounds" in whole.text
    assert whole.text.endswith("Guests pay 3 pounds.")
    assert [span.confidence for span in store.read("What does section 1 say?").said] == [SEVERAL, SEVERAL]


def test_a_number_with_points_is_hardly_that_of_a_paragraph(tmp_path: Path) -> None:
    store = Store(tmp_path, hire=HIRE, gesetz=GESETZ)
    assert all(span.confidence <= SEVERAL for span in store.read("What does clause 4.3 say?").said)
    assert not store.read("What is weighed under clause 4.3?").sure
    (own,) = store.read("Was regelt \u00a7 4 Abs. 3?").said
    assert (own.text, own.confidence) == ("Barsche werden gewogen.", NAMED)


# ---- which clause ----


@pytest.mark.parametrize(
    ("question", "marked", "number"),
    [
        ("Under which clause may the club end the hire?", "within a month", "2.1"),
        ("Which clause is about fireworks?", "fireworks are kept in the hall", "2.2"),
        ("What is the number of the clause on chairs?", "broken chairs", "broken chairs"),
        ("Which clause makes the club pay for chairs?", "Notwithstanding clause 2.2", "3.1"),
        ("Which clause is broken by keeping fireworks?", "clause 2.2(b)", "clause 2.2(b)"),
        ("In welk artikel staat de prijs?", "80 euro", "Artikel 1"),
        ("In welke bepaling staat de termijn van een jaar?", "een jaar", "Artikel 2"),
        # The clause is named, or the question does not ask for a number.
        ("Which clause does clause 3.1 put aside?", "clause 2.2,", "clause 2.2,"),
        ("Which section of the hall is let?", "The cellar", "The cellar"),
        ("How may the club end the hire?", "within a month", "within a month"),
        ("Which article was debated?", "for an hour", "for an hour"),
    ],
)
def test_which_clause_asks_for_its_number(question: str, marked: str, number: str, tmp_path: Path) -> None:
    store = Store(tmp_path, hire=HIRE, lease=LEASE, news=NEWS)
    name, document = next((name, one) for name, one in store.documents.items() if marked in one.text)
    at = document.text.index(marked)
    (passage,) = store.passages(name, at, at + len(marked))
    spans = [span_of(Hit(passage, 1.0), at, at + len(marked), 0.7)]
    (found,) = numbered(question, spans, store.documents.get, store.passages)
    assert (found.text, found.confidence) == (number, 0.7)
    assert document.text[found.start : found.end] == number
