"""What a sentence denies is not what a question asks for; what stands near a "not" may well be."""

from __future__ import annotations

import pytest

from qa.answering.denied import denied_clause, is_denied, says_less
from qa.types import Passage, Source

DENIED = [  # language, question, sentence with the quote in angle brackets
    ("en", "Why was the guard suspended?", "The firm denied that <he had been asleep>."),  # whatever is asked
    ("en", "Why was the guard suspended?", "The firm denied <that he had been asleep>."),
    ("nl", "Waarom is Kerst geschorst?", "De club ontkende dat <hij te laat kwam>."),
    ("en", "When was the quay sold?", "The quay was not sold in <1933>."),
    ("en", "When was the quay sold?", "The quay wasn\u2019t sold in <1933>, whatever they say."),
    ("en", "When did Ada Brook sell the quay?", "Ada Brook never sold the quay in <May>."),
    ("en", "When did Ada Brook leave?", "Ada Brook did not quit on <4 May>."),
    ("en", "Who sold the quay?", "<Ada Brook>, the owner, did not sell the quay."),
    ("en", "Who sold the quay?", "<Ada Brook> refused to sell the quay."),
    ("en", "Who sold the quay?", "<Ada Brook> has yet to sell the quay."),
    ("en", "Who sold the quay?", "<Ada Brook> denies having sold it."),
    ("en", "Where did he steal the lamp?", "He denied that he had stolen the lamp in <Ostrava>."),
    ("en", "Where did he steal the lamp?", "There is no evidence that he stole the lamp in <Ostrava>."),
    ("en", "When did they buy the mill?", "They nearly bought the mill in <1933>."),
    ("en", "When did they buy the mill?", "They would have bought the mill in <1933>."),
    ("en", "When did the pool open?", "The pool was due to open on <3 June> but the roof fell in."),
    ("en", "When did the pool open?", "The pool failed to open on <3 June>."),
    ("en", "Where was the fair held?", "The fair was held in Ostrava, not in <Brno>."),
    ("en", "Where was the fair held?", "The fair was held in Ostrava rather than in <Brno>."),
    ("en", "How many tents were sold?", "They sold no tents, <40> boats and a cart."),
    ("en", "When did the quay close?", "The quay did not close in <1933>, it closed in 1935."),
    ("en", "Who saw the fire?", "Neither <Ada Brook> nor her son saw the fire."),
    ("en", "When was the quay sold?", "In <1933>, the quay was not sold."),
    ("nl", "Wie verkocht de kade?", "<Ada Brook>, de eigenaar, verkocht de kade niet."),
    ("en", "Where did she flee?", "She dismissed claims that she had fled to <Brno>."),
    ("en", "When does the pool open?", "The pool is not expected to open on <3 June>."),
    ("nl", "Voor wie maakte zij de lamp?", "Zij heeft de lamp nooit gemaakt voor <Ada Brook>."),
    ("nl", "Waar opende zij een winkel?", "Zij wil geen winkel openen in <Ostrava>."),
    ("nl", "Hoeveel banen verdwijnen er?", "Zij sprak tegen dat er <45> banen verdwijnen."),
    ("de", "Wer hat die Lampe bezahlt?", "<Ada Brook> weigerte sich, die Lampe zu bezahlen."),
    ("en", "Which year was the mill burned in?", "The mill has not been completely burned in <1933>."),
    ("nl", "Wanneer werd de kade verkocht?", "De kade werd in <1933> niet verkocht."),
    ("nl", "Wanneer verkocht zij de kade?", "Zij heeft de kade nooit verkocht in <1933>."),
    ("nl", "Wanneer trad Ada Brook af?", "Ada Brook is niet afgetreden op <4 mei>."),
    ("nl", "Wie verkocht de kade?", "<Ada Brook> weigerde de kade te verkopen."),
    ("nl", "Waar heeft hij de lamp gestolen?", "Hij ontkent dat hij de lamp in <Ostrava> heeft gestolen."),
    ("nl", "Hoeveel tenten kochten ze?", "Ze kochten geen <300> maar 400 tenten."),
    ("nl", "Wanneer brak de dam?", "In <1953> brak de dam bijna."),
    ("nl", "Wie zag de brand?", "Noch <Ada Brook> noch haar zoon heeft de brand gezien."),
    ("de", "Wann wurde der Kai verkauft?", "Der Kai wurde <1933> nicht verkauft."),
    ("de", "Wann wurde der Kai verkauft?", "<Der Kai wurde 1933 nicht verkauft.>"),
    ("de", "Wer hat den Kai verkauft?", "<Ada Brook> hat den Kai nie verkauft."),
    ("de", "Wann trat Ada Brook zur\u00fcck?", "Ada Brook ist am <4. Mai> nicht zur\u00fcckgetreten."),
    ("de", "Welche Firma baute den Turm?", "<Die Firma Rabe hat den Turm nicht gebaut.>"),
    ("de", "Wo hat er die Lampe gestohlen?", "Er bestreitet, dass er die Lampe in <Brno> gestohlen hat."),
]
SAID = [
    ("en", "When was the quay sold?", "It was not sold in 1933 but in <1935>."),
    ("en", "When was the quay sold?", "The quay was not sold until <1935>."),
    ("en", "When was the quay sold?", "Not only the mill but also the quay was sold in <1935>."),
    ("en", "When did the quay close?", "The quay did not close in 1933, it closed in <1935>."),
    ("en", "How many came?", "No fewer than <340> people came."),
    ("en", "When does the ferry sail?", "The ferry does not sail before <7.30>."),
    ("en", "When did the dam break?", "It is not disputed that the dam broke in <1911>."),
    ("en", "When did the dam break?", "The keeper did not know that the dam broke in <1911>."),
    ("en", "When was the report published?", "The report, which nobody read, was published in <2003>."),
    ("en", "Who has the key?", "Nobody but <Ada Brook> has the key."),
    ("en", "How old is Ada Brook?", "Ada Brook (<58>) did not attend."),
    ("en", "How old is Ada Brook?", "Ada Brook, <58>, did not attend."),
    ("en", "Who was born in Brno?", "<Ada Brook> was born in Brno and did not vote."),
    ("en", "When was the no-fly zone declared?", "The no-fly zone was declared in <1993>."),
    ("en", "Who did not sell the quay?", "<Ada Brook> did not sell the quay."),
    ("en", "Who refused to sell?", "<Ada Brook> refused to sell the quay."),
    ("en", "Why was the quay sold?", "The quay was not sold <for money>."),
    ("en", "When will the pool open?", "The pool was due to open on <3 June>."),
    ("en", "What did the mayor say?", "The mayor said that <the quay was not sold>."),
    ("en", "Is the quay sold?", "The quay is not <sold>."),
    ("en", "Who sold the quay?", "<Nobody> sold the quay."),
    ("en", "Who sold the quay?", "The board did not object, and <Ada Brook> sold the quay."),
    ("en", "Who sold the quay?", "<Ada Brook> almost always sold the quay."),
    ("en", "When did he buy the boat?", "He could not swim when he bought the boat in <1911>."),
    ("en", "When did prices rise?", "Prices rose in <1933>, the quay was not sold."),
    ("nl", "Wanneer werd de kade verkocht?", "De kade is niet in 1933 maar in <1935> verkocht."),
    ("nl", "Wanneer brandde de kade af?", "Niet alleen de molen maar ook de kade brandde af in <1902>."),
    ("nl", "Hoeveel tenten kochten ze?", "Ze kochten geen 300 maar <400> tenten."),
    ("nl", "Wanneer gaat de sluis open?", "De sluis gaat niet eerder dan <1 oktober> open."),
    ("nl", "Wie opende de winkel?", "De winkel die niemand wilde, werd geopend door <Ada Brook>."),
    ("nl", "Wanneer gaat de sluis open?", "De sluis gaat niet voor <1 oktober> open."),
    ("nl", "Hoe oud is Ada Brook?", "Ada Brook (<61>) was niet aanwezig."),
    ("nl", "Wie verkocht de kade niet?", "<Ada Brook> verkocht de kade niet."),
    ("de", "Wann wurde der Kai verkauft?", "<Der Kai wurde nicht 1933, sondern 1935 verkauft.>"),
    ("de", "Wann \u00f6ffnet die Schleuse?", "<Die Schleuse \u00f6ffnet nicht vor 8 Uhr.>"),
    ("de", "Wann brannte der Kai ab?", "<Nicht nur die M\u00fchle, sondern auch der Kai brannte 1888 ab.>"),
    ("en", "Why was the guard suspended?", "It denied that he slept; <he had left his post>."),
    ("en", "What did the firm deny?", "The firm denied that <he had been asleep>."),
    ("en", "What accusation does the firm reject?", "The firm denied that <he had been asleep>."),
    ("en", "What did the firm say about the guard?", "The firm denied that <he had been asleep>."),
    ("fr", "Who sold the quay?", "<Ada Brook> did not sell the quay."),  # whose words are not known
]


