"""Sentences: what ends one, and what does not."""

from __future__ import annotations

import pytest

from qa.sentences import segment
from tests.splitting import passages, sentences


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        *[("en", f"{title} Miller left the hall.") for title in ("Mr.", "Mrs.", "Ms.", "Dr.", "Prof.", "Gen.", "Sen.")],
        *[("en", f"We met {title} Miller there.") for title in ("Lt. Col.", "Capt.", "Gov.", "Rep.", "Sgt.", "Rev.")],
        ("en", "The church of St. Mary burned down."),
        ("en", "It is approx. 5 km away."),
        ("en", "See Fig. 3 and No. 5 below."),
        ("en", "See foo._bar and www.town.example/report.__x for details."),
        ("en", "It came on Jan. 5 and left on Dec. 12."),
        ("en", "The Sept. 11 attacks were recalled."),
        ("en", "Old kinds, e.g. Elstar apples, rot first."),
        ("en", "The head of it, i.e. Anna, left."),
        ("en", "The U.S. Army and the U.K. Government left."),
        ("en", "John F. Kennedy and J. K. Rowling came."),
        ("en", "It rose 3.5 per cent to 1,240.50 euros."),
        ("en", "It cost about 3.5 bn. euros in all."),
        ("nl", "Dhr. Jansen en mevr. De Vries kwamen."),
        ("nl", "Dat zei prof. dr. De Wit gisteren."),
        ("nl", "De plannen van ir. Lely en ing. Smit lagen er."),
        ("nl", "Volgens mr. Pieters en drs. Bakker klopt het."),
        ("nl", "Dat kost bijv. 5 euro."),
        ("nl", "Er kwamen o.a. Jan en Piet."),
        ("nl", "Dat gaat m.b.t. Jan goed."),
        ("nl", "De brug is i.v.m. Pasen dicht."),
        ("nl", "Het antwoord, d.w.z. Jans brief, kwam laat."),
        ("nl", "Zie nr. 5 op blz. 4."),
        ("nl", "Het is ca. 3 km verder."),
        ("nl", "Het kost 3 mln. euro en later 2 mld. euro."),
        ("nl", "Op 5 jan. 2024 kwam hij terug."),
        ("nl", "Dat was 3 mrt. jl. nog zo."),
        ("nl", "De zgn. Jansenwet is er nog."),
        ("nl", "Het is max. 5 en min. 3 graden."),
        ("nl", "Dat is t.o.v. Parijs weinig."),
        ("nl", "Het waren vragen n.a.v. Kamerstukken."),
        ("nl", "H. Jansen en B. de Wit kwamen."),
        ("nl", "Dat kost 5 euro incl. BTW."),
        ("nl", "Ds. Jansen preekte."),
        ("en", "At 5.30 p.m. Tuesday he left."),
        ("de", "Er kam nicht am 4. M\u00e4rz, sondern am 11. M\u00e4rz."),
        ("de", "Der Brief vom 7. Dezember 2023 kam an."),
    ],
)
def test_an_abbreviation_does_not_end_a_sentence(language: str, sentence: str) -> None:
    after = {"en": " Then it was over.", "nl": " Toen was het voorbij.", "de": " Dann war es vorbei."}[language]
    text = sentence + after
    assert [text[a:b] for a, b in segment(text, (0, len(text)), language)] == [sentence, after.strip()]


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        ("en", "The order came at 5 p.m.", "The mayor left."),
        ("en", "They moved to the U.S.", "The mayor left."),
        ("en", "It was closed in May.", "The mayor left."),
        ("en", "She told me.", "The mayor left."),
        ("en", "The answer was no.", "Parliament agreed."),
        ("en", "Nobody knew that but I.", "The mayor left."),
        ("nl", "De kosten zijn 3 mln.", "De raad kwam."),
        ("nl", "Het was om 5 uur.", "De raad kwam."),
        ("nl", "Wij wisten dat.", "De raad kwam."),
        ("nl", "Dank u.", "De raad kwam."),
        ("nl", "Hij gaf haar een hand.", "De raad kwam."),
        ("nl", "Dat vertelde Jan.", "De raad kwam."),
        ("de", "Das Kind ist 4.", "Dann kam der Mai."),
    ],
)
def test_a_sentence_ends_where_the_next_begins(language: str, first: str, second: str) -> None:
    text = f"{first} {second}"
    assert [text[a:b] for a, b in segment(text, (0, len(text)), language)] == [first, second]


def test_the_items_of_a_list_are_sentences_of_their_own() -> None:
    text = """The board wants four things to be done before the next winter begins:
1. Let no single sensor lock a gate.
2. Train all eleven operators.
3. Keep a pump on each pier.
"""
    found = sentences(passages(text))
    assert not any("\n" in sentence for sentence in found)
    assert found[0] == text.partition("\n")[0]


def test_sentences_after_a_mark_in_brackets_are_separate() -> None:
    text = """(F) Each household gets an advance of 2,500 euros. It is paid in April. No proof is needed.

(a) The pumps stay on the barrier. The ministry pays the hire. (b) The quay is raised. It costs 640,000 euros.
"""
    found = sentences(passages(text))
    assert "It is paid in April." in found
    assert "The ministry pays the hire." in found
    assert "It costs 640,000 euros." in found
