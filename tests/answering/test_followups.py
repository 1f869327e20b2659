"""Which questions refer to earlier ones, and what those lend them."""

from __future__ import annotations

import pytest

from qa.answering.followups import resolve
from qa.errors import UsageError


@pytest.mark.parametrize(
    ("question", "refers"),
    [
        ("When was it built?", True),
        ("And the onions?", True),
        ("How much did they borrow?", True),
        ("Since when?", True),
        ("What about the price of a ticket?", True),
        ("Wat kostte dat?", True),
        ("En de uien van Anton Bakker?", True),
        ("Wanneer zei hij dat hij zou gaan?", True),
        ("How much was the engine?", True),  # few content words and no name: whose engine?
        ("Which company built the lighthouse lamp?", False),
        ("What did Anton Bakker say about his onions?", False),  # the name before it is what the pronoun means
        ("Was there a fire in Westhaven?", False),
        ("Hoeveel kostte de laatste reparatie van het gemaal?", False),
    ],
)
def test_what_refers_to_the_question_before_it(question: str, refers: bool) -> None:
    before = "When was the old ferry of Westhaven sold?"
    assert bool(resolve(question, [before]).lent) == refers
    assert resolve(question).lent == ()
    assert question in resolve(question, [before]).text


@pytest.mark.parametrize(
    ("history", "question", "text"),
    [
        (["Who is the skipper of the Avondster?"], "How old is he?", "Who is the skipper of the Avondster? How old is he?"),  # noqa: E501
        ([{"question": "Who chairs it?", "answer": "Hedda Maas"}], "Is she old?", "Who chairs it? Is she old? (Hedda Maas)"),  # noqa: E501
        (["Who chairs the board?", "Is she old?"], "Since when?", "Who chairs the board? Is she old? Since when?"),
        (["Who leads Marreland?", "When was the lamp of the pier lit?"], "And why?",
         "When was the lamp of the pier lit? And why? (Marreland)"),
    ],
)  # fmt: skip
def test_questions_and_names_are_lent(history: list[object], question: str, text: str) -> None:
    assert resolve(question, history).text == text  # type: ignore[arg-type]


def test_a_question_is_read_before_the_words_that_are_lent_to_it() -> None:
    """Behind a whole earlier question a reader answers that one again."""
    meant = resolve(
        "And what did he pay for the engine?", ["Who is the skipper of the Avondster?", "When did it sail?"]
    )
    assert meant.to_read == "And what did he pay for the engine? (Avondster, skipper, sail)"
    assert resolve("Who is the skipper?").to_read == "Who is the skipper?"


def test_a_name_is_lent_on_through_questions_that_refer_to_earlier_ones() -> None:
    history = ["Who is the skipper of the Avondster?", "How old is he?", "Since when has he sailed?"]
    assert "Avondster" in resolve("What did he sail before?", [*history, "Where was he born?"]).text


def test_what_is_lent_stands_in_the_earlier_turns() -> None:
    earlier = {
        "question": "What did the \u00c9toile's captain, O'Neill, see?",
        "answer": "Two gates of the Marre Barrier",
    }
    said = " ".join(earlier.values())
    for phrase in resolve("When did he see them?", [earlier]).lent:
        assert phrase in said


def test_what_is_lent_is_limited_in_length() -> None:
    long = " ".join(f"Name{n}a walked through Place{n}b," for n in range(500))
    assert len(resolve("Why?", [{"question": long, "answer": long}] * 30).text) < 2000


@pytest.mark.parametrize("earlier", [None, 7, ["a question"], {}, {"question": None}, {"answer": "in 1887"}])
def test_a_history_of_another_form_is_refused(earlier: object) -> None:
    with pytest.raises(UsageError, match="history"):
        resolve("When?", [earlier])  # type: ignore[list-item]