def passage_of(text: str, language: str) -> Passage:
    ends = [n + 1 for n, sign in enumerate(text) if sign == "." and text[n + 1 : n + 2] in ("", "\n")]
    sentences = tuple((100 + a, 100 + b) for a, b in zip([0, *(end + 1 for end in ends[:-1])], ends, strict=True))
    return Passage("p", Source("a", "/a", "0" * 64, "", None), 100, 100 + len(text), text, "", language, sentences)


def is_so(language: str, question: str, sentence: str) -> bool:
    start, end = sentence.index("<"), sentence.index(">") - 1
    passage = passage_of(sentence.replace("<", "").replace(">", ""), language)
    return denied_clause(question, passage, 100 + start, 100 + end) is not None


@pytest.mark.parametrize(("language", "question", "sentence"), DENIED)
def test_what_a_clause_denies_is_no_answer(language: str, question: str, sentence: str) -> None:
    assert is_so(language, question, sentence)


@pytest.mark.parametrize(("language", "question", "sentence"), SAID)
def test_what_is_said_beside_a_denial_may_be_one(language: str, question: str, sentence: str) -> None:
    assert not is_so(language, question, sentence)


def test_the_clause_ends_where_another_one_says_what_is_so() -> None:
    passage = passage_of("The quay did not close in 1933, it closed in 1935.", "en")
    at = 100 + passage.text.index("1933")
    clause = denied_clause("When did the quay close?", passage, at, at + 4)
    assert clause is not None
    assert passage.text[clause[0] - 100 : clause[1] - 100] == "The quay did not close in 1933"


def test_what_says_less_than_the_sentence_that_denies_it_is_of_something_else() -> None:
    question = "Who sold the boat?"
    passage = passage_of(
        "I did not sell the boat in Brno.\nMy sister Vera sold the cart.\nShe sold the boat, too.", "en"
    )

    def less(words: str) -> bool:
        at = 100 + passage.text.index(words)
        return says_less(question, passage, at, at + len(words))

    assert is_denied(question, passage)
    assert not is_denied("Who sold the cart?", passage)
    assert not is_denied("Who did not sell the boat?", passage)
    assert less("My sister Vera")
    assert not less("She")


@pytest.mark.parametrize(
    ("question", "denial", "other", "less"),
    [
        ("When did Ada Brook sell the quay?", "Ada Brook did not sell the quay.", "She sold it in <1935>.", False),
        ("When did Ada Brook sell the quay?", "Ada Brook did not sell the quay.", "She sold the mill in <1935>.", True),
        ("When did Jan Vos marry?", "Jan Vos, who never married, left in <1991>.", "", True),
        ("When was the lift mended?", "The lift was not mended in 2016 but in <2018>.", "", False),
        ("When was the lift mended?", "The lift was not mended in <2016 but in 2018>.", "", False),
        ("When did the church close?", "The church did not close in 1977, the school closed in <1979>.", "", True),
    ],
)
def test_a_pronoun_stands_for_one_thing_that_the_question_names(
    question: str, denial: str, other: str, less: bool
) -> None:
    text = f"{denial}\n{other}".strip()
    start, end = text.index("<"), text.index(">") - 1
    passage = passage_of(text.replace("<", "").replace(">", ""), "en")
    assert is_denied(question, passage)
    assert says_less(question, passage, 100 + start, 100 + end) == less
